"""Each figure of the catalogue: an answer's table, its words and the places that it needs, given to the figures room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from tocsin.analysis.incidents import ALL
from tocsin.catalogue.answers.incidents import MOST_LINES
from tocsin.catalogue.subject import Answer, Asked, Subject, level_of, windows_of
from tocsin.catalogue.unsettled import BAND
from tocsin.figures.caption import Caption
from tocsin.figures.map import concentration as concentration_map
from tocsin.figures.series import series as series_figure
from tocsin.figures.timeline import Marker
from tocsin.geo.cells import cell_outlines
from tocsin.geo.gazetteer import outlines

MAP_DETAIL = 0.02
"""Degrees by which unit outlines are simplified for a figure of a page's width."""


def captioned(answer: Answer, *notes: str) -> Caption:
    """The words of an answer, as those of a figure."""
    return Caption(
        title=answer.title,
        subtitle=answer.subtitle,
        notes=(answer.definition, *answer.notes, *notes),
        source=answer.source,
        synthetic=answer.about.synthetic,
    )


def draw_series(subject: Subject, asked: Asked, answer: Answer) -> Any:
    table = answer.table.rename({asked.counts: "incidents"})
    if table["series"].n_unique() == 1 and table["series"][0] == ALL:
        table = table.with_columns(series=pl.lit("Moving average"))
    table, lumped = _fewer(table)
    return series_figure(
        table.select("week_date", "series", "incidents", "average", *_band(table)),
        caption=captioned(answer, *lumped),
        unit=f"{asked.counts} per week",
        events=markers_of(subject, table),
    )


def markers_of(subject: Subject, table: pl.DataFrame) -> list[Marker]:
    """The desk's markers within the weeks of a table."""
    first, last = table.select(first=pl.min("week_date"), last=pl.max("week_date")).row(0)
    end = last + dt.timedelta(days=7)
    return [Marker(each.date, each.label) for each in subject.desk.markers if first <= each.date < end]


def _fewer(table: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """At most MOST_LINES series: the largest as they are, the others summed into one; and a sentence that says so."""
    names = table["series"].unique(maintain_order=True).to_list()
    if len(names) <= MOST_LINES:
        return table, ()
    kept, others = names[: MOST_LINES - 1], names[MOST_LINES - 1 :]
    label = f"{len(others)} others"
    named = table.with_columns(series=pl.when(pl.col("series").is_in(kept)).then("series").otherwise(pl.lit(label)))
    # A sum over null is null: a week that the data do not cover stays a gap.
    summed = named.group_by("series", "week_date", maintain_order=True).agg(
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name)
        for name in ("incidents", "average", *_band(table))
    )
    # Nor do the ends of intervals add up.
    summed = summed.with_columns(pl.when(pl.col("series") != label).then(pl.col(name)) for name in _band(table))
    named_others = [*others[:8], f"{len(others) - 8} more"] if len(others) > 8 else others
    return summed, (f"{label.capitalize()}: {', '.join(named_others)}.",)


def _band(table: pl.DataFrame) -> list[str]:
    return [name for name in BAND if name in table.columns]


def draw_map(subject: Subject, asked: Asked, answer: Answer) -> Any:
    return drawn_map(subject, asked, answer, answer.table.rename({asked.counts: "incidents"}))


def drawn_map(subject: Subject, asked: Asked, answer: Answer, table: pl.DataFrame) -> Any:
    """A map of window, place and incidents, with the words of an answer."""
    level = level_of(subject, asked)
    shapes = outlines(subject.gazetteer, subject.desk.countries, detail=MAP_DETAIL)
    table = table.filter(pl.col("incidents") > 0)
    by_unit = level == "unit_code"
    drawn = _keyed(shapes if by_unit else cell_outlines(sorted({int(place) for place in table["place"]})))
    capitals = subject.gazetteer.capitals.filter(pl.col("country").is_in(subject.desk.countries))
    return concentration_map(
        table.select("window", "place", "incidents"),
        outlines=shapes,
        places=drawn,
        capitals=capitals.select("capital", "longitude", "latitude", "national"),
        caption=captioned(answer),
        windows=list(windows_of(subject, asked.windows)),
        unit=f"{asked.counts} per {'province' if by_unit else 'hexagon'}",
    )


def _keyed(features: Mapping[str, Any]) -> dict[str, Any]:
    """The features with the property `place`, by which a map finds them."""
    return {
        **features,
        "features": [
            {**each, "properties": {"place": each["properties"].get("unit_code") or each["properties"]["cell"]}}
            for each in features["features"]
        ],
    }
