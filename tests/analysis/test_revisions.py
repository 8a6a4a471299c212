"""How complete the last weeks are: by hand, against a chain ladder written out, and with planted delays."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from tests.analysis.measured import (
    CURVE,
    MONDAY,
    NEAR,
    SEED,
    SETTLED,
    SLOWER,
    Reporting,
    covered_nowcast,
    planted_history,
)
from tocsin.analysis.revisions import (
    FEW_STATES,
    FEW_WEEKS,
    completeness,
    incomplete,
    nowcast,
    nowcast_average,
    states,
    triangle,
)
from tocsin.cube import day_number
from tocsin.errors import QuestionError
from tocsin.schema import Span

AVERAGES = (
    (100, 8, Reporting()),
    (20, 8, Reporting()),
    (5, 8, Reporting()),
    (1, 8, Reporting()),
    (20, 4, Reporting()),
    (100, 8, Reporting(withdrawn=0.15)),
    (5, 8, Reporting(withdrawn=0.15)),
    (100, 8, Reporting(evenness=30)),
    (5, 8, Reporting(evenness=30)),
    (20, 8, Reporting(withdrawn=0.1, monthly=True)),
    (20, 8, Reporting(withdrawn=0.1, states=10)),
    (100, 8, Reporting(last_level=5, evenness=30)),
    (100, 8, Reporting(batch=4)),
    (5, 8, Reporting(batch=4)),
    (100, 8, Reporting(last_curve=SLOWER)),
    (5, 8, Reporting(last_curve=SLOWER)),
)
"""What the table of averages in docs/methods/revisions.md was measured on: settled count a week, weeks in the average, reporting."""


def covered_average(mean: float, weeks: int, reporting: Reporting, *, series: int) -> dict[str, Any]:
    """Of the newest eight averages, the newest first: shares of bands that hold the settled one, mean widths (of `mean`), warnings."""
    rng = np.random.default_rng(SEED)
    measured: dict[str, list[Any]] = {"held": [], "width": [], "warned": []}
    for _ in range(series):
        planted, truth = planted_history(mean, reporting, rng=rng)
        known = triangle(planted, week_starts="Monday")
        table = nowcast_average(known, average_weeks=weeks, settled_weeks=SETTLED).tail(NEAR)
        last = [(each - MONDAY).days // 7 for each in reversed(table["week_date"].to_list())]
        settled = np.array([truth[week - weeks + 1 : week + 1].mean() for week in last])
        low, high = (table[name].to_numpy()[::-1] for name in ("low", "high"))
        measured["held"].append((low <= settled + 1e-9) & (settled <= high + 1e-9))
        measured["width"].append((high - low) / mean)
        measured["warned"].append(table["warning"].is_not_null().to_numpy()[::-1])
    return {name: np.mean(values, axis=0) for name, values in measured.items()}


def day(number: int) -> dt.date:
    """Counted from a Monday."""
    return MONDAY + dt.timedelta(days=number)


def history(rows: list[tuple[int, int, int]]) -> pl.DataFrame:
    """event day and data date, counted from a Monday, and incidents."""
    return pl.DataFrame(
        [(day(event), day(state), incidents) for event, state, incidents in rows],
        schema={"event_day": pl.Date, "data_date": pl.Date, "incidents": pl.Int64},
        orient="row",
    )


def ladder(known: dict[tuple[int, int], int]) -> pl.DataFrame:
    """A triangle from (week, delay) -> incidents."""
    weeks, delays = (max(key[place] for key in known) + 1 for place in (0, 1))
    return pl.DataFrame(
        [(day(7 * week), delay, known.get((week, delay))) for week in range(weeks) for delay in range(delays)],
        schema={"week_date": pl.Date, "delay_weeks": pl.Int64, "incidents": pl.Int64},
        orient="row",
    )


def full(settled: list[int], curve: list[float], states: list[int] | None = None) -> dict[tuple[int, int], int]:
    """What is known of each week at each of the states (at the end of a week), along one curve and without chance."""
    last = len(settled) - 1
    return {
        (week, state - week): round(count * curve[min(state - week, len(curve) - 1)])
        for week, count in enumerate(settled)
        for state in (range(last + 1) if states is None else states)
        if state >= week
    }


def cells(table: pl.DataFrame) -> dict[tuple[dt.date, int], Any]:
    return {(week, delay): incidents for week, delay, incidents in table.rows()}


def test_a_triangle_by_hand() -> None:
    rows = [
        (0, 6, 2),  # known on the last day of the first week
        (0, 20, 3),  # two weeks later: the first week has one more
        (8, 20, 4),
        (20, 20, 1),  # the last day of the third week
        (6, 30, 5),  # 30 is a Wednesday, nine days after the third week ended; what the state lacks is zero
        (24, 30, 7),  # of the fourth week, which ended three days before
        (29, 30, 9),  # of the fifth, which has not ended
    ]
    found = triangle(history(rows), week_starts="Monday")
    assert found.schema == {"week_date": pl.Date, "delay_weeks": pl.Int64, "incidents": pl.Int64}
    known = {key: value for key, value in cells(found).items() if value is not None}
    assert known == {
        (day(0), 0): 2,
        (day(0), 2): 3,
        (day(0), 3): 5,
        (day(7), 1): 4,
        (day(7), 2): 0,
        (day(14), 0): 1,
        (day(14), 1): 0,
        (day(21), 0): 7,
    }
    assert found.height == 4 * 4  # nothing is known of the first week after one week, and nothing carried on
    assert triangle(history(rows).with_columns(pl.col("event_day").cast(pl.Int32)), week_starts="Monday").equals(found)


def test_of_states_less_than_a_week_apart_the_newest_counts() -> None:
    found = triangle(history([(0, 6, 1), (0, 8, 2), (0, 12, 3), (0, 13, 9)]), week_starts="Monday")
    assert cells(found)[day(0), 0] == 3
    assert cells(found)[day(0), 1] == 9


def test_weeks_begin_on_the_day_said_and_lie_in_the_period() -> None:
    rows = [(0, 40, 1), (7, 40, 1), (20, 40, 1)]
    found = triangle(history(rows), week_starts="Wednesday", period=Span(day(3), day(29)))
    assert found["week_date"].unique().sort().to_list() == [day(9), day(16), day(23)]
    # The week of day 9 to 15 ended 25 days, or three whole weeks, before day 40.
    assert found.filter(pl.col("incidents").is_not_null())["delay_weeks"].to_list() == [3, 2, 1]


@given(
    data=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 90), st.integers(0, 5)), min_size=1, max_size=60),
    starts=st.sampled_from(["Monday", "Thursday", "Sunday"]),
)
@settings(max_examples=60)
def test_a_triangle_is_what_counting_gives(data: list[tuple[int, int, int]], starts: str) -> None:
    """Against plain Python: for each week and state, the delay and the sum."""
    table = history(data)
    try:
        found = cells(triangle(table, week_starts=starts))
    except QuestionError:
        return
    for week in {key[0] for key in found}:
        end = week + dt.timedelta(days=6)
        for delay in {key[1] for key in found}:
            dates = [date for date in table["data_date"].to_list() if date >= end and (date - end).days // 7 == delay]
            expected = None
            if dates:
                mine = table.filter(pl.col("data_date") == max(dates), pl.col("event_day").is_between(week, end))
                expected = int(mine["incidents"].sum())
            assert found[week, delay] == expected, (week, delay)


def test_what_can_not_be_a_history_says_so() -> None:
    good = history([(0, 30, 1)])
    for bad, words in (
        (good.drop("data_date"), "lacks data_date"),
        (good.clear(), "no rows"),
        (good.with_columns(incidents=pl.lit(-1)), "below zero"),
        (good.with_columns(incidents=pl.lit(None, dtype=pl.Int64)), "have no incidents"),
        (good.with_columns(data_date=pl.lit("2021")), "data_date are not dates"),
        (good.with_columns(incidents=pl.lit(1.5)), "incidents are not whole numbers"),
        (history([(0, 3, 1)]), "no whole week"),
    ):
        with pytest.raises(QuestionError, match=words):
            triangle(bad, week_starts="Monday")
    with pytest.raises(QuestionError, match="no whole week"):
        triangle(good, week_starts="Monday", period=Span(day(100), day(200)))


COUNTS = [1000 * (1 + week % 3) for week in range(30)]


@pytest.mark.parametrize("states", [None, [9, 10, 13, 14, 18, 19, 20, 22, 25, 26, 28, 29]])
def test_a_constant_curve_without_chance_is_found_exactly(states: list[int] | None) -> None:
    """With a state each week, and with gaps; counts grow, then shrink."""
    curve = [0.4, 0.7, 0.95, 1.1, 1.05, 1.0]
    known = ladder(full(COUNTS, curve, states))
    found = completeness(known, settled_weeks=8)
    assert found["completeness"].to_list() == pytest.approx([*curve, 1, 1, 1])
    forecast = nowcast(known, settled_weeks=8)
    assert forecast["estimate"].to_list() == pytest.approx(COUNTS[-8:])
    assert forecast["delay_weeks"].to_list() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert (forecast["low"] <= forecast["estimate"]).all()
    assert (forecast["high"] >= forecast["estimate"]).all()
    assert forecast["warning"].null_count() == 8


def test_factors_are_those_of_a_chain_ladder_written_out() -> None:
    """A state each week: development factors from column to column, multiplied."""
    rng = np.random.default_rng(11)
    weeks = 14
    known = {
        (week, delay): int(count)
        for week in range(weeks)
        for delay, count in enumerate(np.cumsum(rng.poisson([40, 20, 10, 5, 2, *[1] * 9]))[: weeks - week])
    }
    product, expected = 1.0, {13: 1.0}
    for delay in range(12, -1, -1):
        both = [week for week in range(weeks) if (week, delay + 1) in known]
        product *= sum(known[week, delay + 1] for week in both) / sum(known[week, delay] for week in both)
        expected[delay] = product
    found = completeness(ladder(known), settled_weeks=13)
    for delay, factor in expected.items():
        if delay < 13:
            assert 1 / found["completeness"][delay] == pytest.approx(factor)
    forecast = nowcast(ladder(known), settled_weeks=13)
    now = {week: known[week, weeks - 1 - week] for week in range(weeks)}
    assert forecast["estimate"].to_list() == pytest.approx(
        [now[week] * expected[weeks - 1 - week] for week in range(1, weeks)]
    )


def test_the_error_of_a_factor_by_hand() -> None:
    """Settled after one week, so one factor: Mack's variance and the errors that follow from it."""
    first, second = [10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20], [18, 25, 50, 8, 33, 41, 17, 29, 50, 12, 37]
    known = {(week, 0): count for week, count in enumerate([*first, 15])}
    known |= {(week, 1): count for week, count in enumerate(second)}
    before, after = np.array(first, dtype=float), np.array(second, dtype=float)
    factor = after.sum() / before.sum()
    # The settled counts are those of delay 1 in the newest state, where the others have passed it by.
    known |= {(week, 11 - week): count for week, count in enumerate(second)}
    spread = 11 / 10 * np.sum((after - factor * before) ** 2) / np.sum(before + 0.5)
    error = np.sqrt(spread / before.sum()) / factor
    row = completeness(ladder(known), settled_weeks=1).row(0, named=True)
    assert (row["weeks"], row["incidents"]) == (11, after.sum())
    assert row["completeness"] == pytest.approx(1 / factor)
    # Student's t with ten degrees of freedom: 2.2281.
    assert row["low"] == pytest.approx(np.exp(-2.22814 * error) / factor, rel=1e-4)
    assert row["high"] == pytest.approx(np.exp(2.22814 * error) / factor, rel=1e-4)
    # The twelfth week, as docs/methods/revisions.md works it out.
    assert spread == pytest.approx(1.091, abs=5e-4)
    variance = (spread * 15.5 + (error * factor * 15.5) ** 2) * (2.22814 / 1.95996) ** 2
    assert variance == pytest.approx(18.15 * 1.2924, abs=0.01)
    law = gamma((factor * 15.5) ** 2 / variance, scale=variance / (factor * 15.5))
    last = nowcast(ladder(known), settled_weeks=1).row(0, named=True)
    assert (last["incidents"], last["low"], last["high"]) == (15, 15, 34)
    assert last["estimate"] == pytest.approx(22.857, abs=1e-3)
    assert (last["low"], last["high"]) == (np.floor(law.ppf(0.025)), np.ceil(law.ppf(0.975) - 1))


