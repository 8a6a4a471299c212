"""A folder of GDELT's files, added, and added again when it has grown."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import run
from tests.sources.gdelt.rows import event, lines, zipped
from tocsin.simulate.gdelt import gdelt_day, write_gdelt_day
from tocsin.sources.gdelt.form import COLUMNS_1, COLUMNS_2

pytestmark = pytest.mark.slow

MONDAY = dt.date(2024, 1, 1)
KILLED = """\
import os, signal, sys
from pathlib import Path
from tocsin import ingest
from tocsin.desk import read_desk

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

ingest._load = killed
ingest.add(read_desk(Path(sys.argv[1])), Path(sys.argv[1]) / "daily")
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    run("new", "afghanistan", "--country", "AFG", folder=tmp_path)
    (tmp_path / "afghanistan" / "daily").mkdir()
    return tmp_path / "afghanistan"


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(days=number)


def grow(desk: Path, *days: int, events: int = 60) -> None:
    for number in days:
        write_gdelt_day(desk / "daily", day(number), events=events)


def added(desk: Path, *words: str | Path) -> dict[str, object]:
    (found,) = json.loads(run("add", "daily", *words, "--json", folder=desk).out)
    return dict(found)


def vintages(desk: Path) -> list[dict[str, object]]:
    return list(json.loads(run("vintages", "--json", folder=desk).out))


def weekly(desk: Path) -> dict[str, int]:
    table = pl.read_csv(run("table", "weekly", "--format", "csv", folder=desk).out.encode())
    return dict(zip(table["week_date"].to_list(), table["incidents"].to_list(), strict=True))


def made(days: int) -> pl.DataFrame:
    """The violent incidents in Afghanistan, as they were made."""
    rows = pl.concat([gdelt_day(day(number), events=60) for number in range(days)]).rename(
        dict(zip(map(str, range(58)), COLUMNS_1, strict=True))
    )
    return rows.filter(
        pl.col("EventRootCode").is_in(["18", "19", "20"]), pl.col("ActionGeo_CountryCode") == "AF"
    ).with_columns(pl.col("SQLDATE").str.to_date("%Y%m%d"))


def counted(days: int, *, weeks: int) -> dict[str, int]:
    """The incidents of each week, counted by hand."""
    mine = made(days)
    return {
        str(day(7 * week)): mine.filter(pl.col("SQLDATE").is_between(day(7 * week), day(7 * week + 6))).height
        for week in range(weeks)
    }


def test_a_folder_grows_and_only_its_new_files_are_loaded(desk: Path) -> None:
    grow(desk, 0, 1, 2)
    first = added(desk)
    assert (first["vintage"], first["rows"], first["events"], first["added"]) == (1, 180, 180, 180)
    assert added(desk)["already_loaded"]
    grow(desk, 3)
    second = added(desk)
    assert (second["vintage"], second["rows"], second["added"], second["changed"], second["withdrawn"]) == (
        2,
        60,
        60,
        0,
        0,
    )
    assert "1 January 2024 – 4 January 2024, in all countries" in str(second["remarks"])
    assert added(desk)["already_loaded"]
    assert [one["file"] for one in vintages(desk)] == [
        "daily (3 files, 20240101 to 20240103)",
        "daily (1 file, 20240104)",
    ]
    assert not list((desk / ".tocsin" / "files").glob("*.part"))
    assert "Covers 1 January 2024 – 4 January 2024" in run("status", folder=desk).out


def test_weeks_are_counted_and_a_report_is_built(desk: Path) -> None:
    grow(desk, *range(13))
    added(desk)
    assert weekly(desk) == counted(13, weeks=1)
    grow(desk, 13)
    added(desk)
    assert weekly(desk) == counted(14, weeks=2)
    before = weekly(desk), vintages(desk)
    run("rebuild", folder=desk)
    assert (weekly(desk), vintages(desk)) == before
    raw = json.loads(run("event", str(day(13).toordinal() * 10_000_000), folder=desk).out)
    assert raw[0]["DATEADDED"] == "20240114"
    run("report", folder=desk)
    page = (desk / "out" / "report.html").read_text(encoding="utf-8")
    assert "GDELT counts what machines found in news reports, not what happened" in page
    assert "One happening can be many rows" in page
    assert "SYNTHETIC" in page


def test_incidents_weighed_by_mentions(desk: Path) -> None:
    grow(desk, *range(14))
    added(desk)
    asked = ("table", "weekly", "--weight", "mentions", "--average-weeks", "1", "--format", "json")
    told = run(*asked, folder=desk)
    mine = made(14)
    by_hand = {
        str(day(7 * week)): mine.filter(pl.col("SQLDATE").is_between(day(7 * week), day(7 * week + 6)))["NumMentions"]
        .cast(pl.Int64)
        .sum()
        for week in range(2)
    }
    assert {row["week_date"]: row["mentions"] for row in json.loads(told.out)["rows"]} == by_hand
    assert "Counted: mentions in reports, as the source counts them, of events of type Assault" in told.err
    assert "what is told of twice as often is not twice as violent" in told.err
    run("figure", "weekly", "--weight", "mentions", "-o", "mentions.svg", folder=desk)
    assert "mentions per week" in (desk / "mentions.svg").read_text(encoding="utf-8")
    for question in ("concentration", "proximity", "actors"):
        table = json.loads(run("table", question, "--weight", "mentions", "--format", "json", folder=desk).out)
        assert sum(row["mentions"] for row in table["rows"]) > 0
    assert (
        "ten mentions of one incident are not ten observations"
        in run("table", "change", "--weight", "mentions", folder=desk, code=1).err
    )
    assert "can not be weighed" in run("table", "weekly", "--weight", "deaths", folder=desk, code=1).err


