"""What does a call say? Its kind, name, part and test, or why it is not understood."""

from __future__ import annotations

import re

from markdown_it.rules_inline import StateInline

from tocsin.errors import did_you_mean
from tocsin.findings.definition import NAME, PARTS
from tocsin.findings.evaluation import known
from tocsin.findings.expectation import Expectation, parse_expectation
from tocsin.findings.picking import parse_take
from tocsin.report.calls import FORMS, Call, Kind, note_label
from tocsin.report.places import OWN, Reading, place_of


def called(state: StateInline, found: re.Match[str], *, begins: int, words: tuple[int, int] | None = None) -> int:
    """Read a call, and give its number."""
    reading: Reading = state.env[OWN]
    start = reading.source_at(begins)
    if state.linkLevel:
        reading.fault(start, "a call can not stand in the words of a link", "Put it before or after the link.")
    if words is not None and not state.src[words[0] : words[1]].strip():
        reading.fault(start, "there are no words between the brackets", f"Calls are written so: {FORMS}.")
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
    line, column = place_of(reading.source, start)
    end = reading.source_at(found.end())
    spanned = None if words is None else (reading.source_at(words[0]), reading.source_at(words[1]))
    reading.calls.append(Call(kind, name, line, column, start, end, part, spanned, test, reading.in_note))
    return len(reading.calls) - 1


def _understood(reading: Reading, said: str, *, offset: int, bound: bool) -> tuple[Kind, str, str, Expectation | None]:
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
        reading.fault(offset, f'"{{{said}}}" is not understood', f"Calls are written so: {FORMS}. A brace itself: \\{{")
    name, part = _name_and_part(reading, key, offset)
    if not bound:
        if colon:
            reading.fault(offset, "a test is bound to words, and there are none", f"Write [WORDS]{{{key}: {rest}}}")
        _check_printable(reading, name, part, offset)
        return "value", name, part, None
    if part:
        reading.fault(offset, f'a test is held against a finding, not against its "{part}"', f"Write {{{name}: …}}")
    return "statement", name, "", _test(reading, rest, offset) if colon else None


def _name_and_part(reading: Reading, key: str, offset: int) -> tuple[str, str]:
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


def _check_printable(reading: Reading, name: str, part: str, offset: int) -> None:
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


def _test(reading: Reading, said: str, offset: int) -> Expectation:
    test = parse_expectation(said, where=reading.place(offset))
    for name in test.names:
        known(name, reading.findings, where=reading.place(offset))
    return test
