"""Does another data set, or another source, tell the same? Asked of a desk: the two sides, and the words that go with their table."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from tocsin.analysis.agreement import FALSE_ONES, agreement
from tocsin.analysis.comovement import CHANGE_WEEKS, MOST_LAG
from tocsin.analysis.comparison import METHOD
from tocsin.analysis.incidents import ALL
from tocsin.analysis.named import cells_of, names_of
from tocsin.analysis.sides import Side, Weeks, side_by_side, weeks_of
from tocsin.analysis.weeks import week_start
from tocsin.catalogue.subject import (
    Answer,
    Asked,
    Behind,
    Subject,
    actors_of,
    compared_windows,
    definition_of,
    period_of,
    precise_of,
    selection_of,
)
from tocsin.catalogue.words import countries_of, gathered, left_out, subtitle
from tocsin.cube import Selection, count
from tocsin.errors import QuestionError, did_you_mean, nearest
from tocsin.schema import Provenance, SourceFacts, Span, ended, joined, listed, spoken_date

SOURCE = "source:"
"""What begins an `against` that names a source of the same data set."""

REST = "the rest"

FEW_WEEKS_SHARED = 52
"""With fewer weeks than this that both cover, intervals are wide and a season is not told from a change."""

FEW_INCIDENTS = 100

NEARLY_ALL = 0.99
"""A data set of which so many incidents may be those of the other is taken for a part of it."""

PEAK = 2.0
"""An average outside the windows that is more than so many times as high as any in them is told."""

LOPSIDED = 0.90
"""A part with at least this share of a data set leaves little to set it against."""


@dataclass(frozen=True)
class Sides:
    """What is compared, and the words for it.

    Args:
        one: The desk's data set, or the incidents that the source reports.
        other: What it is set against.
        counted: The definition of both, in a sentence.
        notes: What must be said of them.
        beside: Where the rows of the other come from, where these are others.
    """

    one: Side
    other: Side
    counted: str
    notes: tuple[str, ...]
    beside: Provenance | None = None

    @property
    def synthetic(self) -> bool:
        return self.one.events.about.synthetic or self.other.events.about.synthetic


def sides_of(subject: Subject, asked: Asked) -> Sides:
    """The two sides of a comparison.

    Raises:
        QuestionError: nothing to compare with is named, or it is not there, or is the same data set.
    """
    against = (asked.against or "").strip()
    if not against:
        raise QuestionError(
            "it is not said what to compare with",
            next_step='Name another data set of the desk, or a source: --against DATASET, or --against "source:NAME".',
        )
    if against.lower().startswith(SOURCE):
        return _by_source(subject, asked, against[len(SOURCE) :].strip())
    return _by_dataset(subject, asked, against)


def _by_dataset(subject: Subject, asked: Asked, name: str) -> Sides:
    about = subject.events.about
    if name == about.dataset:
        raise QuestionError(
            f'"{name}" is the data set itself',
            next_step=f'Name another one, or split it by a source: --against "{SOURCE}NAME".',
        )
    if subject.beside is None:
        raise QuestionError(f'no data set "{name}" is loaded', next_step="Load a file: tocsin add FILE")
    there = replace(subject, events=subject.beside(name), precise=None, reported=None, history=None)
    selections = selection_of(subject), _selection_beside(there)
    labels = _labels(about, there.events.about)
    if asked.group:
        selections = (
            selections[0].involving(actors_of(subject, asked.group)),
            selections[1].involving(actors_of(there, asked.group)),
        )
    groups, notes = _groups((subject, there), labels, asked)
    precise = precise_of(subject), _precise_beside(subject, there)
    one, other = (
        Side(label, each.events, selection, kept, named)
        for label, each, selection, kept, named in zip(
            labels, (subject, there), selections, precise, groups, strict=True
        )
    )
    return Sides(
        one,
        other,
        _definitions(subject, asked, one, other),
        (*notes, *_unlike(about.facts, there.events.about.facts), *_same_file(about, there.events.about, labels)),
        beside=there.events.about,
    )


def _selection_beside(there: Subject) -> Selection:
    """What counts in the other data set: the desk's types where it knows them all, else its own violent ones, or every type."""
    facts, wanted = there.events.about.facts, there.desk.definition.incidents
    everything = Selection(countries=there.desk.countries)
    if wanted:
        known = set(facts.event_types) or set(count(there.events, everything, by=["event_type"])["event_type"])
        if set(wanted) <= known:
            return replace(everything, event_types=tuple(wanted))
    return replace(everything, event_types=tuple(facts.violent) or None)


