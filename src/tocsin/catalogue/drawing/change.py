"""The figures of change: an answer's table and its words, given to the figures room."""

from __future__ import annotations

from typing import Any

import polars as pl

from tocsin.analysis import watch
from tocsin.analysis.change import weekly_counts
from tocsin.analysis.weeks import week_start
from tocsin.catalogue.drawing.incidents import captioned
from tocsin.catalogue.subject import Answer, Asked, Subject, definition_of, period_of, selection_of
from tocsin.catalogue.words import for_group
from tocsin.figures.steps import Turn, steps
from tocsin.figures.strip import strip
from tocsin.schema import spoken_date


def draw_change(subject: Subject, asked: Asked, answer: Answer) -> Any:
    """The weekly line of the first series with its levels; each change with its date and size."""
    selection, _, _ = for_group(subject, asked, selection_of(subject))
    definition = definition_of(subject, asked)
    numbers, counts = weekly_counts(subject.events, selection, definition, period_of(subject))
    series: str = answer.table["series"][0]
    found = answer.table.filter(pl.col("series") == series, pl.col("change") > 0)
    table = pl.DataFrame(
        {
            "week_date": [week_start(number, starts=definition.week_starts) for number in numbers],
            "incidents": counts.astype(int),
        }
    )
    stretch = (
        pl.lit(0) if found.is_empty() else pl.sum_horizontal(pl.col("week_date") >= day for day in found["week_date"])
    )
    drawn = table.with_columns(level=pl.col("incidents").mean().over(stretch))
    others = answer.table["series"].n_unique() - 1
    return steps(
        drawn,
        caption=captioned(
            answer,
            *(
                ["Bands: the interval of each date. Beside each date: after / before, with its interval."]
                if len(found)
                else []
            ),
            *([f"Drawn: {series}; {others} more in the table."] if others else []),
        ),
        turns=[_turn(row) for row in found.iter_rows(named=True)],
    )


def _turn(row: dict[str, Any]) -> Turn:
    size = "none before"
    if row["ratio"] is not None:
        size = f"× {row['ratio']:.2g}"
        size += "" if row["ratio_low"] is None else f" ({row['ratio_low']:.2g} to {row['ratio_high']:.2g})"
    return Turn(row["week_date"], row["date_low"], row["date_high"], f"{spoken_date(row['week_date'])}: {size}")


def draw_watch(_subject: Subject, _asked: Asked, answer: Answer) -> Any:
    """The units, the least usual first, by week."""
    newest = answer.table.filter(latest="yes").sort("p_value", "name", nulls_last=True)
    order = pl.DataFrame({"unit_code": newest["unit_code"], "rank": range(newest.height)})
    table = answer.table.join(order, on="unit_code").sort("rank", "week_date")
    numbers = pl.format("{} ({})", "incidents", pl.col("usual").round(1))
    return strip(
        table.select(
            place=pl.col("name").fill_null(pl.col("unit_code")),
            week_date="week_date",
            chance="p_value",
            alarm=pl.col("alarm") == "yes",
            told=pl.format("{}; usual {}, up to {}", "incidents", pl.col("usual").round(1), "usual_high"),
            now=numbers,
        ),
        caption=captioned(
            answer,
            f"A column is a week and says of the {watch.WINDOW} weeks to its end how much chance explains. A dot is an alarm.",
        ),
        now_title=f"last {watch.WINDOW} weeks (usual)",
    )
