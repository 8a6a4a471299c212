"""Synthetic places: capitals, places near them and places far from every one, each inside its own unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tocsin.errors import QuestionError
from tocsin.geo import gazetteer
from tocsin.geo import places as geo_places
from tocsin.simulate.arrays import Flags, Floats, Ints

EARTH_KM = 6371.0088
NEAR_KM = 10.0
NEAR_PLACES = 8
NEAR_DRAWN = 80
FAR_PLACES = 40
FAR_DRAWN = 60_000
MARGIN_DEGREES = 2.5
CAPITAL_ITSELF = 0.6
"""Chance that an event near a capital is in the capital."""
RENOWN = 0.7
"""Standard deviation of the logarithm of how much likelier than others a far place is."""


@dataclass(frozen=True)
class Pool:
    """Places of one country. A place is known by its position in the arrays of places."""

    units: tuple[str, ...]
    """Names of the first-order units, in order of their codes."""
    location: tuple[str, ...]
    longitude: Floats
    latitude: Floats
    capital_km: Floats
    """Of each place: distance to the nearest capital of any unit."""
    renown: Floats
    """Of each place: how much likelier than others it is, as a logarithm."""
    capital: Ints
    """Of each unit: the place that is its capital."""
    near: Ints
    """Of each unit: a row of places within 10 km of its capital; a short row repeats itself."""
    far: Ints
    """Of each unit: a row of places farther than 10 km from every capital; a short row repeats itself."""


def pool_of(country: str, *, rng: np.random.Generator) -> Pool:
    """Draw the places of a country.

    Near places are drawn evenly round each capital, far ones evenly over the country; those that fall outside their
    unit are not used.

    Args:
        country: ISO 3166 alpha-3 code.
        rng: Source of chance.

    Raises:
        QuestionError: no capital of the country is known, or a unit holds no place near or far from its capital.
    """
    capitals = capitals_of(country)
    near, far = _near(country, capitals, rng), _far(country, capitals, rng)
    themselves = capitals.select(
        "unit_code", pl.col("capital").alias("location"), "longitude", "latitude", capital_km=0.0
    )
    places = pl.concat([themselves, near, far])
    return Pool(
        units=tuple(capitals["unit_name"]),
        location=tuple(places["location"]),
        longitude=places["longitude"].to_numpy(),
        latitude=places["latitude"].to_numpy(),
        capital_km=places["capital_km"].to_numpy(),
        renown=rng.normal(0, RENOWN, len(places)),
        capital=np.arange(len(capitals)),
        near=_rows(near, start=len(capitals), count=NEAR_PLACES),
        far=_rows(far, start=len(capitals) + len(near), count=FAR_PLACES),
    )


def place_of_each(
    pool: Pool, *, unit: Ints, near: Flags, itself: Flags, scale_km: Floats, rng: np.random.Generator
) -> Ints:
    """Draw a place of its unit for each event.

    Args:
        pool: The places.
        unit: Of each event: the position of its unit.
        near: Whether it lies within 10 km of the capital.
        itself: Whether a near one lies always, and not only most often, in the capital itself.
        scale_km: Of those that are not near: the chance of a place falls by e over this many km from the nearest
            capital; infinite where distance plays no part.
        rng: Source of chance.

    Returns:
        Of each event: the position of its place.
    """
    count = len(unit)
    in_capital = itself | (rng.random(count) < CAPITAL_ITSELF)
    beside = pool.near[unit, rng.integers(NEAR_PLACES, size=count)]
    choices = pool.far[unit]
    # The largest of log-weights with Gumbel noise is a draw in proportion to the weights.
    liking = pool.renown[choices] - pool.capital_km[choices] / scale_km[:, None] + rng.gumbel(size=choices.shape)
    away = choices[np.arange(count), liking.argmax(axis=1)]
    return np.where(near, np.where(in_capital, pool.capital[unit], beside), away)


def capitals_of(country: str) -> pl.DataFrame:
    """The capitals of the country's units: unit_code, unit_name, capital, longitude, latitude; one a unit, by code.

    Raises:
        QuestionError: none is known.
    """
    known = gazetteer.load()
    capitals = (
        known.capitals.filter(pl.col("country") == country)
        .join(known.units.select("unit_code", "unit_name"), on="unit_code", how="inner")
        .unique("unit_code", keep="first", maintain_order=True)
        .sort("unit_code")
        .select("unit_code", "unit_name", "capital", "longitude", "latitude")
    )
    if capitals.is_empty():
        raise QuestionError(f'no capital of a unit of "{country}" is known', next_step="Give an ISO 3166 alpha-3 code.")
    return capitals


def round_capitals(
    capitals: pl.DataFrame, *, nearest_km: float, farthest_km: float, rng: np.random.Generator
) -> pl.DataFrame:
    """A point for each row of `capitals`, drawn evenly over a ring round it: unit_code, capital, longitude, latitude."""
    bearing = rng.uniform(0, 2 * np.pi, len(capitals))
    arc = np.sqrt(rng.uniform(nearest_km**2, farthest_km**2, len(capitals))) / EARTH_KM
    lon, lat = (np.radians(capitals[name].to_numpy()) for name in ("longitude", "latitude"))
    to_lat = np.arcsin(np.sin(lat) * np.cos(arc) + np.cos(lat) * np.sin(arc) * np.cos(bearing))
    to_lon = lon + np.arctan2(np.sin(bearing) * np.sin(arc) * np.cos(lat), np.cos(arc) - np.sin(lat) * np.sin(to_lat))
    return capitals.select("unit_code", "capital").with_columns(
        longitude=((np.degrees(to_lon) + 180) % 360 - 180).round(4), latitude=np.degrees(to_lat).round(4)
    )


def units_at(country: str, points: pl.DataFrame) -> pl.DataFrame:
    """Of each point (longitude, latitude): the unit of the country that holds it, or null, and the distance to a capital.

    Returns:
        unit_code, longitude, latitude, capital_km; the same rows in the same order.
    """
    placed = geo_places.resolve(
        points.select(pl.lit(country).alias("country"), "longitude", "latitude"), gazetteer=gazetteer.load()
    )
    return placed.select(
        pl.when(pl.col("unit_match") == "inside").then("unit_code").alias("unit_code"),
        "longitude",
        "latitude",
        pl.col("capital_distance_km").alias("capital_km"),
    )


def _near(country: str, capitals: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    many = pl.concat([capitals] * NEAR_DRAWN)
    drawn = round_capitals(many, nearest_km=1, farthest_km=NEAR_KM, rng=rng)
    placed = units_at(country, drawn)
    own = placed.filter((placed["unit_code"] == drawn["unit_code"]) & (placed["capital_km"] <= NEAR_KM))
    return _some_of_each(own, capitals, NEAR_PLACES, named="near {} (place {})", after="capital")


def _far(country: str, capitals: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    corners = [
        (values.min() - MARGIN_DEGREES, values.max() + MARGIN_DEGREES)
        for values in (capitals["longitude"].to_numpy(), capitals["latitude"].to_numpy())
    ]
    east, north = (rng.uniform(low, high, FAR_DRAWN).round(4) for low, high in corners)
    placed = units_at(country, pl.DataFrame({"longitude": east, "latitude": north}))
    away = placed.filter(pl.col("unit_code").is_not_null() & (pl.col("capital_km") > NEAR_KM))
    return _some_of_each(away, capitals, FAR_PLACES, named="{} province (place {})", after="unit_name")


def _some_of_each(placed: pl.DataFrame, capitals: pl.DataFrame, count: int, *, named: str, after: str) -> pl.DataFrame:
    """The first `count` places of each unit that has a capital, named after it, in order of units."""
    some = (
        placed.with_columns(number=pl.int_range(1, pl.len() + 1).over("unit_code"))
        .filter(pl.col("number") <= count)
        .join(capitals.select("unit_code", after), on="unit_code", how="inner")
        .sort("unit_code", "number")
    )
    for code in sorted(set(capitals["unit_code"]) - set(some["unit_code"])):
        raise QuestionError(f'no place of the unit "{code}" could be drawn: it is too small', where="unit_code")
    return some.select(
        "unit_code", pl.format(named, after, "number").alias("location"), "longitude", "latitude", "capital_km"
    )


def _rows(places: pl.DataFrame, *, start: int, count: int) -> Ints:
    """Of each unit, in order: the positions of its places, counted from `start`, repeated to a row of `count`."""
    sizes = places.group_by("unit_code", maintain_order=True).len()["len"].to_list()
    firsts = start + np.cumsum([0, *sizes[:-1]])
    return np.stack(
        [np.resize(np.arange(first, first + size), count) for first, size in zip(firsts, sizes, strict=True)]
    )
