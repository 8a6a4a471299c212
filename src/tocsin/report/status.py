"""What is loaded, what it covers, and what is missing for which question."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tocsin.catalogue import QUESTIONS, subject_of
from tocsin.desk import Desk
from tocsin.errors import StoreError
from tocsin.schema import spoken_date
from tocsin.store import Store, open_store


@dataclass(frozen=True)
class Part:
    """One part of the status: a heading, notes and a table."""

    heading: str
    notes: tuple[str, ...]
    rows: list[dict[str, Any]]


def status_of(desk: Desk, *, as_of: dt.date | None = None) -> list[Part]:
    """The state of a desk, a part for each data set: what is loaded, and the questions that it can answer.

    Args:
        as_of: Days covered as they were known on that day.

    Raises:
        StoreError: nothing is loaded.
    """
    with open_store(desk.memory) as store:
        if not store.datasets():
            raise StoreError("nothing is loaded yet", where=str(desk.folder), next_step="Load a file: tocsin add FILE")
        return [_dataset(desk, store, name, as_of) for name in store.datasets()]


def _dataset(desk: Desk, store: Store, name: str, as_of: dt.date | None) -> Part:
    subject = subject_of(desk, store, dataset=name, as_of=as_of)
    filled = store.filled(name)
    # A place is known where a point was given; the columns themselves live beside the place.
    placed = store.placed(name)
    filled |= {"longitude": placed, "latitude": placed}
    loads = store.vintages(name)
    newest = f"{'as of' if loads[-1].dated else 'loaded on'} {spoken_date(loads[-1].data_date)}"
    vintages = "1 vintage" if len(loads) == 1 else f"{len(loads)} vintages"
    read, aside = sum(each.rows for each in loads), sum(each.rejects for each in loads)
    covered = ", ".join(map(str, subject.events.about.covered)) or "no day"
    notes = [
        f"{vintages}, the newest {newest}; {read:,} rows read, {aside:,} of them set aside (tocsin rejects).",
        f"Covers {covered} for {', '.join(desk.countries)}.",
    ]
    differing = subject.disagreements(store.named_units(name, desk.countries))
    if differing.height:
        events = differing["events"].sum()
        notes.append(f"{events:,} events name another first-order unit than the one that holds their point.")
    outside = store.unplaced(name, desk.countries)
    if outside:
        notes.append(f"{outside:,} events with coordinates lie in no first-order unit of their country.")
    rows = [_question(entry.name, entry.columns, filled) for entry in QUESTIONS]
    return Part(f"{name}: {filled['event_id']:,} events", tuple(notes), rows)


def _question(name: str, columns: tuple[str, ...], filled: dict[str, int]) -> dict[str, Any]:
    missing = [column for column in columns if not filled.get(column)]
    return {"question": name, "answer": "yes" if not missing else f"no: the data lack {', '.join(missing)}"}
