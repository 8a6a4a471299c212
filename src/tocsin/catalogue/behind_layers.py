"""Which events stand behind a number of who did it or who began it? What a count counts, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from tocsin.analysis.attribution import COUNTED, claims_counted
from tocsin.analysis.incidents import ALL
from tocsin.analysis.initiator import initiator_counted
from tocsin.analysis.sampled import random_sample
from tocsin.catalogue.answers.layers import labels_of
from tocsin.catalogue.reviewing import read
from tocsin.catalogue.subject import Asked, Behind, Subject
from tocsin.cube import Selection
from tocsin.schema import Span, joined


def behind_attribution(
    subject: Subject, _asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """What a count counts, what an estimate is drawn from; a share is one of all incidents of its days."""
    return _counted(subject, selection, rows, columns, layer="attribution", counted=lambda _: COUNTED)


def behind_claims(
    subject: Subject, _asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """What is counted for the groups."""
    return _counted(
        subject, selection, rows, columns, layer="attribution", counted=lambda row: claims_counted(row["group"])
    )


def behind_initiator(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, columns: Sequence[str]
) -> Behind:
    """What is counted for the groups; a share is one of all incidents of its days, or of those that the group takes part in."""
    groups = labels_of(subject, asked)

    def counted(row: Mapping[str, Any]) -> Mapping[str, pl.Expr]:
        of = initiator_counted(row["group"], groups)
        return {**of, "own_low": of["involved"], "own_high": of["involved"]}

    return _counted(subject, selection, rows, columns, layer="initiator", counted=counted)


_OF_SAMPLE = frozenset({"sampled", "estimate", "estimate_low", "estimate_high"})


def _counted(
    subject: Subject,
    selection: Selection,
    rows: pl.DataFrame,
    columns: Sequence[str],
    *,
    layer: str,
    counted: Callable[[Mapping[str, Any]], Mapping[str, pl.Expr]],
) -> Behind:
    """The incidents that the columns of some rows count: by `counted` of a row, those drawn, or all of its days and type."""
    days = _of_days(selection, rows, sorted(set(rows["series"]) - {ALL}) if "series" in rows.columns else [])
    if rows.is_empty():
        return days
    if not set(columns) - _OF_SAMPLE <= set(counted(rows.row(0, named=True))):
        return days
    whole = Span(rows["from_date"].min(), rows["to_date"].max())  # type: ignore[arg-type]
    incidents, ids = read(subject, selection.within(whole), layer=layer).incidents, set[str]()
    for row in rows.iter_rows(named=True):
        part = incidents.filter(pl.col("event_date").is_between(row["from_date"], row["to_date"]))
        if row.get("series", ALL) != ALL:
            part = part.filter(pl.col("event_type") == row["series"])
        if _OF_SAMPLE & set(columns):
            ids |= set(random_sample(part)["event_id"])
        of = counted(row)
        tests = [of[name] for name in columns if name not in _OF_SAMPLE]
        if tests:
            ids |= set(part.filter(pl.any_horizontal(tests))["event_id"])
    return replace(days, ids=frozenset(ids))


def _of_days(selection: Selection, rows: pl.DataFrame, types: Sequence[str]) -> Behind:
    days = rows.select("from_date", "to_date").unique().sort("from_date")
    spans = joined([Span(first, last) for first, last in days.iter_rows()])
    whole = "series" not in rows.columns or ALL in set(rows["series"])
    return Behind(selection, spans, column=None if whole or not types else ("event_type", tuple(types)))
