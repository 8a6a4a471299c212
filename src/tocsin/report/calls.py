"""What may a text call? A value, a statement with its test, a quotation, a figure, a table, the cautions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tocsin.findings.expectation import Expectation

FORMS = "{before.mean}, [fivefold]{fall: 4.5 to 5.5}, [18 per cent]{quoted: un}, {figure: figure-1}, {table: NAME}, {cautions}"

Kind = Literal["value", "statement", "quoted", "figure", "table", "cautions"]


@dataclass(frozen=True)
class Call:
    """One call of the text.

    Args:
        kind: What is called.
        name: The finding, the figure's id, or the footnote's label; empty for the cautions.
        line, column: Where it begins, from 1.
        start, end: The same as offsets in Text.source; `end` is that of the character after it.
        part: Of a value, one of PARTS; empty for the value itself.
        words: Offsets of the bound words, without their brackets; None where there are none.
        test: What is held against the finding; None where its own test is.
        in_note: Whether it stands in a footnote of the text.
    """

    kind: Kind
    name: str
    line: int
    column: int
    start: int
    end: int
    part: str = ""
    words: tuple[int, int] | None = None
    test: Expectation | None = None
    in_note: bool = False

    @property
    def noted(self) -> bool:
        """Whether a reference to the finding's footnote follows. A footnote has none, for it can not have footnotes in every output."""
        return self.kind in ("value", "statement", "table") and self.part != "unit" and not self.in_note


def note_label(name: str) -> str:
    """The label of a finding's footnote; no two findings have the same."""
    return f"f-{name.replace('.', '-')}"