def _precise_beside(subject: Subject, there: Subject) -> tuple[int, ...] | None:
    """The desk's codes where both come from one source, else the other source's own."""
    facts = there.events.about.facts
    if facts.name == subject.events.about.facts.name:
        return precise_of(subject)
    return facts.precise or None


def _labels(one: Provenance, other: Provenance) -> tuple[str, str]:
    labels = _short(one), _short(other)
    return labels if labels[0] != labels[1] else (one.dataset, other.dataset)


def _short(about: Provenance) -> str:
    """A short name: what the title has in brackets, or its first word where that is an abbreviation, or the data set's own name."""
    found = re.search(r"\(([^)]+)\)$", about.facts.title) or re.match(r"([A-Z]{2,})\b", about.facts.title)
    return found[1] if found else about.dataset.replace("_", " ")


def _groups(
    sides: tuple[Subject, Subject], labels: tuple[str, str], asked: Asked
) -> tuple[tuple[dict[str, tuple[str, ...]], ...], tuple[str, ...]]:
    """The names of each group in both data sets, and what must be said of them."""
    desk = sides[0].desk
    groups: tuple[dict[str, tuple[str, ...]], ...] = ({}, {})
    notes: list[str] = []
    for name in asked.groups or (() if asked.group else tuple(desk.groups)):
        try:
            found = [actors_of(side, name) for side in sides]
        except QuestionError as error:
            if name not in desk.groups:
                raise
            notes.append(f"{desk.groups[name].label}: left out, since {error.what}.")
            continue
        label = desk.groups[name].label
        for known, actors in zip(groups, found, strict=True):
            known[label] = actors
        if found[0] != found[1]:
            notes += [
                f"{side}: {ended(said)}"
                for side, actors in zip(labels, found, strict=True)
                for said in gathered(label, actors)
            ]
    return groups, tuple(notes)


def _definitions(subject: Subject, asked: Asked, one: Side, other: Side) -> str:
    involving = f" involving {subject.desk.groups[asked.group].label}" if asked.group else ""
    told = [f"{side.label}, {_types(side.selection)}" for side in (one, other)]
    weeks = f"weeks begin on {definition_of(subject, asked).week_starts}"
    return f"Counted{involving} in {countries_of(subject.desk)}, never added together: {'; '.join(told)}; {weeks}."


def _types(selection: Selection) -> str:
    return f"events of type {listed(selection.event_types)}" if selection.event_types else "events of every type"


def _unlike(one: SourceFacts, other: SourceFacts) -> tuple[str, ...]:
    """What the publishers say against comparing levels, where the sources differ."""
    if one.name == other.name:
        return ()
    said = [caution for facts in (one, other) for caution in facts.cautions if "not comparable" in caution]
    return (
        *said,
        "The two data sets define an event in their own ways: how far their levels lie apart says nothing of how much either misses.",
        "Data sets that read the same sources agree for that reason too.",
    )


def _same_file(one: Provenance, other: Provenance, labels: tuple[str, str]) -> tuple[str, ...]:
    if {vintage.digest for vintage in one.vintages} & {vintage.digest for vintage in other.vintages}:
        return (f"{labels[0]} and {labels[1]} were loaded from the same file: that they agree says nothing.",)
    return ()


