"""Do two tell the same? Both lines against their own beginning, and below them by how much each says that things changed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from tocsin.errors import QuestionError
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.axes import count_ticks
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.fixed import LINE, block, stroke, together, words
from tocsin.figures.forest import Scale, scale_over
from tocsin.figures.lettering import text_width, wrapped
from tocsin.figures.names import Name, at_ends, margin
from tocsin.figures.timeline import HEIGHT, LEFT, Marker, Shade, Timeline, flags, noon, shades

LINES = {"week_date": pl.Date(), "series": pl.String(), "incidents": pl.Int64(), "index": pl.Float64()}
CHANGES = {
    "label": pl.String(),
    "series": pl.String(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "part": pl.Boolean(),
}
UNIT = "100 = each one's own weekly mean in the first window"
RATIO = "later window / earlier (95 per cent interval)"
PART = "they part"

_NAMES = 170.0  # the widest column of labels, px
_GAP = 12.0
_APART = 14.0  # between the two dots of a row, px
_ROW = 10.0  # air between two rows, px
_TOP = 10.0


@dataclass(frozen=True)
class _Place:
    """A row of the lower panel: its name in lines, and where it stands, px."""

    label: str
    lines: tuple[str, ...]
    top: float
    height: float

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


@dataclass(frozen=True)
class _Plot:
    """The plot of the lower panel, whose left edge is not that of the upper one.

    Args:
        start: Where it begins, px from the left edge of the upper plot.
    """

    scale: Scale
    start: float

    def x(self, value: float) -> float:
        return self.start + self.scale.x(value)


def agreement(
    table: pl.DataFrame,
    changes: pl.DataFrame,
    *,
    caption: Caption,
    unit: str = UNIT,
    events: Sequence[Marker] = (),
    shade: Sequence[Shade] = (),
) -> alt.VConcatChart:
    """Draw two weekly averages, each as a percentage of its own mean in the first window, and below them the change that each tells.

    Args:
        table: week_date (first day of the week), series (two names), incidents (null: the week is not compared), index (of the average;
            null until its window is full).
        changes: label (a row for each), series (as in `table`), value (a ratio; null: there is none), low, high (null: no interval,
            or, of high alone, no upper end), part (true: the two changes differ beyond chance). Rows are drawn in order.
        caption: The words around the picture.
        unit: What 100 is.
        events: Dated markers.
        shade: The windows, behind the lines.

    Returns:
        The figure.

    Raises:
        QuestionError: a column is missing, there are not two series, or no change is known.
    """
    table = checked(table, columns=LINES, figure="agreement")
    changes = checked(changes, columns=CHANGES, figure="agreement")
    names = table["series"].unique(maintain_order=True).to_list()
    if len(names) != 2:
        raise QuestionError(f"two are drawn side by side, not {len(names)}", where="figure agreement")
    picture = alt.vconcat(
        _lines(table, names, unit=unit, events=events, shade=shade, synthetic=caption.synthetic),
        _ratios(changes, names, synthetic=caption.synthetic),
        spacing=40,
    )
    return framed(picture, caption=caption, data={"index": _rows(table)}, left=LEFT)


def _lines(
    table: pl.DataFrame,
    names: Sequence[str],
    *,
    unit: str,
    events: Sequence[Marker],
    shade: Sequence[Shade],
    synthetic: bool,
) -> alt.LayerChart:
    width = theme.WIDTH - LEFT - margin(names, legend=False)
    first, last = table.select(first=pl.min("week_date"), last=pl.max("week_date")).row(0)
    largest: float | None = table.select(pl.max("index")).item()
    line = Timeline(first, last + dt.timedelta(days=7), tuple(count_ticks(max(largest or 0.0, 100.0))), width)
    marks, lift = flags(events, shade, unit, line)
    level = line.y(100.0)
    layers = [
        *shades(shade, line),
        *_not_compared(table, line),
        _averages(names, line, unit=unit, lift=lift),
        stroke(x=0, x2=width, y=level, color=theme.QUIET, strokeWidth=1, strokeDash=[4, 3]),
        *marks,
        *at_ends(_ends(table, names), line),
    ]
    layers += [watermark(width=width, height=HEIGHT)] if synthetic else []
    return together(*layers, width=width, height=HEIGHT)


def _averages(names: Sequence[str], line: Timeline, *, unit: str, lift: float) -> alt.Chart:
    looks = [theme.style(index) for index in range(len(names))]
    mark = alt.Chart(alt.NamedData("index")).mark_line(
        strokeWidth=2.4, strokeJoin="round", invalid="break-paths-show-path-domains"
    )
    chart: alt.Chart = mark.encode(
        x=line.x_axis("mid"),
        y=line.y_axis("index", unit=unit, lift=lift),
        color=alt.Color(
            "series:N", scale=alt.Scale(domain=list(names), range=[each.colour for each in looks]), legend=None
        ),
        strokeDash=alt.StrokeDash(
            "series:N", scale=alt.Scale(domain=list(names), range=[list(each.dash) for each in looks]), legend=None
        ),
        description="series:N",
    )
    return chart


def _rows(table: pl.DataFrame) -> Rows:
    middle = dt.timedelta(days=3)
    return [
        {"mid": noon(row["week_date"] + middle), "series": row["series"], "index": row["index"]}
        for row in table.iter_rows(named=True)
    ]


def _ends(table: pl.DataFrame, names: Sequence[str]) -> list[Name]:
    found = []
    for number, name in enumerate(names):
        last = table.filter(pl.col("series") == name).drop_nulls("index").sort("week_date").tail(1)
        found += [
            Name(name, theme.style(number).ink, day, index, led=True)
            for day, index in last.select("week_date", "index").rows()
        ]
    return found


def _not_compared(table: pl.DataFrame, line: Timeline) -> Iterator[alt.Chart]:
    """The weeks that not both cover, as bands that say so."""
    empty = table.group_by("week_date").agg(pl.col("incidents").is_null().any()).sort("week_date")
    runs = empty.with_columns(run=pl.col("incidents").rle_id()).filter("incidents")
    spans = runs.group_by("run", maintain_order=True).agg(first=pl.min("week_date"), last=pl.max("week_date"))
    for _, first, last in spans.iter_rows():
        yield from shades([Shade(first, last + dt.timedelta(days=6), "")], line)
        middle = (line.x(first) + line.x(last + dt.timedelta(days=7))) / 2
        look: dict[str, Any] = {"align": "right", "baseline": "middle", "angle": 270, "color": theme.QUIET}
        yield words(["not compared"], x=middle, y=6, **look)


def _ratios(changes: pl.DataFrame, names: Sequence[str], *, synthetic: bool) -> alt.LayerChart:
    numbers = [n for name in ("value", "low", "high") for n in changes[name].drop_nulls() if n > 0]
    middle = [n for n in changes.select(pl.coalesce("value", "low")).to_series().drop_nulls() if n > 0]
    if not middle:
        raise QuestionError("there is nothing to draw: no change is known", where="figure agreement")
    by_label = {label: rows for (label,), rows in changes.group_by("label", maintain_order=True)}
    left = (
        min(_NAMES, max(text_width(text, size=theme.LABEL_SIZE, bold=True) for text in [*map(str, by_label), PART]))
        + _GAP
    )
    texts = [_printed(row) for row in changes.iter_rows(named=True)]
    right = max(text_width(text, size=theme.LABEL_SIZE) for text in texts) + _GAP
    scale = scale_over([*numbers, 1.0], [*middle, 1.0], logarithmic=True, width=theme.WIDTH - left - right)
    plot = _Plot(scale, left - LEFT)
    places = _places([str(label) for label in by_label], left)
    height = places[-1].top + places[-1].height + _ROW
    layers = list(_axis(plot, height))
    layers += [words([RATIO], x=-LEFT, y=-_TOP - LINE, baseline="bottom", color=theme.QUIET)]
    for place in places:
        rows = by_label[place.label]
        layers += [*_named(place, rows), *_drawn(place, rows, names, plot)]
    layers += [watermark(width=theme.WIDTH - LEFT, height=height)] if synthetic else []
    return together(*layers, width=theme.WIDTH - LEFT, height=height)


def _axis(plot: _Plot, height: float) -> Iterator[alt.Chart]:
    quiet: dict[str, Any] = {"align": "center", "color": theme.QUIET}
    for tick in plot.scale.ticks:
        x = plot.x(tick)
        yield stroke(x=x, y=0, y2=height, color=theme.GRID, strokeWidth=1)
        yield words([f"{tick:,.10g}"], x=x, y=height + 5, **quiet)
    yield stroke(x=plot.start, x2=plot.start + plot.scale.width, y=height, color=theme.INK, strokeWidth=1)
    x = plot.x(1.0)
    yield stroke(x=x, y=0, y2=height, color=theme.QUIET, strokeWidth=1, strokeDash=[4, 3])
    yield words(["no change"], x=x, y=-4, baseline="bottom", **quiet)


def _places(labels: Sequence[str], left: float) -> list[_Place]:
    places: list[_Place] = []
    y = _TOP
    for label in labels:
        lines = tuple(wrapped(label, width=left - _GAP, size=theme.LABEL_SIZE, bold=True) or [""])
        places.append(_Place(label, lines, y, max(2 * LINE, LINE * (len(lines) + 1))))
        y += places[-1].height + _ROW
    return places


def _named(place: _Place, rows: pl.DataFrame) -> Iterator[alt.Chart]:
    parts = bool(rows["part"].fill_null(value=False).any())
    lines = [*place.lines, *([PART] if parts else [])]
    first = place.middle - LINE * (len(lines) - 1) / 2
    yield words(place.lines, x=-LEFT, y=first, baseline="middle", fontWeight="bold")
    if parts:
        y = first + LINE * len(place.lines)
        yield words([PART], x=-LEFT, y=y, baseline="middle", color=theme.WARNING, fontStyle="italic")


def _drawn(place: _Place, rows: pl.DataFrame, names: Sequence[str], plot: _Plot) -> Iterator[alt.Chart]:
    for row in rows.iter_rows(named=True):
        number = names.index(row["series"])
        look = theme.style(number)
        y = place.middle + _APART * (number - 0.5)
        yield from _interval(row, y, look.colour, plot)
        yield words([_printed(row)], x=plot.start + plot.scale.width + _GAP, y=y, baseline="middle", color=look.ink)


def _interval(row: Mapping[str, Any], y: float, colour: str, plot: _Plot) -> Iterator[alt.Chart]:
    value, low, high = row["value"], row["low"], row["high"]
    if low is not None:
        high = math.inf if high is None else high
        yield stroke(x=plot.x(low), x2=plot.x(high), y=y, color=colour, strokeWidth=1.8)
        for end, sign in ((low, "◂"), (high, "▸")):
            if plot.scale.beyond(end):
                yield words([sign], x=plot.x(end), y=y, align="center", baseline="middle", color=colour, size=13)
    if value is not None and not plot.scale.beyond(value):
        x = plot.x(value)
        yield block(x=x - 4, x2=x + 4, y=y - 4, y2=y + 4, color=colour, cornerRadius=4)


def _printed(row: Mapping[str, Any]) -> str:
    value, low, high = (None if row[name] is None else _number(row[name]) for name in ("value", "low", "high"))
    if value is None:
        return f"{row['series']}: at least {low}" if low is not None else f"{row['series']}: none"
    if row["value"] == 0 and high is not None:
        return f"{row['series']}: none left (at most {high})"
    return (
        f"{row['series']}: {value} ({low} to {high})"
        if low is not None and high is not None
        else f"{row['series']}: {value}"
    )


def _number(value: float) -> str:
    """Two digits that count, or as many decimals as a ratio of that size needs."""
    if value == 0:
        return "0"
    return f"{value:.2g}" if value < 0.1 else f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}"
