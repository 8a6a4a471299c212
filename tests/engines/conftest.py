"""One desk, laid for every engine: two vintages of synthetic events, and a log of one's own beside them."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from tests.engines.asked import Answered, answered
from tocsin.catalogue import Asked, open_desk
from tocsin.desk import Desk, read_desk
from tocsin.ingest import add
from tocsin.simulate import afghanistan, revised

ROOT = Path(__file__).resolve().parents[2]
FIRST, SECOND = dt.date(2022, 8, 1), dt.date(2026, 3, 1)
MAPPING = """dataset = "log"
title = "Our log"
licence = ""
citation = ""
violent = ["Battles"]
[columns]
event_date = "our_event_date"
event_type = "our_event_type"
country = "our_country"
latitude = "our_latitude"
longitude = "our_longitude"
actor1 = "our_actor1"
mentions = "our_mentions"
"""


def with_engine(desk: Path, engine: str, **spark: str) -> Desk:
    """Write into a desk's file which engine it has."""
    text = (desk / "desk.toml").read_text(encoding="utf-8")
    kept = text.partition("\n[spark]")[0].replace('engine = "spark"\n', "")
    table = "\n[spark]\n" + "".join(f'{name} = "{value}"\n' for name, value in spark.items()) if spark else ""
    named = 'engine = "spark"\n' if engine == "spark" else ""
    (desk / "desk.toml").write_text(
        kept.replace('dataset = "acled"\n', f'dataset = "acled"\n{named}') + table, encoding="utf-8"
    )
    return read_desk(desk)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On DuckDB; its folder has a name that other engines might take for a pattern."""
    folder = tmp_path_factory.mktemp("desks") / "désk [a] {b,c} d%20e"
    folder.mkdir()
    shutil.copy(ROOT / "desks" / "afghanistan-2022" / "desk.toml", folder)
    events = afghanistan()
    events.write_csv(folder / "first.csv")
    revised(events).write_csv(folder / "second.csv")
    log = ("event_date", "event_type", "country", "latitude", "longitude", "actor1")
    mentions = pl.int_range(pl.len()) % 5
    own = events.gather_every(7).select(pl.col(log), mentions=pl.when(mentions > 0).then(mentions))
    own.select(pl.all().name.prefix("our_")).write_csv(folder / "log.csv")
    (folder / "log.toml").write_text(MAPPING, encoding="utf-8")
    read = read_desk(folder)
    add(read, folder / "first.csv", dated=FIRST)
    add(read, folder / "second.csv", dated=SECOND, complete=True)
    add(read, folder / "log.csv", mapping=folder / "log.toml", dated=SECOND)
    return folder


def copied(desk: Path, to: Path) -> Path:
    """The same desk elsewhere."""
    shutil.copytree(desk, to / desk.name)
    return to / desk.name


@pytest.fixture(scope="session")
def wanted(desk: Path) -> Callable[[str, Asked, dt.date | None], Answered]:
    """What DuckDB answers."""

    def answer(question: str, asked: Asked, as_of: dt.date | None = None) -> Answered:
        with open_desk(desk, as_of=as_of) as subject:
            return answered(subject, question, asked)

    return answer


# A cluster


@dataclass
class Cluster:
    """A standalone cluster on this machine: one master, and workers of one core each."""

    folder: Path
    port: int
    master: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"spark://127.0.0.1:{self.port}"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def started(name: str, *words: str, folder: Path, zone: str = "UTC") -> subprocess.Popen[bytes]:
    """A daemon of Spark's; what it says stands in a file of its name."""
    import pyspark

    home = Path(pyspark.__file__).parent
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [home / "bin" / "spark-class", f"org.apache.spark.deploy.{words[0]}", "--host", "127.0.0.1", *words[1:]],
            env={
                **os.environ,
                "TZ": zone,
                "SPARK_HOME": str(home),
                "SPARK_LOCAL_IP": "127.0.0.1",
                "SPARK_LOCAL_HOSTNAME": "localhost",
                "SPARK_DAEMON_MEMORY": "256m",
            },
            cwd=folder,
            stdout=log,
            stderr=log,
        )


def add_worker(cluster: Cluster, *, zone: str = "UTC") -> subprocess.Popen[bytes]:
    """A further worker, once the master knows it."""
    name = f"worker-{len(cluster.workers)}"
    words = ("worker.Worker", "--cores", "1", "--memory", "1g", "--webui-port", "0")
    place = cluster.folder / name
    worker = started(name, *words, "--work-dir", str(place), cluster.address, folder=cluster.folder, zone=zone)
    cluster.workers.append(worker)
    wait_for(lambda: "Successfully registered" in said(cluster.folder / f"{name}.log"), worker)
    return worker


def said(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "it ended at its start"
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


@contextlib.contextmanager
def cluster_in(folder: Path, *, workers: int = 2, zone: str = "UTC") -> Iterator[Cluster]:
    port = free_port()
    master = started("master", "master.Master", "--port", str(port), "--webui-port", "0", folder=folder, zone=zone)
    cluster = Cluster(folder, port, master)
    try:
        wait_for(lambda: "I have been elected leader" in said(folder / "master.log"), master)
        for _ in range(workers):
            add_worker(cluster, zone=zone)
        yield cluster
    finally:
        for process in (*cluster.workers, master):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("pyspark", reason="PySpark is not installed: make test-spark does it")
    with cluster_in(tmp_path_factory.mktemp("cluster")) as running:
        yield running
