"""CSV and its kin as rows of text: strict about every row, indifferent to encoding, streaming."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from tocsin.errors import SourceError
from tocsin.schema import CUT_OFF, REJECT_SCHEMA
from tocsin.sources.gdelt.form import columns_of
from tocsin.sources.raw import BATCH_ROWS, Opened, Raw, Stream, named, reject, shown

HEAD = 1 << 20
FIRST_BLOCK = 4 << 20
LARGEST_BLOCK = 256 << 20
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
UNREAD_DELIMITERS = {"|": '"|"', "^": '"^"', "~": '"~"', ":": "colon", " ": "space"}
# Put after the last byte of every file: where it comes back inside a cell, the file ended inside a quotation.
END = b"\x1etocsin: end of file\x1e"


@dataclass(frozen=True)
class Header:
    """The first record of a file, and how the rest is to be split. Files of GDELT have no such record."""

    columns: tuple[str, ...]
    delimiter: str
    lines: int
    """Lines up to the end of the header, blank ones before it included."""
    offset: int
    """Bytes up to the end of the header, as UTF-8 where the file is UTF-16."""
    utf16: bool
    quoted: bool = True
    """A cell may stand in quotation marks; else they are letters like others."""

    @property
    def kind(self) -> str:
        """What kind of file it is, in words."""
        return f"CSV, {DELIMITERS[self.delimiter]}" if self.lines else "tab-separated, without a header"


def open_delimited(stream: Callable[[], Stream], *, where: str) -> Opened:
    """Open a text file of rows and columns.

    Args:
        stream: Opens the file's bytes anew.
        where: The file's name, for messages.

    Returns:
        Its columns and rows. Bytes that are not UTF-8 are read as Windows-1252; a row with more or fewer cells
        than the header is among the broken ones, with its text.

    Raises:
        SourceError: the file is empty, is not text, or its header or delimiter can not be told.
    """
    header = _header(stream, where=where)
    return Opened(
        kind=header.kind,
        columns=header.columns,
        batches=_batches(stream, header, where=where),
    )


def _header(stream: Callable[[], Stream], *, where: str) -> Header:
    with contextlib.closing(stream()) as file:
        head = file.read(HEAD)
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    start = 0
    if utf16:
        head = head[: len(head) // 2 * 2].decode("utf-16", errors="replace").encode()
    elif head.startswith(codecs.BOM_UTF8):
        start = len(codecs.BOM_UTF8)
    lines = head[start:].splitlines(keepends=True)
    blank = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    if blank == len(lines):
        raise SourceError("the file is empty", where=where, next_step="Export or download it again.")
    if b"\0" in lines[blank]:
        raise SourceError(
            "this is not a text file (its first line holds NUL bytes)",
            where=where,
            next_step="Give a CSV (UTF-8 or Latin-1), XLSX, Parquet or JSON file.",
        )
    columns = columns_of([decoded(line) for line in lines[blank : blank + 50]])
    if columns is not None:
        return Header(columns, "\t", lines=0, offset=start, utf16=utf16, quoted=False)
    said = re.fullmatch(rb"sep=(.)\s*", lines[blank])
    delimiter = said[1].decode("latin-1") if said else None
    first = blank + 1 if said else blank
    text = [decoded(line) for line in lines[first:]]
    if delimiter not in DELIMITERS:
        delimiter = _delimiter(text, where=where)
    names, used = _record(text, delimiter, where=where)
    columns = named(names, where=f"{where}:{first + 1}")
    _rows_fit(text[used:], columns, delimiter, where=where)
    ended = first + used
    return Header(
        columns=columns,
        delimiter=delimiter,
        lines=ended,
        offset=start + sum(len(line) for line in lines[:ended]),
        utf16=utf16,
    )


def _record(text: list[str], delimiter: str, *, where: str) -> tuple[list[str], int]:
    """The first record of `text`, and how many lines it takes."""
    reader = csv.reader(iter(text), delimiter=delimiter)
    try:
        return next(reader), reader.line_num
    except (csv.Error, StopIteration) as error:
        raise SourceError(
            f"the header can not be read ({error})",
            where=where,
            next_step="Look for a quotation mark that is not closed.",
        ) from error


def _delimiter(text: list[str], *, where: str) -> str:
    """What separates the columns: the one that gives the header most of them."""
    found = {delimiter: len(_record(text, delimiter, where=where)[0]) for delimiter in DELIMITERS}
    best = max(found, key=lambda delimiter: found[delimiter])
    if found[best] > 1:
        return best
    line = text[0].strip()
    for other, name in UNREAD_DELIMITERS.items():
        if line.count(other) >= 2:
            raise SourceError(
                f"the columns are separated by a {name}, which is not read: {line[:120]}",
                where=where,
                next_step="Save the file again with a comma, a semicolon or a tab between the columns.",
            )
    return best


def _rows_fit(text: list[str], columns: tuple[str, ...], delimiter: str, *, where: str) -> None:
    """Refuse a file whose rows all disagree with its header in the same way: the header or the delimiter is wrong."""

    def widths(by: str) -> set[int]:
        try:
            records = [len(record) for record in csv.reader(text[:50], delimiter=by) if record]
        except csv.Error:
            return set()
        return set(records[:-1]) if len(records) > 3 else set()  # the last record may be cut off

    rows = widths(delimiter)
    if len(rows) != 1 or rows == {len(columns)}:
        return
    other = next((by for by in DELIMITERS if by != delimiter and widths(by) == {len(columns)}), None)
    if other:
        raise SourceError(
            f"the header is separated by a {DELIMITERS[delimiter]} and the rows by a {DELIMITERS[other]}",
            where=where,
            next_step="Save the file again with the same delimiter throughout.",
        )
    raise SourceError(
        f"the header has {len(columns)} columns and the rows have {rows.pop()}",
        where=where,
        next_step="Give every column a name in the first line; a column of row numbers needs one too, or must go.",
    )


def decoded(cell: bytes) -> str:
    """Bytes as text: UTF-8, else Windows-1252, else Latin-1, which every byte fits."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return cell.decode(encoding)
        except UnicodeDecodeError:
            continue
    return cell.decode("latin-1")


