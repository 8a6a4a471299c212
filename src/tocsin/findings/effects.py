"""What does a revision do to the findings? Two states of the data, and every finding on both."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from tocsin.catalogue import dataset_of, subject_of
from tocsin.desk import find_desk, read_desk
from tocsin.errors import QuestionError
from tocsin.findings.definition import read_findings
from tocsin.findings.evaluation import Evaluation, plan
from tocsin.findings.found import Found
from tocsin.store import Differences, Store, differences, open_store


@dataclass(frozen=True)
class Effect:
    """One finding on two states of the data, as printed; `verdict` says whether it is the same, and whether it still holds."""

    name: str
    before: str
    after: str
    verdict: str


@dataclass(frozen=True)
class Compared:
    """Two states of a data set, and the findings on them; no findings where the desk defines none."""

    differences: Differences
    effects: tuple[Effect, ...]


def compare_states(
    folder: Path, *, dataset: str | None = None, before: int | dt.date | None = None, after: int | dt.date | None = None
) -> Compared:
    """Compare two states of a desk's data, row by row and finding by finding.

    Args:
        before: The number of a vintage, or a day: the state as then known. The newest vintage but one if it is not said.
        after: Likewise; the newest vintage if it is not said.

    Raises:
        QuestionError: there is no such state, or there is but one vintage and so nothing to compare.
        FindingError: a finding is wrong.
    """
    desk = read_desk(find_desk(folder))
    planned = plan(read_findings(desk.folder))
    with open_store(desk.memory) as store:
        named = dataset_of(desk, store, dataset)
        if before is None or after is None:
            newest = _newest_two(store, named)
            before, after = before or newest[0], after or newest[1]
        moved = differences(store, dataset=named, before=before, after=after)
        if not planned.findings:
            return Compared(moved, ())
        sides = [
            Evaluation(
                subject_of(desk, store, dataset=named, as_of=None, up_to=state[-1].number), planned, list_events=False
            )
            for state in (moved.before, moved.after)
        ]
        effects = [_effect(one, sides[1].found[name]) for name, one in sides[0].found.items()]
    return Compared(moved, tuple(effects))


def _newest_two(store: Store, dataset: str) -> tuple[int, int]:
    """The numbers of the newest vintage but one and of the newest.

    Raises:
        QuestionError: there are not two.
    """
    numbers = [vintage.number for vintage in store.events(dataset).about.vintages]
    if len(numbers) < 2:
        raise QuestionError(
            f'"{dataset}" has one vintage, so there is nothing to compare',
            next_step="Load a later copy of the data: tocsin add FILE. Then: tocsin diff, or tocsin diff 1 2 for two vintages or days",
        )
    return numbers[-2], numbers[-1]


def _effect(before: Found, after: Found) -> Effect:
    if after.value is None:
        verdict = "can not be computed"
    elif after.holds is False:
        verdict = "broken" if before.holds is not False else "did not hold before either"
    else:
        verdict = "same" if before.with_unit == after.with_unit else "moved"
    return Effect(before.name, before.with_unit or "–", after.with_unit or "–", verdict)