def test_too_few_states_or_weeks_are_refused() -> None:
    few = ladder(full(COUNTS, [0.5, 1], list(range(30 - FEW_STATES + 1, 30))))
    for ask in (completeness, nowcast):
        with pytest.raises(QuestionError, match="too few") as refused:
            ask(few, settled_weeks=5)
        assert f"{FEW_STATES} are needed" in refused.value.next_step
        with pytest.raises(QuestionError, match="none is settled after 40 weeks"):
            ask(ladder(full(COUNTS, [0.5, 1])), settled_weeks=40)
        with pytest.raises(QuestionError, match="0 weeks"):
            ask(ladder(full(COUNTS, [0.5, 1])), settled_weeks=0)


def test_a_delay_that_few_weeks_were_seen_at_has_no_interval() -> None:
    """Ten states of few weeks: at delay 5 and beyond fewer than six weeks were seen later."""
    forecast = nowcast(ladder(full([100] * 11, [0.5, 0.8, 1])), settled_weeks=10)
    few = forecast.filter(pl.col("weeks") < FEW_WEEKS)
    assert few.height == 5
    assert few["low"].null_count() == few["high"].null_count() == 5
    assert few["warning"].str.contains("no interval").all()
    assert forecast.filter(pl.col("weeks") >= FEW_WEEKS)["low"].null_count() == 0


