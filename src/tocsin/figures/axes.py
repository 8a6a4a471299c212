"""Where do the ticks of an axis stand?"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

_ROOM = 56  # px that one month's label needs, its year below it included


@dataclass(frozen=True)
class DayTicks:
    """Ticks of a time axis and the Vega expression that writes their labels."""

    days: tuple[dt.date, ...]
    label: str


def count_ticks(largest: float) -> list[float]:
    """Ticks from 0 to at least `largest`, four to six of them, in steps of 1, 2 or 5 times a power of ten."""
    if largest <= 0:
        return [0.0, 1.0]
    raw = largest / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    count = math.ceil(largest / step * (1 - 1e-9))
    return [round(index * step, 10) for index in range(count + 1)]


def even_ticks(low: float, high: float) -> tuple[float, ...]:
    """Round ticks, at least two, from `low` or below to `high` or above, in steps as those of count_ticks."""
    step = count_ticks(high - low or abs(high) or 1.0)[1]
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(step * number, 10) for number in range(first, max(last, first + 1) + 1))


def day_ticks(first: dt.date, last: dt.date, *, width: float) -> DayTicks:
    """Ticks on first days of months, as many as have room in `width` px; of days where the span is under four months."""
    days = (last - first).days
    if days < 120:
        weeks = max(1, math.ceil(days / 7 / (width / 50)))
        ticks = tuple(first + dt.timedelta(days=day) for day in range(0, days + 1, 7 * weeks))
        return DayTicks(ticks, "utcFormat(datum.value, '%-d %b')")
    months = [dt.date(index // 12, index % 12 + 1, 1) for index in range(_month(first), _month(last) + 1)]
    apart = next((step for step in (1, 2, 3, 6) if len(months) / step * _ROOM <= width), 12)
    if apart == 12:
        years = max(1, math.ceil(len(months) / 12 * _ROOM / width))
        ticks = tuple(day for day in months if day.month == 1 and day.year % years == 0)
        return DayTicks(_within(ticks, first, last), "utcFormat(datum.value, '%Y')")
    ticks = _within(tuple(day for day in months if (day.month - 1) % apart == 0), first, last)
    year_too = "utcmonth(datum.value) == 0 || datum.index == 0 ? utcFormat(datum.value, '%Y') : ''"
    return DayTicks(ticks, f"[utcFormat(datum.value, '%b'), {year_too}]")


def _month(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def _within(days: tuple[dt.date, ...], first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    return tuple(day for day in days if first <= day <= last)
