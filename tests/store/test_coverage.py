"""What a file was declared to cover: zeros at the edges and in quiet countries, and what a complete file takes back."""

from __future__ import annotations

import pytest

from tests.store.loads import batch, day, file, ids, one, put
from tocsin.errors import QuestionError
from tocsin.schema import Span, span_of
from tocsin.store import Store, remarks

BOTH = ("SYR", "IRQ")


def test_declared_days_hold_for_every_country_named_with_them(store: Store) -> None:
    put(store, file("a", covers=Span(day(0), day(29)), covers_countries=BOTH), batch([one("x", 10), one("y", 19)]))
    assert store.events("acled", countries=BOTH).about.covered == (Span(day(0), day(29)),)
    assert store.vintages()[0].covers == Span(day(0), day(29))


def test_a_country_beyond_the_declared_ones_is_covered_between_its_events(store: Store) -> None:
    rows = [one("x", 10), one("p", 3, country="PAK"), one("q", 5, country="PAK")]
    put(store, file("a", covers=Span(day(0), day(29)), covers_countries=BOTH), batch(rows))
    assert store.events("acled", countries=("PAK",)).about.covered == (Span(day(3), day(5)),)


def test_a_declared_complete_file_withdraws_at_its_edges_and_in_a_country_that_it_lacks(store: Store) -> None:
    rows = [
        one("x", 10),
        one("edge", 0),
        one("beyond", 40),
        one("abroad", 15, country="IRQ"),
        one("far", 15, country="PAK"),
    ]
    put(store, file("a"), batch(rows))
    declared = file("b", data_date=day(101), complete=True, covers=Span(day(0), day(29)), covers_countries=BOTH)
    assert put(store, declared, batch([one("x", 10)])).withdrawn == 2
    assert set(ids(store)) == {"x", "beyond", "far"}


def test_a_declared_file_that_is_not_complete_withdraws_nothing(store: Store) -> None:
    put(store, file("a"), batch([one("x", 10), one("edge", 0)]))
    assert (
        put(store, file("b", covers=Span(day(0), day(29)), covers_countries=BOTH), batch([one("x", 10)])).withdrawn == 0
    )


def test_days_declared_later_are_not_covered_before(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 10), one("y", 19)]))
    put(
        store,
        file("b", data_date=day(60), covers=Span(day(0), day(29)), covers_countries=("SYR",)),
        batch([one("x", 10)]),
    )
    covered = [store.events("acled", countries=("SYR",), as_of=day(n)).about.covered for n in (50, 60)]
    assert covered == [(Span(day(10), day(19)),), (Span(day(0), day(29)),)]


def test_events_beyond_the_declared_days_are_loaded_and_told(store: Store) -> None:
    declared = file("a", covers=Span(day(5), day(9)), covers_countries=("SYR",))
    vintage = put(store, declared, batch([one("early", 1), one("in", 7)]))
    assert set(ids(store)) == {"early", "in"}
    assert store.events("acled", countries=("SYR",)).about.covered == (Span(day(5), day(9)),)
    (told,) = remarks(store, vintage, countries=("SYR",))
    assert "beyond the days" in told


def test_a_country_that_now_counts_as_quiet_is_told(store: Store) -> None:
    vintage = put(store, file("a", covers=Span(day(0), day(9)), covers_countries=BOTH), batch([one("x", 5)]))
    (told,) = remarks(store, vintage, countries=("SYR",))
    assert "no event in IRQ" in told


def test_an_ordinary_load_needs_no_remark(store: Store) -> None:
    assert remarks(store, put(store, file("a"), batch([one("x", 5)])), countries=("SYR",)) == ()
    declared = file("b", covers=Span(day(0), day(9)), covers_countries=("SYR",))
    assert remarks(store, put(store, declared, batch([one("x", 5)])), countries=("SYR",)) == ()


def test_a_span_is_read_as_people_write_it() -> None:
    assert span_of("2020-01-01..2020-01-31") == Span(day(0), day(30))
    for wrong in ("2020-01-01", "2020-01-31..2020-01-01", "1.1.2020..2.1.2020", ""):
        with pytest.raises(QuestionError, match="not a span"):
            span_of(wrong)
