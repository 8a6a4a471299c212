"""How long does an analyst wait for an answer? Every question of the catalogue on one world, asked with the process warm.

    python -m bench.interactive --events 2500000 --write

Prints a table as Markdown; with --write it goes into docs/benchmarks.md too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import asked, worlds
from bench.child import tell
from bench.page import put
from tocsin.catalogue import QUESTIONS, Asked, ask, open_desk
from tocsin.desk import read_desk
from tocsin.ingest import add

AIM_S = 0.3
PASSES = 3
PATIENCE_S = 60
"""A question that takes longer than this is not waited for."""
ARGUMENTS: dict[str, Asked] = {
    "agreement": Asked(against="source:Synthetic national newspaper"),
    "claims": Asked(windows=("later",)),
    "attribution": Asked(windows=("later",)),
    "initiator": Asked(windows=("later",)),
    "placement": Asked(group="militias", windows=("later",)),
}
"""Arguments without which a question is not asked. The reviewed layers are asked of a window; a map of spread incidents, which is refused
for so many places, of a group in a window."""


def folder_of(events: int) -> Path:
    return asked.folder_of(events) / "desk"


def prepare(events: int) -> None:
    """The world in a desk."""
    worlds.make(events)
    add(read_desk(folder_of(events)), asked.folder_of(events) / "events.parquet")


def one(question: str, events: int) -> None:
    """Tell the seconds of a question: the first time in the process, then each time on a desk opened anew, so that nothing counted is kept;
    and once more on the last of these, with what was counted for it."""
    arguments = ARGUMENTS.get(question, Asked())
    seconds, kept = [], 0.0
    for _ in range(1 + PASSES):
        with open_desk(folder_of(events)) as subject:
            started = time.perf_counter()
            ask(subject, question, arguments)
            seconds.append(time.perf_counter() - started)
            started = time.perf_counter()
            ask(subject, question, arguments)
            kept = time.perf_counter() - started
    tell(first_s=seconds[0], warm_s=seconds[1:], kept_s=kept)


def measured(question: str, events: int) -> str:
    """A line of the table."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.interactive", "--one", question, "--events", str(events)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return f"| {question} | over {PATIENCE_S} | – | – | no |"
    if done.returncode:
        raise SystemExit(f"{question} failed:\n{done.stderr[-3000:]}")
    facts = json.loads(done.stdout.splitlines()[-1])
    warm = statistics.median(facts["warm_s"])
    met = "yes" if warm < AIM_S else "no"
    return f"| {question} | {facts['first_s']:.2f} | {warm:.2f} | {facts['kept_s']:.2f} | {met} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.interactive", description="Every question, warm.")
    parser.add_argument("--events", type=int, default=2_500_000)
    parser.add_argument("--one", choices=[each.name for each in QUESTIONS])
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    given = parser.parse_args()
    if given.one:
        one(given.one, given.events)
        return
    prepare(given.events)
    lines = [
        f"| question, on {given.events:,} events | first time, s | again, desk opened anew, s | again, counts kept, s | under {AIM_S} s |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for each in QUESTIONS:
        print(each.name, file=sys.stderr, flush=True)
        lines.append(measured(each.name, given.events))
    load = os.getloadavg()[0]
    table = "\n".join([*lines, "", f"Medians of {PASSES}; load of the machine at the end: {load:.1f}."])
    print(table)
    if given.write:
        put(table, name="interactive")


if __name__ == "__main__":
    main()
