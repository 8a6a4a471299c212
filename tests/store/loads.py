"""Small files for the tests of the store, as a reader would give them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from tests.star import FACTS
from tocsin.cube import Selection, count
from tocsin.schema import EVENT_SCHEMA, REJECT_SCHEMA, Vintage
from tocsin.store import File, Store, load


@dataclass(frozen=True)
class Rows:
    events: pl.DataFrame
    rejects: pl.DataFrame
    rows: int


def batch(rows: Sequence[dict[str, Any]]) -> Rows:
    """Rows with id and day, and perhaps any other column of the contract."""
    full = [
        {
            "row": number,
            "line": number + 1,
            "event_type": "Battles",
            "country": "SYR",
            "longitude": 36.0,
            "latitude": 34.0,
            "actors": ["A"],
            **given,
            "end_date": given["event_date"],
        }
        for number, given in enumerate(rows, start=1)
    ]
    schema = {"row": pl.Int64(), "line": pl.Int64(), **EVENT_SCHEMA}
    return Rows(
        events=pl.DataFrame(full, schema=pl.Schema(schema)),
        rejects=pl.DataFrame(schema=pl.Schema(dict(REJECT_SCHEMA))),
        rows=len(rows),
    )


def day(number: int) -> dt.date:
    return dt.date(2020, 1, 1) + dt.timedelta(days=number)


def one(name: str, number: int, **more: Any) -> dict[str, Any]:
    return {"event_id": name, "event_date": day(number), **more}


def file(digest: str, **more: Any) -> File:
    plain = File(
        name=f"{digest}.csv",
        digest=digest,
        dataset="acled",
        source="acled",
        form="test",
        facts=FACTS,
        monadic=False,
        absent=(),
        unread=(),
        id_column="event_id_cnty",
        data_date=day(100),
        dated=True,
        complete=False,
        loaded_at=dt.datetime(2020, 6, 1, tzinfo=dt.UTC),
        gazetteer="packaged",
        key="",
    )
    return replace(plain, **{"key": digest, **more})


def placed(coordinates: pl.DataFrame) -> pl.DataFrame:
    return coordinates.with_columns(
        unit_code=pl.lit("SYR-homs"),
        unit_name=pl.lit("Homs"),
        unit_match=pl.lit("inside"),
        capital=pl.lit("Homs"),
        capital_distance_km=pl.col("latitude"),
        **{f"cell_{n}": pl.lit(n, dtype=pl.Int64) for n in (3, 4, 5, 6)},
    )


def put(store: Store, described: File, *batches: Rows) -> Vintage:
    return load(store, described, batches, resolve=placed)


def ids(store: Store, **asked: Any) -> dict[str, int]:
    events = store.events("acled", **asked)
    table = count(events, Selection(), by=["event_id"])
    return {row[0]: row[1] for row in table.rows()}
