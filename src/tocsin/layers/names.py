"""Who is meant by the words of a note? The names of parties and their short forms, found in text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

FIRST_MARK = 0xE000
"""The first of the characters that stand for parties in a masked text; none of them is a letter of any script."""

# Whole, and tried once: a name of forty letters is forty marks.
PARTY = "(?<![\ue000-\uf8ff])[\ue000-\uf8ff]++"

# What a party of one of the publishers' standing names is called in running text.
_KINDS: tuple[tuple[str, str], ...] = (
    (
        r"^Military Forces of\b",
        r"(?:government |state |security |national )?(?:military|army|armed) forces|government forces|government jets|military aircraft"
        r"|army|military|soldiers?|troops|servicemen",
    ),
    (r"^Police Forces of\b", r"police(?:m[ae]n| officers?| forces?)?|officers"),
    (
        r"^(?:Unidentified|Unknown)\b",
        r"(?:unidentified|unknown|unnamed) (?:armed )?(?:gunm[ae]n|m[ae]n|assailants?|attackers?|militants?|groups?|persons?|individuals?)",
    ),
)
_UNIDENTIFIED = re.compile(r"(?i)^(?:unidentified|unknown)\b")
_BRACKET = re.compile(r"\s*\(([^()]*)\)\s*$")
_ABBREVIATION = re.compile(r"(?=(?:.*[A-Z]){2})[A-Z][A-Za-z0-9&/-]{1,11}")
_COMMON = {"forces", "group", "state", "army", "police", "people", "party"}


@dataclass(frozen=True)
class Parties:
    """The parties whose names are looked for, and the pattern that finds them."""

    labels: tuple[str, ...]
    pattern: re.Pattern[str] | None
    """Finds every name, the longest words first; None where there is none."""
    numbers: tuple[int, ...]
    """The number of the party that each group of the pattern finds."""

    def masked(self, note: str) -> str:
        """The note in small letters with every name of a party written over, letter for letter, by its mark: places stay as they are."""
        marked = self.pattern.sub(self._mark, note) if self.pattern else note
        small = marked.lower()
        # A few letters become two when they are made small.
        return small if len(small) == len(marked) else "".join(c.lower() if len(c.lower()) == 1 else c for c in marked)

    def _mark(self, found: re.Match[str]) -> str:
        number = self.numbers[(found.lastindex or 1) - 1]
        return chr(FIRST_MARK + number) * len(found[0])

    def label(self, mark: str) -> str:
        """The party that a masked name stands for."""
        return self.labels[ord(mark[0]) - FIRST_MARK]


def unidentified(actor: str | None) -> bool:
    """Whether an actor's name says that nobody knows who it is."""
    return bool(actor and _UNIDENTIFIED.match(actor))


def short_forms(name: str) -> tuple[str, ...]:
    """The forms of an actor's name that a note may use: without brackets, the abbreviation, what stands after it."""
    forms = [name]
    bracket = _BRACKET.search(name)
    bare = _BRACKET.sub("", name)
    forms += [bare]
    if bracket and _ABBREVIATION.fullmatch(bracket[1]):
        forms += [bracket[1]]
    before, colon, after = bare.partition(": ")
    if colon:
        forms += [after, *([before] if _ABBREVIATION.fullmatch(before) else [])]
    return tuple(dict.fromkeys(form for form in forms if form))


def parties(actors: Iterable[str], groups: Mapping[str, Sequence[str]]) -> Parties:
    """The parties of an event, and those of the desk's groups that are not among them.

    Args:
        actors: Names of the event's actors.
        groups: Label of a group -> its actors' names.
    """
    frozen = tuple((label, tuple(names)) for label, names in groups.items())
    return _parties(tuple(dict.fromkeys(name for name in actors if name)), frozen)


def label_of(party: str, groups: Mapping[str, Sequence[str]]) -> str:
    """The label of the first group that has the party among its actors, or is so called; else the party's own name."""
    folded = party.casefold()
    for label, names in groups.items():
        if folded == label.casefold() or folded in (name.casefold() for name in names):
            return label
    return party


@lru_cache(maxsize=4096)
def _parties(actors: tuple[str, ...], groups: tuple[tuple[str, tuple[str, ...]], ...]) -> Parties:
    known = dict(groups)
    own: dict[str, list[str]] = {}
    for actor in actors:
        own.setdefault(label_of(actor, known), []).append(actor)
    forms: dict[str, set[str]] = {}
    for label, names in own.items():
        for form in (label, *(form for name in names for form in short_forms(name))):
            forms.setdefault(form, set()).add(label)
    # A name of a group that takes no part is looked for too, unless one that does has the same.
    for label, names_of_group in groups:
        if label not in own:
            for form in (label, *(form for name in names_of_group for form in short_forms(name))):
                if not forms.get(form, set()) & set(own):
                    forms.setdefault(form, set()).add(label)
    labels = (*own, *(label for label, _ in groups if label not in own))
    number = {label: place for place, label in enumerate(labels)}
    patterns = [(_word(form), number[next(iter(of))], len(form)) for form, of in forms.items() if len(of) == 1]
    patterns += [(rf"(?i:{words})", number[of], 0) for words, of in _standing(own)]
    patterns += [(rf"(?<=\bthe )(?i:{noun})", number[of], -1) for noun, of in _nouns(own)]
    patterns.sort(key=lambda each: -each[2])
    whole = "|".join(f"({words})" for words, _, _ in patterns)
    return Parties(
        labels,
        re.compile(rf"(?<!\w)(?:{whole})(?!\w)") if patterns else None,
        tuple(of for _, of, _ in patterns),
    )


def _word(form: str) -> str:
    # An abbreviation is one only as it is written: IS is not "is".
    as_written = _ABBREVIATION.fullmatch(form) and len(form) <= 6
    return re.escape(form) if as_written else f"(?i:{re.escape(form)})"


def _standing(own: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Common words for armies, the police and the unidentified, where only one party of the event is such."""
    found: dict[str, set[str]] = {}
    for label, names in own.items():
        for start, words in _KINDS:
            if any(re.match(start, name) for name in names):
                found.setdefault(words, set()).add(label)
    return [(words, next(iter(of))) for words, of in found.items() if len(of) == 1]


def _nouns(own: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The last word of a name ("the front"), where only one party of the event has it."""
    found: dict[str, set[str]] = {}
    for label, names in own.items():
        for name in names:
            bare = _BRACKET.sub("", name).split()
            last = bare[-1].lower()
            if len(bare) > 1 and last.isalpha() and last not in _COMMON:
                found.setdefault(last, set()).add(label)
    return [(noun, next(iter(of))) for noun, of in found.items() if len(of) == 1]