def test_a_week_of_which_nothing_is_known_may_still_have_incidents() -> None:
    settled = [4, 6, 3, 5] * 10
    known = full(settled, [0.5, 1])
    known[39, 0] = 0
    row = nowcast(ladder(known), settled_weeks=6).row(-1, named=True)
    assert (row["estimate"], row["low"]) == (0, 0)
    assert row["high"] >= 2


def test_where_nothing_was_ever_known_at_a_delay_nothing_is_told() -> None:
    known = full(COUNTS, [0.0, 0.5, 1])
    row = nowcast(ladder(known), settled_weeks=6).row(-1, named=True)
    assert (row["completeness"], row["estimate"], row["low"], row["high"]) == (None, None, None, None)
    assert "nothing can be told" in row["warning"]


def warned(reporting: Reporting, *, mean: float = 100, settled_weeks: int = 20, seed: int = 3) -> pl.DataFrame:
    planted, _ = planted_history(mean, reporting, rng=np.random.default_rng(seed))
    return nowcast(triangle(planted, week_starts="Monday"), settled_weeks=settled_weeks)


@pytest.mark.parametrize(
    ("reporting", "settled_weeks", "words"),
    [
        (Reporting(), 4, "still grow after 4 weeks"),
        (Reporting(withdrawn=0.5), 9, "still shrink after 9 weeks"),
        (Reporting(last_curve=SLOWER), 20, "of late less is known"),
        (Reporting(batch=4), 20, "revised alike"),
    ],
)
def test_a_failing_assumption_is_warned_of(reporting: Reporting, settled_weeks: int, words: str) -> None:
    assert warned(reporting, settled_weeks=settled_weeks)["warning"].str.contains(words).any()


