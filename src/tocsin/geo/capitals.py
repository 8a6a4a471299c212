"""Which unit does each capital belong to?"""

from __future__ import annotations

import polars as pl

from tocsin.geo.containment import holding

COLUMNS = ("country", "unit_code", "capital", "longitude", "latitude", "national")


def in_units(capitals: pl.DataFrame, *, units: pl.DataFrame) -> pl.DataFrame:
    """Each capital with its unit.

    Args:
        capitals: country, capital, longitude, latitude (degrees), national.
        units: unit_code, country, geometry (WKB).

    Returns:
        The same rows, in order, with unit_code: the unit of the same country that holds the capital, or else the
        nearest one within 25 km that holds no other; null where there is none.
    """
    inside = _own_unit(capitals, units, match="inside")
    vacant = units.filter(~pl.col("unit_code").is_in(inside.drop_nulls().unique().to_list()))
    near = _own_unit(capitals, vacant, match="nearest")
    return capitals.with_columns(pl.coalesce(inside, near).alias("unit_code")).select(COLUMNS)


def _own_unit(capitals: pl.DataFrame, units: pl.DataFrame, *, match: str) -> pl.Series:
    """The unit of its very own country, not of a territory, that each capital matches in this way; or null."""
    found = pl.concat([capitals.select("country"), holding(capitals, units=units)], how="horizontal")
    matched = (pl.col("unit_country") == pl.col("country")) & (pl.col("unit_match") == match)
    return found.select(pl.when(matched).then("unit_code")).to_series()
