"""Where do incidents concentrate?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import numpy as np
import polars as pl

from tocsin.errors import QuestionError, did_you_mean
from tocsin.figures import capitals as named
from tocsin.figures import theme
from tocsin.figures.asked import checked
from tocsin.figures.borders import borders
from tocsin.figures.caption import Caption, Rows, framed, watermark
from tocsin.figures.classes import Classes, classes
from tocsin.figures.fixed import pixels, stroke, together, words
from tocsin.figures.lettering import one_line, wrapped
from tocsin.figures.projection import Projection, fitted
from tocsin.figures.rings import corners, drawable, drawable_lines

COLUMNS = {"window": pl.String(), "place": pl.String(), "incidents": pl.Int64()}
GUTTER = 24  # between panels, px
TALLEST = 480  # panel, px
_AIR = 6.0
_HEADING = 12.5
_SWATCH = 50.0
_LETTERS = 9
_TOWNS_AT = 384.0
_LENGTHS = tuple(step * 10**power for power in range(4) for step in (1, 2, 5))  # of the scale bar, km
_LONGEST = 90.0  # scale bar, px


def concentration(
    table: pl.DataFrame,
    *,
    outlines: Mapping[str, Any],
    places: Mapping[str, Any],
    capitals: pl.DataFrame,
    caption: Caption,
    unit: str,
    windows: Sequence[str] = (),
) -> alt.VConcatChart:
    """Draw counts by place, one map a window, all on one scale of colours.

    Args:
        table: window (its label), place, incidents.
        outlines: GeoJSON FeatureCollection of first-order units: unit_code, unit_name, country.
        places: GeoJSON FeatureCollection whose property place is the table's. Places without a row are not drawn.
        capitals: capital, longitude, latitude (degrees, WGS 84), national.
        caption: The words around the picture; the share of incidents left out belongs in its notes.
        unit: What the colours count, "incidents per cell".
        windows: The windows to draw, in order; one that has no row is drawn empty. Where none is named, those of the table
            in the order in which they first appear.

    Returns:
        The figure.

    Raises:
        QuestionError: a column is missing, there is no window, or a place has no shape.
    """
    table = checked(table, columns=COLUMNS, figure="concentration")
    shown = list(windows) or table["window"].unique(maintain_order=True).to_list()
    if not shown:
        raise QuestionError("there is nothing to draw: no window was named", where="figure concentration")
    counted = table.filter(pl.col("incidents") > 0, pl.col("window").is_in(shown))
    shapes = _shapes(counted, places)
    across = 2 if len(shown) in {2, 4} else min(len(shown), 3)
    width = (theme.WIDTH - GUTTER * (across - 1)) / across
    everything = corners([*outlines["features"], *shapes.values()])
    projection, height = fitted(everything, width=width, most=TALLEST, air=_AIR)
    page = _Page(projection, width, height, classes(counted["incidents"].to_list()))
    towns = named.on_page(checked(capitals, columns=named.COLUMNS, figure="concentration"), projection)
    over = [_lines("between", page), _lines("around", page), named.drawn("capitals"), *named.written("names")]
    over += [watermark(width=width, height=height)] if caption.synthetic else []
    data = _ground(outlines, projection)
    labels = _labels(towns, counted, shapes, page)
    data["capitals"] = named.rows(named.uncovered(towns, labels))
    data["names"] = named.label_rows(labels)
    data["key"] = named.rows(_kinds_of_towns(towns))
    panels = []
    for number, window in enumerate(shown, start=1):
        rows = counted.filter(pl.col("window") == window)
        data[f"cells{number}"] = _cells(rows, shapes, projection)
        layers = [_land(page), _coloured(f"cells{number}", page, unit), *over]
        panels.append(
            together(*layers, width=width, height=height).properties(title=_heading(window, rows, page, unit))
        )
    maps = alt.concat(*panels, columns=across, spacing=GUTTER)
    return framed(alt.vconcat(maps, _key(page, towns, unit), spacing=6), caption=caption, data=data)


@dataclass(frozen=True)
class _Page:
    """What the panels share."""

    projection: Projection
    width: float
    height: float
    classes: Classes


def _shapes(counted: pl.DataFrame, places: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The shape of each place that has incidents, by place, in the order of their names."""
    known = {str(feature["properties"].get("place")): feature for feature in places["features"]}
    wanted = counted["place"].unique().sort().to_list()
    for place in wanted:
        if place not in known:
            raise QuestionError(
                f'the place "{place}" has incidents and no shape',
                where="figure concentration",
                next_step=did_you_mean(place, known) or "Give its outline among the places.",
            )
    return {place: known[place] for place in wanted}


def _ground(outlines: Mapping[str, Any], projection: Projection) -> dict[str, Rows]:
    """The units as land, and the lines between and around them."""
    features = outlines["features"]
    found = borders(features)
    return {
        "land": [{"type": "Feature", "geometry": drawable(feature, projection)} for feature in features],
        "between": [{"type": "Feature", "geometry": drawable_lines(found.inner, projection)}],
        "around": [{"type": "Feature", "geometry": drawable_lines(found.outer, projection)}],
    }


def _land(page: _Page) -> alt.Chart:
    land = alt.Chart(alt.NamedData("land"), projection=page.projection.vega())
    # Not clipped, nor is any shape: the fit holds them all, and the clips of two figures in one page would share names.
    # A hair of the same colour closes the seams between units.
    chart: alt.Chart = land.mark_geoshape(clip=False, fill=theme.LAND, stroke=theme.LAND, strokeWidth=0.5, aria=False)
    return chart


