"""Review in the terminal: accept, say, skip, undo, leave and come back; and what is told of a file spoilt by hand."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, run
from tocsin.layers.file import read_file
from tocsin.store import open_store

HEADER = (
    "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,assoc_actor_1,inter1,actor2,"
    "assoc_actor_2,inter2,interaction,civilian_targeting,iso,region,country,admin1,admin2,admin3,location,latitude,longitude,"
    "geo_precision,source,source_scale,notes,fatalities,tags,timestamp\n"
)
ARMY, NOBODY = "Military Forces of Afghanistan (2021-)", "Unidentified Armed Group (Afghanistan)"


def line(number: int, day: str, actor: str, note: str) -> str:
    return (
        f"MADE{number},{day},2021,1,Political violence,Battles,Armed clash,{actor},,Rebel group,{ARMY},,State forces,"
        f"State forces-Rebel group,,4,Caucasus and Central Asia,Afghanistan,Kabul,Kabul,Kabul,Kabul,34.5167,69.1833,1,"
        f'Made-up daily,National,"{note}",2,,1650000000\n'
    )


ROWS = [
    line(1, "2021-09-01", NOBODY, "Made up. A post was attacked. The MUF claimed responsibility."),
    line(2, "2021-09-02", NOBODY, "Made up. No group claimed responsibility. \x1b[31mRed\u202e"),
    line(3, "2021-09-03", "MUF: Made-Up Front", "Made up. The army was ambushed by the MUF, which denied involvement."),
    line(4, "2021-09-04", "MUF: Made-Up Front", "Made up. Fighting took place."),
]
DESK = """title = "Made up"
countries = ["AFG"]
[groups.muf]
label = "MUF"
actors = ["MUF: Made-Up Front"]
[windows.early]
first = 2021-09-01
last = 2021-09-02
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "desk.toml").write_text(DESK)
    (tmp_path / "events.csv").write_text(HEADER + "".join(ROWS))
    run("add", "events.csv", "--dated", "2022-01-01", folder=tmp_path)
    return tmp_path