def _by_source(subject: Subject, asked: Asked, written: str) -> Sides:
    selection = selection_of(subject)
    if asked.group:
        selection = selection.involving(actors_of(subject, asked.group))
    cells = cells_of(subject.events, selection=selection, column="source")
    names = names_of(cells, column="source").with_columns(pl.col("cell").cast(pl.String))
    if names.is_empty():
        raise QuestionError(
            f'"{subject.events.about.dataset}" names no source of these incidents, so that it can not be split by one',
            next_step="Compare with another data set instead: --against DATASET",
        )
    found = _named(written, names["name"].unique().sort().to_list())
    mine = frozenset(names.filter(pl.col("name").is_in(found))["cell"])
    rest = frozenset(names["cell"]) - mine
    if not rest:
        raise QuestionError(
            f"every incident that names a source names {listed(found)}: there is no rest to compare with",
            next_step="Name another source.",
        )
    label = found[0] if len(found) == 1 else written
    groups, notes = _groups((subject, subject), (label, REST), asked)
    one, other = (
        Side(side, subject.events, selection, precise_of(subject), named, kept)
        for side, named, kept in zip((label, REST), groups, (mine, rest), strict=True)
    )
    involving = f" involving {subject.desk.groups[asked.group].label}" if asked.group else ""
    return Sides(
        one,
        other,
        f"Counted: {_types(selection)}{involving} in {countries_of(subject.desk)}; {label}: incidents that name it among their "
        f"sources, alone or with others; {REST}: incidents that name other sources only; weeks begin on "
        f"{definition_of(subject, asked).week_starts}.",
        (*notes, *_split(cells, names, mine, label, found)),
    )


def _named(written: str, names: Sequence[str]) -> list[str]:
    """The sources meant: several are parted by ";", * stands for any text, case and spaces do not matter.

    Raises:
        QuestionError: one is not there; with the nearest names.
    """
    found: list[str] = []
    for part in filter(None, map(str.strip, written.split(";"))):
        pattern = ".*".join(re.escape(_folded(piece)) for piece in part.split("*"))
        fits = [name for name in names if re.fullmatch(pattern, _folded(name))]
        if not fits:
            near = nearest(part.strip("*"), names, count=5)
            raise QuestionError(
                f'no source of these incidents is named "{part}"',
                where="against",
                next_step=did_you_mean(part, near) if near else "See them: tocsin table outlets",
            )
        found += fits
    if not found:
        raise QuestionError("no source is named", where="against", next_step=f'Name one: --against "{SOURCE}NAME"')
    return list(dict.fromkeys(found))


def _folded(name: str) -> str:
    return re.sub(r"\s+", "", name).casefold()


def _split(
    cells: pl.DataFrame, names: pl.DataFrame, mine: frozenset[str], label: str, found: Sequence[str]
) -> tuple[str, ...]:
    told = cells.with_columns(pl.col("cell").cast(pl.String))
    every, unnamed = int(told["incidents"].sum()), int(told.filter(pl.col("cell").is_null())["incidents"].sum())
    own = told.filter(pl.col("cell").is_in(sorted(mine)))
    with_others = names.filter(pl.col("cell").is_in(sorted(mine)), ~pl.col("name").is_in(list(found)))["cell"].unique()
    shared = int(own.filter(pl.col("cell").is_in(with_others.to_list()))["incidents"].sum())
    total = int(own["incidents"].sum())
    notes = [
        f"Of {total:,} incidents that name {label} {shared:,} name other sources too. The rest are those for which it is not named: the "
        "wider its reach, the less is left to them, so that levels say nothing of how much either misses."
    ]
    if len(found) > 1:
        notes.append(f"{label}: sources named {listed([f'“{name}”' for name in found])}.")
    if unnamed:
        notes.append(f"{unnamed:,} of {every:,} incidents name no source and are on neither side.")
    share = total / max(every - unnamed, 1)
    if not 1 - LOPSIDED < share < LOPSIDED:
        notes.append(
            f"{label} has {_share(share)} of the incidents that name a source: what {REST if share > 0.5 else label} says is of a small "
            "part."
        )
    return tuple(notes)


def _share(share: float) -> str:
    """A share as printed; what is left of nothing, or of all, is not rounded away."""
    return "less than 0.1%" if share < 0.001 else "more than 99.9%" if share > 0.999 else f"{share:.1%}"


