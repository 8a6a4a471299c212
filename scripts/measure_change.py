"""How often are changes, trends and alarms told where there are none, and found where they are? Measured on planted truth.

    nice python scripts/measure_change.py [--series 1000] [--processes 2] [--only ASKED ...]

Writes docs/methods/data/change.csv, from which scripts/show_change.py makes the tables and the figure of docs/methods/change.md. Cells that
it already has are not measured again: after a change of the method, delete it. A cell's series depend on its own numbers alone, so that it
gives the same counts whatever else is measured, and by how many processes. All takes a quarter of an hour on two free processors.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest

from tocsin.analysis import change, trend, watch
from tocsin.analysis.comparison import compare_series
from tocsin.analysis.discovery import adjusted
from tocsin.analysis.memory import LEVEL, SEED
from tocsin.analysis.watch import PAST, WINDOW
from tocsin.simulate import weekly_counts

Floats = NDArray[np.float64]
Rngs = Sequence[np.random.Generator]
Measured = Mapping[str, bool]

OUT = Path(__file__).resolve().parents[1] / "docs/methods/data/change.csv"

CHUNK = 10
"""Series that a process takes at once; they share the chance of the series that a test draws."""

LOW, MIDDLE, HIGH = 1.0, 10.0, 250.0
"""Incidents a week."""

STRONG, MODERATE, CHANCE = (0.5, 0.7), (0.5, 0.4), (0.0, 0.0)
"""Dispersion and memory: bursty with a strong and with a moderate memory; chance alone."""

CALM = (0.1, 0.4)
"""Of the power curves."""

FACTORS = (1.2, 1.5, 2.0, 3.0, 4.0)
PAST_WEEKS = 104
UNITS = 34


KEYS = ("asked", "mean", "dispersion", "memory", "weeks", "factor", "after")


@dataclass(frozen=True)
class Cell:
    """What is planted.

    Args:
        asked: What is measured, a key of ASKED.
        mean: Incidents a week before anything changes; of a unit, for the watch.
        unrest: Dispersion of the weekly rate, and its autocorrelation.
        weeks: Length of the series, of the trend, or of each window of a comparison.
        factor: By which the level changes in all.
        after: Weeks at the new level.
    """

    asked: str
    mean: float
    unrest: tuple[float, float]
    weeks: int
    factor: float = 1.0
    after: int = 0

    @property
    def row(self) -> tuple[str | float, ...]:
        """The cell as the table has it, by KEYS."""
        return (self.asked, self.mean, *self.unrest, self.weeks, self.factor, self.after)


def cells() -> Iterator[Cell]:
    """All that is measured."""
    for unrest, mean in [*product((STRONG, MODERATE, CHANCE), (LOW, HIGH)), (STRONG, MIDDLE)]:
        yield Cell("change", mean, unrest, 60)
        yield Cell("trend", mean, unrest, 13)
        yield Cell("comparison", mean, unrest, 46, 2.0)
    for mean, unrest in product((HIGH, LOW), (STRONG, MODERATE)):
        yield Cell("trend", mean, unrest, 26)
        yield Cell("change", mean, unrest, 200)
    for mean, unrest in [*product((MIDDLE, LOW), (STRONG, MODERATE, CHANCE)), (HIGH, STRONG)]:
        yield Cell("watch", mean, unrest, (PAST + 1) * WINDOW)
    for mean, unrest in product((HIGH, LOW), (MODERATE, STRONG)):
        yield Cell("one change", mean, unrest, PAST_WEEKS, 4.0, PAST_WEEKS // 2)
    for mean, factor in product((LOW, MIDDLE, HIGH), FACTORS):
        yield Cell("power of trend", mean, CALM, 13, factor)
        yield Cell("power of watch", mean, CALM, (PAST + 1) * WINDOW, factor, WINDOW)
        for after in (4, 8, 13, 26):
            yield Cell("power of change", mean, CALM, PAST_WEEKS + after, factor, after)


def drawn(cell: Cell, level: Floats, rngs: Rngs) -> Floats:
    """Counts of a level, a row a source of chance."""
    dispersion, memory = cell.unrest
    each = (
        weekly_counts(weeks=level.size, mean=level, dispersion=dispersion, autocorrelation=memory, rng=rng)
        for rng in rngs
    )
    return np.array(list(each), dtype=np.float64)


def stepped(cell: Cell) -> Floats:
    """The level that changes once, `after` weeks before the end."""
    return np.repeat([cell.mean, cell.mean * cell.factor], [cell.weeks - cell.after, cell.after])


def has_change(cell: Cell, rngs: Rngs) -> Iterator[Measured]:
    """Is a change told?"""
    series = drawn(cell, stepped(cell), rngs)
    for told in change.is_changing(series[series.sum(axis=1) >= change.FEW_EVENTS]).told:
        yield {"told": told}


def one_change(cell: Cell, rngs: Rngs) -> Iterator[Measured]:
    """Is the change told, and another; where one is told, do its intervals hold date and ratio?"""
    for series in drawn(cell, stepped(cell), rngs):
        steps = change.steps_of(series)
        yield {"told": bool(steps), "told more": len(steps) > 1}
        if len(steps) == 1:
            yield {"date held": steps[0].low <= cell.weeks - cell.after <= steps[0].high}
            low, high = steps[0].ratio_low, steps[0].ratio_high
            if low is not None and high is not None:
                yield {"ratio held": low <= cell.factor <= high}


def has_trend(cell: Cell, rngs: Rngs) -> Iterator[Measured]:
    """Is a trend told, of the right sign, and does its interval hold the slope?"""
    slope = np.log(cell.factor) / (cell.weeks - 1)
    level = cell.mean * np.exp(slope * np.concatenate([np.zeros(PAST_WEEKS), np.arange(cell.weeks)]))
    series = drawn(cell, level, rngs)
    series = series[series[:, PAST_WEEKS:].sum(axis=1) >= trend.FEW_EVENTS]
    past, last = series[:, :PAST_WEEKS], series[:, PAST_WEEKS:]
    found = trend.tested(last, past)
    reach = np.quantile(found.by_chance, 1 - LEVEL, axis=1, method="higher")
    held = np.abs(trend.leanings(last, slope, found.own)) <= reach
    for told, within in zip((found.chance <= LEVEL) & ((found.leaning > 0) | (slope == 0)), held, strict=True):
        yield {"told": told, "slope held": within}


def comparison(cell: Cell, rngs: Rngs) -> Iterator[Measured]:
    """Does the interval of the ratio of two windows hold it?"""
    sides = (drawn(cell, np.full(cell.weeks, cell.mean * factor), rngs) for factor in (1.0, cell.factor))
    for before, after in zip(*sides, strict=True):
        row = compare_series("", before, after)
        low, high = row["ratio_low"], row["ratio_high"]
        if isinstance(low, float) and isinstance(high, float):
            yield {"ratio held": low <= cell.factor <= high}


def has_alarm(cell: Cell, rngs: Rngs) -> Iterator[Measured]:
    """Has a look at all units, of which none changes, an alarm? Units are as unequal as 1, 1/2, 1/3 …"""
    shares = 1 / np.arange(1, UNITS + 1)
    for rng in rngs:
        units = [drawn(cell, np.full(cell.weeks, cell.mean * share), [rng])[0] for share in shares / shares.mean()]
        yield {"told": bool((_chances(units) <= watch.LEVEL).any())}


def finds_unit(cell: Cell, rngs: Rngs) -> Iterator[Measured]:
    """Is there an alarm of the one unit that changes? All are of the same size."""
    for rng in rngs:
        units = [drawn(cell, np.full(cell.weeks, cell.mean), [rng])[0] for _ in range(UNITS - 1)]
        yield {"told": bool(_chances([drawn(cell, stepped(cell), [rng])[0], *units])[0] <= watch.LEVEL)}


def _chances(units: list[Floats]) -> Floats:
    """The q-value of each unit of one look."""
    return adjusted(watch.judged(watch.windows(np.array(units))).chance)


ASKED: Mapping[str, Callable[[Cell, Rngs], Iterator[Measured]]] = {
    "change": has_change,
    "one change": one_change,
    "trend": has_trend,
    "comparison": comparison,
    "watch": has_alarm,
    "power of change": has_change,
    "power of trend": has_trend,
    "power of watch": finds_unit,
}


def part(task: tuple[Cell, range]) -> Counter[tuple[str, bool]]:
    """What some of the series of a cell give: how often each thing measured is so, and is not."""
    cell, numbers = task
    own = zlib.crc32(repr(astuple(cell)).encode())
    rngs = [np.random.default_rng([SEED, own, number]) for number in numbers]
    return Counter((name, bool(so)) for one in ASKED[cell.asked](cell, rngs) for name, so in one.items())


def measured(
    cell: Cell, *, series: int, each: Callable[..., Iterable[Counter[tuple[str, bool]]]] = map
) -> pl.DataFrame:
    """One cell.

    Args:
        series: How many are simulated.
        each: Goes through parts of them, as `map` does.

    Returns:
        The numbers of the cell; measured (what), of (series of which it can be said), found (of them), share, low, high (its exact 95 per
        cent interval).
    """
    numbers = range(series)
    seen = sum(each(part, [(cell, numbers[n : n + CHUNK]) for n in range(0, series, CHUNK)]), Counter())
    rows = []
    for name in dict.fromkeys(name for name, _ in seen):
        found, of = seen[name, True], seen[name, True] + seen[name, False]
        limits = binomtest(found, of).proportion_ci()
        counted = {"measured": name, "of": of, "found": found}
        share = {"share": found / of, "low": limits.low, "high": limits.high}
        rows.append(dict(zip(KEYS, cell.row, strict=True)) | counted | share)
    return pl.DataFrame(rows)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--series", type=int, default=1000, help="of each cell")
    words.add_argument("--power", type=int, default=200, help="series of each point of a power curve")
    words.add_argument("--processes", type=int, default=2)
    words.add_argument("--only", nargs="+", choices=ASKED, default=list(ASKED))
    words.add_argument("--out", type=Path, default=OUT)
    given = words.parse_args()
    found = [pl.read_csv(given.out)] if given.out.exists() else []
    there = {row for each in found for row in each.select(KEYS).iter_rows()}
    todo = [cell for cell in cells() if cell.asked in given.only and cell.row not in there]
    began = time.monotonic()
    with multiprocessing.Pool(given.processes) as pool:
        for number, cell in enumerate(todo, start=1):
            series = given.power if cell.asked.startswith("power of ") else given.series
            found.append(measured(cell, series=series, each=pool.imap_unordered))
            said = ", ".join(f"{what} {share:.1%}" for what, share in found[-1].select("measured", "share").iter_rows())
            print(f"{time.monotonic() - began:6.0f} s  {number}/{len(todo)}  {cell}: {said}", file=sys.stderr)
            given.out.parent.mkdir(parents=True, exist_ok=True)
            # After each cell, so that what has been measured is not lost.
            pl.concat(found).write_csv(given.out, float_precision=4)


if __name__ == "__main__":
    main()
