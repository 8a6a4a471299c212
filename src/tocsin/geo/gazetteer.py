"""The gazetteer: first-order units with their shapes, and their capitals."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
import shapely

from tocsin.errors import DeskError, QuestionError, did_you_mean
from tocsin.geo import capitals as capitals_of
from tocsin.geo import own
from tocsin.geo.containment import GEOD, shapes

UNITS_CREDIT = "Boundaries: Natural Earth (public domain)."
CAPITALS_CREDIT = "Capitals: GeoNames (CC BY 4.0)."


@dataclass(frozen=True, eq=False)
class Gazetteer:
    """First-order units and their capitals."""

    units: pl.DataFrame
    """unit_code, unit_name, aliases (list), country (ISO 3166 alpha-3), geometry (WKB, WGS 84)."""
    capitals: pl.DataFrame
    """country, unit_code (null where in no unit), capital, longitude, latitude (degrees), national."""
    credit: str
    """Where both come from, in sentences that a caption prints."""


def load(*, boundaries: Path | None = None, capitals: Path | None = None) -> Gazetteer:
    """The packaged gazetteer, with a desk's own boundaries or capitals in place of the packaged ones.

    Args:
        boundaries: GeoJSON of Polygons with unit_code, unit_name, country. It replaces the units of every country that
            it names.
        capitals: GeoJSON of Points with capital, country and, where known, unit_code. It replaces the capitals of every
            country that it names.

    Raises:
        DeskError: a file can not be read, or a feature is wrong; with its number and property.
    """
    gazetteer = _packaged()
    if boundaries is not None:
        gazetteer = _with_boundaries(gazetteer, boundaries)
    if capitals is not None:
        gazetteer = _with_capitals(gazetteer, capitals)
    return gazetteer


def outlines(gazetteer: Gazetteer, countries: Sequence[str], *, detail: float) -> dict[str, Any]:
    """The units of some countries as GeoJSON for a figure.

    Args:
        countries: ISO 3166 alpha-3 codes.
        detail: Corners that make less than a triangle of about detail x detail degrees are dropped; 0.02 suits a country
            on a page. Shared borders stay shared.

    Returns:
        A FeatureCollection with unit_code, unit_name and country; coordinates to three decimals (about 100 m). Outer
        rings run clockwise, as D3 and Vega want them: the other way round they would fill the rest of the globe.

    Raises:
        QuestionError: the gazetteer has no unit of a country.
    """
    units = _of(gazetteer, countries)
    simple = shapely.coverage_simplify(shapes(units), detail)
    rounded = shapely.set_precision(simple, 0.001)
    # An islet too small for three decimals keeps its finer shape.
    rounded[shapely.is_empty(rounded)] = simple[shapely.is_empty(rounded)]
    clockwise = shapely.orient_polygons(rounded, exterior_cw=True)
    features = [
        {"type": "Feature", "properties": properties, "geometry": json.loads(drawn)}
        for properties, drawn in zip(
            units.select("unit_code", "unit_name", "country").to_dicts(), shapely.to_geojson(clockwise), strict=True
        )
    ]
    return {"type": "FeatureCollection", "features": features}


def units_of(gazetteer: Gazetteer, countries: Sequence[str]) -> pl.DataFrame:
    """The units of some countries, with their areas.

    Args:
        countries: ISO 3166 alpha-3 codes.

    Returns:
        unit_code, unit_name, country, area_km2 (geodesic, WGS 84); sorted by country and unit_code.

    Raises:
        QuestionError: the gazetteer has no unit of a country.
    """
    units = _of(gazetteer, countries)
    anticlockwise = shapely.orient_polygons(shapes(units), exterior_cw=False)
    areas = [GEOD.geometry_area_perimeter(shape)[0] / 1e6 for shape in anticlockwise]
    return units.select("unit_code", "unit_name", "country", pl.Series("area_km2", areas, dtype=pl.Float64))


def _of(gazetteer: Gazetteer, countries: Sequence[str]) -> pl.DataFrame:
    units = gazetteer.units.filter(pl.col("country").is_in(list(countries))).sort("country", "unit_code")
    for missing in sorted(set(countries) - set(units["country"].to_list())):
        known = gazetteer.units["country"].unique().sort().to_list()
        raise QuestionError(f'the gazetteer has no unit of "{missing}"', next_step=did_you_mean(missing, known))
    return units


@functools.cache
def _packaged() -> Gazetteer:
    data = resources.files("tocsin.geo").joinpath("data")
    units, capitals = (
        pl.read_parquet(io.BytesIO(data.joinpath(name).read_bytes())) for name in ("units.parquet", "capitals.parquet")
    )
    return Gazetteer(units=units, capitals=capitals, credit=f"{UNITS_CREDIT} {CAPITALS_CREDIT}")


def _with_boundaries(gazetteer: Gazetteer, path: Path) -> Gazetteer:
    mine = own.read_boundaries(path)
    kept = gazetteer.units.filter(~pl.col("country").is_in(mine["country"].unique().to_list()))
    _no_clash(mine, kept, path)
    # The packaged capitals of these countries move into the new units.
    ours = pl.col("country").is_in(mine["country"].unique().to_list())
    moved = capitals_of.in_units(gazetteer.capitals.filter(ours), units=mine)
    names = ", ".join(mine["country"].unique().sort().to_list())
    return Gazetteer(
        units=pl.concat([kept, mine]).sort("country", "unit_code"),
        capitals=pl.concat([gazetteer.capitals.filter(~ours), moved]),
        credit=f"Boundaries of {names}: {path.name}. {gazetteer.credit}",
    )


def _no_clash(mine: pl.DataFrame, kept: pl.DataFrame, path: Path) -> None:
    clash = kept.join(mine, on="unit_code", how="semi")
    if not clash.is_empty():
        code, country = clash.select("unit_code", "country").row(0)
        raise DeskError(
            f'the unit_code "{code}" is that of a packaged unit of {country}',
            where=str(path),
            next_step="Give the unit another code.",
        )


def _with_capitals(gazetteer: Gazetteer, path: Path) -> Gazetteer:
    mine = own.read_capitals(path)
    ours = pl.col("country").is_in(mine["country"].unique().to_list())
    for number, (country, code) in enumerate(mine.select("country", "unit_code").iter_rows(), start=1):
        known = gazetteer.units.filter(pl.col("country") == country)["unit_code"].to_list()
        if code is not None and code not in known:
            raise DeskError(
                f'the property "unit_code" names no unit of {country}: "{code}"',
                where=f"{path}, feature {number}",
                next_step=did_you_mean(code, known),
            )
    placed = capitals_of.in_units(mine, units=gazetteer.units)
    said = placed.with_columns(pl.coalesce(mine["unit_code"], placed["unit_code"]).alias("unit_code"))
    names = ", ".join(mine["country"].unique().sort().to_list())
    return Gazetteer(
        units=gazetteer.units,
        capitals=pl.concat([gazetteer.capitals.filter(~ours), said]),
        credit=f"Capitals of {names}: {path.name}. {gazetteer.credit}",
    )
