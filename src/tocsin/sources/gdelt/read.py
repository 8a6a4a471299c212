"""The GDELT Event Database, 1.0 and 2.0: rows that a machine made from news reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from tocsin.geo import countries
from tocsin.sources.dayorder import WITHOUT_FORM, DayOrder
from tocsin.sources.layout import Layout, find_columns, plain, told
from tocsin.sources.values import EMPTY, MOST_MENTIONS, Parsed, fault, parties, position, text, whole

NAME = "gdelt"
DATASETS = {"1.0": "gdelt", "2.0": "gdelt2"}
"""2.0 reads translated news as well, and 1.0 does not: put together they would make a rise that is none."""
REQUIRED = ("globaleventid", "sqldate", "eventcode", "eventrootcode")
SYNTHETIC = "synthetic:"
"""An article's address begins with this where the row was made up."""
TO_ZONE = pl.duration(days=1)
"""A day at the place of an event can be one later than that in UTC, in which its row was added."""


def recognise(
    columns: Sequence[str],
    first: pl.DataFrame,  # noqa: ARG001
    *,
    where: str,
    order: DayOrder = WITHOUT_FORM,  # noqa: ARG001
) -> Layout | None:
    """The layout of a file, or None where it is not of GDELT.

    Args:
        columns: The columns of the file; GDELT's own files have no header, and get theirs when they are opened.
        first: Its first rows; the columns alone tell.
        where: The file's name, for messages.
        order: Of no use: days are written as 20240906.
    """
    found = find_columns(columns, NAME, where=where)
    if not all(name in found for name in REQUIRED):
        return None
    version = "2.0" if "actiongeo_adm2code" in {plain(column) for column in columns} else "1.0"
    said = "" if "sourceurl" in found else ", without SOURCEURL"
    return Layout(
        form=f"GDELT {version}, {len(columns)} columns{said}",
        dataset=DATASETS[version],
        columns=found,
        required={"event_date": found["sqldate"], "event_type": found["eventrootcode"]},
        parse=lambda cells: _parse(cells, found),
        id_column=found["globaleventid"],
    )


def _parse(cells: pl.DataFrame, found: Mapping[str, str]) -> dict[str, Parsed]:
    """The columns of the contract that the file has, in the order in which their faults count."""
    column = {name: cells[written] for name, written in found.items()}
    parsed: dict[str, Parsed] = {}
    numbers = whole(column["globaleventid"], least=0, what="the id")
    parsed["event_id"] = Parsed(numbers.values.cast(pl.String), numbers.faults)
    parsed["event_date"] = _days(column["sqldate"])
    parsed["end_date"] = Parsed(parsed["event_date"].values)
    if "dateadded" in column:
        parsed["revised_at"] = _added(column["dateadded"], parsed["event_date"].values)
    parsed["event_type"], parsed["sub_event_type"] = _types(column["eventrootcode"], column["eventcode"])
    _read_place(parsed, column)
    for number in (1, 2):
        _read_actor(parsed, column, number)
    named = [parsed[field].values for field in ("actor1", "actor2") if field in parsed]
    if named:
        parsed["actors"] = Parsed(parties(named, lambda cell: [cell]))
    if "sourceurl" in column:
        parsed["notes"] = text(column["sourceurl"])
        parsed["source"] = Parsed(_reporter(parsed["notes"].values))
    if "nummentions" in column:
        parsed["mentions"] = whole(column["nummentions"], least=0, most=MOST_MENTIONS, what="the number of mentions")
    parsed["tags"] = _tags(parsed, column)
    return parsed


def _days(cells: pl.Series) -> Parsed:
    """Days, written as 20240906."""
    first = told(NAME)["bounds"]["first_day"]
    said = cells.str.strip_chars()
    eight = pl.select(pl.when(said.str.contains(r"^\d{8}$")).then(said)).to_series()
    days = eight.str.to_date("%Y%m%d", strict=False)
    wrong = days.is_null() & ~said.is_in(EMPTY)
    return Parsed(days).with_faults(
        fault(cells.name, cells, wrong, "this is no day: GDELT writes it as 20240906"),
        fault(cells.name, cells, days < first, f"the day is before {first}, with which GDELT begins"),
    )


def _added(cells: pl.Series, event: pl.Series) -> Parsed:
    """When a row was added, written as 20240906 or 20240906154500 (UTC). GDELT does not revise it later."""
    said = cells.str.strip_chars()
    full = pl.select(
        pl.when(said.str.contains(r"^\d{14}$"))
        .then(said)
        .when(said.str.contains(r"^\d{8}$"))
        .then(said + pl.lit("000000"))
    ).to_series()
    instant = full.str.to_datetime("%Y%m%d%H%M%S", time_unit="us", strict=False).dt.replace_time_zone("UTC")
    wrong = instant.is_null() & ~said.is_in(EMPTY)
    early = pl.select(instant.dt.date() + TO_ZONE < event).to_series()
    return Parsed(instant).with_faults(
        fault(cells.name, cells, wrong, "this is no instant: GDELT writes it as 20240906 or 20240906154500"),
        fault(cells.name, cells, early, "the event is dated after the day on which its row was added"),
    )


