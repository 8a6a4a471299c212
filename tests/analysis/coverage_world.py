"""A world in which incidents change by a known ratio while sources come and go, each seeing an incident with a known chance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tests.star import about, tables
from tocsin.analysis.mix import breaks
from tocsin.analysis.named import names_of
from tocsin.analysis.panel import PANEL, Side, recount
from tocsin.cube import Events
from tocsin.schema import Span
from tocsin.simulate import weekly_counts

SEED = 20210815
Floats = NDArray[np.float64]


def events_of(rows: Sequence[Mapping[str, Any]], covered: Sequence[Span]) -> Events:
    """Events of tests.star, with the names of their sources."""
    facts, places, parties = tables(rows)
    facts = facts.with_columns(source=pl.Series([row.get("source") for row in rows], dtype=pl.String))
    facts_, places_, parties_ = (nw.from_native(table.lazy()) for table in (facts, places, parties))
    return Events(rows=facts_, places=places_, parties=parties_, about=about(covered))


@dataclass(frozen=True)
class World:
    """Args:
    seen: Source -> chance that it reports an incident, in the earlier window and in the later.
    ratio: Of true incidents, later to earlier.
    mean: True incidents a week in the earlier window.
    """

    seen: Mapping[str, tuple[float, float]]
    ratio: float = 0.25
    mean: float = 200.0
    weeks: int = 46
    dispersion: float = 0.05
    memory: float = 0.3

    def sides(self, rng: np.random.Generator) -> tuple[Side, Side]:
        before, after = (self._side(number, rng) for number in (0, 1))
        return before, after

    def _side(self, number: int, rng: np.random.Generator) -> Side:
        counts = weekly_counts(
            weeks=self.weeks,
            mean=self.mean * (self.ratio if number else 1),
            dispersion=self.dispersion,
            autocorrelation=self.memory,
            rng=rng,
        )
        names = list(self.seen)
        chances = np.array([self.seen[name][number] for name in names])
        weeks = np.repeat(np.arange(self.weeks), counts)
        seen = rng.random((weeks.size, len(names))) < chances
        code = seen @ (1 << np.arange(len(names)))
        cells = [
            "; ".join(name for bit, name in enumerate(names) if value >> bit & 1) for value in range(1 << len(names))
        ]
        table = (
            pl.DataFrame({"week": weeks, "code": code}).group_by("week", "code").agg(incidents=pl.len().cast(pl.Int64))
        )
        seen_by = table.filter(pl.col("code") > 0).with_columns(
            cell=pl.col("code").replace_strict(dict(enumerate(cells)), return_dtype=pl.String)
        )
        return Side(self.weeks, seen_by.select("week", "cell", "incidents"))


KEPT = {"Radio": (0.4, 0.4), "Paper": (0.3, 0.3)}
WORLDS: dict[str, World] = {
    "nothing changes": World(KEPT),
    "one is added that sees half": World({**KEPT, "Account": (0.0, 0.5)}),
    "one is added, and the others dry up by a quarter": World(
        {"Radio": (0.4, 0.3), "Paper": (0.3, 0.22), "Account": (0.0, 0.5)}
    ),
    "one that saw half is lost": World({**KEPT, "Account": (0.5, 0.0)}),
    "one is lost, another added": World({**KEPT, "Agency": (0.4, 0.0), "Account": (0.0, 0.4)}),
    "one is added, incidents double": World({**KEPT, "Account": (0.0, 0.5)}, ratio=2.0, mean=50.0),
    "one is added, incidents are few": World({**KEPT, "Account": (0.0, 0.5)}, ratio=0.5, mean=6.0),
    "one is added, the counts hang together": World({**KEPT, "Account": (0.0, 0.5)}, dispersion=0.2, memory=0.6),
}


@dataclass(frozen=True)
class Held:
    """Shares of simulated pairs of windows."""

    every: float
    """In which the interval of all sources holds the true ratio."""
    panel: float
    """In which that of the panel does."""
    bounds: float
    """In which the bounds, with the error of the counts, do."""
    verdicts: Mapping[str, float]
    """By the first words of the verdict."""


def held(world: World, *, pairs: int) -> Held:
    rng = np.random.default_rng(SEED)
    inside: list[tuple[bool, bool, bool]] = []
    verdicts: dict[str, float] = {}
    for _ in range(pairs):
        sides = world.sides(rng)
        names = names_of(pl.concat(side.counted for side in sides), column="source")
        rows = recount(sides, names)
        by_name = {row["series"]: row for row in rows}
        chosen = [rows[0], by_name[PANEL], rows[-1]]
        inside.append(tuple(_holds(row, world.ratio) for row in chosen))  # type: ignore[arg-type]
        words = rows[0]["verdict"].partition(":")[0]
        verdicts[words] = verdicts.get(words, 0) + 1 / pairs
    every, panel, bounds = np.mean(inside, axis=0)
    return Held(float(every), float(panel), float(bounds), verdicts)


def _holds(row: Mapping[str, Any], ratio: float) -> bool:
    low, high = row["ratio_low"], row["ratio_high"]
    return low is not None and high is not None and low <= ratio <= high


@dataclass(frozen=True)
class Mixed:
    """A series of mixes.

    Args:
        periods: Months or weeks.
        mean: Incidents each.
        alike: Correlation of two incidents of one period: 0 for a mix that varies by chance alone.
        fall: What the mean is multiplied by in the second half.
        at: The period of a break; None for a stable mix.
        size: The share that goes from the largest source to the smallest there.
        stays: Chance that a period has the very mix of the one before.
    """

    periods: int = 24
    mean: float = 100.0
    alike: float = 0.02
    fall: float = 1.0
    sources: int = 5
    at: int | None = None
    size: float = 0.0
    stays: float = 0.0

    def counts(self, rng: np.random.Generator) -> Floats:
        means = np.full(self.periods, float(self.mean))
        means[self.periods // 2 :] *= self.fall
        sizes = weekly_counts(weeks=self.periods, mean=means, dispersion=0.3, autocorrelation=0.5, rng=rng)
        shares = 1 / np.arange(1, self.sources + 1)
        mixes = np.tile(shares / shares.sum(), (self.periods, 1))
        if self.at is not None:
            mixes[self.at :, 0] -= self.size
            mixes[self.at :, -1] += self.size
        if self.alike:
            mixes = np.array([rng.dirichlet(mix * (1 / self.alike - 1)) for mix in mixes])
        for period in np.flatnonzero(rng.random(self.periods - 1) < self.stays) + 1:
            mixes[period] = mixes[period - 1]
        counts = np.array(
            [rng.multinomial(size, mix) for size, mix in zip(sizes, mixes, strict=True)], dtype=np.float64
        )
        return counts[sizes > 0]


def alarmed(mixed: Mixed, *, series: int) -> tuple[float, float, float]:
    """Shares of series with any break, with one within a period of the planted one, and with more than one."""
    rng = np.random.default_rng(SEED)
    found = [[each.at for each in breaks(mixed.counts(rng), seed=number)] for number in range(series)]
    near = [any(mixed.at is not None and abs(at - mixed.at) <= 1 for at in each) for each in found]
    return (
        float(np.mean([bool(each) for each in found])),
        float(np.mean(near)),
        float(np.mean([len(each) > 1 for each in found])),
    )


STABLE = tuple(
    Mixed(periods=periods, mean=mean, alike=alike, fall=fall)
    for periods in (24, 48)
    for mean in (1000.0, 100.0, 20.0, 4.0)
    for alike, fall in ((0.0, 1.0), (0.02, 0.2), (0.1, 1.0))
)
REMEMBERED = tuple(Mixed(alike=alike, stays=stays) for alike in (0.02, 0.1) for stays in (0.3, 0.6))
BROKEN = tuple(
    Mixed(periods=24, mean=mean, alike=alike, fall=fall, at=12, size=size)
    for mean, alike, fall in (
        (100.0, 0.0, 1.0),
        (100.0, 0.02, 1.0),
        (100.0, 0.02, 0.2),
        (20.0, 0.0, 1.0),
        (1000.0, 0.1, 1.0),
    )
    for size in (0.05, 0.1, 0.2, 0.4)
)


def panel_table(pairs: int = 1000) -> str:
    lines = ["| world | all sources | panel | bounds | verdicts |", "| --- | --- | --- | --- | --- |"]
    for label, world in WORLDS.items():
        found = held(world, pairs=pairs)
        said = "; ".join(
            f"{words} {share:.1%}" for words, share in sorted(found.verdicts.items(), key=lambda each: -each[1])
        )
        lines.append(f"| {label} | {found.every:.1%} | {found.panel:.1%} | {found.bounds:.1%} | {said} |")
    return "\n".join(lines)


def stable_table(series: int = 1000) -> str:
    lines = [
        "| periods | incidents each | correlation in a period | second half | same mix as before | alarm |",
        "|" + " --- |" * 6,
    ]
    for mixed in (*STABLE, *REMEMBERED):
        any_break = alarmed(mixed, series=series)[0]
        lines.append(
            f"| {mixed.periods} | {mixed.mean:g} | {mixed.alike:g} | × {mixed.fall:g} | {mixed.stays:.0%} | {any_break:.1%} |"
        )
    return "\n".join(lines)


def broken_table(series: int = 500) -> str:
    lines = [
        "| incidents each | correlation in a period | second half | points moved | found | within a period | more than one |",
        "|" + " --- |" * 7,
    ]
    for mixed in BROKEN:
        found, near, more = alarmed(mixed, series=series)
        lines.append(
            f"| {mixed.mean:g} | {mixed.alike:g} | × {mixed.fall:g} | {100 * mixed.size:g} | {found:.1%} | {near:.1%} | {more:.1%} |"
        )
    return "\n".join(lines)


MONDAY = dt.date(2021, 1, 4)
