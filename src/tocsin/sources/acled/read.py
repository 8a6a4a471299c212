"""ACLED exports of every vintage, recognised by their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from tocsin.geo import countries
from tocsin.sources.acled.monadic import ALIKE, agreeing
from tocsin.sources.dayorder import WITHOUT_FORM, DayOrder
from tocsin.sources.layout import Layout, find_columns, plain, spellings, told
from tocsin.sources.values import Parsed, days, fault, fold, instants, parties, position, text, whole, words

NAME = "acled"
# Columns that no other data set has. A full export has most of them, a reduced one none.
OWN = (
    "event_id_cnty",
    "sub_event_type",
    "time_precision",
    "geo_precision",
    "assoc_actor_1",
    "assoc_actor_2",
    "inter1",
    "inter2",
    "civilian_targeting",
    "source_scale",
)
REQUIRED = ("event_date", "event_type")
MIXED = "Riots/Protests"


def recognise(
    columns: Sequence[str], first: pl.DataFrame, *, where: str, order: DayOrder = WITHOUT_FORM
) -> Layout | None:
    """The layout of a file, or None where it is no ACLED export.

    Args:
        columns: The columns of the file.
        first: Its first rows.
        where: The file's name, for messages.
        order: What the whole file tells of dates in figures.
    """
    found = find_columns(columns, NAME, where=where)
    if not all(name in found for name in REQUIRED):
        return None
    full = sum(name in found for name in OWN) >= 3
    if not full and not (len(found) >= 4 and _in_acled_words(first[found["event_type"]])):
        return None
    monadic = _is_monadic(first, found)

    def parse(cells: pl.DataFrame) -> dict[str, Parsed]:
        return _parse(cells, found, order)

    return Layout(
        form=_form(columns, found, first, full=full),
        columns=found,
        required={name: found[name] for name in REQUIRED},
        parse=agreeing(parse, column=found["event_id_cnty"]) if monadic else parse,
        id_column=found.get("event_id_cnty"),
        monadic=monadic,
    )


def _in_acled_words(cells: pl.Series) -> bool:
    """Most of the words are event types of ACLED, of now or of earlier vintages."""
    said = [fold(word) for word in cells.unique().to_list() if word.strip()]
    return 2 * sum(word in _event_types() for word in said) > len(said)


def _form(columns: Sequence[str], found: Mapping[str, str], first: pl.DataFrame, *, full: bool) -> str:
    """Which vintage this is, in words."""
    names = {plain(column) for column in columns}
    count = f"{len(columns)} columns"
    if not full:
        return f"{count}, reduced"
    if names & {"disorder_type", "civilian_targeting"}:
        vintage = "since March 2023"
    elif "timestamp" in names or "data_id" in names:
        vintage = "to March 2023"
    elif "sub_event_type" in names:
        vintage = "of 2019-2020"
    elif names & {"gwno", "event_id_no_cnty"}:
        vintage = "of 2016-2018"
    else:
        vintage = "of a vintage that its columns do not tell"
    if columns and found["event_date"].isupper():
        vintage += ", upper case"
    if "inter1" in found and vintage.startswith("since"):
        in_figures = first[found["inter1"]].str.contains(r"^\s*[0-9]").any()
        vintage += ", kinds of actors in figures" if in_figures else ", kinds of actors in words"
    if any(name.startswith("population_") for name in names):
        vintage += ", with population"
    return f"{count}, {vintage}"


def _is_monadic(first: pl.DataFrame, found: Mapping[str, str]) -> bool:
    """One row per event and actor: most rows that repeat an event's id differ in their actor and say the same of the event."""
    if not {"event_id_cnty", "actor1"} <= set(found):
        return False
    same = [found[name] for name in ("event_id_cnty", *ALIKE, "notes", "timestamp") if name in found]
    rows = first.filter(first[found["event_id_cnty"]].str.strip_chars() != "")
    several = rows.filter(pl.col(found["event_id_cnty"]).is_duplicated())
    if several.is_empty():
        return False
    groups = several.group_by(same).agg(pl.len(), pl.col(found["actor1"]).n_unique().alias("actors"))
    monadic = groups.filter((pl.col("len") > 1) & (pl.col("actors") == pl.col("len")))
    return 2 * int(monadic["len"].sum()) > len(several)


def _event_types() -> dict[str, str | None]:
    """What each word for an event type, folded, means now."""
    values = told(NAME)
    old: dict[str, str | None] = {fold(word): now[0] for word, now in values["old_event_types"].items()}
    return spellings(dict.fromkeys(values["event_types"], ())) | old | {fold(MIXED): MIXED}


def _sub_event_types() -> dict[str, str | None]:
    values = told(NAME)
    now = spellings({word: () for several in values["sub_event_types"].values() for word in several})
    return now | {fold(old): word for old, word in values["sub_event_spellings"].items()}


