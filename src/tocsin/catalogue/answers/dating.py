"""The question of how much of the weekly line is made by the rules of dating."""

from __future__ import annotations

import polars as pl

from tocsin.analysis.dating import OPEN_DAYS, dating
from tocsin.catalogue.subject import Answer, Asked, Subject, dated_of, definition_of, period_of, selection_of
from tocsin.catalogue.words import counted, countries_of, coverage_notes, for_group, subtitle
from tocsin.schema import spoken_date


def answer_dating(subject: Subject, asked: Asked) -> Answer:
    definition = definition_of(subject, asked)
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    period, about, rules = period_of(subject), subject.events.about, dated_of(subject)
    dated = about.newest if about.vintages else None
    table = dating(
        subject.events,
        selection=selection,
        definition=definition,
        period=period,
        to_week=rules.to_week,
        to_month=rules.to_month,
        data_date=dated.data_date if dated and dated.dated else None,
    )
    return Answer(
        question="dating",
        table=table,
        title=asked.title or f"What rules of dating do to incidents{involving} a week, {countries_of(subject.desk)}",
        subtitle=subtitle("incidents per week", period),
        definition=counted(subject, selection, definition, involving=involving),
        notes=(*notes, *_told(table), *_open(table), *coverage_notes(subject, [period])),
        about=about,
    )


def _told(table: pl.DataFrame) -> tuple[str, ...]:
    """How many incidents are spread, and where that changes most."""
    known = table.drop_nulls("incidents")
    loose, total = int(known["loose"].sum()), int(known["incidents"].sum())
    if not loose:
        return ("No incident is dated by a rule or lasted more than a day: nothing is spread.",)
    most = known.sort(pl.col("difference").abs(), descending=True).row(0, named=True)
    average = (known["average"] - known["spread_average"]).abs().max()
    changed = f" The moving average changes by at most {average:,.1f}." if isinstance(average, float) else ""
    return (
        f"Spread evenly over their span: {loose:,} of {total:,} incidents ({loose / total:.1%}) that are dated to the middle of a week or "
        "month by rule, or lasted several days.",
        f"What changes most is the week of {spoken_date(most['week_date'])}: {most['incidents']:,} as dated, "
        f"{most['spread']:,.1f} when spread.{changed}",
    )


def _open(table: pl.DataFrame) -> tuple[str, ...]:
    weeks = table.filter("open")
    if weeks.is_empty():
        return ()
    return (
        f"The weeks from that of {spoken_date(weeks['week_date'][0])} on ended less than {OPEN_DAYS} days before the day of the data, "
        "or after it: they may not be complete.",
    )
