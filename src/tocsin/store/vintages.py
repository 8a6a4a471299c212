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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import duckdb
import polars as pl

from tocsin.cube import EPOCH, SEPARATOR
from tocsin.errors import SourceError, StoreError
from tocsin.schema import CUT_OFF, EVENT, EVENT_SCHEMA, REJECT_SCHEMA, SourceFacts, Span, Vintage
from tocsin.store.migrations import KEPT, column_types, first_row
from tocsin.store.open import Store, facts_to_json, frame

Resolver = Callable[[pl.DataFrame], pl.DataFrame]
"""Distinct country, longitude, latitude -> the same with the columns of the place table."""

PLACE_COLUMNS = (
    "country", "longitude", "latitude", "unit_code", "unit_name", "unit_match", "capital", "capital_distance_km",
    "cell_3", "cell_4", "cell_5", "cell_6",
)  # fmt: skip

# Not part of what a row says: a publisher stamps rows anew without changing them.
_NOT_CONTENT = {"event_id", "revised_at", "actors", "longitude", "latitude"}
_SAME_PLACE = " AND ".join(
    f"staged.{name} IS NOT DISTINCT FROM place.{name}" for name in ("country", "longitude", "latitude")
)
_BREAK = f"chr({ord(SEPARATOR)})"
_PARTY_TEXT = f"{_BREAK} || array_to_string(coalesce(actors, []), {_BREAK}) || {_BREAK}"

_ACTOR_COLUMNS = {"actor1", "actor2", "assoc_actor1", "assoc_actor2"}
MADE_ID = "row-"
"""Ids that were made from what a row says begin with this."""

CONTENT = tuple(name for name in KEPT if name not in _NOT_CONTENT)


class CheckedRows(Protocol):
    """A part of a file after its reader: events, rejects, and how many rows were read."""

    @property
    def events(self) -> pl.DataFrame: ...
    @property
    def rejects(self) -> pl.DataFrame: ...
    @property
    def rows(self) -> int: ...


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
        # Outside the transaction, into tables that go with the connection: within one the engine would hold every part until its end.
        rows = _stage(connection, batches, progress)
        _refuse_eventless(connection, file)
        if file.complete:
            _refuse_cut_off(connection, file, rows=rows)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO reject SELECT ?, * FROM aside", [number])
        _make_ids(connection)
        _set_aside_duplicates(connection, number, monadic=file.monadic)
        _give_places(connection, resolve)
        _give_parties(connection)
        _make_ready(connection)
        _tell_spoken_for(connection, file)
        moved = _open_and_close(connection, number, file)
        _record(connection, number, file, rows=rows, moved=moved)
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


