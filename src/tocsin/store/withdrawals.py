"""Which events did a publisher take back by name? A list of them is a vintage of its own: it closes rows and opens none.

The list has the last word on an event unless a row of it was revised after it was withdrawn, or a file that the user dated after that day
has it, whether or not that file changed it: then the event was given again, and stays. What each list said is kept, so that a later load
of an older file does not bring the event back (see vintages.py). So it is all one whether a word comes in one list or in two, before the
files that it is held against or after them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from tocsin.errors import SourceError, StoreError
from tocsin.schema import REJECT_SCHEMA, Vintage
from tocsin.store.open import Store, frame
from tocsin.store.staging import insert, next_number, one_count, registered
from tocsin.store.vintages import all_or_nothing, last_said, refuse_older, since

Outcome = Literal["withdrawn", "unknown", "before", "since"]
NAMED = 5
"""So many ids of an outcome are named in a remark."""


@dataclass(frozen=True)
class List:
    """A list of withdrawn events, read and checked."""

    name: str
    digest: str
    key: str
    """Tells this load of this file from every other."""
    dataset: str
    form: str
    data_date: dt.date
    dated: bool
    loaded_at: dt.datetime
    number: int | None
    """The number of its vintage; the next free one if it is not said."""
    ids: pl.DataFrame
    """row, line, event_id (each once), withdrawn_at (UTC; null where the list does not say)."""
    rejects: pl.DataFrame
    """The other rows of the file, with the columns of REJECT_SCHEMA."""


@dataclass(frozen=True)
class Listed:
    """What became of the ids of a list: ids + rejects = rows of the file.

    Args:
        counts: Ids by outcome: `withdrawn` (the event stood and was closed), `unknown` (no file had it), `before` (it had been withdrawn
            already), `since` (it was revised or given again since, and stays).
        first: The first few ids of each outcome, in the order of the file.
    """

    counts: Mapping[Outcome, int]
    first: Mapping[Outcome, tuple[str, ...]]


_OUTCOMES: tuple[Outcome, ...] = ("withdrawn", "unknown", "before", "since")


def withdraw(store: Store, listed: List) -> Vintage:
    """Close the standing rows that a list names, as a new vintage of its data set: all or nothing.

    Returns:
        The vintage, without events: rows = ids + rejects, and `listed` gives what became of the ids.

    Raises:
        StoreError: the disk is full, the data set has no events yet, or the list is dated before its newest vintage.
    """
    connection = store.connection
    refuse_older(store, listed.dataset, listed.data_date, withdraws=True, name=listed.name)
    loaded = store.vintages(listed.dataset)
    if not loaded:
        raise StoreError(
            f'names events of "{listed.dataset}", of which none are loaded by {listed.data_date}',
            where=listed.name,
            next_step="Load the events first: tocsin add FILE",
        )
    number = listed.number or next_number(connection, "vintage", "number")
    with all_or_nothing(connection, name=listed.name):
        connection.execute("BEGIN")
        _judge(store, number, listed)
        connection.execute(
            "UPDATE event SET closed = ? WHERE dataset = ? AND closed IS NULL "
            "AND event_id IN (SELECT event_id FROM withdrawal WHERE vintage = ? AND outcome = 'withdrawn')",
            [number, listed.dataset, number],
        )
        rejects = listed.rejects.select(pl.lit(number, dtype=pl.Int32).alias("vintage"), *REJECT_SCHEMA)
        insert(connection, "reject", rejects)
        _record(store, number, listed, like=loaded[-1])
        connection.execute("COMMIT")
    return next(vintage for vintage in store.vintages() if vintage.number == number)


def outcomes(store: Store, vintage: Vintage) -> Listed | None:
    """What became of the ids of a vintage that is a list of withdrawn events; None where it is none."""
    found = frame(
        store.connection,
        "SELECT outcome, count(*) AS ids, list(event_id ORDER BY row)[:?] AS first FROM withdrawal WHERE vintage = ? GROUP BY outcome",
        [NAMED, vintage.number],
    )
    if found.is_empty():
        return None
    counts = dict(zip(found["outcome"], found["ids"], strict=True))
    first = dict(zip(found["outcome"], found["first"].to_list(), strict=True))
    return Listed(
        counts={each: counts.get(each, 0) for each in _OUTCOMES},
        first={each: tuple(first.get(each, ())) for each in _OUTCOMES},
    )


def refuse_foreign(store: Store, *, dataset: str, ids: Collection[str], data_date: dt.date, where: str) -> None:
    """Refuse a list that can take nothing back.

    Raises:
        SourceError: the data set has no events, or none as of the list's day; or no file of it ever had one of the ids.
    """
    loaded = store.vintages(dataset)
    if not loaded:
        known = ", ".join(store.datasets())
        raise SourceError(
            f'names withdrawn events of "{dataset}", of which nothing is loaded',
            where=where,
            next_step="Load its events first: tocsin add FILE"
            + (f". If they are of another data set ({known}), name it: --withdrawn NAME" if known else ""),
        )
    if not _known(store, dataset, ids):
        shown = ", ".join(list(ids)[:NAMED])
        raise SourceError(
            f'none of its {len(ids):,} ids is known in "{dataset}": {shown}{" …" if len(ids) > NAMED else ""}',
            where=where,
            next_step="Nothing was loaded. If the events are of countries that the desk does not watch, nothing is to be done; if they "
            "are of another data set, name it: --withdrawn NAME",
        )
    if data_date < loaded[0].data_date:
        raise SourceError(
            f'gives what was withdrawn by {data_date}, before the oldest data of "{dataset}" ({loaded[0].data_date})',
            where=where,
            next_step="Nothing was loaded. Files of a later day that have the events say that they stand; if the list is of a later "
            "day, say it: --dated YYYY-MM-DD",
        )


def _known(store: Store, dataset: str, ids: Collection[str]) -> int:
    asked = pl.DataFrame({"event_id": list(ids)}, schema={"event_id": pl.String})
    with registered(store.connection, asked.to_arrow()):
        return one_count(
            store.connection,
            "SELECT count(*) FROM part WHERE event_id IN (SELECT event_id FROM event WHERE dataset = ?)",
            [dataset],
        )


def _judge(store: Store, number: int, listed: List) -> None:
    """Write what the list says, and what becomes of each id."""
    connection = store.connection
    end_of_day = dt.datetime.combine(listed.data_date, dt.time.max, dt.UTC)
    said = listed.ids.select(
        "row", "line", "event_id", pl.col("withdrawn_at").fill_null(end_of_day).dt.cast_time_unit("us")
    )
    with registered(connection, said.to_arrow()):
        connection.execute(
            f"""
            INSERT INTO withdrawal
            SELECT $number, part.row, part.line, event_id, withdrawn_at, CASE
                WHEN said.event_id IS NULL THEN 'unknown'
                WHEN NOT stands THEN 'before'
                WHEN {since("said.revised_at", "said.given_date", "withdrawn_at")} THEN 'since'
                ELSE 'withdrawn' END
            FROM part LEFT JOIN ({last_said("SELECT event_id FROM part")}) AS said USING (event_id)
            """,
            {"number": number, "dataset": listed.dataset},
        )


def _record(store: Store, number: int, listed: List, *, like: Vintage) -> None:
    """Write the vintage's own row; what holds for the data set is as in its newest vintage."""
    store.connection.execute(
        """
        INSERT INTO vintage
        SELECT * REPLACE (
            ? AS number, ? AS form, ? AS file, ? AS digest, ? AS key, ? AS data_date, ? AS dated, ? AS loaded_at, ? AS rows,
            0 AS events, ? AS rejects, 0 AS added, 0 AS changed,
            (SELECT count(*) FROM withdrawal WHERE vintage = ? AND outcome = 'withdrawn') AS withdrawn,
            NULL AS first_date, NULL AS last_date, false AS complete, [] AS unread, NULL AS covers_first, NULL AS covers_last,
            0 AS kept_back
        ) FROM vintage WHERE number = ?
        """,
        [
            number, listed.form, listed.name, listed.digest, listed.key, listed.data_date, listed.dated,
            listed.loaded_at.astimezone(dt.UTC).replace(tzinfo=None), listed.ids.height + listed.rejects.height,
            listed.rejects.height, number, like.number,
        ],
    )  # fmt: skip


def told(listed: Listed) -> tuple[str, ...]:
    """Sentences on the ids of a list that withdrew nothing, with the first of them."""
    said: Mapping[Outcome, str] = {
        "unknown": "{} in no file of this data set: {}.",
        "before": "{} withdrawn before: {}.",
        "since": "{} revised or given again after being withdrawn, and stayed: {}.",
    }
    sentences = []
    for outcome, words in said.items():
        count, first = listed.counts[outcome], listed.first[outcome]
        if count:
            ids = f"{count:,} {'id' if count == 1 else 'ids'} {'was' if count == 1 else 'were'}"
            more = f" and {count - len(first):,} more" if count > len(first) else ""
            sentences.append(words.format(ids, ", ".join(first) + more))
    return tuple(sentences)
