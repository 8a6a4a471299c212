"""Hexagonal cells (H3): their outlines, parents and areas. A cell's id is a 64-bit integer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import h3.api.basic_int as h3
import polars as pl

RESOLUTIONS = (3, 4, 5, 6)

Value = TypeVar("Value", int, float)


def cell_outlines(cells: Sequence[int]) -> dict[str, Any]:
    """Cells as GeoJSON for a figure.

    Returns:
        A FeatureCollection with the property cell, the id as text (JavaScript has no 64-bit integers). Rings run
        clockwise, as D3 and Vega want them. A cell across the antimeridian goes on past 180 degrees east, so that it
        stays in one piece on a flat map too.
    """
    features = [
        {
            "type": "Feature",
            "properties": {"cell": str(cell)},
            "geometry": {"type": "Polygon", "coordinates": [_ring(cell)]},
        }
        for cell in cells
    ]
    return {"type": "FeatureCollection", "features": features}


def parents(cells: pl.Series, resolution: int) -> pl.Series:
    """The coarser cell that each cell belongs to.

    Args:
        cells: H3 ids (Int64), null where there is no place.
        resolution: 0-15, not finer than the cells.

    Returns:
        Int64, in order. A hexagon is not wholly inside its parent: near the edge a point's own cell at the coarser
        resolution may be the parent's neighbour.
    """
    return _mapped(cells, lambda cell: int(h3.cell_to_parent(cell, resolution)), pl.Int64)


def area_km2(cells: pl.Series) -> pl.Series:
    """The area of each cell on the sphere, km2 (Float64), null where the cell is."""
    return _mapped(cells, lambda cell: float(h3.cell_area(cell, "km^2")), pl.Float64)


def cells_at(longitude: Sequence[float], latitude: Sequence[float], *, resolution: int) -> list[int]:
    """The cell that holds each point (degrees)."""
    return [h3.latlng_to_cell(north, east, resolution) for east, north in zip(longitude, latitude, strict=True)]


def _ring(cell: int) -> list[list[float]]:
    corners = h3.cell_to_boundary(cell)
    wraps = max(east for _, east in corners) - min(east for _, east in corners) > 180
    ring = [[round(east + 360 if wraps and east < 0 else east, 5), round(north, 5)] for north, east in corners]
    # H3 gives corners anticlockwise.
    return [ring[0], *ring[:0:-1], ring[0]]


def _mapped(cells: pl.Series, question: Callable[[int], Value], dtype: type[pl.DataType]) -> pl.Series:
    """`question` asked once of each distinct cell."""
    distinct = cells.cast(pl.Int64).drop_nulls().unique()
    answers = pl.DataFrame({"cell": distinct, "answer": pl.Series([question(cell) for cell in distinct], dtype=dtype)})
    asked = cells.cast(pl.Int64).alias("cell").to_frame()
    return asked.join(answers, on="cell", how="left", maintain_order="left")["answer"].alias(cells.name)
