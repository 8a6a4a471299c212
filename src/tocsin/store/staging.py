"""Bring the rows of a file into the engine as the fact table has them: each with an id, a place and its parties.

They come as one stream, in the order of the file, and the next part of the file is read while the engine takes in the one before. Where
nothing of the data set stands, they go into the fact table itself, as opened by the load; else into a table of the load alone, to be
compared with what stands.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import duckdb
import polars as pl
import pyarrow as pa

from tocsin.cube import SEPARATOR
from tocsin.errors import StoreError
from tocsin.schema import EVENT_SCHEMA, REJECT_SCHEMA
from tocsin.store.migrations import KEPT, LATER, first_row
from tocsin.store.numbering import Numbering
from tocsin.store.open import frame

Resolver = Callable[[pl.DataFrame], pl.DataFrame]
"""Distinct country, longitude, latitude -> the same, in the same order, with the columns of the place table."""

COORDINATES = ("country", "longitude", "latitude")
PLACE_COLUMNS = (
    *COORDINATES, "unit_code", "unit_name", "unit_match", "capital", "capital_distance_km", "cell_3", "cell_4", "cell_5", "cell_6",
)  # fmt: skip

# Not part of what a row says: a publisher stamps rows anew without changing them.
_NOT_CONTENT = {"event_id", "revised_at", "actors", "longitude", "latitude"}
CONTENT = tuple(name for name in KEPT if name not in _NOT_CONTENT)

MADE_ID = "row-"
"""Ids that were made from what a row says begin with this."""

_SAID = ", ".join(
    # Where a column that came later is null nothing is said of it, so that ids made before stay what they are.
    f"'{name}=' || CAST({name} AS VARCHAR)" if name in LATER else f"coalesce('{name}=' || CAST({name} AS VARCHAR), '')"
    for name in (*CONTENT, "actors", *COORDINATES[1:])
)

ROWS_A_PIECE = 122_880
"""As many as the engine packs together: of smaller pieces it would pack every row twice."""

_SHAPE = {
    "row": pl.Int64(),
    "event_day": pl.Int32(),
    "place_id": pl.Int32(),
    "party_id": pl.Int32(),
    **{name: EVENT_SCHEMA[name] for name in KEPT},
}
"""A row of the fact table, but for what holds for the whole load."""

_LINES = {"row": pl.Int64(), "before": pl.Int64()}
_BREAK = f"chr({ord(SEPARATOR)})"

T = TypeVar("T")


class CheckedRows(Protocol):
    """A part of a file after its reader: events, rejects, and how many rows were read."""

    @property
    def events(self) -> pl.DataFrame: ...
    @property
    def rejects(self) -> pl.DataFrame: ...
    @property
    def rows(self) -> int: ...


@dataclass(frozen=True)
class Staged:
    """The rows of a file in the engine."""

    table: str
    """Where they lie: those of it that `number` opened."""
    number: int
    rows: int
    """How many rows were read."""
    lines: pl.DataFrame
    """row, before: see _Feed."""


@dataclass
class _Feed:
    """The rows of a file, as the engine takes them."""

    batches: Iterable[CheckedRows]
    places: Numbering
    parties: Numbering
    beside: duckdb.DuckDBPyConnection
    """A second connection: the first is taken by the stream while this sets rejects aside."""
    progress: Callable[[int], None]
    rows: int = 0
    lines: list[pl.DataFrame] = field(default_factory=list)
    """row, before (by how much its line is more than that): of the first of rows in a row for which this is the same."""
    failed: BaseException | None = None
    """What stopped the stream: of it the engine tells no more than a text."""
    made: list[pl.Series] = field(default_factory=list)
    """The rows that had no id."""

    def stream(self) -> pa.RecordBatchReader:
        """The rows in pieces of ROWS_A_PIECE."""
        return pa.RecordBatchReader.from_batches(_arrow(pl.DataFrame(schema=_SHAPE)).schema, self._pieces())

    def _pieces(self) -> Iterator[pa.RecordBatch]:
        try:
            held = pl.DataFrame(schema=_SHAPE)
            for batch in ahead(self.batches):
                held = pl.concat([held, self._shaped(batch)])
                while held.height >= ROWS_A_PIECE:
                    yield from _arrow(held.head(ROWS_A_PIECE)).to_batches()
                    held = held.slice(ROWS_A_PIECE)
            yield from _arrow(held).to_batches()
        except GeneratorExit:  # the engine failed, and takes no more
            raise
        except BaseException as error:
            self.failed = error
            raise

    def _shaped(self, batch: CheckedRows) -> pl.DataFrame:
        """The events of a part of a file; its rejects are set aside."""
        events = batch.events
        if events.height + batch.rejects.height != batch.rows:
            raise StoreError(
                f"{batch.rows} rows were read but {events.height} events and {batch.rejects.height} rejects came of them",
                next_step="Nothing was loaded. This is a fault of Tocsin's reader: please report it.",
            )
        insert(self.beside, "aside", batch.rejects.select(*REJECT_SCHEMA))
        lines = events.select("row", before=pl.col("line") - pl.col("row"))
        self.lines.append(lines.filter((pl.col("before") != pl.col("before").shift()).fill_null(value=True)))
        self.rows += batch.rows
        self.progress(self.rows)
        names = events.select(names=party_text(pl.col("actors")))
        return events.with_columns(
            self._ids(events),
            event_day=pl.col("event_date").to_physical(),
            place_id=self.places.of(events),
            party_id=self.parties.of(names),
        ).select(*_SHAPE)

    def _ids(self, events: pl.DataFrame) -> pl.Series:
        """The id of each event; one without gets that of the first row that says what it says."""
        ids = events["event_id"]
        if not ids.has_nulls():
            return ids
        lacking = ids.is_null()
        with registered(self.beside, _arrow(events.filter(lacking))):
            digests = frame(
                self.beside, f"SELECT left(md5(concat_ws(chr(31), {_SAID})), 20) AS digest FROM part ORDER BY row"
            )
        self.made.append(events["row"].filter(lacking))
        made = digests.select(pl.concat_str(pl.lit(MADE_ID), "digest", pl.lit("-1"))).to_series()
        return ids.clone().scatter(lacking.arg_true(), made)


def stage(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[CheckedRows],
    *,
    dataset: str,
    number: int,
    given: dt.date | None,
    straight: bool,
    resolve: Resolver,
    progress: Callable[[int], None],
) -> Staged:
    """Bring the rows of a file into the engine.

    What comes of it: the view `ready` (a row an event: row, event_day, place_id, party_id and KEPT), and new places, parties and rejects in
    their tables. Ids may be there several times until `set_twins_aside`.

    Args:
        number: Of the vintage.
        given: The day as of which the user said that the file gives the data.
        straight: Into the fact table; else into a table of this load.
        resolve: Works out what depends on a place alone, for places not met before.
        progress: Told how many rows have been read so far.

    Raises:
        StoreError: the reader lost a row.
    """
    table = "event" if straight else "staged"
    if not straight:
        connection.execute("CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM event LIMIT 0")
    places = Numbering(
        frame(connection, f"SELECT {', '.join(COORDINATES)}, place_id FROM place"),
        number="place_id",
        start=next_number(connection, "place", "place_id"),
    )
    parties = Numbering(
        frame(connection, "SELECT names, party_id FROM party"),
        number="party_id",
        start=next_number(connection, "party", "party_id"),
    )
    with connection.cursor() as beside:
        beside.execute(
            'CREATE TEMP TABLE aside (row BIGINT, line BIGINT, kind VARCHAR, "column" VARCHAR, value VARCHAR, reason VARCHAR, raw VARCHAR)'
        )
        feed = _Feed(batches, places, parties, beside, progress)
        try:
            with registered(connection, feed.stream()):
                connection.execute(
                    f"INSERT INTO {table} BY NAME SELECT CAST(? AS VARCHAR) AS dataset, CAST(? AS INTEGER) AS opened, "
                    "CAST(? AS DATE) AS given_date, * FROM part",
                    [dataset, number, given],
                )
        except duckdb.Error:
            if feed.failed:
                raise feed.failed from None
            raise
        with registered(connection, beside.sql("FROM aside").to_arrow_reader()):
            connection.execute("INSERT INTO reject SELECT ?, * FROM part", [number])
    if places.met.height:
        resolved = resolve(places.met.select(COORDINATES)).with_columns(places.met["place_id"])
        insert(connection, "place", resolved.select("place_id", *PLACE_COLUMNS))
    insert(connection, "party", parties.met.select("party_id", "names"))
    if feed.made:
        _number_ids(connection, table, number, pl.concat(feed.made))
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW ready AS SELECT row, event_day, place_id, party_id, {', '.join(KEPT)} FROM {table} "
        f"WHERE opened = {number:d}"
    )
    return Staged(table, number, feed.rows, pl.concat(feed.lines) if feed.lines else pl.DataFrame(schema=_LINES))


def _number_ids(connection: duckdb.DuckDBPyConnection, table: str, number: int, made: pl.Series) -> None:
    """Of rows without an id that say the same, the second gets another than the first, and so on."""
    with registered(connection, made.to_frame("row").to_arrow()):
        connection.execute(
            f"""
            UPDATE {table} SET event_id = numbered.id FROM (
                SELECT row, regexp_replace(event_id, '1$', '') || row_number() OVER (PARTITION BY event_id ORDER BY row) AS id
                FROM {table} SEMI JOIN part USING (row) WHERE opened = $number
                QUALIFY count(*) OVER (PARTITION BY event_id) > 1
            ) AS numbered WHERE opened = $number AND {table}.row = numbered.row
            """,
            {"number": number},
        )


def set_twins_aside(connection: duckdb.DuckDBPyConnection, staged: Staged, *, monadic: bool) -> None:
    """Of the rows with one id keep the newest revision (the first, where none is newer) and set the others aside with the reason.

    Args:
        monadic: Rows of one id are of one event, and each names an actor of it: the kept row gets the actors of all.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE twin AS SELECT event_id, row, "
        "first_value(row) OVER (PARTITION BY event_id ORDER BY revised_at DESC NULLS LAST, row) AS kept FROM ready "
        "WHERE event_id IN (SELECT event_id FROM ready GROUP BY event_id HAVING count(*) > 1)"
    )
    if one_count(connection, "SELECT count(*) FROM twin"):
        if monadic:
            _merge_actors(connection, staged)
            kind, reason = "'merged'", "'names a further actor of the event of row ' || twin.kept"
        else:
            same = " AND ".join(
                f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in (*CONTENT, "place_id", "party_id")
            )
            kind = f"CASE WHEN {same} THEN 'repeat' ELSE 'error' END"
            reason = (
                f"CASE WHEN {same} THEN 'says again what row ' || twin.kept || ' says' ELSE 'has the id of row ' || twin.kept || "
                "', which was kept, but says something else' END"
            )
        with registered(connection, staged.lines.to_arrow()):
            connection.execute(
                f"""
                INSERT INTO reject SELECT ?, a.row, a.row + part.before, {kind}, 'event_id', a.event_id, {reason},
                    to_json(struct_pack(event_id := a.event_id, event_date := a.event_date, event_type := a.event_type,
                        actor1 := a.actor1, actor2 := a.actor2, location := a.location, fatalities := a.fatalities, notes := a.notes))
                FROM twin JOIN ready a USING (row) JOIN ready b ON b.row = twin.kept ASOF JOIN part ON part.row <= a.row
                WHERE twin.row <> twin.kept
                """,
                [staged.number],
            )
        connection.execute(
            f"DELETE FROM {staged.table} WHERE opened = ? AND row IN (SELECT row FROM twin WHERE row <> kept)",
            [staged.number],
        )
    connection.execute("DROP TABLE twin")


