"""Which rows are events and which are rejects: every row is one of the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from tocsin.schema import EVENT, EVENT_SCHEMA
from tocsin.sources.raw import Raw, reject
from tocsin.sources.values import Fault, Parsed, fault

HXL = r"^#[a-z][a-z0-9_]*(?:\s*\+\s*[a-z][a-z0-9_]*)*$"


@dataclass(frozen=True)
class Batch:
    """Some consecutive rows of a file: as events, or as rejects with their reasons."""

    events: pl.DataFrame
    """row, line, and the columns of EVENT_SCHEMA."""
    rejects: pl.DataFrame
    """The columns of REJECT_SCHEMA."""
    rows: int


def settle(raw: Raw, parsed: Mapping[str, Parsed], *, columns: Mapping[str, str]) -> Batch:
    """Split rows into events and rejects.

    Args:
        raw: The rows as the file has them.
        parsed: The columns of the contract that could be worked out; the others become null.
        columns: The file's column for each column of the contract, for messages.

    Returns:
        Events, and rejects with the first fault of each row; together they are the rows of `raw`.
    """
    faults = [found for column in parsed.values() for found in column.faults]
    faults += _missing(raw, parsed, columns=columns)
    good = {name: column.values for name, column in parsed.items()}
    if faults:
        wrong, rejects = _first_faults(raw, faults)
        raw = raw.without(wrong, rejects)
        good = {name: values.filter(~wrong) for name, values in good.items()}
    return Batch(events=_events(raw, good), rejects=raw.broken.sort("row"), rows=raw.rows)


def _events(raw: Raw, values: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The columns of the contract; those that are not among `values` are null."""
    table = pl.DataFrame({"row": raw.row, "line": raw.line})
    return table.with_columns(
        values[name].cast(dtype).alias(name) if name in values else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in EVENT_SCHEMA.items()
    )


def _missing(raw: Raw, parsed: Mapping[str, Parsed], *, columns: Mapping[str, str]) -> list[Fault]:
    """Faults of rows that lack what no event may lack."""
    found = []
    for name, column in EVENT.items():
        if not column.required or name == "end_date":
            continue
        written = columns.get(name, name)
        wrong = parsed[name].values.is_null()
        cells = raw.cells[written] if written in raw.cells.columns else parsed[name].values.cast(pl.String)
        found.append(fault(written, cells, wrong, f"no event can be without its {name}, and this cell says nothing"))
    return [one for one in found if one is not None]


def _first_faults(raw: Raw, faults: list[Fault]) -> tuple[pl.Series, pl.DataFrame]:
    """The rows that have a fault, and the first fault of each as a reject."""
    table = pl.DataFrame([found.reasons.alias(str(number)) for number, found in enumerate(faults)])
    cells = pl.DataFrame([found.cells.alias(str(number)) for number, found in enumerate(faults)])
    reason = table.select(pl.coalesce(pl.all())).to_series()
    here = [pl.when(table[str(number)].is_not_null()) for number in range(len(faults))]
    column = pl.select(
        pl.coalesce(at.then(pl.lit(found.column)) for at, found in zip(here, faults, strict=True))
    ).to_series()
    value = pl.select(
        pl.coalesce(at.then(cells[str(number)].fill_null("")) for number, at in enumerate(here))
    ).to_series()
    wrong = reason.is_not_null()
    return wrong, reject(raw, wrong, column=column, value=value, reason=reason)


def without_markup(raw: Raw) -> Raw:
    """Set aside a row of HXL tags that stands below the header."""
    top = raw.cells.head(1)
    said = [cell.strip() for cell in top.row(0) if cell.strip()] if len(top) else []
    if not said or not all(cell.startswith("#") for cell in said):
        return raw
    if not pl.Series(said).str.contains(HXL).all():
        return raw
    wrong = pl.int_range(len(raw.row), eager=True) == 0
    reason = "a row of HXL tags: it describes the columns and is no event"
    return raw.without(wrong, reject(raw, wrong, kind="markup", reason=reason))
