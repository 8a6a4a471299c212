"""Between which bounds does a share lie, over time? A band for each month or week, with what a sample and the source say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.fixed import LINE, block, stroke, together, words
from tocsin.figures.lettering import text_width, wrapped
from tocsin.figures.timeline import HEIGHT, LEFT, Marker, Timeline, flags
from tocsin.schema import Span

COLUMNS = {
    "from_date": pl.Date(),
    "to_date": pl.Date(),
    **dict.fromkeys(
        ("low", "high", "word_low", "word_high", "source", "estimate", "estimate_low", "estimate_high"), pl.Float64()
    ),
}
DAY = dt.timedelta(days=1)
WIDE, NARROW = "#d6e3ee", "#8fb4d3"  # light to dark: the narrower the band, the darker
_PERCENT = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
_GAP, _BOX, _WIDTH = 14.0, 12.0, 132.0


@dataclass(frozen=True)
class Labels:
    """What the parts of the figure are, in a few words each."""

    high: str
    word: str
    source: str
    estimate: str


def bounds(
    table: pl.DataFrame, *, caption: Caption, unit: str, labels: Labels, events: Sequence[Marker] = ()
) -> alt.VConcatChart:
    """Draw, for each month or week, the band from the least share to the most, a narrower one inside it, and what is estimated.

    A wide band that goes from nought to all everywhere says nothing, and is left out.

    Args:
        table: from_date, to_date (both days included), low, high (shares from 0 to 1, the wide band; null: nothing is known), word_low,
            word_high (the narrow one inside it), source (a share, drawn as a line), estimate, estimate_low, estimate_high (a dot and its
            interval; null for none).
        caption: The words around the picture.
        unit: What the shares are of.
        labels: Of the parts.
        events: Dated markers.

    Returns:
        The figure.

    Raises:
        QuestionError: the table lacks a column, or no share is known.
    """
    table = checked(table, columns=COLUMNS, figure="bounds")
    if table["high"].drop_nulls().is_empty():
        raise QuestionError("there is nothing to draw: no share is known", where="figure bounds")
    parts = _parts(table, labels)
    right = _GAP + _BOX + 6 + max(text_width(line, size=theme.LABEL_SIZE) for _, lines in parts for line in lines)
    first, last = table.select(first=pl.min("from_date"), last=pl.max("to_date")).row(0)
    line = Timeline(first, last + DAY, _PERCENT, theme.WIDTH - LEFT - right)
    marks, lift = flags(events, (), unit, line)
    bands = [("low", "high", WIDE)] if _tells(table) else []
    (first_band, *others) = [*bands, ("word_low", "word_high", NARROW)]
    layers = [
        _band(*first_band, line, unit=unit, lift=lift),
        *(_band(*band) for band in others),
        _line(),
        *_sampled(table),
        *marks,
    ]
    layers += [*_named(parts, line)]
    layers += [watermark(width=line.width, height=HEIGHT)] if caption.synthetic else []
    data = {"bounds": _rows(table)}
    return framed(together(*layers, width=line.width, height=HEIGHT), caption=caption, data=data, left=LEFT)


def _tells(table: pl.DataFrame) -> bool:
    known = table.drop_nulls("high")
    return not bool(((known["low"] == 0) & (known["high"] == 1)).all())


def _rows(table: pl.DataFrame) -> Rows:
    rows: Rows = []
    shares = ("low", "high", "word_low", "word_high", "source", "estimate", "estimate_low", "estimate_high")
    for row in table.drop_nulls("high").iter_rows(named=True):
        middle = row["from_date"] + (row["to_date"] + DAY - row["from_date"]) / 2
        percents = {name: None if row[name] is None else 100 * row[name] for name in shares}
        told = f"{Span(row['from_date'], row['to_date'])}: {row['low']:.0%} to {row['high']:.0%}"
        if row["estimate"] is not None:
            told += f"; estimate {row['estimate']:.0%} ({row['estimate_low']:.0%} to {row['estimate_high']:.0%})"
        days = {
            "from": row["from_date"].isoformat(),
            "to": (row["to_date"] + DAY).isoformat(),
            "mid": middle.isoformat(),
        }
        rows.append(days | percents | {"told": told})
    return rows


def _band(
    lower: str, upper: str, colour: str, line: Timeline | None = None, *, unit: str = "", lift: float = 0.0
) -> alt.Chart:
    mark = alt.Chart(alt.NamedData("bounds")).mark_rect(color=colour, stroke="white", strokeWidth=0.4, aria=False)
    x = line.x_axis("from") if line else alt.X("from:T")
    y = line.y_axis(lower, unit=unit, lift=lift) if line else alt.Y(f"{lower}:Q")
    chart: alt.Chart = mark.encode(x=x, x2="to:T", y=y, y2=f"{upper}:Q", tooltip=[alt.Tooltip("told:N", title="share")])
    return chart


def _line() -> alt.Chart:
    """A level stroke over each month or week."""
    mark = alt.Chart(alt.NamedData("bounds")).mark_rule(color=theme.style(1).colour, strokeWidth=2.2, aria=False)
    chart: alt.Chart = mark.encode(x="from:T", x2="to:T", y="source:Q")
    return chart


def _sampled(table: pl.DataFrame) -> Iterator[alt.Chart]:
    if table["estimate_low"].drop_nulls().is_empty():
        return
    data = alt.Chart(alt.NamedData("bounds")).transform_filter("datum.estimate_low != null")
    yield data.mark_rule(color=theme.INK, strokeWidth=1.2, aria=False).encode(
        x="mid:T", y="estimate_low:Q", y2="estimate_high:Q"
    )
    yield data.mark_point(color=theme.INK, filled=True, size=34, aria=False).encode(x="mid:T", y="estimate:Q")


def _parts(table: pl.DataFrame, labels: Labels) -> list[tuple[str, list[str]]]:
    """What is drawn, with the lines of its label."""
    parts = [("high", labels.high)] if _tells(table) else []
    parts += [("word", labels.word), ("source", labels.source)]
    parts += [] if table["estimate_low"].drop_nulls().is_empty() else [("estimate", labels.estimate)]
    return [(name, wrapped(text, width=_WIDTH, size=theme.LABEL_SIZE) or [""]) for name, text in parts]


def _named(parts: Sequence[tuple[str, list[str]]], line: Timeline) -> Iterator[alt.Chart]:
    """What each part is, to the right of the plot."""
    x, y = line.width + _GAP, 4.0
    for name, lines in parts:
        middle = y + 6
        if name in ("high", "word"):
            yield block(x=x, x2=x + _BOX, y=y, y2=y + _BOX, color=WIDE if name == "high" else NARROW)
        elif name == "source":
            yield stroke(x=x, x2=x + _BOX, y=middle, color=theme.style(1).colour, strokeWidth=2.2)
        else:
            yield stroke(x=x + _BOX / 2, y=y, y2=y + _BOX, color=theme.INK, strokeWidth=1.2)
            yield words(["•"], x=x + _BOX / 2, y=middle, size=15, align="center", baseline="middle", color=theme.INK)
        look: dict[str, Any] = {"color": theme.QUIET}
        yield words(lines, x=x + _BOX + 6, y=y, **look)
        y += LINE * len(lines) + 9
