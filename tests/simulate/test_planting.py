"""What is planted is well formed: names that exist, chances that add up, steps in order."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tocsin.desk import read_desk
from tocsin.geo import gazetteer
from tocsin.simulate import layout
from tocsin.simulate.happenings import COMPONENTS
from tocsin.simulate.provinces import PROFILES
from tocsin.simulate.truth import AFGHANISTAN, value_on


def test_every_province_named_is_in_the_gazetteer() -> None:
    units = set(gazetteer.load().units.filter(pl.col("country") == "AFG")["unit_name"])
    named = {province for profiles in PROFILES.values() for _, profile in profiles for province in profile}
    assert named - {"elsewhere"} <= units
    assert set(PROFILES) == set(COMPONENTS)


def test_steps_are_in_order_and_cover_the_span() -> None:
    steps = [value for value in dataclasses.asdict(AFGHANISTAN).values() if isinstance(value, tuple)]
    assert len(steps) == 7
    for path in steps:
        days = [first for first, _ in path]
        assert days == sorted(set(days))
        assert days[0] == AFGHANISTAN.span.first
        assert AFGHANISTAN.takeover in days


def test_groups_leave_room_for_the_rest() -> None:
    for (_, total), *parts in zip(
        AFGHANISTAN.incidents, AFGHANISTAN.iskp, AFGHANISTAN.nrf, AFGHANISTAN.unattributed, strict=True
    ):
        assert sum(part for _, part in parts) < total


@pytest.mark.parametrize(
    ("first", "last", "mean"),
    [(dt.date(2020, 9, 7), dt.date(2021, 7, 25), 256.0), (dt.date(2021, 9, 6), dt.date(2022, 7, 31), 53.5)],
)
def test_planted_path_has_the_published_mean(first: dt.date, last: dt.date, mean: float) -> None:
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    assert len(days) % 7 == 0
    assert value_on(AFGHANISTAN.incidents, days).mean() == pytest.approx(mean, rel=0.001)


def test_value_on_takes_the_step_in_force() -> None:
    steps = ((dt.date(2021, 1, 1), 1.0), (dt.date(2021, 1, 3), 5.0))
    days = np.array(["2021-01-01", "2021-01-02", "2021-01-03", "2021-02-01"], dtype="datetime64[D]")
    assert value_on(steps, days).tolist() == [1, 1, 5, 5]


def test_kinds_use_the_publishers_codes() -> None:
    for name, kinds in COMPONENTS.items():
        for kind in kinds:
            assert (kind.event_type in layout.VIOLENT) is (not name.startswith("quiet"))
            assert kind.inter1 in layout.INTERS
            assert (kind.actor2 is None) is (kind.inter2 is None)


@pytest.mark.parametrize(
    ("inter1", "inter2", "cell"),
    [
        ("Rebel group", "State forces", "State forces-Rebel group"),
        ("External/Other forces", "Civilians", "Civilians-External/Other forces"),
        ("Rebel group", None, "Rebel group only"),
    ],
)
def test_interaction_puts_the_lower_code_first(inter1: str, inter2: str | None, cell: str) -> None:
    assert layout.interaction(inter1, inter2) == cell


@pytest.mark.parametrize(
    ("event_type", "sub_event_type", "disorder"),
    [
        ("Battles", "Armed clash", "Political violence"),
        ("Riots", "Mob violence", "Political violence"),
        ("Riots", "Violent demonstration", "Demonstrations"),
        ("Protests", "Peaceful protest", "Demonstrations"),
        ("Protests", "Excessive force against protesters", "Political violence; Demonstrations"),
        ("Strategic developments", "Arrests", "Strategic developments"),
    ],
)
def test_disorder_type_follows_the_codebook(event_type: str, sub_event_type: str, disorder: str) -> None:
    assert layout.disorder_type(event_type, sub_event_type) == disorder


def test_method_page_prints_the_planted_paths() -> None:
    page = Path(__file__).resolve().parents[2] / "docs/methods/simulation.md"
    paths = (
        AFGHANISTAN.incidents, AFGHANISTAN.iskp, AFGHANISTAN.iskp_on_civilians, AFGHANISTAN.nrf,
        AFGHANISTAN.unattributed, AFGHANISTAN.near, AFGHANISTAN.far_scale_km,
    )  # fmt: skip
    rows = [
        f"| {steps[0][0]} | " + " | ".join(f"{value:g}" for _, value in steps) + " |"
        for steps in zip(*paths, strict=True)
    ]
    assert "\n".join(rows) in page.read_text(encoding="utf-8")


def test_demonstration_desk_asks_for_the_seven_figures() -> None:
    desk = read_desk(Path(__file__).resolve().parents[2] / "desks/afghanistan-2022")
    assert [figure.id for figure in desk.figures][:7] == [f"figure-{number}" for number in range(1, 8)]
    assert desk.compared is not None
    assert tuple(desk.windows[name].span for name in desk.compared) == (AFGHANISTAN.before, AFGHANISTAN.after)
    assert desk.definition.incidents == layout.VIOLENT
    named = {name for kinds in COMPONENTS.values() for kind in kinds for name in (kind.actor1, kind.actor2)}
    for group in desk.groups.values():
        assert named & set(group.actors), group.label
