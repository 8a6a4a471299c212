"""Which capitals get a name on a map, and where does it stand?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl

from tocsin.figures import theme
from tocsin.figures.caption import Rows
from tocsin.figures.fixed import pixels
from tocsin.figures.lettering import printable, text_width
from tocsin.figures.placing import Box
from tocsin.figures.projection import Points, Projection

NEAR_KM = 75.0  # incidents within this distance speak for naming a capital
COLUMNS = {"capital": pl.String(), "longitude": pl.Float64(), "latitude": pl.Float64(), "national": pl.Boolean()}
_SIZE = 10.0
_HALF = 2.5  # half of a capital's mark, px
_APART = 26.0  # named capitals stand at least this far apart, so that names are spread over the country, px


@dataclass(frozen=True)
class Capital:
    """A capital on the page."""

    name: str
    x: float
    y: float
    national: bool


@dataclass(frozen=True)
class Label:
    """A capital's name on the page: its left edge and its middle."""

    capital: Capital
    box: Box


def on_page(capitals: pl.DataFrame, projection: Projection) -> list[Capital]:
    """The capitals at their places."""
    page = projection.page(capitals.select("longitude", "latitude").to_numpy())
    named = zip(
        map(printable, capitals["capital"]), page.tolist(), capitals["national"].fill_null(value=False), strict=True
    )
    return [Capital(name, round(x, 1), round(y, 1), national) for name, (x, y), national in named]


def labels(
    capitals: Sequence[Capital], *, places: Points, counts: Sequence[int], near: float, width: float, height: float
) -> list[Label]:
    """Names for as many capitals as stand clear: the national one first, then those with most incidents nearby.

    Args:
        capitals: All that have a mark.
        places: x and y of the places where incidents were counted, px.
        counts: Incidents of each place.
        near: How far a place may be from a capital to count for it, px.
        width, height: Of the panel, px. The wider it is, the more names.
    """
    weight = {capital: _nearby(capital, places, counts, near) for capital in capitals}
    order = sorted(capitals, key=lambda capital: (not capital.national, -weight[capital], capital.name))
    marks = {capital: _around(capital) for capital in capitals}
    panel = Box(0, 0, width, height)
    found: list[Label] = []
    for capital in order:
        crowded = any(_gap(capital, label.capital) < _APART for label in found)
        if len(found) >= width // 30 or (crowded and not capital.national):
            continue
        taken = [mark for other, mark in marks.items() if other != capital] + [label.box for label in found]
        positions = [
            (sum(air.meets(one) for one in taken), box) for box, air in _positions(capital) if box.inside(panel)
        ]
        best = min(positions, key=lambda position: position[0], default=None)
        # The national capital is named even where its neighbours crowd it.
        if best and (best[0] == 0 or capital.national):
            found.append(Label(capital, best[1]))
    return found


def uncovered(capitals: Sequence[Capital], found: Sequence[Label]) -> list[Capital]:
    """The capitals on whose marks no other's name stands: beneath a name, a mark would be a blot."""
    boxes = [(label.capital, label.box) for label in found]
    return [one for one in capitals if not any(owner != one and box.meets(_around(one)) for owner, box in boxes)]


def drawn(data: str) -> alt.Chart:
    """The marks of capitals, from rows of x, y (px), capital, national."""
    marks = alt.Chart(alt.NamedData(data)).mark_point(filled=True, opacity=1, stroke="white", strokeWidth=0.8)
    national = alt.datum.national
    chart: alt.Chart = marks.encode(
        x=pixels("x", alt.X),
        y=pixels("y", alt.Y),
        shape=alt.when(national).then(alt.value("square")).otherwise(alt.value("circle")),
        size=alt.when(national).then(alt.value(46)).otherwise(alt.value(17)),
        color=alt.value(theme.INK),
        tooltip=alt.Tooltip("capital:N"),
    )
    return chart


def written(data: str) -> Iterator[alt.Chart]:
    """Their names, with a pale edge that keeps them readable on dark cells."""
    edge: dict[str, Any] = {"stroke": "white", "strokeWidth": 2.6, "strokeOpacity": 0.85, "strokeJoin": "round"}
    weight = alt.expr("datum.national ? 'bold' : 'normal'")
    for look in (edge, {}):
        names = alt.Chart(alt.NamedData(data)).mark_text(
            align="left", baseline="middle", fontSize=_SIZE, fontWeight=weight, aria=not look, **look
        )
        yield names.encode(x=pixels("x", alt.X), y=pixels("y", alt.Y), text="capital:N")


def rows(capitals: Sequence[Capital]) -> Rows:
    """Capitals as `drawn` wants them."""
    return [{"x": one.x, "y": one.y, "capital": one.name, "national": one.national} for one in capitals]


def label_rows(labels: Sequence[Label]) -> Rows:
    """Names as `written` wants them."""
    return [
        {
            "x": round(label.box.left, 1),
            "y": round((label.box.top + label.box.bottom) / 2, 1),
            "capital": label.capital.name,
            "national": label.capital.national,
        }
        for label in labels
    ]


def _nearby(capital: Capital, places: Points, counts: Sequence[int], near: float) -> int:
    if not len(counts):
        return 0
    distances = np.hypot(places[:, 0] - capital.x, places[:, 1] - capital.y)
    return int(np.asarray(counts)[distances <= near].sum())


def _gap(one: Capital, other: Capital) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y))


def _around(capital: Capital) -> Box:
    half = _HALF + (1.5 if capital.national else 0)
    return Box(capital.x - half, capital.y - half, capital.x + half, capital.y + half)


def _positions(capital: Capital) -> Iterator[tuple[Box, Box]]:
    """Right of the mark, left, above, below; each with the air around it in which no other mark may stand.

    Above and below there is more air, for such a name is soon read as that of a mark beside it.
    """
    width, height = text_width(capital.name, size=_SIZE, bold=capital.national) + 1, _SIZE + 1
    out = _HALF + 3
    for left, middle, air in (
        (capital.x + out, capital.y, 3.0),
        (capital.x - out - width, capital.y, 3.0),
        (capital.x - width / 2, capital.y - out - height / 2, 12.0),
        (capital.x - width / 2, capital.y + out + height / 2, 12.0),
    ):
        top, bottom = middle - height / 2, middle + height / 2
        yield Box(left, top, left + width, bottom), Box(left - air, top, left + width + air, bottom)
