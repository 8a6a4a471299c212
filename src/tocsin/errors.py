"""What can go wrong, said so that a person can mend it: what is wrong, where, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TocsinError(Exception):
    """The root of every error that a user can mend.

    Args:
        what: One sentence: what is wrong.
        where: The file, line, column or key, where there is one.
        next_step: What to do about it.
    """

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, without the place."""
        return f"{self.what}. {self.next_step}" if self.next_step else self.what

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f"\n  {self.next_step}" if self.next_step else ""
        return f"{place}{self.what}{step}"


class SourceError(TocsinError, ValueError):
    """A file can not be read as event data at all; nothing of it was loaded."""


class DeskError(TocsinError, ValueError):
    """desk.toml, a mapping file or another file of the desk is wrong."""


class StoreError(TocsinError, RuntimeError):
    """The desk's memory can not be read or written."""


class StoreBusyError(StoreError):
    """Another process holds the desk's memory."""


class FetchError(TocsinError, RuntimeError):
    """A publisher did not give what was asked for; no file was put in place. It never holds a secret."""


class QuestionError(TocsinError, ValueError):
    """A question can not be asked of these data: a missing column, an empty window, an unknown name."""


class FindingError(TocsinError, ValueError):
    """A finding, a statement or the text of a report says something that can not be worked out."""


def nearest(name: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """The known names that are closest in spelling to `name`, best first; case does not matter."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), list(by_folded), n=count, cutoff=0.5)
    inside = [folded for folded in by_folded if name.casefold() in folded and folded not in close]
    return [by_folded[folded] for folded in (close + inside)[:count]]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known names, or all of them where none is near and they are few."""
    names = list(known)
    close = nearest(name, names)
    if close:
        return "Did you mean " + " or ".join(f'"{candidate}"' for candidate in close) + "?"
    if len(names) <= 20:
        return "Known: " + ", ".join(names) + "."
    return ""
