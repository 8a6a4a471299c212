"""Tocsin's side: load a file into a desk, and ask the desk for the numbers of its seven figures."""

from __future__ import annotations

import argparse
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

from bench import asked, where
from bench.child import cpu_seconds, passes, peak_mb, tell, timed
from bench.same import Numbers, keep
from tocsin.catalogue import Answer, ask, asked_of, figures_of, open_desk
from tocsin.desk import Desk, read_desk
from tocsin.ingest import add


def load(events: int, file: str) -> None:
    """Load the file into an empty desk."""
    desk = _emptied(events)
    added, seconds = timed(lambda: add(desk, asked.folder_of(events) / file))
    tell(
        ended=time.monotonic(),
        cpu_s=cpu_seconds(),
        peak_mb=peak_mb(),
        first_s=seconds,
        events=added.vintage.events,
        store_mb=_size_mb(desk.memory / "store.duckdb"),
        kept_mb=_size_mb(*(desk.memory / "files").iterdir()),
    )


def profile_load(events: int, file: str) -> None:
    """Load the file once more, under a profiler."""
    desk = _emptied(events)
    parts = where.of_load(lambda: add(desk, asked.folder_of(events) / file))
    tell(parts=parts)


def numbers(events: int, warm: int) -> None:
    """The numbers of the seven figures, once and then `warm` times more in the same process."""
    found, facts = passes(lambda parts: _numbers(asked.folder_of(events) / "desk", parts), warm=warm)
    keep(found, asked.folder_of(events), side="tocsin")
    tell(**facts)


def profile_numbers(events: int) -> None:
    """A warm pass under a profiler."""
    folder = asked.folder_of(events) / "desk"
    _numbers(folder, {})
    tell(parts=where.of_numbers(lambda: _numbers(folder, {})))


def _numbers(folder: Path, parts: dict[str, float]) -> Numbers:
    started = time.perf_counter()
    with open_desk(folder) as subject:
        parts["opening"] = time.perf_counter() - started
        answers: dict[str, Answer] = {}
        for figure in figures_of(subject.desk):
            arguments = asked_of(figure)
            if figure.id == asked.BY_UNIT:
                arguments = replace(arguments, level="unit_code")
            answers[figure.id], parts[figure.id] = timed(
                lambda figure=figure, arguments=arguments: ask(subject, figure.question, arguments)  # type: ignore[misc]
            )
    return Numbers(
        tables={name: answer.table for name, answer in answers.items()},
        left_out={name: _left_out(answer) for name, answer in answers.items()},
    )


def _left_out(answer: Answer) -> tuple[int, int]:
    """How many incidents the answer says that it left out, and of how many."""
    for note in answer.notes:
        told = re.match(r"Left out: ([\d,]+) of ([\d,]+) incidents", note)
        if told:
            return int(told[1].replace(",", "")), int(told[2].replace(",", ""))
    return 0, 0


def _emptied(events: int) -> Desk:
    desk = read_desk(asked.folder_of(events) / "desk")
    shutil.rmtree(desk.memory, ignore_errors=True)
    return desk


def _size_mb(*paths: Path) -> float:
    return sum(path.stat().st_size for path in paths) / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["load", "numbers", "profile-load", "profile-numbers"])
    parser.add_argument("events", type=int)
    parser.add_argument("--file", default="events.csv")
    parser.add_argument("--warm", type=int, default=0)
    given = parser.parse_args()
    if given.work == "load":
        load(given.events, given.file)
    elif given.work == "profile-load":
        profile_load(given.events, given.file)
    elif given.work == "profile-numbers":
        profile_numbers(given.events)
    else:
        numbers(given.events, given.warm)
