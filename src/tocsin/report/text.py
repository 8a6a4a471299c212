"""What does the analyst's text call? report.md read into Markdown tokens and calls of findings, figures and sources, each with its place.

Each call lies within the Markdown as a token of its own, so that no value that is put in its place is ever read as Markdown or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import Any, Literal, NoReturn

from markdown_it import MarkdownIt
from markdown_it.common.utils import MD_TRIM_CHARS
from markdown_it.helpers import parseLinkLabel
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, backtick, entity, escape, image, link
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

from tocsin.errors import FindingError, did_you_mean
from tocsin.findings.definition import NAME, PARTS, Finding
from tocsin.findings.evaluation import known
from tocsin.findings.expectation import Expectation, parse_expectation
from tocsin.findings.picking import parse_take

FILE_NAME = "report.md"
OPAQUE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in Text.prose for what is no running text: calls, code, addresses, references."""

_CALL = re.compile(r"\{([^{}]*)\}")
# Where other readers of Markdown see a block of HTML even within code or an address.
_HTML_LINE = re.compile(r"\n[ \t]*(<)(?!https?:|mailto:|[^<>\s]*@)", re.IGNORECASE)
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SCHEMES = ("http", "https", "mailto")
_HIDDEN = re.compile(r"%(?:2e|2f|5c|3a)", re.IGNORECASE)
_BESIDE = re.compile(r"[^/\\:?#\s][^\\:?#\r\n\t]*(?:#\S*)?")
_OWN = "reading"
_NESTING = 100  # what stands deeper than that, the reader of Markdown drops in silence; see _check_depth
DEEPEST = 10
"""So many lists and quotations may stand in each other, and so many emphases: not every output can print more."""
_FORMS = "{before.mean}, [fivefold]{fall: 4.5 to 5.5}, [18 per cent]{quoted: un}, {figure: figure-1}, {table: NAME}, {cautions}"

Kind = Literal["value", "statement", "quoted", "figure", "table", "cautions"]
Rule = Callable[[StateInline, bool], bool]


@dataclass(frozen=True)
class Call:
    """One call of the text.

    Args:
        kind: What is called.
        name: The finding, the figure's id, or the footnote's label; empty for the cautions.
        line, column: Where it begins, from 1.
        start, end: The same as offsets in Text.source; `end` is that of the character after it.
        part: Of a value, one of PARTS; empty for the value itself.
        words: Offsets of the bound words, without their brackets; None where there are none.
        test: What is held against the finding; None where its own test is.
        in_note: Whether it stands in a footnote of the text.
    """

    kind: Kind
    name: str
    line: int
    column: int
    start: int
    end: int
    part: str = ""
    words: tuple[int, int] | None = None
    test: Expectation | None = None
    in_note: bool = False

    @property
    def noted(self) -> bool:
        """Whether a reference to the finding's footnote follows. A footnote has none, for it can not have footnotes in every output."""
        return self.kind in ("value", "statement", "table") and self.part != "unit" and not self.in_note


