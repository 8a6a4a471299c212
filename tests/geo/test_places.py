"""Points get the unit, the capital and the cells that a map and an independent formula give them."""

from __future__ import annotations

import math
from pathlib import Path

import h3.api.basic_int as h3
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from tocsin.geo.gazetteer import Gazetteer, load
from tocsin.geo.own import UNIT_SCHEMA
from tocsin.geo.places import disagreements, resolve

SYRIA = Path(__file__).resolve().parents[2] / "../shared/data/ucdp_ged/syria_2016_2019.csv"

RESULT = {
    "country": pl.String,
    "longitude": pl.Float64,
    "latitude": pl.Float64,
    "unit_code": pl.String,
    "unit_name": pl.String,
    "unit_match": pl.String,
    "capital": pl.String,
    "capital_distance_km": pl.Float64,
    "cell_3": pl.Int64,
    "cell_4": pl.Int64,
    "cell_5": pl.Int64,
    "cell_6": pl.Int64,
}


def points(*rows: tuple[str | None, float | None, float | None]) -> pl.DataFrame:
    schema = {"country": pl.String, "longitude": pl.Float64, "latitude": pl.Float64}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def haversine_km(east: float, north: float, other_east: float, other_north: float) -> float:
    """Great-circle distance on a sphere of 6,371.0088 km: an independent formula."""
    east, north, other_east, other_north = map(math.radians, (east, north, other_east, other_north))
    half = (
        math.sin((other_north - north) / 2) ** 2
        + math.cos(north) * math.cos(other_north) * math.sin((other_east - east) / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, half)))


@pytest.mark.parametrize(
    ("country", "longitude", "latitude", "unit", "match"),
    [
        ("AFG", 69.17, 34.53, "Kabul", "inside"),
        ("AFG", 68.86, 36.73, "Kunduz", "inside"),
        ("AFG", 69.5, 35.31, "Panjshir", "inside"),
        ("SYR", 36.63, 35.93, "Idlib", "inside"),
        ("SYR", 39.0, 35.95, "Ar Raqqah", "inside"),
        (None, 39.0, 35.95, "Ar Raqqah", "inside"),
        ("SYR", 35.0, 34.0, None, "none"),  # at sea, 90 km off
        (None, 35.0, 34.0, None, "none"),
        ("SYR", 36.75, 36.9, "Aleppo", "nearest"),  # Kilis side of the border, some 9 km into Turkey
        ("TUR", 36.75, 36.9, "Gaziantep", "inside"),
        ("SYR", 35.7, 35.53, "Lattakia", "nearest"),  # off the quay
        ("SYR", 39.0, 38.0, None, "none"),  # deep in Turkey
        ("SYR", 35.73, 33.0, "Quneitra", "nearest"),  # the occupied Golan, drawn in Israel
        ("ISR", 34.45, 31.5, "Gaza Strip", "inside"),  # filed under Israel by UCDP
        ("UKR", 34.1, 44.95, "Crimea", "inside"),
        ("SDN", 31.6, 4.85, "Central Equatoria", "inside"),  # Juba before independence
        ("QQQ", 69.17, 34.53, None, "none"),
    ],
)
def test_known_points(country: str | None, longitude: float, latitude: float, unit: str | None, match: str) -> None:
    found = resolve(points((country, longitude, latitude)), gazetteer=load()).row(0, named=True)
    if unit == "Gaziantep":
        assert found["unit_name"] in {"Gaziantep", "Kilis"}
    else:
        assert found["unit_name"] == unit
    assert found["unit_match"] == match


def test_rows_keep_their_order_and_nulls_stay_null() -> None:
    asked = points(
        ("SYR", 39.0, 35.95),
        ("AFG", None, 34.5),
        (None, 0.0, 0.0),
        ("AFG", 69.0, None),
        ("AFG", 69.0, 95.0),
        ("AFG", 69.17, 34.53),
    )
    found = resolve(asked, gazetteer=load())
    assert found.select("country", "longitude", "latitude").equals(asked)
    assert dict(found.schema) == RESULT
    assert found["unit_name"].to_list() == ["Ar Raqqah", None, None, None, None, "Kabul"]
    assert found["unit_match"].to_list() == ["inside", "none", "none", "none", "none", "inside"]
    assert found["cell_4"].is_null().to_list() == [False, True, False, True, True, False]
    assert found["capital"].to_list() == ["Ar Raqqah", None, None, None, None, "Kabul"]


