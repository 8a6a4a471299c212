"""The text with its numbers filled in: plain Markdown that any other program can set, and what became of each call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from tocsin.errors import FindingError
from tocsin.findings import Evaluation, Found
from tocsin.findings.found import printed
from tocsin.findings.ways import holding_in
from tocsin.report.calls import Call, Kind, note_label
from tocsin.report.text import FILE_NAME, Text
from tocsin.schema import Provenance, spoken_date
from tocsin.visible import visible

# What Markdown would act on; a colon begins a web address or the name of an emoji.
_ACTS = re.compile(r"[\\`*_\[\]<>{}|~$&#@^!]|:(?=\S)|(?<=www)\.|^[-+=](?=[-+=\s]|$)", re.IGNORECASE)
_LISTS = re.compile(r"^(\d+)([.)])(?=\s|$)")


@dataclass(frozen=True)
class FigureWords:
    """The words of a figure.

    Args:
        title: What it shows.
        number: Its number in the report, from 1.
        events: How many events are behind it.
        href: The list of their ids, relative to the report; empty where there is none.
        reason: Why it can not be drawn; empty where it can.
    """

    title: str
    number: int
    events: int = 0
    href: str = ""
    reason: str = ""

    @property
    def counted(self) -> str:
        """The number of events in words."""
        return _events(self.events)


@dataclass(frozen=True)
class Statement:
    """Words of the text that are bound to a finding.

    Args:
        words: As they are printed, without emphasis and footnotes; empty in a footnote to which nothing refers.
        name: The finding.
        test: What is expected of it; empty where nothing is.
        holds: Whether it is so; None where nothing is expected, or it can not be told.
        reason: What the value is, where it does not hold; why it can not be told.
        line, column: Of report.md, from 1.
    """

    words: str
    name: str
    test: str
    holds: bool | None
    reason: str
    line: int
    column: int

    @property
    def place(self) -> str:
        """Where it stands: report.md:9:63."""
        return f"{FILE_NAME}:{self.line}:{self.column}"

    @property
    def fails(self) -> bool:
        """Whether a report may not be printed with it: it does not hold, or it can not be told whether it does."""
        return self.holds is False or (self.holds is None and bool(self.reason))


@dataclass(frozen=True)
class Missing:
    """A value, table or figure that is called and can not be printed.

    Args:
        call: As it is written, without its test: {before.mean.low}.
        reason: Why.
        line, column: Of report.md, from 1.
    """

    kind: Kind
    call: str
    reason: str
    line: int
    column: int

    @property
    def place(self) -> str:
        """Where it stands: report.md:9:63."""
        return f"{FILE_NAME}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Note:
    """What a reader needs to check a called finding: its footnote.

    Args:
        name: The finding.
        value: With its unit.
        interval: Its interval of 95 per cent; empty where it has none.
        words: Definition, arithmetic or source, in a sentence or two.
        data: The data set, their date and their digest; empty of a cited value.
        events: How many events are behind it.
        href: The list of them, relative to the report; empty where there is none.
        expected: What findings.toml expects of it, where that is not so; else empty.
    """

    name: str
    value: str
    interval: str
    words: str
    data: str
    events: int
    href: str
    expected: str

    @property
    def counted(self) -> str:
        """The number of events in words."""
        return _events(self.events)


@dataclass(frozen=True)
class Grid:
    """A table as it is printed.

    Args:
        caption: Its number and what it shows.
        columns: Their headings.
        numeric: Of each column, whether it holds numbers.
        rows: The cells as text.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Filled:
    """The text with its numbers.

    Args:
        markdown: GFM with footnotes.
        statements: One for each words bound to a finding, in order.
        missing: Values, tables and figures that can not be printed.
        called: The findings that are called, each once, in order.
        notes: Of each finding that is called, likewise in order.
        spoken: For each call of a value what is printed of it, as plain text; other calls have an empty text.
        tables: By finding.
    """

    markdown: str
    statements: tuple[Statement, ...]
    missing: tuple[Missing, ...]
    called: tuple[str, ...]
    notes: Mapping[str, Note]
    spoken: tuple[str, ...]
    tables: Mapping[str, Grid]

    def statement(self, call: Call) -> Statement | None:
        """What became of bound words; None of another call."""
        here = (call.line, call.column)
        return next((each for each in self.statements if (each.line, each.column) == here), None)


