"""The Parquet files that another engine reads: what is laid when, what is kept, and what a kill or a damage leaves."""

from __future__ import annotations

import datetime as dt
import errno
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.engines.conftest import with_engine
from tests.engines.damage import DAMAGES, Damage, bit_turned
from tocsin.desk import Desk, read_desk
from tocsin.errors import StoreError
from tocsin.ingest import add, rebuild
from tocsin.simulate import afghanistan
from tocsin.store import lay, open_store
from tocsin.store import star as layout
from tocsin.store.spark import SCRATCH
from tocsin.store.star import MANIFEST, Part, Star

DESK = 'title = "Made up"\ncountries = ["AFG"]\ndataset = "acled"\n'


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Events, and a later copy that lacks some and has others."""
    folder = tmp_path_factory.mktemp("files")
    events = afghanistan().gather_every(40)
    events.head(300).write_csv(folder / "one.csv")
    pl.concat([events.head(100), events.slice(200, 200)]).write_csv(folder / "two.csv")
    return folder / "one.csv", folder / "two.csv"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "desk.toml").write_text(DESK, encoding="utf-8")
    return with_engine(tmp_path, "spark")


def load_both(desk: Desk, files: tuple[Path, Path], *, complete: bool = True) -> None:
    add(desk, files[0], dated=dt.date(2022, 8, 1))
    add(desk, files[1], dated=dt.date(2022, 9, 1), complete=complete)


def laid(desk: Desk) -> Star:
    """The layout on disk, which must be whole and that of the store."""
    star = layout.read(desk.memory)
    assert star is not None
    assert layout.faulty(desk.memory, star.parts) is None
    with open_store(desk.memory) as store:
        assert lay(store.connection, desk.memory, alone=False) == star
        assert sum(part.rows for part in star.of("event")) == count_in(store.connection, "event")
        for name in ("place", "party"):
            assert [part.rows for part in star.of(name)] == [count_in(store.connection, name)]
    return star


def count_in(connection: object, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])  # type: ignore[attr-defined] # noqa: S608


def on_disk(desk: Desk) -> set[str]:
    folder = desk.memory / layout.FOLDER
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def told(star: Star) -> set[str]:
    return {part.path for part in star.parts} | {MANIFEST}


def test_a_load_lays_a_file_for_each_vintage_and_one_for_places_and_names(desk: Desk, files: tuple[Path, Path]) -> None:
    load_both(desk, files)
    star = laid(desk)
    assert [(part.dataset, part.opened, part.rows, part.closed) for part in star.of("event")] == [
        ("acled", 1, 300, 100),
        ("acled", 2, 100, 0),
    ]
    assert on_disk(desk) == told(star)
    first = star.of("event")[0]
    assert first.path.startswith("event/dataset=acled/opened=1/")
    rows = pl.read_parquet(desk.memory / layout.FOLDER / first.path, hive_partitioning=False)
    assert rows["closed"].drop_nulls().unique().to_list() == [2]
    assert rows["event_day"].is_sorted()
    places = pl.read_parquet(desk.memory / layout.FOLDER / star.of("place")[0].path)
    assert places.select("country", "longitude", "latitude").is_unique().all()
    assert pl.read_parquet(desk.memory / layout.FOLDER / star.of("party")[0].path)["names"].is_unique().all()


def test_the_manifest_tells_size_digest_and_columns(desk: Desk, files: tuple[Path, Path]) -> None:
    add(desk, files[0])
    star = laid(desk)
    for part in star.parts:
        path = desk.memory / layout.FOLDER / part.path
        assert path.stat().st_size == part.bytes
        schema = pq.read_schema(path)
        assert {field.name: str(field.type) for field in schema} == star.columns[part.table]
        assert pq.read_metadata(path).num_rows == part.rows


def test_a_vintage_of_which_no_row_was_closed_is_not_written_again(desk: Desk, files: tuple[Path, Path]) -> None:
    add(desk, files[0], dated=dt.date(2022, 8, 1))
    before = laid(desk).of("event")[0]
    changed = (desk.memory / layout.FOLDER / before.path).stat().st_mtime_ns
    add(desk, files[1], dated=dt.date(2022, 9, 1))
    after = laid(desk).of("event")
    assert after[0] == before
    assert (desk.memory / layout.FOLDER / before.path).stat().st_mtime_ns == changed
    assert len(after) == 2


def test_a_desk_on_duckdb_has_no_such_files_and_one_that_goes_back_loses_them(
    desk: Desk, files: tuple[Path, Path]
) -> None:
    on_duckdb = with_engine(desk.folder, "duckdb")
    add(on_duckdb, files[0], dated=dt.date(2022, 8, 1))
    assert not (desk.memory / layout.FOLDER).exists()
    with open_store(desk.memory) as store:  # as a question does once the desk says Spark
        lay(store.connection, desk.memory, alone=False)
    assert laid(desk).of("event")
    add(on_duckdb, files[1], dated=dt.date(2022, 9, 1))
    assert not (desk.memory / layout.FOLDER).exists()


def test_an_older_file_and_a_rebuild_lay_anew(desk: Desk, files: tuple[Path, Path]) -> None:
    add(desk, files[1], dated=dt.date(2022, 9, 1))
    add(desk, files[0], dated=dt.date(2022, 8, 1))
    star = laid(desk)
    assert on_disk(desk) == told(star)
    for part in star.parts:
        (desk.memory / layout.FOLDER / part.path).write_bytes(b"")
    rebuild(desk)
    assert on_disk(desk) == told(laid(desk))


def test_what_a_killed_session_spilled_is_cleared_up(desk: Desk, files: tuple[Path, Path]) -> None:
    left = desk.memory / f"{SCRATCH}x1"
    left.mkdir(parents=True)
    (left / "log").write_text("", encoding="utf-8")
    add(desk, files[0])
    assert not left.exists()


def test_a_manifest_that_can_not_be_read_counts_for_nothing(desk: Desk, files: tuple[Path, Path]) -> None:
    add(desk, files[0])
    before = laid(desk)
    (desk.memory / layout.FOLDER / MANIFEST).write_text("{")
    assert layout.read(desk.memory) is None
    with open_store(desk.memory) as store:
        assert lay(store.connection, desk.memory, alone=False) == before


def test_a_full_disk_is_told_and_what_is_loaded_is_safe(
    desk: Desk, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(pq, "ParquetWriter", full)
        with pytest.raises(StoreError, match=r"No space left on device(.|\n)*What is loaded is safe"):
            add(desk, files[0])
    assert layout.read(desk.memory) is None
    with open_store(desk.memory) as store:
        lay(store.connection, desk.memory, alone=False)
    assert laid(desk).of("event")[0].rows == 300


def test_several_that_lay_at_once_do_not_harm_each_other(desk: Desk, files: tuple[Path, Path]) -> None:
    """Readers may: the first question after the engine was changed."""
    load_both(with_engine(desk.folder, "duckdb"), files)
    with open_store(desk.memory) as store, ThreadPoolExecutor(4) as pool:
        stars = list(
            pool.map(
                lambda cursor: lay(cursor, desk.memory, alone=False), [store.connection.cursor() for _ in range(4)]
            )
        )
    star = laid(desk)
    assert [part.rows for part in star.of("event")] == [300, 100]
    assert all(layout.faulty(desk.memory, each.parts) is None for each in stars)


# A process that is killed when it puts the n-th file in its place, before or after it did.
KILLED = """
import os, signal, sys
from pathlib import Path
import datetime as dt
from tocsin.desk import read_desk
from tocsin.ingest import add
from tocsin.store import star

