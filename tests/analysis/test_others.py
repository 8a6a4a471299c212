"""Distance, filters, precision, sources and actors: worked by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.star import on_duckdb, on_polars
from tocsin.analysis.actors import actors
from tocsin.analysis.filters import filters
from tocsin.analysis.precision import precision
from tocsin.analysis.proximity import class_labels, proximity
from tocsin.analysis.reporting import new_media
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

MONDAY = dt.date(2021, 1, 4)
WEEKS = Span(MONDAY, MONDAY + dt.timedelta(days=20))


def at(day: int, **more: Any) -> dict[str, Any]:
    return {"date": MONDAY + dt.timedelta(days=day), **more}


def test_proximity_by_hand() -> None:
    rows = [at(0, km=0.0), at(1, km=10.0), at(2, km=10.1), at(9, km=500.0), at(15, km=None)]
    table = proximity(
        on_duckdb(rows, [WEEKS]),
        selection=Selection(),
        definition=Definition(average_weeks=1),
        period=WEEKS,
        edges_km=[10],
    )
    near, far = class_labels([10])
    assert table.rows() == [
        (dt.date(2021, 1, 4), near, 2, 2.0, 2 / 3),
        (dt.date(2021, 1, 11), near, 0, 0.0, 0.0),
        (dt.date(2021, 1, 18), near, 0, 0.0, None),
        (dt.date(2021, 1, 4), far, 1, 1.0, 1 / 3),
        (dt.date(2021, 1, 11), far, 1, 1.0, 1.0),
        (dt.date(2021, 1, 18), far, 0, 0.0, None),
    ]


def test_more_thresholds_make_more_classes() -> None:
    assert class_labels([5, 20]) == ["Within 5 km", "5–20 km", "Farther than 20 km"]
    with pytest.raises(QuestionError, match="do not rise"):
        proximity(
            on_polars([at(0, km=1.0)], [WEEKS]),
            selection=Selection(),
            definition=Definition(),
            period=WEEKS,
            edges_km=[20, 5],
        )


def test_no_distances_say_what_is_missing() -> None:
    with pytest.raises(QuestionError, match="no incident has a distance"):
        proximity(
            on_polars([at(0)], [WEEKS]),
            selection=Selection(),
            definition=Definition(average_weeks=1),
            period=WEEKS,
            edges_km=[10],
        )


def test_filters_by_hand() -> None:
    rows = [
        at(0, actors=["A"]),
        at(0, actors=["A"], precision=3),
        at(1, type="Protests"),
        at(2, country="PAK"),
        at(2, country=None),
        at(40),
        at(3),
    ]
    selection = Selection(countries=("AFG",), event_types=("Battles",), precise=(1, 2), actors=("A",), span=WEEKS)
    table = filters(on_duckdb(rows, [WEEKS]), selection=selection)
    assert table.select("filter", "rows", "removed").rows() == [
        ("all rows", 7, 0),
        ("countries of the desk", 5, 2),
        ("days of the window", 4, 1),
        ("event types that count as an incident", 3, 1),
        ("actors of the group", 2, 1),
        ("place known precisely enough", 1, 1),
    ]
    assert table["removed_share"].to_list()[1] == pytest.approx(2 / 7)
    assert filters(on_polars(rows, [WEEKS]), selection=Selection()).rows() == [("all rows", 7, 0, None)]


def test_new_media_has_three_readings() -> None:
    rows = [
        at(0, scale="New media"),
        at(0, scale="New media-National"),
        at(0, scale="National"),
        at(0, scale="National"),
        at(0, scale=None),
    ]
    table = new_media(on_duckdb(rows, [WEEKS]), selection=Selection(), windows={"all": WEEKS})
    assert table.rows() == [("all", 4, 0.25, 0.5, 0.375, 1)]
    with pytest.raises(QuestionError, match="scale"):
        new_media(on_polars([at(0)], [WEEKS]), selection=Selection(), windows={"all": WEEKS})


def test_the_base_of_the_shares_is_what_states_a_scale() -> None:
    """One incident by new media in each window; the later has three more that state nothing, which are in no share."""
    days = {"before": Span(MONDAY, MONDAY), "after": Span(MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=1))}
    rows = [at(day, scale=scale) for day in (0, 1) for scale in ("New media", "National")]
    rows += [at(1, scale=None)] * 3
    table = new_media(on_polars(rows, [WEEKS]), selection=Selection(), windows=days)
    assert table["incidents"].to_list() == [2, 2]
    assert table["any"].to_list() == [0.5, 0.5]
    assert table["unstated"].to_list() == [0, 3]


def test_precision_by_hand() -> None:
    rows = [at(0, precision=1), at(0, precision=3, dated=2), at(0, precision=3), at(0, precision=None)]
    table = precision(on_polars(rows, [WEEKS]), selection=Selection(), windows={"all": WEEKS})
    assert table.rows() == [
        ("all", "place", 1, 1, 0.25),
        ("all", "place", 3, 2, 0.5),
        ("all", "place", None, 1, 0.25),
        ("all", "time", 1, 3, 0.75),
        ("all", "time", 2, 1, 0.25),
    ]


def test_actors_by_hand() -> None:
    rows = [at(0, actors=["A", "B"]), at(1, actors=["A"]), at(2, actors=[]), at(3, actors=["C"], type="Protests")]
    table = actors(on_duckdb(rows, [WEEKS]), selection=Selection(event_types=("Battles",)))
    assert table.rows() == [("A", 2, 2 / 3), ("B", 1, 1 / 3)]
    with pytest.raises(QuestionError, match="names an actor"):
        actors(on_polars([at(0)], [WEEKS]), selection=Selection())
