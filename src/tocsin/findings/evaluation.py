"""Work all findings of a desk out: each distinct question is asked once, each finding after those that it is computed from."""

from __future__ import annotations

import datetime as dt
import graphlib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from tocsin.catalogue import Answer, Asked, Behind, EventIds, Subject, ask, behind, event_ids, find
from tocsin.desk import Definition
from tocsin.errors import FindingError, QuestionError, TocsinError, did_you_mean
from tocsin.findings.arithmetic import Expression, evaluate, parse
from tocsin.findings.definition import FILE_NAME, Arguments, Finding
from tocsin.findings.expectation import Expectation, holds, parse_expectation
from tocsin.findings.found import Found, decimals_printed, scaled, shares_of
from tocsin.findings.picking import Take, chosen, known_column, note_of, parse_take, said, taken

if TYPE_CHECKING:
    from tocsin.findings.ways import Ways

Result = TypeVar("Result")


@dataclass(frozen=True)
class Plan:
    """Findings whose words were all understood, and whose names all exist, each after those that it uses."""

    findings: Mapping[str, Finding]
    order: tuple[str, ...]
    computed: Mapping[str, Expression]
    expected: Mapping[str, Expectation]
    takes: Mapping[str, Take]


def plan(findings: Mapping[str, Finding]) -> Plan:
    """Read every expression, test and name before anything is counted.

    Raises:
        FindingError: a question, argument, name or test is not known or not understood, or findings go round in a circle.
    """
    computed, expected, takes = {}, {}, {}
    for name, finding in findings.items():
        place = _place(name, finding)
        if finding.compute is not None:
            computed[name] = parse(finding.compute, where=f"{place}.compute")
            for used in computed[name].names:
                known(used, findings, where=f"{place}.compute")
        if finding.expect is not None:
            expected[name] = parse_expectation(finding.expect, where=f"{place}.expect")
            for used in expected[name].names:
                known(used, findings, where=f"{place}.expect")
        if finding.ask is not None:
            _check_question(finding, where=place)
            if finding.take is not None:
                takes[name] = _placed(lambda take=finding.take: parse_take(take), place)  # type: ignore[misc]
    return Plan(findings, _in_order(findings, computed), computed, expected, takes)


def known(name: str, findings: Iterable[str], *, where: str) -> None:
    """Raise unless there is a finding of that name."""
    names = list(findings)
    if name not in names:
        step = did_you_mean(name, names) if names else f"Define it in {FILE_NAME}."
        raise FindingError(f'there is no finding "{name}"', where=where, next_step=step)


