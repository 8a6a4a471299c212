"""What does the analyst's text call? report.md read into Markdown tokens and calls of findings, figures and sources, each with its place.

Each call lies within the Markdown as a token of its own, so that no value that is put in its place is ever read as Markdown or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from markdown_it.token import Token

from tocsin.findings.definition import Finding
from tocsin.report.calls import Call
from tocsin.report.dialect import check_code, check_depth, dialect
from tocsin.report.places import OWN, Reading, place_of

FILE_NAME = "report.md"


@dataclass(frozen=True)
class Text:
    """report.md as read.

    Args:
        source: The text, with line ends as one line feed each.
        where: Names it in errors.
        calls: In the order in which they stand.
        tokens: Of Markdown, as markdown-it has them, and of calls: "called_value"; "called_open" and "called_close" round bound words;
            "called_block" for figures, tables and cautions, with a table's reference to its footnote as a child. The meta "call" is
            the number of the call in `calls`. A "called_note" is what a finding's footnote says; its meta "name" is the finding.
        env: What markdown-it needs to render the tokens.
        prose: As long as `source`: its running text in place, blanks for the rest, OPAQUE for calls, code, addresses and references.
            What stands in footnotes and quotations is left out.
        acting: Offsets of characters of running text that other readers of Markdown take for HTML or formulas.
        headings: Offsets at which the words of headings begin.
    """

    source: str
    where: str
    calls: tuple[Call, ...]
    tokens: tuple[Token, ...] = field(repr=False, compare=False)
    env: Mapping[str, Any] = field(repr=False, compare=False)
    prose: str = field(repr=False)
    acting: tuple[int, ...] = field(repr=False)
    headings: tuple[int, ...] = field(repr=False)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset in the source."""
        return place_of(self.source, offset)

    @property
    def titled(self) -> bool:
        """Whether it begins with a heading of the first order."""
        return bool(self.tokens) and self.tokens[0].type == "heading_open" and self.tokens[0].tag == "h1"


def parse(text: str, *, findings: Mapping[str, Finding], figures: Collection[str], where: str = FILE_NAME) -> Text:
    """Read the text of a report.

    Args:
        findings: Those of the desk by name.
        figures: Ids of the desk's figures.
        where: Names the text in errors.

    Raises:
        FindingError: a call is not understood or names what is not there, the text has an image or an address that is not allowed, or
            it stands too deep; with line and column.
    """
    source = re.sub(r"\r\n?", "\n", text).replace("\0", "\N{REPLACEMENT CHARACTER}")
    reading = Reading(source, where, findings, tuple(figures))
    env: dict[str, Any] = {OWN: reading}
    tokens = dialect().parse(source, env)
    check_depth(reading, tokens)
    check_code(reading, tokens)
    prose, acting = reading.prose()
    return Text(source, where, tuple(reading.calls), tuple(tokens), env, prose, acting, tuple(reading.headings))
