"""Which provinces are unusual now? Every unit against its own past, every week, with few false alarms among all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.analysis.discovery import adjusted
from tocsin.analysis.weeks import fold, last_run, week_start
from tocsin.cube import Events, Selection, count
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WINDOW = 4
"""Weeks that are looked at together: the last four, anew every week."""

PAST = 13
"""Windows before it that say what is usual: a year of weeks."""

FEW_PAST = 10
"""With fewer windows before it than this a week is not judged."""

LEAST_WEEKS = (FEW_PAST + 1) * WINDOW
"""Of fewer weeks none is judged."""

LEVEL = 0.02
"""An alarm is a q-value of at most this. Windows of one unit are taken as independent; with a memory they are not, and this is small enough
for that."""

FALSE_ALARMS = 0.05
"""Stated: where nothing changes, at most this share of weekly looks has an alarm among all units, with a memory of up to 0.7; without one
far fewer."""

USUAL_WEEKS = 26
"""Weekly looks that are told."""

SIZES = np.geomspace(0.1, 1000, 25)
"""Inverse dispersions that are weighed against each other: from a variance of mean + 10 mean^2 to that of Poisson counts."""

ROUNDS = 5
"""Of learning from all units how bursty a unit is."""

FIRST = 0.5
"""Both parameters of the beta law of mean / (mean + size) before anything is seen (Jeffreys)."""

MANY, USUAL, NOTHING = "unusually many", "as usual", "as usual: no incident"

SCHEMA: dict[str, type[pl.DataType]] = {
    "unit_code": pl.String,
    "week_date": pl.Date,
    "from_date": pl.Date,
    "to_date": pl.Date,
    "incidents": pl.Int64,
    "usual": pl.Float64,
    "usual_low": pl.Int64,
    "usual_high": pl.Int64,
    "ratio": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "alarm": pl.String,
    "latest": pl.String,
    "verdict": pl.String,
}


@dataclass(frozen=True)
class Judged:
    """The newest window of each unit against those before it.

    Args:
        chance: Of so many incidents or more.
        low: Fewest incidents of a usual window: fewer have a chance of at most 2.5 per cent.
        high: Most incidents of a usual window: more have a chance of at most 2.5 per cent.
    """

    chance: Floats
    low: Ints
    high: Ints


def watch(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    period: Span,
    units: Sequence[str],
    weeks: int = USUAL_WEEKS,
) -> pl.DataFrame:
    """Has any unit had unusually many incidents in the four weeks to each of the last weeks?

    Args:
        selection: What counts; its span is not looked at.
        definition: First day of the week.
        period: Days looked at; its last whole weeks in a row that the data cover are used.
        units: Codes of first-order units, those without an incident too. Others are not judged.
        weeks: Weekly looks, the newest last; fewer where the data do not go back so far.

    Returns:
        One row a unit and look, sorted by unit and week: unit_code; week_date (first day of the week of the look, the last of the
        window); from_date, to_date (days of the window of WINDOW weeks); incidents (in the window); usual (mean of the windows before
        it), usual_low, usual_high (95 in 100 windows have as many, if nothing has changed); ratio (incidents / usual; null where nothing
        is usual); p_value (chance of so many or more); q_value (p adjusted for all units of the look); alarm ("yes" where q_value <=
        LEVEL, else "no"); latest ("yes" for the newest look); verdict.

    Raises:
        QuestionError: there is no unit, `weeks` is below one, or the data cover too few whole weeks in a row.

    Assumes:
        Where nothing changes, windows of a unit are negative binomial counts that do not depend on each other, of one mean. What has been
        high for long becomes usual. Only rises are looked for.

    Source:
        docs/methods/change.md: a beta-negative-binomial prediction, its dispersion learnt from all units (empirical Bayes); Benjamini
        and Hochberg (1995), Controlling the false discovery rate, Journal of the Royal Statistical Society B 57(1).
    """
    if not units or weeks < 1:
        raise QuestionError("there is no unit to watch" if not units else f"{weeks} looks are not asked")
    numbers, counts = _counts(events, selection, definition, period, units)
    looks = range(max(LEAST_WEEKS, len(numbers) - weeks + 1), len(numbers) + 1)
    if not looks:
        raise QuestionError(
            f"the data cover {len(numbers)} whole weeks in a row at the end of {period}: too few to know what is usual",
            next_step=f"At least {LEAST_WEEKS} are needed.",
        )
    tables = []
    for stop in looks:
        first, last, end = (
            week_start(numbers[0] + number, starts=definition.week_starts) for number in (stop - WINDOW, stop - 1, stop)
        )
        days = {"week_date": last, "from_date": first, "to_date": end - dt.timedelta(days=1)}
        look = _look(units, windows(counts[:, :stop]))
        tables.append(
            look.with_columns(pl.lit(stop == looks[-1]).alias("latest"), **{n: pl.lit(d) for n, d in days.items()})
        )
    said = pl.concat(tables).with_columns(
        pl.when(name).then(pl.lit("yes")).otherwise(pl.lit("no")).alias(name) for name in ("alarm", "latest")
    )
    return said.select(*SCHEMA).cast(pl.Schema(SCHEMA)).sort("unit_code", "week_date")


def windows(counts: Floats) -> Floats:
    """Incidents in windows that follow each other, the newest last; at most PAST before it.

    Args:
        counts: By unit and week; the last week is the last of the newest window.
    """
    number = min(PAST + 1, counts.shape[1] // WINDOW)
    return np.asarray(counts[:, -number * WINDOW :].reshape(len(counts), number, WINDOW).sum(axis=2))


def judged(table: Floats) -> Judged:
    """The newest window of each unit against those before it.

    Args:
        table: Incidents by unit and window, the newest last.

    Returns:
        For a size r (inverse dispersion), n past windows with S incidents in all, and a beta law of mean / (mean + r) with both parameters
        FIRST, the next window is beta-negative-binomial. Sizes are weighed by how well they explain the unit's past and by how
        often units have them; the latter is learnt from all units (EM).
    """
    past, now = table[:, :-1], table[:, -1]
    total = past.sum(axis=1)[:, None]
    seen = FIRST + past.shape[1] * SIZES[None, :]
    fit = scipy.special.betaln(FIRST + total, seen) + (
        scipy.special.gammaln(past[:, :, None] + SIZES) - scipy.special.gammaln(SIZES)
    ).sum(axis=1)
    likely = np.exp(fit - fit.max(axis=1, keepdims=True))
    usual = np.full(SIZES.size, 1 / SIZES.size)
    for _ in range(ROUNDS):
        weights = likely * usual
        weights /= weights.sum(axis=1, keepdims=True)
        usual = weights.mean(axis=0)
    return _predicted(now, total, seen, weights)


def _predicted(now: Floats, total: Floats, seen: Floats, weights: Floats) -> Judged:
    """The predicted law of the next window, added up from no incident on."""
    chance, low, high = np.ones(len(now)), np.zeros(len(now), dtype=np.int64), np.full(len(now), -1, dtype=np.int64)
    each = np.exp(scipy.special.betaln(FIRST + total, seen + SIZES) - scipy.special.betaln(FIRST + total, seen))
    below, incidents = np.zeros(len(now)), 0
    while (high < 0).any() or incidents <= now.max():
        chance = np.where(now == incidents, 1 - below, chance)
        low = np.where(below <= 0.025, incidents, low)
        below = below + (weights * each).sum(axis=1)
        high = np.where((high < 0) & (below >= 0.975), incidents, high)
        each *= (SIZES + incidents) / (incidents + 1) * (FIRST + total + incidents)
        each /= FIRST + total + incidents + seen + SIZES
        incidents += 1
    return Judged(np.maximum(chance, 1e-12), low, high)


def _look(units: Sequence[str], table: Floats) -> pl.DataFrame:
    found, now, usual = judged(table), table[:, -1], table[:, :-1].mean(axis=1)
    values = adjusted(found.chance)
    return pl.DataFrame(
        {
            "unit_code": list(units),
            "incidents": now,
            "usual": usual,
            "usual_low": found.low,
            "usual_high": found.high,
            "ratio": [float(a / b) if b else None for a, b in zip(now, usual, strict=True)],
            "p_value": found.chance,
            "q_value": values,
            "alarm": values <= LEVEL,
        }
    ).with_columns(
        verdict=pl.when("alarm")
        .then(pl.lit(MANY))
        .when(pl.col("incidents") > 0)
        .then(pl.lit(USUAL))
        .otherwise(pl.lit(NOTHING))
    )


def _counts(
    events: Events, selection: Selection, definition: Definition, period: Span, units: Sequence[str]
) -> tuple[range, Floats]:
    """The last covered whole weeks of the period in a row, and incidents by unit and week.

    Raises:
        QuestionError: the data cover no whole week of the period.
    """
    starts = definition.week_starts
    kept = last_run(period, events.about.covered, starts=starts)
    cube = count(events, selection.within(period), by=["event_day", "unit_code"])
    folded = fold(cube.filter(pl.col("unit_code").is_in(list(units))), weeks=kept, starts=starts, by=["unit_code"])
    row = {unit: number for number, unit in enumerate(units)}
    counts = np.zeros((len(units), len(kept)))
    for unit, week, incidents in folded.select("unit_code", "week", "incidents").iter_rows():
        counts[row[unit], week - kept.start] = incidents
    return kept, counts