desk, file, at, when = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
put, done = Path.replace, []
def killed(self, target):
    if star.FOLDER not in Path(target).parts:
        return put(self, target)
    done.append(target)
    if len(done) == at and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    put(self, target)
    if len(done) == at:
        os.kill(os.getpid(), signal.SIGKILL)
Path.replace = killed
add(read_desk(desk), file, dated=dt.date(2022, 9, 1), complete=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", [1, 3, 5])  # two files of events, places, names, the manifest
def test_kill_9_leaves_the_layout_of_before_or_the_new_one_and_the_next_run_lays_it(
    desk: Desk, files: tuple[Path, Path], at: int, when: str
) -> None:
    add(desk, files[0], dated=dt.date(2022, 8, 1))
    before = laid(desk)
    done = subprocess.run([sys.executable, "-c", KILLED, desk.folder, files[1], str(at), when], check=False)
    assert done.returncode == -signal.SIGKILL
    left = layout.read(desk.memory)
    assert left is not None
    assert layout.faulty(desk.memory, left.parts) is None
    assert (left == before) == ((at, when) != (5, "after"))
    with open_store(desk.memory) as store:
        assert len(store.vintages()) == 2
        lay(store.connection, desk.memory, alone=False)
    after = laid(desk)
    assert [part.opened for part in after.of("event")] == [1, 2]
    rebuild(desk)
    assert on_disk(desk) == told(laid(desk))


def first_of(desk: Desk) -> tuple[Star, Part, Path]:
    star = laid(desk)
    part = star.of("event")[0]
    return star, part, desk.memory / layout.FOLDER / part.path


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
def test_a_file_that_is_gone_damaged_or_has_drifted_is_named(
    desk: Desk, files: tuple[Path, Path], damage: Damage, said: str
) -> None:
    load_both(desk, files)
    star, part, path = first_of(desk)
    damage(path)
    with pytest.raises(StoreError) as caught:
        layout.refuse_faulty(desk.memory, star, star.parts)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert "tocsin rebuild" in str(caught.value)
    rebuild(read_desk(desk.folder))
    assert laid(desk).of("event")[0].path == part.path


def test_a_bit_that_turned_is_found_by_the_digest(desk: Desk, files: tuple[Path, Path]) -> None:
    add(desk, files[0])
    star, part, path = first_of(desk)
    bit_turned(path)
    layout.refuse_faulty(desk.memory, star, star.parts)
    assert layout.faulty(desk.memory, star.parts) == (path, "is damaged: its bytes are not those that were written")
    assert part.bytes == path.stat().st_size
