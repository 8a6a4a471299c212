"""Commands on a desk's findings: check them against the data, and sign them off."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.options import AsOfOption, DatasetOption, DeskOption, JsonOption, day
from tocsin.cli.program import app
from tocsin.cli.screen import screen, show_rows, tell, tell_text, working
from tocsin.errors import FindingError

if TYPE_CHECKING:
    from tocsin.findings import Checked


@app.command(epilog="Example: tocsin check --as-of 2022-08-01")
def check(
    desk: DeskOption = Path(), dataset: DatasetOption = None, as_of: AsOfOption = None, as_json: JsonOption = False
) -> None:
    """Hold every finding, and every statement of report.md, against the data: holds, drifted, broken or can not be computed.

    Beside the value now stand the value when it was signed off and why it moved. The exit code is 1 if a statement does not hold.
    Numbers that were typed into report.md by hand are pointed out.
    """
    from tocsin.findings.opening import open_findings
    from tocsin.report.assessment import check_text, failing
    from tocsin.report.export import as_json as json_of

    with working("reading the data") as progress, open_findings(desk, dataset=dataset, as_of=day(as_of)) as opened:
        opened.evaluation.worked_out(progress)
        checked, signed = opened.check(), opened.signed
        filled, by_hand = check_text(opened.evaluation)
    rows = [_row(each) for each in checked]
    if as_json:
        print(json_of(rows))
    else:
        show_rows(screen(), rows)
    if signed:
        tell(f"Signed by {signed.signed_by} on {signed.signed_at:%Y-%m-%d}, with version {signed.tocsin}.")
    else:
        tell("Nothing is signed off yet: tocsin sign")
    wrong = failing(checked, filled)
    tell_text(typed=by_hand, wrong=wrong)
    if wrong:
        raise FindingError(
            f"{len(wrong)} of the findings and statements {'does' if len(wrong) == 1 else 'do'} not hold",
            next_step="Mend the text or the definition, or look at what the data now say: tocsin diff",
        )


@app.command(epilog='Example: tocsin sign --who "A. Analyst"')
def sign(
    who: Annotated[str | None, typer.Option(help="Who answers for it; your user name if it is not said.")] = None,
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Record the findings as they are now as signed off: values, definitions, vintages and version, in signed.json.

    Nothing is signed while a statement does not hold.
    """
    from tocsin.findings import signed_now, write_signed
    from tocsin.findings.opening import open_findings
    from tocsin.report.assessment import check_text, failing

    with working("reading the data") as progress, open_findings(desk, dataset=dataset, as_of=day(as_of)) as opened:
        found = opened.evaluation.worked_out(progress)
        wrong = [place for place, _ in failing(opened.check(), check_text(opened.evaluation)[0])]
        if wrong:
            raise FindingError(
                f"not signed: {', '.join(wrong)} {'does' if len(wrong) == 1 else 'do'} not hold",
                next_step="See why: tocsin check",
            )
        name = who or getpass.getuser()
        signed = signed_now(
            found,
            plan=opened.evaluation.plan,
            desk=opened.evaluation.subject.desk,
            who=name,
            at=dt.datetime.now(dt.UTC),
            as_of=day(as_of),
        )
        path = write_signed(opened.evaluation.subject.desk.folder, signed)
    tell(f"Signed {len(found)} findings as {name}: {path}. Keep it under version control.")


def _row(checked: Checked) -> dict[str, Any]:
    one = checked.found
    why = one.reason or (checked.moved.sentence() if checked.moved else "")
    if not why and one.finding.expect:
        why = f"expected: {one.finding.expect}"
    return {
        "finding": one.name,
        "verdict": checked.verdict,
        "now": one.with_unit,
        "signed": checked.signed.printed if checked.signed else "–",
        "why": why,
    }
