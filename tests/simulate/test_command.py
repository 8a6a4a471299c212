"""The command writes the same bytes for the same seed, and says in one line what it did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tocsin import simulate
from tocsin.simulate.__main__ import main


def test_same_seed_writes_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, other = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    assert main(["afghanistan", "--out", str(first)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "synthetic events" in said.err
    subprocess.run(
        [sys.executable, "-m", "tocsin.simulate", "afghanistan", "--out", str(second)], check=True, capture_output=True
    )
    assert main(["afghanistan", "--out", str(other), "--seed", "3"]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != other.read_bytes()


def test_file_reads_back_as_the_events(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "events.csv"
    assert main(["afghanistan", "--out", str(path)]) == 0
    events = simulate.afghanistan(seed=2022)
    assert pl.read_csv(path, schema=events.schema).equals(events)


def test_place_that_can_not_be_written_is_said_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["afghanistan", "--out", str(tmp_path)]) == 1
    assert f"{tmp_path}: can not be written" in capsys.readouterr().err


def test_seed_below_nought_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["afghanistan", "--out", "x.csv", "--seed", "-1"])
    assert "from 0" in capsys.readouterr().err
