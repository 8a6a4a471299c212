"""Parquet columns of every type, and JSON that no file of text could hold: read without loss, or refused by name."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.sources.acled_rows import now
from tests.sources.test_acled_vintages import all_of, save
from tests.sources.test_bad_files import refused
from tocsin import sources
from tocsin.errors import SourceError

STRUCT_OF_BYTES = pa.array([{"a": b"\xff"}])
ONE_BAD_TEXT = pa.Array.from_buffers(
    pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
)
INSTANT = dt.datetime(2021, 11, 17, 21, tzinfo=dt.UTC)


def with_column(folder: Path, spare: pa.Array) -> Path:
    """A Parquet file of one event, with one column more."""
    columns = {name: pa.array([cell]) for name, cell in now().items()}
    pa.parquet.write_table(pa.table(columns | {"spare": spare}), folder / "a.parquet")
    return folder / "a.parquet"


READ: dict[str, tuple[pa.Array, str]] = {
    "struct": (pa.array([{"a": 1, "b": "x"}]), '{"a": 1, "b": "x"}'),
    "struct of nothing": (pa.array([{"a": None}], pa.struct([("a", pa.null())])), '{"a": null}'),
    "no struct": (pa.array([None], pa.struct([("a", pa.int64())])), ""),
    "list": (pa.array([[1, None, 2]]), "1; 2"),
    "list of no length": (pa.array([[]], pa.list_(pa.string())), ""),
    "list of fixed length": (pa.array([["x", "y"]], pa.list_(pa.string(), 2)), "x; y"),
    "large list": (pa.array([[dt.date(2021, 1, 2)]], pa.large_list(pa.date32())), "2021-01-02"),
    "list of structs": (pa.array([[{"a": "é"}]]), '[{"a": "é"}]'),
    "list of lists": (pa.array([[[1], []]]), "[[1], []]"),
    "map": (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), '[["a", 1]]'),
    "decimal": (pa.array([decimal.Decimal("1.50")]), "1.50"),
    "large decimal": (pa.array([decimal.Decimal("1.50")], pa.decimal256(60, 2)), "1.50"),
    "time": (pa.array([dt.time(1, 2)], pa.time32("s")), "01:02:00"),
    "dictionary": (pa.array(["x"]).dictionary_encode(), "x"),
    "dictionary of numbers": (pa.array([7]).dictionary_encode(), "7"),
    "bytes that are text": (pa.array([b"x\xc3\xa9"], pa.large_binary()), "xé"),
    "view": (pa.array(["x"], pa.string_view()), "x"),
    "null": (pa.array([None], pa.null()), ""),
    "list of nulls": (pa.array([[None]], pa.list_(pa.null())), ""),
    "half": (pa.array([1.5], pa.float16()), "1.5"),
    "float": (pa.array([214797.0]), "214797.0"),
    "boolean": (pa.array([True]), "true"),
    "JSON": (pa.array(['{"a": 1}'], pa.json_()), '{"a": 1}'),
    "instant": (pa.array([INSTANT], pa.timestamp("s", "+04:30")), "2021-11-18 01:30:00"),
    "instant in no calendar": (pa.array([2**62], pa.timestamp("ms")), "<value out of range: 4611686018427387904>"),
}
REFUSED: dict[str, pa.Array] = {
    "bytes": pa.array([b"\xff"]),
    "large bytes": pa.array([b"\xff"], pa.large_binary()),
    "dictionary of bytes": pa.array([b"\xff"]).dictionary_encode(),
    "struct of bytes": STRUCT_OF_BYTES,
    "struct in a struct": pa.array([{"a": {"b": [b"\xff"]}}]),
    "list of bytes": pa.array([[b"\xff"]]),
    "list of structs of bytes": pa.array([[{"a": b"\xff"}]]),
    "map of bytes": pa.array([[(b"\xff", 1)]], pa.map_(pa.binary(), pa.int64())),
    "duration": pa.array([dt.timedelta(days=1)]),
    "unknown time zone": pa.array([1], pa.timestamp("ms", "Nowhere/Land")),
    "text that is not UTF-8": ONE_BAD_TEXT,
}


@pytest.mark.parametrize("kind", READ)
def test_a_parquet_column_is_read_as_text(tmp_path: Path, kind: str) -> None:
    spare, said = READ[kind]
    path = with_column(tmp_path, spare)
    assert len(all_of(path)[1]) == 1
    assert sources.raw_row(path, 1)["spare"].removesuffix(".000") == said


@pytest.mark.parametrize("kind", REFUSED)
def test_a_parquet_column_that_has_no_text_is_named(tmp_path: Path, kind: str) -> None:
    error = refused(with_column(tmp_path, REFUSED[kind]))
    assert '"spare"' in error.what
    assert "Leave the column out" in error.next_step


def test_an_instant_in_no_calendar_sets_its_row_aside(tmp_path: Path) -> None:
    columns = {name: pa.array([cell] * 2) for name, cell in now().items()}
    columns["event_date"] = pa.array([2**62, INSTANT.timestamp() * 1000], pa.timestamp("ms"))
    pa.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    _, events, rejects = all_of(tmp_path / "a.parquet")
    assert events["event_date"].to_list() == [dt.date(2021, 11, 17)]
    assert "out of range" in rejects["value"][0]


def test_parquet_without_columns_or_rows(tmp_path: Path) -> None:
    pa.parquet.write_table(pa.table({}), tmp_path / "a.parquet")
    assert "no rows" in refused(tmp_path / "a.parquet").what
    empty = pa.table({name: pa.array([], pa.string()) for name in now()})
    pa.parquet.write_table(empty, tmp_path / "b.parquet")
    assert "no rows" in refused(tmp_path / "b.parquet").what


def test_half_a_character_in_json_sets_its_row_aside(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [now(), now(notes="cut \ud800 off"), now(notes="whole \U0001f6a8")]
    rows.append(now() | {"tags": ["\udfff"]})
    path = save(tmp_path, json.dumps(rows), "answer.json")
    _, events, rejects = all_of(path)
    assert events["row"].to_list() == [1, 3]
    assert events["notes"][1] == "whole \U0001f6a8"
    assert rejects["row"].to_list() == [2, 4]
    assert rejects["kind"].to_list() == ["error", "error"]
    assert "half of a character" in rejects["reason"][0]
    assert sources.raw_row(path, 2)["notes"] == "cut \\ud800 off"


def test_half_a_character_in_a_key_or_a_message(tmp_path: Path) -> None:
    path = save(tmp_path, json.dumps([now() | {"\ud800": "x"}]), "answer.json")
    reading, events, _ = all_of(path)
    assert len(events) == 1
    assert "\\ud800" in reading.unread
    failed = refused(save(tmp_path, json.dumps({"success": False, "message": "no \ud800"}), "answer.json"))
    assert failed.what.encode() == b'the publisher answered "no \\ud800"'


def test_lists_inside_lists_in_json(tmp_path: Path) -> None:
    for depth in (900, 950, 970, 100_000):
        deep = json.dumps([now()])[:-2] + ', "spare": ' + "[" * depth + "]" * depth + "}]"
        path = save(tmp_path, deep, "answer.json")
        with contextlib.suppress(SourceError):
            all_of(path)
