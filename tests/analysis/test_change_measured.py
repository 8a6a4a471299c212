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
        ("trend", 13, 250.0, (0.5, 0.7)),
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
    cell = measure.Cell("power of change", 10.0, measure.CALM, 104 + 13, 3.0, 13)
    found = measure.measured(cell, series=40).filter(measured="told").row(0, named=True)
    said = written(cell)
    assert binom.ppf(0.001, found["of"], said["low"]) <= found["found"] <= binom.ppf(0.999, found["of"], said["high"])


def test_a_cell_gives_the_same_counts_in_whatever_order_its_series_are_drawn() -> None:
    cell = measure.Cell("watch", 10.0, (0.5, 0.4), 56)
    assert measure.measured(cell, series=45, each=lambda go, tasks: map(go, reversed(tasks))).equals(
        measure.measured(cell, series=45)
    )


def test_what_is_written_is_of_cells_that_are_measured_and_adds_up() -> None:
    cells = {cell.row for cell in measure.cells()}
    assert set(WRITTEN.select(measure.KEYS).iter_rows()) <= cells
    assert WRITTEN.filter((pl.col("found") / pl.col("of") - pl.col("share")).abs() > 1e-4).is_empty()
    assert WRITTEN.filter(~pl.col("share").is_between("low", "high")).is_empty()


def test_false_alarms_are_within_chance_of_what_is_stated() -> None:
    """Stated: 5 per cent of series. A cell may be above by as much as happens to one such cell in a hundred."""
    alarms = WRITTEN.filter(pl.col("asked").is_in(["change", "trend"]), measured="told")
    assert alarms.height >= 12
    for of, found in alarms.select("of", "found").iter_rows():
        assert found <= binom.ppf(0.99, of, 0.05)


def written(cell: measure.Cell) -> dict[str, float]:
    """What the table says of a cell."""
    rows = WRITTEN.filter(
        *(pl.col(key) == value for key, value in zip(measure.KEYS, cell.row, strict=True)), measured="told"
    )
    return rows.row(0, named=True)
