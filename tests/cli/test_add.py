"""Loading, as it goes wrong and right: revised files, older files, kills, full disks, logs of one's own."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from tests.cli.conftest import run
from tocsin.desk import read_desk
from tocsin.simulate import world
from tocsin.sources.acled import fetch as acled

pytestmark = pytest.mark.slow

LOG = """\
Datum;Art;Ort;Breite;Länge;Wer;Tote
03.01.2021;Gefecht;Kundus;36,73;68,86;Gruppe A / Armee;2
04.01.2021;Anschlag;Kabul;34,53;69,17;Gruppe B;0
05.01.2021;Demonstration;Herat;34,34;62,20;;0
17.02.2021;Gefecht;Kundus;36,73;68,86;Gruppe A;1
"""

MAPPING = """\
dataset = "our-log"
title = "Our own log"
licence = "for internal use"
citation = "Our own log, 2021"
language = "de"
violent = ["Battles", "Explosions/Remote violence"]
country = "AFG"

[columns]
event_date = "Datum"
event_type = "Art"
location = "Ort"
latitude = "Breite"
longitude = "Länge"
actor1 = "Wer"
fatalities = "Tote"

[dates]
format = "%d.%m.%Y"

[event_types]
"Gefecht" = "Battles"
"Anschlag" = "Explosions/Remote violence"
"Demonstration" = "Protests"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    run("new", "afghanistan", "--country", "AFG", folder=tmp_path)
    return tmp_path / "afghanistan"


def afghan(rows: int) -> pl.DataFrame:
    return world(events=rows, seed=3, countries=["AFG"])


def loaded(desk: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run("vintages", "--json", folder=desk).out)
    return found


def test_the_lines_that_a_new_desk_leaves_to_be_filled_in_hold_where_they_stand(desk: Path) -> None:
    path = desk / "desk.toml"
    drafted = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^# (?=\[|[a-z_]+ = )", "", drafted, flags=re.MULTILINE), encoding="utf-8")
    filled_in = read_desk(desk)
    assert filled_in.compared == ("before", "after")
    assert set(filled_in.windows) == {"before", "after"}
    assert filled_in.dataset == "acled"
    path.write_text(drafted, encoding="utf-8")


def test_a_new_desk_answers_at_once(desk: Path) -> None:
    assert "nothing is loaded" in run("status", folder=desk, code=1).err
    afghan(3000).write_csv(desk / "acled.csv")
    told = json.loads(run("add", "acled.csv", "--json", folder=desk).out)
    assert (told[0]["rows"], told[0]["events"], told[0]["rejects"]) == (3000, 3000, 0)
    assert "comparison" in run("status", folder=desk).out
    assert run("table", "weekly", folder=desk).out.count("\n") > 300


def test_there_is_no_second_desk_in_a_folder(desk: Path) -> None:
    assert "desk already" in run("new", "afghanistan", "--country", "AFG", folder=desk.parent, code=1).err
    assert "SYR" in run("new", "other", "--country", "syria", folder=desk.parent, code=1).err


def test_a_revision_and_the_data_as_then_known(desk: Path) -> None:
    rows = afghan(500)
    rows.write_csv(desk / "august.csv")
    changed = rows.head(490).with_columns(
        fatalities=pl.when(pl.arange(0, 490) < 7).then(999).otherwise(pl.col("fatalities"))
    )
    changed.write_csv(desk / "march.csv")
    run("add", "august.csv", "--dated", "2022-08-01", folder=desk)
    run("add", "march.csv", "--dated", "2026-03-01", "--complete", folder=desk)
    told = loaded(desk)[-1]
    # Rows are in order of time, so the ten that are gone lie after the last day of the revised file or on it.
    assert told["changed"] == 7
    assert told["added"] == 0
    before = run("table", "actors", "--as-of", "2022-08-01", "--format", "json", folder=desk).out
    run("rebuild", folder=desk)
    assert run("table", "actors", "--as-of", "2022-08-01", "--format", "json", folder=desk).out == before
    assert "oldest vintage" in run("table", "weekly", "--as-of", "2022-07-31", folder=desk, code=1).err


