"""What does a reviewer's line say? Letters and numbers typed at the prompt, read into statements."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tocsin.errors import QuestionError, did_you_mean
from tocsin.layers.file import GRADE
from tocsin.layers.proposals import Proposal
from tocsin.layers.statements import ATTRIBUTION, INITIATOR, NAMING, UNDECIDED, unlike

KEYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        ATTRIBUTION: MappingProxyType(
            {"c": "claim", "d": "denial", "t": "attribution", "n": "unclaimed", "i": "unidentified", "x": UNDECIDED}
        ),
        INITIATOR: MappingProxyType({"b": "began", "x": UNDECIDED}),
    }
)
"""Layer -> key -> kind of statement."""

HELP: Mapping[str, str] = MappingProxyType(
    {
        ATTRIBUTION: """a      accept what is proposed
c 1    party 1 claims it          d 1    party 1 denies it          t 1    a third party says that party 1 did it
n      an actor is named, and nobody claims it                      i      nobody knows who did it
x      read, and can not be told
s      skip for now     u  undo the last decision     h  this help     q  leave (all is kept)
Several at once: c 1; d 2. A party that is not listed: c "Some Group".
What is known of a statement may follow it: c 1 B2 2021-10-09 by: spokesman in: channel post
  B2: reliability of the source (A to F) and credibility (1 to 6); a day: when; by: who says so; in: where published""",
        INITIATOR: """a      accept what is proposed
b 1    party 1 used force first in this event (1 alone will do)
x      read, and can not be told
s      skip for now     u  undo the last decision     h  this help     q  leave (all is kept)
What is known may follow: b 1 B2 2021-10-09 by: residents in: daily paper""",
    }
)

_PARTS = re.compile(r""";\s*(?=[a-z](?![a-z])\s*(?:\d|"|;|$|[A-F][1-6]\b|by:|in:))""")
_PART = re.compile(
    r"""(?P<key>[a-z](?![a-z]))?\s*(?:(?P<number>\d{1,3})(?![\d-])|"(?P<name>[^"]+)")?\s*(?P<rest>.*)""", re.DOTALL
)
_KNOWN = re.compile(r"\s*\b(by|in):\s*")


@dataclass(frozen=True)
class Said:
    """One statement as it was typed."""

    kind: str
    party: str = ""
    said_by: str = ""
    said_date: dt.date | None = None
    published: str = ""
    grade: str = ""
    rule: str = ""
    span: tuple[int, int] | None = None


def read_typed(line: str, *, layer: str, parties: Sequence[str], proposals: Sequence[Proposal]) -> tuple[Said, ...]:
    """The statements that a line makes of an event.

    Args:
        parties: As they are numbered on the screen, from 1.
        proposals: What `a` accepts.

    Raises:
        QuestionError: the line can not be understood, or its statements do not go together.
    """
    said: list[Said] = []
    for part in _PARTS.split(line.strip()):
        said += _read(part.strip(), layer, parties, proposals)
    kinds = [(each.kind, each.party, each.said_by) for each in said]
    if len(set(kinds)) != len(kinds):
        raise QuestionError("the same is said twice", next_step="Say each statement once.")
    why = unlike(layer, [each.kind for each in said])
    if why:
        raise QuestionError(why, next_step="Say which one holds.")
    return tuple(said)


def _read(part: str, layer: str, parties: Sequence[str], proposals: Sequence[Proposal]) -> list[Said]:
    match = _PART.fullmatch(part)
    if match is None or not part:
        raise QuestionError("nothing was said", next_step="h: help")
    key = match["key"] or ("b" if layer == INITIATOR and (match["number"] or match["name"]) else "")
    if key not in ("a", *KEYS[layer]):
        raise QuestionError(f'"{part[:30]}" is not understood', next_step="h: help")
    by, date, published, grade = _known(match["rest"])
    if key == "a":
        if match["number"] or match["name"]:
            raise QuestionError('"a" accepts what is proposed as it is', next_step="To say another party: h: help")
        if not proposals:
            raise QuestionError("nothing is proposed", next_step="h: help")
        return [
            Said(each.kind, each.party, by or each.said_by, date, published, grade, each.rule, each.span)
            for each in proposals
        ]
    kind = KEYS[layer][key]
    party = _party(match, parties)
    if kind in NAMING and not party:
        raise QuestionError(f'"{key}" needs a party', next_step=f'{key} 1, or {key} "Some Group"')
    if kind not in NAMING and party:
        raise QuestionError(f'"{key}" names no party', next_step="h: help")
    return [Said(kind, party, by, date, published, grade)]


def _party(match: re.Match[str], parties: Sequence[str]) -> str:
    if match["name"]:
        return match["name"].strip()
    if not match["number"]:
        return ""
    number = int(match["number"])
    if not 1 <= number <= len(parties):
        raise QuestionError(f"there is no party {number}", next_step=f"There are {len(parties)}.")
    return parties[number - 1]


def _known(text: str) -> tuple[str, dt.date | None, str, str]:
    """Who says so, when, where published and the grade."""
    plain, *pairs = _KNOWN.split(text)
    named = dict(zip(pairs[::2], (each.strip() for each in pairs[1::2]), strict=True))
    date, grade = None, ""
    for word in plain.split():
        if GRADE.fullmatch(word.upper()):
            grade = word.upper()
            continue
        try:
            date = dt.date.fromisoformat(word)
        except ValueError:
            step = did_you_mean(word, ["by:", "in:"]) if len(word) <= 4 else ""
            raise QuestionError(
                f'"{word}" is no grade (B2) and no day (2021-10-09)',
                next_step=step or "by: who says so; in: where published",
            ) from None
    return named.get("by", ""), date, named.get("in", ""), grade
