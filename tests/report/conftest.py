"""A small desk with synthetic events loaded, for reports that take no time."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from tocsin.desk import Desk, read_desk
from tocsin.ingest import add
from tocsin.simulate import world

HEAD = """\
title = "Afghanistan"
countries = ["AFG"]
"""
FIGURE = """
[[figures]]
id = "figure-1"
question = "weekly"
"""


def rewrite(desk: Desk, text: str) -> Desk:
    """The same desk with another desk.toml."""
    (desk.folder / "desk.toml").write_text(text, encoding="utf-8")
    return read_desk(desk.folder)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loaded")
    (folder / "desk.toml").write_text(HEAD + FIGURE, encoding="utf-8")
    world(events=2000, seed=3, countries=["AFG"]).write_csv(folder / "acled.csv")
    add(read_desk(folder), folder / "acled.csv", dated=dt.date(2022, 8, 1))
    return folder


@pytest.fixture
def desk(loaded: Path, tmp_path: Path) -> Desk:
    shutil.copytree(loaded, tmp_path / "desk")
    return read_desk(tmp_path / "desk")
