"""Tables of docs/methods that are measured on planted truth; the tests beside this module and the docs read them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.concentration import gini, spread_of
from tocsin.analysis.revisions import nowcast, triangle
from tocsin.simulate import weekly_counts

SEED = 20210815
Floats = NDArray[np.float64]

# Concentration

STAY, MOVE, MOVE_SLOWLY = 0, 4, 8
"""Weeks for which the shares of places stay as they are before they are drawn anew; 0 for ever."""
SPREAD = tuple((units, mean, run) for units in (14, 34) for mean in (256.0, 53.5, 10.0) for run in (STAY, MOVE))
SPREAD_LIMITS = tuple(
    (units, mean, run) for units in (14, 34) for mean, run in ((2.0, STAY), (1.0, STAY), (256.0, MOVE_SLOWLY))
)
PARTS_OF_A_RUN = 20
"""Where the shares move, those of a run of weeks are Dirichlet with this concentration round the planted ones."""


def planted_shares(units: int) -> Floats:
    """In proportion to 1, 1/2, 1/3 and so on."""
    shares = 1 / np.arange(1, units + 1)
    return np.asarray(shares / shares.sum())


def planted_places(units: int, mean: float, run: int, *, weeks: int, rng: np.random.Generator) -> Floats:
    """Incidents by week and place; where the shares move, the window begins anywhere in a run."""
    shares = planted_shares(units)
    counts = weekly_counts(weeks=weeks, mean=mean, dispersion=0.05, autocorrelation=0.5, rng=rng)
    if not run:
        return np.asarray(rng.multinomial(counts, shares), dtype=np.float64)
    drawn = rng.dirichlet(shares * PARTS_OF_A_RUN, size=weeks // run + 2)
    return np.asarray(rng.multinomial(counts, drawn[(np.arange(weeks) + rng.integers(run)) // run]), dtype=np.float64)


def covered_spread(units: int, mean: float, run: int, *, weeks: int, series: int) -> tuple[float, ...]:
    """Shares of simulated windows whose interval, where given, holds the planted top share and Gini; and how often each was given."""
    rng = np.random.default_rng(SEED)
    shares = planted_shares(units)
    truth = {"top_share": float(shares[:5].sum()), "gini": float(gini(shares))}
    held: dict[str, list[bool]] = {name: [] for name in truth}
    for _ in range(series):
        row = spread_of(planted_places(units, mean, run, weeks=weeks, rng=rng))
        for name, value in truth.items():
            low, high = row[f"{name}_low"], row[f"{name}_high"]
            if isinstance(low, float) and isinstance(high, float):
                held[name].append(low <= value <= high)
    return (*(float(np.mean(each)) for each in held.values()), *(len(each) / series for each in held.values()))


def spread_table() -> str:
    head = "| units | incidents a week | shares | top share, 46 weeks | Gini | top share, 104 weeks | Gini |"
    lines = []
    for units, mean, run in SPREAD:
        found = [covered_spread(units, mean, run, weeks=weeks, series=1000)[:2] for weeks in (46, 104)]
        shares = " | ".join(f"{share:.1%}" for each in found for share in each)
        lines.append(f"| {units} | {mean:g} | {'move' if run else 'stay'} | {shares} |")
    return "\n".join([head, "|" + " --- |" * 7, *lines])


def spread_limits_table() -> str:
    head = "| units | incidents a week | shares | weeks | top share | Gini | Gini's interval given |"
    lines = []
    for units, mean, run in SPREAD_LIMITS:
        for weeks in (46, 104):
            top, ginis, _, given = covered_spread(units, mean, run, weeks=weeks, series=1000)
            named = f"{units} | {mean:g} | {f'move every {run} weeks' if run else 'stay'} | {weeks}"
            said = f"{ginis:.1%}" if given > 0.5 else "–"
            lines.append(f"| {named} | {top:.1%} | {said} | {given:.1%} |")
    return "\n".join([head, "|" + " --- |" * 7, *lines])


SPARSE = (10, 30, 100, 300, 1_000, 10_000)


def sparse_gini(shares: Floats, incidents: int) -> float:
    """The mean Gini of so many incidents thrown on places with these chances."""
    return float(gini(np.random.default_rng(SEED).multinomial(incidents, shares, size=1000).astype(np.float64)).mean())


def sparse_table() -> str:
    head = "| chances of the places | their Gini | " + " | ".join(f"{count:,} incidents" for count in SPARSE) + " |"
    planted = [(f"{units} units, 1, 1/2, 1/3 …", planted_shares(units)) for units in (14, 34)]
    planted.append(("34 units, all alike", np.full(34, 1 / 34)))
    lines = [
        f"| {named} | {abs(float(gini(shares))):.2f} | "
        + " | ".join(f"{sparse_gini(shares, count):.2f}" for count in SPARSE)
        + " |"
        for named, shares in planted
    ]
    return "\n".join([head, "|" + " --- |" * (2 + len(SPARSE)), *lines])


# Revisions

MONDAY = dt.date(2021, 1, 4)
CURVE = (0.40, 0.20, 0.12, 0.08, 0.06, 0.04, 0.03, 0.03, 0.02, 0.02)
"""Share of the incidents of a week that is first known after 0, 1, 2 … weeks."""
SLOWER = (0.20, 0.20, 0.15, 0.10, 0.10, 0.05, 0.05, 0.05, 0.05, 0.05)
SETTLED = 20


@dataclass(frozen=True)
class Reporting:
    """How incidents become known, and how they change, in a simulated series.

    Args:
        withdrawn: Share of the incidents that is withdrawn 1 to 8 weeks after it is first known.
        evenness: Concentration of the Dirichlet law of each week's own curve round the planted one; 0 for the planted one itself.
        weeks: Of the series.
        states: The newest so many states, each a week after the other.
        monthly: The states are those of the first day of each month instead.
        batch: Reports become known only every so many weeks, together.
        last_level: What the mean of the last ten weeks is multiplied by.
        last_curve: The curve of the last 25 weeks.
    """

    withdrawn: float = 0.0
    evenness: float = 0.0
    weeks: int = 120
    states: int = 60
    monthly: bool = False
    batch: int = 1
    last_level: float = 1.0
    last_curve: tuple[float, ...] = CURVE

    def data_dates(self) -> list[dt.date]:
        newest = MONDAY + dt.timedelta(days=7 * self.weeks - 1)
        if self.monthly:
            months = [dt.date(2021 + month // 12, month % 12 + 1, 1) for month in range(3, 60)]
            return [date for date in months if date <= newest]
        return [newest - dt.timedelta(days=7 * age) for age in range(self.states)]


def planted_history(mean: float, reporting: Reporting, *, rng: np.random.Generator) -> tuple[pl.DataFrame, Floats]:
    """A history of states, each week's incidents on its first day; and what each week settles at."""
    weeks = reporting.weeks
    counts = weekly_counts(weeks=weeks, mean=mean, dispersion=0.2, autocorrelation=0.5, rng=rng)
    if reporting.last_level != 1:
        last = mean * reporting.last_level
        counts[-10:] = weekly_counts(weeks=weeks, mean=last, dispersion=0.2, autocorrelation=0.5, rng=rng)[-10:]
    curves = np.tile(CURVE, (weeks, 1))
    curves[-25:] = reporting.last_curve
    if reporting.evenness:
        curves = np.array([rng.dirichlet(curve * reporting.evenness) for curve in curves])
    added = rng.multinomial(counts, curves)
    net = np.zeros((weeks, weeks + 1), dtype=np.int64)
    net[:, : added.shape[1]] = added
    for delay in range(added.shape[1]):
        gone = rng.multinomial(rng.binomial(added[:, delay], reporting.withdrawn), np.full(8, 1 / 8))
        net[:, delay + 1 : delay + 9] -= gone
    known = net.cumsum(axis=1)
    return _states(known, reporting, rng=rng), known[:, -1].astype(np.float64)


