"""What was measured, as Markdown: medians, spreads, and ratios pair by pair."""

from __future__ import annotations

import datetime as dt
import functools
import os
import platform
import statistics
import subprocess
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

from bench.asked import FIGURES
from bench.measure import FILES, Facts, Measured, warm

SIDES = {
    "Tocsin": "Tocsin",
    "SQL": "SQL by hand",
    "polars": "Polars by hand",
    "pandas": "pandas script",
    "careful": "pandas script, careful",
}


def page(measured: Sequence[Measured]) -> str:
    """All tables."""
    parts = [
        "### Loading",
        *loading(measured),
        "### The numbers of seven figures",
        *asking(measured),
        *ratios(measured),
    ]
    proved = [one for one in measured if one.findings]
    parts += ["### A report of two hundred findings", *findings(proved), *findings_ratios(proved)]
    parts += ["### Where the time goes", *where(measured)]
    return "\n".join([*parts, machine(measured)])


def loading(measured: Sequence[Measured]) -> list[str]:
    """Rows a second, time, memory, and the bare copy by DuckDB beside it."""
    lines = [
        "",
        "| events | file | rows a second | seconds | processor | peak memory | store | file kept | against DuckDB's bare copy |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in measured:
        for form in FILES:
            ours, bare = one.loads[form], one.loads[f"DuckDB, {form}"]
            seconds = [facts["first_s"] for facts in ours]
            lines.append(
                f"| {one.events:,} | {form} | {rounded(one.events / statistics.median(seconds))} | {spread(seconds)} "
                f"| {spread([cpu(facts) for facts in ours])} | {memory(ours)} "
                f"| {ours[0]['store_mb']:,.0f} MB | {ours[0]['kept_mb']:,.0f} MB "
                f"| {spread(pairs(ours, bare, first, first))} times its time |"
            )
    return [*lines, "", *_by_hand(measured)]


def _by_hand(measured: Sequence[Measured]) -> list[str]:
    """A CSV with the same checks by hand, beside Tocsin."""
    lines = [
        "| events | CSV, with the same checks | seconds | processor | peak memory | Tocsin's time against it | processor |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in measured:
        for engine, label in (("polars", "Polars"), ("duckdb", "DuckDB")):
            runs = one.loads.get(f"by hand, {engine}")
            if not runs:
                continue
            ours = one.loads["CSV"]
            lines.append(
                f"| {one.events:,} | {label} by hand | {spread([first(facts) for facts in runs])} "
                f"| {spread([cpu(facts) for facts in runs])} | {memory(runs)} "
                f"| {spread(pairs(ours, runs, first, first))} | {spread(pairs(ours, runs, cpu, cpu))} |"
            )
    return [*lines, ""]


def asking(measured: Sequence[Measured]) -> list[str]:
    """Seconds and memory of each side."""
    lines = [
        "",
        "| events | side | first time | again, in the same process | processor, again | whole process, imports too "
        "| processor, whole process | peak memory |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in measured:
        for side, label in SIDES.items():
            runs = one.numbers.get(side)
            if not runs:
                continue
            again, again_cpu = (
                f"{spread([warm(facts, part) for facts in runs])} s" if runs[0]["warm"] else "–"
                for part in ("total_s", "cpu_s")
            )
            lines.append(
                f"| {one.events:,} | {label} | {spread([first(facts) for facts in runs])} s | {again} | {again_cpu} "
                f"| {spread([whole(facts) for facts in runs])} s | {spread([cpu(facts) for facts in runs])} s | {memory(runs)} |"
            )
    return [*lines, ""]


def ratios(measured: Sequence[Measured]) -> list[str]:
    """Tocsin beside the others, run by run."""
    heads = ["Tocsin / SQL, again", "Tocsin / SQL, again, processor", "Tocsin / SQL, first time"]
    lines = ["", f"| events | {' | '.join(heads)} |", "| ---: |" + " ---: |" * len(heads)]
    for one in measured:
        ours = one.numbers["Tocsin"]
        cells = [spread(pairs(ours, one.numbers["SQL"], how, how)) for how in (warm, warm_cpu, first)]
        lines.append(f"| {one.events:,} | {' | '.join(cells)} |")
    heads = ["first time / Tocsin's", "whole process", "whole process, processor"]
    lines += ["", f"| events | side | {' | '.join(heads)} |", "| ---: | --- |" + " ---: |" * len(heads)]
    for one in measured:
        for rival in ("polars", "pandas", "careful"):
            if runs := one.numbers.get(rival):
                cells = [spread(pairs(runs, one.numbers["Tocsin"], how, how)) for how in (first, whole, cpu)]
                lines.append(f"| {one.events:,} | {SIDES[rival]} | {' | '.join(cells)} |")
    return [*lines, ""]


FINDINGS = {
    "numbers": "the numbers alone",
    "ids": "numbers, with the ids of the events behind them",
    "report": "`tocsin report`: all documents, lists of events, manifest, provenance",
}


def findings(measured: Sequence[Measured]) -> list[str]:
    """Seconds, processor and memory of the numbers, of the numbers with ids, and of the whole report."""
    lines = [
        "",
        "| events | what | seconds | whole process, imports too | processor, whole process | peak memory |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for one in measured:
        for work, label in FINDINGS.items():
            runs = one.findings[work]
            lines.append(
                f"| {one.events:,} | {label} | {spread([first(facts) for facts in runs])} "
                f"| {spread([whole(facts) for facts in runs])} | {spread([cpu(facts) for facts in runs])} | {memory(runs)} |"
            )
    return [*lines, ""]


def findings_ratios(measured: Sequence[Measured]) -> list[str]:
    """What provenance and documents cost against the same numbers without them; and lists of ids beside SQL's."""
    heads = ["ids / numbers", "processor", "report / numbers", "processor", "lists of ids, Tocsin / SQL"]
    lines = ["", f"| events | {' | '.join(heads)} |", "| ---: |" + " ---: |" * len(heads)]
    told = []
    for one in measured:
        alone, listed, report = (one.findings[work] for work in FINDINGS)
        cells = [spread(pairs(runs, alone, how, how)) for runs in (listed, report) for how in (whole, cpu)]
        lists = pairs(one.findings["lists"], one.findings["lists by SQL"], looking_up, looking_up)
        lines.append(f"| {one.events:,} | {' | '.join(cells)} | {spread(lists)} |")
        calls = report[0]["calls"]
        told.append(
            f"At {one.events:,} events the numbers took {calls['questions']} questions in {alone[0]['calls']['counts']} counts by the "
            f"engine, the report {calls['counts']} counts, and {calls['lists']} lists, none of them twice; "
            f"{listed[0]['ids']:,} ids stand behind the findings, and the output is {report[0]['out_mb']:,.0f} MB."
        )
    return [*lines, "", *told, ""]


def where(measured: Sequence[Measured]) -> list[str]:
    """Shares of the stages of a load and of the numbers, under a profiler; and each figure beside its SQL."""
    sizes = " | ".join(f"{one.events:,}" for one in measured)
    loads = [one for one in measured if one.where_load]
    lines = []
    for form in FILES if loads else ():
        found = [one.where_load[form] for one in loads]
        lines += ["", f"| load of {form}, share of the time | {' | '.join(f'{one.events:,}' for one in loads)} |"]
        lines += ["| --- |" + " ---: |" * len(found)]
        lines += [f"| {stage} | {' | '.join(share(parts, stage) for parts in found)} |" for stage in found[0]]
    found = [one.where_numbers for one in measured]
    lines += ["", f"| numbers, share of the time | {sizes} |", "| --- |" + " ---: |" * len(found)]
    lines += [f"| {stage} | {' | '.join(share(parts, stage) for parts in found)} |" for stage in found[0]]
    reports = [one for one in measured if one.where_report]
    if reports:
        lines += ["", f"| report, share of the time | {' | '.join(f'{one.events:,}' for one in reports)} |"]
        lines += ["| --- |" + " ---: |" * len(reports)]
        lines += [
            f"| {stage} | {' | '.join(share(one.where_report, stage) for one in reports)} |"
            for stage in reports[0].where_report
        ]
    lines += ["", f"| milliseconds again, Tocsin / SQL | {sizes} |", "| --- |" + " ---: |" * len(measured)]
    for part, label in {"opening": "opening", **FIGURES}.items():
        cells = [
            " / ".join(
                f"{1000 * statistics.median(warm(facts, part) for facts in one.numbers[side]):,.0f}"
                for side in ("Tocsin", "SQL")
            )
            for one in measured
        ]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return [*lines, ""]


def machine(measured: Sequence[Measured]) -> str:
    """The machine, the versions, and how often each was run."""
    runs = ", ".join(f"{len(one.numbers['Tocsin'])} at {one.events:,}" for one in measured)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("duckdb", "polars", "pandas", "geopandas"))
    loads = [facts["load"] for one in measured for runs in one.numbers.values() for facts in runs]
    today = dt.datetime.now(dt.UTC).date()
    return (
        f"Measured on {today} at {commit()}. {processor()}, {os.cpu_count()} cores, "
        f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB; "
        f"{platform.system()}, Python {platform.python_version()}, {versions}. Runs: {runs}. Medians, in brackets the least and the most. "
        f"Load of the machine before the runs: {spread(loads)}."
    )


def commit() -> str:
    """The commit that was measured, and whether the product's code was another one."""
    folder = Path(__file__).parents[1]
    git = functools.partial(subprocess.run, cwd=folder, capture_output=True, text=True, check=False)
    head = git(["git", "rev-parse", "--short", "HEAD"]).stdout.strip()
    if not head:
        return "a commit that nobody knows"
    changed = git(["git", "status", "--porcelain", "src"]).stdout.strip()
    return f"commit {head}" + (", with changes not committed" if changed else "")


def processor() -> str:
    """The processor as Linux names it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def first(facts: Facts) -> float:
    """Seconds of the first pass, imports not counted."""
    return float(facts["first_s"])


def whole(facts: Facts) -> float:
    """Seconds from the start of the process to the end of the first pass."""
    return float(facts["whole_s"])


def cpu(facts: Facts) -> float:
    """Seconds of processor from the start of the process to the end of the first pass, on all cores, with the programs it called."""
    return float(facts["cpu_s"])


def warm_cpu(facts: Facts) -> float:
    """Median seconds of processor of the warm passes."""
    return warm(facts, "cpu_s")


def looking_up(facts: Facts) -> float:
    """Median seconds of looking up the ids, in the warm passes."""
    return warm(facts, "ids")


def pairs(
    some: list[Facts], others: list[Facts], of_some: Callable[[Facts], float], of_others: Callable[[Facts], float]
) -> list[float]:
    """The ratio of each run to the run of the other side in the same turn."""
    return [of_some(one) / of_others(other) for one, other in zip(some, others, strict=True)]


def spread(values: Sequence[float]) -> str:
    """The median, and in brackets the least and the most."""
    middle = f"{statistics.median(values):.3g}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3g}–{max(values):.3g})"


def share(parts: dict[str, float], stage: str) -> str:
    """A stage's share of all seconds."""
    return f"{parts[stage] / sum(parts.values()):.0%}"


def memory(runs: list[Facts]) -> str:
    """The most that any run held."""
    return f"{max(facts['peak_mb'] for facts in runs):,.0f} MB"


def rounded(value: float) -> str:
    """Three figures."""
    return f"{float(f'{value:.3g}'):,.0f}"
