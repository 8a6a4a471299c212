"""Weeks: whole ones, from any day, covered by the data."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.analysis.weeks import covered_weeks, fold, week_number, week_start, whole_weeks
from tocsin.cube import day_number
from tocsin.desk import WEEKDAYS
from tocsin.schema import Span

days = st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1))
weekdays = st.sampled_from(WEEKDAYS)


def days_of(number: int, starts: str) -> list[dt.date]:
    return [week_start(number, starts=starts) + dt.timedelta(days=offset) for offset in range(7)]


def test_a_week_known_by_hand() -> None:
    # 30 August 2021 was a Monday.
    weeks = whole_weeks(Span(dt.date(2021, 8, 30), dt.date(2021, 9, 12)), starts="Monday")
    assert [week_start(number, starts="Monday") for number in weeks] == [dt.date(2021, 8, 30), dt.date(2021, 9, 6)]


def test_a_span_one_day_short_of_a_week_has_none() -> None:
    assert not whole_weeks(Span(dt.date(2021, 8, 30), dt.date(2021, 9, 4)), starts="Monday")


@given(day=days, starts=weekdays)
def test_each_day_is_in_the_week_of_its_number(day: dt.date, starts: str) -> None:
    frame = pl.DataFrame({"day": [day_number(day)]}).select(week_number(pl.col("day"), starts=starts))
    week = days_of(frame.item(), starts)
    assert day in week
    assert week[0].weekday() == WEEKDAYS.index(starts)


@given(first=days, length=st.integers(0, 80), starts=weekdays)
def test_whole_weeks_are_those_with_seven_days_inside(first: dt.date, length: int, starts: str) -> None:
    last = first + dt.timedelta(days=length)
    inside = [
        day
        for day in (first + dt.timedelta(days=n) for n in range(length + 1))
        if day.weekday() == WEEKDAYS.index(starts) and day + dt.timedelta(days=6) <= last
    ]
    assert [week_start(n, starts=starts) for n in whole_weeks(Span(first, last), starts=starts)] == inside


@given(
    first=days,
    cut=st.integers(1, 60),
    gap=st.integers(1, 20),
    rest=st.integers(1, 60),
    starts=weekdays,
)
def test_a_week_with_an_uncovered_day_is_not_covered(
    first: dt.date, cut: int, gap: int, rest: int, starts: str
) -> None:
    one = Span(first, first + dt.timedelta(days=cut))
    other_first = one.last + dt.timedelta(days=gap + 1)
    other = Span(other_first, other_first + dt.timedelta(days=rest))
    covered = {day for span in (one, other) for day in (span.first + dt.timedelta(days=n) for n in range(span.days))}
    found = covered_weeks(Span(first, other.last), [one, other], starts=starts)
    for number in whole_weeks(Span(first, other.last), starts=starts):
        assert (number in found) == (set(days_of(number, starts)) <= covered)


def test_fold_keeps_every_incident_and_fills_zeros() -> None:
    monday = dt.date(2021, 8, 30)
    cube = pl.DataFrame(
        {
            "event_day": [day_number(monday), day_number(monday) + 6, day_number(monday) + 14],
            "series": ["a", "a", "b"],
            "incidents": [2, 3, 4],
        }
    )
    weeks = whole_weeks(Span(monday, monday + dt.timedelta(days=20)), starts="Monday")
    table = fold(cube, weeks=weeks, starts="Monday", by=["series"])
    assert table["incidents"].to_list() == [5, 0, 0, 0, 0, 4]
    assert fold(cube, weeks=weeks, starts="Monday")["incidents"].to_list() == [5, 0, 4]


def test_a_span_can_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="before the first"):
        Span(dt.date(2021, 1, 2), dt.date(2021, 1, 1))
