"""Which numbers are typed by hand? Digits of the running text that no call answers for.

Dates, names that hold digits, and references to parts of the text are let through; see docs/report-text.md. Numbers in words are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tocsin.report.calls import Call
from tocsin.report.text import Text


@dataclass(frozen=True)
class Typed:
    """A number that is typed.

    Args:
        line, column: Where it begins, from 1.
        words: As it is written.
    """

    line: int
    column: int
    words: str


# Digits of any script, with what parts thousands and decimals, and fractions.
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u2009\u202f]\d+)*|[\u00bc-\u00be\u2150-\u215e]")
_MONTH = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_GAP = r"(?:[ \t\u00a0]*\n[ \t\u00a0]*|[ \t\u00a0]+)"
"""Between words: blanks, with a line end at most."""
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_ALONE_BEFORE, _ALONE_AFTER = r"(?<![\w.,])", r"(?![\w]|[.,]\d)"
_TO = rf"(?:{_GAP}?[-–—]{_GAP}?|{_GAP}(?:to|and){_GAP})"
_PARTS = "figures?|figs?\\.|tables?|maps?|sections?|chapters?|annex(?:es)?|appendix|paragraphs?|pages?|pp?\\.|footnotes?|box(?:es)?"
_PART = r"\d+(?:\.\d+)*[a-z]?"

_EXEMPT: Sequence[re.Pattern[str]] = (
    re.compile(r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w.-]+", re.IGNORECASE),
    # 15 September 2020, 15–17 September, September 2020, September 15th, September 15, 2020
    re.compile(rf"{_ALONE_BEFORE}(?:{_DAY}{_TO})?{_DAY}{_GAP}(?:of{_GAP})?{_MONTH}\b(?:,?{_GAP}{_YEAR}{_ALONE_AFTER})?"),
    re.compile(rf"\b{_MONTH}{_GAP}(?:(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)\b|{_DAY},{_GAP}{_YEAR}{_ALONE_AFTER})"),
    # 2021-09-15, 2021-09, 2021/22, 2020–2022, 1990s, 2021
    re.compile(rf"{_ALONE_BEFORE}{_YEAR}-\d\d(?:-\d\d)?{_ALONE_AFTER}"),
    re.compile(rf"{_ALONE_BEFORE}{_YEAR}(?:{_GAP}?[/–—-]{_GAP}?(?:{_YEAR}|\d\d))?(?:s\b|{_ALONE_AFTER})"),
    # AK-47, H3, P5+1, COVID-19; the 205th Corps, the 21st century
    re.compile(r"\b[^\W\d_]\w*?\d+\w*(?:[-+.][^\W_]\w*)*"),
    re.compile(r"\b[A-Z]\w*[-\u2010\u2011]\d+\w*(?:[-+.][^\W_]\w*)*"),
    re.compile(rf"{_ALONE_BEFORE}\d+(?:st|nd|rd|th){_GAP}(?:[A-Z]|century\b|centuries\b)"),
    # Figure 3, sections 2.1 and 4
    re.compile(rf"\b(?:{_PARTS}){_GAP}{_PART}(?:(?:,{_GAP}|{_TO}){_PART})*{_ALONE_AFTER}", re.IGNORECASE),
)  # fmt: skip

_NUMBERING = re.compile(r"\d+(?:\.\d+)*[.)]?(?=\s)")


def typed(text: Text) -> list[Typed]:
    """The numbers that are typed by hand, in the order in which they stand."""
    through = sorted(_let_through(text))
    found: list[Typed] = []
    for number in _NUMBER.finditer(text.prose):
        if any(start < number.end() and number.start() < end for start, end in through):
            continue
        call = _bound(text, number.start())
        if call is None or not _answered(call, number[0]):
            found.append(Typed(*text.place(number.start()), number[0]))
    return found


def _let_through(text: Text) -> Iterator[tuple[int, int]]:
    for pattern in _EXEMPT:
        for found in pattern.finditer(text.prose):
            yield found.span()
    for start in text.headings:
        if numbered := _NUMBERING.match(text.prose, start):
            yield numbered.span()


def _bound(text: Text, offset: int) -> Call | None:
    """The innermost statement in whose words an offset lies."""
    holding = [each for each in text.calls if each.words and each.words[0] <= offset < each.words[1]]
    return holding[-1] if holding else None


def _answered(call: Call, number: str) -> bool:
    """Whether the test of a statement answers for a number in its words: it names the number, or lays bounds round it."""
    if call.test is None:
        return False
    value = _read(number)
    if value is None:
        return False
    named = [_read(each) for each in _NUMBER.findall(call.test.text)]
    if value in named:
        return True
    bounds = [_read(operand.text) for operand in call.test.operands]
    if call.test.kind != "between" or len(bounds) != 2 or bounds[0] is None or bounds[1] is None:
        return False
    return bounds[0] <= value <= bounds[1]


def _read(number: str) -> float | None:
    try:
        return float(re.sub(r"[,\u00a0\u2009\u202f]", "", number))
    except ValueError:
        return None
