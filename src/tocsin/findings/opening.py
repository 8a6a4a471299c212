"""Open a desk to check its findings: the data now, the data as they were signed, and what changed between the two."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tocsin.catalogue import Subject, subject_of
from tocsin.desk import find_desk, read_desk
from tocsin.errors import FindingError
from tocsin.findings.check import Checked, check
from tocsin.findings.definition import FILE_NAME, read_findings
from tocsin.findings.evaluation import Evaluation, plan
from tocsin.findings.signed import Signed, read_signed
from tocsin.store import Store, differences, open_store


@dataclass(frozen=True)
class Opened:
    """All that a check of a desk's findings looks at.

    Args:
        before: The desk on the data as they were signed; None where nothing was, or where those data are not here.
        changed: event_id, kind: what the data say otherwise since then; None where nothing can have changed.
    """

    evaluation: Evaluation
    signed: Signed | None
    before: Subject | None
    changed: pl.DataFrame | None

    def check(self) -> list[Checked]:
        """Each finding's verdict; see check.check."""
        return check(self.evaluation, signed=self.signed, before=self.before, changed=self.changed)


@contextlib.contextmanager
def open_findings(
    folder: str | Path = ".", *, dataset: str | None = None, as_of: dt.date | None = None
) -> Iterator[Opened]:
    """The findings of the desk at or above a folder, ready to be worked out.

    Args:
        dataset: Which data set to count, if not the one that the desk names.
        as_of: Take the data as they stood on that day.

    Raises:
        FindingError: there are no findings, or one of them is wrong.
        DeskError, StoreError, QuestionError: the desk or its data can not be opened.
    """
    desk = read_desk(find_desk(Path(folder)))
    with open_store(desk.memory) as store:
        opened = findings_of(subject_of(desk, store, dataset=dataset, as_of=as_of), store)
        if not opened.evaluation.plan.findings:
            raise FindingError(
                "no finding is defined" if (desk.folder / FILE_NAME).exists() else "there is no such file",
                where=str(desk.folder / FILE_NAME),
                next_step="Define findings there: the page “Findings” of the docs has examples.",
            )
        yield opened


def findings_of(subject: Subject, store: Store) -> Opened:
    """The findings of an open desk, which may have none; `store` is where the events of `subject` come from.

    Raises:
        FindingError: a finding, or the signed state, is wrong.
    """
    folder = subject.desk.folder
    evaluation, signed = Evaluation(subject, plan(read_findings(folder))), read_signed(folder)
    return Opened(evaluation, signed, *_as_signed(subject, store, signed))


def _as_signed(now: Subject, store: Store, signed: Signed | None) -> tuple[Subject | None, pl.DataFrame | None]:
    """The desk on the data as they were signed, and which events changed since."""
    dataset = now.events.about.dataset
    if signed is None or signed.dataset != dataset or not signed.vintages:
        return None, None
    keys = {each.key for each in signed.vintages}
    loaded = [each.number for each in store.vintages(dataset) if each.key in keys]
    if len(loaded) != len(keys):
        return None, None
    then, until = loaded[-1], now.events.about.vintages[-1].number
    if then == until:
        return now, None
    before = subject_of(now.desk, store, dataset=dataset, as_of=None, up_to=then)
    return before, differences(store, dataset=dataset, before=then, after=until).events
