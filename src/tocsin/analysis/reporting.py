"""Who reported? How much of the incidents of a window comes from new media."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from tocsin.cube import Events, Selection, count
from tocsin.errors import QuestionError
from tocsin.schema import Span

NEW_MEDIA = "New media"


def new_media(events: Events, *, selection: Selection, windows: Mapping[str, Span]) -> pl.DataFrame:
    """The share of incidents that new media reported, in each window, by three readings of "share".

    Args:
        selection: What counts; its span is not looked at.
        windows: Label -> span.

    Returns:
        window, incidents (that state the scale of their sources: the base of all three shares), sole (share whose only scale is new
        media), any (share with new media among their scales), fractional (mean over incidents of the part of their scales that is new
        media), unstated (incidents that state no scale: in no share). Shares are null where no incident states its scale.

    Raises:
        QuestionError: no incident of any window states the scale of its source.

    Assumes:
        A scale of several parts is joined by "-", as ACLED writes it. Who reported the incidents that state no scale is not known: were
        new media among none or all of them, the share by "any" of all incidents would lie between any * incidents / (incidents + unstated)
        and (any * incidents + unstated) / (incidents + unstated).
    """
    rows = []
    for label, span in windows.items():
        every = count(events, selection.within(span), by=["source_scale"])
        cube = every.drop_nulls("source_scale")
        parts = pl.col("source_scale").str.split("-").list.eval(pl.element().str.strip_chars())
        found = cube.with_columns(
            hits=parts.list.count_matches(NEW_MEDIA).cast(pl.Float64), parts=parts.list.len().cast(pl.Float64)
        )
        total = int(found["incidents"].sum())
        weigh = {
            "sole": pl.col("hits") == pl.col("parts"),
            "any": pl.col("hits") > 0,
            "fractional": pl.col("hits") / pl.col("parts"),
        }
        shares = found.select(**{name: (pl.col("incidents") * part).sum() for name, part in weigh.items()}).row(
            0, named=True
        )
        rows.append(
            {
                "window": label,
                "incidents": total,
                **{name: share / total if total else None for name, share in shares.items()},
                "unstated": int(every["incidents"].sum()) - total,
            }
        )
    if not any(row["incidents"] for row in rows):
        raise QuestionError(
            "no incident states the scale of its source", next_step="Only ACLED's newer exports have it."
        )
    kinds = {
        "window": pl.String,
        "incidents": pl.Int64,
        "sole": pl.Float64,
        "any": pl.Float64,
        "fractional": pl.Float64,
        "unstated": pl.Int64,
    }
    return pl.DataFrame(rows, schema=kinds)
