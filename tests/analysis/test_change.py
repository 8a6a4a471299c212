"""Changes, trends and alarms: exact cuts against all cuts, laws against SciPy's, and planted truth found again."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import polars as pl
import pytest
from scipy.stats import betanbinom, false_discovery_control, nbinom

from tests.star import on_polars
from tocsin.analysis import watch as watching
from tocsin.analysis.change import FEW, NONE, SHORT, changes, steps_of
from tocsin.analysis.discovery import adjusted
from tocsin.analysis.segments import best_cuts, cost
from tocsin.analysis.trend import slope_of, trend
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span
from tocsin.simulate import weekly_counts

MONDAY = dt.date(2019, 1, 7)


def series(weekly: list[int]) -> tuple[list[dict[str, object]], Span]:
    rows = [
        {"date": MONDAY + dt.timedelta(days=7 * week + number % 7), "unit": "AF-KAB"}
        for week, incidents in enumerate(weekly)
        for number in range(incidents)
    ]
    return rows, Span(MONDAY, MONDAY + dt.timedelta(days=7 * len(weekly) - 1))


def counts_of(*levels: tuple[int, float], seed: int = 1, dispersion: float = 0.02) -> list[int]:
    """Weeks at each level, one after the other."""
    mean = np.concatenate([np.full(weeks, level) for weeks, level in levels])
    drawn = weekly_counts(
        weeks=mean.size, mean=mean, dispersion=dispersion, autocorrelation=0.0, rng=np.random.default_rng(seed)
    )
    return [int(number) for number in drawn]


def test_the_best_cuts_are_those_that_trying_all_gives() -> None:
    rng = np.random.default_rng(3)
    counts = rng.poisson([4] * 5 + [9] * 5 + [2] * 6).astype(float)[None]
    dispersion = np.array([0.1])
    found = best_cuts(counts, dispersion=dispersion, least=3, most=3)
    for number in range(1, 4):
        tried = {}
        for marks in itertools.combinations(range(3, counts.shape[1] - 2), number):
            edges = [0, *marks, counts.shape[1]]
            if min(np.diff(edges)) < 3:
                continue
            parts = [counts[0, a:b] for a, b in itertools.pairwise(edges)]
            tried[marks] = sum(float(cost(p.sum()[None], np.array([float(p.size)]), dispersion)[0]) for p in parts)
        best = min(tried, key=tried.__getitem__)
        assert found.of(0, number) == list(best)
        assert found.costs[number, 0] == pytest.approx(tried[best])


def test_the_cost_is_the_negative_binomial_likelihood() -> None:
    counts, size = np.array([3.0, 5.0, 0.0, 7.0]), 1 / 0.3
    mean = np.array([2.0, 6.0])
    exact = [-nbinom.logpmf(counts, size, size / (size + level)).sum() for level in (counts[:2].mean(), counts.mean())]
    ours = [float(cost(c.sum()[None], np.array([float(c.size)]), np.array([0.3]))[0]) for c in (counts[:2], counts)]
    # What does not depend on the cuts is left out: differences of the same weeks at two levels are the same.
    other = -nbinom.logpmf(counts, size, size / (size + mean[0])).sum()
    assert exact[1] <= other
    halves = [float(cost(c.sum()[None], np.array([2.0]), np.array([0.3]))[0]) for c in (counts[:2], counts[2:])]
    exact_halves = sum(-nbinom.logpmf(c, size, size / (size + c.mean())).sum() for c in (counts[:2], counts[2:]))
    assert sum(halves) - ours[1] == pytest.approx(exact_halves - exact[1])


def test_a_planted_change_is_found_with_its_date_and_size() -> None:
    rows, days = series(counts_of((60, 40.0), (44, 8.0)))
    table = changes(on_polars(rows, [days]), selection=Selection(), definition=Definition(), period=days)
    assert table.height == 1
    row = table.row(0, named=True)
    planted = MONDAY + dt.timedelta(weeks=60)
    assert row["date_low"] <= planted <= row["date_high"]
    assert abs((row["week_date"] - planted).days) <= 7
    assert row["ratio_low"] <= 0.2 <= row["ratio_high"]
    assert (row["verdict"], row["p_value"]) == ("fall", 0.01)


def test_series_without_a_change_are_seldom_cut() -> None:
    found = sum(bool(steps_of(np.array(counts_of((104, 20.0), seed=seed), dtype=float))) for seed in range(40))
    # At 5 per cent more than seven of forty would be found once in a thousand times.
    assert found <= 7


def test_a_second_change_is_seldom_told_of_series_with_one() -> None:
    numbers = [len(steps_of(np.array(counts_of((40, 8.0), (40, 40.0), seed=seed), dtype=float))) for seed in range(30)]
    assert numbers.count(0) == 0
    # At 5 per cent more than six of thirty would be found once in a thousand times.
    assert 30 - numbers.count(1) <= 6


def test_two_planted_changes_are_both_found() -> None:
    found = steps_of(np.array(counts_of((40, 10.0), (30, 40.0), (40, 12.0), seed=3), dtype=float))
    assert [abs(step.week - planted) <= 1 for step, planted in zip(found, (40, 70), strict=True)] == [True, True]
    assert all(step.chance <= 0.05 for step in found)


def test_too_little_gives_no_verdict() -> None:
    for weekly, said in (([3] * 10, SHORT), ([0] * 50 + [1] * 9, FEW), ([5] * 60, NONE)):
        rows, days = series(weekly)
        table = changes(on_polars(rows, [days]), selection=Selection(), definition=Definition(), period=days)
        assert table["verdict"].to_list() == [said]
        assert table["week_date"].null_count() == 1


def test_a_planted_trend_is_found_and_its_slope_held() -> None:
    rng = np.random.default_rng(5)
    mean = np.concatenate([np.full(104, 30.0), 30 * np.exp(0.06 * np.arange(20))])
    counts = weekly_counts(weeks=124, mean=mean, dispersion=0.02, autocorrelation=0.2, rng=rng).astype(float)
    found = slope_of(counts[-20:], counts[:-20])
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 0.06 <= found.high
    assert found.low > 0
    assert found.chance <= 0.05


def test_a_trend_says_of_which_weeks_it_is_and_refuses_too_few() -> None:
    rows, days = series(counts_of((60, 20.0)))
    events = on_polars(rows, [days])
    given = {"selection": Selection(), "definition": Definition(), "period": days}
    table = trend(events, weeks=13, **given)  # type: ignore[arg-type]
    assert (table["weeks"][0], table["to_date"][0]) == (13, days.last)
    assert table["incidents"][0] == sum(1 for row in rows if row["date"] >= table["from_date"][0])
    with pytest.raises(QuestionError, match="60 whole weeks"):
        trend(events, weeks=80, **given)  # type: ignore[arg-type]
    with pytest.raises(QuestionError, match="not asked"):
        trend(events, weeks=3, **given)  # type: ignore[arg-type]


def test_predicted_windows_follow_the_beta_negative_binomial_law() -> None:
    total, windows, size, now = 30, 10, 4.0, 9
    weights = np.zeros((1, watching.SIZES.size))
    weights[0, 0] = 1.0
    sizes, watching_size = watching.SIZES.copy(), size
    try:
        watching.SIZES[:] = watching_size
        seen = watching.FIRST + windows * watching.SIZES[None, :]
        found = watching._predicted(np.array([now]), np.array([[total]]), seen, weights)
    finally:
        watching.SIZES[:] = sizes
    law = betanbinom(size, watching.FIRST + windows * size, watching.FIRST + total)
    assert found.chance[0] == pytest.approx(law.sf(now - 1), rel=1e-9)
    assert found.high[0] == law.ppf(0.975)


def test_adjusted_chances_are_those_of_benjamini_and_hochberg() -> None:
    chances = np.random.default_rng(1).random(34) ** 2
    assert adjusted(chances) == pytest.approx(false_discovery_control(chances))


def test_a_unit_that_flares_up_is_named_and_the_others_are_not() -> None:
    rows, days = [], Span(MONDAY, MONDAY + dt.timedelta(days=7 * 60 - 1))
    rng = np.random.default_rng(2)
    for number in range(12):
        for week in range(60):
            flare = 6.0 if number == 3 and week >= 56 else 1.0
            rows += [
                {"date": MONDAY + dt.timedelta(days=7 * week), "unit": f"U{number}"}
                for _ in range(rng.poisson(2.0 * flare))
            ]
    units = [*(f"U{number}" for number in range(12)), "QUIET"]
    table = watching.watch(
        on_polars(rows, [days]), selection=Selection(), definition=Definition(), period=days, units=units, weeks=4
    )
    newest = table.filter(pl.col("latest") == "yes")
    assert newest.filter(pl.col("alarm") == "yes")["unit_code"].to_list() == ["U3"]
    assert newest.filter(pl.col("unit_code") == "QUIET")["verdict"].to_list() == [watching.NOTHING]
    with pytest.raises(QuestionError, match="no unit to watch"):
        watching.watch(on_polars(rows, [days]), selection=Selection(), definition=Definition(), period=days, units=[])
