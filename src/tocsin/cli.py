"""The command line: data go to standard output, all else to standard error; exit code 0, 1 (the user can mend it) or 2 (usage)."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tocsin import __version__
from tocsin.errors import DeskError, QuestionError, SourceError, StoreError, TocsinError, did_you_mean

if TYPE_CHECKING:
    from tocsin.catalogue import Asked

app = typer.Typer(
    name="tocsin",
    help="Conflict-event data turned into a security assessment whose every number can be recomputed.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)
told = Console(stderr=True, highlight=False)

DeskOption = Annotated[Path, typer.Option("--desk", help="The desk's folder, or one inside it.", show_default="here")]
DatasetOption = Annotated[str | None, typer.Option(help="Which data set to count; two are never added together.")]
AsOfOption = Annotated[
    dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Take the data as they stood on that day.")
]
WaitOption = Annotated[float, typer.Option(min=0, help="Seconds to wait for another process to let go of the desk.")]


def main() -> None:
    """Run the command line; an error of the user's is a sentence, never a traceback."""
    try:
        app()
    except TocsinError as error:
        told.print(f"[bold red]Error[/]  {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output went away
        sys.exit(0)
    except KeyboardInterrupt:
        told.print("Stopped. Nothing was left half done.")
        sys.exit(1)


def _version(asked: bool) -> None:
    if asked:
        print(f"tocsin {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Conflict-event data turned into a security assessment whose every number can be recomputed."""


@app.command(epilog="Example: tocsin new syria --country SYR")
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    country: Annotated[list[str], typer.Option(help="ISO 3166 alpha-3 code; repeat for several.")],
    title: Annotated[str, typer.Option(help="Title of the report.")] = "",
) -> None:
    """Make a desk: a folder with a desk.toml to fill in."""
    from tocsin.report.draft import draft_desk

    written = draft_desk(folder, countries=country, title=title)
    told.print(f"Made {escape(str(written))}. Next: cd {escape(str(folder))}, then tocsin add FILE")


@app.command(epilog="Example: tocsin add ged251.csv acled.xlsx log.csv --mapping log.toml")
def add(
    files: Annotated[list[Path], typer.Argument(help="Event files: ACLED, UCDP GED, or any table with a mapping.")],
    mapping: Annotated[Path | None, typer.Option(help="Mapping for the files that no known format fits.")] = None,
    dated: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day as of which the files give the data; default: today."),
    ] = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete", help="The files hold every row of their countries and days: what they lack was withdrawn."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was loaded as JSON.")] = False,
    desk: DeskOption = Path(),
    wait: WaitOption = 10.0,
) -> None:
    """Load files: each becomes a vintage of its data set. All of a file is loaded, or nothing of it."""
    from tocsin.desk import find_desk, read_desk
    from tocsin.ingest import add as add_file
    from tocsin.report.export import as_json

    opened = read_desk(find_desk(desk))
    loaded, failed = [], []
    for path in files:
        with working(path.name) as tell:
            try:
                added = add_file(
                    opened,
                    path,
                    mapping=mapping,
                    dated=dated.date() if dated else None,
                    complete=complete,
                    wait_seconds=wait,
                    progress=lambda name, rows: tell(f"{name}: {rows:,} rows read"),
                )
            except (SourceError, DeskError, StoreError) as error:
                failed.append(error)
                told.print(f"[bold red]Error[/]  {escape(str(error))}", soft_wrap=True)
                continue
        vintage = added.vintage
        loaded.append(
            {
                "file": str(path),
                "source": vintage.source,
                "dataset": vintage.dataset,
                "vintage": vintage.number,
                "rows": vintage.rows,
                "events": vintage.events,
                "rejects": vintage.rejects,
                "added": 0 if added.already else vintage.added,
                "changed": 0 if added.already else vintage.changed,
                "withdrawn": 0 if added.already else vintage.withdrawn,
                "already_loaded": added.already,
                "form": vintage.form,
                "unread_columns": list(added.unread),
            }
        )
        _tell_added(loaded[-1])
    if json:
        print(as_json(loaded))
    if failed:
        raise typer.Exit(1)


