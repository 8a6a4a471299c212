"""Load one file as one vintage: all or nothing, overwriting nothing.

A row of the fact table stands from the vintage that opened it until the vintage that closed it. A load opens the rows that are new or
changed, closes those that changed, and withdraws (closes) rows that the file lacks only where the file is declared to be complete,
and then only in the countries and days for which it speaks: those that it was declared to cover, or else those between its first
and last event in a country.

A file without a date is taken to be the newest. A row of it that was revised before the row of the same id that stands is the older
word, and so is one of an event that was withdrawn by name and is not said to have been revised since (see withdrawals.py): it changes
nothing, and the file withdraws nothing. Where the user says the date, the user is believed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import duckdb
import polars as pl

from tocsin.cube import EPOCH
from tocsin.errors import SourceError, StoreError
from tocsin.schema import CUT_OFF, SourceFacts, Span, Vintage
from tocsin.store.migrations import KEPT
from tocsin.store.open import Store, facts_to_json
from tocsin.store.staging import (
    CONTENT,
    CheckedRows,
    Resolver,
    discard,
    insert,
    next_number,
    one_count,
    set_twins_aside,
    stage,
)

_ACTOR_COLUMNS = {"actor1", "actor2", "assoc_actor1", "assoc_actor2"}


@dataclass(frozen=True)
class File:
    """What is known of a file before its rows are read."""

    name: str
    digest: str
    dataset: str
    source: str
    form: str
    facts: SourceFacts
    monadic: bool
    absent: tuple[str, ...]
    unread: tuple[str, ...]
    id_column: str | None
    """Its column of events' ids."""
    data_date: dt.date
    dated: bool
    complete: bool
    loaded_at: dt.datetime
    gazetteer: str
    """Which gazetteer its places are worked out with."""
    key: str
    """Tells this load of this file from every other."""
    number: int | None = None
    """The number of its vintage; the next free one if it is not said."""
    covers: Span | None = None
    """The days that it was declared to cover."""
    covers_countries: tuple[str, ...] = ()
    """The countries for which that was declared."""


@dataclass(frozen=True)
class Moved:
    """How many rows a load added, changed, withdrew, and kept back for being older than what stands."""

    added: int
    changed: int = 0
    withdrawn: int = 0
    kept_back: int = 0


def load(
    store: Store,
    file: File,
    batches: Iterable[CheckedRows],
    *,
    resolve: Resolver,
    progress: Callable[[int], None] = lambda _: None,
) -> Vintage:
    """Load the rows of one file as a new vintage of its data set.

    Args:
        resolve: Works out what depends on a place alone, for places not met before.
        progress: Told how many rows have been read so far.

    Returns:
        The vintage; rows = events + rejects holds.

    Raises:
        StoreError: the disk is full, or the file belongs before the data set's newest vintage. Nothing was loaded.
    """
    connection = store.connection
    refuse_older(store, file.dataset, file.data_date, withdraws=False, name=file.name)
    number = file.number or next_number(connection, "vintage", "number")
    with all_or_nothing(connection, name=file.name):
        connection.execute("BEGIN")
        straight = _is_first(connection, file.dataset)
        staged = stage(
            connection,
            batches,
            dataset=file.dataset,
            number=number,
            given=file.data_date if file.dated else None,
            straight=straight,
            resolve=resolve,
            progress=progress,
        )
        _refuse_eventless(connection, file, number)
        if file.complete:
            _refuse_cut_off(connection, file, number, rows=staged.rows)
        set_twins_aside(connection, staged, monadic=file.monadic)
        _tell_spoken_for(connection, file)
        moved = (
            Moved(added=one_count(connection, "SELECT count(*) FROM ready"))
            if straight
            else _open_and_close(connection, number, file)
        )
        _record(connection, number, file, rows=staged.rows, moved=moved)
        discard(connection, staged)
        connection.execute("COMMIT")
    return next(vintage for vintage in store.vintages() if vintage.number == number)


@contextlib.contextmanager
def all_or_nothing(connection: duckdb.DuckDBPyConnection, *, name: str) -> Iterator[None]:
    """Undo what was begun inside if it fails; `name` is the file's, for the message.

    Raises:
        StoreError: the engine failed. Nothing was loaded.
    """
    try:
        yield
    except duckdb.InterruptException as error:
        _roll_back(connection)
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        _roll_back(connection)
        raise StoreError(
            f"the load stopped: {str(error).splitlines()[0][:300]}",
            where=name,
            next_step="Nothing was loaded. Check that the disk has room and that you may write to the desk.",
        ) from error
    except BaseException:
        _roll_back(connection)
        raise


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:  # the engine has already rolled back
        return


