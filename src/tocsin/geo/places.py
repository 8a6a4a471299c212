"""What depends on a place alone: its unit, its nearest capital and the distance to it, its cells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tocsin.geo.cells import RESOLUTIONS, cells_at
from tocsin.geo.containment import COUNTED_UNDER, GEOD, holding
from tocsin.geo.gazetteer import Gazetteer
from tocsin.geo.spelling import folded

COORDINATES = ("country", "longitude", "latitude")
Resolver = Callable[[pl.DataFrame], pl.DataFrame]
"""`resolve` with a gazetteer of its own."""

# Nearest on the sphere and nearest on the ellipsoid can differ by half a per cent of distance; so the few nearest on the
# sphere are measured on the ellipsoid.
_CANDIDATES = 4


def resolve(coordinates: pl.DataFrame, *, gazetteer: Gazetteer) -> pl.DataFrame:
    """The unit, the nearest capital and the cells of each coordinate.

    Args:
        coordinates: country (ISO 3166 alpha-3, or null), longitude, latitude (degrees, WGS 84).

    Returns:
        The same rows in the same order, with unit_code, unit_name, unit_match ("inside": a unit of the country holds
        the point; "nearest": the nearest unit of the country, within 25 km; "none"), capital, capital_distance_km
        (geodesic, WGS 84), and cell_3 to cell_6 (H3 ids, Int64). A point without a country takes the unit that holds
        it, whatever its country. Where a coordinate is null or not on the globe, all is null but unit_match ("none").

    Assumes:
        The nearest capital is that of the same country: of the unit's country where the point has none of its own or
        lies in a territory that data sets count under another country (see COUNTED_UNDER).

    Source:
        Karney (2013), Algorithms for geodesics, Journal of Geodesy 87, 43-55, doi:10.1007/s00190-012-0578-z.
    """
    told = coordinates.select(COORDINATES).with_row_index("row")
    placed = told.filter(pl.col("longitude").is_between(-180, 180) & pl.col("latitude").is_between(-90, 90))
    units = pl.concat([placed, holding(placed, units=_units_wanted(placed, gazetteer))], how="horizontal")
    named = units.join(
        gazetteer.units.select("unit_code", "unit_name"), on="unit_code", how="left", maintain_order="left"
    )
    searched = named.with_columns(
        pl.when(pl.col("unit_match") == "inside").then("unit_country").otherwise("country").alias("searched")
    )
    answers = searched.join(_nearest_capitals(searched, gazetteer.capitals), on="row", how="left").join(
        _cells(placed), on="row", how="left"
    )
    new = ["unit_code", "unit_name", "unit_match", "capital", "capital_distance_km", *_CELL_COLUMNS]
    return (
        told.join(answers.select("row", *new), on="row", how="left", maintain_order="left")
        .with_columns(pl.col("unit_match").fill_null("none"))
        .select("country", "longitude", "latitude", *new)
    )


def disagreements(places: pl.DataFrame, *, gazetteer: Gazetteer) -> pl.DataFrame:
    """Where the data's own name of the unit is not a name of the unit that the shape gives.

    Args:
        places: unit_code, admin1 (the unit as the data name it), events (count). Rows without either are left out.

    Returns:
        admin1, unit_name, events: the most events first. Case, diacritics, hyphens, apostrophes and words such as
        "Governorate" make no difference.
    """
    named = (
        places.select("unit_code", "admin1", "events")
        .drop_nulls(["unit_code", "admin1"])
        .group_by("unit_code", "admin1")
        .agg(pl.col("events").cast(pl.Int64).sum())
        .join(gazetteer.units.select("unit_code", "unit_name", "aliases"), on="unit_code", how="inner")
    )
    agrees = [
        folded(admin1) in {folded(unit_name), *map(folded, aliases or ())}
        for admin1, unit_name, aliases in named.select("admin1", "unit_name", "aliases").iter_rows()
    ]
    return (
        named.filter(~pl.Series(agrees, dtype=pl.Boolean))
        .select("admin1", "unit_name", "events")
        .sort("events", "admin1", "unit_name", descending=[True, False, False])
    )


_CELL_COLUMNS = tuple(f"cell_{resolution}" for resolution in RESOLUTIONS)


def _units_wanted(points: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Only the units that may hold a point, so that few shapes are read; sorted, so that ties fall the same way."""
    if points["country"].null_count():
        return gazetteer.units
    countries = set(points["country"].to_list())
    countries |= {territory for territory, under in COUNTED_UNDER.items() if under in countries}
    return gazetteer.units.filter(pl.col("country").is_in(list(countries)))


def _nearest_capitals(points: pl.DataFrame, capitals: pl.DataFrame) -> pl.DataFrame:
    """The nearest capital of the country `searched` for each row: row, capital, capital_distance_km."""
    answers = [
        _nearest_of(asked, capitals.filter(pl.col("country") == country))
        for (country,), asked in points.drop_nulls("searched").group_by("searched", maintain_order=True)
    ]
    empty = pl.DataFrame(schema={"row": pl.UInt32, "capital": pl.String, "capital_distance_km": pl.Float64})
    return pl.concat([empty, *answers])


def _nearest_of(points: pl.DataFrame, capitals: pl.DataFrame) -> pl.DataFrame:
    if capitals.is_empty():
        return points.select(
            "row", pl.lit(None, pl.String).alias("capital"), pl.lit(None, pl.Float64).alias("capital_distance_km")
        )
    count = min(_CANDIDATES, capitals.height)
    _, candidates = scipy.spatial.cKDTree(_on_sphere(capitals)).query(_on_sphere(points), k=list(range(1, count + 1)))
    east, north = (points[column].to_numpy() for column in ("longitude", "latitude"))
    capital_east, capital_north = (capitals[column].to_numpy() for column in ("longitude", "latitude"))
    chosen = candidates.ravel()
    metres = GEOD.inv(np.repeat(east, count), np.repeat(north, count), capital_east[chosen], capital_north[chosen])[2]
    distances = np.asarray(metres).reshape(-1, count)
    best = distances.argmin(axis=1)
    rows = np.arange(points.height)
    return points.select("row").with_columns(
        capital=capitals["capital"].gather(candidates[rows, best]), capital_distance_km=distances[rows, best] / 1000
    )


def _on_sphere(points: pl.DataFrame) -> NDArray[np.float64]:
    east, north = np.radians(points["longitude"].to_numpy()), np.radians(points["latitude"].to_numpy())
    return np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


def _cells(points: pl.DataFrame) -> pl.DataFrame:
    east, north = points["longitude"].to_list(), points["latitude"].to_list()
    return points.select("row").with_columns(
        pl.Series(column, cells_at(east, north, resolution=resolution), dtype=pl.Int64)
        for column, resolution in zip(_CELL_COLUMNS, RESOLUTIONS, strict=True)
    )


def remembering(gazetteer: Gazetteer) -> Resolver:
    """Works out each distinct place once, however often it is asked for."""
    met: list[pl.DataFrame] = []

    def resolved(coordinates: pl.DataFrame) -> pl.DataFrame:
        asked = coordinates.select(COORDINATES)
        new = asked.join(pl.concat(met), on=COORDINATES, how="anti", nulls_equal=True) if met else asked
        if new.height or not met:
            met.append(resolve(new, gazetteer=gazetteer))
        return asked.join(pl.concat(met), on=COORDINATES, how="left", nulls_equal=True, maintain_order="left")

    return resolved
