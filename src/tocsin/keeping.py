"""The files behind the store, kept compressed under their digest, each with a note of how it was loaded.

A note is pending until its load is committed. So whatever is killed when, the notes say in the end what the store holds, and the store
can be made anew from the files alone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePath
from threading import Event
from typing import Annotated

import pyarrow as pa
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from tocsin.errors import StoreError
from tocsin.schema import Span
from tocsin.writing import write_whole

FOLDER = "files"
_PENDING = ".pending"
_DIGEST = r"^[0-9a-f]{64}$"


@dataclass(frozen=True)
class Member:
    """One of the files of a folder that were kept as one, one after the other."""

    name: str
    digest: Annotated[str, Field(pattern=_DIGEST)]
    """Of the file as it was in the folder."""
    lines: int


@dataclass(frozen=True)
class Kept:
    """How a kept file was loaded."""

    digest: Annotated[str, Field(pattern=_DIGEST)]
    name: str
    dataset: str
    mapping: str | None
    data_date: dt.date
    dated: bool
    complete: bool
    loaded_at: dt.datetime
    number: int | None = None
    """Of its vintage; None in a note that was written before numbers were kept."""
    covers: Span | None = None
    """The days that it was declared to cover."""
    covers_countries: tuple[str, ...] = ()
    """The countries for which that was declared."""
    withdraws: bool = False
    """It is a list of withdrawn events."""
    members: tuple[Member, ...] = ()
    """The files that it was put together from, in their order; none where it came as it is."""

    @property
    def key(self) -> str:
        """Tells this load of this file from every other: one file may be loaded by two mappings, as of two days, or for other days."""
        told = [self.digest, self.dataset, self.mapping or "", str(self.data_date), str(self.complete)]
        if self.covers:
            told += [self.covers.first.isoformat(), self.covers.last.isoformat(), *self.covers_countries]
        if self.withdraws:
            told.append("withdraws")
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]

    @property
    def order(self) -> tuple[dt.date, bool, int, dt.datetime]:
        """Its place in time: by the day of its data, and within a day lists of withdrawn events after the files."""
        return self.data_date, self.withdraws, self.number or 0, self.loaded_at

    @property
    def note(self) -> str:
        """The name of its note."""
        return f"{self.digest}-{self.key}.json"


_NOTE = TypeAdapter(Kept)


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def keeping(folder: Path, path: Path, kept: Kept) -> Iterator[Callable[[], None]]:
    """Keep a file for a load that is done inside: with a note if it succeeds, without a trace if it fails.

    Gives a function that waits until the file is kept; the load is not to be committed before. Packing takes a good tenth of the time of a
    load, and goes on beside it.

    Raises:
        StoreError: the file can not be kept, or was changed since its digest was taken.
    """
    target = folder / f"{kept.digest}.zst"
    note = folder / kept.note
    pending = note.with_suffix(_PENDING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(pending, _NOTE.dump_json(kept, indent=1))
        given_up = Event()
        with ThreadPoolExecutor(max_workers=1) as packer:
            packed = (
                None if target.exists() else packer.submit(_pack, path, target, digest=kept.digest, given_up=given_up)
            )

            def wait() -> None:
                if packed:
                    packed.result()

            try:
                yield wait
                wait()
            except BaseException:
                given_up.set()
                raise
    except OSError as error:
        _forget(folder, pending)
        raise StoreError(
            f"the file can not be kept: {error.strerror or error}",
            where=str(folder),
            next_step="Nothing was loaded. Check that the disk has room and that you may write there.",
        ) from error
    except BaseException:
        _forget(folder, pending)
        raise
    pending.replace(note)


def settle(folder: Path, *, committed: Collection[str] | None) -> None:
    """Clear up after a process that was killed.

    Args:
        committed: Keys of the loads that the store holds; None where it can not be read, and every whole note of a file that is there is
            then believed.
    """
    for pending in folder.glob(f"*{_PENDING}"):
        try:
            kept = _NOTE.validate_json(pending.read_bytes())
        except ValidationError:  # cut short, so its load had not begun
            _forget(folder, pending)
            continue
        # Packing goes on beside the load, and what is committed was packed before.
        if kept.key in committed if committed is not None else (folder / f"{kept.digest}.zst").exists():
            pending.replace(pending.with_suffix(".json"))
        else:
            _forget(folder, pending)
    for left in (
        *folder.glob("*.part"),
        *folder.glob(".*.part"),
        *folder.parent.glob("rebuild-*"),
        *folder.parent.glob("spark-*"),
    ):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def notes(folder: Path) -> list[Kept]:
    """Every kept file, in the order in which they are loaded.

    Raises:
        StoreError: a note is damaged.
    """
    found = []
    for path in folder.glob("*.json"):
        try:
            found.append(_NOTE.validate_json(path.read_bytes()))
        except ValidationError as error:
            raise StoreError(
                "the note of a kept file is damaged",
                where=str(path),
                next_step="Restore it from a backup, or remove it.",
            ) from error
    return sorted(found, key=lambda kept: kept.order)


def give_numbers(folder: Path, *, known: Mapping[str, int]) -> None:
    """Write the number of its vintage into each note that lacks it, so that it stays the same when the store is made anew.

    Args:
        known: Number by key, as the store has them; a note that is not among them gets the next free one, oldest data first.

    Raises:
        StoreError: a note is damaged or can not be written.
    """
    kept = notes(folder)
    highest = max([*known.values(), *(each.number or 0 for each in kept)], default=0)
    for each in kept:
        if each.number is None:
            highest += each.key not in known
            numbered = replace(each, number=known.get(each.key, highest))
            write_whole(folder / each.note, _NOTE.dump_json(numbered, indent=1))


@contextlib.contextmanager
def unpacked(folder: Path, kept: Kept) -> Iterator[Path]:
    """A kept file, for as long as it is needed; its name has the suffix that it came with.

    Raises:
        StoreError: it is gone, or is not what was kept.
    """
    packed = folder / f"{kept.digest}.zst"
    # The name in a note is somebody's word: of it no more than the suffix is made use of.
    suffix = PurePath(PurePath(kept.name).name).suffix[:16]
    with tempfile.TemporaryDirectory(prefix="tocsin-") as place:
        path = Path(place) / f"file{suffix}"
        try:
            with pa.CompressedInputStream(pa.OSFile(str(packed)), "zstd") as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
        except OSError as error:
            raise StoreError(f"the kept file of {kept.name} can not be read: {error}", where=str(packed)) from error
        if digest_of(path) != kept.digest:
            raise StoreError(
                f"the kept file of {kept.name} was changed", where=str(packed), next_step="Restore it from a backup."
            )
        yield path


def _pack(path: Path, target: Path, *, digest: str, given_up: Event) -> None:
    part = target.with_suffix(".part")
    hashed = hashlib.sha256()
    try:
        with path.open("rb") as source, pa.CompressedOutputStream(str(part), "zstd") as copy:
            while (block := source.read(1 << 20)) and not given_up.is_set():
                hashed.update(block)
                copy.write(block)
        if given_up.is_set():
            return
        if hashed.hexdigest() != digest:
            raise StoreError(
                "changed while it was read", where=str(path), next_step="Wait until it is written, and add it again."
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _forget(folder: Path, pending: Path) -> None:
    """Drop the note of a load that did not happen, and the copy of its file if no other load has it."""
    digest = pending.name.split("-")[0]
    with contextlib.suppress(OSError):
        pending.unlink(missing_ok=True)
        if not any(folder.glob(f"{digest}-*.json")):
            (folder / f"{digest}.zst").unlink(missing_ok=True)