def test_an_older_file_takes_its_place_in_the_order_of_dates(desk: Path) -> None:
    rows = afghan(300)
    rows.with_columns(notes=pl.lit("Synthetic: newer")).write_csv(desk / "new.csv")
    rows.with_columns(notes=pl.lit("Synthetic: older")).write_csv(desk / "old.csv")
    run("add", "new.csv", "--dated", "2023-01-01", folder=desk)
    run("add", "old.csv", "--dated", "2022-01-01", folder=desk)
    assert [each["file"] for each in loaded(desk)] == ["old.csv", "new.csv"]
    assert loaded(desk)[1]["changed"] == 300
    name = rows["event_id_cnty"][0]
    assert [each["notes"] for each in json.loads(run("event", name, folder=desk).out)] == [
        "Synthetic: older",
        "Synthetic: newer",
    ]


def test_a_list_of_withdrawn_events_from_the_first_word_to_the_last(desk: Path) -> None:
    rows = afghan(300)
    rows.write_csv(desk / "acled.csv")
    days = rows["event_date"].cast(pl.String).sort().to_list()
    run("add", "acled.csv", "--dated", "2024-01-01", "--covers", f"{days[0]}..{days[-1]}", folder=desk)
    (desk / "findings.toml").write_text('[all]\nask = "weekly"\ntake = "sum of incidents"\n', encoding="utf-8")
    run("sign", "--who", "A. Analyst", folder=desk)
    then = run("table", "weekly", "--format", "csv", folder=desk)
    violent = rows.filter(pl.col("event_type") == "Battles")["event_id_cnty"].to_list()[10:13]
    gone = [{"event_id_cnty": name, "deleted_timestamp": "1717243200"} for name in [*violent, "AFG-1", violent[0], ""]]
    (desk / "gone.json").write_text(json.dumps({"success": True, "count": 6, "data": gone}), encoding="utf-8")
    told = run("add", "gone.json", "--json", folder=desk)
    (one,) = json.loads(told.out)
    assert (one["rows"], one["events"], one["withdrawn"], one["rejects"]) == (6, 0, 3, 2)
    assert one["listed"] == {"withdrawn": 3, "unknown": 1, "before": 0, "since": 0}
    assert "6 rows read = 3 events withdrawn + 1 unknown" in told.err
    assert "AFG-1" in told.err
    assert "loaded before" in run("add", "gone.json", folder=desk).err
    said = run("rejects", "--vintage", "2", folder=desk).out
    assert "gone.json, row 5" in said
    assert "names again the event of row 1" in said
    assert "the row names no event" in said
    moved = json.loads(run("diff", "1", "2", "--json", folder=desk).out)
    assert {row["kind"]: row["events"] for row in moved["rows"]}["withdrawn"] == 3
    assert "rows (−3): 3 withdrawn" in run("check", folder=desk).out
    assert run("table", "weekly", "--format", "csv", "--as-of", "2024-05-31", folder=desk).out == then.out
    now = run("table", "weekly", "--format", "csv", folder=desk)
    assert "data as of 1 January 2024" in now.err
    assert "less what was withdrawn by 1 June 2024" in now.err
    before = loaded(desk)
    run("rebuild", folder=desk)
    assert loaded(desk) == before
    assert run("table", "weekly", "--format", "csv", folder=desk).out == now.out


@pytest.mark.parametrize("file", [None, "events of the week.csv"])
def test_fetch_names_the_next_commands(desk: Path, monkeypatch: pytest.MonkeyPatch, file: str | None) -> None:
    found = acled.Fetched(
        file=Path(file) if file else None,
        rows=7 if file else 0,
        repeated=0,
        silent=(),
        complete=False,
        deleted=Path("gone.json"),
        withdrawn=3,
        revised_to=None,
        asked_at=dt.datetime(2024, 2, 29, 23, 0, tzinfo=dt.UTC),
    )
    monkeypatch.setattr(acled, "fetch", lambda *_, **__: found)
    said = run("fetch", "acled", "--days", "2021-01-01..2021-12-31", "--since", "2024-01-01", folder=desk).err
    assert "3 events were withdrawn" in said
    assert "Next: tocsin add --dated 2024-02-29 gone.json" in said
    assert ("Next: tocsin add --dated 2024-02-29 'events of the week.csv'" in said) is (file is not None)
    assert "nothing new" not in said


