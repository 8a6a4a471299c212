"""Marks that stand at given pixels of a picture, not at data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import altair as alt

from tocsin.figures import theme

Channel = TypeVar("Channel", alt.X, alt.Y)

LINE = 13.0  # from one line of small text to the next, px


def words(lines: Sequence[str], *, x: float, y: float, size: float = theme.LABEL_SIZE, **look: Any) -> alt.Chart:
    """Lines of text, the first at (x, y); to the right of it and below, unless `align` and `baseline` say otherwise."""
    usual: dict[str, Any] = {"align": "left", "baseline": "top", "lineHeight": LINE, "fontSize": size}
    chart: alt.Chart = _alone().mark_text(text=list(lines), **(usual | look)).encode(x=alt.value(x), y=alt.value(y))
    return chart


def stroke(*, x: float, y: float, x2: float | None = None, y2: float | None = None, **look: Any) -> alt.Chart:
    """A straight line from (x, y) to (x2, y2); what is left out does not change."""
    ends = {"x2": alt.value(x if x2 is None else x2), "y2": alt.value(y if y2 is None else y2)}
    chart: alt.Chart = _alone().mark_rule(**look).encode(x=alt.value(x), y=alt.value(y), **ends)
    return chart


def block(*, x: float, y: float, x2: float, y2: float, **look: Any) -> alt.Chart:
    """A filled rectangle."""
    sides = {"x": alt.value(x), "y": alt.value(y), "x2": alt.value(x2), "y2": alt.value(y2)}
    chart: alt.Chart = _alone().mark_rect(**look).encode(**sides)
    return chart


def together(*layers: alt.Chart, width: float, height: float) -> alt.LayerChart:
    """Layers, the first at the bottom, in a panel of that size."""
    chart: alt.LayerChart = alt.LayerChart(layer=list(layers)).properties(width=width, height=height)
    return chart


def pixels(field: str, channel: type[Channel]) -> Channel:
    """The encoding of a field that holds px, not data."""
    return channel(f"{field}:Q", scale=None, axis=None)


def _alone() -> alt.Chart:
    """One row of nothing: the mark is drawn once."""
    return alt.Chart(alt.InlineData(values=[{}]))