def answer_agreement(subject: Subject, asked: Asked) -> Answer:
    sides = sides_of(subject, asked)
    definition, period = definition_of(subject, asked), period_of(subject)
    windows = compared_windows(subject, asked)
    before, after = windows.values()
    weeks = weeks_of(sides.one, sides.other, period=period, windows=(before, after), starts=definition.week_starts)
    table = agreement(
        sides.one,
        sides.other,
        definition=definition,
        period=period,
        windows=(before, after),
        units=dict(subject.units.select("unit_code", "unit_name").iter_rows()),
        label=subject.desk.groups[asked.group].label if asked.group else ALL,
    )
    verdict: str = table["verdict"][0]
    return Answer(
        question="agreement",
        table=table,
        title=asked.title or f"{sides.one.label} and {sides.other.label} side by side, {countries_of(subject.desk)}",
        subtitle=subtitle("weekly means of both, their changes and how they move", before, after),
        definition=sides.counted,
        notes=(
            f"{verdict[0].upper()}{verdict[1:]}.",
            *sides.notes,
            *_weeks_told(weeks, period),
            *_hangs(table),
            *_few(table, sides),
            *peaks_outside(
                side_by_side(sides.one, sides.other, definition=definition, period=period, windows=(before, after)),
                weeks=definition.average_weeks,
            ),
            *_subset(sides, weeks),
            *_places_told(subject, sides, [before, after]),
            f"Changes that move together: of sums over {CHANGE_WEEKS} weeks to those over the {CHANGE_WEEKS} before, on the log scale; a "
            f"lag is looked for within {MOST_LAG} weeks.",
            "Places, groups and types part where a test says so; of those named at most "
            f"{FALSE_ONES:.0%} are expected to be named by chance (Benjamini and Hochberg).",
            f"Intervals of 95 per cent; those of changes and levels {METHOD}.",
            *_beside_told(sides),
        ),
        about=subject.events.about,
        beside=(sides.beside,) if sides.beside else (),
    )


def _weeks_told(weeks: Weeks, period: Span) -> list[str]:
    shared, every = int(weeks.common.sum()), len(weeks.numbers)
    said = [f"Compared: {shared:,} whole weeks that both cover."]
    if shared < every:
        said = [f"Compared: the {shared:,} of {every:,} whole weeks of {period} that both cover; the others are not."]
    if shared < FEW_WEEKS_SHARED:
        said.append("Few weeks are common: intervals are wide, and a season is not told from a change.")
    return said


def _hangs(table: pl.DataFrame) -> list[str]:
    """Whether what moves together does so in a few weeks only."""
    note: str = table["note"][0] or ""
    said = next((part for part in note.split("; ") if "in a row" in part), None)
    return [f"{said}: of other weeks it tells little."] if said else []


def _few(table: pl.DataFrame, sides: Sides) -> list[str]:
    row = table.row(0, named=True)
    return [
        f"Few incidents: {side.label} has {row[f'{name}_incidents']:,} in the weeks compared."
        for name, side in (("one", sides.one), ("other", sides.other))
        if row[f"{name}_incidents"] < FEW_INCIDENTS
    ]


def peaks_outside(lines: pl.DataFrame, *, weeks: int) -> list[str]:
    """Sides whose highest average is of neither window, and more than PEAK times as high as any in them.

    Args:
        lines: Of side_by_side.
        weeks: In the average.
    """
    said = []
    for (label,), rows in lines.drop_nulls("average").group_by("series", maintain_order=True):
        top = rows.sort("average", descending=True).row(0, named=True)
        inside: float | None = rows.drop_nulls("window").select(pl.max("average")).item()
        if top["window"] is None and top["average"] > PEAK * (inside or 0.0):
            said.append(
                f"The highest average of {weeks} weeks of {label}, {top['average']:.0f} a week in that of {spoken_date(top['week_date'])}, "
                f"is of neither window (in them at most {inside or 0:.0f}): the changes do not tell of it."
            )
    return said


