"""The rivals at loading: a CSV of ACLED's columns read, checked cell by cell, placed and stored by hand, with Polars or with DuckDB.

The same checks as Tocsin's: what a row must say, words that are known, numbers in their bounds, days of the calendar, ids once. A row that
fails is set aside with its first reason. Then each distinct place gets its unit, nearest capital and hexagons, each distinct set of actors
a row, and a compressed copy of the file is kept beside its digest. What Tocsin does beyond this has no counterpart: files cut off, swapped
coordinates, other layouts and spellings, vintages.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterable
from pathlib import Path

import duckdb
import geopandas as gpd
import h3
import polars as pl
import pyarrow as pa

from bench import asked
from bench.child import cpu_seconds, peak_mb, tell, timed
from bench.polars_side import nearest_km

FIRST_DAY, LAST_DAY = "1997-01-01", "2026-12-31"
EVENT_TYPES = (*asked.VIOLENT, "Riots", "Protests", "Strategic developments")
CODES = ("1", "2", "3")
PARTIES = ("actor1", "actor2", "assoc_actor_1", "assoc_actor_2")
RESOLUTIONS = (3, 4, 5, 6)


def load(folder: Path, engine: str) -> int:
    """Read, check, place and store the events of a folder; how many there are."""
    work = folder / f"by-hand-{engine}"
    work.mkdir(exist_ok=True)
    store = work / "store.duckdb"
    store.unlink(missing_ok=True)
    _keep(folder / "events.csv", work / "events.csv.zst")
    with duckdb.connect(str(store)) as connection:
        connection.execute("SET memory_limit = '2GB'")
        (_with_polars if engine == "polars" else _with_duckdb)(connection, folder / "events.csv")
        distinct = connection.sql("SELECT DISTINCT country, longitude, latitude FROM event").pl()
        places = _places(distinct, folder)
        connection.execute("CREATE TABLE place AS SELECT * FROM places")
        connection.execute(f"CREATE TABLE party AS SELECT DISTINCT {', '.join(PARTIES)} FROM event")
        assert places.height
        found = connection.execute("SELECT count(*) FROM event").fetchone()
        wrong = connection.execute("SELECT count(*) FROM reject").fetchone()
    assert found
    assert wrong == (0,)
    return int(found[0])


def _keep(path: Path, packed: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file, pa.CompressedOutputStream(pa.OSFile(str(packed), "wb"), "zstd") as copy:
        while block := file.read(1 << 22):
            digest.update(block)
            copy.write(block)
    return digest.hexdigest()


def _with_polars(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """All cells as text, each column made values of, and the rows of which one failed set aside."""
    cells = pl.read_csv(path, infer_schema=False)
    text = {name: pl.col(name).str.strip_chars().replace("", None) for name in cells.columns}
    whole = {name: text[name].cast(pl.Int64, strict=False) for name in ("fatalities", "timestamp", "year")}
    degrees = {name: text[name].cast(pl.Float64, strict=False) for name in ("latitude", "longitude")}
    day = text["event_date"].str.to_date("%Y-%m-%d", strict=False)
    table = cells.with_row_index("row", offset=1).select(
        "row",
        day.alias("event_date"),
        *(value.alias(name) for name, value in (whole | degrees).items()),
        *(text[name].cast(pl.Int8, strict=False).alias(name) for name in ("time_precision", "geo_precision")),
        *(
            text[name].alias(name)
            for name in cells.columns
            if name not in {"event_date", *whole, *degrees, "time_precision", "geo_precision"}
        ),
        _written=pl.struct(text["latitude"], text["longitude"], text["fatalities"], text["timestamp"]),
    )
    faults = {
        "no id": pl.col("event_id_cnty").is_null(),
        "the id is there twice": pl.col("event_id_cnty").is_duplicated(),
        "no day": pl.col("event_date").is_null(),
        "a day out of bounds": ~pl.col("event_date").is_between(
            pl.lit(FIRST_DAY).str.to_date(), pl.lit(LAST_DAY).str.to_date()
        ),
        "no event type": ~pl.col("event_type").is_in(EVENT_TYPES).fill_null(value=False),
        "time precision": ~pl.col("time_precision").is_in([1, 2, 3]).fill_null(value=False),
        "geo precision": ~pl.col("geo_precision").is_in([1, 2, 3]).fill_null(value=False),
        "no country": ~pl.col("country").is_in(list(asked.COUNTRIES.values())).fill_null(value=False),
        "latitude": ~pl.col("latitude").is_between(-90, 90).fill_null(value=False),
        "longitude": ~pl.col("longitude").is_between(-180, 180).fill_null(value=False),
        "fatalities": ~(pl.col("fatalities") >= 0).fill_null(value=False),
        "timestamp": pl.col("timestamp").is_null() & pl.col("_written").struct.field("timestamp").is_not_null(),
    }
    reason = pl.coalesce(*(pl.when(wrong).then(pl.lit(words)) for words, wrong in faults.items()))
    judged = table.with_columns(reason=reason).drop("_written")
    good, wrong = (
        judged.filter(pl.col("reason").is_null()).drop("reason"),
        judged.filter(pl.col("reason").is_not_null()),
    )
    connection.execute("CREATE TABLE event AS SELECT * FROM good")
    connection.execute("CREATE TABLE reject AS SELECT * FROM wrong")
    assert good.height + wrong.height == cells.height


def _with_duckdb(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The same in SQL."""
    connection.execute(
        "CREATE TEMP TABLE raw AS SELECT row_number() OVER () AS row, * FROM read_csv(?, all_varchar = true, header = true)",
        [str(path)],
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE judged AS
        WITH cast_cells AS (
            SELECT * REPLACE (
                nullif(trim(event_id_cnty), '') AS event_id_cnty, try_cast(event_date AS DATE) AS event_date,
                try_cast(time_precision AS TINYINT) AS time_precision, try_cast(geo_precision AS TINYINT) AS geo_precision,
                try_cast(latitude AS DOUBLE) AS latitude, try_cast(longitude AS DOUBLE) AS longitude,
                try_cast(fatalities AS BIGINT) AS fatalities, try_cast(timestamp AS BIGINT) AS timestamp
            ), timestamp AS written
            FROM raw
        )
        SELECT * EXCLUDE written, CASE
            WHEN event_id_cnty IS NULL THEN 'no id'
            WHEN event_date IS NULL THEN 'no day'
            WHEN event_date NOT BETWEEN DATE '{FIRST_DAY}' AND DATE '{LAST_DAY}' THEN 'a day out of bounds'
            WHEN event_type IS NULL OR event_type NOT IN ({_listed(EVENT_TYPES)}) THEN 'no event type'
            WHEN time_precision IS NULL OR time_precision NOT IN (1, 2, 3) THEN 'time precision'
            WHEN geo_precision IS NULL OR geo_precision NOT IN (1, 2, 3) THEN 'geo precision'
            WHEN country IS NULL OR country NOT IN ({_listed(asked.COUNTRIES.values())}) THEN 'no country'
            WHEN latitude IS NULL OR latitude NOT BETWEEN -90 AND 90 THEN 'latitude'
            WHEN longitude IS NULL OR longitude NOT BETWEEN -180 AND 180 THEN 'longitude'
            WHEN fatalities IS NULL OR fatalities < 0 THEN 'fatalities'
            WHEN timestamp IS NULL AND nullif(written, '') IS NOT NULL THEN 'timestamp'
        END AS reason FROM cast_cells
        """
    )
    twice = "event_id_cnty IN (SELECT event_id_cnty FROM judged GROUP BY event_id_cnty HAVING count(*) > 1)"
    connection.execute(
        f"CREATE TABLE event AS SELECT * EXCLUDE reason FROM judged WHERE reason IS NULL AND NOT ({twice})"
    )
    connection.execute(f"CREATE TABLE reject AS SELECT * FROM judged WHERE reason IS NOT NULL OR {twice}")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _places(distinct: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Each distinct place with its unit, the distance to the nearest capital of its country, and its hexagons."""
    east, north = distinct["longitude"].to_numpy(), distinct["latitude"].to_numpy()
    points = gpd.GeoDataFrame({"at": range(distinct.height)}, geometry=gpd.points_from_xy(east, north), crs="EPSG:4326")
    units = gpd.read_file(folder / "units.geojson")[["unit_code", "geometry"]]
    inside = gpd.sjoin(points, units, how="left", predicate="within").drop_duplicates("at").sort_values("at")
    cells = {
        f"cell_{size}": pl.Series([h3.latlng_to_cell(y, x, size) for x, y in zip(east, north, strict=True)])
        for size in RESOLUTIONS
    }
    return distinct.with_columns(
        unit_code=pl.Series(inside["unit_code"].to_list(), dtype=pl.String),
        capital_km=pl.Series(nearest_km(distinct, pl.read_csv(folder / "capitals.csv"))),
        **cells,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["polars", "duckdb"])
    parser.add_argument("events", type=int)
    given = parser.parse_args()
    events, seconds = timed(lambda: load(asked.folder_of(given.events), given.engine))
    tell(ended=time.monotonic(), cpu_s=cpu_seconds(), peak_mb=peak_mb(), first_s=seconds, events=events)
