"""What does a change of sources do to the trend? The ratio of two windows recounted on fixed sources, with bounds and a direction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.comparison import compare_series
from tocsin.analysis.incidents import ALL
from tocsin.analysis.named import cells_of, names_of
from tocsin.analysis.outlets import FEW
from tocsin.analysis.reporting import NEW_MEDIA
from tocsin.analysis.weeks import covered_weeks, week_number
from tocsin.cube import Events, Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

ALONE = 5
"""So many of the largest sources have a row of their own."""

TOUCHED = 0.05
"""Where sources that are not in the panel report a smaller share than this in both windows, they hardly move the ratio."""

CLEARLY = 4
"""The sources that came must weigh so many times as much as those that went, or the other way round, for a direction to be told."""

ALL_NAMED, PANEL = "Incidents that name a source", "Sources present in both windows"
SOLE_OUT, ANY_OUT = "Without incidents that only new media report", "Without incidents that new media report"
BOUNDS = "If all sources had reported in both windows"

SCHEMA = {
    "series": pl.String,
    "kind": pl.String,
    "sources": pl.Int64,
    "before_incidents": pl.Int64,
    "before_share": pl.Float64,
    "before_mean": pl.Float64,
    "after_incidents": pl.Int64,
    "after_share": pl.Float64,
    "after_mean": pl.Float64,
    "ratio": pl.Float64,
    "ratio_low": pl.Float64,
    "ratio_high": pl.Float64,
    "bound_low": pl.Float64,
    "bound_high": pl.Float64,
    "note": pl.String,
    "verdict": pl.String,
}

Floats = NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """One window.

    Args:
        weeks: Whole weeks that the data cover.
        counted: week (from 0), cell (null where it says nothing), incidents.
    """

    weeks: int
    counted: pl.DataFrame

    def series(self, cells: Collection[str] | None = None) -> Floats:
        """Incidents a week, of all cells or of these."""
        rows = self.counted if cells is None else self.counted.filter(pl.col("cell").is_in(list(cells)))
        weights = rows["incidents"].to_numpy()
        return np.bincount(rows["week"].to_numpy(), weights=weights, minlength=self.weeks).astype(np.float64)


def panel(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    windows: tuple[Span, Span],
    column: str = "source",
    confidence: float = 0.95,
) -> pl.DataFrame:
    """The ratio of two windows by all sources, by those present in both, by each main one alone and without new media; and its bounds.

    Args:
        selection: What counts; its span is not looked at.
        definition: First day of the week.
        windows: The earlier and the later; only whole weeks that the data cover are counted.
        column: source (names); or source_scale, where the data name no source: scales then stand for sources.
        confidence: Of the intervals.

    Returns:
        series; kind ("all", "panel", "alone", "new media", "bounds"); sources (how many the row is counted by; null where not by names);
        before_incidents, before_share (of the window's incidents that name a source; in the rows of new media, of all), before_mean (a
        week), the same with after_; ratio, ratio_low, ratio_high; note (why a number is missing); verdict (of "all" and "bounds": the
        direction in words). The row "bounds" has bound_low and bound_high (where the ratio lies if all sources had reported in both
        windows), and as ratio_low and ratio_high the same with the error of the counts. Rows of new media are missing where no incident
        states the scale of its sources.

    Raises:
        QuestionError: no incident of either window says who reported, a window holds no whole week that the data cover, or a week lies in
            both.

    Assumes:
        An incident is counted in a row if any of the row's sources reported it, once. A source with FEW incidents or more in each window is
        present in both. The bounds: see `bounds`; the intervals: see comparison.mean_of_series.

    Source:
        comparison.compare_series for every ratio; Manski (2003), Partial Identification of Probability Distributions, for bounds in
        place of a correction that nobody can check.
    """
    weeks = _weeks(events, windows, starts=definition.week_starts)
    sides = _sides(events, selection, windows, weeks, column=column, starts=definition.week_starts)
    names = names_of(pl.concat(side.counted for side in sides), column=column)
    if names.is_empty():
        raise QuestionError(
            "no incident of the two windows says who reported",
            next_step="Only the comparison itself can be made: tocsin table comparison",
        )
    rows = recount(sides, names, confidence=confidence)
    scales = sides
    if column != "source_scale":
        scales = _sides(events, selection, windows, weeks, column="source_scale", starts=definition.week_starts)
    rows[-1:-1] = without_new_media(scales, confidence=confidence)
    return pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in rows], schema=SCHEMA)


def recount(sides: tuple[Side, Side], names: pl.DataFrame, *, confidence: float = 0.95) -> list[Row]:
    """The rows of `panel` but those of new media, from two windows counted by week and cell.

    Args:
        names: Of names_of.
        confidence: Of the intervals.
    """
    cells, order = _cells_by_name(names), _present(sides, names)
    stated = set(names["cell"])
    shared = {cell for name in order for cell in cells[name]}
    named = _row(ALL_NAMED, "all", sides, stated, sources=len(cells), stated=stated, confidence=confidence)
    rows = [_row(ALL, "all", sides, None, sources=None, stated=stated, confidence=confidence)]
    rows += [named] if any(side.counted["cell"].null_count() for side in sides) else []
    fixed = _row(PANEL, "panel", sides, shared, sources=len(order), stated=stated, confidence=confidence)
    rows += [fixed]
    rows += [
        _row(name, "alone", sides, cells[name], sources=1, stated=stated, confidence=confidence)
        for name in order[:ALONE]
    ]
    verdict = direction(named, *(_outside(side, stated, shared) for side in sides))
    rows[0]["verdict"] = verdict
    return [*rows, {"series": BOUNDS, "kind": "bounds", "verdict": verdict, **bounds(named, fixed)}]


def bounds(named: Row, fixed: Row) -> Row:
    """Between which the ratio lies if the sources that came had been there before, and those that went had stayed.

    Args:
        named: The row of all incidents that name a source.
        fixed: The row of the panel.

    Returns:
        bound_low, bound_high; ratio_low and ratio_high: the same with the interval of the panel's ratio and of all sources' ratio on their
        outer sides. Null where there is no panel, or no interval.

    Assumes:
        With P and P' incidents of the panel before and after, and L and G incidents that it misses: had the sources that came been there
        before, they would have added to the earlier window between nothing and G/P' for each incident of the panel, as many as
        later; had those that went stayed, between nothing and L/P for each later one. So the ratio lies between (P' + G) / (P + L + P G/P')
        and (P' + G + P' L/P) / (P + L). Without sources that went, that is between the panel's ratio and that of all.
        The ratio of true incidents lies there too, if the panel's sources report no larger share of them later than before, and all
        sources together no smaller one.
    """
    found: Row = {"bound_low": None, "bound_high": None, "note": "no bounds: no source is present in both windows"}
    if not fixed["ratio"]:
        return found
    gained = named["after_incidents"] / fixed["after_incidents"] - 1
    lost = named["before_incidents"] / fixed["before_incidents"] - 1
    low = fixed["ratio"] * (1 + gained) / (1 + gained + lost)
    high = fixed["ratio"] * (1 + gained + lost) / (1 + lost)
    found = {"bound_low": low, "bound_high": high, "note": "no interval: see the rows above"}
    if fixed["ratio_low"] is None or named["ratio_high"] is None:
        return found
    return found | {
        "ratio_low": low * fixed["ratio_low"] / fixed["ratio"],
        "ratio_high": high * named["ratio_high"] / named["ratio"],
        "note": None,
    }


@dataclass(frozen=True)
class Outside:
    """The share of a window's incidents that no source of the panel reported, and its standard error."""

    share: float
    error: float


