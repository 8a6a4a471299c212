"""What is left of a map when each incident may lie anywhere about its point?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.placed import FEW, FEW_EVENTS, Floats, along, by_place, pairs_of, radii
from tocsin.cube import Events, Selection
from tocsin.errors import QuestionError
from tocsin.geo.cells import cells_at
from tocsin.geo.containment import holding
from tocsin.geo.scatter import POINTS, scattered, scattered_in_units
from tocsin.schema import Span

DRAWS = 400
"""In so many draws each place is put at one of its points: the quantiles of what comes out are the bounds."""
MOST_PLACES = 20_000
_SAME = 1e-6
"""Incidents that differ by less are as many: parts of incidents do not add up to the last digit."""


def placement(
    events: Events,
    *,
    selection: Selection,
    windows: Mapping[str, Span],
    level: str,
    precise: Sequence[int] | None,
    units: pl.DataFrame,
    error_km: Mapping[int, float],
    top: int = 5,
    confidence: float = 0.95,
    seed: int = 2015,
) -> pl.DataFrame:
    """Incidents by place, as the points say and when they are spread over where they may have been.

    Args:
        selection: What counts; its span and precision are not looked at.
        windows: Label -> span.
        level: "unit_code", or "cell_3" to "cell_6".
        precise: The geo precision codes whose points are trusted to within their errors; incidents of other codes are spread evenly over
            their unit. None trusts all.
        units: unit_code, country, geometry (WKB) of the countries counted.
        error_km: Precision code -> the distance from its point within which 80 per cent of the events lie, km; see analysis.position.
        top: How many places make the top. A place is in it if fewer than so many have more incidents, so that equals are in it together.
        seed: Of the draws.

    Returns:
        One row a window and place: window, place (unit code or H3 id as text), incidents (with a trusted point there), expected
        (incidents there when spread; vague ones too), regional (of these, the vague ones), share and expected_share (of the window's
        incidents with a trusted point, as the points say and when spread), low, high (interval of the share of all incidents there
        when spread, vague ones too), rank, expected_rank, in_top (share of the draws in which the place is in the top), vague (incidents
        of the window that are spread over their units), verdict (of places that the points put into the top, else null: settled
        where they are in it in `confidence` of the draws or more; none for a window of fewer than FEW_EVENTS incidents). Sorted by
        window, rank, expected_rank, place.

    Raises:
        QuestionError: no incident with a known place in any window, or more than MOST_PLACES places.

    Assumes:
        The incidents of one place share their error. An incident was in the country for which it is counted; within it, an error does
        not heed rivers, roads or borders.
    """
    cube = by_place(events, selection, windows, precise).filter(pl.col("unit_code").is_not_null())
    trusted = cube.filter("trusted", pl.col("longitude").is_not_null())
    vague = cube.filter(~pl.col("trusted")).group_by("window", "unit_code").agg(pl.col("incidents").sum())
    if trusted.is_empty():
        raise QuestionError(
            "no incident with a known place lies in the windows",
            next_step="Check the windows, the group and the definition; the data need coordinates: see tocsin status.",
        )
    rows = pairs_of(trusted)
    if rows.height > MOST_PLACES:
        raise QuestionError(
            f"{rows.height:,} places are too many to spread over a map",
            next_step="Ask of a group, or of a shorter window.",
        )
    rows = rows.with_columns(error_km=pl.Series(radii(rows["geo_precision"].to_list(), error_km)))
    spread = _places_of(scattered(rows), rows["country"].to_list(), units, level)
    over_units = _over_units(vague["unit_code"].unique().drop_nulls().to_list(), units, level)
    names = sorted({*spread.ravel().tolist(), *(name for names in over_units.values() for name in names)} - {""})
    own = trusted[level].cast(pl.String).drop_nulls().unique().to_list()
    names = sorted({*names, *own})
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, POINTS, size=(DRAWS, rows["place"].n_unique()))
    shared = rows["place"].to_numpy()
    parts = []
    for label in windows:
        mine = trusted.filter(pl.col("window") == label)
        weights = along(rows, mine)
        fixed = _fixed(vague.filter(pl.col("window") == label), over_units, names)
        recorded = mine.group_by(pl.col(level).cast(pl.String).alias("place")).agg(pl.col("incidents").sum())
        found = _spread(spread, weights, fixed, names=names, drawn=drawn[:, shared], top=top, confidence=confidence)
        ranked = _ranked(found.join(recorded, on="place", how="left", maintain_order="left"), window=label)
        parts.append(_judged(ranked, top=top, confidence=confidence))
    return pl.concat(parts)


def _places_of(points: pl.DataFrame, countries: list[str | None], units: pl.DataFrame, level: str) -> NDArray[np.str_]:
    """The place of each point: rows by POINTS. Points beyond the border are put where the row's others are; "" where all are beyond."""
    country = pl.Series("country", [name for name in countries for _ in range(POINTS)], dtype=pl.String)
    held = holding(points.select("longitude", "latitude").with_columns(country), units=units)
    inside = (held["unit_match"] == "inside").to_numpy().reshape(-1, POINTS)
    named = np.where(inside, _named(points, held["unit_code"], level).reshape(-1, POINTS), "")
    for row in np.flatnonzero(~inside.all(axis=1) & inside.any(axis=1)):
        named[row, ~inside[row]] = np.resize(named[row, inside[row]], (~inside[row]).sum())
    return named


