"""A layer of reviewed statements, put beside the events of a desk: the incidents with what people decided of them, and the words for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from tocsin.catalogue.subject import Subject
from tocsin.cube import Selection
from tocsin.layers.file import ReviewFile, read_layer
from tocsin.layers.judged import Flagged, Reviewed, flagged, judged, reviewed
from tocsin.layers.told import AS_JUDGED, MANY, any_notes, told, told_of

SHOWN = 5
"""So many ids are printed in a note; `tocsin review status` prints all."""


@dataclass(frozen=True)
class Reading:
    """The incidents of a selection with a layer beside them.

    Args:
        incidents: Of layers.judged.
        files: The review files of the layer.
        known: What they say of this data set.
        flags: Which of their events were withdrawn or changed since.
        lacking: What to say of incidents of which none has a note; empty where some have, or where there is no incident.
        layer: Its name.
    """

    incidents: pl.DataFrame
    files: tuple[ReviewFile, ...]
    known: Reviewed
    flags: Flagged
    lacking: str
    layer: str

    def sentences(self) -> tuple[str, ...]:
        """What must be said of the layer beside a number that rests on it."""
        return (self._layer(), *self._flags(), *self._data())

    def _layer(self) -> str:
        if self.incidents.is_empty():
            return "No incident is counted here: there is nothing to review, and no share."
        if not self.known.states:
            return (
                "Nobody has reviewed an incident yet: all is from the source's columns and the rules' proposals. Review: "
                f"tocsin review {self.layer}."
            )
        here = set(self.incidents["event_id"]) & set(self.known.states)
        names = [file.reviewer for file in self.files if file.decisions]
        people = f"{len(names)} reviewers" if len(names) > 1 else "one reviewer"
        text = "\n".join(file.digest for file in self.files)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        said = f"Reviewed: {len(here):,} of {self.incidents.height:,} incidents, by {people} (layer {digest})."
        differing = self.known.differing & here
        if differing:
            said += f" Of {len(differing):,} the reviewers say different things: these count as undecided."
        return said

    def _flags(self) -> list[str]:
        notes = []
        if self.flags.withdrawn:
            notes.append(
                f"{_counted(self.flags.withdrawn, 'reviewed event')} no longer in the data (withdrawn since); the decisions are kept and "
                f"count for nothing: {_some(self.flags.withdrawn)}."
            )
        if self.flags.changed:
            notes.append(
                f"{_counted(self.flags.changed, 'reviewed event')} no longer as when it was read; the decisions still count, look at them "
                f"anew: {_some(self.flags.changed)}."
            )
        return notes

    def _data(self) -> list[str]:
        notes = []
        if self.lacking:
            notes.append(f"{self.lacking}: the rules see the actors' columns alone.")
        if self.incidents.height > MANY:
            notes.append(
                f"Of {self.incidents.height:,} incidents the rules read each note that may name a party, one by one: a narrower period is "
                "quicker."
            )
        return notes


def _counted(events: Sequence[str], what: str) -> str:
    return f"One {what} is" if len(events) == 1 else f"{len(events):,} {what}s are"


def _some(events: Sequence[str]) -> str:
    return ", ".join(events[:SHOWN]) + (" …" if len(events) > SHOWN else "")


def groups_of(subject: Subject) -> Mapping[str, tuple[str, ...]]:
    """Label of each group of the desk -> its names, as written and as the data have them."""
    return {
        group.label: tuple(
            dict.fromkeys(
                [
                    *(name for name in group.actors if "*" not in name),
                    *(name for names in subject.matched(key).values() for name in names),
                ]
            )
        )
        for key, group in subject.desk.groups.items()
    }


def read(subject: Subject, selection: Selection, *, layer: str) -> Reading:
    """The incidents of a selection with a layer beside them.

    Raises:
        DeskError: a review file is wrong; with file, line and column.
    """
    files = read_layer(subject.desk.folder, layer)
    dataset, groups = subject.events.about.dataset, groups_of(subject)
    known = reviewed(files, dataset=dataset, layer=layer, groups=groups)
    rows = told(subject.events, selection, AS_JUDGED)
    incidents = judged(
        rows, known, layer=layer, groups=groups, attacker_first=subject.events.about.facts.attacker_first
    )
    flags = flagged(files, told_of(subject.events, sorted(known.states)), dataset=dataset)
    return Reading(incidents, files, known, flags, lacking_notes(subject, rows), layer)


def lacking_notes(subject: Subject, rows: pl.DataFrame) -> str:
    """What to say of incidents (of layers.told) of which none has a note; empty where some have, or where there is no incident."""
    if rows.is_empty() or rows["notes"].drop_nulls().len():
        return ""
    return "None of these incidents has a note" if any_notes(subject.events) else "The data have no notes"
