"""When did the level change? Each week as a bar, the level of each stretch as a step, each change with its date and size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.axes import count_ticks
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.fixed import block, stroke, together
from tocsin.figures.names import Name, at_ends, margin
from tocsin.figures.timeline import HEIGHT, LEFT, Marker, Timeline, flags
from tocsin.schema import Span

COLUMNS = {"week_date": pl.Date(), "incidents": pl.Int64(), "level": pl.Float64()}
WEEK = dt.timedelta(weeks=1)
_LEVEL = "level"
_BARS = "single weeks"


@dataclass(frozen=True)
class Turn:
    """A change of level.

    Args:
        week_date: First day of the first week at the new level.
        low: The earliest week at which it may have come.
        high: The latest.
        label: Its size, in a few words.
    """

    week_date: dt.date
    low: dt.date
    high: dt.date
    label: str


def steps(
    table: pl.DataFrame, *, caption: Caption, turns: Sequence[Turn] = (), unit: str = "incidents per week"
) -> alt.VConcatChart:
    """Draw counts by week with their level.

    Args:
        table: week_date (first day of the week), incidents, level (the mean of its stretch); a row a week, without a gap.
        caption: The words around the picture.
        turns: The changes; the interval of each date is a band.
        unit: What the y axis counts.

    Returns:
        The figure.

    Raises:
        QuestionError: the table lacks a column, or has no rows.
    """
    table = checked(table, columns=COLUMNS, figure="steps").sort("week_date")
    if table.is_empty():
        raise QuestionError("there is nothing to draw: the table has no rows", where="figure steps")
    first, last = table["week_date"][0], table["week_date"][-1]
    most = table.select(pl.max_horizontal(pl.col("incidents").max().cast(pl.Float64), pl.col("level").max())).item()
    line = Timeline(
        first, last + WEEK, tuple(count_ticks(most)), theme.WIDTH - LEFT - margin([_LEVEL, _BARS], legend=False)
    )
    marks, lift = flags([Marker(turn.week_date, turn.label) for turn in turns], (), unit, line)
    ends = [
        Name(_LEVEL, theme.style(0).ink, last, table["level"][-1], led=True),
        Name(_BARS, theme.QUIET, last, table["incidents"][-1] / 2, led=False),
    ]
    layers = [*_bands(turns, line), _bars(line, unit=unit, lift=lift), *marks, *_levels(table, line)]
    layers += [*at_ends(ends, line)]
    layers += [watermark(width=line.width, height=HEIGHT)] if caption.synthetic else []
    picture = together(*layers, width=line.width, height=HEIGHT)
    return framed(picture, caption=caption, data={"counts": _counts(table)}, left=LEFT)


def _counts(table: pl.DataFrame) -> Rows:
    return [
        {
            "from": week.isoformat(),
            "to": (week + WEEK).isoformat(),
            "incidents": incidents,
            "week": str(Span(week, week + dt.timedelta(days=6))),
            "told": f"{incidents:,} (level {level:,.1f})",
        }
        for week, incidents, level in table.select("week_date", "incidents", "level").iter_rows()
    ]


def _bars(line: Timeline, *, unit: str, lift: float) -> alt.Chart:
    bars = alt.Chart(alt.NamedData("counts")).mark_rect(color=theme.COUNTS, stroke="white", strokeWidth=0.5)
    chart: alt.Chart = bars.encode(
        x=line.x_axis("from"),
        x2="to:T",
        y=line.y_axis("incidents", unit=unit, lift=lift),
        y2=alt.Y2Datum(0),
        tooltip=[alt.Tooltip("week:N"), alt.Tooltip("told:N", title="incidents")],
    )
    return chart


def _levels(table: pl.DataFrame, line: Timeline) -> Iterator[alt.Chart]:
    """The level of each stretch; between two, a thin line from the one to the other."""
    look = theme.style(0)
    runs = table.with_columns(run=pl.col("level").rle_id()).group_by("run", maintain_order=True)
    height: float | None = None
    for first, last, level in (
        runs.agg(first=pl.min("week_date"), last=pl.max("week_date"), level=pl.first("level"))
        .select("first", "last", "level")
        .iter_rows()
    ):
        x, y = line.x(first), line.y(level)
        if height is not None:
            yield stroke(x=x, y=height, y2=y, color=look.colour, strokeWidth=1.2)
        yield stroke(x=x, x2=line.x(last + WEEK), y=y, color=look.colour, strokeWidth=2.8)
        height = y


def _bands(turns: Sequence[Turn], line: Timeline) -> Iterator[alt.Chart]:
    for turn in turns:
        x, x2 = line.x(turn.low), line.x(turn.high + WEEK)
        yield block(x=x, x2=max(x2, x + 3), y=0, y2=HEIGHT, color=theme.COLOURS[1][0], opacity=theme.BAND_OPACITY)
