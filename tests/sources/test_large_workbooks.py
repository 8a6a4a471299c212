"""A workbook that would not fit in memory is refused before it is expanded, in little memory and time."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from tests.sources.acled_rows import NOW, now
from tests.sources.test_acled_vintages import all_of, save
from tests.sources.test_bad_files import refused, zipped
from tocsin.errors import SourceError
from tocsin.sources import extent, sheets

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
Edit = Callable[[bytes], bytes]
# Reads a workbook in a process of its own, which may use 600 MB: what is not refused in time ends in an abort there.
READ = """
import resource, sys, time
from pathlib import Path
from tocsin import sources
from tocsin.errors import SourceError
resource.setrlimit(resource.RLIMIT_DATA, (600 << 20, 600 << 20))
start = time.perf_counter()
try:
    rows = sum(batch.rows for batch in sources.read(Path(sys.argv[1])).batches)
    print("read", rows)
except SourceError as error:
    print("refused", error.what)
print(time.perf_counter() - start, file=sys.stderr)
"""


def workbook(rows: int = 1) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet("Events")
    for line, cells in enumerate([list(NOW), *[[cell or "NA" for cell in now().values()]] * rows]):
        sheet.write_row(line, 0, cells)
    book.close()
    return buffer.getvalue()


def edited(edits: dict[str, Edit], *, content: bytes | None = None) -> bytes:
    """The workbook with some of its parts changed."""
    buffer = io.BytesIO()
    old = zipfile.ZipFile(io.BytesIO(content or workbook()))
    with old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, edits[name](part) if name in edits else part)
    return buffer.getvalue()


def ending_with(rows: bytes) -> Edit:
    return lambda part: part.replace(b"</sheetData>", rows + b"</sheetData>")


def in_a_small_process(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-600:]
    assert float(done.stderr.splitlines()[-1]) < 10
    return done.stdout.strip()


FAR = {
    "usual": (b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "XFD1048576"),
    "a text": (b'<row r="1048576"><c r="XFD1048576" t="str"><v></v></c></row>', "XFD1048576"),
    "attributes in another order": (b'<row r="9"><c s="0" r="XFD1048576"><v>1</v></c></row>', "XFD1048576"),
    "another quotation mark": (b"<row r='9'><c r = 'xfd1048576' ><v>1</v></c></row>", "XFD1048576"),
    "beyond any sheet": (b'<row r="4294967295"><c r="A4294967295"><v>1</v></c></row>', "AE4294967295"),
    "by its row": (b'<row r="99999999"><c><v>1</v></c></row>', "AE99999999"),
    "many columns": (b'<row r="3"><c r="ZZZZ3"><v>1</v></c></row>', "ZZZZ3"),
}


@pytest.mark.parametrize("form", FAR)
def test_a_cell_at_the_far_corner_is_refused(tmp_path: Path, form: str) -> None:
    rows, last = FAR[form]
    error = refused(save(tmp_path, edited({SHEET: ending_with(rows)}), "far.xlsx"))
    assert f"the sheet reaches to {last}:" in error.what
    assert "sheet Events" in error.where
    assert "Clear what stands outside" in error.next_step


def test_the_far_corner_takes_little_memory(tmp_path: Path) -> None:
    rows, _ = FAR["usual"]
    path = save(tmp_path, edited({SHEET: ending_with(rows)}), "far.xlsx")
    assert in_a_small_process(path).startswith("refused the sheet reaches to XFD1048576")


def test_what_is_blank_at_the_far_corner_does_no_harm(tmp_path: Path) -> None:
    blank = b'<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert len(all_of(save(tmp_path, edited({SHEET: ending_with(blank)}), "blank.xlsx"))[1]) == 1


def test_cells_that_do_not_say_where_they_stand_are_read(tmp_path: Path) -> None:
    def unplaced(part: bytes) -> bytes:
        return re.sub(rb' r="[A-Z]*\d+"', b"", part)

    assert len(all_of(save(tmp_path, edited({SHEET: unplaced}), "unplaced.xlsx"))[1]) == 1


def test_a_stray_cell_far_below_is_a_row(tmp_path: Path) -> None:
    stray = b'<row r="90000"><c r="B90000"><v>1</v></c></row>'
    _, events, rejects = all_of(save(tmp_path, edited({SHEET: ending_with(stray)}), "stray.xlsx"))
    assert (len(events), rejects["line"].to_list()) == (1, [90000])


def with_size_stated(content: bytes, name: str, size: int) -> bytes:
    """The archive with another unpacked size stated for one part, in its directory and before the part."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        length = 30 if mark == b"PK\x03\x04" else 46
        at = next(
            found.start()
            for found in re.finditer(re.escape(mark), content)
            if content[found.start() + length :].startswith(name.encode())
        )
        changed[at + offset : at + offset + 4] = size.to_bytes(4, "little")
    return bytes(changed)


