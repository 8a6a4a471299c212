"""How many incidents a week? In all, by group of actors, or by any column, with a moving average."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.weeks import covered_weeks, week_number, week_start, whole_weeks
from tocsin.cube import Events, Flags, Selection, count, day_number
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

ALL = "All incidents"
NOT_STATED = "not stated"
MOST_SERIES = 1_000
"""More series than this answer no question; a column of unbounded values (event_id, notes) would make millions of rows."""

SERIES_SCHEMA = {"week_date": pl.Date, "series": pl.String, "incidents": pl.Int64, "average": pl.Float64}


def weekly(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    period: Span,
    by: str | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> pl.DataFrame:
    """Incidents per week over the whole weeks of a period, zero-filled, with their moving average.

    Args:
        selection: What counts; its span is not looked at.
        definition: First day of the week, weeks in the average, trailing or centred.
        by: A column: one series for each of its values, the largest first.
        groups: Label -> actor names: one series a label, in the order given. A row may be in several.

    Returns:
        week_date (first day of the week), series (label), incidents (per week; null where the data do not cover the whole week), average
        (mean over `definition.average_weeks` weeks; null until there are so many covered weeks in a row). Sorted by series, week.

    Raises:
        QuestionError: both `by` and `groups` are given, the column is not known or has more than MOST_SERIES values, or the period holds
            no whole week.

    Assumes:
        An event belongs to the week of its first day. Weeks before the period feed the average of its first weeks, where covered.
    """
    if by and groups:
        raise QuestionError("counted either by a column or by groups, not both")
    wanted = whole_weeks(period, starts=definition.week_starts)
    if not wanted:
        raise QuestionError(f"there is no whole week in {period}", next_step="Choose a longer window.")
    cube, order = _cube(events, selection, definition, wanted, by=by, groups=groups)
    return averaged(cube, events.about.covered, definition=definition, weeks=wanted, order=order)


def averaged(
    cube: pl.DataFrame,
    covered: Sequence[Span],
    *,
    definition: Definition,
    weeks: range,
    order: Sequence[str],
) -> pl.DataFrame:
    """Fold a cube of event_day, series, incidents into weekly series with their averages: the columns of `weekly`."""
    starts = definition.week_starts
    wide = reach(weeks, definition)
    known = covered_weeks(span_of(wide, starts), covered, starts=starts)
    if not set(known) & set(weeks):
        raise QuestionError(
            f"the data cover no whole week of {span_of(weeks, starts)}",
            next_step="They cover "
            + (", ".join(map(str, covered)) or "no day")
            + ". Choose another window, or load more data.",
        )
    counts = _matrix(cube, wide, order, starts=starts)
    counts[:, ~np.isin(np.array(wide), known)] = np.nan
    averages = moving_mean(counts, definition)
    inside = slice(weeks.start - wide.start, weeks.stop - wide.start)
    return pl.DataFrame(
        {
            "week_date": [week_start(number, starts=starts) for number in weeks] * len(order),
            "series": np.repeat(np.array(order, dtype=object), len(weeks)),
            "incidents": counts[:, inside].ravel(),
            "average": averages[:, inside].ravel(),
        },
        schema_overrides={"series": pl.String},
        nan_to_null=True,
    ).with_columns(pl.col("incidents").cast(pl.Int64))


def _matrix(cube: pl.DataFrame, weeks: range, order: Sequence[str], *, starts: str) -> NDArray[np.float64]:
    """Incidents: one row a series, one column a week."""
    counted = cube.with_columns(week=week_number(pl.col("event_day").cast(pl.Int64), starts=starts) - weeks.start)
    counted = counted.filter(pl.col("week").is_between(0, len(weeks) - 1))
    row = {name: number for number, name in enumerate(order)}
    matrix = np.zeros((len(order), len(weeks)))
    rows = counted["series"].replace_strict(row, return_dtype=pl.Int64).to_numpy()
    np.add.at(matrix, (rows, counted["week"].to_numpy()), counted["incidents"].to_numpy())
    return matrix


def moving_mean(counts: NDArray[np.float64], definition: Definition) -> NDArray[np.float64]:
    """The mean over the weeks of the average, along rows; nan where one of them is."""
    length = definition.average_weeks
    means = np.full(counts.shape, np.nan)
    if counts.shape[1] >= length:
        middle = length // 2 if definition.average == "centred" else length - 1
        windows = np.lib.stride_tricks.sliding_window_view(counts, length, axis=1)
        means[:, middle : middle + windows.shape[1]] = windows.mean(axis=2)
    return means


def _cube(
    events: Events,
    selection: Selection,
    definition: Definition,
    weeks: range,
    *,
    by: str | None,
    groups: Mapping[str, Sequence[str]] | None,
) -> tuple[pl.DataFrame, list[str]]:
    """event_day, series, incidents; and the order of the series."""
    within = selection.within(span_of(reach(weeks, definition), definition.week_starts))
    if groups:
        keys = {f"group_{number}": names for number, names in enumerate(groups.values())}
        # Rows of no group are in no series: left out at once, they need not be joined with their parties.
        named = (
            within
            if within.actors is not None
            else within.involving([name for names in groups.values() for name in names])
        )
        wide = count(events, named, by=["event_day", *keys], flags=Flags(groups=keys))
        parts = [
            wide.filter(pl.col(key)).select("event_day", pl.lit(label).alias("series"), "incidents")
            for key, label in zip(keys, groups, strict=True)
        ]
        return pl.concat(parts), list(groups)
    if by:
        cube = count(events, within, by=["event_day", by])
        cube = cube.select("event_day", pl.col(by).cast(pl.String).fill_null(NOT_STATED).alias("series"), "incidents")
        inside = cube.filter(pl.col("event_day").is_between(*_days(weeks, definition.week_starts)))
        totals = (
            inside.group_by("series")
            .agg(pl.col("incidents").sum())
            .sort(["incidents", "series"], descending=[True, False])
        )
        if totals.height > MOST_SERIES:
            raise QuestionError(
                f'"{by}" has {totals.height:,} values among these incidents: more than {MOST_SERIES:,} lines',
                next_step="Count by a column of fewer values (event_type, admin1), or ask of a group, or of a shorter period.",
            )
        return cube.filter(pl.col("series").is_in(totals["series"].to_list())), totals["series"].to_list()
    return count(events, within, by=["event_day"]).with_columns(series=pl.lit(ALL)), [ALL]


def reach(weeks: range, definition: Definition) -> range:
    """The weeks of the period and those beside it that its averages need."""
    before, after = (definition.average_weeks - 1, 0)
    if definition.average == "centred":
        before = after = definition.average_weeks
    return range(weeks.start - before, weeks.stop + after)


def span_of(weeks: range, starts: str) -> Span:
    """The days of weeks in a row."""
    return Span(week_start(weeks.start, starts=starts), week_start(weeks.stop, starts=starts) - dt.timedelta(days=1))


def _days(weeks: range, starts: str) -> tuple[int, int]:
    span = span_of(weeks, starts)
    return day_number(span.first), day_number(span.last)