def test_counts_of_a_size_never_seen_are_warned_of() -> None:
    known = full([100] * 30, [0.5, 0.8, 1])
    known[29, 0] = 400
    forecast = nowcast(ladder(known), settled_weeks=6)
    assert "size" in forecast["warning"][-1]
    assert forecast["warning"][:-1].null_count() == 5


def test_warnings_are_rare_where_the_assumptions_hold() -> None:
    said = [warned(Reporting(withdrawn=0.1), seed=seed)["warning"].is_not_null().mean() for seed in range(20)]
    assert np.mean(np.array(said, dtype=float)) < 0.05


@pytest.mark.parametrize(
    ("mean", "reporting"),
    [
        (20, Reporting(weeks=70, states=30, withdrawn=0.15)),
        (50, Reporting(weeks=70, monthly=True, withdrawn=0.1)),
    ],
)
def test_the_interval_holds_the_planted_count_at_the_stated_rate(mean: float, reporting: Reporting) -> None:
    """Of 300 series, 92 to 98 per cent of the intervals of the last eight weeks, give or take chance."""
    held = covered_nowcast(mean, reporting, series=300, settled_weeks=18)["held"]
    assert 0.92 <= held.mean() <= 0.985
    assert held.min() >= 0.92


def test_the_curve_lies_in_its_interval_at_the_stated_rate() -> None:
    rng = np.random.default_rng(12)
    held = []
    for _ in range(60):
        planted, _ = planted_history(30, Reporting(weeks=70, states=30), rng=rng)
        table = completeness(triangle(planted, week_starts="Monday"), settled_weeks=18).head(8)
        truth = np.cumsum(CURVE)[:8]
        held.append(np.mean((table["low"].to_numpy() <= truth) & (truth <= table["high"].to_numpy())))
    assert np.mean(held) >= 0.92


