"""Every question, of tables that PostgreSQL, ClickHouse and DataFusion hold and that Ibis reads: the same tables, words and events."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import narwhals as nw
import pytest
from polars.testing import assert_frame_equal

from tests.engines.asked import ASKED, WEIGHED, Answered, answered, assert_same, named, of_log
from tests.engines.conftest import free_port, said, wait_for
from tests.star import on_duckdb
from tests.test_cube import ROWS, YEAR
from tocsin.catalogue import Asked, Subject, open_desk
from tocsin.cube import Among, Events, Flags, Selection, count
from tocsin.schema import Span

Wanted: TypeAlias = Callable[[str, Asked, dt.date | None], Answered]
pytestmark = pytest.mark.ibis


def programs() -> Path:
    """The folder of PostgreSQL's programs, which Debian keeps beside the path."""
    known = shutil.which("initdb")
    if known:
        return Path(known).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("there is no PostgreSQL server (Debian: apt-get install postgresql)")
    return found[-1].parent


@contextlib.contextmanager
def on_postgres(ibis: Any) -> Iterator[Any]:
    """A server on this machine that is thrown away afterwards, with a clock far from ours."""
    home, port, password = programs(), free_port(), secrets.token_hex()
    # It refuses to be started by root, and its own user may not look into pytest's folders.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="tocsin-postgres-") as folder:
        place = Path(folder)
        (place / "password").write_text(password, encoding="utf-8")
        if user:
            shutil.chown(place, user)
        own: dict[str, Any] = {"cwd": place, "user": user, "group": user, "extra_groups": [] if user else None}
        access = ("--username", "tocsin", "--auth", "scram-sha-256", "--pwfile", str(place / "password"))
        laid = (home / "initdb", "--pgdata", "data", *access, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
        subprocess.run(laid, check=True, stdout=subprocess.DEVNULL, **own)
        settings = ("-h", "127.0.0.1", "-p", str(port), "-k", "", "-F", "-c", "timezone=Pacific/Kiritimati")
        with (place / "log").open("wb") as log:
            server = subprocess.Popen((home / "postgres", "-D", "data", *settings), stdout=log, stderr=log, **own)
        try:
            wait_for(lambda: "ready to accept connections" in said(place / "log"), server)
            connection = ibis.postgres.connect(
                host="127.0.0.1", port=port, user="tocsin", password=password, database="postgres"
            )
            yield connection
            connection.disconnect()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


@contextlib.contextmanager
def on_clickhouse(ibis: Any) -> Iterator[Any]:
    """In this process, by chDB: no server of it comes as a package."""
    import clickhouse_connect

    with clickhouse_connect.get_client(interface="chdb") as client:
        yield ibis.clickhouse.from_connection(client)


@contextlib.contextmanager
def on_datafusion(ibis: Any) -> Iterator[Any]:
    """In this process."""
    yield ibis.datafusion.connect()


ENGINES = {"postgres": on_postgres, "clickhouse": on_clickhouse, "datafusion": on_datafusion}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """What Ibis calls a connection to an engine."""
    ibis = pytest.importorskip("ibis", reason="Ibis is not installed: make test-ibis does it")
    with ENGINES[request.param](ibis) as connection:
        yield connection


def held(engine: Any, events: Events) -> Events:
    """The same events, copied into tables of the engine; it is asked each count anew."""
    from ibis import Schema

    frames = []
    for given in (events.rows, events.places, events.parties):
        table = given.collect("pyarrow").to_native()
        name = f"held_{secrets.token_hex(4)}"
        if engine.name == "clickhouse":  # Ibis would send the rows beside the statement, which chDB does not take
            created = engine.create_table(name, schema=Schema.from_pyarrow(table.schema))
            engine.con.insert_arrow(name, table.cast(created.schema().to_pyarrow()))
        else:
            engine.create_table(name, table)
        frames.append(nw.from_native(engine.table(name)))
    rows, places, parties = frames
    return Events(rows=rows, places=places, parties=parties, about=events.about, kept_rows=0)


@pytest.fixture(scope="module")
def subject(engine: Any, desk: Path) -> Iterator[Subject]:
    with open_desk(desk) as given:
        assert given.beside
        copies = {"log": held(engine, given.beside("log"))}
        yield replace(given, events=held(engine, given.events), beside=copies.__getitem__)


@pytest.mark.parametrize("asked", ASKED, ids=named)
def test_tables_read_by_ibis_answer_as_duckdb_does(subject: Subject, wanted: Wanted, asked: tuple[str, Asked]) -> None:
    assert_same(answered(subject, *asked), wanted(*asked, None))


@pytest.mark.parametrize("asked", WEIGHED, ids=named)
def test_tables_read_by_ibis_weigh_as_duckdb_does(desk: Path, subject: Subject, asked: tuple[str, Asked]) -> None:
    with open_desk(desk, dataset="log") as plain:
        assert_same(answered(of_log(subject), *asked), answered(plain, *asked))


MANY = ("Taliban", *(f"a (made-up) name, no. {n}" for n in range(1000)))
MADE = Flags(
    groups={"is": ("IS",), "many": MANY, "none": ()},
    distance_edges_km=(5, 10, 50),
    windows=(Span(dt.date(2021, 1, 4), dt.date(2021, 1, 4)), Span(dt.date(2021, 1, 6), dt.date(2021, 1, 11))),
    among={"kept": Among("source_scale", ("National",))},
)


@pytest.mark.parametrize(
    "by",
    [
        ("event_day", "geo_precision", "source_scale"),
        ("unit_code", "distance_class", "cell_4"),
        ("window", "event_type"),
        ("is", "many", "none", "kept"),
    ],
    ids="-".join,
)
@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(("AFG",), precise=(1, 2), reported=Among("source_scale", ("National",))),
        Selection(actors=MANY),
        Selection(actors=()),
    ],
    ids=["all", "stated or not", "many names", "no name"],
)
def test_what_is_not_stated_is_counted_as_by_duckdb(engine: Any, selection: Selection, by: tuple[str, ...]) -> None:
    plain = on_duckdb(ROWS, [YEAR])
    found, wanted = (count(events, selection, by=by, flags=MADE) for events in (held(engine, plain), plain))
    # A small number may be a wider one: PostgreSQL has none of one byte, and Ibis takes the narrowest for a constant.
    assert_frame_equal(found, wanted, check_dtypes=False)
