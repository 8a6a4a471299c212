"""Where: counts by place, Gini and top shares, against other formulas and a planted truth."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.measured import MOVE, STAY, covered_spread
from tests.star import on_duckdb, on_polars
from tocsin.analysis.concentration import FEW_EVENTS, gini, places, spread, spread_of
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


@pytest.mark.parametrize(("run", "least"), [(STAY, (0.92, 0.92)), (MOVE, (0.90, 0.86))])
def test_the_interval_holds_the_planted_measures(run: int, least: tuple[float, float]) -> None:
    """Fourteen units, 46 weeks: the shares stay, or move every four weeks from any week on."""
    found = covered_spread(14, 256, run, weeks=46, series=300)
    assert found[0] >= least[0]
    assert found[1] >= least[1]


def test_the_jackknife_by_hand() -> None:
    """Four blocks of four weeks, two places: the share of the first, and its logit without each block in turn."""
    blocks = np.array([[30.0, 10.0], [20.0, 20.0], [25.0, 15.0], [35.0, 5.0]])
    weekly = np.repeat(blocks, 4, axis=0) / 4
    row = spread_of(weekly, top=1)
    logits = [np.log(p / (1 - p)) for p in (80 / 120, 90 / 120, 85 / 120, 75 / 120)]
    whole = np.log(110 / 50)
    corrected = 4 * whole - 3 * np.mean(logits)
    error = np.sqrt(3 / 4 * np.sum((logits - np.mean(logits)) ** 2))
    # Student's t with three degrees of freedom: 3.182.
    low = min(whole, corrected) - 3.18245 * error
    high = max(whole, corrected) + 3.18245 * error
    assert row["top_share"] == 110 / 160
    assert row["top_share_low"] == pytest.approx(1 / (1 + np.exp(-low)), abs=1e-5)
    assert row["top_share_high"] == pytest.approx(1 / (1 + np.exp(-high)), abs=1e-5)
    # As docs/methods/concentration.md prints it.
    assert row["top_share_low"] == pytest.approx(0.390, abs=5e-4)
    assert row["top_share_high"] == pytest.approx(0.880, abs=5e-4)


def moved(rows: list[dict[str, Any]], days: int) -> list[dict[str, Any]]:
    return [{**row, "date": row["date"] + dt.timedelta(days=days)} for row in rows]


def drawn_rows(days: int, count: int, seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        at(int(day), str(unit))
        for day, unit in zip(rng.integers(0, days, count), rng.choice(list("ABCDE"), count), strict=True)
    ]


def asked(rows: list[dict[str, Any]], window: Span, covered: list[Span]) -> dict[str, Any]:
    table = spread(
        on_polars(rows, covered),
        selection=Selection(),
        definition=Definition(),
        windows={"one": window},
        level="unit_code",
        top=1,
    )
    return table.row(0, named=True)


def test_days_that_the_data_do_not_cover_are_in_no_block() -> None:
    """Twelve weeks that the data cover say the same however much of the window they do not cover."""
    rows = drawn_rows(84, 300, seed=4)
    longer = Span(FIRST.first - dt.timedelta(days=56), FIRST.last + dt.timedelta(days=84))
    assert asked(rows, longer, [FIRST]) == asked(rows, FIRST, [FIRST])
    # A gap in the middle: six weeks, ten that are not covered, six weeks.
    half = FIRST.first + dt.timedelta(days=42)
    early = [row for row in rows if row["date"] < half]
    late = moved([row for row in rows if row["date"] >= half], 70)
    covered = [
        Span(FIRST.first, half - dt.timedelta(days=1)),
        Span(half + dt.timedelta(days=70), FIRST.last + dt.timedelta(days=70)),
    ]
    assert asked(early + late, longer, covered) == asked(rows, FIRST, [FIRST])


def test_a_window_with_too_few_covered_weeks_has_no_interval_however_long_it_is() -> None:
    short = Span(FIRST.first, FIRST.first + dt.timedelta(days=55))
    row = asked(drawn_rows(56, 300, seed=5), Span(FIRST.first, SECOND.last), [short])
    assert row["gini_low"] is None
    assert "three blocks" in row["note"]


def test_incidents_on_uncovered_days_are_not_counted() -> None:
    rows = drawn_rows(84, 300, seed=6)
    outside = at(100, "A")
    assert asked([*rows, outside], Span(FIRST.first, SECOND.last), [FIRST])["incidents"] == 300


@pytest.mark.parametrize("weeks", [1, 2, 3])
def test_blocks_begin_with_the_window(weeks: int) -> None:
    """The same incidents some weeks later give the same interval."""
    rows = drawn_rows(84, 300, seed=7)
    later = Span(FIRST.first + dt.timedelta(days=7 * weeks), FIRST.last + dt.timedelta(days=7 * weeks))
    assert asked(moved(rows, 7 * weeks), later, [later]) == asked(rows, FIRST, [FIRST])


def test_sparse_counts_get_no_interval_and_say_why() -> None:
    few = np.zeros((16, 3))
    few[np.arange(FEW_EVENTS - 1), 0] = 1
    assert "fewer than 10 incidents" in str(spread_of(few, top=1)["note"])
    thin = np.zeros((16, 30))
    thin[np.arange(16), [0, 0, 1, 2, 0, 3, 1, 4, 0, 0, 0, 2, 1, 1, 3, 0]] = 1
    row = spread_of(thin, top=1)
    assert row["top_share_low"] is not None
    assert row["gini_low"] is None
    assert "incidents a place" in str(row["note"])


def test_all_in_one_place_is_no_reason_to_be_certain() -> None:
    """No block differs from the rest, so there is nothing that an interval could be made from."""
    one = np.zeros((16, 3))
    one[:, 0] = 2
    row = spread_of(one, top=1)
    assert row["top_share"] == 1
    assert row["top_share_low"] is None
    assert "no block of weeks differs" in str(row["note"])


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
