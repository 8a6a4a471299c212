"""Any table, read as its mapping says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from tocsin.errors import DeskError, did_you_mean
from tocsin.geo import countries
from tocsin.sources.layout import Layout
from tocsin.sources.table.mapping import Mapping
from tocsin.sources.values import (
    MOST_MENTIONS,
    Parsed,
    days,
    estimates_in_order,
    fault,
    fold,
    instants,
    parties,
    position,
    text,
    whole,
    words,
)

NAME = "table"
TEXTS = (
    "event_id",
    "sub_event_type",
    "admin1",
    "admin2",
    "admin3",
    "location",
    "source",
    "source_scale",
    "notes",
    "tags",
)
PARTIES = ("actor1", "actor2", "assoc_actor1", "assoc_actor2")


def arrange(columns: Sequence[str], mapping: Mapping, *, kind: str, where: str) -> Layout:
    """The layout that a mapping gives to a file.

    Args:
        columns: The columns of the file.
        mapping: Which of them is which.
        kind: What kind of file it is.
        where: The file's name, for messages.

    Raises:
        DeskError: the mapping names a column or a country that is not there.
    """
    by_name = {column.casefold(): column for column in columns}
    found: dict[str, str] = {}
    for field, written in mapping.columns.given().items():
        name = " ".join(written.split()).casefold()
        if name not in by_name:
            raise DeskError(
                f'the mapping reads {field} from the column "{written}", which the file does not have',
                where=where,
                next_step=did_you_mean(written, columns) or "Its columns: " + ", ".join(columns[:40]) + ".",
            )
        found[field] = by_name[name]
    if mapping.country is not None and countries.codes(pl.Series([mapping.country])).null_count():
        raise DeskError(
            f'"{mapping.country}" is not the ISO 3166 alpha-3 code of a country', where="the mapping's country"
        )
    return Layout(
        form=f"{len(columns)} columns, {kind}, as the mapping of {mapping.dataset} says",
        columns=found,
        required={name: found[name] for name in ("event_date", "event_type") if name in found},
        parse=lambda cells: _parse(cells, mapping, found),
        id_column=found.get("event_id"),
    )


def _parse(cells: pl.DataFrame, mapping: Mapping, found: dict[str, str]) -> dict[str, Parsed]:
    """The columns of the contract that the mapping gives, in the order in which their faults count."""
    parsed: dict[str, Parsed] = {}

    def read(field: str, way: Callable[[pl.Series], Parsed]) -> None:
        if field in found:
            parsed[field] = way(cells[found[field]])

    def of_every_row(word: str) -> pl.Series:
        return pl.select(pl.repeat(word, len(cells), dtype=pl.String)).to_series()

    def days_as_mapped(column: pl.Series) -> Parsed:
        return days(column, form=mapping.dates.format, language=mapping.language)

    read("event_date", days_as_mapped)
    start = parsed["event_date"].values
    parsed["end_date"] = Parsed(start)
    if "end_date" in found:
        end = days_as_mapped(cells[found["end_date"]])
        before = fault(
            found["end_date"], cells[found["end_date"]], end.values < start, "the event ends before it starts"
        )
        parsed["end_date"] = Parsed(pl.select(pl.coalesce(end.values, start)).to_series(), end.faults).with_faults(
            before
        )
    if mapping.event_type is not None:
        parsed["event_type"] = Parsed(of_every_row(mapping.event_type))
    known: dict[str, str | None] = {fold(word): meaning for word, meaning in mapping.event_types.items()}
    what = "a word that event_types of the mapping explains"
    read("event_type", lambda column: words(column, known, what=what) if known else text(column))
    for field in ("time_precision", "geo_precision"):
        read(field, lambda column: whole(column, among=range(100), what="a precision"))
    if mapping.country is not None:
        parsed["country"] = Parsed(countries.codes(of_every_row(mapping.country)))
    if "country" in found:
        parsed["country_name"] = text(cells[found["country"]])
        parsed["country"] = Parsed(countries.codes(parsed["country_name"].values))
    for field in (*TEXTS, *PARTIES):
        read(field, text)
    named = [parsed[field].values for field in PARTIES if field in parsed]
    if named:
        parsed["actors"] = Parsed(parties(named, lambda cell: _listed(cell, mapping.actors.separator)))
    if "longitude" in found:
        place = position(cells[found["longitude"]], cells[found["latitude"]])
        parsed["longitude"], parsed["latitude"] = place.longitude, place.latitude
    for field in ("fatalities", "fatalities_low", "fatalities_high"):
        read(field, lambda column: whole(column, least=0, what="the number of deaths"))
    _check_estimates(parsed, found)
    read("mentions", lambda column: whole(column, least=0, most=MOST_MENTIONS, what="the number of mentions"))
    read("revised_at", instants)
    return parsed


def _check_estimates(parsed: dict[str, Parsed], found: dict[str, str]) -> None:
    """Add a fault where the low estimate of deaths is above the high one."""
    low, high = parsed.get("fatalities_low"), parsed.get("fatalities_high")
    if low and high:
        parsed["fatalities_low"] = low.with_faults(estimates_in_order(low, high, column=found["fatalities_low"]))


def _listed(cell: str, separator: str | None) -> list[str]:
    parts = cell.split(separator) if separator else [cell]
    return [name for part in parts if (name := part.strip())]
