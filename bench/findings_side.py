"""Tocsin's side of the two hundred findings: the numbers alone, with the ids of the events behind them, and the whole report."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import typer

from bench import findings_asked, where
from bench.child import passes, tell, timed
from tocsin import cube
from tocsin.catalogue import EventIds, ask, event_ids, open_desk
from tocsin.cli import app
from tocsin.findings import Evaluation, Found, plan, read_findings
from tocsin.findings import evaluation as evaluating
from tocsin.findings.signed import plain


def numbers(folder: Path, *, ids: bool) -> tuple[dict[str, Found], dict[str, int]]:
    """The findings, with or without the events behind them; and how often what was asked."""
    with counted() as calls, open_desk(folder) as subject:
        findings = read_findings(folder)
        found = Evaluation(subject, plan(findings), list_events=ids).found
        calls_made = once(calls)
    wrong = [
        f"{name}: {one.reason or 'does not hold'}" for name, one in found.items() if one.reason or one.holds is False
    ]
    assert not wrong, "\n".join(wrong)
    return found, calls_made


def report(folder: Path) -> dict[str, int]:
    """`tocsin report`, as the command line runs it."""
    with counted() as calls:
        typer.main.get_command(app)(["report", "--desk", str(folder)], standalone_mode=False)
        return once(calls)


@contextlib.contextmanager
def counted() -> Iterator[dict[str, Counter[str]]]:
    """While it lasts, what is asked of the catalogue, counted by the engine, and looked up of events, and how often each."""
    calls: dict[str, Counter[str]] = {"questions": Counter(), "counts": Counter(), "lists": Counter()}

    def watched(kind: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def watch(first: object, *rest: Any, **named: Any) -> Any:
            calls[kind][repr((rest, sorted(named.items())))] += 1
            return work(first, *rest, **named)

        return watch

    with (
        mock.patch.object(evaluating, "ask", watched("questions", ask)),
        mock.patch.object(evaluating, "event_ids", watched("lists", event_ids)),
        mock.patch.object(cube, "_collected", watched("counts", cube._collected)),
    ):
        yield calls


def once(calls: dict[str, Counter[str]]) -> dict[str, int]:
    """How many distinct questions, counts and lists there were.

    Raises:
        AssertionError: one of them was run more than once, or the findings asked another number of questions than they should.
    """
    for kind, each in calls.items():
        again = {words[:200]: times for words, times in each.items() if times > 1}
        assert not again, f"{kind} run more than once: {again}"
    assert len(calls["questions"]) == findings_asked.QUESTIONS, f"{len(calls['questions'])} questions were asked"
    return {kind: len(each) for kind, each in calls.items()}


def keep(found: dict[str, Found], folder: Path, *, side: str) -> None:
    """Write the values down, to be held to those of another run, and the digest of the ids of each finding."""
    values = {
        name: {"value": plain(one.value), "low": one.low, "high": one.high, "holds": one.holds}
        for name, one in found.items()
    }
    (folder / f"{side}.json").write_text(json.dumps(values), encoding="utf-8")
    digests = {name: findings_asked.digest(one.event_ids) for name, one in found.items() if one.event_ids}
    (folder / f"{side}-ids.json").write_text(json.dumps(digests), encoding="utf-8")


def same(folder: Path) -> None:
    """Hold the numbers with ids to those without, and to those that the report's manifest pins.

    Raises:
        AssertionError: they differ.
    """
    alone, listed = (json.loads((folder / f"{side}.json").read_text(encoding="utf-8")) for side in ("numbers", "ids"))
    assert len(alone) == findings_asked.FINDINGS
    assert alone == listed, f"with ids, other numbers: {[name for name in alone if alone[name] != listed.get(name)]}"
    pinned = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))["findings"]
    printed = {name: {key: one[key] for key in ("value", "low", "high", "holds")} for name, one in pinned.items()}
    assert alone == printed, (
        f"the report has other numbers: {[name for name in alone if alone[name] != printed.get(name)]}"
    )
    digests = json.loads((folder / "ids-ids.json").read_text(encoding="utf-8"))
    assert digests == {name: one["event_ids"] for name, one in pinned.items() if one["events"]}, (
        "the report has other ids"
    )


def lists(folder: Path, parts: dict[str, float]) -> dict[str, list[str]]:
    """The ids behind the findings that SQL by hand lists too; the seconds of looking them up are the part "ids"."""
    parts["ids"] = 0.0

    def watch(*given: Any) -> EventIds:
        ids, seconds = timed(lambda: event_ids(*given))
        parts["ids"] += seconds
        return ids

    with open_desk(folder) as subject, mock.patch.object(evaluating, "event_ids", watch):
        findings = read_findings(folder)
        wanted = {name: findings[name] for name in findings_asked.LISTED}
        found = Evaluation(subject, plan(wanted)).found
    return {name: list(one.event_ids) for name, one in found.items()}


def main(work: str, events: int) -> None:
    folder = findings_asked.folder_of(events)
    if work == "same":
        same(folder)
    elif work == "profile":
        tell(parts=where.of_report(lambda: report(folder)))
    elif work == "lists":
        listed, facts = passes(lambda parts: lists(folder, parts), warm=findings_asked.WARM)
        tell(**facts, lists={name: [len(ids), findings_asked.digest(ids)] for name, ids in listed.items()})
    elif work == "report":
        calls, facts = passes(lambda _: report(folder), warm=0)
        size = sum(path.stat().st_size for path in (folder / "out").rglob("*") if path.is_file())
        tell(**facts, calls=calls, out_mb=size / 1e6)
    else:
        (found, calls), facts = passes(lambda _: numbers(folder, ids=work == "ids"), warm=0)
        keep(found, folder, side=work)
        tell(**facts, calls=calls, ids=sum(len(one.event_ids) for one in found.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["numbers", "ids", "report", "profile", "lists", "same"])
    parser.add_argument("events", type=int)
    given = parser.parse_args()
    main(given.work, given.events)
