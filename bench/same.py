"""Do the sides give the same numbers? Ratios of speed between different answers would mean nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from bench import asked

EXACT = 1e-9
SPHERE = 0.01
"""A script that measures on a sphere puts up to one incident in a hundred into the other class of distance."""


@dataclass(frozen=True)
class Numbers:
    """What a side found: a table a figure, and for each how many incidents it left out for want of precision, and of how many."""

    tables: dict[str, pl.DataFrame]
    left_out: dict[str, tuple[int, int]]


def keep(numbers: Numbers, folder: Path, *, side: str) -> None:
    """Write what a side found, to be compared later."""
    place = folder / side
    place.mkdir(exist_ok=True)
    for name, table in numbers.tables.items():
        table.write_parquet(place / f"{name}.parquet")
    (place / "left-out.json").write_text(json.dumps(numbers.left_out), encoding="utf-8")


def compare(folder: Path, *, side: str) -> None:
    """Hold the numbers of a side to Tocsin's.

    Raises:
        AssertionError: they differ; with the figure and the rows.
    """
    for name in asked.FIGURES:
        sphere = name == "figure-7" and side != "sql"
        ours = pl.read_parquet(folder / "tocsin" / f"{name}.parquet")
        theirs = pl.read_parquet(folder / side / f"{name}.parquet")
        _hold(ours, theirs, name=name, side=side, within=SPHERE if sphere else EXACT)
    ours_left, theirs_left = (
        json.loads((folder / each / "left-out.json").read_text(encoding="utf-8")) for each in ("tocsin", side)
    )
    assert ours_left == theirs_left, f"left out: Tocsin {ours_left}, {side} {theirs_left}"


def _hold(ours: pl.DataFrame, theirs: pl.DataFrame, *, name: str, side: str, within: float) -> None:
    keys = ["week_date", "series"] if name in asked.SERIES else ["window", "place"]
    values = ["incidents", "average" if name in asked.SERIES else "share"]
    counted = [_counted(table, keys, values) for table in (ours, theirs)]
    if name in asked.SERIES:
        # Few events leave the first or last weeks of some country uncovered: Tocsin says null there, the others a count.
        weeks = counted[0].drop_nulls(values).select(keys)
        counted = [table.join(weeks, on=keys, how="semi") for table in counted]
    both = counted[0].join(counted[1], on=keys, how="full", suffix="_theirs", coalesce=True)
    scale = max(1.0, float(counted[0]["incidents"].max() or 0))  # type: ignore[arg-type]
    for value in values:
        size = scale if value in {"incidents", "average"} else 1.0
        here, there = pl.col(value), pl.col(f"{value}_theirs")
        apart = both.filter((here.is_null() != there.is_null()) | ((here - there).abs() > within * size))
        assert apart.is_empty(), (
            f"{name}: {value} of Tocsin and of {side} differ in {apart.height} rows:\n{apart.head()}"
        )


def _counted(table: pl.DataFrame, keys: list[str], values: list[str]) -> pl.DataFrame:
    """Places without an incident are left away: only one side knows of them."""
    here = table.filter(pl.col("incidents") > 0) if "place" in keys else table
    return here.select(
        *(pl.col(key).cast(pl.Date if key == "week_date" else pl.String) for key in keys),
        *(pl.col(value).cast(pl.Float64) for value in values),
    )


if __name__ == "__main__":
    for each in sys.argv[2:]:
        compare(asked.folder_of(int(sys.argv[1])), side=each)
