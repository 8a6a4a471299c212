"""When did the mix of sources break? Spells of months or weeks whose shares differ by more than chance and the usual unrest explain."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.named import cells_of, names_of
from tocsin.analysis.periods import Every, covered_periods, numbered
from tocsin.analysis.shares import MOST, lumped, refuse_unnamed, series_order, tally
from tocsin.cube import Events, Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

LEVEL = 0.05
"""Of a hundred stable mixes, at most so many per cent get an alarm, whatever their length."""

SHORTEST = 8
"""A spell with fewer months or weeks is not looked into: there are too few ways to order them."""

SHUFFLES = 999
BATCH = 100  # shuffled series held in memory at a time
FEW_EVENTS = 5
"""With fewer incidents a month (or week) than this on average, only large breaks can be seen."""

SCHEMA = {
    "spell": pl.Int64,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "periods": pl.Int64,
    "incidents": pl.Int64,
    "distance_points": pl.Float64,
    "p_value": pl.Float64,
    "rose": pl.String,
    "rose_points": pl.Float64,
    "fell": pl.String,
    "fell_points": pl.Float64,
    "largest": pl.String,
    "largest_share": pl.Float64,
    "one_source": pl.Float64,
    "sources": pl.Int64,
    "new": pl.Int64,
    "vanished": pl.Int64,
    "note": pl.String,
}

RARITY = 0.25
"""By which power of a source's share its residuals are divided: at 0 rare sources would drown, at 1/2 (chi-square) they would decide."""

Floats = NDArray[np.float64]


def mix(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    period: Span,
    column: str,
    every: Every,
) -> pl.DataFrame:
    """The spells of a period between which the mix of sources broke: one row where it never did.

    Args:
        selection: What counts; its span is not looked at.
        definition: First day of the week.
        period: Its whole months or weeks that the data cover are looked at.
        column: source_scale, or source (the MOST largest by name, the rest as one).
        every: Month or week.

    Returns:
        spell (number, from 1), from_date, to_date, periods (months or weeks with an incident that says who reported), incidents (these);
        against the spell before (null in the first): distance_points (total variation distance: the per cent points of the mix that went
        over to others), p_value (chance of so strong a break, or a stronger, in a mix that only has its usual unrest), rose, rose_points,
        fell, fell_points (the source whose share moved most, per cent points), new and vanished (sources named in this spell only, or in
        the one before only); largest, largest_share (fractional), one_source (share of incidents with a single source), sources (how many
        are named); note (a warning, or null).

    Raises:
        QuestionError: no incident says who reported, or fewer than SHORTEST months or weeks have one that does.

    Assumes:
        `breaks`. An incident with several sources counts for each in equal parts.
    """
    covered = covered_periods(period, events.about.covered, every=every, starts=definition.week_starts)
    counted = cells_of(events, selection=selection.within(period), column=column)
    names = names_of(counted, column=column)
    refuse_unnamed(names, column)
    counted = numbered(counted, covered).drop_nulls("cell") if covered else counted.clear().with_columns(period=None)
    found = counted["period"].unique().sort().to_list()
    if len(found) < SHORTEST:
        raise QuestionError(
            f"{len(found)} whole {every}s have an incident that says who reported; a break is sought among {SHORTEST} or more",
            next_step="Choose a longer period.",
        )
    named = lumped(counted, names, most=MOST)
    order = series_order(counted, named)
    counts = _matrix(tally(counted, named), found, order)
    marks = breaks(counts)
    periods = [covered[number] for number in found]
    return _told(counted, names, counts, marks=marks, periods=periods, order=order, every=every)


@dataclass(frozen=True)
class Break:
    """Where a mix broke."""

    at: int
    """Row of the first period of the new mix."""
    p_value: float


