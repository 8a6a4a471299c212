"""How often are changes, trends and alarms told where there are none, and found where they are? Measured on planted truth.

    nice python scripts/measure_change.py [--series 1000] [--processes 2] [--only ASKED ...]

Writes docs/methods/data/change.csv, from which the tables and the figure of docs/methods/change.md are made; rows of other parts are
kept. A cell's series depend on its own numbers alone, so that it gives the same counts whatever else is measured, and where.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest

from tocsin.analysis.change import FEW_EVENTS, steps_of
from tocsin.analysis.comparison import compare_series
from tocsin.analysis.discovery import adjusted
from tocsin.analysis.memory import LEVEL
from tocsin.analysis.trend import FEW_EVENTS as FEW_IN_TREND
from tocsin.analysis.trend import slope_of
from tocsin.analysis.watch import LEVEL as WATCH_LEVEL
from tocsin.analysis.watch import PAST, WINDOW, judged, windows
from tocsin.simulate import weekly_counts

Floats = NDArray[np.float64]
Measured = Mapping[str, bool]

OUT = Path(__file__).resolve().parents[1] / "docs/methods/data/change.csv"

SEED = 18530504
CHUNK = 20
"""Series that a process takes at once."""

LOW, MIDDLE, HIGH = 1.0, 10.0, 250.0
"""Incidents a week."""

UNRESTS = ((0.5, 0.7), (0.5, 0.4), (0.0, 0.0))
"""Dispersion and memory: bursty with a strong and with a moderate memory; chance alone."""

CALM = (0.1, 0.4)
"""Of the power curves."""

FACTORS = (1.2, 1.5, 2.0, 3.0, 4.0)
PAST_WEEKS = 104
UNITS = 34


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


def cells() -> Iterator[Cell]:
    """All that is measured."""
    for unrest, mean in product(UNRESTS, (LOW, MIDDLE, HIGH)):
        yield Cell("change", mean, unrest, 60)
        yield Cell("trend", mean, unrest, 13)
        yield Cell("comparison", mean, unrest, 46, 2.0)
        yield Cell("watch", mean, unrest, (PAST + 1) * WINDOW)
    for unrest, mean in product(UNRESTS, (LOW, HIGH)):
        yield Cell("change", mean, unrest, 200)
        yield Cell("trend", mean, unrest, 26)
        yield Cell("one change", mean, unrest, PAST_WEEKS, 4.0, PAST_WEEKS // 2)
    for mean, factor in product((LOW, MIDDLE, HIGH), FACTORS):
        yield Cell("power of trend", mean, CALM, 13, factor)
        yield Cell("power of watch", mean, CALM, (PAST + 1) * WINDOW, factor, WINDOW)
        for after in (4, 8, 13, 26):
            yield Cell("power of change", mean, CALM, PAST_WEEKS + after, factor, after)


def counts(cell: Cell, level: Floats, rng: np.random.Generator) -> Floats:
    dispersion, memory = cell.unrest
    drawn = weekly_counts(weeks=level.size, mean=level, dispersion=dispersion, autocorrelation=memory, rng=rng)
    return drawn.astype(np.float64)


def stepped(cell: Cell) -> Floats:
    """The level that changes once, `after` weeks before the end."""
    return np.repeat([cell.mean, cell.mean * cell.factor], [cell.weeks - cell.after, cell.after])


def change(cell: Cell, rng: np.random.Generator) -> Measured:
    """Is a change told?"""
    series = counts(cell, stepped(cell), rng)
    return {} if series.sum() < FEW_EVENTS else {"told": bool(steps_of(series))}


def one_change(cell: Cell, rng: np.random.Generator) -> Measured:
    """Is the change told, and another; where one is told, do its intervals hold date and ratio?"""
    steps = steps_of(counts(cell, stepped(cell), rng))
    if len(steps) != 1:
        return {"told": bool(steps), "told more": len(steps) > 1}
    (step,) = steps
    held = {"date held": step.low <= cell.weeks - cell.after <= step.high}
    if step.ratio_low is not None and step.ratio_high is not None:
        held["ratio held"] = step.ratio_low <= cell.factor <= step.ratio_high
    return {"told": True, "told more": False} | held


def trend(cell: Cell, rng: np.random.Generator) -> Measured:
    """Is a trend told, and does its interval hold the slope?"""
    slope = np.log(cell.factor) / (cell.weeks - 1)
    level = cell.mean * np.exp(slope * np.concatenate([np.zeros(PAST_WEEKS), np.arange(cell.weeks)]))
    series = counts(cell, level, rng)
    past, last = series[:PAST_WEEKS], series[PAST_WEEKS:]
    if last.sum() < FEW_IN_TREND:
        return {}
    found = slope_of(last, past)
    low, high = (-np.inf if found.low is None else found.low), (np.inf if found.high is None else found.high)
    told = found.chance < LEVEL and (cell.factor == 1 or found.slope > 0)
    return {"told": told, "slope held": bool(low <= slope <= high)}


def comparison(cell: Cell, rng: np.random.Generator) -> Measured:
    """Does the interval of the ratio of two windows hold it?"""
    sides = (counts(cell, np.full(cell.weeks, cell.mean * factor), rng) for factor in (1.0, cell.factor))
    row = compare_series("", *sides)
    low, high = row["ratio_low"], row["ratio_high"]
    return {"ratio held": low <= cell.factor <= high} if isinstance(low, float) and isinstance(high, float) else {}


def watch(cell: Cell, rng: np.random.Generator) -> Measured:
    """Has a look at all units, of which none changes, an alarm?"""
    return {"told": bool((_chances(cell, rng) <= WATCH_LEVEL).any())}


def power_of_watch(cell: Cell, rng: np.random.Generator) -> Measured:
    """Is there an alarm of the one unit that changes?"""
    return {"told": bool(_chances(cell, rng)[0] <= WATCH_LEVEL)}


def _chances(cell: Cell, rng: np.random.Generator) -> Floats:
    """The q-value of each unit of one look; only the first unit changes.

    The mean is that of all units: where none changes, they are as unequal as 1, 1/2, 1/3 …; where one does, all are of the same size.
    """
    shares = 1 / np.arange(1, UNITS + 1) if cell.factor == 1 else np.ones(UNITS)
    level = np.outer(cell.mean * shares / shares.mean(), np.ones(cell.weeks))
    level[0, cell.weeks - cell.after :] *= cell.factor
    return adjusted(judged(windows(np.array([counts(cell, each, rng) for each in level]))).chance)


ASKED: Mapping[str, Callable[[Cell, np.random.Generator], Measured]] = {
    "change": change,
    "one change": one_change,
    "trend": trend,
    "comparison": comparison,
    "watch": watch,
    "power of change": change,
    "power of trend": trend,
    "power of watch": power_of_watch,
}


def part(task: tuple[Cell, range]) -> Counter[tuple[str, bool]]:
    """What some of the series of a cell give: how often each thing measured is so, and is not."""
    cell, numbers = task
    own = zlib.crc32(repr(astuple(cell)).encode())
    seen: Counter[tuple[str, bool]] = Counter()
    for number in numbers:
        seen.update(ASKED[cell.asked](cell, np.random.default_rng([SEED, own, number])).items())
    return seen


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
        share = {"share": found / of, "low": limits.low, "high": limits.high}
        dispersion, memory = cell.unrest
        rows.append(
            {
                "asked": cell.asked,
                "mean": cell.mean,
                "dispersion": dispersion,
                "memory": memory,
                "weeks": cell.weeks,
                "factor": cell.factor,
                "after": cell.after,
            }
            | {"measured": name, "of": of, "found": found}
            | share
        )
    return pl.DataFrame(rows)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--series", type=int, default=1000)
    words.add_argument("--processes", type=int, default=2)
    words.add_argument("--only", nargs="+", choices=ASKED, default=list(ASKED))
    words.add_argument("--out", type=Path, default=OUT)
    given = words.parse_args()
    todo = [cell for cell in cells() if cell.asked in given.only]
    kept = pl.read_csv(given.out) if given.out.exists() else pl.DataFrame(schema={"asked": pl.String})
    found: list[pl.DataFrame] = [kept.filter(~pl.col("asked").is_in(given.only))]
    began = time.monotonic()
    with multiprocessing.Pool(given.processes) as pool:
        for number, cell in enumerate(todo, start=1):
            found.append(measured(cell, series=given.series, each=pool.imap_unordered))
            said = ", ".join(f"{what} {share:.1%}" for what, share in found[-1].select("measured", "share").iter_rows())
            print(f"{time.monotonic() - began:6.0f} s  {number}/{len(todo)}  {cell}: {said}", file=sys.stderr)
            given.out.parent.mkdir(parents=True, exist_ok=True)
            # After each cell, so that what has been measured is not lost.
            pl.concat([each for each in found if each.height]).write_csv(given.out, float_precision=4)


if __name__ == "__main__":
    main()
