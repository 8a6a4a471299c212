"""Who is named? Every actor of the data with the number of incidents that it is a party to."""

from __future__ import annotations

import polars as pl

from tocsin.cube import SEPARATOR, Events, Selection, count
from tocsin.errors import QuestionError


def actors(events: Events, *, selection: Selection) -> pl.DataFrame:
    """Actors by the number of incidents in which they are a party.

    Args:
        selection: What counts.

    Returns:
        actor, incidents, share (of all selected incidents; an incident has several actors, so that shares add up to more than one).
        The most incidents first.

    Raises:
        QuestionError: no selected incident names an actor.
    """
    cube = count(events, selection, by=["party_id"])
    names: pl.DataFrame = events.parties.select("party_id", "names").collect("polars").to_native()
    total = int(cube["incidents"].sum())
    named = (
        cube.join(names.cast({"party_id": cube.schema["party_id"]}), on="party_id", how="inner")
        .with_columns(actor=pl.col("names").str.strip_chars(SEPARATOR).str.split(SEPARATOR))
        .explode("actor")
        .filter(pl.col("actor") != "")
    )
    if named.is_empty():
        raise QuestionError("no incident names an actor", next_step="The data need actor columns: see tocsin status.")
    return (
        named.group_by("actor")
        .agg(pl.col("incidents").sum())
        .with_columns(share=pl.col("incidents") / total if total else pl.lit(None, dtype=pl.Float64))
        .sort(["incidents", "actor"], descending=[True, False])
    )
