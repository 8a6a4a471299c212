"""Agreement of two sides: closed forms, an independent implementation, planted truth with its error rates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from tests.analysis.agreement_world import SEED, Observed, Units, discovered, held, lags
from tests.star import on_duckdb, on_polars
from tocsin.analysis.agreeing import verdict, where_apart
from tocsin.analysis.agreement import Pair, agreement, compared
from tocsin.analysis.comovement import changes, lagged, together
from tocsin.analysis.parting import false_discovery, parted
from tocsin.analysis.sides import Side, Weeks, side_by_side
from tocsin.cube import Events, Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

Floats = NDArray[np.float64]
MONDAY = dt.date(2021, 1, 4)
DAY = dt.timedelta(days=1)
DEFINITION = Definition()
NAMES = ("Log", "the rest")
TAKES = Selection(countries=("AFG",), event_types=("Battles", "Protests"))


def span(first: int, weeks: int) -> Span:
    return Span(MONDAY + 7 * first * DAY, MONDAY + (7 * (first + weeks) - 1) * DAY)


ALL_WEEKS, BEFORE, AFTER = span(0, 40), span(0, 20), span(20, 20)


def halves(length: int) -> Weeks:
    """All weeks are common; the windows are the two halves."""
    first = np.arange(2 * length) < length
    return Weeks(range(2 * length), np.ones(2 * length, dtype=bool), first, ~first, "Monday")


def row_of(one: Floats, other: Floats, kind: str = "all") -> dict[str, Any]:
    return compared(Pair("All incidents", kind, None, one, other), halves(one.size // 2), NAMES)


def test_levels_of_steady_counts_by_hand() -> None:
    # Means 2 and 1 over 20 weeks: the error of the log ratio is that of chance alone, (1/2 + 1/1) / 20; 2 terms, t = 4.3027.
    row = row_of(np.full(20, 2.0), np.full(20, 1.0))
    reach = np.exp(4.302653 * np.sqrt(1.5 / 20))
    assert row["levels"] == pytest.approx(2)
    assert (row["levels_low"], row["levels_high"]) == pytest.approx((2 / reach, 2 * reach), rel=1e-5)


def test_what_both_see_cancels_from_the_levels() -> None:
    rng = np.random.default_rng(1)
    waves = 60 * (1 + 0.8 * np.sin(np.arange(104) / 9))
    one, other = rng.poisson(waves).astype(float), rng.poisson(waves / 3).astype(float)
    row = row_of(one, other)
    assert row["levels_low"] < 3 < row["levels_high"]
    assert row["levels_high"] / row["levels_low"] < 1.3


def test_a_change_is_that_of_sums_of_four_weeks() -> None:
    weekly = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, np.nan, 1])
    found = changes(weekly)
    assert found[0] == pytest.approx(np.log(26.5 / 10.5))
    assert np.isnan(found[1:]).all()
    assert changes(np.ones(7)).size == 0


def test_the_correlation_of_two_thinned_copies_has_its_closed_form() -> None:
    # A rate of variance 0.05 seen with chances 0.7 and 0.3: on the log scale noise of 1/mean is added to 0.05 on both sides.
    world = Observed(6000, (70.0, 30.0), common=0.05, own=0.0, memory=0.0)
    found = together(*world.pair(np.random.default_rng(SEED)))
    assert found is not None
    planted = 0.05 / np.sqrt((0.05 + 1 / 70) * (0.05 + 1 / 30))
    assert found.correlation == pytest.approx(planted, abs=0.03)
    assert found.ceiling == pytest.approx(planted, abs=0.03)
    # The share of changes that are independent: sums and differences of 4 have autocorrelations of 5/8, 1/4, -1/8, -1/2, ...
    assert found.changes == pytest.approx(5993 / (1 + 2 * 60 / 64), rel=0.1)


@pytest.mark.parametrize("means", [(5.0, 5.0), (100.0, 100.0)])
def test_the_interval_of_the_correlation_holds_as_often_as_it_says(means: tuple[float, float]) -> None:
    inside, _ = held(Observed(104, means, common=0.2, own=0.1, memory=0.5), pairs=150)
    assert inside > 0.90  # 95 per cent less three standard errors of 150 pairs


def test_a_lag_of_three_weeks_is_found_and_none_where_there_is_none() -> None:
    told, right, inside = lags(Observed(156, (70.0, 30.0), common=0.2, own=0.0, memory=0.5, lag=3), pairs=12)
    assert told == 1
    assert right > 0.9
    assert inside == 1
    at_once, right, _ = lags(Observed(156, (70.0, 30.0), common=0.2, own=0.0, memory=0.5), pairs=5)
    assert (at_once, right) == (1, 1)
    alone, *_ = lags(Observed(104, (70.0, 30.0), common=0.0, own=0.2, memory=0.5), pairs=50)
    assert alone < 0.16  # 5 per cent and three standard errors


def test_the_later_side_follows() -> None:
    world = Observed(156, (70.0, 30.0), common=0.2, own=0.0, memory=0.5, lag=3)
    one, other = world.pair(np.random.default_rng(SEED))
    assert "the rest follows Log by 3 weeks (" in _verdict(one, other)
    assert "Log follows the rest by 3 weeks (" in _verdict(other, one)


def _verdict(one: Floats, other: Floats) -> str:
    return verdict(row_of(one, other), NAMES)


def test_few_weeks_or_incidents_tell_of_no_correlation() -> None:
    rng = np.random.default_rng(SEED)
    short = rng.poisson(50, 24).astype(float)
    assert together(short, short) is None
    assert lagged(short, short) is None
    rare = rng.poisson(0.1, 200).astype(float)
    assert together(rare, rng.poisson(50, 200).astype(float)) is None
    assert together(np.full(200, 5.0), rare) is None
    assert together(np.full(200, np.nan), rare) is None


def test_a_single_collapse_that_makes_the_correlation_is_told() -> None:
    rng = np.random.default_rng(SEED)
    fall = np.where(np.arange(104) < 52, 100.0, 5.0)
    row = row_of(rng.poisson(fall).astype(float), rng.poisson(fall / 2).astype(float))
    assert row["correlation_low"] > 0
    assert "of the correlation is of 8 weeks in a row" in row["note"]


def test_false_discovery_is_that_of_statsmodels() -> None:
    chances = np.random.default_rng(SEED).random(20) ** 3
    expected = multipletests(chances, method="fdr_bh")[1]
    given: list[float | None] = [*chances, None]
    assert false_discovery(given)[:-1] == pytest.approx(expected)
    assert false_discovery(given)[-1] is None
    assert false_discovery([None]) == [None]


def test_blind_units_are_named_and_others_seldom() -> None:
    false, named = discovered(Units(52, 20.0, own=0.0, memory=0.5), worlds=12)
    assert named == 1
    assert false < 0.15


def test_parting_where_a_side_has_nothing_left() -> None:
    # Shares 1/2 and 1 of 400 and 200 incidents; by chance at the share of both, 2/3, weekly variances 2/9 of 40 and of 20 a week.
    one, other = (np.full(10, 20.0), np.full(10, 20.0)), (np.full(10, 20.0), np.zeros(10))
    row = parted(one, other)
    assert row["parting"] is None
    apart = 0.5 / np.sqrt(2 / 9 * (1 / 400 + 1 / 200))
    # One term in each window: Welch's degrees of freedom are (a + b)^2 / (a^2 + b^2) with a = 1/400 and b = 1/200.
    assert row["parting_p"] == pytest.approx(2 * t.sf(apart, (3 / 400) ** 2 / (5 / 400**2)))
    few = parted(one, (np.full(10, 0.2), np.zeros(10)))
    assert few["parting_p"] is None


def test_verdicts_in_words() -> None:
    rng = np.random.default_rng(SEED)
    rates = Observed(104, (1.0, 1.0), common=0.2, own=0.0, memory=0.5)._rates(104, 0.2, rng)
    fall = rates * np.where(np.arange(104) < 52, 100.0, 20.0)
    one, other = rng.poisson(fall).astype(float), rng.poisson(fall / 3).astype(float)
    assert _verdict(one, other).startswith("both fall; levels apart by a factor 3.")
    assert "Log the higher; changes move together (0.9" in _verdict(one, other)
    opposite = _verdict(one, rng.poisson(fall[::-1] / 3).astype(float))
    assert opposite.startswith("they go opposite ways: Log falls, the rest rises; the changes differ (× 0.")
    steady = rng.poisson(10, 104).astype(float)
    assert _verdict(one, steady).startswith("Log falls, of the rest no change is told from chance; the changes differ")
    nothing = _verdict(steady, np.zeros(104))
    assert nothing.startswith(
        "the rest has no incidents in the weeks compared, too few to say whether it tells the same; of Log"
    )


def test_where_they_part_names_ten_at_most() -> None:
    rows = [{"series": f"U{n}", "kind": "unit", "part": True, "parting_p": n / 1000} for n in range(12)]
    said = where_apart([*rows, {"series": "IS", "kind": "group", "part": True, "parting_p": 0.0001}])
    assert said == "they part in U0, U1, U2, U3, U4, U5, U6, U7 and U8 and for IS, and 3 more"
    assert where_apart([{"part": False, "parting_p": 0.5}]) == "they part nowhere beyond chance"
    assert where_apart([{"part": None, "parting_p": None}]) == "where they part can not be told"


# A world of rows: the first side reports ten a week in A and in B, then two; the second half as many, but in B nothing later.


def rows(each: int, *, blind: bool, kind: str = "Battles", actor: str = "IS") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for week in range(40):
        day = MONDAY + 7 * week * DAY
        many = each if week < 20 else each // 2
        found += [{"date": day + n % 7 * DAY, "unit": "A", "actors": [actor], "type": kind} for n in range(many)]
        if not (blind and week >= 20):
            found += [{"date": day + n % 7 * DAY, "unit": "B", "type": kind} for n in range(many)]
    return found


Engine = Callable[[Sequence[Mapping[str, Any]], Sequence[Span]], Events]


def sides(engine: Engine, *, covered: Span = ALL_WEEKS) -> tuple[Side, Side]:
    one = Side("Log", engine(rows(20, blind=False), [span(0, 40)]), TAKES, groups={"Islamic State": ("IS",)})
    other = Side(
        "Paper",
        engine(rows(10, blind=True, kind="Protests", actor="Daesh"), [covered]),
        TAKES,
        groups={"Other": ("X",), "Islamic State": ("Daesh",)},
    )
    return one, other


def asked(one: Side, other: Side, windows: tuple[Span, Span] = (BEFORE, AFTER)) -> pl.DataFrame:
    units = {"A": "Alpha", "B": "Beta"}
    return agreement(one, other, definition=DEFINITION, period=span(0, 40), windows=windows, units=units)


@pytest.mark.parametrize("engine", [on_polars, on_duckdb])
def test_rows_of_two_data_sets_side_by_side(engine: Engine) -> None:
    table = asked(*sides(engine))
    assert table["series"].to_list() == ["All incidents", "Islamic State", "Alpha", "Beta"]
    assert table["kind"].to_list() == ["all", "group", "unit", "unit"]
    first, group, alpha, beta = table.iter_rows(named=True)
    assert (first["one_incidents"], first["other_incidents"]) == (1200, 500)
    assert (first["one_before"], first["one_after"], first["one_change"]) == (40, 20, 0.5)
    assert (first["other_before"], first["other_after"], first["other_change"]) == (20, 5, 0.25)
    assert (group["one_incidents"], group["other_incidents"]) == (600, 300)
    assert (alpha["part"], beta["part"]) == (False, True)
    assert beta["other_after"] == 0
    assert first["verdict"].endswith("they part in Beta")
    assert not alpha["verdict"].endswith("lag can not be told")


def test_the_kinds_of_event_that_both_have_have_rows() -> None:
    mixed = on_polars([*rows(20, blind=False), *rows(6, blind=False, kind="Protests")], [span(0, 40)])
    one, other = sides(on_polars)
    table = asked(replace(one, events=mixed), replace(other, events=mixed))
    assert table.filter(kind="event type")["series"].to_list() == ["Battles", "Protests"]
    assert table.filter(kind="event type")["levels"].to_list() == pytest.approx([1, 1])


def test_only_weeks_that_both_cover_are_compared() -> None:
    one, other = sides(on_polars, covered=span(10, 15))
    first = asked(one, other).row(0, named=True)
    assert (first["weeks"], first["before_weeks"], first["after_weeks"]) == (15, 10, 5)
    assert first["one_incidents"] == 10 * 40 + 5 * 20
    assert "fewer than 8 weeks that both cover" in first["note"]
    later = asked(*sides(on_polars, covered=span(20, 20))).row(0, named=True)
    assert later["one_change"] is None
    assert later["direction"] == "directions can not be told"
    assert "a window holds no week that both cover" in later["note"]


def test_no_common_week_is_an_error_that_says_what_each_covers() -> None:
    one, other = sides(on_polars, covered=span(60, 10))
    with pytest.raises(QuestionError, match=r"no whole week of .* is covered by both") as raised:
        asked(one, other)
    assert "Log: 4 January 2021" in raised.value.next_step
    assert "Paper: 28 February 2022" in raised.value.next_step


def test_windows_that_share_a_week_are_refused() -> None:
    with pytest.raises(QuestionError, match="share a week"):
        asked(*sides(on_polars), windows=(span(0, 20), span(19, 20)))


def test_lines_stand_against_their_own_beginning() -> None:
    one, other = sides(on_polars, covered=span(0, 36))
    table = side_by_side(one, other, definition=DEFINITION, period=span(0, 40), windows=(BEFORE, AFTER))
    paper = table.filter(series="Paper")
    assert paper["index"][15] == pytest.approx(100)
    assert paper["index"][30] == pytest.approx(25)
    assert table.filter(series="Log")["incidents"][-4:].to_list() == [None] * 4


def test_a_tiny_side_is_said_to_be_too_small_and_the_other_still_told() -> None:
    weeks = weeks_of_two(26)
    falls = np.r_[np.full(26, 20.0), np.full(26, 5.0)]
    tiny = np.r_[np.zeros(50), 1.0, 2.0]
    row = compared(Pair("All", "all", None, tiny, falls), weeks, ("AFP", "the rest"))
    assert verdict(row, ("AFP", "the rest")) == (
        "AFP has 3 incidents in the weeks compared, too few to say whether it tells the same; the rest falls"
    )


def test_what_was_absent_before_and_is_there_now_is_told_as_a_rise() -> None:
    weeks = weeks_of_two(26)
    steady = np.full(52, 10.0)
    appears = np.r_[np.zeros(26), np.tile([0.0, 3.0], 13)]
    row = compared(Pair("All", "all", None, appears, steady), weeks, ("VDC", "the rest"))
    assert row["one_change"] is None
    assert row["one_change_low"] > 1
    assert row["direction"] == "VDC rises, of the rest no change is told from chance"
    assert "VDC has none in the earlier window (a change of at least × " in verdict(row, ("VDC", "the rest"))
    turned = compared(Pair("All", "all", None, appears[::-1], steady), weeks, ("VDC", "the rest"))
    assert turned["direction"] == "VDC falls, of the rest no change is told from chance"
    assert "VDC has none in the later window (a change of at most × 0." in verdict(turned, ("VDC", "the rest"))


def weeks_of_two(length: int) -> Weeks:
    """Two windows of so many weeks, one after the other."""
    before = np.arange(2 * length) < length
    return Weeks(range(2 * length), np.ones(2 * length, dtype=bool), before, ~before, "Monday")
