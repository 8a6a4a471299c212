"""The only heavy step: events of any engine, filtered and counted by day and by the few columns that a question needs.

What comes back is a small Polars table; weeks, averages, windows and intervals are folded from it in memory. So an analysis is the
same code on DuckDB, Polars or Spark, and the engine does only what all engines do alike: filter, join, count.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
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

LARGE_ROWS = 5_000
"""Of a larger cube, what a question needs on all days is kept as a smaller one: the next question often asks for other days."""

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
    kept_rows: int = KEPT_ROWS
    """A count of more rows than this is not kept for later questions."""
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

    @cached_property
    def actor_names(self) -> tuple[str, ...]:
        """Every actor named in the rows, sorted; asked of the engine once."""
        # Grouped: narwhals' unique() numbers every row of every party.
        used = self.rows.group_by("party_id").agg(nw.len().alias("events"))
        table: pl.DataFrame = (
            self.parties.join(used, on="party_id", how="inner").select("names").collect("polars").to_native()
        )
        names = table["names"].str.strip_chars(SEPARATOR).str.split(SEPARATOR).explode().unique().drop_nulls()
        return tuple(sorted(name for name in names if name))


@dataclass(frozen=True)
class Among:
    """Rows of which a column has one of these values, or, unless `stated`, none."""

    column: str
    values: tuple[str, ...]
    stated: bool = False

    def test(self) -> nw.Expr:
        said = nw.col(self.column).is_in(list(self.values))
        return said if self.stated else said | nw.col(self.column).is_null()


@dataclass(frozen=True)
class Selection:
    """Which rows are counted. `None` leaves a filter out.

    Args:
        countries: ISO alpha-3 codes.
        event_types: The types that count as an incident.
        precise: The geo precision codes kept; rows that state no precision are kept too.
        actors: Names, of which a row must have at least one among its parties; no row where none is named.
        reported: Who reported, by a column of rows; rows that do not say are kept too.
        span: Days of the first day of the event.
        weight: A column of whole numbers: a row counts as often as it says, and not at all where it says nothing. None counts each once.
    """

    countries: tuple[str, ...] | None = None
    event_types: tuple[str, ...] | None = None
    precise: tuple[int, ...] | None = None
    actors: tuple[str, ...] | None = None
    reported: Among | None = None
    span: Span | None = None
    weight: str | None = None

    def within(self, span: Span | None) -> Selection:
        """The same selection on other days."""
        return replace(self, span=span)

    def involving(self, actors: Sequence[str] | None) -> Selection:
        """The same selection, of rows with one of these parties."""
        return replace(self, actors=None if actors is None else tuple(actors))

    def weighed(self, column: str | None) -> Selection:
        """The same selection, each row counted as often as a column says; None counts each once."""
        return replace(self, weight=column)

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
        among: Column name -> what the column says yes or no to.
    """

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    distance_edges_km: Sequence[float] = ()
    windows: Sequence[Span] = ()
    among: Mapping[str, Among] = field(default_factory=dict)


