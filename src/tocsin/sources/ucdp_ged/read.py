"""The UCDP Georeferenced Event Dataset, every release and every way it is passed on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from tocsin.geo import countries
from tocsin.sources.dayorder import WITHOUT_FORM, DayOrder
from tocsin.sources.layout import Layout, find_columns, plain, spellings, told
from tocsin.sources.values import Parsed, days, estimates_in_order, fault, parties, position, text, whole, words

NAME = "ucdp_ged"
REQUIRED = ("type_of_violence", "date_start")
OWN = ("type_of_violence", "date_start", "date_prec", "where_prec", "side_a", "side_b", "best")


def recognise(
    columns: Sequence[str],
    first: pl.DataFrame,  # noqa: ARG001
    *,
    where: str,
    order: DayOrder = WITHOUT_FORM,
) -> Layout | None:
    """The layout of a file, or None where it is not of UCDP GED.

    Args:
        columns: The columns of the file.
        first: Its first rows; the columns alone tell.
        where: The file's name, for messages.
        order: What the whole file tells of dates in figures.
    """
    found = find_columns(columns, NAME, where=where)
    if not all(name in found for name in REQUIRED) or sum(name in found for name in OWN) < 5:
        return None
    return Layout(
        form=_form(columns),
        columns=found,
        required={"event_date": found["date_start"], "event_type": found["type_of_violence"]},
        parse=lambda cells: _parse(cells, found, order),
        id_column=found.get("id"),
    )


def _form(columns: Sequence[str]) -> str:
    names = {plain(column) for column in columns}
    extra = ", with ISO codes as the Humanitarian Data Exchange adds them" if "iso3" in names else ""
    return f"{len(columns)} columns{', with code_status' if 'code_status' in names else ''}{extra}"


def _parse(cells: pl.DataFrame, found: Mapping[str, str], order: DayOrder) -> dict[str, Parsed]:
    """The columns of the contract that the file has, in the order in which their faults count."""
    bounds = told(NAME)["bounds"]
    parsed: dict[str, Parsed] = {}

    def read(field: str, name: str, way: Callable[[pl.Series], Parsed]) -> None:
        if name in found:
            parsed[field] = way(cells[found[name]])

    read("event_id", "id", _identity)
    read("event_date", "date_start", lambda column: days(column, order=order, first=bounds["first_day"]))
    _read_end(parsed, cells, found, order)
    kinds = spellings(told(NAME)["type_of_violence"])
    read(
        "event_type",
        "type_of_violence",
        lambda column: words(column, kinds, what="a type of violence of UCDP (1, 2 or 3)"),
    )
    read("time_precision", "date_prec", lambda column: whole(column, among=bounds["date_prec"], what="date_prec"))
    read("geo_precision", "where_prec", lambda column: whole(column, among=bounds["where_prec"], what="where_prec"))
    _read_countries(parsed, cells, found)
    for field, name in (("admin1", "adm_1"), ("admin2", "adm_2"), ("location", "where_coordinates")):
        read(field, name, text)
    if "longitude" in found and "latitude" in found:
        place = position(cells[found["longitude"]], cells[found["latitude"]])
        parsed["longitude"], parsed["latitude"] = place.longitude, place.latitude
    read("actor1", "side_a", text)
    read("actor2", "side_b", text)
    named = [parsed[field].values for field in ("actor1", "actor2") if field in parsed]
    if named:
        parsed["actors"] = Parsed(parties(named, sides))
    for field, name in (("fatalities", "best"), ("fatalities_low", "low"), ("fatalities_high", "high")):
        read(field, name, lambda column: whole(column, least=0, what="the number of deaths"))
    if {"low", "high"} <= set(found):
        low, high = parsed["fatalities_low"], parsed["fatalities_high"]
        parsed["fatalities_low"] = low.with_faults(estimates_in_order(low, high, column=found["low"]))
    read("source", "source_office", _offices)
    _read_notes(parsed, cells, found)
    return parsed


def sides(cell: str) -> list[str]:
    """The parties that one side names.

    UCDP writes a joint side as a list in alphabetical order, parted by commas; a comma inside brackets, or between parts that
    are not in order, belongs to a name.
    """
    parts = [part.strip() for part in re.split(r",\s+(?![^(]*\))", cell)]
    folded = [part.casefold() for part in parts]
    return parts if len(parts) > 1 and all(folded) and folded == sorted(folded) else [cell]


def _identity(column: pl.Series) -> Parsed:
    numbers = whole(column, least=0, what="the id")
    return Parsed(numbers.values.cast(pl.String), numbers.faults)


def _read_end(parsed: dict[str, Parsed], cells: pl.DataFrame, found: Mapping[str, str], order: DayOrder) -> None:
    """The last day, which is the first where the file names none."""
    start = parsed["event_date"].values
    if "date_end" not in found:
        parsed["end_date"] = Parsed(start)
        return
    column = cells[found["date_end"]]
    end = days(column, order=order)
    before = fault(column.name, column, end.values < start, "the event ends before it starts")
    parsed["end_date"] = Parsed(pl.select(pl.coalesce(end.values, start)).to_series(), end.faults).with_faults(before)


def _read_countries(parsed: dict[str, Parsed], cells: pl.DataFrame, found: Mapping[str, str]) -> None:
    """The country's code, from the surest column that gives one: ISO letters, Gleditsch-Ward number, name."""
    codes: list[pl.Series] = []
    numbers = Parsed(pl.Series(dtype=pl.Int64))
    if "iso3" in found:
        codes.append(countries.codes(text(cells[found["iso3"]]).values))
    if "country_id" in found:
        numbers = whole(cells[found["country_id"]], what="the number of the country")
        codes.append(countries.codes_from_numbers(numbers.values, scheme="gw"))
    if "country" in found:
        parsed["country_name"] = text(cells[found["country"]])
        codes.append(countries.codes(parsed["country_name"].values))
    if codes:
        parsed["country"] = Parsed(pl.select(pl.coalesce(codes)).to_series(), numbers.faults)


def _offices(column: pl.Series) -> Parsed:
    said = text(column)
    return Parsed(said.values.str.replace_all(r"\s*;\s*", "; "), said.faults)


def _read_notes(parsed: dict[str, Parsed], cells: pl.DataFrame, found: Mapping[str, str]) -> None:
    """The headline, or the citation of the article where there is no headline, as in older events."""
    said = [text(cells[found[name]]) for name in ("source_headline", "source_article") if name in found]
    if said:
        values = pl.select(pl.coalesce(column.values for column in said)).to_series()
        parsed["notes"] = Parsed(values, tuple(one for column in said for one in column.faults))
