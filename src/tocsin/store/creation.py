"""Make a new store: whole and under its own name at once, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb

from tocsin.errors import StoreError
from tocsin.store.migrations import migrate

SMALLEST = 12_288
"""Bytes of the engine's own headers: a smaller file was cut short when it was made, and holds nothing."""


def ensure(path: Path) -> None:
    """Make an empty store of the newest layout where there is none, or one that was cut short at its making.

    Raises:
        StoreError: it can not be written, or the disk is full. Nothing is left behind.
    """
    try:
        if path.exists() and path.stat().st_size >= SMALLEST:
            return
        # What a kill leaves of such a folder is cleared up with what it leaves of a rebuild.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="rebuild-") as place:
            made = Path(place) / path.name
            with duckdb.connect(str(made), config={"autoinstall_known_extensions": False}) as connection:
                migrate(connection, path=str(path))
                connection.execute("CHECKPOINT")  # all of it is in the one file that is renamed
            if path.exists() and path.stat().st_size < SMALLEST:
                path.unlink()
            _put(made, path)
    except (OSError, StoreError, duckdb.Error) as error:
        if path.exists() and path.stat().st_size >= SMALLEST:
            return  # another process has made it meanwhile
        raise StoreError(
            f"can not be made: {str(error).splitlines()[0][:200]}",
            where=str(path),
            next_step="Nothing was loaded. Check that the disk has room and that you may write there.",
        ) from error


def _put(made: Path, path: Path) -> None:
    """Give a file its name, unless there is one of that name."""
    try:
        os.link(made, path)
    except FileExistsError:
        return
    except OSError:  # some file systems know no second name of a file
        made.rename(path)
