"""What does a random sample of incidents tell of all? A share with an interval, wider for those that could not be decided."""

from __future__ import annotations

from math import sqrt

import polars as pl
from scipy.special import ndtri

FEW = 5
"""Of fewer drawn incidents than this no estimate is given."""


def came_up(incidents: pl.DataFrame) -> pl.Series:
    """True for the incidents that came up in a random order: up to the last one that was drawn; for none where none was.

    Args:
        incidents: number (in the order), drawn.
    """
    reach = incidents.filter("drawn")["number"].max()
    return incidents.select(pl.col("number").le(pl.lit(reach, dtype=pl.Float64)).fill_null(value=False)).to_series()


def wilson(
    found: int, undecided: int, *, drawn: int, total: int, confidence: float = 0.95
) -> tuple[float | None, float | None, float | None]:
    """The share among all incidents, from a sample drawn without replacement.

    Args:
        found: Of those drawn, how many have what is counted.
        undecided: Of those drawn, of how many it is not known.
        drawn: How many were drawn.
        total: How many there are.
        confidence: Between 0 and 1.

    Returns:
        The share among those decided, and its interval: Wilson's, for n (N - 1) / (N - n) drawn, its lower limit with no undecided one
        counted and its upper with all of them. Where all were drawn the interval is the bounds alone. Three nulls for fewer than FEW
        drawn; a null share where none is decided.

    Source:
        Wilson (1927), Probable Inference, Journal of the American Statistical Association 22; for a finite population by the effective
        size of Korn and Graubard (1998), Confidence Intervals for Proportions with Small Expected Number of Positive Counts Estimated from
        Survey Data, Survey Methodology 24(2).
    """
    if drawn < FEW:
        return None, None, None
    decided = drawn - undecided
    share = found / decided if decided else None
    if drawn >= total:
        return share, found / drawn, (found + undecided) / drawn
    size = drawn * (total - 1) / (total - drawn)
    z = float(ndtri(0.5 + confidence / 2))
    low, _ = _limits(found / drawn, size, z)
    _, high = _limits((found + undecided) / drawn, size, z)
    return share, low, high


def _limits(share: float, size: float, z: float) -> tuple[float, float]:
    middle = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    reach = z / (1 + z**2 / size) * sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)
