"""What is set side by side? Two data sets, or two parts of one, and the weeks that both cover."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.comparison import FEW_EVENTS
from tocsin.analysis.incidents import averaged
from tocsin.analysis.weeks import covered_weeks, week_number, week_start, whole_weeks
from tocsin.cube import Among, Events, Flags, Selection, count
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span, overlap

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """One of the two that are set side by side.

    Args:
        label: What it is called.
        events: Its rows.
        selection: What counts of them; its span is not looked at.
        precise: The geo precision codes kept in counts by unit; None keeps all.
        groups: Label -> actor names in these data.
        cells: Only rows whose `source` is written in one of these ways; None is all rows.
    """

    label: str
    events: Events
    selection: Selection
    precise: tuple[int, ...] | None = None
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cells: frozenset[str] | None = None

    def counted(self, span: Span, *, by: Sequence[str], placed: bool = False) -> pl.DataFrame:
        """event_day, the columns of `by` and incidents; a group is a column of its label's number."""
        selection = self.selection.placed(self.precise) if placed else self.selection
        groups = {f"group_{number}": names for number, names in enumerate(self.groups.values())}
        if self.cells is None:
            return count(self.events, selection.within(span), by=["event_day", *by], flags=Flags(groups=groups))
        flags = Flags(groups=groups, among={"told": Among("source", tuple(sorted(self.cells)), stated=True)})
        table = count(self.events, selection.within(span), by=["event_day", *by, "told"], flags=flags)
        return table.filter("told").drop("told")


@dataclass(frozen=True)
class Weeks:
    """The weeks that are compared.

    Args:
        numbers: Every whole week of the period.
        common: True where both sides cover the week.
        before: True where it is of the earlier window, and common.
        after: The same of the later.
        starts: The day on which weeks begin.
    """

    numbers: range
    common: NDArray[np.bool_]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    starts: str

    @property
    def span(self) -> Span:
        """From the first day of the first common week to the last day of the last."""
        found = np.flatnonzero(self.common)
        first, last = self.numbers[int(found[0])], self.numbers[int(found[-1])]
        return Span(
            week_start(first, starts=self.starts), week_start(last + 1, starts=self.starts) - dt.timedelta(days=1)
        )

    def series(self, table: pl.DataFrame) -> Floats:
        """Incidents a week; nan in weeks that are not common."""
        number = table.select(week_number(pl.col("event_day").cast(pl.Int64), starts=self.starts)).to_series()
        at = number.to_numpy() - self.numbers.start
        inside = (at >= 0) & (at < len(self.numbers))
        weights = table["incidents"].to_numpy()[inside]
        weekly = np.bincount(at[inside], weights=weights, minlength=len(self.numbers)).astype(np.float64)
        return np.where(self.common, weekly, np.nan)


def weeks_of(one: Side, other: Side, *, period: Span, windows: tuple[Span, Span], starts: str) -> Weeks:
    """The weeks of a period that both sides cover.

    Raises:
        QuestionError: there is none, or a whole week lies in both windows.
    """
    numbers = whole_weeks(period, starts=starts)
    covered = overlap(one.events.about.covered, other.events.about.covered)
    known = set(covered_weeks(period, covered, starts=starts))
    if not known:
        both = [f"{side.label}: {', '.join(map(str, side.events.about.covered)) or 'no day'}" for side in (one, other)]
        raise QuestionError(
            f"no whole week of {period} is covered by both",
            next_step=f"They cover: {'; '.join(both)}. Load data of the same days, or choose another period.",
        )
    sides = [set(whole_weeks(window, starts=starts)) for window in windows]
    if sides[0] & sides[1]:
        raise QuestionError(
            f"the windows {windows[0]} and {windows[1]} share a week", next_step="Let one end before the other begins."
        )
    within = [np.array([number in known & side for number in numbers], dtype=bool) for side in sides]
    common = np.array([number in known for number in numbers], dtype=bool)
    return Weeks(numbers, common, within[0], within[1], starts)


WINDOW, ALL_WEEKS = "earlier window", "all weeks compared"
"""That of which the mean is 100, in side_by_side."""


def side_by_side(
    one: Side, other: Side, *, definition: Definition, period: Span, windows: tuple[Span, Span]
) -> pl.DataFrame:
    """The weekly counts of both sides, each against its own mean in the earlier window.

    Returns:
        week_date, series (the side's label), incidents, average (null: a week that not both cover), base (WINDOW, or ALL_WEEKS of a side
        with fewer than FEW_EVENTS incidents in the earlier window), index (of the average: 100 is the side's mean there), window
        (0 or 1: the window that the week is of; null: none).

    Raises:
        QuestionError: as `agreement`.
    """
    weeks = weeks_of(one, other, period=period, windows=windows, starts=definition.week_starts)
    covered = overlap(one.events.about.covered, other.events.about.covered)
    tables = []
    for side in (one, other):
        counted = side.counted(period, by=["event_type"]).with_columns(series=pl.lit(side.label))
        table = averaged(counted, covered, definition=definition, weeks=weeks.numbers, order=[side.label])
        weekly = weeks.series(counted)
        enough = weekly[weeks.before].sum() >= FEW_EVENTS
        mean = float(weekly[weeks.before].mean()) if enough else float(np.nanmean(weekly))
        tables.append(
            table.with_columns(
                base=pl.lit(WINDOW if enough else ALL_WEEKS),
                index=100 * pl.col("average") / mean if mean else pl.lit(None),
                window=pl.Series(
                    [0 if a else 1 if b else None for a, b in zip(weeks.before, weeks.after, strict=True)]
                ),
            )
        )
    return pl.concat(tables, how="vertical_relaxed")