def _states(known: NDArray[np.int64], reporting: Reporting, *, rng: np.random.Generator) -> pl.DataFrame:
    """The history, from what is known of each week after each delay."""
    phase = int(rng.integers(reporting.batch))
    parts = []
    for date in reporting.data_dates():
        ended = ((date - MONDAY).days + 1) // 7  # weeks that have ended by then
        coded = (ended + phase) // reporting.batch * reporting.batch - phase
        week = np.arange(ended)
        seen = np.where(coded > week, known[week, np.maximum(coded - 1 - week, 0)], 0)
        parts.append(
            pl.DataFrame({"event_day": week * 7 + (MONDAY - dt.date(1970, 1, 1)).days, "incidents": seen}).with_columns(
                data_date=pl.lit(date)
            )
        )
    return pl.concat(parts)


NEAR = 8
"""Weeks at the end of a series of which the nowcast is judged; beyond that little is open in the planted curve."""


def covered_nowcast(
    mean: float, reporting: Reporting, *, series: int, settled_weeks: int = SETTLED
) -> dict[str, Floats]:
    """By delay, 0 to NEAR - 1: shares of intervals that hold the settled count, mean widths (of `mean`), shares with a warning."""
    rng = np.random.default_rng(SEED)
    measured: dict[str, list[Floats]] = {"held": [], "width": [], "warned": []}
    for _ in range(series):
        history, truth = planted_history(mean, reporting, rng=rng)
        table = nowcast(triangle(history, week_starts="Monday"), settled_weeks=settled_weeks).tail(NEAR)
        low, high = (table[name].to_numpy()[::-1] for name in ("low", "high"))
        first = (table["week_date"][0] - MONDAY).days // 7
        settled = truth[first : first + NEAR][::-1]
        measured["held"].append(((low <= settled) & (settled <= high)).astype(np.float64))
        measured["width"].append((high - low) / mean)
        measured["warned"].append(table["warning"].is_not_null().cast(pl.Float64).to_numpy()[::-1])
    return {name: np.mean(values, axis=0) for name, values in measured.items()}


