"""How far may the end of a weekly line still move? What its own history of revisions says, beside its numbers and in a sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from tocsin.analysis.revisions import SETTLED_WEEKS, incomplete, nowcast_average, states, triangle
from tocsin.catalogue.subject import Subject
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import listed

BAND = ("average_estimate", "average_low", "average_high")
"""Columns of a weekly table that has a band: what the average is expected to settle at, and between what."""


def with_band(
    subject: Subject, table: pl.DataFrame, *, definition: Definition, lines: Mapping[str, Selection]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The table with BAND on the last weeks of each line that is not yet complete, and a note; as it is where there is none.

    Args:
        table: As analysis.incidents.weekly gives it.
        definition: That of the table.
        lines: Series -> what it counts.
    """
    if subject.history is None or not _recent(subject, table):
        return table, ()
    told, count = [], 0
    for series, selection in lines.items():
        try:
            known = triangle(subject.history(selection), week_starts=definition.week_starts)
            averages = nowcast_average(known, average_weeks=definition.average_weeks, average=definition.average)
        except QuestionError:
            continue  # too few states, or no week old enough: nothing is told
        count = states(known)
        told.append(incomplete(averages).with_columns(series=pl.lit(series)))
    if not told:
        return table, ()
    tails = pl.concat(told).rename({"average": "known", **{name.removeprefix("average_"): name for name in BAND}})
    joined = table.join(tails, on=["week_date", "series"], how="left", maintain_order="left")
    # A state of the same day may be newer than the one that is drawn.
    same = (pl.col("known") - pl.col("average")).abs() < 1e-6
    banded = joined.with_columns(pl.when(same).then(pl.col(*BAND)), pl.when(same).then("warning"))
    if banded["average_low"].null_count() == banded.height:
        return table, ()
    return banded.select(*table.columns, *BAND), (
        _note(banded, count, line="count" if definition.average_weeks == 1 else "average"),
    )


def _recent(subject: Subject, table: pl.DataFrame) -> bool:
    """Whether a week of the table is not yet taken for settled."""
    newest = subject.events.about.newest.data_date
    last: dt.date = table["week_date"].max()  # type: ignore[assignment]
    return (newest - last).days // 7 <= SETTLED_WEEKS


def _note(banded: pl.DataFrame, count: int, *, line: str) -> str:
    """What the band is, of which lines, from how many states of the data, and what it is warned of."""
    every, told = (
        rows["series"].unique(maintain_order=True).to_list() for rows in (banded, banded.drop_nulls("average_low"))
    )
    of = f" ({listed(told)})" if told != every else ""
    said = (
        f"Dashed: weeks not yet complete{of}, as known now. Band: where the {line} may be expected to settle (95 per cent), from "
        f"how counts of the same age were revised in {count} vintages at least a week apart."
    )
    warnings = banded.select("series", pl.col("warning").str.split("; ")).explode("warning").drop_nulls()
    cautions = [
        f"{f'{series}: ' if len(every) > 1 else ''}{'; '.join(each['warning'].unique(maintain_order=True))}"
        for (series,), each in warnings.group_by("series", maintain_order=True)
    ]
    return f"{said} Caution: {'. '.join(cautions)}." if cautions else said
