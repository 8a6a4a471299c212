"""What does a random sample of incidents tell of all? A share with an interval, wider for those that could not be decided."""

from __future__ import annotations

from math import sqrt

import polars as pl
import scipy

FEW = 5
"""Of fewer drawn incidents than this no estimate is given."""


def random_sample(incidents: pl.DataFrame) -> pl.DataFrame:
    """Those of some incidents that are a random sample of them all; none where some of them could not come up.

    Each incident of a random order that was read up to some number came up if its own is not above that. Where parts of them were
    read to different numbers, those up to the lowest are a sample of all. Of several orders the one with the most is taken: what came
    up in two of them is no sample of either.

    Args:
        incidents: Of whatever is asked for (a window, a type of event), with chances: for each random order in which an incident could
            come up seed, number and upto (a list, see layers.draws).

    Source:
        As layers.told.random_number.
    """
    orders = (
        incidents.select("chances")
        .with_row_index("at")
        .explode("chances", keep_nulls=False, empty_as_null=False)
        .unnest("chances")
        .with_columns(least=pl.col("upto").min().over("seed"), held=pl.len().over("seed"))
        .filter(pl.col("held") == incidents.height, pl.col("number") <= pl.col("least"))
    )
    if orders.is_empty():
        return incidents.clear()
    counts = orders.group_by("seed").len().sort("len", "seed", descending=[True, False])
    return incidents[orders.filter(seed=counts["seed"][0])["at"]]


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
    z = float(scipy.special.ndtri(0.5 + confidence / 2))
    low, _ = _limits(found / drawn, size, z)
    _, high = _limits((found + undecided) / drawn, size, z)
    return share, low, high


def _limits(share: float, size: float, z: float) -> tuple[float, float]:
    middle = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    reach = z / (1 + z**2 / size) * sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)