def test_ids_of_a_log_are_withdrawn_by_the_name_of_its_data_set(desk: Path) -> None:
    numbered = [f"{number or 'Nr'};{line}" for number, line in enumerate(LOG.splitlines())]
    (desk / "log.csv").write_text("\n".join(numbered), encoding="utf-8")
    (desk / "log.toml").write_text(MAPPING.replace("[columns]", '[columns]\nevent_id = "Nr"'), encoding="utf-8")
    (desk / "gone.txt").write_text("4\n2\n9\n", encoding="utf-8")
    run("add", "log.csv", "--mapping", "log.toml", folder=desk)
    assert "--withdrawn DATASET" in run("add", "gone.txt", folder=desk, code=1).err
    (desk / "one.txt").write_text("4\n", encoding="utf-8")
    assert "tocsin add --withdrawn DATASET one.txt" in run("add", "one.txt", folder=desk, code=1).err
    (desk / "gone.csv").write_text("event_id\n4\n", encoding="utf-8")
    refused = run("add", "gone.csv", folder=desk, code=1).err
    assert "It has 1 column: event_id. It looks like a list of ids" in refused
    assert "delimiter" not in refused
    assert refused.index("--withdrawn DATASET") < refused.index("tocsin mapping")
    assert "our-log" in run("add", "gone.txt", "--withdrawn", "log", folder=desk, code=1).err
    told = json.loads(run("add", "gone.txt", "--withdrawn", "our-log", "--json", folder=desk).out)
    assert (told[0]["dataset"], told[0]["withdrawn"], told[0]["listed"]["unknown"]) == ("our-log", 2, 1)


def test_a_log_of_ones_own_beside_another_data_set(desk: Path) -> None:
    (desk / "log.csv").write_text(LOG, encoding="utf-8")
    (desk / "log.toml").write_text(MAPPING, encoding="utf-8")
    afghan(500).write_csv(desk / "acled.csv")
    refused = run("add", "log.csv", folder=desk, code=1)
    assert "tocsin mapping" in refused.err
    told = json.loads(run("add", "acled.csv", "log.csv", "--mapping", "log.toml", "--json", folder=desk).out)
    assert [each["dataset"] for each in told] == ["acled", "our-log"]
    assert told[1]["events"] == 4
    assert "never added together" in run("table", "weekly", folder=desk, code=1).err
    table = run("table", "weekly", "--dataset", "our-log", folder=desk)
    # Of three violent rows one lies in a whole week: the log begins on a Sunday and ends on a Wednesday.
    assert sum(int(line.split(",")[2]) for line in table.out.splitlines()[1:]) == 1
    assert "Our own log" in table.err


def test_a_draft_of_a_mapping_names_every_column(desk: Path) -> None:
    (desk / "log.csv").write_text(LOG, encoding="utf-8")
    drafted = run("mapping", "log.csv", folder=desk).out
    for word in ("Datum", "Gefecht", "Demonstration", "%d.%m.%Y"):
        assert word in drafted


def test_one_bad_file_does_not_keep_the_others_out(desk: Path) -> None:
    afghan(50).write_csv(desk / "good.csv")
    (desk / "empty.csv").touch()
    told = run("add", "empty.csv", "good.csv", "--json", folder=desk, code=1)
    assert [each["file"] for each in json.loads(told.out)] == ["good.csv"]
    assert "empty.csv" in told.err


def test_rejects_say_where_and_why(desk: Path) -> None:
    rows = afghan(20).cast(pl.String)
    bad = rows.with_columns(
        event_date=pl.when(pl.arange(0, 20) == 3).then(pl.lit("2021-13-01")).otherwise("event_date"),
        latitude=pl.when(pl.arange(0, 20) == 5).then(pl.lit("91")).otherwise("latitude"),
        event_type=pl.when(pl.arange(0, 20) == 7).then(pl.lit("Battels")).otherwise("event_type"),
    )
    swapped = pl.arange(0, 20) == 9
    bad = bad.with_columns(
        latitude=pl.when(swapped).then("longitude").otherwise("latitude"),
        longitude=pl.when(swapped).then("latitude").otherwise("longitude"),
    )
    bad.write_csv(desk / "bad.csv")
    told = json.loads(run("add", "bad.csv", "--json", folder=desk).out)[0]
    assert (told["rows"], told["events"], told["rejects"]) == (20, 16, 4)
    said = run("rejects", folder=desk).out
    for where in ("line 5", "line 7", "line 9", "line 11", "2021-13-01", "Battels", "swapped"):
        assert where in said


