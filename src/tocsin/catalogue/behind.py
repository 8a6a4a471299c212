"""Which events stand behind a number? The rows that were counted for some cells of an answer, so that each can be looked up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import narwhals as nw
import polars as pl

from tocsin.analysis.incidents import ALL, NOT_STATED
from tocsin.analysis.proximity import class_labels
from tocsin.analysis.weeks import covered_weeks, week_start
from tocsin.catalogue.answers.agreement import behind_agreement
from tocsin.catalogue.answers.change import behind_change, behind_trend, behind_watch
from tocsin.catalogue.answers.coverage import behind_mix, behind_outlets, behind_panel, behind_scales
from tocsin.catalogue.answers.place import behind_position
from tocsin.catalogue.behind_layers import behind_attribution, behind_claims, behind_initiator
from tocsin.catalogue.ids import EventIds
from tocsin.catalogue.subject import (
    Asked,
    Behind,
    Dated,
    Subject,
    actors_of,
    dated_of,
    definition_of,
    level_of,
    period_of,
    precise_of,
    selection_of,
    windows_of,
)
from tocsin.catalogue.unsettled import BAND
from tocsin.cube import Events, Selection, day_number, selected
from tocsin.schema import Span, joined


def behind(subject: Subject, question: str, asked: Asked, rows: pl.DataFrame, columns: Sequence[str]) -> Behind:
    """Which events are behind the cells of an answer.

    Args:
        rows: Rows of the answer's table.
        columns: The columns that are read.
    """
    selection = selection_of(subject)
    if asked.group:
        selection = selection.involving(actors_of(subject, asked.group))
    if question == "actors":
        return Behind(selection.involving(rows["actor"].to_list()), (period_of(subject),))
    if question not in _BEHIND:
        return Behind(selection, (period_of(subject),))
    return _BEHIND[question](subject, asked, selection, rows, columns)


def event_ids(subject: Subject, rows: Behind) -> EventIds:
    """The ids of the events."""
    events = subject.events
    places: list[nw.Expr] = []
    facts: list[nw.Expr] = []
    if rows.column:
        name, values = rows.column
        test = nw.col(name).is_in([value for value in values if value is not None])
        test = test | nw.col(name).is_null() if None in values else test
        (places if name in events.place_columns else facts).append(test)
    if rows.km:
        over, upto = rows.km
        distance = nw.col("capital_distance_km")
        places += [distance > over] if over is not None else []
        places += [distance <= upto] if upto is not None else []
        places += [~distance.is_null()]
    if rows.loose is not None:
        facts.append(_loose(rows.loose, events))
    spans = [_on(span) if rows.reaching is None else _into(span, rows.reaching, events) for span in rows.spans]
    if not spans:
        return EventIds()
    inside = spans[0]
    for other in spans[1:]:
        inside = inside | other
    table = selected(events, rows.selection.within(None)).filter(inside, *facts)
    if places:
        table = table.join(events.places.filter(*places).select("place_id"), on="place_id", how="semi")
    found: pl.DataFrame = table.select("event_id").collect("polars").to_native()
    ids = found["event_id"]
    return EventIds(ids if rows.ids is None else ids.filter(ids.is_in(list(rows.ids))))


def _on(span: Span) -> nw.Expr:
    """Dated to one of the days."""
    day = nw.col("event_day")
    return (day >= day_number(span.first)) & (day <= day_number(span.last))


def _into(span: Span, rules: Dated, events: Events) -> nw.Expr:
    """Dated to one of the days or reaching into them, as analysis.dating spreads events."""
    inside = _on(span)
    if "end_date" in events.row_columns:
        inside = inside | ((nw.col("event_day") < day_number(span.first)) & (nw.col("end_date") >= span.first))
    if "time_precision" not in events.row_columns:
        return inside
    code, alone = nw.col("time_precision"), nw.lit(value=True)
    if "end_date" in events.row_columns:
        # A span that the data give goes before a rule.
        alone = nw.col("end_date").is_null() | (nw.col("end_date") <= nw.col("event_date"))
    days = dt.timedelta(days=3)
    months = Span(span.first.replace(day=1), _month_end(span.last))
    for codes, wide in ((rules.to_week, Span(span.first - days, span.last + days)), (rules.to_month, months)):
        inside = inside | (alone & code.is_in(list(codes)) & _on(wide)) if codes else inside
    return inside


def _loose(rules: Dated, events: Events) -> nw.Expr:
    """Of more than a day, as analysis.dating takes events."""
    tests = []
    if "end_date" in events.row_columns:
        tests.append(nw.col("end_date") > nw.col("event_date"))
    if "time_precision" in events.row_columns:
        tests.append(nw.col("time_precision").is_in([*rules.to_week, *rules.to_month]))
    return nw.any_horizontal(*tests, ignore_nulls=True) if tests else nw.lit(value=False)


def _month_end(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def _weekly(subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]) -> Behind:
    spans = _weeks(subject, asked, rows, columns)
    labels = rows["series"].unique(maintain_order=True).to_list()
    if asked.groups:
        named = {subject.desk.groups[name].label: name for name in asked.groups}
        actors = [actor for label in labels for actor in actors_of(subject, named[label])]
        if selection.actors is not None:
            actors = [actor for actor in actors if actor in selection.actors]
        return Behind(selection.involving(actors), spans)
    if asked.by and labels != [ALL]:
        return Behind(selection, spans, column=(asked.by, tuple(None if x == NOT_STATED else x for x in labels)))
    return Behind(selection, spans)


def _proximity(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    edges = asked.near_km or (definition_of(subject, asked).near_km,)
    labels = class_labels(edges)
    seen = sorted(labels.index(label) for label in rows["series"].unique().to_list())
    # A share is one of all classes.
    first, last = (0, len(edges)) if "share" in columns else (seen[0], seen[-1])
    over, upto = (None if first == 0 else edges[first - 1]), (edges[last] if last < len(edges) else None)
    return Behind(selection.placed(precise_of(subject)), _weeks(subject, asked, rows, columns), km=(over, upto))


def _in_windows(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, _columns: Sequence[str]
) -> Behind:
    windows = windows_of(subject, asked.windows)
    return Behind(selection, joined([windows[label] for label in rows["window"].unique().to_list()]))


def _placed(subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]) -> Behind:
    spans = _in_windows(subject, asked, selection, rows, columns).spans
    level = level_of(subject, asked)
    placed = selection.placed(precise_of(subject))
    if "place" not in rows.columns:
        return Behind(placed, spans)
    values: tuple[Any, ...] = tuple(rows.filter(pl.col(asked.counts) > 0)["place"].unique().to_list())
    return Behind(placed, spans, column=(level, values if level == "unit_code" else tuple(map(int, values))))


def _compared(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    starts = definition_of(subject, asked).week_starts
    windows = list(windows_of(subject, asked.windows or subject.desk.compared or ()).values())
    sides = {name.partition("_")[0] for name in columns} & {"before", "after"}
    chosen = [w for w, side in zip(windows, ("before", "after"), strict=True) if side in sides] or windows
    covered = subject.events.about.covered
    weeks = [week for window in chosen for week in covered_weeks(window, covered, starts=starts)]
    spans = [_span(week, week + 1, starts) for week in weeks]
    named = {subject.desk.groups[name].label: name for name in subject.desk.groups}
    labels = rows["series"].unique().to_list()
    if all(label in named for label in labels) and not asked.group:
        selection = selection.involving([actor for label in labels for actor in actors_of(subject, named[label])])
    return Behind(selection, joined(spans))


def _weeks(subject: Subject, asked: Asked, rows: pl.DataFrame, columns: Sequence[str]) -> tuple[Span, ...]:
    """The days of the weeks of the rows, and of those that their averages are made of."""
    definition = definition_of(subject, asked)
    length = definition.average_weeks
    reach = (length - 1, 0) if definition.average == "trailing" else (length // 2, (length - 1) // 2)
    averages = [name for name in ("average", "share", *BAND) if name in columns and name in rows.columns]
    alone = [name for name in rows.columns if name in columns and name not in averages] if columns else [asked.counts]
    week, day = dt.timedelta(weeks=1), dt.timedelta(days=1)
    spans = []
    # A week that has no number, since the data do not cover it or not all that its average needs, has no events behind it.
    for named, (before, after) in ((averages, reach), (alone, (0, 0))):
        known = rows.filter(pl.any_horizontal(pl.col(named).is_not_null())) if named else rows.clear()
        known = known.drop_nulls([asked.counts])
        starts = known["week_date"].unique().sort().to_list()
        spans += [Span(start - before * week, start + (after + 1) * week - day) for start in starts]
    return joined(spans)


def _dated(subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]) -> Behind:
    """Incidents dated to the weeks; of what is spread, those that reach into them too."""
    averaged = ["average"] if {"average", "spread_average"} & set(columns) else []
    spread = {"spread", "spread_average", "difference"} & set(columns)
    if set(columns) == {"loose"}:
        return Behind(selection, _weeks(subject, asked, rows, ()), loose=dated_of(subject))
    return Behind(selection, _weeks(subject, asked, rows, averaged), reaching=dated_of(subject) if spread else None)


def _span(first: int, stop: int, starts: str) -> Span:
    return Span(week_start(first, starts=starts), week_start(stop, starts=starts) - dt.timedelta(days=1))


_BEHIND: Mapping[str, Callable[[Subject, Asked, Selection, pl.DataFrame, Sequence[str]], Behind]] = {
    "weekly": _weekly,
    "proximity": _proximity,
    "concentration": _placed,
    "spread": _placed,
    "comparison": _compared,
    "precision": _in_windows,
    "reporting": _in_windows,
    "scales": behind_scales,
    "outlets": behind_outlets,
    "mix": behind_mix,
    "panel": behind_panel,
    "position": behind_position,
    "placement": _placed,
    "dating": _dated,
    "agreement": behind_agreement,
    "attribution": behind_attribution,
    "claims": behind_claims,
    "initiator": behind_initiator,
    "change": behind_change,
    "trend": behind_trend,
    "watch": behind_watch,
}