def _types(roots: pl.Series, codes: pl.Series) -> tuple[Parsed, Parsed]:
    """The type of an event from the root of its CAMEO code, and its sub-type from the code itself."""
    known = told(NAME)
    root, code = text(roots).values, text(codes).values
    words = root.replace_strict(known["roots"], default=None, return_dtype=pl.String)
    below = code.replace_strict(known["codes"], default=None, return_dtype=pl.String)
    is_root = code.is_in(list(known["roots"]))
    types = Parsed(words).with_faults(
        fault(roots.name, roots, words.is_null() & root.is_not_null(), "this is no root of CAMEO (01 to 20)"),
    )
    subs = Parsed(below).with_faults(
        fault(codes.name, codes, code.is_null(), "no event can be without its CAMEO code, and this cell says nothing"),
        fault(codes.name, codes, below.is_null() & ~is_root, "this is no code of CAMEO's list"),
        fault(codes.name, codes, code.str.slice(0, 2) != root, "the code is not of the root that the row names"),
    )
    return types, subs


def _read_place(parsed: dict[str, Parsed], column: Mapping[str, pl.Series]) -> None:
    """Where the action was: its country, its unit if the name tells it, its coordinates, and how closely they are known."""
    if "actiongeo_type" in column:
        among = told(NAME)["bounds"]["geo_type"]
        parsed["geo_precision"] = whole(column["actiongeo_type"], among=among, what="the type of a place")
    if "actiongeo_countrycode" in column:
        cells = column["actiongeo_countrycode"]
        parsed["country_name"] = text(cells)
        code = parsed["country_name"].values
        iso = countries.codes_from_fips(code)
        unknown = code.is_not_null() & iso.is_null() & ~code.is_in(told(NAME)["without_country"])
        reason = "this is no code of a country in FIPS 10-4"
        parsed["country"] = Parsed(iso).with_faults(fault(cells.name, cells, unknown, reason))
    if "actiongeo_fullname" in column:
        parsed["location"] = text(column["actiongeo_fullname"])
        if "geo_precision" in parsed:
            parsed["admin1"] = Parsed(_unit(parsed["location"].values, parsed["geo_precision"].values))
    if {"actiongeo_lat", "actiongeo_long"} <= set(column):
        place = position(column["actiongeo_long"], column["actiongeo_lat"])
        parsed["longitude"], parsed["latitude"] = place.longitude, place.latitude


def _unit(names: pl.Series, types: pl.Series) -> pl.Series:
    """The first-order unit in the full name of a place: "State, Country" or "City, State, Country", as the codebook has it."""
    parts = names.str.split(", ")
    count = parts.list.len()
    return pl.select(
        pl.when(types.is_in([3, 4]) & (count == 3))
        .then(parts.list.get(1, null_on_oob=True))
        .when(types.is_in([2, 5]) & (count == 2))
        .then(parts.list.get(0, null_on_oob=True))
    ).to_series()


def _read_actor(parsed: dict[str, Parsed], column: Mapping[str, pl.Series], number: int) -> None:
    """The name of an actor, or its code where it has no name; and its kind, from its first role."""
    said = [text(column[name]) for name in (f"actor{number}name", f"actor{number}code") if name in column]
    if said:
        values = pl.select(pl.coalesce(each.values for each in said)).to_series()
        parsed[f"actor{number}"] = Parsed(values, tuple(one for each in said for one in each.faults))
    if f"actor{number}type1code" in column:
        role = text(column[f"actor{number}type1code"]).values
        known = role.replace_strict(told(NAME)["actor_types"], default=None, return_dtype=pl.String)
        unknown = pl.lit("unknown kind (") + role + pl.lit(")")
        parsed[f"inter{number}"] = Parsed(pl.select(pl.coalesce(known, unknown)).to_series())


def _reporter(addresses: pl.Series) -> pl.Series:
    """The host of an article's address; what is no address ("BBC Monitoring"), as it is."""
    hosts = addresses.str.extract(r"(?i)^[a-z][a-z0-9+.-]*://(?:www\.)?([^/:?#]+)").str.to_lowercase()
    return pl.select(pl.coalesce(hosts, addresses)).to_series()


def _tags(parsed: Mapping[str, Parsed], column: Mapping[str, pl.Series]) -> Parsed:
    """What the contract has no column for: the counts of sources and articles, and the actors' codes."""
    faults: list[Parsed] = []
    parts: list[pl.Series] = []
    for name, label in (("numsources", "sources"), ("numarticles", "articles")):
        if name in column:
            faults.append(whole(column[name], least=0, what=f"the number of {label}"))
            parts.append(_labelled(label, faults[-1].values.cast(pl.String)))
    for number in (1, 2):
        if f"actor{number}code" in column:
            parts.append(_labelled(f"actor{number}", text(column[f"actor{number}code"]).values))
    if "notes" in parsed:
        made_up = parsed["notes"].values.str.starts_with(SYNTHETIC)
        parts.append(pl.select(pl.when(made_up).then(pl.lit("synthetic"))).to_series())
    rows = pl.DataFrame([part.alias(str(number)) for number, part in enumerate(parts)])
    joined = rows.select(pl.concat_str(pl.all(), separator="; ", ignore_nulls=True)).to_series()
    values = pl.select(pl.when(joined != "").then(joined)).to_series()
    return Parsed(values, tuple(one for each in faults for one in each.faults))


def _labelled(label: str, values: pl.Series) -> pl.Series:
    return pl.select(pl.lit(f"{label} ") + values).to_series()
