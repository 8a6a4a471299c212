"""Commands on a desk as a whole: make one, look at its state, build its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.options import AsOfOption, DatasetOption, DeskOption, day
from tocsin.cli.program import app
from tocsin.cli.screen import screen, show, show_rows, tell, tell_text, working
from tocsin.errors import FindingError, QuestionError

if TYPE_CHECKING:
    from tocsin.report.reproduced import Reproduced

MOST_SHOWN = 30


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
    from_manifest: Annotated[
        Path | None,
        typer.Option(
            help="Build the report of this manifest.json again, in rebuilt/, and hold it against what is pinned."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The folder to write: an output that lies there is replaced.", show_default="out"),
    ] = None,
) -> None:
    """Build out/report.html and the figures in every format.

    If the data can not give one of them, the page says why in its place, and the exit code is 1.

    From a manifest, the report is built on the data that are pinned there and on nothing loaded since; if a number or a file does not
    come out as pinned, to the last bit, the exit code is 1.
    """
    from tocsin.desk import find_desk, read_desk
    from tocsin.report import build

    if from_manifest:
        if dataset or as_of or allow_missing:
            raise QuestionError(
                "a manifest says itself which data are counted, and what was missing",
                where="--from-manifest",
                next_step="Leave out --dataset, --as-of and --allow-missing.",
            )
        _reproduce(find_desk(desk), from_manifest, out)
        return
    opened = read_desk(find_desk(desk))
    with working("reading the data") as progress:
        built = build(opened, dataset=dataset, as_of=day(as_of), out=out, progress=progress)
    tell(f"Wrote {built.page} with {_figures(len(built.figures), asked=built.asked)}.")
    for name, reason in built.failed:
        tell(f"{name}: {reason}", mark="[yellow]Not made[/]  ")
    if built.assessment:
        tell(f"Wrote {', '.join(name for name in built.assessment.files if '/' not in name)} beside it.")
        wrong = built.assessment.failing
        tell_text(typed=built.assessment.typed, wrong=wrong)
        if wrong:
            raise FindingError(
                f"{len(wrong)} of the findings and statements {'does' if len(wrong) == 1 else 'do'} not hold",
                where=str(built.page.parent),
                next_step="See what moved: tocsin check",
            )
    if built.failed and not allow_missing:
        raise QuestionError(
            f"the report lacks {', '.join(name for name, _ in built.failed)}",
            where=str(built.page),
            next_step="Mend the cause told above and build again, or take the report as it is: tocsin report --allow-missing",
        )


def _reproduce(folder: Path, path: Path, out: Path | None) -> None:
    """Build the report of a manifest again, and say what is not as pinned."""
    from tocsin.report.reproduced import reproduce

    with working("reading the manifest") as progress:
        made = reproduce(folder, path, out=out, progress=progress)
    tell(f"Wrote {made.page} from {path}.")
    for name in made.copies:
        tell(
            f"{name} of the desk is another now: the copy that lies beside the manifest was taken.",
            mark="[yellow]Copy taken[/]  ",
        )
    for each in made.words:
        tell(
            f"{each.name} is {'another now' if each.now else 'gone'}, and was left out.",
            mark="[yellow]Not as pinned[/]  ",
        )
    for each in made.differences[:MOST_SHOWN]:
        tell(str(each), mark="[red]Not as pinned[/]  ")
    for each in made.beside[:MOST_SHOWN]:
        tell(f"{each.name} beside the manifest was changed.", mark="[red]Not as pinned[/]  ")
    unsaid = max(0, len(made.differences) - MOST_SHOWN) + max(0, len(made.beside) - MOST_SHOWN)
    if unsaid:
        tell(f"… and {unsaid:,} more")
    if made.absent:
        more = f" and {len(made.absent) - 3} more" if len(made.absent) > 3 else ""
        tell(f"No longer beside the manifest: {', '.join(made.absent[:3])}{more}.")
    for each in made.software:
        tell(str(each), mark="[yellow]Other version[/]  ")
    wrong = _wrong(made)
    if wrong:
        raise FindingError(f"not as pinned: {', '.join(wrong)}", where=str(path), next_step=_likely(made))
    counts = {"number": made.numbers, "file": made.files}
    whole = [f"{count:,} {of}{'' if count == 1 else 's'}" for of, count in counts.items() if count]
    tell(f"All {' and '.join(whole)} are as pinned, to the last bit.")


def _wrong(made: Reproduced) -> list[str]:
    """How many of what are not as pinned."""
    counts = {
        f"of {made.numbers:,} numbers": made.differing("findings"),
        f"of {made.files:,} files": made.differing("outputs"),
        "of the loads of data": made.differing("vintages"),
        "of the files beside the manifest": len(made.beside),
    }
    return [f"{count:,} {of}" for of, count in counts.items() if count]


def _likely(made: Reproduced) -> str:
    """What is likely to have made the difference, and what to do about it."""
    if not made.differences:
        return "The report comes out as pinned: what lies beside the manifest was changed since."
    if made.software:
        return "Other versions of the software can do that: install those that the manifest names, and run the command again."
    if made.words:
        return f"Take back {' and '.join(each.name for each in made.words)} as of then, and run the command again."
    return "Data, definitions and versions are as pinned: see whether the manifest, or the software itself, was changed by hand."


def _figures(made: int, *, asked: int) -> str:
    """How many figures: 7 figures, 6 of 7 figures."""
    figures = f"{asked} figure{'' if asked == 1 else 's'}"
    return figures if made == asked else f"{made} of {figures}"
