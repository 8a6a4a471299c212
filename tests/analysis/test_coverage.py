"""Who reported, and what it does to the trend: tables worked by hand, properties, and planted truth."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from tests.analysis.coverage_world import KEPT, MONDAY, WORLDS, Mixed, World, alarmed, events_of, held
from tests.star import on_polars
from tocsin.analysis.mix import breaks, distance, mix
from tocsin.analysis.named import names_of, near_duplicates
from tocsin.analysis.outlets import outlets
from tocsin.analysis.panel import ALL_NAMED, ANY_OUT, BOUNDS, PANEL, SOLE_OUT, Outside, bounds, direction, panel
from tocsin.analysis.periods import covered_periods, whole_periods
from tocsin.analysis.shares import shares
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

DAY = dt.timedelta(days=1)
WEEK = Span(MONDAY, MONDAY + 6 * DAY)
TWO_WEEKS = Span(MONDAY, MONDAY + 13 * DAY)
WHAT: dict[str, Any] = {"selection": Selection(), "definition": Definition()}


def at(day: int, source: str | None = None, **more: Any) -> dict[str, Any]:
    return {"date": MONDAY + day * DAY, "source": source, **more}


# Names


def test_case_and_spaces_are_folded_and_the_commonest_spelling_is_printed() -> None:
    counted = pl.DataFrame({"cell": ["Air Wars", "airwars; SOHR", "Airwars", "SOHR;SOHR"], "incidents": [1, 2, 4, 1]})
    found = names_of(counted, column="source").sort("cell", "name").rows()
    assert found == [
        ("Air Wars", "Airwars", 1),
        ("Airwars", "Airwars", 1),
        ("SOHR;SOHR", "SOHR", 1),
        ("airwars; SOHR", "Airwars", 2),
        ("airwars; SOHR", "SOHR", 2),
    ]


def test_what_is_nearly_alike_is_told_and_never_merged() -> None:
    names = [
        "Al Masdar News",
        "Al-Masdar News",
        "Orient News",
        "Oriental News",
        "Syria Livemap",
        "Syria Livmap",
        "BBC",
        "NBC",
    ]
    assert near_duplicates(names) == [("Al Masdar News", "Al-Masdar News"), ("Syria Livemap", "Syria Livmap")]
    counted = pl.DataFrame({"cell": names, "incidents": [1] * len(names)})
    assert names_of(counted, column="source")["name"].n_unique() == len(names)


# Shares over time


def test_shares_by_hand() -> None:
    """Week 1: A; A and B; B; one that says nothing. Week 2: C alone."""
    rows = [at(0, "A"), at(1, "A; B"), at(2, "b "), at(3), at(3, " ; "), at(7, "C")]
    table = shares(events_of(rows, [TWO_WEEKS]), **WHAT, period=TWO_WEEKS, column="source", every="week")
    assert table.columns[2:] == ["series", "incidents", "sole", "any", "fractional", "one_source", "unstated"]
    assert table.filter(from_date=MONDAY).rows() == [
        (MONDAY, MONDAY + 6 * DAY, "A", 3, 1 / 3, 2 / 3, 0.5, 2 / 3, 2),
        (MONDAY, MONDAY + 6 * DAY, "B", 3, 1 / 3, 2 / 3, 0.5, 2 / 3, 2),
        (MONDAY, MONDAY + 6 * DAY, "C", 3, 0.0, 0.0, 0.0, 2 / 3, 2),
    ]
    later = table.filter(pl.col("from_date") > MONDAY)
    assert later.filter(pl.col("fractional") > 0).select("series", "incidents", "sole", "one_source").rows() == [
        ("C", 1, 1.0, 1.0)
    ]


def test_the_rest_is_one_series_that_counts_an_incident_once() -> None:
    rows = [at(0, "A")] * 5 + [at(1, "B; C"), at(1, "B; C; A"), at(2, "D")]
    table = shares(events_of(rows, [WEEK]), **WHAT, period=WEEK, column="source", every="week", most=1)
    assert table.select("series", "incidents", "sole", "any").rows() == [
        ("A", 8, 5 / 8, 6 / 8),
        ("3 others", 8, 2 / 8, 3 / 8),
    ]
    assert table["fractional"].sum() == pytest.approx(1)


def test_a_week_that_is_not_covered_is_null_and_one_without_incidents_has_no_share() -> None:
    period = Span(MONDAY, MONDAY + 20 * DAY)
    rows = [at(0, "A"), at(14, "A")]
    table = shares(events_of(rows, [TWO_WEEKS]), **WHAT, period=period, column="source", every="week")
    assert table.select("incidents", "any").rows() == [(1, 1.0), (0, None), (None, None)]


@settings(max_examples=15)
@given(
    st.lists(st.lists(st.sampled_from("ABCDEFGHIJKL"), min_size=0, max_size=4), min_size=1, max_size=40),
    st.integers(1, 12),
)
def test_sole_is_at_most_fractional_at_most_any_and_fractional_adds_up(lists: list[list[str]], most: int) -> None:
    rows = [at(0, "; ".join(names)) for names in lists]
    period, events = WEEK, events_of(rows, [WEEK])
    if not any(lists):
        with pytest.raises(QuestionError, match="no incident names its source"):
            shares(events, **WHAT, period=period, column="source", every="week")
        return
    table = shares(events, **WHAT, period=period, column="source", every="week", most=most)
    assert table.filter(
        (pl.col("sole") > pl.col("fractional") + 1e-9) | (pl.col("fractional") > pl.col("any") + 1e-9)
    ).is_empty()
    assert table["fractional"].sum() == pytest.approx(1)
    assert table["incidents"][0] == sum(map(bool, lists))


def test_months_are_whole_and_covered() -> None:
    year = Span(dt.date(2020, 12, 15), dt.date(2021, 3, 31))
    firsts = [month.first for month in whole_periods(year, every="month", starts="Monday")]
    assert firsts == [dt.date(2021, month, 1) for month in (1, 2, 3)]
    covered = [Span(dt.date(2021, 1, 2), dt.date(2021, 2, 28))]
    assert covered_periods(year, covered, every="month", starts="Monday") == [
        Span(dt.date(2021, 2, 1), dt.date(2021, 2, 28))
    ]


def test_no_column_and_no_value_say_what_is_missing() -> None:
    for events in (on_polars([at(0)], [WEEK]), events_of([at(0)], [WEEK])):
        with pytest.raises(QuestionError, match="no incident names its source"):
            shares(events, **WHAT, period=WEEK, column="source", every="week")
    with pytest.raises(QuestionError, match="states the scale"):
        shares(events_of([at(0, "A")], [WEEK]), **WHAT, period=WEEK, column="source_scale", every="week")
    with pytest.raises(QuestionError, match="does not say who reported"):
        shares(events_of([at(0, "A")], [WEEK]), **WHAT, period=WEEK, column="notes", every="week")


# Sources that came and went


def test_outlets_by_hand() -> None:
    rows = [at(0, "Old; Both")] * 5 + [at(0, "Both")] * 3 + [at(7, "New")] * 5 + [at(8, "both; New")] * 5 + [at(9)]
    rows += [at(2, "Once"), at(20, "Elsewhere"), at(1, "Seldom")] + [at(10, "Seldom")] * 6
    windows = (WEEK, Span(MONDAY + 7 * DAY, MONDAY + 13 * DAY))
    table = outlets(events_of(rows, [Span(MONDAY, MONDAY + 20 * DAY)]), selection=Selection(), windows=windows)
    day = [MONDAY + n * DAY for n in range(21)]
    assert table.with_columns(pl.selectors.float().round(9)).rows() == [
        ("Both", 8, 0.8, 0.3, 5, 5 / 16, 0.0, day[0], day[8], "present in both"),
        ("New", 0, 0.0, 0.0, 10, 10 / 16, 5 / 16, day[7], day[8], "new"),
        ("Seldom", 1, 0.1, 0.1, 6, 6 / 16, 6 / 16, day[1], day[10], "hardly there before"),
        ("Old", 5, 0.5, 0.0, 0, 0.0, 0.0, day[0], day[0], "vanished"),
        ("Once", 1, 0.1, 0.1, 0, 0.0, 0.0, day[2], day[2], "rare"),
    ]
    short = outlets(events_of(rows, [WEEK]), selection=Selection(), windows=windows, top=2)
    assert short.select("source", "before_incidents", "before_sole", "state").rows()[2] == (
        "3 others",
        7,
        pytest.approx(0.2),
        None,
    )


def test_an_empty_window_has_no_shares() -> None:
    windows = (WEEK, Span(MONDAY + 7 * DAY, MONDAY + 13 * DAY))
    table = outlets(events_of([at(0, "A")] * 5, [TWO_WEEKS]), selection=Selection(), windows=windows)
    assert table.select("before_share", "after_incidents", "after_share", "state").rows() == [
        (1.0, 0, None, "vanished")
    ]


# Breaks


def test_the_distance_of_two_mixes_by_hand() -> None:
    assert distance(np.array([5.0, 5.0]), np.array([20.0, 80.0])) == pytest.approx(0.3)


def test_a_plain_break_is_dated_sized_and_named() -> None:
    rows: list[dict[str, Any]] = []
    for week in range(16):
        rows += (
            [at(7 * week, "A")] * (12 if week < 9 else 3)
            + [at(7 * week, "B")] * 3
            + [at(7 * week, "C")] * (9 if week >= 9 else 0)
        )
    period = Span(MONDAY, MONDAY + (16 * 7 - 1) * DAY)
    table = mix(events_of(rows, [period]), **WHAT, period=period, column="source", every="week")
    assert table["from_date"].to_list() == [MONDAY, MONDAY + 63 * DAY]
    last = table.row(1, named=True)
    assert last["distance_points"] == pytest.approx(60)
    assert (last["rose"], last["fell"], last["new"], last["vanished"]) == ("C", "A", 1, 0)
    assert (last["rose_points"], last["fell_points"]) == (pytest.approx(60), pytest.approx(-60))
    assert last["p_value"] <= 0.05
    assert table["one_source"].to_list() == [1, 1]


def test_a_passing_source_has_two_edges() -> None:
    counts = np.tile([40.0, 10.0, 0.0], (30, 1))
    counts[10:13] = [10.0, 10.0, 30.0]
    noise = np.random.default_rng(3).poisson(counts).astype(float)
    assert [each.at for each in breaks(noise)] == [10, 13]


def test_too_short_a_period_is_refused() -> None:
    with pytest.raises(QuestionError, match="2 whole weeks have an incident"):
        mix(events_of([at(0, "A"), at(8, "A")], [TWO_WEEKS]), **WHAT, period=TWO_WEEKS, column="source", every="week")


@pytest.mark.parametrize("mixed", [Mixed(), Mixed(alike=0, fall=0.2), Mixed(mean=10.0, alike=0.1, fall=0.2)])
def test_false_alarms_come_at_the_stated_rate(mixed: Mixed) -> None:
    series = 80
    found = alarmed(mixed, series=series)[0]
    assert binom.ppf(0.0005, series, 0.05) <= found * series <= binom.ppf(0.9995, series, 0.06)


def test_a_break_of_twenty_points_is_found_and_dated() -> None:
    found, near, _ = alarmed(Mixed(at=12, size=0.2), series=60)
    assert found > 0.9
    assert near > 0.85


# The panel


def test_the_panel_by_hand() -> None:
    """Ten weeks each. Before: A alone 4 a week, A and B 4. After: A 1, A and B 1, N alone 2 (new), N and A 1."""
    rows: list[dict[str, Any]] = []
    for week in range(10):
        rows += [at(7 * week, "A", scale="National")] * 4 + [at(7 * week, "A; B", scale="New media-National")] * 4
        later = 7 * (week + 10)
        rows += [at(later, "A", scale="National"), at(later, "A; B", scale="National")]
        rows += [at(later, "N", scale="New media")] * 2 + [at(later, "A; N", scale="New media-National")]
    windows = (Span(MONDAY, MONDAY + 69 * DAY), Span(MONDAY + 70 * DAY, MONDAY + 139 * DAY))
    table = panel(events_of(rows, [Span(windows[0].first, windows[1].last)]), **WHAT, windows=windows)
    assert table.select("series", "sources", "before_incidents", "after_incidents", "ratio").rows() == [
        ("All incidents", None, 80, 50, 0.625),
        (PANEL, 2, 80, 30, 0.375),
        ("A", 1, 80, 30, 0.375),
        ("B", 1, 40, 10, 0.25),
        (SOLE_OUT, None, 80, 30, 0.375),
        (ANY_OUT, None, 40, 20, 0.5),
        (BOUNDS, None, None, None, None),
    ]
    last = table.row(-1, named=True)
    assert (last["bound_low"], last["bound_high"]) == (pytest.approx(0.375), pytest.approx(0.625))
    fixed, every = table.row(1, named=True), table.row(0, named=True)
    assert (last["ratio_low"], last["ratio_high"]) == (
        pytest.approx(fixed["ratio_low"]),
        pytest.approx(every["ratio_high"]),
    )
    assert last["verdict"].startswith("the ratio is, if anything, too high: ")  # ten weeks do not prove the fall
    assert "40.0% of the later incidents and 0.0% of the earlier ones" in last["verdict"]
    assert fixed["after_share"] == 0.6


def test_incidents_without_a_source_are_in_all_alone() -> None:
    rows = [at(7 * week + shift, source) for week in range(10) for shift in (0, 70) for source in ("A", None)]
    windows = (Span(MONDAY, MONDAY + 69 * DAY), Span(MONDAY + 70 * DAY, MONDAY + 139 * DAY))
    table = panel(events_of(rows, [Span(windows[0].first, windows[1].last)]), **WHAT, windows=windows)
    assert table.select("series", "before_incidents").rows()[:3] == [
        ("All incidents", 20),
        (ALL_NAMED, 10),
        (PANEL, 10),
    ]
    assert "new media" not in table["kind"].to_list()


def test_an_empty_window_and_a_whole_new_set_of_sources_can_not_be_told() -> None:
    windows = (Span(MONDAY, MONDAY + 69 * DAY), Span(MONDAY + 70 * DAY, MONDAY + 139 * DAY))
    covered = [Span(windows[0].first, windows[1].last)]
    empty = panel(events_of([at(7 * week, "A") for week in range(10)], covered), **WHAT, windows=windows)
    assert empty.row(-1, named=True)["verdict"] == "can not be told: a window has no incident that names a source"
    assert empty.row(-1, named=True)["bound_low"] is None
    rows = [at(7 * week, "A") for week in range(10)] + [at(7 * week, "B") for week in range(10, 20)]
    other = panel(events_of(rows, covered), **WHAT, windows=windows)
    assert other.row(-1, named=True)["verdict"] == "can not be told: no source is present in both windows"
    assert other.row(-1, named=True)["note"] == "no bounds: no source is present in both windows"


def test_windows_that_share_a_week_or_are_not_covered_are_refused() -> None:
    events = events_of([at(0, "A")], [TWO_WEEKS])
    with pytest.raises(QuestionError, match="share a week"):
        panel(events, **WHAT, windows=(TWO_WEEKS, WEEK))
    with pytest.raises(QuestionError, match="cover no whole week"):
        panel(events, **WHAT, windows=(WEEK, Span(MONDAY + 70 * DAY, MONDAY + 90 * DAY)))
    with pytest.raises(QuestionError, match="says who reported"):
        panel(events_of([at(0)], [TWO_WEEKS]), **WHAT, windows=(WEEK, Span(MONDAY + 7 * DAY, MONDAY + 13 * DAY)))


def test_bounds_of_sources_that_came_and_went_by_hand() -> None:
    """P = 100, L = 20, P' = 50, G = 25: between 75 / 170 and 85 / 120."""
    side = {"ratio_low": None, "ratio_high": None}
    named = {"before_incidents": 120, "after_incidents": 75, "ratio": 75 / 120, **side}
    found = bounds(named, {"before_incidents": 100, "after_incidents": 50, "ratio": 0.5, **side})
    assert (found["bound_low"], found["bound_high"]) == (pytest.approx(75 / 170), pytest.approx(85 / 120))


