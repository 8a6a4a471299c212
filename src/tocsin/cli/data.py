"""Commands on a desk's data: load files, look at loads, at rows set aside and at the rows behind an event."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli.options import DatasetOption, DeskOption, JsonOption, WaitOption, day
from tocsin.cli.program import app
from tocsin.cli.screen import screen, show_rows, tell, tell_error, working
from tocsin.errors import DeskError, QuestionError, SourceError, StoreError, did_you_mean
from tocsin.visible import escaped, visible


@app.command(epilog="Example: tocsin add ged251.csv acled.xlsx log.csv --mapping log.toml")
def add(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Event files: ACLED, UCDP GED, GDELT (also a folder of its files), or any table with a mapping; or lists of withdrawn "
            "events, as ACLED gives them."
        ),
    ],
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
    covers: Annotated[
        str | None,
        typer.Option(
            metavar="FIRST..LAST",
            help="The days that the files cover, for all the desk's countries: days without events are zeros. Default: from the first "
            "event in a country to the last; for GDELT, as the names of its files tell.",
        ),
    ] = None,
    covers_country: Annotated[
        list[str] | None,
        typer.Option(help="With --covers: only for this country (ISO 3166 alpha-3 code); repeat for several."),
    ] = None,
    withdrawn: Annotated[
        str | None,
        typer.Option(
            metavar="DATASET",
            help="The files list ids of events that were withdrawn from this data set. ACLED's own lists need no such word.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was loaded as JSON.")] = False,
    desk: DeskOption = Path(),
    wait: WaitOption = 10.0,
) -> None:
    """Load files: each becomes a vintage of its data set. All of a file is loaded, or nothing of it.

    Of a folder of GDELT's files, those that were not loaded before become one vintage.

    A list of withdrawn events closes the events that it names, and is a vintage of its own.
    """
    from tocsin.desk import find_desk, read_desk
    from tocsin.ingest import add as add_file
    from tocsin.report.export import as_json
    from tocsin.schema import span_of

    opened = read_desk(find_desk(desk))
    declared = span_of(covers) if covers else None
    loaded, failed = [], False
    for path in files:
        with working(path.name) as progress:
            try:
                added = add_file(
                    opened,
                    path,
                    mapping=mapping,
                    dated=day(dated),
                    complete=complete,
                    covers=declared,
                    covers_countries=tuple(code.upper() for code in covers_country) if covers_country else None,
                    withdrawn_from=withdrawn,
                    wait_seconds=wait,
                    progress=lambda name, rows: progress(f"{name}: {rows:,} rows read"),
                )
            except (SourceError, DeskError, StoreError, QuestionError) as error:
                failed = True
                tell_error(error)
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
                "listed": added.listed.counts if added.listed else None,
                "already_loaded": added.already,
                "form": vintage.form,
                "unread_columns": list(added.unread),
                "remarks": list(added.remarks),
            }
        )
        _tell_added(loaded[-1])
    if json:
        print(as_json(loaded))
    if failed:
        raise typer.Exit(1)


def _tell_added(one: dict[str, Any]) -> None:
    if one["already_loaded"]:
        tell(f"{one['file']}: loaded before, as vintage {one['vintage']} of {one['dataset']}. Nothing changed.")
        return
    start = f"{one['file']}: vintage {one['vintage']} of {one['dataset']} ({one['form']}). {one['rows']:,} rows read = "
    if listed := one["listed"]:
        tell(
            f"{start}{listed['withdrawn']:,} events withdrawn + {listed['unknown']:,} unknown + {listed['before']:,} withdrawn before + "
            f"{listed['since']:,} given again since + {one['rejects']:,} set aside."
        )
    else:
        tell(
            f"{start}{one['events']:,} events + {one['rejects']:,} set aside. "
            f"New {one['added']:,}, changed {one['changed']:,}, withdrawn {one['withdrawn']:,}."
        )
    if one["rejects"]:
        tell(f"  See why rows were set aside: tocsin rejects --vintage {one['vintage']}")
    if one["unread_columns"]:
        named, more = one["unread_columns"][:6], len(one["unread_columns"]) - 6
        tell(
            f"  Columns not made use of (kept in the file): {', '.join(named)}{f' and {more} more' if more > 0 else ''}"
        )
    for remark in one["remarks"]:
        tell(remark, mark="  [yellow]Note[/]  ")


@app.command(epilog="Example: tocsin vintages --json")
def vintages(desk: DeskOption = Path(), json: JsonOption = False) -> None:
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
    show_rows(screen(), rows)


@app.command(epilog="Example: tocsin rejects --vintage 2 --format csv > rejects.csv")
def rejects(
    vintage: Annotated[int | None, typer.Option(help="Only those of one vintage.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only those of one data set.")] = None,
    form: Annotated[str, typer.Option("--format", help="text, csv or json.")] = "text",
    desk: DeskOption = Path(),
) -> None:
    """The rows that were set aside, with file, line, column, value and reason."""
    import polars as pl

    from tocsin.desk import find_desk, read_desk
    from tocsin.report.export import as_json, harmless
    from tocsin.store import open_store

    if form not in ("text", "csv", "json"):
        raise QuestionError(f'there is no format "{form}"', next_step=did_you_mean(form, ["text", "csv", "json"]))
    with open_store(read_desk(find_desk(desk)).memory) as store:
        known = store.datasets()
        if dataset is not None and dataset not in known:
            raise QuestionError(f'no data set "{dataset}" is loaded', next_step=did_you_mean(dataset, known))
        numbers = [each.number for each in store.vintages(dataset)]
        if vintage is not None and vintage not in numbers:
            whose = f' of "{dataset}"' if dataset else ""
            raise QuestionError(
                f"there is no vintage {vintage}{whose}", next_step="See which there are: tocsin vintages"
            )
        found = store.rejects(vintage).filter(pl.col("vintage").is_in(numbers))
    if form == "csv":
        sys.stdout.write(harmless(found).write_csv())
    elif form == "json":
        print(as_json(found.to_dicts()))
    elif found.is_empty():
        tell("No row was set aside.")
    else:
        for row in found.iter_rows(named=True):
            place = f"line {row['line']}" if row["line"] else f"row {row['row']}"
            column = f", {row['column']} = {row['value']!r}" if row["column"] else ""
            print(visible(f"{row['file']}, {place}{column}: {row['reason']} [{row['kind']}]"))


@app.command(epilog="Example: tocsin mapping log.csv > log.toml")
def mapping(file: Annotated[Path, typer.Argument(help="A table of events: CSV, XLSX or Parquet.")]) -> None:
    """Draft a mapping for a table that no known format fits, from its columns and values."""
    from tocsin.sources import draft

    sys.stdout.write(escaped(draft(file)))


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

    with working("reading") as progress:
        loaded = rebuild_store(
            read_desk(find_desk(desk)), progress=lambda name, rows: progress(f"{name}: {rows:,} rows read")
        )
    tell(f"Rebuilt from {len(loaded)} {'file' if len(loaded) == 1 else 'files'}.")
