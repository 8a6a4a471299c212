"""Incidents that count as often as reports mention them: the numbers, the words beside them, and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tocsin.catalogue import Asked, ask, open_desk
from tocsin.catalogue.behind import behind, event_ids
from tocsin.desk import read_desk
from tocsin.errors import QuestionError
from tocsin.ingest import add

MAPPING = """dataset = "log"
title = "Our log"
licence = ""
citation = ""
violent = ["attack"]
precise = [1]
[columns]
event_date = "day"
event_type = "what"
country = "country"
latitude = "north"
longitude = "east"
geo_precision = "precision"
actor1 = "who"
mentions = "mentions"
"""
DESK = """title = "Weighed"
countries = ["AFG"]
dataset = "log"
[definition]
average_weeks = 1
[windows.first]
first = 2024-01-01
last = 2024-01-14
"""
Logged = Callable[[Sequence[tuple[int, str | int, int]]], Path]


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    """A desk with a log of day of January, mentions, precision."""

    def make(rows: Sequence[tuple[int, str | int, int]]) -> Path:
        (tmp_path / "desk.toml").write_text(DESK, encoding="utf-8")
        (tmp_path / "log.toml").write_text(MAPPING, encoding="utf-8")
        table = pl.DataFrame(
            [
                {
                    "day": str(dt.date(2024, 1, day)), "what": "attack", "country": "Afghanistan", "north": 34.5, "east": 69.2,
                    "precision": precision, "who": "A", "mentions": str(mentions),
                }
                for day, mentions, precision in rows
            ]
        )  # fmt: skip
        table.write_csv(tmp_path / "log.csv")
        add(read_desk(tmp_path), tmp_path / "log.csv", mapping=tmp_path / "log.toml")
        return tmp_path

    return make


def answer(desk: Path, question: str, **asked: Any) -> tuple[pl.DataFrame, tuple[str, ...]]:
    with open_desk(desk) as subject:
        found = ask(subject, question, Asked(**asked))
    return found.table, found.sentences()


def test_what_does_not_say_how_often_counts_nothing_and_is_told(logged: Logged) -> None:
    desk = logged([(1, 5, 1), (2, 0, 1), (3, "", 1), (9, 2, 1), (10, "", 3), (14, 1, 3)])
    table, words = answer(desk, "weekly", weight="mentions")
    assert table.select("mentions", "average").rows() == [(5, 5.0), (3, 3.0)]
    assert "2 incidents do not say how many mentions they have, and count nothing." in words
    # Of what is placed too vaguely nothing is said twice.
    table, words = answer(desk, "concentration", weight="mentions", level="unit_code", windows=("first",))
    assert table.filter(pl.col("mentions") > 0)["mentions"].to_list() == [7]
    assert "1 incident does not say how many mentions it has, and counts nothing." in words
    assert any(sentence.startswith("Left out: 2 of 6 incidents") for sentence in words)
    assert any("not twice as violent" in sentence for sentence in words)
    table, _ = answer(desk, "actors", weight="mentions")
    assert table.rows() == [("A", 8, 1.0)]


def test_by_the_weight_itself(logged: Logged) -> None:
    table, _ = answer(logged([(1, 5, 1), (2, 5, 1), (3, 1, 1), (14, 1, 1)]), "weekly", weight="mentions", by="mentions")
    assert table.group_by("series").agg(pl.col("mentions").sum()).sort("series").rows() == [("1", 2), ("5", 10)]


@pytest.mark.parametrize("mentions", ["", 0])
def test_no_mention_at_all_is_refused(logged: Logged, mentions: str | int) -> None:
    with pytest.raises(QuestionError, match="says how many mentions it has"):
        answer(logged([(1, mentions, 1), (14, mentions, 1)]), "weekly", weight="mentions")


def test_more_than_can_be_added_up_is_set_aside(logged: Logged) -> None:
    desk = logged([(1, 1_000_000_000, 1), (3, 9_223_372_036_854_775_807, 1), (14, 3, 1)])
    table, _ = answer(desk, "weekly", weight="mentions")
    assert table["mentions"].to_list() == [1_000_000_000, 3]
    table, _ = answer(desk, "weekly")
    assert table["incidents"].to_list() == [1, 1]


def test_weighed_and_unweighed_counts_are_kept_apart(logged: Logged) -> None:
    with open_desk(logged([(1, 5, 1), (14, 2, 1)])) as subject:
        for _ in range(2):
            assert ask(subject, "weekly", Asked()).table["incidents"].to_list() == [1, 1]
            assert ask(subject, "weekly", Asked(weight="mentions")).table["mentions"].to_list() == [5, 2]


def test_behind_an_average_are_the_weeks_that_it_is_made_of_and_no_others(logged: Logged) -> None:
    """The data begin on a Wednesday: its week is not covered, is in no average, and has no event behind one."""
    desk = logged([(3, 1, 1), (8, 1, 1), (16, 1, 1), (23, 1, 1), (28, 1, 1)])
    with open_desk(desk) as subject:
        for weeks, rows, behind_it in ((2, slice(None), 4), (2, slice(0, 1), 1), (1, slice(None), 4)):
            asked = Asked(average_weeks=weeks)
            table = ask(subject, "weekly", asked).table
            assert table["incidents"].to_list() == [1, 1, 2]
            found = event_ids(subject, behind(subject, "weekly", asked, table[rows], table.columns))
            assert len(found) == behind_it
        table = ask(subject, "weekly", Asked(average_weeks=2)).table
        only = behind(subject, "weekly", Asked(average_weeks=2), table[1:2], ["average"])
        assert len(event_ids(subject, only)) == 2
