"""The questions of coverage asked of a desk: the words, the warnings, and the events behind a number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pytest

from tests.analysis.coverage_world import events_of
from tocsin.catalogue.answers.coverage import (
    answer_mix,
    answer_outlets,
    answer_panel,
    answer_scales,
    behind_mix,
    behind_outlets,
    behind_panel,
    behind_scales,
)
from tocsin.catalogue.drawing.coverage import draw_mix, draw_panel, draw_scales
from tocsin.catalogue.subject import Asked, Subject, selection_of
from tocsin.desk import Desk, Window
from tocsin.errors import QuestionError
from tocsin.figures.write import svg
from tocsin.geo.gazetteer import load
from tocsin.schema import Span

FIRST = dt.date(2021, 1, 4)
WEEKS = 40
DAY = dt.timedelta(days=1)
BEFORE, AFTER = (Span(FIRST + 140 * part * DAY, FIRST + (140 * part + 139) * DAY) for part in (0, 1))


def subject(rows: Sequence[Mapping[str, Any]]) -> Subject:
    desk = Desk(
        title="Test",
        countries=("AFG",),
        windows={name: Window(first=w.first, last=w.last) for name, w in (("before", BEFORE), ("after", AFTER))},
    )
    return Subject(desk=desk, events=events_of(rows, [Span(BEFORE.first, AFTER.last)]), gazetteer=load())


def rows(**more: Any) -> list[dict[str, Any]]:
    """Radio reports 8 a week, then 2; Account 3 a week in the later twenty weeks, one of them with Radio."""
    found: list[dict[str, Any]] = []
    for week in range(WEEKS):
        day = FIRST + 7 * week * DAY
        found += [{"date": day, "source": "Radio", "scale": "National"}] * (8 if week < 20 else 2)
        if week >= 20:
            found += [{"date": day, "source": "Account", "scale": "New media"}] * 2
            found += [{"date": day, "source": "Account; Radio", "scale": "New media-National"}]
    return [each | more for each in found]


def test_the_panel_tells_the_direction_first_and_warns_of_one_voice() -> None:
    answer = answer_panel(subject(rows()), Asked())
    assert any("Those that stay are taken to report as before" in note for note in answer.notes)
    assert answer.notes[0].startswith("The fall is, if anything, understated: ")
    assert any(note.startswith("Radio reports 100.0% of the earlier") for note in answer.notes)
    assert not any("fall away" in note for note in answer.notes)
    assert "no change" in svg(draw_panel(subject(rows()), Asked(), answer))


def test_without_scales_it_is_said_what_falls_away_and_the_rest_goes_on() -> None:
    bare = subject(rows(scale=None))
    with pytest.raises(QuestionError, match="shares of scales and of new media fall away") as raised:
        answer_scales(bare, Asked())
    assert "scales --by source, outlets, mix, panel" in raised.value.next_step
    assert answer_scales(bare, Asked(by="source")).table["series"].unique().sort().to_list() == ["Account", "Radio"]
    assert any("rows without new media fall away" in note for note in answer_panel(bare, Asked()).notes)
    assert answer_mix(bare, Asked()).table.height == 2
    with pytest.raises(QuestionError) as nothing:
        answer_scales(subject(rows(scale=None, source=None)), Asked())
    assert "do not name sources either" in nothing.value.next_step


def test_without_names_the_scales_stand_for_sources() -> None:
    nameless = subject(rows(source=None))
    assert answer_outlets(nameless, Asked()).table["source"].sort().to_list() == ["National", "New media"]
    assert "present in both windows" in answer_panel(nameless, Asked()).table["series"][1]
    with pytest.raises(QuestionError, match="does not say who reported"):
        answer_outlets(nameless, Asked(by="admin1"))


def test_the_break_is_dated_in_words_and_marked() -> None:
    answer = answer_mix(subject(rows()), Asked())
    assert any(
        note.startswith("The mix broke with the week of 24 May 2021 (50 points; Account +50, Radio −50; p = 0.0")
        for note in answer.notes
    )
    assert ">Account up 50 points<" in svg(draw_mix(subject(rows()), Asked(), answer))
    scales = answer_scales(subject(rows()), Asked())
    assert ">New media up 50 points<" in svg(draw_scales(subject(rows()), Asked(), scales))
    assert any(note.startswith("Few incidents: ") for note in scales.notes)


def test_one_empty_window_is_no_crash() -> None:
    early = subject([each for each in rows() if each["date"] <= BEFORE.last])
    assert answer_panel(early, Asked()).notes[0].startswith("Can not be told: a window has no incident")
    assert answer_outlets(early, Asked()).table["state"].to_list() == ["vanished"]


def test_near_names_are_counted_and_shown() -> None:
    twice = [*rows(), {"date": FIRST, "source": "Accounts", "scale": None}]
    notes = answer_outlets(subject(twice), Asked()).notes
    assert (
        "One pair of names is nearly alike and may be one source; none was merged: “Account” and “Accounts”." in notes
    )


def test_the_events_behind_a_number() -> None:
    asked = subject(rows())
    selection = selection_of(asked)
    table = answer_panel(asked, Asked()).table
    alone = behind_panel(asked, Asked(), selection, table.filter(series="Radio"), ["after_incidents"])
    assert alone.column == ("source", ("Account; Radio", "Radio"))
    assert alone.spans == (AFTER,)
    fixed = behind_panel(asked, Asked(), selection, table.filter(kind="panel"), ["ratio"])
    assert fixed.column == ("source", ("Account; Radio", "Radio"))
    assert fixed.spans == (Span(BEFORE.first, AFTER.last),)
    sole = behind_panel(
        asked, Asked(), selection, table.filter(pl.col("series").str.contains("only new media")), ["ratio"]
    )
    assert sole.column == ("source_scale", (None, "National", "New media-National"))
    outlets = answer_outlets(asked, Asked()).table
    named = behind_outlets(asked, Asked(), selection, outlets.filter(source="Account"), ["after_incidents"])
    assert (named.column, named.spans) == (("source", ("Account", "Account; Radio")), (AFTER,))
    spells = answer_mix(asked, Asked()).table
    assert behind_mix(asked, Asked(), selection, spells.head(1), ["incidents"]).spans == (BEFORE,)
    shares = answer_scales(asked, Asked()).table
    assert behind_scales(asked, Asked(), selection, shares.head(1), ["any"]).spans == (Span(FIRST, FIRST + 6 * DAY),)
