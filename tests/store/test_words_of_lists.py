"""What a list says of an event holds alike however the words are packed into lists, and as a plain reading of the rule has it."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.loads import batch, day, file, one, put
from tests.store.test_withdrawals import listing, noon
from tocsin.schema import Span
from tocsin.store import Store, open_store, withdraw

LAST = 8


@dataclass(frozen=True)
class Given:
    """A file: events with the day of their revision, if any, and what they say."""

    at: int
    dated: bool
    complete: bool
    rows: Mapping[str, tuple[int | None, int]]


@dataclass(frozen=True)
class Words:
    """A list: events with the day of their withdrawal."""

    at: int
    gone: Mapping[str, int]


Load = Given | Words
IDS = st.sampled_from("abc")
DAYS = st.integers(0, LAST - 1)


@st.composite
def files(draw: st.DrawFn) -> Given:
    dated = draw(st.booleans())
    rows = st.dictionaries(IDS, st.tuples(st.none() | DAYS, st.integers(0, 1)), min_size=1)
    # An undated file that has a row that was withdrawn by name withdraws nothing itself, so there the order tells.
    return Given(draw(DAYS), dated, dated and draw(st.booleans()), draw(rows))


@st.composite
def packings(draw: st.DrawFn) -> tuple[list[Given], list[list[Words]]]:
    """Files, and the same words in lists of their own, in one list after all, and in two lists."""
    words = draw(st.lists(st.tuples(IDS, DAYS), min_size=1, max_size=3))
    alone = [Words(draw(st.integers(gone, LAST)), {name: gone}) for name, gone in words]
    late = Words(LAST, {name: max(gone for each, gone in words if each == name) for name, _ in words})
    return draw(st.lists(files(), max_size=3)), [alone, [late], [*alone[:1], late]]


def in_order(loads: Sequence[Load]) -> list[Load]:
    return sorted(loads, key=lambda each: (each.at, isinstance(each, Words)))


def stands(loads: Sequence[Load]) -> set[str]:
    """The rule, read out plainly, event by event."""
    standing = set()
    for name in "abc":
        there, word, revised, given = False, -1, -1, -1
        for each in in_order(loads):
            if isinstance(each, Words):
                said = each.gone.get(name, -1)
                word = max(word, said)
                there = there and (said < 0 or revised > said or given > said)
            elif name in each.rows:
                at, _ = each.rows[name]
                revised = max(revised, -1 if at is None else at)
                given = max(given, each.at if each.dated else -1)
                there = there or each.dated or word < 0 or revised > word or given > word
            elif each.complete:
                there = False
        if there:
            standing.add(name)
    return standing


def loaded(store: Store, dataset: str, loads: Sequence[Load]) -> set[str]:
    put(store, file(f"{dataset}z", data_date=day(-1), dataset=dataset), batch([one("z", -300)]))
    for number, each in enumerate(in_order(loads)):
        digest = f"{dataset}-{number}"
        if isinstance(each, Words):
            withdraw(store, listing(digest, dict(each.gone), dataset=dataset, data_date=day(each.at)))
            continue
        rows = [
            one(name, -200, revised_at=None if at is None else noon(at), fatalities=deaths)
            for name, (at, deaths) in each.rows.items()
        ]
        told = file(
            digest, data_date=day(each.at), dataset=dataset, dated=each.dated, complete=each.complete,
            covers=Span(day(-250), day(-150)), covers_countries=("SYR",), loaded_at=dt.datetime(2020, 6, 1, tzinfo=dt.UTC),
        )  # fmt: skip
        put(store, told, batch(rows))
    rows_now = store.events(dataset).rows.select("event_id").collect("polars").to_native()
    return set(rows_now["event_id"].to_list()) - {"z"}


@settings(max_examples=12)
@given(st.lists(packings(), min_size=1, max_size=2))
def test_however_the_words_are_packed(worlds: list[tuple[list[Given], list[list[Words]]]]) -> None:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder), write=True) as store:
        for number, (given_files, packed) in enumerate(worlds):
            results = [
                (loaded(store, f"{number}.{which}", [*given_files, *words]), stands([*given_files, *words]))
                for which, words in enumerate(packed)
            ]
            assert all(found == meant for found, meant in results), results
            assert all(one == other for (one, _), (other, _) in itertools.pairwise(results)), results
