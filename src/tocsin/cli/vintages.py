"""Commands on what changed between two states of the data, and on how complete the newest weeks are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.options import DatasetOption, DeskOption, JsonOption
from tocsin.cli.program import app
from tocsin.cli.screen import screen, show, show_rows, tell, working
from tocsin.errors import QuestionError

if TYPE_CHECKING:
    import polars as pl

    from tocsin.findings.effects import Effect

MOST_SHOWN = 30


@app.command(epilog="Example: tocsin diff 1 2")
def diff(
    before: Annotated[
        str | None,
        typer.Argument(
            help="The number of a vintage, or a day (2022-08-01): the state as then known.",
            show_default="the newest vintage but one",
        ),
    ] = None,
    after: Annotated[
        str | None, typer.Argument(help="The later one, likewise.", show_default="the newest vintage")
    ] = None,
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A CSV file for the ids of all events that differ.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What two states of the data say otherwise: rows by kind, by column, by month and by source, and the effect on every finding."""
    from tocsin.findings.effects import compare_states
    from tocsin.report.export import as_json as json_of
    from tocsin.report.export import harmless
    from tocsin.writing import write_whole

    with working("comparing"):
        compared = compare_states(desk, dataset=dataset, before=_state(before), after=_state(after))
    sides = [side[-1] for side in (compared.differences.before, compared.differences.after)]
    told = " against ".join(f"vintage {each.number} ({each.file}, as of {each.data_date})" for each in sides[::-1])
    tell(f"{compared.differences.dataset}: {told}.")
    moved = compared.differences
    parts = {"rows": moved.rows, "columns": moved.columns, "months": moved.months, "sources": moved.sources}
    if output:
        write_whole(output, harmless(moved.events).write_csv().encode())
        tell(f"Wrote the ids of {moved.events.height:,} events to {output}.")
    if as_json:
        tables: dict[str, Any] = {name: table.to_dicts() for name, table in parts.items()}
        print(json_of({**tables, "findings": [_effect(each) for each in compared.effects]}))
        return
    out = screen()
    if moved.events.is_empty():
        tell("No event differs.")
    for name, table in parts.items():
        if table.is_empty():
            continue
        show(out, name, bold=True)
        show_rows(out, _rows(_largest(table)))
        if table.height > MOST_SHOWN:
            show(out, f"… and {table.height - MOST_SHOWN} more, of fewer events each: --json has them all")
        out.print()
    if compared.effects:
        show(out, "findings", bold=True)
        show_rows(out, [_effect(each) for each in compared.effects])


@app.command(epilog="Example: tocsin revisions --settled-weeks 26")
def revisions(
    desk: DeskOption = Path(),
    dataset: DatasetOption = None,
    triangle: Annotated[
        bool, typer.Option("--triangle", help="Print the triangle itself: each week as known at each delay.")
    ] = False,
    settled_weeks: Annotated[
        int, typer.Option(min=2, max=520, help="Weeks after which counts are taken as settled.")
    ] = 26,
    as_json: JsonOption = False,
) -> None:
    """How complete are the newest weeks? What the count of a week looked like some weeks later, and what to expect of the last ones.

    The desk's definition of an incident is counted at every date of the data that was loaded.
    """
    from tocsin.findings.revisions import revisions_of
    from tocsin.report.export import as_json as json_of

    with working("counting every state of the data"):
        told = revisions_of(desk, dataset=dataset, settled_weeks=settled_weeks)
    tables = (
        {"triangle": told.triangle.drop_nulls("incidents")}
        if triangle
        else {"completeness": told.completeness, "last weeks": told.nowcast}
    )
    if as_json:
        print(json_of({name: table.to_dicts() if table is not None else None for name, table in tables.items()}))
    else:
        out = screen()
        for name, table in tables.items():
            if table is not None:
                show(out, name, bold=True)
                show_rows(out, [_rounded(row) for row in _rows(table)])
    if told.reason and not triangle:
        tell(told.reason)


def _largest(table: pl.DataFrame) -> pl.DataFrame:
    """At most MOST_SHOWN rows of a table, those of the most events, in its order."""
    if table.height <= MOST_SHOWN:
        return table
    numbers = [name for name, kind in table.schema.items() if kind.is_integer()]
    largest = table.select(numbers).sum_horizontal().arg_sort(descending=True).head(MOST_SHOWN).sort()
    return table[largest]


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in row.items()}


def _state(text: str | None) -> int | dt.date | None:
    """A vintage number or a day, where one is said."""
    if text is None:
        return None
    try:
        return int(text) if text.isdecimal() else dt.date.fromisoformat(text)
    except ValueError as error:
        raise QuestionError(
            f'"{text}" is neither the number of a vintage nor a day', next_step="Write 2 or 2022-08-01: tocsin vintages"
        ) from error


def _rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    return [{name: "–" if value is None else value for name, value in row.items()} for row in table.to_dicts()]


def _effect(each: Effect) -> dict[str, Any]:
    return {"finding": each.name, "before": each.before, "after": each.after, "verdict": each.verdict}