def _merge_actors(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """One row per event and actor: the kept row gets the actors of all, and the second party where it has none."""
    names = f"string_split(names, {_BREAK})"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE merged AS
        SELECT kept, other, {_BREAK} || array_to_string(list_sort([name for name in actors if name <> '']), {_BREAK}) || {_BREAK} AS names
        FROM (
            SELECT twin.kept, list_distinct(flatten(list({names}))) AS actors,
                min(ready.actor1) FILTER (WHERE twin.row <> twin.kept) AS other
            FROM twin JOIN ready USING (row) JOIN party USING (party_id) GROUP BY twin.kept
        )
        """
    )
    start = next_number(connection, "party", "party_id")
    connection.execute(
        """
        INSERT INTO party SELECT ? + row_number() OVER (ORDER BY names) - 1, names
        FROM (SELECT DISTINCT names FROM merged) WHERE names NOT IN (SELECT names FROM party)
        """,
        [start],
    )
    connection.execute(
        f"""
        UPDATE {staged.table} SET party_id = party.party_id, actor2 = coalesce(actor2, merged.other)
        FROM merged JOIN party USING (names) WHERE opened = ? AND row = merged.kept
        """,
        [staged.number],
    )
    connection.execute("DROP TABLE merged")


def discard(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Take away what only the load itself needed."""
    connection.execute("DROP VIEW ready")
    if staged.table != "event":
        connection.execute(f"DROP TABLE {staged.table}")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items; the next is made while one is in use."""
    iterator = iter(items)
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(next, iterator, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, iterator, None)
            yield item


def party_text(actors: pl.Expr) -> pl.Expr:
    """The names of a set of actors as the store keeps them."""
    return pl.concat_str(pl.lit(SEPARATOR), actors.list.join(SEPARATOR).fill_null(""), pl.lit(SEPARATOR))


def next_number(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> int:
    """One more than the highest number of a table."""
    return one_count(connection, f"SELECT coalesce(max({column}), 0) + 1 FROM {table}")


def one_count(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> int:
    """The number that a query gives; 0 where it gives none."""
    found = first_row(connection, query, parameters)
    return int(found[0]) if found and found[0] is not None else 0


@contextlib.contextmanager
def registered(connection: duckdb.DuckDBPyConnection, rows: pa.Table | pa.RecordBatchReader) -> Iterator[None]:
    """Rows that queries inside see as the table `part`."""
    connection.register("part", rows)
    try:
        yield
    finally:
        # In a transaction that failed this fails too, and would hide why.
        with contextlib.suppress(duckdb.Error):
            connection.unregister("part")


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Put rows, whose columns stand in the table's order, into a table."""
    if rows.height:
        with registered(connection, rows.to_arrow()):
            connection.execute(f"INSERT INTO {table} SELECT * FROM part")


def _arrow(rows: pl.DataFrame) -> pa.Table:
    """The same rows as the engine takes them quickest."""
    return rows.to_arrow(compat_level=pl.CompatLevel.newest())
