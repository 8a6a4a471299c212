"""GeoJSON made by hand."""

from __future__ import annotations

from typing import Any


def square(west: float, south: float, side: float, **properties: Any) -> dict[str, Any]:
    """A square, its ring anticlockwise as RFC 7946 wants it."""
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
