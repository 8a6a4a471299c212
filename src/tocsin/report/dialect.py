"""Which Markdown may a report be written in? CommonMark without what not every output can print safely, and with calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import NoReturn

from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkLabel
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, backtick, entity, escape, image, link
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

from tocsin.report.calls import FORMS, Call, note_label
from tocsin.report.places import OPAQUE, OWN, Reading, Run, cell_offsets, offsets
from tocsin.report.understood import called

_CALL = re.compile(r"\{([^{}]*)\}")
# Where other readers of Markdown see a block of HTML even within code or an address.
_HTML_LINE = re.compile(r"\n[ \t]*(<)(?!https?:|mailto:|[^<>\s]*@)", re.IGNORECASE)
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SCHEMES = ("http", "https", "mailto")
_HIDDEN = re.compile(r"%(?:2e|2f|5c|3a)", re.IGNORECASE)
_BESIDE = re.compile(r"[^/\\:?#\s][^\\:?#\r\n\t]*(?:#\S*)?")
_NESTING = 100  # what stands deeper than that, the reader of Markdown drops in silence; see _check_depth
DEEPEST = 10
"""So many lists and quotations may stand in each other, and so many emphases: not every output can print more."""

Rule = Callable[[StateInline, bool], bool]


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


# Rules for the whole text


def _inlines(state: StateCore) -> None:
    """Read the text of each paragraph, heading and cell, knowing where in the source it stands."""
    reading: Reading = state.env[OWN]
    for label, reference in state.env.get("references", {}).items():
        _check_address(reading, reading.starts[reference["map"][0]], reference["href"], label)
    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.type.startswith("footnote_reference_"):
            reading.in_note = token.nesting == 1
        if token.type != "inline":
            continue
        cell = before is not None and before.type in ("th_open", "td_open")
        first = token.map[0] if token.map else 0
        at = cell_offsets(reading, token.content, first) if cell else offsets(reading, token.content, first)
        reading.runs.append(Run(token.content, at, exempt=reading.in_note))
        token.meta["run"] = len(reading.runs) - 1
        if before is not None and before.type == "heading_open":
            reading.headings.append(at[0])
        token.children = state.md.inline.parse(token.content, state.md, state.env, [])
        _check_run(reading)
    _exempt_quotations(reading, state.tokens)


def _check_run(reading: Reading) -> None:
    """Raise where braces or footnotes of a run were not understood."""
    run = reading.runs[-1]
    seen = run.seen()
    if (brace := seen.find("{")) >= 0:
        reading.fault(run.at[brace], "a brace is not closed", f"Calls are written so: {FORMS}. A brace itself: \\{{")
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


def _exempt_quotations(reading: Reading, tokens: Sequence[Token]) -> None:
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
    reading: Reading = state.env[OWN]
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


def check_depth(reading: Reading, tokens: Sequence[Token]) -> None:
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


def _too_deep(reading: Reading, offset: int, what: str) -> NoReturn:
    reading.fault(offset, f"more than {DEEPEST} {what} stand in each other", "Take some of them out.")


def check_code(reading: Reading, tokens: Sequence[Token]) -> None:
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
            state.env[OWN].runs[-1].opaque.append((start, state.pos))
        return done

    return marking


def _footnote(state: StateInline, silent: bool) -> bool:
    start = state.pos
    found = footnote_ref(state, silent)
    reading: Reading = state.env[OWN]
    if found and not silent and reading.in_note:
        reading.no_note_in_note(reading.source_at(start))
    return found


def _entity(state: StateInline, silent: bool) -> bool:
    """A character by its name or number is no running text, unless it is a digit in disguise."""
    start = state.pos
    done = entity(state, silent)
    if done and not silent and not state.tokens[-1].content.isnumeric():
        state.env[OWN].runs[-1].opaque.append((start, state.pos))
    return done


def _image(state: StateInline, silent: bool) -> bool:
    start = state.pos
    found = image(state, True)
    if found and not silent:
        reading: Reading = state.env[OWN]
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
            reading: Reading = state.env[OWN]
            href = next(each for each in state.tokens[tokens:] if each.type == "link_open").attrs["href"]
            _check_address(reading, reading.source_at(start), str(href), state.src[start : state.pos])
            reading.runs[-1].opaque.append((label + 1, state.pos))
        return done

    return checking


def _check_address(reading: Reading, offset: int, href: str, shown: str) -> None:
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
        number = called(state, found, begins=state.pos)
        call = state.env[OWN].calls[number]
        block = call.kind in ("figure", "table", "cautions")
        state.push("called_block" if block else "called_value", "", 0).meta = {"call": number}
        state.env[OWN].runs[-1].opaque.append(found.span())
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
        number = called(state, found, begins=start, words=(start + 1, close))
        call = state.env[OWN].calls[number]
        state.push("called_open", "", 1).meta = {"call": number}
        state.env[OWN].runs[-1].opaque += [(start, start + 1), (close, found.end())]
        if call.kind == "quoted":
            state.env[OWN].runs[-1].opaque.append((start + 1, close))
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
    reading: Reading = state.env[OWN]
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
