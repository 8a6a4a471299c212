"""Small event tables for tests, as the star that the store gives, on each engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import narwhals as nw
import polars as pl

from tocsin.cube import SEPARATOR, Events, day_number
from tocsin.schema import Provenance, SourceFacts, Span

FACTS = SourceFacts(
    name="acled",
    title="Test data",
    publisher="Nobody",
    licence="none",
    citation="none",
    url="",
    event_types=("Battles", "Protests", "Explosions/Remote violence", "Violence against civilians"),
    violent=("Battles", "Explosions/Remote violence", "Violence against civilians"),
    precise=(1, 2),
    cautions=(),
    attacker_first=("Violence against civilians",),
)

_ROWS = {
    "event_id": pl.String,
    "event_date": pl.Date,
    "event_day": pl.Int32,
    "event_type": pl.String,
    "time_precision": pl.Int8,
    "geo_precision": pl.Int8,
    "country": pl.String,
    "source_scale": pl.String,
    "place_id": pl.Int32,
    "party_id": pl.Int32,
    "mentions": pl.Int64,
}


def about(covered: Sequence[Span]) -> Provenance:
    return Provenance(dataset="acled", facts=FACTS, vintages=(), as_of=None, covered=tuple(covered))


def tables(rows: Sequence[Mapping[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Fact, place and party tables from rows with date, and perhaps type, precision, country, actors, unit, km, cell, scale, mentions."""
    places: dict[tuple[Any, ...], int] = {}
    parties: dict[str, int] = {}
    facts = []
    for number, row in enumerate(rows):
        date: dt.date = row["date"]
        place = (row.get("country", "AFG"), row.get("unit"), row.get("km"), row.get("cell"))
        names = SEPARATOR + SEPARATOR.join(row.get("actors", [])) + SEPARATOR
        facts.append(
            {
                "event_id": f"e{number}",
                "event_date": date,
                "event_day": day_number(date),
                "event_type": row.get("type", "Battles"),
                "time_precision": row.get("dated", 1),
                "geo_precision": row.get("precision", 1),
                "country": row.get("country", "AFG"),
                "source_scale": row.get("scale"),
                "mentions": row.get("mentions"),
                "place_id": places.setdefault(place, len(places) + 1),
                "party_id": parties.setdefault(names, len(parties) + 1),
            }
        )
    return (
        pl.DataFrame(facts, schema=_ROWS),
        pl.DataFrame(
            [
                {
                    "place_id": n,
                    "country": c,
                    "unit_code": u,
                    "unit_match": "inside" if u else "none",
                    "capital_distance_km": k,
                    "cell_4": cell,
                }
                for (c, u, k, cell), n in places.items()
            ],
            schema={
                "place_id": pl.Int32,
                "country": pl.String,
                "unit_code": pl.String,
                "unit_match": pl.String,
                "capital_distance_km": pl.Float64,
                "cell_4": pl.Int64,
            },
        ),
        pl.DataFrame(
            [{"party_id": n, "names": names} for names, n in parties.items()],
            schema={"party_id": pl.Int32, "names": pl.String},
        ),
    )


def on_polars(rows: Sequence[Mapping[str, Any]], covered: Sequence[Span]) -> Events:
    facts, places, parties = (nw.from_native(table.lazy()) for table in tables(rows))
    return Events(rows=facts, places=places, parties=parties, about=about(covered))


def on_duckdb(rows: Sequence[Mapping[str, Any]], covered: Sequence[Span]) -> Events:
    connection = duckdb.connect()
    wrapped = []
    for name, table in zip(("facts", "places", "parties"), tables(rows), strict=True):
        connection.register(f"{name}_given", table.to_arrow())
        connection.table(f"{name}_given").create(name)
        wrapped.append(nw.from_native(connection.table(name)))
    return Events(rows=wrapped[0], places=wrapped[1], parties=wrapped[2], about=about(covered))


def on_spark(rows: Sequence[Mapping[str, Any]], covered: Sequence[Span], session: Any) -> Events:
    wrapped = []
    for table in tables(rows):
        columns = ", ".join(f"{name} {_SPARK[str(kind)]}" for name, kind in table.schema.items())
        wrapped.append(nw.from_native(session.createDataFrame(table.rows(), columns)))
    return Events(rows=wrapped[0], places=wrapped[1], parties=wrapped[2], about=about(covered))


_SPARK = {"String": "string", "Date": "date", "Int32": "int", "Int8": "tinyint", "Int64": "bigint", "Float64": "double"}
