"""How much memory a workbook would take, told from its parts before any of them is expanded."""

from __future__ import annotations

import io
import itertools
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pyexpat import ExpatError, ParserCreate, XMLParserType

import numpy as np

from tocsin.errors import SourceError

MOST_UNPACKED = 1_000_000_000
"""Bytes that all parts of a workbook may have when they are unpacked."""
MOST_CELLS = 1 << 26
"""Cells from A1 to the last row and column: as many places are kept in memory, filled or not."""
MOST_COLUMNS = 4_096
MOST_TEXT = 1 << 30
"""Bytes of text in the cells of one sheet: a text that is written once can stand in many cells."""
PIECE = 1 << 20
LONGEST_START = 64

STRINGS = "xl/sharedstrings.xml"
PREFIX = rb"(?:[\w-]{1,20}:)?"
# A cell as every spreadsheet program writes it; of any other only that it is there.
CELL = re.compile(rb'<c(?: r="([A-Z]{1,3}[0-9]{1,7})"|[\s/>])|<[\w-]{1,20}:c[\s/>]')
DIGITS, LETTERS = b"0123456789", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
END_OF_STRING = re.compile(rb"</" + PREFIX + rb"si\s*>|<" + PREFIX + rb"si\s*/>")
VALUE = re.compile(rb"v\s*>\s*(\d{1,9})\s*<")
# What reading a damaged archive can end in; MemoryError where it asks for a dictionary of gigabytes, RuntimeError for what is locked.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    MemoryError,
    UnicodeDecodeError,
)
# What reading XML can end in; LookupError and ValueError where it names an encoding that is none, or not read.
MALFORMED = (ExpatError, LookupError, ValueError)
SPARE = "Clear what stands outside of the table, or save the table alone as CSV."


@dataclass(frozen=True)
class Extent:
    """How far a sheet reaches."""

    rows: int
    columns: int
    cells: int
    formulas: bool
    """There may be some."""


def check_parts(content: bytes, *, where: str) -> None:
    """Refuse a workbook whose parts can not be unpacked into a bounded memory.

    Args:
        content: The bytes of the workbook.
        where: The file's name, for messages.

    Raises:
        SourceError: the parts are too large (whatever sizes the archive states), two have one name, one is damaged, or more
            texts are announced than there can be.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if any(member.header_offset < 0 for member in members):
                raise damaged("its directory is wrong", where=where)
            if len({member.filename.casefold() for member in members}) < len(members):
                raise damaged("two parts have the same name", where=where)
            left = MOST_UNPACKED
            if sum(member.file_size for member in members) > left:
                raise _too_large(where=where)
            for member in members:
                size = sum(len(piece) for piece in pieces(archive, member, most=left, where=where))
                left -= size
                if member.filename.casefold() == STRINGS:
                    _check_announced(pieces(archive, member, most=size, where=where), size, where=where)
    except DAMAGED as error:
        raise damaged(str(error), where=where) from error


def pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, most: int, where: str) -> Iterator[bytes]:
    """The bytes of a part up to the true end of its stream, which need not be where the archive says.

    Raises:
        SourceError: there are more than `most`.
    """
    member.file_size = 1 << 62  # zipfile stops at the size that is stated; other programs do not
    with archive.open(member) as part:
        while piece := part.read(PIECE):
            most -= len(piece)
            if most < 0:
                raise _too_large(where=where)
            yield piece


def check_sheet(content: bytes, part: str, *, where: str) -> Extent:
    """Refuse a sheet that would take too much memory when it is read.

    Args:
        content: The bytes of the workbook.
        part: The name of the sheet's part in it.
        where: The file's name and the sheet's, for messages.

    Returns:
        How far the sheet reaches; rather too far than not far enough.

    Raises:
        SourceError: it reaches too far, or holds too much text.

    Assumes:
        The workbook has passed `check_parts`.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = archive.getinfo(part)

        def stream() -> Iterator[bytes]:
            return pieces(archive, member, most=MOST_UNPACKED, where=where)

        extent = _seen(stream())
        if extent is None or not _fits(extent):
            extent = _measured(stream(), where=where)
        if not _fits(extent):
            last = f"{column_letters(extent.columns - 1)}{extent.rows}"
            raise SourceError(
                f"the sheet reaches to {last}: {extent.rows:,} rows of {extent.columns:,} columns are too many to be read",
                where=where,
                next_step=SPARE,
            )
        strings = next((one for one in archive.infolist() if one.filename.casefold() == STRINGS), None)
        if strings is not None:
            lengths = _lengths(pieces(archive, strings, most=MOST_UNPACKED, where=where))
            if lengths.max(initial=0) * extent.cells > MOST_TEXT and _text(stream(), lengths) > MOST_TEXT:
                raise SourceError(
                    "the cells of the sheet hold too much text to be read at once", where=where, next_step=SPARE
                )
    return extent


