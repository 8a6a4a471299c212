"""Does a statement hold? A test in few words, held against the value of a finding."""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.errors import FindingError
from tocsin.findings.arithmetic import Expression, evaluate, parse

Floats = NDArray[np.float64]

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_NUMBER = r"[-+−]?\d+(?:[.,]\d+)*"
_FORMS = (
    '"4.5 to 5.5", "> 0", "= 34", "positive", "in the top 5", "rising since 2022-03-01", "> other.finding", "is Kunar"'
)
LEAST_POINTS = 5
"""With fewer points no order of theirs is rare enough: four that rise do so in one of 24 orders."""

CONFIDENCE = 0.95
POINTS_FOR_MEMORY = 10
LONGEST_MEMORY = 0.95


@dataclass(frozen=True)
class Expectation:
    """A test that a value passes or fails.

    Args:
        text: As it is written.
        kind: "between", "compared", "text", "rising" or "falling".
        operands: What the value is held against: arithmetic that may name other findings.
        symbol: The comparison.
        words: What a name must be.
        since: The first day of a series that is looked at.
    """

    text: str
    kind: str
    operands: tuple[Expression, ...] = ()
    symbol: str = ""
    words: tuple[str, ...] = ()
    since: dt.date | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Findings that the test itself uses."""
        return tuple(dict.fromkeys(name for operand in self.operands for name in operand.names))


def parse_expectation(text: str, *, where: str = "") -> Expectation:
    """Read a test.

    Raises:
        FindingError: it is not understood; with the forms that are.
    """
    said = text.strip().replace("−", "-")
    if said in ("positive", "negative"):
        return Expectation(said, "compared", (parse("0"),), ">" if said == "positive" else "<")
    if found := re.fullmatch(r"in the top (\d+)", said):
        return Expectation(said, "compared", (parse(found[1]),), "<=")
    if found := re.fullmatch(r"(rising|falling)(?: since (\d{4}-\d\d-\d\d))?", said):
        return Expectation(said, found[1], since=_day(found[2], where) if found[2] else None)
    if found := re.fullmatch(r"is (.+)", said):
        return Expectation(said, "text", words=tuple(part.strip() for part in found[1].split(" or ")))
    if found := re.fullmatch(r"(<=|>=|<|>|=)\s*(.+)", said):
        return Expectation(said, "compared", (parse(_plain(found[2], where), where=where),), found[1])
    if found := re.fullmatch(r"(.+?)\s+to\s+(.+)", said):
        _check_order(*found.groups(), where=where)
        return Expectation(said, "between", tuple(parse(_plain(part, where), where=where) for part in found.groups()))
    raise FindingError(f'the test "{text}" is not understood', where=where, next_step=f"Write one of: {_FORMS}.")


def holds(
    expectation: Expectation,
    value: float | dt.date | str | pl.DataFrame,
    values: Mapping[str, float],
    *,
    average: int = 1,
) -> bool:
    """Whether the value passes the test.

    Args:
        value: A number, day or name; for "rising" and "falling" a series: a day or number, and a number.
        values: The numbers of other findings that the test names.
        average: Of how many weeks each point of a series is a moving average: only points that share no week are looked at.

    Raises:
        FindingError: the test does not fit the kind of value, or can not be worked out.

    Assumes:
        A series rises if the 95 per cent interval of its Theil-Sen slope lies above zero. From POINTS_FOR_MEMORY points on it is widened
        for the memory of the points; docs/findings.md says how often series without a trend pass.

    Source:
        Sen (1968), Estimates of the regression coefficient based on Kendall's tau, JASA 63(324); Hamed and Rao (1998), A modified
        Mann-Kendall trend test for autocorrelated data, Journal of Hydrology 204.
    """
    if expectation.kind in ("rising", "falling"):
        return _runs(expectation, value, average)
    if isinstance(value, pl.DataFrame):
        raise FindingError(
            f'"{expectation.text}" does not test a series', next_step='Write "rising since …" or "falling since …".'
        )
    if expectation.kind == "text":
        return str(value).casefold() in [word.casefold() for word in expectation.words]
    if not isinstance(value, int | float):
        raise FindingError(
            f'"{expectation.text}" tests a number, and the value is "{value}"', next_step='Names and days: "is NAME".'
        )
    bounds = [evaluate(operand, values) for operand in expectation.operands]
    if expectation.kind == "between":
        return bounds[0] <= value <= bounds[1]
    return _COMPARED[expectation.symbol](value, bounds[0])


def _runs(expectation: Expectation, value: float | dt.date | str | pl.DataFrame, average: int) -> bool:
    if not isinstance(value, pl.DataFrame):
        raise FindingError(
            f'"{expectation.text}" tests a series, and the finding is one value',
            next_step='Take a series: take = "incidents by week_date".',
        )
    day, number = value.columns
    series = value if expectation.since is None else value.filter(pl.col(day) >= expectation.since)
    series = series.reverse().gather_every(average).reverse()
    if series.height < LEAST_POINTS:
        if average > 1:
            raise FindingError(
                f'"{expectation.text}" needs at least {LEAST_POINTS} averages that share no week, there are {series.height}',
                next_step='Test the weekly counts: take = "incidents by week_date"; or ask for the "trend".',
            )
        raise FindingError(f'"{expectation.text}" needs at least {LEAST_POINTS} points, there are {series.height}')
    along = series[day].cast(pl.Int32 if series[day].dtype == pl.Date else pl.Float64).cast(pl.Float64).to_numpy()
    values = series[number].cast(pl.Float64).to_numpy()
    slope = scipy.stats.theilslopes(values, along, alpha=_confidence(values, along))
    return bool(slope.low_slope > 0) if expectation.kind == "rising" else bool(slope.high_slope < 0)


def _confidence(values: Floats, along: Floats) -> float:
    """The confidence at which the interval of independent points is as wide as that of 95 per cent of these, which have a memory.

    Assumes:
        A memory of one step (AR(1)) in the ranks of what the slope leaves over; its estimate is mended for the line that was taken out.
    """
    points = values.size
    if points < POINTS_FOR_MEMORY:
        return CONFIDENCE
    ranks = scipy.stats.rankdata(values - scipy.stats.theilslopes(values, along).slope * along)
    ranks -= ranks.mean()
    size = float(ranks @ ranks)
    if not size:
        return CONFIDENCE
    memory = min(max((points * float(ranks[1:] @ ranks[:-1]) / size + 2) / (points - 4), 0.0), LONGEST_MEMORY)
    lags = np.arange(1, points - 2)
    left = points - lags
    more = 2 / (points * (points - 1) * (points - 2)) * float(np.sum(left * (left - 1) * (left - 2) * memory**lags))
    return float(2 * scipy.stats.norm.cdf(scipy.stats.norm.ppf(0.5 + CONFIDENCE / 2) * np.sqrt(1 + more)) - 1)


def _check_order(low: str, high: str, *, where: str) -> None:
    """Raise where two plain numbers are the wrong way round: nothing would ever hold."""
    try:
        wrong = float(_plain(low)) > float(_plain(high))
    except ValueError:
        return
    if wrong:
        raise FindingError(
            f"from {low} to {high} there is nothing", where=where, next_step='The lower end comes first: "4.5 to 5.5".'
        )


def _plain(number: str, where: str = "") -> str:
    """A number without the commas that part its thousands; other text as it is.

    Raises:
        FindingError: a comma parts no thousands.
    """
    if "," not in number or not re.fullmatch(_NUMBER, number.strip()):
        return number
    if not re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", number.strip()):
        raise FindingError(
            f'"{number.strip()}" is no number here', where=where, next_step="A decimal is written with a point: 1.5."
        )
    return number.replace(",", "")


def _day(text: str, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise FindingError(f"{text} is no day", where=where, next_step="Write it as in 2022-03-01.") from error
