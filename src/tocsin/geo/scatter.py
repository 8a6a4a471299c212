"""Where may an event really have been, if its point is only where it was put?"""

from __future__ import annotations

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from tocsin.geo.containment import GEOD, shapes

QUANTILE = 0.8
"""An error is told as the distance within which so many of the events lie."""
POINTS = 64
_GOLDEN = np.pi * (3 - np.sqrt(5))


def radius(share: NDArray[np.float64], error_km: float) -> NDArray[np.float64]:
    """How far from its point that share of the events lies at most, km.

    Args:
        share: Between 0 and 1.
        error_km: QUANTILE of them lie within this distance.

    Assumes:
        The error is the same in all directions and normal in each, so that its length follows Rayleigh's law.
    """
    return np.asarray(error_km * np.sqrt(np.log1p(-share) / np.log1p(-QUANTILE)))


def spiral(points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """So many points about one place, each as likely as the others, along a spiral.

    Returns:
        Distance (of an error of 1: see radius) and bearing (radians, not below nought).
    """
    steps = np.arange(points)
    return radius((steps + 0.5) / points, 1.0), np.asarray(steps * _GOLDEN)


def scattered(places: pl.DataFrame) -> pl.DataFrame:
    """POINTS points round each place, each as likely as the others to be where an event of that place was.

    Args:
        places: longitude, latitude (degrees, WGS 84), error_km (see radius; 0 keeps the point where it is).

    Returns:
        place (the row's number, from 0), longitude, latitude: POINTS rows a place, along a spiral, so that the same places give the
        same points.
    """
    unit, turned = spiral(POINTS)
    bearing = np.degrees(turned) % 360 - 180
    each = np.repeat(np.arange(places.height), POINTS)
    east, north, error = (places[name].to_numpy()[each] for name in ("longitude", "latitude", "error_km"))
    far = np.tile(unit, places.height) * error * 1000
    longitude, latitude, _ = GEOD.fwd(east, north, np.tile(bearing, places.height), far)
    return pl.DataFrame({"place": each, "longitude": longitude, "latitude": latitude})


def scattered_in_units(unit_codes: list[str], *, units: pl.DataFrame) -> pl.DataFrame:
    """POINTS points evenly over each unit, for events of which no more than the unit is known.

    Args:
        units: unit_code, geometry (WKB).

    Returns:
        unit_code, longitude, latitude: POINTS rows a unit.
    """
    wanted = units.filter(pl.col("unit_code").is_in(unit_codes))
    parts = []
    for code, shape in zip(wanted["unit_code"], shapes(wanted), strict=True):
        east, north = _evenly(shape)
        parts.append(pl.DataFrame({"unit_code": [code] * POINTS, "longitude": east, "latitude": north}))
    empty = pl.DataFrame(schema={"unit_code": pl.String, "longitude": pl.Float64, "latitude": pl.Float64})
    return pl.concat([empty, *parts])


def _evenly(shape: shapely.Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """POINTS points of equal area inside a shape, from a fine low-discrepancy cover of its box (R2 sequence)."""
    west, south, east, north = shapely.bounds(shape)
    low, high = np.sin(np.radians([south, north]))  # equal steps of the sine of latitude are equal areas
    filled = max(shape.area / ((east - west) * (north - south)), 1e-3)
    tries = int(POINTS / filled * 2) + 64
    steps = np.arange(1, tries + 1)
    x = west + (east - west) * ((0.5 + steps * 0.7548776662466927) % 1)
    y = np.degrees(np.arcsin(low + (high - low) * ((0.5 + steps * 0.5698402909980532) % 1)))
    inside = np.flatnonzero(shapely.contains_xy(shape, x, y))
    if inside.size == 0:
        point = shape.representative_point()
        return np.full(POINTS, point.x), np.full(POINTS, point.y)
    chosen = np.resize(inside, POINTS)
    return x[chosen], y[chosen]