def test_a_sheet_that_unpacks_to_more_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extent, "MOST_UNPACKED", 4_000_000)
    blank = b"".join(b'<row r="%d"/>' % number for number in range(3, 300_003))
    content = edited({SHEET: ending_with(blank)})
    assert "too large when unpacked" in refused(save(tmp_path, content, "honest.xlsx")).what
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        start = archive.read(SHEET)[:1000]
    lying = with_size_stated(content, SHEET, len(start))
    lying = lying.replace(
        zlib.crc32(zipfile.ZipFile(io.BytesIO(content)).read(SHEET)).to_bytes(4, "little"),
        zlib.crc32(start).to_bytes(4, "little"),
    )
    assert "too large when unpacked" in refused(save(tmp_path, lying, "lying.xlsx")).what
    inside = zipped(tmp_path / "inside.zip", {"lying.xlsx": lying})
    assert "too large when unpacked" in refused(inside).what


def test_a_list_of_texts_that_announces_billions(tmp_path: Path) -> None:
    def announcing(part: bytes) -> bytes:
        return re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4000000000"', part)

    path = save(tmp_path, edited({STRINGS: announcing}), "announced.xlsx")
    assert in_a_small_process(path).startswith("refused the workbook is damaged (it announces more texts")


def test_a_long_text_that_stands_in_very_many_cells(tmp_path: Path) -> None:
    def long(part: bytes) -> bytes:
        return part.replace(b"made-up bridge", b"made-up bridge" * 10_000)

    content = edited({STRINGS: long}, content=workbook(rows=20_000))
    path = save(tmp_path, content, "long.xlsx")
    assert in_a_small_process(path) == "refused the cells of the sheet hold too much text to be read at once"
    few = edited({STRINGS: long}, content=workbook(rows=20))
    assert len(all_of(save(tmp_path, few, "few.xlsx"))[1]) == 20


def test_two_parts_of_one_name(tmp_path: Path) -> None:
    buffer = io.BytesIO(workbook())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(SHEET, "<worksheet/>")
    assert "same name" in refused(save(tmp_path, buffer.getvalue(), "twice.xlsx")).what


@pytest.mark.parametrize("size", [7, 64, 100, 1000])
def test_pieces_of_any_size_tell_the_same_extent(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook(rows=30)
    whole = extent.check_sheet(content, SHEET, where="")
    monkeypatch.setattr(extent, "PIECE", size)
    assert extent.check_sheet(content, SHEET, where="") == whole
    assert (whole.rows, whole.columns, whole.formulas) == (31, 31, False)


def test_the_size_of_text_is_that_of_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook(rows=30)
    monkeypatch.setattr(extent, "MOST_TEXT", 10_000)
    for size in (100, 1 << 20):
        monkeypatch.setattr(extent, "PIECE", size)
        with pytest.raises(SourceError, match="too much text"):
            sheets.open_sheet(content, where="a.xlsx")
    monkeypatch.setattr(extent, "MOST_TEXT", 200_000)
    assert sheets.open_sheet(content, where="a.xlsx").columns == NOW


@pytest.mark.parametrize(
    ("number", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_letters_of_columns(number: int, letters: str) -> None:
    assert extent.column_letters(number) == letters
    assert extent.column_number(letters) == number