def test_no_points_give_no_rows() -> None:
    found = resolve(points(), gazetteer=load())
    assert found.is_empty()
    assert dict(found.schema) == RESULT
    assert resolve(points((None, None, None)), gazetteer=load()).height == 1


def test_the_worked_example_of_the_docs() -> None:
    found = resolve(points(("AFG", 69.0, 34.9)), gazetteer=load()).row(0, named=True)
    assert (found["unit_code"], found["unit_match"], found["capital"]) == ("AFG-parwan", "inside", "Charikar")
    assert found["capital_distance_km"] == pytest.approx(20.097, abs=0.001)
    assert haversine_km(69.0, 34.9, 69.17139, 35.01361) == pytest.approx(20.089, abs=0.001)


def test_a_degree_of_the_meridian_is_as_long_as_the_tables_say() -> None:
    # From 34 to 35 degrees north a meridian of WGS 84 is 110.93 km long: due south of Kabul, which is its own nearest.
    kabul = load().capitals.filter(pl.col("national") & (pl.col("country") == "AFG")).row(0, named=True)
    south = points(("AFG", kabul["longitude"], kabul["latitude"] - 0.1), ("AFG", kabul["longitude"], kabul["latitude"]))
    found = resolve(south, gazetteer=load())
    assert found["capital"].to_list() == ["Kabul", "Kabul"]
    assert found["capital_distance_km"].to_list() == pytest.approx([11.093, 0], abs=0.001)


def test_the_capital_is_of_the_same_country_even_where_another_is_nearer() -> None:
    # South-east of Spin Boldak, Quetta is nearer than Kandahar.
    found = resolve(points(("AFG", 66.4, 30.98), ("PAK", 66.4, 30.98)), gazetteer=load())
    assert found["capital"].to_list() == ["Kandahār", "Quetta"]


on_land = st.tuples(
    st.sampled_from(["AFG", "SYR", "MMR", "NGA", "UKR", "COD", "FJI"]),
    st.floats(-180, 180).map(lambda degrees: round(degrees, 5)),
    st.floats(-90, 90).map(lambda degrees: round(degrees, 5)),
)


@settings(max_examples=60)
@given(st.lists(on_land, min_size=1, max_size=8))
def test_the_nearest_capital_is_that_of_brute_force(rows: list[tuple[str, float, float]]) -> None:
    found = resolve(points(*rows), gazetteer=load())
    for (country, east, north), distance in zip(rows, found["capital_distance_km"].to_list(), strict=True):
        capitals = load().capitals.filter(pl.col("country") == country)
        count = capitals.height
        metres = Geod(ellps="WGS84").inv(
            [east] * count, [north] * count, capitals["longitude"].to_list(), capitals["latitude"].to_list()
        )[2]
        # At the far side of the globe a sphere orders the capitals otherwise; within a country it does not.
        if min(metres) < 500_000:
            assert distance == pytest.approx(min(metres) / 1000, abs=1e-6)
        else:
            assert distance == pytest.approx(min(metres) / 1000, rel=0.006)


@settings(max_examples=60)
@given(st.floats(60, 75), st.floats(29, 39))
def test_distances_agree_with_the_haversine_within_six_per_mille(east: float, north: float) -> None:
    found = resolve(points(("AFG", east, north)), gazetteer=load()).row(0, named=True)
    capital = (
        load()
        .capitals.filter((pl.col("country") == "AFG") & (pl.col("capital") == found["capital"]))
        .row(0, named=True)
    )
    expected = haversine_km(east, north, capital["longitude"], capital["latitude"])
    assert found["capital_distance_km"] == pytest.approx(expected, rel=0.006, abs=0.001)


@settings(max_examples=30)
@given(st.floats(60, 75), st.floats(29, 39))
def test_each_cell_holds_its_point(east: float, north: float) -> None:
    found = resolve(points(("AFG", east, north)), gazetteer=load()).row(0, named=True)
    for resolution in (3, 4, 5, 6):
        assert found[f"cell_{resolution}"] == h3.latlng_to_cell(north, east, resolution)


@settings(max_examples=40)
@given(st.floats(60.5, 75), st.floats(29.3, 38.5))
def test_the_nearest_unit_is_within_25_km_and_only_where_no_unit_holds_the_point(east: float, north: float) -> None:
    with_country = resolve(points(("AFG", east, north)), gazetteer=load()).row(0, named=True)
    without = resolve(points((None, east, north)), gazetteer=load()).row(0, named=True)
    if with_country["unit_match"] == "inside":
        assert without["unit_code"] == with_country["unit_code"]
    elif with_country["unit_match"] == "nearest":
        assert not (without["unit_code"] or "").startswith("AFG")


