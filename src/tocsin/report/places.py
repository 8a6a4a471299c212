"""Where in report.md does it stand? What is found while the text is read, each with its offset in the source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from markdown_it.common.utils import MD_TRIM_CHARS

from tocsin.errors import FindingError
from tocsin.findings.definition import Finding
from tocsin.report.calls import Call

OWN = "reading"
"""The key of a text's Reading in the environment of the reader of Markdown."""
OPAQUE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in Text.prose for what is no running text: calls, code, addresses, references."""


@dataclass
class Run:
    """The text of one paragraph, heading or cell.

    Args:
        at: The offset in the source of each character, and of the end.
        opaque: Spans that are no running text.
        exempt: In a footnote or a quotation.
    """

    content: str
    at: Sequence[int]
    opaque: list[tuple[int, int]] = field(default_factory=list)
    exempt: bool = False

    def seen(self) -> str:
        """The content with OPAQUE in the place of all that is no running text."""
        letters = list(self.content)
        for start, end in self.opaque:
            letters[start:end] = OPAQUE * (end - start)
        return "".join(letters)


@dataclass
class Reading:
    """What is found while a text is read."""

    source: str
    where: str
    findings: Mapping[str, Finding]
    figures: tuple[str, ...]
    calls: list[Call] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    """Finding -> number of its footnote."""
    cells: dict[int, int] = field(default_factory=dict)
    """Line -> column at which the next cell of its table begins, or later."""
    headings: list[int] = field(default_factory=list)
    in_note: bool = False

    def __post_init__(self) -> None:
        self.lines = self.source.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def fault(self, offset: int, what: str, next_step: str = "") -> NoReturn:
        """Raise an error that names the place of an offset in the source."""
        raise FindingError(what, where=self.place(offset), next_step=next_step)

    def no_note_in_note(self, offset: int) -> NoReturn:
        self.fault(offset, "a footnote can not refer to a footnote", "Name the source again, or say it in the text.")

    def place(self, offset: int) -> str:
        line, column = place_of(self.source, offset)
        return f"{self.where}:{line}:{column}"

    def source_at(self, position: int) -> int:
        """The offset in the source of a position in the run that is being read."""
        return self.runs[-1].at[position]

    def prose(self) -> tuple[str, tuple[int, ...]]:
        """See Text: prose and acting."""
        letters = ["\n" if letter == "\n" else " " for letter in self.source]
        acting = []
        for run in self.runs:
            for offset, letter in zip(run.at, run.seen(), strict=False):
                if letter in "<$":
                    acting.append(offset)
                if letter != "\n" and not run.exempt:
                    letters[offset] = letter
        return "".join(letters), tuple(acting)


def place_of(source: str, offset: int) -> tuple[int, int]:
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


def offsets(reading: Reading, content: str, first: int) -> list[int]:
    """The source offset of each character of a paragraph or heading, whose lines are the ends of lines of the source."""
    at: list[int] = []
    parts = content.split("\n")
    while parts[0] not in reading.lines[first] and first + len(parts) < len(reading.lines):
        first += 1  # a line of nothing but blanks, which Markdown leaves out
    for number, part in enumerate(parts, start=first):
        line, starts = reading.lines[number], reading.starts[number]
        lead = 0
        if not line.endswith(part):  # blanks were taken off the end, or those before it were counted anew
            line, stripped = line.rstrip(MD_TRIM_CHARS), part.strip(MD_TRIM_CHARS)
            lead = len(part) - len(part.lstrip(MD_TRIM_CHARS))
            column = len(line) - len(stripped) if line.endswith(stripped) else line.rfind(stripped)
        else:
            column = len(line) - len(part)
        begins = starts + max(column, 0)
        at += [max(begins - before, starts) for before in range(lead, 0, -1)]
        at += range(begins, begins + len(part) - lead + 1)
    return at


def cell_offsets(reading: Reading, content: str, number: int) -> list[int]:
    """Likewise of a cell, in which a written \\| stands for a |."""
    line, written = reading.lines[number], content.replace("|", "\\|")
    if number not in reading.cells:
        container = re.match(r"[ \t>]*(?:(?:[-+*]|[0-9]+[.)])[ \t>]+)*", line)
        reading.cells[number] = container.end() if container else 0
    begins = max(line.find(written, reading.cells[number]), 0)
    reading.cells[number] = begins + len(written)
    at = []
    offset = reading.starts[number] + begins
    for letter in content:
        at.append(offset)
        offset += 2 if letter == "|" else 1
    return [*at, offset]
