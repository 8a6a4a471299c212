"""Do two data sets, or two parts of one, tell the same? Levels, changes and how they move, side by side; never added together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtr

from tocsin.analysis.comovement import CHANGE_WEEKS, Lag, Together, lagged, together
from tocsin.analysis.comparison import FEW_EVENTS, FEW_WEEKS, compare_series, freedom_of, long_run_variance, reach_of
from tocsin.analysis.discovery import adjusted
from tocsin.analysis.incidents import ALL, averaged
from tocsin.analysis.weeks import covered_weeks, week_number, week_start, whole_weeks
from tocsin.cube import Events, Flags, Selection, count
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span, listed

Floats = NDArray[np.float64]
Row = dict[str, Any]

FEW_EXPECTED = 5.0
"""Where fewer incidents than this are expected in one window of one side if the two did not part, it is not tested whether they do."""

FALSE_ONES = 0.05
"""Of the places and groups that are said to part, at most this share does not, on average."""

LOW_CEILING = 0.7
"""Where counts are so small that a correlation could not pass this, it is said."""

MOST_NAMED = 10

MOSTLY = 0.5
"""Where more of a correlation than this comes from a single change, it is said: it would not tell of any other."""

LAGGED = ("all", "group")
"""Kinds of row for which a lag is looked for: the more rows, the more lags that are chance."""

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
class Side:
    """One of the two that are set side by side.

    Args:
        label: What it is called.
        events: Its rows.
        selection: What counts of them; its span is not looked at.
        precise: The geo precision codes kept in counts by unit; None keeps all.
        groups: Label -> actor names in these data.
        cells: Only rows whose `source` is written in one of these ways; None is all rows.
    """

    label: str
    events: Events
    selection: Selection
    precise: tuple[int, ...] | None = None
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cells: frozenset[str] | None = None

    def counted(self, span: Span, *, by: Sequence[str], placed: bool = False) -> pl.DataFrame:
        """event_day, the columns of `by` and incidents; a group is a column of its label's number."""
        selection = self.selection.placed(self.precise) if placed else self.selection
        flags = Flags(groups={f"group_{number}": names for number, names in enumerate(self.groups.values())})
        told = ["source"] if self.cells is not None else []
        table = count(self.events, selection.within(span), by=["event_day", *by, *told], flags=flags)
        if self.cells is None:
            return table
        kept = table.filter(pl.col("source").is_in(sorted(self.cells)))
        return kept.group_by("event_day", *by).agg(pl.col("incidents").sum()).sort("event_day", *by, nulls_last=True)


@dataclass(frozen=True)
class Weeks:
    """The weeks that are compared.

    Args:
        numbers: Every whole week of the period.
        common: True where both sides cover the week.
        before: True where it is of the earlier window, and common.
        after: The same of the later.
        starts: The day on which weeks begin.
    """

    numbers: range
    common: NDArray[np.bool_]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    starts: str

    @property
    def span(self) -> Span:
        """From the first day of the first common week to the last day of the last."""
        found = np.flatnonzero(self.common)
        first, last = self.numbers[int(found[0])], self.numbers[int(found[-1])]
        return Span(
            week_start(first, starts=self.starts), week_start(last + 1, starts=self.starts) - dt.timedelta(days=1)
        )

    def series(self, table: pl.DataFrame) -> Floats:
        """Incidents a week; nan in weeks that are not common."""
        number = table.select(week_number(pl.col("event_day").cast(pl.Int64), starts=self.starts)).to_series()
        at = number.to_numpy() - self.numbers.start
        inside = (at >= 0) & (at < len(self.numbers))
        weights = table["incidents"].to_numpy()[inside]
        weekly = np.bincount(at[inside], weights=weights, minlength=len(self.numbers)).astype(np.float64)
        return np.where(self.common, weekly, np.nan)


@dataclass(frozen=True)
class Pair:
    """What is compared: the weekly counts of both sides; nan in weeks that are not common."""

    series: str
    kind: str
    code: str | None
    one: Floats
    other: Floats


