"""Who reported, and what that does to the trend, asked of a desk: the analyses of coverage with the words that go with their tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from tocsin.analysis.comparison import METHOD
from tocsin.analysis.mix import LEVEL, mix
from tocsin.analysis.named import MARKS, cells_of, names_of, near_duplicates
from tocsin.analysis.outlets import FEW, outlets
from tocsin.analysis.panel import ANY_OUT, PANEL, SOLE_OUT, panel
from tocsin.analysis.periods import Every, covered_periods
from tocsin.analysis.reporting import NEW_MEDIA
from tocsin.analysis.shares import MOST, shares
from tocsin.analysis.weeks import covered_weeks, week_start
from tocsin.catalogue.subject import (
    Answer,
    Asked,
    Behind,
    Subject,
    compared_windows,
    definition_of,
    period_of,
    selection_of,
)
from tocsin.catalogue.words import counted, countries_of, coverage_notes, for_group, subtitle
from tocsin.cube import Selection
from tocsin.errors import QuestionError, did_you_mean
from tocsin.schema import Span, joined, spoken_date

DOMINANT = 0.90
"""A source with at least this share of the incidents is all but alone."""

FEW_A_PERIOD = 20
"""With fewer incidents a month or week than this on average, shares move by several points by chance alone."""

MANY_MONTHS = 12
"""A period with so many whole months is shown by month, a shorter one by week."""

WANDERS = 12
"""With a break in every so many months or weeks, or more, a mix wanders rather than breaks."""

KINDS = {"source": "named source", "source_scale": "source scale"}


def every_of(subject: Subject, period: Span) -> Every:
    """Months where the period has enough of them, else weeks."""
    months = covered_periods(period, subject.events.about.covered, every="month", starts="Monday")
    return "month" if len(months) >= MANY_MONTHS else "week"


def column_of(subject: Subject, asked: Asked, selection: Selection, *, usual: str) -> str:
    """The column that says who reported: the one asked for, or the usual one, or the other where that says nothing.

    Raises:
        QuestionError: the column asked for does not say who reported.
    """
    if asked.by is not None and asked.by not in MARKS:
        raise QuestionError(
            f'the column "{asked.by}" does not say who reported', next_step=did_you_mean(asked.by, MARKS)
        )
    if asked.by is not None:
        return asked.by
    other = next(column for column in MARKS if column != usual)
    return usual if usual == "source_scale" or _says(subject, selection, usual) else other


def _says(subject: Subject, selection: Selection, column: str) -> bool:
    return bool(cells_of(subject.events, selection=selection, column=column)["cell"].drop_nulls().len())


def answer_scales(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    period = period_of(subject)
    column, every = column_of(subject, asked, selection, usual="source_scale"), every_of(subject, period)
    if column == "source_scale" and not _says(subject, selection.within(period), column):
        _refuse_scales(subject, selection.within(period))
    table = shares(
        subject.events, selection=selection, definition=definition, period=period, column=column, every=every
    )
    return Answer(
        question="scales",
        table=table,
        title=asked.title or f"Who reported incidents{involving}, by {KINDS[column]}, {countries_of(subject.desk)}",
        subtitle=subtitle(f"share of each {every}'s incidents that say who reported, fractional reading", period),
        definition=counted(subject, selection, definition if every == "week" else None, involving=involving),
        notes=(
            *notes,
            "An incident with several sources counts for each: whole (any), in equal parts (fractional), or not at all (sole).",
            *_unstated(table, every),
            *_few(table, every),
            *_dominant(table),
            *_alike(subject, selection.within(period), column),
            *coverage_notes(subject, [period]),
        ),
        about=subject.events.about,
    )


def _refuse_scales(subject: Subject, selection: Selection) -> None:
    """
    Raises:
        QuestionError: always; it says what falls away and what goes on.
    """
    goes_on = "nothing of coverage goes on: the data do not name sources either"
    if _says(subject, selection, "source"):
        goes_on = (
            "sources are named, so these go on: scales --by source, outlets, mix, panel (without its rows of new media)"
        )
    raise QuestionError(
        "no incident states the scale of its source, so that the shares of scales and of new media fall away",
        next_step=f"{goes_on[0].upper()}{goes_on[1:]}. Only ACLED's newer exports have the column source_scale.",
    )


def answer_outlets(subject: Subject, asked: Asked) -> Answer:
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    windows = compared_windows(subject, asked)
    before, after = windows.values()
    column = column_of(subject, asked, selection, usual="source")
    table = outlets(subject.events, selection=selection, windows=(before, after), column=column)
    return Answer(
        question="outlets",
        table=table,
        title=asked.title or f"Sources of incidents{involving} that came and went, {countries_of(subject.desk)}",
        subtitle=subtitle("incidents that name each source, and its share of those that name any", before, after),
        definition=counted(subject, selection, involving=involving),
        notes=(
            *notes,
            f"New and vanished: {FEW} incidents or more in one window and none in the other; present in both: {FEW} or more in each. "
            "An incident that names several sources counts for each.",
            *_unequal(before, after),
            *_alike(subject, selection, column),
            *coverage_notes(subject, [before, after]),
        ),
        about=subject.events.about,
    )


def answer_mix(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    period = period_of(subject)
    column, every = column_of(subject, asked, selection, usual="source"), every_of(subject, period)
    if asked.by == "source_scale" and not _says(subject, selection.within(period), column):
        _refuse_scales(subject, selection.within(period))
    table = mix(subject.events, selection=selection, definition=definition, period=period, column=column, every=every)
    return Answer(
        question="mix",
        table=table,
        title=asked.title or f"Breaks in the mix of sources{involving}, {countries_of(subject.desk)}",
        subtitle=subtitle(f"share of each {every}'s incidents by {KINDS[column]}, fractional reading", period),
        definition=counted(subject, selection, definition if every == "week" else None, involving=involving),
        notes=(
            *notes,
            _broke(table, every),
            f"In about {LEVEL:.0%} of mixes (or of spells between breaks) that are stable but for chance and "
            "their usual unrest a break is found too"
            + (f"; the {MOST} largest sources are told apart." if column == "source" else "."),
            *(sorted({f"Of some spells: {note}." for note in table["note"].drop_nulls()})),
            *_alike(subject, selection.within(period), column),
            *coverage_notes(subject, [period]),
        ),
        about=subject.events.about,
    )


def _broke(table: pl.DataFrame, every: Every) -> str:
    moves = table.drop_nulls("distance_points")
    if moves.is_empty():
        return "No break was found."
    parts = [
        f"{_spoken(row['from_date'], every)} ({row['distance_points']:.0f} points; {row['rose']} +{row['rose_points']:.0f}, "
        f"{row['fell']} −{-row['fell_points']:.0f}; p = {row['p_value']:.3f})"
        for row in moves.iter_rows(named=True)
    ]
    said = f"The mix broke with the {every} of {'; '.join(parts)}. Points: per cent of the mix that went over to other sources."
    if moves.height * WANDERS < table["periods"].sum():
        return said
    return f"{said} So many breaks mean a mix that wanders, and neighbouring {every}s that hang together: no single one of them is sure."


def _spoken(day: dt.date, every: Every) -> str:
    return spoken_date(day).partition(" ")[2] if every == "month" else spoken_date(day)


def answer_panel(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    windows = compared_windows(subject, asked)
    before, after = windows.values()
    column = column_of(subject, asked, selection, usual="source")
    table = panel(subject.events, selection=selection, definition=definition, windows=(before, after), column=column)
    verdict: str = table["verdict"][0]
    return Answer(
        question="panel",
        table=table,
        title=asked.title or f"The trend of incidents{involving} on other sources, {countries_of(subject.desk)}",
        subtitle=subtitle(
            "ratio of the later weekly mean to the earlier, over whole weeks inside each window", before, after
        ),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(
            *notes,
            f"{verdict[0].upper()}{verdict[1:]}.",
            f"Present in both windows: {FEW} incidents or more in each ({KINDS[column]}s). An incident counts once, if any source of the "
            "row reported it.",
            "The bounds take it that sources which came would have added to the earlier window no more, for each incident of the others, "
            "than they add to the later one, and those that went likewise. True incidents have a ratio between them if the sources "
            "present in both report no larger share of them than before, and all sources together no smaller one.",
            "All of this is of sources that came or went. Those that stay are taken to report as before: what one of them reports more or "
            "less is in the panel's ratio and in the bounds, where it looks like more or less violence.",
            f"Intervals of 95 per cent {METHOD}.",
            *_parting(table),
            *_nearly_one(table),
            *([] if table.filter(kind="new media").height else [_no_scales()]),
            *_alike(subject, selection, column),
            *coverage_notes(subject, [before, after]),
        ),
        about=subject.events.about,
    )


def _no_scales() -> str:
    return f"The rows without {NEW_MEDIA.lower()} fall away: no incident states the scale of its sources."


def _unstated(table: pl.DataFrame, every: Every) -> list[str]:
    periods = table.unique("from_date").drop_nulls("incidents")
    unstated, stated = int(periods["unstated"].sum()), int(periods["incidents"].sum())
    said = []
    if unstated:
        share = unstated / (unstated + stated)
        said.append(f"{unstated:,} incidents ({share:.1%}) do not say who reported and are in no share.")
    empty = int((periods["incidents"] == 0).sum())
    if empty:
        said.append(f"No share in {empty} of {periods.height} {every}s: no incident says who reported.")
    return said


def _few(table: pl.DataFrame, every: Every) -> list[str]:
    mean = table.unique("from_date")["incidents"].drop_nulls().mean()
    if not isinstance(mean, float) or mean >= FEW_A_PERIOD:
        return []
    return [f"Few incidents: {mean:.1f} a {every} on average, so that shares move by many points by chance alone."]


def _dominant(table: pl.DataFrame) -> list[str]:
    held = pl.col("any") * pl.col("incidents")
    totals = table.drop_nulls("any").group_by("series").agg(held.sum() / pl.col("incidents").sum())
    rows = totals.filter(pl.col("any") >= DOMINANT).iter_rows(named=True)
    return [
        f"{row['series']} is among the sources of {row['any']:.1%} of the incidents: all but the only voice."
        for row in rows
    ]


def _nearly_one(table: pl.DataFrame) -> list[str]:
    either = pl.max_horizontal("before_share", "after_share")
    rows = table.filter(pl.col("kind") == "alone", either >= DOMINANT).iter_rows(named=True)
    return [
        f"{row['series']} reports {row['before_share']:.1%} of the earlier and {row['after_share']:.1%} of the later incidents: the panel "
        "is all but this one source, and what it does not see nobody sees."
        for row in rows
    ]


def _parting(table: pl.DataFrame) -> list[str]:
    """Sources of the panel whose own ratio is not that of the panel: one of them reports otherwise than before."""
    fixed = table.filter(series=PANEL).row(0, named=True)
    if fixed["ratio_low"] is None or fixed["ratio_high"] is None:
        return []
    apart = (pl.col("ratio_low") > fixed["ratio_high"]) | (pl.col("ratio_high") < fixed["ratio_low"])
    rows = list(table.filter(pl.col("kind") == "alone", apart).iter_rows(named=True))
    if not rows:
        return []
    named = "; ".join(f"{row['series']} {row['ratio']:.2f}" for row in rows)
    return [
        f"The panel does not speak with one voice: its ratio is {fixed['ratio']:.2f}, but alone these sources have {named}. Some of them "
        "report more or less than before, and the bounds do not allow for that."
    ]


def _unequal(before: Span, after: Span) -> list[str]:
    if max(before.days, after.days) <= 1.5 * min(before.days, after.days):
        return []
    return ["The windows differ in length: a source may look new or vanished because the other window is short."]


def _alike(subject: Subject, selection: Selection, column: str) -> list[str]:
    """How many names may be one source twice."""
    names = names_of(cells_of(subject.events, selection=selection, column=column), column=column)["name"].unique()
    pairs = near_duplicates(names.to_list())
    if not pairs:
        return []
    shown = "; ".join(f"“{one}” and “{other}”" for one, other in pairs[:3])
    many = f"{len(pairs)} pairs of names are" if len(pairs) > 1 else "One pair of names is"
    return [
        f"{many} nearly alike and may be one source; none was merged: {shown}{' and others' if len(pairs) > 3 else ''}."
    ]


def behind_scales(
    _subject: Subject, _asked: Asked, selection: Selection, rows: pl.DataFrame, _columns: Sequence[str]
) -> Behind:
    """A share is one of all incidents of its month or week."""
    return Behind(selection, _row_spans(rows.drop_nulls("incidents")))


def behind_mix(
    subject: Subject, _asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """What is told of a spell alone is of its days; where it parts from others, of all."""
    own = {"incidents", "periods", "largest", "largest_share", "one_source", "sources"}
    return Behind(selection, _row_spans(rows) if set(columns) <= own else (period_of(subject),))


def behind_outlets(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """Incidents that name the sources; a share is one of all incidents of the window."""
    spans = _sides(list(compared_windows(subject, asked).values()), columns)
    known = set(rows["source"])
    column = column_of(subject, asked, selection, usual="source")
    names = names_of(cells_of(subject.events, selection=selection, column=column), column=column)
    if any(name.endswith("_share") for name in columns) or not known <= set(names["name"]):
        return Behind(selection, joined(spans))
    return Behind(selection, joined(spans), column=(column, _cells(names, known)))


def behind_panel(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """The incidents of whole weeks that the row's sources reported; all of them where several kinds of row are asked for."""
    starts = definition_of(subject, asked).week_starts
    windows = _sides(list(compared_windows(subject, asked).values()), columns)
    weeks = [week for window in windows for week in covered_weeks(window, subject.events.about.covered, starts=starts)]
    spans = joined(
        [Span(week_start(w, starts=starts), week_start(w + 1, starts=starts) - dt.timedelta(days=1)) for w in weeks]
    )
    kinds = set(rows["kind"])
    if kinds == {"new media"} and rows.height == 1:
        return Behind(selection, spans, column=_without(subject, selection, rows["series"][0]))
    if kinds not in ({"alone"}, {"panel"}):
        return Behind(selection, spans)
    column = column_of(subject, asked, selection, usual="source")
    names = names_of(cells_of(subject.events, selection=selection, column=column), column=column)
    wanted = set(rows["series"]) if kinds == {"alone"} else _present(subject, asked, selection, column)
    return Behind(selection, spans, column=(column, _cells(names, wanted)))


