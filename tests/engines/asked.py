"""Questions of the catalogue that every engine must answer alike, with the arguments that change what an engine is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from tocsin.catalogue import Asked, Subject, ask
from tocsin.catalogue.behind import behind, event_ids

WINDOWS = ("early-2022", "late-2021")
ASKED: Sequence[tuple[str, Asked]] = (
    ("weekly", Asked()),
    ("weekly", Asked(by="event_type")),
    ("weekly", Asked(by="admin1", group="iskp")),
    ("weekly", Asked(groups=("iskp", "nrf", "taliban"))),
    ("weekly", Asked(week_starts="Saturday", average="centred", average_weeks=7)),
    ("concentration", Asked()),
    ("concentration", Asked(level="unit_code", group="taliban")),
    ("concentration", Asked(level="cell_6", windows=WINDOWS)),
    ("spread", Asked()),
    ("spread", Asked(level="unit_code", group="iskp")),
    ("proximity", Asked()),
    ("proximity", Asked(near_km=(5.0, 10.0, 50.0), group="nrf")),
    ("comparison", Asked()),
    ("comparison", Asked(groups=("iskp", "nrf"), windows=WINDOWS[::-1])),
    ("actors", Asked()),
    ("actors", Asked(group="unidentified")),
    ("filters", Asked()),
    ("filters", Asked(group="iskp")),
    ("precision", Asked()),
    ("reporting", Asked()),
    ("reporting", Asked(group="iskp", windows=WINDOWS)),
    ("scales", Asked()),
    ("scales", Asked(by="source")),
    ("outlets", Asked()),
    ("outlets", Asked(by="source")),
    ("mix", Asked()),
    ("panel", Asked()),
    ("panel", Asked(by="source", group="taliban")),
    ("position", Asked()),
    ("position", Asked(group="iskp", windows=WINDOWS)),
    ("placement", Asked()),
    ("placement", Asked(level="unit_code")),
    ("dating", Asked()),
    ("dating", Asked(group="nrf", week_starts="Sunday")),
    ("agreement", Asked(against="log")),
    ("agreement", Asked(against="source:Synthetic national newspaper")),
    ("attribution", Asked()),
    ("attribution", Asked(by="event_type")),
    ("claims", Asked()),
    ("initiator", Asked()),
    ("initiator", Asked(by="event_type", groups=("taliban",))),
    ("change", Asked()),
    ("change", Asked(groups=("iskp", "nrf"))),
    ("trend", Asked(weeks=13)),
    ("watch", Asked()),
)

WEIGHED: Sequence[tuple[str, Asked]] = (
    ("weekly", Asked(weight="mentions", by="event_type")),
    ("concentration", Asked(weight="mentions", level="unit_code")),
    ("proximity", Asked(weight="mentions")),
    ("actors", Asked(weight="mentions")),
)
"""Of the log, which counts mentions."""


def of_log(subject: Subject) -> Subject:
    """The same desk, asked of its own log, which counts mentions."""
    assert subject.beside
    return replace(subject, events=subject.beside("log"))


def named(asked: tuple[str, Asked]) -> str:
    """A question with its arguments, as a test is called."""
    given = [f"{name}={value}" for name, value in vars(asked[1]).items() if value not in (None, (), "")]
    return " ".join([asked[0], *given])


@dataclass(frozen=True)
class Answered:
    """All that is told in answer to a question, and the ids of the events behind its table."""

    table: pl.DataFrame
    sentences: tuple[str, ...]
    ids: tuple[Any, ...]


def answered(subject: Subject, question: str, asked: Asked) -> Answered:
    answer = ask(subject, question, asked)
    rows = behind(subject, question, asked, answer.table, answer.table.columns)
    return Answered(answer.table, answer.sentences(), tuple(event_ids(subject, rows)))


def assert_same(found: Answered, wanted: Answered) -> None:
    """To the last bit: of floats too."""
    assert_frame_equal(found.table, wanted.table, check_exact=True)
    assert found.sentences == wanted.sentences
    assert found.ids == wanted.ids
