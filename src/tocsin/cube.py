"""The only heavy step: events of any engine, filtered and counted by day and by the few columns that a question needs.

What comes back is a small Polars table; weeks, averages, windows and intervals are folded from it in memory. So an analysis is the
same code on DuckDB, Polars or Spark, and the engine does only what all engines do alike: filter, join, count.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import polars as pl

from tocsin.errors import QuestionError, did_you_mean
from tocsin.schema import Provenance, Span

EPOCH = dt.date(1970, 1, 1)
MOST_ROWS = 5_000_000
"""A cube larger than this is refused: it would no longer be a small table."""

KEPT_ROWS = 100_000
"""A cube larger than this is not kept for later questions."""

NAMES_A_PATTERN = 100

SEPARATOR = "\n"
"""Stands before, between and after the names of a party set, so that a name is found whole."""


@dataclass(frozen=True)
class Events:
    """Event data as a star: one fact table and two small ones, of whatever engine holds them.

    Args:
        rows: One row an event: the columns of schema.EVENT but `actors` and the coordinates, with `event_day` (days since 1970-01-01),
            `place_id` and `party_id`.
        places: One row a distinct place: place_id, country, longitude, latitude, and what depends on these alone (unit_code, unit_name,
            unit_match, capital, capital_distance_km, cell_3 to cell_6).
        parties: One row a distinct set of actors: party_id, names (each name between SEPARATORs).
        about: Where the rows come from.
    """

    rows: nw.LazyFrame[Any]
    places: nw.LazyFrame[Any]
    parties: nw.LazyFrame[Any]
    about: Provenance
    cubes: list[Cube] = field(default_factory=list, init=False, repr=False, compare=False)
    """Small counts made before: a coarser one is added up from them."""

    @cached_property
    def row_columns(self) -> tuple[str, ...]:
        """Columns of `rows`; asked of the engine once."""
        return tuple(self.rows.columns)

    @cached_property
    def place_columns(self) -> tuple[str, ...]:
        """Columns of `places` that a count may use."""
        return tuple(name for name in self.places.columns if name not in ("country", "place_id"))


@dataclass(frozen=True)
class Selection:
    """Which rows are counted. `None` leaves a filter out.

    Args:
        countries: ISO alpha-3 codes.
        event_types: The types that count as an incident.
        precise: The geo precision codes kept; rows that state no precision are kept too.
        actors: Names, of which a row must have at least one among its parties.
        span: Days of the first day of the event.
    """

    countries: tuple[str, ...] | None = None
    event_types: tuple[str, ...] | None = None
    precise: tuple[int, ...] | None = None
    actors: tuple[str, ...] | None = None
    span: Span | None = None

    def within(self, span: Span | None) -> Selection:
        """The same selection on other days."""
        return replace(self, span=span)

    def involving(self, actors: Sequence[str] | None) -> Selection:
        """The same selection, of rows with one of these parties."""
        return replace(self, actors=None if actors is None else tuple(actors))

    def placed(self, precise: Sequence[int] | None) -> Selection:
        """The same selection, of rows whose place is known as well as `precise` says."""
        return replace(self, precise=None if precise is None else tuple(precise))


@dataclass(frozen=True)
class Flags:
    """Columns that a count may make from others.

    Args:
        groups: Column name -> actor names; the column is true where one of them is a party.
        distance_edges_km: Upper edges, km, of the classes of `distance_class`: 0 up to the first edge (included), and so on; null where
            the distance is not known.
        windows: Spans of days that do not overlap, numbered from 0 by `window`; null outside them.
    """

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    distance_edges_km: Sequence[float] = ()
    windows: Sequence[Span] = ()


@dataclass(frozen=True)
class Cube:
    """A count, and what it is a count of."""

    selection: Selection
    flags: Flags
    table: pl.DataFrame

    def serves(self, selection: Selection, by: Sequence[str], flags: Flags) -> bool:
        """Whether a count of `selection` by `by` can be added up from this one."""
        mine, has = self.selection, set(self.table.columns)
        within = mine.span is None or (
            selection.span is not None
            and mine.span.first <= selection.span.first
            and selection.span.last <= mine.span.last
        )
        return (
            set(by) <= has
            and replace(mine, span=None, precise=None) == replace(selection, span=None, precise=None)
            and (
                mine.span == selection.span or (within and "event_day" in has) or self._window_of(selection) is not None
            )
            and (mine.precise == selection.precise or (mine.precise is None and "geo_precision" in has))
            and all(self.flags.groups.get(name) == flags.groups.get(name) for name in by)
            and ("distance_class" not in by or self.flags.distance_edges_km == flags.distance_edges_km)
            and ("window" not in by or self.flags.windows == flags.windows)
        )

    def _window_of(self, selection: Selection) -> int | None:
        """The number of the window that holds just the days of `selection`, where this count tells windows apart."""
        if "window" not in self.table.columns:
            return None
        return next((number for number, span in enumerate(self.flags.windows) if span == selection.span), None)

    def rolled(self, selection: Selection, by: Sequence[str]) -> pl.DataFrame:
        """The count of `selection` by `by`, sorted."""
        table = self.table
        window = self._window_of(selection)
        if window is not None:
            table = table.filter(pl.col("window") == window)
        elif selection.span is not None and selection.span != self.selection.span:
            table = table.filter(
                pl.col("event_day").is_between(day_number(selection.span.first), day_number(selection.span.last))
            )
        if selection.precise is not None and self.selection.precise is None:
            precise = pl.col("geo_precision")
            table = table.filter(precise.is_in(list(selection.precise)) | precise.is_null())
        return table.group_by(by).agg(pl.col("incidents").sum()).sort(by, nulls_last=True)


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def count(events: Events, selection: Selection, *, by: Sequence[str], flags: Flags | None = None) -> pl.DataFrame:
    """Count the selected rows by the named columns.

    Args:
        by: Columns of `rows` or `places`, `distance_class`, `window`, or a key of `flags.groups`; at least one.
        flags: What is made from other columns.

    Returns:
        The columns of `by`, and `incidents` (Int64), sorted by `by`; groups of no rows are not there.

    Raises:
        QuestionError: a column is not known, or the table would have more than MOST_ROWS rows.
    """
    flags = flags or Flags()
    if len(set(by)) != len(by):
        raise QuestionError(f"counted by the same column twice: {', '.join(by)}")
    cube = next((kept for kept in events.cubes if kept.serves(selection, by, flags)), None)
    if cube is None:
        cube = _made(events, selection, by, flags)
        if cube.table.height <= KEPT_ROWS:
            events.cubes.append(cube)
    return cube.rolled(selection, by)


def _made(events: Events, selection: Selection, by: Sequence[str], flags: Flags) -> Cube:
    """A cube that serves. Where precision is a filter it counts by that too, so that the same cube tells what the filter removes."""
    if selection.precise is not None and "geo_precision" in events.row_columns:
        told = ["geo_precision", *(name for name in ("unit_match",) if name in events.place_columns)]
        wider, columns = selection.placed(None), tuple(dict.fromkeys([*by, *told]))
        table = _collected(events, wider, by=columns, flags=flags)
        if table.height <= MOST_ROWS:
            return Cube(wider, flags, table)
    table = _collected(events, selection, by=by, flags=flags)
    if table.height > MOST_ROWS:
        raise QuestionError(
            f"counting by {', '.join(by)} gives more than {MOST_ROWS:,} rows",
            next_step="Count by fewer columns, or fewer days.",
        )
    return Cube(selection, flags, table)


def _collected(events: Events, selection: Selection, *, by: Sequence[str], flags: Flags) -> pl.DataFrame:
    """What the engine counts; at most one row more than MOST_ROWS."""
    rows = _selected(events, selection)
    place_columns = events.place_columns
    made = _made_from_places(flags)
    wanted_places = [name for name in by if name in place_columns] + [name for name in by if name in made]
    dated = _made_from_days(flags)
    known = [*events.row_columns, *place_columns, *made, *dated, *flags.groups]
    for name in by:
        if name not in known:
            raise QuestionError(f'there is no column "{name}" to count by', next_step=did_you_mean(name, sorted(known)))
    needed = [name for name in ("place_id", "party_id") if name not in by]
    own = (name for name in by if name in events.row_columns)
    rows = rows.select(*needed, *own, *(dated[name].alias(name) for name in by if name in dated))
    if wanted_places:
        places = events.places.select(
            "place_id", *(made[name].alias(name) if name in made else nw.col(name) for name in wanted_places)
        )
        rows = rows.join(places, on="place_id", how="left")
    wanted_groups = {name: names for name, names in flags.groups.items() if name in by}
    if wanted_groups:
        parties = events.parties.select("party_id", **{name: involves(names) for name, names in wanted_groups.items()})
        rows = rows.join(parties, on="party_id", how="left")
    counted = rows.group_by(*by).agg(nw.len().alias("incidents")).head(MOST_ROWS + 1)
    table: pl.DataFrame = counted.collect("polars").to_native()
    return table.with_columns(pl.col("incidents").cast(pl.Int64))


def actor_names(events: Events) -> list[str]:
    """Every actor named in the rows, sorted."""
    # Grouped: narwhals' unique() numbers every row of every party.
    used = events.rows.group_by("party_id").agg(nw.len().alias("events"))
    table: pl.DataFrame = (
        events.parties.join(used, on="party_id", how="inner").select("names").collect("polars").to_native()
    )
    names = table["names"].str.strip_chars(SEPARATOR).str.split(SEPARATOR).explode().unique().drop_nulls()
    return sorted(name for name in names if name)


def involves(names: Sequence[str]) -> nw.Expr:
    """True where one of `names` is among a party set."""
    if not names:
        return nw.lit(False)
    # Many names a pattern: an engine tries a pattern once on a party, but compiles none that is too long.
    parts = [names[start : start + NAMES_A_PATTERN] for start in range(0, len(names), NAMES_A_PATTERN)]
    patterns = ["|".join(map(re.escape, part)) for part in parts]
    tests = [nw.col("names").str.contains(f"{SEPARATOR}(?:{pattern}){SEPARATOR}") for pattern in patterns]
    # Joined pair by pair: a chain of thousands of names would be too deep for an engine to walk.
    while len(tests) > 1:
        pairs = itertools.zip_longest(tests[::2], tests[1::2])
        tests = [one if other is None else one | other for one, other in pairs]
    return tests[0]


def passes(selection: Selection) -> dict[str, nw.Expr]:
    """One test a filter of `selection` that looks at a row alone, in the order in which they are applied."""
    tests: dict[str, nw.Expr] = {}
    if selection.countries is not None:
        tests["countries"] = nw.col("country").is_in(list(selection.countries))
    if selection.span is not None:
        first, last = day_number(selection.span.first), day_number(selection.span.last)
        tests["span"] = (nw.col("event_day") >= first) & (nw.col("event_day") <= last)
    if selection.event_types is not None:
        tests["event_types"] = nw.col("event_type").is_in(list(selection.event_types))
    if selection.precise is not None:
        tests["precise"] = nw.col("geo_precision").is_in(list(selection.precise)) | nw.col("geo_precision").is_null()
    return tests


def _selected(events: Events, selection: Selection) -> nw.LazyFrame[Any]:
    tests = passes(selection).values()
    rows = events.rows.filter(*tests) if tests else events.rows
    if selection.actors is not None:
        parties = events.parties.filter(involves(selection.actors)).select("party_id")
        rows = rows.join(parties, on="party_id", how="semi")
    return rows


def _made_from_days(flags: Flags) -> dict[str, nw.Expr]:
    """`window`, where windows are given."""
    if not flags.windows:
        return {}
    day, number = nw.col("event_day"), nw.lit(None)
    for index, span in enumerate(flags.windows):
        inside = (day >= day_number(span.first)) & (day <= day_number(span.last))
        number = nw.when(inside).then(nw.lit(index)).otherwise(number)
    return {"window": number}


def _made_from_places(flags: Flags) -> dict[str, nw.Expr]:
    """`distance_class`, where edges are given."""
    if not flags.distance_edges_km:
        return {}
    distance = nw.col("capital_distance_km")
    classed = nw.lit(len(flags.distance_edges_km))
    for number, edge in reversed(list(enumerate(flags.distance_edges_km))):
        classed = nw.when(distance <= float(edge)).then(nw.lit(number)).otherwise(classed)
    return {"distance_class": nw.when(distance.is_null()).then(nw.lit(None)).otherwise(classed)}
