"""Two observers of one truth: pairs of weekly counts whose correlation, lag and parting are known.

`python -m tests.analysis.agreement_world` prints the tables of docs/methods/agreement.md (a few minutes).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tocsin.analysis.agreement import FALSE_ONES
from tocsin.analysis.comovement import changes, lagged, together
from tocsin.analysis.parting import false_discovery, parted
from tocsin.simulate.counts import latent_rates

SEED = 20161201
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Observed:
    """Two weekly counts.

    Args:
        weeks: How many.
        means: Of both, incidents a week.
        common: Variance of the rate that both see, round one.
        own: Variance of the rate that each has for itself.
        memory: Of the rates from week to week.
        lag: By so many weeks the second is later.
    """

    weeks: int
    means: tuple[float, float]
    common: float
    own: float
    memory: float
    lag: int = 0

    def pair(self, rng: np.random.Generator, *, weeks: int | None = None) -> tuple[Floats, Floats]:
        length = weeks or self.weeks
        shared = self._rates(length + self.lag, self.common, rng)
        first = shared[self.lag :] * self._rates(length, self.own, rng) * self.means[0]
        second = shared[:length] * self._rates(length, self.own, rng) * self.means[1]
        return rng.poisson(first).astype(np.float64), rng.poisson(second).astype(np.float64)

    def _rates(self, weeks: int, variance: float, rng: np.random.Generator) -> Floats:
        return latent_rates(weeks=weeks, dispersion=variance, autocorrelation=self.memory, rng=rng)

    def correlation(self) -> float:
        """That of the changes in a very long series."""
        if self.common == 0:
            return 0.0
        one, other = self.pair(np.random.default_rng(7), weeks=60_000)
        return float(np.corrcoef(changes(one), changes(other))[0, 1])


def held(world: Observed, *, pairs: int) -> tuple[float, float]:
    """Share of intervals that hold the planted correlation; and how wide they are, in the middle."""
    rng, true = np.random.default_rng(SEED), world.correlation()
    found = [together(*world.pair(rng)) for _ in range(pairs)]
    known = [each for each in found if each is not None]
    inside = float(np.mean([each.low <= true <= each.high for each in known]))
    return inside, float(np.median([each.high - each.low for each in known]))


def lags(world: Observed, *, pairs: int) -> tuple[float, float, float]:
    """Shares of pairs for which a lag is told, for which the one told is right, and for which it is between the bounds."""
    rng = np.random.default_rng(SEED)
    found = [each for each in (lagged(*world.pair(rng)) for _ in range(pairs)) if each is not None]
    right = float(np.mean([each.weeks == world.lag for each in found])) if found else np.nan
    inside = float(np.mean([each.low <= world.lag <= each.high for each in found])) if found else np.nan
    return len(found) / pairs, right, inside


@dataclass(frozen=True)
class Units:
    """Units of which one side goes blind in a few, in the later of two windows.

    Args:
        weeks: Of each window.
        mean: True incidents a week in each, in the earlier window; in the later 0.4 times as many.
        own: Variance of the rate that each side has for itself.
        memory: Of that rate.
    """

    weeks: int
    mean: float
    own: float
    memory: float
    units: int = 34
    blind: int = 4

    def named(self, rng: np.random.Generator) -> tuple[int, int]:
        """How many blind units are named, and how many others."""
        chances = [self._chance(rng, blind=number < self.blind) for number in range(self.units)]
        called = [q is not None and q <= FALSE_ONES for q in false_discovery(chances)]
        return sum(called[: self.blind]), sum(called[self.blind :])

    def _chance(self, rng: np.random.Generator, *, blind: bool) -> float | None:
        length = 2 * self.weeks
        rates = latent_rates(weeks=length, dispersion=0.3, autocorrelation=0.7, rng=rng)
        rates *= self.mean * np.where(np.arange(length) < self.weeks, 1.0, 0.4)
        one, other = (
            rng.poisson(
                rates * seen * latent_rates(weeks=length, dispersion=self.own, autocorrelation=self.memory, rng=rng)
            )
            for seen in (0.7, 0.3)
        )
        other[self.weeks :] *= not blind
        sides = [
            (side[: self.weeks].astype(np.float64), side[self.weeks :].astype(np.float64)) for side in (one, other)
        ]
        chance: float | None = parted(sides[0], sides[1])["parting_p"]
        return chance


def discovered(units: Units, *, worlds: int) -> tuple[float, float]:
    """The false discovery rate, and the share of blind units that are named."""
    rng = np.random.default_rng(SEED)
    found = [units.named(rng) for _ in range(worlds)]
    false = float(np.mean([wrong / max(1, right + wrong) for right, wrong in found]))
    return false, float(np.mean([right / max(1, units.blind) for right, _ in found]))


MEANS = ((5.0, 5.0), (100.0, 100.0), (100.0, 5.0))


def correlation_table(pairs: int = 400) -> str:
    lines = ["| weeks | a week | memory | planted | held | width |", "|" + " --- |" * 6]
    for weeks in (52, 204):
        for means in MEANS:
            for memory in (0.5, 0.8):
                for common, own in ((0.0, 0.2), (0.2, 0.1), (0.3, 0.0)):
                    world = Observed(weeks, means, common, own, memory)
                    inside, width = held(world, pairs=pairs)
                    told = f"{means[0]:g} and {means[1]:g} | {memory:g} | {world.correlation():.2f}"
                    lines.append(f"| {weeks} | {told} | {inside:.1%} | {width:.2f} |")
    return "\n".join(lines)


def lag_table(pairs: int = 150) -> str:
    lines = ["| weeks | a week | memory | correlation | told | right | between the bounds |", "|" + " --- |" * 7]
    for weeks in (104, 204):
        for means in MEANS[:2]:
            for memory in (0.5, 0.8):
                for common, own in ((0.0, 0.2), (0.2, 0.1), (0.3, 0.0)):
                    world = Observed(weeks, means, common, own, memory, lag=3)
                    told, right, inside = lags(world, pairs=pairs)
                    rest = f"{right:.1%} | {inside:.1%}" if common else "– | –"
                    setting = f"{means[0]:g} and {means[1]:g} | {memory:g} | {_at_lag(world):.2f}"
                    lines.append(f"| {weeks} | {setting} | {told:.1%} | {rest} |")
    return "\n".join(lines)


def _at_lag(world: Observed) -> float:
    return replace(world, lag=0).correlation()


def unit_table(worlds: int = 200) -> str:
    lines = ["| weeks a window | a week | own variance, memory | false ones | blind ones named |", "|" + " --- |" * 5]
    for weeks in (26, 52, 104):
        for mean in (5.0, 20.0):
            for own, memory in ((0.0, 0.5), (0.1, 0.5), (0.1, 0.8)):
                false, named = discovered(Units(weeks, mean, own, memory), worlds=worlds)
                lines.append(f"| {weeks} | {mean:g} | {own:g}, {memory:g} | {false:.1%} | {named:.0%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    for table in (unit_table, lag_table, correlation_table):
        print(table(), end="\n\n", flush=True)