@given(*(st.integers(1, 500) for _ in range(2)), *(st.integers(0, 500) for _ in range(2)))
def test_bounds_hold_the_ratios_of_the_panel_and_of_all(kept: int, still: int, lost: int, gained: int) -> None:
    side = {"ratio_low": None, "ratio_high": None}
    named = {"before_incidents": kept + lost, "after_incidents": still + gained, "ratio": None, **side}
    fixed = {"before_incidents": kept, "after_incidents": still, "ratio": still / kept, **side}
    found = bounds(named, fixed)
    for ratio in (still / kept, (still + gained) / (kept + lost)):
        assert found["bound_low"] <= ratio * (1 + 1e-9)
        assert ratio <= found["bound_high"] * (1 + 1e-9)


@pytest.mark.parametrize(
    ("low", "high", "lost", "gained", "words"),
    [
        (0.2, 0.6, 0.0, 0.4, "the fall is, if anything, understated"),
        (0.2, 0.6, 0.4, 0.0, "the fall is, if anything, overstated"),
        (1.2, 1.6, 0.0, 0.4, "the rise is, if anything, overstated"),
        (1.2, 1.6, 0.4, 0.0, "the rise is, if anything, understated"),
        (0.8, 1.6, 0.0, 0.4, "the ratio is, if anything, too high"),
        (0.8, 1.6, 0.4, 0.0, "the ratio is, if anything, too low"),
        (0.2, 0.6, 0.04, 0.0, "sources that came or went hardly move the ratio"),
        (0.2, 0.6, 0.2, 0.4, "can not be told"),
    ],
)
def test_the_direction_in_words(low: float, high: float, lost: float, gained: float, words: str) -> None:
    named = {"before_incidents": 100, "after_incidents": 100, "ratio_low": low, "ratio_high": high}
    assert direction(named, Outside(lost, 0.01), Outside(gained, 0.01)).startswith(f"{words}: ")


