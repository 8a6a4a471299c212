"""Who used force first, by the words of a note in English?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tocsin.layers.names import PARTY, Parties, parties
from tocsin.layers.proposals import Proposal
from tocsin.layers.sentences import LONGEST, sentences

_PEOPLE = (
    r"(?:fighters?|m[ae]n|members?|militants?|gunm[ae]n|soldiers?|forces?|troops|snipers?|bombers?|raiders?|herders|guards?|"
    r"patrols?|units?|jets?|aircraft|drones?|helicopters?|artillery|mob|brigade|sympathi[sz]ers|commandos?|suicide bombers?|"
    r"defenders|warplanes)"
)
_OF = rf"(?:(?:an? |the |two |three |around |some |a group of |a dozen )*(?:suicide |armed )?{_PEOPLE} (?:of|from|belonging to) )?"
# What begins with the party itself is found many times as fast.
_PARTY = rf"{PARTY}(?:'s|’s|s’)?(?: {_PEOPLE})*"
_NP = rf"{_OF}(?:the |an? )?{_PARTY}"
_NO_PARTY = r"[^.;!?\ue000-\uf8ff]"
_ACT = (
    r"(?:attacked|ambushed|raided|stormed|assaulted|shelled|bombed|bombarded|struck|overran|besieged|abducted|kidnapped|"
    r"executed|beheaded|killed|shot(?! (?:in|by|during)\b)|fired|opened fire|launched|targeted|detonated|threw|hurled|set upon|set fire|"
    r"blew (?:himself|themselves|itself|up)|planted|placed|laid|burnt|burned|beat|looted|dropped|tried to storm|"
    r"tried to attack|had driven|mined|lobbed|carried out|conducted|mounted|"
    r"assassinated|seized)"
)
_ACTS = r"(?:attacks|ambushes|raids|storms|shells|targets|bombs|kills|fires)"
# Of a headline: "three P killed in clashes" is no deed of P's.
_NOT_SUFFERED = r"(?! (?:in|by|during|when|while|as|around|near|at|of|with|and (?:wounded|injured))\b|[,;:]|\s*$)"
_DONE = (
    r"(?:attacked|ambushed|raided|stormed|assaulted|shelled|bombed|bombarded|struck|hit|overrun|besieged|abducted|"
    r"kidnapped|executed|killed|shot(?: dead)?|fired(?: upon| on)?|targeted|detonated|set upon|planted|placed|laid|burnt|"
    r"beaten|looted|carried out|thrown|launched|conducted|mounted|wounded|injured|forced from)"
)
_NOUN = (
    r"(?:(?:\w+[ -])?(?:attack|ambush|raid|assault|strike|bombing|shelling|shooting|offensive|operation|onslaught)s?|"
    r"shelling|gunfire|(?:\w+-)?(?:mortar|rocket|sniper|artillery|gun|arms) fire|air ?strikes?|suicide bomber|(?:car )?bomb)"
)
_NOT = re.compile(r"\b(?:not|never|no|nor|without|planned to|planning|failed to|n't|n’t|feared|threatened)\b")
_OTHER_VERB = re.compile(
    r"\b(?:was|were|been|being|be|is|are|came|coming|come|under|but|and|killed|executed|wounded|injured)\b"
)
"""Between a party and a deed: then it is not the party that did it, or not for certain."""
_ANSWER = (
    r"(?:returned fire|fired back|shot back|responded|repelled|repulsed|beat back|beat off|fought off|foiled|thwarted|"
    r"resisted|counter-?attacked|retaliated|intervened|hit back|repels?|foils?|thwarts?|retaliates?)"
)
_UNCLEAR = re.compile(
    r"\b(?:not clear|unclear|accounts differ|nobody knows|no evidence|remains? unknown|not known (?:who|which)|who began|"
    r"who fired first|each other|the other side|both sides|conflicting (?:accounts|reports))\b"
)
# An earlier deed that is given as the reason is not the event. A comma ends such words; so does what follows at the end.
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_WHEN = (
    r"(?:last (?:week|month|year)|(?:the )?(?:previous|preceding) (?:day|week|night|month)|"
    r"(?:days?|weeks?|months?) (?:earlier|before|ago)|(?:day|week|month) before|earlier th(?:is|at) (?:week|month|year)|"
    r"yesterday|last month's|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    rf"in (?:{_MONTHS}|winter|spring|summer|autumn))"
)
_REASONS = (
    re.compile(
        r"\b(?:in (?:retaliation|revenge|reprisal) for|(?:as |a |as a |in )?(?:revenge|reprisal|retaliation) for|"
        r"to avenge)[^,.;!?]*"
    ),
    re.compile(rf"\b(?:in response to|following|after)\b[^,.;!?]{{0,200}}?\b{_WHEN}\b[^,.;!?]*"),
)
# Parties that are named as those who did not do it, or as the two sides of something else.
_ASIDE = (re.compile(rf", not {_NP},?"), re.compile(rf"\bbetween {_NP} and {_NP}"))
_AFTER = re.compile(
    r"\b(?:after|when|as|once|following|hours after|minutes after|since|who had|from which)\b(?! which)"
)
_BEFORE = re.compile(r"\b(?:before|until)\b")
_LATER = re.compile(
    r"\b(?:after which|following which|whereupon|later|then|in turn|thereafter|afterwards|subsequently)\b"
)
_SPEAKING = (
    r"(?:said|says|say|claimed|claims|alleged?|alleges|announced|stated|reported|confirmed|accused|accuses|told|rejected|"
    r"denied|denies|insisted|admitted)"
)
_SPOKEN = re.compile(rf"(?P<p>{_PARTY})(?: spokes\w+| sources?| officials?| commanders?| statement)*,? {_SPEAKING}\b")
_ACCORDING = re.compile(rf"\baccording to (?P<p>{_NP})")
_OWN = re.compile(
    rf"(?P<p>{_PARTY})(?: spokes\w+| sources?| officials?)*,? (?:said|says|announced|confirmed|admitted|claimed|stated)(?: that)? "
    rf"(?:it|they|its (?:own )?\w+|their (?:own )?\w+) (?:had )?(?P<act>{_ACT})\b"
)
_REFUSED = re.compile(r"\b(?:denied|denies|rejected|accused?|accuses)\b")

_SUFFERED = r"(?:killed|executed|abducted|kidnapped|beheaded|assassinated|burnt|beaten|seized|wounded)"
_ACTIVE = re.compile(
    rf"(?P<p>{_PARTY})(?P<gap>(?:,{_NO_PARTY}{{0,60}}?,)?(?:(?!,){_NO_PARTY}){{0,70}}?)"
    rf"(?:\b(?P<act>{_SUFFERED}\b{_NOT_SUFFERED}|(?!{_SUFFERED}){_ACT}\b)|(?<=[\ue000-\uf8ff] ){_ACTS}\b)"
)
_BY = re.compile(rf"\b{_DONE}\b(?:{_NO_PARTY}){{0,45}}?\bby (?P<p>{_NP})")
_UNDER = re.compile(
    rf"(?P<gap>)\b(?:came|come|coming|were|was) under (?:attack|fire|\w+ fire) (?:from|by) (?P<p>{_NP})"
)
_BY_NOUN = re.compile(rf"\b{_NOUN}(?: \w+){{0,3}}? (?:by|from) (?P<p>{_NP})")
_OF_NOUN = re.compile(rf"\b{_NOUN} of (?P<p>{_NP})(?= (?:on|against|at|exploded)\b)")
_NOUN_OF = re.compile(rf"(?P<p>{_PARTY})(?P<act> (?!to |under |no ){_NOUN})\b")
_CLAIMED = re.compile(
    rf"(?P<gap>)\b(?:device|bomb|mine|blast|explosion)\b(?:{_NO_PARTY}){{0,60}}?\bclaimed by (?P<p>{_NP})"
)
_UNARMED = re.compile(r"(?i)civilians|protesters")
_RULES = (
    ("did", _ACTIVE),
    ("done by", _BY),
    ("under attack from", _UNDER),
    ("attack by", _BY_NOUN),
    ("attack of", _OF_NOUN),
    ("party's attack", _NOUN_OF),
    ("bomb claimed by", _CLAIMED),
)
_ANSWERED = re.compile(rf"(?P<p>{_PARTY})(?:{_NO_PARTY}){{0,40}}?\b{_ANSWER}\b")
_MARK = re.compile(PARTY)

WORTH = (
    r"(?i)attack|ambush|raid|device|explo|mine|blast|storm|assault|shell|bomb|struck|strike|hit|overran|overrun|besiege|abduct|"
    r"kidnap|execut|behead|kill|shot|shoot|fire|launch|target|deton|threw|hurl|set upon|blew|plant|placed|laid|burn|beat|loot|drop|"
    r"offensive|operation|repel|repuls|fought|foil|thwart|resist|respond|retaliat|interven|driven|lobb|carried out|conducted|"
    r"mounted|assassin|seiz|forced|injur|wound|thrown|counter"
)
"""A note without any of these words is proposed nothing of: it need not be read by the rules."""
_WORTH = re.compile(WORTH)


@dataclass(frozen=True)
class _Act:
    """A deed that the note tells: in which sentence, how early within it, where, whose, by which rule."""

    sentence: int
    turn: int
    start: int
    end: int
    party: str
    rule: str

    @property
    def order(self) -> tuple[int, int, int]:
        return self.sentence, self.turn, self.start


def propose_beginning(
    note: str | None, *, actors: Sequence[str | None], attacker_first: bool = False
) -> tuple[Proposal, ...]:
    """Who began it, by the note; of attacks on civilians whose note does not tell, by the actors' columns.

    Args:
        actors: The event's two principal actors, then the associated ones.
        attacker_first: By the publisher's codebook the first of them attacked civilians.

    Returns:
        One proposal, or none: undecided.

    Assumes:
        English. What a party says of its enemy is no proof; what it says of itself, or others say, is. A deed of an earlier day
        that is told as the reason is not the event. The rules see words, not meaning: a person confirms.
    """
    named = [actor for actor in actors if actor]
    found = _in_note(note, named) if note and named else None
    if found:
        return (found,)
    if attacker_first and actors and actors[0]:
        return (Proposal("began", actors[0], "actor columns: the target is the second"),)
    return ()


def _in_note(note: str, actors: Sequence[str]) -> Proposal | None:
    known = parties(actors, {})
    text = known.masked(note[:LONGEST])
    if not _MARK.search(text) or _UNCLEAR.search(text):
        return None
    for words in (*_REASONS, *_ASIDE):
        text = words.sub(lambda cut: re.sub(r"[^,.;!?]", " ", cut[0]), text)
    acts, answers = [], []
    for number, (start, end) in enumerate(sentences(text)):
        sentence = text[start:end]
        here = list(_told(sentence, number, start, known)) if _MARK.search(sentence) else []
        # Asked last: it takes longer than all that comes to nothing before.
        if not (here and _WORTH.search(sentence)):
            continue
        acts += [act for act in here if act.rule != "answered"]
        answers += [act for act in here if act.rule == "answered"]
    answering = {(act.sentence, act.party) for act in answers}
    acts = [act for act in acts if (act.sentence, act.party) not in answering]
    if acts:
        first = min(acts, key=lambda act: act.order)
        return Proposal("began", first.party, first.rule, (first.start, first.end))
    others = [party for party in known.labels[: len(actors)] if answers and party != answers[0].party]
    if answers and len(others) == 1:
        return Proposal("began", others[0], "the other answered", (answers[0].start, answers[0].end))
    return None


def _told(sentence: str, number: int, offset: int, known: Parties) -> Iterator[_Act]:
    """The deeds that a sentence tells of, without those that it denies and those that one side says of the other."""
    own = _OWN.search(sentence)
    if own:
        yield _Act(
            number,
            1,
            offset + own.start(),
            offset + own.end(),
            known.label(_MARK.findall(own["p"])[-1]),
            "says that it did",
        )
        return
    spoken = _SPOKEN.search(sentence) or _ACCORDING.search(sentence)
    speaker = known.label(_MARK.findall(spoken["p"])[-1]) if spoken else None
    if spoken and _REFUSED.search(spoken[0]):
        return
    for match in _ANSWERED.finditer(sentence):
        party = known.label(_MARK.findall(match["p"])[-1])
        yield _Act(number, 1, offset + match.start(), offset + match.end(), party, "answered")
    for rule, pattern in _RULES:
        for match in pattern.finditer(sentence):
            party = known.label(_MARK.findall(match["p"])[-1])
            if _NOT.search(_before(sentence, match)) or (rule == "did" and _OTHER_VERB.search(match["gap"])):
                continue
            if (speaker is not None and speaker != party) or _UNARMED.match(party):
                continue
            yield _Act(number, _turn(sentence, match), offset + match.start(), offset + match.end(), party, rule)


def _before(sentence: str, match: re.Match[str]) -> str:
    """The words by which a deed may be denied: those between who did it and what was done, or the two before it."""
    if "gap" in match.re.groupindex:
        return match["gap"]
    return " ".join(sentence[: match.start()].split()[-2:])


def _turn(sentence: str, match: re.Match[str]) -> int:
    """0 for what comes before the main clause in time, 1 for that, 2 for what comes after it."""
    before = sentence[: match.start()]
    turn = 1
    for pattern, rank in ((_AFTER, 0), (_BEFORE, 2), (_LATER, 2)):
        found = list(pattern.finditer(before))
        if not found:
            continue
        opened = found[-1]
        opens_sentence = not sentence[: opened.start()].strip()
        # A subordinate clause that opens the sentence ends at its comma.
        if (rank != 2 or pattern is _BEFORE) and opens_sentence and "," in before[opened.end() :]:
            continue
        turn = rank
    return turn
