"""Who is meant by the words of a note? The names of parties and their short forms, found in text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

FIRST_MARK = 0xE000
"""The first of the characters that stand for parties in a masked text; none of them is a letter of any script."""

# Whole, and tried once: a name of forty letters is forty marks.
PARTY = "(?<![\ue000-\uf8ff])[\ue000-\uf8ff]++"

# What a party of one of the publishers' standing names is called in running text, and letters that each of these words has.
_KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        r"^Military Forces of\b",
        r"(?:government |state |security |national )?(?:military|army|armed) forces|government forces|government jets|military aircraft"
        r"|army|military|soldiers?|troops|servicemen",
        ("military", "army", "armed forces", "government forces", "government jets", "soldier", "troops", "servicemen"),
    ),
    (
        r"^Police Forces of\b",
        r"police(?:m[ae]n| officers?| forces?)?|officers",
        ("police", "officers"),
    ),
    (
        r"^(?:Unidentified|Unknown)\b",
        r"(?:unidentified|unknown|unnamed) (?:armed )?(?:gunm[ae]n|m[ae]n|assailants?|attackers?|militants?|groups?|persons?|individuals?)",
        ("unidentified ", "unknown ", "unnamed "),
    ),
)
_UNIDENTIFIED = re.compile(r"(?i)^(?:unidentified|unknown)\b")
_BRACKET = re.compile(r"\s*\(([^()]*)\)\s*$")
_ABBREVIATION = re.compile(r"(?=(?:.*[A-Z]){2})[A-Z][A-Za-z0-9&/-]{1,11}")
_COMMON = {"forces", "group", "state", "army", "police", "people", "party"}

_LIKE = {"İ": "i", "ı": "i", "ſ": "s", "\u212a": "k"}
"""The only letters outside ASCII that a pattern takes for letters of ASCII where small and capital ones are alike."""
_LIKE_CODES = str.maketrans(_LIKE)
_OUTSIDE, _OTHER = r"[^\x00-\x7f]", "\x7f"
_OUTSIDE_WORD = re.compile(_OUTSIDE)
_MARKS = re.compile("[\ue000-\uf8ff]")


def folded(text: str) -> str:
    """The text in small letters, every letter outside ASCII as one and the same: where a name is found in a text, its folded form is in the
    folded text."""
    if not text.isascii():
        text = _OUTSIDE_WORD.sub(_OTHER, text.translate(_LIKE_CODES))
    return text.lower()


@dataclass(frozen=True)
class Parties:
    """The parties whose names are looked for."""

    labels: tuple[str, ...]
    words: tuple[tuple[str, str, int], ...]
    """Folded letters without which a name can not be there, the pattern that finds it, and the number of its party; in the order in which
    names are tried: the longest first."""

    def masked(self, note: str) -> str:
        """The note in small letters with every name of a party written over, letter for letter, by its mark: places stay as they are."""
        # A letter of the note that is a mark itself stands for nobody.
        marked = _MARKS.sub(_OTHER, note)
        letters = folded(marked)
        there = [(words, number) for needed, words, number in self.words if needed in letters]
        if there:

            def mark(found: re.Match[str]) -> str:
                return chr(FIRST_MARK + there[(found.lastindex or 1) - 1][1]) * len(found[0])

            marked = _any_of(tuple(words for words, _ in there)).sub(mark, marked)
        small = marked.lower()
        # A few letters become two when they are made small.
        return small if len(small) == len(marked) else "".join(c.lower() if len(c.lower()) == 1 else c for c in marked)

    def label(self, mark: str) -> str:
        """The party that a masked name stands for."""
        return self.labels[ord(mark[0]) - FIRST_MARK]


def unidentified(actor: str | None) -> bool:
    """Whether an actor's name says that nobody knows who it is."""
    return bool(actor and _UNIDENTIFIED.match(actor))


@lru_cache(maxsize=65_536)
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
    return _parties(tuple(dict.fromkeys(name for name in actors if name)), _frozen(groups))


