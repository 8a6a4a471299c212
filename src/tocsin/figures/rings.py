"""GeoJSON made fit to be drawn: the way round that Vega wants, and no more points than the page can show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tocsin.errors import QuestionError
from tocsin.figures.projection import Points, Projection

_STEP = 0.3  # points nearer to each other than this on the page are one, px


def parts(feature: Mapping[str, Any]) -> Iterator[Sequence[Sequence[Sequence[float]]]]:
    """The polygons of a feature, each a list of rings.

    Raises:
        QuestionError: its geometry is no polygon.
    """
    geometry = feature.get("geometry") or {}
    kind = geometry.get("type")
    if kind == "Polygon":
        yield geometry["coordinates"]
    elif kind == "MultiPolygon":
        yield from geometry["coordinates"]
    else:
        raise QuestionError(
            f"a map is drawn from polygons, and there is a {kind or 'feature without a geometry'}",
            where=str(dict(feature.get("properties") or {})),
        )


def corners(features: Sequence[Mapping[str, Any]]) -> Points:
    """Every point of every ring, as longitude and latitude."""
    found = [
        np.asarray(ring, dtype=np.float64)[:, :2] for feature in features for part in parts(feature) for ring in part
    ]
    return np.concatenate(found)


def drawable(feature: Mapping[str, Any], projection: Projection) -> dict[str, Any]:
    """The polygons of a feature for a page of that projection.

    Outer rings run clockwise and holes the other way, whatever the file does: d3-geo takes an outer ring that runs
    anticlockwise, as RFC 7946 wants it, for the rest of the globe. What is smaller than a dot is left out, unless the
    feature is no more than that.
    """
    drawn = [
        [_turned(_thinned(ring, projection), clockwise=index == 0) for index, ring in enumerate(part)]
        for part in parts(feature)
    ]
    kept = [[part[0], *(hole for hole in part[1:] if len(hole) > 3)] for part in drawn if len(part[0]) > 3]
    rounded = [[_rounded(ring, projection) for ring in part] for part in kept or drawn]
    return {"type": "MultiPolygon", "coordinates": rounded}


def drawable_lines(lines: Sequence[Sequence[Sequence[float]]], projection: Projection) -> dict[str, Any]:
    """Lines for a page of that projection."""
    thinned = (_thinned(line, projection) for line in lines)
    return {"type": "MultiLineString", "coordinates": [_rounded(line, projection) for line in thinned]}


def _thinned(line: Sequence[Sequence[float]], projection: Projection) -> Points:
    points = np.asarray(line, dtype=np.float64)[:, :2]
    page = projection.page(points).tolist()
    kept = [0]
    for index in range(1, len(page) - 1):
        if math.dist(page[index], page[kept[-1]]) >= _STEP:
            kept.append(index)
    return points[[*kept, len(points) - 1]]


def _turned(ring: Points, *, clockwise: bool) -> Points:
    # The sign of the area, with longitudes counted from the first point so that the date line does not matter.
    east, north = (ring[:, 0] - ring[0, 0] + 180) % 360 - 180, ring[:, 1]
    twice_area = float(np.sum(east[:-1] * north[1:] - east[1:] * north[:-1]))
    return ring if (twice_area < 0) == clockwise else ring[::-1]


def _rounded(line: Points, projection: Projection) -> list[list[float]]:
    """To a tenth of a pixel or less."""
    places = max(0, math.ceil(math.log10(math.radians(1) * projection.scale))) + 1
    rounded: list[list[float]] = np.round(line, places).tolist()
    return rounded
