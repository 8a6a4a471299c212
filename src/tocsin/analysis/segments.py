"""Where does the level of a weekly count change? The best cut of a series into stretches, for every number of cuts, found exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_DISPERSION = 1e-9
"""Below it a negative binomial count can not be told from a Poisson one."""


@dataclass(frozen=True)
class Cuts:
    """The best cuts of several series, for every number of cuts.

    Args:
        costs: By number of cuts (from 0) and series; infinite where the series is too short for so many stretches.
        back: By number of cuts (from 1), series and place of the end of the stretch: the place where the last stretch begins.
        places: The weeks before which a cut may lie, with 0 and the length of the series.
    """

    costs: Floats
    back: Ints
    places: Ints

    def of(self, series: int, cuts: int) -> list[int]:
        """The first weeks of all stretches but the first, in order, of a series cut so often."""
        return [int(week) for week in self.marks(cuts)[series]]

    def marks(self, cuts: int) -> Ints:
        """The same of all series, a row each; without meaning where the cost is infinite."""
        rows = np.arange(self.back.shape[1])
        end, found = np.full(rows.size, self.places.size - 1), np.empty((rows.size, cuts), dtype=np.int64)
        for number in range(cuts - 1, -1, -1):
            end = self.back[number, rows, end]
            found[:, number] = self.places[end]
        return found


def levels(counts: Floats, marks: Ints) -> Floats:
    """The mean of each stretch, week by week.

    Args:
        counts: Incidents, a row a series, a column a week.
        marks: The first weeks of all stretches but the first, a row a series.
    """
    series, weeks = counts.shape
    stretch = (np.arange(weeks) >= marks[:, :, None]).sum(axis=1) + np.arange(series)[:, None] * (marks.shape[1] + 1)
    within = stretch.ravel()
    means = np.bincount(within, weights=counts.ravel()) / np.maximum(np.bincount(within), 1)
    return np.asarray(means[stretch])


def cost(incidents: Floats, weeks: Floats, dispersion: Floats) -> Floats:
    """What a stretch costs: its negative log-likelihood at its own mean, less what does not depend on the cuts.

    Args:
        incidents: In the stretch.
        weeks: In the stretch.
        dispersion: Of the counts: their variance is mean + dispersion * mean^2.
    """
    size = np.maximum(dispersion, LEAST_DISPERSION)
    mean = incidents / weeks
    # log(max(.)): nought times the logarithm of anything is nought, and this is twice as fast as xlogy.
    return np.asarray((incidents + weeks / size) * np.log1p(size * mean) - incidents * np.log(np.maximum(mean, 1e-12)))


def best_cuts(counts: Floats, *, dispersion: Floats, least: int, most: int, step: int = 1) -> Cuts:
    """The cuts that make a series of counts likeliest, exactly, by dynamic programming.

    Args:
        counts: Incidents, a row a series, a column a week.
        dispersion: One a series; the same in all its stretches.
        least: Weeks of the shortest stretch.
        most: The largest number of cuts looked at.
        step: Only every so many weeks may a cut lie.

    Source:
        Auger and Lawrence (1989), Algorithms for the optimal identification of segment neighborhoods, Bulletin of Mathematical
        Biology 51(1), with a negative binomial likelihood.
    """
    series, length = counts.shape
    places = np.append(np.arange(0, length, step), length)
    sums = np.concatenate([np.zeros((series, 1)), counts.cumsum(axis=1)], axis=1)[:, places]
    best = np.full((most + 1, series, places.size), np.inf)
    back = np.zeros((most, series, places.size), dtype=np.int64)
    for end in range(1, places.size):
        starts = int(np.searchsorted(places, places[end] - least, side="right"))
        if not starts:
            continue
        weeks = (places[end] - places[:starts]).astype(np.float64)
        last = cost(sums[:, end, None] - sums[:, :starts], weeks, dispersion[:, None])
        best[0, :, end] = last[:, 0]
        if most:
            whole = best[:most, :, :starts] + last
            back[:, :, end] = whole.argmin(axis=2)
            best[1:, :, end] = whole.min(axis=2)
    return Cuts(best[:, :, -1], back, places)
