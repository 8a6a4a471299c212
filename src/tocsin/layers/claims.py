"""Who claims an attack, who denies it, and who is blamed for it, by the words of a note in English?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tocsin.layers.names import PARTY, Parties, parties, unidentified
from tocsin.layers.proposals import Proposal
from tocsin.layers.sentences import LONGEST, sentences

_WHO = r"(?:fighters|members|militants|gunmen|men|forces|spokes\w+|officials|leaders|commanders?|authorities|sources?)"
_NP = rf"(?:(?:{_WHO}) (?:of|from|for) )?(?:the )?(?:suspected )?{PARTY}(?:'s|’s)?(?: {_WHO})*"
_MORE = rf"(?:(?:, | and |, and | and by | as well as |, as did ){_NP})*"
_DEED = (
    r"(?:attacks?|ambush(?:es)?|bombings?|blasts?|explosions?|killings?|raids?|shootings?|assassinations?|strikes?|assaults?|incident|"
    r"operation|act|deed|abductions?)"
)
_DID = (
    r"(?:attacked|ambushed|bombed|killed|raided|shot|targeted|detonated|planted|carried out|conducted|was behind|were behind|"
    r"was responsible|were responsible)"
)
_GAP = rf"(?:[ ,](?!{PARTY}| not\b)[^.;!?\ue000-\uf8ff]{{0,60}}?)?"
_DENYING = (
    r"(?:responsibility|involvement|any (?:part|role|involvement|link)|a role|being|having|carrying|attacking|killing|that (?:it|they|its)"
    rf"|it\b|the (?:claims?|accusations?|charges?|allegations?|reports?|{_DEED})|its (?:men|fighters|forces))"
)

_F = r"[^.;!?\ue000-\uf8ff]"
"""A letter of words that name no party and end no sentence."""
_ITS = r"(?:it|they|its \w+|their \w+)"
_BE = r"(?:was|were|is|are|has been|have been)"
_ALL = rf"(?P<all>{_NP}{_MORE})"
_P = rf"(?P<p>{_NP})"
_BY = rf"(?P<by>{_NP})"

# Rule, kind, letters, pattern. `p` is the party, or `all` several of them; `by` who says so. Earlier rules win where words overlap.
# A sentence with none of the letters has none of the pattern's words: they are looked for first, in a hundredth of the time.
_RULES: tuple[tuple[str, str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (name, kind, tuple(letters.split("|")), re.compile("".join(parts)))
    for name, kind, letters, *parts in (
        (
            "nobody claimed",
            "unclaimed",
            "no |nobody|unclaimed|not |none of",
            r"(?:\bno (?:other )?(?:\w+ )?(?:group|one|party|side|faction|organi[sz]ation|claims?)\b",
            rf"{_F}{{0,40}}?(?:claim(?:ed)?\b|tak(?:en|es|ing)\b|took\b|responsibility)",
            r"|\bnobody (?:has |had )?(?:yet )?claimed|\b(?:unclaimed|not (?:yet )?(?:been )?claimed)|\bnone of [^.;!?]{0,40} claimed)",
            rf"(?: (?:responsibility|credit|the {_DEED}))?",
        ),
        ("did not claim", "", "claim", rf"{_P}{_F}{{0,25}}\b(?:not|never|yet to)\b{_F}{{0,25}}\bclaim(?:ed)?\b"),
        ("did not deny", "", "denied|deny", rf"{_P}{_F}{{0,25}}\b(?:not|never|neither)\b{_F}{{0,30}}\bden(?:ied|y)\b"),
        (
            "denied",
            "denial",
            "denie|rejected|rejects|disowned",
            rf"{_ALL}{_GAP} (?:denied|denies|has denied|have denied|rejected|rejects|disowned) (?:any )?{_DENYING}",
        ),
        (
            "which it denied",
            "denial",
            "denied|rejected|disowned",
            rf", which {_ALL} (?:later |has |have |had )*(?:denied|rejected|disowned)",
        ),
        ("denied by", "denial", "denied by|rejected by", rf"\b(?:denied|rejected) by {_ALL}"),
        (
            "was not involved",
            "denial",
            " not",
            rf"{_P} (?:said|says|stated|insisted) (?:that )?{_ITS} (?:was|were|had|did) not\b",
        ),
        (
            "claimed",
            "claim",
            "claim|took|takes|accepted|admitted",
            rf"{_ALL}{_GAP} (?:later |both |each |has |have |had |also |then |officially |falsely )*",
            r"(?:claimed|claims|claim|took|takes|accepted|admitted)(?: the| full| sole| joint| to have carried out the)?",
            rf" (?:responsibility|credit|it\b|{_DEED})",
        ),
        (
            "said that it did",
            "claim",
            "said|says|stated|announced|admitted|confirmed|boasted|claimed",
            rf"{_P}{_GAP} (?:said|says|stated|announced|admitted|confirmed|boasted|claimed)",
            rf"{_F}{{0,40}}?\b{_ITS} (?:had )?{_DID}",
        ),
        (
            "claimed to have done it",
            "claim",
            "claim|admitted",
            rf"{_P}{_GAP} (?:claimed|claims|admitted)(?: to have|(?: to)? having) {_DID}",
        ),
        (
            "claimed by",
            "claim",
            "claimed|taken",
            r"\b(?:claimed|responsibility (?:for [^.;!?]{0,40} )?(?:was |is )?(?:claimed|taken)) (?:later )?by (?:both )?",
            _ALL,
        ),
        (
            "claim of",
            "claim",
            "claim",
            rf"\bclaims? (?:of responsibility )?(?:came |come |was issued |made )?(?:from|by) {_ALL}",
        ),
        (
            "blamed",
            "attribution",
            "blame|accuse|suspect",
            rf"{_BY}{_GAP} (?:blamed|blames|accused|accuses|suspects?|suspected) {_P}",
        ),
        (
            "attributed by",
            "attribution",
            "attributed|attributes|ascribed|pinned",
            rf"{_BY}{_GAP} (?:attributed|attributes|ascribed|pinned){_F}{{0,40}} (?:to|on) {_P}",
        ),
        (
            "attributed to",
            "attribution",
            "attributed|ascribed|blamed|pinned",
            rf"\b(?:attributed|ascribed|blamed|pinned){_F}{{0,25}} (?:to|on) {_P}(?: by {_BY})?",
        ),
        (
            "was blamed",
            "attribution",
            "blamed|accused|suspected|held responsible|thought|believed",
            rf"{_P}{_GAP} {_BE} (?:\w+ )?(?:blamed|accused|suspected|held responsible|thought|believed)\b",
        ),
        ("suspected", "attribution", "suspected ", rf"\b(?P<p>suspected (?:members of (?:the )?)?{PARTY}(?: {_WHO})*)"),
        ("others blamed", "attribution", "blame|accuse|suspect", rf"\b(?:blamed|blame|accused?|suspect) {_P}"),
        (
            "believed to be",
            "attribution",
            "believed|thought|suspected|presumed",
            rf"\b(?:believed|thought|suspected|presumed) to (?:be|have been){_F}{{0,40}} {_P}",
        ),
    )
)
_MARK = re.compile(PARTY)
_NOBODY = re.compile(
    r"(?i)\b(?:unidentified|unknown|unnamed) (?:armed )?"
    r"(?:gunm[ae]n|m[ae]n|assailants?|attackers?|militants?|perpetrators?|groups?|persons?|individuals?)"
)

WORTH = (
    r"(?i)claim|den(?:y|ied|ies)|disown|reject|blame|accus|attribut|ascrib|pinned|responsib|suspect|believed|thought|presumed|credit|"
    r"unidentified|unknown|unnamed|behind|carried out|said|says|stated|announced|insisted|boasted|confirmed|admitted"
)
"""A note without any of these words is proposed nothing of: it need not be read by the rules."""
_WORTH = re.compile(WORTH)

NOBODY_WORTH = (
    r"(?i)(?-u:\b)no (?:\S+ ){0,2}(?:group|one|party|side|faction|organi[sz]ation|claims?)(?-u:\b)|nobody|unclaimed|"
    r"not (?:yet |been )*claimed|none of|un(?:.dent.f.ed|known|named) "
)
"""A note without any of these words, and without a name of a party, is proposed nothing of either."""


def propose_claims(
    note: str | None, *, actors: Sequence[str | None], groups: Mapping[str, Sequence[str]]
) -> tuple[Proposal, ...]:
    """What the note says of who claims, denies or is blamed; of a note that says nothing, what the actors' columns say.

    Args:
        actors: The event's actors, the two principal ones first.
        groups: Label of a group of the desk -> its actors' names.

    Returns:
        In the order of the words. Nothing where neither tells: then an actor is named by the source alone.

    Assumes:
        English. The rules see words, not meaning: a person confirms.
    """
    named = [actor for actor in actors if actor]
    found = _in_note(note, named, groups) if note else []
    if any(each.kind in ("claim", "denial", "attribution") for each in found):
        found = [each for each in found if each.kind not in ("unclaimed", "unidentified")]
    unknown = any(unidentified(actor) for actor in named) or not named
    if not found:
        return (Proposal("unidentified", "", "actor columns"),) if unknown else ()
    if all(each.kind == "unclaimed" for each in found):
        # Nobody claims it: whether somebody is named is told by the columns.
        kind = "unidentified" if unknown else "unclaimed"
        return (Proposal(kind, "", found[0].rule, found[0].span),)
    return tuple(_once(found))


def _in_note(note: str, actors: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[Proposal]:
    known = parties(actors, groups)
    text = known.masked(note[:LONGEST])
    found: list[Proposal] = []
    for start, end in sentences(text):
        here = _in_sentence(text, start, end, known)
        # Asked last: it takes longer than all that comes to nothing before.
        if here and _WORTH.search(text, start, end):
            found += here
    nobody = None if found else _NOBODY.search(note)
    if nobody:
        found.append(Proposal("unidentified", "", "unidentified in the note", nobody.span()))
    return sorted(found, key=lambda each: each.span or (0, 0))


def _in_sentence(text: str, first: int, last: int, known: Parties) -> list[Proposal]:
    found: list[Proposal] = []
    taken: list[tuple[int, int]] = []
    words = text[first:last]
    named = _MARK.search(words) is not None
    for rule, kind, letters, pattern in _RULES:
        if not ((named or kind == "unclaimed") and any(each in words for each in letters)):
            continue
        for match in pattern.finditer(text, first, last):
            start, end = match.span()
            if any(start < other_end and other < end for other, other_end in taken):
                continue
            taken.append((start, end))
            said_by = _labels(match, "by", known)
            for party in _labels(match, "p", known) or _labels(match, "all", known) or [""]:
                if kind and not unidentified(party):
                    found.append(Proposal(kind, party, rule, (start, end), said_by[0] if said_by else ""))
    return found


def _labels(match: re.Match[str], group: str, known: Parties) -> list[str]:
    if group not in match.re.groupindex or match[group] is None:
        return []
    return list(dict.fromkeys(known.label(mark) for mark in _MARK.findall(match[group])))


def _once(found: Sequence[Proposal]) -> list[Proposal]:
    """The first of those that say the same."""
    first: dict[tuple[str, str, str], Proposal] = {}
    for each in found:
        first.setdefault((each.kind, each.party, each.said_by), each)
    return list(first.values())
