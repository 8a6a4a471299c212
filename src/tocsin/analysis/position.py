"""How many incidents lie near a capital, if each lies only about where its point is? Every threshold, with what is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.analysis.nearness import near_any
from tocsin.analysis.placed import FEW, FEW_EVENTS, Floats, along, by_place, pairs_of, radii
from tocsin.cube import Events, Selection
from tocsin.errors import QuestionError
from tocsin.geo.scatter import QUANTILE
from tocsin.schema import Span

THRESHOLDS_KM = tuple(range(51))
AT_CAPITAL_KM = 1.0
"""A point this near to a capital stands on it: gazetteers place a city's middle a little apart from each other."""
CHANGE = "change"
NARROW = 0.10
"""A share is settled where all that it may be lies within so much."""
FEW_PLACES = 10
"""With fewer places than this the errors do not even out, and the interval is rough."""
_EARTH_KM = 6371.0


def position(
    events: Events,
    *,
    selection: Selection,
    windows: Mapping[str, Span],
    precise: Sequence[int] | None,
    capitals: pl.DataFrame,
    error_km: Mapping[int, float],
    thresholds_km: Sequence[float] = THRESHOLDS_KM,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """The share of incidents near a capital in each window by every threshold, as the points say and as their errors allow.

    Args:
        selection: What counts; its span and precision are not looked at.
        windows: Label -> span, in order of time.
        precise: The geo precision codes whose points are trusted; incidents of others are counted apart as vague. None trusts all.
        capitals: country, longitude, latitude (degrees).
        error_km: Precision code -> the distance from its point within which QUANTILE of the events lie, km. Codes that are trusted and
            not named, and incidents that state none, have the largest of those named.
        thresholds_km: At most this far from a capital is near.

    Returns:
        One row a window and threshold, and where there are two windows one row a threshold for their "change" (later - earlier): window,
        threshold_km, incidents (with a trusted point), places (distinct ones), recorded (share within the threshold by their points),
        expected (share, given the errors), low, high (interval of the share for what the errors leave open; chance is not in it),
        vague, vague_at_capital (of them those that stand on a capital), least, most (interval of the share of all incidents: low, if the
        vague ones were all far, to high, if all were near), verdict. In rows of change the counts are null; low and high, and least and
        most, are of the change.

        A share is settled where the points, the interval, and least and most lie within NARROW of each other; else it is told what is
        settled: that more or fewer than half are near, or nothing. A change is settled where all of these have one sign. So
        a wider interval never settles anything. Nothing is said of fewer than FEW_EVENTS incidents.

    Raises:
        QuestionError: no window, or no incident of them has a trusted point.

    Assumes:
        Each error is the same in all directions and normal in each. Incidents recorded at one place share one error, in both
        windows, which makes intervals wider than independent errors would.

    Source:
        See nearness.near_any. That what errors leave open is told as an interval beside chance, and not mixed with it: Weidmann
        (2015), On the Accuracy of Media-based Conflict Event Data, Journal of Conflict Resolution 59(6).
    """
    if not windows:
        raise QuestionError("no window was named", next_step="Name one in desk.toml under [windows].")
    placed, parts = _placed(events, selection, windows, precise)
    if placed.is_empty():
        raise QuestionError(
            "no incident of the windows has a point that is precise enough",
            next_step="The data need coordinates: see tocsin status, and definition.precise in desk.toml.",
        )
    grid = np.asarray(thresholds_km, dtype=np.float64)
    errors = np.array(radii(placed["geo_precision"].to_list(), error_km))
    at = _Chances(
        recorded=(placed["capital_distance_km"].to_numpy()[:, None] <= grid).astype(np.float64),
        expected=_chances(placed, capitals, errors, grid),
        place=placed["place"].to_numpy(),
        reach=float(scipy.special.ndtri(0.5 + confidence / 2)),
    )
    rows = [_window_rows(part, at).with_columns(threshold_km=grid) for part in parts]
    finest = float(errors.min())
    rows = [_judged(each, known=part.known, finest=finest) for each, part in zip(rows, parts, strict=True)]
    if len(parts) == 2 and all(part.trusted.sum() for part in parts):
        few = min(part.trusted.sum() for part in parts) < FEW_EVENTS
        rows.append(_judged_change(_change_rows(parts, at).with_columns(threshold_km=grid), few=few))
    return pl.concat([each.select(*SCHEMA).cast(pl.Schema(SCHEMA)) for each in rows])


SCHEMA: Mapping[str, pl.DataType] = {
    "window": pl.String(),
    "threshold_km": pl.Float64(),
    "incidents": pl.Int64(),
    "places": pl.Int64(),
    "recorded": pl.Float64(),
    "expected": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "vague": pl.Int64(),
    "vague_at_capital": pl.Int64(),
    "least": pl.Float64(),
    "most": pl.Float64(),
    "verdict": pl.String(),
}


@dataclass(frozen=True)
class _Window:
    """The incidents of a window: those with a trusted point by row of the placed, and how many are vague."""

    label: str
    trusted: Floats
    vague: int
    vague_at_capital: int

    @property
    def weight(self) -> Floats:
        return np.asarray(self.trusted / max(self.trusted.sum(), 1.0))

    @property
    def known(self) -> float:
        """The share of all incidents whose point is trusted."""
        return float(self.trusted.sum() / max(self.trusted.sum() + self.vague, 1.0))


@dataclass(frozen=True)
class _Chances:
    """By row and threshold: whether the point is near, and the chance that the event was; and which rows are one place."""

    recorded: Floats
    expected: Floats
    place: NDArray[np.int64]
    reach: float

    def error(self, weight: Floats) -> Floats:
        """Half the interval of a weighted sum of the chances. What lies at one place lies near together or far together."""
        spread = np.sqrt(self.expected * (1 - self.expected)) * weight[:, None]
        together = np.zeros((self.place.max() + 1, spread.shape[1]))
        np.add.at(together, self.place, spread)
        return np.asarray(self.reach * np.sqrt((together**2).sum(axis=0)))


def _placed(
    events: Events, selection: Selection, windows: Mapping[str, Span], precise: Sequence[int] | None
) -> tuple[pl.DataFrame, list[_Window]]:
    """Each place and precision code of trusted incidents, a row a pair; and each window's incidents over these rows."""
    cube = by_place(events, selection, windows, precise)
    near = pl.col("capital_distance_km")
    known = cube.filter("trusted", near.is_not_null())
    placed = pairs_of(known)
    parts = []
    for label in windows:
        mine = cube.filter(pl.col("window") == label)
        vague = mine.filter(~pl.col("trusted"))
        parts.append(
            _Window(
                label,
                along(placed, known.filter(pl.col("window") == label)),
                int(vague["incidents"].sum()),
                int(vague.filter(near <= AT_CAPITAL_KM)["incidents"].sum()),
            )
        )
    return placed, parts


def _chances(placed: pl.DataFrame, capitals: pl.DataFrame, errors: Floats, grid: Floats) -> Floats:
    """The chance of each row's events to lie within each threshold of any capital of their country: rows by thresholds."""
    chances = np.zeros((placed.height, grid.size))
    for country in placed["country"].unique().to_list():
        mine = np.flatnonzero((placed["country"] == country).fill_null(value=False).to_numpy())
        if not mine.size:
            continue
        distance, bearing = _from(placed[mine], capitals.filter(pl.col("country") == country))
        # The nearest capital's distance is known along the ellipsoid; the sphere serves for the others.
        distance[np.arange(mine.size), distance.argmin(axis=1)] = placed["capital_distance_km"].to_numpy()[mine]
        east, north = distance * np.sin(bearing), distance * np.cos(bearing)
        for error in np.unique(errors[mine]):
            same = errors[mine] == error
            chances[mine[same]] = near_any(east[same], north[same], error_km=float(error), thresholds_km=grid)
    return chances


def _from(rows: pl.DataFrame, capitals: pl.DataFrame) -> tuple[Floats, Floats]:
    """Distance on the sphere, km, and bearing, radians, of each capital as seen from each row."""
    (east, north), (far_east, far_north) = (
        (np.radians(table["longitude"].to_numpy()), np.radians(table["latitude"].to_numpy()))
        for table in (rows, capitals)
    )
    east, north, turn = east[:, None], north[:, None], far_east - east[:, None]
    half = np.sin((north - far_north) / 2) ** 2 + np.cos(north) * np.cos(far_north) * np.sin(turn / 2) ** 2
    distance = 2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    across = np.sin(turn) * np.cos(far_north)
    ahead = np.cos(north) * np.sin(far_north) - np.sin(north) * np.cos(far_north) * np.cos(turn)
    return np.asarray(distance), np.asarray(np.arctan2(across, ahead))


def _window_rows(part: _Window, at: _Chances) -> pl.DataFrame:
    total, weight = part.trusted.sum(), part.weight
    recorded, expected, error = weight @ at.recorded, weight @ at.expected, at.error(weight)
    low, high = np.maximum(expected - error, 0.0), np.minimum(expected + error, 1.0)
    known = part.known
    return pl.DataFrame(
        {
            "recorded": recorded,
            "expected": expected,
            "low": low,
            "high": high,
            "least": low * known,
            "most": high * known + (1 - known),
        }
    ).select(
        pl.lit(part.label).alias("window"),
        pl.lit(int(total)).alias("incidents"),
        pl.lit(np.unique(at.place[part.trusted > 0]).size).alias("places"),
        pl.lit(part.vague).alias("vague"),
        pl.lit(part.vague_at_capital).alias("vague_at_capital"),
        pl.all() if total else pl.all().replace_strict({}, default=None, return_dtype=pl.Float64),
    )


def _change_rows(parts: Sequence[_Window], at: _Chances) -> pl.DataFrame:
    """The later window less the earlier; an incident's place errs alike in both."""
    before, after = parts
    weight, whole = after.weight - before.weight, after.weight * after.known - before.weight * before.known
    expected, error = weight @ at.expected, at.error(weight)
    of_all, error_of_all = whole @ at.expected, at.error(whole)
    return pl.DataFrame(
        {
            "recorded": weight @ at.recorded,
            "expected": expected,
            "low": np.maximum(expected - error, -1.0),
            "high": np.minimum(expected + error, 1.0),
            "least": np.maximum(of_all - error_of_all - (1 - before.known), -1.0),
            "most": np.minimum(of_all + error_of_all + (1 - after.known), 1.0),
        }
    ).with_columns(
        window=pl.lit(CHANGE),
        **{name: pl.lit(None) for name in ("incidents", "places", "vague", "vague_at_capital")},
    )


def _judged(rows: pl.DataFrame, *, known: float, finest: float) -> pl.DataFrame:
    """What is settled of a share. Its value by the points counts as one that it may have."""
    points = pl.col("recorded")
    low, high = pl.min_horizontal("low", points), pl.max_horizontal("high", points)
    least = pl.min_horizontal("least", points * known)
    most = pl.max_horizontal("most", points * known + (1 - known))
    bottom, top = pl.min_horizontal(low, least), pl.max_horizontal(high, most)
    narrow = NARROW + 1e-9
    reason = (
        pl.when(high - low <= narrow)
        .then(pl.lit(", since of many incidents only a region is known"))
        .when(pl.col("threshold_km") < finest)
        .then(
            pl.lit(
                f", since the threshold is finer than the error of position ({QUANTILE:.0%} of events within {finest:g} km)"
            )
        )
        .otherwise(pl.lit(""))
    )
    ends = _percent(bottom), _percent(top)
    span = (
        pl.when(ends[0] == ends[1])
        .then(pl.format("{} per cent", ends[0]))
        .otherwise(pl.format("{} to {} per cent", *ends))
    )
    verdict = (
        pl.when(points.is_null())
        .then(pl.lit("no incident with a trusted point"))
        .when(pl.col("incidents") < FEW_EVENTS)
        .then(pl.lit(FEW))
        .when(top - bottom <= narrow)
        .then(pl.format("settled: {} are near", span))
        .when(bottom > 0.5)
        .then(pl.format("settled only that more than half are near: {}{}", span, reason))
        .when(top < 0.5)
        .then(pl.format("settled only that fewer than half are near: {}{}", span, reason))
        .otherwise(pl.format("not settled: {} are near{}", span, reason))
    )
    return rows.with_columns(verdict=verdict)


def _percent(share: pl.Expr) -> pl.Expr:
    return (share * 100).round(0).cast(pl.Int64).cast(pl.String)


def _judged_change(rows: pl.DataFrame, *, few: bool) -> pl.DataFrame:
    """What is settled of a change: its direction, or nothing."""
    way = pl.col("recorded").sign()
    told = pl.when(way > 0).then(pl.lit("nearer to capitals")).otherwise(pl.lit("farther from capitals"))
    errors_agree = (pl.col("low") * way > 0) & (pl.col("high") * way > 0)
    vague_agree = (pl.col("least") * way > 0) & (pl.col("most") * way > 0)
    verdict = (
        pl.when(pl.lit(few))
        .then(pl.lit(f"{FEW} in a window"))
        .when(way == 0)
        .then(pl.lit("not settled: no change by the points"))
        .when(errors_agree & vague_agree)
        .then(pl.format("settled: {}", told))
        .when(errors_agree)
        .then(pl.format("not settled: {}, but the incidents of which only a region is known could turn it", told))
        .otherwise(pl.format("not settled: {} by the points, but their errors could turn it", told))
    )
    return rows.with_columns(verdict=verdict)
