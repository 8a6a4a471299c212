"""Distinct values that many rows share, each with a number: those that the store knows, and further ones as they are met."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


class Numbering:
    """Gives each distinct row of some columns a number, the same whenever it is asked.

    Args:
        known: The columns, and the number of each of their rows that has one.
        number: The column of numbers, Int32.
        start: The number of the first row that is not known.
    """

    def __init__(self, known: pl.DataFrame, *, number: str, start: int) -> None:
        self._known = known
        self._number = number
        self._keys: Sequence[str] = [name for name in known.columns if name != number]
        self._old = known.height
        self._next = start

    def of(self, rows: pl.DataFrame) -> pl.Series:
        """The number of each of the rows; those not met before get the next ones, in their order."""
        asked = rows.select(self._keys)
        new = asked.unique(maintain_order=True).join(self._known, on=self._keys, how="anti", nulls_equal=True)
        if new.height:
            numbers = pl.int_range(self._next, self._next + new.height, dtype=pl.Int32, eager=True)
            numbered = new.with_columns(numbers.alias(self._number)).select(self._known.columns)
            self._known = pl.concat([self._known, numbered])
            self._next += new.height
        return asked.join(self._known, on=self._keys, how="left", nulls_equal=True, maintain_order="left")[self._number]

    @property
    def met(self) -> pl.DataFrame:
        """What was not known before: the columns and their numbers, in order."""
        return self._known.slice(self._old)
