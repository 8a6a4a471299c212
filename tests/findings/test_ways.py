"""In how many ways of counting a finding holds: every way recounted in plain Python, and what bad input is told."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import replace
from typing import Any, cast

import polars as pl
import pytest

from tests.star import on_duckdb
from tocsin.catalogue import Subject
from tocsin.desk import WEEKDAYS, Choices, Definition, Desk, Group, Window
from tocsin.errors import FindingError
from tocsin.figures.write import specification
from tocsin.findings.choices import Way, choices_of
from tocsin.findings.definition import Finding, parse_findings
from tocsin.findings.drawn import answer_of, draw_ways
from tocsin.findings.evaluation import Evaluation, plan
from tocsin.findings.ways import Ways, count_ways, holding_in, ways_of
from tocsin.schema import Span

YEAR = Span(dt.date(2021, 1, 1), dt.date(2021, 12, 31))
VIOLENT = ("Battles", "Explosions/Remote violence", "Violence against civilians")
WINDOWS = {
    "before": Window(first=dt.date(2021, 2, 1), last=dt.date(2021, 5, 2)),
    "after": Window(first=dt.date(2021, 7, 5), last=dt.date(2021, 10, 3)),
}
DESK = Desk(
    title="A made-up country",
    countries=("AFG",),
    compare=("before", "after"),
    windows=WINDOWS,
    groups={"front": Group(label="The Front", actors=("Front", "Old Front"))},
    definition=Definition(average_weeks=4, near_km=10),
)
FINDINGS = """\
[mean.before]
ask = "comparison"
where = { series = "All incidents" }
take = "before_mean"
[mean.after]
ask = "comparison"
where = { series = "All incidents" }
take = "after_mean"
expect = "> 0"
[fall]
compute = "mean.before / mean.after"
decimals = 1
expect = "1.8 to 2.4"
[front]
ask = "weekly"
with = { group = "front" }
where = { week_date = "2021-07-05 to 2021-09-26" }
take = "mean of incidents"
decimals = 1
[near]
ask = "proximity"
where = { series = "Within 10 km", week_date = "2021-06-07" }
take = "share"
percent = true
[worst]
ask = "concentration"
with = { level = "unit_code", windows = ["after"] }
take = "place at max of incidents"
[published]
value = 5
source = "Somebody, 2021"
"""


def made_up(seed: int = 1) -> list[dict[str, Any]]:
    """Some 1,300 events of a year, twice as many a day before June as after."""
    chance = random.Random(seed)  # noqa: S311 (no secret hangs on it)
    rows: list[dict[str, Any]] = []
    for number in range(365):
        day = YEAR.first + dt.timedelta(days=number)
        for _ in range(chance.randrange(4, 7) if day < dt.date(2021, 6, 1) else chance.randrange(1, 5)):
            rows.append(
                {
                    "date": day,
                    "type": chance.choice([*VIOLENT, "Protests"]),
                    "precision": chance.choice([1, 1, 2, 3, None]),
                    "scale": chance.choice(["National", "New media", "New media-National", None]),
                    "actors": chance.choice([["Front"], ["Old Front", "Army"], ["Army"], []]),
                    "km": chance.choice([1.0, 7.0, 15.0, 40.0]),
                    "unit": chance.choice(["AF-KAB", "AF-KUN", "AF-NAN"]),
                }
            )
    return rows


ROWS = made_up()


@pytest.fixture(scope="module")
def subject() -> Subject:
    # Only what these questions look at: a map by unit asks the gazetteer for its units' names.
    places = cast(Any, _Places())
    return Subject(desk=DESK, events=on_duckdb(ROWS, [YEAR]), gazetteer=places)


class _Places:
    units = pl.DataFrame(
        {"unit_code": ["AF-KAB", "AF-KUN", "AF-NAN"], "unit_name": ["Kabul", "Kunar", "Nangarhar"], "country": "AFG"}
    )
    credit = "Nobody."


def findings() -> dict[str, Finding]:
    return parse_findings(FINDINGS, where="findings.toml")


def mean_a_week(way: dict[str, Any], window: str) -> float:
    """The weekly mean of one window in one way, counted in plain Python."""
    shift = {"as defined": 0, "2 weeks earlier": -14, "2 weeks later": 14}
    first = WINDOWS[window].first + dt.timedelta(days=shift[way["first days of windows"]])
    last = WINDOWS[window].last + dt.timedelta(days=shift[way["last days of windows"]])
    begins = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"].index(way["weeks begin on"])
    while first.weekday() != begins:
        first += dt.timedelta(days=1)
    weeks = ((last - first).days + 1) // 7
    end = first + dt.timedelta(days=7 * weeks)
    types = {"as defined": VIOLENT, "all types": (*VIOLENT, "Protests")}[way["event types"]]
    codes = {"as defined": (1, 2, 3, None), "precision 1 and 2": (1, 2, None), "precision 1": (1, None)}[
        way["place known"]
    ]
    lone = {"all": (), "not New media alone": ("New media",)}[way["sources"]]
    kept = [
        row
        for row in ROWS
        if first <= row["date"] < end
        and row["type"] in types
        and row["precision"] in codes
        and row["scale"] not in lone
    ]
    return len(kept) / weeks


@pytest.fixture(scope="module")
def fall(subject: Subject) -> Ways:
    return count_ways(subject, findings(), "fall")


def test_every_way_is_what_plain_counting_gives(fall: Ways) -> None:
    assert fall.table.height == 2 * 3 * 2 * 3 * 3 * 3 == 324
    for way in fall.table.iter_rows(named=True):
        ratio = mean_a_week(way, "before") / mean_a_week(way, "after")
        assert way["value"] == pytest.approx(ratio, rel=1e-12), way
        assert way["holds"] == (1.8 <= ratio <= 2.4), way


def test_the_count_and_the_choice_that_moves_it_most_are_told(fall: Ways) -> None:
    held = int(fall.table["holds"].sum())
    assert 0 < held < 324  # so that the sentence says something
    assert fall.sentence == f"“1.8 to 2.4” holds in {held} of 324 ways of counting"
    moves = fall.options.group_by("choice", maintain_order=True).agg(pl.col("mean").max() - pl.col("mean").min())
    assert moves["mean"].to_list() == sorted(moves["mean"], reverse=True)
    assert fall.most.startswith(f"What moves it most: {moves['choice'][0]};")
    # The choices are balanced, so what each explains alone is at most the whole.
    assert 0 < fall.options.group_by("choice").agg(pl.col("weight").first())["weight"].sum() <= 1 + 1e-9


def test_the_first_way_is_the_desks_own(fall: Ways, subject: Subject) -> None:
    own = Evaluation(subject, plan(findings()), list_events=False).found["fall"]
    assert fall.table["value"][0] == own.value


@pytest.mark.parametrize("name", ["front", "near", "worst"])
def test_ways_folded_from_one_count_are_those_that_the_engine_gives(name: str, subject: Subject) -> None:
    given = count_ways(subject, findings(), name)
    needed = {name: findings()[name]}
    choices = choices_of(Way(subject, needed))
    assert given.ways == given.table.height > 20
    for number in range(0, given.table.height, 41 if given.table.height > 200 else 7):
        words = given.table.row(number, named=True)
        way = Way(replace(subject, events=replace(subject.events)), needed)
        for choice in choices:
            way = next(option for option in choice.options if option.text == words[choice.name]).made(way)
        one = Evaluation(way.subject, plan(way.findings), list_events=False).found[name]
        assert not one.reason
        value = one.value * 100 if one.finding.percent else one.value  # type: ignore[operator]
        assert words["value"] == value, words


def test_names_of_a_group_and_thresholds_are_choices_where_they_matter(subject: Subject) -> None:
    front = count_ways(subject, findings(), "front")
    assert front.table["names of The Front"].unique(maintain_order=True).to_list() == [
        "all names",
        "without Front",
        "without Old Front",
    ]
    near = count_ways(subject, findings(), "near")
    means = dict(near.options.filter(pl.col("choice") == "threshold").select("option", "mean").rows())
    assert means["5 km"] < means["10 km"] < means["20 km"]
    assert "threshold" not in front.table.columns


def test_the_desk_says_what_could_be_chosen_otherwise(subject: Subject) -> None:
    chosen = Choices(
        incidents=(("Battles",), VIOLENT), precise=(), without_sources=(), week_starts=(), edges_weeks=(1,), near_km=()
    )
    desk = DESK.model_copy(update={"choices": chosen})
    ways = count_ways(replace(subject, desk=desk), findings(), "fall")
    assert [(choice.name, [option.text for option in choice.options]) for choice in ways.choices] == [
        ("event types", ["as defined", "Battles alone"]),
        ("first days of windows", ["as defined", "1 week later"]),
        ("last days of windows", ["as defined", "1 week later"]),
    ]
    assert ways.table.height == 8


@pytest.mark.parametrize(
    ("name", "choices", "said"),
    [
        ("fal", Choices(), "fall"),
        ("published", Choices(), "rests on nothing"),
        ("fall", Choices(incidents=(("Battle",),)), "Battles"),
        ("fall", Choices(without_sources=(("New medium",),)), "New media"),
        ("fall", Choices(precise=((4,),)), '"4"'),
        ("fall", Choices(edges_weeks=tuple(range(-6, 7)), week_starts=WEEKDAYS), "more than 10,000"),  # type: ignore[arg-type]
    ],
)
def test_what_can_not_be_varied_is_told(name: str, choices: Choices, said: str, subject: Subject) -> None:
    with pytest.raises(FindingError) as caught:
        count_ways(replace(subject, desk=DESK.model_copy(update={"choices": choices})), findings(), name)
    assert said in str(caught.value)


def test_a_way_that_can_not_be_worked_out_is_counted_apart(subject: Subject) -> None:
    groups = {"front": Group(label="The Front", actors=("Front", "Old Front"))}
    desk = DESK.model_copy(update={"groups": groups, "choices": Choices(edges_weeks=(-6, 6))})
    ways = count_ways(replace(subject, desk=desk), findings(), "fall")
    assert 0 < ways.ways < ways.table.height
    assert f"{ways.table.height - ways.ways} more can not be worked out" in ways.sentence
    assert ways.table.filter(pl.col("value").is_null())["reason"].null_count() == 0


def test_the_curve_shows_every_way_once(fall: Ways, subject: Subject) -> None:
    drawn = specification(draw_ways(subject, fall))
    ways = drawn["datasets"]["ways"]
    assert sorted(row["value"] for row in ways) == [row["value"] for row in ways]
    assert len(ways) == 324
    assert sum(row["kind"] == "holds" for row in ways) == fall.holding
    assert len(drawn["datasets"]["options"]) == 324 * len(fall.choices)
    assert "expected: 1.8 to 2.4" in json.dumps(drawn)
    with pytest.raises(FindingError, match="no curve"):
        draw_ways(subject, count_ways(subject, findings(), "worst"))


def test_a_finding_without_a_label_is_named_in_words(subject: Subject) -> None:
    before = count_ways(subject, findings(), "mean.before")
    assert answer_of(subject, before).title == "Mean, before"
    against = count_ways(subject, findings(), "mean.after", expect="< mean.before")
    assert against.sentence.startswith("“< mean, before” holds in 324 of 324 ways")
    labelled = findings()["mean.before"].model_copy(update={"label": "Incidents a week before"})
    again = count_ways(subject, {**findings(), "mean.before": labelled}, "mean.before")
    assert answer_of(subject, again).title == "Incidents a week before"


def test_a_report_prints_in_how_many_ways_a_finding_holds(fall: Ways, subject: Subject) -> None:
    evaluation = Evaluation(subject, plan(findings()), list_events=False)
    assert holding_in(evaluation, "fall") == f"{fall.holding} of 324" == fall.short
    assert holding_in(evaluation, "published") == ""
    assert set(evaluation.ways) == {"fall", "published"}
    assert ways_of(evaluation, "fall") is evaluation.ways["fall"]
    with pytest.raises(FindingError, match="rests on nothing"):
        ways_of(evaluation, "published")
    front = count_ways(subject, findings(), "front")
    assert front.short == f"{front.printed(front.table['value'].min())}–{front.printed(front.table['value'].max())}"  # type: ignore[arg-type]


def test_edges_do_not_move_past_each_other(subject: Subject) -> None:
    desk = DESK.model_copy(update={"choices": Choices(edges_weeks=(-7, -6, 6, 7))})
    ways = count_ways(replace(subject, desk=desk), findings(), "fall")
    moved = {option for name in ("first days of windows", "last days of windows") for option in ways.table[name]}
    # The windows have thirteen weeks: two edges that move by seven would pass each other.
    assert moved == {"as defined", "6 weeks earlier", "6 weeks later"}


def test_a_way_whose_test_can_not_be_told_is_not_one_in_which_it_fails(fall: Ways) -> None:
    half = fall.table.with_row_index("way").with_columns(holds=pl.when(pl.col("way") % 2 == 0).then("holds"))
    given = replace(fall, table=half.drop("way"))
    assert given.ways == 162
    assert given.sentence.endswith("of 162 ways of counting; 162 more can not be worked out")