def fill(
    text: Text,
    *,
    evaluation: Evaluation,
    found: Mapping[str, Found],
    figures: Mapping[str, FigureWords],
    cautions: Sequence[str],
    event_lists: Mapping[str, str],
) -> Filled:
    """Put into the text what it calls.

    Args:
        found: evaluation.found.
        figures: By id; those that can not be drawn with the reason.
        cautions: The sentences that the data ask for.
        event_lists: Finding -> the list of its events, relative to the report.
    """
    spoken = tuple(
        _spoken(evaluation, found[call.name], call.part) if call.kind == "value" else "" for call in text.calls
    )
    words = _words(text, spoken)
    statements = tuple(
        _statement(call, words.get(number, ""), evaluation, found)
        for number, call in enumerate(text.calls)
        if call.kind == "statement"
    )
    tables: dict[str, Grid] = {}
    for call in text.calls:
        if call.kind == "table" and call.name not in tables:
            tables[call.name] = _grid(found[call.name], number=len(tables) + 1)
    calling = [call for call in text.calls if call.kind in ("value", "statement", "table")]
    called = tuple(dict.fromkeys(call.name for call in calling))
    notes = {name: note(found[name], href=event_lists.get(name, "")) for name in called}
    filled = Filled("", statements, tuple(_missing(text, found, spoken, figures)), called, notes, spoken, tables)
    return replace(filled, markdown=_markdown(text, filled, figures, cautions))


def note(one: Found, *, href: str) -> Note:
    """The footnote of a finding."""
    words = one.words or f"{one.finding.label or one.name}: {one.reason}"
    return Note(
        name=one.name,
        value=one.with_unit if one.value is not None else "can not be computed",
        interval=one.interval,
        words=_sentence(words.removeprefix(f"{one.name}: ")),
        data=" ".join(
            [
                *([_sentence(_data(one.about))] if one.about else []),
                *(_sentence(f"Set against {each.dataset}: {_data(each)}") for each in one.beside),
            ]
        ),
        events=len(one.event_ids),
        href=href if one.event_ids else "",
        expected=one.finding.expect or "" if one.holds is False else "",
    )


def literal(text: str) -> str:
    """Text of others as Markdown that means no more than its letters."""
    shown = _ACTS.sub(lambda found: f"\\{found[0]}", visible(" ".join(text.split())))
    return _LISTS.sub(r"\1\\\2", shown)


def lacking(name: str) -> str:
    """What stands in the text where a finding has no value."""
    return f"[can not be computed: {name}]"


# What is printed of each call


def _spoken(evaluation: Evaluation, one: Found, part: str) -> str:
    """A finding's value or a part of it as plain text; empty where it has none."""
    if one.value is None:
        return ""
    if part == "ways":
        return holding_in(evaluation, one.name)
    about = one.about
    made: Mapping[str, str] = {
        "": one.printed,
        "low": "" if one.low is None else printed(one.low, one.finding),
        "high": "" if one.high is None else printed(one.high, one.finding),
        "interval": one.interval,
        "unit": one.finding.unit_printed,
        "as_of": spoken_date(about.newest.data_date) if about and about.vintages else "",
        "events": f"{len(one.event_ids):,}",
    }
    return made[part]


def _data(about: Provenance) -> str:
    stood = f"; the data as they stood on {spoken_date(about.as_of)}" if about.as_of else ""
    return f"{about.sentence().rstrip('.')}{stood}"


def _statement(call: Call, words: str, evaluation: Evaluation, found: Mapping[str, Found]) -> Statement:
    one = found[call.name]
    test = call.test.text if call.test else one.finding.expect or ""
    holds, reason = one.holds, one.reason
    if call.test is not None:
        try:
            holds, reason = evaluation.test(call.test, call.name, found), ""
        except FindingError as error:
            holds, reason = None, error.what
    if holds is False:
        reason = f"{call.name} is {one.against(test)}"
    return Statement(words, call.name, test, holds, reason, call.line, call.column)


def _words(text: Text, spoken: Sequence[str]) -> dict[int, str]:
    """The words that are bound by each call, by its number, with what is called in them filled in."""
    said: dict[int, str] = {}
    within: list[int] = []
    for token in (child for each in text.tokens for child in each.children or ()):
        if token.type == "called_open":
            within.append(token.meta["call"])
            said[within[-1]] = ""
        elif token.type == "called_close":
            within.pop()
        else:
            piece = " " if token.type.endswith("break") else token.content
            if token.type == "called_value":
                call = token.meta["call"]
                piece = spoken[call] or lacking(text.calls[call].name)
            said |= {number: said[number] + piece for number in within}
    return said


def _missing(
    text: Text, found: Mapping[str, Found], spoken: Sequence[str], figures: Mapping[str, FigureWords]
) -> Iterator[Missing]:
    for call, said in zip(text.calls, spoken, strict=True):
        reason = ""
        if call.kind == "figure":
            reason = figures[call.name].reason
        elif call.kind in ("value", "table") and found[call.name].value is None:
            reason = f"{call.name} can not be computed"
        elif call.kind == "value" and not said:
            reason = _lacking_part(found[call.name], call.part)
        if reason:
            yield Missing(call.kind, text.source[call.start : call.end], reason, call.line, call.column)


def _grid(one: Found, *, number: int) -> Grid:
    caption = f"Table {number}. {one.finding.label or one.name}"
    if not isinstance(one.value, pl.DataFrame):
        return Grid(one.name, caption, (), (), ())
    heads, *rows = one.table
    return Grid(
        name=one.name,
        caption=caption,
        columns=heads,
        numeric=tuple(kind.is_numeric() for kind in one.value.dtypes),
        rows=tuple(rows),
    )


