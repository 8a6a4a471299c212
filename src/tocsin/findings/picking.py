"""Which value of a table? The rows that `where` names, and what `take` takes of them."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from tocsin.errors import FindingError, did_you_mean

Value = float | dt.date | str
SUMMARIES = ("mean", "sum", "min", "max", "first", "last", "count")


@dataclass(frozen=True)
class Take:
    """What is taken of the rows: a column of the only row, a summary of a column, or a column where another is highest or lowest.

    Args:
        column: The column.
        summary: One of SUMMARIES, "max of" or "min of" with `at`, or "by" for a series; empty where there must be one row.
        at: The column that is to be highest or lowest, or by which a series runs.
    """

    column: str
    summary: str = ""
    at: str = ""


def parse_take(text: str) -> Take:
    """Read "COLUMN", "mean of COLUMN", "COLUMN at max of COLUMN" or "COLUMN by COLUMN".

    Raises:
        FindingError: it is none of these.
    """
    if re.fullmatch(r"\w+", text):
        return Take(text)
    if found := re.fullmatch(r"(\w+) of (\w+)", text):
        if found[1] not in SUMMARIES:
            raise FindingError(f'take: "{found[1]}" is no summary', next_step=did_you_mean(found[1], SUMMARIES))
        return Take(found[2], found[1])
    if found := re.fullmatch(r"(\w+) at (max|min) of (\w+)", text):
        return Take(found[1], f"at {found[2]}", found[3])
    if found := re.fullmatch(r"(\w+) by (\w+)", text):
        return Take(found[1], "by", found[2])
    raise FindingError(
        f'take: "{text}" is not understood',
        next_step='Write a column ("before_mean"), "mean of incidents", "week_date at max of incidents" or "average by week_date".',
    )


def chosen(table: pl.DataFrame, where: Mapping[str, Any]) -> pl.DataFrame:
    """The rows that fit `where`: column -> a value, several values, or "A to B" (both ends included).

    Raises:
        FindingError: a column is not there, a value does not fit its type, or no row is left; with the values that are there.
    """
    for column, wanted in where.items():
        known_column(table, column)
        kept = table.filter(_test(table, column, wanted))
        if kept.is_empty():
            raise FindingError(f'no row has {column} "{said(wanted)}"', next_step=_there(table[column], wanted))
        table = kept
    return table


def taken(rows: pl.DataFrame, take: Take) -> Value | pl.DataFrame:
    """What `take` takes of the rows; a table of two columns for a series.

    Raises:
        FindingError: a column is not there, there is not just one row, or there is no value (a null).
    """
    known_column(rows, take.column)
    if take.at:
        known_column(rows, take.at)
    if take.summary == "by":
        return rows.select(take.at, take.column).drop_nulls().sort(take.at)
    if take.summary == "count":
        return float(rows[take.column].drop_nulls().len())
    if take.summary.startswith("at "):
        ranked = rows.drop_nulls([take.at, take.column]).sort(
            take.at, descending=take.summary == "at max", maintain_order=True
        )
        values = ranked[take.column].head(1)
    elif take.summary:
        values = _summary(rows[take.column].drop_nulls(), take)
    else:
        if rows.height != 1:
            raise FindingError(
                f"{rows.height} rows are left, of which one value is to be taken",
                next_step=f'Name the row under where, or take "mean of {take.column}".',
            )
        values = rows[take.column]
    value = values[0] if values.len() else None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise FindingError(
            f"{take.column} has no value there{f': {note_of(rows)}' if note_of(rows) else ''}",
            next_step="" if note_of(rows) else "The window may have no data: see tocsin status.",
        )
    if isinstance(value, bool):
        return str(value).lower()
    return float(value) if isinstance(value, int | float) else value if isinstance(value, dt.date) else str(value)


def note_of(rows: pl.DataFrame) -> str:
    """What the answer itself says of its row: why a number is missing, or where a limit comes from; empty where it says nothing."""
    said = rows["note"][0] if "note" in rows.columns and rows.height == 1 else None
    return said or ""


def known_column(table: pl.DataFrame, column: str) -> None:
    """Raise unless the table has the column."""
    if column not in table.columns:
        raise FindingError(f'the answer has no column "{column}"', next_step=did_you_mean(column, table.columns))


def _summary(values: pl.Series, take: Take) -> pl.Series:
    if take.summary in ("first", "last"):
        return values.head(1) if take.summary == "first" else values.tail(1)
    if take.summary in ("mean", "sum") and not values.dtype.is_numeric():
        raise FindingError(f"{take.column} holds no numbers, so it has no {take.summary}")
    if not values.len():
        return values
    return pl.Series([getattr(values, take.summary)()])


def _there(values: pl.Series, wanted: Any) -> str:
    """Which values there are instead: the nearest of names, the ends of days and numbers."""
    there = values.unique(maintain_order=True).drop_nulls()
    if there.dtype == pl.String and there.len() <= 200 and (near := did_you_mean(str(wanted), there.to_list())):
        return near
    ends = [str(value) for value in there.sort().to_list()]
    return f"There are {len(ends):,}, from {ends[0]} to {ends[-1]}." if ends else "The column is empty there."


def _test(table: pl.DataFrame, column: str, wanted: Any) -> pl.Expr:
    if isinstance(wanted, tuple):
        return pl.col(column).is_in([_typed(table, column, value) for value in wanted])
    if (
        isinstance(wanted, str)
        and table[column].dtype != pl.String
        and (found := re.fullmatch(r"(.+?) to (.+)", wanted))
    ):
        return pl.col(column).is_between(_typed(table, column, found[1]), _typed(table, column, found[2]))
    equal: pl.Expr = pl.col(column) == _typed(table, column, wanted)
    return equal


def _typed(table: pl.DataFrame, column: str, value: Any) -> Any:
    """A value as the column holds it."""
    kind = table[column].dtype
    try:
        if kind == pl.Date:
            return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value).strip())
        if kind.is_numeric():
            return float(value)
    except (TypeError, ValueError) as error:
        what = "a day, written 2021-09-15" if kind == pl.Date else "a number"
        raise FindingError(f'{column} holds {what}, and "{value}" is none') from error
    return str(value)


def said(wanted: object) -> str:
    """What `where` says of a column, in words."""
    return ", ".join(map(str, wanted)) if isinstance(wanted, tuple) else str(wanted)
