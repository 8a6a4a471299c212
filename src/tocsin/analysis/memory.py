"""How bursty is a weekly count, and how well does it remember the weeks before? Learnt round levels that may change."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.analysis.segments import LEAST_DISPERSION, best_cuts

Floats = NDArray[np.float64]

MEMORIES = np.arange(0.0, 0.91, 0.05)
"""Autocorrelations of the weekly rate, from week to week, that are weighed against each other."""

INFLATIONS = (1 + MEMORIES) / (1 - MEMORIES)
"""By how much each makes the rate of a long stretch vary more than if weeks did not remember each other."""

LEAST_WEEKS = 4
"""The shortest stretch that can be a level of its own."""

TRIAL_CUTS = 1.5
"""A cut is tried where it gains so many times the logarithm of the number of weeks: what is left is a series' own unrest."""

PLACES = 50
"""A first look at a long series tries a cut at about so many places, evenly apart: enough to learn what is left round its levels."""

ROUNDS = 2

TRIALS = 49
"""Series that are drawn to know what learning loses."""


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


def likened(own: Character, level: Floats, *, series: int, rng: np.random.Generator) -> Floats:
    """Counts of the same character round a given level: what chance makes of it. A row a series.

    Args:
        own: Of one series. Memories are drawn by their weights, since one series does not settle its memory.
        level: Incidents expected, by week.
        series: How many.
        rng: Source of chance.
    """
    memory = rng.choice(MEMORIES, size=series, p=own.weights[0])
    rates = paths(weeks=level.size, dispersion=np.repeat(own.dispersion, series), memory=memory, rng=rng)
    drawn: Floats = rng.poisson(level * rates).astype(np.float64)
    return drawn


def regained(own: Character, level: Floats, *, most: int, rng: np.random.Generator) -> Character:
    """What was learnt of one series, with the dispersion and the memory that learning loses put back.

    Series of the same character are drawn and learnt from; by as much as less is found in them, more was in the series.

    Args:
        own: Of one series.
        level: Incidents expected, by week.
        most: As it was learnt.
        rng: Source of chance.

    Source:
        Gourieroux, Monfort and Renault (1993), Indirect inference, Journal of Applied Econometrics 8(S1): its first step.
    """
    kept = Character(np.repeat(own.dispersion, TRIALS), np.repeat(own.weights, TRIALS, axis=0))
    rates = paths(weeks=level.size, dispersion=kept.dispersion, memory=kept.memory, rng=rng)
    found = learnt(rng.poisson(level * rates).astype(np.float64), most=most)
    less = max(0.0, float(own.memory[0] - found.memory.mean()))
    larger = float(np.clip(own.dispersion[0] / max(found.dispersion.mean(), LEAST_DISPERSION), 1.0, 2.0))
    moved = np.interp(MEMORIES - less, MEMORIES, own.weights[0], left=0.0)
    moved[-1] += max(0.0, 1 - moved.sum())
    return Character(own.dispersion * larger, (moved / moved.sum())[None])


def learnt(counts: Floats, *, most: int) -> Character:
    """The character of each series, round the levels that a first look finds in it.

    Args:
        counts: Incidents, a row a series, a column a week.
        most: The largest number of changes of level that is tried.

    Assumes:
        The rate remembers the week before with one autocorrelation (AR(1)), and its dispersion is the same at every level.
    """
    weeks = counts.shape[1]
    long_run = _from_differences(counts)
    trials = np.arange(most + 1)
    for _ in range(ROUNDS):
        cuts = best_cuts(counts, dispersion=long_run, least=LEAST_WEEKS, most=most, step=max(1, weeks // PLACES))
        chosen = (cuts.costs + TRIAL_CUTS * np.log(weeks) * trials[:, None]).argmin(axis=0)
        marks = [cuts.of(series, int(number)) for series, number in enumerate(chosen)]
        found = character(counts, levels(counts, marks), stretches=chosen + 1.0)
        long_run = found.long_run
    return found


def levels(counts: Floats, marks: list[list[int]]) -> Floats:
    """The mean of each stretch, week by week.

    Args:
        counts: Incidents, a row a series, a column a week.
        marks: For each series, the first weeks of all stretches but the first.
    """
    weeks = counts.shape[1]
    found = np.repeat(counts.mean(axis=1, keepdims=True), weeks, axis=1)
    for series, inside in enumerate(marks):
        edges = [0, *inside, weeks]
        for first, stop in itertools.pairwise(edges) if inside else ():
            found[series, first:stop] = counts[series, first:stop].mean()
    return found


def character(counts: Floats, level: Floats, *, stretches: Floats) -> Character:
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
    found = Character(np.zeros(len(counts)), np.eye(1, MEMORIES.size).repeat(len(counts), axis=0))
    lost = stretches
    for _ in range(3):
        dispersion = _dispersion(counts, level, lost=lost)
        part = dispersion[:, None] * level / (1 + dispersion[:, None] * level)
        share = part.mean(axis=1)
        spread = np.sqrt(level + dispersion[:, None] * level**2)
        scaled = np.divide(counts - level, spread, out=np.zeros_like(level), where=level > 0)
        found = Character(dispersion, _weights(scaled, share))
        lost = stretches * (1 - share + share * found.inflation)
    return found


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
    """A long-run dispersion from neighbouring weeks, which a change of level hardly touches."""
    mean = counts.mean(axis=1)
    own = np.maximum(0.0, (np.diff(counts, axis=1) ** 2).mean(axis=1) / 2 - mean)
    return np.asarray(2 * np.divide(own, mean**2, out=np.zeros_like(mean), where=mean > 0))


def _dispersion(counts: Floats, level: Floats, *, lost: Floats) -> Floats:
    weeks = counts.shape[1]
    raised = weeks / np.maximum(weeks - lost, weeks / 2)
    excess = (counts - level) ** 2 * raised[:, None] - level
    found = np.zeros(len(counts))
    for _ in range(3):
        spread = level + found[:, None] * level**2
        trust = np.divide(level**2, spread**2, out=np.zeros_like(level), where=level > 0)
        total = (trust * level**2).sum(axis=1)
        slope = np.divide((trust * excess).sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
        found = np.maximum(0.0, slope)
    return found


def _weights(scaled: Floats, share: Floats) -> Floats:
    weeks = scaled.shape[1]
    waves = np.arange(1, (weeks - 1) // 2 + 1)
    power = np.abs(np.fft.rfft(scaled, axis=1)[:, waves]) ** 2 / weeks
    turn = np.cos(2 * np.pi * waves / weeks)
    likely = np.empty((len(scaled), MEMORIES.size))
    for number, memory in enumerate(MEMORIES):
        remembered = (1 - memory**2) / (1 - 2 * memory * turn + memory**2)
        spectrum = 1 - share[:, None] + share[:, None] * remembered
        likely[:, number] = -(np.log(spectrum) + power / spectrum).sum(axis=1)
    odds = np.exp(likely - likely.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
