"""Where? Incidents by first-order unit or H3 cell in one or more windows, and how concentrated they are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.analysis.weeks import covered_parts, week_number
from tocsin.cube import Events, Flags, Selection, count, day_number
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

BLOCK_WEEKS = 4
"""A block has about this many weeks at least: violence in one week is like that of the weeks beside it."""
MOST_BLOCKS = 8
"""A window has at most this many blocks, so that those of a long one outlast a long memory (docs/methods/concentration.md)."""
FEW_EVENTS = 10
"""With fewer incidents than this in a window no interval is given."""
FEW_A_PLACE = 2
"""With fewer incidents a place than this the Gini tells more of chance than of places, and no interval is given for it."""

METHOD = "from a jackknife over at most eight blocks of four weeks or more, on the logit scale, with Student's t"


def places(
    events: Events,
    *,
    selection: Selection,
    windows: Mapping[str, Span],
    level: str,
    all_places: Sequence[str] = (),
) -> pl.DataFrame:
    """Incidents by place in each window.

    Args:
        selection: What counts, precision included; its span is not looked at.
        windows: Label -> span.
        level: "unit_code", or "cell_3" to "cell_6" (H3 resolution).
        all_places: Places that get a row in each window even with no incident (all units of the country, say).

    Returns:
        window (label), place (unit code or H3 id as text), incidents, share (of the window's placed incidents), rank (1 has
        most). Sorted by window, rank, place.

    Raises:
        QuestionError: no window, or no incident with a known place in any of them.
    """
    if not windows:
        raise QuestionError("no window was named", next_step="Name one in desk.toml under [windows].")
    parts = []
    for label, cube in _by_place(events, selection, windows, level).items():
        counted = cube.drop_nulls(level).select(pl.col(level).cast(pl.String).alias("place"), "incidents")
        found = set(counted["place"])
        empty = [place for place in all_places if place not in found]
        blank = pl.DataFrame({"place": empty, "incidents": [0] * len(empty)}, schema=counted.schema)
        parts.append(pl.concat([counted, blank]).with_columns(window=pl.lit(label)))
    table = pl.concat(parts)
    if table.is_empty() or not table["incidents"].sum():
        raise QuestionError(
            f"no incident with a known place{f' and {selection.weight}' if selection.weight else ''} lies in the windows",
            next_step="Check the windows, the group and the definition; the data need coordinates: see tocsin status.",
        )
    total = pl.col("incidents").sum().over("window")
    return (
        table.with_columns(
            pl.col("window").cast(pl.Enum(list(windows))),
            share=pl.when(total > 0).then(pl.col("incidents") / total).otherwise(None),
            rank=pl.col("incidents").rank("min", descending=True).over("window").cast(pl.Int64),
        )
        .sort("window", "rank", "place")
        .select(pl.col("window").cast(pl.String), "place", "incidents", "share", "rank")
    )


def _by_place(events: Events, selection: Selection, windows: Mapping[str, Span], level: str) -> dict[str, pl.DataFrame]:
    """Label -> the level's column, incidents. Windows that do not overlap are counted in one reading of the rows."""
    spans = sorted(windows.values(), key=lambda span: span.first)
    if any(earlier.last >= later.first for earlier, later in itertools.pairwise(spans)):
        return {label: count(events, selection.within(span), by=[level]) for label, span in windows.items()}
    whole = Span(spans[0].first, spans[-1].last)
    cube = count(events, selection.within(whole), by=["window", level], flags=Flags(windows=spans))
    return {label: cube.filter(pl.col("window") == spans.index(span)) for label, span in windows.items()}