def _tell_added(one: dict[str, Any]) -> None:
    if one["already_loaded"]:
        told.print(
            f"{escape(one['file'])}: loaded before, as vintage {one['vintage']} of {one['dataset']}. Nothing changed."
        )
        return
    told.print(
        f"{escape(one['file'])}: vintage {one['vintage']} of [bold]{escape(one['dataset'])}[/] ({escape(one['form'])}). "
        f"{one['rows']:,} rows read = {one['events']:,} events + {one['rejects']:,} set aside. "
        f"New {one['added']:,}, changed {one['changed']:,}, withdrawn {one['withdrawn']:,}.",
        soft_wrap=True,
    )
    if one["rejects"]:
        told.print(f"  See why rows were set aside: tocsin rejects --vintage {one['vintage']}")
    if one["unread_columns"]:
        told.print(
            f"  Columns not made use of (kept in the file): {escape(', '.join(one['unread_columns']))}", soft_wrap=True
        )


@app.command(epilog="Example: tocsin status")
def status(desk: DeskOption = Path(), as_of: AsOfOption = None) -> None:
    """What is loaded, what it covers, and what is missing for which question."""
    from tocsin.desk import find_desk, read_desk
    from tocsin.report.status import status_of

    with_desk = read_desk(find_desk(desk))
    out = _screen()
    out.print(f"[bold]{escape(with_desk.title)}[/]")
    for part in status_of(with_desk, as_of=_day(as_of)):
        out.print(f"\n[bold]{escape(part.heading)}[/]")
        for note in part.notes:
            out.print(escape(note), soft_wrap=True)
        _print_rows(out, part.rows)


@app.command(epilog="Example: tocsin report --as-of 2022-08-01")
def report(desk: DeskOption = Path(), dataset: DatasetOption = None, as_of: AsOfOption = None) -> None:
    """Build out/report.html and the figures in every format."""
    from tocsin.desk import find_desk, read_desk
    from tocsin.report import build

    opened = read_desk(find_desk(desk))
    with working("reading the data") as tell:
        built = build(opened, dataset=dataset, as_of=_day(as_of), progress=lambda name: tell(f"drawing {name}"))
    told.print(f"Wrote {escape(str(built.page))} with {len(built.figures)} figures.", soft_wrap=True)
    for name, reason in built.failed:
        told.print(f"[yellow]Not made[/]  {escape(name)}: {escape(reason)}", soft_wrap=True)


QuestionArgument = Annotated[
    str, typer.Argument(help="weekly, concentration, spread, proximity, comparison, actors or filters.")
]
GroupOption = Annotated[list[str] | None, typer.Option(help="A group of the desk; several make one line each.")]
ByOption = Annotated[
    str | None, typer.Option(help="A column: one line for each of its values (event_type, admin1, …).")
]
WindowOption = Annotated[list[str] | None, typer.Option(help="A window of the desk; repeat for several.")]
ThresholdOption = Annotated[
    list[float] | None, typer.Option(min=0, help="Distance in km that parts near from far; repeat for more classes.")
]
WeekOption = Annotated[str | None, typer.Option(help="The day on which weeks begin, in English.")]
AverageOption = Annotated[str | None, typer.Option(help="trailing or centred.")]
WeeksOption = Annotated[int | None, typer.Option(min=1, max=104, help="Weeks in the moving average.")]
LevelOption = Annotated[str | None, typer.Option(help="unit_code, or cell_3 (large) to cell_6 (small).")]