@dataclass(frozen=True)
class Text:
    """report.md as read.

    Args:
        source: The text, with line ends as one line feed each.
        where: Names it in errors.
        calls: In the order in which they stand.
        tokens: Of Markdown, as markdown-it has them, and of calls: "called_value"; "called_open" and "called_close" round bound words;
            "called_block" for figures, tables and cautions, with a table's reference to its footnote as a child. The meta "call" is
            the number of the call in `calls`. A "called_note" is what a finding's footnote says; its meta "name" is the finding.
        env: What markdown-it needs to render the tokens.
        prose: As long as `source`: its running text in place, blanks for the rest, OPAQUE for calls, code, addresses and references.
            What stands in footnotes and quotations is left out.
        acting: Offsets of characters of running text that other readers of Markdown take for HTML or formulas.
        headings: Offsets at which the words of headings begin.
    """

    source: str
    where: str
    calls: tuple[Call, ...]
    tokens: tuple[Token, ...] = field(repr=False, compare=False)
    env: Mapping[str, Any] = field(repr=False, compare=False)
    prose: str = field(repr=False)
    acting: tuple[int, ...] = field(repr=False)
    headings: tuple[int, ...] = field(repr=False)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset in the source."""
        return _place(self.source, offset)

    @property
    def titled(self) -> bool:
        """Whether it begins with a heading of the first order."""
        return bool(self.tokens) and self.tokens[0].type == "heading_open" and self.tokens[0].tag == "h1"


def parse(text: str, *, findings: Mapping[str, Finding], figures: Collection[str], where: str = FILE_NAME) -> Text:
    """Read the text of a report.

    Args:
        findings: Those of the desk by name.
        figures: Ids of the desk's figures.
        where: Names the text in errors.

    Raises:
        FindingError: a call is not understood or names what is not there, the text has an image or an address that is not allowed, or
            it stands too deep; with line and column.
    """
    source = re.sub(r"\r\n?", "\n", text).replace("\0", "\N{REPLACEMENT CHARACTER}")
    reading = _Reading(source, where, findings, tuple(figures))
    env: dict[str, Any] = {_OWN: reading}
    tokens = dialect().parse(source, env)
    _check_depth(reading, tokens)
    _check_code(reading, tokens)
    prose, acting = reading.prose()
    return Text(source, where, tuple(reading.calls), tuple(tokens), env, prose, acting, tuple(reading.headings))


def note_label(name: str) -> str:
    """The label of a finding's footnote; no two findings have the same."""
    return f"f-{name.replace('.', '-')}"


@cache
def dialect() -> MarkdownIt:
    """The Markdown of a report: CommonMark with tables, footnotes and struck words, without HTML and images, and with calls."""
    md = MarkdownIt("commonmark", {"html": False, "maxNesting": _NESTING})
    md.enable(["table", "strikethrough"]).use(footnote_plugin, inline=False)
    # Addresses are looked at in _link, where it is known where they stand.
    md.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005
    md.core.ruler.at("inline", _inlines)
    md.core.ruler.after("inline", "called_blocks", _called_blocks)
    for name, rule in (("backticks", backtick), ("escape", escape), ("footnote_ref", _footnote)):
        md.inline.ruler.at(name, _opaque(rule))
    for name, rule in (("link", link), ("autolink", autolink)):
        md.inline.ruler.at(name, _link(rule))
    md.inline.ruler.at("entity", _entity)
    md.inline.ruler.at("image", _image)
    md.inline.ruler.before("link", "called_value", _value)
    md.inline.ruler.before("link", "called_words", _words)
    # A note that is referred to again keeps its number.
    md.add_render_rule("footnote_caption", lambda _self, tokens, at, _options, _env: f"[{tokens[at].meta['id'] + 1}]")
    return md


# What is known while a text is read


@dataclass
class _Run:
    """The text of one paragraph, heading or cell.

    Args:
        at: The offset in the source of each character, and of the end.
        opaque: Spans that are no running text.
        exempt: In a footnote or a quotation.
    """

    content: str
    at: Sequence[int]
    opaque: list[tuple[int, int]] = field(default_factory=list)
    exempt: bool = False

    def seen(self) -> str:
        """The content with OPAQUE in the place of all that is no running text."""
        letters = list(self.content)
        for start, end in self.opaque:
            letters[start:end] = OPAQUE * (end - start)
        return "".join(letters)


