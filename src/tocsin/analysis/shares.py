"""Who reported, over time: the share of each scale or named source by month or week, by three readings of "share"."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tocsin.analysis.named import cells_of, names_of
from tocsin.analysis.periods import Every, covered_periods, numbered, whole_periods
from tocsin.cube import Events, Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

MOST = 7
"""Sources named apart; the rest are summed, since more can not be told apart in a figure."""

READINGS = ("sole", "any", "fractional")
SCHEMA = {
    "from_date": pl.Date,
    "to_date": pl.Date,
    "series": pl.String,
    "incidents": pl.Int64,
    "sole": pl.Float64,
    "any": pl.Float64,
    "fractional": pl.Float64,
    "one_source": pl.Float64,
    "unstated": pl.Int64,
}


def shares(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    period: Span,
    column: str,
    every: Every,
    most: int = MOST,
) -> pl.DataFrame:
    """The share of incidents that each source reported, in each month or week of a period.

    Args:
        selection: What counts; its span is not looked at.
        definition: First day of the week.
        period: Its whole months or weeks are counted.
        column: source_scale, or source (the names).
        every: Month or week.
        most: Series named apart, the largest by the fractional reading; the rest are one series, "N others".

    Returns:
        from_date, to_date, series, incidents (of the period that say who reported: the base of all shares; null where the data do not
        cover it), sole (share reported by the series alone), any (share with the series among its sources), fractional (mean over
        incidents of the part of their sources that is of the series: these add up to one), one_source (share of incidents with a
        single source or scale: the same on each row of a period), unstated (incidents that do not say who reported: in no share).
        Sorted by series, the largest first, and time. Shares are null where no incident says who reported.

    Raises:
        QuestionError: no incident says who reported, or there is no whole covered month or week.

    Assumes:
        As `names_of`; each source of an incident counts alike in the fractional reading.
    """
    starts = definition.week_starts
    wanted = whole_periods(period, every=every, starts=starts)
    covered = covered_periods(period, events.about.covered, every=every, starts=starts)
    if not covered:
        raise QuestionError(f"the data cover no whole {every} of {period}", next_step="Choose a longer period.")
    counted = numbered(cells_of(events, selection=selection.within(period), column=column), covered)
    names = names_of(counted, column=column)
    refuse_unnamed(names, column)
    named = lumped(counted, names, most=most)
    order = series_order(counted, named)
    found = _shares(counted, named, len(covered), order)
    return _laid_out(found, wanted, covered, order)


def refuse_unnamed(names: pl.DataFrame, column: str) -> None:
    """
    Raises:
        QuestionError: there is no name.
    """
    if not names.is_empty():
        return
    if column == "source_scale":
        raise QuestionError(
            "no incident states the scale of its source",
            next_step="Only ACLED's newer exports have it. Named sources: --by source",
        )
    raise QuestionError("no incident names its source", next_step="Load data with a source column.")


def lumped(counted: pl.DataFrame, names: pl.DataFrame, *, most: int) -> pl.DataFrame:
    """The parts of each cell that are of each series, the `most` largest sources and all others as one.

    Args:
        counted: cell, incidents.
        names: Of names_of.

    Returns:
        cell, series, part (from 0 to 1; the parts of a cell add up to one), single (whether the cell holds one name).
    """
    cells = counted.group_by("cell").agg(pl.col("incidents").sum())
    totals = (
        names.join(cells, on="cell")
        .group_by("name")
        .agg((pl.col("incidents") / pl.col("of")).sum())
        .sort(["incidents", "name"], descending=[True, False])["name"]
        .to_list()
    )
    kept = totals if len(totals) <= most + 1 else totals[:most]
    rest = f"{len(totals) - len(kept)} others"
    series = pl.when(pl.col("name").is_in(kept)).then("name").otherwise(pl.lit(rest))
    return names.group_by("cell", series=series).agg(part=(1 / pl.col("of")).sum(), single=pl.col("of").first() == 1)


def series_order(counted: pl.DataFrame, named: pl.DataFrame) -> list[str]:
    """The series, the largest by the fractional reading first; "N others" comes last."""
    cells = counted.group_by("cell").agg(pl.col("incidents").sum())
    totals = named.join(cells, on="cell").group_by("series").agg((pl.col("incidents") * pl.col("part")).sum())
    last = pl.col("series").str.contains(r"^\d+ others$")
    return totals.sort([last, "incidents", "series"], descending=[False, True, False])["series"].to_list()


def tally(counted: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Incidents by period and series: period, series, sole, any, fractional (counts).

    Args:
        counted: period, cell, incidents.
        named: Of `lumped`.
    """
    cells = counted.drop_nulls("cell").group_by("period", "cell").agg(pl.col("incidents").sum())
    whole = pl.col("part") > 1 - 1e-9
    weights = {"sole": whole.cast(pl.Float64), "any": pl.lit(1.0), "fractional": pl.col("part")}
    return (
        cells.join(named, on="cell")
        .group_by("period", "series")
        .agg((pl.col("incidents") * weight).sum().alias(reading) for reading, weight in weights.items())
    )


def _shares(counted: pl.DataFrame, named: pl.DataFrame, periods: int, order: Sequence[str]) -> pl.DataFrame:
    """period, series, incidents, the three shares, one_source, unstated: every series of every period."""
    single = named.group_by("cell").agg(pl.col("single").first())
    stated = pl.col("cell").is_not_null()
    bases = (
        counted.join(single, on="cell", how="left")
        .group_by("period")
        .agg(
            incidents=pl.col("incidents").filter(stated).sum(),
            alone=pl.col("incidents").filter(pl.col("single")).sum(),
            unstated=pl.col("incidents").filter(~stated).sum(),
        )
    )
    grid = pl.DataFrame({"series": order}).join(
        pl.DataFrame({"period": range(periods)}, schema={"period": pl.Int64}), how="cross"
    )
    base = pl.when(pl.col("incidents") > 0).then("incidents")
    return (
        grid.join(bases, on="period", how="left")
        .join(tally(counted, named), on=["period", "series"], how="left")
        .with_columns(pl.col("incidents", "alone", "unstated", *READINGS).fill_null(0))
        .with_columns((pl.col(name) / base).alias(name) for name in READINGS)
        .with_columns(one_source=pl.col("alone") / base)
    )


def _laid_out(
    found: pl.DataFrame, wanted: Sequence[Span], covered: Sequence[Span], order: Sequence[str]
) -> pl.DataFrame:
    numbers = {period.first: number for number, period in enumerate(covered)}
    frame = pl.DataFrame(
        {
            "from_date": [period.first for period in wanted],
            "to_date": [period.last for period in wanted],
            "period": [numbers.get(period.first) for period in wanted],
        },
        schema={"from_date": pl.Date, "to_date": pl.Date, "period": pl.Int64},
    )
    ranked = pl.DataFrame({"series": order}, schema={"series": pl.String}).with_row_index("rank")
    return (
        ranked.join(frame, how="cross")
        .join(found, on=["period", "series"], how="left")
        .sort("rank", "from_date")
        .select(*SCHEMA)
        .cast(pl.Schema(SCHEMA))
    )
