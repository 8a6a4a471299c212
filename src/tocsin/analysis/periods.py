"""Which months or weeks are there? Whole ones that the data cover; a covered one without events is a zero."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from tocsin.analysis.weeks import covered_parts, week_start, whole_weeks
from tocsin.cube import day_number
from tocsin.schema import Span

Every = Literal["week", "month"]
DAY = dt.timedelta(days=1)


def whole_periods(span: Span, *, every: Every, starts: str) -> list[Span]:
    """The weeks or months of the calendar that lie wholly inside a span, in order.

    Args:
        starts: The day on which weeks begin.
    """
    if every == "week":
        days = [week_start(number, starts=starts) for number in whole_weeks(span, starts=starts)]
        return [Span(day, day + 6 * DAY) for day in days]
    months = range(span.first.year * 12 + span.first.month - 1, span.last.year * 12 + span.last.month + 1)
    firsts = [dt.date(month // 12, month % 12 + 1, 1) for month in months]
    whole = [Span(first, following - DAY) for first, following in itertools.pairwise(firsts)]
    return [month for month in whole if span.first <= month.first and month.last <= span.last]


def covered_periods(span: Span, covered: Sequence[Span], *, every: Every, starts: str) -> list[Span]:
    """The whole periods inside a span of which the data cover every day."""
    parts = covered_parts(span, covered)
    return [period for part in parts for period in whole_periods(part, every=every, starts=starts)]


def numbered(counted: pl.DataFrame, periods: Sequence[Span]) -> pl.DataFrame:
    """The counts of the days of the periods, with the number of each one's period, from 0.

    Args:
        counted: event_day, more columns.
        periods: In order of time, apart from each other.
    """
    firsts = np.array([day_number(period.first) for period in periods])
    lasts = np.array([day_number(period.last) for period in periods])
    days = counted["event_day"].to_numpy()
    number = np.searchsorted(firsts, days, side="right") - 1
    inside = (number >= 0) & (days <= lasts[np.maximum(number, 0)])
    return counted.with_columns(period=pl.Series(number, dtype=pl.Int64)).filter(pl.Series(inside, dtype=pl.Boolean))
