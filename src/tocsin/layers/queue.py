"""Which event comes next? The incidents that a reviewer has yet to read, in an order that can be taken up again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tocsin.layers.draws import Draw
from tocsin.layers.judged import Groups, propose
from tocsin.layers.proposals import Proposal
from tocsin.layers.told import random_number


@dataclass(frozen=True)
class Waiting:
    """An event to be read, and what the rules propose of it."""

    row: dict[str, Any]
    proposals: tuple[Proposal, ...]
    draw: Draw | None = None
    """In which it came up; None where the order is that of time."""


def waiting(
    incidents: pl.DataFrame,
    *,
    layer: str,
    groups: Groups,
    attacker_first: Collection[str],
    decided: Collection[str],
    draw: Draw | None = None,
) -> list[Waiting]:
    """The events to be read.

    Args:
        incidents: Of told.told, all of the selection.
        attacker_first: As for judged.propose.
        decided: Events that the reviewer has decided.
        draw: Draw at random, as it says; None takes all: first those of which the rules propose something, then the others, in order of
            time.
    """
    rows = incidents.to_dicts()
    if draw is not None:
        seed = draw.seed
        rows = sorted(rows, key=lambda row: random_number(row["event_id"], seed))[: draw.asked]
    left = [row for row in rows if row["event_id"] not in decided]
    found = [
        Waiting(row, propose(row, layer=layer, groups=groups, attacker_first=attacker_first), draw) for row in left
    ]
    if draw is not None:
        return found
    return sorted(found, key=lambda each: not any(proposal.span for proposal in each.proposals))


def parties_of(
    row: dict[str, Any], proposals: Sequence[Proposal], labels: Sequence[str], label: Callable[[str], str]
) -> list[str]:
    """The parties that a reviewer chooses from: those of the event, those proposed, the groups of the desk."""
    return list(dict.fromkeys(name for name in _named(row, proposals, labels, label) if name))


def _named(
    row: dict[str, Any], proposals: Sequence[Proposal], labels: Sequence[str], label: Callable[[str], str]
) -> Iterator[str]:
    yield from (label(name) for name in (row["actor1"], row["actor2"], *row["actors"]) if name)
    yield from (label(each.party) if each.party else "" for each in proposals)
    yield from labels
