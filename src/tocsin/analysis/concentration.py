"""Where? Incidents by first-order unit or H3 cell in one or more windows, and how concentrated they are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.weeks import week_number
from tocsin.cube import Events, Flags, Selection, count
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

BLOCK_WEEKS = 4
"""Weeks drawn together in the bootstrap: violence in one week is like that of the weeks beside it."""
DRAWS = 999
SEED = 20220812


def places(
    events: Events,
    *,
    selection: Selection,
    windows: Mapping[str, Span],
    level: str,
    all_places: Sequence[str] = (),
) -> pl.DataFrame:
    """Incidents by place in each window.

    Args:
        selection: What counts, precision included; its span is not looked at.
        windows: Label -> span.
        level: "unit_code", or "cell_3" to "cell_6" (H3 resolution).
        all_places: Places that get a row in each window even with no incident (all units of the country, say).

    Returns:
        window (label), place (unit code or H3 id as text), incidents, share (of the window's placed incidents), rank (1 has
        most). Sorted by window, rank, place.

    Raises:
        QuestionError: no window, or no incident with a known place in any of them.
    """
    if not windows:
        raise QuestionError("no window was named", next_step="Name one in desk.toml under [windows].")
    parts = []
    for label, cube in _by_place(events, selection, windows, level).items():
        counted = cube.drop_nulls(level).select(pl.col(level).cast(pl.String).alias("place"), "incidents")
        found = set(counted["place"])
        empty = [place for place in all_places if place not in found]
        blank = pl.DataFrame({"place": empty, "incidents": [0] * len(empty)}, schema=counted.schema)
        parts.append(pl.concat([counted, blank]).with_columns(window=pl.lit(label)))
    table = pl.concat(parts)
    if table.is_empty() or not table["incidents"].sum():
        raise QuestionError(
            "no incident with a known place lies in the windows",
            next_step="Check the windows, the group and the definition; the data need coordinates: see tocsin status.",
        )
    total = pl.col("incidents").sum().over("window")
    return (
        table.with_columns(
            pl.col("window").cast(pl.Enum(list(windows))),
            share=pl.when(total > 0).then(pl.col("incidents") / total).otherwise(None),
            rank=pl.col("incidents").rank("min", descending=True).over("window").cast(pl.Int64),
        )
        .sort("window", "rank", "place")
        .select(pl.col("window").cast(pl.String), "place", "incidents", "share", "rank")
    )


def _by_place(events: Events, selection: Selection, windows: Mapping[str, Span], level: str) -> dict[str, pl.DataFrame]:
    """Label -> the level's column, incidents. Windows that do not overlap are counted in one reading of the rows."""
    spans = sorted(windows.values(), key=lambda span: span.first)
    if any(earlier.last >= later.first for earlier, later in itertools.pairwise(spans)):
        return {label: count(events, selection.within(span), by=[level]) for label, span in windows.items()}
    whole = Span(spans[0].first, spans[-1].last)
    cube = count(events, selection.within(whole), by=["window", level], flags=Flags(windows=spans))
    return {label: cube.filter(pl.col("window") == spans.index(span)) for label, span in windows.items()}


