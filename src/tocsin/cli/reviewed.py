"""How far a review is: decisions, draws, agreement, and what is no longer as it was."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocsin.catalogue.reviewing import groups_of
from tocsin.cli.screen import screen, show, show_rows, tell_error
from tocsin.cli.sitting import decisions
from tocsin.errors import TocsinError, did_you_mean
from tocsin.layers.agreement import agreement
from tocsin.layers.draws import draws_of
from tocsin.layers.file import ReviewFile, files_of, read_file
from tocsin.layers.judged import Groups, flagged, state_of
from tocsin.layers.statements import KINDS
from tocsin.layers.told import told_of
from tocsin.report.export import as_json as json_of

if TYPE_CHECKING:
    from tocsin.catalogue.subject import Subject


def show_status(subject: Subject, *, as_json: bool) -> None:
    """How far each layer is: decisions by reviewer and state, draws, agreement, and what is no longer as it was.

    Raises:
        DeskError: a review file is wrong; what the others say is shown first.
    """
    groups, faults = groups_of(subject), []
    whole = {}
    for layer in KINDS:
        files, wrong = _readable(subject.desk.folder, layer)
        faults += wrong
        whole[layer] = _status_of(subject, layer, files, groups)
    if as_json:
        print(json_of(whole))
    else:
        for layer, status in whole.items():
            _print_status(layer, status)
    for error in faults[1:]:
        tell_error(error)
    if faults:
        raise faults[0]


def _readable(folder: Path, layer: str) -> tuple[list[ReviewFile], list[TocsinError]]:
    files, wrong = [], []
    for path in files_of(folder, layer):
        try:
            files.append(read_file(path, layer))
        except TocsinError as error:
            wrong.append(error)
    return files, wrong


def _status_of(subject: Subject, layer: str, files: list[ReviewFile], groups: Groups) -> dict[str, Any]:
    dataset = subject.events.about.dataset
    states = {
        file.reviewer: {each[0].event_id: state_of(each, layer=layer, groups=groups) for each in file.of(dataset)}
        for file in files
    }
    events = sorted({event for of in states.values() for event in of})
    flags = flagged(files, told_of(subject.events, events), dataset=dataset)
    pairs = []
    for one, other in itertools.combinations(sorted(states), 2):
        both = sorted(set(states[one]) & set(states[other]))
        agreed = agreement([states[one][event] for event in both], [states[other][event] for event in both])
        alone = {"one_alone": len(states[one]) - len(both), "other_alone": len(states[other]) - len(both)}
        # JSON has no number that is none.
        known = {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in vars(agreed).items()
        }
        pairs.append({"one": one, "other": other, **alone, **known})
    counts = [
        {"reviewer": name, "state": state, "events": list(of.values()).count(state)}
        for name, of in sorted(states.items())
        for state in sorted(set(of.values()))
    ]
    elsewhere = {file.reviewer: len(file.decisions) - len(file.of(dataset)) for file in files}
    return {
        "dataset": dataset,
        "decisions": counts,
        "draws": [row for file in files for row in _draws_of(file, dataset)],
        "agreement": pairs,
        "withdrawn": list(flags.withdrawn),
        "changed": list(flags.changed),
        "unknown": _unknown(subject, files, groups),
        "on_other_data_sets": {name: number for name, number in elsewhere.items() if number},
    }


def _draws_of(file: ReviewFile, dataset: str) -> list[dict[str, Any]]:
    """What a reviewer drew and from what; `drawn_from` is empty where the files do not tell."""
    named = [decision[0].drawn for decision in file.of(dataset) if decision[0].drawn]
    told = {draw.id: draw for draw in file.draws if draw.dataset == dataset}
    return [
        {
            "reviewer": file.reviewer,
            "draw": name,
            "seed": draw.seed if draw else None,
            "asked": draw.asked if draw else None,
            "decided": named.count(name),
            "drawn_from": str(draw) if draw else "",
            "file": draws_of(file.path).name,
        }
        for name in sorted({*named, *told})
        for draw in (told.get(name),)
    ]


def _unknown(subject: Subject, files: list[ReviewFile], groups: Groups) -> list[dict[str, str]]:
    """Parties that are no group of the desk and no actor of the data, with the names that are near."""
    known = [*groups, *(name for names in groups.values() for name in names), *subject.actor_names]
    folded = {name.casefold() for name in known}
    named = sorted({each.party for file in files for said in file.decisions for each in said if each.party})
    return [{"party": name, "near": did_you_mean(name, known)} for name in named if name.casefold() not in folded]


def _print_status(layer: str, status: dict[str, Any]) -> None:
    out = screen()
    show(
        out,
        f"{layer}: {decisions(sum(row['events'] for row in status['decisions']))} on {status['dataset']}",
        bold=True,
    )
    show_rows(out, status["decisions"])
    for draw in status["draws"]:
        show(out, f"{draw['reviewer']}, {_drawn(draw)}")
    for pair in status["agreement"]:
        show(out, f"{pair['one']} and {pair['other']}: {_agreed(pair)}")
    for name, number in status["on_other_data_sets"].items():
        show(out, f"{name} has {decisions(number)} on other data sets.")
    for what, events in (
        ("no longer in the data (withdrawn since)", status["withdrawn"]),
        ("changed since it was read", status["changed"]),
    ):
        if events:
            show(out, f"Flagged, {what}: {', '.join(events)}")
    for each in status["unknown"]:
        show(out, f"“{each['party']}” is no group of the desk and no actor of the data. {each['near']}")


def _drawn(draw: dict[str, Any]) -> str:
    if not draw["drawn_from"]:
        what = f"{draw['file']} does not tell what they were drawn from, so they are no sample"
        return f"draw {draw['draw']}: {draw['decided']:,} decided; {what}."
    return f"draw {draw['draw']} (seed {draw['seed']}): {draw['decided']:,} decided of {draw['asked']:,} drawn from {draw['drawn_from']}."


def _agreed(pair: dict[str, Any]) -> str:
    alone = f"{pair['one_alone']:,} by {pair['one']} alone, {pair['other_alone']:,} by {pair['other']} alone"
    if not pair["events"]:
        return f"{pair['note']} ({alone})."
    number: Callable[[float], str] = "{:.2f}".format
    said = f"{pair['events']:,} events decided by both ({alone}), {pair['agreed']:.0%} alike"
    if pair["kappa"] is not None:
        said += f"; Cohen's kappa {number(pair['kappa'])} ({number(pair['low'])} to {number(pair['high'])})"
    return f"{said}{'; ' + pair['note'] if pair['note'] else ''}."
