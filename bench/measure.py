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
"""Larger files are loaded once, and are not given to pandas nor to a report of two hundred findings."""
WARM = 3
FILES = {"Parquet": "events.parquet", "CSV": "events.csv"}

Facts = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """What one size gave: for each side the facts of each run, in the order of the runs."""

    events: int
    loads: dict[str, list[Facts]]
    """"Parquet", "CSV", and "DuckDB, Parquet", "DuckDB, CSV"; "by hand, polars", "by hand, duckdb": CSV with the same checks."""
    numbers: dict[str, list[Facts]]
    """"Tocsin", "SQL", "polars", "pandas", "careful"."""
    findings: dict[str, list[Facts]]
    """"numbers", "ids", "report"; and "lists", "lists by SQL". Empty at a size for which they are not made."""
    where_load: dict[str, dict[str, float]]
    """Seconds by stage, for Parquet and CSV."""
    where_numbers: dict[str, float]
    where_report: dict[str, float]


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
        for engine in ("polars", "duckdb") if small else ():
            say(f"{events:,} events: load {turn + 1}, by hand with {engine}")
            loads.setdefault(f"by hand, {engine}", []).append(run("bench.loading_side", engine, str(events)))
    sides: dict[str, tuple[str, ...]] = {
        "Tocsin": ("bench.tocsin_side", "numbers"),
        "SQL": ("bench.sql_side", "numbers"),
        "polars": ("bench.polars_side",),
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
    run("bench.same", str(events), "sql", "polars", *rivals)
    findings = measure_findings(events, repeats=repeats, say=say) if small else {}
    say(f"{events:,} events: all sides give the same numbers; where the time goes")
    where_numbers = run("bench.tocsin_side", "profile-numbers", str(events))["parts"]
    # Under the profiler a load holds the whole file in memory.
    where_load = {
        form: run("bench.tocsin_side", "profile-load", str(events), "--file", file)["parts"]
        for form, file in (FILES if small else {}).items()
    }
    where_report = run("bench.findings_side", "profile", str(events))["parts"] if small else {}
    return Measured(events, loads, numbers, findings, where_load, where_numbers, where_report)


def measure_findings(events: int, *, repeats: int, say: Callable[[str], None]) -> dict[str, list[Facts]]:
    """The two hundred findings: as numbers, with the ids behind them, and as a report; and lists of ids beside SQL's."""
    run("bench.findings_asked", str(events))
    found: dict[str, list[Facts]] = {}
    for turn in range(repeats):
        for work in ("numbers", "ids", "report", "lists"):
            say(f"{events:,} events: findings {turn + 1}, {work}")
            found.setdefault(work, []).append(run("bench.findings_side", work, str(events)))
        found.setdefault("lists by SQL", []).append(run("bench.findings_sql", str(events)))
        run("bench.findings_side", "same", str(events))
        ours, theirs = found["lists"][-1]["lists"], found["lists by SQL"][-1]["lists"]
        if ours != theirs:
            raise SystemExit(f"SQL lists other events: {[name for name in ours if ours[name] != theirs[name]]}")
    return found


def run(module: str, *words: str) -> Facts:
    """Run a side; give what it tells, with `whole_s`, the seconds from its start until it had done its first work, and `load`, how many
    processes the machine ran or had waiting before it.

    The parent imports nothing large: what it holds would be counted as the child's own memory.

    Raises:
        SystemExit: the side failed; with the end of what it said.
    """
    load, started = os.getloadavg()[0], time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False, env=_environment()
    )
    if done.returncode:
        raise SystemExit(f"{module} {' '.join(words)} failed:\n{done.stderr[-3000:]}")
    lines = done.stdout.splitlines()
    facts: Facts = json.loads(lines[-1]) if lines else {}
    if "ended" in facts:
        facts |= {"whole_s": facts["ended"] - started, "load": load}
    return facts


def prepare() -> None:
    """Start each side once, so that Python has compiled what it imports before anything is measured."""
    for module in (
        "bench.tocsin_side",
        "bench.sql_side",
        "bench.polars_side",
        "bench.pandas_side",
        "bench.findings_side",
    ):
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
