"""Where do days and counts lie, and what happened when?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from tocsin.figures import theme
from tocsin.figures.axes import day_ticks
from tocsin.figures.fixed import LINE, block, stroke, words
from tocsin.figures.lettering import text_width, wrapped
from tocsin.figures.placing import stacked

LEFT = 36  # room for the numbers of the y axis, px
HEIGHT = 290
_FLAG_WIDTH = 190.0
_AIR = 9.0  # between the top of the plot and what stands on it, px


@dataclass(frozen=True)
class Marker:
    """A dated event that a reader should see on the time axis."""

    date: dt.date
    label: str


@dataclass(frozen=True)
class Shade:
    """A span of days, both included, behind the lines."""

    first: dt.date
    last: dt.date
    label: str


@dataclass(frozen=True)
class Timeline:
    """The plot of a series: its days, its counts, its size."""

    first: dt.date
    end: dt.date
    """The day after the last week."""
    ticks: tuple[float, ...]
    """Of the y axis, from zero."""
    width: float

    def x(self, day: dt.date) -> float:
        """Where the day begins, px."""
        return (day - self.first).days / (self.end - self.first).days * self.width

    def y(self, count: float) -> float:
        """Where the count lies, px from the top."""
        return HEIGHT * (1 - count / self.ticks[-1])

    def x_axis(self, field: str) -> alt.X:
        """The encoding of a field of days. Days are read in UTC, so that no reader's time zone moves them."""
        ticks = day_ticks(self.first, self.end, width=self.width)
        return alt.X(
            f"{field}:T",
            title=None,
            scale=alt.Scale(type="utc", domain=_instants(self.first, self.end), nice=False),
            axis=alt.Axis(values=_instants(*ticks.days), labelExpr=ticks.label, grid=False, labelOverlap=False),
        )

    def y_axis(self, field: str, *, unit: str, lift: float) -> alt.Y:
        """The encoding of a field of counts, from zero; the unit stands `lift` px above the axis."""
        axis = alt.Axis(
            values=list(self.ticks),
            format=",~r" if self.ticks[-1] >= 1 else "~r",
            domain=False,
            ticks=False,
            title=unit,
            titleAngle=0,
            titleAlign="left",
            titleAnchor="end",
            titleBaseline="bottom",
            titleX=-LEFT,
            titleY=-_AIR - lift,
        )
        return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, self.ticks[-1]], nice=False), axis=axis)


def noon(day: dt.date) -> str:
    """The middle of a day, as Vega reads it."""
    return f"{day.isoformat()}T12:00:00Z"


def _instants(*days: dt.date) -> alt.ExprRef:
    """Days as milliseconds since 1970, UTC.

    An expression, because Vega-Lite turns bare numbers on a time axis into calls of datetime(), which the interpreter that
    pages use answers with nothing.
    """
    return alt.ExprRef(str([(day - dt.date(1970, 1, 1)).days * 86_400_000 for day in days]))


def shades(spans: Sequence[Shade], line: Timeline) -> list[alt.Chart]:
    """The spans as grey bands, cut to the plot."""
    cut = [(max(span.first, line.first), min(span.last + dt.timedelta(days=1), line.end)) for span in spans]
    look = {"color": theme.SHADE, "opacity": theme.SHADE_OPACITY}
    return [block(x=line.x(first), x2=line.x(end), y=0, y2=HEIGHT, **look) for first, end in cut if first < end]


def flags(events: Sequence[Marker], shade: Sequence[Shade], unit: str, line: Timeline) -> tuple[list[alt.Chart], float]:
    """Names of events and of shaded spans, stacked above the plot so that none touches another.

    Returns:
        The marks, and how far above the plot the axis' unit must stand to be clear of them, px.
    """
    hung = [(line.x(event.date), 0.0, event.label, True) for event in events if line.first <= event.date < line.end]
    for span in shade:
        start, end = max(span.first, line.first), min(span.last, line.end)
        hung += [(line.x(start), line.x(end) - line.x(start), span.label, False)] if start < end else []
    lines = [_flag_lines(label, below=below, room=theme.WIDTH - LEFT - x) for x, below, label, _ in hung]
    widths = [max(text_width(text, size=theme.LABEL_SIZE) for text in label) + 8 for label in lines]
    heights = [len(label) * LINE + 3 for label in lines]
    shapes = [(x, width, height) for (x, *_), width, height in zip(hung, widths, heights, strict=True)]
    *lifts, unit_lift = stacked([*shapes, (-LEFT, text_width(unit, size=theme.LABEL_SIZE) + 8, LINE + 3)])
    marks = []
    for (x, _, _, pole), label, lift, height in zip(hung, lines, lifts, heights, strict=True):
        marks += [_pole(x, top=-_AIR - lift - height + 3)] if pole else []
        marks += [_flag(x + (4 if pole else 0), label, bottom=-_AIR - lift)]
    return marks, unit_lift


def _flag_lines(label: str, *, below: float, room: float) -> list[str]:
    """A name is at most as wide as what it stands on, or as is usual where that is less; and never leaves the picture."""
    return wrapped(label, width=min(max(_FLAG_WIDTH, below), room - 4), size=theme.LABEL_SIZE) or [""]


def _pole(x: float, *, top: float) -> alt.Chart:
    return stroke(x=x, y=top, y2=HEIGHT, color=theme.QUIET, strokeWidth=1)


def _flag(x: float, lines: list[str], *, bottom: float) -> alt.Chart:
    return words(lines, x=x, y=bottom - LINE * (len(lines) - 1), baseline="bottom")
