"""The later copy of the synthetic events holds what is planted in it."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tocsin.simulate import AFGHANISTAN, MARCH_2026, afghanistan, revised
from tocsin.simulate.layout import VIOLENT


@pytest.fixture(scope="module")
def copies() -> tuple[pl.DataFrame, pl.DataFrame]:
    first = afghanistan()
    return first, revised(first)


def _weekly_mean(events: pl.DataFrame, first: dt.date, end: dt.date) -> float:
    """By hand: violent incidents from a Monday until before another."""
    day = pl.col("event_date").cast(pl.String).str.to_date()
    inside = events.filter((day >= first) & (day < end) & pl.col("event_type").is_in(VIOLENT))
    return inside.height / ((end - first).days / 7)


def test_the_planted_means_are_held(copies: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    before = dt.date(2020, 9, 7), dt.date(2021, 7, 26)
    after = dt.date(2021, 9, 6), dt.date(2022, 8, 1)
    assert before[0].weekday() == before[1].weekday() == after[0].weekday() == after[1].weekday() == 0
    first, later = copies
    assert _weekly_mean(first, *before) == pytest.approx(AFGHANISTAN.incidents_before, abs=0.01)
    assert _weekly_mean(later, *before) == pytest.approx(245, abs=0.02)
    assert _weekly_mean(first, *after) == pytest.approx(AFGHANISTAN.incidents_after, abs=0.02)
    assert _weekly_mean(later, *after) == pytest.approx(49, abs=0.02)


def test_rows_that_stayed_are_as_they_were_and_the_rest_is_told_apart(
    copies: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    first, later = copies
    both = first.join(later, on="event_id_cnty", suffix="_later")
    changed = both.filter(pl.col("timestamp") != pl.col("timestamp_later"))
    same = both.filter(pl.col("timestamp") == pl.col("timestamp_later"))
    assert all(
        (same[name].eq_missing(same[f"{name}_later"])).all() for name in first.columns if name != "event_id_cnty"
    )
    assert set(changed["event_type_later"]) == {"Strategic developments"}
    late = later.join(first, on="event_id_cnty", how="anti")
    assert late["event_id_cnty"].n_unique() == late.height > 200
    withdrawn = first.join(later, on="event_id_cnty", how="anti")
    doubted = withdrawn.filter(
        (pl.col("actor1") == MARCH_2026.doubted[0]) | (pl.col("actor2") == MARCH_2026.doubted[0])
    )
    assert doubted.height > 100


def test_the_same_seed_gives_the_same_copy(copies: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    assert revised(copies[0]).equals(copies[1])
