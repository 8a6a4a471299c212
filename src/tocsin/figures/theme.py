"""How every figure looks: type, colours that survive colour blindness and a grey printer, sizes.

Source:
    Okabe and Ito (2008), "Color Universal Design", for the hues of the lines; darkened and put in an order in which
    neighbours also differ in lightness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# The renderer carries Liberation Sans, so it is there on a machine without fonts; Arial has the same widths in a browser.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

WIDTH = 680  # of the whole picture without its margin, px
MARGIN = 14
TITLE_SIZE, SUBTITLE_SIZE, LABEL_SIZE, NOTE_SIZE = 17, 12.5, 11, 10.5

INK = "#1a1a1a"
QUIET = "#595959"  # text of the second rank: 7 : 1 on white
RULE = "#8c8c8c"
GRID = "#e3e3e3"
SHADE, SHADE_OPACITY = "#000000", 0.06
LAND = "#f3f2ef"
BORDER = "#a8a6a1"
COUNTS = "#c3cfdb"  # the bars of single weeks, behind the average
WARNING = "#a50f15"


@dataclass(frozen=True)
class Style:
    """How one line is drawn, and the colour in which its name can be read on white."""

    colour: str
    ink: str
    dash: tuple[int, ...]


# Colour of the line and of its name. Five dashes and seven colours have no common factor: 35 lines before two are alike.
COLOURS = (
    ("#0b4f8a", "#0b4f8a"),
    ("#d55e00", "#b34e00"),
    ("#1a1a1a", "#1a1a1a"),
    ("#3a9ad6", "#1a6fa3"),
    ("#882255", "#882255"),
    ("#b98200", "#8a6200"),
    ("#006b4f", "#006b4f"),
)
TAIL = (3, 2.5)  # of a line whose weeks are not yet complete, whatever its dash
BAND_OPACITY, BAND_EDGE = 0.25, 0.7
DASHES = ((1, 0), (7, 3), (2, 2), (10, 3, 2, 3), (4, 2))

# Light to dark in even steps of CIE lightness, for one class to six: what is dark is much, in colour and in grey.
RAMPS: tuple[tuple[str, ...], ...] = (
    ("#d75e3e",),
    ("#fccb88", "#9f2d54"),
    ("#fccb88", "#c94c3f", "#3d0a4e"),
    ("#fccb88", "#e6733d", "#9f2d54", "#3d0a4e"),
    ("#fccb88", "#ef894a", "#c94c3f", "#881f5c", "#3d0a4e"),
    ("#fccb88", "#f59551", "#db633e", "#b1384a", "#781c59", "#3d0a4e"),
)


def style(index: int) -> Style:
    """The style of the `index`-th line, from 0."""
    return Style(*COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)])


def config() -> dict[str, Any]:
    """The Vega-Lite configuration that all figures share."""
    return {
        "background": "white",
        "font": FONT,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "color": INK,
            "fontSize": TITLE_SIZE,
            "fontWeight": "bold",
            "lineHeight": 21,
            "subtitleColor": QUIET,
            "subtitleFontSize": SUBTITLE_SIZE,
            "subtitleLineHeight": 16,
            "subtitlePadding": 5,
        },
        "axis": {
            "domainColor": INK,
            "gridColor": GRID,
            "labelColor": QUIET,
            "labelFontSize": LABEL_SIZE,
            "tickColor": RULE,
            "titleColor": QUIET,
            "titleFontSize": LABEL_SIZE,
            "titleFontWeight": "normal",
        },
        "text": {"font": FONT, "fontSize": LABEL_SIZE, "color": INK},
    }