@given(
    counts=st.lists(st.integers(0, 40), min_size=14, max_size=20),
    curve=st.lists(st.floats(0, 1.5), min_size=1, max_size=5),
)
@settings(max_examples=60)
def test_bounds_are_in_order(counts: list[int], curve: list[float]) -> None:
    known = ladder(full(counts, [*curve, 1.0]))
    forecast = nowcast(known, settled_weeks=6).drop_nulls(["low"])
    assert (forecast["low"] >= 0).all()
    assert (forecast["low"] <= forecast["estimate"]).all()
    assert (forecast["estimate"] <= forecast["high"]).all()
    shares = completeness(known, settled_weeks=6).drop_nulls(["low"])
    assert (shares["low"] <= shares["completeness"]).all()
    assert (shares["completeness"] <= shares["high"]).all()


def twelve_weeks() -> pl.DataFrame:
    """The triangle of the worked example: settled after one week, and of the twelfth week 15 are known."""
    first, second = [10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20], [18, 25, 50, 8, 33, 41, 17, 29, 50, 12, 37]
    known = {(week, 0): count for week, count in enumerate([*first, 15])}
    known |= {(week, 1): count for week, count in enumerate(second)}
    return ladder(known | {(week, 11 - week): count for week, count in enumerate(second)})


def test_the_band_of_an_average_by_hand() -> None:
    """Two weeks: 37 are settled, and of the other 15 are known, which settle at 22.857, or between 15 and 34."""
    found = nowcast_average(twelve_weeks(), average_weeks=2, settled_weeks=1)
    assert found.height == 1
    row = found.row(0, named=True)
    assert (row["week_date"], row["average"], row["low"], row["high"]) == (day(7 * 11), 26, 26, 35.5)
    assert row["estimate"] == pytest.approx((37 + 22.857) / 2, abs=1e-3)
    assert (row["revised"], row["warning"]) == (True, None)
    # Centred, the same two weeks are those of the later week; of three, those of the one before.
    assert nowcast_average(twelve_weeks(), average_weeks=2, average="centred", settled_weeks=1).equals(found)
    three = nowcast_average(twelve_weeks(), average_weeks=3, average="centred", settled_weeks=1)
    assert three["week_date"].to_list() == [day(7 * 10)]
    assert three["high"].to_list() == [(12 + 37 + 34) / 3]


