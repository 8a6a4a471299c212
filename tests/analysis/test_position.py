"""Shares near capitals and maps, given errors of position: against closed forms, and against positions that were planted."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.star import about
from tocsin.analysis.nearness import near_any
from tocsin.analysis.placed import FEW
from tocsin.analysis.placement import placement
from tocsin.analysis.position import CHANGE, position
from tocsin.cube import SEPARATOR, Events, Selection, day_number
from tocsin.errors import QuestionError
from tocsin.geo.containment import GEOD
from tocsin.geo.scatter import POINTS, radius, scattered, scattered_in_units
from tocsin.schema import Span

DAY = dt.date(2021, 3, 1)
EARLY, LATE = Span(DAY, DAY), Span(DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=1))
CAPITALS = pl.DataFrame({"country": ["AFG"], "longitude": [65.0], "latitude": [34.0]})
ALL = Selection(countries=("AFG",))


def events_at(placed: list[dict[str, Any]]) -> Events:
    """Events at points: km east of the capital (or longitude and latitude), n of them, precision, late or not, unit."""
    places, rows = [], []
    for number, one in enumerate(placed):
        longitude, latitude = one.get("at", (None, None))
        if longitude is None:
            longitude, latitude, _ = GEOD.fwd(65.0, 34.0, one.get("bearing", 90.0), one["km"] * 1000)
        places.append(
            {
                "place_id": number,
                "country": "AFG",
                "longitude": longitude,
                "latitude": latitude,
                "capital_distance_km": GEOD.inv(65.0, 34.0, longitude, latitude)[2] / 1000,
                "unit_code": one.get("unit", "W"),
                "cell_4": number,
            }
        )
        day = LATE.first if one.get("late") else DAY
        row = {
            "event_day": day_number(day),
            "country": "AFG",
            "event_type": "Battles",
            "geo_precision": one.get("precision", 1),
            "place_id": number,
            "party_id": 1,
        }
        rows += [row] * one.get("n", 1)
    parties = pl.DataFrame({"party_id": [1], "names": [SEPARATOR]})
    tables = [pl.DataFrame(rows), pl.DataFrame(places), parties]
    facts, where, who = (nw.from_native(table.lazy()) for table in tables)
    return Events(rows=facts, places=where, parties=who, about=about([Span(DAY, LATE.last)]))


def asked(events: Events, windows: dict[str, Span] | None = None, **more: Any) -> pl.DataFrame:
    given: dict[str, Any] = {"capitals": CAPITALS, "precise": (1, 2), "error_km": {1: 50.0, 2: 50.0}}
    return position(
        events,
        selection=ALL,
        windows=windows or {"early": EARLY},
        **(given | more),
    )


def at(table: pl.DataFrame, km: float, window: str = "early") -> dict[str, Any]:
    return table.filter(pl.col("window") == window, pl.col("threshold_km") == km).row(0, named=True)


def test_an_event_on_a_capital_lies_near_as_rayleighs_law_says() -> None:
    table = asked(events_at([{"km": 0.0}]))
    for km in (5.0, 10.0, 50.0):
        # Within 50 km in 80 of 100 cases: 1 - 0.2 ** (km / 50) ** 2.
        assert at(table, km)["expected"] == pytest.approx(1 - 0.2 ** ((km / 50) ** 2), abs=1e-9)
        assert at(table, km)["recorded"] == 1.0


@pytest.mark.parametrize("km", [0.0, 7.0, 30.0, 80.0])
def test_chances_are_those_of_displaced_events(km: float) -> None:
    rng = np.random.default_rng(1)
    sigma = 20 / np.sqrt(-2 * np.log(0.2))
    x, y = km + sigma * rng.standard_normal(200_000), sigma * rng.standard_normal(200_000)
    table = asked(events_at([{"km": km}]), error_km={1: 20.0})
    for threshold in (5.0, 20.0, 40.0):
        share = (np.hypot(x, y) <= threshold).mean()
        assert at(table, threshold)["expected"] == pytest.approx(share, abs=0.004)


def test_without_an_error_the_points_stand() -> None:
    events = events_at([{"km": 2.9, "n": 20}, {"km": 29.9, "n": 10}, {"km": 300.0, "n": 10}])
    table = asked(events, error_km={1: 0.0})
    assert table["recorded"].to_list() == table["expected"].to_list() == table["low"].to_list()
    assert at(table, 3.0)["recorded"] == at(table, 29.0)["recorded"] == 0.5
    assert at(table, 30.0)["recorded"] == 0.75
    assert at(table, 3.0)["verdict"] == "settled: 50 per cent are near"
    assert table["verdict"].str.starts_with("settled: ").all()


@pytest.mark.parametrize("error", [5.0, 25.0, 50.0])
def test_near_any_of_several_capitals_is_what_displaced_events_are(error: float) -> None:
    """Capitals near each other: chances that are multiplied as if they did not depend on each other are up to 19 points too high."""
    rng = np.random.default_rng(11)
    east, north = np.array([[-12.0, 0.0, 9.0, 45.0]]), np.array([[0.0, 4.0, -3.0, 10.0]])
    grid = np.array([0.0, 2.0, 10.0, 20.0, 50.0])
    found = near_any(east, north, error_km=error, thresholds_km=grid)[0]
    x, y = error / np.sqrt(-2 * np.log(0.2)) * rng.standard_normal((2, 400_000))
    nearest = np.hypot(east[0] - x[:, None], north[0] - y[:, None]).min(axis=1)
    assert found == pytest.approx([(nearest <= km).mean() for km in grid], abs=0.006)


@given(
    st.lists(st.tuples(st.floats(-80, 80), st.floats(-80, 80)), min_size=1, max_size=5),
    st.sampled_from([0.0, 3.0, 25.0, 80.0]),
)
@settings(max_examples=40)
def test_a_chance_grows_with_the_threshold_and_with_the_places(at_km: list[tuple[float, float]], error: float) -> None:
    east, north = np.array([at_km]).T.transpose(0, 2, 1)
    grid = np.arange(0.0, 60.0, 5.0)
    found = near_any(east, north, error_km=error, thresholds_km=grid)[0]
    alone = near_any(east[:, :1], north[:, :1], error_km=error, thresholds_km=grid)[0]
    assert (np.diff(found) >= -0.006).all()
    assert (found >= alone - 0.006).all()
    assert found.min() >= 0
    assert found.max() <= 1


def test_capitals_near_each_other_are_put_together_on_the_map() -> None:
    """Through the whole question: two capitals on the same spot are one."""
    events = events_at([{"km": 8.0, "n": 20}])
    twice = pl.concat([CAPITALS, CAPITALS])
    assert at(asked(events, capitals=twice), 10.0)["expected"] == pytest.approx(
        at(asked(events), 10.0)["expected"], abs=0.001
    )


def test_a_share_is_settled_by_how_little_is_left_open_and_not_by_how_much() -> None:
    """An interval from 0 to 100 per cent agrees with any share; it settles none."""
    at_one = at(asked(events_at([{"km": 9.0, "n": 50}])), 10.0)
    assert (at_one["low"], at_one["high"]) == (0.0, pytest.approx(0.6, abs=0.2))
    assert at_one["low"] <= at_one["expected"] <= at_one["recorded"]
    assert at_one["verdict"].startswith("not settled: 0 to 100 per cent are near, since the threshold is finer")
    spread = [{"km": 4.0, "n": 5, "bearing": 3.0 * n} for n in range(100)]
    narrow = at(asked(events_at(spread), error_km={1: 5.0}), 10.0)
    assert narrow["verdict"] == "settled: 94 to 100 per cent are near"
    wider = at(asked(events_at(spread), error_km={1: 12.0}), 10.0)
    assert wider["verdict"].startswith("settled only that more than half are near: 51 to 100 per cent")


def test_a_share_is_not_settled_by_those_whose_place_is_not_known() -> None:
    placed = [{"km": 4.0, "n": 5, "bearing": 3.0 * n} for n in range(100)]
    vague = [{"km": 90.0, "n": 200, "precision": 3}]
    row = at(asked(events_at([*placed, *vague]), error_km={1: 1.0}), 10.0)
    assert row["verdict"] == (
        "settled only that more than half are near: 71 to 100 per cent, since of many incidents only a region is known"
    )


def test_few_incidents_settle_nothing() -> None:
    row = at(asked(events_at([{"km": 1.0, "n": 9}]), error_km={1: 0.0}), 10.0)
    assert row["verdict"] == "no verdict: fewer than 10 incidents"
    events = events_at([{"km": 1.0, "n": 50}, {"km": 90.0, "n": 9, "late": True}])
    change = at(asked(events, {"early": EARLY, "late": LATE}, error_km={1: 0.0}), 10.0, CHANGE)
    assert change["verdict"] == "no verdict: fewer than 10 incidents in a window"


def test_intervals_hold_the_true_share_at_their_stated_rate() -> None:
    """Places err, each with all of its events; the share of the true positions lies in the interval in 95 of 100 worlds."""
    rng = np.random.default_rng(7)
    kilometres, counts = rng.uniform(0, 60, 60), rng.integers(1, 8, 60)
    events = events_at([{"km": km, "n": int(n)} for km, n in zip(kilometres, counts, strict=True)])
    table = asked(events, error_km={1: 30.0})
    sigma = 30 / np.sqrt(-2 * np.log(0.2))
    worlds = 2000
    x = kilometres + sigma * rng.standard_normal((worlds, 60))
    y = sigma * rng.standard_normal((worlds, 60))
    for km in (10.0, 20.0, 40.0):
        true = ((np.hypot(x, y) <= km) @ counts) / counts.sum()
        row = at(table, km)
        held = ((row["low"] <= true) & (true <= row["high"])).mean()
        assert 0.93 <= held <= 0.975, (km, held)


def test_vague_events_are_counted_apart_and_those_on_a_capital_found() -> None:
    placed = [
        {"km": 2.0, "n": 6},
        {"km": 90.0, "n": 2},
        {"km": 0.4, "n": 3, "precision": 3},
        {"km": 50.0, "precision": 3},
    ]
    row = at(asked(events_at(placed)), 10.0)
    assert (row["incidents"], row["vague"], row["vague_at_capital"]) == (8, 4, 3)
    assert row["recorded"] == 0.75
    assert (row["least"], row["most"]) == (row["low"] * 8 / 12, pytest.approx(row["high"] * 8 / 12 + 4 / 12))
    sure = at(asked(events_at(placed), error_km={1: 0.0}), 10.0)
    assert (sure["least"], sure["most"]) == (pytest.approx(6 / 12), pytest.approx(10 / 12))


def test_a_change_is_settled_where_neither_errors_nor_vague_events_can_turn_it() -> None:
    near, far = [{"km": 5.0 * n, "bearing": 40.0 * n, "n": 10} for n in range(4)], []
    far = [{"km": 200.0 + n, "bearing": 20.0 * n, "n": 10, "late": True} for n in range(4)]
    windows = {"early": EARLY, "late": LATE}
    settled = at(asked(events_at([*near, *far]), windows), 50.0, CHANGE)
    assert settled["verdict"] == "settled: farther from capitals"
    assert settled["high"] < 0
    assert "errors could turn it" in at(asked(events_at([*near, *far]), windows), 3.0, CHANGE)["verdict"]
    vague = [{"km": 100.0, "n": 60, "precision": 3, "late": True}]
    more = [{"km": 210.0, "n": 60}]
    turned = at(asked(events_at([*near, *more, *far, *vague]), windows), 50.0, CHANGE)
    assert turned["verdict"].endswith("the incidents of which only a region is known could turn it")


def test_a_threshold_finer_than_the_error_is_not_settled() -> None:
    row = at(asked(events_at([{"km": 1.0, "n": 50}])), 10.0)
    assert row["verdict"] == (
        "not settled: 0 to 100 per cent are near, since the threshold is finer than the error of position (80% of events within 50 km)"
    )


def test_an_empty_window_has_no_share_and_no_change() -> None:
    table = asked(events_at([{"km": 1.0}]), {"early": EARLY, "late": LATE})
    assert CHANGE not in table["window"].to_list()
    assert at(table, 10.0, "late")["recorded"] is None
    assert at(table, 10.0, "late")["verdict"] == "no incident with a trusted point"
    with pytest.raises(QuestionError, match="precise enough"):
        asked(events_at([{"km": 1.0, "precision": 3}]))


# Maps

WEST, EAST = shapely.box(60.0, 30.0, 65.5, 38.0), shapely.box(65.5, 30.0, 71.0, 38.0)
UNITS = pl.DataFrame({"unit_code": ["W", "E"], "country": ["AFG", "AFG"], "geometry": shapely.to_wkb([WEST, EAST])})


def mapped(events: Events, **more: Any) -> dict[str, dict[str, Any]]:
    given: dict[str, Any] = {
        "windows": {"early": EARLY},
        "level": "unit_code",
        "units": UNITS,
        "precise": (1, 2),
        "error_km": {1: 50.0},
    }
    table = placement(events, selection=ALL, **(given | more))
    return {row["place"]: row for row in table.to_dicts()}


def test_the_points_of_a_place_lie_as_far_as_the_law_says() -> None:
    points = scattered(pl.DataFrame({"longitude": [65.0], "latitude": [34.0], "error_km": [50.0]}))
    metres = GEOD.inv([65.0] * POINTS, [34.0] * POINTS, points["longitude"].to_list(), points["latitude"].to_list())[2]
    kilometres = np.array(metres) / 1000
    assert (kilometres <= 50).mean() == pytest.approx(0.8, abs=1 / POINTS)
    assert float(np.median(kilometres)) == pytest.approx(float(radius(np.array(0.5), 50.0)), rel=0.03)
    east = points["longitude"].to_numpy() - 65.0
    assert abs(float(east.mean())) < 0.05  # no direction is favoured


def test_an_event_near_a_border_is_shared_as_the_normal_law_says() -> None:
    # 20 km west of a border that runs north and south: Phi(20 / sigma) of it stays.
    longitude, latitude, _ = GEOD.fwd(65.5, 34.0, 270.0, 20_000)
    found = mapped(events_at([{"at": (longitude, latitude), "n": 100}]))
    sigma = 50 / np.sqrt(-2 * np.log(0.2))
    stays = 0.5 + 0.5 * math.erf(20 / sigma / math.sqrt(2))
    assert found["W"]["incidents"] == 100
    assert found["W"]["expected_share"] == pytest.approx(stays, abs=0.03)
    assert found["W"]["expected"] + found["E"]["expected"] == pytest.approx(100)
    # One place errs as a whole: all of its events are on the one side or on the other.
    assert (found["W"]["low"], found["W"]["high"]) == (0.0, 1.0)


def test_vague_events_stay_in_their_unit_and_far_ones_where_they_are() -> None:
    placed = [
        {"at": (62.0, 34.0), "n": 10},
        {"at": (69.0, 34.0), "n": 5, "unit": "E"},
        {"at": (69.0, 34.0), "precision": 3, "n": 7, "unit": "E"},
    ]
    found = mapped(events_at(placed))
    assert (found["W"]["incidents"], found["E"]["incidents"]) == (10, 5)
    assert (found["W"]["expected"], found["E"]["expected"]) == (pytest.approx(10), pytest.approx(12))
    assert (found["W"]["rank"], found["E"]["expected_rank"]) == (1, 1)
    assert found["W"]["vague"] == 7
    cells = mapped(events_at(placed), level="cell_4")
    assert sum(row["expected"] for row in cells.values()) == pytest.approx(22)
    assert sum(row["expected"] > 0 for row in cells.values()) > 20


def test_what_would_fall_beyond_the_border_stays_in_the_country() -> None:
    found = mapped(events_at([{"at": (60.01, 34.0), "n": 8}]))
    assert found["W"]["expected"] == pytest.approx(8)


def test_points_over_a_unit_are_even() -> None:
    points = scattered_in_units(["W"], units=UNITS)
    assert points.height == POINTS
    inside = shapely.contains_xy(WEST, points["longitude"].to_numpy(), points["latitude"].to_numpy())
    assert inside.all()
    assert 0.4 < points.filter(pl.col("longitude") < 62.75).height / POINTS < 0.6


def test_equals_are_among_those_with_most_together() -> None:
    """Seven places with as many incidents as each other are in the top of five by the points and in every draw."""
    names = list("ABCDEFGH")
    boxes = [shapely.box(60.0 + n, 30.0, 61.0 + n, 38.0) for n in range(8)]
    units = pl.DataFrame({"unit_code": names, "country": "AFG", "geometry": shapely.to_wkb(boxes)})
    placed = [{"at": (60.5 + n, 34.0), "n": 3 if n < 7 else 1, "unit": name} for n, name in enumerate(names)]
    found = mapped(events_at(placed), units=units, error_km={1: 0.0})
    assert [row["in_top"] for row in found.values()] == [1.0] * 7 + [0.0]
    top = [row for row in found.values() if row["verdict"]]
    assert len(top) == 7
    assert {row["verdict"] for row in top} == {"settled: among the 5 with most"}


def test_shares_by_the_points_and_when_spread_are_of_the_same_incidents() -> None:
    """Without an error nothing moves, so that the two shares are equal, however many incidents have no point."""
    placed = [
        {"at": (62.0, 34.0), "n": 10},
        {"at": (69.0, 34.0), "n": 5, "unit": "E"},
        {"at": (69.0, 34.0), "precision": 3, "n": 45, "unit": "E"},
    ]
    found = mapped(events_at(placed), error_km={1: 0.0})
    assert [row["share"] for row in found.values()] == [row["expected_share"] for row in found.values()]
    assert found["E"]["regional"] == 45


def test_a_place_that_leaves_the_top_in_many_draws_is_not_settled() -> None:
    longitude, latitude, _ = GEOD.fwd(65.5, 34.0, 270.0, 20_000)
    found = mapped(events_at([{"at": (longitude, latitude), "n": 100}]), top=1)
    assert found["W"]["verdict"].startswith("not settled: among the 1 with most in ")
    assert mapped(events_at([{"at": (longitude, latitude), "n": 9}]), top=1)["W"]["verdict"] == FEW


def test_the_order_in_which_places_came_does_not_matter() -> None:
    given = [{"at": (66.0 + 0.02 * n, 34.0 + 0.013 * (n % 7)), "n": 1 + n % 5, "unit": "WE"[n % 2]} for n in range(40)]
    turned = given[::-1]
    assert mapped(events_at(given)) == mapped(events_at(turned))
    assert asked(events_at(given)).equals(asked(events_at(turned)))