def direction(named: Row, lost: Outside, gained: Outside) -> str:
    """Which way the change of sources leans, in words, with the reason.

    Args:
        named: The row of all incidents that name a source.
        lost: Of the earlier window.
        gained: Of the later window.
    """
    reason = (
        f"sources that are not present in both windows report, without any that is, {gained.share:.1%} of the later incidents and "
        f"{lost.share:.1%} of the earlier ones"
    )
    if not named["before_incidents"] or not named["after_incidents"]:
        return "can not be told: a window has no incident that names a source"
    if lost.share == 1 and gained.share == 1:
        return "can not be told: no source is present in both windows"
    if max(lost.share, gained.share) < TOUCHED:
        return f"sources that came or went hardly move the ratio: {reason}"
    small, large = sorted([lost, gained], key=lambda side: side.share)
    apart = large.share - small.share
    if large.share < CLEARLY * small.share or apart < TOUCHED or apart < 2 * np.hypot(lost.error, gained.error):
        return f"can not be told: {reason}"
    return f"{_leaning(named, raised=gained.share > lost.share)}: {reason}"


def _leaning(named: Row, *, raised: bool) -> str:
    low, high = named["ratio_low"], named["ratio_high"]
    if high is not None and high < 1:
        return f"the fall is, if anything, {'understated' if raised else 'overstated'}"
    if low is not None and low > 1:
        return f"the rise is, if anything, {'overstated' if raised else 'understated'}"
    return f"the ratio is, if anything, too {'high' if raised else 'low'}"