def damaged(how: str, *, where: str) -> SourceError:
    """The error that says what is wrong with a workbook, and what to do."""
    return SourceError(
        f"the workbook is damaged ({how})",
        where=where,
        next_step="Open it, save it again as XLSX or CSV, or download it anew.",
    )


def column_letters(number: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """A is 0, Z is 25, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _too_large(*, where: str) -> SourceError:
    return SourceError(
        "the workbook is too large when unpacked", where=where, next_step="Save the sheet as CSV or Parquet."
    )


def _check_announced(stream: Iterator[bytes], size: int, *, where: str) -> None:
    """Refuse a list of texts that says that it holds more than its bytes can: room is made for as many as it says."""
    announced: list[int] = []

    def start(_: str, attributes: dict[str, str]) -> None:
        announced.extend(_whole(attributes.get(key)) for key in ("count", "uniqueCount"))

    parser = _parser(start)
    for piece in stream:
        _parse(parser, piece, where=where)
        if announced:
            break
    # How often texts are used is no size of the list: "count" may well be larger than it, but no more than a sheet has room for.
    if announced and (announced[1] > size or announced[0] > MOST_CELLS):
        raise damaged("it announces more texts than it can hold", where=where)


def _fits(extent: Extent) -> bool:
    return extent.columns <= MOST_COLUMNS and extent.rows * extent.columns <= MOST_CELLS


def _seen(stream: Iterator[bytes]) -> Extent | None:
    """How far the cells reach, blank ones too; None where one does not say in the usual form where it stands."""
    columns: set[bytes] = set()
    rows: set[bytes] = set()
    cells = 0
    formulas = False
    kept = b""
    for piece in itertools.chain(stream, [b""]):
        text = kept + piece
        cut = text.rfind(b"<") if piece else len(text)
        cut = cut if len(text) - cut <= LONGEST_START else len(text)
        kept = text[cut:]
        found = CELL.findall(text, 0, cut)
        cells += len(found)
        places = b" ".join(found)
        columns.update(places.translate(None, DIGITS).split(b" ") if found else ())
        rows.update(places.translate(None, LETTERS).split(b" ") if found else ())
        formulas = formulas or b"<f" in text or b":f" in text
    if b"" in columns:
        return None
    last = max((column_number(letters.decode()) for letters in columns), default=-1)
    return Extent(rows=max(map(int, rows), default=0), columns=last + 1, cells=cells, formulas=formulas)


def _measured(stream: Iterator[bytes], *, where: str) -> Extent:
    """How far the filled cells reach, wherever they say that they stand, or after the last one where they do not say."""
    here = {"row": 0, "column": 0}
    far = {"rows": 0, "columns": 0, "cells": 0, "formulas": 0}

    def start(name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "row":
            here["row"] = _whole(attributes.get("r")) or here["row"] + 1
            here["column"] = 0
        elif local == "c":
            placed = re.fullmatch(r"([A-Za-z]{1,9})(\d{1,12})", attributes.get("r", ""))
            here["column"] = column_number(placed[1]) + 1 if placed else here["column"] + 1
            here["row"] = int(placed[2]) if placed else here["row"]
        elif local in ("v", "is"):
            far["rows"] = max(far["rows"], here["row"])
            far["columns"] = max(far["columns"], here["column"])
            far["cells"] += 1
        elif local == "f":
            far["formulas"] = 1

    parser = _parser(start)
    for piece in stream:
        _parse(parser, piece, where=where)
    return Extent(rows=far["rows"], columns=far["columns"], cells=far["cells"], formulas=bool(far["formulas"]))


def _parser(start: Callable[[str, dict[str, str]], None]) -> XMLParserType:
    parser = ParserCreate()
    parser.StartElementHandler = start
    return parser


def _parse(parser: XMLParserType, piece: bytes, *, where: str) -> None:
    try:
        parser.Parse(piece, False)
    except MALFORMED as error:
        raise damaged(str(error), where=where) from error


def _whole(written: str | None) -> int:
    return int(written) if written and re.fullmatch(r"\d{1,12}", written) else 0


def _lengths(stream: Iterator[bytes]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Bytes of each shared text, with its markup."""
    ends: list[int] = [0]
    kept = b""
    before = 0
    for piece in stream:
        text = kept + piece
        ends += [before + found.end() for found in END_OF_STRING.finditer(text)]
        cut = max(len(text) - LONGEST_START, ends[-1] - before, 0)
        before += cut
        kept = text[cut:]
    edges = np.array(ends, dtype=np.int64)
    return edges[1:] - edges[:-1]


def _text(stream: Iterator[bytes], lengths: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    """Bytes of text in all cells; a number is taken for the number of a text."""
    total = 0
    kept = b""
    for piece in stream:
        text = kept + piece
        cut = max(len(text) - LONGEST_START, text.rfind(b"<"), 0)
        kept = text[cut:]
        numbers = np.array([int(number) for number in VALUE.findall(text[: cut + 1])], dtype=np.int64)
        total += int(lengths[numbers[numbers < len(lengths)]].sum())
    return total
