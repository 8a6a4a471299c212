"""How bursty is a weekly count, and how well does it remember the weeks before? Learnt round levels that may change."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from tocsin.analysis.segments import LEAST_DISPERSION, best_cuts, levels

Floats = NDArray[np.float64]

SEED = 18530504

LEVEL = 0.05
"""Of series without what is looked for, the share in which it is found."""

REPEATS = 99
"""Series without what is looked for that are drawn to know what chance does."""

MEMORIES = np.arange(0.0, 0.91, 0.1)
"""Autocorrelations of the weekly rate, from week to week, that are weighed against each other."""

LONGEST = 0.95
"""No longer memory than this is drawn: such a rate hardly comes back to its level in half a year."""

INFLATIONS = (1 + MEMORIES) / (1 - MEMORIES)
"""By how much each makes the rate of a long stretch vary more than if weeks did not remember each other."""

LEAST_WEEKS = 4
"""The shortest stretch that can be a level of its own."""

PRICE = 2.0
"""A cut must gain so many times the logarithm of the number of weeks before what it explains is not a series' own unrest."""

PLACES = 50
"""A long series is cut at about so many places, evenly apart, when its unrest is learnt."""

TRIALS = 49
"""Series that are drawn to know what learning gets wrong."""

WRONG = 4.0
"""By no larger factor than this is a dispersion mended."""


def own_chance(counts: Floats) -> np.random.Generator:
    """A source of chance that is the same for the same counts: a series has the same verdict each time, and another its own luck.

    With one seed for all series, what is unlucky in its draws would be so for all of them.
    """
    return np.random.default_rng([SEED, zlib.crc32(counts.astype("<i8").tobytes())])


@dataclass(frozen=True)
class Character:
    """How several series of counts vary round their levels.

    Args:
        dispersion: Variance of the weekly rate round its level, which is one; by series. Counts vary by mean + dispersion * mean^2.
        weights: How well each of MEMORIES explains the series, a row a series; they sum to one.
    """

    dispersion: Floats
    weights: Floats

    @property
    def inflation(self) -> Floats:
        """By how much more the rate of a long stretch varies than if weeks did not remember each other."""
        return np.asarray(self.weights @ INFLATIONS)

    @property
    def memory(self) -> Floats:
        """The one autocorrelation that has this inflation."""
        return np.asarray((self.inflation - 1) / (self.inflation + 1))

    @property
    def long_run(self) -> Floats:
        """The dispersion that a long stretch shows: a sum over n weeks varies as n * (mean + long_run * mean^2)."""
        return self.dispersion * self.inflation


@dataclass(frozen=True)
class Unrest:
    """What the dispersion and the memory of several series may be: for each some pairs, as likely as each other.

    Args:
        dispersion: Of each pair, a row a series.
        memory: Of each pair, from 0 to below 1.
    """

    dispersion: Floats
    memory: Floats

    @property
    def long_run(self) -> Floats:
        """The median of the dispersion that a long stretch shows, by series."""
        return np.asarray(np.median(self.dispersion * (1 + self.memory) / (1 - self.memory), axis=1))

    def drawn(self, level: Floats, *, each: int, rng: np.random.Generator) -> Floats:
        """What chance makes of a level: counts, `each` rows for every series, one series after the other.

        Args:
            level: Incidents expected, a row a series, a column a week.
            each: How many of each series; each has one of its pairs.
            rng: Source of chance.
        """
        pair = rng.integers(self.memory.shape[1], size=(len(level), each))
        dispersion, memory = (np.take_along_axis(of, pair, axis=1).ravel() for of in (self.dispersion, self.memory))
        rates = paths(weeks=level.shape[1], dispersion=dispersion, memory=memory, rng=rng)
        return np.asarray(rng.poisson(np.repeat(level, each, axis=0) * rates), dtype=np.float64)

    def of(self, chosen: NDArray[np.bool_]) -> Unrest:
        """That of some of the series."""
        return Unrest(self.dispersion[chosen], self.memory[chosen])


