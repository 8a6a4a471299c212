"""What the report says of new media is what was measured, on its base, and no more than may follow from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

import pytest

from tests.star import on_polars
from tocsin.catalogue import Subject
from tocsin.desk import Desk
from tocsin.report.cautions import _new_media
from tocsin.schema import Span

FIRST, LAST = dt.date(2021, 1, 4), dt.date(2022, 1, 3)
WINDOWS = {"the first": Span(FIRST, FIRST), "the last": Span(LAST, LAST)}


def said(early: Sequence[str | None], late: Sequence[str | None], *, fell: bool | None) -> list[str]:
    rows = [{"date": FIRST, "scale": scale} for scale in early] + [{"date": LAST, "scale": scale} for scale in late]
    events = on_polars(rows, [Span(FIRST, LAST)])
    desk = Desk(title="x", countries=("AFG",))
    return _new_media(Subject(desk=desk, events=events, gazetteer=cast(Any, None)), WINDOWS, fell=fell)


def test_a_share_names_its_base() -> None:
    first = said(["National", "National", "New media", "New media-National", None], ["National"], fell=None)[0]
    assert first == (
        "New media reported 50.0% of the 4 incidents in the first whose source scale is known "
        "(25.0% as the only source; 37.5% with each incident shared among its sources)."
    )


ADDED = "were added, which tends to raise the later counts"
LOST = "were lost, which tends to lower the later counts"


@pytest.mark.parametrize(
    ("grew", "fell", "end"),
    [
        (True, True, f"{ADDED}; the fall would then, if anything, be understated."),
        (True, False, f"{ADDED}; the rise would then, if anything, be overstated."),
        (False, True, f"{LOST}; the fall would then, if anything, be overstated."),
        (False, False, f"{LOST}; the rise would then, if anything, be understated."),
        (True, None, f"{ADDED}."),
    ],
)
def test_what_was_measured_comes_before_what_it_may_mean(*, grew: bool, fell: bool | None, end: str) -> None:
    scales: tuple[str, str] = ("National", "New media") if grew else ("New media", "National")
    moved = "rose from 0.0% to 100.0%" if grew else "fell from 100.0% to 0.0%"
    last = said([scales[0]], [scales[1]], fell=fell)[-1]
    assert last == f"The share of new media {moved}. That can mean that sources {end}"


def test_a_small_change_is_no_change() -> None:
    assert len(said(["National"] * 100, ["National"] * 96 + ["New media"] * 4, fell=True)) == 2
