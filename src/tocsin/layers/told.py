"""What do the data tell of single incidents? The rows that a reviewer or a rule reads; only those of a selection."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import polars as pl

from tocsin.cube import SEPARATOR, Events, Selection, selected

READ = (
    "event_id", "event_date", "event_type", "sub_event_type", "country", "admin1", "location", "actor1", "actor2", "assoc_actor1",
    "assoc_actor2", "fatalities", "source", "notes",
)  # fmt: skip
"""Columns that are read; of those that the data lack every cell is null."""

AS_JUDGED = ("event_id", "event_date", "event_type", "country", "actor1", "actor2", "notes")
"""What is read of events that nobody looks at one by one."""

AS_REVIEWED = ("event_date", "event_type", "location", "actor1", "actor2", "assoc_actor1", "assoc_actor2", "notes")
"""What a decision rests on: where one of these changed, it is flagged."""

MANY = 100_000
"""With more incidents than this the rules may take more than some seconds, where most notes name a party: it is said."""


def told(events: Events, selection: Selection, columns: Sequence[str] = READ) -> pl.DataFrame:
    """The incidents of a selection, a row each, in order of date and id: the columns, and `actors` (every party's name, sorted)."""
    return _collected(events, selected(events, selection), columns)


def any_notes(events: Events) -> bool:
    """The data have a note of some event."""
    if "notes" not in events.row_columns:
        return False
    noted: pl.DataFrame = (
        events.rows.filter(~nw.col("notes").is_null()).select("notes").head(1).collect("polars").to_native()
    )
    return not noted.is_empty()


def told_of(events: Events, event_ids: Sequence[str]) -> pl.DataFrame:
    """The named events, whether or not they are incidents, as `told` gives them; those that the data no longer have are not there."""
    return _collected(events, events.rows.filter(nw.col("event_id").is_in(list(event_ids))), READ)


def _collected(events: Events, rows: nw.LazyFrame[Any], columns: Sequence[str]) -> pl.DataFrame:
    there = [name for name in columns if name in events.row_columns]
    named = rows.select(*there, "party_id").join(events.parties.select("party_id", "names"), on="party_id", how="left")
    table: pl.DataFrame = named.collect("polars").to_native()
    lacking = [pl.lit(None, dtype=pl.String).alias(name) for name in columns if name not in there]
    # Each party's names are taken apart once, and not for each event.
    parted = pl.col("names").fill_null("").str.strip_chars(SEPARATOR).str.split(SEPARATOR)
    actors = parted.list.eval(pl.element().filter(pl.element() != ""))
    parties = table.select("names").unique().with_columns(actors=actors)
    table = table.join(parties, on="names", how="left", nulls_equal=True)
    return table.with_columns(*lacking).select(*columns, "actors").sort("event_date", "event_id")


def row_digest(row: dict[str, Any]) -> str:
    """Twelve figures that tell what a decision rests on from a later version of it."""
    cells = "\x1f".join("" if row[name] is None else str(row[name]) for name in AS_REVIEWED)
    return hashlib.sha256(cells.encode()).hexdigest()[:12]


def random_number(event_id: str, seed: int | str) -> float:
    """A number from 0 to 1 that an event keeps for good, whatever else is drawn: the first of a selection in this order are a sample of it.

    Source:
        Ohlsson (1995), Coordination of Samples Using Permanent Random Numbers, in Cox and others, Business Survey Methods, Wiley.
    """
    digest = hashlib.sha256(f"{seed}:{event_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
