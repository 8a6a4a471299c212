"""A finding in every way of counting, as a table with its words and as a picture."""

from __future__ import annotations

from typing import Any

from tocsin.catalogue import Answer, Subject
from tocsin.errors import FindingError
from tocsin.findings.expectation import parse_expectation
from tocsin.findings.ways import Ways, spoken
from tocsin.schema import ended


def answer_of(subject: Subject, ways: Ways, *, title: str = "") -> Answer:
    """The table of all ways with the words that go with it."""
    unit = ways.found.finding.unit_printed
    return Answer(
        question="ways",
        table=ways.table,
        title=title or ways.found.finding.label or _capitalised(spoken(ways.found.name)),
        subtitle=f"{unit[:1].upper()}{unit[1:]}{', in' if unit else 'In'} every combination of reasonable choices",
        definition=ended(ways.sentence),
        notes=(ways.most,) if ways.most else (),
        about=subject.events.about,
        beside=ways.found.beside,
    )


def draw_ways(subject: Subject, ways: Ways, *, title: str = "") -> Any:
    """The specification curve of a finding: an Altair chart.

    Raises:
        FindingError: the finding is a name or a series, which has no curve.
    """
    from tocsin.figures.caption import Caption  # noqa: PLC0415 (plotting takes long to import)
    from tocsin.figures.specification import Expected, specification_curve  # noqa: PLC0415

    if not ways.numeric:
        raise FindingError(
            f"{ways.found.name} is no number, so its ways have no curve",
            next_step=f"Its table: tocsin ways {ways.found.name}",
        )
    answer = answer_of(subject, ways, title=title)
    caption = Caption(
        title=answer.title,
        subtitle=answer.subtitle,
        notes=(answer.definition, *answer.notes),
        source=answer.source,
        synthetic=answer.about.synthetic,
    )
    band = _bounds(ways)
    return specification_curve(
        ways.table,
        choices=[choice.name for choice in ways.choices],
        caption=caption,
        unit=ways.found.finding.unit,
        expected=Expected(*band, words=f"expected: {ways.expected}") if band else None,
    )


def _bounds(ways: Ways) -> tuple[float | None, float | None] | None:
    """The values at which a test holds, where it is written in plain numbers."""
    written = ways.found.finding.expect
    test = parse_expectation(written) if written else None
    if test is None or test.kind not in ("between", "compared"):
        return None
    try:
        bounds = [float(operand.text) for operand in test.operands]
    except ValueError:
        return None
    if test.kind == "between":
        return bounds[0], bounds[1]
    return {"<": (None, bounds[0]), ">": (bounds[0], None)}.get(test.symbol[0])


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]
