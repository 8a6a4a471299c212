"""A text file is read whole, as UTF-8, or a person is told why not."""

from __future__ import annotations

from pathlib import Path

from tocsin.errors import TocsinError


def text_of(path: Path, *, error: type[TocsinError]) -> str | None:
    """What a file says; None where there is no such file.

    Args:
        error: The kind of error that is raised.

    Raises:
        TocsinError: of that kind: it can not be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise error(f"can not be read: {fault.strerror}", where=str(path)) from fault
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        raise error("is not UTF-8 text", where=f"{path}:{line}", next_step="Save it as UTF-8.") from fault
