"""How does a share grow with the distance that counts as near? By the points, and given their errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.fixed import LINE, pixels, stroke, together, words
from tocsin.figures.lettering import wrapped

COLUMNS = {
    "window": pl.String(),
    "threshold_km": pl.Float64(),
    "recorded": pl.Float64(),
    "expected": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
}
_LEFT, _HEIGHT, _FOOT = 44.0, 300.0, 40.0
_NAMES = 190.0
_BY_POINTS = [4, 3]


def sweep(table: pl.DataFrame, *, caption: Caption, marked_km: float | None = None) -> alt.VConcatChart:
    """Draw shares by threshold: a dashed line by the points, and a line in its band given the errors of position, for each window.

    Args:
        table: window, threshold_km, recorded, expected, low, high (shares of one).
        caption: The words around the picture.
        marked_km: The threshold that the desk uses, marked.

    Returns:
        The figure.

    Raises:
        QuestionError: the table lacks a column, or has no rows.
    """
    rows = checked(table, columns=COLUMNS, figure="sweep").drop_nulls()
    if rows.is_empty():
        raise QuestionError("there is nothing to draw: the table has no rows", where="figure sweep")
    windows = rows["window"].unique(maintain_order=True).to_list()
    width = theme.WIDTH - _LEFT - _NAMES
    far = float(rows["threshold_km"].max() or 1.0)  # type: ignore[arg-type]
    layers = [*_axes(width, far), *_areas(windows), *_lines(windows), *_key(windows, width)]
    if marked_km is not None and 0 <= marked_km <= far:
        x = width * marked_km / far
        layers += [stroke(x=x, y=-4, y2=_HEIGHT, color=theme.QUIET, strokeWidth=1)]
        layers += [words([f"{marked_km:g} km"], x=x, y=-6, align="center", baseline="bottom")]
    layers += [watermark(width=width, height=_HEIGHT)] if caption.synthetic else []
    picture = together(*layers, width=width, height=_HEIGHT + _FOOT)
    return framed(picture, caption=caption, data={"shares": _placed(rows, width, far)}, left=_LEFT)


def _placed(rows: pl.DataFrame, width: float, far: float) -> Rows:
    names = ("recorded", "expected", "low", "high")
    return [
        {"window": row["window"], "threshold_km": row["threshold_km"], "x": round(width * row["threshold_km"] / far, 2)}
        | {name: round(_HEIGHT * (1 - row[name]), 2) for name in names}
        | {"by points": f"{row['recorded']:.1%}", "given errors": f"{row['low']:.1%} to {row['high']:.1%}"}
        for row in rows.iter_rows(named=True)
    ]


def _axes(width: float, far: float) -> Iterator[alt.Chart]:
    for percent in range(0, 101, 20):
        y = _HEIGHT * (1 - percent / 100)
        yield stroke(x=0, x2=width, y=y, color=theme.INK if percent == 0 else theme.GRID, strokeWidth=1)
        yield words([f"{percent}"], x=-8, y=y, align="right", baseline="middle", color=theme.QUIET)
    yield words(["per cent of incidents"], x=-_LEFT, y=-22, baseline="bottom", color=theme.QUIET)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if far / step <= 10)
    for number in range(int(far // step) + 1):
        x = width * number * step / far
        yield stroke(x=x, y=_HEIGHT, y2=_HEIGHT + 4, color=theme.RULE, strokeWidth=1)
        yield words([f"{number * step}"], x=x, y=_HEIGHT + 7, align="center", color=theme.QUIET)
    yield words(
        ["kilometres from the nearest capital, at most"], x=width / 2, y=_HEIGHT + 23, align="center", color=theme.QUIET
    )


def _areas(windows: Sequence[str]) -> Iterator[alt.Chart]:
    area = alt.Chart(alt.NamedData("shares")).mark_area(opacity=0.18, aria=False)
    yield area.encode(x=pixels("x", alt.X), y=pixels("low", alt.Y), y2="high:Q", color=_colour(windows))


def _lines(windows: Sequence[str]) -> Iterator[alt.Chart]:
    tips = ["window:N", "threshold_km:Q", "by points:N", "given errors:N"]
    for name, dash in (("recorded", _BY_POINTS), ("expected", [1, 0])):
        line = alt.Chart(alt.NamedData("shares")).mark_line(strokeWidth=2.2, strokeDash=dash)
        yield line.encode(x=pixels("x", alt.X), y=pixels(name, alt.Y), color=_colour(windows), tooltip=tips)


def _key(windows: Sequence[str], width: float) -> Iterator[alt.Chart]:
    """Each window, and below it what its two lines are."""
    x, y = width + 16, 4.0
    for index, window in enumerate(windows):
        look = theme.style(index)
        lines = wrapped(window, width=_NAMES - 16, size=theme.LABEL_SIZE, bold=True)
        yield words(lines, x=x, y=y, fontWeight="bold", color=look.ink)
        y += LINE * len(lines) + 7
        for text, dash in (("by the points", _BY_POINTS), ("given errors of position", [1, 0])):
            yield stroke(x=x, x2=x + 24, y=y, color=look.colour, strokeDash=dash, strokeWidth=2.2)
            yield words([text], x=x + 30, y=y, baseline="middle", color=theme.QUIET)
            y += LINE + 3
        y += 10


def _colour(windows: Sequence[str]) -> alt.Color:
    colours = [theme.style(index).colour for index in range(len(windows))]
    return alt.Color("window:N", scale=alt.Scale(domain=list(windows), range=colours), legend=None)