def test_a_direction_that_chance_explains_can_not_be_told() -> None:
    named = {"before_incidents": 100, "after_incidents": 100, "ratio_low": 0.2, "ratio_high": 0.6}
    assert direction(named, Outside(0.0, 0.0), Outside(0.1, 0.06)).startswith("can not be told: ")


PAIRS = 60


def at_least(share: float, *, pairs: int, stated: float) -> bool:
    """Whether chance explains that so few of the intervals held the truth."""
    return bool(share * pairs >= binom.ppf(0.001, pairs, stated))


def test_the_panel_recovers_the_true_fall_and_all_sources_do_not() -> None:
    found = held(WORLDS["one is added that sees half"], pairs=PAIRS)
    assert at_least(found.panel, pairs=PAIRS, stated=0.93)
    assert at_least(found.bounds, pairs=PAIRS, stated=0.95)
    assert found.every < 0.5
    assert found.verdicts.get("the fall is, if anything, understated", 0) > 0.95


def test_the_bounds_hold_where_the_other_sources_dry_up() -> None:
    found = held(WORLDS["one is added, and the others dry up by a quarter"], pairs=PAIRS)
    assert at_least(found.bounds, pairs=PAIRS, stated=0.95)
    assert found.panel < 0.9


def test_no_direction_is_told_where_nothing_changes() -> None:
    assert held(World(KEPT), pairs=20).verdicts == {"sources that came or went hardly move the ratio": pytest.approx(1)}


def test_the_offices_of_the_real_file() -> None:
    path = Path(__file__).resolve().parents[2] / "../shared/data/ucdp_ged/syria_2016_2019.csv"
    if not path.exists():
        pytest.skip("the real events are not here")
    cells = (
        pl.read_csv(path, columns=["source_office"]).rename({"source_office": "cell"}).with_columns(incidents=pl.lit(1))
    )
    names = names_of(cells, column="source")
    held_by = (
        names.join(cells, on="cell").group_by("name").agg(pl.col("incidents").sum()).sort("incidents", descending=True)
    )
    assert held_by["name"].to_list()[:3] == ["SOHR", "Airwars", "Waha Report"]
    assert held_by["incidents"][0] / cells.height == pytest.approx(0.922, abs=0.001)
