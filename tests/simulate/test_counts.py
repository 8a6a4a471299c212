"""The counts have the mean, the variance and the memory that they are said to have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin import simulate
from tocsin.errors import QuestionError

PATHS = 400
WEEKS = 200


def drawn(mean: float, dispersion: float, autocorrelation: float) -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.array(
        [
            simulate.weekly_counts(
                weeks=WEEKS, mean=mean, dispersion=dispersion, autocorrelation=autocorrelation, rng=rng
            )
            for _ in range(PATHS)
        ],
        dtype=float,
    )


def within(values: np.ndarray, expected: float, *, errors: float = 4) -> bool:
    """The mean of one value a path is within `errors` standard errors, taken over the independent paths, of what is expected."""
    return bool(abs(values.mean() - expected) < errors * values.std(ddof=1) / np.sqrt(len(values)))


@pytest.mark.parametrize(
    ("mean", "dispersion", "autocorrelation"), [(53.5, 0.1, 0.6), (256.0, 0.015, 0.0), (6.0, 0.5, 0.9), (4.0, 0.0, 0.0)]
)
def test_mean_variance_and_autocorrelation_are_recovered(
    mean: float, dispersion: float, autocorrelation: float
) -> None:
    paths = drawn(mean, dispersion, autocorrelation)
    around = paths - mean  # the mean is known, so the estimators below have no bias
    variance = mean + dispersion * mean**2
    assert within(paths.mean(axis=1), mean)
    assert within((around**2).mean(axis=1), variance)
    for lag in (1, 3):
        covariance = (around[:, lag:] * around[:, :-lag]).mean(axis=1)
        assert within(covariance, dispersion * mean**2 * autocorrelation**lag)


def test_marginal_law_is_negative_binomial() -> None:
    counts = drawn(6.0, 0.5, 0.9)
    # at mean m and dispersion d a week is empty with chance (1 + d m)^(-1/d)
    assert within((counts == 0).mean(axis=1), (1 + 0.5 * 6.0) ** (-1 / 0.5))


def test_mean_may_differ_from_week_to_week() -> None:
    rng = np.random.default_rng(3)
    mean = np.where(np.arange(100) < 50, 200.0, 40.0)
    counts = np.array(
        [
            simulate.weekly_counts(weeks=100, mean=mean, dispersion=0.05, autocorrelation=0.5, rng=rng)
            for _ in range(200)
        ]
    )
    assert within(counts[:, :50].mean(axis=1), 200)
    assert within(counts[:, 50:].mean(axis=1), 40)


@example(seed=0, weeks=1, phi=5e-324, dispersion=2.0)
@example(seed=0, weeks=60, phi=1e-300, dispersion=3.0)
@given(seed=st.integers(0, 2**32 - 1), weeks=st.integers(1, 60), phi=st.floats(0, 0.99), dispersion=st.floats(0, 3))
def test_same_state_gives_same_counts(seed: int, weeks: int, phi: float, dispersion: float) -> None:
    first, second = (
        simulate.weekly_counts(
            weeks=weeks, mean=20.0, dispersion=dispersion, autocorrelation=phi, rng=np.random.default_rng(seed)
        )
        for _ in range(2)
    )
    assert first.dtype == np.int64
    assert len(first) == weeks
    assert (first >= 0).all()
    assert (first == second).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weeks": 0}, "number of weeks"),
        ({"mean": -1.0}, "below nought"),
        ({"mean": np.ones(3)}, "5 weeks"),
        ({"dispersion": -0.1}, "dispersion"),
        ({"autocorrelation": 1.0}, "below 1"),
        ({"autocorrelation": -0.2}, "below 1"),
    ],
)
def test_parameters_out_of_bounds_are_refused(wrong: dict[str, object], said: str) -> None:
    right: dict[str, object] = {"weeks": 5, "mean": 4.0, "dispersion": 0.1, "autocorrelation": 0.5}
    with pytest.raises(QuestionError, match=said):
        simulate.weekly_counts(**(right | wrong), rng=np.random.default_rng(1))  # type: ignore[arg-type]
