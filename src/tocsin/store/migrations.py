"""The store's tables, as ordered steps: each runs once, in a transaction of its own, and is never edited after a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from tocsin.errors import StoreError
from tocsin.schema import EVENT

# DuckDB's name for each type of the event contract.
_TYPES = {
    "String": "VARCHAR",
    "Date": "DATE",
    "Int8": "TINYINT",
    "Int64": "BIGINT",
    "Float64": "DOUBLE",
    "Boolean": "BOOLEAN",
    "Datetime(time_unit='us', time_zone='UTC')": "TIMESTAMPTZ",
}

KEPT = tuple(name for name in EVENT if name not in {"actors", "longitude", "latitude"})
"""Event columns kept in the fact table; parties and coordinates are kept once for each distinct value."""


LATER = frozenset({"mentions"})
"""Of these the columns that came after the first layout, each by a step of its own."""


def column_types() -> dict[str, str]:
    """DuckDB types of the fact table's event columns, in order."""
    return {name: _TYPES[str(EVENT[name].dtype)] for name in KEPT}


def _first(connection: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in column_types().items() if name not in LATER)
    connection.execute(
        """
        CREATE TABLE vintage (
            number INTEGER PRIMARY KEY, dataset VARCHAR NOT NULL, source VARCHAR NOT NULL, form VARCHAR NOT NULL,
            facts VARCHAR NOT NULL, file VARCHAR NOT NULL, digest VARCHAR NOT NULL, key VARCHAR NOT NULL,
            data_date DATE NOT NULL, dated BOOLEAN NOT NULL, loaded_at TIMESTAMP NOT NULL,
            rows BIGINT NOT NULL, events BIGINT NOT NULL, rejects BIGINT NOT NULL,
            added BIGINT NOT NULL, changed BIGINT NOT NULL, withdrawn BIGINT NOT NULL,
            first_date DATE, last_date DATE, complete BOOLEAN NOT NULL, synthetic BOOLEAN NOT NULL,
            absent VARCHAR[] NOT NULL, unread VARCHAR[] NOT NULL, gazetteer VARCHAR NOT NULL
        )
        """
    )
    # loaded_at is in UTC, without a zone: the engine needs a further package to give instants with one.
    # opened and closed are vintage numbers: a row stands from `opened` until, and without, `closed`.
    connection.execute(
        f"CREATE TABLE event (dataset VARCHAR NOT NULL, opened INTEGER NOT NULL, closed INTEGER, row BIGINT NOT NULL, "
        f"event_day INTEGER NOT NULL, place_id INTEGER NOT NULL, party_id INTEGER NOT NULL, {columns})"
    )
    connection.execute(
        """
        CREATE TABLE place (
            place_id INTEGER PRIMARY KEY, country VARCHAR, longitude DOUBLE, latitude DOUBLE,
            unit_code VARCHAR, unit_name VARCHAR, unit_match VARCHAR, capital VARCHAR, capital_distance_km DOUBLE,
            cell_3 BIGINT, cell_4 BIGINT, cell_5 BIGINT, cell_6 BIGINT
        )
        """
    )
    connection.execute("CREATE TABLE party (party_id INTEGER PRIMARY KEY, names VARCHAR NOT NULL)")
    # What each vintage speaks for: days by country ('' where the data name none that is known).
    connection.execute(
        "CREATE TABLE covered (vintage INTEGER NOT NULL, country VARCHAR NOT NULL, first_date DATE NOT NULL, last_date DATE NOT NULL)"
    )
    connection.execute(
        """
        CREATE TABLE reject (
            vintage INTEGER NOT NULL, row BIGINT, line BIGINT, kind VARCHAR NOT NULL,
            "column" VARCHAR, value VARCHAR, reason VARCHAR NOT NULL, raw VARCHAR
        )
        """
    )


def _second(connection: duckdb.DuckDBPyConnection) -> None:
    """What a file was declared to cover, how many rows were kept back, and how many events lie behind each covered country."""
    connection.execute("ALTER TABLE vintage ADD COLUMN covers_first DATE")
    connection.execute("ALTER TABLE vintage ADD COLUMN covers_last DATE")
    connection.execute("ALTER TABLE vintage ADD COLUMN kept_back BIGINT DEFAULT 0")
    connection.execute("ALTER TABLE covered ADD COLUMN events BIGINT")  # null where it was loaded before this step


def _third(connection: duckdb.DuckDBPyConnection) -> None:
    """What lists of withdrawn events say and what became of it, and newer revisions of rows that say what they said before."""
    connection.execute(
        """
        CREATE TABLE withdrawal (
            vintage INTEGER NOT NULL, row BIGINT NOT NULL, line BIGINT, event_id VARCHAR NOT NULL,
            withdrawn_at TIMESTAMPTZ NOT NULL, outcome VARCHAR NOT NULL
        )
        """
    )
    connection.execute(
        "CREATE TABLE restamped (vintage INTEGER NOT NULL, event_id VARCHAR NOT NULL, revised_at TIMESTAMPTZ NOT NULL)"
    )


def _fourth(connection: duckdb.DuckDBPyConnection) -> None:
    """The newest day as of which a file that the user dated had the row, whether or not it changed it; null where none had."""
    connection.execute("ALTER TABLE event ADD COLUMN given_date DATE")


def _fifth(connection: duckdb.DuckDBPyConnection) -> None:
    """How often reports mention an event."""
    connection.execute("ALTER TABLE event ADD COLUMN mentions BIGINT")


MIGRATIONS = (_first, _second, _third, _fourth, _fifth)

FROM_FILES = (
    (4, "which files had each event", "SELECT 1 FROM vintage LIMIT 1"),
    (5, "how often reports mention each event", "SELECT 1 FROM vintage WHERE source = 'gdelt' LIMIT 1"),
)
"""From this layout on a store says what only the files tell: one of an earlier layout that holds such loads is made anew from them."""


def first_row(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()
) -> tuple[Any, ...] | None:
    """The first row of a query. All are fetched: a result not read to its end blocks the connection."""
    rows = connection.execute(query, list(parameters)).fetchall()
    return rows[0] if rows else None


def migrate(connection: duckdb.DuckDBPyConnection, *, path: str) -> None:
    """Bring a store to the newest layout.

    Raises:
        StoreError: the store was written by a newer Tocsin, can not be written, or holds loads of a layout that has to be made anew.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS layout (version INTEGER NOT NULL)")
    found = first_row(connection, "SELECT max(version) FROM layout")
    version = int(found[0]) if found and found[0] is not None else 0
    if version > len(MIGRATIONS):
        raise StoreError(
            f"was written by a newer Tocsin (layout {version}; this one knows {len(MIGRATIONS)})",
            where=path,
            next_step="Use that version, or move the .tocsin folder away and load the files again.",
        )
    lacking = [what for layout, what, loads in FROM_FILES if 0 < version < layout and first_row(connection, loads)]
    if lacking:
        raise StoreError(
            f"has layout {version}; layout {len(MIGRATIONS)} also says {lacking[0]}, and is made from the kept files",
            where=path,
            next_step="Bring it up to date: tocsin rebuild",
        )
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        try:
            connection.execute("BEGIN")
            step(connection)
            connection.execute("INSERT INTO layout VALUES (?)", [number])
            connection.execute("COMMIT")
        except duckdb.Error as error:
            raise StoreError(
                f"can not be brought to layout {number}: {str(error).splitlines()[0][:200]}",
                where=path,
                next_step="Check that the disk has room and that you may write there; it is as it was.",
            ) from error