def squares(**corners: tuple[float, float]) -> Gazetteer:
    """Norwegian units of one degree, by their south-western corners."""
    rows = [
        {
            "unit_code": name,
            "unit_name": name,
            "aliases": [],
            "country": "NOR",
            "geometry": shapely.to_wkb(shapely.box(west, south, west + 1, south + 1)),
        }
        for name, (west, south) in corners.items()
    ]
    return Gazetteer(units=pl.DataFrame(rows, schema=UNIT_SCHEMA), capitals=load().capitals, credit="")


@pytest.mark.parametrize(("km", "match"), [(0.1, "nearest"), (24.9, "nearest"), (25.1, "none")])
@pytest.mark.parametrize("bearing", [0, 90, 180, 270])
def test_the_nearest_unit_is_at_most_25_km_away(km: float, match: str, bearing: int) -> None:
    edge = {0: (8.5, 61.0), 90: (9.0, 60.5), 180: (8.5, 60.0), 270: (8.0, 60.5)}[bearing]
    east, north, _ = Geod(ellps="WGS84").fwd(*edge, bearing, km * 1000)
    found = resolve(points(("NOR", east, north)), gazetteer=squares(A=(8, 60))).row(0, named=True)
    assert found["unit_match"] == match


def test_nearest_is_measured_on_the_ground_not_in_degrees() -> None:
    # 0.3 degrees of longitude at 60 north are 17 km; 0.2 degrees of latitude are 22 km.
    two = squares(south=(8, 58.8), east=(8.8, 60))
    found = resolve(points(("NOR", 8.5, 60.0)), gazetteer=two).row(0, named=True)
    assert (found["unit_code"], found["unit_match"]) == ("east", "nearest")


def test_a_point_on_a_border_belongs_to_the_first_unit_by_code() -> None:
    for order in ({"A": (8, 60), "B": (9, 60)}, {"B": (9, 60), "A": (8, 60)}):
        found = resolve(points(("NOR", 9.0, 60.5)), gazetteer=squares(**order)).row(0, named=True)
        assert (found["unit_code"], found["unit_match"]) == ("A", "inside")


def test_disagreeing_names_are_kept_and_counted() -> None:
    places = pl.DataFrame(
        {
            "unit_code": [
                "SYR-idlib",
                "SYR-idlib",
                "SYR-aleppo",
                "SYR-aleppo",
                "SYR-ar-raqqah",
                None,
                "SYR-hama",
                "SYR-al-hasakah",
            ],
            "admin1": [
                "IDLIB governorate",
                "Hamah Governorate",
                "Idleb",
                "Idleb",
                "ar-raqqah",
                "Idlib",
                None,
                "Ḥasakah",
            ],
            "events": [10, 3, 4, 5, 6, 7, 8, 9],
        }
    )
    found = disagreements(places, gazetteer=load())
    assert found.rows() == [("Idleb", "Aleppo", 9), ("Hamah Governorate", "Idlib", 3)]
    assert found.columns == ["admin1", "unit_name", "events"]


def test_agreeing_names_give_an_empty_table() -> None:
    agreeing = pl.DataFrame({"unit_code": ["SYR-idlib"], "admin1": ["Idlib"], "events": [1]})
    assert disagreements(agreeing, gazetteer=load()).is_empty()


@pytest.mark.skipif(not SYRIA.exists(), reason="shared/data is not here")
def test_two_per_cent_of_real_syrian_events_are_named_after_another_unit() -> None:
    events = pl.read_csv(SYRIA, infer_schema_length=None).select(
        pl.lit("SYR").alias("country"), "longitude", "latitude", pl.col("adm_1").alias("admin1")
    )
    places = resolve(events.select("country", "longitude", "latitude").unique(), gazetteer=load())
    assert (places["unit_match"] != "none").all()
    joined = events.join(places, on=["country", "longitude", "latitude"], how="left").with_columns(events=1)
    named = joined.drop_nulls("admin1").height
    share = disagreements(joined, gazetteer=load())["events"].sum() / named
    assert named == 16_227
    assert share == pytest.approx(0.0205, abs=0.002)
