"""A folder of GDELT's files as one: those that are new are put one after the other, for they have no header and one form."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from tocsin.errors import SourceError, StoreError
from tocsin.keeping import Member, digest_of
from tocsin.sources.delimited import decoded
from tocsin.sources.files import unpacked
from tocsin.sources.gdelt.days import EXPORT
from tocsin.sources.gdelt.form import columns_of
from tocsin.sources.settling import Batch

PIECE = 1 << 20
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Joined:
    """The new files of a folder, one after the other."""

    path: Path
    """A file with the lines of all of them; it is there only if there are any."""
    name: str
    """The folder, and which files of it, in words."""
    members: tuple[Member, ...]
    names: tuple[str, ...]
    """All files of events in the folder, those that were loaded before too."""
    digests: frozenset[str]
    """Their SHA-256."""
    others: tuple[str, ...]
    """Files in the folder that are no files of events."""


@contextlib.contextmanager
def joined(folder: Path, *, known: Collection[str], into: Path) -> Iterator[Joined]:
    """Put the new files of a folder one after the other, for as long as they are needed.

    Args:
        folder: It holds files as GDELT names them: 20240106.export.CSV.zip.
        known: SHA-256 of the files that were loaded before.
        into: The file to write.

    Raises:
        SourceError: the folder has no such file, a file is there twice, is damaged or no file of GDELT, or is of another form than
            the first.
        StoreError: there is no room to write.
    """
    exports, others = _exports(folder)
    digests = {path: digest_of(path) for path in exports}
    new = [path for path in exports if digests[path] not in known]
    try:
        try:
            into.parent.mkdir(parents=True, exist_ok=True)
            members = _write(new, into, digests={path: digests[path] for path in new})
        except OSError as error:
            raise StoreError(
                f"the files of {folder.name} can not be put together: {error.strerror or error}",
                where=str(into.parent),
                next_step="Nothing was loaded. Check that the disk has room and that you may write there.",
            ) from error
        names = tuple(path.name for path in exports)
        yield Joined(into, _called(folder, new), members, names, frozenset(digests.values()), others)
    finally:
        into.unlink(missing_ok=True)


def naming(batch: Batch, members: Sequence[Member]) -> Batch:
    """The same rows; the reason of each reject names its file and the line there."""
    if batch.rejects.is_empty():
        return batch
    ends = np.cumsum([member.lines for member in members])
    lines = batch.rejects["line"].to_numpy()
    at = np.minimum(np.searchsorted(ends, lines), len(members) - 1)
    starts = np.concatenate([[0], ends])[at]
    told = pl.DataFrame(
        {"file": [members[place].name for place in at.tolist()], "there": (lines - starts).tolist()},
        schema={"file": pl.String, "there": pl.Int64},
    )
    reasons = pl.concat([batch.rejects, told], how="horizontal").select(
        pl.format("{} ({}, line {})", "reason", "file", "there").alias("reason")
    )
    return replace(batch, rejects=batch.rejects.with_columns(reasons["reason"]))


def _exports(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The files of events in a folder, in order of their names, and the names of the other files."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise SourceError(f"can not be read: {error.strerror}", where=str(folder)) from error
    exports = [path for path in files if EXPORT.fullmatch(path.name)]
    if not exports:
        raise SourceError(
            "this is a folder, not a file",
            where=str(folder),
            next_step="Name one file in it. Only a folder of GDELT's files (20240106.export.CSV.zip) is loaded as a whole.",
        )
    seen: dict[str, Path] = {}
    for path in exports:
        plain = path.name.casefold().removesuffix(".zip").removesuffix(".gz")
        if plain in seen:
            raise SourceError(
                f"the same file is there twice: as {seen[plain].name} and as {path.name}",
                where=str(folder),
                next_step="Remove one of the two.",
            )
        seen[plain] = path
    return exports, tuple(path.name for path in files if path not in exports)


def _write(paths: Sequence[Path], into: Path, *, digests: dict[Path, str]) -> tuple[Member, ...]:
    members: list[Member] = []
    form: tuple[str, ...] | None = None
    with into.open("wb") as whole:
        for path in paths:
            with contextlib.closing(unpacked(path)()) as file:
                start = file.read(PIECE).removeprefix(BOM)
                columns = columns_of([decoded(line) for line in start.splitlines()])
                if columns is None or (form and columns != form):
                    raise _not_alike(path, columns, form)
                form = columns
                lines, last = 0, b""
                piece = start
                while piece:
                    whole.write(piece)
                    # A carriage return alone ends a line too, as for the reader.
                    lines += piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
                    lines -= last == b"\r" and piece.startswith(b"\n")
                    last = piece[-1:]
                    piece = file.read(PIECE)
                if last not in (b"\n", b"\r"):
                    whole.write(b"\n")
                    lines += 1
            if digest_of(path) != digests[path]:
                raise SourceError("changed while it was read", where=str(path), next_step="Wait until it is whole.")
            members.append(Member(name=path.name, digest=digests[path], lines=lines))
    return tuple(members)


def _not_alike(path: Path, columns: tuple[str, ...] | None, form: tuple[str, ...] | None) -> SourceError:
    if columns is None or form is None:
        return SourceError(
            "is named like a file of GDELT, but has none of its rows",
            where=str(path),
            next_step="Download it again, or take it out of the folder.",
        )
    return SourceError(
        f"has {len(columns)} columns, and the files before it have {len(form)}",
        where=str(path),
        next_step="Put files of each form into a folder of their own.",
    )


def _called(folder: Path, paths: Sequence[Path]) -> str:
    name = folder.resolve().name
    if not paths:
        return name
    count = "1 file" if len(paths) == 1 else f"{len(paths)} files"
    first, last = (path.name.split(".")[0] for path in (paths[0], paths[-1]))
    return f"{name} ({count}, {first}{'' if first == last else f' to {last}'})"
