"""The main job on the real file, end to end through the command line."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import SYRIA, run

pytestmark = pytest.mark.slow


def test_every_row_is_accounted_for(syria: Path) -> None:
    loaded = json.loads(run("vintages", "--json", folder=syria).out)
    assert [each["rows"] for each in loaded] == [16_566]
    assert loaded[0]["events"] + loaded[0]["rejects"] == 16_566
    rejects = list(csv.DictReader(io.StringIO(run("rejects", "--format", "csv", folder=syria).out)))
    assert len(rejects) == loaded[0]["rejects"]


def test_loading_twice_changes_nothing(syria: Path) -> None:
    again = run("add", SYRIA, "--json", folder=syria)
    assert json.loads(again.out)[0]["already_loaded"] is True
    assert "Nothing changed" in again.err
    assert len(json.loads(run("vintages", "--json", folder=syria).out)) == 1


def test_weekly_counts_are_those_of_a_plain_count(syria: Path) -> None:
    """The same counts by other means: straight from the file with Polars alone."""
    table = pl.read_csv(io.StringIO(run("table", "weekly", folder=syria).out), try_parse_dates=True)
    raw = pl.read_csv(SYRIA, infer_schema=False)
    dates = raw.select(
        pl.col("date_start").str.slice(0, 10).str.to_date("%Y-%m-%d").dt.truncate("1w").alias("week_date")
    )
    plain = dates.group_by("week_date").len().join(table, on="week_date", how="right").fill_null(0)
    rejected = json.loads(run("vintages", "--json", folder=syria).out)[0]["rejects"]
    assert (plain["len"].cast(pl.Int64) - plain["incidents"]).sum() <= rejected
    assert (plain["len"] >= plain["incidents"]).all()
    assert table.height == 203  # whole weeks, Monday 4 January 2016 to Sunday 24 November 2019


def test_figures_in_every_form(syria: Path, tmp_path: Path) -> None:
    for suffix, start in {
        "svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "json": b"{", "csv": b"week_date", "html": b"<!doctype html>",
    }.items():  # fmt: skip
        path = tmp_path / f"weekly.{suffix}"
        run("figure", "weekly", "--group", "IS", "-o", path, folder=syria)
        assert path.read_bytes().lower().startswith(start.lower()), suffix
    assert "Islamic State" in (tmp_path / "weekly.svg").read_text()


def test_tables_in_every_form(syria: Path, tmp_path: Path) -> None:
    ran = run("table", "proximity", "--threshold", "10", "--format", "csv", folder=syria)
    assert ran.out.startswith("week_date,series,incidents,average,share")
    assert "Left out" in ran.err
    told = json.loads(run("table", "comparison", "--format", "json", folder=syria).out)
    assert told["definition"].startswith("Counted:")
    assert told["rows"][0]["before_weeks"] >= 51
    run(
        "table",
        "concentration",
        "--level",
        "unit_code",
        "-o",
        tmp_path / "c.parquet",
        "--format",
        "parquet",
        folder=syria,
    )
    units = pl.read_parquet(tmp_path / "c.parquet")
    assert units.group_by("window").len()["len"].to_list() == [14, 14]
    for question in ("spread", "filters", "actors"):
        assert run("table", question, folder=syria).out


def test_the_report_is_one_page_that_needs_no_network(syria: Path) -> None:
    run("report", folder=syria)
    page = (syria / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= 6
    assert "16,566" in page
    for asked in ('src="http', "src='http", 'href="http', "@import", 'url("http', "url(http", "<link"):
        assert asked not in page
    assert "Synthetic" not in page


def test_a_failed_build_leaves_the_last_good_output(syria: Path, tmp_path: Path) -> None:
    desk = tmp_path / "copy"
    shutil.copytree(syria, desk, ignore=shutil.ignore_patterns("out"))
    (desk / "out").mkdir()
    (desk / "out" / "report.html").write_bytes(b"the last good one")
    (desk / "desk.toml").write_text(
        (desk / "desk.toml").read_text().replace('countries = ["SYR"]', 'countries = ["AFG"]')
    )
    failed = run("report", folder=desk, code=1)
    assert "cover no day of Afghanistan" in failed.err
    assert (desk / "out" / "report.html").read_bytes() == b"the last good one"
    assert sorted(path.name for path in desk.iterdir()) == [".gitignore", ".tocsin", "desk.toml", "out"]


def test_the_store_can_be_rebuilt_from_the_kept_files(syria: Path, tmp_path: Path) -> None:
    desk = tmp_path / "copy"
    shutil.copytree(syria, desk)
    before = run("table", "weekly", folder=desk).out
    (desk / ".tocsin" / "store.duckdb").write_bytes(b"damaged")
    assert "Error" in run("status", folder=desk, code=1).err
    run("rebuild", folder=desk)
    assert run("table", "weekly", folder=desk).out == before


def test_the_raw_row_behind_an_event(syria: Path) -> None:
    found = json.loads(run("event", "214797", folder=syria).out)
    assert found[0]["where_coordinates"] == "Teir Maaleh village"
    assert found[0]["id"] == "214797.0"


def test_as_of_a_day_before_the_data(syria: Path) -> None:
    assert "oldest vintage" in run("table", "weekly", "--as-of", "2020-01-01", folder=syria, code=1).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["table", "weakly"], "weekly"),
        (["table", "weekly", "--group", "ISS"], "no group"),
        (["table", "weekly", "--by", "event_typ"], "event_type"),
        (["table", "weekly", "--format", "cvs"], "csv"),
        (["table", "weekly", "--dataset", "acled"], "ucdp_ged"),
        (["table", "weekly", "--week-starts", "Mittwoch"], "Wednesday"),
        (["table", "comparison", "--window", "before"], "no window"),
        (["table", "filters", "--by", "event_type"], "no argument"),
        (["figure", "filters", "-o", "x.svg"], "no figure"),
        (["figure", "weekly", "-o", "x.gif"], ".svg"),
        (["event", "no-such-id"], "no event has the id"),
        (["add", "no-such-file.csv"], "no-such-file.csv"),
        (["add", "."], "folder"),
    ],
)
def test_what_can_not_be_answered_says_why(syria: Path, words: list[str], said: str) -> None:
    assert said in run(*words, folder=syria, code=1).err


def test_a_group_that_matches_no_actor_names_those_that_are_near(syria: Path, tmp_path: Path) -> None:
    desk = tmp_path / "copy"
    shutil.copytree(syria, desk)
    text = (desk / "desk.toml").read_text().replace('actors = ["IS"]', 'actors = ["Syrian insurgent"]')
    (desk / "desk.toml").write_text(text)
    assert "Syrian insurgents" in run("table", "weekly", "--group", "IS", folder=desk, code=1).err


def test_usage_errors_end_with_two(syria: Path) -> None:
    run("table", folder=syria, code=2)
    run("add", folder=syria, code=2)
    run("table", "weekly", "--as-of", "yesterday", folder=syria, code=2)


def test_one_sided_violence_is_begun_by_the_side_that_attacked_civilians(syria: Path) -> None:
    table = pl.read_csv(io.StringIO(run("table", "initiator", folder=syria).out))
    one_sided = pl.read_csv(SYRIA, infer_schema=False).filter(pl.col("type_of_violence").cast(pl.Float64) == 3)
    assert one_sided["side_b"].unique().to_list() == ["Civilians"]
    counted = dict(table.select("group", "by_source").iter_rows())
    of_is = (one_sided["side_a"] == "IS").sum()
    rejected = list(csv.DictReader(io.StringIO(run("rejects", "--format", "csv", folder=syria).out)))
    assert of_is - len(rejected) <= counted["Islamic State"] <= of_is
    assert 0 <= one_sided.height - counted["Islamic State"] - counted["Others"] <= len(rejected)