def typed(desk: Path, *words: str, says: str, code: int = 0) -> Ran:
    """`tocsin review` with lines typed at its prompt."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", io.StringIO(says))
        patched.delenv("TOCSIN_REVIEWER", raising=False)
        return run("review", *words, folder=desk, code=code)


def kinds(desk: Path, reviewer: str = "ana", layer: str = "attribution") -> dict[str, list[str]]:
    file = read_file(desk / "review" / f"{layer}.{reviewer}.csv", layer)
    return {each[0].event_id: [said.kind for said in each] for each in file.decisions}


def test_accept_say_skip_and_leave(desk: Path) -> None:
    ran = typed(desk, "attribution", "--reviewer", "ana", says="a B2 2021-09-02 in: channel\nh\nnonsense\ni\ns\nq\n")
    assert kinds(desk) == {"MADE1": ["claim"], "MADE2": ["unidentified"]}
    assert "Proposed: claim MUF (claimed: “The MUF claimed responsibility”)" in ran.out
    assert "4 left · MADE1 · 2021-09-01" in ran.out
    assert "\x1b" not in ran.out
    assert "\\x1b[31mRed\\u202e" in ran.out
    assert '"nonsense" is not understood' in ran.err
    assert "2 decisions of ana: " in ran.err
    # What does not come from a terminal is shown as a terminal would show it, each on its line.
    assert "\n> a B2 2021-09-02 in: channel\n" in ran.out
    assert "\n> q\n" in ran.out
    (claim,) = read_file(desk / "review" / "attribution.ana.csv", "attribution").decisions[0]
    assert (claim.party, claim.grade, str(claim.said_date), claim.published) == ("MUF", "B2", "2021-09-02", "channel")
    assert (claim.rule, claim.words, claim.drawn) == ("claimed", "The MUF claimed responsibility", "")
    assert str(claim.data_date) == "2022-01-01"


def test_what_was_decided_is_not_asked_again(desk: Path) -> None:
    typed(desk, "attribution", "--reviewer", "ana", says="a\n")
    again = typed(desk, "attribution", "--reviewer", "ana", says="q\n")
    assert "3 left · MADE2" in again.out
    assert "MADE1" not in again.out
    assert "ana has made 1 decision," in again.err
    assert "4 left · MADE1" in typed(desk, "attribution", "--reviewer", "ben", says="").out


def test_while_somebody_reviews_others_can_load(desk: Path) -> None:
    class Waiting:
        """What is typed comes after the store was opened for writing."""

        def readline(self) -> str:
            with open_store(desk / ".tocsin", write=True, wait_seconds=0):
                return "q\n"

        def isatty(self) -> bool:
            return False

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", Waiting())
        run("review", "attribution", "--reviewer", "ana", folder=desk)


def test_undo_takes_back_and_asks_again_in_this_sitting_and_in_the_next(desk: Path) -> None:
    here = typed(desk, "attribution", "--reviewer", "ana", says="a\ni\nu\nx\nq\n")
    assert kinds(desk) == {"MADE1": ["claim"], "MADE2": ["undecided"]}
    assert "Taken back: MADE2 (unidentified)." in here.err
    later = typed(desk, "attribution", "--reviewer", "ana", says="u\nu\nu\nq\n")
    assert kinds(desk) == {}
    assert "Taken back: MADE2 (undecided), of " in later.err
    assert "Taken back: MADE1 (claim MUF), of " in later.err
    assert "There is nothing to undo" in later.err
    # A decision made anew comes back as it was before.
    typed(desk, "attribution", "--reviewer", "ana", "--event", "MADE1", says="c 1\n")
    typed(desk, "attribution", "--reviewer", "ana", "--event", "MADE1", says="i\nu\n")
    typed(desk, "attribution", "--reviewer", "ana", "--event", "MADE1", says="i\n")
    assert kinds(desk) == {"MADE1": ["unidentified"]}


def test_at_the_end_the_last_can_still_be_taken_back(desk: Path) -> None:
    ran = typed(desk, "attribution", "--reviewer", "ana", "--window", "early", says="s\ni\nnonsense\nu\nx\n\n")
    assert kinds(desk) == {"MADE2": ["undecided"]}
    assert ran.err.count("That was the last one (1 skipped: asked again when you start anew). u: take back") == 2
    assert "1 decision of ana" in ran.err
    left = typed(desk, "attribution", "--reviewer", "ana", "--window", "early", says="a\nq\n")
    assert "1 left · MADE1" in left.out
    done = typed(desk, "attribution", "--reviewer", "ana", "--window", "early", says="")
    assert "Nothing is left to review here. To decide an event anew: --event ID." in done.err
    anew = typed(desk, "attribution", "--reviewer", "ana", "--event", "MADE2", says="q\n")
    assert "undecided" in anew.out.partition("You said on ")[2]


def test_where_nothing_happened_it_is_not_said_that_notes_are_lacking(desk: Path) -> None:
    (desk / "desk.toml").write_text(DESK.replace("2021-09-02", "2021-09-01").replace("2021-09-01", "2020-01-01"))
    ran = typed(desk, "attribution", "--reviewer", "ana", "--window", "early", "--sample", "3", says="")
    assert "No incident is counted here, 1 January 2020 – 1 January 2020" in ran.err
    assert "note" not in ran.err
    assert not (desk / "review").exists()


def test_several_statements_and_the_initiator(desk: Path) -> None:
    typed(desk, "attribution", "--reviewer", "ana", "--event", "MADE3", says='c 1; d "Some Group" by: its spokesman\n')
    assert kinds(desk) == {"MADE3": ["claim", "denial"]}
    ran = typed(desk, "initiator", "--reviewer", "ana", "--event", "MADE3", says="a\n")
    assert "Proposed: began MUF: Made-Up Front (done by: “ambushed by the muf”)".casefold() in ran.out.casefold()
    assert kinds(desk, layer="initiator") == {"MADE3": ["began"]}


def test_a_random_sample_is_the_same_for_two_and_its_draw_is_told(desk: Path) -> None:
    for name, says in (("ana", "x\ni\n"), ("ben", "x\nn\n")):
        drawn = typed(desk, "attribution", "--reviewer", name, "--sample", "2", "--seed", "9", says=says)
        assert "Drawn: 2 of 4 incidents, 1 September 2021 – 4 September 2021." in drawn.err
    assert list(kinds(desk)) == list(kinds(desk, "ben"))
    file = read_file(desk / "review" / "attribution.ana.csv", "attribution")
    assert {each[0].drawn for each in file.decisions} == {"d1"}
    (draw,) = file.draws
    assert (draw.seed, draw.asked, draw.incidents, draw.group, draw.countries) == (9, 2, 4, "", ("AFG",))
    typed(desk, "attribution", "--reviewer", "ana", "--event", list(kinds(desk))[1], says="n\n")
    file = read_file(desk / "review" / "attribution.ana.csv", "attribution")
    assert [each[0].drawn for each in file.decisions] == ["d1", "d1"]
    status = typed(desk, "status", says="")
    assert "ana and ben: 2 events decided by both (0 by ana alone, 0 by ben alone), 100% alike" in status.out
    assert "too few for a kappa, which needs 30." in status.out
    assert "ana, draw d1 (seed 9): 2 decided of 2 drawn from 4 incidents, 1 September 2021" in status.out
    told = json.loads(typed(desk, "status", "--json", says="").out)
    assert told["attribution"]["agreement"][0]["events"] == 2
    assert told["attribution"]["agreement"][0]["kappa"] is None
    again = typed(desk, "attribution", "--reviewer", "ana", "--sample", "2", "--seed", "9", says="")
    assert "Nothing is left to review here" in again.err


def test_a_sample_of_a_window_is_no_sample_of_the_whole(desk: Path) -> None:
    typed(desk, "attribution", "--reviewer", "ana", "--window", "early", "--sample", "9", says="i\ni\n")
    told = (desk / "review" / "attribution.ana.draws.toml").read_text()
    assert "first = 2021-09-01\nlast = 2021-09-02\n" in told
    assert "asked = 2\nincidents = 2\n" in told
    with (desk / "desk.toml").open("a") as more:
        more.write("[windows.all]\nfirst = 2021-09-01\nlast = 2021-09-04\n")
    ran = run("table", "attribution", "--window", "all", folder=desk)
    assert "2 of 4 incidents could not come up in what was drawn (2 incidents, 1 September 2021" in ran.err
    (desk / "review" / "attribution.ana.draws.toml").unlink()
    assert "attribution.ana.draws.toml does not tell what they were drawn from" in typed(desk, "status", says="").out


def test_a_window_and_a_group_narrow_what_is_read(desk: Path) -> None:
    assert "2 to review" in typed(desk, "attribution", "--reviewer", "ana", "--window", "early", says="").err
    assert "2 to review" in typed(desk, "attribution", "--reviewer", "ana", "--group", "muf", says="").err
    assert "Did you mean" in typed(desk, "attribution", "--reviewer", "ana", "--group", "mvf", says="", code=1).err


def test_withdrawn_and_changed_events_are_flagged_and_kept(desk: Path) -> None:
    typed(desk, "attribution", "--reviewer", "ana", says="a\ni\n")
    changed = [line(2, "2021-09-02", NOBODY, "Made up anew."), *ROWS[2:]]
    (desk / "later.csv").write_text(HEADER + "".join(changed))
    run("add", "later.csv", "--dated", "2022-02-01", "--complete", "--covers", "2021-09-01..2021-09-04", folder=desk)
    status = typed(desk, "status", says="")
    assert "Flagged, no longer in the data (withdrawn since): MADE1" in status.out
    assert "Flagged, changed since it was read: MADE2" in status.out
    assert list(kinds(desk)) == ["MADE1", "MADE2"]
    gone = typed(desk, "attribution", "--reviewer", "ana", "--event", "MADE1", says="", code=1).err
    assert 'has no event "MADE1"' in gone
    assert "It was withdrawn since you decided it: claim MUF. The decision is kept" in gone


def test_a_spoilt_file_is_refused_the_others_are_shown_and_nothing_is_written(desk: Path) -> None:
    typed(desk, "attribution", "--reviewer", "ana", says="a\n")
    typed(desk, "attribution", "--reviewer", "ben", says="a\n")
    path = desk / "review" / "attribution.ana.csv"
    path.write_text(path.read_text().replace(",claim,", ",klaim,"))
    before = path.read_bytes()
    status = typed(desk, "status", says="", code=1)
    assert "ben" in status.out
    assert 'attribution.ana.csv:2: kind "klaim" is no kind of the layer attribution' in status.err.replace("\n", "")
    assert 'Did you mean "claim" or' in status.err
    assert "Traceback" not in status.err
    typed(desk, "attribution", "--reviewer", "ana", says="a\n", code=1)
    assert path.read_bytes() == before


def test_what_can_not_be_done_is_said(desk: Path) -> None:
    assert "who reviews?" in typed(desk, "attribution", says="", code=1).err
    assert "can not be a reviewer's name" in typed(desk, "attribution", "--reviewer", "A. Nalyst", says="", code=1).err
    assert 'Did you mean "initiator"?' in typed(desk, "iniciator", says="", code=1).err


def test_data_without_notes_are_read_by_their_columns(desk: Path) -> None:
    bare = desk / "bare"
    bare.mkdir()
    (bare / "desk.toml").write_text(DESK)
    cut = [",".join(row.split('"')[0].split(",")[:-1]) + ",,2,,1650000000\n" for row in ROWS]
    (bare / "events.csv").write_text(HEADER + "".join(cut))
    run("add", "events.csv", folder=bare)
    ran = typed(bare, "attribution", "--reviewer", "ana", says="a\n")
    assert "The data have no notes" in ran.err
    assert "(no note)" in ran.out
    assert kinds(bare) == {"MADE1": ["unidentified"]}


def test_a_party_that_nobody_knows_is_pointed_out(desk: Path) -> None:
    typed(desk, "attribution", "--reviewer", "ana", says='c "MUF: Made-Up Frnt"\n')
    assert "is no group of the desk and no actor of the data. Did you mean" in typed(desk, "status", says="").out
