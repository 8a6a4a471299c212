"""What is the chance to lie near any of several places, if one lies only about where one's point is?"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from tocsin.geo.scatter import QUANTILE, spiral

Floats: TypeAlias = NDArray[np.float64]

POINTS = 2048
"""So many points stand for where an event may have been, to tell near how many places it is at once."""
_ROWS = 512
"""Rows worked on at once."""
_SIGMA = 1 / np.sqrt(-2 * np.log1p(-QUANTILE))
"""Standard deviation in each direction of an error within 1 km in QUANTILE of the cases."""
_FAR = 7.0
"""So many standard deviations from a place nothing is near it any more."""


def near_any(east: Floats, north: Floats, *, error_km: float, thresholds_km: Floats) -> Floats:
    """The chance of each event to lie within each threshold of at least one place.

    Args:
        east, north: Where each place lies from the event's point, km: events by places.
        error_km: QUANTILE of the events lie within this distance of their point.
        thresholds_km: At most this far is near; rising.

    Returns:
        Events by thresholds.

    Assumes:
        The error is the same in all directions and normal in each, on a plane.

    Source:
        Near the nearest place: Rice's law, a non-central chi-squared with two degrees of freedom. What other places add to it (near one
        of them, and not near the nearest) is counted over POINTS points that are each as likely as the others.
    """
    distance = np.hypot(east, north)
    if error_km == 0:
        return np.asarray((distance.min(axis=1)[:, None] <= thresholds_km).astype(np.float64))
    chances = _within(distance.min(axis=1), error_km, thresholds_km)
    reach = thresholds_km.max() + _FAR * error_km * _SIGMA
    # Each row with the places that are within its reach alone, so rows of equally many are worked on together.
    within = (distance < reach).sum(axis=1)
    for places in np.unique(within[within > 1]):
        rows = np.flatnonzero(within == places)
        order = np.argsort(distance[rows], axis=1)[:, :places]
        across, ahead = (np.take_along_axis(side[rows], order, axis=1) for side in (east, north))
        chances[rows] += _added(across, ahead, error_km, thresholds_km)
    return np.asarray(np.clip(chances, 0.0, 1.0))


def _within(distance: Floats, error: float, grid: Floats) -> Floats:
    """The chance to lie within each threshold of a place at each distance: the shape of `distance`, and thresholds last."""
    step = error * _SIGMA / 100
    known = _by_distance(error, tuple(grid.tolist()))
    found = np.zeros((*distance.shape, grid.size))
    near = distance < step * (len(known) - 1)
    before = (distance[near] / step).astype(np.int64)
    beyond = (distance[near] / step - before)[:, None]
    found[near] = known[before] * (1 - beyond) + known[before + 1] * beyond
    return found


@lru_cache(maxsize=16)
def _by_distance(error: float, grid: tuple[float, ...]) -> Floats:
    """The same at distances a hundredth of sigma apart, from none on: Rice's law is smooth, and read off between."""
    sigma = error * _SIGMA
    thresholds, steps = np.array(grid), np.arange(0, max(grid) + _FAR * sigma, sigma / 100)
    return np.asarray(scipy.special.chndtr((thresholds / sigma) ** 2, 2, (steps[:, None] / sigma) ** 2))


def _added(east: Floats, north: Floats, error: float, grid: Floats) -> Floats:
    """The share of points near another place and not near the nearest, which comes first: events by thresholds."""
    length, bearing = spiral(POINTS)
    across, ahead = error * length * np.sin(bearing), error * length * np.cos(bearing)
    added = np.zeros((len(east), grid.size))
    for start in range(0, len(east), _ROWS):
        rows = slice(start, start + _ROWS)
        first = (east[rows, 0, None] - across) ** 2 + (north[rows, 0, None] - ahead) ** 2
        least = first.copy()
        for place in range(1, east.shape[1]):
            np.minimum(
                least, (east[rows, place, None] - across) ** 2 + (north[rows, place, None] - ahead) ** 2, out=least
            )
        # Other points are as near to the nearest as to any.
        nearer = np.nonzero(least < first)
        added[rows] = _counted(nearer[0], least[nearer], len(first), grid)
        added[rows] -= _counted(nearer[0], first[nearer], len(first), grid)
    return added / POINTS


def _counted(row: NDArray[np.int64], squares: Floats, rows: int, grid: Floats) -> Floats:
    """How many points of each row are within each threshold: rows by thresholds."""
    bins = np.searchsorted(grid**2, squares) + row * (grid.size + 1)
    counted = np.bincount(bins, minlength=rows * (grid.size + 1)).reshape(rows, -1)
    return np.asarray(counted.cumsum(axis=1)[:, :-1], dtype=np.float64)
