"""Who did it and who began it, asked of a desk: reviewed layers beside the source's columns, with the words that go with their tables."""

from __future__ import annotations

import polars as pl

from tocsin.analysis.attribution import attribution, claimed
from tocsin.analysis.initiator import initiator
from tocsin.analysis.periods import covered_periods
from tocsin.analysis.sampled import random_sample
from tocsin.catalogue.answers.coverage import every_of
from tocsin.catalogue.reviewing import SHOWN, Reading, read
from tocsin.catalogue.subject import Answer, Asked, Subject, definition_of, period_of, selection_of, windows_of
from tocsin.catalogue.words import counted, countries_of, coverage_notes, for_group, gathered, subtitle
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span, listed

FEW_A_PERIOD = 10
"""With fewer incidents a month or week than this on average, shares move by ten points for one incident."""

SMALL_SAMPLE = 100
"""A sample of fewer incidents than this has an interval of some twenty points."""


def answer_attribution(subject: Subject, asked: Asked) -> Answer:
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    # Types of every month would be a table that nobody reads: of these the whole period is told.
    spans, every = (_windows(subject, asked), "") if asked.by else _spans(subject, asked)
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
            *_named_there(involving),
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
    groups = labels_of(subject, asked)
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
            *_gathered(subject, asked),
            "Contested: the party that claims or is named denies, or a third party names another; claims of several parties count as "
            "contested here. A group that was attacked counts as one that attacked.",
            *reading.sentences(),
            *coverage_notes(subject, list(spans.values())),
        ),
        about=subject.events.about,
    )


def answer_initiator(subject: Subject, asked: Asked) -> Answer:
    groups = labels_of(subject, asked)
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
            *_gathered(subject, asked),
            f"{_order(subject)} Lower bound: the group began no undecided incident; upper bound: all of those in which it takes part.",
            *reading.sentences(),
            *_samples(reading, table),
            *coverage_notes(subject, list(spans.values())),
        ),
        about=subject.events.about,
    )


def _named_there(involving: str) -> list[str]:
    if not involving:
        return []
    return [
        f"Incidents{involving} are those in which the source names it, so its columns leave few of them unattributed: only those with an "
        "unidentified actor beside."
    ]


def _order(subject: Subject) -> str:
    """What the order of the actors tells, by the source's codebook."""
    first = subject.events.about.facts.attacker_first
    if not first:
        return "The order of the actors says nothing of who began."
    return f"The order of the actors says nothing of who began, but in {listed(first)}: there the codebook names the attacker first."


def labels_of(subject: Subject, asked: Asked) -> list[str]:
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


def _gathered(subject: Subject, asked: Asked) -> tuple[str, ...]:
    """Which names each group gathers."""
    groups = subject.desk.groups
    names = {groups[name].label: subject.members(name) for name in (asked.groups or groups)}
    return tuple(note for label, found in names.items() if found for note in gathered(label, found))


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
    """What the estimate from a random sample rests on, or why there is none; nothing where nobody has reviewed."""
    known = reading.known
    if not known.states or reading.incidents.is_empty():
        return []
    if not known.read and not known.undrawn:
        return ["No incident was drawn at random (tocsin review --sample): bounds only, no estimate."]
    said = []
    drawn = _sampled(reading.incidents, table)
    if not drawn.is_empty():
        missed = int(drawn["state"].is_null().sum())
        said.append(
            f"Estimates: from {drawn.height:,} incidents drawn at random (95 per cent, Wilson)"
            + (f"; {missed:,} that came up and were not decided widen the interval." if missed else ".")
        )
        if drawn.height < SMALL_SAMPLE:
            said.append(f"A sample of {drawn.height:,} is small: its intervals are wide.")
        if table["estimate_low"].drop_nulls().is_empty():
            said.append("Too few were drawn in each window for an estimate.")
    return [*said, *_undrawn(reading, table)]


def _sampled(incidents: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """The incidents on which the estimates of a table rest."""
    return pl.concat(map(random_sample, _by_days(incidents, table))).unique("event_id", maintain_order=True)


def _by_days(incidents: pl.DataFrame, table: pl.DataFrame) -> list[pl.DataFrame]:
    """The incidents of each span of a table."""
    days = table.select("from_date", "to_date").unique(maintain_order=True)
    return [incidents.filter(pl.col("event_date").is_between(first, last)) for first, last in days.iter_rows()]


def _undrawn(reading: Reading, table: pl.DataFrame) -> list[str]:
    """Why there is no estimate where some incidents could not be drawn."""
    known, said = reading.known, []
    incidents = pl.concat(_by_days(reading.incidents, table)).unique("event_id")
    seeds = {read.draw.seed for read in known.read}
    could = {
        seed: int(incidents["chances"].list.eval(pl.element().struct.field("seed") == seed).list.any().sum())
        for seed in seeds
    }
    outside = incidents.height - max(could.values(), default=0)
    if seeds and outside:
        froms = list(dict.fromkeys(str(read.draw) for read in known.read))
        said.append(
            f"{outside:,} of {incidents.height:,} incidents could not come up in what was drawn "
            f"({'; '.join(froms[:SHOWN])}{' …' if len(froms) > SHOWN else ''}): where one of them counts there are bounds and no "
            f"estimate. Ask for what was drawn from, or draw from all that you ask for: tocsin review {reading.layer} --sample."
        )
    if known.undrawn:
        said.append(
            f"{len(known.undrawn):,} reviewed incidents name a draw of which no file tells what it was drawn from: they count as decided, "
            "and are no sample."
        )
    return said


def _few(table: pl.DataFrame, every: str) -> list[str]:
    mean = table["incidents"].mean() if every else None
    if not isinstance(mean, float) or mean >= FEW_A_PERIOD:
        return []
    return [f"With {mean:.1f} incidents a {every} on average, one incident moves a share by many points."]
