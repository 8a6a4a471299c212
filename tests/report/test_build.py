"""A build leaves a whole output or the last good one: killed, twice at once, or of data that can not give it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.conftest import FIGURE, HEAD, rewrite
from tocsin.desk import Desk
from tocsin.errors import FindingError, QuestionError, StoreBusyError, StoreError
from tocsin.report import build
from tocsin.report import manifest as pinning
from tocsin.report.build import held
from tocsin.schema import ended

KILLED = """\
import os, signal, sys
from pathlib import Path
from tocsin.desk import read_desk
from tocsin.report import build

rename = Path.rename

def killed(path, target):
    if path.name == "new" and path.parent.name.startswith(".out-"):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)

Path.rename = killed
build(read_desk(Path(sys.argv[1])))
"""


def put_aside(desk: Desk) -> list[str]:
    return [path.name for path in desk.folder.glob(".out-tocsin-*")]


def last_good(desk: Desk) -> Path:
    (desk.folder / "out").mkdir()
    page = desk.folder / "out" / "report.html"
    page.write_text("the last good one", encoding="utf-8")
    return page


@pytest.mark.slow
def test_a_build_killed_between_the_two_renames_loses_nothing(desk: Desk) -> None:
    page = last_good(desk)
    done = subprocess.run([sys.executable, "-c", KILLED, desk.folder], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not page.exists()
    assert len(put_aside(desk)) == 1
    with pytest.raises(QuestionError, match="cover no day"):
        build(rewrite(desk, HEAD.replace("AFG", "SYR")))
    assert page.read_text(encoding="utf-8") == "the last good one"
    assert put_aside(desk) == []


def test_what_killed_builds_left_is_cleared_away(desk: Desk) -> None:
    page = last_good(desk)
    for name, part in ((".out-tocsin-early", "new"), (".out-tocsin-late", "old")):
        (desk.folder / name / part).mkdir(parents=True)
    assert build(desk).page == page
    assert page.read_text(encoding="utf-8") != "the last good one"
    assert put_aside(desk) == []


def test_two_builds_at_once_do_not_touch_each_other(desk: Desk) -> None:
    with held(desk.folder, out=desk.folder / "out"):
        (desk.folder / ".out-tocsin-other" / "new").mkdir(parents=True)
        with pytest.raises(StoreBusyError, match="being built already"):
            build(desk)
        assert put_aside(desk) == [".out-tocsin-other"]
    assert build(desk).figures == ("figure-1",)


def test_a_figure_that_can_not_be_made_is_told_with_its_reason(desk: Desk) -> None:
    lost = (
        '[groups.x]\nlabel = "X"\nactors = ["Nobody"]\n[[figures]]\nid = "figure-2"\nquestion = "weekly"\ngroup = "x"\n'
    )
    built = build(rewrite(desk, HEAD + FIGURE + lost))
    assert built.figures == ("figure-1",)
    assert [name for name, _ in built.failed] == ["figure-2"]
    assert "no actor" in built.failed[0][1]
    assert "no actor" in built.page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"), [("for internal use", "for internal use."), ("CC BY 4.0.", "CC BY 4.0."), (" As is. ", "As is.")]
)
def test_somebodys_words_end_with_one_full_stop(words: str, said: str) -> None:
    assert ended(words) == said


def test_a_named_folder_gets_the_output_and_the_last_one_in_it_is_replaced(desk: Desk, tmp_path: Path) -> None:
    page = last_good(desk)
    out = tmp_path / "given" / "away"
    (tmp_path / "given" / ".away-of-mine").mkdir(parents=True)
    assert build(desk, out=out).page == out / "report.html"
    (out / "figures" / "figure-1.csv").write_text("an old one")
    build(desk, out=out)
    assert (out / "figures" / "figure-1.csv").read_text() != "an old one"
    assert sorted(each.name for each in out.parent.iterdir()) == [".away-of-mine", "away"]
    assert page.read_text(encoding="utf-8") == "the last good one"


@pytest.mark.parametrize("name", ["letters", "."])
def test_a_folder_that_holds_something_else_is_left_alone(desk: Desk, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    out.mkdir(exist_ok=True)
    (out / "manifest.json").write_text("{}")
    (out / "letter.txt").write_text("Dear")
    with pytest.raises(StoreError, match="no report has written"):
        build(desk, out=out)
    assert (out / "letter.txt").read_text() == "Dear"


def test_a_desk_without_findings_has_a_manifest_too(desk: Desk) -> None:
    built = build(desk)
    pinned = pinning.read(built.page.with_name("manifest.json"))
    assert pinned.findings == {}
    assert [each.file for each in pinned.vintages] == ["acled.csv"]
    assert list(pinned.inputs) == ["desk.toml"]
    assert pinning.verify(pinned, desk=desk.folder, out=built.page.parent) == []
    # All but the figures as PDF, which say when they were drawn.
    made = {each.relative_to(built.page.parent).as_posix() for each in built.page.parent.rglob("*") if each.is_file()}
    assert made - set(pinned.outputs) == {"manifest.json", "figures/figure-1.pdf"}


def test_all_that_a_manifest_pins_comes_out_the_same_each_time(desk: Desk) -> None:
    path = build(desk).page.with_name("manifest.json")
    before = path.read_bytes()
    build(desk)
    assert path.read_bytes() == before


def test_a_desk_that_is_edited_while_its_report_is_built_is_not_pinned(desk: Desk) -> None:
    page = last_good(desk)

    def edit(_: str) -> None:
        (desk.folder / "desk.toml").write_text(HEAD, encoding="utf-8")

    with pytest.raises(FindingError, match=r"desk\.toml changed while the report was built"):
        build(desk, progress=edit)
    assert page.read_text(encoding="utf-8") == "the last good one"
