"""Who did it and who began it, asked of a desk: reviewed layers beside the source's columns, with the words that go with their tables."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tocsin.analysis.attribution import attribution, claimed
from tocsin.analysis.incidents import ALL
from tocsin.analysis.initiator import OTHERS, initiator
from tocsin.analysis.periods import covered_periods
from tocsin.analysis.sampled import came_up
from tocsin.catalogue.answers.coverage import every_of
from tocsin.catalogue.reviewing import Reading, groups_of, read
from tocsin.catalogue.subject import Answer, Asked, Behind, Subject, definition_of, period_of, selection_of, windows_of
from tocsin.catalogue.words import counted, countries_of, coverage_notes, for_group, subtitle
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span
from tocsin.store.open import joined

FEW_A_PERIOD = 10
"""With fewer incidents a month or week than this on average, shares move by ten points for one incident."""

SMALL_SAMPLE = 100
"""A sample of fewer incidents than this has an interval of some twenty points."""


def answer_attribution(subject: Subject, asked: Asked) -> Answer:
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    spans, every = _spans(subject, asked)
    whole = _whole(spans)
    reading = read(subject, selection.within(whole), layer="attribution")
    table = attribution(reading.incidents, spans=spans, by_type=_by_type(asked))
    shown = f"share of each {every}'s incidents" if every else "share of incidents"
    return Answer(
        question="attribution",
        table=table,
        title=asked.title or f"Incidents{involving} that nobody can attribute, {countries_of(subject.desk)}",
        subtitle=subtitle(f"{shown}, with bounds for those not decided", *spans.values() if not every else (whole,)),
        definition=counted(subject, selection, _definition(subject, asked, every), involving=involving),
        notes=(
            *notes,
            "Bounds: of what no person has decided, all is attributed (lower) or none (upper). Narrower ones trust the source where nobody "
            "has read: an actor that it calls unidentified is so, and one that it names did it, unless the note says otherwise.",
            *reading.sentences(),
            *_samples(reading, table),
            *_few(table, every),
            *coverage_notes(subject, list(spans.values()) if not every else [whole]),
        ),
        about=subject.events.about,
    )


def answer_claims(subject: Subject, asked: Asked) -> Answer:
    groups = _labels(subject, asked)
    selection = selection_of(subject)
    spans = _windows(subject, asked)
    reading = read(subject, selection.within(_whole(spans)), layer="attribution")
    table = claimed(reading.incidents, spans=spans, groups=groups)
    return Answer(
        question="claims",
        table=table,
        title=asked.title or f"Incidents of each group with and without contested claims, {countries_of(subject.desk)}",
        subtitle=subtitle("incidents", *spans.values()),
        definition=counted(subject, selection),
        notes=(
            "Contested: the party that claims or is named denies, or a third party names another; claims of several parties count as "
            "contested here. A group that was attacked counts as one that attacked.",
            *reading.sentences(),
            *coverage_notes(subject, list(spans.values())),
        ),
        about=subject.events.about,
    )


def answer_initiator(subject: Subject, asked: Asked) -> Answer:
    groups = _labels(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    spans = _windows(subject, asked)
    reading = read(subject, selection.within(_whole(spans)), layer="initiator")
    table = initiator(reading.incidents, spans=spans, groups=groups, by_type=_by_type(asked))
    return Answer(
        question="initiator",
        table=table,
        title=asked.title or f"Who began the incidents{involving}, {countries_of(subject.desk)}",
        subtitle=subtitle("share of incidents that each began, with bounds for those not decided", *spans.values()),
        definition=counted(subject, selection, involving=involving),
        notes=(
            *notes,
            "The order of the actors says nothing of who began, but in violence against civilians. Lower bound: the group began no "
            "undecided incident; upper bound: all of those in which it takes part.",
            *reading.sentences(),
            *_samples(reading, table),
            *coverage_notes(subject, list(spans.values())),
        ),
        about=subject.events.about,
    )


def _labels(subject: Subject, asked: Asked) -> list[str]:
    """Labels of the groups asked for, or of all of the desk's.

    Raises:
        QuestionError: the desk has none.
    """
    known = subject.desk.groups
    if not known:
        raise QuestionError("the desk has no groups to count for", next_step="Define them in desk.toml under [groups].")
    for name in asked.groups:
        if name not in known:
            for_group(subject, Asked(group=name), selection_of(subject))
    return [known[name].label for name in (asked.groups or known)]


def _by_type(asked: Asked) -> bool:
    """
    Raises:
        QuestionError: another column is asked for.
    """
    if asked.by not in (None, "event_type"):
        raise QuestionError(f'can not be told by "{asked.by}"', next_step="Only by event_type.")
    return asked.by == "event_type"


def _spans(subject: Subject, asked: Asked) -> tuple[dict[str, Span], str]:
    """The windows asked for; or else every month or week of the period, and which of the two.

    Raises:
        QuestionError: the data cover no whole month or week.
    """
    if asked.windows:
        return windows_of(subject, asked.windows), ""
    period = period_of(subject)
    every = every_of(subject, period)
    starts = definition_of(subject, asked).week_starts
    spans = covered_periods(period, subject.events.about.covered, every=every, starts=starts)
    if not spans:
        raise QuestionError(f"the data cover no whole {every} of {period}", next_step="Choose a longer period.")
    return {f"{span.first:%Y-%m}" if every == "month" else str(span.first): span for span in spans}, every


def _windows(subject: Subject, asked: Asked) -> dict[str, Span]:
    """The windows asked for, or the whole period."""
    if asked.windows:
        return windows_of(subject, asked.windows)
    return {"the whole period": period_of(subject)}


def _whole(spans: dict[str, Span]) -> Span:
    return Span(min(span.first for span in spans.values()), max(span.last for span in spans.values()))


def _definition(subject: Subject, asked: Asked, every: str) -> Definition | None:
    return definition_of(subject, asked) if every == "week" else None


def _samples(reading: Reading, table: pl.DataFrame) -> list[str]:
    """What the estimate from a random sample rests on; nothing where none was drawn."""
    drawn = int(reading.incidents["drawn"].sum())
    if not drawn:
        return (
            []
            if not reading.known.states
            else ["No incident was drawn at random (tocsin review --sample): bounds only, no estimate."]
        )
    unread = reading.incidents.filter(came_up(reading.incidents))
    missed = unread.filter(pl.col("state").is_null()).height
    said = [
        f"Estimates: from {drawn:,} incidents drawn at random and reviewed (95 per cent, Wilson)"
        + (f"; {missed:,} that came up and were not decided widen the interval." if missed else ".")
    ]
    if drawn < SMALL_SAMPLE:
        said.append(f"A sample of {drawn:,} is small: its intervals are wide.")
    if table["estimate_low"].drop_nulls().is_empty():
        said.append("Too few were drawn in each window for an estimate.")
    return said


def _few(table: pl.DataFrame, every: str) -> list[str]:
    mean = table["incidents"].mean() if every else None
    if not isinstance(mean, float) or mean >= FEW_A_PERIOD:
        return []
    return [f"With {mean:.1f} incidents a {every} on average, one incident moves a share by many points."]


def behind_attribution(
    _subject: Subject, _asked: Asked, selection: Selection, rows: pl.DataFrame, _columns: Sequence[str]
) -> Behind:
    """A share is one of all incidents of its days."""
    return _of_days(selection, rows, sorted(set(rows["series"]) - {ALL}))


def behind_claims(
    subject: Subject, _asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """What the source names of the groups; all incidents of the days where claims beside it count."""
    names = groups_of(subject)
    days = _of_days(selection, rows, [])
    if set(columns) <= {"named"}:
        return Behind(
            selection.involving([name for label in rows["group"].unique() for name in names[label]]), days.spans
        )
    return days


def behind_initiator(
    subject: Subject, _asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """A share is one of all incidents of its days; what is of a group alone is of those that it takes part in."""
    days = _of_days(selection, rows, sorted(set(rows["series"]) - {ALL}))
    labels = set(rows["group"])
    if set(columns) <= {"involved", "begun", "by_source", "open", "own_low", "own_high"} and OTHERS not in labels:
        names = groups_of(subject)
        actors = [name for label in sorted(labels) for name in names[label]]
        if selection.actors is not None:
            actors = [name for name in actors if name in selection.actors]
        return Behind(days.selection.involving(actors), days.spans, column=days.column)
    return days


def _of_days(selection: Selection, rows: pl.DataFrame, types: Sequence[str]) -> Behind:
    days = rows.select("from_date", "to_date").unique().sort("from_date")
    spans = joined([Span(first, last) for first, last in days.iter_rows()])
    whole = "series" not in rows.columns or ALL in set(rows["series"])
    return Behind(selection, spans, column=None if whole or not types else ("event_type", tuple(types)))
