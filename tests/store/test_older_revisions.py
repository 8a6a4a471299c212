"""Files that are older than they are taken for, and logs that are loaded twice over."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.store.loads import batch, day, file, ids, one, put
from tocsin.cube import Selection, count
from tocsin.store import Store, remarks


def revised(name: str, number: int, year: int, **more: Any) -> dict[str, Any]:
    return one(name, number, revised_at=dt.datetime(year, 1, 1, tzinfo=dt.UTC), **more)


def deaths(store: Store) -> dict[str, int]:
    table = count(store.events("acled"), Selection(), by=["event_id", "fatalities"])
    return {row[0]: row[1] for row in table.rows()}


def test_an_older_revision_of_a_row_does_not_replace_a_newer_one(store: Store) -> None:
    put(store, file("new"), batch([revised("x", 0, 2022, fatalities=9), revised("y", 1, 2020, fatalities=1)]))
    older = batch(
        [revised("x", 0, 2021, fatalities=2), revised("y", 1, 2021, fatalities=3), revised("z", 2, 2021, fatalities=4)]
    )
    vintage = put(store, file("old", data_date=day(101), dated=False), older)
    assert (vintage.added, vintage.changed, vintage.kept_back) == (1, 1, 1)
    assert deaths(store) == {"x": 9, "y": 3, "z": 4}
    (told,) = remarks(store, vintage, countries=("SYR",))
    assert told.startswith("1 row of this file was revised earlier")
    assert "--dated" in told


def test_a_file_that_the_user_dated_is_believed(store: Store) -> None:
    put(store, file("a"), batch([revised("x", 0, 2022, fatalities=9)]))
    vintage = put(store, file("b", data_date=day(101)), batch([revised("x", 0, 2021, fatalities=2)]))
    assert (vintage.changed, vintage.kept_back) == (1, 0)
    assert deaths(store) == {"x": 2}


def test_an_older_file_that_calls_itself_complete_withdraws_nothing(store: Store) -> None:
    put(store, file("new"), batch([revised("x", 0, 2022), revised("later", 1, 2022), revised("y", 2, 2020)]))
    older = batch([revised("x", 0, 2021), revised("y", 2, 2020)])
    vintage = put(store, file("old", data_date=day(101), dated=False, complete=True), older)
    assert (vintage.withdrawn, vintage.kept_back) == (0, 1)
    assert "later" in ids(store)
    assert "Nor did it withdraw any" in remarks(store, vintage, countries=("SYR",))[0]


def test_rows_without_a_time_of_revision_are_replaced_as_ever(store: Store) -> None:
    put(store, file("a"), batch([revised("x", 0, 2022, fatalities=9), one("y", 1, fatalities=1)]))
    later = batch([one("x", 0, fatalities=2), revised("y", 1, 2020, fatalities=3)])
    vintage = put(store, file("b", data_date=day(101), dated=False), later)
    assert (vintage.changed, vintage.kept_back) == (2, 0)


def log(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    return [{**one("", number, **more), "event_id": None} for number in numbers]


def test_a_log_with_a_changed_column_is_told_and_replaced_by_a_complete_one(store: Store) -> None:
    put(store, file("a"), batch(log(0, 1, 2, 3)))
    changed = batch(log(0, 1, 2, 3, 4, admin1="Homs"))
    doubled = put(store, file("b", data_date=day(101)), changed)
    assert len(ids(store)) == 9
    (told,) = remarks(store, doubled, countries=("SYR",))
    assert "same log with a changed column" in told
    assert "--complete" in told
    replaced = put(store, file("b", data_date=day(102), key="b complete", complete=True), changed)
    assert replaced.withdrawn == 4
    assert len(ids(store)) == 5
    (told,) = remarks(store, replaced, countries=("SYR",))
    assert told == "4 rows that this log no longer has were withdrawn."


def test_a_complete_log_with_a_changed_column_replaces_at_once(store: Store) -> None:
    put(store, file("a"), batch(log(0, 1, 2, 3)))
    put(store, file("b", data_date=day(101), complete=True), batch(log(0, 1, 2, 3, admin1="Homs")))
    assert len(ids(store)) == 4


def test_a_log_that_grew_is_no_log_loaded_twice(store: Store) -> None:
    put(store, file("a"), batch(log(0, 1, 2, 3)))
    assert remarks(store, put(store, file("b"), batch(log(*range(12)))), countries=("SYR",)) == ()
    assert remarks(store, put(store, file("c"), batch(log(20, 21))), countries=("SYR",)) == ()
    assert remarks(store, put(store, file("d"), batch(log(*range(22), 5))), countries=("SYR",)) == ()


def test_a_further_log_of_some_of_the_days_is_not_taken_for_the_same(store: Store) -> None:
    put(store, file("a"), batch(log(0, 1, 2, 3)))
    assert remarks(store, put(store, file("b"), batch(log(1, 2, 3, admin1="Homs"))), countries=("SYR",)) == ()


def test_rows_with_ids_of_the_publisher_are_not_taken_for_a_log(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0), one("y", 1)]))
    assert remarks(store, put(store, file("b"), batch([one("p", 0), one("q", 1)])), countries=("SYR",)) == ()


def test_a_part_taken_for_the_whole_says_what_it_withdrew(store: Store) -> None:
    put(store, file("a"), batch([one(f"e{n}", n % 9) for n in range(10)]))
    part = put(store, file("b", complete=True), batch([one("e0", 0), one("e8", 8)]))
    assert part.withdrawn == 8
    (told,) = remarks(store, part, countries=("SYR",))
    assert told.startswith("It withdrew most of what stood: 8 rows, and 2 are left of it.")
    again = put(store, file("c", complete=True), batch([one(f"e{n}", n % 9) for n in range(9)]))
    assert remarks(store, again, countries=("SYR",)) == ()


def test_events_of_other_countries_are_told(store: Store) -> None:
    abroad = put(store, file("a"), batch([one("x", 0), one("y", 1)]))
    (told,) = remarks(store, abroad, countries=("AFG", "PAK"))
    assert told.startswith("None of the 2 events that it brought took place in AFG, PAK")
    assert remarks(store, abroad, countries=("SYR", "PAK")) == ()