def weeks_of(one: Side, other: Side, *, period: Span, windows: tuple[Span, Span], starts: str) -> Weeks:
    """The weeks of a period that both sides cover.

    Raises:
        QuestionError: there is none, or a whole week lies in both windows.
    """
    numbers = whole_weeks(period, starts=starts)
    covered = common_days(one.events, other.events)
    known = set(covered_weeks(period, covered, starts=starts))
    if not known:
        both = [f"{side.label}: {', '.join(map(str, side.events.about.covered)) or 'no day'}" for side in (one, other)]
        raise QuestionError(
            f"no whole week of {period} is covered by both",
            next_step=f"They cover: {'; '.join(both)}. Load data of the same days, or choose another period.",
        )
    sides = [set(whole_weeks(window, starts=starts)) for window in windows]
    if sides[0] & sides[1]:
        raise QuestionError(
            f"the windows {windows[0]} and {windows[1]} share a week", next_step="Let one end before the other begins."
        )
    within = [np.array([number in known & side for number in numbers], dtype=bool) for side in sides]
    common = np.array([number in known for number in numbers], dtype=bool)
    return Weeks(numbers, common, within[0], within[1], starts)


def common_days(one: Events, other: Events) -> tuple[Span, ...]:
    """The days that both cover, in order of time."""
    pairs = ((a, b) for a in one.about.covered for b in other.about.covered)
    met = [(max(a.first, b.first), min(a.last, b.last)) for a, b in pairs]
    return tuple(Span(first, last) for first, last in sorted(met) if first <= last)


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
    found = []
    for code, name in units.items():
        a, b = (weeks.series(table.filter(pl.col("unit_code") == code)) for table in tables)
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
    row |= _ratio("levels", [_level(*known)], confidence=confidence)
    row |= parted(*((weekly[weeks.before], weekly[weeks.after]) for weekly in (one, other)), confidence=confidence)
    row["part"] = None if row["parting_p"] is None else row["parting_p"] <= 1 - confidence
    row |= _direction(row, names)
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
        f"{side}_told": _told(found),
    }


@dataclass(frozen=True)
class Level:
    """The logarithm of the ratio of two weekly means, its error and the error's degrees of freedom; nan where it is not known."""

    value: float
    error: float
    freedom: float


def _level(one: Floats, other: Floats) -> Level:
    """How far apart two series of the same weeks lie: their differences week by week, so that what both see cancels."""
    if not one.size or not one.sum() or not other.sum():
        return Level(np.nan, np.nan, 1.0)
    means = float(one.mean()), float(other.mean())
    value = float(np.log(means[0] / means[1]))
    if one.size < FEW_WEEKS or min(one.sum(), other.sum()) < FEW_EVENTS:
        return Level(value, np.nan, 1.0)
    variance, freedom = long_run_variance(one / means[0] - other / means[1], least=1 / means[0] + 1 / means[1])
    return Level(value, float(np.sqrt(variance / one.size)), freedom)


def _ratio(name: str, levels: Sequence[Level], *, confidence: float) -> Row:
    """A ratio whose logarithm is the first level, or the first less the second, with its interval."""
    value = levels[0].value - (levels[1].value if len(levels) > 1 else 0.0)
    if np.isnan(value):
        return {}
    parts = [level.error**2 for level in levels]
    if np.isnan(sum(parts)):
        return {name: float(np.exp(value))}
    reach = reach_of(parts, [level.freedom for level in levels], confidence)
    return {
        name: float(np.exp(value)),
        f"{name}_low": float(np.exp(value - reach)),
        f"{name}_high": float(np.exp(value + reach)),
    }


def parted(one: tuple[Floats, Floats], other: tuple[Floats, Floats], *, confidence: float = 0.95) -> Row:
    """Whether two sides changed alike: parting, its interval, and parting_p.

    Args:
        one: Incidents a week, of the earlier window and of the later.
        other: The same weeks of the other side.
        confidence: Of the interval.

    Returns:
        parting (change of one / change of other), parting_low, parting_high, parting_p; what is not known is None. parting_p is also given
        where a side has next to nothing in a window, and so no interval.

    Assumes:
        Windows do not depend on each other. If the sides do not part, one has the same share of both their incidents in each window.

    Source:
        Where there is an interval, parting_p is of the same statistic. Else it is of the difference of one's shares p(w) in both
        windows, each with the long-run variance of one(t) - p(w) (one(t) + other(t)) (a linearised ratio), at least the binomial one
        at the share of both windows together. Both with Student's t and Welch's degrees of freedom.
    """
    known: Row = dict.fromkeys(("parting", "parting_low", "parting_high", "parting_p"))
    levels = [_level(one[window], other[window]) for window in (1, 0)]
    known |= _ratio("parting", levels, confidence=confidence)
    if known["parting_low"] is not None:
        known["parting_p"] = _chance(
            levels[0].value - levels[1].value, [each.error**2 for each in levels], [each.freedom for each in levels]
        )
    elif min(window.size for window in one) >= FEW_WEEKS:
        known["parting_p"] = _chance_by_shares(one, other)
    return known


