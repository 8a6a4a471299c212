"""A few events with actors and notes, and a desk with two groups, for tests of the layers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from tests.star import about, tables
from tocsin.catalogue.subject import Subject
from tocsin.cube import Events
from tocsin.desk import Desk, Group, Window
from tocsin.geo.gazetteer import load
from tocsin.layers.draws import Draw
from tocsin.layers.file import ReviewFile, file_of, read_file, with_decision
from tocsin.layers.statements import Statement
from tocsin.schema import Span

FIRST, LAST = dt.date(2021, 1, 1), dt.date(2021, 12, 31)
FRONT, LEAGUE, ARMY = "Front for Zemaria (FFZ)", "LZ: League of Zemaria", "Military Forces of Zemaria (2010-)"
NOBODY = "Unidentified Armed Group (Zemaria)"
GROUPS = {"Front": (FRONT,), "League": (LEAGUE,), "Army": (ARMY,)}
AT = dt.datetime(2022, 1, 1, 12, tzinfo=dt.UTC)
TEXTS = ("actor1", "actor2", "assoc_actor1", "assoc_actor2", "notes", "source", "location", "admin1", "sub_event_type")


def events_of(rows: Sequence[Mapping[str, Any]], *, without: Sequence[str] = ()) -> Events:
    """Rows with date, actors (two), and perhaps notes and type; their ids are e0, e1, …"""
    given = [{"actors": [name for name in (row.get("actor1"), row.get("actor2")) if name], **row} for row in rows]
    facts, places, parties = tables(given)
    kept = [name for name in TEXTS if name not in without]
    facts = facts.with_columns(
        *(pl.Series(name, [row.get(name) for row in given], dtype=pl.String) for name in kept),
        fatalities=pl.Series([row.get("deaths", 0) for row in given], dtype=pl.Int64),
    )
    wrapped = [nw.from_native(table.lazy()) for table in (facts, places, parties)]
    return Events(rows=wrapped[0], places=wrapped[1], parties=wrapped[2], about=about([Span(FIRST, LAST)]))


def subject(rows: Sequence[Mapping[str, Any]], folder: Path, *, without: Sequence[str] = ()) -> Subject:
    desk = Desk(
        title="Test",
        countries=("AFG",),
        windows={
            "first": Window(first=FIRST, last=dt.date(2021, 6, 30)),
            "second": Window(first=dt.date(2021, 7, 1), last=LAST),
        },
        groups={label.lower(): Group(label=label, actors=names) for label, names in GROUPS.items()},
    ).model_copy(update={"folder": folder})
    return Subject(desk=desk, events=events_of(rows, without=without), gazetteer=load())


def said(event: str, kind: str, party: str = "", **more: Any) -> Statement:
    given = {
        "dataset": "acled",
        "data_date": dt.date(2022, 1, 1),
        "vintage": "0123456789ab",
        "row": "000000000000",
        "reviewed_at": AT,
    }
    return replace(Statement(event_id=event, kind=kind, party=party, reviewer="ana", **given), **more)  # type: ignore[arg-type]


def reviewed_by(
    folder: Path, layer: str, reviewer: str, *decisions: Sequence[Statement], draw: Draw | None = None
) -> ReviewFile:
    """A review file with these decisions, written."""
    file = read_file(file_of(folder, layer, reviewer), layer)
    for decision in decisions:
        file = with_decision(file, tuple(replace(each, reviewer=reviewer) for each in decision), draw=draw)
    return file
