"""From vintages to the band on a weekly figure: what the store holds is what the table says and the picture shows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.figures.test_figure_series import found
from tests.store.loads import batch, file, put
from tocsin.catalogue import Answer, Asked, Subject, ask, draw, opening, subject_of
from tocsin.desk import Desk, Group
from tocsin.figures.caption import Caption
from tocsin.figures.series import series
from tocsin.figures.write import specification, svg
from tocsin.schema import Span
from tocsin.store import open_store

MONDAY = dt.date(2020, 1, 6)
WEEKS = 44
STATES = range(29, WEEKS)
"""There is a state at the end of each of these weeks, counted from 0."""
LATE = (4, 2, 1)
"""Of the eight incidents of each week four are known at its end, two a week later, one after two weeks; one is withdrawn after three."""
TYPES = ("Battles", "Explosions/Remote violence")


def week(number: int) -> dt.date:
    return MONDAY + dt.timedelta(weeks=number)


def known(number: int, delay: int, *, late: Sequence[int]) -> list[dict[str, Any]]:
    """The events of a week as known so many weeks after it, two in three of them battles."""
    events = sum(late[: delay + 1]) - (1 if delay >= len(late) > 1 else 0)
    return [
        {
            "event_id": f"w{number}n{event}",
            "event_date": week(number) + dt.timedelta(days=event % 7),
            "event_type": TYPES[event % 3 == 1],
            "actors": ["A"] if event % 3 else ["B"],
        }
        for event in range(events)
    ]


def load(folder: Path, states: Sequence[int], *, first: int = 0, late: Sequence[int] = LATE) -> None:
    """One vintage a state, each of all weeks from `first` on, dated to the last day of its week."""
    with open_store(folder, write=True) as store:
        for state in states:
            rows = [row for number in range(first, state + 1) for row in known(number, state - number, late=late)]
            last = week(state + 1) - dt.timedelta(days=1)
            put(
                store,
                file(f"s{state}", number=state, data_date=last, complete=True, **covering(Span(week(first), last))),
                batch(rows),
            )


def covering(span: Span) -> dict[str, Any]:
    return {"covers": span, "covers_countries": ("SYR",)}


DESK = Desk(
    title="Homs",
    countries=("SYR",),
    groups={"a": Group(label="The A", actors=("A",)), "b": Group(label="The B", actors=("B",))},
)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """A desk on all the states."""
    folder = tmp_path_factory.mktemp("many")
    load(folder, STATES)
    with open_store(folder) as store:
        yield subject_of(DESK, store, dataset="acled", as_of=None)


def tail(answer: Answer) -> pl.DataFrame:
    return answer.table.drop_nulls("average_low")


def test_the_table_tells_what_the_last_averages_settle_at(many: Subject) -> None:
    answer = ask(many, "weekly", Asked(average_weeks=4))
    assert answer.table.columns[4:] == ["average_estimate", "average_low", "average_high"]
    assert answer.table["incidents"].tail(4).to_list() == [6, 7, 6, 4]
    band = tail(answer)
    # Of 6, 6, 6 and 7; of 6, 6, 7 and 6; and of 6, 7, 6 and 4: all settle at 6.
    assert band["week_date"].to_list() == [week(WEEKS - 3), week(WEEKS - 2), week(WEEKS - 1)]
    assert band["average"].to_list() == [6.25, 6.25, 5.75]
    assert band["average_estimate"].to_list() == pytest.approx([6, 6, 6])
    assert band["average_low"].is_between(5, 6).all()
    assert band["average_high"].is_between(6, 7.25).all()
    (note,) = [each for each in answer.notes if "not yet complete" in each]
    assert "95 per cent" in note
    assert f"in {len(STATES)} vintages" in note
    assert "Caution" not in note


def test_a_single_week_is_told_of_as_by_the_nowcast(many: Subject) -> None:
    band = tail(ask(many, "weekly", Asked(average_weeks=1)))
    assert band["week_date"].to_list() == [week(WEEKS - 3), week(WEEKS - 2), week(WEEKS - 1)]
    assert band["average"].to_list() == [7, 6, 4]
    assert band["average_estimate"].to_list() == pytest.approx([6, 6, 6])


def test_the_other_columns_and_notes_are_as_without_a_history(many: Subject) -> None:
    for asked in (Asked(), Asked(groups=("a", "b")), Asked(by="event_type"), Asked(group="a", by="country")):
        told, plain = (ask(subject, "weekly", asked) for subject in (many, replace(many, history=None)))
        assert told.table.select(plain.table.columns).equals(plain.table)
        assert plain.table.columns == ["week_date", "series", "incidents", "average"]
        assert told.notes[: len(plain.notes)] == plain.notes
        assert told.title == plain.title


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        (Asked(groups=("a", "b"), average_weeks=1), ["The A", "The B"]),
        (Asked(by="event_type", average_weeks=1), list(TYPES)),
        (Asked(group="a", by="event_type", average_weeks=1), list(TYPES)),
        (Asked(by="country", average_weeks=1), []),
    ],
)
def test_each_line_by_group_or_type_is_told_of_by_its_own_history(
    many: Subject, asked: Asked, lines: list[str]
) -> None:
    answer = ask(many, "weekly", asked)
    if not lines:
        assert "average_low" not in answer.table.columns
        return
    band = tail(answer)
    assert band["series"].unique().sort().to_list() == sorted(lines)
    settled = answer.table.filter(pl.col("week_date") == week(WEEKS - 10)).select("series", "incidents")
    newest = band.filter(pl.col("week_date") == week(WEEKS - 1)).join(settled, on="series", suffix="_settled")
    assert newest["average_estimate"].to_list() == pytest.approx(newest["incidents_settled"].to_list())


def test_the_past_is_told_of_by_what_was_known_then(many: Subject, tmp_path: Path) -> None:
    load(tmp_path, STATES)
    then = week(41) - dt.timedelta(days=1)
    with open_store(tmp_path) as store:
        past = subject_of(DESK, store, dataset="acled", as_of=then)
        band = tail(ask(past, "weekly", Asked(average_weeks=1)))
        assert band["week_date"].max() == week(40)
        assert "in 12 vintages" in ask(past, "weekly", Asked(average_weeks=1)).notes[-1]
        long_ago = subject_of(DESK, store, dataset="acled", as_of=week(37))
        assert long_ago.history is None


def test_a_desk_of_one_vintage_asks_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, [WEEKS - 1])
    monkeypatch.setattr(opening, "history", lambda *_, **__: pytest.fail("a history is counted"))
    with open_store(tmp_path) as store:
        subject = subject_of(DESK, store, dataset="acled", as_of=None)
        answer = ask(subject, "weekly", Asked())
        drawn = specification(draw(subject, "weekly", Asked(), answer))
    assert answer.table.columns == ["week_date", "series", "incidents", "average"]
    assert "tails" not in drawn["datasets"]
    assert not [mark for mark in found(drawn, "mark") if mark["type"] == "area"]


def test_weeks_that_are_settled_need_no_history(many: Subject) -> None:
    desk = DESK.model_validate({**DESK.model_dump(), "period": {"first": week(0), "last": week(15)}})
    asked: list[object] = []

    def watched(selection: Any) -> pl.DataFrame:
        asked.append(selection)
        assert many.history
        return many.history(selection)

    ask(replace(many, desk=desk, history=watched), "weekly", Asked())
    assert not asked
    ask(replace(many, history=watched), "weekly", Asked())
    assert len(asked) == 1


def test_a_history_without_revisions_draws_no_band(tmp_path: Path) -> None:
    load(tmp_path, STATES, late=(5,))
    with open_store(tmp_path) as store:
        subject = subject_of(DESK, store, dataset="acled", as_of=None)
        assert subject.history is not None
        answers = [ask(each, "weekly", Asked()) for each in (subject, replace(subject, history=None))]
        drawn = [json.dumps(specification(draw(subject, "weekly", Asked(), answer))) for answer in answers]
    assert answers[0].table.equals(answers[1].table)
    assert drawn[0] == drawn[1]


def test_days_that_the_oldest_state_did_not_cover_are_no_revisions(tmp_path: Path) -> None:
    """A file of older weeks, loaded late: they were not known before because nobody had asked."""
    load(tmp_path, STATES[:9], first=10)
    with open_store(tmp_path, write=True) as store:
        rows = [row for number in range(10) for row in known(number, 10, late=LATE)]
        span = Span(week(0), week(10) - dt.timedelta(days=1))
        put(store, file("old", number=99, data_date=week(38) - dt.timedelta(days=1), **covering(span)), batch(rows))
    load(tmp_path, STATES[9:], first=10)
    with open_store(tmp_path) as store:
        subject = subject_of(DESK, store, dataset="acled", as_of=None)
        band = tail(ask(subject, "weekly", Asked(average_weeks=1)))
    assert band["average_estimate"].to_list() == pytest.approx([6, 6, 6])


def encodings(drawn: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    return [layer["encoding"] for layer in layers(drawn) if layer["mark"]["type"] == mark]


def layers(part: Any) -> Iterator[dict[str, Any]]:
    """Every single layer with a mark."""
    if isinstance(part, dict):
        if isinstance(part.get("mark"), dict):
            yield part
        for value in part.values():
            yield from layers(value)
    elif isinstance(part, list):
        for value in part:
            yield from layers(value)


def test_the_picture_dashes_the_last_weeks_and_draws_their_band(many: Subject) -> None:
    answer = ask(many, "weekly", Asked(average_weeks=1))
    drawn = specification(draw(many, "weekly", Asked(), answer))
    rows = drawn["datasets"]["tails"]
    # The band opens from the last week that is complete.
    assert [row["from"] for row in rows] == [week(WEEKS - number).isoformat() for number in (4, 3, 2, 1)]
    assert [row["tail"] for row in rows] == [6, 7, 6, 4]
    assert rows[0]["average_low"] == rows[0]["average_high"] == 6
    assert [row["average_high"] for row in rows[1:]] == tail(answer)["average_high"].to_list()
    lines = drawn["datasets"]["counts"]
    assert [row["average"] for row in lines[-4:]] == [6, None, None, None]
    (band,) = encodings(drawn, "area")
    assert (band["y"]["field"], band["y2"]["field"]) == ("average_low", "average_high")
    dashed = [layer for layer in layers(drawn) if layer["encoding"].get("y", {}).get("field") == "tail"]
    assert len(dashed) == 1
    assert dashed[0]["mark"]["strokeDash"]
    printed = svg(drawn)
    assert ">once complete<" in printed
    assert "Dashed: weeks not yet complete" in printed
    assert drawn["datasets"]["told"][-1]["s0"] == "4 (average 4.0; once complete {:.1f} to {:.1f})".format(
        *tail(answer).select("average_low", "average_high").row(-1)
    )


Weekly = Callable[[dict[str, list[int]]], pl.DataFrame]


def banded(table: pl.DataFrame, name: str, last: int) -> pl.DataFrame:
    """A band on the last weeks of a line, from its average to three times it."""
    ends = table["week_date"].unique().sort().tail(last)
    here = pl.col("week_date").is_in(ends.implode()) & (pl.col("series") == name)
    return table.with_columns(
        average_low=pl.when(here).then(pl.col("average")), average_high=pl.when(here).then(3 * pl.col("average"))
    )


def test_the_axis_has_room_for_the_band(weekly: Weekly, caption: Caption) -> None:
    table = weekly({"a": [10] * 20})
    for drawn, top in ((table, 10), (banded(table, "a", 3), 30)):
        (scale,) = [
            e["y"]["scale"]
            for e in found(specification(series(drawn, caption=caption)), "encoding")
            if "scale" in e.get("y", {})
        ]
        assert scale["domain"] == [0, top]


def test_of_several_lines_each_has_its_own_tail(weekly: Weekly, caption: Caption) -> None:
    table = banded(weekly({"a": [10] * 20, "b": [5] * 20}), "b", 2)
    drawn = specification(series(table, caption=caption))
    assert {row["series"] for row in drawn["datasets"]["tails"]} == {"b"}
    assert len(drawn["datasets"]["tails"]) == 3
    cut = [row["series"] for row in drawn["datasets"]["counts"][4:] if row["average"] is None]
    assert cut == ["b", "b", "b", "b"]  # two until its average is full, and two in the tail
    assert "once complete" not in [word for text in found(drawn, "text") for word in text]


def test_a_line_without_a_band_is_drawn_as_ever(weekly: Weekly, caption: Caption) -> None:
    table = weekly({"a": [3, 1, 4] * 9})
    none = table.with_columns(average_low=pl.lit(None, pl.Float64), average_high=pl.lit(None, pl.Float64))
    assert specification(series(none, caption=caption)) == specification(series(table, caption=caption))


def test_a_band_from_the_first_week_on_can_be_drawn(weekly: Weekly, caption: Caption) -> None:
    drawn = specification(series(banded(weekly({"a": [3, 1, 4]}), "a", 3), caption=caption))
    assert [row["tail"] for row in drawn["datasets"]["tails"]] == [None, pytest.approx(8 / 3)]
    svg(drawn)
