"""The figures of who did it and who began it: an answer's table and its words, given to the figures room."""

from __future__ import annotations

from typing import Any

import polars as pl

from tocsin.catalogue.drawing.incidents import captioned
from tocsin.catalogue.subject import Answer, Asked, Subject
from tocsin.errors import QuestionError
from tocsin.figures.began import began
from tocsin.figures.bounds import Labels, bounds
from tocsin.figures.forest import forest
from tocsin.figures.timeline import Marker

LABELS = Labels(
    high="not yet decided by a person",
    word="not decided, if the source is trusted where nobody has read",
    source="unidentified by the source's columns",
    estimate="from a random sample",
)


UNREAD = "Whoever does not trust the source can say nothing yet: each share may be anything from 0 to 100 per cent."


def draw_attribution(subject: Subject, asked: Asked, answer: Answer) -> Any:
    """Bounds by month or week; of windows, or by type of event, a bar each."""
    if asked.windows or asked.by:
        heading = "period" if asked.by and answer.table["period"].n_unique() > 1 else None
        return _bars(answer, label="series" if asked.by else "period", heading=heading, words=("word_low", "word_high"))
    table = answer.table
    # Where nobody has read, bounds without trust in the source are from nought to all: said, and not drawn.
    unread = () if table["reviewed"].sum() else (UNREAD,)
    days = table.select(first=pl.min("from_date"), last=pl.max("to_date")).row(0)
    return bounds(
        table.select(
            "from_date",
            "to_date",
            "estimate",
            "estimate_low",
            "estimate_high",
            "word_low",
            "word_high",
            low="share_low",
            high="share_high",
            source="share_source",
        ),
        caption=captioned(answer, *unread),
        unit="per cent of incidents",
        labels=LABELS,
        events=[Marker(each.date, each.label) for each in subject.desk.markers if days[0] <= each.date <= days[1]],
    )


def draw_initiator(_subject: Subject, asked: Asked, answer: Answer) -> Any:
    """A bar a group: the share that it began for sure, and what may come to it."""
    heading = "period" if answer.table["period"].n_unique() > 1 else None
    table = answer.table
    if asked.by:
        table = table.with_columns(period=pl.format("{}: {}", "period", "series") if heading else pl.col("series"))
        heading = "period"
    return _bars(answer, label="group", heading=heading, table=table)


def draw_claims(_subject: Subject, _asked: Asked, answer: Answer) -> Any:
    """A dot a group: incidents with contested claims; its line from the least to the most."""
    several = answer.table["period"].n_unique() > 1
    rows = answer.table.select(
        label="group",
        value=pl.col("with_contested").cast(pl.Float64),
        low=pl.col("least").cast(pl.Float64),
        high=pl.col("most").cast(pl.Float64),
        group=pl.col("period") if several else pl.lit(None, dtype=pl.String),
        emphasised=pl.lit(value=False),
    )
    return forest(
        rows,
        caption=captioned(
            answer, "Dot: with contested claims. Line: from the least (none contested, read or proposed) to the most."
        ),
        unit="incidents",
        decimals=0,
    )


def _bars(
    answer: Answer,
    *,
    label: str,
    heading: str | None,
    table: pl.DataFrame | None = None,
    words: tuple[str, str] | None = None,
) -> Any:
    """
    Raises:
        QuestionError: there is no incident.
    """
    table = answer.table if table is None else table
    if not table["incidents"].sum():
        raise QuestionError("there is nothing to draw: no incident is counted", next_step="Choose other windows.")
    nothing = pl.lit(None, dtype=pl.Float64)
    return began(
        table.select(
            "estimate",
            "estimate_low",
            "estimate_high",
            label=label,
            heading=pl.col(heading) if heading else pl.lit(None, dtype=pl.String),
            low="share_low",
            high="share_high",
            word_low=words[0] if words else nothing,
            word_high=words[1] if words else nothing,
        ),
        caption=captioned(answer),
        unit="per cent of incidents",
        sure="decided" if words else "decided, or told by the codebook",
        word="open if the source is trusted",
        still="not decided",
        sampled="from a random sample",
    )
