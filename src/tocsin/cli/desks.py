"""Commands on a desk as a whole: make one, look at its state, build its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.options import AsOfOption, DatasetOption, DeskOption, day
from tocsin.cli.program import app
from tocsin.cli.screen import screen, show, show_rows, tell, tell_text, working
from tocsin.errors import FindingError, QuestionError


@app.command(epilog="Example: tocsin new syria --country SYR")
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    country: Annotated[list[str], typer.Option(help="ISO 3166 alpha-3 code; repeat for several.")],
    title: Annotated[str, typer.Option(help="Title of the report.")] = "",
) -> None:
    """Make a desk: a folder with a desk.toml to fill in."""
    from tocsin.report.draft import draft_desk

    written = draft_desk(folder, countries=country, title=title)
    tell(f"Made {written}. Next: cd {folder}, then tocsin add FILE")


@app.command(epilog="Example: tocsin status")
def status(desk: DeskOption = Path(), as_of: AsOfOption = None) -> None:
    """What is loaded, what it covers, and what is missing for which question."""
    from tocsin.desk import find_desk, read_desk
    from tocsin.report.status import status_of

    opened = read_desk(find_desk(desk))
    parts = status_of(opened, as_of=day(as_of))
    out = screen()
    show(out, opened.title, bold=True)
    for part in parts:
        out.print()
        show(out, part.heading, bold=True)
        for note in part.notes:
            show(out, note)
        show_rows(out, part.rows)


@app.command(epilog="Example: tocsin report --as-of 2022-08-01")
def report(
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_of: AsOfOption = None,
    allow_missing: Annotated[
        bool,
        typer.Option(
            "--allow-missing", help="End with 0 though the data can not give a figure or a table: the page says why."
        ),
    ] = False,
) -> None:
    """Build out/report.html and the figures in every format.

    If the data can not give one of them, the page says why in its place, and the exit code is 1.
    """
    from tocsin.desk import find_desk, read_desk
    from tocsin.report import build

    opened = read_desk(find_desk(desk))
    with working("reading the data") as progress:
        built = build(opened, dataset=dataset, as_of=day(as_of), progress=lambda name: progress(f"drawing {name}"))
    tell(f"Wrote {built.page} with {_figures(len(built.figures), asked=built.asked)}.")
    for name, reason in built.failed:
        tell(f"{name}: {reason}", mark="[yellow]Not made[/]  ")
    if built.assessment:
        tell(f"Wrote {', '.join(name for name in built.assessment.files if '/' not in name)} beside it.")
        wrong = built.assessment.failing
        tell_text(typed=built.assessment.typed, wrong=wrong)
        if wrong:
            raise FindingError(
                f"{len(wrong)} {'statement does' if len(wrong) == 1 else 'statements do'} not hold; the report marks them",
                where=str(built.page.parent),
                next_step="See what moved: tocsin check",
            )
    if built.failed and not allow_missing:
        raise QuestionError(
            f"the report lacks {', '.join(name for name, _ in built.failed)}",
            where=str(built.page),
            next_step="Mend the cause told above and build again, or take the report as it is: tocsin report --allow-missing",
        )


def _figures(made: int, *, asked: int) -> str:
    """How many figures: 7 figures, 6 of 7 figures."""
    figures = f"{asked} figure{'' if asked == 1 else 's'}"
    return figures if made == asked else f"{made} of {figures}"
