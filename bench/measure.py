"""Measure one size: each side in a process of its own, the sides by turns, so that noise falls on all of them alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.asked import OUT

LARGEST_REPEATED = 1_000_000
"""Larger files are loaded once, and are not given to pandas."""
WARM = 3
FILES = {"Parquet": "events.parquet", "CSV": "events.csv"}

Facts = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """What one size gave: for each side the facts of each run, in the order of the runs."""

    events: int
    loads: dict[str, list[Facts]]
    """"Parquet", "CSV", and "DuckDB, Parquet", "DuckDB, CSV"."""
    numbers: dict[str, list[Facts]]
    """"Tocsin", "SQL", "pandas", "careful"."""
    where_load: dict[str, dict[str, float]]
    """Seconds by stage, for Parquet and CSV."""
    where_numbers: dict[str, float]


def measure(events: int, *, repeats: int, say: Callable[[str], None]) -> Measured:
    """Make the files of a size, measure all sides, and hold their numbers to each other."""
    say(f"{events:,} events: making the files")
    run("bench.worlds", str(events))
    small = events <= LARGEST_REPEATED
    loads: dict[str, list[Facts]] = {}
    for turn in range(repeats if small else 1):
        for form, file in FILES.items():
            say(f"{events:,} events: load {turn + 1}, {form}")
            loads.setdefault(form, []).append(run("bench.tocsin_side", "load", str(events), "--file", file))
            loads.setdefault(f"DuckDB, {form}", []).append(run("bench.sql_side", "load", str(events), "--file", file))
    sides: dict[str, tuple[str, ...]] = {
        "Tocsin": ("bench.tocsin_side", "numbers"),
        "SQL": ("bench.sql_side", "numbers"),
    }
    rivals: dict[str, tuple[str, ...]] = (
        {"pandas": ("bench.pandas_side",), "careful": ("bench.pandas_side", "--careful")} if small else {}
    )
    numbers: dict[str, list[Facts]] = {}
    for turn in range(repeats):
        for side, words in sides.items():
            say(f"{events:,} events: numbers {turn + 1}, {side}")
            numbers.setdefault(side, []).append(run(*words, str(events), "--warm", str(WARM)))
        for side, words in rivals.items():
            say(f"{events:,} events: numbers {turn + 1}, {side}")
            numbers.setdefault(side, []).append(run(*words, str(events)))
    run("bench.same", str(events), "sql", *rivals)
    say(f"{events:,} events: all sides give the same numbers; where the time goes")
    where_numbers = run("bench.tocsin_side", "profile-numbers", str(events))["parts"]
    where_load = {
        form: run("bench.tocsin_side", "profile-load", str(events), "--file", file)["parts"]
        for form, file in FILES.items()
    }
    return Measured(events, loads, numbers, where_load, where_numbers)


def run(module: str, *words: str) -> Facts:
    """Run a side; give what it tells, with `whole_s`, the seconds from its start until it had done its first work.

    The parent imports nothing large: what it holds would be counted as the child's own memory.

    Raises:
        SystemExit: the side failed; with the end of what it said.
    """
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False, env=_environment()
    )
    if done.returncode:
        raise SystemExit(f"{module} {' '.join(words)} failed:\n{done.stderr[-3000:]}")
    lines = done.stdout.splitlines()
    facts: Facts = json.loads(lines[-1]) if lines else {}
    if "ended" in facts:
        facts["whole_s"] = facts["ended"] - started
    return facts


def prepare() -> None:
    """Start each side once, so that Python has compiled what it imports before anything is measured."""
    for module in ("bench.tocsin_side", "bench.sql_side", "bench.pandas_side"):
        subprocess.run(
            [sys.executable, "-m", module, "--help"], stdout=subprocess.DEVNULL, check=True, env=_environment()
        )


def _environment() -> dict[str, str]:
    """Compiled modules are kept, whatever the user's settings: else each start would compile all anew."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(OUT / "compiled")}


def warm(facts: Facts, part: str = "total_s") -> float:
    """The median seconds of a run's warm passes, in all or of a part."""
    return float(statistics.median(each[part] for each in facts["warm"]))