@app.command(epilog="Example: tocsin figure weekly --group IS -o weekly.svg")
def figure(
    question: QuestionArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A file: .svg .png .pdf .html .json (Vega-Lite) .csv (the numbers)")
    ],
    group: GroupOption = None,
    by: ByOption = None,
    window: WindowOption = None,
    threshold: ThresholdOption = None,
    week_starts: WeekOption = None,
    average: AverageOption = None,
    average_weeks: WeeksOption = None,
    level: LevelOption = None,
    title: Annotated[str, typer.Option(help="Title of the figure.")] = "",
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Draw one figure. The file's suffix says in which form."""
    from tocsin.catalogue import ask, draw, open_desk
    from tocsin.figures.write import write
    from tocsin.report.export import FORMATS, export
    from tocsin.writing import write_whole

    asked = _asked(question, group, by, window, threshold, week_starts, average, average_weeks, level, title)
    numbers = output.suffix.lower().lstrip(".") in set(FORMATS) - {"json"}
    with working("counting"), open_desk(desk, dataset=dataset, as_of=_day(as_of)) as subject:
        answer = ask(subject, question, asked)
        if numbers:
            write_whole(output, export(answer, form=output.suffix.lower().lstrip(".")))
        else:
            write(draw(subject, question, asked, answer), output)
    told.print(f"Wrote {escape(str(output))}.", soft_wrap=True)


