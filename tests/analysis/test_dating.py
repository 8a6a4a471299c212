"""Incidents spread over the span in which they took place: by hand, as invariants, and against a planted steady rate."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.star import about
from tocsin.analysis.dating import dating
from tocsin.analysis.incidents import weekly
from tocsin.cube import SEPARATOR, Events, Selection, day_number
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

MONDAY = dt.date(2021, 3, 1)
YEAR = Span(dt.date(2020, 1, 1), dt.date(2022, 12, 31))
PERIOD = Span(MONDAY, MONDAY + dt.timedelta(days=7 * 8 - 1))
ALL = Selection(countries=("AFG",))
DEFINITION = Definition(average_weeks=2)


def events_of(rows: list[tuple[dt.date, dt.date, int]], covered: Span = YEAR) -> Events:
    facts = pl.DataFrame(
        [
            {
                "event_day": day_number(first),
                "end_date": last,
                "time_precision": code,
                "country": "AFG",
                "event_type": "Battles",
                "geo_precision": 1,
                "place_id": 1,
                "party_id": 1,
            }
            for first, last, code in rows
        ]
    )
    places = pl.DataFrame({"place_id": [1], "country": ["AFG"]})
    parties = pl.DataFrame({"party_id": [1], "names": [SEPARATOR]})
    tables = [nw.from_native(table.lazy()) for table in (facts, places, parties)]
    return Events(rows=tables[0], places=tables[1], parties=tables[2], about=about([covered]))


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(days=number)


def asked(rows: list[tuple[dt.date, dt.date, int]], **more: Any) -> pl.DataFrame:
    given: dict[str, Any] = {"period": PERIOD, "definition": DEFINITION, "to_week": (2,), "to_month": (3,)}
    return dating(events_of(rows), selection=ALL, **(given | more))


def test_each_kind_is_spread_over_its_span() -> None:
    # A day in week 0; a week dated to its Thursday (all in week 0); a week dated to Sunday of week 1 (half over into week 2); ten days from
    # Saturday of week 2; a month dated to 15 March, of which 28 of 31 days lie in weeks 0 to 3.
    rows = [
        (day(0), day(0), 1),
        (day(3), day(3), 2),
        (day(13), day(13), 2),
        (day(19), day(28), 1),
        (dt.date(2021, 3, 15), dt.date(2021, 3, 15), 3),
    ]
    table = asked(rows)
    month = 7 / 31
    assert table["incidents"].to_list()[:5] == [2, 1, 2, 0, 0]
    assert table["spread"].to_list()[:5] == pytest.approx(
        [2 + month, 4 / 7 + month, 3 / 7 + 2 / 10 + month, 7 / 10 + month, 1 / 10 + 3 / 31]
    )
    assert table["loose"].to_list()[:4] == [1, 1, 2, 0]
    assert table["difference"][2] == pytest.approx(2 - (3 / 7 + 2 / 10 + month))
    assert table["spread_average"][1] == pytest.approx((2 + month + 4 / 7 + month) / 2)


def test_a_span_that_the_data_give_is_believed_over_the_rule() -> None:
    table = asked([(day(0), day(1), 2), (day(14), day(27), 3)])
    assert table["spread"].to_list()[:4] == pytest.approx([1, 0, 0.5, 0.5])


def test_what_is_dated_beyond_the_period_reaches_into_it() -> None:
    # Dated to the Wednesday before the first week's Monday: three days before and after are Sunday to Saturday.
    table = asked([(day(-1), day(-1), 2)], definition=Definition(average_weeks=1))
    assert (table["incidents"][0], table["spread"][0]) == (0, pytest.approx(3 / 7))


def test_as_dated_the_weeks_are_those_of_the_weekly_question() -> None:
    rng = np.random.default_rng(3)
    rows = [
        (day(int(n)), day(int(n)), int(code))
        for n, code in zip(rng.integers(0, 56, 200), rng.integers(1, 4, 200), strict=True)
    ]
    plain = weekly(events_of(rows), selection=ALL, definition=DEFINITION, period=PERIOD)
    table = asked(rows)
    assert table["incidents"].to_list() == plain["incidents"].to_list()
    assert table["average"].to_list() == plain["average"].to_list()


SPANS = st.tuples(st.integers(-20, 70), st.integers(0, 40), st.sampled_from([1, 2, 3, 7]))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(SPANS, min_size=1, max_size=30), starts=st.sampled_from(["Monday", "Saturday", "Wednesday"]))
def test_spreading_loses_and_makes_nothing(rows: list[tuple[int, int, int]], starts: str) -> None:
    placed = [(day(first), day(first + length), code) for first, length, code in rows]
    whole = Span(day(-150), day(250))
    definition = Definition(average_weeks=1, week_starts=starts)  # type: ignore[arg-type]
    table = asked(placed, period=whole, definition=definition)
    assert table["spread"].sum() == pytest.approx(len(rows))
    assert table["incidents"].sum() == len(rows)
    assert (table["spread"] >= -1e-9).all()


def test_a_steady_rate_that_rules_made_spiky_is_steadier_again() -> None:
    """Of 40 incidents a day, three in ten are known only by their month: on the fifteenth stands a spike that was not there."""
    rng = np.random.default_rng(11)
    rows, truth = [], np.zeros(60)
    for number in range(7 * 60):
        here = day(number)
        truth[number // 7] += 40
        monthly = int(rng.binomial(40, 0.3))
        rows += [(here, here, 1)] * (40 - monthly) + [(here.replace(day=15), here.replace(day=15), 3)] * monthly
    table = asked(rows, period=Span(day(14), day(7 * 56 - 1)))
    inside = truth[2:56]
    as_dated, spread = (np.abs(table[name].to_numpy() - inside).mean() for name in ("incidents", "spread"))
    assert as_dated > 100
    assert spread < 0.1 * as_dated


def test_weeks_that_may_still_be_filled_are_marked_and_uncovered_ones_are_no_zeros() -> None:
    table = asked([(day(0), day(0), 1)], data_date=day(7 * 6))
    assert table["open"].to_list() == [False] * 4 + [True] * 4
    events = events_of([(day(0), day(0), 1)], covered=Span(day(0), day(20)))
    short = dating(events, selection=ALL, definition=DEFINITION, period=PERIOD)
    assert short["spread"].to_list() == [1.0, 0.0, 0.0, None, None, None, None, None]
    with pytest.raises(QuestionError, match="no whole week"):
        dating(events, selection=ALL, definition=DEFINITION, period=Span(day(0), day(3)))
    with pytest.raises(QuestionError, match="cover no whole week"):
        dating(events, selection=ALL, definition=DEFINITION, period=Span(day(28), day(55)))
