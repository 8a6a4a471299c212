"""Is a change real? Dates at which the weekly level of a count changed, with what chance alone would do, and how large each change is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.analysis.incidents import ALL
from tocsin.analysis.memory import LEAST_WEEKS, LEVEL, REPEATS, Character, Unrest, character, learnt, own_chance, unrest
from tocsin.analysis.segments import LEAST_DISPERSION, best_cuts, cost, levels
from tocsin.analysis.weeks import fold, last_run, week_start
from tocsin.cube import Events, Selection, count
from tocsin.desk import Definition
from tocsin.schema import Span

Floats = NDArray[np.float64]

FEW_WEEKS = 26
"""With fewer whole weeks in a row than this nothing tells a change from the series' own unrest."""

FEW_EVENTS = 20
"""With fewer incidents than this in all no verdict is given."""

MOST_CHANGES = 12
"""More changes than this in one series are not looked for."""

PLACES = 100
"""Whether there is a change is asked at every week of a series of up to about twice as many, of a longer one at so many places."""

BATCH = 33
"""Series that are drawn at once: mostly the first of them tell that chance does as much."""

ENOUGH = round(LEVEL * (REPEATS + 1))
"""A change is not told where so many of the drawn series show one as strong."""

MOST_BY_CHANCE = 2
"""Changes that are looked for in the drawn series: what chance does best it does with one step, or with one stretch."""

RISE, FALL, NONE = "rise", "fall", "no change that can be told from chance"
FEW = f"no verdict: fewer than {FEW_EVENTS} incidents"
SHORT = f"no verdict: fewer than {FEW_WEEKS} whole weeks"

SCHEMA: dict[str, type[pl.DataType]] = {
    "series": pl.String,
    "change": pl.Int64,
    "week_date": pl.Date,
    "date_low": pl.Date,
    "date_high": pl.Date,
    "before_weeks": pl.Int64,
    "before_mean": pl.Float64,
    "after_weeks": pl.Int64,
    "after_mean": pl.Float64,
    "ratio": pl.Float64,
    "ratio_low": pl.Float64,
    "ratio_high": pl.Float64,
    "p_value": pl.Float64,
    "verdict": pl.String,
}


@dataclass(frozen=True)
class Step:
    """One change of level.

    Args:
        week: Number of the first week at the new level, from 0.
        low: The earliest week at which the change may have come.
        high: The latest.
        before: Weeks and incidents of the stretch before.
        after: Weeks and incidents of the stretch after.
        ratio: After / before; None where there was nothing before.
        ratio_low: Lower limit of the ratio.
        ratio_high: Upper limit of it.
        chance: How often a series without a change shows one as strong.
    """

    week: int
    low: int
    high: int
    before: tuple[int, int]
    after: tuple[int, int]
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    chance: float


def changes(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    period: Span,
    groups: Mapping[str, Sequence[str]] | None = None,
    label: str = ALL,
) -> pl.DataFrame:
    """When did the level of the weekly count change, by how much, and could chance have done it?

    Args:
        selection: What counts; its span is not looked at.
        definition: First day of the week.
        period: Days looked at; the last whole weeks in a row that the data cover are used.
        groups: Label -> actor names: a series for each, after that of all that is selected.
        label: Of that first series.

    Returns:
        One row a change, sorted by series and date: series; change (1, 2, … in order of time; 0 where there is none); week_date (first
        day of the first week at the new level), date_low, date_high (95 per cent interval of it); before_weeks, before_mean, after_weeks,
        after_mean (of the stretches beside it, incidents a week); ratio (after / before), ratio_low, ratio_high (95 per cent interval);
        p_value (share of series without a change that show one as strong); verdict ("rise", "fall", or why there is none). Numbers are
        null where there is no change.

    Raises:
        QuestionError: the data cover no whole week of the period.

    Assumes:
        Between changes the level is steady, and the rate round it remembers the week before (AR(1)) with the same dispersion and memory
        at every level. A slow trend is cut into steps.

    Source:
        docs/methods/change.md: negative binomial likelihood with the long-run dispersion, cut exactly (Auger and Lawrence 1989), with a
        penalty from a parametric bootstrap; dates by inverted likelihood ratios (Eo and Morley 2015, Likelihood-ratio-based confidence
        sets for the timing of structural breaks, Quantitative Economics 6(2)).
    """
    rows: list[dict[str, object]] = []
    for name, chosen in {label: selection, **grouped(selection, groups)}.items():
        weeks, counts = weekly_counts(events, chosen, definition, period)
        rows += _rows(name, [week_start(week, starts=definition.week_starts) for week in weeks], counts)
    return pl.DataFrame(rows, schema=SCHEMA)


