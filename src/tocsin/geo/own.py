"""A desk's own boundaries and capitals, read from GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import shapely

from tocsin.errors import DeskError, did_you_mean
from tocsin.geo import countries

UNIT_SCHEMA = {
    "unit_code": pl.String(),
    "unit_name": pl.String(),
    "aliases": pl.List(pl.String),
    "country": pl.String(),
    "geometry": pl.Binary(),
}

_AREAS = ("Polygon", "MultiPolygon")


def read_boundaries(path: Path) -> pl.DataFrame:
    """The units of a GeoJSON file: Polygons or MultiPolygons with unit_code, unit_name and country.

    Returns:
        unit_code, unit_name, aliases (empty), country, geometry (WKB, WGS 84). A shape that crosses itself is mended.

    Raises:
        DeskError: the file can not be read, or a feature is wrong; with its number, from 1, and the property.
    """
    rows: dict[str, dict[str, Any]] = {}
    for where, feature in _features(path):
        code = _text(feature, "unit_code", where)
        if code in rows:
            raise DeskError(
                f'the unit_code "{code}" was used before', where=where, next_step="Give each unit a code of its own."
            )
        rows[code] = {
            "unit_code": code,
            "unit_name": _text(feature, "unit_name", where),
            "aliases": [],
            "country": _country(feature, where),
            "geometry": shapely.to_wkb(_shape(feature, where, kinds=_AREAS)),
        }
    return pl.DataFrame(list(rows.values()), schema=UNIT_SCHEMA)


def read_capitals(path: Path) -> pl.DataFrame:
    """The capitals of a GeoJSON file: Points with capital, country and, where known, unit_code.

    Returns:
        country, unit_code (null where the file does not say), capital, longitude, latitude (degrees), national (false).

    Raises:
        DeskError: the file can not be read, or a feature is wrong; with its number, from 1, and the property.
    """
    rows = []
    for where, feature in _features(path):
        point = _shape(feature, where, kinds=("Point",))
        said = (feature.get("properties") or {}).get("unit_code")
        rows.append(
            {
                "country": _country(feature, where),
                "unit_code": None if said is None else _text(feature, "unit_code", where),
                "capital": _text(feature, "capital", where),
                "longitude": point.x,
                "latitude": point.y,
                "national": False,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"unit_code": pl.String})


def _features(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every feature of a FeatureCollection, with the words for where it stands."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DeskError(f"can not be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise DeskError("is not UTF-8 text", where=str(path), next_step="Save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise DeskError(f"is not JSON: {error.msg}", where=f"{path}:{error.lineno}:{error.colno}") from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or content.get("type") != "FeatureCollection":
        raise DeskError("is not a GeoJSON FeatureCollection", where=str(path))
    if not features:
        raise DeskError("holds no feature", where=str(path))
    numbered = [(f"{path}, feature {number}", feature) for number, feature in enumerate(features, start=1)]
    for where, feature in numbered:
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise DeskError("is not a GeoJSON Feature", where=where)
        if not isinstance(feature.get("properties") or {}, dict):
            raise DeskError("its properties are not an object", where=where)
    return numbered


def _text(feature: dict[str, Any], name: str, where: str) -> str:
    properties = feature.get("properties") or {}
    value = properties.get(name)
    if value is None:
        raise DeskError(f'the property "{name}" is missing', where=where, next_step=did_you_mean(name, properties))
    if not isinstance(value, str) or not value.strip():
        raise DeskError(f'the property "{name}" is not a text: {json.dumps(value)[:80]}', where=where)
    return value.strip()


def _country(feature: dict[str, Any], where: str) -> str:
    code = _text(feature, "country", where)
    if code not in countries.known():
        found = countries.codes(pl.Series([code]))[0]
        step = f'Write "{found}".' if found else did_you_mean(code, countries.known())
        raise DeskError(
            f'the property "country" is not an ISO 3166 alpha-3 code: "{code}"', where=where, next_step=step
        )
    return code


def _shape(feature: dict[str, Any], where: str, *, kinds: tuple[str, ...]) -> Any:
    """The geometry of a feature, mended where it crosses itself."""
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in kinds:
        raise DeskError(f"its geometry is {kind or 'missing'}; wanted: {' or '.join(kinds)}", where=where)
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except shapely.errors.GEOSException as error:
        raise DeskError(f"its geometry can not be read: {error}", where=where) from error
    if shape.is_empty:
        raise DeskError("its geometry is empty", where=where)
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise DeskError(
            f"its coordinates are not degrees: {west:g} to {east:g} east, {south:g} to {north:g} north",
            where=where,
            next_step="Export it in longitude and latitude, WGS 84 (EPSG:4326).",
        )
    if shape.is_valid:
        return shape
    mended = shapely.make_valid(shape, method="structure")
    if mended.is_empty or mended.geom_type not in kinds:
        raise DeskError(f"its shape is not valid: {shapely.is_valid_reason(shape)}", where=where)
    return mended
