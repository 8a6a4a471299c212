"""May each incident count for more than one? By how often reports mention it, where the source counts that."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw

from tocsin.catalogue.subject import Asked, Subject, selection_of
from tocsin.cube import Selection, selected
from tocsin.errors import QuestionError, did_you_mean
from tocsin.schema import Span, joined

WEIGHTS = ("mentions",)
"""Columns that may be asked for."""


def weighed(subject: Subject, asked: Asked) -> Selection:
    """What counts as an incident, by the weight that is asked for, if any is.

    Raises:
        QuestionError: as selection_of; or it is no column to weigh by, or the data do not have it.
    """
    selection = selection_of(subject)
    if asked.weight is None:
        return selection
    if asked.weight not in WEIGHTS:
        raise QuestionError(
            f'incidents can not be weighed by "{asked.weight}"', next_step=did_you_mean(asked.weight, WEIGHTS)
        )
    events = subject.events
    if asked.weight not in events.row_columns or not _count(subject, nw.col(asked.weight) > 0, selection):
        raise QuestionError(
            f'no incident of "{events.about.dataset}" says how many {asked.weight} it has',
            next_step="GDELT has them, and a table of your own may. Leave the weight out to count incidents.",
        )
    return selection.weighed(asked.weight)


def weight_notes(subject: Subject, selection: Selection, spans: Sequence[Span]) -> tuple[str, ...]:
    """A sentence on the incidents that have no weight.

    Args:
        selection: What was counted, precision included.
    """
    if selection.weight is None:
        return ()
    none = sum(
        _count(subject, nw.col(selection.weight).is_null(), selection.within(span)) for span in joined(list(spans))
    )
    if not none:
        return ()
    if none == 1:
        return (f"1 incident does not say how many {selection.weight} it has, and counts nothing.",)
    return (f"{none:,} incidents do not say how many {selection.weight} they have, and count nothing.",)


def _count(subject: Subject, test: nw.Expr, selection: Selection) -> int:
    rows = selected(subject.events, selection).filter(test)
    return int(rows.select(nw.len().alias("rows")).collect("polars")["rows"].item())
