"""A report that lacks something says so and ends with 1, unless that is accepted; it comes out of its manifest again, or says what does
not; rows set aside can be asked for by data set."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import run
from tocsin.report import manifest as pinning
from tocsin.simulate import world

pytestmark = pytest.mark.slow

FIGURES = """
[groups.lost]
label = "Lost Front"
actors = ["Lost Front"]

[[figures]]
id = "figure-1"
question = "weekly"

[[figures]]
id = "figure-2"
question = "weekly"
group = "lost"
"""
MAPPING = """\
dataset = "log"
country = "AFG"
event_type = "Attack"
[columns]
event_date = "when"
actor1 = "who"
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desks")
    run("new", "afghanistan", "--country", "AFG", folder=folder)
    desk = folder / "afghanistan"
    rows = world(events=2000, seed=3, countries=["AFG"]).cast(pl.String)
    rows.with_columns(
        event_type=pl.when(pl.arange(0, 2000) == 3).then(pl.lit("Battels")).otherwise("event_type")
    ).write_csv(desk / "acled.csv")
    (desk / "log.csv").write_text("when,who\n2021-11-17,x\n2021-11-18,x\n2021-13-18,x\n", encoding="utf-8")
    (desk / "log.toml").write_text(MAPPING, encoding="utf-8")
    run("add", "acled.csv", "log.csv", "--mapping", "log.toml", folder=desk)
    with (desk / "desk.toml").open("a") as settings:
        settings.write(FIGURES)
    return desk


def test_a_report_that_lacks_a_figure_ends_with_one(desk: Path) -> None:
    said = run("report", "--dataset", "acled", folder=desk, code=1).err
    assert "with 1 of 2 figures" in said
    assert "figure-2: " in said
    assert "no actor" in said
    assert "the report lacks figure-2" in said
    assert "--allow-missing" in said
    page = (desk / "out" / "report.html").read_text(encoding="utf-8")
    assert "This figure can not be drawn from these data." in page


def test_what_is_missing_can_be_accepted(desk: Path) -> None:
    said = run("report", "--dataset", "acled", "--allow-missing", folder=desk).err
    assert "figure-2: " in said


def test_a_log_without_licence_or_citation_leaves_no_stray_full_stops(desk: Path) -> None:
    run("report", "--dataset", "log", "--allow-missing", folder=desk)
    page = (desk / "out" / "report.html").read_text(encoding="utf-8")
    assert "Licence: ." not in page
    assert '<p class="note"></p>' not in page
    assert "). ." not in page


@pytest.fixture(scope="module")
def june(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a report of that desk, beside what was written."""
    (desk / "findings.toml").write_text('[un]\nvalue = 7430\nsource = "UN, 15 June 2022"\n', encoding="utf-8")
    out = tmp_path_factory.mktemp("kept") / "june"
    said = run("report", "--dataset", "acled", "--allow-missing", "--out", out, folder=desk).err
    assert str(out / "report.html") in said
    (desk / "findings.toml").rename(desk / "findings-of-june.toml")
    return out / "manifest.json"


def test_a_report_comes_out_of_its_manifest_again(desk: Path, june: Path) -> None:
    (june.parent / "inputs" / "findings.toml").rename(june.parent / "findings.toml")
    refused = run("report", "--from-manifest", june, folder=desk, code=1).err
    assert "findings.toml is not the one that the report was built from" in refused
    (june.parent / "findings.toml").rename(june.parent / "inputs" / "findings.toml")
    said = run("report", "--from-manifest", june, folder=desk).err
    assert "findings.toml of the desk is another now: the copy that lies beside the manifest was taken." in said
    assert "All 1 number and " in said
    (desk / "findings-of-june.toml").rename(desk / "findings.toml")
    said = run("report", "--from-manifest", june, folder=desk).err
    assert str(desk / "rebuilt" / "report.html") in said
    assert "All 1 number and " in said
    assert "are as pinned, to the last bit." in said
    for words in (("--as-of", "2022-08-01"), ("--dataset", "acled"), ("--allow-missing",)):
        assert "Leave out --dataset" in run("report", "--from-manifest", june, *words, folder=desk, code=1).err


def test_what_does_not_come_out_as_pinned_is_told_beside_its_likely_cause(
    desk: Path, june: Path, tmp_path: Path
) -> None:
    values = json.loads(june.read_text(encoding="utf-8"))
    values["findings"]["un"].update(value=7431.0)
    values["libraries"].update(polars="0.1")
    values["seals"], values["digest"] = pinning._seals(values), ""
    values["digest"] = pinning._digest(values)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    said = run("report", "--from-manifest", path, "--out", tmp_path / "out", folder=desk, code=1).err
    assert "Not as pinned  findings.un.value: 7431.0 then, 7430.0 now" in said
    assert "Other version  libraries.polars: 0.1 then" in said
    assert "not as pinned: 1 of 1 numbers" in said
    assert "install those that the manifest names" in said
    assert (tmp_path / "out" / "report.html").exists()
    path.write_text(path.read_text(encoding="utf-8").replace("7431.0", "7430.0"), encoding="utf-8")
    assert (
        "was changed after it was written: findings.un"
        in run("report", "--from-manifest", path, folder=desk, code=1).err
    )


def test_rows_set_aside_of_one_data_set(desk: Path) -> None:
    def files(*words: str) -> list[str]:
        table = run("rejects", "--format", "csv", *words, folder=desk).out
        return [row["file"] for row in csv.DictReader(io.StringIO(table))]

    assert sorted(files()) == ["acled.csv", "log.csv"]
    assert files("--dataset", "log") == ["log.csv"]
    assert files("--dataset", "acled", "--vintage", "1") == ["acled.csv"]
    assert "acled" in run("rejects", "--dataset", "acle", folder=desk, code=1).err
    assert "no vintage 9" in run("rejects", "--vintage", "9", folder=desk, code=1).err
    assert 'no vintage 1 of "log"' in run("rejects", "--vintage", "1", "--dataset", "log", folder=desk, code=1).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "group"], "--group NAME"),
        (["--by", "event_id"], "more than 1,000 lines"),
    ],
)
def test_columns_that_make_no_lines(desk: Path, words: list[str], said: str) -> None:
    assert said in run("table", "weekly", "--dataset", "acled", *words, folder=desk, code=1).err


def test_days_that_a_log_is_declared_to_cover_are_zeros(desk: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("when,who\n2021-11-17,x\n", encoding="utf-8")
    mapping = tmp_path / "log.toml"
    mapping.write_text(MAPPING.replace('"log"', '"declared"'), encoding="utf-8")
    run("add", log, "--mapping", mapping, "--covers", "2021-11-01..2021-11-28", folder=desk)
    table = run("table", "weekly", "--dataset", "declared", folder=desk).out
    assert [line.split(",")[2] for line in table.splitlines()[1:]] == ["0", "0", "1", "0"]
    wrong = run("add", log, "--mapping", mapping, "--covers", "2021-11-01", folder=desk, code=1)
    assert "2020-01-01..2022-07-31" in wrong.err
    days = ("--covers", "2021-11-01..2021-11-28")
    lost = run("add", log, "--mapping", mapping, *days, "--covers-country", "AFX", folder=desk, code=1)
    assert '"AFX" is no ISO 3166' in lost.err
