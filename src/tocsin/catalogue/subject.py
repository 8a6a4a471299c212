"""A desk's definitions, resolved on the facts of a data set: what counts, which names make a group, which days a window has."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from tocsin.analysis.weeks import covered_weeks, week_start
from tocsin.cube import Among, Events, Selection
from tocsin.desk import Definition, Desk, Figure
from tocsin.errors import QuestionError, did_you_mean, nearest
from tocsin.geo.countries import name as country_name
from tocsin.geo.gazetteer import Gazetteer
from tocsin.geo.places import disagreements
from tocsin.schema import Provenance, Span, ended


@dataclass(frozen=True)
class Subject:
    """What a question is asked of: a desk, the events of one data set, and the places of its countries.

    Args:
        precise: The geo precision codes kept in questions that are not of place; None keeps all.
        reported: Who must have reported what is counted; None keeps all.
        history: Counts a selection at every date of the data, for analysis.revisions.triangle; None where there are too few dates to tell
            how counts are revised.
        beside: Gives the events of another data set of the desk by its name, as of the same day, or raises QuestionError; None where the
            desk has no store.
    """

    desk: Desk
    events: Events
    gazetteer: Gazetteer
    precise: tuple[int, ...] | None = None
    reported: Among | None = None
    history: Callable[[Selection], pl.DataFrame] | None = field(default=None, compare=False, repr=False)
    beside: Callable[[str], Events] | None = field(default=None, compare=False, repr=False)

    def disagreements(self, named: pl.DataFrame) -> pl.DataFrame:
        """Names of units in the data that are not those of the shape: admin1, unit_name, events, the most events first.

        Args:
            named: unit_code, admin1, events.
        """
        return disagreements(named, gazetteer=self.gazetteer).sort("events", descending=True)

    @cached_property
    def units(self) -> pl.DataFrame:
        """First-order units of the desk's countries: unit_code, unit_name, country."""
        units = self.gazetteer.units.filter(pl.col("country").is_in(self.desk.countries))
        return units.select("unit_code", "unit_name", "country")

    def with_names(self, table: pl.DataFrame, level: str) -> pl.DataFrame:
        """The table with the name of each first-order unit, where its `place` is one."""
        if level != "unit_code":
            return table
        named = self.units.select(place="unit_code", name="unit_name")
        return table.join(named, on="place", how="left", maintain_order="left")

    def all_places(self, level: str) -> tuple[str, ...]:
        """The places of a level that count even without an incident: all units of the countries; no cells."""
        return tuple(self.units["unit_code"]) if level == "unit_code" else ()

    @property
    def actor_names(self) -> tuple[str, ...]:
        """Every actor that the data name, sorted."""
        return self.events.actor_names

    @cached_property
    def _matched(self) -> dict[str, dict[str, tuple[str, ...]]]:
        return {}

    def matched(self, group: str) -> dict[str, tuple[str, ...]]:
        """The names in the data that fit each name of a group of the desk; * stands for any text, and case does not matter."""
        if group not in self._matched:
            self._matched[group] = {name: self._fitting(name) for name in self.desk.groups[group].actors}
        return self._matched[group]

    def members(self, group: str) -> tuple[str, ...]:
        """Every name in the data that belongs to a group of the desk, sorted."""
        return tuple(sorted({name for names in self.matched(group).values() for name in names}))

    def _fitting(self, written: str) -> tuple[str, ...]:
        if "*" not in written:
            return self._by_folded.get(written.casefold(), ())
        fits = re.compile(".*".join(map(re.escape, written.split("*"))), re.IGNORECASE).fullmatch
        return tuple(name for name in self.actor_names if fits(name))

    @cached_property
    def _by_folded(self) -> dict[str, tuple[str, ...]]:
        folded: dict[str, tuple[str, ...]] = {}
        for name in self.actor_names:
            folded[name.casefold()] = (*folded.get(name.casefold(), ()), name)
        return folded


@dataclass(frozen=True)
class Asked:
    """The arguments of a question; what is left out is as the desk says."""

    group: str | None = None
    by: str | None = None
    groups: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    near_km: tuple[float, ...] = ()
    week_starts: str | None = None
    average: str | None = None
    average_weeks: int | None = None
    level: str | None = None
    against: str | None = None
    weeks: int | None = None
    weight: str | None = None
    """Count each incident as often as this column says: mentions."""
    title: str = ""

    @property
    def counts(self) -> str:
        """What the numbers count, which is also the name of their column."""
        return self.weight or "incidents"


