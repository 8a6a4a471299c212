"""Which event comes next? The incidents that a reviewer has yet to read, in an order that can be taken up again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tocsin.layers.judged import Groups, propose
from tocsin.layers.proposals import Proposal
from tocsin.layers.told import random_number


@dataclass(frozen=True)
class Waiting:
    """An event to be read, and what the rules propose of it."""

    row: dict[str, Any]
    proposals: tuple[Proposal, ...]
    drawn: str
    """The seed of the random order; empty where the order is that of time."""


def waiting(
    incidents: pl.DataFrame, *, layer: str, groups: Groups, decided: Collection[str], sample: int | None, seed: int
) -> list[Waiting]:
    """The events to be read.

    Args:
        incidents: Of told.told, all of the selection.
        decided: Events that the reviewer has decided.
        sample: Draw so many at random; None takes all: first those of which the rules propose something, then the others, in order of time.
        seed: Of the random order; two reviewers with one seed read the same events.
    """
    rows = incidents.to_dicts()
    if sample is not None:
        drawn = sorted(rows, key=lambda row: random_number(row["event_id"], seed))[:sample]
        left = [row for row in drawn if row["event_id"] not in decided]
        return [Waiting(row, propose(row, layer=layer, groups=groups), str(seed)) for row in left]
    left = [row for row in rows if row["event_id"] not in decided]
    found = [Waiting(row, propose(row, layer=layer, groups=groups), "") for row in left]
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