class _Body:
    """The bytes after the header, all of them UTF-8, in pieces of just the size asked for, with END after the last of them."""

    closed = False

    def __init__(self, file: Stream, header: Header) -> None:
        self._file = file
        decoder = codecs.getincrementaldecoder("utf-16" if header.utf16 else "utf-8")
        self._decoder = decoder(errors="replace" if header.utf16 else "tocsin-windows-1252")
        self._utf16 = header.utf16
        self._kept = b""
        self._ended = False
        self.any_nul = False
        """What was read so far holds a NUL byte."""
        left = header.offset
        while left > 0 and not self._ended:
            piece = self._next(left) if header.utf16 else file.read(left)
            self._kept = piece[left:]  # UTF-16 can give more bytes than were asked for
            left -= len(piece) or left

    def _next(self, size: int) -> bytes:
        """Some more bytes as UTF-8; at the end of the file END, and then none."""
        if self._ended:
            return b""
        piece = self._file.read(size)
        if not piece:
            self._ended = True
            return self._decoder.decode(b"", final=True).encode() + b"\n" + END
        if not self._utf16 and piece.isascii() and not self._decoder.getstate()[0]:
            return piece
        return self._decoder.decode(piece).encode()

    def read(self, size: int = -1, /) -> bytes:
        # A short piece would be taken for a whole block, and no row may reach over two boundaries of blocks.
        pieces, length = [self._kept], len(self._kept)
        while length < size and not self._ended:
            pieces.append(self._next(size - length))
            length += len(pieces[-1])
        whole = b"".join(filter(None, pieces))  # of one piece no copy is made
        piece, self._kept = whole[:size], whole[size:]
        self.any_nul = self.any_nul or b"\0" in piece
        return piece

    def close(self) -> None:
        self._file.close()


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8, as Windows-1252, and as Latin-1 where that has no letter for them."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return decoded(error.object[error.start : error.end]), error.end


codecs.register_error("tocsin-windows-1252", _as_windows_1252)


def _batches(stream: Callable[[], Stream], header: Header, *, where: str) -> Iterator[Raw]:
    """Every row after the header, in batches of about BATCH_ROWS; a row larger than a block makes the block grow."""
    ledger = _Ledger(header)
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in _blocks(stream, header, ledger, where=where):
        waiting.append(batch)
        count += batch.num_rows
        if count >= BATCH_ROWS:
            yield ledger.raw(waiting)
            waiting, count = [], 0
    yield ledger.raw(waiting, last=True)


