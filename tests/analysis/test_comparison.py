"""Two windows compared: by hand, against another implementation, and with a planted ratio."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest
from statsmodels.stats import rates

from tests.star import on_duckdb, on_polars
from tocsin.analysis.absence import least_ratio
from tocsin.analysis.comparison import METHOD, TERMS, compare, compare_series, mean_of_series
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span
from tocsin.simulate import weekly_counts

MONDAY = dt.date(2021, 1, 4)


def number(row: dict[str, Any], name: str) -> float:
    assert isinstance(row[name], float)
    return float(row[name])


def test_worked_example() -> None:
    # Ten weeks with 2 incidents each, then ten with 1: constant series have the error of a Poisson mean.
    rows = [{"date": MONDAY + dt.timedelta(days=7 * week + n)} for week in range(10) for n in (0, 3)]
    rows += [{"date": MONDAY + dt.timedelta(days=7 * week)} for week in range(10, 20)]
    windows = (
        Span(MONDAY, MONDAY + dt.timedelta(days=69)),
        Span(MONDAY + dt.timedelta(days=70), MONDAY + dt.timedelta(days=139)),
    )
    covered = [Span(windows[0].first, windows[1].last)]
    table = compare(on_duckdb(rows, covered), selection=Selection(), definition=Definition(), windows=windows)
    row = table.row(0, named=True)
    assert (row["before_weeks"], row["before_incidents"], row["after_weeks"], row["after_incidents"]) == (
        10,
        20,
        10,
        10,
    )
    assert (row["before_mean"], row["after_mean"], row["ratio"], row["difference"]) == (2.0, 1.0, 0.5, -1.0)
    # One cosine term (0.3 x 10^(2/3) = 1.39), so one degree of freedom: t = 12.706; error of the mean = sqrt(2 / 10).
    assert row["before_high"] == pytest.approx(2 + 12.706 * np.sqrt(0.2), abs=1e-3)
    assert row["before_low"] == 0
    assert row["note"] is None
    assert METHOD


def test_the_error_is_that_of_a_regression_on_cosines() -> None:
    series = np.random.default_rng(3).poisson(20, 52) + np.arange(52) % 9 * 4.0
    length, terms = 52, int(TERMS * 52 ** (2 / 3))
    t = np.arange(1, length + 1)
    waves = np.column_stack([np.sqrt(2) * np.cos(np.pi * j * (t - 0.5) / length) for j in range(1, terms + 1)])
    slopes = sm.OLS(series, sm.add_constant(waves)).fit().params[1:]
    expected = np.sqrt(max(length * np.mean(slopes**2), series.mean()) / length)
    assert mean_of_series(series).error == pytest.approx(expected)


def test_the_ratio_is_that_of_a_poisson_regression_and_its_error_near_a_hac_one() -> None:
    rng = np.random.default_rng(5)
    before = weekly_counts(weeks=150, mean=80, dispersion=0.1, autocorrelation=0.4, rng=rng).astype(float)
    after = weekly_counts(weeks=150, mean=40, dispersion=0.1, autocorrelation=0.4, rng=rng).astype(float)
    row = compare_series("x", before, after)
    design = sm.add_constant(np.repeat([0.0, 1.0], 150))
    fit = sm.GLM(np.concatenate([before, after]), design, family=sm.families.Poisson()).fit(
        cov_type="HAC", cov_kwds={"maxlags": 12}
    )
    assert np.log(number(row, "ratio")) == pytest.approx(fit.params[1])
    width = np.log(number(row, "ratio_high") / number(row, "ratio_low"))
    hac = 2 * 1.96 * fit.bse[1]
    assert 0.6 < width / hac < 1.8


@pytest.mark.parametrize(
    ("mean", "ratio", "dispersion", "memory", "least"),
    [
        (256, 0.21, 0.2, 0.0, 0.93),
        (256, 0.21, 0.2, 0.5, 0.92),
        (10, 1.0, 0.5, 0.5, 0.91),
        (1, 0.5, 0.05, 0.0, 0.94),
    ],
)
def test_the_planted_ratio_is_covered_at_the_stated_rate(
    mean: float, ratio: float, dispersion: float, memory: float, least: float
) -> None:
    rng = np.random.default_rng(20210815)
    rows = [
        compare_series(
            "x",
            drawn(46, mean, dispersion, memory, rng),
            drawn(46, mean * ratio, dispersion, memory, rng),
        )
        for _ in range(1000)
    ]
    known = [row for row in rows if row["ratio_low"] is not None]
    covered = np.mean([number(row, "ratio_low") <= ratio <= number(row, "ratio_high") for row in known])
    assert len(known) > 980
    assert covered >= least


def test_no_change_is_called_a_change_at_no_more_than_the_stated_rate() -> None:
    rng = np.random.default_rng(7)
    rows = [compare_series("x", drawn(46, 50, 0.2, 0.5, rng), drawn(46, 50, 0.2, 0.5, rng)) for _ in range(1000)]
    alarms = np.mean([not number(row, "ratio_low") <= 1 <= number(row, "ratio_high") for row in rows])
    assert alarms < 0.08


def test_a_fivefold_fall_is_found() -> None:
    rng = np.random.default_rng(8)
    rows = [compare_series("x", drawn(46, 256, 0.1, 0.5, rng), drawn(46, 53.5, 0.1, 0.5, rng)) for _ in range(200)]
    assert np.mean([number(row, "ratio_high") < 0.5 for row in rows]) > 0.95


def drawn(weeks: int, mean: float, dispersion: float, memory: float, rng: np.random.Generator) -> NDArray[np.float64]:
    return weekly_counts(weeks=weeks, mean=mean, dispersion=dispersion, autocorrelation=memory, rng=rng).astype(float)


def test_few_weeks_or_few_events_give_no_interval_and_say_why() -> None:
    short = compare_series("x", np.full(7, 10.0), np.full(40, 10.0))
    assert short["before_low"] is None
    assert short["ratio_low"] is None
    assert "fewer than 8" in str(short["note"])
    rare = compare_series("x", np.full(40, 10.0), np.r_[np.zeros(39), 3.0])
    assert rare["ratio_low"] is None
    assert rare["difference_low"] is not None
    assert "fewer than 10" in str(rare["note"])


def test_nothing_before_gives_no_ratio() -> None:
    row = compare_series("x", np.zeros(40), np.full(40, 2.0))
    assert row["ratio"] is None
    assert row["difference"] == 2.0


@settings(max_examples=50)
@given(
    counts=st.lists(st.integers(0, 500), min_size=8, max_size=60),
    factor=st.integers(2, 5),
)
def test_invariants(counts: list[int], factor: int) -> None:
    series = np.array(counts, dtype=float)
    row, turned = compare_series("x", series, series[::-1]), compare_series("x", series[::-1], series)
    assert row["difference"] == pytest.approx(0)
    if row["ratio_low"] is not None:
        assert row["ratio"] == pytest.approx(1)
        assert number(row, "ratio_low") == pytest.approx(1 / number(turned, "ratio_high"))
    assert mean_of_series(series * factor).mean == pytest.approx(factor * series.mean())


def test_a_window_outside_the_data_says_what_they_cover() -> None:
    covered = [Span(MONDAY, MONDAY + dt.timedelta(days=69))]
    windows = (covered[0], Span(dt.date(2030, 1, 1), dt.date(2030, 6, 1)))
    with pytest.raises(QuestionError, match="not covered by the data"):
        compare(on_polars([{"date": MONDAY}], covered), selection=Selection(), definition=Definition(), windows=windows)


@pytest.mark.parametrize(
    ("later", "words"), [(5, "5 whole weeks of 8 February 2021 – 14 March 2021"), (9, "share the week of 8 March 2021")]
)
def test_windows_that_share_a_week_are_refused(later: int, words: str) -> None:
    """Ten weeks from 4 January, and ten that begin some weeks later."""
    first = Span(MONDAY, MONDAY + dt.timedelta(days=69))
    second = Span(MONDAY + dt.timedelta(days=7 * later), MONDAY + dt.timedelta(days=7 * later + 69))
    events = on_polars([{"date": MONDAY}], [Span(first.first, second.last)])
    for windows in ((first, second), (second, first)):
        with pytest.raises(QuestionError, match=words) as refused:
            compare(events, selection=Selection(), definition=Definition(), windows=windows)
        assert "let one end before the other begins" in refused.value.next_step


def test_windows_that_share_only_days_of_a_cut_week_are_compared() -> None:
    # Both hold Wednesday 17 March 2021, whose week is whole in neither.
    first = Span(MONDAY, MONDAY + dt.timedelta(days=72))
    second = Span(first.last, first.last + dt.timedelta(days=80))
    events = on_polars([{"date": MONDAY}], [Span(first.first, second.last)])
    table = compare(events, selection=Selection(), definition=Definition(), windows=(first, second))
    assert table["before_weeks"].to_list() == [10]


def test_two_windows_without_incidents_have_upper_limits() -> None:
    """Of 40 weeks without an incident: the rate at which that has a chance of 5 in 100, ln(20) / 40 = 0.0749 a week."""
    row = compare_series("x", np.zeros(40), np.zeros(20))
    assert (row["before_low"], row["after_low"]) == (0, 0)
    assert row["before_high"] == pytest.approx(np.log(20) / 40)
    assert row["difference"] == 0
    assert row["difference_low"] == pytest.approx(-np.log(20) / 40)
    assert row["difference_high"] == pytest.approx(np.log(20) / 20)
    assert (row["ratio"], row["ratio_low"], row["ratio_high"]) == (None, None, None)
    assert "no ratio" in str(row["note"])
    assert "Poisson" in str(row["note"])
    short = compare_series("x", np.zeros(7), np.zeros(7))
    assert short["difference_low"] is None
    assert "no intervals" in str(short["note"])


def test_a_window_without_incidents_is_not_taken_for_certain() -> None:
    many = np.random.default_rng(9).poisson(2, 40).astype(float)
    row, turned = compare_series("x", np.zeros(10), many), compare_series("x", many, np.zeros(10))
    mean, upper = number(row, "after_mean"), number(row, "after_high") - number(row, "after_mean")
    assert row["difference_high"] == pytest.approx(mean + upper)
    assert row["difference_low"] == pytest.approx(mean - np.hypot(upper, np.log(20) / 10))
    assert turned["difference_low"] == pytest.approx(-number(row, "difference_high"))
    assert "Poisson" in str(turned["note"])


def test_the_limits_of_rare_incidents_hold_the_truth() -> None:
    """One incident in some forty weeks: most windows have none or one."""
    rng = np.random.default_rng(10)
    rows = [compare_series("x", drawn(46, 0.03, 0.5, 0.5, rng), drawn(46, 0.02, 0.5, 0.5, rng)) for _ in range(1000)]
    both = [row for row in rows if not number(row, "before_mean") and not number(row, "after_mean")]
    assert len(both) > 50
    for name, truth in (("before", 0.03), ("difference", -0.01)):
        held = [number(row, f"{name}_low") <= truth <= number(row, f"{name}_high") for row in rows]
        assert np.mean(held) >= 0.95, name


def test_none_before_and_many_after_is_a_rise_with_a_lower_limit() -> None:
    """Of 80 incidents none in the first 40 of 80 weeks: the exact interval of a share by Clopper and Pearson, as odds."""
    many = np.full(40, 2.0)
    row, turned = compare_series("x", np.zeros(40), many), compare_series("x", many, np.zeros(40))
    share = binomtest(0, 80).proportion_ci(0.95, method="exact").high
    assert number(row, "ratio_low") == pytest.approx((1 - share) / share)
    assert (row["ratio"], row["ratio_high"]) == (None, None)
    assert (turned["ratio"], turned["ratio_low"]) == (0.0, 0.0)
    assert number(turned, "ratio_high") == pytest.approx(share / (1 - share))
    assert "only a lower limit" in str(row["note"])
    assert "only an upper limit" in str(turned["note"])


def test_the_limit_is_that_of_an_exact_test_of_two_rates() -> None:
    """At the limit the test of statsmodels that conditions on the sum has the stated chance; weeks need not be as many."""
    low = least_ratio(23, weeks=30, empty_weeks=52)
    test = rates.test_poisson_2indep(0, 52, 23, 30, value=1 / low, method="exact-cond", alternative="smaller")
    assert test.pvalue == pytest.approx(0.025)


def test_bursts_lower_the_limit() -> None:
    burst = np.r_[np.zeros(36), np.full(4, 20.0)]
    row, steady = compare_series("x", np.zeros(40), burst), compare_series("x", np.zeros(40), np.full(40, 2.0))
    assert number(row, "ratio_low") < 1 < number(steady, "ratio_low")


@pytest.mark.parametrize(
    ("weeks", "mean", "dispersion", "memory"),
    [(26, 0.1, 0.0, 0.0), (26, 0.3, 2.0, 0.5), (13, 0.5, 2.0, 0.9), (46, 0.2, 5.0, 0.8)],
)
def test_an_empty_window_is_no_change_at_no_more_than_the_stated_rate(
    weeks: int, mean: float, dispersion: float, memory: float
) -> None:
    """One rate, cut in two: that there was none before and now is more is said in at most 25 of 1,000 worlds, and the reverse."""
    rng = np.random.default_rng(12)
    worlds, rises, falls, empty = 1500, 0, 0, 0
    for _ in range(worlds):
        both = drawn(2 * weeks, mean, dispersion, memory, rng)
        before, after = both[:weeks], both[weeks:]
        if bool(before.sum()) == bool(after.sum()):
            continue
        empty += 1
        row = compare_series("x", before, after)
        rises += row["ratio_low"] is not None and number(row, "ratio_low") > 1
        falls += row["ratio_high"] is not None and number(row, "ratio_high") < 1
    assert empty > 15
    assert max(rises, falls) / worlds <= 0.025 + 0.004


def test_a_group_that_appears_is_found() -> None:
    """Half an incident a week where there was none, in bursts that remember: it is found in most worlds."""
    rng = np.random.default_rng(13)
    found = [compare_series("x", np.zeros(46), drawn(46, 0.5, 0.5, 0.5, rng))["ratio_low"] for _ in range(200)]
    assert np.mean([low is not None and float(low) > 1 for low in found]) > 0.9