def _present(subject: Subject, asked: Asked, selection: Selection, column: str) -> set[str]:
    starts = definition_of(subject, asked).week_starts
    seen = []
    for window in compared_windows(subject, asked).values():
        weeks = covered_weeks(window, subject.events.about.covered, starts=starts)
        span = Span(
            week_start(weeks[0], starts=starts), week_start(weeks[-1] + 1, starts=starts) - dt.timedelta(days=1)
        )
        counts = cells_of(subject.events, selection=selection.within(span), column=column)
        named = names_of(counts, column=column).join(counts, on="cell").group_by("name").agg(pl.col("incidents").sum())
        seen.append(set(named.filter(pl.col("incidents") >= FEW)["name"]))
    return seen[0] & seen[1]


def _without(subject: Subject, selection: Selection, label: str) -> tuple[str, tuple[str | None, ...]]:
    counts = cells_of(subject.events, selection=selection, column="source_scale")
    names = names_of(counts, column="source_scale").filter(pl.col("name").str.to_lowercase() == NEW_MEDIA.lower())
    out = set(names.filter(pl.col("of") == 1)["cell"] if label == SOLE_OUT else names["cell"])
    if label not in (SOLE_OUT, ANY_OUT):
        raise AssertionError(f"a row of new media that panel does not give: {label}")
    return "source_scale", (None, *sorted(set(counts["cell"].drop_nulls()) - out))


def _cells(names: pl.DataFrame, wanted: set[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names.filter(pl.col("name").is_in(list(wanted)))["cell"])))


def _sides(windows: list[Span], columns: Sequence[str]) -> list[Span]:
    """The windows that the columns are of: both where they do not say."""
    sides = {name.partition("_")[0] for name in columns} & {"before", "after"}
    return [window for window, side in zip(windows, ("before", "after"), strict=True) if side in sides] or windows


def _row_spans(rows: pl.DataFrame) -> tuple[Span, ...]:
    days = rows.select("from_date", "to_date").unique().sort("from_date")
    return joined([Span(first, last) for first, last in days.iter_rows()])
