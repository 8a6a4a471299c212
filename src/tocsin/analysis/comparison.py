"""Did it become more or less violent? Two windows compared, with intervals that hold for bursty, self-repeating counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.analysis.absence import least_ratio
from tocsin.analysis.incidents import ALL
from tocsin.analysis.weeks import covered_weeks, fold, week_start, whole_weeks
from tocsin.cube import Events, Selection, count
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

FEW_WEEKS = 8
"""With fewer whole weeks than this in a window no interval is given: there is no telling how the weeks hang together."""
FEW_EVENTS = 10
"""With fewer incidents than this in a window no interval is given for the ratio: its logarithm is far from normal."""

TERMS = 0.3
"""Fewer cosine terms than the 0.41 of the source: windows of a year or two with strong memory are then covered at 91-93 instead of 87-91
per cent, for intervals a tenth to a quarter wider (docs/methods/comparison.md)."""

METHOD = (
    "from a cosine-weighted long-run variance (Lazarus, Lewis, Stock and Watson 2018), at least that of a Poisson count, "
    "with Student's t"
)


@dataclass(frozen=True)
class Mean:
    """The mean of a weekly series, its standard error (incidents a week) and the degrees of freedom of that error."""

    mean: float
    error: float
    freedom: float


def mean_of_series(weekly: NDArray[np.float64]) -> Mean:
    """The mean of a weekly series of counts, with an error that allows for overdispersion and autocorrelation.

    Args:
        weekly: Incidents a week, whole weeks in a row, at least two.

    Returns:
        The long-run variance is the mean of B squared cosine sums, sqrt(2/T) * sum((y_t - mean) cos(pi j (t - 1/2) / T)), j = 1..B,
        B = TERMS T^(2/3); the error is its root over T, with B degrees of freedom. It is never less than the error of a Poisson
        mean: counts of incidents do not keep a steadier pace than chance.

    Assumes:
        The series is stationary in the window; a trend inside it widens the interval.

    Source:
        Lazarus, Lewis, Stock and Watson (2018), HAR Inference: Recommendations for Practice, Journal of Business & Economic
        Statistics 36(4), equations 4 and 11.
    """
    mean = float(weekly.mean())
    variance, freedom = long_run_variance(weekly, least=mean)
    return Mean(mean=mean, error=float(np.sqrt(variance / weekly.size)), freedom=freedom)


def long_run_variance(weekly: NDArray[np.float64], *, least: float) -> tuple[float, float]:
    """The long-run variance of a weekly series, as mean_of_series says, and its degrees of freedom.

    Args:
        least: The variance of chance alone, below which it is not taken to lie.
    """
    length = weekly.size
    terms = max(1, min(length - 1, int(TERMS * length ** (2 / 3))))
    steps = np.arange(1, length + 1) - 0.5
    waves = np.cos(np.pi * np.outer(np.arange(1, terms + 1), steps) / length)
    sums = np.sqrt(2 / length) * (waves @ (weekly - weekly.mean()))
    return max(float(np.mean(sums**2)), least), float(terms)


def compare(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    windows: tuple[Span, Span],
    groups: Mapping[str, Sequence[str]] | None = None,
    label: str = ALL,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """The weekly mean of two windows, their ratio and their difference, each with an interval.

    Args:
        selection: What counts; its span is not looked at.
        windows: The earlier and the later; only whole weeks that the data cover are counted.
        groups: Label -> actor names: a row for each, after the row of all that is selected.
        label: Of that first row.
        confidence: Of the intervals, between 0 and 1.

    Returns:
        One row a series: series; before_weeks, before_incidents, before_mean, before_low, before_high (incidents a week) and the same with
        after_; ratio, ratio_low, ratio_high (after / before); difference, difference_low, difference_high (after - before, incidents
        a week); note (why a number is missing, or where a limit comes from; or null). Bounds are null where a window has fewer than
        FEW_WEEKS weeks, or, for the ratio, fewer than FEW_EVENTS incidents but some. The ratio is null where there was nothing before;
        where one window has incidents and the other none its interval has one end: ratio_low alone, or 0 to ratio_high.

    Raises:
        QuestionError: a window holds no whole week that the data cover, or a whole week lies in both.

    Assumes:
        The windows do not depend on each other. A window without an incident is one of Poisson counts: nothing tells otherwise.

    Source:
        mean_of_series for each window; the ratio by the delta method on its logarithm, both with Welch's degrees of freedom. Where a
        window has no incident, the ratio from absence.least_ratio, and the difference from the limits of the two means (Zou and Donner
        2008, Construction of Confidence Limits about Effect Measures, Statistics in Medicine 27(10)).
    """
    _refuse_overlap(windows, starts=definition.week_starts)
    sides = [_counts(events, selection, definition, window) for window in windows]
    rows = [compare_series(label, *sides, confidence=confidence)]
    for name, actors in (groups or {}).items():
        grouped = [_counts(events, selection.involving(actors), definition, window) for window in windows]
        rows.append(compare_series(name, *grouped, confidence=confidence))
    return pl.DataFrame(rows, infer_schema_length=None).cast(pl.Schema(_SCHEMA))


_SIDE: dict[str, type[pl.DataType]] = {
    "weeks": pl.Int64,
    "incidents": pl.Int64,
    "mean": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
_SCHEMA: dict[str, type[pl.DataType]] = {
    "series": pl.String,
    **{f"{side}_{name}": kind for side in ("before", "after") for name, kind in _SIDE.items()},
    **{name + bound: pl.Float64 for name in ("ratio", "difference") for bound in ("", "_low", "_high")},
    "note": pl.String,
}


def _refuse_overlap(windows: tuple[Span, Span], *, starts: str) -> None:
    before, after = (whole_weeks(window, starts=starts) for window in windows)
    both = range(max(before.start, after.start), min(before.stop, after.stop))
    if not both:
        return
    shared = Span(week_start(both.start, starts=starts), week_start(both.stop, starts=starts) - dt.timedelta(days=1))
    raise QuestionError(
        f"the windows {windows[0]} and {windows[1]} share the {len(both)} whole weeks of {shared}"
        if len(both) > 1
        else f"the windows {windows[0]} and {windows[1]} share the week of {shared}",
        next_step="Windows that are compared must not depend on each other: let one end before the other begins.",
    )


def _counts(events: Events, selection: Selection, definition: Definition, window: Span) -> NDArray[np.float64]:
    starts = definition.week_starts
    weeks = covered_weeks(window, events.about.covered, starts=starts)
    if not weeks:
        covered = ", ".join(map(str, events.about.covered)) or "no day"
        why = "holds no whole week" if not whole_weeks(window, starts=starts) else "is not covered by the data"
        raise QuestionError(f"the window {window} {why}", next_step=f"The data cover {covered}.")
    cube = count(events, selection.within(window), by=["event_day"])
    return fold(cube, weeks=weeks, starts=starts)["incidents"].to_numpy().astype(np.float64)


def compare_series(
    label: str, before: NDArray[np.float64], after: NDArray[np.float64], *, confidence: float = 0.95
) -> dict[str, float | int | str | None]:
    """One row of `compare`, from two weekly series.

    Args:
        label: Of the series.
        before: Incidents a week of the earlier window.
        after: Incidents a week of the later window.
        confidence: Of the intervals, between 0 and 1.
    """
    enough = min(before.size, after.size) >= FEW_WEEKS
    row: dict[str, float | int | str | None] = {"series": label}
    sides, reaches = [], []
    for name, counts in (("before", before), ("after", after)):
        side = mean_of_series(counts) if counts.size > 1 else Mean(float(counts.mean()), np.nan, 1.0)
        down, up = reach = _reaches(side, counts.size, confidence)
        sides.append(side)
        reaches.append(reach)
        known = counts.size >= FEW_WEEKS
        row |= {
            f"{name}_weeks": counts.size,
            f"{name}_incidents": int(counts.sum()),
            f"{name}_mean": side.mean,
            f"{name}_low": max(0.0, side.mean - down) if known else None,
            f"{name}_high": side.mean + up if known else None,
        }
    few = min(before.sum(), after.sum()) < FEW_EVENTS
    row |= _ratio(*sides, confidence=confidence, known=enough and not few)
    if enough:
        row |= _one_sided((sides[0], before.size), (sides[1], after.size), confidence=confidence)
    row |= _difference(*sides, reaches=reaches, confidence=confidence, known=enough)
    row["note"] = _note(before, after, enough=enough, few=few)
    return row


def _note(before: NDArray[np.float64], after: NDArray[np.float64], *, enough: bool, few: bool) -> str | None:
    """Why a number is missing, or where a limit comes from."""
    notes = []
    one_sided = enough and bool(before.sum()) != bool(after.sum())
    if not before.sum():
        limit = ", only a lower limit of it" if one_sided else ""
        notes.append(f"no ratio{limit}: the earlier window has no incident")
    if not enough:
        notes.append(f"no intervals: a window has fewer than {FEW_WEEKS} whole weeks")
    elif few and not one_sided and before.sum():
        notes.append(f"no interval for the ratio: a window has fewer than {FEW_EVENTS} incidents")
    if one_sided and before.sum():
        notes.append("the ratio has only an upper limit: the later window has no incident")
    if enough and not (before.sum() and after.sum()):
        notes.append("a window has no incident: its upper limit is that of a Poisson count")
    return "; ".join(notes) or None


def _reaches(side: Mean, weeks: int, confidence: float) -> tuple[float, float]:
    """How far the interval of a mean reaches down and up; where there is no incident, up to the mean at which that has a chance of 5 in
    100 (at a confidence of 95 per cent)."""
    if side.mean == 0:
        return 0.0, float(-np.log1p(-confidence) / weeks)
    reach = reach_of([side.error**2], [side.freedom], confidence)
    return reach, reach


def _ratio(before: Mean, after: Mean, *, confidence: float, known: bool) -> dict[str, float | None]:
    if before.mean == 0:
        return {"ratio": None, "ratio_low": None, "ratio_high": None}
    ratio = after.mean / before.mean
    if not known:
        return {"ratio": ratio, "ratio_low": None, "ratio_high": None}
    parts = [(side.error / side.mean) ** 2 for side in (before, after)]
    reach = np.exp(reach_of(parts, [before.freedom, after.freedom], confidence))
    return {"ratio": ratio, "ratio_low": ratio / reach, "ratio_high": ratio * reach}


def _one_sided(before: tuple[Mean, int], after: tuple[Mean, int], *, confidence: float) -> dict[str, float]:
    """The one end of the interval of the ratio, where one window has incidents and the other none; of means and numbers of weeks."""
    appeared = bool(after[0].mean)
    if appeared == bool(before[0].mean):
        return {}
    (some, weeks), (_, empty_weeks) = (after, before) if appeared else (before, after)
    incidents = some.mean * weeks
    inflation = some.error**2 * weeks / some.mean
    least = least_ratio(incidents, weeks=weeks, empty_weeks=empty_weeks, inflation=inflation, confidence=confidence)
    return {"ratio_low": least} if appeared else {"ratio_low": 0.0, "ratio_high": 1 / least}


def _difference(
    before: Mean, after: Mean, *, reaches: list[tuple[float, float]], confidence: float, known: bool
) -> dict[str, float | None]:
    difference = after.mean - before.mean
    if not known:
        return {"difference": difference, "difference_low": None, "difference_high": None}
    if before.mean and after.mean:
        parts = [side.error**2 for side in (before, after)]
        down = up = reach_of(parts, [before.freedom, after.freedom], confidence)
    else:
        (before_down, before_up), (after_down, after_up) = reaches
        down, up = float(np.hypot(after_down, before_up)), float(np.hypot(after_up, before_down))
    return {"difference": difference, "difference_low": difference - down, "difference_high": difference + up}


def freedom_of(parts: Sequence[float], freedoms: Sequence[float]) -> float:
    """Degrees of freedom of the sum of variances (Welch and Satterthwaite)."""
    return sum(parts) ** 2 / sum(part**2 / freedom for part, freedom in zip(parts, freedoms, strict=True))


def reach_of(parts: Sequence[float], freedoms: Sequence[float], confidence: float) -> float:
    """Half the length of the interval of a sum with these variances, each with its degrees of freedom."""
    return float(np.sqrt(sum(parts)) * scipy.special.stdtrit(freedom_of(parts, freedoms), 0.5 + confidence / 2))