def _subset(sides: Sides, weeks: Weeks) -> list[str]:
    """Whether the incidents of one may be among those of the other: for nearly each there is one on that day in that unit."""
    if sides.beside is None:
        return []
    by = ["event_day", "unit_code"]
    tables = [side.counted(weeks.span, by=["unit_code"]) for side in (sides.one, sides.other)]
    one, other = (table.rename({"incidents": name}) for table, name in zip(tables, ("one", "other"), strict=True))
    both = one.join(other, on=by, how="full", coalesce=True, nulls_equal=True).fill_null(0)
    met = int(both.select(pl.min_horizontal("one", "other").sum()).item())
    small, large = sorted(
        (sides.one, sides.other), key=lambda side: int(both["one" if side is sides.one else "other"].sum())
    )
    total = int(both["one" if small is sides.one else "other"].sum())
    if not total or met < NEARLY_ALL * total:
        return []
    return [
        f"{met / total:.1%} of the incidents of {small.label} can be matched with one of {large.label} on the same day in the same unit: "
        "it may be a part of it, and that they agree then says little."
    ]


def _places_told(subject: Subject, sides: Sides, spans: Sequence[Span]) -> list[str]:
    if sides.beside is None:
        return list(left_out(subject, sides.one.selection, spans))
    codes = [f"{side.label} {_codes(side.precise)}" for side in (sides.one, sides.other)]
    return [f"Places are of incidents whose geo precision is good enough: {'; '.join(codes)}."]


def _codes(precise: tuple[int, ...] | None) -> str:
    return "of any precision" if precise is None else f"precision {listed([str(code) for code in precise])}"


def _beside_told(sides: Sides) -> list[str]:
    if sides.beside is None:
        return []
    licence = "" if sides.beside.synthetic else f" {ended(sides.beside.facts.licence)}"
    return [f"{sides.other.label}: {ended(sides.beside.sentence())}{licence}"]


def behind_agreement(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """The incidents of the weeks compared, of the desk's data set: those of another data set have their ids there."""
    sides = sides_of(subject, asked)
    definition = definition_of(subject, asked)
    windows = compared_windows(subject, asked)
    before, after = windows.values()
    weeks = weeks_of(
        sides.one, sides.other, period=period_of(subject), windows=(before, after), starts=definition.week_starts
    )
    spans = _spans(weeks, columns)
    of = {name.partition("_")[0] for name in columns}
    if sides.beside is not None and of == {"other"}:
        return Behind(selection, ())
    return _narrowed(sides, selection, rows, spans, of)


def _spans(weeks: Weeks, columns: Sequence[str]) -> tuple[Span, ...]:
    """The weeks that the columns are of."""
    words = {word for name in columns for word in name.split("_")}
    if words & {"mean", "incidents", "levels", "correlation", "lag", "verdict"} or not words & _OF_WINDOWS:
        chosen = weeks.common
    else:
        both = words & {"change", "parting", "part", "agreed", "direction"}
        chosen = (weeks.before & ("before" in words or bool(both))) | (weeks.after & ("after" in words or bool(both)))
    numbers = [number for number, kept in zip(weeks.numbers, chosen, strict=True) if kept]
    starts = [(week_start(n, starts=weeks.starts), week_start(n + 1, starts=weeks.starts)) for n in numbers]
    return joined([Span(first, end - dt.timedelta(days=1)) for first, end in starts])


_OF_WINDOWS = {"before", "after", "change", "parting", "part", "agreed", "direction"}


def _narrowed(sides: Sides, selection: Selection, rows: pl.DataFrame, spans: tuple[Span, ...], of: set[str]) -> Behind:
    kinds = set(rows["kind"])
    if kinds == {"unit"}:
        return Behind(
            selection.placed(sides.one.precise), spans, column=("unit_code", tuple(rows["code"].unique().sort()))
        )
    if kinds == {"group"}:
        named: Mapping[str, Sequence[str]] = sides.one.groups
        selection = selection.involving(sorted({actor for label in set(rows["series"]) for actor in named[label]}))
    if kinds == {"event type"}:
        selection = replace(selection, event_types=tuple(rows["series"].unique().sort()))
    if sides.one.cells is None:
        return Behind(selection, spans)
    cells = {"one": sides.one.cells, "other": sides.other.cells or frozenset()}
    kept = cells[next(iter(of))] if len(of) == 1 and of <= set(cells) else cells["one"] | cells["other"]
    return Behind(selection, spans, column=("source", tuple(sorted(kept))))