@dataclass(frozen=True)
class Evaluation:
    """The findings of a plan on the events of a subject. What was asked once is kept."""

    subject: Subject
    plan: Plan
    list_events: bool = True
    """Whether the events behind each finding are looked up."""
    answers: dict[tuple[str, Asked], Answer | TocsinError] = field(default_factory=dict, init=False, repr=False)
    lists: dict[Behind, EventIds] = field(default_factory=dict, init=False, repr=False)
    done: dict[str, Found] = field(default_factory=dict, init=False, repr=False)
    ways: dict[str, Ways | TocsinError] = field(default_factory=dict, init=False, repr=False)
    """Findings in every way of counting, by name; see ways.ways_of."""

    @property
    def found(self) -> dict[str, Found]:
        """Each finding by name, in the order of findings.toml. One that can not be computed says why; the others are there."""
        return self.worked_out()

    def worked_out(self, progress: Callable[[str], None] = lambda _: None) -> dict[str, Found]:
        """As `found`; `progress` is told the name that is worked on."""
        if not self.done:
            self.done.update(self._all(progress))
        return self.done

    def _all(self, progress: Callable[[str], None]) -> dict[str, Found]:
        done: dict[str, Found] = {}
        for name in self.plan.order:
            progress(name)
            finding = self.plan.findings[name]
            try:
                done[name] = self._one(name, finding, done)
            except TocsinError as error:
                done[name] = Found(name, finding, reason=error.sentence, uses=self._uses(name))
        return {name: self._judged(done[name], done) for name in self.plan.findings}

    def answer(self, question: str, asked: Asked) -> Answer:
        """The answer to a question, asked of the data no more than once.

        Raises:
            QuestionError: these data can not answer it.
        """
        key = (question, asked)
        if key not in self.answers:
            try:
                self.answers[key] = ask(self.subject, question, asked)
            except QuestionError as error:
                self.answers[key] = error
        answer = self.answers[key]
        if isinstance(answer, TocsinError):
            raise answer
        return answer

    def test(self, expectation: Expectation, name: str, found: Mapping[str, Found]) -> bool:
        """Whether a test holds of a finding; numbers are held in the unit in which they are printed.

        Raises:
            FindingError: it can not be told.
        """
        one = found[name]
        if one.value is None:
            raise FindingError(f"{name} can not be computed: {one.reason}")
        value = scaled(one.value, one.finding) if isinstance(one.value, float) else one.value
        values = {}
        for other in expectation.names:
            number = found[other].value
            if not isinstance(number, float):
                raise FindingError(f"{other} is no number that {name} can be held against")
            values[other] = scaled(number, found[other].finding)
        if expectation.symbol == "=" and isinstance(value, float):
            # Equal as a reader sees it: in the figures of the number that is written, or in those in which the finding is printed.
            bound = evaluate(expectation.operands[0], values)
            places = decimals_of(expectation.operands[0].text)
            places = decimals_printed(value, one.finding) if places is None else places
            return round(value, places) == round(bound, places)
        if not isinstance(value, pl.DataFrame):
            return holds(expectation, value, values)
        if one.finding.arguments.weight and expectation.kind in ("rising", "falling"):
            raise FindingError(
                f'"{expectation.text}" asks what chance can do, and the {one.finding.arguments.weight} of one incident are one chance',
                next_step="Test the counts of incidents: leave the weight out.",
            )
        return holds(expectation, value, values, average=weeks_averaged(one.finding, self.subject.desk.definition))

    def _one(self, name: str, finding: Finding, done: Mapping[str, Found]) -> Found:
        if finding.compute is not None:
            return self._computed(name, finding, done)
        if finding.ask is not None:
            return self._asked(name, finding, finding.ask)
        value = float(finding.value) if isinstance(finding.value, int | float) else finding.value
        label = f"{finding.label}: as" if finding.label else "As"
        return Found(name, finding, value=value, words=f"{label} published by {finding.source}")

    def _computed(self, name: str, finding: Finding, done: Mapping[str, Found]) -> Found:
        expression = self.plan.computed[name]
        values: dict[str, float] = {}
        for used in expression.names:
            value = done[used].value
            if value is None:
                raise FindingError(f"{used} can not be computed: {done[used].reason}")
            if not isinstance(value, float):
                raise FindingError(f"{used} is no number: {done[used].printed}")
            values[used] = value
        result = evaluate(expression, values)
        filled = "; ".join(f"{used} = {done[used].with_unit}" for used in expression.names)
        ids = EventIds.union([done[used].event_ids for used in expression.names])
        about = next((done[used].about for used in expression.names if done[used].about), None)
        others = {each.dataset: each for used in expression.names for each in done[used].beside}
        words = f"{finding.label or name}: {expression.text}" + (f", where {filled}" if filled else "")
        return Found(
            name,
            finding,
            value=result,
            words=words,
            about=about,
            beside=tuple(others.values()),
            event_ids=ids,
            uses=expression.names,
        )

    def _asked(self, name: str, finding: Finding, question: str) -> Found:
        asked = asked_with(finding.arguments)
        answer = self.answer(question, asked)
        rows = chosen(answer.table, finding.where)
        value: float | dt.date | str | pl.DataFrame
        if finding.rows is not None:
            rows, used = rows.head(finding.rows), rows.columns
            value = _columns(rows, finding)
        else:
            take = self.plan.takes[name]
            value = taken(rows, take)
            used = [take.column, take.at] if take.at else [take.column]
            if take.summary.startswith("at ") and not isinstance(value, pl.DataFrame):
                rows = rows.filter(pl.col(take.column) == value)
        low, high = (_end(rows, column) if column else None for column in (finding.low, finding.high))
        ids = self.events(behind(self.subject, question, asked, rows, used)) if self.list_events else EventIds()
        return Found(
            name,
            finding,
            value=value,
            low=low,
            high=high,
            note=note_of(rows),
            words=_words(name, finding, answer),
            about=answer.about,
            beside=answer.beside,
            event_ids=ids,
        )

    def events(self, rows: Behind) -> EventIds:
        """The ids of events, looked up no more than once."""
        if rows not in self.lists:
            self.lists[rows] = event_ids(self.subject, rows)
        return self.lists[rows]

    def _judged(self, one: Found, found: Mapping[str, Found]) -> Found:
        expectation = self.plan.expected.get(one.name)
        if expectation is None or one.value is None:
            return one
        try:
            return replace(one, holds=self.test(expectation, one.name, found))
        except FindingError as error:
            return replace(one, reason=error.sentence)

    def _uses(self, name: str) -> tuple[str, ...]:
        return self.plan.computed[name].names if name in self.plan.computed else ()


