"""Commands on a desk's findings: check them against the data, and sign them off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.options import AsOfOption, DatasetOption, DeskOption, JsonOption, day
from tocsin.cli.program import app
from tocsin.cli.screen import screen, show_rows, tell, tell_text, working
from tocsin.errors import FindingError

if TYPE_CHECKING:
    from tocsin.findings import Checked, Signed
    from tocsin.findings.check import Verdict
    from tocsin.report.filled import Filled


@app.command(epilog="Example: tocsin check --as-of 2022-08-01")
def check(
    desk: DeskOption = Path(), dataset: DatasetOption = None, as_of: AsOfOption = None, as_json: JsonOption = False
) -> None:
    """Hold every finding, and every statement of report.md, against the data: holds, drifted, broken or can not be computed.

    Beside the value now stand the value when it was signed off and why it moved. The exit code is 1 if a statement does not hold.
    Numbers that were typed into report.md by hand are pointed out.
    """
    from tocsin.findings.check import gone
    from tocsin.findings.opening import open_findings
    from tocsin.report.assessment import check_text, failing, tested
    from tocsin.report.export import as_json as json_of

    with working("reading the data") as progress, open_findings(desk, dataset=dataset, as_of=day(as_of)) as opened:
        opened.evaluation.worked_out(progress)
        checked, signed = opened.check(), opened.signed
        filled, by_hand = check_text(opened.evaluation)
        several = len(opened.evaluation.subject.events.about.vintages) > 1
        lost = gone(opened.evaluation.found, tested(filled), signed=signed) if signed else []
    wrong = failing(checked, filled)
    if as_json:
        whole = _whole(checked, filled, signed=signed, typed=by_hand)
        print(json_of({"holds": not wrong, **whole, "signed_and_gone": lost}))
    else:
        show_rows(screen(), list(_grouped(checked)))
    if signed:
        tell(f"Signed by {signed.signed_by} on {signed.signed_at:%Y-%m-%d}, with version {signed.tocsin}.")
        if lost:
            tell(f"Signed, and no longer tested: {'; '.join(lost)}.")
    else:
        tell("Nothing is signed off yet: tocsin sign --who NAME")
    tell_text(typed=by_hand, wrong=wrong)
    summary = _summary(checked, filled, typed=len(by_hand))
    if wrong:
        step = "Mend the text or the definition"
        raise FindingError(
            summary,
            next_step=f"{step}, or look at what the newest data changed: tocsin diff" if several else f"{step}.",
        )
    tell(f"{summary}.")


@app.command(epilog='Example: tocsin sign --who "A. Analyst"')
def sign(
    who: Annotated[str | None, typer.Option(help="Who answers for it: a name or an alias.")] = None,
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Record the findings as they are now as signed off: values, definitions, vintages and version, in signed.json.

    Nothing is signed while a statement does not hold.
    """
    name = (who or "").strip()
    if not name:
        # Not the name of the user of the machine: what is signed is read by others, and who signs chooses how.
        raise FindingError("who signs?", next_step='Say your name or an alias: tocsin sign --who "A. Analyst"')
    from tocsin.findings import signed_now, write_signed
    from tocsin.findings.opening import open_findings
    from tocsin.report.assessment import check_text, failing, tested

    with working("reading the data") as progress, open_findings(desk, dataset=dataset, as_of=day(as_of)) as opened:
        found = opened.evaluation.worked_out(progress)
        filled, _ = check_text(opened.evaluation)
        wrong = [place for place, _ in failing(opened.check(), filled)]
        if wrong:
            raise FindingError(
                f"not signed: {', '.join(wrong)} {'does' if len(wrong) == 1 else 'do'} not hold",
                next_step="See why: tocsin check",
            )
        signed = signed_now(
            opened.evaluation,
            tested(filled),
            who=name,
            at=dt.datetime.now(dt.UTC),
            as_of=day(as_of),
        )
        path = write_signed(opened.evaluation.subject.desk.folder, signed)
    tell(f"Signed {len(found)} findings as {name}: {path}. Keep it under version control.")


_SAID: Mapping[Verdict, str] = {
    "can not be computed": "can not be computed",
    "broken": "broken",
    "drifted": "drifted",
    "holds": "hold",
}
"""The verdicts, the most urgent first, as they are said of several findings."""
_STAND = {"does not hold": "do not hold", "has no test": "have no test", "holds": "hold"}
"""How statements stand, likewise."""


def _grouped(checked: Sequence[Checked]) -> Iterator[dict[str, Any]]:
    """A row for each finding: those that do not hold first, then those that drifted; an empty row between groups."""
    blank = False
    for verdict in _SAID:
        group = [_row(each) for each in checked if each.verdict == verdict]
        if group and blank:
            yield dict.fromkeys(group[0], "")
        yield from group
        blank = blank or bool(group)


def _row(checked: Checked) -> dict[str, Any]:
    one = checked.found
    # Of those that do not hold, what was expected is told below the table, beside each.
    why = [one.reason or (checked.moved.sentence() if checked.moved else "")]
    if checked.test_was is not None:
        why.append(f"expected when signed: {checked.test_was or 'nothing'}; now: {one.finding.expect or 'nothing'}")
    elif one.finding.expect and not why[0]:
        why.append(f"expected: {one.finding.expect}")
    return {
        "finding": one.name,
        "verdict": checked.verdict,
        "now": one.with_unit or "–",
        "signed": checked.signed.printed if checked.signed else "–",
        "why": "; ".join(filter(None, why)),
    }


def _whole(
    checked: Sequence[Checked], filled: Filled | None, *, signed: Signed | None, typed: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """All that a check found, for programs; places are of report.md: line and column."""
    statements = filled.statements if filled else ()
    missing = filled.missing if filled else ()
    return {
        "signed": {"by": signed.signed_by, "at": signed.signed_at, "version": signed.tocsin} if signed else None,
        "findings": [_row(each) for each in checked],
        "statements": [
            {"place": each.place, "words": each.words, "finding": each.name, "test": each.test, "holds": each.holds}
            | {"why": each.reason}
            for each in statements
        ],
        "not_printed": [{"place": each.place, "call": each.call, "why": each.reason} for each in missing],
        "typed_by_hand": [{"place": place, "words": words} for place, words in typed],
    }


def _summary(checked: Sequence[Checked], filled: Filled | None, *, typed: int) -> str:
    """How many findings and statements there are, and how they stand."""
    parts = [_counted("finding", [each.verdict for each in checked], _SAID)]
    if filled and filled.statements:
        stand = [
            "does not hold" if each.fails else "holds" if each.holds else "has no test" for each in filled.statements
        ]
        parts.append(_counted("statement", stand, _STAND))
    if filled and filled.missing:
        parts.append(f"calls that can not be printed: {len(filled.missing):,}")
    if typed:
        parts.append(f"numbers typed by hand: {typed:,}")
    return "; ".join(parts)


def _counted(what: str, stand: Sequence[str], said: Mapping[Any, str]) -> str:
    """How many there are, and how many of them stand how: 17 statements: 4 do not hold, 13 hold."""
    counts = [(stand.count(each), each, of_several) for each, of_several in said.items() if each in stand]
    parts = [f"{count:,} {each if count == 1 else of_several}" for count, each, of_several in counts]
    return f"{len(stand):,} {what}{'' if len(stand) == 1 else 's'}: {', '.join(parts)}"