def _blocks(stream: Callable[[], Stream], header: Header, ledger: _Ledger, *, where: str) -> Iterator[pa.RecordBatch]:
    """Blocks of rows. Where a row is larger than a block, the file is read again from its start in larger ones."""
    names = [str(number) for number in range(len(header.columns))]
    given = 0
    size = FIRST_BLOCK
    while True:
        body = _Body(stream(), header)
        seen = 0
        try:
            reader = pa.csv.open_csv(
                body,
                read_options=pa.csv.ReadOptions(column_names=names, block_size=size, use_threads=False),
                parse_options=pa.csv.ParseOptions(
                    delimiter=header.delimiter,
                    quote_char='"' if header.quoted else False,
                    newlines_in_values=header.quoted,
                    ignore_empty_lines=False,
                    invalid_row_handler=ledger.note_ragged,
                ),
                convert_options=pa.csv.ConvertOptions(
                    column_types={name: pa.string() for name in names}, strings_can_be_null=False
                ),
            )
            for batch in reader:
                ledger.any_nul = body.any_nul
                seen += batch.num_rows
                if seen > given:
                    new = seen - given
                    given = seen
                    yield batch.slice(batch.num_rows - new) if new < batch.num_rows else batch
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error):
                raise SourceError(f"can not be split into rows: {error}", where=where) from error
            size *= 4
            if size > LARGEST_BLOCK:
                raise SourceError(
                    f"a single row is larger than {LARGEST_BLOCK >> 20} MB",
                    where=f"{where}: after row {given}",
                    next_step="Look for a quotation mark that is not closed.",
                ) from error
        else:
            return
        finally:
            body.close()


class _Ledger:
    """Which record of the file each row is, and on which line it begins."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self.any_nul = False
        """What was read so far holds a NUL byte."""
        self._ragged: dict[int, str] = {}
        self._record = 1
        self._row = 1
        self._line = header.lines + 1

    def note_ragged(self, record: pa.csv.InvalidRow) -> str:
        """Keep a record that has too many cells or too few."""
        if record.number >= self._record:
            self._ragged[record.number] = record.text
        return "skip"

    def raw(self, blocks: list[pa.RecordBatch], *, last: bool = False) -> Raw:
        """The rows of `blocks`, numbered, with the broken rows that stand among them."""
        columns = self._header.columns
        cells = _cells(blocks, len(columns))
        records = self._records(len(cells), last=last)
        ragged = [record for record in sorted(self._ragged) if record < self._record]
        texts = {record: self._ragged.pop(record) for record in ragged}
        ended = END.decode()
        counted = np.ones(len(records), dtype=bool)
        lines = np.ones(len(records), dtype=np.int64)
        split = ~np.isin(records, ragged)
        extra = _newlines(blocks, len(cells))
        if extra is not None:
            lines[split] += extra
        for place, record in zip(np.flatnonzero(~split), ragged, strict=True):
            lines[place] += texts[record].count("\n")
            counted[place] = texts[record] != ended and texts[record].strip() != ""
        blank = _blank(cells)
        if last:
            blank = blank | (cells.to_series(0) == ended)
        counted[split] = ~blank.to_numpy()
        row = np.cumsum(counted) + self._row - 1
        line = np.cumsum(lines) - lines + self._line
        self._row += int(counted.sum())
        self._line += int(lines.sum())
        kept = split & counted
        raw = Raw(
            row=pl.Series("row", row[kept], dtype=pl.Int64),
            line=pl.Series("line", line[kept], dtype=pl.Int64),
            cells=cells.filter(~blank).rename(dict(zip(cells.columns, columns, strict=True))),
            broken=_ragged_rejects(
                [
                    (int(row[place]), int(line[place]), texts[record])
                    for place, record in zip(np.flatnonzero(~split), ragged, strict=True)
                    if counted[place]
                ],
                self._header,
            ),
        )
        for needed, set_aside in (
            (self.any_nul, _with_nul),
            (last, _cut_off),
            (extra is not None, self._swallowing),
        ):
            raw = set_aside(raw) if needed else raw
        return raw

    def _records(self, delivered: int, *, last: bool) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Numbers of the records up to the last of the next `delivered` rows, ragged ones between them included."""
        ragged = sorted(self._ragged)
        end = self._record + delivered
        for record in ragged:
            if record < end or last:
                end += 1
        records = np.arange(self._record, end, dtype=np.int64)
        self._record = end
        return records

    def _swallowing(self, raw: Raw) -> Raw:
        """Set aside rows where a quotation mark left open has swallowed the end of one row and the start of the next."""
        delimiter = re.escape(self._header.delimiter)
        last = len(raw.cells.columns) - 1
        if last < 4:
            return raw
        token = rf"(?:[^{delimiter}\s][^{delimiter}\n]*)?"
        for place, column in enumerate(raw.cells.columns):
            several = raw.cells[column].str.contains("\n", literal=True)
            if not several.any():
                continue
            pattern = (
                rf"^[^{delimiter}\n]*(?:{delimiter}{token}){{{last - place}}}\r?\n(?:{token}{delimiter}){{{place}}}"
                if place
                else rf"^[^{delimiter}\n]*(?:{delimiter}{token}){{{last}}}\r?\n"
            )
            wrong = several & raw.cells[column].str.contains(pattern)
            if wrong.any():
                reason = (
                    "a quotation mark that opens in this cell is not closed: the cell has swallowed the rows after it"
                )
                found = reject(raw, wrong, column=column, value=raw.cells[column], reason=reason)
                raw = raw.without(wrong, found)
        return raw


