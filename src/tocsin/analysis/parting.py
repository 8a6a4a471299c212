"""Did two sides change alike? Their levels set against each other, and whether these moved between two windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from tocsin.analysis.comparison import FEW_EVENTS, FEW_WEEKS, freedom_of, long_run_variance, reach_of
from tocsin.analysis.discovery import adjusted

Floats = NDArray[np.float64]
Row = dict[str, Any]

FEW_EXPECTED = 5.0
"""Where fewer incidents than this are expected in one window of one side if the two did not part, it is not tested whether they do."""


@dataclass(frozen=True)
class Level:
    """The logarithm of the ratio of two weekly means, its error and the error's degrees of freedom; nan where it is not known."""

    value: float
    error: float
    freedom: float


def level_of(one: Floats, other: Floats) -> Level:
    """How far apart two series of the same weeks lie: their differences week by week, so that what both see cancels."""
    if not one.size or not one.sum() or not other.sum():
        return Level(np.nan, np.nan, 1.0)
    means = float(one.mean()), float(other.mean())
    value = float(np.log(means[0] / means[1]))
    if one.size < FEW_WEEKS or min(one.sum(), other.sum()) < FEW_EVENTS:
        return Level(value, np.nan, 1.0)
    variance, freedom = long_run_variance(one / means[0] - other / means[1], least=1 / means[0] + 1 / means[1])
    return Level(value, float(np.sqrt(variance / one.size)), freedom)


def ratio_of(name: str, levels: Sequence[Level], *, confidence: float) -> Row:
    """A ratio whose logarithm is the first level, or the first less the second, with its interval."""
    value = levels[0].value - (levels[1].value if len(levels) > 1 else 0.0)
    if np.isnan(value):
        return {}
    parts = [level.error**2 for level in levels]
    if np.isnan(sum(parts)):
        return {name: float(np.exp(value))}
    reach = reach_of(parts, [level.freedom for level in levels], confidence)
    return {
        name: float(np.exp(value)),
        f"{name}_low": float(np.exp(value - reach)),
        f"{name}_high": float(np.exp(value + reach)),
    }


def parted(one: tuple[Floats, Floats], other: tuple[Floats, Floats], *, confidence: float = 0.95) -> Row:
    """Whether two sides changed alike: parting, its interval, and parting_p.

    Args:
        one: Incidents a week, of the earlier window and of the later.
        other: The same weeks of the other side.
        confidence: Of the interval.

    Returns:
        parting (change of one / change of other), parting_low, parting_high, parting_p; what is not known is None. parting_p is also given
        where a side has next to nothing in a window, and so no interval.

    Assumes:
        Windows do not depend on each other. If the sides do not part, one has the same share of both their incidents in each window.

    Source:
        Where there is an interval, parting_p is of the same statistic. Else it is of the difference of one's shares p(w) in both
        windows, each with the long-run variance of one(t) - p(w) (one(t) + other(t)) (a linearised ratio), at least the binomial one
        at the share of both windows together. Both with Student's t and Welch's degrees of freedom.
    """
    known: Row = dict.fromkeys(("parting", "parting_low", "parting_high", "parting_p"))
    levels = [level_of(one[window], other[window]) for window in (1, 0)]
    known |= ratio_of("parting", levels, confidence=confidence)
    if known["parting_low"] is not None:
        known["parting_p"] = _chance(
            levels[0].value - levels[1].value, [each.error**2 for each in levels], [each.freedom for each in levels]
        )
    elif min(window.size for window in one) >= FEW_WEEKS:
        known["parting_p"] = _chance_by_shares(one, other)
    return known


def _chance(apart: float, parts: Sequence[float], freedoms: Sequence[float]) -> float:
    return float(2 * scipy.special.stdtr(freedom_of(parts, freedoms), -abs(apart) / np.sqrt(sum(parts))))


def _chance_by_shares(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float | None:
    """None where fewer than FEW_EXPECTED incidents are expected of a side in a window."""
    totals = np.array([[side[window].sum() for window in (0, 1)] for side in (one, other)])
    every = totals.sum()
    if not every or (np.outer(totals.sum(axis=1), totals.sum(axis=0)) / every).min() < FEW_EXPECTED:
        return None
    share = float(totals[0].sum() / every)
    parts, freedoms, own = [], [], []
    for window in (0, 1):
        both = one[window] + other[window]
        mean = float(both.mean())
        own.append(float(one[window].sum() / both.sum()))
        variance, freedom = long_run_variance(one[window] - own[-1] * both, least=share * (1 - share) * mean)
        parts.append(variance / (both.size * mean**2))
        freedoms.append(freedom)
    return _chance(own[1] - own[0], parts, freedoms)


def false_discovery(chances: Sequence[float | None]) -> list[float | None]:
    """Each p-value adjusted for the number of those that are known."""
    known = [at for at, p in enumerate(chances) if p is not None]
    corrected: list[float | None] = [None] * len(chances)
    for at, q in zip(known, adjusted(np.array([chances[at] for at in known], dtype=np.float64)), strict=True):
        corrected[at] = float(q)
    return corrected
