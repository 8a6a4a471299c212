"""How far from the cities? Incidents per week by distance to the nearest capital of a first-order unit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import polars as pl

from tocsin.analysis.incidents import averaged
from tocsin.analysis.weeks import week_start, whole_weeks
from tocsin.cube import Events, Flags, Selection, count
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span


def class_labels(edges_km: Sequence[float]) -> list[str]:
    """What each class is called, the nearest first.

    Raises:
        QuestionError: no edge, one that is no distance, edges that do not rise, or two that would be called the same.
    """
    if not edges_km:
        raise QuestionError("no distance was given", next_step="Name at least one threshold, in km.")
    for edge in edges_km:
        if not (math.isfinite(edge) and edge >= 0):
            raise QuestionError(f"{edge} km is no distance", next_step="Name thresholds in km, 0 or more.")
    if list(edges_km) != sorted(set(edges_km)):
        raise QuestionError(
            "the distances do not rise", next_step="Give them from the nearest to the farthest, each once."
        )
    named = [f"{edge:g}" for edge in edges_km]
    for edge, other in itertools.pairwise(edges_km):
        if f"{edge:g}" == f"{other:g}":
            raise QuestionError(
                f"the distances {edge} and {other} km can not be told apart",
                next_step="Places are not known to the metre: give thresholds that differ more.",
            )
    between = [f"{low}–{high} km" for low, high in itertools.pairwise(named)]
    return [f"Within {named[0]} km", *between, f"Farther than {named[-1]} km"]


def proximity(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    period: Span,
    edges_km: Sequence[float],
) -> pl.DataFrame:
    """Incidents per week in classes of distance to the nearest capital, with moving averages and shares.

    Args:
        selection: What counts, precision included; its span is not looked at.
        period: Its whole weeks are counted.
        edges_km: Upper edges of the classes, km, rising; each edge belongs to the nearer class.

    Returns:
        week_date, series (class), incidents (per week), average, share (of the week's average over the classes; null where the
        average is null or nothing happened). Rows whose distance is not known are in no class.

    Raises:
        QuestionError: edges that make no classes (see class_labels), no whole week in the period, or no row with a known distance.

    Assumes:
        The point stands for the event. Coordinates are those of the named place, not of the event: see the page on places.
    """
    labels = class_labels(edges_km)
    starts = definition.week_starts
    weeks = whole_weeks(period, starts=starts)
    if not weeks:
        raise QuestionError(f"there is no whole week in {period}", next_step="Choose a longer window.")
    before = week_start(weeks.start - definition.average_weeks, starts=starts)
    after = week_start(weeks.stop + definition.average_weeks, starts=starts)
    flags = Flags(distance_edges_km=edges_km)
    cube = count(events, selection.within(Span(before, after)), by=["event_day", "distance_class"], flags=flags)
    cube = cube.filter(pl.col("distance_class").is_not_null())
    if cube.is_empty():
        raise QuestionError(
            "no incident has a distance to a capital",
            next_step="The data need coordinates, in a country whose capitals are known: see tocsin status.",
        )
    named = cube.select(
        "event_day",
        pl.col("distance_class").replace_strict(dict(enumerate(labels)), return_dtype=pl.String).alias("series"),
        "incidents",
    )
    table = averaged(named, events.about.covered, definition=definition, weeks=weeks, order=labels)
    total = pl.col("average").sum().over("week_date")
    return table.with_columns(share=pl.when(total > 0).then(pl.col("average") / total).otherwise(None))