def test_the_variance_of_two_open_weeks_by_hand() -> None:
    """Settled after two weeks: what is ahead of each week adds up, and what comes after the later delay makes both doubtful."""
    rng = np.random.default_rng(1)  # weeks that were revised apart from each other: nothing is widened for it
    settled = rng.integers(20, 60, size=14)
    early, later = (rng.binomial(settled, share) for share in (0.5, 0.8))
    known = {(week, 0): int(count) for week, count in enumerate(early)}
    known |= {(week, 1): int(count) for week, count in enumerate(later[:13])}
    known |= {(week, delay): int(settled[week]) for week in range(12) for delay in range(2, 14 - week)}

    def factor(before: Any, after: Any, ahead: float) -> tuple[float, float, Any]:
        """Growth, the error of its logarithm, and the variance ahead of a week of which so much is known."""
        growth = after.sum() / before.sum()
        found = before.size / (before.size - 1) * np.sum((after - growth * before) ** 2) + ahead
        chance = max(growth * (growth - 1) * before.sum(), 1)
        spread, scatter = (
            max(found, chance) / np.sum(before + 0.5),
            max(found - chance, 0) / np.sum((before + 0.5) ** 2),
        )

        def own(now: float) -> float:
            of = now + 0.5
            return float(max(spread * of, chance / np.sum(before + 0.5) * of + scatter * of**2))

        return growth, np.sqrt(spread / before.sum()) / growth, own

    second, second_error, second_own = factor(later[:12], settled[:12], 0)
    # The thirteenth week, of which the second factor tells, tells of the first.
    ends = np.append(settled[:12], second * later[12])
    first, first_error, first_own = factor(early[:13], ends, second_own(later[12]))
    now = later[12], early[13]
    # Student's t with 11 and with 12 degrees of freedom over the normal.
    wider = 2.20099 / 1.95996, 2.17881 / 1.95996
    own = wider[0] ** 2 * second_own(now[0]) + wider[1] ** 2 * first_own(now[1])
    middle = wider[0] * second * (now[0] + 0.5), wider[1] * first * (now[1] + 0.5)
    doubt = (middle[0] * second_error) ** 2 + (middle[1] * first_error) ** 2
    doubt += 2 * middle[0] * middle[1] * min(first_error, second_error) ** 2
    estimate = second * now[0] + first * now[1]
    mean = estimate + first / 2
    law = gamma(mean**2 / (own + doubt), scale=(own + doubt) / mean)
    row = nowcast_average(ladder(known), average_weeks=2, settled_weeks=2).row(-1, named=True)
    assert row["estimate"] == pytest.approx(estimate / 2)
    assert row["low"] == np.floor(law.ppf(0.025)) / 2
    assert row["high"] == np.ceil(law.ppf(0.975) - 1) / 2
    # Were the two factors doubted apart from each other, the interval would be shorter.
    apart = gamma(mean**2 / own, scale=own / mean)
    assert np.ceil(apart.ppf(0.975) - 1) / 2 < row["high"]


@given(
    counts=st.lists(st.integers(0, 40), min_size=14, max_size=20),
    curve=st.lists(st.floats(0, 1.5), min_size=1, max_size=5),
)
@settings(max_examples=40)
def test_the_average_of_one_week_is_the_week(counts: list[int], curve: list[float]) -> None:
    known = ladder(full(counts, [*curve, 1.0]))
    single, averaged = nowcast(known, settled_weeks=6), nowcast_average(known, average_weeks=1, settled_weeks=6)
    assert averaged["average"].to_list() == single["incidents"].to_list()
    for name in ("week_date", "estimate", "low", "high", "warning"):
        assert averaged[name].equals(single[name], null_equal=True), name


def test_an_average_has_no_band_where_one_of_its_weeks_has_none() -> None:
    averages = nowcast_average(ladder(full([100] * 11, [0.5, 0.8, 1])), average_weeks=2, settled_weeks=10)
    few = nowcast(ladder(full([100] * 11, [0.5, 0.8, 1])), settled_weeks=10).filter(pl.col("weeks") < FEW_WEEKS)
    assert averages["low"].null_count() == averages["high"].null_count() == few.height + 1
    assert averages["warning"][0] == f"fewer than {FEW_WEEKS} weeks were seen at this delay: no interval"


