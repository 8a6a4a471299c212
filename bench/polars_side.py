"""The other rival: what somebody who knows Polars would write by hand, on the events as Parquet, each distinct place worked out once."""

from __future__ import annotations

import argparse
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import polars as pl

from bench import asked
from bench.child import passes, tell, timed
from bench.same import Numbers, keep

EARTH_KM = 6371.0088
PARTIES = ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2")
PLACE = ("country", "latitude", "longitude")
WEEKS = pl.select(week_date=pl.date_range(asked.FIRST, asked.LAST, "7d")).to_series()
FRONTS, MILITIAS = asked.GROUPS


def numbers(folder: Path, parts: dict[str, float]) -> Numbers:
    """The whole script: a table a figure, and what was left out of each."""
    events, parts["reading"] = timed(lambda: read(folder))
    placed, parts["placing"] = timed(lambda: place(events, folder))
    found, parts["counting"] = timed(lambda: count(placed))
    return found


def read(folder: Path) -> pl.DataFrame:
    """Violent incidents, with their days and whether the groups are parties."""
    involved = (
        pl.any_horizontal(pl.col(column).is_in(asked.GROUPS[label]) for column in PARTIES).fill_null(value=False).alias(label)
        for label in (FRONTS, MILITIAS)
    )  # fmt: skip
    events = pl.scan_parquet(folder / "events.parquet")
    wanted = pl.col("country").is_in(asked.COUNTRIES.values()) & pl.col("event_type").is_in(asked.VIOLENT)
    return (
        events.filter(wanted)
        .select(
            pl.col("event_date").cast(pl.String).str.to_date().alias("event_date"),
            "event_type",
            pl.col("geo_precision").cast(pl.Int8),
            "country",
            pl.col("latitude", "longitude").cast(pl.Float64),
            *involved,
        )
        .collect()
    )


def place(events: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The same incidents; those that are placed precisely enough with unit, hexagon and distance to the nearest capital."""
    distinct = events.filter(precise()).select(PLACE).unique()
    points = gpd.GeoDataFrame(
        {"row": range(distinct.height)},
        geometry=gpd.points_from_xy(distinct["longitude"], distinct["latitude"]),
        crs="EPSG:4326",
    )
    units = gpd.read_file(folder / "units.geojson")[["unit_code", "geometry"]]
    joined = gpd.sjoin(points, units, how="left", predicate="within").drop_duplicates("row").sort_values("row")
    cells = [
        str(h3.latlng_to_cell(north, east, asked.CELL_RESOLUTION))
        for north, east in distinct.select("latitude", "longitude").iter_rows()
    ]
    if "-" not in cells[0]:
        cells = [str(int(cell, 16)) for cell in cells]
    distinct = distinct.with_columns(
        unit_code=pl.Series(joined["unit_code"].to_list(), dtype=pl.String),
        cell=pl.Series(cells),
        distance_km=pl.Series(nearest_km(distinct, pl.read_csv(folder / "capitals.csv"))),
    )
    return events.join(distinct, on=PLACE, how="left")


def precise() -> pl.Expr:
    return pl.col("geo_precision").is_in(asked.PRECISE)


def nearest_km(points: pl.DataFrame, capitals: pl.DataFrame) -> np.ndarray:
    """Distance to the nearest capital of the country on a sphere (haversine)."""
    nearest = np.full(points.height, np.inf)
    for country in points["country"].unique():
        here = (points["country"] == country).to_numpy()
        north, east = np.radians(points.filter(here).select("latitude", "longitude").to_numpy().T)
        ours = capitals.filter(pl.col("country") == country).select("latitude", "longitude")
        to_north, to_east = np.radians(ours.to_numpy().T)[:, :, None]
        half = (
            np.sin((to_north - north) / 2) ** 2 + np.cos(north) * np.cos(to_north) * np.sin((to_east - east) / 2) ** 2
        )
        nearest[here] = (2 * EARTH_KM * np.arcsin(np.sqrt(half))).min(axis=0)
    return nearest


def count(events: pl.DataFrame) -> Numbers:
    """The numbers of the seven figures."""
    placed = events.filter(precise())
    fronts, militias = (events.filter(label) for label in (FRONTS, MILITIAS))
    near = placed.with_columns(
        series=pl.when(pl.col("distance_km") <= asked.NEAR_KM).then(pl.lit(asked.NEAR)).otherwise(pl.lit(asked.FAR))
    )
    groups = pl.concat(
        [here.with_columns(series=pl.lit(label)) for label, here in ((FRONTS, fronts), (MILITIAS, militias))]
    )
    tables = {
        "figure-1": weekly(events.with_columns(series=pl.lit("All incidents"))),
        "figure-2": by_place(placed, "unit_code", ["earlier", "later"]),
        "figure-3": weekly(groups),
        "figure-4": by_place(placed.filter(FRONTS), "cell", ["later"]),
        "figure-5": weekly(fronts.with_columns(series="event_type")),
        "figure-6": by_place(placed.filter(MILITIAS), "cell", ["later"]),
        "figure-7": weekly(near),
    }
    left_out = {
        "figure-1": (0, 0),
        "figure-2": vague(events, ["earlier", "later"]),
        "figure-3": (0, 0),
        "figure-4": vague(fronts, ["later"]),
        "figure-5": (0, 0),
        "figure-6": vague(militias, ["later"]),
        "figure-7": vague(events, []),
    }
    return Numbers(tables, left_out)


def weekly(events: pl.DataFrame) -> pl.DataFrame:
    """Incidents a week of each series, weeks without any included, with the moving average and the share of it."""
    counts = events.group_by(week_date=pl.col("event_date").dt.truncate("1w"), series="series").agg(incidents=pl.len())
    grid = pl.DataFrame({"week_date": WEEKS}).join(events.select("series").unique(), how="cross")
    filled = grid.join(counts, on=["week_date", "series"], how="left").sort("series", "week_date")
    average = pl.col("incidents").fill_null(0).rolling_mean(asked.AVERAGE_WEEKS).over("series")
    return filled.with_columns(pl.col("incidents").fill_null(0), average=average).with_columns(
        share=pl.col("average") / pl.col("average").sum().over("week_date")
    )


def in_window(window: str) -> pl.Expr:
    return pl.col("event_date").is_between(*asked.WINDOWS[window])


def by_place(events: pl.DataFrame, level: str, windows: list[str]) -> pl.DataFrame:
    """Incidents by place in each window, with share and rank."""
    parts = [
        events.filter(in_window(window))
        .group_by(place=level)
        .agg(incidents=pl.len())
        .drop_nulls("place")
        .with_columns(
            window=pl.lit(window),
            share=pl.col("incidents") / pl.col("incidents").sum(),
            rank=pl.col("incidents").rank("min", descending=True),
        )
        for window in windows
    ]
    return pl.concat(parts)


def vague(events: pl.DataFrame, windows: list[str]) -> tuple[int, int]:
    """How many incidents of the windows are not placed precisely enough, and of how many."""
    here = events.filter(pl.any_horizontal(in_window(window) for window in windows)) if windows else events
    return here.filter(~precise()).height, here.height


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("events", type=int)
    parser.add_argument("--warm", type=int, default=0)
    given = parser.parse_args()
    folder = asked.folder_of(given.events)
    found, facts = passes(lambda parts: numbers(folder, parts), warm=given.warm)
    keep(found, folder, side="polars")
    tell(**facts)
