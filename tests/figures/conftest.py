"""Small tables and shapes, made up here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl
import pytest

from tests.figures.shapes import collection, square
from tocsin.figures.caption import Caption


@pytest.fixture
def caption() -> Caption:
    return Caption(
        title="Violent incidents in Nowhere",
        subtitle="Incidents per week, 4 January 2021 – 26 December 2021; eight-week moving average",
        notes=("Violent incidents are battles and explosions. " * 4, "Left out: 8 per cent of incidents."),
        source="Made-up events, data as of 1 August 2022 (file 0123456789ab)",
        synthetic=False,
    )


@pytest.fixture
def weekly() -> Callable[[Mapping[str, Sequence[int | None]]], pl.DataFrame]:
    """A table of weeks from 4 January 2021; the average is over three weeks."""

    def make(counts: Mapping[str, Sequence[int | None]]) -> pl.DataFrame:
        tables = [
            pl.DataFrame(
                {
                    "week_date": [dt.date(2021, 1, 4) + dt.timedelta(weeks=week) for week in range(len(values))],
                    "series": [name] * len(values),
                    "incidents": pl.Series(values, dtype=pl.Int64),
                }
            ).with_columns(average=pl.col("incidents").cast(pl.Float64).rolling_mean(3, min_samples=3))
            for name, values in counts.items()
        ]
        return pl.concat(tables)

    return make


@pytest.fixture
def country() -> dict[str, Any]:
    """Arguments of a map: two units side by side, four cells, three capitals, two windows."""
    return {
        "table": pl.DataFrame(
            {
                "window": ["before", "before", "after"],
                "place": ["a", "b", "a"],
                "incidents": [412, 3, 1],
            }
        ),
        "outlines": collection(
            square(60, 30, 2, unit_code="X1", unit_name="West", country="XXX"),
            square(62, 30, 2, unit_code="X2", unit_name="East", country="XXX"),
        ),
        "places": collection(*(square(60.2 + step, 30.5, 0.4, place=name) for step, name in enumerate("abcd"))),
        "capitals": pl.DataFrame(
            {
                "capital": ["Westville", "Eastville", "Midtown"],
                "longitude": [60.5, 63.0, 62.0],
                "latitude": [31.0, 31.5, 30.4],
                "national": [False, True, False],
            }
        ),
        "unit": "incidents per cell",
    }
