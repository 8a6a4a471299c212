"""The rival: the pandas and geopandas script that an analyst would write on the publisher's CSV; and the same by somebody careful.

Plain: read the file, filter, join points with polygons, group. Careful: read only the columns that are needed with the faster reader, and
work out each distinct place once.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import pandas as pd

from bench import asked
from bench.child import passes, tell, timed

NEEDED = [
    "event_date", "event_type", "actor1", "assoc_actor_1", "actor2", "assoc_actor_2", "country", "latitude", "longitude",
    "geo_precision",
]  # fmt: skip
EARTH_KM = 6371.0088
WEEKS = pd.date_range(asked.FIRST, asked.LAST, freq="W-MON")
FRONTS, MILITIAS = asked.GROUPS


def numbers(
    folder: Path, parts: dict[str, float], *, careful: bool
) -> tuple[dict[str, Any], dict[str, tuple[int, int]]]:
    """The whole script: a table a figure, and what was left out of each."""
    events, parts["reading"] = timed(lambda: read(folder, careful=careful))
    precise, parts["placing"] = timed(
        lambda: place(events[events.geo_precision.isin(asked.PRECISE)], folder, careful=careful)
    )
    found, parts["counting"] = timed(lambda: count(events, precise))
    return found


def read(folder: Path, *, careful: bool) -> pd.DataFrame:
    """Violent incidents, with their days."""
    how = {"usecols": NEEDED, "engine": "pyarrow"} if careful else {}
    events = pd.read_csv(folder / "events.csv", **how)
    events["event_date"] = pd.to_datetime(events["event_date"])
    wanted = events.country.isin(asked.COUNTRIES.values()) & events.event_type.isin(asked.VIOLENT)
    return events[wanted]


def place(events: pd.DataFrame, folder: Path, *, careful: bool) -> pd.DataFrame:
    """The same incidents with their unit, hexagon and distance to the nearest capital."""
    if not careful:
        return _placed(events, folder)
    keys = ["country", "latitude", "longitude"]
    distinct = _placed(events[keys].drop_duplicates().reset_index(drop=True), folder)
    return events.merge(distinct[[*keys, "unit_code", "cell", "distance_km"]], on=keys, how="left")


def _placed(events: pd.DataFrame, folder: Path) -> pd.DataFrame:
    units = gpd.read_file(folder / "units.geojson")
    points = gpd.GeoDataFrame(events, geometry=gpd.points_from_xy(events.longitude, events.latitude), crs="EPSG:4326")
    joined = gpd.sjoin(points, units[["unit_code", "geometry"]], how="left", predicate="within")
    joined = joined[~joined.index.duplicated()]
    joined["cell"] = [
        h3.latlng_to_cell(north, east, asked.CELL_RESOLUTION)
        for north, east in zip(joined.latitude, joined.longitude, strict=True)
    ]
    capitals = pd.read_csv(folder / "capitals.csv")
    for country, here in joined.groupby("country"):
        joined.loc[here.index, "distance_km"] = _nearest_km(here, capitals[capitals.country == country])
    return joined


def _nearest_km(points: pd.DataFrame, capitals: pd.DataFrame) -> Any:
    """Distance to the nearest capital on a sphere (haversine)."""
    north, east = np.radians(points.latitude.to_numpy()), np.radians(points.longitude.to_numpy())
    nearest = np.full(len(points), np.inf)
    for capital in capitals.itertuples():
        to_north, to_east = np.radians(capital.latitude), np.radians(capital.longitude)
        half = (
            np.sin((to_north - north) / 2) ** 2 + np.cos(north) * np.cos(to_north) * np.sin((to_east - east) / 2) ** 2
        )
        nearest = np.minimum(nearest, 2 * EARTH_KM * np.arcsin(np.sqrt(half)))
    return nearest


def count(events: pd.DataFrame, precise: pd.DataFrame) -> tuple[dict[str, Any], dict[str, tuple[int, int]]]:
    """The numbers of the seven figures."""
    fronts, militias = (events[involves(events, label)] for label in (FRONTS, MILITIAS))
    precise_fronts, precise_militias = (precise[involves(precise, label)] for label in (FRONTS, MILITIAS))
    near = precise.distance_km <= asked.NEAR_KM
    proximity = pd.concat([weekly(precise[near], asked.NEAR), weekly(precise[~near], asked.FAR)])
    proximity["share"] = proximity.average / proximity.groupby("week_date").average.transform("sum", min_count=1)
    tables = {
        "figure-1": weekly(events, "All incidents"),
        "figure-2": by_place(precise, "unit_code", ["earlier", "later"]),
        "figure-3": pd.concat([weekly(fronts, FRONTS), weekly(militias, MILITIAS)]),
        "figure-4": by_place(precise_fronts, "cell", ["later"]),
        "figure-5": pd.concat([weekly(here, event_type) for event_type, here in fronts.groupby("event_type")]),
        "figure-6": by_place(precise_militias, "cell", ["later"]),
        "figure-7": proximity,
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
    return tables, left_out


def involves(events: pd.DataFrame, label: str) -> Any:
    """Whether a name of the group is among the actors."""
    names = asked.GROUPS[label]
    columns = ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2")
    return np.logical_or.reduce([events[column].isin(names) for column in columns])


def weekly(events: pd.DataFrame, series: str) -> pd.DataFrame:
    """Incidents a week, weeks without any included, with the moving average."""
    counts = events.resample("W-MON", on="event_date", label="left", closed="left").size()
    counts = counts.reindex(WEEKS, fill_value=0)
    average = counts.rolling(asked.AVERAGE_WEEKS).mean()
    return pd.DataFrame(
        {"week_date": WEEKS, "series": series, "incidents": counts.to_numpy(), "average": average.to_numpy()}
    )


def in_window(events: pd.DataFrame, window: str) -> pd.DataFrame:
    """The incidents of a window."""
    first, last = asked.WINDOWS[window]
    return events[events.event_date.between(pd.Timestamp(first), pd.Timestamp(last))]


def by_place(events: pd.DataFrame, level: str, windows: list[str]) -> pd.DataFrame:
    """Incidents by place in each window, with share and rank."""
    parts = []
    for window in windows:
        counts = in_window(events, window).groupby(level).size().rename("incidents").rename_axis("place").reset_index()
        counts["share"] = counts.incidents / counts.incidents.sum()
        counts["rank"] = counts.incidents.rank(method="min", ascending=False)
        parts.append(counts.assign(window=window))
    return pd.concat(parts)


def vague(events: pd.DataFrame, windows: list[str]) -> tuple[int, int]:
    """How many incidents of the windows are not placed precisely enough, and of how many."""
    here = pd.concat([in_window(events, window) for window in windows]) if windows else events
    return int((~here.geo_precision.isin(asked.PRECISE)).sum()), len(here)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("events", type=int)
    parser.add_argument("--warm", type=int, default=0)
    parser.add_argument("--careful", action="store_true")
    given = parser.parse_args()
    folder = asked.folder_of(given.events)
    (tables, left_out), facts = passes(lambda parts: numbers(folder, parts, careful=given.careful), warm=given.warm)

    import polars as pl  # noqa: PLC0415 (the script that is measured does not need it)

    from bench.same import Numbers, keep  # noqa: PLC0415

    for table in tables.values():
        if "place" in table and not table.place.astype(str).str.contains("-").any():
            table["place"] = [str(int(cell, 16)) for cell in table.place]
    found = Numbers(
        tables={name: pl.from_pandas(table.reset_index(drop=True), nan_to_null=True) for name, table in tables.items()},
        left_out=left_out,
    )
    keep(found, folder, side="careful" if given.careful else "pandas")
    tell(**facts)


if __name__ == "__main__":
    main()
