"""What could as reasonably have been chosen? The choices on which a finding rests, and what each option makes of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import polars as pl

from tocsin.analysis.proximity import class_labels
from tocsin.analysis.weeks import week_number, week_start
from tocsin.catalogue import Subject, find
from tocsin.catalogue.subject import precise_of, selection_of
from tocsin.cube import Among, count, day_number
from tocsin.desk import Group, Window
from tocsin.errors import FindingError, did_you_mean
from tocsin.findings.definition import Finding
from tocsin.findings.evaluation import weeks_averaged
from tocsin.schema import listed

NEW_MEDIA = "New media"
MOST_NAMES = 4
"""A group of more names is an alliance rather than one actor's spellings: to leave one out would be another question."""


@dataclass(frozen=True)
class Way:
    """A desk and the findings that are worked out on it."""

    subject: Subject
    findings: Mapping[str, Finding]

    def defined(self, **changes: Any) -> Way:
        """With another definition of the desk; where a finding has an argument of that name, the argument changes."""
        definition = self.subject.desk.definition.model_copy(update=changes)
        arguments = {name: value for name, value in changes.items() if name != "near_km"}
        return self.on_desk(definition=definition).asking(
            lambda finding: {k: v for k, v in arguments.items() if getattr(finding.arguments, k, None) is not None}
        )

    def on_desk(self, **changes: Any) -> Way:
        return replace(self, subject=replace(self.subject, desk=self.subject.desk.model_copy(update=changes)))

    def asking(self, change: Callable[[Finding], Mapping[str, Any]]) -> Way:
        """With other arguments of the findings' questions."""
        changed = {
            name: finding.model_copy(update={"arguments": finding.arguments.model_copy(update=dict(change(finding)))})
            for name, finding in self.findings.items()
        }
        return replace(self, findings=changed)


@dataclass(frozen=True)
class Option:
    """One option of a choice: its words, and what it makes of a way."""

    text: str
    made: Callable[[Way], Way]


@dataclass(frozen=True)
class Choice:
    """A choice: its name, and its options, the desk's own first."""

    name: str
    options: tuple[Option, ...]


def choices_of(way: Way) -> tuple[Choice, ...]:
    """The choices that the findings of a way rest on, those that change which events count before those that change how.

    Raises:
        FindingError: desk.toml names an event type, code or source under [choices] that the data do not have.
    """
    if not asked_by(way.findings.values()):
        return ()
    found = [
        _incidents(way),
        _precision(way),
        _sources(way),
        *_aliases(way),
        _near(way),
        _edges(way, "first days of windows", first=True),
        _edges(way, "last days of windows", first=False),
        _week_starts(way),
        _average(way),
    ]
    return tuple(choice for choice in found if choice and len(choice.options) > 1)


