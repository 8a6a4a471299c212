"""What is loaded, what it covers, and what is missing for which question."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tocsin.catalogue import QUESTIONS, subject_of
from tocsin.desk import Desk
from tocsin.store import Store, open_store


@dataclass(frozen=True)
class Part:
    """One part of the status: a heading, a table and notes."""

    heading: str
    rows: list[dict[str, Any]]
    notes: tuple[str, ...] = ()


def status_of(desk: Desk, *, as_of: dt.date | None = None) -> list[Part]:
    """The state of a desk, in parts to be printed: its data sets, then for each the questions that it can answer.

    Raises:
        StoreError: nothing is loaded.
    """
    with open_store(desk.memory) as store:
        parts = [Part(f"{desk.title}: data sets", [_dataset(store, name) for name in store.datasets()])]
        for name in store.datasets():
            subject = subject_of(desk, store, dataset=name, as_of=as_of)
            filled = store.filled(name)
            # A place is known where a point was given; the columns themselves live beside the place.
            placed = store.placed(name)
            filled |= {"longitude": placed, "latitude": placed}
            covered = ", ".join(map(str, subject.events.about.covered)) or "no day"
            notes = [f"Covers {covered} for {', '.join(desk.countries)}."]
            differing = subject.disagreements(store.named_units(name))
            if differing.height:
                notes.append(
                    f"{differing['events'].sum():,} events name another first-order unit than the one that holds their point."
                )
            outside = store.unplaced(name, desk.countries)
            if outside:
                notes.append(f"{outside:,} events with coordinates lie in no first-order unit of their country.")
            rows = [_question(entry.name, entry.columns, filled) for entry in QUESTIONS]
            parts.append(Part(f"{name}: questions that it answers", rows, tuple(notes)))
        return parts


def _dataset(store: Store, name: str) -> dict[str, Any]:
    loads = store.vintages(name)
    spans = [each.span for each in loads if each.span]
    return {
        "data set": name,
        "vintages": len(loads),
        "newest": str(loads[-1].data_date),
        "rows read": sum(each.rows for each in loads),
        "set aside": sum(each.rejects for each in loads),
        "events now": store.filled(name)["event_id"],
        "from": str(min(span.first for span in spans)) if spans else "–",
        "to": str(max(span.last for span in spans)) if spans else "–",
    }


def _question(name: str, columns: tuple[str, ...], filled: dict[str, int]) -> dict[str, Any]:
    missing = [column for column in columns if not filled.get(column)]
    return {"question": name, "answer": "yes" if not missing else f"no: the data lack {', '.join(missing)}"}