def breaks(counts: Floats, *, level: float = LEVEL, seed: int = 1) -> list[Break]:
    """Where a series of mixes breaks.

    Args:
        counts: One row a period, one column a source, in order of time; each row has incidents.
        level: The share of stable mixes in which a break may be found.
        seed: Of the shuffles.

    Returns:
        The breaks in order of time. Each run of periods inside the series is measured by the weighted squared distance of its mix from
        that of all others (that of each source divided by the root of its share), and the farthest run is compared with the farthest
        of each of SHUFFLES series whose residuals are shuffled. Where it is among the farthest, the series is cut at its edges and
        each part is looked into in the same way.

    Assumes:
        In a stable mix the periods do not depend on each other, but may vary more than chance alone makes them: a period of n incidents
        has the weight n / (1 + (n - 1) r), where r, from the differences of neighbouring periods, is the correlation of two incidents
        of one period. A slow drift is told as breaks.

    Source:
        Olshen, Venkatraman, Lucito and Wigler (2004), Circular binary segmentation, Biostatistics 5(4), for the search; Brier (1980),
        Analysis of contingency tables under cluster sampling, Biometrika 67(3), for the weights.
    """
    chance = np.random.default_rng(seed)
    found: list[Break] = []
    open_spells = [(0, counts.shape[0])]
    while open_spells:
        first, stop = open_spells.pop()
        if stop - first < SHORTEST:
            continue
        edges, p_value = farthest(counts[first:stop], level, chance)
        if p_value > level:
            continue
        found += [Break(first + edge, p_value) for edge in edges]
        open_spells += itertools.pairwise([first, *(first + edge for edge in edges), stop])
    return sorted(found, key=lambda each: each.at)


def farthest(counts: Floats, level: float, chance: np.random.Generator) -> tuple[list[int], float]:
    """The edges of the run whose mix is farthest from that of all others, and the chance of one so far in a stable mix.

    One edge, not two, where a second adds no more to the distance than chance does.
    """
    residuals, weights = standardised(counts)
    measured = _distances(residuals[None], weights)[0]
    largest = np.concatenate(
        [
            _distances(np.array([residuals[chance.permutation(len(weights))] for _ in range(size)]), weights).max(
                (1, 2)
            )
            for size in [BATCH] * (SHUFFLES // BATCH) + [SHUFFLES % BATCH]
        ]
    )
    p_value = float((1 + np.sum(largest >= measured.max())) / (SHUFFLES + 1))
    first, stop = np.unravel_index(int(measured.argmax()), measured.shape)
    edges = [int(edge) for edge in (first, stop) if 0 < edge < len(weights)]
    one = int(measured[0, :-1].argmax())
    if len(edges) == 2 and measured.max() - measured[0, one] < np.quantile(largest, 1 - level):
        edges = [one]
    return edges, p_value


def standardised(counts: Floats) -> tuple[Floats, Floats]:
    """Residuals of the shares from their mean, of like size whatever their weight, so that they can change places; and the weights."""
    sizes = counts.sum(axis=1)
    whole = counts.sum(axis=0) / sizes.sum()
    shares = (counts / sizes[:, None])[:, whole > 0]
    whole = whole[whole > 0]
    weights = sizes / (1 + (sizes - 1) * alikeness(shares, whole, sizes))
    middle = weights @ shares / weights.sum()
    return np.sqrt(weights)[:, None] * (shares - middle) / whole**RARITY, weights


def alikeness(shares: Floats, whole: Floats, sizes: Floats) -> float:
    """The correlation of two incidents of one period, from the differences of neighbouring periods; 0 where they differ by chance only."""
    steps = np.sum(np.diff(shares, axis=0) ** 2 / whole, axis=1) / max(1, whole.size - 1)
    by_chance = 1 / sizes[1:] + 1 / sizes[:-1]
    return (
        float(np.clip((steps.mean() - by_chance.mean()) / (2 - by_chance.mean()), 0, 1))
        if by_chance.mean() < 2
        else 0.0
    )


def _distances(residuals: Floats, weights: Floats) -> Floats:
    """The weighted squared distance of each run of periods from all others.

    Returns:
        For each series a matrix: first period of the run by the one after its last.
    """
    total = weights.sum()
    passed = np.concatenate([[0.0], weights.cumsum()])
    moved = np.sqrt(weights)[None, :, None] * residuals
    moved = moved - (weights / total)[None, :, None] * moved.sum(axis=1, keepdims=True)
    sums = np.concatenate([np.zeros_like(moved[:, :1]), moved.cumsum(axis=1)], axis=1)
    squares = (sums**2).sum(axis=2)
    apart = squares[:, :, None] + squares[:, None, :] - 2 * sums @ sums.transpose(0, 2, 1)
    inside = passed[None, :] - passed[:, None]
    outside = total - inside
    part = (inside > 0) & (outside > 1e-9 * total)
    scale = np.where(part, total / np.where(part, inside * outside, 1.0), 0.0)
    measured: Floats = apart * scale
    return measured


def distance(one: Floats, other: Floats) -> float:
    """The total variation distance of two mixes, given as counts: the share that would have to go over to others."""
    return float(np.abs(one / one.sum() - other / other.sum()).sum() / 2)


def _matrix(tallied: pl.DataFrame, found: Sequence[int], order: Sequence[str]) -> Floats:
    rows = {number: row for row, number in enumerate(found)}
    columns = {name: column for column, name in enumerate(order)}
    counts = np.zeros((len(rows), len(columns)))
    for number, name, count in tallied.select("period", "series", "fractional").iter_rows():
        counts[rows[number], columns[name]] = count
    return counts


def _told(
    counted: pl.DataFrame,
    names: pl.DataFrame,
    counts: Floats,
    *,
    marks: Sequence[Break],
    periods: Sequence[Span],
    order: Sequence[str],
    every: Every,
) -> pl.DataFrame:
    """A row for each spell."""
    edges = [0, *(mark.at for mark in marks), len(periods)]
    numbers = counted["period"].unique().sort().to_list()
    rows: list[dict[str, Any]] = []
    earlier: set[str] = set()
    for spell, (first, stop) in enumerate(itertools.pairwise(edges)):
        inside = counted.filter(pl.col("period").is_in(numbers[first:stop]))
        told, sources = _spell(inside, names, counts[first:stop], order)
        row = {"spell": spell + 1, "from_date": periods[first].first, "to_date": periods[stop - 1].last, **told}
        if spell:
            before = counts[edges[spell - 1] : first].sum(axis=0)
            row |= _moved(before, counts[first:stop].sum(axis=0), order)
            row |= {
                "p_value": marks[spell - 1].p_value,
                "new": len(sources - earlier),
                "vanished": len(earlier - sources),
            }
        row["note"] = _note(row, every)
        rows.append(row)
        earlier = sources
    return pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in rows], schema=SCHEMA)


