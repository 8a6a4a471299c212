"""How complete are the newest weeks of a desk's data? Each week's count at every date of the data, and what to expect of the last ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tocsin.analysis.revisions import completeness, nowcast, triangle
from tocsin.catalogue import dataset_of, subject_of
from tocsin.catalogue.subject import period_of, selection_of
from tocsin.desk import find_desk, read_desk
from tocsin.errors import QuestionError
from tocsin.store import history, open_store


@dataclass(frozen=True)
class Revisions:
    """The tables of analysis.revisions for a desk; None, with the reason, where there are too few states of the data."""

    triangle: pl.DataFrame
    completeness: pl.DataFrame | None
    nowcast: pl.DataFrame | None
    reason: str


def revisions_of(folder: Path, *, dataset: str | None = None, settled_weeks: int = 26) -> Revisions:
    """The revisions of a desk's weekly counts, by its definition of an incident.

    Args:
        settled_weeks: Weeks after which counts are taken as settled.

    Raises:
        DeskError, StoreError, QuestionError: the desk or its data can not be opened.
    """
    desk = read_desk(find_desk(folder))
    with open_store(desk.memory) as store:
        named = dataset_of(desk, store, dataset)
        subject = subject_of(desk, store, dataset=named, as_of=None)
        table = history(store, named, selection=selection_of(subject))
        period = period_of(subject)
    known = triangle(table, week_starts=desk.definition.week_starts, period=period)
    try:
        return Revisions(
            known,
            completeness(known, settled_weeks=settled_weeks),
            nowcast(known, settled_weeks=settled_weeks),
            "",
        )
    except QuestionError as error:
        return Revisions(known, None, None, error.sentence)
