"""What goes wrong with Spark is told in a sentence that says what to do, and in bounded time; weeks stay where they are."""

from __future__ import annotations

import datetime as dt
import gc
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import narwhals as nw
import polars as pl
import pytest

from tests.engines.asked import Answered, answered, assert_same
from tests.engines.conftest import Cluster, add_worker, cluster_in, copied, free_port, with_engine
from tests.engines.damage import DAMAGES, Damage, bit_turned
from tocsin.catalogue import Asked, Subject, ask, open_desk
from tocsin.errors import StoreError
from tocsin.store import lay, open_store, spark

Wanted: TypeAlias = Callable[[str, Asked, dt.date | None], Answered]
BY_DAYS = [("weekly", Asked(week_starts="Saturday")), ("dating", Asked()), ("change", Asked())]


@pytest.fixture
def own(desk: Path, tmp_path: Path) -> Path:
    """A desk on Spark that a test may damage."""
    pytest.importorskip("pyspark", reason="PySpark is not installed: make test-spark does it")
    folder = copied(desk, tmp_path)
    with_engine(folder, "spark", master="local[2]")
    return folder


def refused(desk: Path, question: str = "weekly") -> StoreError:
    """The error of a question that can not be answered."""
    with pytest.raises(StoreError) as caught, open_desk(desk) as subject:
        ask(subject, question, Asked())
    for strange in ("Traceback", "java.", "org.apache", "Py4J", "An error occurred while calling", "\tat "):
        assert strange not in str(caught.value)
    assert caught.value.next_step
    return caught.value


def ask_after(subject: Subject, something: Callable[[], object]) -> None:
    something()
    ask(subject, "weekly", Asked())


def events_file(desk: Path) -> Path:
    with open_store(desk / ".tocsin") as store:
        star = lay(store.connection, store.folder, alone=False)
    return desk / ".tocsin" / "star" / star.of("event")[0].path


# What has to be installed


