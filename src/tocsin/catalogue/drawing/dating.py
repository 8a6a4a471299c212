"""The figure of what rules of dating do to the weekly line."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from tocsin.catalogue.drawing.incidents import captioned, markers_of
from tocsin.catalogue.subject import Answer, Asked, Subject
from tocsin.figures.series import series
from tocsin.figures.timeline import Shade

AS_DATED, SPREAD = "as dated", "spread over their span"


def draw_dating(subject: Subject, _asked: Asked, answer: Answer) -> Any:
    table = answer.table
    # Single weeks: in an average over eight of them the rules hardly show.
    lines = pl.concat(
        table.select(
            "week_date",
            series=pl.lit(label),
            incidents=pl.col("incidents"),
            average=pl.col(count).cast(pl.Float64),
        )
        for label, count in ((AS_DATED, "incidents"), (SPREAD, "spread"))
    )
    still = table.filter("open")["week_date"]
    shade = [Shade(still[0], still[-1] + dt.timedelta(days=6), "may not be complete")] if still.len() else []
    return series(lines, caption=captioned(answer), events=markers_of(subject, table), shade=shade)