def _spell(
    inside: pl.DataFrame, names: pl.DataFrame, counts: Floats, order: Sequence[str]
) -> tuple[dict[str, Any], set[str]]:
    """What is told of a spell by itself, and the sources named in it."""
    cells = inside.group_by("cell").agg(pl.col("incidents").sum())
    held = names.join(cells, on="cell")
    total = int(cells["incidents"].sum())
    alone = int(held.filter(pl.col("of") == 1)["incidents"].sum())
    sums = counts.sum(axis=0)
    told = {
        "periods": counts.shape[0],
        "incidents": total,
        "largest": order[int(sums.argmax())],
        "largest_share": float(sums.max() / sums.sum()),
        "one_source": alone / total,
        "sources": held["name"].n_unique(),
    }
    return told, set(held["name"])


def _moved(before: Floats, after: Floats, order: Sequence[str]) -> dict[str, Any]:
    moves = after / after.sum() - before / before.sum()
    up, down = int(moves.argmax()), int(moves.argmin())
    return {
        "distance_points": 100 * distance(before, after),
        "rose": order[up],
        "rose_points": 100 * float(moves[up]),
        "fell": order[down],
        "fell_points": 100 * float(moves[down]),
    }


def _note(row: dict[str, Any], every: Every) -> str | None:
    notes = []
    if row["incidents"] < FEW_EVENTS * row["periods"]:
        notes.append(f"fewer than {FEW_EVENTS} incidents a {every}: only large breaks can be seen")
    if row["periods"] < SHORTEST:
        notes.append(f"fewer than {SHORTEST} {every}s: not looked into")
    return "; ".join(notes) or None