@dataclass(frozen=True)
class Cube:
    """A count, and what it is a count of."""

    selection: Selection
    flags: Flags
    table: pl.DataFrame

    def rolled(self, selection: Selection, by: Sequence[str], flags: Flags) -> pl.DataFrame | None:
        """The count of `selection` by `by`, sorted; None where it can not be added up from this one."""
        tests, columns = self._tests(selection), [self._column(name, flags) for name in by]
        if tests is None or not all(column is not None for column in columns):
            return None
        named = [column.alias(name) for column, name in zip(columns, by, strict=True) if column is not None]
        table = self._near(selection.span)
        table = table.filter(*tests) if tests else table
        return table.group_by(named).agg(pl.col("incidents").sum()).sort(by, nulls_last=True)

    def _near(self, span: Span | None) -> pl.DataFrame:
        """Rows among which those of the days lie: where days are in order, no others."""
        days = self.table["event_day"] if "event_day" in self.table.columns else None
        if span is None or days is None or not days.flags["SORTED_ASC"] or days.null_count():
            return self.table
        first = days.search_sorted(day_number(span.first), side="left")
        return self.table.slice(first, days.search_sorted(day_number(span.last), side="right") - first)

    def narrowed(self, selection: Selection, by: Sequence[str], flags: Flags) -> Cube:
        """A smaller cube that serves the same question on other days too; this one where it could not be made much smaller."""
        if self.table.height <= LARGE_ROWS or "event_day" not in self.table.columns:
            return self
        columns = tuple(dict.fromkeys(["event_day", *(name for name in by if name != "window")]))
        wanted = selection.within(self.selection.span)
        if 2 * math.prod(self._values(name, flags) for name in columns) > self.table.height:
            return self
        table = self.rolled(wanted, columns, flags)
        return self if table is None else Cube(wanted, flags, table)

    def _values(self, name: str, flags: Flags) -> int:
        """How many values a column to count by may have."""
        if name in flags.groups or name in flags.among:
            return 2
        return self._distinct.get(name, self.table.height)

    @cached_property
    def _distinct(self) -> dict[str, int]:
        return {name: self.table[name].n_unique() for name in self.table.columns}

    def _tests(self, wanted: Selection) -> list[pl.Expr] | None:
        """What rows of this count must pass to be of `wanted`; None where it does not tell them apart."""
        mine, tests = self.selection, []
        for name in ("countries", "span", "event_types", "precise", "actors", "reported", "weight"):
            if getattr(mine, name) == getattr(wanted, name):
                continue
            test = _TOLD_APART[name](self, wanted) if name in _TOLD_APART else None
            if test is None:
                return None
            tests.append(test)
        return tests

    def _on_days(self, wanted: Selection) -> pl.Expr | None:
        mine, span = self.selection.span, wanted.span
        if span is None:
            return None
        if mine and (span.first < mine.first or mine.last < span.last):
            return None
        if "window" in self.table.columns and span in self.flags.windows:
            return pl.col("window") == list(self.flags.windows).index(span)
        if "event_day" not in self.table.columns:
            return None
        return pl.col("event_day").is_between(day_number(span.first), day_number(span.last))

    def _of_types(self, wanted: Selection) -> pl.Expr | None:
        mine, types = self.selection.event_types, wanted.event_types
        if (
            types is None
            or "event_type" not in self.table.columns
            or (mine is not None and not set(types) <= set(mine))
        ):
            return None
        return pl.col("event_type").is_in(list(types))

    def _of_precision(self, wanted: Selection) -> pl.Expr | None:
        if wanted.precise is None or self.selection.precise is not None or "geo_precision" not in self.table.columns:
            return None
        return pl.col("geo_precision").is_in(list(wanted.precise)) | pl.col("geo_precision").is_null()

    def _of_actors(self, wanted: Selection) -> pl.Expr | None:
        if wanted.actors is None or self.selection.actors is not None:
            return None
        return self._group(wanted.actors)

    def _of_reporters(self, wanted: Selection) -> pl.Expr | None:
        if self.selection.reported is not None:
            return None
        return self._among(wanted.reported)

    def _among(self, wanted: Among | None) -> pl.Expr | None:
        """The column that says yes or no to who reported."""
        named = (name for name, among in self.flags.among.items() if among == wanted and name in self.table.columns)
        return next((pl.col(name) for name in named), None)

    def _group(self, actors: Sequence[str]) -> pl.Expr | None:
        """The column that is true where one of the actors is a party."""
        named = (
            name for name, of in self.flags.groups.items() if tuple(of) == tuple(actors) and name in self.table.columns
        )
        return next((pl.col(name) for name in named), None)

    def _column(self, name: str, flags: Flags) -> pl.Expr | None:
        """A column to count by, made from those of this count."""
        if name in flags.groups:
            return self._group(flags.groups[name])
        if name == "distance_class" and flags.distance_edges_km:
            return self._distance_class(flags.distance_edges_km)
        if name == "window" and flags.windows:
            return self._window(flags.windows)
        if name in flags.among:
            return self._among(flags.among[name])
        made = {"distance_class", "window", *self.flags.groups, *self.flags.among}
        return pl.col(name) if name in self.table.columns and name not in made else None

    def _distance_class(self, edges: Sequence[float]) -> pl.Expr | None:
        """Classes with fewer edges are finer ones put together."""
        mine = list(self.flags.distance_edges_km)
        if "distance_class" not in self.table.columns or not set(edges) <= set(mine):
            return None
        if list(edges) == mine:
            return pl.col("distance_class")
        coarser = {number: sum(edge < upper for edge in edges) for number, upper in enumerate([*mine, math.inf])}
        return pl.col("distance_class").replace_strict(coarser, return_dtype=pl.Int32)

    def _window(self, windows: Sequence[Span]) -> pl.Expr | None:
        if "window" in self.table.columns and list(windows) == list(self.flags.windows):
            return pl.col("window")
        span = self.selection.span
        known = "event_day" in self.table.columns and all(
            span is None or (span.first <= each.first and each.last <= span.last) for each in windows
        )
        if not known:
            return None
        number: pl.Expr = pl.lit(None, dtype=pl.Int32)
        for index, each in enumerate(windows):
            inside = pl.col("event_day").is_between(day_number(each.first), day_number(each.last))
            number = pl.when(inside).then(pl.lit(index, dtype=pl.Int32)).otherwise(number)
        return number


