"""The proof of the whole: the example desk, signed on the first copy of its events, held against a later copy of the same truth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, run
from tocsin.simulate import afghanistan, revised

DESK = Path(__file__).resolve().parents[2] / "desks" / "afghanistan-2022"
FALSE_IN_THE_LATER_COPY = {"before.mean", "after.mean", "uptick", "nrf.spring", "nrf.summer", "nrf.pace"}


@pytest.mark.slow
def test_check_catches_just_the_statements_that_the_later_copy_makes_false(tmp_path: Path) -> None:
    for name in ("desk.toml", "findings.toml", "report.md", "signed.json"):
        shutil.copy(DESK / name, tmp_path)
    first = afghanistan()
    first.write_csv(tmp_path / "first.csv")
    run("add", "--dated", "2022-08-01", "first.csv", folder=tmp_path)
    before = _findings(run("check", "--json", folder=tmp_path))
    assert {row["verdict"] for row in before.values()} == {"holds"}
    assert before["before.mean"]["now"] == before["before.mean"]["signed"] == "256 incidents a week"
    revised(first).write_csv(tmp_path / "later.csv")
    run("add", "--dated", "2026-03-01", "--complete", "later.csv", folder=tmp_path)
    after = _findings(run("check", "--json", folder=tmp_path, code=1))
    assert {name for name, row in after.items() if row["verdict"] == "broken"} == FALSE_IN_THE_LATER_COPY
    assert after["before.mean"]["now"] == "245 incidents a week"
    assert after["after.mean"]["now"] == "49.0 incidents a week"
    assert after["nrf.spring"]["why"].endswith("118 withdrawn, 2 new")
    as_signed = _findings(run("check", "--json", "--as-of", "2022-08-01", folder=tmp_path))
    assert {row["verdict"] for row in as_signed.values()} == {"holds"}


def _findings(ran: Ran) -> dict[str, dict[str, str]]:
    return {row["finding"]: row for row in json.loads(ran.out)["findings"]}