def without_new_media(sides: tuple[Side, Side], *, confidence: float = 0.95) -> list[Row]:
    """The two rows without new media; none where no incident states a scale.

    Args:
        sides: Counted by source_scale. Incidents that state no scale stay in.
        confidence: Of the intervals.
    """
    names = names_of(pl.concat(side.counted for side in sides), column="source_scale")
    stated = set(names["cell"])
    of_new_media = names.filter(pl.col("name").str.to_lowercase() == NEW_MEDIA.lower())
    every = set(of_new_media["cell"])
    alone = set(of_new_media.filter(pl.col("of") == 1)["cell"])
    if not stated:
        return []
    totals = [float(side.series().sum()) for side in sides]
    rows = []
    for label, out in ((SOLE_OUT, alone), (ANY_OUT, every)):
        before, after = (
            Side(side.weeks, side.counted.filter(~pl.col("cell").is_in(list(out)).fill_null(value=False)))
            for side in sides
        )
        row = _row(label, "new media", (before, after), None, sources=None, stated=stated, confidence=confidence)
        for name, total in zip(("before", "after"), totals, strict=True):
            row[f"{name}_share"] = row[f"{name}_incidents"] / total if total else None
        rows.append(row)
    return rows


def _row(
    label: str,
    kind: str,
    sides: tuple[Side, Side],
    cells: Collection[str] | None,
    *,
    sources: int | None,
    stated: Collection[str],
    confidence: float,
) -> Row:
    row: Row = compare_series(label, *(side.series(cells) for side in sides), confidence=confidence)
    totals = [float(side.series(stated).sum()) for side in sides]
    for name, total in zip(("before", "after"), totals, strict=True):
        row[f"{name}_share"] = row[f"{name}_incidents"] / total if total and cells is not None else None
    return row | {"kind": kind, "sources": sources}


def _cells_by_name(names: pl.DataFrame) -> Mapping[str, set[str]]:
    return {name: set(cells) for name, cells in names.group_by("name").agg("cell").iter_rows()}


def _present(sides: tuple[Side, Side], names: pl.DataFrame) -> list[str]:
    """The sources with FEW incidents or more in each window, the largest first."""
    counts = [
        names.join(side.counted, on="cell").group_by("name").agg(pl.col("incidents").sum().alias(f"side_{number}"))
        for number, side in enumerate(sides)
    ]
    both = counts[0].join(counts[1], on="name").filter(pl.col("side_0") >= FEW, pl.col("side_1") >= FEW)
    return both.sort([pl.col("side_0") + pl.col("side_1"), "name"], descending=[True, False])["name"].to_list()


def _outside(side: Side, stated: Collection[str], shared: Collection[str]) -> Outside:
    """The share, with the error of a ratio of two weekly sums (Cochran 1977, Sampling Techniques, section 6.3)."""
    every, inside = side.series(stated), side.series(shared)
    if not every.sum():
        return Outside(0.0, 0.0)
    missed = every - inside
    share = float(missed.sum() / every.sum())
    left = missed - share * every
    return Outside(share, float(np.sqrt(every.size / max(1, every.size - 1) * np.sum(left**2)) / every.sum()))


def _weeks(events: Events, windows: tuple[Span, Span], *, starts: str) -> tuple[list[int], list[int]]:
    covered = events.about.covered
    found = [covered_weeks(window, covered, starts=starts) for window in windows]
    for window, weeks in zip(windows, found, strict=True):
        if not weeks:
            days = ", ".join(map(str, covered)) or "no day"
            raise QuestionError(f"the data cover no whole week of the window {window}", next_step=f"They cover {days}.")
    if set(found[0]) & set(found[1]):
        raise QuestionError(
            f"the windows {windows[0]} and {windows[1]} share a week", next_step="Let one end before the other begins."
        )
    return found[0], found[1]


def _sides(
    events: Events,
    selection: Selection,
    windows: tuple[Span, Span],
    weeks: tuple[Sequence[int], Sequence[int]],
    *,
    column: str,
    starts: str,
) -> tuple[Side, Side]:
    before, after = (
        _side(cells_of(events, selection=selection.within(window), column=column), numbers, starts=starts)
        for window, numbers in zip(windows, weeks, strict=True)
    )
    return before, after


def _side(counted: pl.DataFrame, weeks: Sequence[int], *, starts: str) -> Side:
    place = pl.DataFrame({"number": weeks, "week": range(len(weeks))}, schema={"number": pl.Int64, "week": pl.Int64})
    number = week_number(pl.col("event_day").cast(pl.Int64), starts=starts)
    placed = counted.with_columns(number=number).join(place, on="number").group_by("week", "cell")
    return Side(len(weeks), placed.agg(pl.col("incidents").sum()))
