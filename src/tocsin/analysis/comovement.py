"""Do two weekly series move together, and does one follow the other?"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CHANGE_WEEKS = 4
"""A change is that of the sum of so many weeks to the sum of the so many before."""

MOST_LAG = 8
"""Weeks, either way, within which a lag is looked for."""

REACH_WEEKS = 3 * CHANGE_WEEKS
"""Changes further apart than this are taken not to remember each other."""

DRAWS, SEED = 400, 8
"""Of the bootstrap: so many series, always the same ones."""

FEW_CHANGES = 8.0
"""With fewer independent changes than this nothing is said of how they move together."""

FEW_A_CHANGE = 1.0
"""With fewer incidents than this in CHANGE_WEEKS, on average, changes are mostly from nought to one and back."""


@dataclass(frozen=True)
class Together:
    """How the changes of two series correlate.

    Args:
        correlation: Of the changes.
        low: Of its interval.
        high: Of its interval.
        ceiling: What it could be, about, if the rates behind the counts moved as one: the chance in the counts takes the rest. None where
            the changes are no larger than that chance.
        changes: How many independent changes there are.
        one_stretch: The largest part of the correlation that comes from as many weeks in a row as one change spans.
    """

    correlation: float
    low: float
    high: float
    ceiling: float | None
    changes: float
    one_stretch: float


@dataclass(frozen=True)
class Lag:
    """By how many weeks the second series follows the first; below nought, precedes it.

    Args:
        weeks: At which the correlation is highest.
        low: The least lag at which it may as well be.
        high: The greatest.
        correlation: At that lag.
    """

    weeks: int
    low: int
    high: int
    correlation: float


def changes(weekly: Floats) -> Floats:
    """Log changes of the sums over CHANGE_WEEKS weeks, one for each week at which two such sums end and begin.

    Args:
        weekly: Incidents a week; nan where a week is not there.

    Returns:
        log(S(t) + 1/2) - log(S(t - CHANGE_WEEKS) + 1/2); nan where a week of the two sums is not there.
    """
    if weekly.size < 2 * CHANGE_WEEKS:
        return np.empty(0)
    logs = np.log(_sums(weekly) + 0.5)
    return np.asarray(logs[CHANGE_WEEKS:] - logs[:-CHANGE_WEEKS])


def _sums(weekly: Floats) -> Floats:
    return np.asarray(np.lib.stride_tricks.sliding_window_view(weekly, CHANGE_WEEKS).sum(axis=1))


def together(one: Floats, other: Floats, *, confidence: float = 0.95) -> Together | None:
    """The correlation of the changes of two weekly series, with an interval that allows for their overlap and memory.

    Args:
        one: Incidents a week; nan where a week is not there.
        other: Of the same weeks.
        confidence: Of the interval.

    Returns:
        None where there are fewer than FEW_CHANGES independent changes, fewer than FEW_A_CHANGE incidents a change in either, or no change.

    Assumes:
        Changes are stationary, and near normal on the log scale. A correlation is of changes, so that a shared trend does not make it.

    Source:
        Fisher's z with the number of independent changes of Bartlett (1935), Some Aspects of the Time-Correlation Problem in Regard to
        Tests of Significance, Journal of the Royal Statistical Society 98(3): the changes over 1 + 2 sum of the products of both
        autocorrelations, up to REACH_WEEKS.
    """
    if min(_a_change(one), _a_change(other)) < FEW_A_CHANGE:
        return None
    first, second, count = _standard(changes(one), changes(other))
    independent = _independent(first, second, count)
    if independent < FEW_CHANGES:
        return None
    found = float(first @ second / count)
    middle, reach = (
        np.arctanh(np.clip(found, -0.9999, 0.9999)),
        scipy.special.ndtri(0.5 + confidence / 2) / np.sqrt(independent - 3),
    )
    low, high = np.tanh([middle - reach, middle + reach])
    return Together(found, float(low), float(high), _ceiling(one, other), independent, _one_stretch(first * second))


def _one_stretch(products: Floats) -> float:
    total = float(products.sum())
    stretches = np.convolve(products, np.ones(2 * CHANGE_WEEKS))
    return float(stretches.max()) / total if total > 0 else 0.0


def _a_change(weekly: Floats) -> float:
    known = weekly[~np.isnan(weekly)]
    return CHANGE_WEEKS * float(known.mean()) if known.size else 0.0


def _standard(one: Floats, other: Floats) -> tuple[Floats, Floats, int]:
    """Both with mean nought and variance one over the changes that both have, nought elsewhere; and how many these are."""
    known = ~np.isnan(one) & ~np.isnan(other)
    count = int(known.sum())
    sides = []
    for side in (one, other):
        centred = np.where(known, side - (side[known].mean() if count else 0.0), 0.0)
        spread = np.sqrt((centred**2).sum() / max(count, 1))
        sides.append(centred / spread if spread > 0 else np.zeros_like(centred))
    return sides[0], sides[1], count


def _independent(first: Floats, second: Floats, count: int) -> float:
    if count <= REACH_WEEKS or not (first.any() and second.any()):
        return 0.0
    lags = range(1, REACH_WEEKS + 1)
    products = [float((first[lag:] @ first[:-lag]) * (second[lag:] @ second[:-lag])) / count**2 for lag in lags]
    return count / max(1.0, 1 + 2 * sum(products))


def _ceiling(one: Floats, other: Floats) -> float | None:
    """The root of the product of the parts of both variances that are not the chance in Poisson counts."""
    parts = []
    for weekly in (one, other):
        moves = changes(weekly)
        known = ~np.isnan(moves)
        chance = 1 / (
            _sums(weekly) + 1
        )  # of log(S + 1/2), if S is a Poisson count: within a quarter of it from a mean of 1 on
        noise = (chance[CHANGE_WEEKS:] + chance[:-CHANGE_WEEKS])[known].mean()
        parts.append(1 - float(noise) / max(float(moves[known].var()), 1e-12))
    return float(np.sqrt(parts[0] * parts[1])) if min(parts) > 0 else None


def lagged(one: Floats, other: Floats, *, confidence: float = 0.95) -> Lag | None:
    """The lag within MOST_LAG weeks at which the changes of two series correlate most, with those lags at which they may as well.

    Args:
        one: Incidents a week; nan where a week is not there.
        other: Of the same weeks.
        confidence: That the true lag is between the bounds.

    Returns:
        None where it can not be told: there are too few changes, or even the highest correlation may be chance.

    Assumes:
        As `together`. One lag for all weeks.

    Source:
        The weeks, with all their lags, drawn again in blocks of random length (the stationary bootstrap: Politis and Romano 1994,
        Journal of the American Statistical Association 89(428)); the bounds are quantiles of the lag that is then the highest. Whether
        the highest of so many correlations may be chance: Fisher's z, at a level divided by the lags tried (Bonferroni).
    """
    if min(_a_change(one), _a_change(other)) < FEW_A_CHANGE:
        return None
    first, second, count = _standard(changes(one), changes(other))
    lags = np.arange(-MOST_LAG, MOST_LAG + 1)
    inside = np.arange(MOST_LAG, first.size - MOST_LAG)
    independent = _independent(first, second, count) * inside.size / max(count, 1)
    if independent < FEW_CHANGES:
        return None
    beside = np.array([second[inside + lag] for lag in lags])
    heights = _correlations(first[inside], beside, np.ones((1, inside.size)))[0]
    best, level = int(heights.argmax()), (1 - confidence) / lags.size
    if np.arctanh(min(heights[best], 0.9999)) * np.sqrt(independent - 3) < scipy.special.ndtri(1 - level):
        return None
    drawn = _correlations(first[inside], beside, _drawn_again(inside.size)).argmax(axis=1)
    low, high = np.quantile(lags[drawn], [(1 - confidence) / 2, (1 + confidence) / 2], method="nearest")
    found = int(lags[best])
    return Lag(found, min(found, int(low)), max(found, int(high)), float(heights[best]))


def _correlations(one: Floats, beside: Floats, times: Floats) -> Floats:
    """Of one series with each of several, where each week stands as often as said: a row for each row of `times`."""
    total = times.sum(axis=1, keepdims=True)
    first, first_square = times @ one[:, None] / total, times @ (one**2)[:, None] / total
    second, second_square = times @ beside.T / total, times @ (beside**2).T / total
    product = times @ (beside * one).T / total
    spread = (first_square - first**2) * (second_square - second**2)
    return np.asarray((product - first * second) / np.sqrt(np.maximum(spread, 1e-12)))


@functools.lru_cache(maxsize=4)
def _drawn_again(weeks: int) -> Floats:
    """How often each week stands in each of DRAWS series that are drawn again in blocks."""
    rng = np.random.default_rng(SEED)
    jumps = rng.random((DRAWS, weeks)) < 1 / REACH_WEEKS
    jumps[:, 0] = True
    starts = rng.integers(weeks, size=(DRAWS, weeks))
    steps = np.arange(weeks)
    since = np.maximum.accumulate(np.where(jumps, steps, 0), axis=1)
    taken = (np.take_along_axis(starts, since, axis=1) + steps - since) % weeks
    times = np.zeros((DRAWS, weeks))
    np.add.at(times, (np.arange(DRAWS)[:, None], taken), 1.0)
    return times
