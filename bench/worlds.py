"""The files of a benchmark: the same events as CSV and Parquet, the desk, and the boundaries and capitals that a script would read."""

from __future__ import annotations

import shutil
import sys

import geopandas
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import shapely

from bench import asked
from tocsin.geo.gazetteer import Gazetteer, load
from tocsin.simulate import world_batches


def make(events: int) -> None:
    """Write the world of so many events, in batches, unless it is there already."""
    folder = asked.folder_of(events)
    if (folder / "whole").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "desk").mkdir(parents=True)
    (folder / "desk" / "desk.toml").write_text(asked.desk_toml(), encoding="utf-8")
    _write_places(load(), events)
    _write_events(events)
    (folder / "whole").touch()


def _write_events(events: int) -> None:
    folder = asked.folder_of(events)
    batches = world_batches(events=events, countries=list(asked.COUNTRIES), first=asked.FIRST, last=asked.LAST)
    parquet = None
    with (folder / "events.csv").open("wb") as csv:
        for batch in batches:
            batch.write_csv(csv, include_header=parquet is None)
            table = batch.to_arrow(compat_level=pl.CompatLevel.oldest())
            parquet = parquet or pa.parquet.ParquetWriter(folder / "events.parquet", table.schema, compression="zstd")
            parquet.write_table(table)
    if parquet is not None:
        parquet.close()


def _write_places(gazetteer: Gazetteer, events: int) -> None:
    """Units and capitals of the countries, as an analyst would have them on disk."""
    folder = asked.folder_of(events)
    ours = pl.col("country").is_in(list(asked.COUNTRIES))
    units = gazetteer.units.filter(ours)
    geopandas.GeoDataFrame(
        units.select("unit_code", "unit_name", "country").to_dict(as_series=False),
        geometry=shapely.from_wkb(units["geometry"].to_numpy()),
        crs="EPSG:4326",
    ).to_file(folder / "units.geojson", driver="GeoJSON")
    names = pl.col("country").replace_strict(dict(asked.COUNTRIES))
    gazetteer.capitals.filter(ours).with_columns(country=names).write_csv(folder / "capitals.csv")


if __name__ == "__main__":
    make(int(sys.argv[1]))
