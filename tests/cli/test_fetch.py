"""`fetch`, `revisions` and `diff` at the command line: what a person is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.findings.conftest import DAYS, DESK, WEEKS, rows_of, write_rows


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk of two vintages: one event withdrawn and one recoded in the second."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "desk.toml").write_text(DESK, encoding="utf-8")
    rows = rows_of(WEEKS)
    covers = f"{DAYS.first}..{DAYS.last}"
    run("add", write_rows(folder / "one.csv", rows), "--dated", "2021-07-01", "--covers", covers, folder=folder)
    rows[0]["event_type"] = "Protests"
    run(
        "add",
        write_rows(folder / "two.csv", rows[:-1]),
        "--dated",
        "2021-08-01",
        "--complete",
        "--covers",
        covers,
        folder=folder,
    )
    return folder


def test_diff_counts_kinds_and_the_effect_on_findings(desk: Path, tmp_path: Path) -> None:
    shutil.copytree(desk, tmp_path / "desk")
    (tmp_path / "desk" / "findings.toml").write_text(
        '[all]\nask = "weekly"\ntake = "sum of incidents"\n', encoding="utf-8"
    )
    told = json.loads(run("diff", "1", "2", "--json", "-o", "moved.csv", folder=tmp_path / "desk").out)
    assert {row["kind"]: row["events"] for row in told["rows"]} == {
        "new": 0,
        "withdrawn": 1,
        "changed": 1,
        "unchanged": sum(WEEKS) - 2,
    }
    assert told["findings"] == [{"finding": "all", "before": "120", "after": "118", "verdict": "moved"}]
    listed = (tmp_path / "desk" / "moved.csv").read_text(encoding="utf-8").splitlines()
    assert listed[1:] == ["AFG0000,changed,event_type", "AFG2101,withdrawn,"]
    assert "findings" in run("diff", "2021-07-15", "2", folder=tmp_path / "desk").out
    assert "neither the number of a vintage nor a day" in run("diff", "1", "x", folder=desk, code=1).err
    assert "has no vintage 9" in run("diff", "1", "9", folder=desk, code=1).err


def test_diff_compares_the_newest_two_where_nothing_is_said(desk: Path, tmp_path: Path) -> None:
    said = run("diff", folder=desk)
    assert "vintage 2 (two.csv, as of 2021-08-01) against vintage 1 (one.csv, as of 2021-07-" in said.err
    assert said.out == run("diff", "1", "2", folder=desk).out == run("diff", "1", folder=desk).out
    same = run("diff", "2", "2", folder=desk)
    assert "No event differs" in same.err
    assert "unchanged" in same.out
    assert not {"columns", "months", "sources"} & set(same.out.split())
    (tmp_path / "single").mkdir()
    shutil.copy(desk / "desk.toml", tmp_path / "single")
    run("add", write_rows(tmp_path / "one.csv", rows_of(WEEKS)), folder=tmp_path / "single")
    for words in (["diff"], ["diff", "1"]):
        refused = run(*words, folder=tmp_path / "single", code=1).err
        assert "one vintage, so there is nothing to compare" in refused
        assert "tocsin diff 1 2" in refused


def test_check_advises_a_comparison_only_where_there_is_one(desk: Path, tmp_path: Path) -> None:
    (tmp_path / "single").mkdir()
    shutil.copy(desk / "desk.toml", tmp_path / "single")
    run("add", write_rows(tmp_path / "one.csv", rows_of(WEEKS)), folder=tmp_path / "single")
    shutil.copytree(desk, tmp_path / "two")
    for name, advised in (("single", False), ("two", True)):
        (tmp_path / name / "findings.toml").write_text(
            '[all]\nask = "weekly"\ntake = "sum of incidents"\nexpect = "< 1"\n', encoding="utf-8"
        )
        assert ("tocsin diff" in run("check", folder=tmp_path / name, code=1).err) is advised


def test_revisions_say_that_two_states_are_too_few_and_give_the_triangle(desk: Path) -> None:
    assert "too few" in run("revisions", folder=desk).err
    told = json.loads(run("revisions", "--triangle", "--json", folder=desk).out)["triangle"]
    assert [row["incidents"] for row in told if row["week_date"] == "2021-01-04"] == [10, 9]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("acled",), "the days are missing"),
        (("acled", "--days", "2021-01-01..2021-01-31"), "TOCSIN_ACLED_USER"),
        (("ucdp_ged",), "the release is missing"),
        (("ucdp_ged", "--release", "26.1", "--token"), "the days are missing"),
        (("gdelt",), "nothing can be fetched"),
    ],
)
def test_fetch_says_what_is_missing(
    desk: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    for name in ("TOCSIN_ACLED_USER", "TOCSIN_ACLED_PASSWORD", "TOCSIN_UCDP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert said in run("fetch", *words, folder=desk, code=1).err
