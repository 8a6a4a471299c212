"""How does one number look by several ways of counting? A dot and its interval a row, under each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.axes import even_ticks
from tocsin.figures.caption import Caption, framed, watermark
from tocsin.figures.fixed import LINE, block, stroke, together, words
from tocsin.figures.lettering import one_line, text_width, wrapped

COLUMNS = {
    "label": pl.String(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "group": pl.String(),
    "emphasised": pl.Boolean(),
}
_NAMES = 230.0  # the widest column of labels, px
_GAP = 12.0
_TOP = 8.0
_ROW = 7.0  # air between two rows, px
_SPAN = 200.0  # a logarithmic axis shows at most a range of this factor: an interval beyond is cut, with an arrow


@dataclass(frozen=True)
class Band:
    """A range behind the rows, as of bounds."""

    low: float
    high: float


@dataclass(frozen=True)
class Scale:
    """Where numbers lie on the plot."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool
    width: float

    def x(self, value: float) -> float:
        """Px from the left of the plot; what lies beyond is put on the edge."""
        place, low, high = (
            math.log(n) if self.logarithmic else n for n in (max(value, self._least), self.low, self.high)
        )
        return self.width * min(1.0, max(0.0, (place - low) / (high - low)))

    def beyond(self, value: float) -> bool:
        """Whether the number has no place on the plot."""
        return not self.low <= value <= self.high

    @property
    def _least(self) -> float:
        return self.low if self.logarithmic else -math.inf


def forest(
    table: pl.DataFrame,
    *,
    caption: Caption,
    unit: str,
    reference: float | None = None,
    reference_label: str = "",
    band: Band | None = None,
    logarithmic: bool = False,
    decimals: int = 2,
) -> alt.VConcatChart:
    """Draw a row for each way of counting: its name, its number as a dot, its interval as a line, and both as text.

    Args:
        table: label, value (null: there is none), low, high (null: no interval), group (a heading where it changes; null for none),
            emphasised (drawn dark and set in bold). A row with bounds and no value is drawn as its interval alone. Rows are drawn in order.
        caption: The words around the picture.
        unit: What the numbers are.
        reference: Where nothing changes: 1 for a ratio, 0 for a difference.
        reference_label: What that means, in a word or two.
        band: A range behind all rows.
        logarithmic: Numbers are ratios: equal factors have equal lengths. Numbers that are not above nought have no dot.
        decimals: Of the printed numbers.

    Returns:
        The figure.

    Raises:
        QuestionError: the table lacks a column, or has no number to draw.
    """
    table = checked(table, columns=COLUMNS, figure="forest")
    shown = [
        number
        for number in [*table["value"], *table["low"], *table["high"]]
        if number is not None and math.isfinite(number) and (number > 0 or not logarithmic)
    ]
    if not shown:
        raise QuestionError("there is nothing to draw: no row has a number", where="figure forest")
    rows = list(table.iter_rows(named=True))
    texts = [_printed(row, decimals) for row in rows]
    left = min(_NAMES, max(text_width(row["label"], size=theme.LABEL_SIZE, bold=True) for row in rows)) + _GAP
    right = max(text_width(text, size=theme.LABEL_SIZE, bold=True) for text in [unit, *texts]) + _GAP
    extra = [reference] if reference is not None else []
    extra += [band.low, band.high] if band else []
    middle = [row["value"] for row in rows if row["value"] is not None] or shown
    scale = scale_over([*shown, *extra], [*middle, *extra], logarithmic=logarithmic, width=theme.WIDTH - left - right)
    places = _places(rows, left)
    height = places[-1].bottom + _ROW
    layers = [*_band(band, scale, height), *_axis(scale, height)]
    layers += _reference(reference, reference_label, scale, height)
    for row, text, place in zip(rows, texts, places, strict=True):
        layers += [*_named(row, place, left), *_drawn(row, place.middle, scale), _told(row, text, place.middle, scale)]
    layers += [words([unit], x=scale.width + _GAP, y=-_TOP, baseline="bottom", color=theme.QUIET)]
    layers += [watermark(width=scale.width, height=height)] if caption.synthetic else []
    picture = together(*layers, width=scale.width, height=height)
    return framed(picture, caption=caption, data={}, left=left)


@dataclass(frozen=True)
class Place:
    """Where a row stands, px from the top."""

    top: float
    heading: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def first(self) -> float:
        """The first line of the label."""
        return self.top + (LINE + 3 if self.heading else 0.0)

    @property
    def bottom(self) -> float:
        return self.first + LINE * len(self.lines)

    @property
    def middle(self) -> float:
        return (self.first + self.bottom) / 2