@dataclass
class _Reading:
    """What is found while a text is read."""

    source: str
    where: str
    findings: Mapping[str, Finding]
    figures: tuple[str, ...]
    calls: list[Call] = field(default_factory=list)
    runs: list[_Run] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    """Finding -> number of its footnote."""
    cells: dict[int, int] = field(default_factory=dict)
    """Line -> column at which the next cell of its table begins, or later."""
    headings: list[int] = field(default_factory=list)
    in_note: bool = False

    def __post_init__(self) -> None:
        self.lines = self.source.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def fault(self, offset: int, what: str, next_step: str = "") -> NoReturn:
        """Raise an error that names the place of an offset in the source."""
        raise FindingError(what, where=self.place(offset), next_step=next_step)

    def no_note_in_note(self, offset: int) -> NoReturn:
        self.fault(offset, "a footnote can not refer to a footnote", "Name the source again, or say it in the text.")

    def place(self, offset: int) -> str:
        line, column = _place(self.source, offset)
        return f"{self.where}:{line}:{column}"

    def source_at(self, position: int) -> int:
        """The offset in the source of a position in the run that is being read."""
        return self.runs[-1].at[position]

    def prose(self) -> tuple[str, tuple[int, ...]]:
        """See Text: prose and acting."""
        letters = ["\n" if letter == "\n" else " " for letter in self.source]
        acting = []
        for run in self.runs:
            for offset, letter in zip(run.at, run.seen(), strict=False):
                if letter in "<$":
                    acting.append(offset)
                if letter != "\n" and not run.exempt:
                    letters[offset] = letter
        return "".join(letters), tuple(acting)


def _place(source: str, offset: int) -> tuple[int, int]:
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


# Rules for the whole text


def _inlines(state: StateCore) -> None:
    """Read the text of each paragraph, heading and cell, knowing where in the source it stands."""
    reading: _Reading = state.env[_OWN]
    for label, reference in state.env.get("references", {}).items():
        _check_address(reading, reading.starts[reference["map"][0]], reference["href"], label)
    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.type.startswith("footnote_reference_"):
            reading.in_note = token.nesting == 1
        if token.type != "inline":
            continue
        cell = before is not None and before.type in ("th_open", "td_open")
        first = token.map[0] if token.map else 0
        at = _cell_offsets(reading, token.content, first) if cell else _offsets(reading, token.content, first)
        reading.runs.append(_Run(token.content, at, exempt=reading.in_note))
        token.meta["run"] = len(reading.runs) - 1
        if before is not None and before.type == "heading_open":
            reading.headings.append(at[0])
        token.children = state.md.inline.parse(token.content, state.md, state.env, [])
        _check_run(reading)
    _exempt_quotations(reading, state.tokens)


def _offsets(reading: _Reading, content: str, first: int) -> list[int]:
    """The source offset of each character of a paragraph or heading, whose lines are the ends of lines of the source."""
    at: list[int] = []
    parts = content.split("\n")
    while parts[0] not in reading.lines[first] and first + len(parts) < len(reading.lines):
        first += 1  # a line of nothing but blanks, which Markdown leaves out
    for number, part in enumerate(parts, start=first):
        line, starts = reading.lines[number], reading.starts[number]
        lead = 0
        if not line.endswith(part):  # blanks were taken off the end, or those before it were counted anew
            line, stripped = line.rstrip(MD_TRIM_CHARS), part.strip(MD_TRIM_CHARS)
            lead = len(part) - len(part.lstrip(MD_TRIM_CHARS))
            column = len(line) - len(stripped) if line.endswith(stripped) else line.rfind(stripped)
        else:
            column = len(line) - len(part)
        begins = starts + max(column, 0)
        at += [max(begins - before, starts) for before in range(lead, 0, -1)]
        at += range(begins, begins + len(part) - lead + 1)
    return at


def _cell_offsets(reading: _Reading, content: str, number: int) -> list[int]:
    """Likewise of a cell, in which a written \\| stands for a |."""
    line, written = reading.lines[number], content.replace("|", "\\|")
    if number not in reading.cells:
        container = re.match(r"[ \t>]*(?:(?:[-+*]|[0-9]+[.)])[ \t>]+)*", line)
        reading.cells[number] = container.end() if container else 0
    begins = max(line.find(written, reading.cells[number]), 0)
    reading.cells[number] = begins + len(written)
    at = []
    offset = reading.starts[number] + begins
    for letter in content:
        at.append(offset)
        offset += 2 if letter == "|" else 1
    return [*at, offset]