NOWCAST: tuple[tuple[str, Reporting, tuple[float, ...]], ...] = (
    ("reports come late", Reporting(), (100, 20, 5, 1)),
    ("and 15 in 100 are withdrawn", Reporting(withdrawn=0.15), (100, 20, 5, 1)),
    ("each week has its own curve", Reporting(evenness=30), (100, 20, 5, 1)),
    ("a state a month, 10 in 100 withdrawn", Reporting(withdrawn=0.1, monthly=True), (100, 20, 5)),
    ("ten states, 10 in 100 withdrawn", Reporting(withdrawn=0.1, states=10), (100, 5)),
    ("coded in batches, every fourth week", Reporting(batch=4), (100, 5)),
    ("the last ten weeks have five times as many", Reporting(last_level=5), (100, 5)),
    ("the same, and each week its own curve", Reporting(last_level=5, evenness=30), (100, 5)),
    ("the last ten weeks have a fifth", Reporting(last_level=0.2), (100, 5)),
    ("reports have come later for 25 weeks", Reporting(last_curve=SLOWER), (100, 5)),
)


def nowcast_table() -> str:
    columns = [
        "how incidents become known",
        "settled count a week",
        "held, delay 0",
        "delay 1",
        "delay 4",
        "delays 0 to 7",
    ]
    head = f"| {' | '.join([*columns, 'width, delay 0', 'delay 4', 'with a warning'])} |"
    lines = []
    for named, reporting, means in NOWCAST:
        for mean in means:
            found = covered_nowcast(mean, reporting, series=500)
            held, width = found["held"], found["width"]
            shares = " | ".join(f"{share:.1%}" for share in (held[0], held[1], held[4], held.mean()))
            lines.append(
                f"| {named} | {mean:g} | {shares} | {width[0]:.2f} | {width[4]:.2f} | {found['warned'].mean():.1%} |"
            )
    return "\n".join([head, "|" + " --- |" * 9, *lines])
