"""Two states compared, and counts as known at every date: held against an independent recount of the store opened as of each date."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.loads import batch, day, file, one, put
from tocsin.cube import EPOCH, Selection, count
from tocsin.errors import QuestionError
from tocsin.schema import Span
from tocsin.store import Store, differences, history, open_store, states

BATTLES = Selection(event_types=("Battles",), countries=("SYR",), precise=(1, 2))


def three(store: Store) -> None:
    """As of day 100 (vintage 7), 200 (vintage 2) and 200 again (vintage 3): numbers do not stand in the order of time."""
    scale = {"source_scale": "National"}
    put(
        store,
        file("a", number=7, data_date=day(100)),
        batch(
            [
                one("same", 0, **scale),
                one("x", 1, fatalities=1, notes="first", **scale),
                one("gone", 40, source_scale="Local partner"),
            ]
        ),
    )
    put(
        store,
        file("b", number=2, data_date=day(200), complete=True),
        batch(
            [
                one("same", 0, **scale),
                one("x", 1, fatalities=2, notes="second", longitude=37.0, actors=["B"], **scale),
                one("late", 41),
            ]
        ),
    )
    put(
        store,
        file("c", number=3, data_date=day(200)),
        batch([one("gone", 40), one("x", 35, fatalities=2, notes="second")]),
    )


def test_a_revision_told_row_by_row(store: Store) -> None:
    three(store)
    found = differences(store, dataset="acled", before=7, after=2)
    assert dict(found.rows.rows()) == {"new": 1, "withdrawn": 1, "changed": 1, "unchanged": 1}
    assert found.columns.rows() == [("actors", 1), ("fatalities", 1), ("longitude", 1), ("notes", 1)]
    assert found.months.rows() == [(dt.date(2020, 1, 1), 0, 0, 1), (dt.date(2020, 2, 1), 1, 1, 0)]
    assert found.sources.rows() == [("Local partner", 0, 1, 0), ("National", 0, 0, 1), (None, 1, 0, 0)]
    assert found.events.rows() == [
        ("x", "changed", "fatalities, notes, longitude, actors"),
        ("late", "new", None),
        ("gone", "withdrawn", None),
    ]
    assert [vintage.number for vintage in found.after] == [7, 2]


def test_a_state_is_a_vintage_or_a_day_and_may_be_looked_at_backwards(store: Store) -> None:
    three(store)
    by_day = differences(store, dataset="acled", before=day(150), after=day(200))
    by_number = differences(store, dataset="acled", before=7, after=3)
    assert by_day.events.equals(by_number.events)
    back = differences(store, dataset="acled", before=3, after=7)
    assert dict(back.rows.rows()) == {"new": 0, "withdrawn": 1, "changed": 2, "unchanged": 1}
    nothing = differences(store, dataset="acled", before=3, after=3)
    assert dict(nothing.rows.rows()) == {"new": 0, "withdrawn": 0, "changed": 0, "unchanged": 4}
    assert all(table.is_empty() for table in (nothing.columns, nothing.months, nothing.sources, nothing.events))


def test_what_was_withdrawn_counts_in_its_own_month(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0), one("gone", 35, source="A; B"), one("y", 70)]))
    put(store, file("b", data_date=day(101), complete=True), batch([one("x", 0), one("y", 70)]))
    found = differences(store, dataset="acled", before=1, after=2)
    assert found.months.rows() == [(dt.date(2020, 2, 1), 0, 1, 0)]
    assert found.sources.columns[0] == "source"
    assert found.sources.rows() == [("A", 0, 1, 0), ("B", 0, 1, 0)]


def test_a_row_changed_and_changed_back_is_unchanged(store: Store) -> None:
    for number, deaths in enumerate((1, 2, 1)):
        put(store, file(str(number), data_date=day(100 + number)), batch([one("x", 0, fatalities=deaths)]))
    assert differences(store, dataset="acled", before=1, after=3).events.is_empty()
    assert differences(store, dataset="acled", before=1, after=2).events.height == 1


def test_what_is_not_there_is_told(store: Store) -> None:
    three(store)
    put(store, file("other", dataset="other", number=9), batch([one("x", 0)]))
    with pytest.raises(QuestionError, match='"acled" has no vintage 9'):
        differences(store, dataset="acled", before=7, after=9)
    with pytest.raises(QuestionError, match="no data of"):
        differences(store, dataset="acled", before=day(1), after=7)
    with pytest.raises(QuestionError, match="no data set"):
        history(store, "acledd", selection=Selection())


def test_states_are_the_dates_with_their_vintages(store: Store) -> None:
    three(store)
    found = [(state.data_date, [vintage.number for vintage in state.vintages]) for state in states(store, "acled")]
    assert found == [(day(100), [7]), (day(200), [2, 3])]


def test_a_store_open_for_reading_is_enough(tmp_path: Path) -> None:
    with open_store(tmp_path, write=True) as store:
        three(store)
    with open_store(tmp_path) as store:
        assert differences(store, dataset="acled", before=7, after=3).events.height == 3
        assert history(store, "acled", selection=Selection()).height == 7


# What a file of a random world says of an event, or None where it lacks it.
SAID = st.none() | st.fixed_dictionaries(
    {
        "event_date": st.integers(0, 90).map(day),
        "event_type": st.sampled_from(["Battles", "Protests"]),
        "country": st.sampled_from(["SYR", "IRQ", None]),
        "fatalities": st.sampled_from([None, 0, 1]),
        "geo_precision": st.sampled_from([None, 1, 3]),
        "longitude": st.sampled_from([36.0, 37.0, None]),
        "actors": st.sampled_from([["A"], ["A", "B"], []]),
        "source_scale": st.sampled_from([None, "National"]),
    }
)
IDS = ("p", "q", "r", "s")
FILES = st.lists(
    st.tuples(st.fixed_dictionaries(dict.fromkeys(IDS, SAID)), st.booleans(), st.integers(0, 2)), min_size=2, max_size=5
).filter(lambda files: all(any(said.values()) for said, _, _ in files))


def as_known(store: Store, as_of: dt.date) -> dict[str, dict[str, Any]]:
    """Every event as of a day, read through the store's own door and joined by hand."""
    events = store.events("acled", as_of=as_of)
    rows, places, parties = (
        table.collect("polars").to_native() for table in (events.rows, events.places, events.parties)
    )
    whole = rows.join(places.select("place_id", "longitude", "latitude"), on="place_id").join(parties, on="party_id")
    kept = whole.rename({"names": "actors"}).drop("place_id", "party_id", "row", "event_day", "revised_at")
    return {row["event_id"]: row for row in kept.iter_rows(named=True)}


