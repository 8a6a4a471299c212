"""Where: counts by place, Gini and top shares, against other formulas and a planted truth."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.star import on_duckdb, on_polars
from tocsin.analysis.concentration import gini, places, spread
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

FIRST = Span(dt.date(2021, 1, 4), dt.date(2021, 3, 28))
SECOND = Span(dt.date(2021, 3, 29), dt.date(2021, 6, 20))
WINDOWS = {"one": FIRST, "two": SECOND}
COVERED = [Span(FIRST.first, SECOND.last)]


def at(day: int, unit: str | None, **more: Any) -> dict[str, Any]:
    return {"date": FIRST.first + dt.timedelta(days=day), "unit": unit, **more}


def test_worked_example() -> None:
    rows = [at(0, "A"), at(1, "A"), at(2, "A"), at(3, "B"), at(4, None), at(90, "B"), at(91, "B", precision=3)]
    table = places(
        on_duckdb(rows, COVERED),
        selection=Selection(precise=(1, 2)),
        windows=WINDOWS,
        level="unit_code",
        all_places=["A", "B", "C"],
    )
    assert table.rows() == [
        ("one", "A", 3, 0.75, 1),
        ("one", "B", 1, 0.25, 2),
        ("one", "C", 0, 0.0, 3),
        ("two", "B", 1, 1.0, 1),
        ("two", "A", 0, 0.0, 2),
        ("two", "C", 0, 0.0, 2),
    ]


def test_nothing_placed_says_so() -> None:
    with pytest.raises(QuestionError, match="known place"):
        places(on_polars([at(0, None)], COVERED), selection=Selection(), windows=WINDOWS, level="unit_code")


@given(counts=st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_gini_is_half_the_relative_mean_difference(counts: list[int]) -> None:
    values = np.array(counts, dtype=float)
    found = gini(values)
    if not values.sum():
        assert np.isnan(found)
        return
    differences = np.mean([abs(a - b) for a, b in itertools.product(values, values)])
    assert found == pytest.approx(differences / (2 * values.mean()))


def test_gini_at_its_ends() -> None:
    assert gini(np.array([5.0, 5.0, 5.0])) == pytest.approx(0)
    assert gini(np.array([0.0, 0.0, 0.0, 9.0])) == pytest.approx(0.75)


def test_the_interval_holds_the_planted_share() -> None:
    """A third of incidents in one unit of five: the interval of the top share holds it in most draws."""
    truth = np.array([1 / 3, 1 / 6, 1 / 6, 1 / 6, 1 / 6])
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(40):
        days = rng.integers(0, FIRST.days, 400)
        units = rng.choice(list("ABCDE"), 400, p=truth)
        events = on_polars([at(int(day), str(unit)) for day, unit in zip(days, units, strict=True)], COVERED)
        row = spread(
            events, selection=Selection(), definition=Definition(), windows={"one": FIRST}, level="unit_code", top=1
        ).row(0, named=True)
        held += row["top_share_low"] <= 1 / 3 <= row["top_share_high"]
    # Three blocks of weeks are few, so the interval is short: it must still hold the truth far more often than not.
    assert held >= 28


def test_the_same_question_gives_the_same_interval() -> None:
    rng = np.random.default_rng(2)
    rows = [
        at(int(day), unit) for day, unit in zip(rng.integers(0, 160, 300), rng.choice(list("ABC"), 300), strict=True)
    ]
    asked = {"selection": Selection(), "definition": Definition(), "windows": WINDOWS, "level": "unit_code"}
    one, other = (spread(make(rows, COVERED), **asked) for make in (on_polars, on_duckdb))  # type: ignore[arg-type]
    assert one.equals(other)
    assert (one["gini_low"] <= one["gini"]).all()


def test_few_weeks_give_no_interval() -> None:
    short = Span(FIRST.first, FIRST.first + dt.timedelta(days=27))
    row = spread(
        on_polars([at(0, "A"), at(1, "B")], COVERED),
        selection=Selection(),
        definition=Definition(),
        windows={"short": short},
        level="unit_code",
        all_places=["A", "B", "C", "D"],
    ).row(0, named=True)
    assert row["gini"] == pytest.approx(0.5)
    assert row["gini_low"] is None
