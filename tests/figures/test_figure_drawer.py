"""Figures drawn in a process of their own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tocsin.errors import StoreError
from tocsin.figures.drawer import DRAWN, Drawer
from tocsin.figures.fixed import words
from tocsin.figures.write import script, write


def specified(folder: Path, name: str) -> Path:
    path = folder / f"{name}.json"
    write(words([name], x=0, y=0), path)
    return path


def test_it_draws_what_this_process_would_draw(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    with Drawer() as drawer:
        for name in ("one", "two"):
            drawer.draw(specified(there, name))
        drawer.script(there / "figures.js")
        drawer.wait()
    for name in ("one", "two"):
        write(words([name], x=0, y=0), *(here / f"{name}{form}" for form in DRAWN))
        for form in set(DRAWN) - {".pdf"}:  # which says when it was drawn
            assert (there / f"{name}{form}").read_bytes() == (here / f"{name}{form}").read_bytes()
        assert (there / f"{name}.pdf").read_bytes().startswith(b"%PDF-")
    assert (there / "figures.js").read_text("utf-8") == script()


def test_a_picture_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    path = specified(tmp_path, "one")
    (tmp_path / "one.png").mkdir()
    with Drawer() as drawer:
        drawer.draw(path)
        with pytest.raises(StoreError, match=r"can not be written") as told:
            drawer.wait()
    assert told.value.where == str(tmp_path / "one.png")


def test_a_process_that_is_killed_is_told(tmp_path: Path) -> None:
    path = specified(tmp_path, "one")
    with Drawer() as drawer:
        os.kill(drawer._process.pid, signal.SIGKILL)
        drawer.draw(path)
        with pytest.raises(StoreError, match=r"ended with -9 before it had drawn") as told:
            drawer.wait()
    assert told.value.where == str(path)


def test_it_ends_with_the_work_that_wanted_it(tmp_path: Path) -> None:
    def interrupted(drawer: Drawer) -> None:
        with drawer:
            drawer.draw(specified(tmp_path, "one"))
            raise KeyboardInterrupt

    drawer = Drawer()
    with pytest.raises(KeyboardInterrupt):
        interrupted(drawer)
    assert drawer._process.poll() is not None


def test_nothing_of_the_folder_where_the_command_was_given_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vl_convert.py").write_text("raise SystemExit('run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with Drawer() as drawer:
        drawer.draw(specified(tmp_path, "one"))
        drawer.wait()
    assert (tmp_path / "one.svg").exists()
