"""Made-up files in the form of GDELT: the same bytes for a seed, ids of a day, and every row marked as made up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from tests.sources.test_acled_vintages import all_of

from tocsin.errors import QuestionError
from tocsin.simulate import gdelt_day
from tocsin.simulate.__main__ import main

DAY = dt.date(2024, 1, 1)


def test_the_command_writes_files_that_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--days", "2", "--events", "500"]
    for name, form in (("one", "1.0"), ("again", "1.0"), ("two", "2.0")):
        assert main(["gdelt", "--out", str(tmp_path / name), "--form", form, *asked]) == 0
    assert "1,000 synthetic events of 2 days, seed 1" in capsys.readouterr().err
    one, again, two = ({path.name: path for path in (tmp_path / name).iterdir()} for name in ("one", "again", "two"))
    assert sorted(one) == ["20240101.export.CSV.zip", "20240102.export.CSV.zip"]
    assert len(two) == 2 * 96
    assert {name: path.read_bytes() for name, path in one.items()} == {
        name: path.read_bytes() for name, path in again.items()
    }
    reading, events, rejects = all_of(one["20240101.export.CSV.zip"])
    assert (reading.form, len(events), len(rejects)) == ("GDELT 1.0, 58 columns", 500, 0)
    assert events["tags"].str.ends_with("; synthetic").all()
    assert events["event_id"].is_unique().all()
    assert events["event_date"].max() == DAY
    assert set(events["country"].to_list()) == {"AFG", "IRQ", "UKR"}
    parts = [all_of(path) for path in list(two.values())[:3]]
    assert all(reading.form == "GDELT 2.0, 61 columns" and rejects.is_empty() for reading, _, rejects in parts)


def test_some_rows_say_again_what_another_says() -> None:
    rows = gdelt_day(DAY, events=5_000)
    said = rows.select(pl.struct(pl.exclude("0")).is_duplicated())
    assert 0.05 < float(said.to_series().mean() or 0) < 0.4  # type: ignore[arg-type]


@pytest.mark.parametrize(("events", "form"), [(0, "1.0"), (10_000_001, "1.0"), (5, "3.0")])
def test_what_can_not_be_made_is_said(events: int, form: str) -> None:
    with pytest.raises(QuestionError):
        gdelt_day(DAY, events=events, form=form)


def test_the_command_says_what_it_can_not_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["gdelt", "--out", str(tmp_path), "--events", "0"])
    assert "0 rows" in capsys.readouterr().err
