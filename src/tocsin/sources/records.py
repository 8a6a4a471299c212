"""Saved API answers (JSON) and Parquet files, as rows of text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet

from tocsin.errors import SourceError
from tocsin.sources.raw import BATCH_ROWS, Opened, Raw, as_text, named, no_rejects

# Where an answer keeps its rows: ACLED's envelope, UCDP's.
ENVELOPES = ("data", "Result")


def open_json(content: bytes, *, where: str) -> Opened:
    """Open a list of JSON objects, or the answer of an API that holds one.

    Raises:
        SourceError: it is not JSON, is an answer that says that it failed, or holds no list of objects.
    """
    try:
        value = json.loads(content)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"is not whole JSON: {error.msg}",
            where=f"{where}:{error.lineno}, column {error.colno}",
            next_step="The file may be cut off: save the answer again.",
        ) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, a number of thousands of digits, lists without end
        raise SourceError(
            "is not JSON in UTF-8 that can be read", where=where, next_step="Save the answer again."
        ) from error
    rows = _listed(value, where=where)
    columns = named(list(dict.fromkeys(name for row in rows for name in row)), where=where)
    return Opened(kind="JSON", columns=columns, batches=_json_batches(rows, columns))


def _listed(value: Any, *, where: str) -> list[dict[str, Any]]:
    """The rows of an answer."""
    rows = value
    if isinstance(value, dict):
        said = next((str(value[key]) for key in ("message", "error", "messages") if value.get(key)), "")
        failed = value.get("success") in (False, "false", "False", 0)
        rows = next((value[key] for key in ENVELOPES if value.get(key)), None)
        if failed or rows is None:
            what = f'the publisher answered "{said[:300]}"' if said else "the answer holds no data"
            raise SourceError(
                what,
                where=where,
                next_step="Ask again; if access is denied, the account has no event-level access: export a file and give that.",
            )
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(
            "the JSON is not a list of objects, one an event",
            where=where,
            next_step='Give a list, or an answer with the events under "data".',
        )
    if not rows:
        raise SourceError("the answer holds no data", where=where, next_step="Ask for other days or countries.")
    return rows


def _json_batches(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Iterator[Raw]:
    keys = list(dict.fromkeys(name for row in rows for name in row))
    for start in range(0, len(rows), BATCH_ROWS):
        some = rows[start : start + BATCH_ROWS]
        cells = pl.DataFrame(
            {name: [as_text(row.get(key)) for row in some] for key, name in zip(keys, columns, strict=True)},
            schema=dict.fromkeys(columns, pl.String),
        )
        yield _numbered(cells, start + 1)


def open_parquet(file: Path | IO[bytes], *, where: str) -> Opened:
    """Open a Parquet file.

    Raises:
        SourceError: it is damaged, or a column stands twice.
    """
    try:
        parquet = pa.parquet.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"the Parquet file is damaged ({str(error).splitlines()[0]})",
            where=where,
            next_step="Export or download it again.",
        ) from error
    columns = named(parquet.schema_arrow.names, where=where)
    return Opened(kind="Parquet", columns=columns, batches=_parquet_batches(parquet, columns, where=where))


def _parquet_batches(parquet: Any, columns: tuple[str, ...], *, where: str) -> Iterator[Raw]:
    first = 1
    try:
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
            frame = pl.DataFrame(pa.table(batch.columns, names=list(columns)))
            cells = frame.select(_cells_of(frame[name], where=where) for name in columns)
            filled = cells.select(pl.any_horizontal(pl.all() != "")).to_series()
            kept = cells.filter(filled)
            yield _numbered(kept, first)
            first += len(kept)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"the Parquet file is damaged ({str(error).splitlines()[0]})",
            where=where,
            next_step="Export or download it again.",
        ) from error


def _cells_of(column: pl.Series, *, where: str) -> pl.Series:
    try:
        return _written(column)
    except pl.exceptions.PolarsError as error:
        raise SourceError(
            f'the column "{column.name}" holds values that can not be read as text ({column.dtype})',
            where=where,
            next_step="Leave the column out, or write it as text, and export the file again.",
        ) from error


def _written(column: pl.Series) -> pl.Series:
    """A typed column as text: dates as in ISO 8601, lists joined by "; "."""
    if isinstance(column.dtype, pl.Datetime):
        column = column.dt.replace_time_zone(None)
    if isinstance(column.dtype, pl.List):
        column = column.list.eval(pl.element().cast(pl.String)).list.join("; ")
    elif isinstance(column.dtype, pl.Struct):
        column = column.struct.json_encode()
    return column.cast(pl.String).fill_null("")


def _numbered(cells: pl.DataFrame, first: int) -> Raw:
    return Raw(
        row=pl.int_range(first, first + len(cells), eager=True, dtype=pl.Int64).alias("row"),
        line=pl.Series("line", [None], dtype=pl.Int64).extend_constant(None, len(cells)).head(len(cells)),
        cells=cells,
        broken=no_rejects(),
    )
