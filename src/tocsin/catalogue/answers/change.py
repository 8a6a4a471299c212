"""Is it real? Changes of level, the trend of the last weeks and the watch over all units, asked of a desk, with their words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from tocsin.analysis import change, trend, watch
from tocsin.analysis.incidents import ALL
from tocsin.analysis.memory import LEVEL
from tocsin.catalogue.subject import (
    Answer,
    Asked,
    Behind,
    Subject,
    actors_of,
    definition_of,
    period_of,
    precise_of,
    selection_of,
)
from tocsin.catalogue.words import counted, countries_of, coverage_notes, for_group, gathered, left_out, subtitle
from tocsin.cube import Selection
from tocsin.schema import Span, joined, spoken_date

RECENT_DAYS = 42
"""Weeks that ended so short a time before the data's date may lack reports that still come in."""

SHORT_STRETCH = 8
"""The level of a stretch of fewer weeks than this hangs on a few of them."""

LONG_DOUBT = 13
"""A date that is known to no better than so many weeks is a season rather than a date."""

SOURCES = "A change of who reports looks like a change of violence: see the questions of coverage (scales, mix, panel)."


def answer_change(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    period = period_of(subject)
    groups, gathering = _groups(subject, asked)
    table = change.changes(
        subject.events,
        selection=selection,
        definition=definition,
        period=period,
        groups=groups,
        label=_label(subject, asked),
    )
    return Answer(
        question="change",
        table=table,
        title=asked.title or f"When the level of incidents{involving} changed, {countries_of(subject.desk)}",
        subtitle=subtitle("incidents per week, and the mean of each stretch between changes", period),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(
            *notes,
            *gathering,
            f"A change is told where at most {LEVEL:.0%} of series without one, as bursty and with as long a memory, "
            "show one as strong. Intervals of 95 per cent.",
            *_of_changes(table),
            *_many(table["series"].n_unique(), "change"),
            *_recent(subject, period.last),
            SOURCES,
            *coverage_notes(subject, [period]),
        ),
        about=subject.events.about,
    )


def _of_changes(table: pl.DataFrame) -> tuple[str, ...]:
    """What to know of changes that are not as sure as others."""
    notes = []
    none = table.filter(change=0)
    for verdict, names in none.group_by("verdict", maintain_order=True).agg("series").iter_rows():
        notes.append(f"{'; '.join(names)}: {verdict}.")
    for row in table.filter(pl.col("change") > 0).iter_rows(named=True):
        named = f"{row['series']}, {spoken_date(row['week_date'])}"
        if (row["date_high"] - row["date_low"]).days > 7 * LONG_DOUBT:
            notes.append(
                f"{named}: the date is uncertain, {spoken_date(row['date_low'])} to {spoken_date(row['date_high'])}; a slow change "
                "looks like that too."
            )
        if min(row["before_weeks"], row["after_weeks"]) < SHORT_STRETCH:
            notes.append(f"{named}: a stretch beside it has fewer than {SHORT_STRETCH} weeks.")
        if row["ratio"] is None:
            notes.append(f"{named}: no ratio, since there was no incident before.")
    return tuple(notes)


def answer_trend(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    period = period_of(subject)
    weeks = asked.weeks or trend.USUAL_WEEKS
    groups, gathering = _groups(subject, asked)
    table = trend.trend(
        subject.events,
        selection=selection,
        definition=definition,
        period=period,
        weeks=weeks,
        groups=groups,
        label=_label(subject, asked),
    )
    span = Span(table["from_date"][0], table["to_date"][0])
    return Answer(
        question="trend",
        table=table,
        title=asked.title or f"Trend of incidents{involving} over {weeks} weeks, {countries_of(subject.desk)}",
        subtitle=subtitle("change of the weekly level, per cent a week", span),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(
            *notes,
            *gathering,
            f"Burstiness and memory of the weeks are learnt from up to {trend.PAST_WEEKS} weeks before. Intervals of 95 per cent.",
            *(
                f"{'; '.join(names)}: {verdict}."
                for verdict, names in table.filter(pl.col("p_value").is_null())
                .group_by("verdict", maintain_order=True)
                .agg("series")
                .iter_rows()
            ),
            *_many(table.height, "trend"),
            *_recent(subject, span.last),
            SOURCES,
            *coverage_notes(subject, [period]),
        ),
        about=subject.events.about,
    )


def _many(series: int, what: str) -> tuple[str, ...]:
    if series < 3:
        return ()
    return (f"{series} series are asked at once: of those without a {what}, one in twenty is told as one by chance.",)


def answer_watch(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    period = period_of(subject)
    placed = selection.placed(precise_of(subject))
    table = watch.watch(
        subject.events,
        selection=placed,
        definition=definition,
        period=period,
        units=subject.units["unit_code"].to_list(),
        weeks=asked.weeks or watch.USUAL_WEEKS,
    )
    named = subject.units.select("unit_code", name="unit_name")
    table = table.join(named, on="unit_code", how="left", maintain_order="left")
    table = table.select("unit_code", "name", pl.exclude("unit_code", "name"))
    looked = Span(table["from_date"].min(), table["to_date"].max())  # type: ignore[arg-type]
    return Answer(
        question="watch",
        table=table,
        title=asked.title or f"Provinces with unusually many incidents{involving}, {countries_of(subject.desk)}",
        subtitle=subtitle(f"the {watch.WINDOW} weeks to each week, against the year before in the same unit", looked),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(
            *notes,
            f"Alarm: a q-value of {watch.LEVEL:.0%} or less among the {subject.units.height} units of a week (Benjamini and Hochberg). "
            f"Where nothing changes, at most {watch.FALSE_ALARMS:.0%} of the weeks have a false alarm in any unit, so two or three a "
            "year; fewer where counts are rare or have no memory. Only rises are looked for.",
            *_of_the_watch(table),
            *left_out(subject, selection, [looked]),
            *_recent(subject, looked.last),
            SOURCES,
            *coverage_notes(subject, [period]),
            subject.gazetteer.credit,
        ),
        about=subject.events.about,
    )


def _of_the_watch(table: pl.DataFrame) -> tuple[str, ...]:
    newest = table.filter(latest="yes")
    alarms = newest.filter(alarm="yes").sort("p_value")
    notes = [f"Alarms now: {', '.join(alarms['name'])}." if alarms.height else "No alarm now."]
    empty = newest.filter((pl.col("usual") == 0) & (pl.col("incidents") == 0)).height
    if empty:
        units = "One unit has" if empty == 1 else f"{empty} units have"
        notes.append(f"{units} had no incident in all this time; two or three there would be an alarm.")
    if alarms.height * 3 >= newest.height:
        notes.append(
            "A third of the units or more are in alarm: that is a change of the whole country, or of how it is reported."
        )
    return tuple(notes)


def _groups(subject: Subject, asked: Asked) -> tuple[Mapping[str, Sequence[str]] | None, tuple[str, ...]]:
    """The asked groups, and a note of the names that each gathers."""
    groups = {subject.desk.groups[name].label: actors_of(subject, name) for name in asked.groups}
    notes = tuple(note for label, names in groups.items() for note in gathered(label, names))
    return groups or None, notes


def _label(subject: Subject, asked: Asked) -> str:
    return subject.desk.groups[asked.group].label if asked.group else ALL


def _recent(subject: Subject, last: dt.date) -> tuple[str, ...]:
    """A caution where the data are hardly older than the last days that are told of."""
    about = subject.events.about
    if not about.vintages:
        return ()
    end = min(last, about.covered[-1].last) if about.covered else last
    if (about.newest.data_date - end).days > RECENT_DAYS:
        return ()
    return (
        "The last weeks may not be complete: reports come in for weeks, so that a rise may be larger and a fall smaller than it looks.",
    )


def _of_series(subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame) -> Selection:
    """The selection of the groups that the rows are of."""
    named = {subject.desk.groups[name].label: name for name in asked.groups}
    labels = rows["series"].unique().to_list()
    if not all(label in named for label in labels):
        return selection
    return selection.involving(sorted({actor for label in labels for actor in actors_of(subject, named[label])}))


def behind_change(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, _columns: Sequence[str]
) -> Behind:
    """The events of the stretches beside the changes; of all weeks where there is none."""
    selection = _of_series(subject, asked, selection, rows)
    found = rows.filter(pl.col("change") > 0)
    if found.is_empty():
        return Behind(selection, (period_of(subject),))
    day, week = dt.timedelta(days=1), dt.timedelta(weeks=1)
    spans = [
        Span(row["week_date"] - row["before_weeks"] * week, row["week_date"] + row["after_weeks"] * week - day)
        for row in found.iter_rows(named=True)
    ]
    return Behind(selection, joined(spans))


def behind_trend(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, _columns: Sequence[str]
) -> Behind:
    """The events of the weeks of the trend."""
    selection = _of_series(subject, asked, selection, rows)
    return Behind(selection, joined([Span(*days) for days in rows.select("from_date", "to_date").iter_rows()]))


def behind_watch(
    subject: Subject, _asked: Asked, selection: Selection, rows: pl.DataFrame, _columns: Sequence[str]
) -> Behind:
    """The events of the windows in the units."""
    spans = [Span(*days) for days in rows.select("from_date", "to_date").unique().iter_rows()]
    units = tuple(rows["unit_code"].unique().sort().to_list())
    return Behind(selection.placed(precise_of(subject)), joined(spans), column=("unit_code", units))