def label_of(party: str, groups: Mapping[str, Sequence[str]]) -> str:
    """The label of the first group that has the party among its actors, or is so called; else the party's own name."""
    return _by_name(_frozen(groups)).get(party.casefold(), party)


def _frozen(groups: Mapping[str, Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((label, tuple(names)) for label, names in groups.items())


@lru_cache(maxsize=64)
def _by_name(groups: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for label, names in groups:
        for name in (label, *names):
            found.setdefault(name.casefold(), label)
    return found


@lru_cache(maxsize=4096)
def _parties(actors: tuple[str, ...], groups: tuple[tuple[str, tuple[str, ...]], ...]) -> Parties:
    known = _by_name(groups)
    own: dict[str, list[str]] = {}
    for actor in actors:
        own.setdefault(known.get(actor.casefold(), actor), []).append(actor)
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
    words = [(*_looked_for(form), number[next(iter(of))], len(form)) for form, of in forms.items() if len(of) == 1]
    words += [(needed, rf"(?i:{of})", number[label], 0) for needed, of, label in _standing(own)]
    words += [(f"the {folded(noun)}", rf"(?<=\bthe )(?i:{noun})", number[of], -1) for noun, of in _nouns(own)]
    words.sort(key=lambda each: -each[3])
    return Parties(labels, tuple(each[:3] for each in words))


@lru_cache(maxsize=16_384)
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(f'({each})' for each in words)})(?!\w)")


@lru_cache(maxsize=65_536)
def _looked_for(form: str) -> tuple[str, str]:
    """The letters without which a form of a name can not be there, and its pattern."""
    words = re.escape(form)
    return folded(form), words if _as_written(form) else f"(?i:{words})"


def _as_written(form: str) -> bool:
    # An abbreviation is one only as it is written: IS is not "is".
    return len(form) <= 6 and _ABBREVIATION.fullmatch(form) is not None


def _standing(own: Mapping[str, Sequence[str]]) -> list[tuple[str, str, str]]:
    """Common words for armies, the police and the unidentified, where only one party of the event is such: letters, words, party."""
    found: list[tuple[str, str, str]] = []
    for start, words, needed in _KINDS:
        such = {label for label, names in own.items() if any(re.match(start, name) for name in names)}
        if len(such) == 1:
            found += [(letters, words, label) for label in such for letters in needed]
    return found


def _nouns(own: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The last word of a name ("the front"), where only one party of the event has it."""
    found: dict[str, set[str]] = {}
    for label, names in own.items():
        for noun in filter(None, map(_noun, names)):
            found.setdefault(noun, set()).add(label)
    return [(noun, next(iter(of))) for noun, of in found.items() if len(of) == 1]


def _noun(name: str) -> str | None:
    bare = _BRACKET.sub("", name).split()
    last = bare[-1].lower() if len(bare) > 1 else ""
    return last if last.isalpha() and last not in _COMMON else None


def may_name(notes: pl.Series, names: Iterable[str]) -> pl.Series:
    """Which notes may name a party, by letters alone: where this says no, `masked` finds none of the names.

    Args:
        notes: Text; a null names nobody.
        names: Of all parties of all events, and of the groups and their labels.
    """
    names = set(names)
    forms = {form for name in names for form in short_forms(name)}
    written = {form for form in forms if _as_written(form)}
    needed = {folded(form) for form in forms - written}
    needed |= {f"the {folded(noun)}" for noun in map(_noun, names) if noun}
    needed |= {letters for start, _, of in _KINDS if any(re.match(start, name) for name in names) for letters in of}
    foreign = (notes.str.len_bytes() != notes.str.len_chars()).arg_true()
    spelt = notes.gather(foreign).str.replace_many(_LIKE).str.replace_all(_OUTSIDE, _OTHER)
    letters = notes.clone().scatter(foreign, spelt)
    found = letters.str.contains_any(_list(needed), ascii_case_insensitive=True)
    if written:
        found |= notes.str.contains_any(_list(written))
    return found.fill_null(value=False)


def _list(words: Iterable[str]) -> pl.Series:
    return pl.Series([sorted(words)], dtype=pl.List(pl.String))
