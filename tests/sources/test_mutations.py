"""A damaged file of any kind gives rows, each of them once, or an error that a person can mend: never anything else."""

from __future__ import annotations

import functools
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.acled_rows import as_csv, now
from tests.sources.test_acled_vintages import all_of, save
from tests.sources.test_large_workbooks import STRINGS, edited, workbook
from tocsin import sources
from tocsin.errors import SourceError, TocsinError

ROWS = [now(), now(notes='a "q"\nb, c', event_date="03/04/2021"), now(event_date="13/05/2021"), now(fatalities="x")]
PARTS = ["xl/worksheets/sheet1.xml", STRINGS, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"]
TOKENS = [
    b"\0",
    b'"',
    b",",
    b"\n",
    b"\xff\xff\xff\xff",
    b"9" * 20,
    b"1e999",
    b"\\ud800",
    b"[",
    b"}",
    b"null",
    b"<",
    b">",
    b"&#0;",
    b'<c r="XFD1048576"><v>1</v></c>',
    b"=1+1",
    b"\xed\xa0\x80",
    b"PK\x03\x04",
]


def parquet() -> bytes:
    buffer = io.BytesIO()
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    spare = {"list": [["a"], None, [], ["b", "c"]], "struct": [{"a": 1}] * 4, "float": [1.5, None, 2.0, float("nan")]}
    instant = pa.array([1, 2, None, 3], pa.timestamp("ms", "UTC"))
    pa.parquet.write_table(pa.table(columns | spare | {"instant": instant}), buffer, compression="none")
    return buffer.getvalue()


def in_zip(name: str, content: bytes, method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@functools.cache
def whole(kind: str) -> bytes:
    """A file without damage."""
    text = as_csv(ROWS).encode()
    made: dict[str, Callable[[], bytes]] = {
        "csv": lambda: text,
        "utf-16": lambda: as_csv(ROWS, delimiter="\t").encode("utf-16"),
        "json": lambda: json.dumps(ROWS).encode(),
        "parquet": parquet,
        "xlsx": lambda: workbook(3),
        "zip": lambda: in_zip("a.csv", text, zipfile.ZIP_DEFLATED),
        "zip by LZMA": lambda: in_zip("a.json", json.dumps(ROWS).encode(), zipfile.ZIP_LZMA),
        "gzip": lambda: gzip.compress(text),
    }
    return made[kind]()


Edit = tuple[float, int, bytes]
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([0, 1, 4, 60]), st.sampled_from(TOKENS) | st.binary(max_size=4)),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, edits: list[Edit]) -> bytes:
    """At some places, some bytes taken out and others put in."""
    for place, out, put in edits:
        at = int(place * len(content))
        content = content[:at] + put + content[at + out :]
    return content


def read_or_refused(path: Path) -> None:
    try:
        _, events, rejects = all_of(path)
    except TocsinError as error:
        str(error).encode()
        return
    rows = sorted([*events["row"], *rejects["row"]])
    assert rows == list(range(1, len(rows) + 1))
    assert all(text.encode() for text in rejects["reason"])
    if rows:
        assert sources.raw_row(path, len(rows))


@pytest.mark.parametrize("kind", ["csv", "utf-16", "json", "parquet", "xlsx", "zip", "zip by LZMA", "gzip"])
def test_damage_ends_in_rows_or_in_an_error_that_can_be_mended(
    tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    read_or_refused(save(folder, whole(kind), "whole"))

    @given(EDITS)
    @settings(max_examples=40)
    def damage(edits: list[Edit]) -> None:
        read_or_refused(save(folder, damaged(whole(kind), edits), "damaged"))

    damage()


@given(EDITS, st.sampled_from(PARTS))
@settings(max_examples=60)
def test_damage_inside_a_workbook(tmp_path_factory: pytest.TempPathFactory, edits: list[Edit], part: str) -> None:
    content = edited({part: lambda written: damaged(written, edits)}, content=whole("xlsx"))
    read_or_refused(save(tmp_path_factory.mktemp("damage"), content, "a.xlsx"))


FOUND: dict[str, tuple[str, list[tuple[bytes, bytes]]]] = {
    "a zip of a version to come": ("zip", [(b"PK\x01\x02\x14\x03\x14\0", b"PK\x01\x02\x14\x03\xff\0")]),
    "a member without a name": ("zip", [(b"a.csv", b"\0\0\0\0\0")]),
    "a name that is not UTF-8": (
        "zip",
        [(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\0\x08"), (b"a.csv", b"\xff.csv")],
    ),
}


@pytest.mark.parametrize("fault", FOUND)
def test_archives_that_ended_in_a_traceback(tmp_path: Path, fault: str) -> None:
    kind, edits = FOUND[fault]
    content = whole(kind)
    for old, new in edits:
        assert old in content
        content = content.replace(old, new)
    with pytest.raises(SourceError):
        all_of(save(tmp_path, content, "a.zip"))


@pytest.mark.parametrize("kind", ["xlsx", "zip"])
def test_an_archive_whose_directory_points_before_the_file(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SourceError, match="directory is"):
        all_of(save(tmp_path, whole(kind)[:60] + whole(kind)[86:], "a.zip"))


@pytest.mark.parametrize("encoding", ["UTcF-8", "utf-32", "idna"])
def test_a_part_in_an_encoding_that_is_none(tmp_path: Path, encoding: str) -> None:
    for part in ("xl/workbook.xml", STRINGS):
        content = edited({part: lambda written: written.replace(b"UTF-8", encoding.encode())}, content=whole("xlsx"))
        with pytest.raises(SourceError, match="damaged"):
            all_of(save(tmp_path, content, "a.xlsx"))


def test_a_parquet_column_whose_name_is_no_text(tmp_path: Path) -> None:
    content = whole("parquet").replace(b"civilian_targeting", b"civilian\xfftargeting")
    with pytest.raises(SourceError, match="damaged"):
        all_of(save(tmp_path, content, "a.parquet"))


def test_lzma_that_is_damaged(tmp_path: Path) -> None:
    content = bytearray(whole("zip by LZMA"))
    content[60] ^= 0xFF
    with pytest.raises(SourceError, match="can not be unpacked"):
        all_of(save(tmp_path, bytes(content), "a.zip"))
