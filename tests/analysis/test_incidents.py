"""Incidents a week: by hand, against plain Python, and at the edges of what the data cover."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.star import on_duckdb, on_polars
from tocsin.analysis.incidents import weekly
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

MONDAY = dt.date(2021, 1, 4)
TEN_WEEKS = Span(MONDAY, MONDAY + dt.timedelta(days=69))
TWO = Definition(average_weeks=2)


def at(week: int, *, day: int = 0, **more: Any) -> dict[str, Any]:
    return {"date": MONDAY + dt.timedelta(days=7 * week + day), **more}


def test_worked_example() -> None:
    rows = [at(0), at(0, day=6), at(2), at(2), at(2, day=3), at(2, day=3)]
    period = Span(MONDAY, MONDAY + dt.timedelta(days=27))
    table = weekly(on_duckdb(rows, [period]), selection=Selection(), definition=TWO, period=period)
    assert table.rows() == [
        (dt.date(2021, 1, 4), "All incidents", 2, None),
        (dt.date(2021, 1, 11), "All incidents", 0, 1.0),
        (dt.date(2021, 1, 18), "All incidents", 4, 2.0),
        (dt.date(2021, 1, 25), "All incidents", 0, 2.0),
    ]


def test_weeks_before_the_period_feed_its_first_average() -> None:
    rows = [at(0), at(0), at(1), at(1), at(1), at(1)]
    period = Span(MONDAY + dt.timedelta(days=7), MONDAY + dt.timedelta(days=20))
    table = weekly(on_polars(rows, [TEN_WEEKS]), selection=Selection(), definition=TWO, period=period)
    assert table["average"].to_list() == [3.0, 2.0]


def test_an_uncovered_week_is_a_gap_and_no_average_crosses_it() -> None:
    rows = [at(0), at(3)]
    covered = [Span(MONDAY, MONDAY + dt.timedelta(days=6)), Span(MONDAY + dt.timedelta(days=14), TEN_WEEKS.last)]
    table = weekly(on_polars(rows, covered), selection=Selection(), definition=TWO, period=TEN_WEEKS)
    assert table["incidents"].to_list()[:5] == [1, None, 0, 1, 0]
    assert table["average"].to_list()[:5] == [None, None, None, 0.5, 0.5]


def test_a_partly_covered_week_is_no_week() -> None:
    covered = [Span(MONDAY + dt.timedelta(days=1), TEN_WEEKS.last)]
    table = weekly(on_polars([at(0, day=2), at(1)], covered), selection=Selection(), definition=TWO, period=TEN_WEEKS)
    assert table["incidents"].to_list()[:2] == [None, 1]


def test_a_row_of_two_groups_counts_for_each_and_an_empty_group_is_zero() -> None:
    rows = [at(0, actors=["A", "B"]), at(1, actors=["A"])]
    groups = {"First": ["A"], "Second": ["B"], "Third": ["C"]}
    period = Span(MONDAY, MONDAY + dt.timedelta(days=13))
    table = weekly(
        on_duckdb(rows, [period]),
        selection=Selection(),
        definition=Definition(average_weeks=1),
        period=period,
        groups=groups,
    )
    assert [(series, n) for _, series, n, _ in table.rows()] == [
        ("First", 1), ("First", 1), ("Second", 1), ("Second", 0), ("Third", 0), ("Third", 0),
    ]  # fmt: skip


def test_by_a_column_the_largest_series_comes_first_and_null_is_stated() -> None:
    rows = [at(0, type="Protests"), at(0, type="Battles"), at(1, type="Battles")]
    table = weekly(
        on_polars(rows, [TEN_WEEKS]), selection=Selection(), definition=TWO, period=TEN_WEEKS, by="event_type"
    )
    assert table["series"].unique(maintain_order=True).to_list() == ["Battles", "Protests"]
    scales = weekly(
        on_polars(rows, [TEN_WEEKS]), selection=Selection(), definition=TWO, period=TEN_WEEKS, by="source_scale"
    )
    assert scales["series"].unique().to_list() == ["not stated"]


@pytest.mark.parametrize(
    "period", [Span(dt.date(2021, 1, 5), dt.date(2021, 1, 10)), Span(dt.date(2030, 1, 1), dt.date(2030, 3, 1))]
)
def test_a_window_with_no_data_says_what_is_covered(period: Span) -> None:
    with pytest.raises(QuestionError, match="whole week"):
        weekly(on_polars([at(0)], [TEN_WEEKS]), selection=Selection(), definition=TWO, period=period)


@settings(max_examples=60)
@given(
    offsets=st.lists(st.integers(0, 69), max_size=80),
    width=st.integers(1, 5),
    centred=st.booleans(),
    starts=st.sampled_from(["Monday", "Wednesday", "Saturday", "Sunday"]),
)
def test_against_plain_python(offsets: list[int], width: int, centred: bool, starts: str) -> None:
    definition = Definition(average_weeks=width, average="centred" if centred else "trailing", week_starts=starts)  # type: ignore[arg-type]
    rows = [{"date": MONDAY + dt.timedelta(days=offset)} for offset in offsets]
    table = weekly(on_polars(rows, [TEN_WEEKS]), selection=Selection(), definition=definition, period=TEN_WEEKS)
    firsts = table["week_date"].to_list()
    counts = [sum(first <= row["date"] < first + dt.timedelta(days=7) for row in rows) for first in firsts]
    assert table["incidents"].to_list() == counts
    before = width // 2 if centred else width - 1
    for position, average in enumerate(table["average"]):
        window = counts[position - before : position - before + width] if position >= before else []
        assert average == (pytest.approx(np.mean(window)) if len(window) == width else None)


def test_what_a_table_holds() -> None:
    table = weekly(on_polars([at(0)], [TEN_WEEKS]), selection=Selection(), definition=TWO, period=TEN_WEEKS)
    assert table.schema == {
        "week_date": pl.Date,
        "series": pl.String,
        "incidents": pl.Int64,
        "average": pl.Float64,
    }