def _lacking_part(one: Found, part: str) -> str:
    """Why a part of a finding that has a value is empty."""
    if part == "as_of":
        return "it is counted from no data"
    return one.note or "it has no interval: its question gives none for these rows"


# The Markdown


def _markdown(text: Text, filled: Filled, figures: Mapping[str, FigureWords], cautions: Sequence[str]) -> str:
    """The source with each call replaced, and the findings' footnotes below it."""
    edits: list[tuple[int, int, str]] = [(offset, offset, "\\") for offset in text.acting]
    for call, said in zip(text.calls, filled.spoken, strict=True):
        if call.words is not None:
            edits += [(call.start, call.words[0], ""), (call.words[1], call.end, _after_words(call, filled))]
        elif call.kind == "value":
            edits.append((call.start, call.end, _value(call, said, unlike(filled.notes[call.name], call.part))))
        else:
            block = _block(call, filled, figures, cautions)
            before = "" if text.source[: call.start].rstrip(" ")[-2:] in ("", "\n\n") else "\n"
            after = "" if text.source[call.end : call.end + 2].strip("\n") == "" else "\n"
            edits.append((call.start, call.end, f"{before}{block}{after}"))
    pieces, at = [], 0
    for start, end, new in sorted(edits):
        pieces += [text.source[at:start], new]
        at = end
    body = "".join([*pieces, text.source[at:]]).rstrip("\n")
    noted = {call.name for call in text.calls if call.noted}
    notes = [_note(each) for name, each in filled.notes.items() if name in noted]
    return "\n\n".join([body, *notes]) + "\n"


def _value(call: Call, said: str, unlike: str) -> str:
    reference = _reference(call.name) if call.noted else ""
    name = f"{call.name}.{call.part}" if call.part else call.name
    told = f" {literal(unlike)}" if unlike else ""
    return f"{literal(said or lacking(name))}{told}{reference}"


def _after_words(call: Call, filled: Filled) -> str:
    if call.kind == "quoted":
        return f"[^{call.name}]"
    statement = filled.statement(call)
    said = f" {literal(verdict(statement))}" if statement and statement.fails else ""
    return f"{said}{_reference(call.name) if call.noted else ''}"


def unlike(note: Note, part: str) -> str:
    """What is printed after a value that is not as findings.toml expects; its unit and its day are not in question."""
    return f"[not as expected: {note.expected}]" if note.expected and part in ("", "low", "high", "interval") else ""


def verdict(statement: Statement) -> str:
    """What is printed after words that do not hold."""
    return f"[{'does not hold' if statement.holds is False else 'can not be told'}: {statement.reason}]"


def _reference(name: str) -> str:
    return f"[^{note_label(name)}]"


def _block(call: Call, filled: Filled, figures: Mapping[str, FigureWords], cautions: Sequence[str]) -> str:
    if call.kind == "cautions":
        return "\n".join(f"- {literal(each)}" for each in cautions)
    if call.kind == "figure":
        return _figure(call.name, figures[call.name])
    return _table(filled.tables[call.name])


def _figure(name: str, words: FigureWords) -> str:
    title = literal(f"Figure {words.number}. {words.title}")
    if words.reason:
        return f"{title}\n\n{literal(f'[can not be drawn: {words.reason}]')}"
    # Within the caption: a figure may be moved to where a page has room for it.
    return f"![{title}{f'. {_listed(words)}' if words.href else ''}](figures/{name}.svg)"


def _table(grid: Grid) -> str:
    caption = f"{literal(grid.caption)}{_reference(grid.name)}"
    if not grid.columns:
        return f"{caption}\n\n{literal(lacking(grid.name))}"
    rows = [grid.columns, *grid.rows]
    lines = ["| " + " | ".join(literal(cell) or " " for cell in row) + " |" for row in rows]
    rule = "| " + " | ".join("---:" if each else ":---" for each in grid.numeric) + " |"
    return "\n".join([caption, "", lines[0], rule, *lines[1:]])


def _note(one: Note) -> str:
    interval = f" (95 per cent interval {one.interval})" if one.interval else ""
    events = _listed(one) if one.href else ""
    head = f"`{one.name}`: {literal(f'{one.value}{interval}')}."
    parts = [head, literal(one.words), literal(one.data), events]
    return f"[^{note_label(one.name)}]: " + " ".join(part for part in parts if part)


def _events(number: int) -> str:
    return f"{number:,} {'event' if number == 1 else 'events'}"


def _listed(one: Note | FigureWords) -> str:
    return f"{one.counted}: [{one.href}]({one.href})."


def _sentence(text: str) -> str:
    said = text.strip()
    return said if said.endswith((".", "!", "?", ".”")) else f"{said}."