def refuse_older(store: Store, dataset: str, data_date: dt.date, *, withdraws: bool, name: str) -> None:
    """Vintages stand on each other's shoulders in the order of their dates, and a list of withdrawn events on the files of its day.

    Raises:
        StoreError: the data set has a newer vintage, or a list of the same day as a file.
    """
    loaded = store.vintages(dataset)
    if loaded and (data_date, withdraws) < (loaded[-1].data_date, loaded[-1].withdraws):
        raise StoreError(
            f'is dated {data_date}, before the newest vintage of "{dataset}" ({loaded[-1].data_date})',
            where=name,
            next_step="Vintages are loaded oldest first, and of one day the files before the lists of withdrawn events.",
        )


def _tell_spoken_for(connection: duckdb.DuckDBPyConnection, file: File) -> None:
    """The days for which the file speaks, by country: those declared, or else those between its first and last event there."""
    first, last = (file.covers.first, file.covers.last) if file.covers else (None, None)
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE spoken AS
        SELECT land, coalesce(declared.first_date, seen.first_date) AS first_date,
            coalesce(declared.last_date, seen.last_date) AS last_date, coalesce(events, 0) AS events
        FROM (
            SELECT coalesce(country, '') AS land, min(event_date) AS first_date, max(event_date) AS last_date, count(*) AS events
            FROM ready GROUP BY ALL
        ) AS seen FULL JOIN (
            SELECT unnest(CAST(? AS VARCHAR[])) AS land, CAST(? AS DATE) AS first_date, CAST(? AS DATE) AS last_date
        ) AS declared USING (land)
        """,
        [list(file.covers_countries) if file.covers else [], first, last],
    )


def _is_first(connection: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    """Nothing of the data set stands, or was withdrawn by name: its rows are all opened, whatever they say."""
    return not one_count(
        connection, "SELECT count(*) FROM event WHERE dataset = ? AND closed IS NULL", [dataset]
    ) and not one_count(
        connection, "SELECT count(*) FROM withdrawal JOIN vintage ON number = vintage WHERE dataset = ?", [dataset]
    )


def _open_and_close(connection: duckdb.DuckDBPyConnection, number: int, file: File) -> Moved:
    """Open what is new or changed, close what changed or was withdrawn."""
    given = file.data_date if file.dated else None
    standing = "event.dataset = ? AND event.closed IS NULL"
    kept_back = _find_older(connection, file)
    # A file does not speak for the columns that it lacks: they neither make a row changed nor are they lost.
    present = [name for name in CONTENT if name not in file.absent]
    placed = not {"longitude", "latitude"} & set(file.absent)
    acted = not _ACTOR_COLUMNS & set(file.absent)
    keys = [*(["place_id"] if placed else []), *(["party_id"] if acted else [])]
    differs = " OR ".join(f"ready.{name} IS DISTINCT FROM event.{name}" for name in (*present, *keys))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE changed AS SELECT ready.event_id FROM ready JOIN event USING (event_id) "
        f"WHERE {standing} AND ({differs}) AND event_id NOT IN (SELECT event_id FROM older)",
        [file.dataset],
    )
    carried = ", ".join(
        f"coalesce(ready.{name}, old.{name}) AS {name}" if name in file.absent else f"ready.{name}" for name in KEPT
    )
    place, party = (
        f"ready.{name}" if known else f"coalesce(old.{name}, ready.{name}) AS {name}"
        for name, known in (("place_id", placed), ("party_id", acted))
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE opened AS
        SELECT ready.row, ready.event_day, {place}, {party}, {carried}, old.event_id IS NOT NULL AS revises
        FROM ready LEFT JOIN (SELECT * FROM event WHERE {standing}) AS old USING (event_id)
        WHERE (old.event_id IS NULL AND ready.event_id NOT IN (SELECT event_id FROM older))
            OR ready.event_id IN (SELECT event_id FROM changed)
        """,
        [file.dataset],
    )
    _note_restamped(connection, number, file)
    withdrawn = _withdraw(connection, number, file, speaks=file.complete and not kept_back)
    connection.execute(
        f"UPDATE event SET closed = ? WHERE {standing} AND event_id IN (SELECT event_id FROM changed)",
        [number, file.dataset],
    )
    if given:
        connection.execute(
            f"UPDATE event SET given_date = ? WHERE {standing} AND event_id IN (SELECT event_id FROM ready)",
            [given, file.dataset],
        )
    connection.execute(
        "INSERT INTO event BY NAME SELECT CAST(? AS VARCHAR) AS dataset, CAST(? AS INTEGER) AS opened, CAST(? AS DATE) AS given_date, "
        "* EXCLUDE revises FROM opened",
        [file.dataset, number, given],
    )
    return Moved(
        added=one_count(connection, "SELECT count(*) FROM opened WHERE NOT revises"),
        changed=one_count(connection, "SELECT count(*) FROM changed"),
        withdrawn=withdrawn,
        kept_back=kept_back,
    )


