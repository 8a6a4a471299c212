"""How do time and memory grow with the events, on DuckDB and on Spark? Simulated worlds as the Parquet files that both engines read.

    python -m bench.scale --sizes 10000000 100000000 --write

The files are laid as `tocsin add` lays them for a desk on Spark, but made by several processes at once, each a part of the world; a test of
this is that the smallest world gives the same answers as the desk that was loaded. Each engine runs in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from polars.testing import assert_frame_equal

from bench import asked
from bench.child import tell
from bench.interactive import folder_of, prepare
from bench.page import put
from tocsin.catalogue import Asked, Subject, ask, open_desk
from tocsin.cube import Events
from tocsin.simulate import world_batches
from tocsin.store.star import EVENT_COLUMNS

SEED = 2_500_000
"""The world that a desk was loaded with: its places and parties are those of every larger one."""
PART = 1_000_000
ASKED: dict[str, tuple[str, Asked]] = {
    "incidents a week": ("weekly", Asked()),
    "two groups, a week": ("weekly", Asked(groups=("fronts", "militias"))),
    "map by unit, two windows": ("concentration", Asked(level="unit_code")),
    "near and far, a week": ("proximity", Asked()),
    "windows compared": ("comparison", Asked()),
    "who is named": ("actors", Asked()),
}
ENGINES = ("DuckDB", "Spark, local[2]", "Spark, two workers")
EVENT_LOG = "events"


def star_of(events: int) -> Path:
    return asked.OUT / "scale" / f"{events}"


# The files


def make(events: int) -> float:
    """Lay the world of so many events, several parts at once; the seconds that took, or none where it is there already."""
    folder = star_of(events)
    columns, whole = ", ".join(EVENT_COLUMNS), folder / "whole"
    if whole.exists() and whole.read_text(encoding="utf-8") == columns:
        return 0.0
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "event").mkdir(parents=True)
    started = time.perf_counter()
    with duckdb.connect(str(folder_of(SEED) / ".tocsin" / "store.duckdb"), read_only=True) as seed:
        for name in ("place", "party"):
            pq.write_table(
                seed.sql(f"SELECT * FROM {name} ORDER BY {name}_id").to_arrow_table(), folder / f"{name}.parquet"
            )
        parties = "SELECT DISTINCT actor1, actor2, assoc_actor1, assoc_actor2, party_id FROM event"
        pq.write_table(seed.sql(parties).to_arrow_table(), folder / "named.parquet")
        schema = seed.sql(f"SELECT {columns} FROM event LIMIT 0").to_arrow_table().schema
    parts = range(-(-events // PART))
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_part, parts, [events] * len(parts), [schema] * len(parts)))
    whole.write_text(columns, encoding="utf-8")
    return time.perf_counter() - started


def _part(number: int, events: int, schema: pa.Schema) -> None:
    """One file of events."""
    folder = star_of(events)
    (batch,) = world_batches(
        events=events, countries=list(asked.COUNTRIES), first=asked.FIRST, last=asked.LAST, only={number}
    )
    places = pl.read_parquet(folder / "place.parquet", columns=["place_id", "country", "longitude", "latitude"])
    parties = pl.read_parquet(folder / "named.parquet")
    who = ["actor1", "actor2", "assoc_actor1", "assoc_actor2"]
    rows = (
        batch.drop("country")
        .rename({"assoc_actor_1": "assoc_actor1", "assoc_actor_2": "assoc_actor2"})
        .join(places, on=["longitude", "latitude"], how="left", maintain_order="left")
        .with_columns(pl.col(name).cast(pl.String) for name in who)
        .join(parties, on=who, how="left", nulls_equal=True, maintain_order="left")
        .with_row_index("row", offset=number * PART + 1)
        .with_columns(
            event_day=pl.col("event_date").cast(pl.Int32),
            event_id=pl.col("event_id_cnty"),
            civilian_targeting=pl.col("civilian_targeting").is_not_null(),
            revised_at=pl.from_epoch("timestamp", time_unit="s").dt.replace_time_zone("UTC"),
        )
    )
    assert not rows["place_id"].null_count(), "a place that the seed does not have"
    assert not rows["party_id"].null_count(), "actors that the seed does not have"
    lacking = [name for name in schema.names if name not in rows.columns]
    table = rows.with_columns(pl.lit(None).alias(name) for name in lacking).select(schema.names).to_arrow()
    made = pa.table(
        [column.cast(field.type) for column, field in zip(table.columns, schema, strict=True)], schema=schema
    )
    pq.write_table(
        made, folder / "event" / f"{number:04d}.parquet", compression="zstd", row_group_size=250_000, store_schema=False
    )


# The engines


@contextlib.contextmanager
def on_duckdb(events: int) -> Iterator[tuple[Any, Any, Any]]:
    folder = star_of(events)
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '2GB'")
        connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
        read = connection.read_parquet
        yield read(f"{folder}/event/*.parquet"), read(f"{folder}/place.parquet"), read(f"{folder}/party.parquet")


@contextlib.contextmanager
def on_spark(events: int, master: str) -> Iterator[tuple[Any, Any, Any]]:
    """A session with settings as Tocsin's own (store/spark.py), and a log of what each stage took."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 (an extra)

    folder, log = star_of(events), star_of(events) / EVENT_LOG
    log.mkdir(exist_ok=True)
    session = (
        SparkSession.builder.master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "3g")
        .config("spark.executor.memory", "3g")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "8")
        .config("spark.eventLog.enabled", "true")
        .config("spark.eventLog.dir", log.as_uri())
        .config("spark.eventLog.rolling.enabled", "false")
        .config("spark.eventLog.compress", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    try:
        read = session.read.parquet
        yield read(str(folder / "event")), read(str(folder / "place.parquet")), read(str(folder / "party.parquet"))
    finally:
        session.stop()


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """A master and two workers of one core each on this machine; its address."""
    import pyspark  # noqa: PLC0415 (an extra)

    home = Path(pyspark.__file__).parent
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    address, around = (
        f"spark://127.0.0.1:{port}",
        {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"},
    )
    with tempfile.TemporaryDirectory() as work, contextlib.ExitStack() as running:

        def start(*words: str) -> None:
            command = [
                str(home / "bin" / "spark-class"),
                f"org.apache.spark.deploy.{words[0]}",
                "--host",
                "127.0.0.1",
                *words[1:],
            ]
            process = subprocess.Popen(
                command, env=around, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            running.callback(process.wait)
            running.callback(process.kill)

        start("master.Master", "--port", str(port), "--webui-port", "0")
        time.sleep(5)
        for number in range(2):
            start(
                "worker.Worker",
                "--cores",
                "1",
                "--memory",
                "3g",
                "--webui-port",
                "0",
                "--work-dir",
                f"{work}/{number}",
                address,
            )
        time.sleep(5)
        yield address


# The measuring


def ask_all(engine: str, events: int) -> None:
    """Ask every question once, and tell the seconds, the most memory of this process and its children, and what Spark's stages took."""
    with contextlib.ExitStack() as ends:
        about = ends.enter_context(open_desk(folder_of(SEED)))
        began = time.perf_counter()
        if engine == "DuckDB":
            tables = ends.enter_context(on_duckdb(events))
        else:
            master = "local[2]" if "local" in engine else ends.enter_context(cluster())
            began = time.perf_counter()
            tables = ends.enter_context(on_spark(events, master))
        rows, places, parties = (nw.from_native(table).lazy() for table in tables)
        counted = Events(rows=rows.drop("closed"), places=places, parties=parties, about=about.events.about)
        subject = Subject(desk=about.desk, events=counted, gazetteer=about.gazetteer)
        rows.select(nw.len()).collect("polars")
        opened = time.perf_counter() - began
        watch = ends.enter_context(_memory())
        seconds, answers = {}, {}
        for name, (question, arguments) in ASKED.items():
            started = time.perf_counter()
            answers[name] = ask(subject, question, arguments).table
            seconds[name] = time.perf_counter() - started
        _keep(answers, events, engine)
    tell(opened_s=opened, seconds=seconds, peak_mb=watch[0] / 1e6, **_stages(events) if engine != "DuckDB" else {})


def _keep(answers: dict[str, pl.DataFrame], events: int, engine: str) -> None:
    """Write the answers down, and hold them to those of the engine before."""
    folder = star_of(events) / "answers"
    folder.mkdir(exist_ok=True)
    for name, table in answers.items():
        path = folder / f"{name}.parquet"
        if engine == ENGINES[0]:
            table.write_parquet(path)
        else:
            assert_frame_equal(pl.read_parquet(path), table)


@contextlib.contextmanager
def _memory() -> Iterator[list[int]]:
    """The most memory that this process, its children and Spark's workers held at once, bytes; looked at five times a second."""
    most, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            held = 0
            for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    held += process.memory_info().rss
            most[0] = max(most[0], held)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def _stages(events: int) -> dict[str, float]:
    """From Spark's own log: seconds that tasks ran, those of them for shuffles, and bytes shuffled."""
    sums = dict.fromkeys(("task_s", "shuffle_s", "shuffled_mb"), 0.0)
    (log,) = [
        path for path in (star_of(events) / EVENT_LOG).iterdir() if path.is_file() and not path.name.startswith(".")
    ]
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            if told["Event"] != "SparkListenerTaskEnd" or not told.get("Task Metrics"):
                continue
            metrics = told["Task Metrics"]
            wrote, fetched = metrics["Shuffle Write Metrics"], metrics["Shuffle Read Metrics"]
            sums["task_s"] += metrics["Executor Run Time"] / 1e3
            sums["shuffle_s"] += wrote["Shuffle Write Time"] / 1e9 + fetched["Fetch Wait Time"] / 1e3
            sums["shuffled_mb"] += wrote["Shuffle Bytes Written"] / 1e6
    log.unlink()
    return sums


def same_as_loaded() -> None:
    """The files that were made at once hold what a load lays: the same answers as of the desk.

    Raises:
        AssertionError: they do not.
    """
    with open_desk(folder_of(SEED)) as subject, on_duckdb(SEED) as tables:
        rows, places, parties = (nw.from_native(table).lazy() for table in tables)
        made = Subject(
            desk=subject.desk,
            events=Events(rows=rows.drop("closed"), places=places, parties=parties, about=subject.events.about),
            gazetteer=subject.gazetteer,
        )
        for question, arguments in ASKED.values():
            assert_frame_equal(ask(made, question, arguments).table, ask(subject, question, arguments).table)


def measure(sizes: list[int]) -> str:
    """The table, as Markdown."""
    prepare(SEED)
    make(SEED)
    same_as_loaded()
    lines = [
        "| events | engine | files, GB | "
        + " | ".join(ASKED)
        + " | all, s | start, s | memory, GB | tasks, s | shuffles, s | shuffled, MB |",
        "| ---: | --- | ---: |" + " ---: |" * (len(ASKED) + 6),
    ]
    for events in sizes:
        say(f"{events:,} events: making the files")
        took = make(events)
        size = sum(path.stat().st_size for path in (star_of(events) / "event").iterdir()) / 1e9
        say(f"{events:,} events: {size:.1f} GB in {took:.0f} s")
        for engine in ENGINES:
            say(f"{events:,} events: {engine}")
            done = subprocess.run(
                [sys.executable, "-m", "bench.scale", "--engine", engine, "--sizes", str(events)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise SystemExit(f"{engine} failed:\n{done.stderr[-3000:]}")
            facts = json.loads(done.stdout.splitlines()[-1])
            seconds = facts["seconds"]
            stages = [f"{facts[name]:.1f}" if name in facts else "–" for name in ("task_s", "shuffle_s", "shuffled_mb")]
            cells = [*(f"{each:.1f}" for each in seconds.values()), f"{sum(seconds.values()):.0f}"]
            cells += [f"{facts['opened_s']:.0f}", f"{facts['peak_mb'] / 1e3:.1f}", *stages]
            lines.append(f"| {events:,} | {engine} | {size:.1f} | {' | '.join(cells)} |")
            say(lines[-1])
    return "\n".join([*lines, "", f"Each asked once; load of the machine at the end: {os.getloadavg()[0]:.1f}."])


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description="Time and memory as the events grow.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000_000, 100_000_000])
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    given = parser.parse_args()
    if given.engine:
        ask_all(given.engine, given.sizes[0])
        return
    table = measure(given.sizes)
    print(table)
    if given.write:
        put(table, name="scale")


if __name__ == "__main__":
    main()