@dataclass(frozen=True)
class Answer:
    """A table with the words that must go with it."""

    question: str
    table: pl.DataFrame
    title: str
    subtitle: str
    definition: str
    notes: tuple[str, ...]
    about: Provenance
    beside: tuple[Provenance, ...] = ()
    """Other data sets that the table rests on too."""

    def sentences(self) -> tuple[str, ...]:
        """Definition, notes and source, as printed under a figure or beside a table."""
        return (self.definition, *self.notes, f"Source: {self.source}")

    @property
    def source(self) -> str:
        licence = "" if self.about.synthetic else self.about.facts.licence.strip()
        return ended(self.about.sentence()) + (f" {ended(licence)}" if licence else "")


@dataclass(frozen=True)
class Behind:
    """Which rows are behind a number.

    Args:
        selection: What counts; its span is not looked at.
        spans: Days, apart from each other, in order of time.
        column: A column of rows or places, with the values counted; null where the value is not known.
        km: Over the first and up to the second of these from the nearest capital; None is no bound.
        ids: Of these, the events counted; None: all.
        loose: Of these, those of more than a day, by what they lasted or by a rule of dating; None: all.
        reaching: Count events too that only reach into the days, by what they lasted or by a rule of dating; None: those dated to them.
    """

    selection: Selection
    spans: tuple[Span, ...]
    column: tuple[str, tuple[Any, ...]] | None = None
    km: tuple[float | None, float | None] | None = None
    reaching: Dated | None = None
    loose: Dated | None = None
    ids: frozenset[str] | None = None


@dataclass(frozen=True)
class Dated:
    """Time precision codes of events that are dated by a rule.

    Args:
        to_week: To the middle of the seven days in which they took place.
        to_month: To the middle of their month.
    """

    to_week: tuple[int, ...]
    to_month: tuple[int, ...]


def dated_of(subject: Subject) -> Dated:
    """The codes of events that are dated by a rule: the desk's, or else the source's."""
    facts, own = subject.events.about.facts, subject.desk.dating
    return Dated(
        facts.to_week if own.to_week is None else own.to_week,
        facts.to_month if own.to_month is None else own.to_month,
    )


def figures_of(desk: Desk) -> tuple[Figure, ...]:
    """The figures of a desk's report: its own, or else the usual ones for the groups that it has."""
    if desk.figures:
        return desk.figures
    groups = tuple(desk.groups)
    usual: list[tuple[str, dict[str, Any]]] = [("weekly", {}), ("concentration", {})]
    usual += [("weekly", {"groups": groups})] if groups else []
    for group in groups:
        usual += [("concentration", {"group": group}), ("weekly", {"group": group, "by": "event_type"})]
    usual += [] if groups else [("weekly", {"by": "event_type"})]
    usual += [("proximity", {})]
    return tuple(Figure(id=f"figure-{n}", question=q, **more) for n, (q, more) in enumerate(usual, start=1))  # type: ignore[arg-type]


def asked_of(figure: Figure) -> Asked:
    """The arguments of a figure of desk.toml."""
    return Asked(
        group=figure.group,
        by=None if figure.by == "group" else figure.by,
        groups=figure.groups,
        windows=figure.windows,
        near_km=() if figure.near_km is None else (figure.near_km,),
        level=figure.level,
        against=figure.against,
        weeks=figure.weeks,
        weight=figure.weight,
        title=figure.title,
    )


def selection_of(subject: Subject) -> Selection:
    """What counts as an incident, in the desk's countries.

    Raises:
        QuestionError: the desk names an event type that the source does not have.
    """
    facts = subject.events.about.facts
    wanted = subject.desk.definition.incidents or facts.violent
    for event_type in wanted:
        if facts.event_types and event_type not in facts.event_types:
            raise QuestionError(
                f'desk.toml counts the event type "{event_type}", which "{subject.events.about.dataset}" does not have',
                where="definition.incidents",
                next_step=did_you_mean(event_type, facts.event_types),
            )
    return Selection(
        countries=subject.desk.countries,
        event_types=tuple(wanted) or None,
        precise=subject.precise,
        reported=subject.reported,
    )


def precise_of(subject: Subject) -> tuple[int, ...] | None:
    """The geo precision codes that questions of place keep; None keeps all."""
    return subject.desk.definition.precise or subject.events.about.facts.precise or None