def _find_older(connection: duckdb.DuckDBPyConnection, file: File) -> int:
    """Find the rows of a file without a date that are the older word on an event that stands, or that was withdrawn by name."""
    connection.execute("CREATE OR REPLACE TEMP TABLE older (event_id VARCHAR)")
    if file.dated:
        return 0
    connection.execute(
        f"""
        INSERT INTO older
        SELECT ready.event_id FROM ready
        LEFT JOIN (SELECT event_id, revised_at FROM event WHERE dataset = $dataset AND closed IS NULL) AS stands USING (event_id)
        LEFT JOIN (
            SELECT event_id, max(withdrawn_at) AS withdrawn_at FROM withdrawal
            WHERE vintage IN (SELECT number FROM vintage WHERE dataset = $dataset) GROUP BY event_id
        ) AS gone USING (event_id)
        LEFT JOIN ({last_said("SELECT event_id FROM withdrawal")}) AS said USING (event_id)
        WHERE CASE WHEN stands.event_id IS NOT NULL THEN ready.revised_at < stands.revised_at
            ELSE withdrawn_at IS NOT NULL
                AND NOT {since("greatest(ready.revised_at, said.revised_at)", "said.given_date", "withdrawn_at")} END
        """,
        {"dataset": file.dataset},
    )
    return one_count(connection, "SELECT count(*) FROM older")


def last_said(ids: str) -> str:
    """A query of what was last said of the events of `$dataset` among `ids` (a query itself).

    It gives event_id, revised_at (the newest revision that any file had), given_date (the newest day as of which a file that the user
    dated had it), stands.
    """
    return f"""
        SELECT event_id, max(revised_at) AS revised_at, max(given_date) AS given_date, bool_or(stands) AS stands FROM (
            SELECT event_id, revised_at, given_date, closed IS NULL AS stands FROM event WHERE dataset = $dataset
            UNION ALL
            SELECT event_id, revised_at, NULL, false FROM restamped
            WHERE vintage IN (SELECT number FROM vintage WHERE dataset = $dataset)
        ) WHERE event_id IN ({ids}) GROUP BY event_id
    """


def since(revised_at: str, given_date: str, withdrawn_at: str) -> str:
    """A test: after it was withdrawn, an event was revised, or a file that the user dated to a later day had it."""
    day = f"DATE '{EPOCH}' + CAST(floor(epoch_us({withdrawn_at}) / 86400e6) AS INTEGER)"
    return f"(coalesce({revised_at} > {withdrawn_at}, false) OR coalesce({given_date} > {day}, false))"


def _note_restamped(connection: duckdb.DuckDBPyConnection, number: int, file: File) -> None:
    """Note newer revisions of rows that say what they said before: a list of withdrawn events may be older than they are."""
    connection.execute(
        """
        INSERT INTO restamped
        SELECT ?, ready.event_id, ready.revised_at FROM ready
        JOIN (SELECT event_id, revised_at FROM event WHERE dataset = ? AND closed IS NULL) AS stands USING (event_id)
        LEFT JOIN (
            SELECT event_id, max(revised_at) AS revised_at FROM restamped
            WHERE vintage IN (SELECT number FROM vintage WHERE dataset = ?) GROUP BY event_id
        ) AS noted USING (event_id)
        WHERE ready.revised_at > coalesce(greatest(stands.revised_at, noted.revised_at), '-infinity')
            AND event_id NOT IN (SELECT event_id FROM changed)
        """,
        [number, file.dataset, file.dataset],
    )


