"""Which sources came and which went? Each named source in two windows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tocsin.analysis.named import cells_of, names_of
from tocsin.analysis.shares import refuse_unnamed
from tocsin.cube import EPOCH, Events, Selection
from tocsin.schema import Span

FEW = 5
"""A source with fewer incidents in a window is not called present: of one that reports steadily, five in the one of two windows alike
and none in the other happen by chance three times in a hundred."""

TOP = 20
NEW, VANISHED, BOTH, RARE = "new", "vanished", "present in both", "rare"
FEWER_BEFORE, FEWER_AFTER = "hardly there before", "hardly there after"
SIDES = ("before", "after")

# What is nought of a source that a window does not name; shares of nothing are not known.
_KNOWN = {True: ("incidents", "share", "sole"), False: ("incidents",)}

SCHEMA = {
    "source": pl.String,
    "before_incidents": pl.Int64,
    "before_share": pl.Float64,
    "before_sole": pl.Float64,
    "after_incidents": pl.Int64,
    "after_share": pl.Float64,
    "after_sole": pl.Float64,
    "first_date": pl.Date,
    "last_date": pl.Date,
    "state": pl.String,
}


def outlets(
    events: Events,
    *,
    selection: Selection,
    windows: tuple[Span, Span],
    column: str = "source",
    top: int = TOP,
) -> pl.DataFrame:
    """Each named source: its incidents and shares in two windows, when it was first and last seen, and whether it came or went.

    Args:
        selection: What counts; its span is not looked at.
        windows: The earlier and the later.
        column: source (names) or source_scale.
        top: Sources with a row of their own, those with most incidents in both windows together.

    Returns:
        source; before_incidents (that name it, alone or with others), before_share (of the incidents of the window that name any source),
        before_sole (share of these that name no other); the same with after_; first_date, last_date (of the first and the last incident
        that names it, in all data of the selection); state: "new" (none before, FEW or more after), "vanished" (the other way round),
        "present in both" (FEW or more in each), "hardly there before" (under FEW before, FEW or more after), "hardly there after", "rare"
        (under FEW in each). Then a row "N others" without a state, if there are more than `top`. Sorted by incidents of both windows.
        Shares are null in a window where no incident names a source.

    Raises:
        QuestionError: no incident of either window names a source.

    Assumes:
        As `names_of`. What FEW means hangs on how long the windows are.
    """
    every = cells_of(events, selection=selection.within(None), column=column)
    names = names_of(every, column=column)
    sides = [_inside(every, window) for window in windows]
    refuse_unnamed(names.join(pl.concat(sides), on="cell", how="semi"), column)
    totals = [int(side["incidents"].sum()) for side in sides]
    order, rest = _order(names, sides, top=top)
    # A source of other days alone has no row.
    present = names.join(pl.concat(sides), on="cell", how="semi")["name"].unique()
    series = pl.when(pl.col("name").is_in(order)).then("name").otherwise(pl.lit(rest))
    cells = names.filter(pl.col("name").is_in(present.to_list())).with_columns(source=series)
    table = _seen(every, cells)
    for side, incidents, total in zip(SIDES, sides, totals, strict=True):
        table = table.join(_in_window(incidents, cells, total, side), on="source", how="left")
    counts = [pl.col(f"{side}_incidents") for side in SIDES]
    filled = [f"{side}_{name}" for side, total in zip(SIDES, totals, strict=True) for name in _KNOWN[bool(total)]]
    table = table.with_columns(pl.col(filled).fill_null(0))
    table = table.with_columns(state=pl.when(pl.col("source") != rest).then(_state(*counts)))
    return (
        table.sort([pl.col("source") == rest, counts[0] + counts[1], "source"], descending=[False, True, False])
        .select(*SCHEMA)
        .cast(pl.Schema(SCHEMA))
    )


def _inside(every: pl.DataFrame, window: Span) -> pl.DataFrame:
    """cell, incidents of a window that name a source."""
    days = pl.col("event_day").is_between((window.first - EPOCH).days, (window.last - EPOCH).days)
    return every.filter(days).drop_nulls("cell").group_by("cell").agg(pl.col("incidents").sum())


def _order(names: pl.DataFrame, sides: Sequence[pl.DataFrame], *, top: int) -> tuple[list[str], str]:
    """The sources with a row of their own, and what the row of the rest is called."""
    both = names.join(pl.concat(sides), on="cell").group_by("name").agg(pl.col("incidents").sum())
    ranked = both.sort(["incidents", "name"], descending=[True, False])["name"].to_list()
    shown = ranked if len(ranked) <= top + 1 else ranked[:top]
    return shown, f"{len(ranked) - len(shown)} others"


def _seen(every: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    days = cells.join(every, on="cell").group_by("source").agg(first=pl.min("event_day"), last=pl.max("event_day"))
    return days.select(
        "source",
        *(pl.lit(EPOCH).dt.offset_by(pl.format("{}d", name)).alias(f"{name}_date") for name in ("first", "last")),
    )


def _in_window(incidents: pl.DataFrame, cells: pl.DataFrame, total: int, side: str) -> pl.DataFrame:
    """source, incidents, share and sole, each once an incident."""
    held = cells.group_by("cell", "source").agg(sole=pl.len() == pl.col("of").first())
    return (
        held.join(incidents, on="cell")
        .group_by("source")
        .agg(incidents=pl.col("incidents").sum(), sole=pl.col("incidents").filter(pl.col("sole")).sum())
        .select(
            "source",
            pl.col("incidents").alias(f"{side}_incidents"),
            (pl.col("incidents") / total).alias(f"{side}_share"),
            (pl.col("sole") / total).alias(f"{side}_sole"),
        )
    )


def _state(before: pl.Expr, after: pl.Expr) -> pl.Expr:
    return (
        pl.when((before >= FEW) & (after >= FEW))
        .then(pl.lit(BOTH))
        .when((before < FEW) & (after < FEW))
        .then(pl.lit(RARE))
        .when(before == 0)
        .then(pl.lit(NEW))
        .when(after == 0)
        .then(pl.lit(VANISHED))
        .when(before < after)
        .then(pl.lit(FEWER_BEFORE))
        .otherwise(pl.lit(FEWER_AFTER))
    )
