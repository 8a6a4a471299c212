"""A review file says back what was written, refuses what was spoilt by hand, and never loses what was there."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.world import reviewed_by, said
from tocsin.errors import DeskError, StoreError
from tocsin.layers.file import COLUMNS, file_of, one_line, read_file, read_layer, restored, with_decision, without_last
from tocsin.layers.statements import ATTRIBUTION, INITIATOR

TEXT = st.text(max_size=40).map(one_line)


@given(party=TEXT.filter(bool), said_by=TEXT, published=TEXT, words=TEXT)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, party: str, said_by: str, published: str, words: str
) -> None:
    folder = tmp_path_factory.mktemp("desk")
    day = dt.date(2021, 9, 3)
    more = {"said_by": said_by, "published": published, "words": words, "said_date": day, "grade": "B2", "drawn": "7"}
    decision = (said("e1", "claim", party, **more), said("e1", "denial", f"not {party}"))
    file = reviewed_by(folder, ATTRIBUTION, "ana", decision)
    assert read_file(file.path, ATTRIBUTION) == file
    assert file.decisions == (decision,)


def test_cells_that_a_spreadsheet_would_run_are_harmless(tmp_path: Path) -> None:
    decisions = [(said("=1+1", "claim", "@party", published=start + "SUM(A1)"),) for start in "=+-@"]
    for number, decision in enumerate(decisions):
        file = reviewed_by(tmp_path, ATTRIBUTION, f"r{number}", decision)
        line = file.path.read_text().splitlines()[1]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line.split(","))
        assert read_file(file.path, ATTRIBUTION).decisions[0][0].published == decision[0].published


def test_a_later_decision_takes_the_place_of_the_earlier_and_undo_takes_the_last(tmp_path: Path) -> None:
    file = reviewed_by(tmp_path, ATTRIBUTION, "ana", [said("e1", "unidentified")], [said("e2", "unclaimed")])
    before = file
    file = with_decision(file, (said("e1", "claim", "Front"),))
    assert [each[0].kind for each in file.decisions] == ["unclaimed", "claim"]
    file = restored(file, before)
    assert [each[0].kind for each in file.decisions] == ["unidentified", "unclaimed"]
    assert [each[0].event_id for each in without_last(file).decisions] == ["e1"]
    assert read_file(file.path, ATTRIBUTION).decisions[0][0].kind == "unidentified"


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    mine = reviewed_by(tmp_path, ATTRIBUTION, "ana", [said("e1", "unidentified")])
    reviewed_by(tmp_path, ATTRIBUTION, "ana", [said("e2", "unclaimed")])
    there = mine.path.read_bytes()
    with pytest.raises(StoreError, match='changed by somebody else while "ana" was reviewing'):
        with_decision(mine, (said("e3", "unclaimed"),))
    assert mine.path.read_bytes() == there


def put(column: str, value: str, *, line: int = 2) -> Callable[[str], str]:
    """Write a value into a column of a line."""

    def change(text: str) -> str:
        lines = text.splitlines()
        cells = lines[line - 1].split(",")
        cells[COLUMNS.index(column)] = value
        lines[line - 1] = ",".join(cells)
        return "\n".join(lines) + "\n"

    return change


BAD: list[tuple[Callable[[str], str], str, str, str]] = [
    (put("kind", "claimed"), ":2", 'kind "claimed" is no kind of the layer attribution', '"claim"'),
    (put("kind", "began"), ":2", 'kind "began" is no kind', "Known"),
    (put("grade", "Z9"), ":2", 'grade "Z9" is no grade', "A to F"),
    (put("party", ""), ":2", 'party "" is empty, but kind is "claim"', ""),
    (put("party", "Front", line=3), ":3", 'party "Front" is named, but kind is "unidentified"', ""),
    (put("said_date", "9.3.2021"), ":2", 'said_date "9.3.2021" is not a day, written 2021-09-15', ""),
    (put("reviewed_at", "yesterday"), ":2", 'reviewed_at "yesterday" is not an instant', ""),
    (put("data_date", ""), ":2", 'data_date "" is not a day', ""),
    (put("event_id", ""), ":2", 'event_id "" is empty', ""),
    (put("vintage", "latest"), ":2", 'vintage "latest" is not the first twelve figures', ""),
    (put("drawn", "Draw 1"), ":2", 'drawn "Draw 1" is not the id of a draw', "attribution.ana.draws.toml"),
    (put("reviewer", "ben"), ":2", 'reviewer "ben" is not "ana", whose file this is', "two under one name"),
    (put("event_id", "e1", line=3), ":3", 'event_id "e1" was decided before, in line 2, at another time', "two names"),
    (lambda text: text.replace("grade", "grades", 1), ":1", 'the column "grades" is not known', '"grade"'),
    (lambda text: text.replace("grade,", "", 1), ":1", "lacks the column grade", "event_id,dataset"),
    (lambda text: text.replace("grade,", "rule,", 1), ":1", 'the column "rule" is there twice', ""),
    (lambda text: text.replace(",", ";"), ":1", "is separated by semicolons", "with commas"),
    (lambda text: text + "e9,acled\n", ":4", "has 2 cells, but the first line names 16 columns", "quotation marks"),
    (lambda text: text + '"e9,acled\n', ":4", "can not be read as a table", "quotation mark"),
]


@pytest.mark.parametrize(("change", "place", "what", "step"), BAD, ids=[each[2][:40] for each in BAD])
def test_a_file_spoilt_by_hand_is_refused_with_its_place_and_nothing_is_written(
    tmp_path: Path, change: Callable[[str], str], place: str, what: str, step: str
) -> None:
    file = reviewed_by(
        tmp_path,
        ATTRIBUTION,
        "ana",
        [said("e1", "claim", "Front")],
        [said("e2", "unidentified", reviewed_at=dt.datetime(2022, 1, 2, tzinfo=dt.UTC))],
    )
    spoilt = change(file.path.read_text())
    file.path.write_text(spoilt)
    with pytest.raises(DeskError) as raised:
        read_layer(tmp_path, ATTRIBUTION)
    assert raised.value.where == f"{file.path}{place}"
    assert what in raised.value.what
    assert step in raised.value.next_step
    assert file.path.read_text() == spoilt


def test_what_a_spreadsheet_adds_does_no_harm(tmp_path: Path) -> None:
    file = reviewed_by(tmp_path, ATTRIBUTION, "ana", [said("e1", "claim", "Front")])
    file.path.write_bytes("\ufeff".encode() + file.path.read_bytes().replace(b"\n", b"\r\n") + b",,,,,,,,,,,,,,,\r\n")
    assert read_file(file.path, ATTRIBUTION).decisions == file.decisions


def test_what_is_no_text_and_names_that_are_none_are_said(tmp_path: Path) -> None:
    file = reviewed_by(tmp_path, ATTRIBUTION, "ana", [said("e1", "claim", "Front")])
    file.path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DeskError, match="UTF-8"):
        read_layer(tmp_path, ATTRIBUTION)
    file.path.unlink()
    (tmp_path / "review" / "attribution.Ana Two.csv").write_text("")
    with pytest.raises(DeskError, match='names the reviewer "Ana Two"'):
        read_layer(tmp_path, ATTRIBUTION)
    for name in ("", "../ana", "Ana", "a" * 41):
        with pytest.raises(DeskError, match="can not be a reviewer's name"):
            file_of(tmp_path, ATTRIBUTION, name)


def test_the_same_said_twice_and_what_does_not_go_together_are_refused(tmp_path: Path) -> None:
    file = reviewed_by(tmp_path, ATTRIBUTION, "ana", [said("e1", "claim", "Front")])
    line = file.path.read_text().splitlines()[1]
    whole = file.path.read_text()
    file.path.write_text(f"{whole}{line}\n")
    with pytest.raises(DeskError, match="line 2 says the same"):
        read_layer(tmp_path, ATTRIBUTION)
    file.path.write_text(whole + put("kind", "unidentified")(put("party", "")(whole)).splitlines()[1] + "\n")
    with pytest.raises(DeskError, match="stands alone"):
        read_layer(tmp_path, ATTRIBUTION)
    other = reviewed_by(tmp_path, INITIATOR, "ana", [said("e1", "began", "Front")])
    text = other.path.read_text()
    other.path.write_text(text + put("party", "League")(text).splitlines()[1] + "\n")
    with pytest.raises(DeskError, match="one party began it"):
        read_layer(tmp_path, INITIATOR)


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    busy = (
        "import sys, datetime as dt; from pathlib import Path\n"
        "from tocsin.layers.file import file_of, read_file, with_decision\n"
        "from tocsin.layers.statements import Statement\n"
        "file = read_file(file_of(Path(sys.argv[1]), 'attribution', 'ana'), 'attribution')\n"
        "for n in range(10**9):\n"
        "    said = Statement(f'e{n % 500}', 'acled', dt.date(2022, 1, 1), '0123456789ab', '0', 'claim', 'Front', reviewer='ana')\n"
        "    file = with_decision(file, (said,))\n"
    )
    path = tmp_path / "review" / "attribution.ana.csv"
    for wait in (0.05, 0.2, 0.35):
        started = subprocess.Popen([sys.executable, "-c", busy, str(tmp_path)])
        while not path.exists():
            time.sleep(0.02)
            assert started.poll() is None
        time.sleep(wait)
        os.kill(started.pid, signal.SIGKILL)
        started.wait()
        assert read_file(path, ATTRIBUTION).decisions
        path.unlink()


def test_statements_of_other_data_sets_are_kept_apart(tmp_path: Path) -> None:
    one, other = said("e1", "claim", "Front"), replace(said("e1", "unclaimed"), dataset="our-log")
    file = reviewed_by(tmp_path, ATTRIBUTION, "ana", [one], [other])
    assert file.of("acled") == ((one,),)
    assert file.of("our-log") == ((other,),)