def grouped(selection: Selection, groups: Mapping[str, Sequence[str]] | None) -> dict[str, Selection]:
    """Label -> the same selection, of rows with one of the group's actors as a party."""
    return {name: selection.involving(actors) for name, actors in (groups or {}).items()}


def weekly_counts(events: Events, selection: Selection, definition: Definition, period: Span) -> tuple[range, Floats]:
    """The last covered whole weeks of a period that follow each other without a gap, and the incidents of each.

    Raises:
        QuestionError: the data cover no whole week of the period.
    """
    starts = definition.week_starts
    weeks = last_run(period, events.about.covered, starts=starts)
    cube = count(events, selection.within(period), by=["event_day"])
    return weeks, fold(cube, weeks=weeks, starts=starts)["incidents"].to_numpy().astype(np.float64)


def _rows(name: str, days: Sequence[object], counts: Floats) -> list[dict[str, object]]:
    verdict = SHORT if counts.size < FEW_WEEKS else FEW if counts.sum() < FEW_EVENTS else NONE
    steps = steps_of(counts) if verdict == NONE else []
    if not steps:
        return [{"series": name, "change": 0, "verdict": verdict}]
    return [
        {
            "series": name,
            "change": number,
            "week_date": days[step.week],
            "date_low": days[step.low],
            "date_high": days[step.high],
            "before_weeks": step.before[0],
            "before_mean": step.before[1] / step.before[0],
            "after_weeks": step.after[0],
            "after_mean": step.after[1] / step.after[0],
            "ratio": step.ratio,
            "ratio_low": step.ratio_low,
            "ratio_high": step.ratio_high,
            "p_value": step.chance,
            "verdict": RISE if step.ratio is None or step.ratio > 1 else FALL,
        }
        for number, step in enumerate(steps, start=1)
    ]


@dataclass(frozen=True)
class Tested:
    """Whether several series have more changes than some that are known.

    Args:
        known: How many these are.
        own: What was learnt of them.
        costs: By number of cuts and series.
        likely: What their unrest may be.
        by_chance: The largest gain by a further cut in each of REPEATS series without a further change, a row a series; infinite where no
            more of them were needed.
    """

    known: int
    own: Character
    costs: Floats
    likely: Unrest
    by_chance: Floats

    @property
    def told(self) -> NDArray[np.bool_]:
        """Which series have a further change that can be told from chance."""
        return np.asarray((self.by_chance >= _gains(self.costs, self.known).max(axis=0)[:, None]).sum(axis=1) < ENOUGH)