def _withdraw(connection: duckdb.DuckDBPyConnection, number: int, file: File, *, speaks: bool) -> int:
    """Close rows that the file takes back.

    They are those that the file lacks among the countries and days for which it `speaks`; and those that an earlier load of the very
    same file gave by another mapping. A row that was set aside for a fault is not lacking.
    """
    _name_set_aside(connection, file.id_column, number)
    where = (
        "dataset = ? AND closed IS NULL AND event_id NOT IN (SELECT event_id FROM ready) "
        "AND event_id NOT IN (SELECT said FROM named_aside) AND (opened IN (SELECT number FROM vintage WHERE digest = ? AND dataset = ?) "
        "OR (? AND EXISTS (SELECT 1 FROM spoken WHERE land = coalesce(event.country, '') "
        "AND event.event_date BETWEEN first_date AND last_date)))"
    )
    given = [file.dataset, file.digest, file.dataset, speaks]
    count = one_count(connection, f"SELECT count(*) FROM event WHERE {where}", given)
    if count:
        connection.execute(f"UPDATE event SET closed = ? WHERE {where}", [number, *given])
    connection.execute("DROP TABLE named_aside")
    return count


def _name_set_aside(connection: duckdb.DuckDBPyConnection, id_column: str | None, number: int) -> None:
    """The ids of the raw rows that were set aside for a fault: the file has these events."""
    connection.execute("CREATE OR REPLACE TEMP TABLE named_aside (said VARCHAR)")
    raw = connection.execute(
        "SELECT DISTINCT raw FROM reject WHERE vintage = ? AND kind = 'error' AND raw LIKE '{%'", [number]
    ).fetchall()
    said = (json.loads(text).get(id_column) for (text,) in raw)
    values = {str(value).strip().removesuffix(".0") for value in said if value is not None}
    insert(connection, "named_aside", pl.DataFrame({"said": sorted(values)}, schema={"said": pl.String}))


def _refuse_eventless(connection: duckdb.DuckDBPyConnection, file: File, number: int) -> None:
    """A file of which no row is an event tells nothing: most likely it was misread.

    Raises:
        SourceError: with the first reasons.
    """
    if one_count(connection, "SELECT count(*) FROM ready"):
        return
    rows = connection.execute(
        'SELECT row, "column", value, reason FROM reject WHERE vintage = ? ORDER BY row LIMIT 3', [number]
    ).fetchall()
    # Of a row that is no cells under columns there is no column to name.
    reasons = "; ".join(
        f"row {row}{f', {column} = {value!r}' if column else ''}: {reason}" for row, column, value, reason in rows
    )
    raise SourceError(
        f"none of its rows is an event: {reasons}",
        where=file.name,
        next_step="Nothing was loaded. Mend the file, or export it again in the publisher's own form.",
    )


def _refuse_cut_off(connection: duckdb.DuckDBPyConnection, file: File, number: int, *, rows: int) -> None:
    """A file that ends in the middle of a row does not hold all rows, whatever is said of it: what it lacks was not withdrawn.

    Raises:
        SourceError: with the last row.
    """
    last = connection.execute(
        "SELECT row, line, reason FROM reject WHERE vintage = ? AND kind = 'error' AND (reason = ? OR (row = ? AND \"column\" IS NULL))",
        [number, CUT_OFF, rows],
    ).fetchone()
    if last is None:
        return
    row, line, reason = last
    raise SourceError(
        f"is said to be complete, but its last row is not: {reason}",
        where=f"{file.name}, row {row}" if line is None else f"{file.name}:{line}",
        next_step="Nothing was loaded. Download or copy the file again; or add what it has without --complete.",
    )


def _record(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    file: File,
    *,
    rows: int,
    moved: Moved,
) -> None:
    """Write the vintage's own row."""
    rejects = one_count(connection, "SELECT count(*) FROM reject WHERE vintage = ?", [number])
    connection.execute(
        """
        INSERT INTO vintage
        SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, count(*), ?, ?, ?, ?, min(event_date), max(event_date), ?,
            coalesce(bool_and(list_contains(string_split(lower(coalesce(tags, '')), '; '), 'synthetic')), false),
            CAST(CAST(? AS JSON) AS VARCHAR[]), CAST(CAST(? AS JSON) AS VARCHAR[]), ?, ?, ?, ?
        FROM ready
        """,
        [
            number, file.dataset, file.source, file.form, facts_to_json(file.facts), file.name, file.digest, file.key,
            file.data_date, file.dated, file.loaded_at.astimezone(dt.UTC).replace(tzinfo=None), rows, rejects,
            moved.added, moved.changed, moved.withdrawn, file.complete, json.dumps(file.absent), json.dumps(file.unread), file.gazetteer,
            *((file.covers.first, file.covers.last) if file.covers else (None, None)), moved.kept_back,
        ],
    )  # fmt: skip
    connection.execute(
        "INSERT INTO covered (vintage, country, first_date, last_date, events) SELECT ?, land, first_date, last_date, events FROM spoken",
        [number],
    )
    connection.execute("DROP TABLE spoken")
