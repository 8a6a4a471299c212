"""A store is made whole or not at all, and a store of an earlier layout is brought up to date with what it holds."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.store.loads import batch, day, file, ids, one, put
from tocsin.errors import StoreError
from tocsin.store import open_store
from tocsin.store.creation import ensure
from tocsin.store.migrations import MIGRATIONS, migrate

ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tocsin.errors import StoreError
from tocsin.store import open_store
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    with open_store(Path(sys.argv[1]), write=True):
        pass
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("room", [0, 5_000, 100_000])
def test_a_disk_that_is_full_when_the_store_is_made_leaves_nothing_in_the_way(tmp_path: Path, room: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path), str(room)], capture_output=True, text=True, check=True
    )
    assert "disk has room" in done.stdout
    assert list(tmp_path.iterdir()) == []
    with open_store(tmp_path, write=True) as store:
        put(store, file("a"), batch([one("x", 0)]))


@pytest.mark.parametrize("size", [0, 1_000, 5_000])
def test_a_store_cut_short_at_its_making_is_made_anew(tmp_path: Path, size: int) -> None:
    (tmp_path / "store.duckdb").write_bytes(b"\0" * size)
    with open_store(tmp_path, write=True) as store:
        assert store.vintages() == ()


def test_a_store_made_by_another_process_meanwhile_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.duckdb"

    def slowly(connection: duckdb.DuckDBPyConnection, *, path: str) -> None:
        Path(path).write_bytes(b"of the other process" * 1000)
        migrate(connection, path=path)

    monkeypatch.setattr("tocsin.store.creation.migrate", slowly)
    ensure(path)
    assert path.read_bytes().startswith(b"of the other process")
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_store_of_an_earlier_layout_is_brought_up_to_date(tmp_path: Path) -> None:
    with open_store(tmp_path, write=True):
        pass
    with duckdb.connect(str(tmp_path / "store.duckdb")) as connection:
        connection.execute("ALTER TABLE event DROP COLUMN given_date")
        connection.execute("ALTER TABLE event DROP COLUMN mentions")
        connection.execute("DELETE FROM layout WHERE version > 3")
    with pytest.raises(StoreError, match="layout 3"), open_store(tmp_path):
        pass
    with open_store(tmp_path, write=True) as store:
        assert put(store, file("a"), batch([one("x", 0)])).added == 1


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_store_with_loads_of_an_earlier_layout_is_left_as_it_is(tmp_path: Path, version: int) -> None:
    with open_store(tmp_path, write=True) as store:
        put(store, file("a"), batch([one("x", 0), one("y", 4)]))
        put(store, file("b", data_date=day(200)), batch([one("x", 0, fatalities=3)]))
    with duckdb.connect(str(tmp_path / "store.duckdb")) as connection:
        connection.execute("ALTER TABLE event DROP COLUMN given_date")
        connection.execute("ALTER TABLE vintage DROP COLUMN covers_first")
        connection.execute("DELETE FROM layout WHERE version > ?", [version])
    for write in (False, True):
        with pytest.raises(StoreError, match=f"layout {version}"), open_store(tmp_path, write=write):
            pass
    with open_store(tmp_path, write=True, any_layout=True) as store:
        assert store.numbers() == {"a": 1, "b": 2}


@pytest.mark.parametrize("source", ["acled", "gdelt"])
def test_only_what_the_files_tell_is_read_from_them_anew(tmp_path: Path, source: str) -> None:
    with open_store(tmp_path, write=True) as store:
        put(store, file("a", source=source), batch([one("x", 0)]))
    with duckdb.connect(str(tmp_path / "store.duckdb")) as connection:
        connection.execute("ALTER TABLE event DROP COLUMN mentions")
        connection.execute("DELETE FROM layout WHERE version > 4")
    with contextlib.ExitStack() as expected:
        if source == "gdelt":
            expected.enter_context(pytest.raises(StoreError, match="how often reports mention each event"))
        with open_store(tmp_path, write=True) as store:
            put(store, file("b", data_date=day(200)), batch([one("x", 0), one("y", 4, mentions=3)]))
            assert ids(store) == {"x": 1, "y": 1}


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path, write=True) as store:
        put(store, file("a"), batch([one("x", 0)]))

    def half(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("DROP TABLE event")
        connection.execute("SELECT * FROM nowhere")

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.store.migrations.MIGRATIONS", (*MIGRATIONS, half))
        with pytest.raises(StoreError, match=f"layout {len(MIGRATIONS) + 1}"), open_store(tmp_path, write=True):
            pass
    with open_store(tmp_path) as store:
        assert ids(store) == {"x": 1}
