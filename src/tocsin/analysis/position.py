"""How many incidents lie near a capital, if each lies only about where its point is? Every threshold, with what is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import chndtr, ndtri

from tocsin.cube import Events, Selection, count
from tocsin.errors import QuestionError
from tocsin.geo.scatter import QUANTILE
from tocsin.schema import Span

Floats: TypeAlias = NDArray[np.float64]

THRESHOLDS_KM = tuple(range(51))
AT_CAPITAL_KM = 1.0
"""A point this near to a capital stands on it: gazetteers place a city's middle a little apart from each other."""
CHANGE = "change"
_SIGMA = 1 / np.sqrt(-2 * np.log1p(-QUANTILE))
"""Standard deviation in each direction of an error within 1 km in QUANTILE of the cases."""
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
        threshold_km, incidents (with a trusted point), recorded (share within the threshold by their points), expected (share, given
        the errors), low, high (interval of the share for what the errors leave open; chance is not in it), vague,
        vague_at_capital (of them those that stand on a capital), least, most (share of all incidents if the vague ones were all far,
        or all near), verdict. In rows of change the counts are null, and least and most are the least and the most change.

    Raises:
        QuestionError: no window, or no incident of them has a trusted point.

    Assumes:
        Each error is the same in all directions and normal in each. Incidents recorded at one place share one error, in both
        windows, which makes intervals wider than independent errors would. To be near one capital says nothing of being near another.

    Source:
        The chance to lie within t of a capital at distance d is Rice's law, a non-central chi-squared with two degrees of freedom. Errors:
        Weidmann (2015), On the Accuracy of Media-based Conflict Event Data, Journal of Conflict Resolution 59(6).
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
        place=placed["place_id"].rank("dense").to_numpy().astype(np.int64) - 1,
        reach=float(ndtri(0.5 + confidence / 2)),
    )
    rows = [_window_rows(part, at).with_columns(threshold_km=grid) for part in parts]
    rows = [_judged(each, finest=float(errors.min())) for each in rows]
    if len(parts) == 2 and all(part.trusted.sum() for part in parts):
        rows.append(_judged_change(_change_rows(parts, rows, at).with_columns(threshold_km=grid)))
    return pl.concat([each.select(*SCHEMA).cast(pl.Schema(SCHEMA)) for each in rows])


