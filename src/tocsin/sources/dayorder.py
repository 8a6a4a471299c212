"""Which figure of a date is the day and which the month, where only the dates of the whole file can tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

FIGURES = r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?: \d{1,2}:\d{2}[\d:.]*)?"
"""A date of figures only, the year last."""


@dataclass(frozen=True)
class DayOrder:
    """What a file's dates of figures tell."""

    first: Literal["day", "month"] | None
    told: str
    """How that is known, or why it is not and what to do: the end of a sentence."""


REWRITE = "write all of them as 2024-09-06"
WITHOUT_FORM = DayOrder(None, "write it as 2024-09-06, or give the form in a mapping")


def in_figures(cells: pl.Series) -> bool:
    """Some date is of figures only, the year last."""
    return bool(cells.str.contains(rf"^\s*{FIGURES}\s*$").any())


def day_order(columns: Iterable[pl.Series]) -> DayOrder:
    """What the dates of a file tell of the order of day and month: a figure above 12 is a day.

    Args:
        columns: The cells of the file's column of dates, all of them, in parts.
    """
    day_first = month_first = either = other = None
    for cells in columns:
        written = cells.str.strip_chars()
        figures = written.str.extract_groups(rf"^{FIGURES}$").struct.unnest()
        one = figures["1"].cast(pl.Int64, strict=False)
        two = figures["2"].cast(pl.Int64, strict=False)
        day_first = day_first or _first(written, one.is_between(13, 31) & two.is_between(1, 12))
        month_first = month_first or _first(written, two.is_between(13, 31) & one.is_between(1, 12))
        either = either or _first(written, one.is_between(1, 12) & two.is_between(1, 12))
        other = other or _first(written, one.is_null() & (written != ""))
    if day_first and month_first:
        return DayOrder(
            None,
            f'other dates of the file have the day first ("{day_first}") and the month first ("{month_first}"): {REWRITE}',
        )
    shown = day_first or month_first
    if shown is None:
        return DayOrder(None, f"no date of the file tells, as none has a figure above 12: {REWRITE}")
    if other and not either:
        return DayOrder(
            None,
            f'no date in figures has a day below 13, and others are written differently ("{other[:80]}"), as when a spreadsheet '
            "took the days below 13 for months and turned those dates round: export the file anew",
        )
    if day_first:
        return DayOrder("day", f'day before month, as "{shown}" tells')
    return DayOrder("month", f'month before day, as "{shown}" tells')


def _first(cells: pl.Series, such: pl.Series) -> str | None:
    found = cells.filter(such.fill_null(value=False))
    return str(found[0]) if len(found) else None


def read_figures(one: int, two: int, year: int, *, written: str, order: DayOrder) -> dt.date:
    """The day that three figures mean.

    Raises:
        ValueError: there is no such day, or the order does not tell which it is, with the reason.
    """
    day_first, month_first = _date(year, two, one), _date(year, one, two)
    if day_first is None and month_first is None:
        raise ValueError(f'there is no such day as "{written}"')
    if order.first is not None:
        day = day_first if order.first == "day" else month_first
        if day is None:
            raise ValueError(f'"{written}" is no day in the order of this file: {order.told}')
        return day
    if day_first is None or month_first is None:
        which = "day" if day_first else "month"
        raise ValueError(
            f'"{written}" can only have the {which} first, but one date is no rule for the others: {order.told}'
        )
    raise ValueError(f'which of "{written}" is the day and which the month can not be told: {order.told}')


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