def _named(points: pl.DataFrame, unit: pl.Series, level: str) -> NDArray[np.str_]:
    if level == "unit_code":
        return unit.fill_null("").to_numpy().astype(str)
    cells = cells_at(
        points["longitude"].to_list(), points["latitude"].to_list(), resolution=int(level.removeprefix("cell_"))
    )
    return np.array(cells).astype(str)


def _over_units(codes: list[str], units: pl.DataFrame, level: str) -> dict[str, list[str]]:
    """The places of POINTS points spread evenly over each unit."""
    if level == "unit_code":
        return {code: [code] for code in codes}
    points = scattered_in_units(codes, units=units)
    named = _named(points, points["unit_code"], level)
    return {code: named[(points["unit_code"] == code).to_numpy()].tolist() for code in points["unit_code"].unique()}


def _fixed(vague: pl.DataFrame, over_units: Mapping[str, list[str]], names: list[str]) -> Floats:
    """Vague incidents by place: those of a unit in equal parts over its points."""
    at = {name: number for number, name in enumerate(names)}
    found: Floats = np.zeros(len(names))
    for code, incidents in vague.select("unit_code", "incidents").rows():
        for name in over_units.get(code, ()):
            found[at[name]] += incidents / len(over_units[code])
    return found


def _spread(
    spread: NDArray[np.str_],
    weights: Floats,
    fixed: Floats,
    *,
    names: list[str],
    drawn: NDArray[np.int64],
    top: int,
    confidence: float,
) -> pl.DataFrame:
    """place, expected, regional, low, high, in_top, vague of one window."""
    at = {name: number for number, name in enumerate([*names, ""])}
    index = np.vectorize(at.__getitem__, otypes=[np.int64])(spread)
    rows, size = np.arange(index.shape[0]), len(names) + 1
    expected = np.bincount(index.ravel(), weights=np.repeat(weights / POINTS, POINTS), minlength=size)[:-1] + fixed
    draws = np.stack([np.bincount(index[rows, one], weights=weights, minlength=size)[:-1] + fixed for one in drawn])
    shares = draws / np.maximum(draws.sum(axis=1, keepdims=True), 1e-12)
    low, high = np.percentile(shares, [50 - confidence * 50, 50 + confidence * 50], axis=0)
    # A place without an incident in a draw is in no top, however few there are; equals are in it together.
    least = np.sort(draws, axis=1)[:, -min(top, len(names))]
    hits = ((draws >= least[:, None] - _SAME) & (draws > 0)).sum(axis=0)
    vague = pl.lit(round(float(fixed.sum())), dtype=pl.Int64)
    return pl.DataFrame(
        {"place": names, "expected": expected, "regional": fixed, "low": low, "high": high, "in_top": hits / len(drawn)}
    ).with_columns(vague=vague)


def _ranked(table: pl.DataFrame, *, window: str) -> pl.DataFrame:
    table = table.with_columns(pl.col("incidents").fill_null(0).cast(pl.Int64), window=pl.lit(window))

    def share(part: pl.Expr) -> pl.Expr:
        return pl.when(part.sum() > 0).then(part / part.sum())

    def rank(name: str) -> pl.Expr:
        return pl.col(name).round(6).rank("min", descending=True).cast(pl.Int64)

    return table.with_columns(
        share=share(pl.col("incidents")),
        expected_share=share(pl.col("expected") - pl.col("regional")),
        rank=rank("incidents"),
        expected_rank=rank("expected"),
    ).sort("rank", "expected_rank", "place")


def _judged(table: pl.DataFrame, *, top: int, confidence: float) -> pl.DataFrame:
    """What is settled of the places with most incidents."""
    draws = (pl.col("in_top") * 100).round(0).cast(pl.Int64)
    verdict = (
        pl.when((pl.col("rank") > top) | (pl.col("incidents") == 0))
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("incidents").sum() < FEW_EVENTS)
        .then(pl.lit(FEW))
        .when(pl.col("in_top") >= confidence)
        .then(pl.format("settled: among the {} with most", pl.lit(top)))
        .otherwise(pl.format("not settled: among the {} with most in {} of 100 draws", pl.lit(top), draws))
    )
    return table.with_columns(verdict=verdict).select(*_COLUMNS)


_COLUMNS = (
    "window", "place", "incidents", "expected", "regional", "share", "expected_share", "low", "high", "rank", "expected_rank", "in_top",
    "vague", "verdict",
)  # fmt: skip