@settings(max_examples=15)
@given(files=FILES, numbers=st.permutations(range(1, 6)))
def test_any_revisions_are_told_as_a_recount_tells_them(files: list[Any], numbers: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder), write=True) as store:
        date = 100
        for number, (said, complete, later) in zip(numbers, files, strict=False):
            date += later
            rows = [{"event_id": name, **what} for name, what in said.items() if what]
            whole = {"covers": Span(day(0), day(90)), "covers_countries": ("SYR", "IRQ")} if complete else {}
            put(store, file(str(number), number=number, data_date=day(date), complete=complete, **whole), batch(rows))
        days = [state.data_date for state in states(store, "acled")]
        assert days == sorted({vintage.data_date for vintage in store.vintages()})
        for before, after in {*itertools.pairwise(days), (days[0], days[-1]), (days[-1], days[0])}:
            hold_against_recount(store, before, after)
        for selection in (Selection(), BATTLES):
            recount = [
                count(store.events("acled", as_of=each), selection, by=["event_day"]).with_columns(
                    pl.lit(each).alias("data_date")
                )
                for each in days
            ]
            columns = ["event_day", "data_date", "incidents"]
            assert history(store, "acled", selection=selection).equals(pl.concat(recount).select(columns))


def hold_against_recount(store: Store, before: dt.date, after: dt.date) -> None:
    old, new = as_known(store, before), as_known(store, after)
    differing = {
        name: {column for column in new[name] if old[name][column] != new[name][column]}
        for name in old.keys() & new.keys()
    }
    kinds = {
        **dict.fromkeys(new.keys() - old.keys(), "new"),
        **dict.fromkeys(old.keys() - new.keys(), "withdrawn"),
        **{name: "changed" for name, columns in differing.items() if columns},
    }
    found = differences(store, dataset="acled", before=before, after=after)
    told = Counter(kinds.values())
    assert found.rows.rows() == [
        *((kind, told[kind]) for kind in ("new", "withdrawn", "changed")),
        ("unchanged", len(differing) - told["changed"]),
    ]
    assert {row[0]: row[1] for row in found.events.rows()} == kinds
    listed = {row[0]: set(row[2].split(", ")) for row in found.events.rows() if row[2]}
    assert listed == {name: columns for name, columns in differing.items() if columns}
    assert dict(found.columns.rows()) == Counter(column for columns in differing.values() for column in columns)
    latest = {**old, **new}
    by_month = Counter((latest[name]["event_date"].replace(day=1), kind) for name, kind in kinds.items())
    assert counted(found.months) == by_month
    told_by = found.sources.columns[0]
    assert told_by == "source_scale" or not any(latest[name]["source_scale"] for name in kinds)
    assert counted(found.sources) == Counter((latest[name][told_by], kind) for name, kind in kinds.items())


def counted(table: pl.DataFrame) -> dict[tuple[Any, str], int]:
    """The counts of a table above none, by its first column and by kind."""
    kinds = table.columns[1:]
    return {(row[0], kind): n for row in table.rows() for kind, n in zip(kinds, row[1:], strict=True) if n}


def test_days_are_counted_since_the_epoch(store: Store) -> None:
    put(store, file("a"), batch([one("x", 3)]))
    found = history(store, "acled", selection=Selection())
    assert found.rows() == [((day(3) - EPOCH).days, day(100), 1)]