def _end(rows: pl.DataFrame, column: str) -> float | None:
    """An end of an interval; None where it is not known, or where several rows were put together.

    Raises:
        FindingError: there is no such column, or it holds no numbers.
    """
    known_column(rows, column)
    if not rows[column].dtype.is_numeric():
        raise FindingError(f"{column} holds no numbers, so it is no end of an interval")
    end = rows[column][0] if rows.height == 1 else None
    return None if end is None or not math.isfinite(end) else float(end)


def _columns(rows: pl.DataFrame, finding: Finding) -> pl.DataFrame:
    """The columns of a table that are printed.

    Raises:
        FindingError: one is not there, or it can not be told which are shares.
    """
    for name in finding.columns:
        known_column(rows, name)
    table = rows.select(finding.columns) if finding.columns else rows
    shares_of(table, finding)
    return table


def asked_with(arguments: Arguments) -> Asked:
    """The arguments of a finding as those of a question."""
    return Asked(**arguments.model_dump())


def _words(name: str, finding: Finding, answer: Answer) -> str:
    """The definition of a finding in a sentence or two."""
    where = "; ".join(f"{column} {said(value)}" for column, value in finding.where.items())
    taken_of = f"{finding.take} of " if finding.take else "the first rows of "
    return f"{finding.label or name}: {taken_of}“{answer.title}”{f' ({where})' if where else ''}. {answer.subtitle}. {answer.definition}"


def weeks_averaged(finding: Finding, definition: Definition) -> int:
    """Over how many weeks each number of a finding is a moving average; 1 where it is none."""
    columns = set(re.findall(r"\w+", finding.take or ""))
    if not (finding.ask and "average_weeks" in find(finding.ask).arguments and columns & set(_AVERAGED)):
        return 1
    return finding.arguments.average_weeks or definition.average_weeks


_AVERAGED = ("average", "share")
"""Columns of weekly tables that hang on the weeks in the average."""


def decimals_of(text: str) -> int | None:
    """How many digits after the point a plain number is written with; None where the text is no plain number."""
    try:
        exponent = Decimal(text.strip()).as_tuple().exponent
    except InvalidOperation:
        return None
    return max(0, -exponent) if isinstance(exponent, int) else None


def _check_question(finding: Finding, *, where: str) -> None:
    """Raise unless the question exists and heeds the arguments given."""
    entry = _placed(lambda: find(finding.ask or ""), where)
    given = {name for name, value in finding.arguments.model_dump().items() if value not in (None, ())}
    for name in sorted(given - set(entry.arguments)):
        raise FindingError(
            f'the question "{finding.ask}" has no argument "{name}"',
            where=f"{where}.with",
            next_step=did_you_mean(name, entry.arguments),
        )


def _placed(work: Callable[[], Result], where: str) -> Result:
    """Do the work; an error of it says where."""
    try:
        return work()
    except TocsinError as error:
        raise FindingError(error.what, where=where, next_step=error.next_step) from error


def _place(name: str, finding: Finding) -> str:
    """Where a finding is defined, for errors."""
    return f"{FILE_NAME}:{finding.line}: {name}" if finding.line else f"{FILE_NAME}: {name}"


def _in_order(findings: Mapping[str, Finding], computed: Mapping[str, Expression]) -> tuple[str, ...]:
    """Each finding after those that it is computed from.

    Raises:
        FindingError: they go round in a circle.
    """
    uses = {name: computed[name].names if name in computed else () for name in findings}
    try:
        return tuple(graphlib.TopologicalSorter(uses).static_order())
    except graphlib.CycleError as error:
        circle = error.args[1][::-1]
        raise FindingError(
            f"findings go round in a circle: {' → '.join(circle)}",
            where=_place(circle[0], findings[circle[0]]),
            next_step="Compute one of them from something else.",
        ) from error
