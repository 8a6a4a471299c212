"""Open a desk's memory: one DuckDB file, held by one writer or by many readers."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
from pydantic import TypeAdapter

from tocsin.cube import Events
from tocsin.desk import Spark
from tocsin.errors import QuestionError, StoreBusyError, StoreError, did_you_mean
from tocsin.schema import Provenance, SourceFacts, Span, Vintage, joined, overlap
from tocsin.store.creation import ensure
from tocsin.store.migrations import MIGRATIONS, first_row, migrate
from tocsin.store.spark import Reading, reading
from tocsin.store.standing import standing

FILE_NAME = "store.duckdb"
INTERRUPTED = "Query interrupted"
"""With these words, and no more, DuckDB raises a RuntimeError where Ctrl-C stopped it."""
MEMORY_LIMIT = "2GB"
"""What the engine may hold before it spills to the desk's own folder."""


@dataclass(frozen=True)
class Store:
    """An open store. Use it as a context manager; what it gives is valid while it is open."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    at_end: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False, compare=False)
    """What has to be stopped when the store is closed."""
    readings: dict[Spark, Reading] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The session that reads the same rows by Spark, once it was asked for."""

    def vintages(self, dataset: str | None = None) -> tuple[Vintage, ...]:
        """Every load in its order in time, oldest data first; of one data set if it is named."""
        rows = self.connection.execute(
            "SELECT number, dataset, source, file, digest, data_date, loaded_at, rows, events, rejects, first_date, last_date, "
            "complete, synthetic, dated, added, changed, withdrawn, form, key, covers_first, covers_last, kept_back FROM vintage "
            "WHERE ? IS NULL OR dataset = ? ORDER BY data_date, events = 0, number",
            [dataset, dataset],
        ).fetchall()
        return tuple(
            Vintage(
                number=row[0], dataset=row[1], source=row[2], file=row[3], digest=row[4], data_date=row[5],
                loaded_at=row[6].replace(tzinfo=dt.UTC), rows=row[7], events=row[8], rejects=row[9],
                span=Span(row[10], row[11]) if row[10] else None, complete=row[12], synthetic=row[13], dated=row[14],
                added=row[15], changed=row[16], withdrawn=row[17], form=row[18], key=row[19],
                covers=Span(row[20], row[21]) if row[20] else None, kept_back=row[22],
            )
            for row in rows
        )  # fmt: skip

    def numbers(self) -> dict[str, int]:
        """The number of each vintage by its key, whatever the layout of the store."""
        if not first_row(self.connection, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'vintage'"):
            return {}
        return dict(self.connection.execute("SELECT key, number FROM vintage").fetchall())

    def datasets(self) -> tuple[str, ...]:
        """The data sets loaded, in the order of their first load."""
        rows = self.connection.execute("SELECT dataset FROM vintage GROUP BY dataset ORDER BY min(number)").fetchall()
        return tuple(row[0] for row in rows)

    def events(
        self,
        dataset: str,
        *,
        countries: tuple[str, ...] | None = None,
        as_of: dt.date | None = None,
        up_to: int | None = None,
        spark: Spark | None = None,
    ) -> Events:
        """The rows of one data set as they stand, or stood on the day `as_of`.

        Args:
            spark: Let Spark read them, from Parquet files that are laid first where they are not there; the store's own engine if not.
            countries: The ISO codes for which `about.covered` must hold; the rows are not filtered by them.
            up_to: The number of a vintage: the rows as they stood once it was known, with all that is dated before it.

        Raises:
            QuestionError: the data set is not loaded, not yet by `as_of`, or has no such vintage.
            StoreError: Spark is not there or fails; what fails when an answer is fetched is raised where the store is closed.
        """
        known = self.datasets()
        if dataset not in known:
            step = did_you_mean(dataset, known) if known else "Load a file first: tocsin add FILE"
            raise QuestionError(f'no data set "{dataset}" is loaded', next_step=step)
        vintages = self.vintages(dataset)
        seen = tuple(vintage for vintage in vintages if as_of is None or vintage.data_date <= as_of)
        if up_to is not None:
            numbers = [vintage.number for vintage in seen]
            if up_to not in numbers:
                raise QuestionError(f'"{dataset}" has no vintage {up_to}', next_step="See them: tocsin vintages")
            seen = seen[: numbers.index(up_to) + 1]
        if not seen:
            oldest = min(vintage.data_date for vintage in vintages)
            raise QuestionError(
                f'there are no data of "{dataset}" as of {as_of}', next_step=f"The oldest vintage is dated {oldest}."
            )
        about = Provenance(
            dataset=dataset,
            facts=self._facts(seen[-1].number),
            vintages=seen,
            as_of=as_of,
            covered=self._covered(seen, countries),
        )
        if spark:
            by_spark = self._read_by(spark)
            return Events(
                rows=by_spark.events(
                    dataset, {vintage.number for vintage in seen}, all_known=len(seen) == len(vintages)
                ),
                places=by_spark.table("place"),
                parties=by_spark.table("party"),
                about=about,
            )
        # Only what is needed to tell the standing rows: every figure reads through this filter.
        stands = [f"dataset = {_quoted(dataset)}"] if len(known) > 1 else []
        stands.append(standing(seen, known=vintages))
        # In one statement: the engine checks each step that is laid upon another anew.
        rows = self.connection.sql(
            f"SELECT * EXCLUDE (dataset, opened, closed, given_date) FROM event WHERE {' AND '.join(stands)}",
            alias="event",
        )
        return Events(
            rows=nw.from_native(rows),
            places=nw.from_native(self.connection.table("place")),
            parties=nw.from_native(self.connection.table("party")),
            about=about,
        )

    def _read_by(self, spark: Spark) -> Reading:
        if spark not in self.readings:
            self.readings[spark] = self.at_end.enter_context(reading(spark, self.folder, self.connection))
        return self.readings[spark]

    def rejects(self, vintage: int | None = None) -> pl.DataFrame:
        """Rows set aside: vintage, file, and the columns of schema.REJECT_SCHEMA."""
        return frame(
            self.connection,
            'SELECT reject.vintage, vintage.file, row, line, kind, "column", value, reason, raw FROM reject '
            "JOIN vintage ON vintage.number = reject.vintage WHERE ? IS NULL OR reject.vintage = ? "
            "ORDER BY reject.vintage, row, line",
            [vintage, vintage],
        )

    def gazetteers(self) -> tuple[str, ...]:
        """The gazetteers with which places were worked out: one, unless the desk changed its own between two loads."""
        rows = self.connection.execute("SELECT DISTINCT gazetteer FROM vintage ORDER BY gazetteer").fetchall()
        return tuple(row[0] for row in rows)

    def versions(self, event_id: str, *, dataset: str | None = None) -> list[tuple[Vintage, int]]:
        """Each version of an event that was ever loaded: its vintage and the row of that file, oldest first."""
        rows = self.connection.execute(
            "SELECT opened, row FROM event WHERE event_id = ? AND (? IS NULL OR dataset = ?)",
            [event_id, dataset, dataset],
        ).fetchall()
        by_number = dict(rows)
        return [(vintage, by_number[vintage.number]) for vintage in self.vintages() if vintage.number in by_number]

    def filled(self, dataset: str, *, as_of: dt.date | None = None) -> dict[str, int]:
        """How many of the data set's rows that stand, or stood on the day `as_of`, have a value, by column."""
        columns = [name for name, *_ in self.connection.execute("DESCRIBE event").fetchall()]
        counts = ", ".join(f'count("{name}")' for name in columns)
        stands = self._stands(dataset, as_of)
        row = first_row(self.connection, f"SELECT {counts} FROM event WHERE dataset = ? AND {stands}", [dataset])
        return dict(zip(columns, row or (), strict=True))

    def placed(self, dataset: str, *, as_of: dt.date | None = None) -> int:
        """How many of the data set's rows that stand, or stood on the day `as_of`, have a point."""
        return self._counted(dataset, as_of, "place.latitude IS NOT NULL", [])

    def inside(self, dataset: str, countries: tuple[str, ...], *, as_of: dt.date | None = None) -> int:
        """How many of the rows, as they stand or stood on `as_of`, are of these countries."""
        return self._counted(dataset, as_of, "list_contains(?, event.country)", [list(countries)])

    def unplaced(self, dataset: str, countries: tuple[str, ...], *, as_of: dt.date | None = None) -> int:
        """How many of the rows of these countries, as they stand or stood on `as_of`, have a point that no unit of their country holds."""
        return self._counted(
            dataset,
            as_of,
            "place.latitude IS NOT NULL AND place.unit_code IS NULL AND list_contains(?, event.country)",
            [list(countries)],
        )

    def _stands(self, dataset: str, as_of: dt.date | None) -> str:
        """An SQL test of the rows that stand, or stood on the day `as_of`."""
        known = self.vintages(dataset)
        return standing([each for each in known if as_of is None or each.data_date <= as_of], known=known)

    def _counted(self, dataset: str, as_of: dt.date | None, where: str, parameters: list[object]) -> int:
        row = first_row(
            self.connection,
            "SELECT count(*) FROM event JOIN place USING (place_id) "
            f"WHERE dataset = ? AND {self._stands(dataset, as_of)} AND {where}",
            [dataset, *parameters],
        )
        return int(row[0]) if row else 0

    def named_units(self, dataset: str, countries: tuple[str, ...], *, as_of: dt.date | None = None) -> pl.DataFrame:
        """Rows of these countries, as they stand or stood on `as_of`, by the unit that the shape gives and the one that the data name.

        Returns:
            unit_code, admin1, events.
        """
        return frame(
            self.connection,
            "SELECT unit_code, admin1, count(*) AS events FROM event JOIN place USING (place_id) "
            f"WHERE dataset = ? AND {self._stands(dataset, as_of)} AND admin1 IS NOT NULL AND list_contains(?, event.country) "
            "GROUP BY ALL ORDER BY ALL",
            [dataset, list(countries)],
        )

    def _facts(self, vintage: int) -> SourceFacts:
        row = first_row(self.connection, "SELECT facts FROM vintage WHERE number = ?", [vintage])
        return facts_from_json(row[0] if row else "{}")

    def _covered(self, seen: tuple[Vintage, ...], countries: tuple[str, ...] | None) -> tuple[Span, ...]:
        """Days for which some file speaks, for each of the countries (or, where none is named, for any)."""
        rows = self.connection.execute(
            "SELECT country, first_date, last_date FROM covered WHERE list_contains(?, vintage)",
            [[vintage.number for vintage in seen]],
        ).fetchall()
        if countries is None:
            return joined([Span(first, last) for _, first, last in rows])
        spans = [
            joined([Span(first, last) for named, first, last in rows if named == country]) for country in countries
        ]
        common = spans[0]
        for other in spans[1:]:
            common = overlap(common, other)
        return common


def frame(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> pl.DataFrame:
    """The rows of a query as a Polars table."""
    table = pl.from_arrow(connection.sql(query, params=list(parameters)).to_arrow_table())
    if not isinstance(table, pl.DataFrame):
        raise TypeError("a query gives a table")
    return table


_FACTS = TypeAdapter(SourceFacts)


def facts_to_json(facts: SourceFacts) -> str:
    return json.dumps(asdict(facts), ensure_ascii=False, sort_keys=True)


def facts_from_json(text: str) -> SourceFacts:
    return _FACTS.validate_json(text)


@contextlib.contextmanager
def open_store(
    folder: Path, *, write: bool = False, any_layout: bool = False, wait_seconds: float = 10.0
) -> Iterator[Store]:
    """Open the store in `folder` (a desk's .tocsin), made there if it is missing and `write` is set.

    Args:
        any_layout: Leave a store of another layout as it is, for who makes it anew; only `numbers` can be asked of it.
        wait_seconds: How long to wait for another process to let go.

    Raises:
        StoreBusyError: another process still holds it.
        StoreError: it is missing, damaged, newer than this Tocsin, or may not be written.
    """
    path = folder / FILE_NAME
    if not write and not path.exists():
        raise StoreError("nothing is loaded yet", where=str(folder.parent), next_step="Load a file: tocsin add FILE")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"can not be written: {error.strerror}", where=str(folder)) from error
    if write:
        ensure(path)
    connection = _connect(path, write=write, wait_seconds=wait_seconds)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("SET preserve_insertion_order = false")
        if not write:
            _check_layout(connection, path)
        elif not any_layout:
            migrate(connection, path=str(path))
        # What an engine raises while an answer is fetched passes here too, and is put into words where it is stopped.
        with contextlib.ExitStack() as at_end:
            yield Store(connection=connection, folder=folder, at_end=at_end)
    except RuntimeError as error:
        if str(error) == INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
    finally:
        connection.close()


def _check_layout(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """A reader can not migrate."""
    try:
        found = first_row(connection, "SELECT max(version) FROM layout")
    except duckdb.CatalogException:
        found = None
    version = found[0] if found else None
    if version != len(MIGRATIONS):
        raise StoreError(
            "nothing is loaded yet"
            if version is None
            else f"has layout {version}, this Tocsin reads {len(MIGRATIONS)}",
            where=str(path),
            next_step="Load a file: tocsin add FILE"
            if version is None
            else "Bring it up to date: tocsin add any file, or tocsin rebuild",
        )


def _connect(path: Path, *, write: bool, wait_seconds: float) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + wait_seconds
    config: dict[str, Any] = {"temp_directory": str(path.parent / "spill"), "autoinstall_known_extensions": False}
    while True:
        try:
            return duckdb.connect(str(path), read_only=not write, config=config)
        except duckdb.IOException as error:
            holder = re.search(r"PID (\d+)", str(error))
            if holder is None:
                raise StoreError(
                    f"can not be opened: {_first_line(error)}",
                    where=str(path),
                    next_step="Check that you may read and write it. It can be rebuilt from the files kept beside it.",
                ) from error
            if time.monotonic() > deadline:
                name = _process_name(int(holder[1]))
                raise StoreBusyError(
                    f"is in use by {name} (process {holder[1]})",
                    where=str(path.parent.parent),
                    next_step="Wait until it has ended, or stop it, and run the command again.",
                ) from error
            time.sleep(0.2)
        except duckdb.Error as error:
            raise StoreError(f"is not a store that can be read: {_first_line(error)}", where=str(path)) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200]


def _process_name(process: int) -> str:
    """What runs under a process number, where the system tells."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "another program"
    named = [os.path.basename(word) for word in words if word][:3]  # noqa: PTH119 (not necessarily a path)
    return " ".join(named) or "another program"


def _quoted(text: str) -> str:
    """A string as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
