"""How much hangs on how it is counted? One dot a way of counting, from the lowest value up, and below it what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.axes import even_ticks
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.fixed import LINE, block, pixels, stroke, together, words
from tocsin.figures.lettering import text_width, wrapped

CURVE = 190  # height of the upper panel, px
_ROW = 14.0  # from one option to the next, px
_GAP = 9.0  # more, from one choice to the next
_LABELS = 205.0  # room for the words of the options, px
MOST_DRAWN = 500
"""Of more ways, as many as this are drawn, evenly from the lowest value to the highest; the desk's own always."""

_KINDS = {
    "holds": ("what is expected holds", theme.COLOURS[0]),
    "fails": ("it does not hold", theme.COLOURS[1]),
    "open": ("one way of counting", theme.COLOURS[0]),
}


@dataclass(frozen=True)
class Expected:
    """The values at which what is expected holds, each end included; None is no bound; and what the key says of them."""

    low: float | None
    high: float | None
    words: str


def specification_curve(
    table: pl.DataFrame,
    *,
    choices: Sequence[str],
    caption: Caption,
    unit: str,
    expected: Expected | None = None,
) -> alt.VConcatChart:
    """Draw the value of a finding in every way of counting.

    Args:
        table: value, holds (null where nothing is expected), and a column of words for each of `choices`; the desk's own way is the
            first row.
        choices: The columns of options, in the order in which they are drawn.
        caption: The words around the picture.
        unit: Of the value.
        expected: The band behind the dots.

    Returns:
        The figure.

    Raises:
        QuestionError: a column is missing, or no way has a value.
    """
    columns = {"value": pl.Float64(), "holds": pl.Boolean(), **{name: pl.String() for name in choices}}
    known = checked(table, columns=columns, figure="specification").with_row_index("way").drop_nulls("value")
    if known.is_empty():
        raise QuestionError("there is nothing to draw: no way of counting gives a number", where="figure specification")
    shown = _thinned(known.sort("value", "way")).with_row_index("rank")
    places, height = _rows(table, choices)
    width = theme.WIDTH - _LABELS
    scale = _Scale.over(shown["value"], expected, width=width, count=shown.height)
    layers = [
        *([_band(expected, scale)] if expected else []),
        *_grid(scale, unit),
        *_matrix(places, scale),
        _dots(scale),
        *_own(shown, scale),
        *_key(shown, expected, height),
    ]
    layers += [watermark(width=width, height=CURVE)] if caption.synthetic else []
    data: dict[str, Rows] = {"ways": _ways(shown, scale), "options": _chosen(shown, choices, places, scale)}
    picture = together(*layers, width=width, height=height + 26 + LINE)
    return framed(picture, caption=caption, data=data, left=_LABELS)


@dataclass(frozen=True)
class _Scale:
    """Where values and ranks lie, px."""

    ticks: tuple[float, ...]
    width: float
    count: int

    @classmethod
    def over(cls, values: pl.Series, expected: Expected | None, *, width: float, count: int) -> _Scale:
        ends = [float(value) for value in values] + [
            end for end in ((expected.low, expected.high) if expected else ()) if end is not None
        ]
        return cls(even_ticks(min(ends), max(ends)), width, count)

    def x(self, rank: float) -> float:
        return round((rank + 0.5) / self.count * self.width, 2)

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return round(CURVE * (1 - (value - low) / (high - low)), 2)


def _thinned(ranked: pl.DataFrame) -> pl.DataFrame:
    if ranked.height <= MOST_DRAWN:
        return ranked
    wanted = {round(number * (ranked.height - 1) / (MOST_DRAWN - 1)) for number in range(MOST_DRAWN)}
    return ranked.with_row_index("_at").filter(pl.col("_at").is_in(sorted(wanted)) | (pl.col("way") == 0)).drop("_at")


def _rows(table: pl.DataFrame, choices: Sequence[str]) -> tuple[dict[tuple[str, str], float], float]:
    """The y of each option, choice by choice; and where the last one ends."""
    places, y = {}, CURVE + 22.0
    for name in choices:
        y += _ROW
        for option in table[name].unique(maintain_order=True):
            places[name, option] = y
            y += _ROW
        y += _GAP
    return places, y


def _band(expected: Expected, scale: _Scale) -> alt.Chart:
    top = 0.0 if expected.high is None else max(0.0, scale.y(expected.high))
    bottom = float(CURVE) if expected.low is None else min(float(CURVE), scale.y(expected.low))
    return block(x=0, x2=scale.width, y=top, y2=bottom, color=theme.SHADE, opacity=theme.SHADE_OPACITY)


def _grid(scale: _Scale, unit: str) -> list[alt.Chart]:
    marks = [words([unit], x=-_LABELS, y=-16, color=theme.QUIET)] if unit else []
    for tick in scale.ticks:
        y = scale.y(tick)
        marks += [stroke(x=0, x2=scale.width, y=y, color=theme.GRID, strokeWidth=1)]
        label = f"{tick:,.10g}".replace("-", "\N{MINUS SIGN}")
        marks += [words([label], x=-8, y=y, align="right", baseline="middle", color=theme.QUIET)]
    return marks


