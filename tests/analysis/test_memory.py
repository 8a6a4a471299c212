"""What is learnt of a count's burstiness and memory: against statsmodels, SciPy and planted truth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import nbinom, poisson

from tocsin.analysis.memory import Unrest, _likelihood, character, learnt, own_chance, paths, unrest
from tocsin.analysis.segments import best_cuts, levels
from tocsin.analysis.trend import slope_of
from tocsin.simulate import weekly_counts

Floats = NDArray[np.float64]
NO_MARKS = np.empty((1, 0), dtype=np.int64)


def drawn(weeks: int, mean: float | Floats, dispersion: float, memory: float, seed: int = 1) -> Floats:
    rng = np.random.default_rng(seed)
    counts = weekly_counts(weeks=weeks, mean=mean, dispersion=dispersion, autocorrelation=memory, rng=rng)
    return counts.astype(np.float64)


def test_in_the_limit_of_poisson_counts_the_cuts_are_those_that_trying_all_gives() -> None:
    counts = np.random.default_rng(4).poisson([3] * 7 + [8] * 6 + [1] * 8).astype(float)
    found = best_cuts(counts[None], dispersion=np.zeros(1), least=4, most=2)
    for number in (1, 2):
        likely = {}
        for marks in itertools.combinations(range(4, counts.size - 3), number):
            parts = np.split(counts, marks)
            if min(map(len, parts)) >= 4:
                likely[marks] = sum(poisson.logpmf(each, each.mean()).sum() for each in parts)
        best = max(likely, key=likely.__getitem__)
        assert found.of(0, number) == list(best)
        gain = likely[best] - poisson.logpmf(counts, counts.mean()).sum()
        assert found.costs[0, 0] - found.costs[number, 0] == pytest.approx(gain, rel=1e-5)


def test_the_cuts_of_a_step_lie_at_its_places_and_those_of_step_one_are_no_worse() -> None:
    counts = drawn(90, np.repeat([4.0, 12.0], 45), 0.1, 0.0)[None]
    fine, rough = (best_cuts(counts, dispersion=np.array([0.1]), least=4, most=3, step=step) for step in (1, 7))
    assert all(mark % 7 == 0 for mark in rough.of(0, 3))
    assert (fine.costs <= rough.costs + 1e-9).all()


def test_levels_are_the_means_of_the_stretches() -> None:
    counts = np.array([[1.0, 3.0, 8.0, 0.0, 0.0, 5.0], [2.0, 2.0, 2.0, 9.0, 9.0, 9.0]])
    found = levels(counts, np.array([[2, 3], [3, 5]]))
    assert found.tolist() == [[2.0, 2.0, 8.0, *[5 / 3] * 3], [2.0, 2.0, 2.0, 9.0, 9.0, 9.0]]


@pytest.mark.parametrize(("mean", "dispersion"), [(2.0, 0.6), (40.0, 0.2)])
def test_the_dispersion_is_near_that_of_a_negative_binomial_regression(mean: float, dispersion: float) -> None:
    counts = drawn(1500, np.repeat([mean, 3 * mean], 750), dispersion, 0.0)
    level = levels(counts[None], np.array([[750]]))
    ours = character(counts[None], level, stretches=2)
    later = (np.arange(1500) >= 750).astype(float)
    theirs = sm.NegativeBinomial(counts, sm.add_constant(later)).fit(disp=False, start_params=[1.0, 1.0, 0.5])
    assert ours.dispersion[0] == pytest.approx(theirs.params[2], abs=2.5 * theirs.bse[2])
    assert ours.memory[0] < 0.1


def test_the_likelihood_is_that_of_negative_binomial_counts() -> None:
    counts = drawn(40, 5.0, 0.4, 0.0)[None]
    exact, ours = [], []
    for mean, dispersion in ((5.0, 0.4), (3.0, 0.1)):
        size = 1 / dispersion
        exact.append(nbinom.logpmf(counts, size, size / (size + mean)).sum())
        ours.append(float(_likelihood(counts, np.full((1, 40), mean), np.array([dispersion]))[0]))
    assert ours[0] - ours[1] == pytest.approx(exact[0] - exact[1])


def test_the_memory_is_near_that_of_an_autoregression() -> None:
    counts = drawn(1500, 2000.0, 0.05, 0.6)
    ours = character(counts[None], levels(counts[None], NO_MARKS), stretches=1)
    theirs = sm.tsa.SARIMAX(counts - counts.mean(), order=(1, 0, 0)).fit(disp=False)
    assert ours.memory[0] == pytest.approx(theirs.params[0], abs=0.06)


@pytest.mark.parametrize("memory", [0.0, 0.4, 0.7])
def test_planted_character_is_learnt_beside_a_change_of_level(memory: float) -> None:
    counts = np.array([drawn(104, np.repeat([10.0, 60.0], 52), 0.3, memory, seed) for seed in range(40)])
    found = learnt(counts, most=3)
    assert np.median(found.memory) == pytest.approx(memory, abs=0.12)
    assert np.median(found.dispersion) == pytest.approx(0.3, abs=0.1)


def test_the_source_of_chance_is_that_of_the_counts() -> None:
    counts = np.array([3.0, 0.0, 5.0])
    assert own_chance(counts).random() == own_chance(counts.copy()).random() != own_chance(counts[::-1]).random()


def test_paths_have_the_planted_moments() -> None:
    rng = np.random.default_rng(2)
    path = paths(weeks=60_000, dispersion=np.array([0.4]), memory=np.array([0.6]), rng=rng)[0]
    assert path.mean() == pytest.approx(1.0, abs=0.03)
    assert path.var() == pytest.approx(0.4, rel=0.1)
    assert np.corrcoef(path[1:], path[:-1])[0, 1] == pytest.approx(0.6, abs=0.03)


def test_what_learning_loses_is_put_back() -> None:
    """Of short series with a long memory too little is found; pairs lie nearer to what was planted."""
    off: dict[str, list[float]] = {"found": [], "pairs": []}
    for seed in range(40):
        counts = drawn(60, 20.0, 0.3, 0.7, seed)
        own = learnt(counts[None], most=3)
        likely = unrest(own, np.full((1, 60), counts.mean()), most=2, rng=np.random.default_rng(seed))
        off["found"].append(float(own.long_run[0]))
        off["pairs"].append(float(likely.long_run[0]))
    truth = 0.3 * (1 + 0.7) / (1 - 0.7)
    medians = {name: float(np.median(values)) for name, values in off.items()}
    assert medians["found"] < medians["pairs"]
    assert abs(medians["pairs"] - truth) < abs(medians["found"] - truth)


def test_counts_drawn_of_unrest_vary_as_its_pairs_say() -> None:
    for dispersions in ([0.5], [0.0, 0.5]):
        likely = Unrest(np.array([dispersions]), np.zeros((1, len(dispersions))))
        counts = likely.drawn(np.full((1, 50), 20.0), each=800, rng=np.random.default_rng(1))
        assert counts.var() == pytest.approx(20.0 + np.mean(dispersions) * 400, rel=0.1)


def test_the_slope_without_dispersion_is_that_of_a_poisson_regression() -> None:
    past, last = drawn(60, 15.0, 0.0, 0.0), drawn(20, 15 * np.exp(0.04 * np.arange(20)), 0.0, 0.0)
    theirs = sm.GLM(last, sm.add_constant(np.arange(20.0)), family=sm.families.Poisson()).fit()
    found = slope_of(last, past)
    assert found.slope == pytest.approx(theirs.params[1], rel=1e-6)
    assert found.low is not None
    assert found.high is not None
    low, high = theirs.conf_int()[1]
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.35 * (high - low))
