"""Rows on their way into the engine: numbered, read ahead, and what stops the stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.loads import Rows, batch, day, file, ids, one, placed
from tocsin.errors import StoreError
from tocsin.store import Store, load, open_store
from tocsin.store.numbering import Numbering
from tocsin.store.staging import ahead

values = st.lists(st.tuples(st.sampled_from(["AFG", None]), st.sampled_from([0.0, -1.5, None])))


@given(known=st.sets(st.sampled_from(["AFG", "PAK"])), batches=st.lists(values, max_size=4))
def test_a_value_has_one_number_and_a_number_one_value(
    known: set[str], batches: list[list[tuple[str | None, float | None]]]
) -> None:
    schema = {"country": pl.String, "longitude": pl.Float64}
    before = pl.DataFrame([(name, 0.0) for name in sorted(known)], schema=schema, orient="row")
    numbered = before.with_columns(number=pl.int_range(1, before.height + 1, dtype=pl.Int32))
    numbering = Numbering(numbered, number="number", start=before.height + 1)
    given: dict[tuple[str | None, float | None], int] = {row[:2]: row[2] for row in numbered.rows()}
    for rows in batches:
        for value in rows:
            given.setdefault(value, len(given) + 1)
        found = numbering.of(pl.DataFrame(rows, schema=schema, orient="row"))
        assert found.to_list() == [given[value] for value in rows]
    assert {row[:2]: row[2] for row in numbering.met.rows()} == {v: n for v, n in given.items() if n > before.height}


def test_the_next_is_made_while_one_is_in_use_and_no_more_than_that() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    coming = ahead(items())
    assert next(coming) == 0
    coming.close()  # type: ignore[attr-defined]
    assert made in ([0], [0, 1])
    assert list(ahead(items())) == [0, 1, 2, 3, 4]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, write=True) as opened:
        yield opened


def stopped(store: Store, error: type[BaseException], match: str | None = None, **more: Any) -> None:
    """A load that ends so, and after which the store takes the next as if it had never been."""
    given: dict[str, Any] = {"described": file("a"), "rows": [batch([one("x", 0)])], **more}
    with pytest.raises(error, match=match):
        load(store, given["described"], given["rows"], resolve=placed)
    load(store, file("z", data_date=day(200)), [batch([one("after", 5)])], resolve=placed)
    assert "after" in ids(store)
    assert "x" not in ids(store)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError, ValueError])
def test_what_stops_the_stream_comes_up_as_itself(store: Store, error: type[BaseException]) -> None:
    def rows() -> Iterator[Rows]:
        yield batch([one("x", 0)])
        raise error

    stopped(store, error, rows=rows())


def test_an_interrupt_of_the_engine_is_one_of_the_program(store: Store) -> None:
    def rows() -> Iterator[Rows]:
        yield batch([one(f"x{number}", 0) for number in range(130_000)])
        store.connection.interrupt()
        yield batch([one(f"y{number}", 0) for number in range(130_000)])

    stopped(store, KeyboardInterrupt, rows=rows())


def test_what_went_wrong_in_the_engine_is_told(store: Store) -> None:
    stopped(
        store,
        StoreError,
        match="NOT NULL constraint failed: .*event_day",
        rows=[batch([one("x", 0, event_date=None)])],
    )


def test_a_lost_row_stops_the_load(store: Store) -> None:
    whole = batch([one("x", 0)])
    stopped(store, StoreError, match="2 rows were read but 1", rows=[Rows(whole.events, whole.rejects, rows=2)])


def test_lines_of_twins_are_those_of_the_file(store: Store) -> None:
    rows = batch([one(name, number) for number, name in enumerate(["a", "b", "a", "c", "b"])])
    events = rows.events.with_columns(line=pl.Series([2, 3, 7, 8, 12]))
    load(
        store,
        file("a"),
        [Rows(events.head(2), rows.rejects, 2), Rows(events.slice(2), rows.rejects, 3)],
        resolve=placed,
    )
    assert store.rejects().select("row", "line").rows() == [(3, 7), (5, 12)]


def test_an_id_that_looks_made_is_one_of_the_files_own(store: Store) -> None:
    own = "row-ee4c830ac45a880a9e5d-1"
    load(
        store,
        file("a"),
        [batch([one(own, 1), one(own, 1), one("", 2, event_id=None), one("", 2, event_id=None)])],
        resolve=placed,
    )
    assert len(ids(store)) == 3
    assert store.rejects()["kind"].to_list() == ["repeat"]


def test_two_data_sets_in_one_store(store: Store) -> None:
    load(store, file("a"), [batch([one("x", 0), one("x", 0)])], resolve=placed)
    load(
        store, file("b", dataset="log"), [batch([one("x", 3), one("y", 4), one("", 5, event_id=None)])], resolve=placed
    )
    assert ids(store) == {"x": 1}
    counted = store.connection.execute(
        "SELECT dataset, opened, count(*) FROM event GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert counted == [("acled", 1, 1), ("log", 2, 3)]
    with pytest.raises(duckdb.CatalogException):
        store.connection.execute("SELECT * FROM ready")