def test_files_of_a_quarter_of_an_hour(desk: Path) -> None:
    write_gdelt_day(desk / "daily", day(0), events=200, form="2.0")
    first = added(desk)
    assert (first["rows"], first["events"], first["form"]) == (200, 200, "GDELT 2.0, 61 columns")
    assert first["dataset"] == "gdelt2"
    whole = write_gdelt_day(desk / "daily", day(1), events=200, form="2.0")
    for path in whole[50:]:
        path.rename(desk / path.name)
    assert "It speaks for 1 January 2024 – 1 January 2024" in str(added(desk)["remarks"])
    for path in whole[50:]:
        (desk / path.name).rename(path)
    last = added(desk)
    assert added(desk)["vintage"] == last["vintage"]
    assert "It speaks for 1 January 2024 – 2 January 2024" in str(last["remarks"])
    assert sum(int(str(one["rows"])) for one in vintages(desk)) == 400


def test_a_reject_names_its_file_and_line(desk: Path) -> None:
    grow(desk, 0)
    bad = [
        event(GLOBALEVENTID="1", DATEADDED="20240102"),
        event(GLOBALEVENTID="2", EventCode="---", SQLDATE="20240102"),
    ]
    (desk / "daily" / "20240102.export.CSV").write_text(
        lines([*bad, event(GLOBALEVENTID="3", SQLDATE="20240102")])[:-1]
    )
    text = "410\t2024\n" + lines([event(GLOBALEVENTID="4", SQLDATE="20240103")])
    (desk / "daily" / "20240103.export.CSV.zip").write_bytes(zipped(text, "20240103.export.CSV"))
    found = added(desk)
    assert (found["rows"], found["events"], found["rejects"]) == (65, 62, 3)
    table = pl.read_csv(run("rejects", "--format", "csv", folder=desk).out.encode())
    assert table["line"].to_list() == [61, 62, 64]
    assert [reason.split("(")[-1] for reason in table["reason"]] == [
        "20240102.export.CSV, line 1)",
        "20240102.export.CSV, line 2)",
        "20240103.export.CSV.zip, line 1)",
    ]


def test_what_is_no_folder_of_gdelt_is_refused(desk: Path) -> None:
    daily = desk / "daily"
    said = run("add", "daily", folder=desk, code=1).err
    assert "this is a folder, not a file" in said
    (daily / "20240101.export.CSV").write_text("a,b\n1,2\n")
    assert "none of its rows" in run("add", "daily", folder=desk, code=1).err
    (daily / "20240101.export.CSV").unlink()
    grow(desk, 0, 2)
    assert "20240102.export.CSV" in run("add", "daily", folder=desk, code=1).err
    grow(desk, 1)
    assert "only adds rows" in run("add", "daily", "--complete", folder=desk, code=1).err
    (daily / "20240102.export.CSV").write_text(lines([event()]))
    assert "there twice" in run("add", "daily", folder=desk, code=1).err
    (daily / "20240102.export.CSV").unlink()
    (daily / "20240104.export.CSV").write_text(lines([event()], COLUMNS_2))
    assert "has 61 columns, and the files before it have 58" in run("add", "daily", folder=desk, code=1).err
    cut = (daily / "20240103.export.CSV.zip").read_bytes()
    (daily / "20240104.export.CSV").unlink()
    (daily / "20240104.export.CSV.zip").write_bytes(cut[:-40])
    assert "20240104.export.CSV.zip" in run("add", "daily", folder=desk, code=1).err
    assert not list((desk / ".tocsin").glob("files/*"))
    (daily / "20240104.export.CSV.zip").unlink()
    (daily / "20240101.mentions.CSV.zip").write_bytes(b"x")
    assert "20240101.mentions.CSV.zip" in str(added(desk)["remarks"])


def test_a_gap_can_be_vouched_for(desk: Path) -> None:
    grow(desk, 0, 2)
    assert added(desk, "--covers", "2024-01-01..2024-01-03")["rows"] == 120
    assert added(desk, "--covers", "2024-01-01..2024-01-03")["already_loaded"]


def test_one_file_speaks_for_the_day_in_its_name(desk: Path) -> None:
    grow(desk, 0)
    (path,) = (desk / "daily").iterdir()
    with zipfile.ZipFile(path) as archive:
        text = archive.read("20240101.export.CSV")
    (desk / "mine.csv").write_bytes(text)
    assert "--covers" in run("add", "mine.csv", folder=desk, code=1).err
    assert "1 January 2024 – 1 January 2024" in run("add", path, folder=desk).err
    assert added(desk)["already_loaded"]


def test_a_load_that_was_killed_leaves_the_store_as_it_was(desk: Path) -> None:
    grow(desk, 0, 1)
    added(desk)
    grow(desk, 2)
    before = vintages(desk)
    done = subprocess.run([sys.executable, "-c", KILLED, str(desk)], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert list((desk / ".tocsin" / "files").glob("joined.part"))
    assert vintages(desk) == before
    assert added(desk)["rows"] == 60
    assert len(list((desk / ".tocsin" / "files").iterdir())) == 4