def gini(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Gini coefficient along the last axis: 0 where all places have the same, (n - 1)/n where one has all; nan where none has any.

    Source:
        G = sum((2 i - n - 1) x_i) / (n sum(x)), x sorted upwards, i = 1..n.
    """
    rising = np.sort(counts, axis=-1)
    length = rising.shape[-1]
    weights = 2 * np.arange(1, length + 1) - length - 1
    totals = rising.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((rising @ weights) / (length * totals))


def spread(
    events: Events,
    *,
    selection: Selection,
    definition: Definition,
    windows: Mapping[str, Span],
    level: str,
    all_places: Sequence[str] = (),
    top: int = 5,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """How concentrated the incidents of each window are: the share of the top places and the Gini coefficient, with intervals.

    Args:
        definition: First day of the week; only days that the data cover are counted.
        all_places: As in `places`; for cells, those with an incident in any of the windows are counted, so that windows compare.
        top: How many places make the top.

    Returns:
        window, level, places (how many are counted), incidents, top (how many places), top_share, top_share_low, top_share_high,
        gini, gini_low, gini_high, note (why an interval is missing, or null). Bounds are null with fewer than three blocks of
        BLOCK_WEEKS covered weeks, with fewer than FEW_EVENTS incidents, for the Gini with fewer than FEW_A_PLACE incidents a place,
        and where leaving out a block changes nothing.

    Raises:
        QuestionError: no incident with a known place lies on a covered day of the windows.

    Assumes:
        What happens in one block of weeks does not depend on another. The Gini of sparse counts lies above that of the chances
        behind them, and so does the share of the top places, which are found among the same incidents.

    Source:
        Jackknife that leaves out one block at a time, on the logit scale, with Student's t (Miller 1974, The Jackknife - a Review,
        Biometrika 61(1)). The blocks follow each other without overlap (Carlstein 1986, The Use of Subseries Values for Estimating
        the Variance of a General Statistic, Annals of Statistics 14(3)) and are few and long (Ibragimov and Müller 2010, t-Statistic
        Based Correlation and Heterogeneity Robust Inference, Journal of Business & Economic Statistics 28(4)).
    """
    cubes = {label: _by_week(events, selection, definition, span, level) for label, span in windows.items()}
    places = pl.Series("place", list(all_places), dtype=pl.String)
    names = pl.concat([places, *(cube["place"] for cube, _ in cubes.values())]).unique().sort().to_frame()
    if names.is_empty():
        raise QuestionError(
            "no incident with a known place lies on a day of the windows that the data cover",
            next_step="Check the windows, the group and the definition; the data need coordinates: see tocsin status.",
        )
    rows = []
    for label, (cube, weeks) in cubes.items():
        matrix = np.zeros((weeks, names.height))
        placed = cube.join(names.with_row_index("column"), on="place")
        matrix[placed["week"].to_numpy(), placed["column"].to_numpy()] = placed["incidents"].to_numpy()
        rows.append({"window": label, "level": level, "places": names.height, "top": min(top, names.height)})
        rows[-1] |= spread_of(matrix, top=top, confidence=confidence)
    kinds = {**dict.fromkeys(_MEASURES, pl.Float64), "note": pl.String}
    return pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None)


def spread_of(
    weekly: NDArray[np.float64], *, top: int = 5, confidence: float = 0.95
) -> dict[str, float | int | str | None]:
    """The measures of one row of `spread`, from incidents by week.

    Args:
        weekly: Incidents, one row a week that the data cover, in order, and one column a place.
        top: How many places make the top.
        confidence: Of the intervals, between 0 and 1.
    """
    weeks = weekly.shape[0]
    blocks = max(1, min(MOST_BLOCKS, round(weeks / BLOCK_WEEKS)))
    firsts = -(-np.arange(blocks) * weeks // blocks)
    return _measures(np.add.reduceat(weekly, firsts, axis=0) if weeks else weekly, top=top, confidence=confidence)


_MEASURES = ("top_share", "top_share_low", "top_share_high", "gini", "gini_low", "gini_high")


def _by_week(
    events: Events, selection: Selection, definition: Definition, window: Span, level: str
) -> tuple[pl.DataFrame, int]:
    """week, place, incidents of the covered days; and how many weeks there are.

    The weeks that hold a covered day of the window are numbered from 0 in order: what the data do not cover is not there.
    """
    parts = covered_parts(window, events.about.covered)
    spans = [np.arange(day_number(part.first), day_number(part.last) + 1) for part in parts]
    days = pl.DataFrame({"event_day": np.concatenate([*spans, np.empty(0, dtype=np.int64)])})
    numbers = days.select(week_number(pl.col("event_day"), starts=definition.week_starts)).to_series().to_numpy()
    held, order = np.unique(numbers, return_inverse=True)
    cube = count(events, selection.within(window), by=["event_day", level]).drop_nulls(level)
    counted = (
        cube.select(pl.col("event_day").cast(pl.Int64), pl.col(level).cast(pl.String).alias("place"), "incidents")
        .join(days.with_columns(week=pl.Series(order, dtype=pl.Int64)), on="event_day")
        .group_by("week", "place")
        .agg(pl.col("incidents").sum())
    )
    return counted, held.size


def _measures(matrix: NDArray[np.float64], *, top: int, confidence: float) -> dict[str, float | int | str | None]:
    """Both measures of a table of incidents, one row a block, one column a place, each with its interval."""
    blocks, places = matrix.shape
    total = matrix.sum(axis=0)
    incidents = int(total.sum())
    measures: dict[str, float | int | str | None] = {"incidents": incidents, **dict.fromkeys(_MEASURES), "note": None}
    if not incidents:
        return measures | {"note": "no incident with a known place"}
    left = total - matrix
    found = {"top_share": (_top_share(total, top), _top_share(left, top)), "gini": (gini(total), gini(left))}
    measures |= {name: float(whole) for name, (whole, _) in found.items()}
    if blocks < 3:
        return measures | {"note": f"no intervals: fewer than three blocks of {BLOCK_WEEKS} weeks that the data cover"}
    if incidents < FEW_EVENTS:
        return measures | {"note": f"no intervals: fewer than {FEW_EVENTS} incidents"}
    notes = []
    for name, (whole, without) in found.items():
        if name == "gini" and incidents < FEW_A_PLACE * places:
            notes.append(f"no interval for the Gini: fewer than {FEW_A_PLACE} incidents a place")
            continue
        bounds = _jackknife(float(whole), without, finest=0.5 / incidents, confidence=confidence)
        if bounds is None:
            notes.append(f"no interval for {_SPOKEN[name]}: no block of weeks differs from the rest in it")
            continue
        measures |= {f"{name}_low": bounds[0], f"{name}_high": bounds[1]}
    return measures | {"note": "; ".join(notes) or None}


_SPOKEN = {"top_share": "the top share", "gini": "the Gini"}


def _jackknife(
    whole: float, without: NDArray[np.float64], *, finest: float, confidence: float
) -> tuple[float, float] | None:
    """Bounds of a measure between 0 and 1 from its values without each block in turn; None where these do not differ.

    They reach from the lower of the estimate and the estimate less its bias to the higher of the two, and a t-quantile of errors
    beyond: where places tie, the correction for bias is itself in doubt.

    Args:
        finest: How near to 0 and 1 the measure can be told: half an incident.
    """
    blocks = without.size
    centre, left = (scipy.special.logit(np.clip(value, finest, 1 - finest)) for value in (np.float64(whole), without))
    error = np.sqrt((blocks - 1) / blocks * np.sum((left - left.mean()) ** 2))
    if not error > 1e-9:  # nan too: one block holds every incident
        return None
    corrected = centre - (blocks - 1) * (left.mean() - centre)
    reach = error * scipy.special.stdtrit(blocks - 1, 0.5 + confidence / 2)
    return float(scipy.special.expit(min(centre, corrected) - reach)), float(
        scipy.special.expit(max(centre, corrected) + reach)
    )


def _top_share(counts: NDArray[np.float64], top: int) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sort(counts, axis=-1)[..., -top:].sum(axis=-1) / counts.sum(axis=-1))