def _places(rows: Sequence[dict[str, Any]], left: float) -> list[Place]:
    places: list[Place] = []
    y, group = _TOP, None
    for row in rows:
        opens = row["group"] is not None and row["group"] != group
        y += 6.0 if opens and places else 0.0
        lines = wrapped(row["label"], width=left - _GAP, size=theme.LABEL_SIZE, bold=row["emphasised"]) or [""]
        places.append(Place(y, (one_line(row["group"]),) if opens else (), tuple(lines)))
        group = row["group"]
        y = places[-1].bottom + _ROW
    return places


def scale_over(numbers: Sequence[float], middle: Sequence[float], *, logarithmic: bool, width: float) -> Scale:
    if not logarithmic:
        ticks = even_ticks(min(0.0, *numbers), max(0.0, *numbers))
        return Scale(ticks[0], ticks[-1], ticks, logarithmic=False, width=width)
    usual = [number for number in middle if number > 0] or list(numbers)
    reach = _SPAN**0.5
    low = max(min(numbers), min(usual) / reach) / 1.1
    high = min(max(numbers), max(usual) * reach) * 1.1
    return Scale(low, high, _ratio_ticks(low, high), logarithmic=True, width=width)


def _ratio_ticks(low: float, high: float) -> tuple[float, ...]:
    """Ticks at 1, 2 and 5 times powers of ten, or at the powers alone where the span is wide; finer where it is narrow."""
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8), tuple(n / 20 for n in range(20, 200))):
        ticks = tuple(round(step * 10.0**power, 10) for power in powers for step in steps)
        inside = tuple(tick for tick in ticks if low <= tick <= high)
        if len(inside) >= 3:
            return inside
    return inside or (low, high)


def _axis(scale: Scale, height: float) -> Iterator[alt.Chart]:
    for tick in scale.ticks:
        yield stroke(x=scale.x(tick), y=0, y2=height, color=theme.GRID, strokeWidth=1)
        label: dict[str, Any] = {"align": "center", "baseline": "top", "color": theme.QUIET}
        yield words([f"{tick:,.10g}".replace("-", "−")], x=scale.x(tick), y=height + 5, **label)
    yield stroke(x=0, x2=scale.width, y=height, color=theme.INK, strokeWidth=1)


def _band(band: Band | None, scale: Scale, height: float) -> Iterator[alt.Chart]:
    if band is None:
        return
    x, x2 = scale.x(band.low), scale.x(band.high)
    yield block(x=x, x2=max(x2, x + 2), y=0, y2=height, color=theme.COUNTS, opacity=0.75)


def _reference(at: float | None, label: str, scale: Scale, height: float) -> Iterator[alt.Chart]:
    if at is None:
        return
    x = scale.x(at)
    yield stroke(x=x, y=0, y2=height, color=theme.QUIET, strokeWidth=1, strokeDash=[4, 3])
    fits = x + text_width(label, size=theme.LABEL_SIZE) / 2 <= scale.width
    yield words([label], x=x, y=-_TOP, baseline="bottom", align="center" if fits else "right", color=theme.QUIET)


def _named(row: dict[str, Any], place: Place, left: float) -> Iterator[alt.Chart]:
    if place.heading:
        yield words(place.heading, x=-left, y=place.top, color=theme.QUIET, fontStyle="italic")
    weight = "bold" if row["emphasised"] else "normal"
    yield words(place.lines, x=-left, y=place.first, color=theme.INK, fontWeight=weight)


def _drawn(row: dict[str, Any], y: float, scale: Scale) -> Iterator[alt.Chart]:
    value, low, high = row["value"], row["low"], row["high"]
    look = theme.style(0) if row["emphasised"] else theme.style(3)
    if low is not None and high is not None:
        yield stroke(x=scale.x(low), x2=scale.x(high), y=y, color=look.colour, strokeWidth=3 if value is None else 1.8)
        for end, sign in ((low, "◂"), (high, "▸")):
            if scale.beyond(end):
                yield words([sign], x=scale.x(end), y=y, align="center", baseline="middle", color=look.colour, size=13)
            elif value is None:
                yield stroke(x=scale.x(end), y=y - 5, y2=y + 5, color=look.colour, strokeWidth=2)
    if value is not None and not scale.beyond(value):
        x, half = scale.x(value), 4.5 if row["emphasised"] else 3.5
        yield block(x=x - half, x2=x + half, y=y - half, y2=y + half, color=look.colour, cornerRadius=half)


def _told(row: dict[str, Any], text: str, y: float, scale: Scale) -> alt.Chart:
    weight = "bold" if row["emphasised"] else "normal"
    return words([text], x=scale.width + _GAP, y=y, baseline="middle", color=theme.INK, fontWeight=weight)


def _printed(row: dict[str, Any], decimals: int) -> str:
    value, low, high = (
        None if row[name] is None else f"{row[name]:,.{decimals}f}".replace("-", "−")
        for name in ("value", "low", "high")
    )
    apart = low is not None and high is not None and not low == value == high
    interval = f"{low} to {high}" if apart else ""
    if value is None:
        return interval or "none"
    return f"{value} ({interval})" if interval else value
