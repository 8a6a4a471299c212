"""Files that users bring, read as events: what a file is, is told by the file itself."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from tocsin.errors import SourceError
from tocsin.schema import EVENT_SCHEMA, SourceFacts
from tocsin.sources import withdrawn
from tocsin.sources.acled import read as acled
from tocsin.sources.dayorder import day_order, in_figures
from tocsin.sources.files import open_file
from tocsin.sources.gdelt import read as gdelt
from tocsin.sources.layout import Layout, facts, find_columns, plain
from tocsin.sources.raw import Opened, Raw, as_text, whole_text
from tocsin.sources.settling import Batch, settle, without_markup
from tocsin.sources.table.draft import draft
from tocsin.sources.table.mapping import Mapping
from tocsin.sources.table.read import arrange
from tocsin.sources.ucdp_ged import read as ucdp_ged
from tocsin.sources.withdrawn import Withdrawn

__all__ = ["Batch", "Mapping", "Reading", "Withdrawn", "draft", "facts", "raw_row", "read", "read_either"]


RECOGNISE = {acled.NAME: acled.recognise, ucdp_ged.NAME: ucdp_ged.recognise, gdelt.NAME: gdelt.recognise}
REQUIRED = {acled.NAME: acled.REQUIRED, ucdp_ged.NAME: ucdp_ged.REQUIRED, gdelt.NAME: gdelt.REQUIRED}
FEW = 3
"""A file of no more columns can be a list of withdrawn events."""


@dataclass(frozen=True)
class Reading:
    """One file, recognised and ready to be read."""

    source: str
    form: str
    monadic: bool
    """One row per event and actor."""
    dataset: str
    facts: SourceFacts
    absent: tuple[str, ...]
    """Columns of the contract that the file lacks."""
    unread: tuple[str, ...]
    """Columns of the file from which nothing was made."""
    id_column: str | None
    """The file's column of events' ids; None where it has none."""
    batches: Iterator[Batch]
    """Every row of the file once, as an event or as a reject."""


def read(path: Path, *, mapping: Mapping | None = None) -> Reading:
    """Recognise a file by its columns and read it.

    Args:
        path: A CSV, XLSX, Parquet or JSON file, or a zip that holds one.
        mapping: Which column is which, for a file that is of no known source.

    Returns:
        What the file is, and its rows in batches of about 200,000, which are read as they are asked for.

    Raises:
        SourceError: the file can not be opened, is of no known source, or holds no rows. Damage further down is raised when it
            is met, while the batches are read.
        DeskError: the mapping names a column that is not in the file.
    """
    return _events(open_file(path), path, mapping)


def read_either(
    path: Path, *, mapping: Mapping | None = None, withdrawn_from: str | None = None, now: dt.datetime
) -> Reading | Withdrawn:
    """Read a file of events, or a list of withdrawn ones: its columns say which of the two it is, unless the user does.

    Args:
        path: Any file that can be read.
        mapping: Which column is which, for a file of events that is of no known source.
        withdrawn_from: The data set whose withdrawn events the file lists, where it is no list that a publisher is known to write.
        now: When the file is loaded; no event was withdrawn later.

    Raises:
        SourceError, DeskError: as `read`; or a list has no column of ids, or names no event.
    """
    opened = open_file(path)
    dataset = withdrawn_from or withdrawn.recognise(opened.columns)
    if dataset is None:
        return _events(opened, path, mapping)
    return withdrawn.arrange(opened, dataset=dataset, now=now, where=str(path))


def _events(opened: Opened, path: Path, mapping: Mapping | None) -> Reading:
    where = str(path)
    first, batches = _first(opened, where=where)
    source, layout = _recognised(opened, first, mapping, where=where)
    if source in RECOGNISE:
        layout = _with_day_order(path, source, layout, first, where=where)
    made = layout.parse(first.cells.head(0))
    return Reading(
        source=source,
        form=layout.form,
        monadic=layout.monadic,
        dataset=mapping.dataset if mapping is not None and source == "table" else layout.dataset or source,
        facts=mapping.facts() if mapping is not None and source == "table" else facts(source),
        absent=tuple(name for name in EVENT_SCHEMA if name not in made),
        unread=tuple(column for column in opened.columns if column not in layout.columns.values()),
        id_column=layout.id_column,
        batches=(settle(raw, layout.parse(raw.cells), columns=layout.required) for raw in batches),
    )


def raw_row(path: Path, row: int) -> dict[str, str]:
    """One row of a file as the file has it.

    Args:
        path: Any file that can be read.
        row: Which row, from 1.

    Returns:
        The text of each column; the whole text under "row" where it could not be split into columns.

    Raises:
        SourceError: the file can not be opened, or has no such row.
    """
    for raw in open_file(path).batches:
        here = (raw.row == row).arg_true()
        if len(here):
            return {name: str(cell) for name, cell in raw.cells.row(here[0], named=True).items()}
        broken = raw.broken.filter(pl.col("row") == row)
        if len(broken):
            return _as_cells(str(broken["raw"][0]))
    raise SourceError(
        f"the file has no row {row}", where=str(path), next_step="Rows are counted from 1, below the header."
    )


def _as_cells(text: str) -> dict[str, str]:
    """The cells of a broken row, or its text."""
    try:
        cells = json.loads(text)
    except json.JSONDecodeError:
        return {"row": text}
    return (
        {name: whole_text(as_text(cell)) for name, cell in cells.items()} if isinstance(cells, dict) else {"row": text}
    )


def _first(opened: Opened, *, where: str) -> tuple[Raw, Iterator[Raw]]:
    """The first rows, and all rows."""
    first = next((raw for raw in opened.batches if raw.rows), None)
    if first is None:
        step = "Export it again, for days that have events."
        if len(opened.columns) == 1:
            step += f" If it is the id of a withdrawn event: {_as_list(where)}"
        raise SourceError("the file has a header and no rows", where=where, next_step=step)
    first = without_markup(first)
    return first, itertools.chain(iter([first]), (raw for raw in opened.batches if raw.rows))


def _recognised(opened: Opened, first: Raw, mapping: Mapping | None, *, where: str) -> tuple[str, Layout]:
    """The source that the columns are of, or else the mapping's."""
    for source, recognise in RECOGNISE.items():
        layout = recognise(opened.columns, first.cells, where=where)
        if layout is not None:
            return source, layout
    if mapping is not None:
        return "table", arrange(opened.columns, mapping, kind=opened.kind, where=where)
    raise _unrecognised(opened, where=where)


