"""Do two data sets, or two parts of one, tell the same? Levels, changes and how they move, side by side; never added together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.analysis.agreeing import LAGGED, direction, told, verdict, where_apart
from tocsin.analysis.comovement import CHANGE_WEEKS, Lag, Together, lagged, together
from tocsin.analysis.comparison import FEW_WEEKS, compare_series
from tocsin.analysis.incidents import ALL
from tocsin.analysis.parting import false_discovery, level_of, parted, ratio_of
from tocsin.analysis.sides import Side, Weeks, weeks_of
from tocsin.desk import Definition
from tocsin.schema import Span

Floats = NDArray[np.float64]
Row = dict[str, Any]

FALSE_ONES = 0.05
"""Of the places and groups that are said to part, at most this share does not, on average."""

MOSTLY = 0.5
"""Where more of a correlation than this comes from a single change, it is said: it would not tell of any other."""

SCHEMA: dict[str, type[pl.DataType]] = {
    "series": pl.String,
    "kind": pl.String,
    "code": pl.String,
    "weeks": pl.Int64,
    "before_weeks": pl.Int64,
    "after_weeks": pl.Int64,
    **{
        f"{side}_{name}": kind
        for side in ("one", "other")
        for name, kind in {
            "incidents": pl.Int64,
            "mean": pl.Float64,
            "before": pl.Float64,
            "after": pl.Float64,
            "change": pl.Float64,
            "change_low": pl.Float64,
            "change_high": pl.Float64,
        }.items()
    },
    **{name + bound: pl.Float64 for name in ("levels", "parting") for bound in ("", "_low", "_high")},
    "parting_p": pl.Float64,
    "parting_q": pl.Float64,
    "part": pl.Boolean,
    "agreed": pl.Boolean,
    "direction": pl.String,
    "correlation": pl.Float64,
    "correlation_low": pl.Float64,
    "correlation_high": pl.Float64,
    "correlation_most": pl.Float64,
    "lag_weeks": pl.Int64,
    "lag_low": pl.Int64,
    "lag_high": pl.Int64,
    "note": pl.String,
    "verdict": pl.String,
}


@dataclass(frozen=True)
class Pair:
    """What is compared: the weekly counts of both sides; nan in weeks that are not common."""

    series: str
    kind: str
    code: str | None
    one: Floats
    other: Floats


def agreement(
    one: Side,
    other: Side,
    *,
    definition: Definition,
    period: Span,
    windows: tuple[Span, Span],
    units: Mapping[str, str],
    label: str = ALL,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """Two sides compared: in all, by each group and event type that both know, and by first-order unit.

    Args:
        one: The first.
        other: The second; it shares no row with the first.
        definition: First day of the week.
        period: Only whole weeks in it that both cover are compared.
        windows: The earlier and the later.
        units: Code -> name of the units that have a row.
        label: Of the first row.
        confidence: Of the intervals.

    Returns:
        series (label); kind ("all", "group", "event type", "unit"); code (of a unit); weeks (compared), before_weeks, after_weeks
        (of them, in each window); for each side (one_, other_): incidents, mean (a week, in all weeks compared), before, after
        (a week in each window), change (after / before), change_low, change_high; levels (mean of one / mean of other), levels_low,
        levels_high; parting (change of one / change of other), parting_low, parting_high, parting_p (of a test that the two changes
        are the same), parting_q (the same, corrected for the number of rows beside the first), part (parting_q is at most FALSE_ONES;
        of the first row parting_p); agreed (true: both changes are told from chance and of one direction; false: of two; null: one
        is not told), direction (in words); correlation (of changes, see comovement), correlation_low, correlation_high,
        correlation_most (what chance in the counts lets it reach, about; null where the changes are no larger than chance);
        lag_weeks (by which other follows one; null where it can not be told, or is not looked for: see LAGGED), lag_low, lag_high;
        note (what is missing); verdict (in words).

    Raises:
        QuestionError: no week is covered by both, or a week lies in both windows.

    Assumes:
        No row is in both sides. Units: by rows placed as well as each side's precise says.

    Source:
        Levels and parting by the delta method on weekly differences, so that what both see cancels, with the long-run variance of
        comparison; changes by comparison.compare_series; the test: see `parted`; its correction: Benjamini and Hochberg (1995),
        Controlling the False Discovery Rate, Journal of the Royal Statistical Society B 57(1).
    """
    weeks = weeks_of(one, other, period=period, windows=windows, starts=definition.week_starts)
    pairs = _pairs(one, other, weeks, units=units, label=label)
    names = one.label, other.label
    rows = [compared(pair, weeks, names, confidence=confidence) for pair in pairs]
    corrected = false_discovery([row["parting_p"] for row in rows[1:]])
    for row, q in zip(rows[1:], corrected, strict=True):
        row["parting_q"] = q
        row["part"] = None if q is None else q <= FALSE_ONES
    for row in rows:
        row["verdict"] = verdict(row, names)
    rows[0]["verdict"] += f"; {where_apart(rows[1:])}"
    return pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in rows], schema=SCHEMA)


def _pairs(one: Side, other: Side, weeks: Weeks, *, units: Mapping[str, str], label: str) -> list[Pair]:
    return [
        *_in_all_and_by_type(one, other, weeks, label=label),
        *_by_group(one, other, weeks),
        *(_by_unit(one, other, weeks, units) if units else []),
    ]


def _in_all_and_by_type(one: Side, other: Side, weeks: Weeks, *, label: str) -> list[Pair]:
    """All, and the event types of both; none where there is but one."""
    typed = [side.counted(weeks.span, by=["event_type"]) for side in (one, other)]
    types = sorted(set(typed[0]["event_type"]) & set(typed[1]["event_type"]))
    found = [Pair(label, "all", None, weeks.series(typed[0]), weeks.series(typed[1]))]
    for name in types if len(types) > 1 else []:
        a, b = (weeks.series(table.filter(pl.col("event_type") == name)) for table in typed)
        found.append(Pair(name, "event type", None, a, b))
    return found


def _by_group(one: Side, other: Side, weeks: Weeks) -> list[Pair]:
    shared = [name for name in one.groups if name in other.groups]
    if not shared:
        return []
    keys = [{name: f"group_{list(side.groups).index(name)}" for name in shared} for side in (one, other)]
    tables = [side.counted(weeks.span, by=list(key.values())) for side, key in zip((one, other), keys, strict=True)]
    found = []
    for name in shared:
        a, b = (weeks.series(table.filter(pl.col(key[name]))) for table, key in zip(tables, keys, strict=True))
        found.append(Pair(name, "group", None, a, b))
    return found


def _by_unit(one: Side, other: Side, weeks: Weeks, units: Mapping[str, str]) -> list[Pair]:
    tables = [side.counted(weeks.span, by=["unit_code"], placed=True) for side in (one, other)]
    parts = [table.partition_by("unit_code", as_dict=True) for table in tables]
    found = []
    for code, name in units.items():
        a, b = (weeks.series(part.get((code,), tables[0].clear())) for part in parts)
        found.append(Pair(name, "unit", code, a, b))
    return found


def compared(pair: Pair, weeks: Weeks, names: tuple[str, str], *, confidence: float = 0.95) -> Row:
    """One row of `agreement`, without what hangs on other rows.

    Args:
        names: What the sides are called.
        confidence: Of the intervals.
    """
    one, other = pair.one, pair.other
    row: Row = {"series": pair.series, "kind": pair.kind, "code": pair.code, "weeks": int(weeks.common.sum())}
    row |= {"before_weeks": int(weeks.before.sum()), "after_weeks": int(weeks.after.sum())}
    known = (one[weeks.common], other[weeks.common])
    for side, weekly, counts in zip(("one", "other"), (one, other), known, strict=True):
        row |= {f"{side}_incidents": int(counts.sum()), f"{side}_mean": float(counts.mean())}
        row |= _change(side, weekly[weeks.before], weekly[weeks.after], confidence)
    row |= ratio_of("levels", [level_of(*known)], confidence=confidence)
    row |= parted(*((weekly[weeks.before], weekly[weeks.after]) for weekly in (one, other)), confidence=confidence)
    row["part"] = None if row["parting_p"] is None else row["parting_p"] <= 1 - confidence
    row |= direction(row, names)
    moving = together(one, other, confidence=confidence)
    lag = lagged(one, other, confidence=confidence) if pair.kind in LAGGED else None
    return row | _moved(moving, lag) | {"note": _note(row, moving)}


def _change(side: str, before: Floats, after: Floats, confidence: float) -> Row:
    if not before.size or not after.size:
        return {}
    found = compare_series("", before, after, confidence=confidence)
    return {
        f"{side}_before": found["before_mean"],
        f"{side}_after": found["after_mean"],
        f"{side}_change": found["ratio"],
        f"{side}_change_low": found["ratio_low"],
        f"{side}_change_high": found["ratio_high"],
        f"{side}_told": told(found),
    }


def _moved(moving: Together | None, lag: Lag | None) -> Row:
    row: Row = {}
    if moving:
        row |= {"correlation": moving.correlation, "correlation_low": moving.low, "correlation_high": moving.high}
        row |= {"correlation_most": moving.ceiling}
    if lag:
        row |= {"lag_weeks": lag.weeks, "lag_low": lag.low, "lag_high": lag.high}
    return row


def _note(row: Row, moving: Together | None) -> str | None:
    notes = []
    if not row["before_weeks"] or not row["after_weeks"]:
        notes.append("no change: a window holds no week that both cover")
    elif min(row["before_weeks"], row["after_weeks"]) < FEW_WEEKS:
        notes.append(f"no interval of changes: a window has fewer than {FEW_WEEKS} weeks that both cover")
    elif row["parting_p"] is None:
        notes.append("too few incidents to tell whether they part")
    if moving is None:
        notes.append("no correlation: too few weeks or incidents")
    elif moving.low > 0 and moving.one_stretch > MOSTLY:
        notes.append(f"{moving.one_stretch:.0%} of the correlation is of {2 * CHANGE_WEEKS} weeks in a row")
    return "; ".join(notes) or None
