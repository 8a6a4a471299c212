"""UCDP GED: the real files, and rows made up in the columns of the newest releases."""

from __future__ import annotations

import csv
import datetime as dt
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

from tests.sources.acled_rows import as_csv
from tests.sources.test_acled_vintages import all_of, save
from tocsin import sources
from tocsin.sources.ucdp_ged.read import sides

DATA = Path(__file__).resolve().parents[2] / "../shared/data/ucdp_ged"
COLUMNS = [
    "id",
    "relid",
    "year",
    "active_year",
    "code_status",
    "type_of_violence",
    "conflict_dset_id",
    "conflict_new_id",
    "conflict_name",
    "dyad_dset_id",
    "dyad_new_id",
    "dyad_name",
    "side_a_dset_id",
    "side_a_new_id",
    "side_a",
    "side_b_dset_id",
    "side_b_new_id",
    "side_b",
    "number_of_sources",
    "source_article",
    "source_office",
    "source_date",
    "source_headline",
    "source_original",
    "where_prec",
    "where_coordinates",
    "where_description",
    "adm_1",
    "adm_2",
    "latitude",
    "longitude",
    "geom_wkt",
    "priogrid_gid",
    "country",
    "country_id",
    "region",
    "event_clarity",
    "date_prec",
    "date_start",
    "date_end",
    "deaths_a",
    "deaths_b",
    "deaths_civilians",
    "deaths_unknown",
    "best",
    "high",
    "low",
    "gwnoa",
    "gwnob",
]
ROW = dict.fromkeys(COLUMNS, "") | {
    "id": "900001",
    "type_of_violence": "2",
    "side_a": "Alpha Brigade, Beta Front",
    "side_b": "Civilians",
    "source_office": "Invented Herald;Paper of Record",
    "source_headline": "A made-up headline",
    "where_prec": "1",
    "where_coordinates": "Asadabad town",
    "adm_1": "Kunar province",
    "latitude": "34.8731",
    "longitude": "71.1469",
    "country": "Afghanistan",
    "country_id": "700",
    "date_prec": "1",
    "date_start": "2021-11-17 00:00:00.000",
    "date_end": "2021-11-18 00:00:00.000",
    "best": "3",
    "low": "2",
    "high": "5",
}


