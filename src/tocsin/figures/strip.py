"""Which places are unusual, week after week? A row a place, a column a week, the darker the less chance explains it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.axes import day_ticks
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.fixed import LINE, block, stroke, together, words
from tocsin.figures.lettering import one_line, text_width, wrapped
from tocsin.figures.timeline import Timeline
from tocsin.schema import Span

COLUMNS = {
    "place": pl.String(),
    "week_date": pl.Date(),
    "chance": pl.Float64(),
    "alarm": pl.Boolean(),
    "told": pl.String(),
    "now": pl.String(),
}
WEEK = dt.timedelta(weeks=1)
FILLS = (theme.LAND, *theme.RAMPS[2][:2], theme.RAMPS[2][2])
CLASSES = ("as usual", "one chance in 20 or less", "one in 100 or less", "alarm")
_ROW = 15.0
_GAP = 10.0
_NAMES = 170.0


def strip(table: pl.DataFrame, *, caption: Caption, now_title: str) -> alt.VConcatChart:
    """Draw how unusual each place was in each week.

    Args:
        table: place, week_date (first day of the week), chance (of as much, if nothing has changed), alarm (true: it is told as
            unusual), told (the numbers, for the pointer), now (those of the newest week, for print). Places are drawn in the order in
            which they first appear.
        caption: The words around the picture.
        now_title: What `now` is.

    Returns:
        The figure.

    Raises:
        QuestionError: the table lacks a column, or has no rows.
    """
    table = checked(table, columns=COLUMNS, figure="strip")
    if table.is_empty():
        raise QuestionError("there is nothing to draw: the table has no rows", where="figure strip")
    places = table["place"].unique(maintain_order=True).to_list()
    newest = table.sort("week_date").group_by("place").last()
    now = dict(newest.select("place", "now").iter_rows())
    alarmed = set(newest.filter("alarm")["place"])
    names = [_cut(place) for place in places]
    left = max(text_width(name, size=theme.LABEL_SIZE, bold=True) for name in names) + _GAP
    right = _GAP + max(text_width(text, size=theme.LABEL_SIZE, bold=True) for text in [now_title, *now.values()])
    first, last = table.select(first=pl.min("week_date"), last=pl.max("week_date")).row(0)
    line = Timeline(first, last + WEEK, (0.0, 1.0), theme.WIDTH - left - right)
    height = _ROW * len(places)
    layers: list[alt.Chart] = [_cells(line, len(places)), _dots(line, len(places))]
    for number, (place, name) in enumerate(zip(places, names, strict=True)):
        look: dict[str, Any] = {"baseline": "middle", "fontWeight": "bold" if place in alarmed else "normal"}
        y = _ROW * (number + 0.5)
        layers += [words([name], x=-left, y=y, **look), words([now[place]], x=line.width + _GAP, y=y, **look)]
    layers += [words([now_title], x=line.width + _GAP, y=-6, baseline="bottom", color=theme.QUIET)]
    layers += [*_axis(line, height), *_key(left)]
    layers += [watermark(width=line.width, height=height)] if caption.synthetic else []
    picture = together(*layers, width=line.width, height=height)
    return framed(picture, caption=caption, data={"cells": _rows(table, places, line)}, left=left)


def _cut(name: str) -> str:
    lines = wrapped(one_line(name), width=_NAMES, size=theme.LABEL_SIZE, bold=True) or [""]
    return lines[0] if len(lines) == 1 else f"{lines[0]} …"


def _rows(table: pl.DataFrame, places: Sequence[str], line: Timeline) -> Rows:
    rank = {place: number for number, place in enumerate(places)}
    return [
        {
            "left": line.x(row["week_date"]),
            "centre": (line.x(row["week_date"]) + line.x(row["week_date"] + WEEK)) / 2,
            "right": line.x(row["week_date"] + WEEK),
            "top": rank[row["place"]],
            "middle": rank[row["place"]] + 0.5,
            "bottom": rank[row["place"]] + 1,
            "class": CLASSES[_class(row["chance"], alarm=row["alarm"])],
            "place": one_line(row["place"]),
            "week": str(Span(row["week_date"], row["week_date"] + dt.timedelta(days=6))),
            "told": row["told"],
        }
        for row in table.iter_rows(named=True)
    ]


def _class(chance: float, *, alarm: bool) -> int:
    return 3 if alarm else 2 if chance <= 0.01 else 1 if chance <= 0.05 else 0


def _cells(line: Timeline, places: int) -> alt.Chart:
    mark = alt.Chart(alt.NamedData("cells")).mark_rect(stroke="white", strokeWidth=1)
    chart: alt.Chart = mark.encode(
        x=alt.X("left:Q", scale=_across(line), axis=None),
        x2="right:Q",
        y=alt.Y("top:Q", scale=_down(places), axis=None),
        y2="bottom:Q",
        color=alt.Color("class:N", scale=alt.Scale(domain=list(CLASSES), range=list(FILLS)), legend=None),
        tooltip=[alt.Tooltip("place:N"), alt.Tooltip("week:N"), alt.Tooltip("told:N", title="four weeks to then")],
    )
    return chart


def _dots(line: Timeline, places: int) -> alt.Chart:
    """An alarm has a white dot, so that no shade must be told from another."""
    mark = alt.Chart(alt.NamedData("cells")).transform_filter(alt.datum["class"] == CLASSES[3])
    chart: alt.Chart = mark.mark_point(filled=True, color="white", size=16, opacity=1, aria=False).encode(
        x=alt.X("centre:Q", scale=_across(line), axis=None), y=alt.Y("middle:Q", scale=_down(places), axis=None)
    )
    return chart


def _across(line: Timeline) -> alt.Scale:
    return alt.Scale(domain=[0, line.width], nice=False)


def _down(places: int) -> alt.Scale:
    return alt.Scale(domain=[0, places], range=[0, _ROW * places], nice=False)


def _axis(line: Timeline, height: float) -> Iterator[alt.Chart]:
    for day in day_ticks(line.first, line.end, width=line.width).days:
        x = line.x(day)
        yield stroke(x=x, y=height, y2=height + 4, color=theme.RULE)
        yield words([_day(day)], x=x, y=height + 7, align="center", color=theme.QUIET)


def _day(day: dt.date) -> str:
    return f"{day.day} {['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][day.month - 1]}"


def _key(left: float) -> Iterator[alt.Chart]:
    """What the shades say, above the rows."""
    x, y = -left, -26.0 - LINE / 2
    for number, (name, fill) in enumerate(zip(CLASSES, FILLS, strict=True)):
        yield block(x=x, x2=x + 13, y=y - 6, y2=y + 6, color=fill, stroke=theme.BORDER, strokeWidth=0.5)
        if number == 3:
            yield block(x=x + 4.5, x2=x + 8.5, y=y - 2, y2=y + 2, color="white", cornerRadius=2)
        yield words([name], x=x + 18, y=y, baseline="middle", color=theme.QUIET)
        x += 18 + text_width(name, size=theme.LABEL_SIZE) + 18
