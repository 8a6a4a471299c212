"""How complete are the last weeks? What was known of each week when, and how much is still to come or to go.

Data sets of events revise their past: events are added weeks later, and some are withdrawn. Where the states of a data set at several
dates are kept, older weeks show how counts grew or shrank after the same delay, and so what the last weeks may yet become.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.analysis.weeks import week_number, week_start, whole_weeks
from tocsin.cube import EPOCH
from tocsin.errors import QuestionError
from tocsin.schema import Span

Floats = NDArray[np.float64]

SETTLED_WEEKS = 26
"""Weeks after which a count is taken for settled, unless said otherwise."""
FEW_STATES = 10
"""With fewer states of the data than this, too few weeks were seen at each delay to say anything of the next."""
FEW_WEEKS = 6
"""At a delay at which fewer weeks than this were seen before, no interval is given."""
HALF = 0.5
"""Half an incident is added to what is known, so that a week of which nothing is known is not taken for certain."""
DRIFT = 3.0
"""Standard errors by which growth may differ between the earlier and the later half of the weeks without a warning."""
ALIKE = 1.8
"""How many times the variance of independent weeks the sum over the weeks of one state may have without a warning."""
STILL_MOVING = 0.02
"""A share of the count by which settled weeks may still be revised without a warning."""
NEAR = 0.05
"""A share of a line: an interval that reaches no further from it tells a reader nothing."""

_HISTORY = {"event_day", "data_date", "incidents"}
_AVERAGES: dict[str, type[pl.DataType]] = {
    "week_date": pl.Date, "average": pl.Float64, "estimate": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "revised": pl.Boolean, "warning": pl.String,
}  # fmt: skip
_TRIANGLE: dict[str, type[pl.DataType]] = {"week_date": pl.Date, "delay_weeks": pl.Int64, "incidents": pl.Int64}


def triangle(history: pl.DataFrame, *, week_starts: str, period: Span | None = None) -> pl.DataFrame:
    """The revision triangle: how many incidents of each week were known how many weeks after its end.

    Args:
        history: event_day (a date, or days since 1970-01-01), data_date (the day as of which a state gives the data), incidents; one row a
            day of a state. A day that a state lacks has no incident, up to its data_date.
        week_starts: The day on which weeks begin, in English.
        period: Days to look at; from the first day of the history if not said. Say it where some states begin later than others, or
            their missing days would be taken for zeros.

    Returns:
        week_date (first day of the week), delay_weeks (k: whole weeks from the end of the week to the data_date), incidents (as then known;
        null where no state of the data has this delay, also where one before and one after it do: nothing is carried on). Every
        whole week that ended by the newest data_date, with every delay up to that of the oldest week at that date; sorted.
        Of several states with the same delays (less than a week apart) the newest counts.

    Raises:
        QuestionError: a column is missing or holds nulls or negative counts, or no whole week has ended by the newest data_date.
    """
    days = _checked(history)
    first = EPOCH + dt.timedelta(days=int(days["event_day"].min()))  # type: ignore[arg-type]
    newest = EPOCH + dt.timedelta(days=int(days["data_date"].max()))  # type: ignore[arg-type]
    begin, end = (max(first, period.first), min(newest, period.last)) if period else (first, newest)
    weeks = whole_weeks(Span(begin, end), starts=week_starts) if begin <= end else range(0)
    if not weeks:
        raise QuestionError(
            f"no whole week from {begin} had ended by {end}", next_step="Ask for a longer period, or load a newer file."
        )
    # A state tells of weeks that ended by its date: its own week is the last of them.
    days = days.with_columns(
        week=week_number(pl.col("event_day"), starts=week_starts),
        state=week_number(pl.col("data_date") + 1, starts=week_starts) - 1,
    ).filter(pl.col("data_date") == pl.col("data_date").max().over("state"))
    states = days["state"].unique().to_numpy()
    last = int(states.max())
    counts = np.full((len(weeks), last - weeks.start + 1), np.nan)
    week, state = np.meshgrid(np.arange(len(weeks)), states - weeks.start, indexing="ij")
    told = state >= week
    counts[week[told], (state - week)[told]] = 0
    inside = days.filter(pl.col("week").is_between(weeks.start, weeks.stop - 1), pl.col("state") >= pl.col("week"))
    rows = (inside["week"] - weeks.start).to_numpy(), (inside["state"] - inside["week"]).to_numpy()
    np.add.at(counts, rows, inside["incidents"].to_numpy())
    return _long(counts, [week_start(number, starts=week_starts) for number in weeks])


def _checked(history: pl.DataFrame) -> pl.DataFrame:
    """event_day and data_date as days since 1970-01-01, incidents."""
    missing = sorted(_HISTORY - set(history.columns))
    if missing:
        raise QuestionError(
            f"the history lacks {', '.join(missing)}", next_step="It needs event_day, data_date, incidents."
        )
    if history.is_empty():
        raise QuestionError("the history has no rows", next_step="Load the data at more than one date.")
    for name in sorted(_HISTORY):
        kind = history.schema[name]
        if not (kind.is_integer() or (kind == pl.Date and name != "incidents")):
            said = "whole numbers" if name == "incidents" else "dates, or days since 1970-01-01"
            raise QuestionError(f"the history's {name} are not {said} but {kind}", where=f"column {name}")
    days = history.select(pl.col(sorted(_HISTORY)).cast(pl.Int64))
    for name in days.columns:
        if days[name].null_count():
            raise QuestionError(f"{days[name].null_count()} rows of the history have no {name}", where=f"column {name}")
    if days["incidents"].min() < 0:  # type: ignore[operator]
        raise QuestionError("the history has counts below zero", where="column incidents")
    return days


def _long(counts: Floats, week_dates: list[dt.date]) -> pl.DataFrame:
    weeks, delays = counts.shape
    return pl.DataFrame(
        {
            "week_date": pl.Series(week_dates, dtype=pl.Date).gather(np.repeat(np.arange(weeks), delays)),
            "delay_weeks": np.tile(np.arange(delays), weeks),
            "incidents": pl.Series(counts.ravel(), nan_to_null=True).cast(pl.Int64),
        },
        schema=_TRIANGLE,
    )


def completeness(
    triangle: pl.DataFrame, *, settled_weeks: int = SETTLED_WEEKS, confidence: float = 0.95
) -> pl.DataFrame:
    """What share of its settled count was known of a week, by the weeks since its end.

    Args:
        triangle: As `triangle` gives it.
        settled_weeks: Weeks after which a count is taken for settled.
        confidence: Of the interval, between 0 and 1.

    Returns:
        delay_weeks (0 to settled_weeks), completeness (known then / settled; above 1 where more was known than stayed), low, high, weeks
        (how many were seen at this delay and later), incidents (settled, of these weeks; estimated for those not yet settled). The
        row of settled_weeks compares with the newest state, and so tests whether counts are settled by then. Completeness is null
        where no week was seen or none had an incident; bounds are null with fewer than FEW_WEEKS weeks.

    Raises:
        QuestionError: no week is settled, or there are fewer than FEW_STATES states.

    Assumes:
        Reporting has kept its pace: what share is known after k weeks has not changed, for few incidents and for many.

    Source:
        Chain ladder (Mack 1993, Distribution-free Calculation of the Standard Error of Chain Ladder Reserve Estimates, ASTIN Bulletin
        23(2)), in a form that lets states be missing: see docs/methods/revisions.md.
    """
    curve = _curve(_seen(triangle, settled_weeks=settled_weeks))
    half = scipy.special.stdtrit(np.maximum(curve.weeks - 1, 1), 0.5 + confidence / 2) * curve.error
    known = (curve.weeks >= FEW_WEEKS) & np.isfinite(half)
    share = 1 / curve.growth
    table = pl.DataFrame(
        {
            "delay_weeks": np.arange(share.size),
            "completeness": share,
            "low": np.where(known, share * np.exp(-half), np.nan),
            "high": np.where(known, share * np.exp(half), np.nan),
            "weeks": curve.weeks.astype(np.int64),
            "incidents": curve.settled,
        }
    )
    return table.with_columns(pl.col("completeness", "low", "high").fill_nan(None))


def nowcast(triangle: pl.DataFrame, *, settled_weeks: int = SETTLED_WEEKS, confidence: float = 0.95) -> pl.DataFrame:
    """The settled count that each of the last weeks may be expected to have, with an interval for that count.

    Args:
        triangle: As `triangle` gives it.
        settled_weeks: Weeks after which a count is taken for settled.
        confidence: Of the interval, between 0 and 1.

    Returns:
        One row a week not yet settled: week_date, delay_weeks (of the newest state), incidents (known now), completeness (expected at this
        delay), estimate, low, high (settled incidents), weeks (how many were seen at this delay before), warning (where an
        assumption fails, or null). Estimate and bounds are null where completeness is not known, bounds with fewer than FEW_WEEKS weeks.

    Raises:
        QuestionError: no week is settled, or there are fewer than FEW_STATES states.

    Assumes:
        As `completeness`; and weeks are revised independently of each other, the variance of a settled count growing with the number
        known, its shape near that of a gamma. It tells what the publisher will have written, not what happened.

    Source:
        Mack (1993) for the variance: that of the week's own revisions and that of the estimated factor. It is never less than that of
        independent late reports (Verrall 2000, An Investigation into Stochastic Claims Reserving Models and the Chain-ladder
        Technique, Insurance: Mathematics and Economics 26(1)).
    """
    seen = _seen(triangle, settled_weeks=settled_weeks)
    curve = _curve(seen)
    last = np.flatnonzero(seen.delay < settled_weeks)
    delay, now = seen.delay[last], seen.now[last]
    growth, weeks = curve.growth[delay], curve.weeks[delay]
    own, doubt = _ahead(curve, delay, now, confidence=confidence)
    estimate = growth * now
    low, high = _bounds(estimate, estimate + HALF * growth, own + doubt**2, confidence=confidence)
    told = (weeks >= FEW_WEEKS) & np.isfinite(high)
    table = pl.DataFrame(
        {
            "week_date": seen.week_dates.gather(last),
            "delay_weeks": delay,
            "incidents": now.astype(np.int64),
            "completeness": 1 / growth,
            "estimate": estimate,
            "low": np.where(told, low, np.nan),
            "high": np.where(told, high, np.nan),
            "weeks": weeks.astype(np.int64),
            "warning": _warnings(seen, curve, last),
        },
        schema_overrides={"warning": pl.String},
    )
    return table.with_columns(pl.col("completeness", "estimate", "low", "high").fill_nan(None))


def nowcast_average(
    triangle: pl.DataFrame,
    *,
    average_weeks: int,
    average: str = "trailing",
    settled_weeks: int = SETTLED_WEEKS,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """The settled moving average that each of the last weeks may be expected to have, with an interval for that average.

    Args:
        triangle: As `triangle` gives it.
        average_weeks: Weeks in the average.
        average: "trailing" or "centred", as in analysis.incidents.
        settled_weeks: Weeks after which a count is taken for settled.
        confidence: Of the interval, between 0 and 1.

    Returns:
        One row a week whose average holds a week not yet settled: week_date, average (of what is known now), estimate, low, high (incidents
        a week, settled), revised (whether counts as old as that of one of its weeks were ever changed later), warning (all that `nowcast`
        warns of the weeks in it, or null). Estimate and bounds are null where a week in it has none. With an average of one week they are
        those of `nowcast`.

    Raises:
        QuestionError: no week is settled, or there are fewer than FEW_STATES states.

    Assumes:
        As `nowcast`. Where the weeks of one state were revised together, which a sum feels most, the interval is wider for it.

    Source:
        Mack (1993) for the variance of a sum over weeks: what is still ahead of each adds up, and two factors have the error of what comes
        after the longer of their delays in common.
    """
    seen = _seen(triangle, settled_weeks=settled_weeks)
    curve = _curve(seen)
    changed = np.array([_changed(seen, delay) for delay in range(settled_weeks)])
    last = np.flatnonzero(seen.delay < settled_weeks)
    warnings = dict(zip(last.tolist(), _warnings(seen, curve, last), strict=True))
    middle = average_weeks // 2 if average == "centred" else average_weeks - 1
    rows = []
    for first in range(seen.now.size - average_weeks + 1):
        weeks = np.arange(first, first + average_weeks)
        ahead = weeks[seen.delay[weeks] < settled_weeks]
        if not ahead.size:
            continue
        known, delay = seen.now[ahead], seen.delay[ahead]
        settled = seen.now[weeks].sum() - known.sum()
        estimate, low, high = (settled + each for each in _summed(curve, delay, known, confidence=confidence))
        rows.append(
            {
                "week_date": seen.week_dates[first + middle],
                "average": seen.now[weeks].mean(),
                "estimate": estimate / average_weeks,
                "low": low / average_weeks,
                "high": high / average_weeks,
                "revised": bool(changed[delay].any()),
                "warning": _joined(warnings[week] for week in ahead.tolist()),
            }
        )
    return pl.DataFrame(rows, schema=_AVERAGES, orient="row").with_columns(
        pl.col("estimate", "low", "high").fill_nan(None)
    )


def incomplete(averages: pl.DataFrame) -> pl.DataFrame:
    """The last weeks of a line that are not yet complete: all from the first that may be expected to change so that it can be seen.

    Args:
        averages: As `nowcast_average` gives them.

    Returns:
        The same columns, from the first week whose interval reaches further than NEAR from what is known and holds counts of an age at
        which counts were ever changed; no rows where there is none.
    """
    known = pl.col("average")
    far = (pl.col("high") > known * (1 + NEAR)) | (pl.col("low") < known * (1 - NEAR))
    first = averages.filter(far, "revised")["week_date"].min()
    return averages.clear() if first is None else averages.filter(pl.col("week_date") >= first)


def states(triangle: pl.DataFrame) -> int:
    """How many states of the data, at least a week apart, a triangle is made of."""
    told = triangle.drop_nulls("incidents")
    return told.select(pl.col("week_date") + pl.duration(weeks="delay_weeks")).n_unique()


def _ahead(curve: _Curve, delay: NDArray[np.int64], now: Floats, *, confidence: float) -> tuple[Floats, Floats]:
    """Of weeks: the variance of their own revisions to come, and the standard error that the doubt about growth gives them.

    Both are wider by Student's t over the normal: the variance is estimated from few weeks.
    """
    tail = 0.5 + confidence / 2
    wider = scipy.special.stdtrit(np.maximum(curve.weeks[delay] - 1, 1), tail) / scipy.special.ndtri(tail)
    doubt = wider * curve.error[delay] * curve.growth[delay] * (now + HALF)
    return np.asarray(wider**2 * _variance(curve, delay, now)), np.asarray(doubt)


def _bounds(estimate: Floats, middle: Floats, variance: Floats, *, confidence: float) -> tuple[Floats, Floats]:
    """Whole counts at the ends of a gamma law of that mean and variance; mean and ends lie half an incident above the count."""
    tail = 0.5 + confidence / 2
    low, high = (
        middle * scipy.special.gammaincinv(middle**2 / variance, share) * variance / middle**2
        for share in (1 - tail, tail)
    )
    return np.floor(np.minimum(low, estimate)), np.ceil(np.maximum(high - 1, estimate))


def _summed(curve: _Curve, delay: NDArray[np.int64], now: Floats, *, confidence: float) -> tuple[float, float, float]:
    """What weeks together may be expected to settle at, with bounds; nan where that can not be told of one of them."""
    growth, error = curve.growth[delay], curve.error[delay]
    own, doubt = _ahead(curve, delay, now, confidence=confidence)
    common = np.minimum.outer(error, error) / np.maximum.outer(error, error)
    variance = own.sum() + doubt @ common @ doubt
    if delay.size > 1:
        variance *= max(1.0, curve.together)
    estimate = np.array([np.sum(growth * now)])
    low, high = _bounds(estimate, estimate + HALF * growth.max(), np.array([variance]), confidence=confidence)
    if (curve.weeks[delay] < FEW_WEEKS).any() or not np.isfinite(high[0]):
        return float(estimate[0]), np.nan, np.nan
    return float(estimate[0]), float(low[0]), float(high[0])


def _changed(seen: _Seen, delay: int) -> bool:
    """Whether a count of that age was ever changed later."""
    known = seen.known[:, delay]
    return bool((~np.isnan(known) & (known != seen.now)).any())


def _joined(warnings: Iterable[str | None]) -> str | None:
    """Each warning once."""
    said = dict.fromkeys(part for warning in warnings if warning for part in warning.split("; "))
    return "; ".join(said) or None


@dataclass(frozen=True)
class _Seen:
    """A triangle as arrays: one row a week, one column a delay from 0 to `settled`."""

    week_dates: pl.Series
    known: Floats
    """Incidents known at each delay; nan where no state tells."""
    delay: NDArray[np.int64]
    """Of each week at the newest state."""
    now: Floats
    """Incidents of each week at the newest state."""
    settled: int


@dataclass(frozen=True)
class _Curve:
    """By delay, 0 to `settled`: what becomes of what was known."""

    growth: Floats
    """Settled incidents for one then known; nan where not known."""
    error: Floats
    """Standard error of the logarithm of growth."""
    spread: Floats
    """Variance of the settled count of a week, for one incident then known, HALF an incident added."""
    chance: Floats
    """The part of it that independent late reports or withdrawals explain."""
    scatter: Floats
    """What they do not explain, for the square of the incidents known: of some weeks more is known early than of others."""
    least: Floats
    """Of the settled counts of the weeks seen at the delay and later."""
    most: Floats
    settled: Floats
    """Their sum."""
    drift: Floats
    """Of the logarithm of growth, from the earlier half of these weeks to the later, in standard errors; 0 where there are too few."""
    weeks: Floats
    """How many they are."""
    together: float = 1.0
    """How far the weeks of one state were revised together: 1 where they were not."""


def _seen(triangle: pl.DataFrame, *, settled_weeks: int) -> _Seen:
    if settled_weeks < 1:
        raise QuestionError(f"counts can not be settled after {settled_weeks} weeks", next_step="Say 1 or more.")
    ordered = triangle.sort("week_date", "delay_weeks")
    dates = ordered["week_date"].unique(maintain_order=True)
    every = ordered["incidents"].cast(pl.Float64).fill_null(np.nan).to_numpy().reshape(len(dates), -1)
    told = ~np.isnan(every)
    delay = every.shape[1] - 1 - np.argmax(told[:, ::-1], axis=1)
    if (count := states(triangle)) < FEW_STATES:
        raise QuestionError(
            f"{_states(count)} too few to tell how counts are revised",
            next_step=f"{FEW_STATES} are needed: load older or newer files, each with the day as of which it gives the data.",
        )
    if delay.max() < settled_weeks:
        raise QuestionError(
            f"the oldest week ended {delay.max()} weeks before the newest state: none is settled after {settled_weeks} weeks",
            next_step=f"Take counts for settled after {delay.max()} weeks at most, or load files that go further back.",
        )
    now = every[np.arange(len(dates)), delay]
    return _Seen(dates, every[:, : settled_weeks + 1], delay, now, settled_weeks)


def _curve(seen: _Seen) -> _Curve:
    """From the longest delay to the shortest: what is known of a later delay settles the weeks that are seen at an earlier one."""
    size = seen.settled + 1
    curve = _blank(size)
    ends = np.where(seen.delay >= seen.settled, seen.now, np.nan)  # settled counts, as far as they can be told
    ahead = np.where(seen.delay >= seen.settled, 0.0, np.nan)  # their variance, given what is known now
    for delay in range(seen.settled, -1, -1):
        known = seen.known[:, delay]
        pairs = ~np.isnan(known) & (seen.delay > delay) & ~np.isnan(ends)
        before, after = known[pairs], ends[pairs]
        curve.weeks[delay], curve.settled[delay] = before.size, after.sum()
        if before.sum() and after.sum():
            curve.least[delay], curve.most[delay] = after.min(), after.max()
            fitted = _grown(before, after, ahead[pairs])
            for column, value in zip(
                (curve.growth, curve.error, curve.spread, curve.chance, curve.scatter), fitted, strict=True
            ):
                column[delay] = value
            curve.drift[delay] = _drift(before, after, ahead[pairs])
        if delay < seen.settled:
            here = seen.delay == delay
            ends[here] = curve.growth[delay] * seen.now[here]
            ahead[here] = _variance(curve, delay, seen.now[here])
    return replace(curve, together=_together(seen, curve, ends))


def _blank(size: int) -> _Curve:
    growth, error, spread, chance, scatter, least, most = np.full((7, size), np.nan)
    settled, drift, weeks = np.zeros((3, size))
    return _Curve(growth, error, spread, chance, scatter, least, most, settled, drift, weeks)


def _grown(before: Floats, after: Floats, ahead: Floats) -> tuple[float, float, float, float, float]:
    """Growth, the standard error of its logarithm (Mack), spread, chance and scatter.

    Chance is at least that of a single report.
    """
    growth = float(after.sum() / before.sum())
    found = before.size / max(1, before.size - 1) * np.sum((after - growth * before) ** 2) + ahead.sum()
    least = max(growth * abs(growth - 1) * before.sum(), 1)
    known = before + HALF
    spread, chance = max(found, least) / known.sum(), least / known.sum()
    scatter = max(found - least, 0) / np.sum(known**2)
    return growth, float(np.sqrt(spread / before.sum()) / growth), float(spread), float(chance), float(scatter)


def _variance(curve: _Curve, delay: int | NDArray[np.int64], now: Floats) -> Floats:
    """Of the settled count of weeks of which so much is known; where it is unusually much, that of weeks that scatter in proportion."""
    known = now + HALF
    return np.maximum(curve.spread[delay] * known, curve.chance[delay] * known + curve.scatter[delay] * known**2)


def _drift(before: Floats, after: Floats, ahead: Floats) -> float:
    """How far growth in the earlier half of the weeks is from that in the later, in standard errors."""
    middle = before.size // 2
    halves = [(before[part], after[part], ahead[part]) for part in (slice(0, middle), slice(middle, None))]
    if middle < FEW_WEEKS or any(not known.sum() or not settled.sum() for known, settled, _ in halves):
        return 0.0
    (early, early_error, *_), (late, late_error, *_) = (_grown(*half) for half in halves)
    return float(np.log(late / early) / np.hypot(early_error, late_error))


def _warnings(seen: _Seen, curve: _Curve, last: NDArray[np.intp]) -> list[str | None]:
    """Where the assumptions fail, week by week."""
    everywhere = [note for note in (_still_moving(curve, seen.settled), _alike(curve)) if note]
    said = []
    for delay, now in zip(seen.delay[last], seen.now[last], strict=True):
        notes = [*everywhere]
        estimate = curve.growth[delay] * now
        if np.isnan(curve.growth[delay]):
            notes.append("no week seen at this delay had an incident: nothing can be told")
        elif curve.weeks[delay] < FEW_WEEKS:
            notes.append(f"fewer than {FEW_WEEKS} weeks were seen at this delay: no interval")
        if estimate > 2 * curve.most[delay] or 2 * estimate < curve.least[delay]:
            notes.append("counts of this size were not seen at this delay before")
        if abs(curve.drift[delay]) > DRIFT:
            notes.append(f"of late {'less' if curve.drift[delay] > 0 else 'more'} is known at this delay than before")
        said.append("; ".join(notes) or None)
    return said


def _together(seen: _Seen, curve: _Curve, ends: Floats) -> float:
    """Variance of a state's summed residuals over the sum of their variances: near 1 where weeks are revised apart from each other."""
    delays = np.arange(seen.settled + 1)
    residual = ends[:, None] - curve.growth * seen.known
    told = np.isfinite(residual) & (seen.delay[:, None] > delays)
    squares = np.where(told, residual, 0) ** 2
    usual = np.broadcast_to(squares.sum(axis=0) / np.maximum(told.sum(axis=0), 1), told.shape)
    state = np.add.outer(np.arange(ends.size), delays)[told]
    sums, sizes = np.bincount(state, residual[told]), np.bincount(state, usual[told])
    return float(np.mean(sums[sizes > 0] ** 2 / sizes[sizes > 0])) if sizes.any() else 1.0


def _still_moving(curve: _Curve, settled: int) -> str | None:
    growth, error = curve.growth[settled], curve.error[settled]
    if curve.weeks[settled] < FEW_WEEKS or abs(growth - 1) < STILL_MOVING or abs(np.log(growth)) < 2 * error:
        return None
    return f"counts still {'grow' if growth > 1 else 'shrink'} after {settled} weeks, by {abs(growth - 1):.0%} so far"


def _alike(curve: _Curve) -> str | None:
    if curve.together < ALIKE:
        return None
    return "neighbouring weeks were revised alike (coded in batches, or of late at another pace): the interval may be too short"


def _states(count: int) -> str:
    return "1 state of the data is" if count == 1 else f"{count} states of the data, at least a week apart, are"