def is_changing(counts: Floats, level: Floats | None = None, *, known: int = 0) -> Tested:
    """Whether there is a change, or a further one, of several series at once.

    Each drawn series is gone through as the series itself is: what is learnt of its character is as wrong.

    Args:
        counts: Incidents, a row a series, a column a week.
        level: The mean of each stretch between the known changes, week by week; by itself that of all weeks.
        known: How many changes it has.

    Source:
        Besag and Clifford (1991), Sequential Monte Carlo p-values, Biometrika 78(2), for drawing no more than needed.
    """
    weeks = counts.shape[1]
    most = min(MOST_CHANGES, weeks // LEAST_WEEKS - 1)
    by_chance = min(known + MOST_BY_CHANCE, most)
    if level is None:
        level = np.repeat(counts.mean(axis=1, keepdims=True), weeks, axis=1)
    rng, own = own_chance(counts), learnt(counts, most=most)
    found = Tested(
        known=known,
        own=own,
        costs=_costs(counts, own, most=most),
        likely=unrest(own, level, most=by_chance, rng=rng),
        by_chance=np.full((len(counts), REPEATS), np.inf),
    )
    gains = _gains(found.costs, known).max(axis=0)[:, None]
    for first in range(0, REPEATS, BATCH):
        still = (found.by_chance[:, :first] >= gains).sum(axis=1) < ENOUGH
        if not still.any():
            break
        drawn = found.likely.of(still).drawn(level[still], each=BATCH, rng=rng)
        theirs = _gains(_costs(drawn, learnt(drawn, most=by_chance), most=by_chance), known).max(axis=0)
        found.by_chance[still, first : first + BATCH] = theirs.reshape(-1, BATCH)
    return found


def _costs(counts: Floats, own: Character, *, most: int) -> Floats:
    """The cost of each series by number of cuts."""
    apart = max(1, counts.shape[1] // PLACES)
    return best_cuts(counts, dispersion=own.long_run, least=LEAST_WEEKS, most=most, step=apart).costs


def _gains(costs: Floats, known: int) -> Floats:
    """What each further cut gains if there are one, two, … more than the known ones; by their number and series."""
    return np.asarray((costs[known] - costs[known + 1 :]) / np.arange(1, len(costs) - known)[:, None])


def steps_of(counts: Floats) -> list[Step]:
    """The changes of level of one series of counts, in order of time.

    Args:
        counts: Incidents a week, whole weeks in a row.
    """
    test, number, found = is_changing(counts[None]), 0, None
    while test.told[0]:
        found, number = test, number + 1 + int(_gains(test.costs, number)[:, 0].argmax())
        cuts = best_cuts(counts[None], dispersion=found.own.long_run, least=LEAST_WEEKS, most=number)
        if number == len(test.costs) - 1:
            break
        test = is_changing(counts[None], levels(counts[None], cuts.marks(number)), known=number)
    if found is None:
        return []
    own, by_chance = found.own, found.by_chance[0]
    marks = cuts.of(0, number)
    again = character(counts[None], levels(counts[None], cuts.marks(number)), stretches=number + 1)
    long_run = again.long_run * np.maximum(1.0, found.likely.long_run / np.maximum(own.long_run, LEAST_DISPERSION))
    edges = [0, *marks, counts.size]
    return [
        _step(counts, *edges[place - 1 : place + 2], long_run=long_run, own=own, by_chance=by_chance)
        for place in range(1, len(edges) - 1)
    ]


def _step(
    counts: Floats, first: int, mark: int, stop: int, *, long_run: Floats, own: Character, by_chance: Floats
) -> Step:
    before, after = counts[first:mark], counts[mark:stop]
    gain = _profile(counts[first:stop], own.long_run)
    strength = _whole(counts[first:stop], own.long_run) - gain[mark - first - LEAST_WEEKS]
    profile = _profile(counts[first:stop], long_run)
    inside = np.flatnonzero(profile - profile[mark - first - LEAST_WEEKS] <= _DATE_REACH) + first + LEAST_WEEKS
    ratio, low, high = _ratio(counts[first:stop], mark - first, inside - first, float(long_run[0]))
    return Step(
        week=mark,
        low=min(int(inside[0]), mark),
        high=max(int(inside[-1]), mark),
        before=(before.size, int(before.sum())),
        after=(after.size, int(after.sum())),
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        chance=float((1 + (by_chance >= strength).sum()) / (1 + by_chance.size)),
    )


_DATE_REACH = float(-np.log(1 - np.sqrt(0.95)))
"""How much less likely than the best date, on the log scale, one inside the interval may be: P(LR <= x) = (1 - exp(-x/2))^2."""


def _profile(counts: Floats, dispersion: Floats) -> Floats:
    """The cost of a series cut once, at each week that leaves LEAST_WEEKS on both sides."""
    sums = counts.cumsum()
    marks = np.arange(LEAST_WEEKS, counts.size - LEAST_WEEKS + 1)
    left = cost(sums[marks - 1], marks.astype(float), dispersion)
    return left + cost(sums[-1] - sums[marks - 1], (counts.size - marks).astype(float), dispersion)


def _whole(counts: Floats, dispersion: Floats) -> float:
    return float(cost(counts.sum(keepdims=True), np.array([float(counts.size)]), dispersion)[0])


def _ratio(
    counts: Floats, mark: int, dates: NDArray[np.int64], long_run: float, *, confidence: float = 0.95
) -> tuple[float | None, float | None, float | None]:
    """After / before, with limits on its logarithm that hold for every date inside the interval of the date."""
    marks = np.union1d(dates, mark)
    sums = counts.cumsum()
    before, after = sums[marks - 1], sums[-1] - sums[marks - 1]
    left, right = marks, counts.size - marks
    at = int(np.searchsorted(marks, mark))
    if not before[at]:
        return None, None, None
    ratio = float(after[at] / right[at] / (before[at] / left[at]))
    if not (before.all() and after.all()):
        return ratio, None, None
    reach = scipy.special.ndtri(0.5 + confidence / 2) * np.sqrt(
        1 / before + 1 / after + long_run * (1 / left + 1 / right)
    )
    logarithm = np.log(after / right / (before / left))
    return ratio, float(np.exp((logarithm - reach).min())), float(np.exp((logarithm + reach).max()))
