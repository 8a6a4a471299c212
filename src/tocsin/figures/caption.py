"""What is printed around a picture: what is shown, unit, window, definition, source and date of the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import altair as alt

from tocsin.figures import theme
from tocsin.figures.fixed import block, stroke, together, words
from tocsin.figures.lettering import one_line, wrapped

BANNER = "SYNTHETIC DATA: made up, not real events"
_LINE = 14.0

Rows: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True)
class Caption:
    """The words of a figure."""

    title: str
    """What is shown."""
    subtitle: str
    """Unit, window, averaging."""
    notes: tuple[str, ...]
    """Definition, exclusions, warnings: a sentence or two each."""
    source: str
    """Publisher, date of the data and digest."""
    synthetic: bool
    """True where the data are made up: the figure then says so on its face."""


def framed(
    picture: alt.LayerChart | alt.VConcatChart,
    *,
    caption: Caption,
    data: Mapping[str, Rows],
    left: float = 0,
) -> alt.VConcatChart:
    """The picture with its title above and its notes and source below.

    Args:
        picture: What is shown, already theme.WIDTH px wide in all.
        caption: The words.
        data: The rows that its marks are drawn from, by name.
        left: How far the picture's left edge lies to the left of its x = 0, px.
    """
    parts = [_banner(left), picture] if caption.synthetic else [picture]
    title = alt.TitleParams(
        text=wrapped(caption.title, width=theme.WIDTH, size=theme.TITLE_SIZE, bold=True),
        subtitle=wrapped(caption.subtitle, width=theme.WIDTH, size=theme.SUBTITLE_SIZE),
        anchor="start",
        frame="bounds",
        offset=14,
    )
    stacked = alt.vconcat(*parts, _notes(caption, left), spacing=12).properties(
        title=title,
        padding=theme.MARGIN,
        description=one_line(f"{caption.title}. {caption.subtitle}"),
    )
    chart: alt.VConcatChart = stacked.configure(**theme.config())
    # Set last: Altair copies whatever a chart holds each time that it is put into another.
    chart["datasets"] = dict(data)
    return chart


def _notes(caption: Caption, left: float) -> alt.LayerChart:
    paragraphs = [*caption.notes, f"Source: {caption.source}"]
    lines = [line for text in paragraphs for line in wrapped(text, width=theme.WIDTH, size=theme.NOTE_SIZE)]
    rule = stroke(x=-left, x2=theme.WIDTH - left, y=0, color=theme.RULE, strokeWidth=0.7)
    text = words(lines, x=-left, y=8, size=theme.NOTE_SIZE, lineHeight=_LINE, color=theme.QUIET)
    return together(rule, text, width=theme.WIDTH - left, height=len(lines) * _LINE + 8)


def _banner(left: float) -> alt.LayerChart:
    box = block(x=-left, x2=theme.WIDTH - left, y=0, y2=20, color=theme.WARNING)
    text = words([BANNER], x=6 - left, y=10, baseline="middle", color="white", fontWeight="bold")
    return together(box, text, width=theme.WIDTH - left, height=20)


def watermark(*, width: float, height: float) -> alt.Chart:
    """Words across a panel whose data are made up, so that a cut-out of it still says so."""
    middle: dict[str, Any] = {"align": "center", "baseline": "middle", "angle": 340}
    ink: dict[str, Any] = {"color": theme.INK, "opacity": 0.11, "fontWeight": "bold"}
    return words(["SYNTHETIC DATA"], x=width / 2, y=height / 2, size=round(width / 11), **middle, **ink)
