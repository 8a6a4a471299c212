"""What every kind of file becomes before a reader sees it: rows of text cells, and rows that could not be split into cells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import polars as pl

from tocsin.errors import SourceError
from tocsin.schema import REJECT_SCHEMA

BATCH_ROWS = 100_000


class Stream(Protocol):
    """Bytes that are read from start to end."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end."""

    def close(self) -> None:
        """Give the file back."""


@dataclass(frozen=True)
class Raw:
    """Some consecutive rows of a file."""

    row: pl.Series
    """Which row of the file it is, from 1; rows without any content are not counted."""
    line: pl.Series
    """Line of the text, or row of the sheet, from 1; null where the format has neither."""
    cells: pl.DataFrame
    """The file's own columns, all of them text; empty where the file has nothing."""
    broken: pl.DataFrame
    """Rows that are not cells under columns, as rejects (REJECT_SCHEMA)."""

    @property
    def rows(self) -> int:
        return len(self.row) + len(self.broken)

    def without(self, wrong: pl.Series, rejects: pl.DataFrame) -> Raw:
        """The same rows but those that are `wrong`, which join the broken ones as `rejects`."""
        return replace(
            self,
            row=self.row.filter(~wrong),
            line=self.line.filter(~wrong),
            cells=self.cells.filter(~wrong),
            broken=pl.concat([self.broken, rejects]),
        )


@dataclass(frozen=True)
class Opened:
    """A file, opened: what its columns are called, and its rows, a batch at a time."""

    kind: str
    columns: tuple[str, ...]
    batches: Iterator[Raw]


def no_rejects() -> pl.DataFrame:
    """A table of rejects without a row."""
    return pl.DataFrame(schema=dict(REJECT_SCHEMA))


def reject(
    raw: Raw,
    wrong: pl.Series,
    *,
    kind: str = "error",
    column: pl.Series | str | None = None,
    value: pl.Series | None = None,
    reason: pl.Series | str,
) -> pl.DataFrame:
    """The rows of `raw` that are `wrong`, as rejects.

    Args:
        raw: The rows.
        wrong: True for each row that is set aside.
        kind: One of REJECT_KINDS.
        column: The column that is wrong; one for all rows, or one for each row of `raw`.
        value: What stands there, one for each row of `raw`.
        reason: Why, in a sentence; one for all rows, or one for each row of `raw`.

    Returns:
        A table with the columns of REJECT_SCHEMA.
    """

    def spread(said: pl.Series | str | None) -> pl.Series:
        if isinstance(said, pl.Series):
            return said.cast(pl.String).filter(wrong)
        return pl.Series([said], dtype=pl.String).extend_constant(said, int(wrong.sum())).head(int(wrong.sum()))

    cells = raw.cells.filter(wrong)
    return pl.DataFrame(
        {
            "row": raw.row.filter(wrong),
            "line": raw.line.filter(wrong),
            "kind": spread(kind),
            "column": spread(column),
            "value": shown(spread(value)),
            "reason": spread(reason),
            "raw": cells.select(pl.struct(pl.all()).struct.json_encode()).to_series(),
        },
        schema=dict(REJECT_SCHEMA),
    )


def shown(values: pl.Series) -> pl.Series:
    """Values as a reject shows them: at most 200 characters, a NUL made visible."""
    return values.str.slice(0, 200).str.replace_all("\0", "␀", literal=True)


def as_text(cell: object) -> str:
    """One typed value (of a sheet or of JSON) as the text that a reader parses."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False)
    return str(cell)


def whole_text(text: str) -> str:
    """The same text with halves of characters, which no file can hold, written out as \\ud800."""
    return text.encode(errors="backslashreplace").decode()


def named(header: Sequence[str], *, where: str) -> tuple[str, ...]:
    """The columns of a header: spaces trimmed, a name given to those that have none.

    Raises:
        SourceError: two columns have the same name (case does not matter).
    """
    names: list[str] = []
    seen: dict[str, int] = {}
    for position, written in enumerate(header, start=1):
        name = " ".join(written.split())
        folded = name.casefold()
        if name and folded in seen:
            raise SourceError(
                f'the column "{name}" stands twice, as column {seen[folded]} and as column {position}',
                where=where,
                next_step="Rename or delete one of the two: which of them is meant can not be told from the file.",
            )
        seen[folded] = position
        names.append(name or f"(column {position}, without a name)")
    return tuple(names)