def _with_day_order(path: Path, source: str, layout: Layout, first: Raw, *, where: str) -> Layout:
    """The same layout; where its dates are of figures only, the whole file is asked for their order, and the form says it."""
    dates = layout.required["event_date"]
    if not in_figures(first.cells[dates]):
        return layout
    opened = open_file(path)
    order = day_order(raw.cells[dates] for raw in opened.batches)
    settled = RECOGNISE[source](opened.columns, first.cells, where=where, order=order) or layout
    return replace(settled, form=f"{settled.form}, {order.told}") if order.first else settled


def _unrecognised(opened: Opened, *, where: str) -> SourceError:
    """What the file has, what the nearest source would need, and what to do."""
    found = {source: find_columns(opened.columns, source, where=where) for source in RECOGNISE}
    nearest = max(found, key=lambda source: len(found[source]))
    known = found[nearest]
    missing = [name for name in REQUIRED[nearest] if name not in known]
    columns = ", ".join(opened.columns[:60]) + (" …" if len(opened.columns) > 60 else "")
    what = f"the file is of no known source ({opened.kind}). It has {_counted(len(opened.columns))}: {columns}"
    if known:
        what += f". Nearest is {nearest}, with {', '.join(known)}"
        what += (
            f"; missing is {' and '.join(missing)}" if missing else "; that is too few columns, or other words in them"
        )
    few = len(opened.columns) <= FEW
    lists = few and any(plain(column) in withdrawn.IDS for column in opened.columns)
    if len(opened.columns) == 1 and not lists:
        what += ". A single column means that the delimiter is wrong, or that the first line is not the header"
    table = f"or a table of your own, draft a mapping and give it too: tocsin mapping {where}"
    if lists:
        what += ". It looks like a list of ids"
        return SourceError(what, where=where, next_step=f"If the events were withdrawn: {_as_list(where)}. F{table}")
    step = f"F{table}"
    return SourceError(
        what, where=where, next_step=f"{step}. If it lists ids of withdrawn events: {_as_list(where)}" if few else step
    )


def _counted(columns: int) -> str:
    return "1 column" if columns == 1 else f"{columns} columns"


def _as_list(where: str) -> str:
    """The command that loads a list of withdrawn events."""
    return f"tocsin add --withdrawn DATASET {where}"
