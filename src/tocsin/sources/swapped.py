"""Were latitude and longitude of a row swapped? Then its point lies outside its country, and would lie in it the other way round."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from tocsin.geo.places import COORDINATES, Resolver
from tocsin.schema import REJECT_SCHEMA
from tocsin.sources.settling import Batch


def without_swapped(batches: Iterator[Batch], resolved: Resolver) -> Iterator[Batch]:
    """Set aside rows whose point lies outside their country but would lie in it with latitude and longitude swapped."""
    met: pl.DataFrame | None = None
    for batch in batches:
        distinct = batch.events.select(COORDINATES).drop_nulls().unique()
        if met is not None:
            distinct = distinct.join(met, on=COORDINATES, how="anti")
        judged = distinct.with_columns(swapped=_swapped(distinct, resolved))
        met = judged if met is None else pl.concat([met, judged])
        flagged = batch.events.join(met, on=COORDINATES, how="left", maintain_order="left")
        wrong = flagged.filter(pl.col("swapped").fill_null(value=False))
        if wrong.is_empty():
            yield batch
            continue
        right = flagged.filter(~pl.col("swapped").fill_null(value=False)).drop("swapped")
        yield Batch(events=right, rejects=pl.concat([batch.rejects, _swapped_rejects(wrong)]), rows=batch.rows)


def _swapped(coordinates: pl.DataFrame, resolved: Resolver) -> pl.Series:
    outside = resolved(coordinates)["unit_match"] == "none"
    turned = coordinates.select("country", pl.col("latitude").alias("longitude"), pl.col("longitude").alias("latitude"))
    possible = outside & turned["latitude"].is_between(-90, 90)
    inside = resolved(turned.filter(possible).unique()).filter(pl.col("unit_match") == "inside")
    there = inside.select(*COORDINATES, inside=pl.lit(value=True))
    found = turned.join(there, on=COORDINATES, how="left", maintain_order="left")["inside"]
    return possible & found.fill_null(value=False)


def _swapped_rejects(wrong: pl.DataFrame) -> pl.DataFrame:
    point = pl.format("{} / {}", "latitude", "longitude")
    return wrong.select(
        "row",
        "line",
        kind=pl.lit("error"),
        column=pl.lit("latitude"),
        value=point,
        reason=pl.format(
            "latitude and longitude look swapped: the point lies outside {}, and inside it the other way round",
            "country",
        ),
        raw=pl.struct(
            "event_id", "event_date", "country_name", "location", "latitude", "longitude", "notes"
        ).struct.json_encode(),
    ).cast(pl.Schema(REJECT_SCHEMA))
