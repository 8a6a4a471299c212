"""What does each filter remove? The way from all rows of the data set to those that a figure counts."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl

from tocsin.cube import Events, Selection, involves, passes, yes_or_no


def filters(events: Events, *, selection: Selection) -> pl.DataFrame:
    """Rows left after each filter of a selection, in the order in which they are applied.

    Returns:
        filter ("all rows" first, then one row a filter), rows (left after it), removed (by it), removed_share (of the rows left
        before it; null where none was).
    """
    rows: nw.LazyFrame[Any] = events.rows
    tests = passes(selection)
    if selection.actors is not None:
        parties = events.parties.select("party_id", _involved=involves(selection.actors))
        rows = rows.join(parties, on="party_id", how="left")
        tests["actors"] = nw.col("_involved")
    if not tests:
        total: pl.DataFrame = rows.select(nw.len().alias("rows")).collect("polars").to_native()
        return _table([("all rows", int(total["rows"][0]))])
    passed = {f"_passes_{name}": yes_or_no(test) for name, test in tests.items()}
    flagged = rows.with_columns(**passed).group_by(*passed).agg(nw.len().alias("rows"))
    counted: pl.DataFrame = flagged.collect("polars").to_native()
    steps = [("all rows", int(counted["rows"].sum()))]
    for name in [name for name in _LABELS if name in tests]:
        counted = counted.filter(pl.col(f"_passes_{name}"))
        steps.append((_LABELS[name], int(counted["rows"].sum())))
    return _table(steps)


# In the order in which they are told: what is left out for want of a place comes last, so that it is a share of what was asked for.
_LABELS = {
    "countries": "countries of the desk",
    "span": "days of the window",
    "event_types": "event types that count as an incident",
    "reported": "reported by the sources kept",
    "actors": "actors of the group",
    "precise": "place known precisely enough",
}


def _table(steps: list[tuple[str, int]]) -> pl.DataFrame:
    before = pl.col("rows").shift(1)
    return pl.DataFrame(steps, schema={"filter": pl.String, "rows": pl.Int64}, orient="row").with_columns(
        removed=(before - pl.col("rows")).fill_null(0),
        removed_share=pl.when(before > 0).then(1 - pl.col("rows") / before).otherwise(None),
    )
