"""Which line is which?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import altair as alt

from tocsin.figures import theme
from tocsin.figures.fixed import LINE, stroke, words
from tocsin.figures.lettering import text_width, wrapped
from tocsin.figures.placing import spread
from tocsin.figures.timeline import HEIGHT, Timeline

_GAP = 12.0  # between the plot and the names, px
_WIDTH = 118.0
_SAMPLE = 32.0  # a piece of line in the legend, px


@dataclass(frozen=True)
class Name:
    """A name in the right margin, level with the end of what it names."""

    text: str
    ink: str
    week: dt.date
    """The last week drawn."""
    count: float
    """The height with which the name is level."""
    led: bool
    """A thin line leads from the last point to the name."""

    @property
    def lines(self) -> list[str]:
        return _lines(self.text)


def margin(texts: Sequence[str], *, legend: bool) -> float:
    """The room that names need to the right of the plot, px."""
    widest = max(
        (text_width(line, size=theme.LABEL_SIZE, bold=True) for text in texts for line in _lines(text)), default=0.0
    )
    return _GAP + (_SAMPLE if legend else 0.0) + widest


def at_ends(names: Sequence[Name], line: Timeline) -> Iterator[alt.Chart]:
    """Each name where its line ends, moved up or down as little as keeps them apart."""
    heights = [len(name.lines) * LINE + 2 for name in names]
    tops = spread([line.y(name.count) for name in names], heights=heights, low=-LINE / 2, high=HEIGHT + LINE)
    for name, top, height in zip(names, tops, heights, strict=True):
        middle = top + height / 2
        if name.led:
            x, y = line.x(name.week + dt.timedelta(days=4)), line.y(name.count)
            yield stroke(x=x, x2=line.width + _GAP - 3, y=y, y2=middle, color=name.ink, strokeWidth=0.7)
        first = middle - LINE * (len(name.lines) - 1) / 2
        yield words(name.lines, x=line.width + _GAP, y=first, baseline="middle", color=name.ink, fontWeight="bold")


def in_a_list(texts: Sequence[str], line: Timeline) -> Iterator[alt.Chart]:
    """A sample of each line and its name, from top to bottom."""
    x, y = line.width + _GAP, LINE / 2
    for index, text in enumerate(texts):
        look, lines = theme.style(index), _lines(text)
        yield stroke(x=x, x2=x + _SAMPLE - 6, y=y, color=look.colour, strokeDash=list(look.dash), strokeWidth=2.4)
        yield words(lines, x=x + _SAMPLE, y=y, baseline="middle", fontWeight="bold", color=look.ink)
        y += LINE * len(lines) + 4


def _lines(text: str) -> list[str]:
    return wrapped(text, width=_WIDTH, size=theme.LABEL_SIZE, bold=True) or [""]
