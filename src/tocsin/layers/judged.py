"""What is known of each incident, from people's decisions, from the source's columns, and from what the rules propose?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import polars as pl

from tocsin.layers.beginnings import WORTH as BEGINNING_WORTH
from tocsin.layers.beginnings import propose_beginning
from tocsin.layers.claims import NOBODY_WORTH, propose_claims
from tocsin.layers.claims import WORTH as CLAIM_WORTH
from tocsin.layers.draws import Draw, Reach, chances, reaches
from tocsin.layers.file import ReviewFile
from tocsin.layers.names import label_of, may_name, unidentified
from tocsin.layers.proposals import Proposal
from tocsin.layers.statements import ATTRIBUTION, DOUBTFUL, UNDECIDED, UNIDENTIFIED, Decision, decided
from tocsin.layers.told import row_digest

Groups = Mapping[str, Sequence[str]]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Reviewed:
    """What the reviewers of one data set say, put together.

    Args:
        states: Event -> its state, where all who decided it say the same; UNDECIDED where they differ, or say that it can not be told.
        differing: Events of which two reviewers say different things.
        parties: Event -> kind of statement -> parties named; of events whose state is decided.
        doubtful: Event -> parties of claims that are graded doubtful or worse.
        read: How far each draw was read.
        undrawn: Events that name a draw which no file tells of: nobody knows what they were drawn from.
    """

    states: Mapping[str, str]
    differing: frozenset[str]
    parties: Mapping[str, Mapping[str, frozenset[str]]]
    doubtful: Mapping[str, frozenset[str]]
    read: tuple[Reach, ...] = ()
    undrawn: frozenset[str] = frozenset()


def reviewed(files: Iterable[ReviewFile], *, dataset: str, layer: str, groups: Groups) -> Reviewed:
    """The decisions of all reviewers on events of a data set, put together."""
    by_event: dict[str, list[Decision]] = {}
    drawn: list[tuple[Draw, list[str]]] = []
    undrawn: set[str] = set()
    for file in files:
        named: dict[str, list[str]] = {}
        for decision in file.of(dataset):
            by_event.setdefault(decision[0].event_id, []).append(decision)
            if decision[0].drawn:
                named.setdefault(decision[0].drawn, []).append(decision[0].event_id)
        told = {draw.id: draw for draw in file.draws if draw.dataset == dataset}
        drawn += [(told[name], events) for name, events in named.items() if name in told]
        undrawn.update(event for name, events in named.items() if name not in told for event in events)
    party_of = cached_labels(groups)
    states: dict[str, str] = {}
    differing: set[str] = set()
    parties: dict[str, dict[str, frozenset[str]]] = {}
    doubtful: dict[str, set[str]] = {}
    for event, decisions in by_event.items():
        said = {state_of(decision, layer=layer, groups=groups) for decision in decisions}
        states[event] = said.pop() if len(said) == 1 else UNDECIDED
        if said:
            differing.add(event)
        kinds: dict[str, set[str]] = {}
        for decision in decisions:
            for each in decision:
                if each.party:
                    kinds.setdefault(each.kind, set()).add(party_of(each.party))
                if each.kind == "claim" and each.grade and each.grade[1] in DOUBTFUL:
                    doubtful.setdefault(event, set()).add(party_of(each.party))
        parties[event] = {kind: frozenset(of) for kind, of in kinds.items()}
    return Reviewed(
        states,
        frozenset(differing),
        parties,
        {event: frozenset(of) for event, of in doubtful.items()},
        reaches(drawn),
        frozenset(undrawn),
    )


def state_of(decision: Decision, *, layer: str, groups: Groups) -> str:
    """The state that a decision gives an event."""
    return decided(layer, [(each.kind, each.party) for each in decision], party_of=cached_labels(groups))


def cached_labels(groups: Groups) -> partial[str]:
    """Name of a party -> the label under which it is known."""
    return partial(_label, tuple((label, tuple(names)) for label, names in groups.items()))


@lru_cache(maxsize=65_536)
def _label(groups: tuple[tuple[str, tuple[str, ...]], ...], party: str) -> str:
    return label_of(party, dict(groups))


def propose(row: Row, *, layer: str, groups: Groups, attacker_first: Collection[str]) -> tuple[Proposal, ...]:
    """What the rules propose of an event.

    Args:
        row: Of told.told.
        attacker_first: Types of event whose first actor attacked, by the publisher's codebook.
    """
    actors = tuple(dict.fromkeys(name for name in (row["actor1"], row["actor2"], *row["actors"]) if name))
    note = row["notes"] or None
    if layer == ATTRIBUTION:
        return _claims(note, actors, tuple((label, tuple(of)) for label, of in groups.items()))
    return _beginning(note, actors, row["event_type"] in attacker_first and bool(row["actor1"]))


# Several findings of a report ask of the same notes.
@lru_cache(maxsize=100_000)
def _claims(
    note: str | None, actors: tuple[str, ...], groups: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[Proposal, ...]:
    return propose_claims(note, actors=actors, groups=dict(groups))


@lru_cache(maxsize=100_000)
def _beginning(note: str | None, actors: tuple[str, ...], first: bool) -> tuple[Proposal, ...]:
    return propose_beginning(note, actors=actors, attacker_first=first)


def judged(
    incidents: pl.DataFrame, known: Reviewed, *, layer: str, groups: Groups, attacker_first: Collection[str]
) -> pl.DataFrame:
    """A row an incident: what people decided, what the source's columns say, and what the rules propose.

    Args:
        incidents: Of told.told.
        groups: Label -> names of actors.
        attacker_first: As for `propose`.

    Returns:
        event_id, event_date, event_type; state (as people decided; null where nobody has, "undecided" where they differ or can not tell);
        differing; source (what the columns say: for attribution "actor unidentified" or "named", null where they name nobody; for the
        initiator the first actor of the types of `attacker_first`, else null); proposed (the state that the rules propose; null for
        none); parties (labels of all actors of the columns); claims, denials, named (labels, as decided); proposed_claims,
        proposed_denials, proposed_named; doubtful (labels of claims graded doubtful or worse); chances (of each random order in which the
        incident could come up, see draws.chances).
    """
    rows = incidents.select(
        *("event_id", "event_date", "event_type", "actor1", "actor2", "actors"),
        notes=pl.when(_worth(incidents, layer, groups)).then("notes"),
    ).with_row_index("row")
    # Of most events nothing but the actors' columns is left: each set of them is judged once.
    alike = rows.group_by("event_type", "actor1", "actor2", "actors", "notes", maintain_order=True).agg("row")
    label = cached_labels(groups)
    told = [
        _told(row, layer=layer, groups=groups, label=label, attacker_first=attacker_first)
        for row in alike.select(pl.exclude("row")).iter_rows(named=True)
    ]
    by_rule = alike.select("row").hstack(pl.DataFrame(told, schema={name: SCHEMA[name] for name in BY_RULE}))
    return (
        rows.select("row", "event_id", "event_date", "event_type")
        .hstack([_chances(incidents, known)])
        .join(by_rule.explode("row"), on="row", how="left")
        .join(_decided(known), on="event_id", how="left")
        .with_columns(
            pl.col("differing").fill_null(value=False),
            *(pl.col(name).fill_null(pl.lit([], dtype=_LABELS)) for name in DECIDED),
        )
        .sort("row")
        .select(pl.col(name).cast(of) for name, of in SCHEMA.items())
    )


def _told(
    row: Row, *, layer: str, groups: Groups, label: partial[str], attacker_first: Collection[str]
) -> dict[str, Any]:
    """BY_RULE of an event."""
    proposals = propose(row, layer=layer, groups=groups, attacker_first=attacker_first)
    kinds = _kinds(proposals, label)
    return {
        "source": _source(row, [name for name in (row["actor1"], row["actor2"]) if name], layer, label, attacker_first),
        "proposed": _proposed(proposals, layer, label),
        "parties": sorted({label(name) for name in row["actors"]}),
        **{f"proposed_{name}": sorted(kinds.get(kind, ())) for name, kind in NAMED.items()},
    }


def _decided(known: Reviewed) -> pl.DataFrame:
    """What people decided, a row an event that somebody decided."""
    rows = [
        {
            "event_id": event,
            "state": known.states.get(event),
            "differing": event in known.differing,
            **{name: sorted(known.parties.get(event, {}).get(kind, ())) for name, kind in NAMED.items()},
            "doubtful": sorted(known.doubtful.get(event, ())),
        }
        for event in known.states
    ]
    return pl.DataFrame(rows, schema={name: SCHEMA[name] for name in ("event_id", "state", "differing", *DECIDED)})


def _chances(incidents: pl.DataFrame, known: Reviewed) -> pl.Series:
    of = SCHEMA["chances"]
    if not known.read:
        return pl.select(chances=pl.repeat(pl.lit([], dtype=of), incidents.height)).to_series()
    rows = incidents.select("event_id", "event_date", "event_type", "country", "actors").iter_rows(named=True)
    return pl.Series("chances", [chances(row, known.read) for row in rows], dtype=of)


_LABELS = pl.List(pl.String)
SCHEMA: Mapping[str, pl.DataType] = {
    "event_id": pl.String(),
    "event_date": pl.Date(),
    "event_type": pl.String(),
    "state": pl.String(),
    "differing": pl.Boolean(),
    "source": pl.String(),
    "proposed": pl.String(),
    "parties": _LABELS,
    "claims": _LABELS,
    "denials": _LABELS,
    "named": _LABELS,
    "proposed_claims": _LABELS,
    "proposed_denials": _LABELS,
    "proposed_named": _LABELS,
    "doubtful": _LABELS,
    "chances": pl.List(pl.Struct({"seed": pl.Int64, "number": pl.Float64, "upto": pl.Float64})),
}


NAMED: Mapping[str, str] = {"claims": "claim", "denials": "denial", "named": "attribution"}
"""Column -> the kind of statement that names its parties."""
DECIDED = (*NAMED, "doubtful")
BY_RULE = ("source", "proposed", "parties", *(f"proposed_{name}" for name in NAMED))


def _worth(incidents: pl.DataFrame, layer: str, groups: Groups) -> pl.Series:
    """Which notes the rules could propose something of: asked of all at once, by words that every rule looks for."""
    notes = incidents["notes"].cast(pl.String)
    claims = layer == ATTRIBUTION
    names = pl.concat([incidents["actor1"], incidents["actor2"], incidents["actors"].explode()]).drop_nulls().unique()
    known = [name for label, of in groups.items() for name in (label, *of)] if claims else []
    named = may_name(notes, [*names, *known])
    if claims:
        named |= notes.str.contains(NOBODY_WORTH).fill_null(value=False)
    return named & notes.str.contains(CLAIM_WORTH if claims else BEGINNING_WORTH).fill_null(value=False)


def _source(
    row: Row, actors: Sequence[str], layer: str, label: partial[str], attacker_first: Collection[str]
) -> str | None:
    if layer != ATTRIBUTION:
        return label(actors[0]) if row["event_type"] in attacker_first and row["actor1"] else None
    if not actors:
        return None
    return UNIDENTIFIED if any(map(unidentified, actors)) else "named"


def _proposed(proposals: Sequence[Proposal], layer: str, label: partial[str]) -> str | None:
    if not proposals:
        return None
    return decided(layer, [(each.kind, each.party) for each in proposals], party_of=label)


def _kinds(proposals: Sequence[Proposal], label: partial[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in proposals:
        if each.party:
            found.setdefault(each.kind, set()).add(label(each.party))
    return found


@dataclass(frozen=True)
class Flagged:
    """Events of a layer that are no longer as they were when they were reviewed.

    Args:
        withdrawn: The data no longer have them; their decisions are kept.
        changed: What a decision rests on was revised since.
    """

    withdrawn: tuple[str, ...]
    changed: tuple[str, ...]


def flagged(files: Iterable[ReviewFile], now: pl.DataFrame, *, dataset: str) -> Flagged:
    """Which decisions rest on what is no longer so.

    Args:
        now: The reviewed events as the data have them now, of told.told_of.
    """
    digests = {row["event_id"]: row_digest(row) for row in now.iter_rows(named=True)}
    withdrawn, changed = set(), set()
    for file in files:
        for decision in file.of(dataset):
            event = decision[0].event_id
            if event not in digests:
                withdrawn.add(event)
            elif digests[event] != decision[0].row:
                changed.add(event)
    return Flagged(tuple(sorted(withdrawn)), tuple(sorted(changed)))