def _check_run(reading: _Reading) -> None:
    """Raise where braces or footnotes of a run were not understood."""
    run = reading.runs[-1]
    seen = run.seen()
    if (brace := seen.find("{")) >= 0:
        reading.fault(run.at[brace], "a brace is not closed", f"Calls are written so: {_FORMS}. A brace itself: \\{{")
    for line in _HTML_LINE.finditer(run.content):
        if seen[line.start(1)] == OPAQUE:
            reading.fault(
                run.at[line.start(1)], "a line of code or of an address begins with <", "Join it to the line above."
            )
    if found := re.search(r"\[\^([^\]\s]+)\]", seen):
        reading.fault(
            run.at[found.start()],
            f'there is no footnote "{found[1]}"',
            f"Define it in a line of its own: [^{found[1]}]: who, where, when",
        )


def _exempt_quotations(reading: _Reading, tokens: Sequence[Token]) -> None:
    """A block quotation that ends in a reference to a footnote of the text is a quotation of a source."""
    opened: list[list[Token]] = []
    for token in tokens:
        if token.type == "blockquote_open":
            opened.append([])
        elif token.type == "inline":
            for each in opened:
                each.append(token)
        elif token.type == "blockquote_close":
            inside = opened.pop()
            last = inside[-1].children[-1:] if inside and inside[-1].children else []
            if last and last[0].type == "footnote_ref" and "name" not in last[0].meta:
                for quoted in inside:
                    reading.runs[quoted.meta["run"]].exempt = True


def _called_blocks(state: StateCore) -> None:
    """Figures, tables and cautions take the place of the paragraph in which they stand alone."""
    reading: _Reading = state.env[_OWN]
    tokens: list[Token] = []
    skipped = -1
    for number, token in enumerate(state.tokens):
        blocks = [each for each in token.children or () if each.type == "called_block"]
        if blocks:
            call = reading.calls[blocks[0].meta["call"]]
            alone = token.content == reading.source[call.start : call.end]
            if not alone or token.level != 1 or tokens[-1].type != "paragraph_open":
                reading.fault(
                    call.start,
                    f"{{{call.kind}}} does not stand alone"
                    if not call.name
                    else f"{{{call.kind}: …}} does not stand alone",
                    "Give it a paragraph of its own, outside lists, quotations and footnotes.",
                )
            blocks[0].children = [each for each in token.children or () if each.type == "footnote_ref"]
            tokens[-1] = blocks[0]
            skipped = number + 1
        elif number != skipped:
            tokens.append(token)
    state.tokens = tokens


