"""Which weeks are there: whole ones, from any starting day, that the data cover.

A week only partly covered by the data, or only partly inside the window, is not a week. A covered week without events is a zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from tocsin.cube import EPOCH, day_number
from tocsin.desk import WEEKDAYS
from tocsin.errors import QuestionError
from tocsin.schema import Span

_EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday


def week_number(days: pl.Expr, *, starts: str) -> pl.Expr:
    """The number of the week that holds a day, counted from the one that holds 1 January 1970.

    Args:
        days: Days since 1970-01-01.
        starts: The day on which weeks begin, in English.
    """
    return (days + _offset(starts)).floordiv(7)


def week_start(number: int, *, starts: str) -> dt.date:
    """The first day of a numbered week."""
    return EPOCH + dt.timedelta(days=number * 7 - _offset(starts))


def whole_weeks(span: Span, *, starts: str) -> range:
    """Numbers of the weeks that lie wholly inside a span; an empty range where there is none."""
    offset = _offset(starts)
    first = -(-(day_number(span.first) + offset) // 7)
    return range(first, max(first, (day_number(span.last) + 1 + offset) // 7))


def covered_parts(span: Span, covered: Sequence[Span]) -> list[Span]:
    """The parts of `span` that the data cover."""
    return [
        Span(max(span.first, each.first), min(span.last, each.last))
        for each in covered
        if each.first <= span.last and each.last >= span.first
    ]


def covered_weeks(span: Span, covered: Sequence[Span], *, starts: str) -> list[int]:
    """Numbers of the weeks wholly inside `span` of which every day is covered by the data."""
    return [number for part in covered_parts(span, covered) for number in whole_weeks(part, starts=starts)]


def last_run(span: Span, covered: Sequence[Span], *, starts: str) -> range:
    """Numbers of the last covered weeks of a span that follow each other without a gap.

    Raises:
        QuestionError: the data cover no whole week of the span.
    """
    weeks = covered_weeks(span, covered, starts=starts)
    if not weeks:
        days = ", ".join(map(str, covered)) or "no day"
        raise QuestionError(f"the data cover no whole week of {span}", next_step=f"They cover {days}.")
    gaps = [place for place in range(1, len(weeks)) if weeks[place] != weeks[place - 1] + 1]
    return range(weeks[gaps[-1] if gaps else 0], weeks[-1] + 1)


def fold(cube: pl.DataFrame, *, weeks: Sequence[int], starts: str, by: Sequence[str] = ()) -> pl.DataFrame:
    """Sum a cube by day into the given weeks; a week that the cube lacks is a zero.

    Args:
        cube: event_day (days since 1970-01-01), the columns of `by`, incidents.

    Returns:
        week (number), the columns of `by`, incidents: every week for every combination of `by` found in the cube (one row a week where `by`
        is empty), sorted.
    """
    summed = (
        cube.with_columns(week=week_number(pl.col("event_day").cast(pl.Int64), starts=starts))
        .group_by("week", *by)
        .agg(pl.col("incidents").sum())
    )
    grid = pl.DataFrame({"week": list(weeks)}, schema={"week": pl.Int64})
    if by:
        grid = grid.join(cube.select(by).unique(maintain_order=True), how="cross")
    return (
        grid.join(summed, on=["week", *by], how="left", nulls_equal=True)
        .with_columns(pl.col("incidents").fill_null(0))
        .sort([*by, "week"], nulls_last=True)
    )


def _offset(starts: str) -> int:
    """What to add to a day number so that whole sevens begin on the given weekday."""
    return (_EPOCH_WEEKDAY - WEEKDAYS.index(starts)) % 7
