"""What is in a file is read by a person and never obeyed by the terminal; JSON loses nothing of it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import run
from tocsin.report.export import as_json, harmless
from tocsin.simulate import world
from tocsin.visible import escaped, visible

NAME = "Front \x1b[31mred\x9b5m \x07\u202eback"
ACTING = ("\x1b", "\x9b", "\x07", "\u202e")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    run("new", "afghanistan", "--country", "AFG", folder=tmp_path)
    return tmp_path / "afghanistan"


@pytest.mark.slow
def test_names_notes_and_file_names_do_not_act_on_the_terminal(desk: Path) -> None:
    rows = world(events=40, seed=3, countries=["AFG"]).cast(pl.String)
    rows = rows.with_columns(
        actor1=pl.lit(NAME),
        event_type=pl.when(pl.arange(0, 40) == 3).then(pl.lit("Bat\x1b[5mtles")).otherwise("event_type"),
    )
    rows.write_csv(desk / "a\x1b[2J.csv")
    told = run("add", "a\x1b[2J.csv", folder=desk)
    shown = [told.err, run("rejects", folder=desk).out, run("vintages", folder=desk).out]
    shown += [run("rejects", "--format", "csv", folder=desk).out, run("rejects", "--format", "json", folder=desk).out]
    with (desk / "desk.toml").open("a") as settings:
        settings.write('[groups.f]\nlabel = "F"\nactors = ["Front*"]\n')
    table = run("table", "actors", "--group", "f", folder=desk)
    raw = run("event", rows["event_id_cnty"][0], folder=desk).out
    shown += [table.out, table.err, raw]
    for text in shown:
        assert not [each for each in ACTING if each in text]
    assert "Front \\x1b[31mred" in table.out
    assert "a\\x1b[2J.csv" in told.err
    assert "Bat\\x1b[5mtles" in shown[1]
    assert json.loads(raw)[0]["actor1"] == NAME
    answer = json.loads(run("table", "actors", "--format", "json", folder=desk).out)
    assert NAME in {row["actor"] for row in answer["rows"]}


def test_errors_do_not_act_on_the_terminal(desk: Path) -> None:
    said = run("add", "no\x1b[2J.csv", folder=desk, code=1).err
    assert "\x1b" not in said
    assert "no\\x1b[2J.csv" in said


def test_a_file_name_of_another_encoding_is_shown() -> None:
    assert visible("a\udcff.csv") == "a\\udcff.csv"
    assert json.loads(as_json("a\udcff.csv")) == "a\udcff.csv"
    as_json("a\udcff.csv").encode()


def test_lines_stay_where_they_are_wanted() -> None:
    assert visible("a\n\tb\r\n", lines=True) == "a\n\tb\\r\n"
    assert visible("a\n\tb") == "a\\n\\tb"
    # Letters that join or part other letters are not commands.
    assert visible("می\u200cخواهم") == "می\u200cخواهم"


@given(st.text())
def test_nothing_is_lost_in_json_and_nothing_of_it_acts(text: str) -> None:
    written = as_json([text])
    assert json.loads(written) == [text]
    assert visible(written, lines=True) == written
    assert escaped(written) == written


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_no_cell_of_a_spreadsheet_acts(text: str) -> None:
    cell = harmless(pl.DataFrame({"a": [text, None]}))["a"][0]
    assert visible(cell, lines=True) == cell
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\n"))


def test_a_table_is_shown_as_text_is_whatever_the_letter() -> None:
    letters = [chr(code) for code in range(0x3000)]
    texts = [f"a{letter}b" for letter in letters]
    assert harmless(pl.DataFrame({"text": texts}))["text"].to_list() == [visible(text, lines=True) for text in texts]