def next_number(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> int:
    """One more than the highest number of a table."""
    return one_count(connection, f"SELECT coalesce(max({column}), 0) + 1 FROM {table}")


def one_count(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> int:
    """The number that a query gives; 0 where it gives none."""
    found = first_row(connection, query, parameters)
    return int(found[0]) if found and found[0] is not None else 0


def _stage(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[CheckedRows],
    progress: Callable[[int], None],
) -> int:
    """Bring events and rejects into tables of this load alone; give the number of rows read."""
    types = {**column_types(), "actors": "VARCHAR[]", "longitude": "DOUBLE", "latitude": "DOUBLE"}
    columns = ", ".join(f"{name} {types[name]}" for name in EVENT)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE staged (row BIGINT, line BIGINT, {columns})")
    connection.execute(
        'CREATE OR REPLACE TEMP TABLE aside (row BIGINT, line BIGINT, kind VARCHAR, "column" VARCHAR, value VARCHAR, '
        "reason VARCHAR, raw VARCHAR)"
    )
    rows = 0
    for batch in batches:
        if batch.events.height + batch.rejects.height != batch.rows:
            raise StoreError(
                f"{batch.rows} rows were read but {batch.events.height} events and {batch.rejects.height} rejects came of them",
                next_step="Nothing was loaded. This is a fault of Tocsin's reader: please report it.",
            )
        insert(connection, "staged", batch.events.select("row", "line", *EVENT_SCHEMA))
        insert(connection, "aside", batch.rejects.select(*REJECT_SCHEMA))
        rows += batch.rows
        progress(rows)
    return rows


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Put rows, whose columns stand in the table's order, into a table."""
    if rows.height:
        connection.register("part", rows.to_arrow())
        connection.execute(f"INSERT INTO {table} SELECT * FROM part")
        connection.unregister("part")


def _make_ids(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows without an id get one from what they say and how often it was said before in the file."""
    if not one_count(connection, "SELECT count(*) FROM staged WHERE event_id IS NULL"):
        return
    content = ", ".join(
        f"coalesce('{name}=' || CAST({name} AS VARCHAR), '')" for name in (*CONTENT, "actors", "longitude", "latitude")
    )
    connection.execute(
        f"""
        UPDATE staged SET event_id = made.id FROM (
            SELECT row, '{MADE_ID}' || left(digest, 20) || '-' || row_number() OVER (PARTITION BY digest ORDER BY row) AS id
            FROM (SELECT row, md5(concat_ws(chr(31), {content})) AS digest FROM staged WHERE event_id IS NULL)
        ) AS made WHERE staged.row = made.row
        """
    )


def _set_aside_duplicates(connection: duckdb.DuckDBPyConnection, number: int, *, monadic: bool) -> None:
    """Of the rows with one id keep the newest revision (the first, where none is newer) and set the others aside with the reason."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE twin AS SELECT event_id, row, "
        "first_value(row) OVER (PARTITION BY event_id ORDER BY revised_at DESC NULLS LAST, row) AS kept FROM staged "
        "WHERE event_id IN (SELECT event_id FROM staged GROUP BY event_id HAVING count(*) > 1)"
    )
    if not one_count(connection, "SELECT count(*) FROM twin"):
        return
    if monadic:
        _merge_actors(connection)
        kind, reason = "'merged'", "'names a further actor of the event of row ' || twin.kept"
    else:
        same = " AND ".join(
            f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in (*CONTENT, "actors", "longitude", "latitude")
        )
        kind = f"CASE WHEN {same} THEN 'repeat' ELSE 'error' END"
        reason = (
            f"CASE WHEN {same} THEN 'says again what row ' || twin.kept || ' says' ELSE 'has the id of row ' || twin.kept || "
            "', which was kept, but says something else' END"
        )
    connection.execute(
        f"""
        INSERT INTO reject SELECT ?, a.row, a.line, {kind}, 'event_id', a.event_id, {reason},
            to_json(struct_pack(event_id := a.event_id, event_date := a.event_date, event_type := a.event_type,
                actor1 := a.actor1, actor2 := a.actor2, location := a.location, fatalities := a.fatalities, notes := a.notes))
        FROM twin JOIN staged a USING (row) JOIN staged b ON b.row = twin.kept WHERE twin.row <> twin.kept
        """,
        [number],
    )
    connection.execute("DELETE FROM staged WHERE row IN (SELECT row FROM twin WHERE row <> kept)")


def _merge_actors(connection: duckdb.DuckDBPyConnection) -> None:
    """One row per event and actor: the kept row gets the actors of all, and the second party where it has none."""
    connection.execute(
        """
        UPDATE staged SET actors = merged.actors, actor2 = coalesce(staged.actor2, merged.other) FROM (
            SELECT twin.kept, list_sort(list_distinct(flatten(list(staged.actors)))) AS actors,
                min(staged.actor1) FILTER (WHERE twin.row <> twin.kept) AS other
            FROM twin JOIN staged USING (row) GROUP BY twin.kept
        ) AS merged WHERE staged.row = merged.kept
        """
    )


def _give_places(connection: duckdb.DuckDBPyConnection, resolve: Resolver) -> None:
    """Work out what depends on a place alone for the places not met before."""
    met = frame(
        connection,
        "SELECT DISTINCT country, longitude, latitude FROM staged "
        f"WHERE NOT EXISTS (SELECT 1 FROM place WHERE {_SAME_PLACE}) ORDER BY ALL",
    )
    if met.height:
        start = next_number(connection, "place", "place_id")
        resolved = resolve(met).select(*PLACE_COLUMNS).with_row_index("place_id", offset=start)
        insert(connection, "place", resolved)


def _give_parties(connection: duckdb.DuckDBPyConnection) -> None:
    """Give each distinct set of actors that was not met before a number."""
    start = next_number(connection, "party", "party_id")
    connection.execute(
        f"""
        INSERT INTO party SELECT ? + row_number() OVER (ORDER BY names) - 1, names
        FROM (SELECT DISTINCT {_PARTY_TEXT} AS names FROM staged) WHERE names NOT IN (SELECT names FROM party)
        """,
        [start],
    )


def _make_ready(connection: duckdb.DuckDBPyConnection) -> None:
    """The rows as the fact table has them: a view, so that a first load copies them once."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE keyed AS SELECT staged.row, place.place_id, party.party_id "
        f"FROM staged JOIN place ON {_SAME_PLACE} JOIN party ON party.names = {_PARTY_TEXT}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW ready AS SELECT staged.row, CAST(event_date - DATE '{EPOCH}' AS INTEGER) AS event_day, "
        f"place_id, party_id, {', '.join(KEPT)} FROM staged JOIN keyed USING (row)"
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


def _open_and_close(connection: duckdb.DuckDBPyConnection, number: int, file: File) -> Moved:
    """Open what is new or changed, close what changed or was withdrawn."""
    columns = ", ".join(KEPT)
    given = file.data_date if file.dated else None
    standing = "event.dataset = ? AND event.closed IS NULL"
    if not one_count(connection, f"SELECT count(*) FROM event WHERE {standing}", [file.dataset]) and not one_count(
        connection, "SELECT count(*) FROM withdrawal JOIN vintage ON number = vintage WHERE dataset = ?", [file.dataset]
    ):
        connection.execute(
            f"INSERT INTO event SELECT ?, ?, NULL, row, event_day, place_id, party_id, {columns}, ? FROM ready",
            [file.dataset, number, given],
        )
        return Moved(added=one_count(connection, "SELECT count(*) FROM ready"))
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
            f"UPDATE event SET given_date = ? WHERE {standing} AND event_id IN (SELECT event_id FROM staged)",
            [given, file.dataset],
        )
    connection.execute(
        f"INSERT INTO event SELECT ?, ?, NULL, row, event_day, place_id, party_id, {columns}, ? FROM opened",
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
        SELECT staged.event_id FROM staged
        LEFT JOIN (SELECT event_id, revised_at FROM event WHERE dataset = $dataset AND closed IS NULL) AS stands USING (event_id)
        LEFT JOIN (
            SELECT event_id, max(withdrawn_at) AS withdrawn_at FROM withdrawal
            WHERE vintage IN (SELECT number FROM vintage WHERE dataset = $dataset) GROUP BY event_id
        ) AS gone USING (event_id)
        LEFT JOIN ({last_said("SELECT event_id FROM withdrawal")}) AS said USING (event_id)
        WHERE CASE WHEN stands.event_id IS NOT NULL THEN staged.revised_at < stands.revised_at
            ELSE withdrawn_at IS NOT NULL
                AND NOT {since("greatest(staged.revised_at, said.revised_at)", "said.given_date", "withdrawn_at")} END
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
    _name_set_aside(connection, file.id_column)
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


def _name_set_aside(connection: duckdb.DuckDBPyConnection, id_column: str | None) -> None:
    """The ids of the raw rows that were set aside for a fault: the file has these events."""
    connection.execute("CREATE OR REPLACE TEMP TABLE named_aside (said VARCHAR)")
    raw = connection.execute("SELECT DISTINCT raw FROM aside WHERE kind = 'error' AND raw LIKE '{%'").fetchall()
    said = (json.loads(text).get(id_column) for (text,) in raw)
    values = {str(value).strip().removesuffix(".0") for value in said if value is not None}
    insert(connection, "named_aside", pl.DataFrame({"said": sorted(values)}, schema={"said": pl.String}))


def _refuse_eventless(connection: duckdb.DuckDBPyConnection, file: File) -> None:
    """A file of which no row is an event tells nothing: most likely it was misread.

    Raises:
        SourceError: with the first reasons.
    """
    if one_count(connection, "SELECT count(*) FROM staged"):
        return
    rows = connection.execute('SELECT row, "column", value, reason FROM aside ORDER BY row LIMIT 3').fetchall()
    reasons = "; ".join(f"row {row}, {column} = {value!r}: {reason}" for row, column, value, reason in rows)
    raise SourceError(
        f"none of its rows is an event: {reasons}",
        where=file.name,
        next_step="Nothing was loaded. Mend the file, or export it again in the publisher's own form.",
    )


def _refuse_cut_off(connection: duckdb.DuckDBPyConnection, file: File, *, rows: int) -> None:
    """A file that ends in the middle of a row does not hold all rows, whatever is said of it: what it lacks was not withdrawn.

    Raises:
        SourceError: with the last row.
    """
    last = connection.execute(
        "SELECT row, line, reason FROM aside WHERE kind = 'error' AND (reason = ? OR (row = ? AND \"column\" IS NULL))",
        [CUT_OFF, rows],
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
    connection.execute("DROP VIEW ready")
    for table in ("staged", "aside", "twin", "keyed", "spoken"):
        connection.execute(f"DROP TABLE {table}")