def _chance(apart: float, parts: Sequence[float], freedoms: Sequence[float]) -> float:
    return float(2 * stdtr(freedom_of(parts, freedoms), -abs(apart) / np.sqrt(sum(parts))))


def _chance_by_shares(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float | None:
    """None where fewer than FEW_EXPECTED incidents are expected of a side in a window."""
    totals = np.array([[side[window].sum() for window in (0, 1)] for side in (one, other)])
    every = totals.sum()
    if not every or (np.outer(totals.sum(axis=1), totals.sum(axis=0)) / every).min() < FEW_EXPECTED:
        return None
    share = float(totals[0].sum() / every)
    parts, freedoms, own = [], [], []
    for window in (0, 1):
        both = one[window] + other[window]
        mean = float(both.mean())
        own.append(float(one[window].sum() / both.sum()))
        variance, freedom = long_run_variance(one[window] - own[-1] * both, least=share * (1 - share) * mean)
        parts.append(variance / (both.size * mean**2))
        freedoms.append(freedom)
    return _chance(own[1] - own[0], parts, freedoms)


def false_discovery(chances: Sequence[float | None]) -> list[float | None]:
    """Each p-value adjusted for the number of those that are known."""
    known = [at for at, p in enumerate(chances) if p is not None]
    corrected: list[float | None] = [None] * len(chances)
    for at, q in zip(known, adjusted(np.array([chances[at] for at in known], dtype=np.float64)), strict=True):
        corrected[at] = float(q)
    return corrected


def _moved(moving: Together | None, lag: Lag | None) -> Row:
    row: Row = {}
    if moving:
        row |= {"correlation": moving.correlation, "correlation_low": moving.low, "correlation_high": moving.high}
        row |= {"correlation_most": moving.ceiling}
    if lag:
        row |= {"lag_weeks": lag.weeks, "lag_low": lag.low, "lag_high": lag.high}
    return row


def _told(change: Mapping[str, Any]) -> str | None:
    """What a change is told from chance to be: "falls" or "rises"; "" where it is not, None where there is no interval.

    Where there is no interval of the ratio, that of the difference tells.
    """
    low, high, same = change["ratio_low"], change["ratio_high"], 1.0
    if low is None:
        low, high, same = change["difference_low"], change["difference_high"], 0.0
    if low is None or high is None:
        return None
    return "falls" if high < same else "rises" if low > same else ""


def _direction(row: Row, names: tuple[str, str]) -> Row:
    one, other = row.get("one_told"), row.get("other_told")
    if one is None and other is None:
        return {"direction": "directions can not be told"}
    if one and other:
        same = one == other
        opposite = f"they go opposite ways: {names[0]} {one}, {names[1]} {other}"
        return {"agreed": same, "direction": f"both {one[:-1]}" if same else opposite}
    if not one and not other:
        return {"direction": "neither changes beyond chance"}
    (told, name), quiet = ((one, names[0]), names[1]) if one else ((other, names[1]), names[0])
    return {"direction": f"{name} {told}, of {quiet} no change is told from chance"}


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


def verdict(row: Row, names: tuple[str, str]) -> str:
    """A row in words.

    Args:
        row: Of `compared`.
        names: What the sides are called.
    """
    return "; ".join(
        [row["direction"], *_changes_apart(row), _levels(row, names), _moving(row), *_following(row, names)]
    )


def _changes_apart(row: Row) -> list[str]:
    if not row["part"]:
        return []
    if row["one_change"] is None or row["other_change"] is None:
        return ["the changes differ"]
    return [f"the changes differ (× {row['one_change']:.2f} against × {row['other_change']:.2f})"]


def _levels(row: Row, names: tuple[str, str]) -> str:
    levels, low, high = row.get("levels"), row.get("levels_low"), row.get("levels_high")
    if levels is None:
        return "levels can not be set against each other, since a side has no incident"
    if low is None or high is None:
        return "levels are of too few incidents or weeks to be told apart"
    if low <= 1 <= high:
        return "levels are not told apart"
    return f"levels apart by a factor {max(levels, 1 / levels):.1f}, {names[0] if levels > 1 else names[1]} the higher"


def _moving(row: Row) -> str:
    found = row.get("correlation")
    if found is None:
        return "whether changes move together can not be told"
    low, high = row["correlation_low"], row["correlation_high"]
    says = (
        "move together" if low > 0 else "move against each other" if high < 0 else "do not move together beyond chance"
    )
    numbers = f"{found:.2f}, {low:.2f} to {high:.2f}".replace("-", "−")
    return f"changes {says} ({numbers}{_limit(row)})"


def _limit(row: Row) -> str:
    """What is said of a correlation that is not told from chance, where counts are small."""
    if row["correlation_low"] > 0:
        return ""
    most = row["correlation_most"]
    if most is None:
        return "; in counts so small nearly all is chance"
    return f"; counts so small allow about {most:.2f}" if most < LOW_CEILING else ""


def _following(row: Row, names: tuple[str, str]) -> list[str]:
    lag = row.get("lag_weeks")
    if row.get("correlation") is None or row["kind"] not in LAGGED:
        return []
    if lag is None:
        return ["a lag can not be told"]
    low, high = row["lag_low"], row["lag_high"]
    if low <= 0 <= high:
        return [
            "in the same weeks"
            if low == high
            else f"no lag is told (best {lag}, {low} to {high} weeks)".replace("-", "−")
        ]
    late, early = (names[1], names[0]) if lag > 0 else (names[0], names[1])
    least, most = sorted((abs(low), abs(high)))
    return [f"{late} follows {early} by {abs(lag)} week{'s' if abs(lag) > 1 else ''} ({least} to {most})"]


def where_apart(rows: Collection[Row]) -> str:
    """Where and for whom two sides part, the surest first, in words."""
    parting = sorted((row for row in rows if row["part"]), key=lambda row: float(row["parting_p"]))
    if not any(row["parting_p"] is not None for row in rows):
        return "where they part can not be told"
    if not parting:
        return "they part nowhere beyond chance"
    named = {kind: [row["series"] for row in parting[:MOST_NAMED] if row["kind"] == kind] for kind in _PLACED}
    said = [f"{word} {listed(named[kind])}" for kind, word in _PLACED.items() if named[kind]]
    more = f", and {len(parting) - MOST_NAMED} more" if len(parting) > MOST_NAMED else ""
    return f"they part {' and '.join(said)}{more}"


_PLACED = {"unit": "in", "group": "for", "event type": "in"}


def side_by_side(
    one: Side, other: Side, *, definition: Definition, period: Span, windows: tuple[Span, Span]
) -> pl.DataFrame:
    """The weekly counts of both sides, each against its own mean in the earlier window.

    Returns:
        week_date, series (the side's label), incidents, average (null: a week that not both cover), index (of the average: 100 is the
        side's mean in the earlier window, or in all weeks compared where it has none there).

    Raises:
        QuestionError: as `agreement`.
    """
    weeks = weeks_of(one, other, period=period, windows=windows, starts=definition.week_starts)
    covered = common_days(one.events, other.events)
    tables = []
    for side in (one, other):
        counted = side.counted(period, by=["event_type"]).with_columns(series=pl.lit(side.label))
        table = averaged(counted, covered, definition=definition, weeks=weeks.numbers, order=[side.label])
        weekly = weeks.series(counted)
        base = float(weekly[weeks.before].mean()) if weekly[weeks.before].sum() else float(np.nanmean(weekly))
        tables.append(table.with_columns(index=100 * pl.col("average") / base if base else pl.lit(None)))
    return pl.concat(tables, how="vertical_relaxed")
