"""The figures of coverage: an answer's table and its words, given to the figures room."""

from __future__ import annotations

from typing import Any

import polars as pl

from tocsin.analysis.mix import mix
from tocsin.analysis.shares import shares as shares_over_time
from tocsin.catalogue.answers.coverage import column_of, every_of
from tocsin.catalogue.drawing.incidents import captioned
from tocsin.catalogue.subject import Answer, Asked, Subject, definition_of, period_of, selection_of
from tocsin.catalogue.words import for_group
from tocsin.errors import QuestionError
from tocsin.figures.forest import Band, forest
from tocsin.figures.shares import shares as shares_figure
from tocsin.figures.timeline import Marker

UNIT = "per cent of incidents"
GROUPS = {
    "all": None,
    "panel": None,
    "alone": "Each main source alone",
    "new media": "Without new media",
    "bounds": "Bounds",
}


def draw_scales(subject: Subject, asked: Asked, answer: Answer) -> Any:
    """Shares over time, with the breaks of their mix."""
    selection, _, _ = for_group(subject, asked, selection_of(subject))
    period, definition = period_of(subject), definition_of(subject, asked)
    column, every = column_of(subject, asked, selection, usual="source_scale"), every_of(subject, period)
    try:
        spells = mix(
            subject.events, selection=selection, definition=definition, period=period, column=column, every=every
        )
    except QuestionError as error:
        return _stacked(answer.table, answer, [], f"No breaks are marked: {error.what}.")
    note = "Lines: the mix of sources broke." if spells.height > 1 else "No break in the mix was found."
    return _stacked(answer.table, answer, _markers(spells), note)


def draw_mix(subject: Subject, asked: Asked, answer: Answer) -> Any:
    """Shares over time, with the breaks that the answer tells."""
    selection, _, _ = for_group(subject, asked, selection_of(subject))
    period, definition = period_of(subject), definition_of(subject, asked)
    column, every = column_of(subject, asked, selection, usual="source"), every_of(subject, period)
    table = shares_over_time(
        subject.events, selection=selection, definition=definition, period=period, column=column, every=every
    )
    return _stacked(table, answer, _markers(answer.table))


def draw_panel(_subject: Subject, _asked: Asked, answer: Answer) -> Any:
    """The ratio by each way of counting, with the bounds as a band."""
    bounds = answer.table.filter(kind="bounds").row(0, named=True)
    known = bounds["bound_low"] is not None
    rows = answer.table.select(
        pl.col("series").alias("label"),
        pl.col("ratio").alias("value"),
        pl.when(pl.col("kind") == "bounds").then("bound_low").otherwise("ratio_low").alias("low"),
        pl.when(pl.col("kind") == "bounds").then("bound_high").otherwise("ratio_high").alias("high"),
        pl.col("kind").replace_strict(GROUPS, return_dtype=pl.String).alias("group"),
        pl.col("kind").is_in(["all", "panel", "bounds"]).alias("emphasised"),
    )
    return forest(
        rows if known else rows.head(-1),
        caption=captioned(answer, *(["Shaded: the bounds."] if known else [])),
        unit="ratio (interval)",
        reference=1.0,
        reference_label="no change",
        band=Band(bounds["bound_low"], bounds["bound_high"]) if known else None,
        logarithmic=True,
    )


def _stacked(table: pl.DataFrame, answer: Answer, markers: list[Marker], *notes: str) -> Any:
    rest = table["series"].filter(table["series"].str.contains(r"^\d+ others$"))
    return shares_figure(
        table.select("from_date", "to_date", "series", share="fractional"),
        caption=captioned(answer, *notes),
        unit=UNIT,
        breaks=markers,
        rest=rest[0] if rest.len() else None,
    )


def _markers(spells: pl.DataFrame) -> list[Marker]:
    broken = spells.drop_nulls("distance_points").iter_rows(named=True)
    return [Marker(row["from_date"], _moved(row)) for row in broken]


def _moved(row: dict[str, Any]) -> str:
    """The source whose share moved more."""
    up, down = row["rose_points"], -row["fell_points"]
    return f"{row['rose']} up {up:.0f} points" if up >= down else f"{row['fell']} down {down:.0f} points"
