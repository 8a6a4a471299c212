"""Which unit holds a point?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray
from pyproj import Geod

GEOD = Geod(ellps="WGS84")

# A point outside every unit of its country belongs to the nearest one, if that is no farther than this.
NEAR_KM = 25.0

# Territories whose events data sets often file under another country: Gaza under Israel (UCDP), Western Sahara under
# Morocco, and states that became independent within the years that the data cover, under the state they left.
COUNTED_UNDER: Mapping[str, str] = MappingProxyType(
    {"PSE": "ISR", "ESH": "MAR", "XKX": "SRB", "SSD": "SDN", "TLS": "IDN", "ERI": "ETH"}
)

_KM_PER_DEGREE = 111.2
_MARGIN = 1.02  # the box and the flat distance are approximate; the last word is the geodesic distance
_PAIRS_AT_ONCE = 20_000


def shapes(units: pl.DataFrame) -> NDArray[Any]:
    """The geometries of `units`, decoded."""
    decoded: NDArray[Any] = shapely.from_wkb(units["geometry"].to_numpy())
    return decoded


def holding(points: pl.DataFrame, *, units: pl.DataFrame) -> pl.DataFrame:
    """The unit that holds each point, or else the nearest one of the point's country within 25 km.

    Args:
        points: country (ISO 3166 alpha-3 or null), longitude, latitude (degrees, WGS 84, not null).
        units: unit_code, country, geometry (WKB).

    Returns:
        One row a point, in order: unit_code (null for none), unit_country, unit_match ("inside", "nearest", "none").

    Assumes:
        A point without a country belongs to whichever unit holds it. A point on a border belongs to the unit that
        comes first by code. A territory of COUNTED_UNDER holds the points of the country it is counted under.
    """
    told = points.select("country", "longitude", "latitude").with_row_index("point")
    within = _inside(told, units)
    outside = told.join(within, on="point", how="anti").drop_nulls("country")
    found = pl.concat([within, _nearest(outside, units)])
    named = units.select("unit_code", pl.col("country").alias("unit_country")).with_row_index("unit")
    return (
        told.select("point")
        .join(found.join(named, on="unit", how="left"), on="point", how="left", maintain_order="left")
        .select("unit_code", "unit_country", pl.col("unit_match").fill_null("none"))
    )


def _inside(points: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Pairs of a point and the unit that holds it: point, unit, unit_match."""
    # The units are the query, so that their shapes, not the points, are prepared: many points, few shapes.
    tree = shapely.STRtree(shapely.points(points["longitude"].to_numpy(), points["latitude"].to_numpy()))
    unit, point = tree.query(shapes(units), predicate="intersects")
    pairs = _paired(unit, point, units, points)
    counted_under = pl.col("unit_country").replace_strict(dict(COUNTED_UNDER), default=None, return_dtype=pl.String)
    own = pl.col("country").is_null() | (pl.col("country") == pl.col("unit_country"))
    return (
        pairs.with_columns(own=own)
        .filter(pl.col("own") | (pl.col("country") == counted_under))
        .sort("point", pl.col("own").not_(), "unit_code")
        .unique("point", keep="first", maintain_order=True)
        .select("point", "unit", pl.lit("inside").alias("unit_match"))
    )


def _nearest(points: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Pairs of a point and the nearest unit of its country within 25 km: point, unit, unit_match."""
    longitude, latitude = points["longitude"].to_numpy(), points["latitude"].to_numpy()
    reach = NEAR_KM * _MARGIN / _KM_PER_DEGREE
    reach_east = reach / np.maximum(np.cos(np.radians(latitude)), 0.01)
    boxes = shapely.box(longitude - reach_east, latitude - reach, longitude + reach_east, latitude + reach)
    place, unit = shapely.STRtree(shapes(units)).query(boxes)
    pairs = _paired(unit, place, units, points).filter(pl.col("country") == pl.col("unit_country"))
    if pairs.is_empty():
        return pl.DataFrame(schema={"point": pl.UInt32, "unit": pl.UInt32, "unit_match": pl.String})
    distances = [
        _distance_km(part, shapes(units[part["unit"].to_list()])) for part in pairs.iter_slices(_PAIRS_AT_ONCE)
    ]
    return (
        pairs.with_columns(distance_km=np.concatenate(distances))
        .filter(pl.col("distance_km") <= NEAR_KM)
        .sort("point", "distance_km", "unit_code")
        .unique("point", keep="first", maintain_order=True)
        .select("point", "unit", pl.lit("nearest").alias("unit_match"))
    )


def _paired(
    unit: NDArray[np.int64], place: NDArray[np.int64], units: pl.DataFrame, points: pl.DataFrame
) -> pl.DataFrame:
    """Rows of `points` beside rows of `units`: point, country, longitude, latitude, unit, unit_code, unit_country."""
    named = units.select(pl.row_index("unit"), "unit_code", pl.col("country").alias("unit_country"))
    return pl.concat([points[place], named[unit]], how="horizontal")


def _distance_km(pairs: pl.DataFrame, geometries: NDArray[Any]) -> NDArray[np.float64]:
    """Geodesic distance from each point to the nearest point of the geometry beside it, km.

    The nearest point is sought on a plane on which a degree of longitude is as short as it is at the point.
    """
    shrink = np.cos(np.radians(pairs["latitude"].to_numpy()))
    each = np.repeat(shrink, shapely.get_num_coordinates(geometries))
    flat = shapely.transform(geometries, lambda xy: np.column_stack([xy[:, 0] * each, xy[:, 1]]))
    starts = shapely.points(pairs["longitude"].to_numpy() * shrink, pairs["latitude"].to_numpy())
    ends = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(starts, flat), 1))
    metres = GEOD.inv(pairs["longitude"].to_numpy(), pairs["latitude"].to_numpy(), ends[:, 0] / shrink, ends[:, 1])[2]
    return np.asarray(metres, dtype=np.float64) / 1000
