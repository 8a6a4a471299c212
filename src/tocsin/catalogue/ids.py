"""The ids of the events behind a number: there may be millions, so they stay a column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import polars as pl


class EventIds(Sequence[str]):
    """Ids, sorted, each once; equal to any sequence of the same ids in the same order.

    Args:
        column: The ids, each once, as text.
    """

    def __init__(self, column: pl.Series | Sequence[str] = ()) -> None:
        named = column if isinstance(column, pl.Series) else pl.Series(list(column), dtype=pl.String)
        self.column = named.alias("event_id").sort()

    @classmethod
    def of(cls, ids: Sequence[str]) -> EventIds:
        """The same ids as a column, where they are not one."""
        return ids if isinstance(ids, cls) else cls(ids)

    @classmethod
    def union(cls, parts: Sequence[Sequence[str]]) -> EventIds:
        """All ids of several lists."""
        distinct = list({id(each): cls.of(each) for each in parts if len(each)}.values())
        if len(distinct) == 1:
            return distinct[0]
        return cls(pl.concat([each.column for each in distinct]).unique()) if distinct else cls()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the ids, one a line."""
        lines = self.column + "\n"
        return hashlib.sha256((lines.str.join("").item() or "").encode()).hexdigest()

    def __len__(self) -> int:
        return self.column.len()

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return self.column[at].to_list()
        found: str = self.column[at]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.column.to_list())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, EventIds):
            return self.column.equals(other.column)
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"EventIds({len(self):,} ids)"