def test_without_pyspark_it_is_said_what_to_install(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(desk, tmp_path)
    with_engine(folder, "spark")
    for name in ("py4j.protocol", "pyspark.errors", "pyspark"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "pip install 'tocsin[spark]'" in str(refused(folder))


@pytest.mark.spark
@pytest.mark.parametrize("home", [None, "nowhere"])
def test_without_java_it_is_said_what_to_install(own: Path, monkeypatch: pytest.MonkeyPatch, home: str | None) -> None:
    monkeypatch.setenv("PATH", str(own))
    if home:
        monkeypatch.setenv("JAVA_HOME", home)
    else:
        monkeypatch.delenv("JAVA_HOME", raising=False)
    said = str(refused(own))
    assert "there is no Java runtime" in said
    assert "default-jre-headless" in said


@pytest.mark.spark
def test_a_java_that_does_not_start_is_told(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "jre" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'this Java is too old' >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jre"))
    said = str(refused(own))
    assert "this Java is too old" in said
    assert "Java 17" in said
    with warnings.catch_warnings():  # PySpark leaves a pipe of the Java that did not start
        warnings.simplefilter("ignore")
        gc.collect()


# Files


@pytest.mark.spark
@pytest.mark.parametrize("name", ["missing", "cut short", "retyped"])
def test_a_file_that_is_damaged_or_has_drifted_is_named(own: Path, name: str) -> None:
    damage, said = DAMAGES[name]
    path = events_file(own)
    damage(path)
    error = refused(own)
    assert error.where == str(path)
    assert said in error.what
    assert "tocsin rebuild" in error.next_step


@pytest.mark.spark
@pytest.mark.parametrize(
    ("damage", "said"), [(bit_turned, "its bytes are not those"), (Path.unlink, "is missing")], ids=["bit", "unlinked"]
)
def test_a_file_that_fails_while_it_is_read_is_named(own: Path, damage: Damage, said: str) -> None:
    path = events_file(own)
    with pytest.raises(StoreError) as caught, open_desk(own) as subject:
        ask_after(subject, lambda: damage(path))
    assert caught.value.where == str(path)
    assert said in caught.value.what
    assert "tocsin rebuild" in caught.value.next_step


# Memory


def refused_for_memory(desk: Path) -> str:
    """What is said of a question that makes a list of a hundred million numbers of each row, as no question of the catalogue does."""
    with pytest.raises(StoreError) as caught, open_desk(desk) as subject:
        ask(with_rows(subject, "size(array_sort(sequence(row, row + 100000000))) > 0"), "weekly", Asked())
    return str(caught.value)


@pytest.mark.spark
def test_too_little_memory_is_told_and_what_to_do(own: Path) -> None:
    with_engine(own, "spark", master="local[2]", memory="512m")
    said = refused_for_memory(own)
    assert "Spark on local[2] ran out of memory" in said
    assert 'memory = "512m"' in said
    assert "[spark]" in said
    assert "java" not in said.lower()


@pytest.mark.spark
def test_too_little_memory_of_the_workers_is_told(own: Path, two: Cluster) -> None:
    with_engine(own, "spark", master=two.address, memory="512m")
    assert f"Spark on {two.address} ran out of memory" in refused_for_memory(own)


def with_rows(subject: Subject, condition: str, *, parts: int = 4) -> Subject:
    """The same, with a condition on rows that is all the engine's work, spread over some tasks."""
    from pyspark.sql import functions as f

    native: Any = subject.events.rows.to_native()
    rows = native.repartition(parts).filter(f.expr(condition))
    return replace(subject, events=replace(subject.events, rows=nw.from_native(rows)))


SLOW = "aggregate(sequence(1, 40000), 0L, (sum, each) -> sum + each) > 0"
"""Holds of every row, after some milliseconds."""
PARTS = 24


# What is gone


def ask_while(subject: Subject, something: Callable[[], object]) -> pl.DataFrame:
    """The weekly table, and something that happens while the engine works on it."""
    slow = with_rows(subject, SLOW, parts=PARTS)
    tracker = context_of(subject).statusTracker()
    happened = threading.Event()

    def wait() -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            if any(stage and stage.numActiveTasks and stage.numTasks == PARTS for stage in stages):
                something()
                happened.set()
                return
            time.sleep(0.05)

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        return ask(slow, "weekly", Asked()).table
    finally:
        thread.join()
        assert happened.is_set(), "it was answered before anything could happen"


def context_of(subject: Subject) -> Any:
    return subject.events.rows.to_native().sparkSession.sparkContext


def jvm_of(subject: Subject) -> int:
    return int(context_of(subject)._gateway.proc.pid)


@pytest.mark.spark
def test_a_java_that_is_killed_in_the_middle_of_an_answer_is_told(own: Path) -> None:
    with pytest.raises(StoreError) as caught, open_desk(own) as subject:
        ask_while(subject, lambda: os.kill(jvm_of(subject), signal.SIGKILL))
    assert "ended in the middle of an answer" in str(caught.value)
    with open_desk(own) as subject:  # and the next question is answered
        assert ask(subject, "weekly", Asked()).table.height


@pytest.fixture
def two(own: Path, tmp_path: Path) -> Iterator[Cluster]:
    """A cluster that a test may break."""
    with cluster_in(tmp_path / "cluster") as cluster:
        with_engine(own, "spark", master=cluster.address)
        yield cluster


@pytest.mark.spark
def test_the_answer_comes_although_a_worker_is_killed(own: Path, two: Cluster, wanted: Wanted) -> None:
    with open_desk(own) as subject:
        found = ask_while(subject, two.workers[0].kill)
        assert found.equals(wanted("weekly", Asked(), None).table)
        assert_same(answered(subject, "proximity", Asked()), wanted("proximity", Asked(), None))


@pytest.mark.spark
def test_the_answer_comes_although_the_master_is_killed(own: Path, two: Cluster, wanted: Wanted) -> None:
    with open_desk(own) as subject:
        found = ask_while(subject, two.master.kill)
        assert found.equals(wanted("weekly", Asked(), None).table)
    two.master.wait()
    began = time.monotonic()
    assert f"the Spark master {two.address} does not answer" in str(refused(own))
    assert time.monotonic() - began < 60


@pytest.mark.spark
def test_an_answer_without_any_worker_is_given_up(own: Path, two: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill() -> None:
        monkeypatch.setattr(spark, "WORKER_SECONDS", 5)
        for worker in two.workers:
            worker.kill()

    with pytest.raises(StoreError) as caught, open_desk(own) as subject:
        ask_while(subject, kill)
    assert "no worker of" in str(caught.value)
    assert "Start workers" in caught.value.next_step


@pytest.mark.spark
def test_a_cluster_without_workers_is_told(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "WORKER_SECONDS", 3)
    with cluster_in(tmp_path / "cluster", workers=0) as cluster:
        with_engine(own, "spark", master=cluster.address, memory="600m")
        said = str(refused(own))
        assert "gave no worker within 3 seconds" in said
        assert "600m" in said
        add_worker(cluster)
        monkeypatch.setattr(spark, "WORKER_SECONDS", 60)
        with open_desk(own) as subject:
            assert ask(subject, "weekly", Asked()).table.height


@pytest.mark.spark
@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_a_master_that_can_not_be_reached_is_told_soon(own: Path, host: str) -> None:
    address = f"spark://{host}:{free_port()}"
    with_engine(own, "spark", master=address)
    began = time.monotonic()
    assert f"the Spark master {address} does not answer" in str(refused(own))
    assert time.monotonic() - began < 60


@pytest.mark.spark
def test_something_else_that_listens_there_is_told(own: Path) -> None:
    """Spark itself asks three times, twenty seconds each."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        with_engine(own, "spark", master=f"spark://127.0.0.1:{other.getsockname()[1]}")
        began = time.monotonic()
        assert "can not be started on spark://" in str(refused(own))
        assert time.monotonic() - began < 120


# Clocks


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.spark
@pytest.mark.parametrize("zone", ["Asia/Kabul", "Pacific/Apia", "America/Sao_Paulo"], indirect=True)
def test_weeks_do_not_move_with_the_clock_of_the_machine(own: Path, zone: str, wanted: Wanted) -> None:
    with open_desk(own) as subject:
        found = [answered(subject, *asked) for asked in BY_DAYS]
    for each, asked in zip(found, BY_DAYS, strict=True):
        assert_same(each, wanted(*asked, None))


@pytest.mark.spark
@pytest.mark.parametrize("zone", ["Asia/Kabul"], indirect=True)
def test_weeks_do_not_move_where_workers_have_another_clock(
    own: Path, zone: str, tmp_path: Path, wanted: Wanted
) -> None:
    with cluster_in(tmp_path / "cluster", workers=1, zone="America/St_Johns") as cluster:
        with_engine(own, "spark", master=cluster.address)
        with open_desk(own) as subject:
            found = [answered(subject, *asked) for asked in BY_DAYS]
    for each, asked in zip(found, BY_DAYS, strict=True):
        assert_same(each, wanted(*asked, None))


# What is not Spark's


@pytest.mark.spark
def test_an_error_of_a_file_of_ours_stays_what_it_is(own: Path) -> None:
    with pytest.raises(FileNotFoundError), open_desk(own):
        (own / "no such file").read_bytes()


# A session of somebody else's


@pytest.mark.spark
def test_a_session_that_runs_already_is_shared_if_it_is_the_same_and_left_running(own: Path, wanted: Wanted) -> None:
    from pyspark.sql import SparkSession

    theirs = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "Asia/Kabul")
        .getOrCreate()
    )
    try:
        with open_desk(own) as subject:
            assert_same(answered(subject, "weekly", Asked()), wanted("weekly", Asked(), None))
        assert theirs.range(3).count() == 3
        assert theirs.conf.get("spark.sql.session.timeZone") == "Asia/Kabul"
        with_engine(own, "spark", master="local[1]")
        assert "already runs Spark on local[2]" in str(refused(own))
    finally:
        theirs.stop()