def _lines(which: Literal["between", "around"], page: _Page) -> alt.Chart:
    lines = alt.Chart(alt.NamedData(which), projection=page.projection.vega())
    width, colour = (0.6, theme.BORDER) if which == "between" else (1.3, theme.RULE)
    chart: alt.Chart = lines.mark_geoshape(
        clip=False, filled=False, stroke=colour, strokeWidth=width, strokeJoin="round", aria=False
    )
    return chart


def _cells(rows: pl.DataFrame, shapes: Mapping[str, Mapping[str, Any]], projection: Projection) -> Rows:
    return [
        {
            "type": "Feature",
            "geometry": drawable(shapes[place], projection),
            "place": shapes[place]["properties"].get("name") or place,
            "incidents": incidents,
        }
        for place, incidents in rows.select("place", "incidents").iter_rows()
    ]


def _coloured(data: str, page: _Page, unit: str) -> alt.Chart:
    scale = alt.Scale(type="threshold", domain=list(page.classes.lower[1:]), range=list(page.classes.colours))
    cells = alt.Chart(alt.NamedData(data), projection=page.projection.vega())
    chart: alt.Chart = cells.mark_geoshape(clip=False, stroke="white", strokeWidth=0.3).encode(
        fill=alt.Fill("incidents:Q", title=one_line(unit), scale=scale, legend=None),
        tooltip=[alt.Tooltip("place:N"), alt.Tooltip("incidents:Q", title=one_line(unit), format=",d")],
    )
    return chart


def _labels(
    towns: Sequence[named.Capital], counted: pl.DataFrame, shapes: Mapping[str, Mapping[str, Any]], page: _Page
) -> list[named.Label]:
    """The same names on every panel, chosen by the incidents of all windows."""
    total = counted.group_by("place").agg(pl.sum("incidents")).sort("place")
    middles = [corners([shapes[place]]).mean(axis=0) for place in total["place"]]
    return named.labels(
        towns,
        places=page.projection.page(np.array(middles).reshape(-1, 2)),
        counts=total["incidents"].to_list(),
        near=page.projection.px(named.NEAR_KM),
        width=page.width,
        height=page.height,
    )


def _heading(window: str, rows: pl.DataFrame, page: _Page, unit: str) -> alt.TitleParams:
    return alt.TitleParams(
        text=wrapped(window, width=page.width, size=_HEADING, bold=True),
        subtitle=f"{_counted(unit)} shown: {rows['incidents'].sum():,}",
        fontSize=_HEADING,
        lineHeight=15,
        subtitleFontSize=theme.LABEL_SIZE,
        anchor="start",
        frame="group",
        offset=6,
    )


def _counted(unit: str) -> str:
    """What is counted: "incidents" of "incidents per cell"."""
    return unit.partition(" per ")[0]


def _key(page: _Page, towns: Sequence[named.Capital], unit: str) -> alt.LayerChart:
    """What the colours and marks mean, and how long a distance is."""
    kinds = _kinds_of_towns(towns)
    marks = [words([unit], x=0, y=0, color=theme.QUIET), *_swatches(page.classes), *_scale_bar(page.projection)]
    marks += [named.drawn("key")]
    marks += [words([one.name], x=one.x + 9, y=one.y, baseline="middle", color=theme.QUIET) for one in kinds]
    return together(*marks, width=theme.WIDTH, height=44 if _fit(page.classes) else 56)


def _fit(scale: Classes) -> bool:
    """Whether each label is as narrow as its swatch; else they are written in two lines."""
    return all(len(label) <= _LETTERS for label in scale.labels)


def _swatches(scale: Classes) -> Iterator[alt.Chart]:
    labels = scale.labels if _fit(scale) else [label.replace("–", "–\n") for label in scale.labels]
    swatches = [
        {"from": index * _SWATCH, "to": (index + 1) * _SWATCH - 2, "colour": colour, "class": label}
        for index, (colour, label) in enumerate(zip((theme.LAND, *scale.colours), ("none", *labels), strict=True))
    ]
    chart = alt.Chart(alt.InlineData(values=swatches))
    left = pixels("from", alt.X)
    yield chart.mark_rect(stroke=theme.BORDER, strokeWidth=0.5).encode(
        x=left, x2="to:Q", y=alt.value(17), y2=alt.value(28), color=alt.Color("colour:N", scale=None)
    )
    yield chart.mark_text(baseline="top", lineBreak="\n", dx=_SWATCH / 2 - 1).encode(
        x=left, y=alt.value(32), text="class:N"
    )


def _kinds_of_towns(towns: Sequence[named.Capital]) -> list[named.Capital]:
    """An example of each kind that the map shows, where the key puts it."""
    names = {True: "national capital", False: "capital of a province or region"}
    there = [national for national in names if any(one.national == national for one in towns)]
    return [
        named.Capital(names[national], _TOWNS_AT, 20.0 + 16 * index, national) for index, national in enumerate(there)
    ]


def _scale_bar(projection: Projection) -> Iterator[alt.Chart]:
    km = max((length for length in _LENGTHS if projection.px(length) <= _LONGEST), default=_LENGTHS[0])
    left = theme.WIDTH - projection.px(km)
    yield stroke(x=left, x2=theme.WIDTH, y=20, color=theme.INK, strokeWidth=1.2)
    for end in (left, theme.WIDTH):
        yield stroke(x=end, y=16, y2=24, color=theme.INK, strokeWidth=1.2)
    yield words([f"{km:,} km"], x=(left + theme.WIDTH) / 2, y=28, align="center", color=theme.QUIET)
