"""Ticks: from zero, round, and no more than have room."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.figures.axes import count_ticks, day_ticks
from tocsin.figures.classes import classes


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [
        (0, [0, 1]),
        (0.3, [0, 0.1, 0.2, 0.3]),
        (5, [0, 1, 2, 3, 4, 5]),
        (256, [0, 100, 200, 300]),
        (9.9, [0, 2, 4, 6, 8, 10]),
    ],
)
def test_count_ticks_by_hand(largest: float, ticks: list[float]) -> None:
    assert count_ticks(largest) == ticks


@given(st.floats(1e-3, 1e7))
def test_count_ticks_start_at_zero_and_hold_the_largest(largest: float) -> None:
    ticks = count_ticks(largest)
    assert ticks[0] == 0
    assert ticks[-1] >= largest * (1 - 1e-6)
    assert 3 <= len(ticks) <= 7


@given(st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)), st.integers(7, 9000), st.floats(200, 650))
def test_day_ticks_lie_in_the_span_and_have_room(first: dt.date, days: int, width: float) -> None:
    last = first + dt.timedelta(days=days)
    ticks = day_ticks(first, last, width=width).days
    assert all(first <= day <= last for day in ticks)
    assert len(ticks) <= width / 30 + 1
    assert ticks or days < 730


@given(st.lists(st.integers(0, 200_000), max_size=40))
def test_every_count_has_its_class(counts: list[int]) -> None:
    found = classes(counts)
    assert found.lower[0] == 1
    assert len(found.lower) == len(found.colours) == len(found.labels) <= 6
    assert found.lower[-1] <= max([1, *counts])


def test_class_labels_say_both_ends() -> None:
    assert classes([412, 3, 0]).labels == ("1–2", "3–9", "10–29", "30–99", "100–299", "300–412")
    assert classes([1005, 9]).labels == ("1–2", "3–9", "10–29", "30–99", "100–299", "300–1,005")
    many = [90, 150, 250, 450, 700, 1005]
    assert classes(many).labels == ("1–19", "20–49", "50–99", "100–199", "200–499", "500–1,005")
    assert classes([3, 1]).labels == ("1", "2", "3")
    assert classes([]).labels == ("1",)
