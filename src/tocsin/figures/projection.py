"""Where does a place lie on the page?

Source:
    Snyder (1987), "Map Projections: A Working Manual", chapter 24: Lambert azimuthal equal-area, on the sphere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import altair as alt
import numpy as np
import numpy.typing as npt

EARTH_KM = 6371.0088

Points = npt.NDArray[np.float64]
"""Rows of two numbers."""


@dataclass(frozen=True)
class Projection:
    """Lambert's equal-area projection around a point: a cell is as large on the page as it is on the ground."""

    longitude: float
    latitude: float
    scale: float
    """px for the radius of the earth."""
    x: float
    y: float
    """Where the centre lies, px."""

    def page(self, degrees: Points) -> Points:
        """x and y of places given as longitude and latitude."""
        plane = _plane(degrees, self.longitude, self.latitude)
        return np.column_stack([self.x + self.scale * plane[:, 0], self.y - self.scale * plane[:, 1]])

    def vega(self) -> alt.Projection:
        return alt.Projection(
            type="azimuthalEqualArea",
            rotate=[-self.longitude, -self.latitude, 0],
            scale=self.scale,
            translate=[self.x, self.y],
        )

    def px(self, km: float) -> float:
        """The length on the page of a distance on the ground."""
        return km / EARTH_KM * self.scale


def fitted(degrees: Points, *, width: float, most: float, air: float) -> tuple[Projection, float]:
    """The projection that shows all the places as large as can be.

    Args:
        degrees: Longitude and latitude of the places.
        width: Of the panel, px.
        most: The greatest height of the panel, px.
        air: Kept free along each edge, px.

    Returns:
        The projection, and the height that the panel then needs, px.
    """
    longitude, latitude = _middle(degrees)
    plane = _plane(degrees, longitude, latitude)
    low, high = plane.min(axis=0), plane.max(axis=0)
    across, up = (max(float(size), 1e-9) for size in high - low)
    scale = round(min((width - 2 * air) / across, (most - 2 * air) / up), 2)
    height = math.ceil(scale * up + 2 * air)
    middle_x, middle_y = (low + high) / 2
    x, y = width / 2 - scale * float(middle_x), height / 2 + scale * float(middle_y)
    return Projection(longitude, latitude, scale, round(x, 2), round(y, 2)), height


def _middle(degrees: Points) -> tuple[float, float]:
    """The direction of the mean of the places, seen from the middle of the earth: no trouble at the date line."""
    east, north = np.radians(degrees).T
    x, y, z = (np.cos(north) * np.cos(east)).mean(), (np.cos(north) * np.sin(east)).mean(), np.sin(north).mean()
    return (
        round(math.degrees(math.atan2(float(y), float(x))), 3),
        round(math.degrees(math.atan2(float(z), math.hypot(float(x), float(y)))), 3),
    )


def _plane(degrees: Points, longitude: float, latitude: float) -> Points:
    """The places on the plane that touches a globe of radius 1 at (longitude, latitude)."""
    east, north = np.radians(degrees[:, 0] - longitude), np.radians(degrees[:, 1])
    middle = math.radians(latitude)
    facing = math.sin(middle) * np.sin(north) + math.cos(middle) * np.cos(north) * np.cos(east)
    stretch = np.sqrt(2 / np.maximum(1 + facing, 1e-9))
    x = stretch * np.cos(north) * np.sin(east)
    y = stretch * (math.cos(middle) * np.sin(north) - math.sin(middle) * np.cos(north) * np.cos(east))
    return np.column_stack([x, y])
