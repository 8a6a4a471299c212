"""Who began it: by hand, within bounds, and found again where it is planted; and the words that go with it."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from tests.analysis.test_attribution import DAY, SPAN, frame, planted_span
from tests.layers.planted import GROUPS as PLANTED_GROUPS
from tests.layers.planted import came_up, draw_of, first_drawn, incidents, read
from tests.layers.world import ARMY, FRONT, LEAGUE, reviewed_by, said, subject
from tocsin.analysis.initiator import OTHERS, initiator
from tocsin.catalogue.answers.layers import answer_initiator
from tocsin.catalogue.behind import behind, event_ids
from tocsin.catalogue.drawing.layers import draw_initiator
from tocsin.catalogue.subject import Asked
from tocsin.errors import QuestionError
from tocsin.figures.write import svg
from tocsin.sources.layout import facts


def test_by_hand() -> None:
    """Six incidents: Front began one by decision and one against civilians by the codebook, may have begun two; League began one."""
    both = {"parties": ["Front", "League"]}
    table = initiator(
        frame(
            {**both, "state": "Front"},
            {"parties": ["Front"], "source": "Front"},
            {**both, "source": None, "proposed": "Front"},
            {**both, "state": "undecided", "source": None},
            {**both, "state": "League"},
            {"parties": ["League", "X"], "state": "X"},
        ),
        spans=SPAN,
        groups=["Front", "League"],
    )
    front, league, others = table.iter_rows(named=True)
    assert (front["incidents"], front["involved"], front["begun"], front["by_source"], front["proposed"], front["open"]) == (
        6, 5, 1, 1, 1, 2,
    )  # fmt: skip
    assert (front["share_low"], front["share_high"], front["rules"]) == (
        pytest.approx(2 / 6),
        pytest.approx(4 / 6),
        pytest.approx(3 / 6),
    )
    assert (front["own_low"], front["own_high"]) == (pytest.approx(2 / 5), pytest.approx(4 / 5))
    assert (league["share_low"], league["share_high"]) == (pytest.approx(1 / 6), pytest.approx(3 / 6))
    assert (others["group"], others["begun"], others["involved"]) == (OTHERS, 1, 1)


def test_no_incident_has_no_share() -> None:
    row = initiator(frame(), spans=SPAN, groups=["Front"]).row(0, named=True)
    assert (row["incidents"], row["share_low"], row["own_low"]) == (0, None, None)


def planted_share(group: str) -> float:
    labels = {name: label for label, names in PLANTED_GROUPS.items() for name in names}
    began = incidents()["began"].replace_strict(labels, default=OTHERS)
    return float((began == group).sum() / incidents().height)


@pytest.mark.parametrize("group", [*PLANTED_GROUPS, OTHERS])
def test_planted_shares_lie_within_bounds_and_are_found_when_all_is_read(group: str) -> None:
    unread = initiator(read("initiator", []), spans=planted_span(), groups=list(PLANTED_GROUPS))
    row = unread.filter(group=group).row(0, named=True)
    assert row["share_low"] <= planted_share(group) <= row["share_high"] + 1e-9
    whole = read("initiator", incidents()["event_id"].to_list(), drawn=False)
    found = initiator(whole, spans=planted_span(), groups=list(PLANTED_GROUPS)).filter(group=group).row(0, named=True)
    assert found["share_low"] == pytest.approx(planted_share(group))
    assert found["share_high"] == pytest.approx(found["share_low"])


def test_planted_share_of_battles_begun_by_the_taliban_is_found_by_the_rules_where_notes_tell() -> None:
    rows = read("initiator", []).join(incidents().select("event_id", "began", "told"), on="event_id")
    battles = rows.filter(pl.col("event_type") == "Battles", pl.col("parties").list.contains("Taliban"), "told")
    labels = {name: label for label, names in PLANTED_GROUPS.items() for name in names}
    proposed = battles.filter(pl.col("proposed").is_not_null())
    right = proposed["proposed"] == proposed["began"].replace_strict(labels, default=pl.col("began"))
    assert proposed.height / battles.height > 0.9
    assert right.mean() > 0.97  # type: ignore[operator]
    share = float((proposed["proposed"] == "Taliban").mean())  # type: ignore[arg-type]
    assert abs(share - 0.6) < 4 * math.sqrt(0.6 * 0.4 / proposed.height) + 0.05  # both sides are of the Taliban in some


def test_planted_share_is_covered_by_the_estimates_of_samples() -> None:
    """100 draws of 120, all decided: covered at 95 in 100, within four standard errors."""
    rows, covered = read("initiator", []), 0
    labels = {name: label for label, names in PLANTED_GROUPS.items() for name in names}
    truth = planted_share("Taliban")
    began = {event: labels.get(name, name) for event, name in incidents().select("event_id", "began").iter_rows()}
    for draw in range(100):
        chosen = first_drawn(120, draw)
        shown = rows.with_columns(
            state=pl.col("event_id").replace_strict({event: began[event] for event in chosen}, default=None),
            chances=came_up(pl.col("event_id").is_in(chosen)),
        )
        found = initiator(shown, spans=planted_span(), groups=["Taliban"]).row(0, named=True)
        covered += found["estimate_low"] <= truth <= found["estimate_high"]
    assert abs(covered / 100 - 0.95) <= 4 * math.sqrt(0.95 * 0.05 / 100)


ROWS = [
    {"date": DAY, "actor1": FRONT, "actor2": ARMY, "notes": "An army post was attacked by the FFZ."},
    {"date": DAY, "actor1": ARMY, "actor2": FRONT, "notes": "The army and the FFZ clashed."},
    {"date": DAY, "actor1": ARMY, "actor2": "Civilians (Zemaria)", "type": "Violence against civilians"},
    {"date": dt.date(2021, 9, 1), "actor1": ARMY, "actor2": LEAGUE},
]


def test_asked_of_a_desk(tmp_path: Path) -> None:
    asked = subject(ROWS, tmp_path)
    answer = answer_initiator(asked, Asked(windows=("first",)))
    shares = {row["group"]: (row["share_low"], row["share_high"]) for row in answer.table.iter_rows(named=True)}
    assert shares["Army"] == (pytest.approx(1 / 3), pytest.approx(1))
    assert shares["Front"] == (pytest.approx(0), pytest.approx(2 / 3))
    draw = draw_of(dt.date(2021, 1, 1), dt.date(2021, 12, 31))
    reviewed_by(tmp_path, "initiator", "ana", [said("e0", "began", FRONT, drawn="d1")], draw=draw)
    again = answer_initiator(asked, Asked(windows=("first",)))
    front = again.table.filter(group="Front").row(0, named=True)
    assert (front["begun"], front["share_low"]) == (1, pytest.approx(1 / 3))
    assert any("is small: its intervals are wide" in note for note in again.notes)
    assert any("Too few were drawn" in note for note in again.notes)
    drawn = svg(draw_initiator(asked, Asked(), again))
    assert "33–67%" in drawn
    both = answer_initiator(asked, Asked(windows=("first", "second"), by="event_type", groups=("front", "army")))
    assert svg(draw_initiator(asked, Asked(by="event_type"), both))
    assert set(both.table["group"]) == {"Front", "Army", OTHERS}


def test_who_attacked_civilians_began_it_in_the_words_of_each_source(tmp_path: Path) -> None:
    rows = [
        {"date": DAY, "actor1": ARMY, "actor2": "Civilians", "type": "One-sided violence"},
        {"date": DAY, "actor1": FRONT, "actor2": ARMY, "type": "State-based conflict"},
    ]
    for source, begun in (("ucdp_ged", 1), ("table", 0)):
        told = facts(source)
        assert set(told.attacker_first) <= set(told.event_types)
        asked = subject(rows, tmp_path)
        events = replace(asked.events, about=replace(asked.events.about, facts=told))
        answer = answer_initiator(replace(asked, events=events), Asked(windows=("first",)))
        army = answer.table.filter(group="Army").row(0, named=True)
        assert (army["incidents"], army["by_source"]) == (2, begun)
        assert answer.table["by_source"].sum() == begun
        assert any("where side A attacked" in note or "second actor" in note for note in told.cautions) == bool(begun)
    assert facts("acled").attacker_first == ("Violence against civilians",)


def test_a_desk_without_groups_is_told(tmp_path: Path) -> None:
    asked = subject(ROWS, tmp_path)
    bare = type(asked)(
        desk=asked.desk.model_copy(update={"groups": {}}), events=asked.events, gazetteer=asked.gazetteer
    )
    with pytest.raises(QuestionError, match="no groups"):
        answer_initiator(bare, Asked())


def test_the_events_behind_a_number_are_those_counted(tmp_path: Path) -> None:
    asked = subject(ROWS, tmp_path)
    answer = answer_initiator(asked, Asked(windows=("first",), by="event_type"))
    front = answer.table.filter(group="Front", series="All incidents")
    assert event_ids(asked, behind(asked, "initiator", Asked(), front, ["own_low"])) == ["e0", "e1"]
    assert event_ids(asked, behind(asked, "initiator", Asked(), front, ["share_low"])) == ["e0", "e1", "e2"]
    battles = answer.table.filter(group="Army", series="Battles")
    assert event_ids(asked, behind(asked, "initiator", Asked(), battles, ["share_low"])) == ["e0", "e1"]