def asked_by(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The findings that ask, by question."""
    questions: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.ask:
            questions.setdefault(finding.ask, []).append(finding)
    return questions


def _own(text: str) -> Option:
    return Option(text, lambda way: way)


def _redefined(way: Way, **changes: Any) -> Way:
    return way.defined(**changes)


def _reported(way: Way, among: Among) -> Way:
    return replace(way, subject=replace(way.subject, reported=among))


def _incidents(way: Way) -> Choice:
    subject = way.subject
    here = _values(subject, "event_type")
    own = selection_of(subject).event_types or tuple(here)
    wanted = subject.desk.choices.incidents
    if wanted is None:
        sets = [tuple(here), subject.events.about.facts.violent or tuple(here)]
        sets += [(here[0],)] if set(own) >= set(here) and here else []
    else:
        known = [*here, *subject.events.about.facts.event_types]
        for kind in (kind for types in wanted for kind in types):
            if kind not in known:
                _refuse("incidents", kind, known)
        sets = [tuple(types) for types in wanted]
    options = {frozenset(own) & frozenset(here): _own("as defined")}
    for types in sets:
        text = "all types" if set(types) >= set(here) else _types(types, own)
        options.setdefault(frozenset(types) & frozenset(here), Option(text, partial(_redefined, incidents=types)))
    return Choice("event types", tuple(options.values()))


def _types(types: Sequence[str], own: Sequence[str]) -> str:
    """A set of types in words: what it has more or less than the desk's, where that is short."""
    left = [kind for kind in own if kind not in types]
    more = [kind for kind in types if kind not in own]
    if more and not left:
        return f"with {listed(more)}"
    if len(left) == 1 and not more and len(types) > 1:
        return f"without {left[0]}"
    return f"{types[0]} alone" if len(types) == 1 else listed(types)


def _precision(way: Way) -> Choice | None:
    """Questions of place keep the precise events by definition, the others keep all: an option is the same for both."""
    subject = way.subject
    here = sorted(int(code) for code in _values(subject, "geo_precision"))
    if len(here) < 2:
        return None
    own, wanted = precise_of(subject), subject.desk.choices.precise
    if wanted is not None:
        for code in (code for codes in wanted for code in codes):
            if code not in here:
                _refuse("precise", str(code), list(map(str, here)))
        sets = [tuple(codes) for codes in wanted]
    else:
        sets = [tuple(here), tuple(own or here), (here[0],)]
    placed = [
        bool({"longitude", "latitude"} & set(find(question).columns)) for question in asked_by(way.findings.values())
    ]
    same = {tuple(sorted(own or here))} if placed and all(placed) else {tuple(here)} if not any(placed) else set()
    options = [_own("as defined")]
    for codes in dict.fromkeys(tuple(sorted(codes)) for codes in sets):
        if codes in same:
            continue
        kept = None if set(codes) >= set(here) else codes
        text = "all places" if kept is None else f"precision {listed(list(map(str, codes)))}"
        options.append(Option(text, partial(_precise, codes=codes, kept=kept)))
    return Choice("place known", tuple(options))


def _precise(way: Way, codes: tuple[int, ...], kept: tuple[int, ...] | None) -> Way:
    made = way.defined(precise=codes)
    return replace(made, subject=replace(made.subject, precise=kept))


def _sources(way: Way) -> Choice | None:
    """An incident stays if anybody else reported it as well."""
    subject, column, mark = way.subject, "source_scale", "-"
    scales = _values(subject, column)
    if not scales:
        column, mark = "source", "; "
    parts = {value: {part.strip() for part in value.split(mark)} for value in scales or _values(subject, column)}
    every = set().union(*parts.values()) if parts else set()
    wanted = subject.desk.choices.without_sources
    if wanted is not None:
        for name in (name for names in wanted for name in names):
            if name not in every:
                _refuse("without_sources", name, sorted(every))
        sets = [set(names) for names in wanted]
    elif scales:
        sets = [{NEW_MEDIA}] if NEW_MEDIA in every else []
    else:
        sets = [{largest}] if (largest := _largest(subject, parts)) and len(every) > 1 else []
    options = [_own("all")]
    for left in sets:
        among = Among(column, tuple(sorted(value for value, of in parts.items() if of - left)))
        text = f"not {listed(sorted(left))} alone"
        options.append(Option(text, partial(_reported, among=among)))
    return Choice("sources", tuple(options))


def _largest(subject: Subject, parts: Mapping[str, set[str]]) -> str | None:
    table = count(subject.events, selection_of(subject), by=["source"]).drop_nulls("source")
    totals: dict[str, int] = {}
    for value, incidents in table.rows():
        for part in parts[value]:
            totals[part] = totals.get(part, 0) + incidents
    return max(sorted(totals), key=totals.__getitem__, default=None)


def _aliases(way: Way) -> list[Choice]:
    made = []
    for name in groups_of(way):
        group = way.subject.desk.groups[name]
        fitting = [written for written, fits in way.subject.matched(name).items() if fits]
        if not 2 <= len(fitting) <= MOST_NAMES:
            continue
        options = [_own("all names")]
        options += [Option(f"without {left}", partial(_without, name=name, left=left)) for left in fitting]
        made.append(Choice(f"names of {group.label}", tuple(options)))
    return made


def groups_of(way: Way) -> list[str]:
    """The desk's groups of which the findings ask."""
    desk, used = way.subject.desk, []
    for finding in way.findings.values():
        asked = finding.arguments
        used += [asked.group] if asked.group else []
        used += list(asked.groups)
        said = finding.where.get("series")
        labels = said if isinstance(said, tuple) else (said,)
        used += [name for name, group in desk.groups.items() if finding.ask == "comparison" and group.label in labels]
    return [name for name in dict.fromkeys(used) if name in desk.groups]


def _without(way: Way, name: str, left: str) -> Way:
    groups = dict(way.subject.desk.groups)
    kept = tuple(written for written in groups[name].actors if written != left)
    groups[name] = Group(label=groups[name].label, actors=kept)
    return way.on_desk(groups=groups)


def _near(way: Way) -> Choice | None:
    asked = asked_by(way.findings.values()).get("proximity", [])
    edges = {finding.arguments.near_km or (way.subject.desk.definition.near_km,) for finding in asked}
    single = [each[0] for each in edges if len(each) == 1]
    if len(edges) != 1 or not single:
        return None
    own = single[0]
    wanted = way.subject.desk.choices.near_km
    others = [km for km in (wanted if wanted is not None else (own / 2, own * 2)) if km != own]
    return Choice(
        "threshold",
        (_own(f"{own:g} km"), *(Option(f"{km:g} km", partial(_within, own=own, km=km)) for km in others)),
    )


def _within(way: Way, own: float, km: float) -> Way:
    renamed = dict(zip(class_labels([own]), class_labels([km]), strict=True))

    def changed(finding: Finding) -> Finding:
        if finding.ask != "proximity":
            return finding
        where = {key: _renamed(value, renamed) if key == "series" else value for key, value in finding.where.items()}
        arguments = finding.arguments.model_copy(update={"near_km": (km,)})
        return finding.model_copy(update={"where": where, "arguments": arguments})

    made = way.defined(near_km=km)
    return replace(made, findings={name: changed(finding) for name, finding in made.findings.items()})


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    return tuple(names.get(v, v) for v in value) if isinstance(value, tuple) else names.get(value, value)


def _edges(way: Way, name: str, *, first: bool) -> Choice | None:
    questions = [find(question) for question in asked_by(way.findings.values())]
    windowed = any("windows" in question.arguments for question in questions) and way.subject.desk.windows
    dated = any(_span(value) for finding in way.findings.values() for value in finding.where.values())
    if not windowed and not dated:
        return None
    wanted = way.subject.desk.choices.edges_weeks
    # Both edges may move towards each other: what is no longer than that would be left without a day.
    shortest = _shortest(way)
    shifts = [weeks for weeks in (wanted if wanted is not None else (-2, 2)) if weeks and 14 * abs(weeks) < shortest]
    options = [Option(_shift(weeks), partial(_shifted, weeks=weeks, first=first)) for weeks in dict.fromkeys(shifts)]
    return Choice(name, (_own("as defined"), *options))


def _shortest(way: Way) -> int:
    """Days of the shortest window that moves."""
    spans = [_span(value) for finding in way.findings.values() for value in finding.where.values()]
    days = [(span[1] - span[0]).days + 1 for span in spans if span]
    if any("windows" in find(question).arguments for question in asked_by(way.findings.values())):
        days += [window.span.days for window in way.subject.desk.windows.values()]
    return min(days, default=0)


def _shift(weeks: int) -> str:
    return f"{abs(weeks)} week{'s' if abs(weeks) > 1 else ''} {'later' if weeks > 0 else 'earlier'}"


def _shifted(way: Way, weeks: int, *, first: bool) -> Way:
    """The first or the last day of every window moves; each keeps the label by which findings name it."""
    by = dt.timedelta(weeks=weeks)
    windows = {}
    for name, window in way.subject.desk.windows.items():
        label = window.label or str(window.span)
        begin, end = (window.first + by, window.last) if first else (window.first, window.last + by)
        windows[name] = Window(first=begin, last=end, label=label)

    def changed(finding: Finding) -> Finding:
        where = dict(finding.where)
        for column, value in finding.where.items():
            if span := _span(value):
                begin, end = (span[0] + by, span[1]) if first else (span[0], span[1] + by)
                where[column] = f"{begin} to {end}"
        return finding.model_copy(update={"where": where})

    made = way.on_desk(windows=windows)
    return replace(made, findings={name: changed(finding) for name, finding in made.findings.items()})


def _span(value: Any) -> tuple[dt.date, dt.date] | None:
    """The days of "2022-02-01 to 2022-02-28"."""
    found = re.fullmatch(r"\s*(\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)\s*", value) if isinstance(value, str) else None
    try:
        return (dt.date.fromisoformat(found[1]), dt.date.fromisoformat(found[2])) if found else None
    except ValueError:
        return None


def _week_starts(way: Way) -> Choice | None:
    if not any("week_starts" in find(question).arguments for question in asked_by(way.findings.values())):
        return None
    own = way.subject.desk.definition.week_starts
    wanted = way.subject.desk.choices.week_starts
    days = [day for day in (wanted if wanted is not None else ("Monday", "Saturday", "Sunday")) if day != own]
    options = (Option(day, partial(_beginning, week_starts=day)) for day in dict.fromkeys(days))
    return Choice("weeks begin on", (_own(own), *options))


def _beginning(way: Way, week_starts: str) -> Way:
    """A week that a finding names by its first day becomes the one that holds that day."""

    def changed(finding: Finding) -> Finding:
        day = finding.where.get("week_date")
        day = _day(day) if isinstance(day, str) else day
        if not isinstance(day, dt.date):
            return finding
        holds = week_number(pl.lit(day_number(day)), starts=week_starts)
        first = week_start(pl.select(holds).item(), starts=week_starts)
        return finding.model_copy(update={"where": {**finding.where, "week_date": first}})

    made = way.defined(week_starts=week_starts)
    return replace(made, findings={name: changed(finding) for name, finding in made.findings.items()})


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return None


def _average(way: Way) -> Choice | None:
    averaged = {weeks_averaged(finding, way.subject.desk.definition) for finding in way.findings.values()} - {1}
    if len(averaged) != 1:
        return None
    weeks = averaged.pop()
    wanted = way.subject.desk.choices.average_weeks
    others = [n for n in (wanted if wanted is not None else (max(1, weeks // 2), weeks + weeks // 2)) if n != weeks]
    options = (Option(f"{n} weeks", partial(_redefined, average_weeks=n)) for n in dict.fromkeys(others))
    return Choice("average over", (_own(f"{weeks} weeks"), *options))


def _values(subject: Subject, column: str) -> list[str]:
    """The values of a column among the events of the desk's countries, the commonest first."""
    if column not in subject.events.row_columns:
        return []
    wider = replace(selection_of(subject), event_types=None)
    table = count(subject.events, wider, by=[column]).drop_nulls(column)
    ranked = table.sort(["incidents", column], descending=[True, False])
    return ranked[column].cast(pl.String).to_list()


def _refuse(key: str, value: str, known: Sequence[str]) -> None:
    raise FindingError(
        f'desk.toml names "{value}" among the choices, which the data do not have',
        where=f"choices.{key}",
        next_step=did_you_mean(value, known),
    )
