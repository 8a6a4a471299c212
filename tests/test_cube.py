"""The same counts on every engine: DuckDB and Polars always, Spark by mark."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.star import on_duckdb, on_polars, on_spark
from tocsin.cube import Among, Events, Flags, Selection, count
from tocsin.errors import QuestionError
from tocsin.schema import Span

Engine = Callable[[Sequence[dict[str, Any]], Sequence[Span]], Events]
YEAR = Span(dt.date(2021, 1, 1), dt.date(2021, 12, 31))

ROWS: list[dict[str, Any]] = [
    {"date": dt.date(2021, 1, 4), "actors": ["IS", "Taliban"], "unit": "AF-KAB", "km": 3.0, "cell": 7},
    {"date": dt.date(2021, 1, 4), "actors": ["IS-K"], "unit": "AF-KAB", "km": 3.0, "cell": 7, "scale": "Local partner"},
    {"date": dt.date(2021, 1, 5), "type": "Protests", "unit": "AF-KAB", "km": 10.0},
    {"date": dt.date(2021, 1, 10), "precision": 3, "unit": "AF-KUN", "km": 10.0, "actors": ["IS"], "scale": "National"},
    {"date": dt.date(2021, 1, 11), "precision": None, "country": "PAK", "km": None, "actors": ["Taliban"]},
    {"date": dt.date(2021, 2, 1), "unit": "AF-KUN", "km": 55.5, "actors": []},
]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    pyspark = pytest.importorskip("pyspark", reason="PySpark is not installed: make test-spark does it")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        pyspark.sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(params=["duckdb", "polars", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "spark":
        session = request.getfixturevalue("spark")
        return lambda rows, covered: on_spark(rows, covered, session)
    return {"duckdb": on_duckdb, "polars": on_polars}[request.param]


def test_counts_by_day_and_type(engine: Engine) -> None:
    table = count(engine(ROWS, [YEAR]), Selection(countries=("AFG",)), by=["event_day", "event_type"])
    assert table.rows() == [
        (18631, "Battles", 2),
        (18632, "Protests", 1),
        (18637, "Battles", 1),
        (18659, "Battles", 1),
    ]


def test_rows_without_a_stated_precision_are_kept(engine: Engine) -> None:
    table = count(engine(ROWS, [YEAR]), Selection(precise=(1, 2)), by=["country"])
    assert table.rows() == [("AFG", 4), ("PAK", 1)]


def test_a_name_is_found_whole(engine: Engine) -> None:
    flags = Flags(groups={"is": ["IS"], "both": ["IS-K", "Taliban"]})
    table = count(engine(ROWS, [YEAR]), Selection(), by=["is", "both"], flags=flags)
    assert table.rows() == [(False, False, 2), (False, True, 2), (True, False, 1), (True, True, 1)]


def test_actors_select_rows_once(engine: Engine) -> None:
    table = count(engine(ROWS, [YEAR]), Selection(actors=("IS", "Taliban")), by=["country"])
    assert table.rows() == [("AFG", 2), ("PAK", 1)]


def test_an_edge_belongs_to_the_nearer_class(engine: Engine) -> None:
    table = count(engine(ROWS, [YEAR]), Selection(), by=["distance_class"], flags=Flags(distance_edges_km=(5, 10, 50)))
    assert table.rows() == [(0, 2), (1, 2), (3, 1), (None, 1)]


def test_both_ends_of_a_span_count(engine: Engine) -> None:
    span = Span(dt.date(2021, 1, 5), dt.date(2021, 1, 11))
    assert count(engine(ROWS, [YEAR]), Selection(span=span), by=["event_day"])["incidents"].sum() == 3


def test_an_unknown_column_names_the_nearest(engine: Engine) -> None:
    with pytest.raises(QuestionError, match="event_type"):
        count(engine(ROWS, [YEAR]), Selection(), by=["event_typ"])


def test_actor_names_are_those_of_the_rows(engine: Engine) -> None:
    assert engine(ROWS, [YEAR]).actor_names == ("IS", "IS-K", "Taliban")


row = st.fixed_dictionaries(
    {
        "date": st.dates(dt.date(2020, 12, 20), dt.date(2021, 2, 10)),
        "type": st.sampled_from(["Battles", "Protests", "Violence against civilians"]),
        "precision": st.sampled_from([1, 2, 3, None]),
        "country": st.sampled_from(["AFG", "PAK", None]),
        "unit": st.sampled_from(["AF-KAB", "AF-KUN", None]),
        "km": st.sampled_from([0.0, 9.99, 10.0, 10.01, 300.0, None]),
        "actors": st.lists(st.sampled_from(["IS", "IS-K", "Taliban", "NRF: National Resistance Front"]), unique=True),
    }
)


@settings(max_examples=30)
@given(rows=st.lists(row, max_size=60))
def test_duckdb_and_polars_agree_with_plain_python(rows: list[dict[str, Any]]) -> None:
    span = Span(dt.date(2021, 1, 1), dt.date(2021, 1, 31))
    selection = Selection(
        countries=("AFG",),
        event_types=("Battles", "Violence against civilians"),
        precise=(1, 2),
        actors=("IS",),
        span=span,
    )
    by = ["unit_code", "distance_class"]
    flags = Flags(distance_edges_km=(10,))
    wanted = [
        r
        for r in rows
        if r["country"] == "AFG"
        and r["type"] != "Protests"
        and r["precision"] in (1, 2, None)
        and "IS" in r["actors"]
        and span.first <= r["date"] <= span.last
    ]
    plain: dict[tuple[Any, ...], int] = {}
    for r in wanted:
        key = (r["unit"], None if r["km"] is None else int(r["km"] > 10))
        plain[key] = plain.get(key, 0) + 1
    tables = [count(make(rows, [YEAR]), selection, by=by, flags=flags) for make in (on_duckdb, on_polars)]
    assert {(u, k): n for u, k, n in tables[0].rows()} == plain
    assert_frame_equal(tables[0], tables[1].cast(tables[0].schema))
    assert tables[0]["incidents"].dtype == pl.Int64


JANUARY_DAYS, LATER = Span(dt.date(2021, 1, 1), dt.date(2021, 1, 31)), Span(dt.date(2021, 2, 1), dt.date(2021, 12, 31))
JANUARY = Selection(countries=("AFG",), span=JANUARY_DAYS)
ALL_DAYS = Selection(countries=("AFG",))
PARTNER = Among("source_scale", ("Local partner",))
QUESTIONS: list[tuple[Selection, list[str], Flags]] = [
    (ALL_DAYS, ["unit_code"], Flags()),
    (ALL_DAYS, ["event_day", "unit_code"], Flags()),
    (ALL_DAYS.placed((1, 2)), ["event_day", "distance_class"], Flags(distance_edges_km=(10,))),
    (JANUARY, ["unit_code"], Flags()),
    (JANUARY, ["geo_precision", "unit_code"], Flags()),
    (JANUARY.placed((3,)), ["distance_class"], Flags(distance_edges_km=(5,))),
    (JANUARY.placed((1, 2)), ["event_day", "one"], Flags(groups={"one": ["IS"]})),
    (JANUARY, ["one"], Flags(groups={"one": ["Taliban"]})),
    (JANUARY.involving(["IS"]), ["event_day"], Flags()),
    (JANUARY.placed((1, 2)), ["unit_code"], Flags()),
    (ALL_DAYS.placed((1, 2)), ["window", "unit_code"], Flags(windows=(JANUARY_DAYS, LATER))),
    (ALL_DAYS, ["window"], Flags(windows=(LATER,))),
    (
        ALL_DAYS,
        ["event_day", "event_type", "geo_precision", "distance_class", "is", "partner"],
        Flags(distance_edges_km=(5, 10, 50), groups={"is": ["IS"]}, among={"partner": PARTNER}),
    ),
    (replace(ALL_DAYS, event_types=("Battles",)), ["distance_class"], Flags(distance_edges_km=(5, 50))),
    (replace(JANUARY, event_types=("Battles",), precise=(1,)), ["event_day"], Flags()),
    (replace(JANUARY, reported=PARTNER), ["event_type"], Flags()),
    (replace(JANUARY, reported=PARTNER).involving(["IS"]), ["event_day"], Flags()),
]


@pytest.mark.parametrize("earlier", range(len(QUESTIONS)))
def test_a_count_is_the_same_after_another_one(earlier: int) -> None:
    for selection, by, flags in QUESTIONS:
        events = on_polars(ROWS, [YEAR])
        before, columns, made = QUESTIONS[earlier]
        count(events, before, by=columns, flags=made)
        anew = count(on_polars(ROWS, [YEAR]), selection, by=by, flags=flags)
        assert_frame_equal(count(events, selection, by=by, flags=flags), anew)


def test_what_a_filter_of_precision_removes_asks_the_engine_nothing_more() -> None:
    events = on_duckdb(ROWS, [YEAR])
    selection = Selection(countries=("AFG",), span=YEAR)
    count(events, selection.placed((1, 2)), by=["unit_code"])
    assert count(events, selection, by=["geo_precision"]).rows() == [(1, 4), (3, 1)]
    assert len(events.cubes) == 1


def test_windows_are_told_apart_in_one_reading_and_serve_each_alone() -> None:
    events = on_duckdb(ROWS, [YEAR])
    table = count(events, ALL_DAYS, by=["window"], flags=Flags(windows=(JANUARY_DAYS, LATER)))
    for number, span in enumerate((JANUARY_DAYS, LATER)):
        alone = count(on_duckdb(ROWS, [YEAR]), ALL_DAYS.within(span), by=["country"])
        assert table.filter(pl.col("window") == number)["incidents"].sum() == alone["incidents"].sum() > 0
        assert_frame_equal(
            count(events, ALL_DAYS.within(span), by=["window"], flags=Flags(windows=(JANUARY_DAYS, LATER))),
            table.filter(pl.col("window") == number),
        )
    assert len(events.cubes) == 1


def test_a_window_is_numbered_and_days_outside_have_none(engine: Engine) -> None:
    flags = Flags(windows=(Span(dt.date(2021, 1, 5), dt.date(2021, 1, 10)), LATER))
    table = count(engine(ROWS, [YEAR]), ALL_DAYS, by=["window"], flags=flags)
    assert table.rows() == [(0, 2), (1, 1), (None, 2)]


MANY: list[dict[str, Any]] = [
    {
        "date": dt.date(2021, 1, 4) + dt.timedelta(days=day),
        "type": kind,
        "unit": f"AF-{unit}",
        "precision": code,
        "actors": [],
    }
    for day in range(0, 60, 6)
    for kind in ("Battles", "Protests")
    for unit in range(5)
    for code in (1, 2)
]


def test_a_large_cube_gives_a_smaller_one_that_serves_other_days_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.cube.LARGE_ROWS", 5)
    events = on_duckdb(MANY, [YEAR])
    wide = count(events, ALL_DAYS, by=["event_day", "event_type", "unit_code", "geo_precision"])
    assert (wide.height, len(events.cubes)) == (200, 1)
    for span in (JANUARY_DAYS, LATER):
        protests = replace(ALL_DAYS, event_types=("Protests",), span=span)
        assert_frame_equal(
            count(events, protests, by=["event_type"]), count(on_duckdb(MANY, [YEAR]), protests, by=["event_type"])
        )
    assert [cube.table.height for cube in events.cubes] == [10, 200]


def test_a_cube_that_could_not_be_made_much_smaller_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """By day and unit there are nearly as many rows as before; days in order are found without a look at the others."""
    monkeypatch.setattr("tocsin.cube.LARGE_ROWS", 5)
    events = on_duckdb(MANY, [YEAR])
    count(events, ALL_DAYS, by=["event_day", "unit_code"])
    for span in (JANUARY_DAYS, LATER, Span(dt.date(2021, 3, 5), dt.date(2021, 12, 1))):
        found = count(events, replace(ALL_DAYS, span=span), by=["unit_code"])
        assert_frame_equal(found, count(on_duckdb(MANY, [YEAR]), replace(ALL_DAYS, span=span), by=["unit_code"]))
    assert [cube.table.height for cube in events.cubes] == [50]


def test_a_window_that_the_count_does_not_cover_is_counted_anew() -> None:
    events = on_polars(ROWS, [YEAR])
    early, later = Span(dt.date(2021, 1, 1), dt.date(2021, 1, 10)), Span(dt.date(2021, 1, 5), dt.date(2021, 2, 28))
    count(events, ALL_DAYS.within(early), by=["window", "unit_code"], flags=Flags(windows=(later,)))
    assert count(events, ALL_DAYS.within(later), by=["unit_code"])["incidents"].sum() == 3


def test_a_column_made_for_another_question_is_not_taken() -> None:
    events = on_polars(ROWS, [YEAR])
    national = Among("source_scale", ("National",))
    count(events, ALL_DAYS, by=["k"], flags=Flags(among={"k": PARTNER}))
    made = count(events, ALL_DAYS, by=["k"], flags=Flags(among={"k": national}))
    assert_frame_equal(made, count(on_polars(ROWS, [YEAR]), ALL_DAYS, by=["k"], flags=Flags(among={"k": national})))
    with pytest.raises(QuestionError, match="no column"):
        count(events, ALL_DAYS, by=["k"])
    count(events, ALL_DAYS, by=["event_type"], flags=Flags(among={"other": PARTNER}))
    assert count(events, replace(ALL_DAYS, reported=PARTNER), by=["event_type"])["incidents"].sum() > 0
