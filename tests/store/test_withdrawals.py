"""Lists of withdrawn events: what they close, what they leave, and what comes of files that are older or newer than they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.store.loads import batch, day, file, ids, one, put
from tocsin.errors import SourceError, StoreError
from tocsin.schema import REJECT_SCHEMA, Vintage
from tocsin.store import List, Store, differences, outcomes, refuse_foreign, remarks, told, withdraw


def noon(number: int) -> dt.datetime:
    return dt.datetime.combine(day(number), dt.time(12), dt.UTC)


def listing(digest: str, said: dict[str, int | None], **more: Any) -> List:
    """A list of day 100, unless it is said: ids and the days at whose noon they were withdrawn."""
    rows = [
        (number, number + 1, name, None if at is None else noon(at))
        for number, (name, at) in enumerate(said.items(), 1)
    ]
    schema: dict[str, Any] = {
        "row": pl.Int64,
        "line": pl.Int64,
        "event_id": pl.String,
        "withdrawn_at": pl.Datetime("us", "UTC"),
    }
    given: dict[str, Any] = {
        "name": f"{digest}.json",
        "digest": digest,
        "key": digest,
        "dataset": "acled",
        "form": "list",
        "data_date": day(100),
        "dated": True,
        "loaded_at": dt.datetime(2020, 6, 1, tzinfo=dt.UTC),
        "number": None,
        "ids": pl.DataFrame(rows, schema=schema, orient="row"),
        "rejects": pl.DataFrame(schema=dict(REJECT_SCHEMA)),
    }
    return List(**{**given, **more})


def revised(name: str, number: int, at: int, **more: Any) -> dict[str, Any]:
    """An event of one day, revised at noon of another."""
    return one(name, number, revised_at=noon(at), **more)


def became(store: Store, vintage: Vintage) -> dict[str, tuple[str, ...]]:
    listed = outcomes(store, vintage)
    assert listed is not None
    assert {each: len(named) for each, named in listed.first.items()} == listed.counts
    return {each: named for each, named in listed.first.items() if named}


def test_a_list_closes_what_it_names_and_nothing_else(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 0), one("y", 1), one("z", 2)]))
    vintage = withdraw(store, listing("gone", {"x": 60, "nowhere": 61}))
    assert (vintage.rows, vintage.events, vintage.rejects, vintage.added, vintage.withdrawn) == (2, 0, 0, 0, 1)
    assert vintage.withdraws
    assert became(store, vintage) == {"withdrawn": ("x",), "unknown": ("nowhere",)}
    assert set(ids(store)) == {"y", "z"}
    assert set(ids(store, as_of=day(99))) == {"x", "y", "z"}
    found = differences(store, dataset="acled", before=1, after=2)
    assert found.events.rows() == [("x", "withdrawn", None)]
    assert store.vintages()[0].withdraws is False


def test_it_covers_no_days_and_leaves_the_date_of_the_data(store: Store) -> None:
    put(store, file("a" * 12, data_date=day(50)), batch([one("x", 0), one("y", 9)]))
    before = store.events("acled").about
    assert "less" not in before.sentence()
    withdraw(store, listing("b" * 12, {"x": 60}))
    after = store.events("acled").about
    assert after.covered == before.covered
    assert after.facts == before.facts
    assert after.newest.digest == "a" * 12
    assert after.sentence() == before.sentence() + ", less what was withdrawn by 10 April 2020 (list bbbbbbbbbbbb)"
    put(store, file("c", data_date=day(110)), batch([one("q", 20)]))
    assert "3 vintages, newest c" in store.events("acled").about.sentence()
    assert "less" not in store.events("acled").about.sentence()


def test_what_was_withdrawn_before_is_told_apart(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 0), one("y", 1), one("z", 2)]))
    put(store, file("b", data_date=day(60), complete=True), batch([one("x", 0), one("z", 2)]))
    withdraw(store, listing("first", {"x": 70}))
    vintage = withdraw(store, listing("second", {"x": 70, "y": 70, "z": 71}))
    assert became(store, vintage) == {"withdrawn": ("z",), "before": ("x", "y")}
    listed = outcomes(store, vintage)
    assert listed is not None
    assert told(listed) == ("2 ids were withdrawn before: x, y.",)


@pytest.mark.parametrize(("at", "stays"), [(59, False), (60, False), (61, True)])
def test_an_event_that_was_revised_after_it_was_withdrawn_stays(store: Store, at: int, stays: bool) -> None:
    put(store, file("a", data_date=day(50)), batch([revised("x", 0, at), one("y", 1)]))
    vintage = withdraw(store, listing("gone", {"x": 60}))
    assert became(store, vintage) == {"since" if stays else "withdrawn": ("x",)}
    assert ("x" in ids(store)) is stays


def test_a_revision_that_changed_nothing_counts_too(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([revised("x", 0, 40), revised("y", 1, 40)]))
    put(store, file("b", data_date=day(80), dated=False), batch([revised("x", 0, 70), revised("y", 1, 40)]))
    vintage = withdraw(store, listing("gone", {"x": 60, "y": 60}))
    assert became(store, vintage) == {"withdrawn": ("y",), "since": ("x",)}
    assert set(ids(store)) == {"x"}


def test_a_file_dated_after_the_withdrawal_that_has_the_event_is_believed(store: Store) -> None:
    put(store, file("a", data_date=day(61)), batch([one("x", 0)]))
    put(store, file("b", data_date=day(62), dated=False), batch([one("x", 0), one("y", 1)]))
    vintage = withdraw(store, listing("gone", {"x": 60, "y": 60}))
    assert became(store, vintage) == {"withdrawn": ("y",), "since": ("x",)}


@pytest.mark.parametrize("changes", [False, True])
@pytest.mark.parametrize("loaded_after", [False, True])
def test_it_is_all_one_whether_that_file_changed_the_row(store: Store, changes: bool, loaded_after: bool) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 0), one("y", 1)]))
    put(store, file("b", data_date=day(70)), batch([one("x", 0, fatalities=7 if changes else None)]))
    if loaded_after:
        put(store, file("c", data_date=day(80), dated=False), batch([one("x", 0, fatalities=9)]))
    vintage = withdraw(store, listing("gone", {"x": 60, "y": 60}))
    assert became(store, vintage) == {"withdrawn": ("y",), "since": ("x",)}
    assert became(store, withdraw(store, listing("again", {"x": 70}))) == {"withdrawn": ("x",)}


def test_a_revision_that_a_dated_file_took_back_counts_too(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([revised("x", 0, 70), one("y", 1)]))
    put(store, file("b", data_date=day(55)), batch([revised("x", 0, 40, fatalities=2)]))
    assert became(store, withdraw(store, listing("gone", {"x": 60}))) == {"since": ("x",)}


@pytest.mark.parametrize("packed_late", [False, True])
def test_an_undated_file_without_times_of_revision_does_not_bring_it_back(store: Store, packed_late: bool) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 0), one("y", 1)]))
    if not packed_late:
        withdraw(store, listing("gone", {"x": 60}, data_date=day(65)))
    vintage = put(store, file("b", data_date=day(70), dated=False), batch([one("x", 0, fatalities=2), one("z", 2)]))
    assert (vintage.added, vintage.kept_back) == ((1, 0) if packed_late else (1, 1))
    if packed_late:
        withdraw(store, listing("gone", {"x": 60}))
    else:
        assert "withdrawn" in remarks(store, vintage, countries=("SYR",))[0]
    assert set(ids(store)) == {"y", "z"}
    assert put(store, file("c", data_date=day(110)), batch([one("x", 0)])).added == 1
    assert put(store, file("d", data_date=day(111), complete=True), batch([one("y", 1), one("z", -1)])).withdrawn == 1
    again = put(store, file("e", data_date=day(112), dated=False), batch([one("x", 0)]))
    assert (again.added, again.kept_back) == (1, 0), "the word of the list is spent: a dated file gave the event again"


def test_a_file_of_the_day_of_a_list_belongs_before_it(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 0)]))
    withdraw(store, listing("gone", {"x": 60}))
    with pytest.raises(StoreError, match="the files before the lists"):
        put(store, file("b", data_date=day(100)), batch([one("x", 0)]))
    withdraw(store, listing("more", {"x": 61}))


def test_a_later_file_that_has_the_event_again_brings_it_back(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 0), one("y", 1)]))
    withdraw(store, listing("gone", {"x": 60}))
    again = put(store, file("b", data_date=day(110)), batch([one("x", 0)]))
    assert (again.added, again.kept_back) == (1, 0)
    assert set(ids(store)) == {"x", "y"}
    assert set(ids(store, as_of=day(105))) == {"y"}


def test_an_undated_file_of_older_revisions_does_not_bring_it_back(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([revised("x", 0, 40), revised("y", 1, 40)]))
    withdraw(store, listing("gone", {"x": 60, "not yet known": 60}))
    older = batch([revised("x", 0, 40), revised("not yet known", 3, 59), revised("z", 2, 40)])
    vintage = put(store, file("old", data_date=day(110), dated=False, complete=True), older)
    assert (vintage.added, vintage.changed, vintage.withdrawn, vintage.kept_back) == (1, 0, 0, 2)
    assert set(ids(store)) == {"y", "z"}
    (said,) = remarks(store, vintage, countries=("SYR",))
    assert "2 rows of this file were revised earlier" in said
    newer = put(store, file("new", data_date=day(111), dated=False), batch([revised("x", 0, 61)]))
    assert (newer.added, newer.kept_back) == (1, 0)
    assert set(ids(store)) == {"x", "y", "z"}


def test_not_even_where_every_event_was_withdrawn(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([revised("x", 0, 40)]))
    withdraw(store, listing("gone", {"x": 60}))
    assert put(store, file("old", data_date=day(110), dated=False), batch([revised("x", 0, 40)])).kept_back == 1
    assert ids(store) == {}


def test_a_list_without_instants_is_meant_to_the_end_of_its_day(store: Store) -> None:
    put(store, file("a", data_date=day(100)), batch([revised("x", 0, 100), one("y", 1)]))
    withdraw(store, listing("gone", {"x": None, "y": None}))
    assert ids(store) == {}


def test_other_data_sets_are_left_alone(store: Store) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 0), one("y", 1)]))
    put(store, file("b", data_date=day(50), dataset="other"), batch([one("x", 0)]))
    withdraw(store, listing("gone", {"x": 60}, dataset="other"))
    assert set(ids(store)) == {"x", "y"}


def test_a_list_that_can_take_nothing_back_is_refused(store: Store) -> None:
    def refused(dataset: str, *names: str, of: int = 100) -> str:
        with pytest.raises(SourceError) as error:
            refuse_foreign(store, dataset=dataset, ids=names, data_date=day(of), where="list.json")
        return str(error.value)

    assert "of which nothing is loaded" in refused("acled", "x")
    put(store, file("a", data_date=day(50)), batch([one("x", 0)]))
    assert "--withdrawn NAME" in refused("ucdp_ged", "x")
    assert 'none of its 2 ids is known in "acled": p, q' in refused("acled", "p", "q")
    assert "before the oldest data" in refused("acled", "x", of=49)
    refuse_foreign(store, dataset="acled", ids=["x", "p"], data_date=day(50), where="list.json")


def test_a_list_comes_after_the_events_and_not_before_a_newer_vintage(store: Store) -> None:
    with pytest.raises(StoreError, match="none are loaded"):
        withdraw(store, listing("gone", {"x": 60}))
    put(store, file("a", data_date=day(101)), batch([one("x", 0)]))
    with pytest.raises(StoreError, match="before the newest vintage"):
        withdraw(store, listing("gone", {"x": 60}))


def test_a_list_that_fails_half_way_leaves_the_store_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, file("a", data_date=day(50)), batch([one("x", 0)]))

    def fails(*_: object, **__: object) -> None:
        raise duckdb.IOException("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.store.withdrawals._record", fails)
        with pytest.raises(StoreError, match="the disk is full"):
            withdraw(store, listing("gone", {"x": 60}))
    assert set(ids(store)) == {"x"}
    assert len(store.vintages()) == 1
    assert store.connection.execute("SELECT count(*) FROM withdrawal").fetchall() == [(0,)]
    assert withdraw(store, listing("gone", {"x": 60})).withdrawn == 1
