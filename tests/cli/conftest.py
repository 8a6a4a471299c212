"""The command line as a person uses it: its words, its streams and its exit code."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tocsin.cli import main

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "ucdp_ged"
SYRIA = SHARED / "syria_2016_2019.csv"


@dataclass(frozen=True)
class Ran:
    out: str
    err: str


def run(*words: str | Path, folder: Path, code: int = 0) -> Ran:
    """Run `tocsin` in a folder and hold it to an exit code; in this process, since a new one takes seconds to import all."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(sys, "argv", ["tocsin", *map(str, words)])
        patched.setenv("COLUMNS", "200")
        ended = 0
        try:
            main()
        except SystemExit as stop:
            ended = int(stop.code or 0)
    said = Ran(*(stream.buffer.getvalue().decode() for stream in (out, err)))
    assert ended == code, said.err
    return said


@pytest.fixture(scope="session")
def syria(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with the real file loaded."""
    if not SYRIA.exists():
        pytest.skip("real data are not here: ../shared/data/ucdp_ged/syria_2016_2019.csv")
    folder = tmp_path_factory.mktemp("desks")
    run("new", "syria", "--country", "SYR", folder=folder)
    run("add", SYRIA, folder=folder / "syria")
    with (folder / "syria" / "desk.toml").open("a") as desk:
        desk.write('\n[groups.IS]\nlabel = "Islamic State"\nactors = ["IS"]\n')
    return folder / "syria"