@pytest.mark.parametrize(
    ("mean", "weeks", "reporting"),
    [
        (20, 8, Reporting(weeks=70, states=30, withdrawn=0.15)),
        (100, 4, Reporting(weeks=70, states=30, evenness=30)),
        (50, 8, Reporting(weeks=70, monthly=True, withdrawn=0.1)),
    ],
)
def test_the_band_holds_the_settled_average_at_the_stated_rate(mean: float, weeks: int, reporting: Reporting) -> None:
    """Of 120 series, 92.5 to 99 per cent of the last eight averages, and of the newest 91 and more: give or take chance."""
    held = covered_average(mean, weeks, reporting, series=120)["held"]
    assert 0.925 <= held.mean() <= 0.99
    assert held[0] >= 0.91


def test_where_weeks_were_revised_together_the_band_is_wider_for_it() -> None:
    """Reports come later of late, to all weeks alike: without the widening 15 in 100 newest averages were held."""
    found = covered_average(100, 8, Reporting(last_curve=SLOWER), series=60)
    assert found["warned"].mean() == 1
    assert found["held"][0] >= 0.75


def test_a_line_is_incomplete_from_the_first_week_that_may_be_seen_to_change() -> None:
    exact = nowcast_average(ladder(full(COUNTS, [0.4, 0.7, 0.9, 1.0])), average_weeks=4, settled_weeks=8)
    assert exact.height == 8
    assert exact["revised"].to_list() == [False] * 5 + [True] * 3
    tail = incomplete(exact)
    # With one week at 90 per cent, the average of four may change by three per cent: nothing to see.
    assert tail["week_date"].to_list() == exact["week_date"].to_list()[-2:]
    assert tail["estimate"].to_list() == pytest.approx([(1000 * (2 + 3 + 1 + 2)) / 4, (1000 * (3 + 1 + 2 + 3)) / 4])


def test_where_nothing_was_ever_revised_no_week_is_incomplete() -> None:
    for counts in ([1] * 30, [3, 0, 1] * 10, COUNTS):
        averages = nowcast_average(ladder(full(counts, [1.0])), average_weeks=8, settled_weeks=10)
        assert not averages["revised"].any()
        assert incomplete(averages).is_empty()


def test_states_less_than_a_week_apart_are_one() -> None:
    assert states(triangle(history([(0, 6, 1), (0, 8, 2), (0, 13, 9), (0, 27, 9)]), week_starts="Monday")) == 3


def test_days_as_numbers_are_counted_from_1970() -> None:
    rows = pl.DataFrame(
        {"event_day": [day_number(MONDAY)], "data_date": [day_number(MONDAY) + 6], "incidents": [2]},
    )
    assert triangle(rows, week_starts="Monday").rows() == [(MONDAY, 0, 2)]


def test_the_measured_coverage_is_that_of_the_docs() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "methods" / "revisions.md"
    line = next(
        line for line in page.read_text(encoding="utf-8").splitlines() if "15 in 100" in line and "| 20 |" in line
    )
    printed = [float(number) / 100 for number in re.findall(r"([\d.]+)%", line)]
    # Chance moves a share of 60 series by about two points at one delay, by one over eight.
    held = covered_nowcast(20, Reporting(withdrawn=0.15), series=60)["held"]
    assert held.mean() == pytest.approx(printed[3], abs=0.03)


@pytest.mark.parametrize("line", [0, 9])
def test_the_measured_coverage_of_averages_is_that_of_the_docs(line: int) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "methods" / "revisions.md"
    rows = averages_of(page.read_text(encoding="utf-8"))
    assert len(rows) == len(AVERAGES)
    mean, weeks, reporting = AVERAGES[line]
    printed = [float(number) / 100 for number in re.findall(r"([\d.]+)%", rows[line])]
    held = covered_average(mean, weeks, reporting, series=60)["held"]
    # Eight averages of one series share weeks: chance moves their share of 60 series by about two points.
    assert held.mean() == pytest.approx(printed[3], abs=0.06)


def averages_of(page: str) -> list[str]:
    """The rows of the table of averages."""
    return page.partition("<!-- averages -->")[2].partition("<!-- end -->")[0].strip().splitlines()[2:]
