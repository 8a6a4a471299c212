"""The laws of vintages: what was loaded stays, a load is all or nothing, and a file speaks only for what it covers."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.store.loads import Rows, batch, day, file, ids, one, placed, put
from tocsin.cube import Selection, count
from tocsin.errors import QuestionError, SourceError, StoreBusyError, StoreError
from tocsin.schema import CUT_OFF, REJECT_SCHEMA, Span, joined, overlap
from tocsin.store import Store, load, open_store


def test_a_first_load_opens_every_row(store: Store) -> None:
    vintage = put(store, file("a"), batch([one("x", 0), one("y", 1)]), batch([]))
    assert (vintage.rows, vintage.events, vintage.rejects, vintage.added) == (2, 2, 0, 2)
    assert vintage.span == Span(day(0), day(1))
    assert ids(store) == {"x": 1, "y": 1}


def test_a_revised_file_closes_what_changed_and_the_past_can_be_asked(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0, fatalities=1), one("y", 1)]))
    second = put(store, file("b", data_date=day(200)), batch([one("x", 0, fatalities=2), one("y", 1), one("z", 2)]))
    assert (second.added, second.changed, second.withdrawn) == (1, 1, 0)
    assert ids(store) == {"x": 1, "y": 1, "z": 1}
    assert ids(store, as_of=day(150)) == {"x": 1, "y": 1}
    fatalities = count(store.events("acled", as_of=day(150)), Selection(), by=["event_id", "fatalities"])
    assert fatalities.rows()[0] == ("x", 1, 1)
    assert [row for _, row in store.versions("x")] == [1, 1]
    with pytest.raises(QuestionError, match="oldest vintage"):
        ids(store, as_of=day(99))


def test_rows_are_withdrawn_only_by_a_complete_file_in_its_countries_and_days(store: Store) -> None:
    first = [one("early", 0), one("in", 10), one("late", 30), one("abroad", 10, country="IRQ")]
    put(store, file("a"), batch(first))
    second = put(store, file("b", data_date=day(101)), batch([one("p", 5), one("q", 20)]))
    assert second.withdrawn == 0
    third = put(store, file("c", data_date=day(102), complete=True), batch([one("p", 5), one("q", 20)]))
    assert third.withdrawn == 1
    assert set(ids(store)) == {"early", "late", "abroad", "p", "q"}
    assert "in" in ids(store, as_of=day(101))


def test_a_withdrawn_row_may_come_back(store: Store) -> None:
    put(store, file("a"), batch([one("p", 0), one("x", 1), one("q", 2)]))
    put(store, file("b", data_date=day(101), complete=True), batch([one("p", 0), one("q", 2)]))
    assert set(ids(store)) == {"p", "q"}
    back = put(store, file("c", data_date=day(102)), batch([one("x", 1)]))
    assert back.added == 1
    assert set(ids(store)) == {"p", "q", "x"}


def test_a_file_does_not_speak_for_columns_that_it_lacks(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0, notes="long ago", fatalities=1)]))
    same = put(store, file("b", absent=("notes",)), batch([one("x", 0, fatalities=1)]))
    assert (same.added, same.changed) == (0, 0)
    put(store, file("c", absent=("notes",)), batch([one("x", 0, fatalities=5)]))
    table = count(store.events("acled"), Selection(), by=["notes", "fatalities"])
    assert table.rows() == [("long ago", 5, 1)]


def test_a_file_without_coordinates_or_actors_takes_none_away(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0, fatalities=1)]))
    bare = batch([one("x", 0, fatalities=1, longitude=None, latitude=None, actors=[])])
    lacking = ("longitude", "latitude", "actor1", "actor2", "assoc_actor1", "assoc_actor2")
    assert put(store, file("b", absent=lacking), bare).changed == 0
    worse = batch([one("x", 0, fatalities=9, longitude=None, latitude=None, actors=[])])
    assert put(store, file("c", absent=lacking), worse).changed == 1
    table = count(store.events("acled"), Selection(actors=("A",)), by=["unit_code", "fatalities"])
    assert table.rows() == [("SYR-homs", 9, 1)]


def test_a_row_set_aside_for_a_fault_is_not_withdrawn(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0), one("y", 1), one("z", 2), one("8", 1)]))
    part = batch([one("x", 0), one("z", 2)])
    fault = {"row": 3, "line": 4, "kind": "error", "column": "latitude", "value": "91", "reason": "out of bounds"}
    # What its other cells say is no id, though it reads like one.
    rejects = pl.DataFrame(
        [{**fault, "raw": '{"event_id_cnty": "y", "fatalities": "8"}'}], schema=pl.Schema(dict(REJECT_SCHEMA))
    )
    vintage = put(store, file("b", complete=True), replace(part, rejects=rejects, rows=3))
    assert (vintage.withdrawn, vintage.rejects) == (1, 1)
    assert set(ids(store)) == {"x", "y", "z"}


def test_another_mapping_of_the_same_file_takes_back_what_the_first_gave(store: Store) -> None:
    put(store, file("a", key="first"), batch([one("x", 0), one("misread", 1)]))
    again = put(store, file("a", key="second"), batch([one("x", 0), one("y", 1)]))
    assert again.withdrawn == 1
    assert set(ids(store)) == {"x", "y"}


def test_a_file_of_which_no_row_is_an_event_is_refused(store: Store) -> None:
    fault = {
        "row": 1,
        "line": 2,
        "kind": "error",
        "column": "event_date",
        "value": "?",
        "reason": "is no day",
        "raw": "{}",
    }
    rejects = pl.DataFrame([fault], schema=pl.Schema(dict(REJECT_SCHEMA)))
    with pytest.raises(SourceError, match="is no day"):
        put(store, file("a"), replace(batch([]), rejects=rejects, rows=1))
    assert store.vintages() == ()


def test_two_data_sets_are_never_added_together(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0)]))
    put(store, file("b", dataset="other"), batch([one("x", 0), one("y", 1)]))
    assert set(ids(store)) == {"x"}
    assert store.datasets() == ("acled", "other")
    with pytest.raises(QuestionError, match="acled"):
        store.events("acledd")


def test_repeats_and_twins_are_set_aside_and_every_row_is_accounted_for(store: Store) -> None:
    rows = [
        one("x", 0, fatalities=1),
        one("x", 0, fatalities=1),
        one("x", 0, fatalities=9),
        one("y", 1, revised_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC), fatalities=1),
        one("y", 1, revised_at=dt.datetime(2021, 1, 1, tzinfo=dt.UTC), fatalities=2),
    ]
    vintage = put(store, file("a"), batch(rows))
    assert (vintage.rows, vintage.events, vintage.rejects) == (5, 2, 3)
    rejects = store.rejects().select("row", "line", "kind").rows()
    assert rejects == [(2, 3, "repeat"), (3, 4, "error"), (4, 5, "error")]
    newest = count(store.events("acled"), Selection(), by=["event_id", "fatalities"])
    assert newest.rows() == [("x", 1, 1), ("y", 2, 1)]


def test_one_row_per_actor_becomes_one_event(store: Store) -> None:
    rows = [one("x", 0, actor1="A", actors=["A"]), one("x", 0, actor1="B", actors=["B"])]
    vintage = put(store, file("a", monadic=True), batch(rows))
    assert (vintage.rows, vintage.events, vintage.rejects) == (2, 1, 1)
    table = count(store.events("acled"), Selection(actors=("B",)), by=["actor1", "actor2"])
    assert table.rows() == [("A", "B", 1)]
    assert store.rejects()["kind"].to_list() == ["merged"]


def test_rows_without_an_id_get_one_from_content_and_occurrence(store: Store) -> None:
    rows = [one("", 0, location="Homs"), one("", 0, location="Homs"), one("", 0, location="Hama")]
    for row in rows:
        row["event_id"] = None
    put(store, file("a"), batch(rows))
    first = ids(store)
    assert len(first) == 3
    again = put(store, file("b"), batch([*rows, {**rows[0], "location": "Idlib"}]))
    assert (again.added, again.changed) == (1, 0)
    assert set(first) < set(ids(store))


def test_an_older_file_is_refused(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0)]))
    with pytest.raises(StoreError, match="oldest first"):
        put(store, file("b", data_date=day(50)), batch([one("y", 0)]))


def test_a_load_that_fails_leaves_nothing(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0)]))

    def broken() -> Iterator[Rows]:
        yield batch([one("y", 1)])
        raise StoreError("cut short")

    with pytest.raises(StoreError, match="cut short"):
        load(store, file("b"), broken(), resolve=placed)
    assert len(store.vintages()) == 1
    assert ids(store) == {"x": 1}
    assert store.rejects().is_empty()


def test_a_reader_that_loses_a_row_is_caught(store: Store) -> None:
    short = batch([one("x", 0)])
    with pytest.raises(StoreError, match="2 rows were read but 1 events"):
        put(store, file("a"), replace(short, rows=2))


def test_coverage_is_by_country_and_leaves_gaps(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0), one("y", 9)]))
    put(store, file("b"), batch([one("z", 20), one("w", 29), one("v", 25, country="IRQ")]))
    assert store.events("acled", countries=("SYR",)).about.covered == (Span(day(0), day(9)), Span(day(20), day(29)))
    assert store.events("acled", countries=("SYR", "IRQ")).about.covered == (Span(day(25), day(25)),)
    assert store.events("acled", countries=("FRA",)).about.covered == ()


def test_spans_join_and_overlap() -> None:
    a, b, c = Span(day(0), day(4)), Span(day(5), day(9)), Span(day(20), day(22))
    assert joined([c, a, b]) == (Span(day(0), day(9)), c)
    assert overlap((a, c), (Span(day(4), day(20)),)) == (Span(day(4), day(4)), Span(day(20), day(20)))


def test_a_synthetic_row_marks_its_vintage(store: Store) -> None:
    assert not put(store, file("a"), batch([one("x", 0, tags="crowd size=no report")])).synthetic
    assert put(store, file("b"), batch([one("y", 0, tags="synthetic")])).synthetic
    assert "SYNTHETIC" in store.events("acled").about.sentence()


def test_a_second_process_is_told_who_has_the_store(tmp_path: Path) -> None:
    holder = (
        "import sys, time; from pathlib import Path; from tocsin.store import open_store\n"
        "with open_store(Path(sys.argv[1]), write=True): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", holder, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with (
            pytest.raises(StoreBusyError, match=f"process {process.pid}"),
            open_store(tmp_path, write=True, wait_seconds=0.3),
        ):
            pass
        process.kill()
    with open_store(tmp_path, write=True):
        pass


def test_a_store_of_the_future_is_not_touched(tmp_path: Path) -> None:
    with open_store(tmp_path, write=True) as store:
        store.connection.execute("INSERT INTO layout VALUES (99)")
    for write in (True, False):
        with pytest.raises(StoreError, match="layout 99"), open_store(tmp_path, write=write):
            pass


def test_rubbish_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "store.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError), open_store(tmp_path, write=True):
        pass


def test_nothing_loaded_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="tocsin add"), open_store(tmp_path):
        pass


def test_a_file_that_is_cut_off_is_not_complete(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0), one("y", 1), one("z", 2)]))
    part = batch([one("x", 0)])
    for fault in (
        {"row": 2, "line": 3, "column": "notes", "reason": CUT_OFF},
        {"row": 2, "line": 3, "column": None, "reason": "the row has 12 cells, the header 31"},
    ):
        told = {"kind": "error", "value": "", "raw": "", **fault}
        cut = replace(part, rejects=pl.DataFrame([told], schema=pl.Schema(dict(REJECT_SCHEMA))), rows=2)
        with pytest.raises(SourceError, match="complete, but its last row is not") as caught:
            put(store, file("b", complete=True), cut)
        assert caught.value.where == "b.csv:3"
        assert set(ids(store)) == {"x", "y", "z"}
        assert put(store, file(str(fault["reason"])), cut).withdrawn == 0


def test_ids_that_were_made_stay_what_they_are(store: Store) -> None:
    """Reviews and signed lists name them, whatever columns the contract has got since."""
    given: list[tuple[int, dict[str, Any]]] = [(0, {}), (0, {}), (3, {"actors": ["B", "A"], "fatalities": 3}), (0, {})]
    rows = [one("", number, event_id=None, **more) for number, more in given]
    whole = batch(rows)
    put(
        store,
        file("a"),
        *(Rows(part, whole.rejects, part.height) for part in (whole.events.head(1), whole.events.slice(1))),
    )
    made = "row-ee4c830ac45a880a9e5d"
    assert sorted(ids(store))[1:] == [f"{made}-1", f"{made}-2", f"{made}-3"]
