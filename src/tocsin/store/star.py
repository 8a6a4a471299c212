"""The star as Parquet files, which another engine reads: laid from the store, of which they are a copy and never the truth.

Events lie in a file for each data set and vintage (the rows that it opened), places and names in one file each. A manifest names the files
that count. It is put in place last and whole: so whatever is killed when, the folder holds the layout of before, or the new one, or none
that is believed, and then it is laid anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from tocsin.errors import StoreError
from tocsin.keeping import digest_of
from tocsin.store.migrations import KEPT, first_row
from tocsin.writing import write_whole

FOLDER = "star"
MANIFEST = "manifest.json"
FORM = 2
"""Of the layout: one of another form is laid anew."""
ROWS_A_GROUP = 250_000
"""Rows that an engine reads as one piece."""
EVENT_COLUMNS = ("closed", "row", "event_day", "place_id", "party_id", *KEPT)
"""Columns of a file of events; `dataset` and `opened` stand in its path."""
MISSING = "is missing"
MEND = "Lay the files anew: tocsin rebuild"


@dataclass(frozen=True)
class Part:
    """One file of the layout."""

    path: str
    """From the folder of the layout, with `/`."""
    table: str
    """event, place or party."""
    rows: int
    bytes: int
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    dataset: str | None = None
    opened: int | None = None
    """The vintage that opened the rows."""
    closed: int = 0
    """How many of the rows another vintage closed."""


@dataclass(frozen=True)
class Star:
    """What a layout says of itself."""

    form: int
    state: str
    """Tells the state of the store that it was laid from, from every other."""
    columns: Mapping[str, Mapping[str, str]]
    """Table -> column -> type, as Arrow writes it; the same in every file of a table."""
    parts: tuple[Part, ...]

    def of(self, table: str) -> tuple[Part, ...]:
        """The files of one table."""
        return tuple(part for part in self.parts if part.table == table)

    def events(self, dataset: str, vintages: Collection[int]) -> tuple[Part, ...]:
        """The files of the rows that these vintages of a data set opened."""
        return tuple(part for part in self.of("event") if part.dataset == dataset and part.opened in vintages)


_MANIFEST = TypeAdapter(Star)


def lay(connection: duckdb.DuckDBPyConnection, memory: Path, *, alone: bool) -> Star:
    """The layout of the store as it is now, made where it is not there; a file that is as it must be is kept.

    Args:
        memory: The desk's folder for the store.
        alone: Nobody else has the store open, so that files that no longer count can be taken away.

    Raises:
        StoreError: it can not be written. The store and the layout of before are as they were.
    """
    folder = memory / FOLDER
    before, state = read(memory), _state(connection)
    if before is None or before.state != state:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            star = _laid(connection, folder, before, state)
        except (OSError, pa.ArrowException, duckdb.Error) as error:
            raise StoreError(
                f"the Parquet files that Spark reads can not be written: {str(error).splitlines()[0][:200]}",
                where=str(folder),
                next_step="What is loaded is safe. Check that the disk has room and that you may write there: the next question lays them.",
            ) from error
        write_whole(folder / MANIFEST, _MANIFEST.dump_json(star, indent=1))
    else:
        star = before
    if alone:
        _tidy(folder, star)
    return star


def drop(memory: Path) -> None:
    """Take the layout away: the manifest first, so that no half of it is ever believed."""
    (memory / FOLDER / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(memory / FOLDER, ignore_errors=True)


def read(memory: Path) -> Star | None:
    """The layout that the manifest tells; None where there is none, or one that can not be read."""
    try:
        star = _MANIFEST.validate_json((memory / FOLDER / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return None
    return star if star.form == FORM else None


def refuse_faulty(memory: Path, star: Star, parts: Sequence[Part]) -> None:
    """Look at the size and the columns of files before they are read.

    Raises:
        StoreError: one is gone, cut short, no Parquet, or has other columns than the manifest tells; with its name.
    """
    for part in parts:
        path = memory / FOLDER / part.path
        try:
            fault = _drift(_types(pq.read_schema(path)), star.columns[part.table]) or _size_fault(path, part)
        except FileNotFoundError:
            fault = MISSING
        except (OSError, pa.ArrowException):
            fault = "is damaged: it can not be read as Parquet"
        if fault:
            raise StoreError(fault, where=str(path), next_step=MEND)


def faulty(memory: Path, parts: Sequence[Part]) -> tuple[Path, str] | None:
    """The first file whose bytes are not those that were written, and what is wrong; every file is read to its end."""
    for part in parts:
        path = memory / FOLDER / part.path
        fault = _size_fault(path, part)
        try:
            if not fault and digest_of(path) != part.digest:
                fault = "is damaged: its bytes are not those that were written"
        except OSError as error:
            fault = f"can not be read: {error.strerror}"
        if fault:
            return path, fault
    return None


def _size_fault(path: Path, part: Part) -> str:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        return f"can not be read: {error.strerror}"
    return "" if size == part.bytes else f"is damaged: it has {size:,} bytes where {part.bytes:,} were written"


def _drift(found: Mapping[str, str], told: Mapping[str, str]) -> str:
    """In a sentence, which column is not as it was laid."""
    for name in told:
        if name not in found:
            return f'lacks the column "{name}" that the other files have'
        if found[name] != told[name]:
            return f'has "{name}" as {found[name]} where the other files have {told[name]}'
    more = [name for name in found if name not in told]
    return f'has the column "{more[0]}" that the other files lack' if more else ""


def _state(connection: duckdb.DuckDBPyConnection) -> str:
    """What tells one state of the store from another, as far as loads change it; a rebuild drops the layout itself."""
    vintages = connection.execute(
        "SELECT number, key, events, added, changed, withdrawn FROM vintage ORDER BY number"
    ).fetchall()
    small = [
        first_row(connection, f"SELECT count(*), bit_xor(hash({name})) FROM {name}") for name in ("place", "party")
    ]
    return hashlib.sha256(json.dumps([vintages, small]).encode()).hexdigest()


def _laid(connection: duckdb.DuckDBPyConnection, folder: Path, before: Star | None, state: str) -> Star:
    """Write the files that are not there yet."""
    columns = {
        "event": _told(connection, f"SELECT {_EVENT} FROM event"),
        **{name: _told(connection, f"SELECT * FROM {name}") for name in ("place", "party")},
    }
    old = {(part.dataset, part.opened): part for part in before.of("event")} if before else {}
    parts = []
    found = connection.execute(
        "SELECT dataset, opened, count(*), count(closed) FROM event GROUP BY dataset, opened ORDER BY dataset, opened"
    ).fetchall()
    for dataset, opened, rows, closed in found:
        kept = old.get((dataset, opened))
        # All that ever changes in the rows of a vintage is that some are closed.
        if (
            before
            and kept
            and before.columns == columns
            and (kept.rows, kept.closed) == (rows, closed)
            and not _size_fault(folder / kept.path, kept)
        ):
            parts.append(kept)
            continue
        query = f"SELECT {_EVENT} FROM event WHERE opened = {opened:d} AND dataset = ? ORDER BY event_day, row"
        path, size, digest = _write(connection, query, [dataset], folder, f"event/dataset={dataset}/opened={opened}")
        parts.append(Part(path, "event", rows, size, digest, dataset, opened, closed))
    for name in ("place", "party"):
        count = first_row(connection, f"SELECT count(*) FROM {name}")
        path, size, digest = _write(connection, f"SELECT * FROM {name} ORDER BY {name}_id", [], folder, name)
        parts.append(Part(path, name, count[0] if count else 0, size, digest))
    return Star(FORM, state, columns, tuple(parts))


_EVENT = ", ".join(EVENT_COLUMNS)


def _write(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: list[object], folder: Path, inside: str
) -> tuple[str, int, str]:
    """Write the rows of a query as a file that is named after its digest; its path from the folder, its bytes, its digest."""
    part = folder / f".{uuid.uuid4().hex}.part"
    rows = connection.sql(query, params=parameters).to_arrow_reader(ROWS_A_GROUP)
    # A checksum a page, which the reading engine verifies: a damaged page is an error and never a wrong number.
    with pq.ParquetWriter(part, rows.schema, compression="zstd", write_page_checksum=True, store_schema=False) as file:
        for batch in rows:
            file.write_batch(batch)
    digest = digest_of(part)
    path = f"{inside}/{digest[:16]}.parquet"
    (folder / inside).mkdir(parents=True, exist_ok=True)
    part.replace(folder / path)
    return path, (folder / path).stat().st_size, digest


def _told(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    return _types(connection.sql(f"{query} LIMIT 0").to_arrow_table().schema)


def _types(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def _tidy(folder: Path, star: Star) -> None:
    """Take away what no longer counts: files of states before, and what a kill has left."""
    live = {folder / part.path for part in star.parts} | {folder / MANIFEST}
    for path in _deepest_first(folder):
        with contextlib.suppress(OSError):  # a folder that is not empty stays
            if path.is_dir():
                path.rmdir()
            elif path not in live:
                path.unlink()


def _deepest_first(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.rglob("*"), key=lambda path: len(path.parts), reverse=True))
