"""Incidents spread over the span in which they took place: by hand, as invariants, and against a planted steady rate."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.world import subject
from tests.star import about
from tocsin.analysis.dating import dating
from tocsin.analysis.incidents import weekly
from tocsin.catalogue.behind import behind, event_ids
from tocsin.catalogue.subject import Asked
from tocsin.cube import SEPARATOR, Events, Selection, day_number
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

MONDAY = dt.date(2021, 3, 1)
YEAR = Span(dt.date(2020, 1, 1), dt.date(2022, 12, 31))
PERIOD = Span(MONDAY, MONDAY + dt.timedelta(days=7 * 8 - 1))
ALL = Selection(countries=("AFG",))
DEFINITION = Definition(average_weeks=2)


def events_of(rows: list[tuple[dt.date, dt.date, int]], covered: Span = YEAR, engine: str = "polars") -> Events:
    facts = pl.DataFrame(
        [
            {
                "event_id": f"e{number}",
                "event_date": first,
                "event_day": day_number(first),
                "end_date": last,
                "time_precision": code,
                "country": "AFG",
                "event_type": "Battles",
                "geo_precision": 1,
                "place_id": 1,
                "party_id": 1,
            }
            for number, (first, last, code) in enumerate(rows)
        ]
    )
    places = pl.DataFrame({"place_id": [1], "country": ["AFG"]})
    parties = pl.DataFrame({"party_id": [1], "names": [SEPARATOR]})
    tables: list[Any] = [nw.from_native(table.lazy()) for table in (facts, places, parties)]
    if engine == "duckdb":
        connection = duckdb.connect()
        for place, (name, table) in enumerate({"facts": facts, "places": places, "parties": parties}.items()):
            connection.register(f"{name}_given", table.to_arrow())
            connection.table(f"{name}_given").create(name)
            tables[place] = nw.from_native(connection.table(name))
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


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_what_began_long_before_the_period_reaches_into_it(engine: str) -> None:
    """A year from 1 September 2020 on: seven of its 365 days lie in each week, and it is dated to none of them."""
    began = dt.date(2020, 9, 1)
    events = events_of([(began, began + dt.timedelta(days=364), 5), (day(0), day(0), 1)], engine=engine)
    table = dating(events, selection=ALL, definition=DEFINITION, period=PERIOD, to_week=(2,), to_month=(3,))
    assert table["spread"].to_list() == pytest.approx([1 + 7 / 365, *[7 / 365] * 7])
    assert table["incidents"].to_list() == [1, *[0] * 7]


def share_in(row: tuple[dt.date, dt.date, int], week: dt.date) -> float:
    """Which share of an event lies in a week, day by day."""
    first, last, code = row
    if last == first and code == 2:
        first, last = first - dt.timedelta(days=3), first + dt.timedelta(days=3)
    elif last == first and code == 3:
        first = first.replace(day=1)
        last = (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
    every = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    return len([each for each in every if 0 <= (each - week).days < 7]) / len(every)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_the_events_behind_a_spread_week_are_those_that_reach_into_it(tmp_path: Path, engine: str) -> None:
    rng = np.random.default_rng(8)
    starts = rng.integers(-300, 80, 150)
    lengths = rng.choice([0, 0, 0, 2, 40, 300], 150)
    rows = [
        (day(int(n)), day(int(n + length)), int(code))
        for n, length, code in zip(starts, lengths, rng.choice([1, 2, 3], 150), strict=True)
    ]
    events = events_of(rows, engine=engine)
    facts = replace(events.about.facts, to_week=(2,), to_month=(3,))
    desk = subject([], tmp_path)
    desk = replace(desk, events=replace(events, about=replace(events.about, facts=facts)))
    table = dating(events, selection=ALL, definition=DEFINITION, period=PERIOD, to_week=(2,), to_month=(3,))
    asked = Asked(week_starts="Monday", average_weeks=2)
    for number, week in enumerate(table["week_date"]):
        one = table.filter(week_date=week)
        listed = event_ids(desk, behind(desk, "dating", asked, one, ["spread"]))
        shares = {f"e{place}": share_in(row, week) for place, row in enumerate(rows)}
        assert listed == sorted(event for event, share in shares.items() if share)
        assert sum(shares.values()) == pytest.approx(table["spread"][number])
        dated = event_ids(desk, behind(desk, "dating", asked, one, ["incidents"]))
        assert len(dated) == table["incidents"][number]
        assert set(dated) <= set(listed)
        averaged = event_ids(desk, behind(desk, "dating", asked, one, ["spread_average"]))
        before = {f"e{place}" for place, row in enumerate(rows) if share_in(row, week - dt.timedelta(days=7))}
        assert set(averaged) == {*listed, *before}


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


@settings(max_examples=60)
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
