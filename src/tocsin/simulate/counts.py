"""Weekly counts whose mean, spread and memory are known."""

from __future__ import annotations

import numpy as np

from tocsin.errors import QuestionError
from tocsin.simulate.arrays import Floats, Ints

LEAST_DISPERSION = 1e-9
"""Below it the counts can not be told from Poisson ones, and its inverse would be too large to draw with."""


def weekly_counts(
    *,
    weeks: int,
    mean: float | Floats,
    dispersion: float,
    autocorrelation: float,
    rng: np.random.Generator,
) -> Ints:
    """Negative binomial counts, one a week, round a latent rate that remembers the week before.

    The count of week t is Poisson with mean m(t) x g(t), where g is the path of `latent_rates`. So its mean is m, its
    variance m + dispersion x m^2, and, where m is constant, its autocorrelation at lag k is
    autocorrelation^k x dispersion x m / (1 + dispersion x m).

    Args:
        weeks: How many weeks.
        mean: Expected count a week: one number, or one for each week.
        dispersion: Variance of the latent rate round one; 0 gives Poisson counts.
        autocorrelation: Of the latent rate with that of the week before, from 0 to below 1.
        rng: Source of chance; the same state gives the same counts.

    Returns:
        `weeks` counts.

    Raises:
        QuestionError: a parameter is outside its bounds, or `mean` has another length than `weeks`.

    Source:
        The beta-gamma autoregression of Lewis, McKenzie and Hugus (1989), "Gamma processes", Stochastic Models 5(1).
    """
    means = np.asarray(mean, dtype=np.float64)
    if means.ndim > 1 or (means.ndim == 1 and len(means) != weeks):
        raise QuestionError(f"there are {weeks} weeks but the shape of the means is {means.shape}", where="mean")
    if not np.all(np.isfinite(means)) or np.any(means < 0):
        raise QuestionError("a mean is below nought or is not a number", where="mean")
    rates = latent_rates(weeks=weeks, dispersion=dispersion, autocorrelation=autocorrelation, rng=rng)
    return rng.poisson(means * rates).astype(np.int64)


def latent_rates(*, weeks: int, dispersion: float, autocorrelation: float, rng: np.random.Generator) -> Floats:
    """A stationary gamma path: mean one, variance `dispersion`, autocorrelation at lag k `autocorrelation`^k.

    Args:
        weeks: How many weeks.
        dispersion: Variance of the path; 0 gives ones.
        autocorrelation: At lag one, from 0 to below 1.
        rng: Source of chance.

    Returns:
        `weeks` positive numbers.

    Raises:
        QuestionError: a parameter is outside its bounds.
    """
    if weeks < 1:
        raise QuestionError(f"{weeks} is not a number of weeks", where="weeks", next_step="Give at least one.")
    if not (np.isfinite(dispersion) and dispersion >= 0):
        raise QuestionError(f"{dispersion} is not a dispersion", where="dispersion", next_step="Give 0 or more.")
    if not 0 <= autocorrelation < 1:
        raise QuestionError(f"{autocorrelation} is not from 0 to below 1", where="autocorrelation")
    if dispersion < LEAST_DISPERSION:
        return np.ones(weeks)
    shape = 1 / dispersion
    kept = np.zeros(weeks)
    if shape * autocorrelation > 0:  # the product of two small numbers can be nought
        kept = rng.beta(shape * autocorrelation, shape * (1 - autocorrelation), size=weeks)
    fresh = rng.gamma(shape * (1 - autocorrelation), size=weeks)
    path = np.empty(weeks)
    path[0] = rng.gamma(shape)
    for week in range(1, weeks):
        path[week] = kept[week] * path[week - 1] + fresh[week]
    return path / shape
