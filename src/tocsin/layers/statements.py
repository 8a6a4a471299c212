"""What does a reviewer say of an event? Statements of a layer, and the state of the event that follows from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

ATTRIBUTION, INITIATOR = "attribution", "initiator"
UNDECIDED = "undecided"

KINDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        ATTRIBUTION: MappingProxyType(
            {
                "claim": "the party says that it did it",
                "denial": "the party says that it did not do it",
                "attribution": "a third party says that the party did it",
                "unclaimed": "an actor is named, and nobody claims it",
                "unidentified": "nobody claims it, and nobody knows who did it",
                UNDECIDED: "read, and can not be told",
            }
        ),
        INITIATOR: MappingProxyType(
            {"began": "the party used force first in this event", UNDECIDED: "read, and can not be told"}
        ),
    }
)
"""Layer -> kind of statement -> what it says."""

NAMING = ("claim", "denial", "attribution", "began")
"""Kinds that name a party; several of these may be said of one event, any other kind stands alone."""

ONE, SEVERAL, CONTESTED = "claimed by one", "claimed by several", "contested"
UNCLAIMED, UNIDENTIFIED = "unclaimed", "actor unidentified"
STATES = (ONE, SEVERAL, CONTESTED, UNCLAIMED, UNIDENTIFIED)

DOUBTFUL = tuple("456")
"""Second figures of a grade by which a statement is doubtful, improbable, or can not be judged."""


@dataclass(frozen=True)
class Statement:
    """One row of a review file.

    Args:
        event_id: Of the event.
        dataset: The data set that has it.
        data_date: As of which day the data gave the event when it was read.
        vintage: First twelve figures of the digest of that file.
        row: Tells the event's row as it was read from a later version of it.
        kind: One of KINDS of its layer.
        party: Whom it names: a group of the desk or an actor; empty where the kind names nobody.
        said_by: Who says so; empty where it is the party itself, or not known.
        said_date: When.
        published: Where.
        grade: Reliability of the source A to F and credibility of the statement 1 to 6 (the Admiralty code); empty where not graded.
        reviewer: An alias.
        reviewed_at: UTC; the same for all statements of one decision.
        drawn: The draw in which the event came up (of layers.draws); empty where it came up otherwise.
        rule: The rule that proposed it; empty where the reviewer did.
        words: The words of the note that led to the proposal.
    """

    event_id: str
    dataset: str
    data_date: dt.date
    vintage: str
    row: str
    kind: str
    party: str = ""
    said_by: str = ""
    said_date: dt.date | None = None
    published: str = ""
    grade: str = ""
    reviewer: str = ""
    reviewed_at: dt.datetime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    drawn: str = ""
    rule: str = ""
    words: str = ""


Decision = tuple[Statement, ...]
"""All that one reviewer says of one event."""


def same(party: str) -> str:
    return party


def decided(layer: str, said: Sequence[tuple[str, str]], *, party_of: Callable[[str], str] = same) -> str:
    """The state of an event: for attribution one of STATES, for the initiator the party that began it, or UNDECIDED.

    Args:
        said: Kind and party of each statement of one decision.
        party_of: The name under which a party is known, so that two of its names are one party.

    Assumes:
        Contested: the party that claims, or is named, denies; or a third party names another than the one that claims; or third parties
        name several; or somebody denies and nobody is named. That a party claims and another denies having done it is no contest.
    """
    named: dict[str, set[str]] = {}
    for kind, party in said:
        named.setdefault(kind, set()).add(party_of(party) if party else "")
    if not named or UNDECIDED in named:
        return UNDECIDED
    if layer == INITIATOR:
        (party,) = named["began"]
        return party
    claims, denials, others = (named.get(kind, set()) for kind in ("claim", "denial", "attribution"))
    disputed = (
        denials & (claims | others)
        or (claims and others - claims)
        or (not claims and len(others) > 1)
        or (denials and not claims and not others)
    )
    if disputed:
        return CONTESTED
    if claims:
        return ONE if len(claims) == 1 else SEVERAL
    return UNIDENTIFIED if "unidentified" in named else UNCLAIMED


def unlike(layer: str, kinds: Iterable[str]) -> str | None:
    """Why statements of these kinds can not be said of one event by one reviewer; None where they can."""
    kinds = list(kinds)
    alone = [kind for kind in kinds if kind not in NAMING]
    if alone and len(kinds) > 1:
        return f'"{alone[0]}" stands alone, but other statements are made of the same event'
    if layer == INITIATOR and len(kinds) > 1:
        return "one party began it, but two statements are made of the same event"
    return None
