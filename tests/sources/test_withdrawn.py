"""Lists of withdrawn events as they come: the forms that are read, and every row accounted for."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import SourceError
from tocsin.sources import Reading, Withdrawn, read_either

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def read(path: Path, withdrawn_from: str | None = None) -> Withdrawn:
    found = read_either(path, withdrawn_from=withdrawn_from, now=NOW)
    assert isinstance(found, Withdrawn)
    return found


def written(tmp_path: Path, text: str, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


ROWS: list[dict[str, str | int]] = [
    {"event_id_cnty": "XYZ1", "deleted_timestamp": "1700000000"},
    {"event_id_cnty": "XYZ2", "deleted_timestamp": 1},
]


@pytest.mark.parametrize("form", ["envelope", "list", "csv", "upper", "xlsx", "parquet"])
def test_a_list_in_acled_s_columns_is_known_as_one(tmp_path: Path, form: str) -> None:
    path = tmp_path / "list"
    table = pl.DataFrame([{name: str(cell) for name, cell in row.items()} for row in ROWS])
    if form == "envelope":
        path.write_text(json.dumps({"success": True, "count": 2, "data": ROWS}))
    elif form == "list":
        path.write_text(json.dumps(ROWS))
    elif form == "xlsx":
        table.cast({"deleted_timestamp": pl.Int64}).write_excel(path.with_suffix(".xlsx"))
        path = path.with_suffix(".xlsx")
    elif form == "parquet":
        table.write_parquet(path)
    else:
        (table.rename(str.upper) if form == "upper" else table).write_csv(path)
    found = read(path)
    assert found.dataset == "acled"
    assert found.form.startswith("list of withdrawn events, ")
    assert found.ids["event_id"].to_list() == ["XYZ1", "XYZ2"]
    assert found.ids["withdrawn_at"].to_list() == [
        dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC),
        dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC),
    ]
    assert found.newest == dt.date(2023, 11, 14)
    assert found.rejects.is_empty()


def test_an_export_with_such_a_column_is_no_list(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "event_id_cnty,event_date,event_type,sub_event_type,inter1,deleted_timestamp\nXYZ1,2021-01-01,Battles,Armed clash,,\n",
    )
    assert isinstance(read_either(path, now=NOW), Reading)


def test_every_row_is_an_id_or_a_reject_with_its_line(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "event_id_cnty,deleted_timestamp\nXYZ1,1700000000\n XYZ1 ,1600000000\n,1700000000\nXYZ2,99999999999999999999\n"
        "XYZ3,yesterday\nXYZ4\nXYZ5,1800000000\n=A1,1700000000\nXYZ 6,2023-11-15\nXYZ7,\n",
    )
    found = read(path)
    assert dict(found.ids.select("event_id", "withdrawn_at").rows()) == {
        "XYZ1": dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC),
        "XYZ 6": dt.datetime(2023, 11, 15, 23, 59, 59, 999999, tzinfo=dt.UTC),
        "XYZ7": None,
    }
    assert found.rejects.select("row", "line", "kind").rows() == [
        (2, 3, "repeat"),
        (3, 4, "error"),
        (4, 5, "error"),
        (5, 6, "error"),
        (6, 7, "error"),
        (7, 8, "error"),
        (8, 9, "error"),
    ]
    assert found.rejects["reason"][0] == "names again the event of row 1"
    assert "still to come" in found.rejects["reason"][5]


def test_of_a_repeated_id_the_newest_withdrawal_is_kept(tmp_path: Path) -> None:
    found = read(written(tmp_path, "event_id_cnty,deleted_timestamp\nX,\nX,1600000000\nX,1700000000\nX,1700000000\n"))
    assert found.ids["row"].to_list() == [3]
    assert found.rejects["row"].to_list() == [1, 2, 4]


def test_a_plain_list_has_a_header_or_none(tmp_path: Path) -> None:
    bare = read(written(tmp_path, "XYZ1\nXYZ 2\n\nXYZ3\nXYZ1\n", "bare.txt"), "our-log")
    assert bare.dataset == "our-log"
    assert bare.ids.select("row", "event_id").rows() == [(1, "XYZ1"), (2, "XYZ 2"), (3, "XYZ3")]
    assert bare.rejects.select("row", "line", "kind").rows() == [(4, 5, "repeat")]
    headed = read(written(tmp_path, "Event ID\nXYZ1\n", "headed.csv"), "our-log")
    assert headed.ids["event_id"].to_list() == ["XYZ1"]
    assert read(written(tmp_path, "XYZ1", "one.txt"), "our-log").ids["event_id"].to_list() == ["XYZ1"]


def test_ids_are_written_as_the_reader_of_the_events_writes_them(tmp_path: Path) -> None:
    path = written(tmp_path, "id,withdrawn_at\n214797.0,2024-05-01\n 7 ,\n1e300,\n")
    ged = read(path, "ucdp_ged")
    assert ged.ids["event_id"].to_list() == ["214797", "7"]
    assert ged.rejects["row"].to_list() == [3]
    assert read(path, "our-log").ids["event_id"].to_list() == ["214797.0", "7", "1e300"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("event_id_cnty,deleted_timestamp\n", "names no withdrawn event"),
        ("event_id_cnty,deleted_timestamp\n,5\n", "the row names no event"),
        ('[{"event_id_cnty": "XYZ1", "deleted_', "not whole JSON"),
        ('{"success": true, "count": 0, "data": []}', "holds no data"),
        ("<!DOCTYPE html><html>", "web page"),
        ("", "empty"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read(written(tmp_path, text), "acled")


def test_a_table_without_a_column_of_ids_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"can not be told: nr, name") as error:
        read(written(tmp_path, "nr,name\n1,2\n"), "our-log")
    assert "event_id" in error.value.next_step


def test_a_small_table_of_no_known_source_may_be_a_list(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as error:
        read_either(written(tmp_path, "XYZ1\nXYZ2\n"), now=NOW)
    assert "--withdrawn DATASET" in error.value.next_step


CELLS = st.text(st.characters(codec="utf-8", exclude_characters='\r\n,;\t"\0'), max_size=6)


@given(st.lists(st.tuples(CELLS, st.one_of(CELLS, st.integers(0, 2**70).map(str))), min_size=1, max_size=12))
def test_rows_are_ids_and_rejects(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.mktemp("lists") / "list.json"
    told = [*rows, ("one that is sound", "1700000000")]
    path.write_text(
        json.dumps([{"event_id_cnty": name, "deleted_timestamp": at} for name, at in told]), encoding="utf-8"
    )
    found = read(path)
    assert sorted([*found.ids["row"], *found.rejects["row"]]) == list(range(1, len(told) + 1))
    assert found.ids["event_id"].is_unique().all()