SCHEMA: Mapping[str, pl.DataType] = {
    "window": pl.String(),
    "threshold_km": pl.Float64(),
    "incidents": pl.Int64(),
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


def by_place(
    events: Events, selection: Selection, windows: Mapping[str, Span], precise: Sequence[int] | None
) -> pl.DataFrame:
    """Incidents of each window by place and precision code, with all that is known of the place.

    Returns:
        window, place_id, geo_precision, incidents, the columns of `places`, trusted (the code is one of `precise`, or none is stated).
    """
    cube = pl.concat(
        count(events, selection.placed(None).within(span), by=_KEYS).with_columns(window=pl.lit(label))
        for label, span in windows.items()
    )
    columns = ("place_id", "country", *events.place_columns)
    places: pl.DataFrame = events.places.select(*columns).collect("polars").to_native()
    code = pl.col("geo_precision")
    trusted = pl.lit(value=True) if precise is None else code.is_in(list(precise)) | code.is_null()
    return cube.join(places, on="place_id", how="left").with_columns(trusted=trusted)


_KEYS = ["place_id", "geo_precision"]


def pairs_of(known: pl.DataFrame) -> pl.DataFrame:
    """Each place and precision code once, sorted, without what is of a window."""
    return known.unique(_KEYS, maintain_order=True).drop("window", "incidents").sort(_KEYS, nulls_last=True)


def along(pairs: pl.DataFrame, mine: pl.DataFrame) -> Floats:
    """The incidents of one window by row of `pairs`."""
    counted = mine.select(*_KEYS, "incidents")
    joined = pairs.select(_KEYS).join(counted, on=_KEYS, how="left", nulls_equal=True, maintain_order="left")
    return joined["incidents"].fill_null(0).to_numpy().astype(np.float64)


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


def radii(codes: Sequence[int | None], error_km: Mapping[int, float]) -> list[float]:
    """The error of each precision code, km: the largest where none is named for it, 0 where none is named at all."""
    largest = max(error_km.values(), default=0.0)
    return [error_km.get(code, largest) if code is not None else largest for code in codes]


def _chances(placed: pl.DataFrame, capitals: pl.DataFrame, errors: Floats, grid: Floats) -> Floats:
    """The chance of each row's events to lie within each threshold of any capital of their country: rows by thresholds."""
    chances = np.zeros((placed.height, grid.size))
    for country in placed["country"].unique().to_list():
        mine = np.flatnonzero((placed["country"] == country).fill_null(value=False).to_numpy())
        distance = _apart(placed[mine], capitals.filter(pl.col("country") == country))
        # The nearest capital's distance is known along the ellipsoid; the sphere serves for the others.
        distance[np.arange(mine.size), distance.argmin(axis=1)] = placed["capital_distance_km"].to_numpy()[mine]
        for error in np.unique(errors[mine]):
            same = errors[mine] == error
            chances[mine[same]] = 1 - np.prod(1 - _within(distance[same], float(error), grid), axis=1)
    return chances


def _apart(rows: pl.DataFrame, capitals: pl.DataFrame) -> Floats:
    """Distances on the sphere, km: rows by capitals."""
    (east, north), (far_east, far_north) = (
        (np.radians(table["longitude"].to_numpy()), np.radians(table["latitude"].to_numpy()))
        for table in (rows, capitals)
    )
    half = np.sin((north[:, None] - far_north) / 2) ** 2
    half += np.cos(north)[:, None] * np.cos(far_north) * np.sin((east[:, None] - far_east) / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def _within(distance: Floats, error: float, grid: Floats) -> Floats:
    """The chance to lie within each threshold of a point at each distance: the shape of `distance`, and thresholds last."""
    if error == 0:
        return (distance[..., None] <= grid).astype(np.float64)
    sigma = error * _SIGMA
    # Rice's law is smooth in the distance: worked out on a grid of a hundredth of sigma, and read off between.
    steps = np.arange(0, grid.max() + 7 * sigma, sigma / 100)
    known = chndtr((grid[None, :] / sigma) ** 2, 2, (steps[:, None] / sigma) ** 2)
    found = np.zeros((*distance.shape, grid.size))
    near = distance < steps[-1]
    for number in range(grid.size):
        found[near, number] = np.interp(distance[near], steps, known[:, number])
    return found


def _window_rows(part: _Window, at: _Chances) -> pl.DataFrame:
    total, weight = part.trusted.sum(), part.weight
    recorded, expected, error = weight @ at.recorded, weight @ at.expected, at.error(weight)
    everything = max(total + part.vague, 1.0)
    return pl.DataFrame(
        {
            "recorded": recorded,
            "expected": expected,
            "low": np.maximum(expected - error, 0.0),
            "high": np.minimum(expected + error, 1.0),
            "least": recorded * total / everything,
            "most": (recorded * total + part.vague) / everything,
        }
    ).select(
        pl.lit(part.label).alias("window"),
        pl.lit(int(total)).alias("incidents"),
        pl.lit(part.vague).alias("vague"),
        pl.lit(part.vague_at_capital).alias("vague_at_capital"),
        pl.all() if total else pl.all().replace_strict({}, default=None, return_dtype=pl.Float64),
    )


def _change_rows(parts: Sequence[_Window], rows: Sequence[pl.DataFrame], at: _Chances) -> pl.DataFrame:
    """The later window less the earlier; an incident's place errs alike in both."""
    before, after = rows
    weight = parts[1].weight - parts[0].weight
    error = at.error(weight)
    expected = weight @ at.expected
    return pl.DataFrame(
        {
            "recorded": weight @ at.recorded,
            "expected": expected,
            "low": expected - error,
            "high": expected + error,
            "least": after["least"] - before["most"],
            "most": after["most"] - before["least"],
        }
    ).with_columns(window=pl.lit(CHANGE), **{name: pl.lit(None) for name in ("incidents", "vague", "vague_at_capital")})


def _judged(rows: pl.DataFrame, *, finest: float) -> pl.DataFrame:
    percent = [(pl.col(name) * 100).round(0).cast(pl.Int64).cast(pl.String) for name in ("low", "high")]
    inside = pl.col("recorded").is_between(pl.col("low") - 1e-9, pl.col("high") + 1e-9)
    finer = f"not settled: the threshold is finer than the error of position ({QUANTILE:.0%} of events within {finest:g} km)"
    verdict = (
        pl.when(pl.col("recorded").is_null())
        .then(pl.lit("no incident with a trusted point"))
        .when(inside)
        .then(pl.lit("settled"))
        .when(pl.col("threshold_km") < finest)
        .then(pl.lit(finer))
        .otherwise(pl.format("not settled: given the errors of position it is {} to {} per cent", *percent))
    )
    return rows.with_columns(verdict=verdict)


def _judged_change(rows: pl.DataFrame) -> pl.DataFrame:
    way = pl.col("recorded").sign()
    told = pl.when(way > 0).then(pl.lit("nearer to capitals")).otherwise(pl.lit("farther from capitals"))
    errors_agree = (pl.col("low") * way > 0) & (pl.col("high") * way > 0)
    vague_agree = (pl.col("least") * way > 0) & (pl.col("most") * way > 0)
    verdict = (
        pl.when(way == 0)
        .then(pl.lit("no change"))
        .when(errors_agree & vague_agree)
        .then(pl.format("settled: {}", told))
        .when(errors_agree)
        .then(pl.format("not settled: {}, but the incidents of which only a region is known could turn it", told))
        .otherwise(pl.format("not settled: {} by the points, but their errors could turn it", told))
    )
    return rows.with_columns(verdict=verdict)
