"""In how many ways of counting does a finding hold? All combinations of reasonable choices, folded from one count."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from tocsin.catalogue.subject import Subject, actors_of, selection_of
from tocsin.cube import MOST_ROWS, Among, Cube, Flags, Selection, count
from tocsin.errors import FindingError, QuestionError, TocsinError
from tocsin.findings.choices import Choice, Way, choices_of, groups_of
from tocsin.findings.definition import FILE_NAME, Finding
from tocsin.findings.evaluation import Evaluation, known, plan
from tocsin.findings.expectation import parse_expectation
from tocsin.findings.found import Found, scaled
from tocsin.schema import Span

MOST_WAYS = 10_000
"""More ways than this are refused: nobody could look at them."""


@dataclass(frozen=True)
class Ways:
    """A finding, counted in every way that the choices allow.

    Args:
        found: The finding as the desk defines it.
        choices: On what it rests.
        table: One row a way, the desk's own first: a column for each choice with the option's words, value (in the unit in which the
            finding is printed; a text where it is a name), holds (null where nothing is expected, or it can not be told), reason (why it
            can not be worked out).
    """

    found: Found
    choices: tuple[Choice, ...]
    table: pl.DataFrame

    @property
    def ways(self) -> int:
        """How many ways could be worked out, and their test, where there is one, be told."""
        told = "value" if self.found.finding.expect is None else "holds"
        return self.table[told].drop_nulls().len()

    @property
    def holding(self) -> int | None:
        """In how many of them what is expected is so; None where nothing is expected."""
        return None if self.found.finding.expect is None else int(self.table["holds"].sum())

    @property
    def expected(self) -> str:
        """What is expected, as it is written, but for the names of other findings, which are words."""
        text = self.found.finding.expect or ""
        for name in sorted(parse_expectation(text).names if text else (), key=len, reverse=True):
            text = text.replace(name, spoken(name))
        return text

    @property
    def sentence(self) -> str:
        """The count in words."""
        told = f"{self.ways:,} ways of counting"
        failed = self.table.height - self.ways
        more = f"; {failed:,} more can not be worked out" if failed else ""
        if self.holding is not None:
            return f"“{self.expected}” holds in {self.holding:,} of {told}{more}"
        if self.numeric:
            low, high = self._range
            return f"{low} to {high} over {told}{more}"
        return f"the same in {self._same:,} of {told}{more}"

    @property
    def short(self) -> str:
        """The count in few words, "188 of 192"; of a number of which nothing is expected, its range."""
        if self.holding is None and self.numeric:
            return "–".join(self._range)
        return f"{self._same if self.holding is None else self.holding:,} of {self.ways:,}"

    @property
    def _range(self) -> tuple[str, str]:
        values = self.table["value"].drop_nulls().sort()
        return self.printed(values[0]), self.printed(values[-1])

    @property
    def _same(self) -> int:
        """In how many ways a name is as the desk has it."""
        return int((self.table["value"] == self.table["value"][0]).sum())

    @property
    def numeric(self) -> bool:
        return self.table["value"].dtype == pl.Float64

    @cached_property
    def options(self) -> pl.DataFrame:
        """What each option does, the choice that moves the finding most first.

        Returns:
            choice, option, ways (that could be worked out), holds (of them), mean, lowest, median, highest (of the value over them; of a
            name, the share of ways in which it is as the desk has it), moves (by how much the means of the choice's options differ),
            weight (share of all variance that the choice alone explains; null where nothing varies).
        """
        known = self.table.filter(pl.col("value").is_not_null())
        number = pl.col("value") if self.numeric else (pl.col("value") == self.table["value"][0]).cast(pl.Float64)
        known = known.with_columns(_number=number, _off=number - number.mean())
        parts = []
        for choice in self.choices:
            grouped = known.group_by(pl.col(choice.name).alias("option")).agg(
                ways=pl.len().cast(pl.Int64),
                holds=pl.col("holds").sum().cast(pl.Int64),
                mean=pl.col("_number").mean(),
                lowest=pl.col("_number").min(),
                median=pl.col("_number").median(),
                highest=pl.col("_number").max(),
                _off=pl.col("_off").mean(),
            )
            explained = (pl.col("_off") ** 2 * pl.col("ways")).sum() / known.select((pl.col("_off") ** 2).sum()).item()
            order = pl.DataFrame({"choice": choice.name, "option": [option.text for option in choice.options]})
            parts.append(
                order.join(grouped, on="option", how="inner", maintain_order="left").select(
                    "choice",
                    "option",
                    "ways",
                    "holds",
                    "mean",
                    "lowest",
                    "median",
                    "highest",
                    moves=pl.col("mean").max() - pl.col("mean").min(),
                    weight=pl.when(explained.is_finite()).then(explained),
                )
            )
        return pl.concat(parts).sort("moves", descending=True, nulls_last=True, maintain_order=True)

    @property
    def most(self) -> str:
        """The choice that moves the finding most, in a sentence; empty where none does."""
        top = self.options.head(1)
        if not top.height or not top["moves"][0]:
            return ""
        mine = self.options.filter(pl.col("choice") == top["choice"][0])
        if not self.numeric:
            return f"What moves it most: {top['choice'][0]}."
        # Not the means: they hide that an option may do one thing with this choice of another, and another with that.
        ends = mine.select("option", "lowest", "highest").rows()
        said = [f"{self.printed(low)} to {self.printed(high)} ({option})" for option, low, high in ends]
        return f"What moves it most: {top['choice'][0]}; the value is {', '.join(said)}."

    def printed(self, value: float) -> str:
        """A value, or a mean of values, as the finding prints it; of a name, a share in per cent."""
        if not self.numeric:
            return f"{value:.0%}"
        return replace(self.found, value=value / 100 if self.found.finding.percent else value).printed


def spoken(name: str) -> str:
    """The name of a finding as words: top_share.before is "top share, before"."""
    return name.replace("_", " ").replace(".", ", ")


def count_ways(
    subject: Subject,
    findings: Mapping[str, Finding],
    name: str,
    *,
    expect: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Ways:
    """Work a finding out in every way that its choices allow.

    Args:
        findings: All of the desk, by name.
        name: The one that is looked at.
        expect: The test to hold it against, if not its own.
        progress: Told how many ways are done, of how many.

    Raises:
        FindingError: there is no such finding, it is a table or rests on nothing that could be chosen otherwise, it can not be worked
            out as the desk defines it, or there are more than MOST_WAYS ways.

    Assumes:
        The options are all as reasonable as each other: each combination counts once.

    Source:
        Steegen, Tuerlinckx, Gelman and Vanpaemel (2016), Increasing Transparency Through a Multiverse Analysis, Perspectives on
        Psychological Science 11(5); Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human Behaviour 4.
    """
    way, own, asked = _prepared(subject, findings, name, expect)
    choices = choices_of(way)
    if not choices:
        raise FindingError(
            f"{name} rests on nothing that could be chosen otherwise",
            where=FILE_NAME,
            next_step="Name a finding that asks the data.",
        )
    ways = math.prod(len(choice.options) for choice in choices)
    if ways > MOST_WAYS:
        listed = ", ".join(f"{choice.name} has {len(choice.options)}" for choice in choices)
        raise FindingError(
            f"{name} can be counted in {ways:,} ways, more than {MOST_WAYS:,}",
            where="choices",
            next_step=f"Name fewer options under [choices] in desk.toml: {listed}.",
        )
    rows = []
    for done, (texts, made) in enumerate(_combined(_counted_once(way, choices, asked), choices), start=1):
        rows.append({**texts, **_worked_out(made, name)})
        progress(done, ways)
    value = pl.Float64() if isinstance(own.value, float) else pl.String()
    schema: dict[str, pl.DataType] = {choice.name: pl.String() for choice in choices}
    schema |= {"value": value, "holds": pl.Boolean(), "reason": pl.String()}
    return Ways(own, choices, pl.DataFrame(rows, schema=schema))


def ways_of(evaluation: Evaluation, name: str) -> Ways:
    """A finding of an evaluation in every way of counting, counted no more than once.

    Raises:
        FindingError: see count_ways.
    """
    if name not in evaluation.ways:
        try:
            evaluation.ways[name] = count_ways(evaluation.subject, evaluation.plan.findings, name)
        except TocsinError as error:
            evaluation.ways[name] = error
    found = evaluation.ways[name]
    if isinstance(found, TocsinError):
        raise found
    return found


def holding_in(evaluation: Evaluation, name: str) -> str:
    """What a report prints of the ways of a finding: see Ways.short; empty where they can not be counted."""
    try:
        return ways_of(evaluation, name).short
    except TocsinError:
        return ""


def _prepared(
    subject: Subject, findings: Mapping[str, Finding], name: str, expect: str | None
) -> tuple[Way, Found, list[Cube]]:
    """The finding with those that it uses, on a desk of the groups that they need; what it comes to; and what was counted for it."""
    known(name, findings, where=FILE_NAME)
    if expect is not None:
        findings = {**findings, name: findings[name].model_copy(update={"expect": expect})}
    needed = _needed(findings, name)
    way = Way(replace(subject, events=replace(subject.events, kept_rows=MOST_ROWS), history=None), needed)
    way = way.on_desk(groups={group: subject.desk.groups[group] for group in groups_of(way)})
    own = Evaluation(way.subject, plan(needed), list_events=False).found[name]
    if own.value is None:
        raise FindingError(f"{name} can not be computed: {own.reason}", where=FILE_NAME)
    if isinstance(own.value, pl.DataFrame) and own.finding.expect is None:
        raise FindingError(
            f"{name} is a table or a series", where=FILE_NAME, next_step="Name one with a value, or with a test."
        )
    return way, own, list(way.subject.events.cubes)


def _needed(findings: Mapping[str, Finding], name: str) -> dict[str, Finding]:
    """The finding, and without their own tests all that it is computed from or held against, in the order of the file."""
    planned = plan(findings)
    wanted: set[str] = set()
    left = [name, *(planned.expected[name].names if name in planned.expected else ())]
    while left:
        one = left.pop()
        if one not in wanted:
            wanted.add(one)
            left += planned.computed[one].names if one in planned.computed else ()
    return {
        key: finding if key == name else finding.model_copy(update={"expect": None})
        for key, finding in findings.items()
        if key in wanted
    }


def _combined(way: Way, choices: tuple[Choice, ...]) -> Iterator[tuple[dict[str, str], Way]]:
    """Every combination of options; those of the last choices change fastest, so that what is counted for them is used again."""
    for options in itertools.product(*(choice.options for choice in choices)):
        made = way
        for option in options:
            made = option.made(made)
        yield {choice.name: option.text for choice, option in zip(choices, options, strict=True)}, made


def _worked_out(way: Way, name: str) -> dict[str, object]:
    try:
        one = Evaluation(way.subject, plan(way.findings), list_events=False).found[name]
    except TocsinError as error:
        return {"value": None, "holds": None, "reason": error.sentence}
    if one.value is None:
        return {"value": None, "holds": None, "reason": one.reason}
    return {"value": _value(one), "holds": one.holds, "reason": one.reason or None}


def _value(one: Found) -> float | str:
    if isinstance(one.value, float):
        return scaled(one.value, one.finding)
    return "series" if isinstance(one.value, pl.DataFrame) else str(one.value)


def _counted_once(way: Way, choices: tuple[Choice, ...], asked: list[Cube]) -> Way:
    """The way on events that were counted once, by all that any option tells apart, so that every way is folded from that count.

    Where such a count would be too large, or a way looks at days far from the desk's, the engine is asked anew.

    Args:
        asked: What was counted for the desk's own way.
    """
    columns = {column for cube in asked for column in cube.table.columns}
    made = [way, *(option.made(way) for choice in choices for option in choice.options)]
    types = [selection_of(each.subject).event_types for each in made]
    wide = Selection(
        countries=way.subject.desk.countries,
        event_types=tuple(sorted({kind for of in types for kind in of or ()})) if None not in types else None,
        span=_days(asked),
    )
    flags = Flags(
        groups={f"group_{number}": names for number, names in enumerate(_groups(made))},
        among={f"among_{number}": among for number, among in enumerate(_reporters(made))},
        distance_edges_km=_edges(made) if "distance_class" in columns else (),
    )
    events = replace(way.subject.events)
    told = ("event_type", "geo_precision", *columns)
    plain = [name for name in (*events.row_columns, *events.place_columns) if name in told]
    distance = ["distance_class"] if flags.distance_edges_km else []
    by = list(dict.fromkeys(["event_day", *plain, *distance, *flags.groups, *flags.among]))
    try:
        count(events, wide, by=by, flags=flags)
    except QuestionError:
        return way
    return replace(way, subject=replace(way.subject, events=events))


def _days(asked: list[Cube]) -> Span | None:
    """The days that the desk's own way looks at, and half a year around them; None for all."""
    spans = [cube.selection.span for cube in asked]
    if not spans or None in spans:
        return None
    known = [span for span in spans if span]
    around = dt.timedelta(weeks=26)
    return Span(min(span.first for span in known) - around, max(span.last for span in known) + around)


def _groups(made: list[Way]) -> list[tuple[str, ...]]:
    """Every set of actors' names that a way asks of."""
    found: dict[tuple[str, ...], None] = {}
    for way in made:
        for name in groups_of(way):
            with contextlib.suppress(QuestionError):  # the way says so itself
                found[actors_of(way.subject, name)] = None
    return list(found)


def _reporters(made: list[Way]) -> list[Among]:
    return list(dict.fromkeys(way.subject.reported for way in made if way.subject.reported))


def _edges(made: list[Way]) -> list[float]:
    """Every edge of distance that a way asks of."""
    own = {way.subject.desk.definition.near_km for way in made}
    return sorted(own | {km for way in made for finding in way.findings.values() for km in finding.arguments.near_km})