def unrest(own: Character, level: Floats, *, most: int, rng: np.random.Generator) -> Unrest:
    """What was learnt of several series, with the error and the doubt that learning has.

    Series of the same character are drawn and learnt from. By as much as one of them is found to differ from what it was drawn with,
    the series is taken to differ from what was found of it: dispersions by a factor, memories on the scale of Fisher's z.

    Args:
        own: Of the series.
        level: Incidents expected, a row a series, a column a week.
        most: The largest number of changes of level that is tried.
        rng: Source of chance.

    Source:
        The basic bootstrap: Davison and Hinkley (1997), Bootstrap Methods and their Application, section 5.2.
    """
    dispersion, memory = own.dispersion[:, None], own.memory[:, None]
    again = learnt(Unrest(dispersion, memory).drawn(level, each=TRIALS, rng=rng), most=most)
    factor = dispersion / np.maximum(again.dispersion.reshape(-1, TRIALS), LEAST_DISPERSION)
    moved = np.tanh(2 * np.arctanh(memory) - np.arctanh(again.memory.reshape(-1, TRIALS)))
    return Unrest(dispersion * np.clip(factor, 1 / WRONG, WRONG), np.clip(moved, 0.0, LONGEST))


def learnt(counts: Floats, *, most: int) -> Character:
    """The character of each series, round the levels that explain it best together with it.

    For every number of cuts, dispersion and memory are learnt round the levels of the best cuts; the number taken is that which makes the
    counts likeliest, at a PRICE for each cut. So long waves are taken for memory, and a step for a step, by what explains them better.

    Args:
        counts: Incidents, a row a series, a column a week.
        most: The largest number of changes of level that is tried.

    Assumes:
        The rate remembers the week before with one autocorrelation (AR(1)), and its dispersion is the same at every level.
    """
    weeks = counts.shape[1]
    apart = max(1, weeks // PLACES)
    cuts = best_cuts(counts, dispersion=_from_differences(counts), least=LEAST_WEEKS, most=most, step=apart)
    best = np.full(len(counts), -np.inf)
    dispersion, weights = np.zeros(len(counts)), np.zeros((len(counts), MEMORIES.size))
    for number in range(most + 1):
        level = levels(counts, cuts.marks(number))
        found, gain = _character(counts, level, stretches=number + 1)
        likely = _likelihood(counts, level, found.dispersion) + gain - PRICE * np.log(weeks) * number
        better = (likely > best) & np.isfinite(cuts.costs[number])
        best[better], dispersion[better], weights[better] = (
            likely[better],
            found.dispersion[better],
            found.weights[better],
        )
    return Character(dispersion, weights)


def character(counts: Floats, level: Floats, *, stretches: int) -> Character:
    """Dispersion and memory of counts round their levels.

    Args:
        counts: Incidents, a row a series, a column a week.
        level: The level of each.
        stretches: How many levels each series has.

    Returns:
        The dispersion is that of a weighted regression of squared deviations on squared levels. The weights of memories are Whittle
        likelihoods of deviations divided by their standard deviation, whose spectrum is that of chance and of an AR(1) rate, in the
        shares that the dispersion gives them. Deviations from a stretch's own mean are too small: both are raised by what is lost.

    Source:
        Whittle (1953), Estimation and information in stationary time series, Arkiv för Matematik 2(5).
    """
    return _character(counts, level, stretches=stretches)[0]


def paths(*, weeks: int, dispersion: Floats, memory: Floats, rng: np.random.Generator) -> Floats:
    """Paths of a weekly rate round one: gamma, with autocorrelation memory^k at lag k; a row a series.

    Args:
        weeks: Length of the paths.
        dispersion: Variance of each path.
        memory: Autocorrelation of each, from 0 to below 1.
        rng: Source of chance.

    Source:
        The beta-gamma autoregression of Lewis, McKenzie and Hugus (1989), Gamma processes, Stochastic Models 5(1).
    """
    shape = (1 / np.maximum(dispersion, LEAST_DISPERSION))[:, None]
    kept_shape = shape * np.maximum(memory, LEAST_DISPERSION)[:, None]
    kept = rng.beta(kept_shape, shape - kept_shape, size=(len(shape), weeks))
    fresh = rng.gamma(shape - kept_shape, size=(len(shape), weeks))
    path = np.empty((len(shape), weeks))
    path[:, 0] = rng.gamma(shape[:, 0])
    for week in range(1, weeks):
        path[:, week] = kept[:, week] * path[:, week - 1] + fresh[:, week]
    return np.asarray(path / shape)


def _from_differences(counts: Floats) -> Floats:
    """A dispersion from neighbouring weeks, which a change of level hardly touches."""
    mean = counts.mean(axis=1)
    own = np.maximum(0.0, (np.diff(counts, axis=1) ** 2).mean(axis=1) / 2 - mean)
    return np.asarray(np.divide(own, mean**2, out=np.zeros_like(mean), where=mean > 0))


def _character(counts: Floats, level: Floats, *, stretches: int) -> tuple[Character, Floats]:
    """The character, and how much likelier the counts are with their memory than without."""
    lost = np.full(len(counts), float(stretches))
    for _ in range(2):
        dispersion = _dispersion(counts, level, lost=lost)
        part = dispersion[:, None] * level / (1 + dispersion[:, None] * level)
        share = part.mean(axis=1)
        spread = np.sqrt(level + dispersion[:, None] * level**2)
        scaled = np.divide(counts - level, spread, out=np.zeros_like(level), where=level > 0)
        likely = _by_memory(scaled, share)
        most = likely.max(axis=1, keepdims=True)
        odds = np.exp(likely - most)
        found = Character(dispersion, odds / odds.sum(axis=1, keepdims=True))
        lost = stretches * (1 - share + share * found.inflation)
    return found, np.asarray(np.log(odds.mean(axis=1)) + most[:, 0] - likely[:, 0])


def _dispersion(counts: Floats, level: Floats, *, lost: Floats) -> Floats:
    weeks = counts.shape[1]
    raised = weeks / np.maximum(weeks - lost, weeks / 2)
    excess = (counts - level) ** 2 * raised[:, None] - level
    found = np.zeros(len(counts))
    for _ in range(2):
        # The weight of a week is its squared level over its squared variance, both divided by the level.
        trust = 1 / (1 + found[:, None] * level) ** 2
        total = (trust * level**2).sum(axis=1)
        slope = np.divide((trust * excess).sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
        found = np.maximum(0.0, slope)
    return found


def _by_memory(scaled: Floats, share: Floats) -> Floats:
    """How likely deviations are with each of MEMORIES, on the log scale; a row a series."""
    weeks = scaled.shape[1]
    waves = np.arange(1, (weeks - 1) // 2 + 1)
    power = np.abs(np.fft.rfft(scaled, axis=1)[:, waves]) ** 2 / weeks
    memory = MEMORIES[:, None]
    remembered = (1 - memory**2) / (1 - 2 * memory * np.cos(2 * np.pi * waves / weeks) + memory**2)
    spectrum = 1 + share[:, None, None] * (remembered - 1)
    return np.asarray(-(np.log(spectrum) + power[:, None] / spectrum).sum(axis=2))


def _likelihood(counts: Floats, level: Floats, dispersion: Floats) -> Floats:
    """The logarithm of how likely negative binomial counts are, but for what is the same at every level and dispersion."""
    size = 1 / np.maximum(dispersion, 1e-6)[:, None]
    mean = np.maximum(level, 1e-12)
    each = (
        scipy.special.gammaln(counts + size)
        - scipy.special.gammaln(size)
        + counts * np.log(mean / size)
        - (counts + size) * np.log1p(mean / size)
    )
    return np.asarray(each.sum(axis=1))
