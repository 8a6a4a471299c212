"""Saved API answers (JSON) and Parquet files, as rows of text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from tocsin.errors import SourceError
from tocsin.schema import REJECT_SCHEMA
from tocsin.sources.raw import BATCH_ROWS, Opened, Raw, as_text, named, no_rejects, whole_text

LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)
IN_JSON = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_null,
)
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
    columns = named([whole_text(name) for name in _keys(rows)], where=where)
    return Opened(kind="JSON", columns=columns, batches=_json_batches(rows, columns))


def _listed(value: Any, *, where: str) -> list[dict[str, Any]]:
    """The rows of an answer."""
    rows = value
    if isinstance(value, dict):
        said = next((whole_text(str(value[key])) for key in ("message", "error", "messages") if value.get(key)), "")
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


def _keys(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _json_batches(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Iterator[Raw]:
    keys = _keys(rows)
    for start in range(0, len(rows), BATCH_ROWS):
        kept: list[list[str]] = []
        numbers: list[int] = []
        broken: list[tuple[int, None, str, None, None, str, str]] = []
        for number, row in enumerate(rows[start : start + BATCH_ROWS], start=start + 1):
            try:
                texts = [as_text(row.get(key)) for key in keys]
                "".join(texts).encode()
            except UnicodeEncodeError:
                reason = (
                    "the row holds half of a character (a \\ud800 without its other half): the text was cut or damaged"
                )
                broken.append((number, None, "error", None, None, reason, json.dumps(row)))
            except RecursionError:
                reason = "the row holds lists inside lists without end"
                broken.append((number, None, "error", None, None, reason, ""))
            else:
                kept.append(texts)
                numbers.append(number)
        cells = dict(zip(columns, zip(*kept, strict=True), strict=True)) if kept else {}
        yield Raw(
            row=pl.Series("row", numbers, dtype=pl.Int64),
            line=pl.Series("line", [None] * len(numbers), dtype=pl.Int64),
            cells=pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String)),
            broken=pl.DataFrame(broken, schema=dict(REJECT_SCHEMA), orient="row"),
        )


def open_parquet(file: Path | IO[bytes], *, where: str) -> Opened:
    """Open a Parquet file.

    Raises:
        SourceError: it is damaged, or a column stands twice.
    """
    try:
        parquet = pa.parquet.ParquetFile(file)
        names = parquet.schema_arrow.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"the Parquet file is damaged ({str(error).splitlines()[0]})",
            where=where,
            next_step="Export or download it again.",
        ) from error
    columns = named(names, where=where)
    return Opened(kind="Parquet", columns=columns, batches=_parquet_batches(parquet, columns, where=where))


def _parquet_batches(parquet: Any, columns: tuple[str, ...], *, where: str) -> Iterator[Raw]:
    first = 1
    try:
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
            cells = pl.DataFrame(
                [_cells_of(column, name, where=where) for column, name in zip(batch.columns, columns, strict=True)]
            )
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


def _cells_of(column: pa.Array, name: str, *, where: str) -> pl.Series:
    try:
        column.validate(full=True)
        return pl.Series(name, _written(column), dtype=pl.String).fill_null("")
    except (pa.ArrowException, ValueError) as error:
        raise SourceError(
            f'the column "{name}" holds values that can not be read as text ({column.type})',
            where=where,
            next_step="Leave the column out, or write it as text, and export the file again.",
        ) from error


def _written(column: pa.Array) -> pa.Array:
    """A typed column as text: days as in ISO 8601, lists joined by "; ", what holds several values by name as JSON.

    Raises:
        ValueError, pa.ArrowException: its values have no text (bytes, durations).
    """
    kind = column.type
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _written(column.storage)
    if types.is_dictionary(kind):
        return _written(column.dictionary_decode())
    if types.is_floating(kind):
        return pl.Series(column).cast(pl.String).to_arrow()
    if types.is_timestamp(kind) and kind.tz is not None:
        column = pa.compute.local_timestamp(column)
    if any(is_list(kind) for is_list in LISTS) and not types.is_nested(kind.value_type):
        return _joined(column)
    if types.is_nested(kind):
        return _as_json(column)
    if types.is_duration(kind):
        raise ValueError("a duration says no unit as text")
    return column.cast(pa.large_string())


def _joined(column: pa.Array) -> pa.Array:
    """Lists, the elements of each joined; null where there are none."""
    said = pl.DataFrame(
        {
            "row": pl.Series(pa.compute.list_parent_indices(column)),
            "text": pl.Series(_written(pa.compute.list_flatten(column)), dtype=pl.String),
        }
    )
    texts: list[str | None] = [None] * len(column)
    for row, text in said.drop_nulls().group_by("row").agg(pl.col("text").str.join("; ")).iter_rows():
        texts[row] = text
    return pa.array(texts, pa.large_string())


def _as_json(column: pa.Array) -> pa.Array:
    if not _has_json(column.type):
        raise ValueError("JSON has no such values")
    texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist()]
    return pa.array(texts, pa.large_string())


def _has_json(kind: pa.DataType) -> bool:
    """JSON can say all that such a column can hold."""
    if pa.types.is_nested(kind):
        return all(_has_json(kind.field(place).type) for place in range(kind.num_fields))
    return any(is_such(kind) for is_such in IN_JSON)


def _numbered(cells: pl.DataFrame, first: int) -> Raw:
    return Raw(
        row=pl.int_range(first, first + len(cells), eager=True, dtype=pl.Int64).alias("row"),
        line=pl.Series("line", [None], dtype=pl.Int64).extend_constant(None, len(cells)).head(len(cells)),
        cells=cells,
        broken=no_rejects(),
    )