@app.command(epilog="Example: tocsin table proximity --threshold 10 --format csv")
def table(
    question: QuestionArgument,
    form: Annotated[str, typer.Option("--format", help="csv, json, parquet or xlsx.")] = "csv",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file, instead of standard output.")] = None,
    group: GroupOption = None,
    by: ByOption = None,
    window: WindowOption = None,
    threshold: ThresholdOption = None,
    week_starts: WeekOption = None,
    average: AverageOption = None,
    average_weeks: WeeksOption = None,
    level: LevelOption = None,
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Print the numbers that answer one question; what they count is told on standard error."""
    from tocsin.catalogue import ask, open_desk
    from tocsin.report.export import export
    from tocsin.writing import write_whole

    asked = _asked(question, group, by, window, threshold, week_starts, average, average_weeks, level, "")
    with working("counting"), open_desk(desk, dataset=dataset, as_of=_day(as_of)) as subject:
        answer = ask(subject, question, asked)
        content = export(answer, form=form)
    told.print(f"{escape(answer.title)}. {escape(answer.subtitle)}.", soft_wrap=True)
    for sentence in answer.sentences():
        told.print(escape(sentence), soft_wrap=True)
    if output:
        write_whole(output, content)
        return
    if form in ("parquet", "xlsx") and sys.stdout.isatty():
        raise QuestionError(f"{form} is not for a screen", next_step=f"Name a file: -o {question}.{form}")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@app.command(epilog="Example: tocsin vintages --json")
def vintages(
    desk: DeskOption = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Every load of every data set: file, digest, date of the data, rows, what was new, changed and withdrawn."""
    from dataclasses import asdict

    from tocsin.desk import find_desk, read_desk
    from tocsin.report.export import as_json
    from tocsin.store import open_store

    with open_store(read_desk(find_desk(desk)).memory) as store:
        loaded = store.vintages()
    if json:
        print(as_json([asdict(each) for each in loaded]))
        return
    rows = [
        {
            "vintage": each.number,
            "data set": each.dataset,
            "file": each.file,
            "digest": each.digest[:12],
            "data as of": f"{each.data_date}{'' if each.dated else ' (loaded)'}",
            "rows": each.rows,
            "events": each.events,
            "set aside": each.rejects,
            "new": each.added,
            "changed": each.changed,
            "withdrawn": each.withdrawn,
            "days": f"{each.span.first} to {each.span.last}" if each.span else "none",
        }
        for each in loaded
    ]
    _print_rows(_screen(), rows)


@app.command(epilog="Example: tocsin rejects --vintage 2 --format csv > rejects.csv")
def rejects(
    vintage: Annotated[int | None, typer.Option(help="Only those of one vintage.")] = None,
    form: Annotated[str, typer.Option("--format", help="text, csv or json.")] = "text",
    desk: DeskOption = Path(),
) -> None:
    """The rows that were set aside, with file, line, column, value and reason."""
    from tocsin.desk import find_desk, read_desk
    from tocsin.report.export import as_json, harmless
    from tocsin.store import open_store

    if form not in ("text", "csv", "json"):
        raise QuestionError(f'there is no format "{form}"', next_step=did_you_mean(form, ["text", "csv", "json"]))
    with open_store(read_desk(find_desk(desk)).memory) as store:
        found = store.rejects(vintage)
    if form == "csv":
        sys.stdout.write(harmless(found).write_csv())
    elif form == "json":
        print(as_json(found.to_dicts()))
    elif found.is_empty():
        told.print("No row was set aside.")
    else:
        for row in found.iter_rows(named=True):
            place = f"line {row['line']}" if row["line"] else f"row {row['row']}"
            column = f", {row['column']} = {row['value']!r}" if row["column"] else ""
            print(f"{row['file']}, {place}{column}: {row['reason']} [{row['kind']}]")


@app.command(epilog="Example: tocsin mapping log.csv > log.toml")
def mapping(file: Annotated[Path, typer.Argument(help="A table of events: CSV, XLSX or Parquet.")]) -> None:
    """Draft a mapping for a table that no known format fits, from its columns and values."""
    from tocsin.sources import draft

    sys.stdout.write(draft(file))


@app.command(epilog="Example: tocsin event AFG12345")
def event(
    event_id: Annotated[str, typer.Argument(help="The publisher's id, or the one that Tocsin made.")],
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
) -> None:
    """The raw rows behind one event, one a version, as the loaded files have them (JSON)."""
    from tocsin.desk import find_desk, read_desk
    from tocsin.ingest import raw_rows
    from tocsin.report.export import as_json

    print(as_json(raw_rows(read_desk(find_desk(desk)), event_id, dataset=dataset)))


@app.command(epilog="Example: tocsin rebuild")
def rebuild(desk: DeskOption = Path()) -> None:
    """Make the desk's store anew from the files that it kept."""
    from tocsin.desk import find_desk, read_desk
    from tocsin.ingest import rebuild as rebuild_store

    with working("reading") as tell:
        loaded = rebuild_store(
            read_desk(find_desk(desk)), progress=lambda name, rows: tell(f"{name}: {rows:,} rows read")
        )
    told.print(f"Rebuilt from {len(loaded)} files.")


@contextlib.contextmanager
def working(doing: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error what is being done and for how long; gone when it is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=told, transient=True, disable=not told.is_terminal) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda text: progress.update(task, description=text)


def _asked(
    question: str,
    group: list[str] | None,
    by: str | None,
    window: list[str] | None,
    threshold: list[float] | None,
    week_starts: str | None,
    average: str | None,
    average_weeks: int | None,
    level: str | None,
    title: str,
) -> Asked:
    from tocsin.catalogue import Asked
    from tocsin.desk import WEEKDAYS

    if week_starts and week_starts.capitalize() not in WEEKDAYS:
        raise QuestionError(f'"{week_starts}" is not a day of the week', next_step=did_you_mean(week_starts, WEEKDAYS))
    if average and average not in ("trailing", "centred"):
        raise QuestionError(f'"{average}" is not a moving average', next_step="It is trailing or centred.")
    several = group is not None and len(group) > 1 and question in ("weekly", "comparison")
    if group and len(group) > 1 and not several:
        raise QuestionError(f'"{question}" takes one group', next_step="Ask once for each.")
    return Asked(
        group=group[0] if group and not several else None,
        groups=tuple(group) if group and several else (),
        by=by,
        windows=tuple(window or ()),
        near_km=tuple(sorted(threshold or ())),
        week_starts=week_starts.capitalize() if week_starts else None,
        average=average,
        average_weeks=average_weeks,
        level=level,
        title=title,
    )


def _day(instant: dt.datetime | None) -> dt.date | None:
    return instant.date() if instant else None


def _screen() -> Console:
    """Standard output; wide enough for any table where it is not a screen."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 240)


def _print_rows(out: Console, rows: list[dict[str, Any]]) -> None:
    """Rows as a table; numbers to the right."""
    if not rows:
        return
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name, value in rows[0].items():
        shown.add_column(name, justify="right" if isinstance(value, int) else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(f"{value:,}" if isinstance(value, int) else escape(str(value)) for value in row.values()))
    out.print(shown)


if __name__ == "__main__":
    main()
