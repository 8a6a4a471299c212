"""Counts that are added up from earlier ones are those that are counted directly, on small cubes and on large ones."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.star import on_duckdb, on_polars, tables
from tocsin.cube import LARGE_ROWS, SEPARATOR, Among, Events, Flags, Selection, count, day_number
from tocsin.schema import Span

DAYS = Span(dt.date(2018, 1, 1), dt.date(2021, 12, 31))
TYPES, PRECISIONS, COUNTRIES, ACTORS = (
    ("Battles", "Protests", "Riots"),
    (1, 2, 3, None),
    ("AFG", "PAK"),
    ("IS", "IS-K", "NRF"),
)
SCALES = ("National", "Local partner", None)


def made(rows: int) -> list[dict[str, Any]]:
    chance = random.Random(7)  # noqa: S311 (not for secrets)
    return [
        {
            "date": DAYS.first + dt.timedelta(days=chance.randrange(DAYS.days)),
            "type": chance.choice(TYPES),
            "precision": chance.choice(PRECISIONS),
            "country": chance.choice(COUNTRIES),
            "unit": chance.choice(("AF-KAB", "AF-KUN", None)),
            "km": chance.choice((0.0, 10.0, 10.5, 300.0, None)),
            "scale": chance.choice(SCALES),
            "mentions": chance.choice((0, 1, 10, None)),
            "actors": chance.sample(ACTORS, chance.randrange(3)),
        }
        for _ in range(rows)
    ]


LARGE, SMALL = made(12_000), made(60)


ON_POLARS, ON_DUCKDB = on_polars(LARGE, [DAYS]), on_duckdb(SMALL, [DAYS])


def wide(rows: list[dict[str, Any]]) -> pl.DataFrame:
    facts, places, parties = tables(rows)
    return facts.join(places.drop("country"), on="place_id", how="left").join(parties, on="party_id", how="left")


WIDE = {len(rows): wide(rows) for rows in (LARGE, SMALL)}


def days(span: Span) -> pl.Expr:
    return pl.col("event_day").is_between(day_number(span.first), day_number(span.last))


def named(actors: tuple[str, ...]) -> pl.Expr:
    found = pl.lit(value=False)
    for name in actors:
        found = found | pl.col("names").str.contains(f"{SEPARATOR}{name}{SEPARATOR}", literal=True)
    return found


def or_unsaid(column: str, values: tuple[Any, ...]) -> pl.Expr:
    return (pl.col(column).is_in(values) | pl.col(column).is_null()) if values else pl.col(column).is_null()


def among_these(among: Among) -> pl.Expr:
    kept = or_unsaid(among.column, among.values)
    return kept & pl.col(among.column).is_not_null() if among.stated else kept


def directly(table: pl.DataFrame, selection: Selection, by: list[str], flags: Flags) -> dict[tuple[Any, ...], int]:
    """A plain count in one pass over rows with all their columns."""
    tests = [pl.lit(value=True)]
    if selection.countries is not None:
        tests.append(pl.col("country").is_in(selection.countries))
    if selection.event_types is not None:
        tests.append(pl.col("event_type").is_in(selection.event_types))
    if selection.precise is not None:
        tests.append(or_unsaid("geo_precision", selection.precise))
    if selection.reported is not None:
        tests.append(among_these(selection.reported))
    if selection.actors is not None:
        tests.append(named(selection.actors))
    if selection.span is not None:
        tests.append(days(selection.span))
    more: dict[str, pl.Expr] = {name: named(tuple(actors)) for name, actors in flags.groups.items()}
    more |= {name: among_these(among) for name, among in flags.among.items()}
    number: pl.Expr = pl.lit(None, dtype=pl.Int32)
    for index, span in enumerate(flags.windows):
        number = pl.when(days(span)).then(index).otherwise(number)
    edges = pl.sum_horizontal(pl.lit(0), *(pl.col("capital_distance_km") > edge for edge in flags.distance_edges_km))
    more |= {"window": number, "distance_class": pl.when(pl.col("capital_distance_km").is_not_null()).then(edges)}
    times = pl.col(selection.weight).sum() if selection.weight else pl.len()
    counted = table.filter(tests).with_columns(**more).group_by(by).agg(times)
    return {row[:-1]: row[-1] for row in counted.rows()}


spans = st.builds(
    lambda first, length: Span(
        DAYS.first + dt.timedelta(days=first), min(DAYS.last, DAYS.first + dt.timedelta(days=first + length))
    ),
    st.integers(0, DAYS.days - 1),
    st.integers(0, 900),
)
SPANS = (DAYS, Span(dt.date(2018, 1, 1), dt.date(2019, 6, 30)), Span(dt.date(2019, 7, 1), dt.date(2021, 12, 31)))
some_span = st.sampled_from(SPANS) | spans


def some(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...] | None]:
    return st.none() | st.lists(st.sampled_from(values), unique=True, max_size=len(values)).map(
        lambda each: tuple(sorted(each))
    )


amongs = st.builds(
    lambda values, stated: Among("source_scale", values or (), stated=stated), some(SCALES[:2]), st.booleans()
)
selections = st.builds(
    Selection,
    countries=st.none() | st.just(("AFG",)) | some(COUNTRIES),
    event_types=some(TYPES),
    precise=some(PRECISIONS[:3]),
    actors=some(ACTORS),
    reported=st.none() | amongs,
    span=st.none() | some_span,
    weight=st.sampled_from([None, None, "mentions"]),
)
flagged = st.builds(
    Flags,
    groups=st.fixed_dictionaries({"one": some(ACTORS).map(lambda each: each or ()), "other": st.just(("IS",))}),
    distance_edges_km=st.sampled_from([(10,), (5, 10, 50), (5, 50)]),
    windows=st.sampled_from([SPANS[1:], SPANS[:1], SPANS[2:]]) | st.tuples(spans),
    among=st.fixed_dictionaries({"said": amongs}),
)
COLUMNS = (
    "event_type",
    "geo_precision",
    "unit_code",
    "source_scale",
    "window",
    "distance_class",
    "one",
    "other",
    "said",
)
bys = st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1, max_size=3)
wide_bys = st.lists(st.sampled_from(COLUMNS[:4] + COLUMNS[5:]), unique=True, min_size=2, max_size=6).map(
    lambda names: ["event_day", *names]
)
questions = st.tuples(selections, bys | wide_bys, flagged)


def held(events: Events, rows: list[dict[str, Any]], asked: list[tuple[Selection, list[str], Flags]]) -> None:
    for selection, by, flags in asked:
        table = count(events, selection, by=by, flags=flags)
        assert {row[:-1]: row[-1] for row in table.rows()} == directly(WIDE[len(rows)], selection, by, flags)
        assert_frame_equal(table, table.sort(by, nulls_last=True))


@settings(max_examples=40)
@given(
    first=st.tuples(st.just(Selection()) | selections, wide_bys, flagged),
    related=st.lists(st.tuples(selections, bys | wide_bys), min_size=1, max_size=4),
)
def test_large_cubes(first: tuple[Selection, list[str], Flags], related: list[tuple[Selection, list[str]]]) -> None:
    """Questions that share their flags with the first, so that they are added up from it."""
    held(replace(ON_POLARS), LARGE, [first, *((selection, by, first[2]) for selection, by in related)])


@settings(max_examples=6)
@given(asked=st.lists(questions, min_size=2, max_size=5))
def test_unrelated_questions(asked: list[tuple[Selection, list[str], Flags]]) -> None:
    held(replace(ON_DUCKDB), SMALL, asked)


def test_the_large_frame_goes_over_the_threshold() -> None:
    events = on_polars(LARGE, [DAYS])
    count(events, Selection(), by=["event_day", "event_type", "geo_precision", "unit_code"])
    assert events.cubes[0].table.height > LARGE_ROWS
    count(events, Selection(event_types=("Riots",), span=SPANS[1]), by=["event_type"])
    assert len(events.cubes) == 2, "a smaller one was kept"


@pytest.mark.parametrize("name", ["countries", "event_types", "precise", "actors"])
def test_nothing_named_selects_nothing(name: str) -> None:
    none: dict[str, Any] = {name: ()}
    for events in (on_duckdb(SMALL, [DAYS]), on_polars(SMALL, [DAYS])):
        left = sum(row["precision"] is None for row in SMALL) if name == "precise" else 0
        assert count(events, Selection(**none), by=["country"])["incidents"].sum() == left
        flags = Flags(groups={"none": ()})
        assert count(events, Selection(), by=["none"], flags=flags).rows() == [(False, len(SMALL))]
