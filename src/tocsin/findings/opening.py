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
from tocsin.findings.definition import FILE_NAME, read_findings
from tocsin.findings.evaluation import Evaluation, plan
from tocsin.findings.signed import Signed, read_signed
from tocsin.store import Store, differences, open_store


@dataclass(frozen=True)
class Opened:
    """All that a check of a desk's findings looks at; see check.check."""

    evaluation: Evaluation
    signed: Signed | None
    before: Subject | None
    changed: pl.DataFrame | None
    store: Store


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
    planned = plan(read_findings(desk.folder))
    if not planned.findings:
        raise FindingError(
            "no finding is defined",
            where=str(desk.folder / FILE_NAME),
            next_step="Define one there: the page “Findings” of the docs has examples.",
        )
    signed = read_signed(desk.folder)
    with open_store(desk.memory) as store:
        now = subject_of(desk, store, dataset=dataset, as_of=as_of)
        before, changed = as_signed(now, store, signed)
        yield Opened(Evaluation(now, planned), signed, before, changed, store)


def as_signed(now: Subject, store: Store, signed: Signed | None) -> tuple[Subject | None, pl.DataFrame | None]:
    """The desk on the data as they were signed, and which events changed since; None where those data are not here."""
    dataset = now.events.about.dataset
    if signed is None or signed.dataset != dataset or not signed.vintages:
        return None, None
    keys = {each.key for each in signed.vintages}
    loaded = [each.number for each in store.vintages(dataset) if each.key in keys]
    if len(loaded) != len(keys):
        return None, None
    then, until = loaded[-1], now.events.about.vintages[-1].number
    before = subject_of(now.desk, store, dataset=dataset, as_of=None, up_to=then)
    return before, differences(store, dataset=dataset, before=then, after=until).events