def _matrix(places: dict[tuple[str, str], float], scale: _Scale) -> list[alt.Chart]:
    """The words of choices and options, and a dash for each way that took an option."""
    marks, named = [], set()
    for (choice, option), y in places.items():
        if choice not in named:
            named.add(choice)
            title = choice[:1].upper() + choice[1:]
            marks += [words([title], x=-_LABELS, y=y - _ROW, baseline="middle", fontWeight="bold")]
        text = wrapped(option, width=_LABELS - 24, size=theme.LABEL_SIZE) or [""]
        more = "…" if len(text) > 1 else ""
        marks += [words([text[0] + more], x=12 - _LABELS, y=y, baseline="middle", color=theme.QUIET)]
        marks += [stroke(x=0, x2=scale.width, y=y, color=theme.GRID, strokeWidth=0.6)]
    height = min(9.0, _ROW - 4)
    dashes = alt.Chart(alt.NamedData("options")).mark_tick(
        thickness=max(0.6, min(2.5, scale.width / scale.count * 0.7)), size=height, orient="vertical", opacity=1
    )
    return [
        *marks,
        dashes.encode(x=pixels("x", alt.X), y=pixels("y", alt.Y), color=_colour(), tooltip=["choice:N", "option:N"]),
    ]


def _dots(scale: _Scale) -> alt.Chart:
    size = max(7.0, min(34.0, scale.width / scale.count * 14))
    dots = alt.Chart(alt.NamedData("ways")).mark_point(filled=True, opacity=1, size=size)
    chart: alt.Chart = dots.encode(
        x=pixels("x", alt.X),
        y=pixels("y", alt.Y),
        color=_colour(),
        tooltip=[alt.Tooltip("value:Q"), alt.Tooltip("told:N")],
    )
    return chart


def _own(shown: pl.DataFrame, scale: _Scale) -> list[alt.Chart]:
    """The desk's own way, marked and named on the side that has room."""
    own = shown.filter(pl.col("way") == 0)
    if own.is_empty():
        return []
    x, y = scale.x(own["rank"][0]), scale.y(own["value"][0])
    ring = alt.Chart(alt.InlineData(values=[{}])).mark_point(
        shape="diamond", filled=True, size=95, color=theme.INK, stroke="white", strokeWidth=1, opacity=1
    )
    text = "as the desk counts it"
    right = x + 10 + text_width(text, size=theme.LABEL_SIZE) < scale.width
    beside: dict[str, Any] = {"align": "left" if right else "right", "baseline": "top" if right else "bottom"}
    label = words([text], x=x + (9 if right else -9), y=y + (5 if right else -5), fontWeight="bold", **beside)
    return [ring.encode(x=alt.value(x), y=alt.value(y)), label]


def _key(shown: pl.DataFrame, expected: Expected | None, height: float) -> list[alt.Chart]:
    """What the colours and the band say, under the last option, and below it what the order is."""
    marks, x = [], 0.0
    for kind in dict.fromkeys(_kind(holds) for holds in shown["holds"]):
        text, (colour, ink) = _KINDS[kind]
        marks += [block(x=x, x2=x + 9, y=height + 8, y2=height + 17, color=colour)]
        marks += [words([text], x=x + 14, y=height + 12.5, baseline="middle", color=ink)]
        x += text_width(text, size=theme.LABEL_SIZE) + 34
    if expected:
        marks += [
            block(x=x, x2=x + 16, y=height + 7, y2=height + 18, color=theme.SHADE, opacity=theme.SHADE_OPACITY),
            words([expected.words], x=x + 21, y=height + 12.5, baseline="middle", color=theme.QUIET),
        ]
    way = f"{shown.height:,} ways, from the lowest value to the highest"
    return [*marks, words([way], x=0, y=height + 12.5 + LINE + 4, baseline="middle", color=theme.QUIET)]


def _ways(shown: pl.DataFrame, scale: _Scale) -> Rows:
    return [
        {
            "x": scale.x(rank),
            "y": scale.y(value),
            "kind": _kind(holds),
            "value": round(value, 6),
            "told": _KINDS[_kind(holds)][0],
        }
        for rank, value, holds in shown.select("rank", "value", "holds").rows()
    ]


def _chosen(shown: pl.DataFrame, choices: Sequence[str], places: dict[tuple[str, str], float], scale: _Scale) -> Rows:
    return [
        {
            "x": scale.x(row["rank"]),
            "y": places[name, row[name]],
            "kind": _kind(row["holds"]),
            "choice": name,
            "option": row[name],
        }
        for row in shown.iter_rows(named=True)
        for name in choices
    ]


def _kind(holds: bool | None) -> str:
    return "open" if holds is None else "holds" if holds else "fails"


def _colour() -> alt.Color:
    domain = list(_KINDS)
    return alt.Color(
        "kind:N", scale=alt.Scale(domain=domain, range=[_KINDS[kind][1][0] for kind in domain]), legend=None
    )
