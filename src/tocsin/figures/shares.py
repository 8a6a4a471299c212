"""Of what is a whole made up, over time? Shares as stacked areas, with the days on which their mix broke."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.fixed import LINE, block, together, words
from tocsin.figures.lettering import one_line, text_width, wrapped
from tocsin.figures.timeline import HEIGHT, LEFT, Marker, Shade, Timeline, flags, shades
from tocsin.schema import Span

COLUMNS = {"from_date": pl.Date(), "to_date": pl.Date(), "series": pl.String(), "share": pl.Float64()}
DAY = dt.timedelta(days=1)

# Stacked from below: the colours of lines and lighter ones between, so that neighbours differ in lightness too.
FILLS = ("#0b4f8a", "#8fc1e3", "#d55e00", "#f4c27a", "#006b4f", "#9ed0b9", "#882255", "#dcb3c9", "#b98200", "#c9c9c9")
REST = "#c9c9c9"
_GAP, _BOX, _WIDTH = 14.0, 12.0, 128.0
_PERCENT = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)


def shares(
    table: pl.DataFrame,
    *,
    caption: Caption,
    unit: str,
    breaks: Sequence[Marker] = (),
    rest: str | None = None,
) -> alt.VConcatChart:
    """Draw shares that add up to one as a column for each month or week, stacked without gaps.

    Args:
        table: from_date, to_date (of a month or week, both days included), series, share (0 to 1; null: none is known). The first series
            stands at the bottom.
        caption: The words around the picture.
        unit: What the shares are of.
        breaks: Days on which the mix broke, with a few words each.
        rest: The series that sums up all others; it is grey.

    Returns:
        The figure.

    Raises:
        QuestionError: the table lacks a column, has no rows, or more series than can be told apart.
    """
    table = checked(table, columns=COLUMNS, figure="shares")
    if table["share"].drop_nulls().is_empty():
        raise QuestionError("there is nothing to draw: no share is known", where="figure shares")
    names = table["series"].unique(maintain_order=True).to_list()
    if len(names) > len(FILLS):
        raise QuestionError(
            f"{len(names)} shares can not be told apart: at most {len(FILLS)} can", where="figure shares"
        )
    fills = {name: REST if name == rest else FILLS[number] for number, name in enumerate(names)}
    right = _GAP + _BOX + 6 + max(_width(name) for name in names)
    first, last = table.select(first=pl.min("from_date"), last=pl.max("to_date")).row(0)
    line = Timeline(first, last + DAY, _PERCENT, theme.WIDTH - LEFT - right)
    marks, lift = flags(breaks, (), unit, line)
    layers = [*_unknown(table, line), _columns(fills, line, unit=unit, lift=lift), *marks]
    layers += [*_names(names, fills, line)]
    layers += [watermark(width=line.width, height=HEIGHT)] if caption.synthetic else []
    data = {"shares": _stacked(table, names)}
    return framed(together(*layers, width=line.width, height=HEIGHT), caption=caption, data=data, left=LEFT)


def _width(name: str) -> float:
    return max((text_width(part, size=theme.LABEL_SIZE, bold=True) for part in _lines(name)), default=0.0)


def _lines(name: str) -> list[str]:
    return wrapped(name, width=_WIDTH, size=theme.LABEL_SIZE, bold=True) or [""]


def _stacked(table: pl.DataFrame, names: Sequence[str]) -> Rows:
    rank = {name: number for number, name in enumerate(names)}
    ordered = (
        table.drop_nulls("share").with_columns(rank=pl.col("series").replace_strict(rank)).sort("from_date", "rank")
    )
    upper = (100 * pl.col("share").cum_sum()).over("from_date")
    rows: Rows = []
    for row in ordered.with_columns(upper=upper, lower=upper - 100 * pl.col("share")).iter_rows(named=True):
        end = row["to_date"] + DAY
        rows.append(
            {
                "from": row["from_date"].isoformat(),
                "to": end.isoformat(),
                "lower": row["lower"],
                "upper": row["upper"],
                "series": row["series"],
                "told": f"{one_line(row['series'])}: {row['share']:.1%}, {Span(row['from_date'], row['to_date'])}",
            }
        )
    return rows


def _columns(fills: dict[str, str], line: Timeline, *, unit: str, lift: float) -> alt.Chart:
    scale = alt.Scale(domain=list(fills), range=list(fills.values()))
    mark = alt.Chart(alt.NamedData("shares")).mark_rect(stroke="white", strokeWidth=0.4)
    chart: alt.Chart = mark.encode(
        x=line.x_axis("from"),
        x2="to:T",
        y=line.y_axis("lower", unit=unit, lift=lift),
        y2="upper:Q",
        color=alt.Color("series:N", scale=scale, legend=None),
        tooltip=[alt.Tooltip("told:N", title="share")],
    )
    return chart


def _unknown(table: pl.DataFrame, line: Timeline) -> Iterator[alt.Chart]:
    """The months or weeks of which no share is known, as bands that say so."""
    empty = table.group_by("from_date", "to_date").agg(pl.col("share").is_null().all()).sort("from_date")
    runs = empty.with_columns(run=pl.col("share").rle_id()).filter("share")
    spans = runs.group_by("run", maintain_order=True).agg(first=pl.min("from_date"), last=pl.max("to_date"))
    for _, first, last in spans.iter_rows():
        yield from shades([Shade(first, last, "no data")], line)
        middle = (line.x(first) + line.x(last + DAY)) / 2
        yield words(["no data"], x=middle, y=6, align="right", baseline="middle", angle=270, color=theme.QUIET)


def _names(names: Sequence[str], fills: dict[str, str], line: Timeline) -> Iterator[alt.Chart]:
    """A box of each colour with its name, in the order of the stack: the top one first."""
    x = line.width + _GAP
    heights = [LINE * len(_lines(name)) + 5 for name in names]
    y = max(0.0, HEIGHT - sum(heights))
    for name, height in zip(reversed(names), reversed(heights), strict=True):
        look: dict[str, Any] = {"fontWeight": "bold", "color": theme.INK}
        yield block(x=x, x2=x + _BOX, y=y, y2=y + _BOX - 1, color=fills[name])
        yield words(_lines(name), x=x + _BOX + 6, y=y, **look)
        y += height
