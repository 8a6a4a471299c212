"""Cells are drawn the right way round, in one piece, and know their parents and areas."""

from __future__ import annotations

import itertools

import h3.api.basic_int as h3
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.geo.cells import area_km2, cell_outlines, cells_at, parents

KABUL = h3.latlng_to_cell(34.53, 69.17, 4)


def _turn(ring: list[list[float]]) -> float:
    """Twice the signed area on the flat map: negative runs clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))


@given(st.floats(-180, 180), st.floats(-80, 80), st.integers(3, 6))
def test_rings_are_closed_clockwise_and_in_one_piece(east: float, north: float, resolution: int) -> None:
    cell = h3.latlng_to_cell(north, east, resolution)
    feature = cell_outlines([cell])["features"][0]
    (ring,) = feature["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    assert len(ring) == len(h3.cell_to_boundary(cell)) + 1
    assert _turn(ring) < 0
    assert max(corner[0] for corner in ring) - min(corner[0] for corner in ring) < 30
    assert feature["properties"] == {"cell": str(cell)}


def test_a_cell_across_the_antimeridian_goes_on_past_180() -> None:
    (ring,) = cell_outlines(cells_at([180.0], [0.0], resolution=3))["features"][0]["geometry"]["coordinates"]
    assert min(corner[0] for corner in ring) < 180 < max(corner[0] for corner in ring)


def test_parents_keep_order_and_nulls() -> None:
    found = parents(pl.Series("cell", [KABUL, None, KABUL], dtype=pl.Int64), 3)
    assert found.to_list() == [h3.cell_to_parent(KABUL, 3), None, h3.cell_to_parent(KABUL, 3)]
    assert found.name == "cell"
    assert found.dtype == pl.Int64


def test_areas_are_about_the_mean_of_their_resolution() -> None:
    areas = area_km2(pl.Series([KABUL, None], dtype=pl.Int64))
    assert areas[0] == pytest.approx(1770, rel=0.3)  # mean of resolution 4
    assert areas[1] is None
    children = pl.Series([int(child) for child in h3.cell_to_children(KABUL, 5)], dtype=pl.Int64)
    assert area_km2(children).sum() == pytest.approx(areas[0], rel=0.05)
