"""On which days the synthetic events of Afghanistan happen, and to which days they are dated."""

from __future__ import annotations

import datetime as dt

import numpy as np

from tocsin.schema import Span
from tocsin.simulate.arrays import Days, Flags, Floats, Ints
from tocsin.simulate.counts import latent_rates
from tocsin.simulate.truth import Truth, value_on

DAY = np.timedelta64(1, "D")
THURSDAY = np.timedelta64(3, "D")
FIFTEENTH = np.timedelta64(14, "D")


def incident_days(truth: Truth, *, rng: np.random.Generator) -> Days:
    """The day of each violent incident, in order of time.

    Days are drawn from the expected path times a latent weekly rate. Inside the two windows the number of incidents is
    held at its planted total: Poisson counts, given their sum, are multinomial.
    """
    calendar = calendar_of(truth.span)
    week = (_monday_of(calendar) - _monday_of(calendar)[0]).astype(np.int64) // 7
    rates = latent_rates(
        weeks=int(week[-1]) + 1, dispersion=truth.dispersion, autocorrelation=truth.autocorrelation, rng=rng
    )
    held = [
        (inside, round(weekly * inside.sum() / 7))
        for inside, weekly in zip(
            windows(truth, calendar), (truth.incidents_before, truth.incidents_after), strict=True
        )
    ]
    return _drawn(calendar, value_on(truth.incidents, calendar) / 7 * rates[week], held, rng)


def other_days(truth: Truth, *, rng: np.random.Generator) -> Days:
    """The day of each event that is not a violent incident, in order of time; held inside the windows in the same way."""
    calendar = calendar_of(truth.span)
    weekly = (
        truth.incidents_before * (truth.events_to_incidents_before - 1),
        truth.incidents_after * (truth.events_to_incidents_after - 1),
    )
    held = [
        (inside, round(rate * inside.sum() / 7)) for inside, rate in zip(windows(truth, calendar), weekly, strict=True)
    ]
    return _drawn(calendar, np.where(calendar < day(truth.takeover), *weekly) / 7, held, rng)


def as_dated(truth: Truth, days: Days, *, rng: np.random.Generator) -> tuple[Days, Ints]:
    """The day to which each event is dated, and its time_precision.

    Only events inside the two windows are dated to the middle of their week (Thursday) or month (the 15th): there neither
    leads out of the window or across the takeover.
    """
    chance = rng.random(len(days))
    before, after = windows(truth, days)
    loose = before | after
    to_month = loose & (chance < truth.month_dated)
    to_week = loose & ~to_month & (chance < truth.month_dated + truth.week_dated)
    months = days.astype("datetime64[M]").astype("datetime64[D]") + FIFTEENTH
    dated = np.where(to_month, months, np.where(to_week, _monday_of(days) + THURSDAY, days))
    return dated, np.where(to_month, 3, np.where(to_week, 2, 1))


def day(date: dt.date) -> np.datetime64:
    """A date as NumPy writes days."""
    return np.datetime64(date, "D")


def calendar_of(span: Span) -> Days:
    """Every day of the span."""
    return np.arange(day(span.first), day(span.last) + DAY)


def windows(truth: Truth, days: Days) -> tuple[Flags, Flags]:
    """Which days lie in the whole weeks, Monday to Sunday, inside each of the two compared windows."""
    monday = _monday_of(days)
    before, after = (
        (monday >= day(span.first)) & (monday + 6 * DAY <= day(span.last)) for span in (truth.before, truth.after)
    )
    return before, after


def _monday_of(days: Days) -> Days:
    return days - (days.astype(np.int64) + 3) % 7 * DAY  # day 0, 1 January 1970, was a Thursday


def _drawn(calendar: Days, rate: Floats, held: list[tuple[Flags, int]], rng: np.random.Generator) -> Days:
    """Days of events: Poisson round the daily rate, but with the given totals on the days that are held."""
    counts = rng.poisson(rate)
    for inside, total in held:
        counts[inside] = rng.multinomial(total, rate[inside] / rate[inside].sum())
    return np.repeat(calendar, counts)