def _check_depth(reading: _Reading, tokens: Sequence[Token]) -> None:
    """Raise where more lists and quotations, or emphases, stand in each other than every output can print."""
    depth = 0
    for token in tokens:
        if token.type in ("blockquote_open", "bullet_list_open", "ordered_list_open"):
            depth += 1
            if depth > DEEPEST and token.map:
                _too_deep(reading, reading.starts[token.map[0]], "lists and quotations")
        elif token.type in ("blockquote_close", "bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "inline" and max(accumulate(each.nesting for each in token.children or [token])) > DEEPEST:
            _too_deep(reading, reading.runs[token.meta["run"]].at[0], "emphases")


def _too_deep(reading: _Reading, offset: int, what: str) -> NoReturn:
    reading.fault(offset, f"more than {DEEPEST} {what} stand in each other", "Take some of them out.")


def _check_code(reading: _Reading, tokens: Sequence[Token]) -> None:
    """Raise where a block of code is left open (it would swallow the footnotes that are put below the text), or names a raw format."""
    for token in tokens:
        if token.type == "fence" and token.map:
            first, after = token.map
            last = reading.lines[min(after, len(reading.lines)) - 1].strip(" \t>")
            if after - first < 2 or not last.startswith(token.markup):
                reading.fault(reading.starts[first], "a block of code is not closed", f"Close it with {token.markup}")
            if token.info.strip().startswith("{"):
                # Other programs take what follows {=html} for live HTML when they read assessment.md.
                reading.fault(
                    reading.starts[first],
                    f'a block of code can not begin with "{token.info.strip()}"',
                    "Name a language without brackets, or none.",
                )


# Rules for running text


def _opaque(rule: Rule) -> Rule:
    """The same rule; what it takes is no running text."""

    def marking(state: StateInline, silent: bool) -> bool:
        start = state.pos
        done = rule(state, silent)
        if done and not silent:
            state.env[_OWN].runs[-1].opaque.append((start, state.pos))
        return done

    return marking


def _footnote(state: StateInline, silent: bool) -> bool:
    start = state.pos
    found = footnote_ref(state, silent)
    reading: _Reading = state.env[_OWN]
    if found and not silent and reading.in_note:
        reading.no_note_in_note(reading.source_at(start))
    return found


def _entity(state: StateInline, silent: bool) -> bool:
    """A character by its name or number is no running text, unless it is a digit in disguise."""
    start = state.pos
    done = entity(state, silent)
    if done and not silent and not state.tokens[-1].content.isnumeric():
        state.env[_OWN].runs[-1].opaque.append((start, state.pos))
    return done


def _image(state: StateInline, silent: bool) -> bool:
    start = state.pos
    found = image(state, True)
    if found and not silent:
        reading: _Reading = state.env[_OWN]
        named = reading.figures[0] if reading.figures else "figure-1"
        reading.fault(
            reading.source_at(start),
            "a picture can not be put into the text",
            f"Call a figure of the desk in a paragraph of its own: {{figure: {named}}}",
        )
    return found


def _link(rule: Rule) -> Rule:
    """The same rule; only addresses that can do no harm are let through, and they are no running text."""

    def checking(state: StateInline, silent: bool) -> bool:
        start, tokens = state.pos, len(state.tokens)
        label = parseLinkLabel(state, start, True) if state.src[start] == "[" and not silent else start - 1
        done = rule(state, silent)
        if done and not silent:
            reading: _Reading = state.env[_OWN]
            href = next(each for each in state.tokens[tokens:] if each.type == "link_open").attrs["href"]
            _check_address(reading, reading.source_at(start), str(href), state.src[start : state.pos])
            reading.runs[-1].opaque.append((label + 1, state.pos))
        return done

    return checking


def _check_address(reading: _Reading, offset: int, href: str, shown: str) -> None:
    scheme = _SCHEME.match(href)
    if scheme and scheme[1].lower() not in _SCHEMES:
        reading.fault(
            offset,
            f'"{shown}" links to an address that begins with {scheme[1]}:',
            f"Link to {', '.join(f'{each}:' for each in _SCHEMES)} or to a file beside the report.",
        )
    if not scheme and not href.startswith("#") and not lies_beside(href):
        reading.fault(
            offset,
            f'"{shown}" links to what does not lie beside the report',
            "A link without https: leads to a file in the folder of the report or below it: no leading /, no .. and no \\.",
        )


def lies_beside(address: str) -> bool:
    """Whether an address without a scheme is that of a file in the folder of the report or below it."""
    # A browser takes %2e%2e/ for ../ too.
    return (
        not _HIDDEN.search(address)
        and bool(_BESIDE.fullmatch(address))
        and ".." not in address.partition("#")[0].split("/")
    )


def _value(state: StateInline, silent: bool) -> bool:
    """{before.mean}, {figure: figure-1}, {cautions}."""
    if state.src[state.pos] != "{":
        return False
    found = _CALL.match(state.src, state.pos, state.posMax)
    if found is None:
        return False  # told by _check_run
    if not silent:
        number = _called(state, found, begins=state.pos)
        call = state.env[_OWN].calls[number]
        block = call.kind in ("figure", "table", "cautions")
        state.push("called_block" if block else "called_value", "", 0).meta = {"call": number}
        state.env[_OWN].runs[-1].opaque.append(found.span())
        _refer(state, call)
    state.pos = found.end()
    return True


def _words(state: StateInline, silent: bool) -> bool:
    """[fivefold]{fall: 4.5 to 5.5}, [18 per cent]{quoted: un}."""
    start, end = state.pos, state.posMax
    if state.src[start] != "[" or state.src[start + 1 : start + 2] == "^":
        return False
    close = parseLinkLabel(state, start)
    found = _CALL.match(state.src, close + 1, end) if close >= 0 else None
    if found is None:
        return False
    if not silent:
        number = _called(state, found, begins=start, words=(start + 1, close))
        call = state.env[_OWN].calls[number]
        state.push("called_open", "", 1).meta = {"call": number}
        state.env[_OWN].runs[-1].opaque += [(start, start + 1), (close, found.end())]
        if call.kind == "quoted":
            state.env[_OWN].runs[-1].opaque.append((start + 1, close))
        state.pos, state.posMax = start + 1, close
        state.md.inline.tokenize(state)
        state.posMax = end
        state.push("called_close", "", -1).meta = {"call": number}
        _refer(state, call)
    state.pos = found.end()
    return True


def _refer(state: StateInline, call: Call) -> None:
    """The reference to a footnote after a call: to a source's, or to the finding's own, which is made with its first call."""
    if not call.noted and call.kind != "quoted":
        return
    reading: _Reading = state.env[_OWN]
    footnotes = state.env.setdefault("footnotes", {"refs": {}, "list": {}})
    notes = footnotes.setdefault("list", {})
    if call.kind == "quoted":
        label, number = call.name, footnotes["refs"][f":{call.name}"]
    else:
        label, number = note_label(call.name), reading.notes.get(call.name, -1)
    if number < 0:
        number = len(notes)
        notes[number] = {"label": label, "count": 0}
        if call.kind == "quoted":
            footnotes["refs"][f":{label}"] = number
        else:
            reading.notes[call.name] = number
            note = Token("called_note", "", 0, meta={"name": call.name})
            notes[number] |= {"content": "", "tokens": [note]}
    own = {} if call.kind == "quoted" else {"name": call.name}
    token = state.push("footnote_ref", "", 0)
    token.meta = {"id": number, "subId": notes[number]["count"], "label": label, **own}
    notes[number]["count"] += 1


# What a call says


def _called(state: StateInline, found: re.Match[str], *, begins: int, words: tuple[int, int] | None = None) -> int:
    """Read a call, and give its number."""
    reading: _Reading = state.env[_OWN]
    start = reading.source_at(begins)
    if state.linkLevel:
        reading.fault(start, "a call can not stand in the words of a link", "Put it before or after the link.")
    if words is not None and not state.src[words[0] : words[1]].strip():
        reading.fault(start, "there are no words between the brackets", f"Calls are written so: {_FORMS}.")
    kind, name, part, test = _understood(reading, found[1], offset=start, bound=words is not None)
    if kind == "quoted" and reading.in_note:
        reading.no_note_in_note(start)
    if kind == "quoted" and f":{name}" not in state.env.get("footnotes", {}).get("refs", {}):
        labels = [each[1:] for each in state.env.get("footnotes", {}).get("refs", {})]
        reading.fault(
            start,
            f'there is no footnote "{name}"',
            did_you_mean(name, labels) if labels else f"Define it: [^{name}]: …",
        )
    if kind in ("value", "statement") and f":{note_label(name)}" in state.env.get("footnotes", {}).get("refs", {}):
        reading.fault(
            start, f'the footnote "{note_label(name)}" has the label of this finding', "Give it another label."
        )
    if kind == "figure" and any(each.kind == "figure" and each.name == name for each in reading.calls):
        reading.fault(start, f'the figure "{name}" is called already', "Call each figure once.")
    line, column = _place(reading.source, start)
    end = reading.source_at(found.end())
    spanned = None if words is None else (reading.source_at(words[0]), reading.source_at(words[1]))
    reading.calls.append(Call(kind, name, line, column, start, end, part, spanned, test, reading.in_note))
    return len(reading.calls) - 1


def _understood(reading: _Reading, said: str, *, offset: int, bound: bool) -> tuple[Kind, str, str, Expectation | None]:
    """Kind, name, part and test of what stands between braces."""
    key, colon, rest = (part.strip() for part in said.partition(":"))
    rest = " ".join(rest.split())
    if key == "quoted" and colon:
        if not bound:
            reading.fault(offset, "what is quoted is missing", f"Write [18 per cent]{{quoted: {rest}}}")
        return "quoted", rest.removeprefix("^"), "", None
    if not bound and key == "cautions" and not colon:
        return "cautions", "", "", None
    if not bound and key == "figure" and colon:
        if rest not in reading.figures:
            reading.fault(offset, f'there is no figure "{rest}"', did_you_mean(rest, reading.figures))
        return "figure", rest, "", None
    if not bound and key == "table" and colon:
        known(rest, reading.findings, where=reading.place(offset))
        if reading.findings[rest].rows is None:
            reading.fault(
                offset, f'"{rest}" is no table', f"Write {{{rest}}}, or give the finding rows = 5 instead of take."
            )
        return "table", rest, "", None
    if not re.fullmatch(NAME, key):
        reading.fault(
            offset, f'"{{{said}}}" is not understood', f"Calls are written so: {_FORMS}. A brace itself: \\{{"
        )
    name, part = _name_and_part(reading, key, offset)
    if not bound:
        if colon:
            reading.fault(offset, "a test is bound to words, and there are none", f"Write [WORDS]{{{key}: {rest}}}")
        _check_printable(reading, name, part, offset)
        return "value", name, part, None
    if part:
        reading.fault(offset, f'a test is held against a finding, not against its "{part}"', f"Write {{{name}: …}}")
    return "statement", name, "", _test(reading, rest, offset) if colon else None


def _name_and_part(reading: _Reading, key: str, offset: int) -> tuple[str, str]:
    if key in reading.findings:
        return key, ""
    name, _, part = key.rpartition(".")
    if name in reading.findings:
        if part not in PARTS:
            near = did_you_mean(part, PARTS)
            reading.fault(offset, f'there is no finding "{key}", and "{name}" has no part "{part}"', near)
        return name, part
    known(name if name and part in PARTS else key, reading.findings, where=reading.place(offset))
    raise AssertionError(key)


def _check_printable(reading: _Reading, name: str, part: str, offset: int) -> None:
    """Raise where a finding has no such part, or is no single value."""
    finding = reading.findings[name]
    if part in ("low", "high", "interval") and finding.low is None:
        reading.fault(
            offset, f'"{name}" has no interval', "Give the finding low and high, where the question has them."
        )
    if part == "unit" and not finding.unit_printed:
        reading.fault(offset, f'"{name}" has no unit', 'Give the finding one: unit = "incidents a week"')
    if part in ("as_of", "events") and finding.value is not None:
        reading.fault(offset, f'"{name}" is a cited value: it has no data', "Call its value, or quote its source.")
    if part:
        return
    if finding.rows is not None:
        reading.fault(offset, f'"{name}" is a table', f"Give it a paragraph of its own: {{table: {name}}}")
    if finding.take is not None and parse_take(finding.take).summary == "by":
        reading.fault(offset, f'"{name}" is a series, not one value', f"Bind words to it: [rising]{{{name}: rising}}")


def _test(reading: _Reading, said: str, offset: int) -> Expectation:
    test = parse_expectation(said, where=reading.place(offset))
    for name in test.names:
        known(name, reading.findings, where=reading.place(offset))
    return test