def real(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs ../shared/data/ucdp_ged/{name}")
    return path


@pytest.mark.parametrize(
    ("name", "rows", "columns", "countries"),
    [
        ("syria_2016_2019.csv", 16_566, 41, {"SYR"}),
        ("myanmar_bangladesh_1989_2018_v19_1.csv", 3_194, 42, {"MMR", "BGD"}),
        ("bangladesh_hdx_with_hxl_row.csv", 602, 43, {"BGD"}),
    ],
)
def test_real_files(name: str, rows: int, columns: int, countries: set[str]) -> None:
    path = real(name)
    reading, events, rejects = all_of(path)
    assert (reading.source, reading.dataset) == ("ucdp_ged", "ucdp_ged")
    assert reading.form.startswith(f"{columns} columns")
    assert len(events) + len(rejects) == rows
    assert set(events["country"]) == countries
    with path.open(encoding="utf-8", newline="") as file:
        raw = list(csv.DictReader(file))
    assert len(raw) == rows
    for event in events.rows(named=True)[:: max(1, rows // 300)]:
        cells = raw[event["row"] - 1]
        assert event["event_id"] == str(int(float(cells["id"])))
        assert event["event_date"] == dt.date.fromisoformat(cells["date_start"])
        assert event["end_date"] == dt.date.fromisoformat(cells["date_end"])
        assert event["fatalities"] == int(float(cells["best"]))
        assert (event["longitude"], event["latitude"]) == (float(cells["longitude"]), float(cells["latitude"]))
        assert event["actor1"] == cells["side_a"].strip()


@pytest.mark.parametrize("name", ["syria_2016_2019.csv", "myanmar_bangladesh_1989_2018_v19_1.csv"])
def test_only_estimates_out_of_order_are_set_aside_in_real_files(name: str) -> None:
    path = real(name)
    _, _, rejects = all_of(path)
    estimates = pl.read_csv(path, infer_schema=False).select(pl.col("low", "high").cast(pl.Float64))
    wrong = estimates.with_row_index("row", offset=1).filter(pl.col("low") > pl.col("high"))
    assert sorted(rejects["row"]) == wrong["row"].to_list()
    assert set(rejects["column"]) <= {"low"}


def test_lines_are_right_where_cells_hold_line_ends() -> None:
    path = real("myanmar_bangladesh_1989_2018_v19_1.csv")
    _, events, _ = all_of(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    assert events["line"][-1] > events["row"][-1] + 1
    for event in events.rows(named=True)[::50]:
        assert lines[event["line"] - 1].startswith(event["event_id"] + ",")


def test_the_hxl_row_is_markup() -> None:
    _, _, rejects = all_of(real("bangladesh_hdx_with_hxl_row.csv"))
    assert rejects.filter(pl.col("kind") == "markup").select("row", "line").rows() == [(1, 2)]


def test_actor_lists_become_several_actors() -> None:
    _, events, _ = all_of(real("syria_2016_2019.csv"))
    lists = events.filter(pl.col("actor1") == "Ahrar al-Sham, HTS, Southern Front")
    assert len(lists)
    for actors in lists["actors"].to_list():
        assert {"Ahrar al-Sham", "HTS", "Southern Front"} < set(actors)
        assert actors == sorted(set(actors))
    assert not any("," in actor for actors in events["actors"].to_list() for actor in actors)


@pytest.mark.parametrize(
    ("cell", "parties"),
    [
        ("HTS, Southern Front", ["HTS", "Southern Front"]),
        ("Civilians", ["Civilians"]),
        ("Government of Myanmar (Burma)", ["Government of Myanmar (Burma)"]),
        ("Militia (north, south)", ["Militia (north, south)"]),
        ("Supporters of Zed, Alpha", ["Supporters of Zed, Alpha"]),
        ("JSS/SB", ["JSS/SB"]),
    ],
)
def test_a_comma_inside_a_name_does_not_split_it(cell: str, parties: list[str]) -> None:
    assert sides(cell) == parties


def test_the_columns_of_the_newest_releases(tmp_path: Path) -> None:
    assert len(COLUMNS) == 49
    reading, events, _ = all_of(save(tmp_path, as_csv([ROW])))
    assert reading.form == "49 columns, with code_status"
    event = events.row(0, named=True)
    assert event["event_id"] == "900001"
    assert event["event_type"] == "Non-state conflict"
    assert (event["event_date"], event["end_date"]) == (dt.date(2021, 11, 17), dt.date(2021, 11, 18))
    assert (event["fatalities"], event["fatalities_low"], event["fatalities_high"]) == (3, 2, 5)
    assert event["actors"] == ["Alpha Brigade", "Beta Front", "Civilians"]
    assert event["country"] == "AFG"
    assert event["source"] == "Invented Herald; Paper of Record"
    assert event["notes"] == "A made-up headline"
    assert set(reading.absent) >= {"sub_event_type", "admin3", "inter1", "tags", "revised_at"}


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"type_of_violence": "4"}, "type_of_violence", "not a type of violence"),
        ({"where_prec": "8"}, "where_prec", "can only be 1, 2, 3, 4, 5, 6, 7"),
        ({"date_prec": "0"}, "date_prec", "can only be 1, 2, 3, 4, 5"),
        ({"date_end": "2021-11-16"}, "date_end", "ends before it starts"),
        ({"best": "", "low": "6"}, "low", "low estimate of deaths is above the high"),
        ({"best": "-1"}, "best", "less than 0"),
        ({"id": "x"}, "id", "not a whole number"),
        ({"date_start": "1988-12-31"}, "date_start", "not between 1989-01-01"),
    ],
)
def test_bad_rows(tmp_path: Path, cells: dict[str, str], column: str, said: str) -> None:
    _, events, rejects = all_of(save(tmp_path, as_csv([ROW, ROW | cells])))
    assert events["row"].to_list() == [1]
    assert rejects["column"].to_list() == [column]
    assert said in rejects["reason"][0]


def test_floats_for_integers(tmp_path: Path) -> None:
    numbers = ("id", "type_of_violence", "where_prec", "date_prec", "best", "low", "high", "country_id")
    _, events, _ = all_of(save(tmp_path, as_csv([ROW, ROW | {name: f"{ROW[name]}.0" for name in numbers}])))
    assert events.row(0)[2:] == events.row(1)[2:]


def test_zip_as_downloaded(tmp_path: Path) -> None:
    path = tmp_path / "ged261-csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("GEDEvent_v26_1.csv", as_csv([ROW, ROW]))
    reading, events, _ = all_of(path)
    assert (reading.source, len(events)) == ("ucdp_ged", 2)


def test_a_saved_api_answer(tmp_path: Path) -> None:
    answer = {"TotalCount": 1, "TotalPages": 1, "NextPageUrl": "", "Result": [{**ROW, "id": 900001, "best": 3}]}
    _, events, _ = all_of(save(tmp_path, json.dumps(answer), "answer.json"))
    assert events["event_id"].to_list() == ["900001"]


def test_civilians_are_a_party_and_all_types_are_violent() -> None:
    facts = sources.facts("ucdp_ged")
    assert facts.violent == facts.event_types
    assert facts.precise == (1, 2, 3)
