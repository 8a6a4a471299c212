"""How well are incidents placed and dated? Shares of each precision code in each window."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from tocsin.cube import Events, Selection, count
from tocsin.schema import Span


def precision(events: Events, *, selection: Selection, windows: Mapping[str, Span]) -> pl.DataFrame:
    """Incidents by precision code, of place and of time.

    Args:
        selection: What counts; its span is not looked at.
        windows: Label -> span.

    Returns:
        window, kind ("place" or "time"), code (the source's own; null where none is stated), incidents, share (of the window's incidents).
    """
    parts = []
    for label, span in windows.items():
        for kind, column in (("place", "geo_precision"), ("time", "time_precision")):
            cube = count(events, selection.within(span), by=[column])
            parts.append(
                cube.select(
                    window=pl.lit(label),
                    kind=pl.lit(kind),
                    code=pl.col(column).cast(pl.Int64),
                    incidents=pl.col("incidents"),
                    share=pl.col("incidents") / pl.col("incidents").sum(),
                )
            )
    return pl.concat(parts)
