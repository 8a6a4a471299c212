"""A build leaves a whole output or the last good one: killed, twice at once, or of data that can not give it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.conftest import FIGURE, HEAD, rewrite
from tocsin.desk import Desk
from tocsin.errors import QuestionError, StoreBusyError
from tocsin.report import build
from tocsin.report.build import _held
from tocsin.schema import ended

KILLED = """\
import os, signal, sys
from pathlib import Path
from tocsin.desk import read_desk
from tocsin.report import build

rename = Path.rename

def killed(path, target):
    if path.name == "out" and path.parent.name.startswith(".out-"):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)

Path.rename = killed
build(read_desk(Path(sys.argv[1])))
"""


def put_aside(desk: Desk) -> list[str]:
    return [path.name for path in desk.folder.glob(".out-*")]


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
    for name, part in ((".out-early", "out"), (".out-late", "old")):
        (desk.folder / name / part).mkdir(parents=True)
    assert build(desk).page == page
    assert page.read_text(encoding="utf-8") != "the last good one"
    assert put_aside(desk) == []


def test_two_builds_at_once_do_not_touch_each_other(desk: Desk) -> None:
    with _held(desk):
        (desk.folder / ".out-other" / "out").mkdir(parents=True)
        with pytest.raises(StoreBusyError, match="being built already"):
            build(desk)
        assert put_aside(desk) == [".out-other"]
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
