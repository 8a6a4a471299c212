"""In how many ways of counting does a finding hold?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.options import AsOfOption, DatasetOption, DeskOption, JsonOption, day
from tocsin.cli.program import app
from tocsin.cli.screen import screen, show_rows, tell, working

if TYPE_CHECKING:
    from tocsin.findings.ways import Ways


@app.command(epilog='Example: tocsin ways fall --expect "> 3" -o fall.svg')
def ways(
    finding: Annotated[str, typer.Argument(help="A finding of findings.toml.")],
    expect: Annotated[
        str | None, typer.Option(help="The test to hold it against, if not its own: “4.5 to 5.5”, “> 0”.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="The specification curve (.svg .png .pdf .html .json), or each way (.csv .xlsx .parquet).",
        ),
    ] = None,
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count a finding in every combination of reasonable choices: in how many it holds, and which choice moves it most.

    The choices are usual ones, or those that desk.toml names.
    """
    from tocsin.catalogue import open_desk
    from tocsin.figures.write import write
    from tocsin.findings import read_findings
    from tocsin.findings.drawn import answer_of, draw_ways
    from tocsin.findings.ways import count_ways
    from tocsin.report.export import FORMATS, export
    from tocsin.report.export import as_json as json_of
    from tocsin.writing import write_whole

    with working("counting") as progress, open_desk(desk, dataset=dataset, as_of=day(as_of)) as subject:
        found = count_ways(
            subject,
            read_findings(subject.desk.folder),
            finding,
            expect=expect,
            progress=lambda done, of: progress(f"{done:,} of {of:,} ways"),
        )
        if output and output.suffix.lower().lstrip(".") in set(FORMATS) - {"json"}:
            write_whole(output, export(answer_of(subject, found), form=output.suffix.lower().lstrip(".")))
        elif output:
            write(draw_ways(subject, found), output)
    if as_json:
        whole = {"finding": finding, "says": found.sentence, "options": found.options.to_dicts()}
        print(json_of({**whole, "ways": found.table.to_dicts()}))
    else:
        show_rows(screen(), [_row(found, row) for row in found.options.to_dicts()])
    tell(f"{finding}: {found.sentence}.")
    if found.most:
        tell(found.most)
    if output:
        tell(f"Wrote {output}.")


def _row(ways: Ways, row: dict[str, Any]) -> dict[str, Any]:
    """An option as the screen shows it: where it holds, and what the value comes to over its ways."""
    shown = {"choice": row["choice"], "option": row["option"], "ways": row["ways"]}
    if ways.holding is not None:
        shown["holds in"] = row["holds"]
    if not ways.numeric:
        return {**shown, "as the desk has it": ways.printed(row["mean"])}
    return {**shown, **{name: ways.printed(row[name]) for name in ("lowest", "median", "highest")}}
