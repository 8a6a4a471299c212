"""The figure of agreement: an answer's table, both weekly lines and the words, given to the figures room."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import polars as pl

from tocsin.analysis.agreeing import MOST_NAMED
from tocsin.analysis.sides import ALL_WEEKS, side_by_side
from tocsin.catalogue.answers.agreement import sides_of
from tocsin.catalogue.drawing.incidents import captioned
from tocsin.catalogue.subject import Answer, Asked, Subject, compared_windows, definition_of, period_of
from tocsin.figures.agreement import UNIT
from tocsin.figures.agreement import agreement as agreement_figure
from tocsin.figures.timeline import Marker, Shade
from tocsin.schema import listed


def draw_agreement(subject: Subject, asked: Asked, answer: Answer) -> Any:
    sides, definition = sides_of(subject, asked), definition_of(subject, asked)
    windows = compared_windows(subject, asked)
    before, after = windows.values()
    lines = side_by_side(
        sides.one, sides.other, definition=definition, period=period_of(subject), windows=(before, after)
    )
    caption = captioned(answer, f"Lines: averages of {definition.average_weeks} weeks ({definition.average}).")
    weeks: list[dt.date] = lines["week_date"].unique().sort().to_list()
    return agreement_figure(
        lines,
        _changes(answer.table, (sides.one.label, sides.other.label)),
        caption=replace(caption, synthetic=sides.synthetic),
        unit=_hundred(lines),
        events=[
            Marker(each.date, each.label)
            for each in subject.desk.markers
            if weeks[0] <= each.date < weeks[-1] + dt.timedelta(days=7)
        ],
        shade=[Shade(span.first, span.last, label) for label, span in windows.items()],
    )


def _hundred(lines: pl.DataFrame) -> str:
    """What 100 is: of a side with hardly an incident in the first window something else."""
    sides = lines.filter(pl.col("base") == ALL_WEEKS)["series"].unique(maintain_order=True).to_list()
    return f"{UNIT} (of {listed(sides)}: in {ALL_WEEKS})" if sides else UNIT


def _changes(table: pl.DataFrame, names: tuple[str, str]) -> pl.DataFrame:
    """Two rows for all, for each group, and for those places and types where the two part, the surest first."""
    elsewhere = (
        table.filter(pl.col("kind").is_in(["unit", "event type"]), pl.col("part")).sort("parting_p").head(MOST_NAMED)
    )
    rows = pl.concat([table.filter(pl.col("kind").is_in(["all", "group"])), elsewhere]).with_row_index("row")
    sides = [
        rows.select(
            "row",
            pl.col("series").alias("label"),
            pl.lit(name).alias("series"),
            pl.col(f"{side}_change").alias("value"),
            pl.col(f"{side}_change_low").alias("low"),
            pl.col(f"{side}_change_high").alias("high"),
            "part",
        )
        for side, name in zip(("one", "other"), names, strict=True)
    ]
    return pl.concat(sides).sort("row", maintain_order=True).drop("row")
