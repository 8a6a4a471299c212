"""A desk of a few made-up events, so that every number can be worked out by hand."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sources.acled_rows import EVENT, Row
from tocsin.desk import read_desk
from tocsin.findings.opening import Opened, open_findings
from tocsin.ingest import add
from tocsin.schema import Span

DESK = """\
title = "Afghanistan"
countries = ["AFG"]
compare = ["before", "after"]
[definition]
average_weeks = 2
[windows]
before = { first = 2021-01-04, last = 2021-03-07 }
after = { first = 2021-04-05, last = 2021-06-06 }
[groups.front]
label = "The Front"
actors = ["Made-up Front"]
"""

MONDAY = dt.date(2021, 1, 4)


def rows_of(weekly: list[int], *, first: dt.date = MONDAY) -> list[Row]:
    """So many events in each week, from the week of `first` on, in Kunar; the ids say the week and the number."""
    made = []
    for week, events in enumerate(weekly):
        for number in range(events):
            day = first + dt.timedelta(days=7 * week + number % 7)
            made.append({**EVENT, "event_id_cnty": f"AFG{week:02d}{number:02d}", "event_date": day.isoformat()})
    return made


DAYS = Span(MONDAY, dt.date(2021, 6, 6))
# Nine weeks of 10 (before), four of 3, nine of 2 (after).
WEEKS = [10] * 9 + [3] * 4 + [2] * 9


def write_rows(path: Path, rows: list[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with a first vintage of 1 July 2021."""
    folder = tmp_path_factory.mktemp("loaded")
    (folder / "desk.toml").write_text(DESK, encoding="utf-8")
    file = write_rows(folder / "first.csv", rows_of(WEEKS))
    add(read_desk(folder), file, dated=dt.date(2021, 7, 1), covers=DAYS)
    return folder


@pytest.fixture
def folder(loaded: Path, tmp_path: Path) -> Path:
    """A copy of that desk, to be changed."""
    shutil.copytree(loaded, tmp_path / "desk")
    return tmp_path / "desk"


Opener = Callable[[str], Opened]


@pytest.fixture
def opened(folder: Path) -> Iterator[Opener]:
    """Open the desk with findings as written."""
    stack = []

    def give(text: str) -> Opened:
        (folder / "findings.toml").write_text(text, encoding="utf-8")
        context = open_findings(folder)
        stack.append(context)
        return context.__enter__()

    yield give
    for context in stack:
        context.__exit__(None, None, None)
