"""How many incidents a week, over time?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.axes import count_ticks
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.fixed import together, words
from tocsin.figures.lettering import one_line
from tocsin.figures.names import Name, at_ends, in_a_list, margin
from tocsin.figures.timeline import HEIGHT, LEFT, Marker, Shade, Timeline, flags, noon, shades
from tocsin.schema import Span

__all__ = ["Marker", "Shade", "series"]

LABELLED = 6  # more lines than this have a list of names instead of names at their ends
COLUMNS = {"week_date": pl.Date(), "series": pl.String(), "incidents": pl.Int64(), "average": pl.Float64()}
_BROKEN: Literal["break-paths-show-path-domains"] = "break-paths-show-path-domains"
BAND = {"average_low": pl.Float64(), "average_high": pl.Float64()}


def series(
    table: pl.DataFrame,
    *,
    caption: Caption,
    unit: str = "incidents per week",
    events: Sequence[Marker] = (),
    shade: Sequence[Shade] = (),
) -> alt.VConcatChart:
    """Draw counts by week: the moving average as a line and, where there is one series, each week as a bar.

    Args:
        table: week_date (first day of the week), series, incidents (null: the data do not cover the week), average
            (null until its window is full). Series are drawn in the order in which they first appear. Where there are average_low and
            average_high too, a line is dashed from the first week that has them, and they are a band behind it.
        caption: The words around the picture.
        unit: What the y axis counts.
        events: Dated markers; those outside the weeks of the table are left out.
        shade: Spans behind the lines, cut to the weeks of the table.

    Returns:
        The figure.

    Raises:
        QuestionError: the table lacks a column, or has no rows.

    Assumes:
        Every week of every series has its row: a week without events is a zero, one without data a null.
    """
    banded = set(BAND) <= set(table.columns)
    table = checked(table, columns=COLUMNS | BAND if banded else COLUMNS, figure="series")
    if table.is_empty():
        raise QuestionError("there is nothing to draw: the table has no rows", where="figure series")
    names = table["series"].unique(maintain_order=True).to_list()
    ends = _ends(table, names) if len(names) <= LABELLED else []
    right = margin([end.text for end in ends] or names, legend=not ends)
    line = _timeline(table, names, width=theme.WIDTH - LEFT - right)
    marks, unit_lift = flags(events, shade, unit, line)
    layers = [*shades(shade, line), *_uncovered(table, line)]
    layers += [_bars()] if len(names) == 1 else []
    tails = _tails(table) if banded else []
    layers += [_band(names)] if tails else []
    layers += [_averages(names, line, unit=unit, unit_lift=unit_lift)]
    layers += [_tail(names)] if tails else []
    layers += marks
    layers += at_ends(ends, line) if ends else in_a_list(names, line)
    layers += [watermark(width=line.width, height=HEIGHT)] if caption.synthetic else []
    layers += [_pointed_at(names)]
    data = {"counts": _counts(table), "told": _told(table, names)}
    if tails:
        data |= {"counts": _counts(_settled(table)), "tails": tails}
    return framed(together(*layers, width=line.width, height=HEIGHT), caption=caption, data=data, left=LEFT)


def _timeline(table: pl.DataFrame, names: Sequence[str], *, width: float) -> Timeline:
    shown = [*(["incidents"] if len(names) == 1 else []), "average", *(name for name in BAND if name in table.columns)]
    largest: float | None = table.select(pl.max_horizontal(pl.col(shown).max().cast(pl.Float64))).item()
    first, last = table.select(first=pl.min("week_date"), last=pl.max("week_date")).row(0)
    return Timeline(first, last + dt.timedelta(days=7), tuple(count_ticks(largest or 0.0)), width)


def _ends(table: pl.DataFrame, names: Sequence[str]) -> list[Name]:
    """Where each line ends; and, where there is one, where its bars end."""
    found = []
    weeks = table.sort("week_date")
    for index, name in enumerate(names):
        last = weeks.filter(pl.col("series") == name, pl.col("average").is_not_null()).tail(1)
        if not last.is_empty():
            label = "moving average" if len(names) == 1 else name
            found.append(Name(label, theme.style(index).ink, last["week_date"][0], last["average"][0], led=True))
    if len(names) == 1 and set(BAND) <= set(table.columns):
        last = weeks.drop_nulls(list(BAND)).tail(1).with_columns(middle=pl.mean_horizontal(*BAND))
        for week, middle in last.select("week_date", "middle").iter_rows():
            found.insert(0, Name("once complete", theme.style(0).ink, week, middle, led=True))
    last = weeks.filter(pl.col("incidents").is_not_null()).tail(1)
    if len(names) == 1 and not last.is_empty():
        found.append(Name("single weeks", theme.QUIET, last["week_date"][0], last["incidents"][0] / 2, led=False))
    return found


def _counts(table: pl.DataFrame) -> Rows:
    return [
        _days(row["week_date"]) | {name: row[name] for name in ("series", "incidents", "average")}
        for row in table.iter_rows(named=True)
    ]


def _open() -> pl.Expr:
    """True from the first week of a series that has a band."""
    return pl.col("average_low").is_not_null().cum_max().over("series", order_by="week_date")


def _settled(table: pl.DataFrame) -> pl.DataFrame:
    """Without the averages that are drawn as tails."""
    return table.with_columns(average=pl.when(~_open()).then("average"))


def _tails(table: pl.DataFrame) -> Rows:
    """The ends of lines that have a band, each from the last week before it, in which the band opens."""
    weeks = table.sort("week_date").with_columns(open=_open())
    drawn = weeks.with_columns(opens=pl.col("open").shift(-1).over("series", order_by="week_date") & ~pl.col("open"))
    drawn = drawn.filter(pl.col("open") | pl.col("opens"))
    return [
        _days(row["week_date"])
        | {"series": row["series"], "tail": row["average"]}
        | {name: row["average"] if row["opens"] else row[name] for name in BAND}
        for row in drawn.iter_rows(named=True)
    ]


def _days(week: dt.date) -> dict[str, str]:
    start, middle, end = week, week + dt.timedelta(days=3), week + dt.timedelta(days=7)
    return {"from": start.isoformat(), "mid": noon(middle), "to": end.isoformat()}


def _uncovered(table: pl.DataFrame, line: Timeline) -> Iterator[alt.Chart]:
    """The weeks for which no series has data, as bands that say so."""
    empty = table.group_by("week_date").agg(pl.col("incidents").is_null().all()).sort("week_date")
    runs = empty.with_columns(run=pl.col("incidents").rle_id()).filter("incidents")
    spans = runs.group_by("run", maintain_order=True).agg(first=pl.min("week_date"), last=pl.max("week_date"))
    for _, first, last in spans.iter_rows():
        span = Shade(first, last + dt.timedelta(days=6), "no data")
        yield from shades([span], line)
        middle = (line.x(first) + line.x(last + dt.timedelta(days=7))) / 2
        yield words([span.label], x=middle, y=6, align="right", baseline="middle", angle=270, color=theme.QUIET)


def _bars() -> alt.Chart:
    bars = alt.Chart(alt.NamedData("counts")).mark_rect(color=theme.COUNTS, stroke="white", strokeWidth=0.5, aria=False)
    chart: alt.Chart = bars.encode(x="from:T", x2="to:T", y="incidents:Q", y2=alt.Y2Datum(0))
    return chart


def _band(names: Sequence[str]) -> alt.Chart:
    area = alt.Chart(alt.NamedData("tails")).mark_area(
        fillOpacity=theme.BAND_OPACITY, strokeOpacity=theme.BAND_EDGE, strokeWidth=0.8, invalid=_BROKEN, aria=False
    )
    chart: alt.Chart = area.encode(
        x="mid:T",
        y="average_low:Q",
        y2="average_high:Q",
        fill=alt.Fill("series:N", scale=_colours(names), legend=None),
        stroke=alt.Stroke("series:N", scale=_colours(names), legend=None),
    )
    return chart


def _tail(names: Sequence[str]) -> alt.Chart:
    mark = alt.Chart(alt.NamedData("tails")).mark_line(
        strokeWidth=1.8, strokeDash=list(theme.TAIL), invalid=_BROKEN, aria=False
    )
    chart: alt.Chart = mark.encode(
        x="mid:T", y="tail:Q", color=alt.Color("series:N", scale=_colours(names), legend=None)
    )
    return chart


def _colours(names: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=[theme.style(index).colour for index in range(len(names))])


def _averages(names: Sequence[str], line: Timeline, *, unit: str, unit_lift: float) -> alt.Chart:
    dashes = [list(theme.style(index).dash) for index in range(len(names))]
    dash = alt.Scale(domain=list(names), range=dashes)
    mark = alt.Chart(alt.NamedData("counts")).mark_line(strokeWidth=2.4, strokeJoin="round", invalid=_BROKEN)
    chart: alt.Chart = mark.encode(
        x=line.x_axis("mid"),
        y=line.y_axis("average", unit=unit, lift=unit_lift),
        color=alt.Color("series:N", scale=_colours(names), legend=None),
        strokeDash=alt.StrokeDash("series:N", scale=dash, legend=None),
        description="series:N",
    )
    return chart


def _pointed_at(names: Sequence[str]) -> alt.Chart:
    """One unseen column a week that tells its numbers when pointed at."""
    over = alt.selection_point(name="week", on="pointerover", clear="pointerout", empty=False)
    columns = alt.Chart(alt.NamedData("told"), name="weeks").mark_rect(color=theme.INK, aria=False)
    chart: alt.Chart = columns.encode(
        x="from:T",
        x2="to:T",
        y=alt.value(0),
        y2=alt.value(HEIGHT),
        opacity=alt.when(over).then(alt.value(0.08)).otherwise(alt.value(0)),
        tooltip=[alt.Tooltip("week:N")]
        + [alt.Tooltip(f"s{index}:N", title=one_line(name)) for index, name in enumerate(names)],
    ).add_params(over)
    return chart


def _told(table: pl.DataFrame, names: Sequence[str]) -> Rows:
    """A row a week; its fields are numbered, so that no name of a series can be read as a path into the data."""
    rows: dict[dt.date, dict[str, Any]] = {}
    for row in table.sort("week_date").iter_rows(named=True):
        week: dt.date = row["week_date"]
        told = rows.setdefault(week, _days(week) | {"week": str(Span(week, week + dt.timedelta(days=6)))})
        told[f"s{names.index(row['series'])}"] = _spoken(
            row["incidents"], row["average"], [row.get(name) for name in BAND]
        )
    return list(rows.values())


def _spoken(incidents: int | None, average: float | None, band: Sequence[float | None]) -> str:
    count = "no data" if incidents is None else f"{incidents:,}"
    if average is None:
        return count
    ends = " to ".join(f"{end:,.1f}" for end in band if end is not None)
    return f"{count} (average {average:,.1f}{f'; once complete {ends}' if ends else ''})"
