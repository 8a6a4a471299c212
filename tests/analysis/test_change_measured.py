"""What docs/methods/change.md says of error rates and power: a small part is measured anew."""

from __future__ import annotations

import polars as pl
import pytest
from scipy.stats import binom
from scripts import measure_change as measure
from scripts import show_change as show

WRITTEN = show.measured()


@pytest.mark.parametrize(
    ("asked", "weeks", "mean", "unrest"),
    [
        ("change", 60, 1.0, (0.5, 0.7)),
        ("change", 60, 250.0, (0.5, 0.4)),
        ("trend", 13, 10.0, (0.5, 0.7)),
        ("watch", 56, 10.0, (0.5, 0.4)),
    ],
)
def test_nothing_is_told_where_nothing_is_planted_but_as_seldom_as_written(
    asked: str, weeks: int, mean: float, unrest: tuple[float, float]
) -> None:
    cell = measure.Cell(asked, mean, unrest, weeks)
    assert cell in set(measure.cells())
    found = measure.measured(cell, series=40).filter(measured="told").row(0, named=True)
    # At the upper limit of what is written, more would be found once in a thousand times.
    assert found["found"] <= binom.ppf(0.999, found["of"], written(cell)["high"])


def test_a_rise_is_found_as_often_as_written() -> None:
    cell = measure.Cell("power of change", 250.0, measure.CALM, 104 + 13, 2.0, 13)
    found = measure.measured(cell, series=40).filter(measured="told").row(0, named=True)
    said = written(cell)
    assert binom.ppf(0.001, found["of"], said["low"]) <= found["found"] <= binom.ppf(0.999, found["of"], said["high"])


def test_a_cell_gives_the_same_counts_in_whatever_order_its_series_are_drawn() -> None:
    cell = measure.Cell("watch", 10.0, (0.5, 0.4), 56)
    assert measure.measured(cell, series=45, each=lambda go, tasks: map(go, reversed(tasks))).equals(
        measure.measured(cell, series=45)
    )


def test_all_cells_are_measured_with_no_fewer_series_than_said() -> None:
    cells = set(measure.cells())
    told = WRITTEN.filter(measured=pl.col("measured").first().over("asked"))
    assert told.height == len(cells)
    assert all(
        share == pytest.approx(found / of, abs=1e-3)
        for share, found, of in told.select("share", "found", "of").iter_rows()
    )


def written(cell: measure.Cell) -> dict[str, float]:
    """What the table says of a cell."""
    rows = WRITTEN.filter(
        measured="told",
        asked=cell.asked,
        mean=cell.mean,
        dispersion=cell.unrest[0],
        memory=cell.unrest[1],
        weeks=cell.weeks,
        factor=cell.factor,
        after=cell.after,
    )
    return rows.row(0, named=True)
