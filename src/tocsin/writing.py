"""A file is written whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from tocsin.errors import StoreError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and then put it there, so that nobody ever reads half of it.

    Raises:
        StoreError: it can not be written; what was there before is still there.
    """
    # Each who writes has a part of its own, threads of one process too.
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        _discard(part)
        raise StoreError(
            f"can not be written: {error.strerror or error}",
            where=str(path),
            next_step="See that the folder exists, that you may write there, and that the disk has room.",
        ) from error


def _discard(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return  # the folder itself is out of reach; the error that is being told is the one that matters