def test_formulas_come_out_harmless(desk: Path, tmp_path: Path) -> None:
    rows = afghan(40).with_columns(actor1=pl.lit("=cmd|' /C calc'!A0"), admin1=pl.lit("@SUM(1)"))
    rows.write_csv(desk / "f.csv")
    told = json.loads(run("add", "f.csv", "--json", folder=desk).out)[0]
    assert told["events"] + told["rejects"] == 40
    if not told["events"]:
        return
    text = run("table", "actors", folder=desk).out
    assert "\n=cmd" not in text
    run("table", "actors", "-o", tmp_path / "a.xlsx", "--format", "xlsx", folder=desk)
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["numbers"] for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]


def start(desk: Path, *words: str, **more: object) -> subprocess.Popen[str]:
    process: subprocess.Popen[str] = subprocess.Popen(
        [sys.executable, "-m", "tocsin.cli", *words],
        cwd=desk,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,  # type: ignore[call-overload]
    )
    return process


def wait_for(condition: object, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def test_kill_9_in_the_middle_of_a_load_leaves_the_store_as_it_was(desk: Path) -> None:
    afghan(100).write_csv(desk / "first.csv")
    run("add", "first.csv", folder=desk)
    before = run("table", "actors", folder=desk).out
    afghan(60_000).write_csv(desk / "large.csv")
    kept = desk / ".tocsin" / "files"
    process = start(desk, "add", "large.csv")
    wait_for(lambda: list(kept.glob("*.pending")) or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it was too quick to be killed"
    assert run("table", "actors", folder=desk).out == before
    assert len(loaded(desk)) == 1
    run("rebuild", folder=desk)
    assert len(loaded(desk)) == 1
    again = json.loads(run("add", "large.csv", "--json", folder=desk).out)[0]
    assert again["rows"] == 60_000
    assert not list(kept.glob("*.pending"))
    assert len(list(kept.glob("*.json"))) == 2


def test_a_full_disk_is_told_and_nothing_is_loaded(desk: Path) -> None:
    afghan(20_000).write_csv(desk / "large.csv")

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    with start(desk, "add", "large.csv", preexec_fn=small_files) as process:
        _, err = process.communicate()
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert "disk has room" in err
    assert not list((desk / ".tocsin" / "files").glob("*.json"))


def test_a_folder_that_can_not_be_written_is_told(desk: Path) -> None:
    afghan(10).write_csv(desk / "a.csv")
    (desk / ".tocsin").write_text("in the way")
    assert "can not be written" in run("add", "a.csv", folder=desk, code=1).err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_right_to_write_is_told(desk: Path) -> None:
    afghan(10).write_csv(desk / "a.csv")
    desk.chmod(0o500)
    try:
        assert "can not be written" in run("add", "a.csv", folder=desk, code=1).err
    finally:
        desk.chmod(0o700)


def test_a_csv_file_is_read_in_a_new_process_that_has_no_pandas(desk: Path) -> None:
    """What only the benchmark installs, or another import brings along, must not be leaned on."""
    afghan(50).with_columns(notes=pl.lit("Synthetic:\ntwo lines")).write_csv(desk / "lines.csv")
    alone = "import sys; sys.modules['pandas'] = None; from tocsin.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", alone, "add", "lines.csv"], cwd=desk, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "50 events" in done.stderr


def test_of_an_error_nothing_is_said_but_the_error(desk: Path) -> None:
    """An error that is kept to the end keeps the engine's objects too, which the engine's module then complains of."""
    (desk / "log.csv").write_text("day,what,how\n2024-01-01,attack,1\n", encoding="utf-8")
    columns = 'event_date = "day"\nevent_type = "what"\ngeo_precision = "how"\n'
    (desk / "log.toml").write_text(
        f'dataset = "log"\ntitle = "Log"\nlicence = ""\ncitation = ""\n[columns]\n{columns}', encoding="utf-8"
    )
    alone = (sys.executable, "-c", "from tocsin.cli import main; main()")
    asked = ("add", "log.csv", "--mapping", "log.toml")
    done = subprocess.run([*alone, *asked], cwd=desk, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert [line for line in done.stderr.splitlines() if "precise enough" not in line] == []


def test_of_a_file_without_an_event_the_reasons_are_told(desk: Path) -> None:
    header = ",".join(afghan(1).columns)
    (desk / "short.csv").write_text(f"{header}\nx,y\n", encoding="utf-8")
    told = run("add", "short.csv", folder=desk, code=1).err
    assert "none of its rows is an event: row 1: the row has 2 cells, the header 31" in told
    afghan(1).with_columns(event_date=pl.lit("never")).write_csv(desk / "never.csv")
    assert "row 1, event_date = 'never': " in run("add", "never.csv", folder=desk, code=1).err