def _cells(blocks: list[pa.RecordBatch], width: int) -> pl.DataFrame:
    """Blocks as a table of text."""
    if not blocks:
        return pl.DataFrame(schema={str(number): pl.String for number in range(width)})
    # Not pa.table(): it imports pandas, where that is installed, to ask whether the block is a frame of its own.
    return pl.concat([pl.DataFrame(pa.Table.from_batches([block])) for block in blocks])


def _newlines(blocks: list[pa.RecordBatch], rows: int) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    """Line ends inside the cells of each row, or None where there are none at all."""
    counts: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None
    start = 0
    for block in blocks:
        for column in block.columns:
            if re.search(b"\n", _bytes_of(column)):
                if counts is None:
                    counts = np.zeros(rows, dtype=np.int64)
                counts[start : start + len(column)] += pa.compute.count_substring(column, "\n").to_numpy(
                    zero_copy_only=False
                )
        start += block.num_rows
    return counts


def _bytes_of(column: pa.Array) -> memoryview:
    data = column.buffers()[2]
    return memoryview(data) if data is not None else memoryview(b"")


def _blank(cells: pl.DataFrame) -> pl.Series:
    """True where a row has nothing in any cell."""
    blank = cells.to_series(0).str.strip_chars() == ""
    if not blank.any():
        return blank
    nothing = cells.filter(blank).select(pl.all_horizontal(pl.all().str.strip_chars() == "")).to_series()
    places = blank.arg_true()
    return blank.clone().scatter(places, nothing) if len(places) else blank


def _ragged_rejects(ragged: list[tuple[int, int, str]], header: Header) -> pl.DataFrame:
    """Records that have more or fewer cells than the header, with their text."""
    rows = []
    for row, line, text in ragged:
        whole = text.replace(END.decode(), "").rstrip("\r\n")
        if END.decode() in text:
            reason = CUT_OFF
        else:
            cells = _width(whole, header)
            lines = whole.count("\n")
            spread = f" over {lines + 1} lines (a quotation mark may not be closed)" if lines else ""
            reason = (
                f"the row has {cells} cells{spread}, the {'header' if header.lines else 'form'} {len(header.columns)}"
            )
        rows.append((row, line, "error", None, whole, reason, whole))
    frame = pl.DataFrame(rows, schema=dict(REJECT_SCHEMA), orient="row")
    return frame.with_columns(
        shown(frame["value"]).alias("value"), frame["raw"].str.replace_all("\0", "␀", literal=True)
    )


def _width(record: str, header: Header) -> int:
    """How many cells a record has."""
    if not header.quoted:
        return record.count(header.delimiter) + 1
    return len(next(csv.reader(io.StringIO(record, newline=""), delimiter=header.delimiter), []))


def _with_nul(raw: Raw) -> Raw:
    """Set aside rows that hold a NUL byte."""
    for column in raw.cells.columns:
        wrong = raw.cells[column].str.contains("\0", literal=True)
        if wrong.any():
            reason = "the cell holds a NUL byte: the file was damaged, or is not text"
            raw = raw.without(wrong, reject(raw, wrong, column=column, value=raw.cells[column], reason=reason))
    return raw


def _cut_off(raw: Raw) -> Raw:
    """Set aside the last row where the file ends inside a quotation."""
    column = raw.cells.columns[-1]
    wrong = raw.cells[column].str.ends_with(END.decode())
    if not wrong.any():
        return raw
    mended = raw.cells[column].str.replace(END.decode(), "", literal=True).str.strip_chars_end("\r\n")
    whole = Raw(raw.row, raw.line, raw.cells.with_columns(mended.alias(column)), raw.broken)
    return whole.without(wrong, reject(whole, wrong, column=column, value=mended, reason=CUT_OFF))
