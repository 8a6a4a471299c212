"""What is the chance to lie near any of several places, if one lies only about where one's point is?"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import chndtr

from tocsin.geo.scatter import QUANTILE, spiral

Floats: TypeAlias = NDArray[np.float64]

POINTS = 2048
"""So many points stand for where an event may have been, to tell near how many places it is at once."""
_ROWS = 256
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
    several = np.flatnonzero((distance < reach).sum(axis=1) > 1)
    for start in range(0, several.size, _ROWS):
        rows = several[start : start + _ROWS]
        places = np.flatnonzero((distance[rows] < reach).any(axis=0))
        chances[rows] += _added(east[np.ix_(rows, places)], north[np.ix_(rows, places)], error_km, thresholds_km)
    return np.asarray(np.clip(chances, 0.0, 1.0))


def _within(distance: Floats, error: float, grid: Floats) -> Floats:
    """The chance to lie within each threshold of a place at each distance: the shape of `distance`, and thresholds last."""
    sigma = error * _SIGMA
    # Rice's law is smooth in the distance: worked out on a grid of a hundredth of sigma, and read off between.
    steps = np.arange(0, grid.max() + _FAR * sigma, sigma / 100)
    known = chndtr((grid[None, :] / sigma) ** 2, 2, (steps[:, None] / sigma) ** 2)
    found = np.zeros((*distance.shape, grid.size))
    near = distance < steps[-1]
    for number in range(grid.size):
        found[near, number] = np.interp(distance[near], steps, known[:, number])
    return found


def _added(east: Floats, north: Floats, error: float, grid: Floats) -> Floats:
    """The share of points near another place and not near the nearest: events by thresholds."""
    length, bearing = spiral(POINTS)
    nearest = np.hypot(east, north).argmin(axis=1)
    any_km = np.full((len(east), POINTS), np.inf)
    first_km = np.empty_like(any_km)
    for place in range(east.shape[1]):
        km = np.hypot(
            east[:, place, None] - error * length * np.sin(bearing),
            north[:, place, None] - error * length * np.cos(bearing),
        )
        np.minimum(any_km, km, out=any_km)
        first_km[nearest == place] = km[nearest == place]
    return _shares(any_km, grid) - _shares(first_km, grid)


def _shares(km: Floats, grid: Floats) -> Floats:
    """The share of each row that is within each threshold."""
    bins = np.searchsorted(grid, km) + np.arange(len(km))[:, None] * (grid.size + 1)
    counted = np.bincount(bins.ravel(), minlength=len(km) * (grid.size + 1)).reshape(len(km), -1)
    return np.asarray(counted.cumsum(axis=1)[:, :-1] / km.shape[1])
