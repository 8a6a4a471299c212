"""Figures of how far points can be trusted."""

from __future__ import annotations

from typing import Any

import polars as pl

from tocsin.analysis.position import CHANGE
from tocsin.catalogue.drawing.incidents import captioned, drawn_map
from tocsin.catalogue.subject import Answer, Asked, Subject
from tocsin.figures.sweep import sweep


def draw_position(subject: Subject, _asked: Asked, answer: Answer) -> Any:
    table = answer.table.filter(pl.col("window") != CHANGE)
    return sweep(table, caption=captioned(answer), marked_km=subject.desk.definition.near_km)


def draw_placement(subject: Subject, asked: Asked, answer: Answer) -> Any:
    rounded = answer.table.select("window", "place", incidents=pl.col("expected").round().cast(pl.Int64))
    return drawn_map(subject, asked, answer, rounded)
