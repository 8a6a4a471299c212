"""The packaged gazetteer is whole, its shapes are sound, and a desk's own files take the place of its parts."""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely

from tocsin.errors import DeskError, QuestionError
from tocsin.geo import countries
from tocsin.geo.containment import shapes
from tocsin.geo.gazetteer import Gazetteer, load, outlines, units_of
from tocsin.geo.spelling import folded

ROOT = Path(__file__).resolve().parents[2]


def _script() -> Any:
    spec = importlib.util.spec_from_file_location("build_gazetteer", ROOT / "scripts/build_gazetteer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("country", "count"), [("AFG", 34), ("SYR", 14)])
def test_every_unit_holds_exactly_one_capital(country: str, count: int) -> None:
    gazetteer = load()
    units = gazetteer.units.filter(pl.col("country") == country)
    capitals = gazetteer.capitals.filter(pl.col("country") == country)
    assert units.height == capitals.height == count
    assert capitals["national"].sum() == 1
    assert sorted(capitals["unit_code"].to_list()) == sorted(units["unit_code"].to_list())
    # Not only assigned: each stands in the shape.
    beside = capitals.join(units, on="unit_code", how="left", maintain_order="left")
    points = shapely.points(beside["longitude"].to_numpy(), beside["latitude"].to_numpy())
    assert shapely.covers(shapes(beside), points).all()


def test_the_name_traps_of_the_source_are_mended() -> None:
    seats = dict(
        load().capitals.filter(pl.col("country").is_in(["AFG", "SYR", "ERI"])).select("capital", "unit_code").rows()
    )
    assert seats["Bāzārak"] == "AFG-panjshir"
    assert seats["Charikar"] == "AFG-parwan"
    assert seats["Nīlī"] == "AFG-daykundi"
    assert seats["Tarinkot"] == "AFG-uruzgan"
    assert seats["Douma"] == "SYR-rif-dimashq"
    assert seats["Al Qunayţirah"] == "SYR-quneitra"
    assert (seats["Asmara"], seats["Keren"], seats["Mendefera"]) == ("ERI-maekel", "ERI-anseba", "ERI-debub")


def test_units_are_named_once_in_a_country_and_have_a_code_of_their_own() -> None:
    units = load().units
    assert units["unit_code"].is_unique().all()
    assert not units.select("country", "unit_name").is_duplicated().any()
    assert units.null_count().sum_horizontal().item() == 0
    assert set(units["country"].to_list()) <= set(countries.known())
    assert set(load().capitals["country"].to_list()) <= set(countries.known())


def test_an_alias_means_one_unit() -> None:
    names = pl.concat(
        [
            load().units.select("country", "unit_code", pl.col("unit_name").alias("name")),
            load()
            .units.select("country", "unit_code", pl.col("aliases").alias("name"))
            .explode("name", empty_as_null=False),
        ]
    ).drop_nulls("name")
    keyed = names.with_columns(pl.Series("key", [folded(name) for name in names["name"]])).select(
        "country", "unit_code", "key"
    )
    meanings = keyed.unique().group_by("country", "key").len().filter(pl.col("len") > 1)
    # Names that only differ by words such as "City" or by case are told apart by the reader, not by the fold.
    assert meanings.filter(pl.col("country").is_in(["AFG", "SYR", "MMR", "BGD", "UKR", "SDN", "ETH"])).is_empty()


def test_every_shape_is_valid_and_neighbours_share_their_borders() -> None:
    drawn = shapes(load().units)
    assert shapely.is_valid(drawn).all()
    assert set(np.unique(shapely.get_type_id(drawn))) <= {3, 6}
    # The source stops a tenth of a degree short of the antimeridian and the pole.
    assert shapely.total_bounds(drawn).tolist() == pytest.approx([-180, -90, 180, 83.6], abs=0.15)
    afghan = shapes(load().units.filter(pl.col("country") == "AFG"))
    overlap = sum(shapely.area(afghan)) - shapely.area(shapely.union_all(afghan))
    assert overlap == pytest.approx(0, abs=1e-6)


def test_areas_are_those_of_the_atlas() -> None:
    areas = units_of(load(), ["AFG", "SYR"])
    total = dict(areas.group_by("country").agg(pl.col("area_km2").sum()).rows())
    # Central Statistics Organization: 652,864 km2; Syria without the occupied Golan: about 184,000 km2.
    assert total["AFG"] == pytest.approx(652_864, rel=0.03)
    assert total["SYR"] == pytest.approx(184_000, rel=0.03)
    assert areas.columns == ["unit_code", "unit_name", "country", "area_km2"]


def test_the_documented_list_of_failing_countries_is_what_the_check_finds() -> None:
    script = _script()
    page = (ROOT / "docs/sources/gazetteer.md").read_text(encoding="utf-8")
    assert script.listing(script.check(load().units, load().capitals)) in page


def test_the_check_finds_what_is_wrong() -> None:
    script = _script()
    gazetteer = load()
    syria = pl.col("country") == "SYR"
    units, capitals = gazetteer.units.filter(syria), gazetteer.capitals.filter(syria)
    assert script.check(units, capitals)["fits"].to_list() == [True]
    lacking = script.check(units, capitals.filter(pl.col("capital") != "Idlib")).row(0, named=True)
    assert (lacking["without"], lacking["fits"]) == (1, False)
    doubled = script.check(units, pl.concat([capitals, capitals.head(1)])).row(0, named=True)
    assert (doubled["several"], doubled["fits"]) == (1, False)


def test_outlines_of_a_country_are_small_and_rounded() -> None:
    drawn = outlines(load(), ["AFG"], detail=0.02)
    text = json.dumps(drawn)
    assert len(text) < 60_000
    assert len(drawn["features"]) == 34
    assert drawn["features"][0]["properties"] == {
        "unit_code": "AFG-badakhshan",
        "unit_name": "Badakhshan",
        "country": "AFG",
    }
    assert max(len(number.partition(".")[2]) for number in re.findall(r"-?\d+\.\d+", text)) <= 3


@pytest.mark.parametrize("country", ["AFG", "SYR", "RUS", "FJI", "LSO", "ZAF"])
def test_outer_rings_run_clockwise_on_the_sphere(country: str) -> None:
    for feature in outlines(load(), [country], detail=0.02)["features"]:
        geometry = feature["geometry"]
        parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        for outer, *holes in parts:
            assert 0 < _sphere_share(outer) < 0.05
            assert all(_sphere_share(hole) > 0.95 for hole in holes)


def _sphere_share(ring: list[list[float]]) -> float:
    """The share of the sphere that D3 fills: what lies to the right of the ring as it runs."""
    total = 0.0
    for (east, north), (next_east, next_north) in itertools.pairwise(ring):
        step = math.remainder(math.radians(next_east - east), math.tau)
        total += step * (math.sin(math.radians(north)) + math.sin(math.radians(next_north))) / 2
    return (total / (4 * math.pi)) % 1


def test_an_unknown_country_is_named() -> None:
    with pytest.raises(QuestionError, match='no unit of "SRY"') as caught:
        outlines(load(), ["AFG", "SRY"], detail=0.02)
    assert '"SYR"' in caught.value.next_step


def test_the_credit_names_both_sources() -> None:
    assert "Natural Earth" in load().credit
    assert "GeoNames (CC BY 4.0)" in load().credit


def test_importing_the_room_reads_no_data() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import tocsin.geo, sys; print('polars' in sys.modules, 'shapely' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["False", "False"]
    assert load() is load()


# --- a desk's own files -----------------------------------------------------------------------------------------------


def _square(west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _write(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return path


@pytest.fixture
def halves(tmp_path: Path) -> Path:
    """Syria in two halves that meet at 38 degrees east."""
    return _write(
        tmp_path / "halves.geojson",
        _feature(_square(34, 32, 4), unit_code="W", unit_name="West", country="SYR"),
        _feature(_square(38, 32, 4), unit_code="E", unit_name="East", country="SYR"),
    )


def test_own_boundaries_replace_those_of_their_countries_only(halves: Path) -> None:
    own = load(boundaries=halves)
    assert own.units.filter(pl.col("country") == "SYR")["unit_name"].to_list() == ["East", "West"]
    assert own.units.height == load().units.height - 14 + 2
    seats = dict(own.capitals.filter(pl.col("country") == "SYR").select("capital", "unit_code").rows())
    assert (seats["Idlib"], seats["Ar Raqqah"]) == ("W", "E")
    assert own.capitals.height == load().capitals.height
    assert own.credit.startswith("Boundaries of SYR: halves.geojson.")


def test_own_capitals_get_their_unit_from_the_shapes_or_the_file(tmp_path: Path, halves: Path) -> None:
    towns = _write(
        tmp_path / "towns.geojson",
        _feature({"type": "Point", "coordinates": [36.63, 35.93]}, capital="Idlib", country="SYR"),
        _feature({"type": "Point", "coordinates": [36.7, 34.7]}, capital="Homs", country="SYR", unit_code="E"),
    )
    own = load(boundaries=halves, capitals=towns)
    mine = own.capitals.filter(pl.col("country") == "SYR")
    assert mine.select("capital", "unit_code").rows() == [("Idlib", "W"), ("Homs", "E")]
    assert mine.schema == load().capitals.schema
    assert load(capitals=_write(tmp_path / "one.geojson", _town())).capitals.filter(pl.col("country") == "SYR")[
        "unit_code"
    ].to_list() == ["SYR-idlib"]


def _town(**changes: Any) -> dict[str, Any]:
    return _feature(
        {"type": "Point", "coordinates": [36.63, 35.93]}, **{"capital": "Idlib", "country": "SYR"} | changes
    )


def test_a_shape_that_crosses_itself_is_mended(tmp_path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[[36, 34], [38, 36], [38, 34], [36, 36], [36, 34]]]}
    own = load(
        boundaries=_write(tmp_path / "bow.geojson", _feature(bow, unit_code="B", unit_name="Bow", country="SYR"))
    )
    assert shapely.is_valid(shapes(own.units.filter(pl.col("unit_code") == "B"))).all()


GOOD = {"unit_code": "W", "unit_name": "West", "country": "SYR"}
BAD_BOUNDARIES = [
    ([_feature(_square(36, 34), unit_name="West", country="SYR")], 'feature 1: the property "unit_code" is missing'),
    ([_feature(_square(36, 34), **GOOD | {"unit_name": 7})], 'feature 1: the property "unit_name" is not a text: 7'),
    ([_feature(_square(36, 34), **GOOD | {"country": "Syria"})], 'alpha-3 code: "Syria"\n  Write "SYR".'),
    ([_feature(_square(36, 34), **GOOD), _feature(_square(36, 34), **GOOD)], 'feature 2: the unit_code "W" was used'),
    ([_feature({"type": "Point", "coordinates": [1, 2]}, **GOOD)], "feature 1: its geometry is Point; wanted: Polygon"),
    ([_feature(None, **GOOD)], "feature 1: its geometry is missing"),
    ([_feature(_square(500_000, 3_800_000), **GOOD)], "feature 1: its coordinates are not degrees: 500000 to"),
    (
        [_feature({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, **GOOD)],
        "feature 1: its geometry can not be read",
    ),
    ([_feature({"type": "Polygon", "coordinates": []}, **GOOD)], "feature 1: its geometry is empty"),
    (["West"], "feature 1: is not a GeoJSON Feature"),
    (
        [_feature(_square(36, 34), **GOOD | {"unit_code": "AFG-kabul"})],
        'the unit_code "AFG-kabul" is that of a packaged unit',
    ),
    ([], "holds no feature"),
]


@pytest.mark.parametrize(("features", "message"), BAD_BOUNDARIES)
def test_bad_boundaries_say_which_feature_and_property(tmp_path: Path, features: list[Any], message: str) -> None:
    path = _write(tmp_path / "mine.geojson", *features)
    with pytest.raises(DeskError) as caught:
        load(boundaries=path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


BAD_CAPITALS = [
    (_town(capital=None), 'feature 1: the property "capital" is missing'),
    (_town(country="SYX"), 'feature 1: the property "country" is not an ISO 3166 alpha-3 code'),
    (
        _town(unit_code="SYR-idleb"),
        'feature 1: the property "unit_code" names no unit of SYR: "SYR-idleb"\n  Did you mean',
    ),
    (_feature(_square(36, 34), capital="Idlib", country="SYR"), "feature 1: its geometry is Polygon; wanted: Point"),
]


@pytest.mark.parametrize(("feature", "message"), BAD_CAPITALS)
def test_bad_capitals_say_which_feature_and_property(tmp_path: Path, feature: Any, message: str) -> None:
    with pytest.raises(DeskError) as caught:
        load(capitals=_write(tmp_path / "towns.geojson", feature))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", ":1:2: is not JSON"),
        (b"[]", "is not a GeoJSON FeatureCollection"),
        (b'{"type": "Topology", "features": []}', "is not a GeoJSON FeatureCollection"),
        (b"\xff\xfe{", "is not UTF-8 text"),
        (None, "can not be read: No such file"),
    ],
)
def test_a_file_that_is_no_geojson_is_told_apart(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "mine.geojson"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeskError) as caught:
        load(boundaries=path)
    assert message in str(caught.value)


def test_a_gazetteer_is_frozen() -> None:
    gazetteer: Gazetteer = load()
    with pytest.raises(AttributeError):
        gazetteer.credit = "mine"  # type: ignore[misc]
