"""Is the count rising or falling over the last weeks? A slope with an interval that allows for burstiness and memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.analysis.change import grouped, weekly_counts
from tocsin.analysis.incidents import ALL
from tocsin.analysis.memory import LEAST_WEEKS, LEVEL, MEMORIES, REPEATS, Character, learnt, own_chance, unrest
from tocsin.analysis.weeks import week_start
from tocsin.cube import Events, Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

Floats = NDArray[np.float64]

USUAL_WEEKS = 13
"""A quarter of a year."""

FEWEST_WEEKS, MOST_WEEKS = 6, 104
"""A trend is asked of at least and at most so many weeks."""

FEW_EVENTS = 10
"""With fewer incidents than this in the last weeks no verdict is given."""

PAST_WEEKS, FEW_PAST = 156, 26
"""Burstiness and memory are learnt from at most and at least so many weeks before."""

MOST_CHANGES = 3
"""Changes of level that the past may have had."""

STEEPEST = 2.0
"""Limits of the slope are looked for up to this, either way (a factor of seven a week)."""

RISING, FALLING, NONE = "rising", "falling", "no trend that can be told from chance"
FEW = f"no verdict: fewer than {FEW_EVENTS} incidents"
SHORT = f"no verdict: fewer than {FEW_PAST} whole weeks before"

SCHEMA: dict[str, type[pl.DataType]] = {
    "series": pl.String,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "weeks": pl.Int64,
    "incidents": pl.Int64,
    "mean": pl.Float64,
    "change_percent": pl.Float64,
    "change_percent_low": pl.Float64,
    "change_percent_high": pl.Float64,
    "p_value": pl.Float64,
    "verdict": pl.String,
}


@dataclass(frozen=True)
class Slope:
    """The change of the logarithm of the level a week.

    Args:
        slope: The estimate.
        low: Lower limit; None where there is none.
        high: Upper limit; None where there is none.
        chance: How often weeks without a trend show one as strong, of either sign.
    """

    slope: float
    low: float | None
    high: float | None
    chance: float


def trend(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    period: Span,
    weeks: int = USUAL_WEEKS,
    groups: Mapping[str, Sequence[str]] | None = None,
    label: str = ALL,
) -> pl.DataFrame:
    """Did the weekly count rise or fall over the last whole weeks, and could chance have done it?

    Args:
        selection: What counts; its span is not looked at.
        definition: First day of the week.
        period: Days looked at; the weeks are its last whole ones in a row that the data cover.
        weeks: How many of them the trend is of, FEWEST_WEEKS to MOST_WEEKS.
        groups: Label -> actor names: a row for each, after that of all that is selected.
        label: Of that first row.

    Returns:
        One row a series: series; from_date, to_date (first and last day of the weeks); weeks, incidents, mean (a week); change_percent
        (of the level, a week), change_percent_low, change_percent_high (95 per cent interval; a limit is null where there is none);
        p_value; verdict ("rising", "falling", "no trend that can be told from chance", or why there is none).

    Raises:
        QuestionError: the data cover no whole week of the period, or fewer than `weeks`, or `weeks` is out of bounds.

    Assumes:
        The level changes by the same factor each week; burstiness and memory are those of up to PAST_WEEKS weeks before. One fall
        or rise in a few days inside these weeks is a change rather than a trend, and may be told as one.

    Source:
        docs/methods/change.md: a score test of a log-linear level, whose variance is that of negative binomial counts with an AR(1) rate.
    """
    if not FEWEST_WEEKS <= weeks <= MOST_WEEKS:
        raise QuestionError(
            f"a trend over {weeks} weeks is not asked", next_step=f"Ask of {FEWEST_WEEKS} to {MOST_WEEKS} weeks."
        )
    rows = []
    for name, chosen in {label: selection, **grouped(selection, groups)}.items():
        numbers, counts = weekly_counts(events, chosen, definition, period)
        if counts.size < weeks:
            raise QuestionError(
                f"the data cover {counts.size} whole weeks in a row at the end of {period}, of which {weeks} are asked",
                next_step="Ask of fewer weeks, or load more data.",
            )
        first, stop = (week_start(each, starts=definition.week_starts) for each in (numbers[-weeks], numbers[-1] + 1))
        rows.append({"series": name, "from_date": first, "to_date": stop - dt.timedelta(days=1)} | _row(counts, weeks))
    return pl.DataFrame(rows, schema=SCHEMA)


def _row(counts: Floats, weeks: int) -> dict[str, object]:
    last, past = counts[-weeks:], counts[:-weeks][-PAST_WEEKS:]
    row: dict[str, object] = {"weeks": weeks, "incidents": int(last.sum()), "mean": float(last.mean())}
    if past.size < FEW_PAST or last.sum() < FEW_EVENTS:
        return row | {"verdict": SHORT if past.size < FEW_PAST else FEW}
    found = slope_of(last, past)
    return row | {
        "change_percent": _percent(found.slope),
        "change_percent_low": _percent(found.low),
        "change_percent_high": _percent(found.high),
        "p_value": found.chance,
        "verdict": NONE if found.chance > LEVEL else RISING if found.slope > 0 else FALLING,
    }


def _percent(slope: float | None) -> float | None:
    return None if slope is None else float(100 * np.expm1(slope))


def slope_of(counts: Floats, past: Floats) -> Slope:
    """The slope of the logarithm of the level of one series, a week.

    Args:
        counts: Incidents of the last weeks, at least one.
        past: Incidents of the weeks before, at least FEW_PAST.
    """
    test = tested(counts[None], past[None])
    reach = float(np.quantile(test.by_chance[0], 1 - LEVEL, method="higher"))

    def leaning(slope: float, beyond: float) -> float:
        return float(leanings(counts[None], slope, test.own)[0]) - beyond

    # It falls as the slope rises. Where all incidents lie in the first week or the last, there is no estimate inside the bounds.
    found = [_root(leaning, beyond) for beyond in (0.0, reach, -reach)]
    best = found[0] if found[0] is not None else float(np.copysign(STEEPEST, test.leaning[0]))
    return Slope(slope=best, low=found[1], high=found[2], chance=float(test.chance[0]))


@dataclass(frozen=True)
class Tested:
    """Whether several series have a trend.

    Args:
        own: What was learnt of their past.
        leaning: How far each leans against a steady level, in standard deviations; upwards above nought.
        by_chance: How far each of REPEATS series without a trend leans, of either sign, a row a series.
    """

    own: Character
    leaning: Floats
    by_chance: Floats

    @property
    def chance(self) -> Floats:
        """How often a series without a trend leans as far."""
        return np.asarray((1 + (self.by_chance >= np.abs(self.leaning)[:, None]).sum(axis=1)) / (1 + REPEATS))


def tested(counts: Floats, past: Floats) -> Tested:
    """Whether there is a trend, of several series at once.

    Each drawn series is gone through as the series itself is: what is learnt from its past is as wrong.

    Args:
        counts: Incidents of the last weeks, a row a series.
        past: Incidents of the weeks before.
    """
    own, weeks = _learnt(past), counts.shape[1]
    rng = own_chance(np.concatenate([past, counts], axis=1))
    level = np.repeat(np.stack([past.mean(axis=1), counts.mean(axis=1)], axis=1), [past.shape[1], weeks], axis=1)
    likely = unrest(own, level[:, :-weeks], most=_most(past.shape[1]), rng=rng)
    drawn = likely.drawn(level, each=REPEATS, rng=rng)
    by_chance = np.abs(leanings(drawn[:, -weeks:], 0.0, _learnt(drawn[:, :-weeks])))
    return Tested(own, leanings(counts, 0.0, own), by_chance.reshape(-1, REPEATS))


def _learnt(past: Floats) -> Character:
    return learnt(past, most=_most(past.shape[1]))


def _most(weeks: int) -> int:
    return min(MOST_CHANGES, weeks // LEAST_WEEKS - 1)


def _root(leaning: Callable[[float, float], float], beyond: float) -> float | None:
    if not leaning(-STEEPEST, beyond) > 0 > leaning(STEEPEST, beyond):
        return None
    return float(scipy.optimize.brentq(leaning, -STEEPEST, STEEPEST, args=(beyond,)))


def leanings(counts: Floats, slope: float, past: Character) -> Floats:
    """How far counts lean against a log-linear level of this slope and of their own sum, in standard deviations; by series.

    Args:
        counts: Incidents of the last weeks, a row a series.
        slope: Of the logarithm of the level, a week.
        past: What was learnt of the weeks before.
    """
    steps = _steps(counts.shape[1])
    shape = np.exp(slope * steps)
    shape /= shape.sum()
    weights, total = steps - float(steps @ shape), counts.sum(axis=1)
    parts = weights * shape
    lags = np.abs(np.subtract.outer(np.arange(steps.size), np.arange(steps.size)))
    together = past.weights @ np.array([parts @ memory**lags @ parts for memory in MEMORIES])
    variance = total * float(weights @ parts) + past.dispersion * total**2 * together
    return np.asarray(counts @ weights / np.sqrt(np.where(variance > 0, variance, 1.0)))


def _steps(weeks: int) -> Floats:
    return np.asarray(np.arange(weeks) - (weeks - 1) / 2, dtype=np.float64)
