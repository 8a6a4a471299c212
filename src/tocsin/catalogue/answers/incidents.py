"""Each question of the catalogue, asked of a desk: the analysis with the desk's arguments, and the words that go with its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from tocsin.analysis.actors import actors
from tocsin.analysis.comparison import METHOD, compare
from tocsin.analysis.concentration import METHOD as SPREAD_METHOD
from tocsin.analysis.concentration import places, spread
from tocsin.analysis.filters import filters
from tocsin.analysis.incidents import ALL, NOT_STATED, weekly
from tocsin.analysis.precision import precision
from tocsin.analysis.proximity import proximity
from tocsin.analysis.reporting import new_media
from tocsin.catalogue.subject import (
    Answer,
    Asked,
    Subject,
    actors_of,
    compared_windows,
    definition_of,
    level_of,
    period_of,
    precise_of,
    selection_of,
    windows_of,
)
from tocsin.catalogue.unsettled import with_band
from tocsin.catalogue.weight import weighed, weight_notes
from tocsin.catalogue.words import (
    averaging,
    counted,
    countries_of,
    coverage_notes,
    for_group,
    gathered,
    left_out,
    level_words,
    of_what,
    subtitle,
)
from tocsin.cube import Selection
from tocsin.errors import QuestionError

MOST_LINES = 8
"""More lines than this can not be told apart: the others are drawn as one."""


def answer_weekly(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, weighed(subject, asked))
    period = period_of(subject)
    groups = (
        {subject.desk.groups[name].label: actors_of(subject, name) for name in asked.groups} if asked.groups else None
    )
    for label, names in (groups or {}).items():
        notes += gathered(label, names)
    if groups and len(groups) > 1:
        notes += ("An incident that involves several of the groups counts for each.",)
    table = weekly(
        subject.events, selection=selection, definition=definition, period=period, by=asked.by, groups=groups
    )
    # How counts of incidents are revised tells nothing of how often they are mentioned.
    lines = {} if asked.weight else _lines(table, selection, by=asked.by, groups=groups)
    table, band = with_band(subject, table, definition=definition, lines=lines)
    if table["average"].null_count() == table.height:
        notes += (f"No average: it needs {definition.average_weeks} weeks in a row that the data cover.",)
    by = f" by {asked.by.replace('_', ' ')}" if asked.by else " by group" if groups else ""
    return Answer(
        question="weekly",
        table=table.rename({"incidents": asked.counts}),
        title=asked.title or f"{of_what(asked)}{involving}{by}, {countries_of(subject.desk)}",
        subtitle=subtitle(averaging(definition, asked), period),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(
            *notes,
            *weight_notes(subject, selection, [period]),
            *coverage_notes(subject, [period]),
            *band,
        ),
        about=subject.events.about,
    )


def _lines(
    table: pl.DataFrame, selection: Selection, *, by: str | None, groups: Mapping[str, Sequence[str]] | None
) -> dict[str, Selection]:
    """What each series of a weekly table counts; of series by a column only those by type of event, the largest."""
    if groups:
        return {label: selection.involving(names) for label, names in groups.items()}
    if by is None:
        return {ALL: selection}
    types = table["series"].unique(maintain_order=True).to_list() if by == "event_type" else []
    return {name: replace(selection, event_types=(name,)) for name in types[:MOST_LINES] if name != NOT_STATED}


def answer_proximity(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, weighed(subject, asked))
    period = period_of(subject)
    edges = asked.near_km or (definition.near_km,)
    table = proximity(
        subject.events,
        selection=selection.placed(precise_of(subject)),
        definition=definition,
        period=period,
        edges_km=edges,
    )
    return Answer(
        question="proximity",
        table=table.rename({"incidents": asked.counts}),
        title=asked.title
        or f"{of_what(asked)}{involving} by distance to the nearest provincial capital, {countries_of(subject.desk)}",
        subtitle=subtitle(averaging(definition, asked), period),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(
            *notes,
            *weight_notes(subject, selection.placed(precise_of(subject)), [period]),
            "Distance: along the WGS 84 ellipsoid to the nearest capital of a first-order unit of the same country.",
            *left_out(subject, selection, [period]),
            *coverage_notes(subject, [period]),
        ),
        about=subject.events.about,
    )


def answer_concentration(subject: Subject, asked: Asked) -> Answer:
    selection, involving, notes = for_group(subject, asked, weighed(subject, asked))
    windows = windows_of(subject, asked.windows)
    spans = list(windows.values())
    level = level_of(subject, asked)
    table = places(
        subject.events,
        selection=selection.placed(precise_of(subject)),
        windows=windows,
        level=level,
        all_places=subject.all_places(level),
    )
    return Answer(
        question="concentration",
        table=subject.with_names(table, level).rename({"incidents": asked.counts}),
        title=asked.title
        or (f"{of_what(asked)}{involving} by place" if asked.weight else f"Where incidents{involving} took place")
        + f", {countries_of(subject.desk)}",
        subtitle=subtitle(f"{asked.counts} per {level_words(level)}", *spans),
        definition=counted(subject, selection, involving=involving),
        notes=(
            *notes,
            *weight_notes(subject, selection.placed(precise_of(subject)), spans),
            *left_out(subject, selection, spans),
            *coverage_notes(subject, spans),
            subject.gazetteer.credit,
        ),
        about=subject.events.about,
    )


def answer_spread(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    windows = windows_of(subject, asked.windows)
    spans = list(windows.values())
    level = level_of(subject, asked)
    table = spread(
        subject.events,
        selection=selection.placed(precise_of(subject)),
        definition=definition,
        windows=windows,
        level=level,
        all_places=subject.all_places(level),
    )
    return Answer(
        question="spread",
        table=table,
        title=asked.title or f"How concentrated incidents are, {countries_of(subject.desk)}",
        subtitle=subtitle(f"incidents per {level_words(level)}", *spans),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(
            *notes,
            *left_out(subject, selection, spans),
            *coverage_notes(subject, spans),
            f"Intervals of 95 per cent: {SPREAD_METHOD}.",
        ),
        about=subject.events.about,
    )


def answer_comparison(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    windows = compared_windows(subject, asked)
    before, after = windows.values()
    groups = asked.groups or (() if asked.group else tuple(subject.desk.groups))
    present = {}
    for name in groups:
        try:
            present[subject.desk.groups[name].label if name in subject.desk.groups else name] = actors_of(subject, name)
        except QuestionError as error:
            if asked.groups:
                raise
            notes += (f"{subject.desk.groups[name].label}: left out, since {error.what}.",)
    table = compare(
        subject.events,
        selection=selection,
        definition=definition,
        windows=(before, after),
        groups=present,
        label=subject.desk.groups[asked.group].label if asked.group else ALL,
    )
    return Answer(
        question="comparison",
        table=table,
        title=asked.title or f"Incidents per week, {' and '.join(windows)}, {countries_of(subject.desk)}",
        subtitle=subtitle("means over whole weeks inside each window", before, after),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(*notes, f"Intervals of 95 per cent {METHOD}.", *coverage_notes(subject, [before, after])),
        about=subject.events.about,
    )


def answer_actors(subject: Subject, asked: Asked) -> Answer:
    selection, involving, notes = for_group(subject, asked, weighed(subject, asked))
    period = period_of(subject)
    return Answer(
        question="actors",
        table=actors(subject.events, selection=selection.within(period)).rename({"incidents": asked.counts}),
        title=asked.title or f"Actors of incidents{involving}, {countries_of(subject.desk)}",
        subtitle=subtitle(f"{of_what(asked).lower()} that each is a party to", period),
        definition=counted(subject, selection, involving=involving),
        notes=(*notes, *weight_notes(subject, selection, [period]), *coverage_notes(subject, [period])),
        about=subject.events.about,
    )


def answer_filters(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    period = period_of(subject)
    table = filters(subject.events, selection=selection.within(period).placed(precise_of(subject)))
    return Answer(
        question="filters",
        table=table,
        title=asked.title or "What each filter removes",
        subtitle=subtitle("rows left after each filter", period),
        definition=counted(subject, selection, definition, involving=involving),
        notes=notes,
        about=subject.events.about,
    )


def answer_precision(subject: Subject, asked: Asked) -> Answer:
    title = "How precisely incidents{} are placed and dated, {}"
    return _in_windows("precision", precision, subject, asked, title=title, unit="incidents by precision code")


def answer_reporting(subject: Subject, asked: Asked) -> Answer:
    title = "Share of incidents{} reported by new media, {}"
    unit = "shares of the incidents that state the scale of their sources"
    return _in_windows("reporting", new_media, subject, asked, title=title, unit=unit)


def _in_windows(
    question: str, analysis: Callable[..., pl.DataFrame], subject: Subject, asked: Asked, *, title: str, unit: str
) -> Answer:
    """The answer of an analysis that takes a selection and windows, and no more."""
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    windows = windows_of(subject, asked.windows)
    spans = list(windows.values())
    return Answer(
        question=question,
        table=analysis(subject.events, selection=selection, windows=windows),
        title=asked.title or title.format(involving, countries_of(subject.desk)),
        subtitle=subtitle(unit, *spans),
        definition=counted(subject, selection, involving=involving),
        notes=(*notes, *coverage_notes(subject, spans)),
        about=subject.events.about,
    )
