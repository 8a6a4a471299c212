"""Which share is sure and which is open, party by party? A bar for what is decided, a lighter one for what may come to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.axes import count_ticks
from tocsin.figures.caption import Caption, framed, watermark
from tocsin.figures.fixed import LINE, block, stroke, together, words
from tocsin.figures.lettering import one_line, text_width, wrapped

COLUMNS = {
    "label": pl.String(),
    "heading": pl.String(),
    **dict.fromkeys(
        ("low", "high", "word_low", "word_high", "estimate", "estimate_low", "estimate_high"), pl.Float64()
    ),
}
SURE, WORD, OPEN = "#0b4f8a", "#7ba4c8", "#d6e3ee"
_NAMES, _GAP, _TOP, _BAR, _ROW = 190.0, 10.0, 26.0, 17.0, 9.0


def began(
    table: pl.DataFrame, *, caption: Caption, unit: str, sure: str, still: str, sampled: str, word: str = ""
) -> alt.VConcatChart:
    """Draw a row a party: dark to the least share, light on to the most, with the estimate of a sample where there is one.

    Args:
        table: label, heading (printed where it changes; null for none), low, high (shares from 0 to 1; null: there is nothing to count),
            word_low, word_high (narrower bounds inside them, printed too; null for none), estimate, estimate_low, estimate_high (null for
            none). Rows are drawn in order.
        caption: The words around the picture.
        unit: What the shares are of.
        sure: What the dark part is, in a few words.
        still: What the light part is.
        sampled: What the dot and its line are.
        word: What the part between the narrower bounds is.

    Returns:
        The figure.

    Raises:
        QuestionError: the table lacks a column, or no share is known.
    """
    table = checked(table, columns=COLUMNS, figure="began")
    if table["high"].drop_nulls().is_empty():
        raise QuestionError("there is nothing to draw: no share is known", where="figure began")
    rows = list(table.iter_rows(named=True))
    texts = [_printed(row) for row in rows]
    left = min(_NAMES, max(text_width(one_line(row["label"]), size=theme.LABEL_SIZE) for row in rows)) + _GAP
    right = max(text_width(text, size=theme.LABEL_SIZE, bold=True) for text in texts) + _GAP
    width = theme.WIDTH - left - right
    most = max(number for row in rows for number in (row["high"], row["estimate_high"]) if number is not None)
    ticks = [tick for tick in count_ticks(100 * most) if tick <= 100]
    layers: list[alt.Chart] = [*_key(table, sure, word, still, sampled)]
    y, heading, drawn = _TOP, None, []
    for row, text in zip(rows, texts, strict=True):
        if row["heading"] is not None and row["heading"] != heading:
            drawn.append(words([one_line(row["heading"])], x=-left, y=y, fontWeight="bold", color=theme.INK))
            y += LINE + 6
        heading = row["heading"]
        lines = wrapped(row["label"], width=left - _GAP, size=theme.LABEL_SIZE) or [""]
        height = max(_BAR, LINE * len(lines))
        drawn += [*_row(row, lines, text, y=y, height=height, left=left, scale=width / (ticks[-1] or 1.0), width=width)]
        y += height + _ROW
    layers += [*_axis(ticks, width, y, unit), *drawn]
    layers += [watermark(width=width, height=y)] if caption.synthetic else []
    return framed(together(*layers, width=width, height=y), caption=caption, data={}, left=left)


def _printed(row: dict[str, Any]) -> str:
    if row["low"] is None or row["high"] is None:
        return "none counted"
    whole = _between(row["low"], row["high"])
    if row["word_low"] is None or row["word_high"] is None:
        return whole
    narrow = _between(row["word_low"], row["word_high"])
    return whole if narrow == whole else f"{narrow} ({whole})"


def _between(low: float, high: float) -> str:
    return f"{low:.0%}" if f"{low:.0%}" == f"{high:.0%}" else f"{100 * low:.0f}–{100 * high:.0f}%"


def _row(
    row: dict[str, Any],
    lines: list[str],
    text: str,
    *,
    y: float,
    height: float,
    left: float,
    scale: float,
    width: float,
) -> Iterator[alt.Chart]:
    middle = y + height / 2
    yield words(lines, x=-left, y=middle - LINE * len(lines) / 2, color=theme.INK)
    if row["low"] is not None and row["high"] is not None:
        low, high = 100 * row["low"] * scale, 100 * row["high"] * scale
        yield block(x=low, x2=high, y=middle - _BAR / 2, y2=middle + _BAR / 2, color=OPEN)
        if row["word_low"] is not None and row["word_high"] is not None:
            ends = {"x": 100 * row["word_low"] * scale, "x2": 100 * row["word_high"] * scale}
            yield block(**ends, y=middle - _BAR / 2, y2=middle + _BAR / 2, color=WORD)
        yield block(x=0, x2=low, y=middle - _BAR / 2, y2=middle + _BAR / 2, color=SURE)
    if row["estimate_low"] is not None and row["estimate_high"] is not None:
        ends = {"x": 100 * row["estimate_low"] * scale, "x2": 100 * row["estimate_high"] * scale}
        yield stroke(y=middle, color="white", strokeWidth=3.6, **ends)
        yield stroke(y=middle, color=theme.style(1).colour, strokeWidth=1.8, **ends)
        if row["estimate"] is not None:
            dot: dict[str, Any] = {"align": "center", "baseline": "middle", "color": theme.style(1).colour}
            yield words(["●"], x=100 * row["estimate"] * scale, y=middle, size=17, **dot)
    yield words([text], x=width + _GAP, y=middle, baseline="middle", fontWeight="bold", color=theme.INK)


def _axis(ticks: list[float], width: float, height: float, unit: str) -> Iterator[alt.Chart]:
    for tick in ticks:
        x = tick / (ticks[-1] or 1.0) * width
        yield stroke(x=x, y=_TOP - 5, y2=height, color=theme.GRID, strokeWidth=1)
        yield words([f"{tick:g}"], x=x, y=height + 5, align="center", color=theme.QUIET)
    yield stroke(x=0, x2=width, y=height, color=theme.INK, strokeWidth=1)
    yield words([unit], x=width, y=height + 5 + LINE + 2, align="right", color=theme.QUIET)


def _key(table: pl.DataFrame, sure: str, word: str, still: str, sampled: str) -> Iterator[alt.Chart]:
    x = 0.0
    worded = not table["word_high"].drop_nulls().is_empty()
    parts = [(SURE, sure, table["low"].sum() > 0), (WORD, word, worded), (OPEN, still, True)]
    for colour, text in [(colour, text) for colour, text, there in parts if there]:
        yield block(x=x, x2=x + 12, y=0, y2=11, color=colour)
        yield words([text], x=x + 17, y=0, color=theme.QUIET)
        x += 17 + text_width(text, size=theme.LABEL_SIZE) + 18
    if not table["estimate_low"].drop_nulls().is_empty():
        yield stroke(x=x, x2=x + 14, y=6, color=theme.style(1).colour, strokeWidth=1.8)
        yield words([sampled], x=x + 19, y=0, color=theme.QUIET)