_TOLD_APART: Mapping[str, Callable[[Cube, Selection], pl.Expr | None]] = {
    "span": Cube._on_days,
    "event_types": Cube._of_types,
    "precise": Cube._of_precision,
    "actors": Cube._of_actors,
    "reported": Cube._of_reporters,
}


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def count(events: Events, selection: Selection, *, by: Sequence[str], flags: Flags | None = None) -> pl.DataFrame:
    """Count the selected rows by the named columns.

    Args:
        by: Columns of `rows` or `places`, `distance_class`, `window`, or a key of `flags.groups`; at least one.
        flags: What is made from other columns.

    Returns:
        The columns of `by`, and `incidents` (Int64; the sum of the weight where there is one), sorted by `by`; groups of no rows are not
        there.

    Raises:
        QuestionError: a column is not known, or the table would have more than MOST_ROWS rows.
    """
    flags = flags or Flags()
    if len(set(by)) != len(by):
        raise QuestionError(f"counted by the same column twice: {', '.join(by)}")
    for kept in events.cubes:
        narrow = kept.narrowed(selection, by, flags)
        table = narrow.rolled(selection, by, flags)
        if table is not None:
            if narrow is not kept:
                events.cubes.insert(0, narrow)
            return table
    cube = _made(events, selection, by, flags)
    if cube.table.height <= events.kept_rows:
        events.cubes.append(cube)
    table = cube.rolled(selection, by, flags)
    if table is None:
        raise AssertionError("a cube that was made for a question does not answer it")
    return table


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
    rows = selected(events, selection)
    place_columns = events.place_columns
    made = _made_from_places(flags)
    wanted_places = [name for name in by if name in place_columns] + [name for name in by if name in made]
    dated = _made_from_rows(flags)
    known = [*events.row_columns, *place_columns, *made, *dated, *flags.groups, *flags.among]
    for name in by:
        if name not in known:
            raise QuestionError(f'there is no column "{name}" to count by', next_step=did_you_mean(name, sorted(known)))
    needed = [name for name in ("place_id", "party_id") if name not in by]
    weighed = selection.weight if selection.weight not in by else None
    own = [*(name for name in by if name in events.row_columns), *([weighed] if weighed else [])]
    rows = rows.select(*needed, *own, *(dated[name].alias(name) for name in by if name in dated))
    if wanted_places:
        places = events.places.select(
            "place_id", *(made[name].alias(name) if name in made else nw.col(name) for name in wanted_places)
        )
        rows = rows.join(places, on="place_id", how="left")
    wanted_groups = {name: names for name, names in flags.groups.items() if name in by}
    if wanted_groups:
        involved = {name: yes_or_no(involves(names)) for name, names in wanted_groups.items()}
        parties = events.parties.select("party_id", **involved)
        rows = rows.join(parties, on="party_id", how="left")
    times = nw.col(selection.weight).sum() if selection.weight else nw.len()
    counted = rows.group_by(*by).agg(times.alias("incidents")).head(MOST_ROWS + 1)
    table: pl.DataFrame = counted.collect("polars").to_native()
    table = table.with_columns(pl.col("incidents").cast(pl.Int64).fill_null(0))
    return table.sort("event_day") if "event_day" in by else table


def yes_or_no(test: nw.Expr) -> nw.Expr:
    """A test as a column of true and false; false where it is null."""
    # To some engines what a test gives is a number, and no boolean until that is said.
    return nw.when(test).then(nw.lit(value=True)).otherwise(nw.lit(value=False))


def involves(names: Sequence[str]) -> nw.Expr:
    """True where one of `names` is among a party set; of no names, nowhere."""
    if not names:
        return nw.col("names").is_null()  # which no party set is: engines filter by no constant
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
    if selection.reported is not None:
        tests["reported"] = selection.reported.test()
    return tests


def selected(events: Events, selection: Selection) -> nw.LazyFrame[Any]:
    """The rows that a selection counts."""
    tests = passes(selection).values()
    rows = events.rows.filter(*tests) if tests else events.rows
    if selection.actors is not None:
        parties = events.parties.filter(involves(selection.actors)).select("party_id")
        rows = rows.join(parties, on="party_id", how="semi")
    return rows


def _made_from_rows(flags: Flags) -> dict[str, nw.Expr]:
    """What is made from a row alone: `window`, where windows are given, and the columns of `among`."""
    made = {name: yes_or_no(among.test()) for name, among in flags.among.items()}
    if not flags.windows:
        return made
    day, number = nw.col("event_day"), nw.lit(None)
    for index, span in enumerate(flags.windows):
        inside = (day >= day_number(span.first)) & (day <= day_number(span.last))
        number = nw.when(inside).then(nw.lit(index)).otherwise(number)
    return {**made, "window": number}


def _made_from_places(flags: Flags) -> dict[str, nw.Expr]:
    """`distance_class`, where edges are given."""
    if not flags.distance_edges_km:
        return {}
    distance = nw.col("capital_distance_km")
    classed = nw.lit(len(flags.distance_edges_km))
    for number, edge in reversed(list(enumerate(flags.distance_edges_km))):
        classed = nw.when(distance <= float(edge)).then(nw.lit(number)).otherwise(classed)
    return {"distance_class": nw.when(distance.is_null()).then(nw.lit(None)).otherwise(classed)}
