"""How much of the weekly line is made by the rules by which events are dated?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.incidents import moving_mean, reach, span_of
from tocsin.analysis.weeks import covered_weeks, week_start, whole_weeks
from tocsin.cube import EPOCH, Events, Selection, count, day_number, selected
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

OPEN_DAYS = 14
"""A week that ended fewer days than this before the day of the data may still be filled."""
MONTH = dt.timedelta(days=31)
"""By a rule of dating an event took place at most so far from its date."""


def dating(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    period: Span,
    to_week: Sequence[int] = (),
    to_month: Sequence[int] = (),
    data_date: dt.date | None = None,
) -> pl.DataFrame:
    """Incidents a week as they are dated, and with those of more than a day spread evenly over their span.

    Args:
        selection: What counts; its span is not looked at.
        to_week: Time precision codes of events dated to the middle of the seven days in which they took place.
        to_month: Those of events dated to the middle of their month.
        data_date: As of which day the data are given.

    Returns:
        One row a whole week of the period: week_date, incidents (as dated; null where the data do not cover the week), spread
        (incidents with those of more than a day spread), loose (incidents dated to this week that are spread: by a rule, or of
        several days), average and spread_average (over the weeks of the definition), difference (incidents - spread), open
        (the week ended fewer than OPEN_DAYS before data_date, or after it: it may not be complete).

    Raises:
        QuestionError: the period holds no whole week, or the data cover none of it.

    Assumes:
        An event is as likely on each day of its span; one dated to a week took place within three days of its date, one dated to a month
        in that month. A span that the data give goes before a rule. What is spread beyond the covered days is not counted.
    """
    weeks = whole_weeks(period, starts=definition.week_starts)
    if not weeks:
        raise QuestionError(f"there is no whole week in {period}", next_step="Choose a longer window.")
    starts = definition.week_starts
    wide = reach(weeks, definition)
    known = covered_weeks(span_of(wide, starts), events.about.covered, starts=starts)
    if not set(known) & set(weeks):
        covered = ", ".join(map(str, events.about.covered)) or "no day"
        raise QuestionError(f"the data cover no whole week of {period}", next_step=f"They cover {covered}.")
    cube = _by_span(events, selection, span_of(wide, starts), to_week=to_week, to_month=to_month)
    counts = np.full((3, len(wide)), np.nan)
    counts[:, np.isin(np.array(wide), known)] = 0.0
    counts += _by_week(cube, wide, starts=starts)
    averages = moving_mean(counts[:2], definition)
    inside = slice(weeks.start - wide.start, weeks.stop - wide.start)
    ends = [week_start(number + 1, starts=starts) for number in weeks]
    return pl.DataFrame(
        {
            "week_date": [week_start(number, starts=starts) for number in weeks],
            "incidents": counts[0, inside],
            "spread": counts[1, inside],
            "loose": counts[2, inside],
            "average": averages[0, inside],
            "spread_average": averages[1, inside],
            "difference": (counts[0] - counts[1])[inside],
            "open": [data_date is not None and (data_date - end).days < OPEN_DAYS for end in ends],
        },
        nan_to_null=True,
    ).with_columns(pl.col("incidents", "loose").cast(pl.Int64))


def _by_span(
    events: Events, selection: Selection, days: Span, *, to_week: Sequence[int], to_month: Sequence[int]
) -> pl.DataFrame:
    """event_day, first, last (of what each event may span, days since 1970-01-01), incidents; also of events dated beyond the days."""
    lasting = [name for name in ("end_date", "time_precision") if name in events.row_columns]
    around = Span(_earliest(events, selection, days), days.last + MONTH)
    cube = count(events, selection.within(around), by=["event_day", *lasting])
    day = pl.col("event_day").cast(pl.Int64)
    cube = cube.with_columns(event_day=day, first=day, last=day)
    if "end_date" in lasting:
        ended = pl.col("end_date").cast(pl.Date).cast(pl.Int32).cast(pl.Int64)
        cube = cube.with_columns(last=pl.max_horizontal(pl.col("last"), ended.fill_null(pl.col("last"))))
    if "time_precision" in lasting:
        code, alone = pl.col("time_precision"), pl.col("last") == pl.col("event_day")
        week = code.is_in(list(to_week)).fill_null(value=False) & alone
        month = code.is_in(list(to_month)).fill_null(value=False) & alone
        date = pl.lit(EPOCH) + pl.duration(days=pl.col("event_day"))
        cube = cube.with_columns(
            first=pl.when(week).then(day - 3).when(month).then(_number(date.dt.month_start())).otherwise("first"),
            last=pl.when(week).then(day + 3).when(month).then(_number(date.dt.month_end())).otherwise("last"),
        )
    return cube.group_by("event_day", "first", "last").agg(pl.col("incidents").sum()).sort("event_day", "first", "last")


def _earliest(events: Events, selection: Selection, days: Span) -> dt.date:
    """From which date on an event may reach into the days: by a rule, or because it lasted until then."""
    ruled = days.first - MONTH
    if "end_date" not in events.row_columns:
        return ruled
    lasting = selected(events, selection.within(None)).filter(nw.col("end_date") >= days.first)
    first: pl.DataFrame = lasting.select(nw.col("event_day").min()).collect("polars").to_native()
    began = first.item()
    return ruled if began is None else min(ruled, EPOCH + dt.timedelta(days=began))


def _number(date: pl.Expr) -> pl.Expr:
    return date.cast(pl.Date).cast(pl.Int32).cast(pl.Int64)


def _by_week(cube: pl.DataFrame, weeks: range, *, starts: str) -> NDArray[np.float64]:
    """Incidents as dated, spread, and of those dated to the week the loose ones: three rows, one column a week."""
    first_day = day_number(week_start(weeks.start, starts=starts))
    total = 7 * len(weeks)
    daily = np.zeros((3, total))
    # Spans are added up by where they begin and end: what each adds to a day is summed along.
    steps = np.zeros(total + 1)
    first, last, dated, number = (cube[name].to_numpy() for name in ("first", "last", "event_day", "incidents"))
    each = number / (last - first + 1)
    begin, end = np.clip(first - first_day, 0, total), np.clip(last + 1 - first_day, 0, total)
    np.add.at(steps, begin, each)
    np.add.at(steps, end, -each)
    daily[1] = np.cumsum(steps)[:-1].round(9)
    inside = (dated >= first_day) & (dated < first_day + total)
    np.add.at(daily[0], (dated - first_day)[inside], number[inside])
    loose = inside & (last > first)
    np.add.at(daily[2], (dated - first_day)[loose], number[loose])
    return np.asarray(daily.reshape(3, len(weeks), 7).sum(axis=2))
