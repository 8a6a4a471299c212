"""What is loaded, what it covers, and what is missing for which question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.analysis.weeks import covered_weeks
from tocsin.catalogue import QUESTIONS, Question, Subject, subject_of
from tocsin.catalogue.subject import period_of, selection_of, windows_of
from tocsin.catalogue.words import countries_of
from tocsin.desk import Desk
from tocsin.errors import QuestionError, StoreError
from tocsin.schema import Span, Vintage, listed, spoken_date
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
        as_of: The state as it was known on that day.

    Raises:
        StoreError: nothing is loaded.
    """
    with open_store(desk.memory) as store:
        if not store.datasets():
            raise StoreError("nothing is loaded yet", where=str(desk.folder), next_step="Load a file: tocsin add FILE")
        return [_dataset(desk, store, name, as_of) for name in store.datasets()]


def _dataset(desk: Desk, store: Store, name: str, as_of: dt.date | None) -> Part:
    oldest = min(each.data_date for each in store.vintages(name))
    if as_of is not None and as_of < oldest:
        known = f"Nothing was known on {spoken_date(as_of)}: the oldest vintage is dated {spoken_date(oldest)}."
        return Part(name, (known,), [])
    subject = subject_of(desk, store, dataset=name, as_of=as_of)
    filled = store.filled(name, as_of=as_of)
    # A place is known where a point was given; the columns themselves live beside the place.
    placed = store.placed(name, as_of=as_of)
    filled |= {"longitude": placed, "latitude": placed}
    rows = [
        {"question": entry.name, "answer": _answer(subject, entry, filled, datasets=store.datasets())}
        for entry in QUESTIONS
    ]
    events, inside = filled["event_id"], store.inside(name, desk.countries, as_of=as_of)
    of_them = f", {inside:,} of them in {countries_of(desk)}" if inside < events else ""
    return Part(f"{name}: {events:,} events{of_them}", (*_notes(subject, store), *_groups(subject)), rows)


def _notes(subject: Subject, store: Store) -> list[str]:
    """What was loaded, which days it covers, and how its places agree with the desk's."""
    desk, about = subject.desk, subject.events.about
    read, aside = sum(each.rows for each in about.vintages), sum(each.rejects for each in about.vintages)
    notes = [
        f"{_loads(about.vintages)}; {read:,} rows read, {aside:,} of them set aside (tocsin rejects).",
        f"Covers {', '.join(map(str, about.covered)) or 'no day'} for {', '.join(desk.countries)}.",
    ]
    differing = subject.disagreements(store.named_units(about.dataset, desk.countries, as_of=about.as_of))
    if differing.height:
        events = differing["events"].sum()
        notes.append(
            f"{events:,} events name another first-order unit than the one that holds their point; "
            "questions of place count them where the point lies."
        )
    outside = store.unplaced(about.dataset, desk.countries, as_of=about.as_of)
    if outside:
        notes.append(f"{outside:,} events with coordinates lie in no first-order unit of their country.")
    return notes


def _loads(vintages: tuple[Vintage, ...]) -> str:
    """The vintages by number, and the day of the newest."""
    newest = max(vintages, key=lambda each: (each.data_date, each.number))
    day = f"{'data as of' if newest.dated else 'loaded on'} {spoken_date(newest.data_date)}"
    numbers = listed([str(number) for number in sorted(each.number for each in vintages)])
    return f"Vintage {numbers}: {day}" if len(vintages) == 1 else f"Vintages {numbers}; the newest: {day}"


def _groups(subject: Subject) -> list[str]:
    """A sentence for each group of which a name, or every name, is not in the data."""
    notes = []
    # Data of other countries name other actors: that would be said of every group, and means nothing.
    for key, group in subject.desk.groups.items() if subject.events.about.covered else ():
        lost = [name for name, fitting in subject.matched(key).items() if not fitting]
        if len(lost) == len(group.actors):
            notes.append(f"Group {key}: none of its names is in the data; tocsin table actors lists those that are.")
        elif lost:
            named = listed([f"“{name}”" for name in lost])
            notes.append(
                f"Group {key}: {named} {'is' if len(lost) == 1 else 'are'} not in the data; its other names are."
            )
    return notes


def _answer(subject: Subject, entry: Question, filled: Mapping[str, int], *, datasets: Sequence[str]) -> str:
    """Whether a question can be answered; if not, or not wholly, what is missing."""
    others = [name for name in datasets if name != subject.events.about.dataset]
    others += ['"source:NAME"'] if filled.get("source") else []
    try:
        spans = _spans(subject, entry)
        selection_of(subject)
    except QuestionError as error:
        return f"no: {error.what}"
    if reason := _lacking_at_all(subject, entry, filled, others=others, windows=len(spans)):
        return f"no: {reason}"
    there = [column for column in entry.either if filled.get(column)]
    parts, aside = [], []
    if there and there[0] != entry.either[0]:
        aside.append(f"the data lack {entry.either[0]}; ask --by {there[0]}")
    for label, span in spans.items():
        lacking, usable = _lacking(subject, entry, span)
        if not usable:
            return f"no: the data cover {lacking} of {label}"
        if lacking:
            parts.append(f"{lacking} of {label}")
    said = [f"the data cover {listed(parts)}"] if parts else []
    if aside or said:
        return f"in part: {'; '.join([*aside, *said])}"
    return f"yes, with --against {' or '.join(others)}" if "against" in entry.arguments else "yes"


def _lacking_at_all(
    subject: Subject, entry: Question, filled: Mapping[str, int], *, others: Sequence[str], windows: int
) -> str:
    """What a question can not do without and the data or the desk lack; empty where nothing is lacking."""
    missing = [column for column in entry.columns if not filled.get(column)]
    if missing:
        return f"the data lack {', '.join(missing)}"
    if entry.either and not any(filled.get(column) for column in entry.either):
        return f"the data lack {' and '.join(entry.either)}"
    if "against" in entry.arguments and not others:
        return "no other data set is loaded, and the data name no sources"
    if entry.two_windows and windows != 2:
        return f"two windows are compared, {windows} are there"
    return "the desk has no groups to count for" if entry.needs_groups and not subject.desk.groups else ""


def _spans(subject: Subject, entry: Question) -> dict[str, Span]:
    """The days that a question looks at, with what they are called: the period, or the windows that the desk's figures name."""
    if "windows" not in entry.arguments:
        period = period_of(subject)
        return {f"the period ({period})": period}
    figures = [each for each in subject.desk.figures if each.question == entry.name]
    names = tuple(dict.fromkeys(name for each in figures for name in each.windows))
    if entry.of_period and not names:
        period = period_of(subject)
        return {f"the period ({period})": period}
    windows = windows_of(subject, names or subject.desk.compared or ())
    return {label if label == str(span) else f"{label} ({span})": span for label, span in windows.items()}


def _lacking(subject: Subject, entry: Question, span: Span) -> tuple[str, bool]:
    """How much of a span the data cover, in words (empty if all), and whether that is of use to the question."""
    covered = subject.events.about.covered
    days = sum(max(0, (min(span.last, each.last) - max(span.first, each.first)).days + 1) for each in covered)
    if not days:
        return "no day", False
    weeks = len(covered_weeks(span, covered, starts=subject.desk.definition.week_starts))
    if weeks < entry.least_weeks:
        return (
            f"{weeks} whole weeks (it needs {entry.least_weeks})" if entry.least_weeks > 1 else "no whole week"
        ), False
    return (f"{days:,} of {span.days:,} days" if days < span.days else ""), True