def actors_of(subject: Subject, group: str) -> tuple[str, ...]:
    """The names in the data that belong to a group of the desk.

    Raises:
        QuestionError: the desk has no such group, or no actor in the data has a name of it; with the names that are near.
    """
    groups = subject.desk.groups
    if group not in groups:
        step = did_you_mean(group, groups) if groups else "Define it in desk.toml under [groups]."
        raise QuestionError(f'the desk has no group "{group}"', next_step=step)
    matched = subject.members(group)
    if not matched:
        near = list(
            dict.fromkeys(
                close for name in groups[group].actors for close in nearest(name.strip("*"), subject.actor_names)
            )
        )
        step = "Near names in the data: " + "; ".join(near[:8]) + "." if near else "No name in the data is near."
        step += " All of them: tocsin table actors"
        raise QuestionError(
            f'no actor of "{subject.events.about.dataset}" has a name of the group "{group}"',
            where=f"groups.{group}.actors",
            next_step=step,
        )
    return matched


def period_of(subject: Subject) -> Span:
    """The days that weekly figures show: the desk's period, or all that the data cover.

    Raises:
        QuestionError: the data cover no day of the desk's countries.
    """
    if subject.desk.period:
        return subject.desk.period.span
    covered = subject.events.about.covered
    if not covered:
        raise QuestionError(
            f"the data cover no day of {', '.join(map(country_name, subject.desk.countries))}",
            next_step="Load a file that names these countries: tocsin add FILE",
        )
    return Span(covered[0].first, covered[-1].last)


def windows_of(subject: Subject, names: Sequence[str]) -> dict[str, Span]:
    """Label -> span of the named windows, in order of time; of all of the desk's where none is named."""
    known = subject.desk.windows
    for name in names:
        if name not in known:
            step = did_you_mean(name, known) if known else "Define it in desk.toml under [windows]."
            raise QuestionError(f'the desk has no window "{name}"', next_step=step)
    if not known:
        return _last_two(subject)
    chosen = names or subject.desk.compared or tuple(known)
    ordered = sorted(chosen, key=lambda name: known[name].first)
    return {known[name].label or str(known[name].span): known[name].span for name in ordered}


def compared_windows(subject: Subject, asked: Asked) -> dict[str, Span]:
    """Label -> span of the two windows.

    Raises:
        QuestionError: there are not two.
    """
    windows = windows_of(subject, asked.windows or subject.desk.compared or ())
    if len(windows) != 2:
        raise QuestionError(
            f"two windows are compared, {len(windows)} are named",
            next_step='Define two in desk.toml under [windows] and name them: compare = ["before", "after"].',
        )
    return windows


def _last_two(subject: Subject) -> dict[str, Span]:
    """The windows of a desk that names none: the last 52 whole weeks of the data and the 52 before, or two halves where it is shorter."""
    starts = subject.desk.definition.week_starts
    weeks = covered_weeks(period_of(subject), subject.events.about.covered, starts=starts)
    length = min(52, len(weeks) // 2)
    if length == 0:
        return {"the whole period": period_of(subject)}
    end = weeks[-1] + 1
    marks = [week_start(end - length * part, starts=starts) for part in (2, 1, 0)]
    day = dt.timedelta(days=1)
    named = (
        ("the week before", "the last week")
        if length == 1
        else (f"the {length} weeks before", f"the last {length} weeks")
    )
    return {named[0]: Span(marks[0], marks[1] - day), named[1]: Span(marks[1], marks[2] - day)}


def definition_of(subject: Subject, asked: Asked) -> Definition:
    """The desk's definition, with what was asked otherwise."""
    changed = {"week_starts": asked.week_starts, "average": asked.average, "average_weeks": asked.average_weeks}
    values = {
        **subject.desk.definition.model_dump(),
        **{key: value for key, value in changed.items() if value is not None},
    }
    return Definition.model_validate(values)


def level_of(subject: Subject, asked: Asked) -> str:
    """The column of places that a question counts by: unit_code, or cell_3 to cell_6.

    Raises:
        QuestionError: the level is not known.
    """
    level = asked.level or f"cell_{subject.desk.definition.cell_resolution}"
    known = ["unit_code", "cell_3", "cell_4", "cell_5", "cell_6"]
    if level not in known:
        raise QuestionError(f'there is no level "{level}"', next_step=did_you_mean(level, known))
    return level
