"""What kind of file this is, told from its first bytes, and its rows."""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from tocsin.errors import SourceError
from tocsin.sources.delimited import open_delimited
from tocsin.sources.extent import DAMAGED
from tocsin.sources.raw import Opened, Stream
from tocsin.sources.records import open_json, open_parquet
from tocsin.sources.sheets import open_sheet

EVENT_FILES = (".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".json", ".geojson")
# What is read as a whole and not as a stream (a workbook, JSON) must fit in memory.
LARGEST_WHOLE = 2 << 30
PIECE = 16 << 20

AGAIN = "Download or copy it again: it is cut off or damaged."
KINDS = "Give a CSV, XLSX, Parquet or JSON file, or a zip that holds one."


def open_file(path: Path) -> Opened:
    """Open any file of rows and columns.

    Args:
        path: A CSV, XLSX, Parquet or JSON file, or a zip or gzip that holds one.

    Returns:
        Its columns and its rows, as text.

    Raises:
        SourceError: it is missing, empty, a folder, of another kind, or damaged.
    """
    if path.is_dir():
        raise SourceError("this is a folder, not a file", where=str(path), next_step="Name one file in it.")
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except FileNotFoundError as error:
        raise SourceError(
            "there is no such file", where=str(path), next_step="Look at the name and the folder."
        ) from error
    except OSError as error:
        raise SourceError(f"can not be read: {error.strerror}", where=str(path)) from error
    if start.startswith(b"PK"):
        return _open_zip(path)
    if start.startswith(b"\x1f\x8b"):
        return _open_bytes(_guarded(lambda: gzip.open(path, "rb"), where=str(path)), where=str(path))
    return _open_bytes(lambda: path.open("rb"), where=str(path), path=path)


def unpacked(path: Path) -> Callable[[], Stream]:
    """What opens the bytes of a file anew: of the one event file that a zip holds, of what a gzip holds, or else of the file itself.

    Raises:
        SourceError: it can not be opened, or the zip does not hold just one event file.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise SourceError(f"can not be read: {error.strerror}", where=str(path)) from error
    if start.startswith(b"PK"):
        member = _event_file(_members(path), where=str(path))
        return _guarded(lambda: _member(path, member.filename), where=f"{path}/{member.filename}")
    if start.startswith(b"\x1f\x8b"):
        return _guarded(lambda: gzip.open(path, "rb"), where=str(path))
    return lambda: path.open("rb")


def _open_bytes(stream: Callable[[], Stream], *, where: str, path: Path | None = None) -> Opened:
    """Open what `stream` gives by the look of its first bytes."""
    with contextlib.closing(stream()) as file:
        start = file.read(4096)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PAR1"):
        return open_parquet(path if path else io.BytesIO(_whole(stream, where=where)), where=where)
    if start.startswith(b"PK"):
        return open_sheet(_whole(stream, where=where), where=where)
    if text.startswith((b"{", b"[")):
        return open_json(_whole(stream, where=where), where=where)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise SourceError(
            "this is an old Excel file (XLS), or a workbook locked by a password",
            where=where,
            next_step="Save it as XLSX or CSV, without a password.",
        )
    if re.match(rb"<(!doctype|html|\?xml)", text, re.IGNORECASE):
        raise SourceError(
            "this is a web page or XML, not a table",
            where=where,
            next_step="Sign in and download the file itself. " + KINDS,
        )
    if start.startswith((b"%PDF", b"\x89PNG", b"\x7fELF", b"SQLite format 3")):
        raise SourceError("this is not a table of events", where=where, next_step=KINDS)
    return open_delimited(stream, where=where)


def _whole(stream: Callable[[], Stream], *, where: str) -> bytes:
    content = io.BytesIO()
    with contextlib.closing(stream()) as file:
        while piece := file.read(PIECE):
            content.write(piece)
            if content.tell() > LARGEST_WHOLE:
                raise SourceError(
                    "the file is too large to be read at once", where=where, next_step="Save it as CSV or Parquet."
                )
    return content.getvalue()


def _members(path: Path) -> list[zipfile.ZipInfo]:
    """The files that a zip holds."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise SourceError(f"the zip file can not be opened ({error})", where=str(path), next_step=AGAIN) from error
    with archive:
        members = [member for member in archive.infolist() if not member.filename.endswith("/")]
    if any(member.header_offset < 0 for member in members):
        raise SourceError("the zip file can not be opened (its directory is damaged)", where=str(path), next_step=AGAIN)
    return members


def _open_zip(path: Path) -> Opened:
    """Open a workbook, or the one event file that a zip holds."""
    members = _members(path)
    if any(member.filename == "[Content_Types].xml" for member in members):
        return _open_bytes(lambda: path.open("rb"), where=str(path))
    member = _event_file(members, where=str(path))
    where = f"{path}/{member.filename}"
    return _open_bytes(_guarded(lambda: _member(path, member.filename), where=where), where=where)


def _member(path: Path, name: str) -> Stream:
    archive = zipfile.ZipFile(path)
    try:
        return archive.open(name)
    except BaseException:
        archive.close()  # an open member keeps the archive open; one that can not be opened must not
        raise


def _event_file(members: list[zipfile.ZipInfo], *, where: str) -> zipfile.ZipInfo:
    """The one member that can hold events."""
    for member in members:
        name = member.filename.replace("\\", "/")
        if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in PurePosixPath(name).parts:
            raise SourceError(
                f'the zip holds a file that points outside of it: "{member.filename}"',
                where=where,
                next_step="Do not trust this file. Download it from the publisher.",
            )
    candidates = [
        member
        for member in members
        if member.filename.lower().endswith(EVENT_FILES)
        and not member.filename.startswith("__MACOSX/")
        and not PurePosixPath(member.filename).name.startswith(".")
    ]
    tables = [member for member in candidates if not member.filename.lower().endswith(".txt")]
    candidates = tables or candidates
    if len(candidates) != 1:
        names = ", ".join(member.filename for member in (candidates or members)[:10])
        what = (
            f"the zip holds {len(candidates)} event files: {names}"
            if candidates
            else f"the zip holds no event file: {names}"
        )
        raise SourceError(what, where=where, next_step="Unpack it and load the file that is meant.")
    member = candidates[0]
    if member.flag_bits & 0x1:
        raise SourceError(
            f'"{member.filename}" is locked by a password', where=where, next_step="Unpack it and load the file."
        )
    return member


class _Guarded:
    """Bytes out of a compressed file; damage found on the way is said as an error that a person can mend."""

    def __init__(self, file: Stream, where: str) -> None:
        self._file = file
        self._where = where

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._file.read(size)
        except DAMAGED as error:
            raise SourceError(f"can not be unpacked ({error})", where=self._where, next_step=AGAIN) from error

    def close(self) -> None:
        self._file.close()


def _guarded(stream: Callable[[], Stream], *, where: str) -> Callable[[], Stream]:
    def opened() -> Stream:
        try:
            return _Guarded(stream(), where)
        except DAMAGED as error:
            raise SourceError(f"can not be unpacked ({error})", where=where, next_step=AGAIN) from error

    return opened