def gini(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Gini coefficient along the last axis: 0 where all places have the same, (n - 1)/n where one has all; nan where none has any.

    Source:
        G = sum((2 i - n - 1) x_i) / (n sum(x)), x sorted upwards, i = 1..n.
    """
    rising = np.sort(counts, axis=-1)
    length = rising.shape[-1]
    weights = 2 * np.arange(1, length + 1) - length - 1
    totals = rising.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((rising @ weights) / (length * totals))


def spread(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    windows: Mapping[str, Span],
    level: str,
    all_places: Sequence[str] = (),
    top: int = 5,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """How concentrated the incidents of each window are: the share of the top places and the Gini coefficient, with intervals.

    Args:
        top: How many places make the top.
        all_places: As in `places`; for cells, those with an incident in any of the windows are counted, so that windows compare.

    Returns:
        window, level, places (how many are counted), incidents, top (how many places), top_share, top_share_low, top_share_high,
        gini, gini_low, gini_high. Bounds are null with fewer than three blocks of BLOCK_WEEKS weeks.

    Assumes:
        Bootstrap of blocks of weeks: what happens in one block does not depend on another. The interval is reflected about the
        estimate (the "basic" bootstrap) and cut to 0 and 1. The top places are drawn anew in each draw, which makes the top share
        of few incidents high by chance: read it with the number of incidents.

    Source:
        Künsch (1989), The Jackknife and the Bootstrap for General Stationary Observations, Annals of Statistics 17(3).
    """
    cubes = {label: _by_week(events, selection.within(span), definition, level) for label, span in windows.items()}
    names = sorted({*all_places, *(place for cube in cubes.values() for place in cube["place"])})
    if not names:
        raise QuestionError("no incident with a known place lies in the windows")
    rows = []
    for label, cube in cubes.items():
        matrix = _matrix(cube, names, windows[label])
        rows.append({"window": label, "level": level, "places": len(names), "top": min(top, len(names))})
        rows[-1] |= _measures(matrix, top=top, confidence=confidence)
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(_MEASURES, pl.Float64), infer_schema_length=None)


_MEASURES = ("top_share", "top_share_low", "top_share_high", "gini", "gini_low", "gini_high")


def _by_week(events: Events, selection: Selection, definition: Definition, level: str) -> pl.DataFrame:
    """block, place, incidents."""
    cube = count(events, selection, by=["event_day", level]).drop_nulls(level)
    week = week_number(pl.col("event_day").cast(pl.Int64), starts=definition.week_starts)
    return (
        cube.select(
            week.floordiv(BLOCK_WEEKS).alias("block"), pl.col(level).cast(pl.String).alias("place"), "incidents"
        )
        .group_by("block", "place")
        .agg(pl.col("incidents").sum())
    )


def _matrix(cube: pl.DataFrame, names: Sequence[str], span: Span) -> NDArray[np.float64]:
    """Incidents, one row a block of weeks of the window (empty ones included), one column a place."""
    blocks = max(1, -(-span.days // (7 * BLOCK_WEEKS)))
    matrix = np.zeros((max(blocks, cube["block"].n_unique()), len(names)))
    column = {name: number for number, name in enumerate(names)}
    order = {block: number for number, block in enumerate(cube["block"].unique().sort())}
    for block, place, incidents in cube.iter_rows():
        matrix[order[block], column[place]] += incidents
    return matrix


def _measures(matrix: NDArray[np.float64], *, top: int, confidence: float) -> dict[str, float | int | None]:
    total = matrix.sum(axis=0)
    measures: dict[str, float | int | None] = {"incidents": int(total.sum()), **dict.fromkeys(_MEASURES)}
    if not total.sum():
        return measures
    found = {"top_share": float(_top_share(total, top)), "gini": float(gini(total))}
    measures |= found
    blocks = matrix.shape[0]
    if blocks < 3:
        return measures
    drawn = np.random.default_rng(SEED).multinomial(blocks, np.full(blocks, 1 / blocks), size=DRAWS) @ matrix
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    for name, values in (("top_share", _top_share(drawn, top)), ("gini", gini(drawn))):
        estimate = found[name]
        low, high = np.nanquantile(values, tails)
        # Reflected: a drawn window is more unequal than the one it is drawn from, which is more unequal than the truth.
        reflected = np.clip([min(2 * estimate - high, estimate), max(2 * estimate - low, estimate)], 0, 1)
        measures |= {f"{name}_low": float(reflected[0]), f"{name}_high": float(reflected[1])}
    return measures


def _top_share(counts: NDArray[np.float64], top: int) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sort(counts, axis=-1)[..., -top:].sum(axis=-1) / counts.sum(axis=-1))