def _parse(cells: pl.DataFrame, found: Mapping[str, str], order: DayOrder) -> dict[str, Parsed]:
    """The columns of the contract that the file has, in the order in which their faults count."""
    bounds = told(NAME)["bounds"]
    parsed: dict[str, Parsed] = {}

    def read(field: str, name: str, way: Callable[[pl.Series], Parsed]) -> None:
        if name in found:
            parsed[field] = way(cells[found[name]])

    read("event_id", "event_id_cnty", text)
    read("event_date", "event_date", lambda column: days(column, order=order, first=bounds["first_day"]))
    parsed["end_date"] = Parsed(parsed["event_date"].values)
    kinds: dict[str, str | None] = spellings(told(NAME)["inter"]) | {"0": None}
    for field in ("inter1", "inter2"):
        read(field, field, lambda column: words(column, kinds, what="a kind of actor of ACLED"))
    read("event_type", "event_type", lambda column: words(column, _event_types(), what="an event type of ACLED"))
    read(
        "sub_event_type",
        "sub_event_type",
        lambda column: words(column, _sub_event_types(), what="a sub-event type of ACLED"),
    )
    _bring_up_to_date(parsed, cells[found["event_type"]])
    for field in ("time_precision", "geo_precision"):
        read(field, field, lambda column, field=field: whole(column, among=bounds[field], what=field.replace("_", " ")))  # type: ignore[misc]
    _read_countries(parsed, cells, found)
    for field in ("admin1", "admin2", "admin3", "location"):
        read(field, field, text)
    if "longitude" in found and "latitude" in found:
        place = position(cells[found["longitude"]], cells[found["latitude"]])
        parsed["longitude"], parsed["latitude"] = place.longitude, place.latitude
    for field, name in (
        ("actor1", "actor1"),
        ("actor2", "actor2"),
        ("assoc_actor1", "assoc_actor_1"),
        ("assoc_actor2", "assoc_actor_2"),
    ):
        read(field, name, text)
    named = [parsed[field].values for field in ("actor1", "actor2", "assoc_actor1", "assoc_actor2") if field in parsed]
    if named:
        parsed["actors"] = Parsed(parties(named, _listed))
    read("civilian_targeting", "civilian_targeting", _targeting)
    read("fatalities", "fatalities", lambda column: whole(column, least=0, what="the number of deaths"))
    for field in ("source", "source_scale", "notes", "tags"):
        read(field, field, text)
    read("revised_at", "timestamp", instants)
    return parsed


def _bring_up_to_date(parsed: dict[str, Parsed], written: pl.Series) -> None:
    """Give old event types the sub-type that their word says, and part riots from protests by who took part."""
    old = {fold(word): now[1] for word, now in told(NAME)["old_event_types"].items() if len(now) > 1}
    spelled = {word: old[fold(word)] for word in written.unique().to_list() if fold(word) in old}
    if spelled:
        implied = written.replace_strict(spelled, default=None, return_dtype=pl.String)
        if "sub_event_type" in parsed:
            sub = parsed["sub_event_type"]
            parsed["sub_event_type"] = Parsed(pl.select(pl.coalesce(sub.values, implied)).to_series(), sub.faults)
        else:
            parsed["sub_event_type"] = Parsed(implied)
    types = parsed["event_type"]
    mixed = (types.values == MIXED).fill_null(value=False)
    if not mixed.any():
        return
    nobody = pl.select(pl.repeat(False, len(mixed), dtype=pl.Boolean)).to_series()
    kinds = [parsed[field].values for field in ("inter1", "inter2") if field in parsed]

    def took_part(kind: str) -> pl.Series:
        here = nobody
        for column in kinds:
            here = here | (column == kind).fill_null(value=False)
        return here

    rioters, protesters = took_part("Rioters"), took_part("Protesters")
    values = pl.select(
        pl.when(mixed & rioters)
        .then(pl.lit("Riots"))
        .when(mixed & protesters)
        .then(pl.lit("Protests"))
        .when(~mixed)
        .then(types.values)
    ).to_series()
    reason = f'"{MIXED}" with neither rioters nor protesters among its actors: which of the two it was can not be told'
    untold = mixed & ~rioters & ~protesters
    parsed["event_type"] = Parsed(values, types.faults).with_faults(fault(written.name, written, untold, reason))


def _read_countries(parsed: dict[str, Parsed], cells: pl.DataFrame, found: Mapping[str, str]) -> None:
    """The country's code, from the surest column that gives one: ISO letters, ISO number, name, Gleditsch-Ward number."""
    codes: list[pl.Series] = []
    faults: list[Parsed] = []
    if "iso3" in found:
        codes.append(countries.codes(text(cells[found["iso3"]]).values))
    if "iso" in found:
        faults.append(whole(cells[found["iso"]], what="the ISO number of the country"))
        codes.append(countries.codes_from_numbers(faults[-1].values, scheme="iso"))
    if "country" in found:
        parsed["country_name"] = text(cells[found["country"]])
        codes.append(countries.codes(parsed["country_name"].values))
    if "gwno" in found:
        faults.append(whole(cells[found["gwno"]], what="the number of the country"))
        codes.append(countries.codes_from_numbers(faults[-1].values, scheme="gw"))
    if codes:
        values = pl.select(pl.coalesce(codes)).to_series()
        parsed["country"] = Parsed(values, tuple(found for column in faults for found in column.faults))


def _listed(cell: str) -> list[str]:
    return [name for part in cell.split(";") if (name := part.strip())]


def _targeting(column: pl.Series) -> Parsed:
    known: dict[str, str | None] = {"civilian targeting": "yes", "true": "yes", "false": None}
    said = words(column, known, what="what ACLED writes where civilians were the target")
    return Parsed(said.values.is_not_null(), said.faults)
