"""Spark as the engine: one session for as long as a store is open, which reads the Parquet files that star.py lays.

The session is started at the first question. What goes wrong in it, then or when an answer is fetched, comes up through the open store,
so it is put into words in one place: where the store closes.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw

from tocsin.desk import Spark
from tocsin.errors import StoreError
from tocsin.store import star as layout
from tocsin.store.star import EVENT_COLUMNS, Part, Star

# Spark's name for each type that the files have.
_TYPES = {
    "int8": "tinyint",
    "int32": "int",
    "int64": "bigint",
    "double": "double",
    "string": "string",
    "bool": "boolean",
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamp",
}
CONNECT_SECONDS = 5
"""How long the master may take to answer."""
WORKER_SECONDS = 60
"""How long a cluster may be without any worker that serves the desk."""
ENDING_SECONDS = 3
"""How long after a failure a JVM may take to end."""
OUT_OF_MEMORY_CODE = 52
"""With this code a JVM of Spark's ends that ran out of memory."""
LOOPBACK = "127.0.0.1"
SCRATCH = "spark-"
"""Begins the name of a folder for what a session spills."""
JAVA = "Install Java 17 or newer (Debian: apt-get install default-jre-headless)."


@dataclass(frozen=True)
class Reading:
    """A session, and the layout that it reads."""

    session: Any
    memory: Path
    star: Star
    used: set[Part] = field(default_factory=set)
    """Files that some answer is made from."""

    def events(self, dataset: str, seen: Collection[int], *, all_known: bool) -> nw.LazyFrame[Any]:
        """The rows of a data set that stand once the vintages `seen` are known; see store.standing."""
        rows = self._table("event", self.star.events(dataset, seen))
        stands = nw.col("closed").is_null()
        if not all_known:
            stands = stands | ~nw.col("closed").is_in(sorted(seen))
        return rows.filter(stands).select(*(name for name in EVENT_COLUMNS if name != "closed"))

    def table(self, name: str) -> nw.LazyFrame[Any]:
        """The places or the parties."""
        return self._table(name, self.star.of(name))

    def _table(self, name: str, parts: Sequence[Part]) -> nw.LazyFrame[Any]:
        layout.refuse_faulty(self.memory, self.star, [part for part in parts if part not in self.used])
        self.used.update(parts)
        columns = ", ".join(f"`{column}` {_TYPES[kind]}" for column, kind in self.star.columns[name].items())
        paths = [_address((self.memory / layout.FOLDER / part.path).resolve()) for part in parts]
        rows: nw.LazyFrame[Any] = nw.from_native(self.session.read.schema(columns).parquet(*paths))
        return rows


def _address(path: Path) -> str:
    """A path as Spark wants it: what it would take for a pattern of names is escaped, and nothing else."""
    return "file://" + re.sub(r"([*?\[\]{}\\])", r"\\\1", path.as_posix())


@dataclass
class Engine:
    """A session and the JVM that it lives in."""

    asked: Spark
    session: Any
    gateway: Any
    log: Path | None
    """What the JVM says; None where the JVM is somebody else's."""
    faults: tuple[type[BaseException], ...]
    deserted: bool = False
    """No worker served it for too long."""

    def has_ended(self) -> bool:
        """The JVM is gone, or is so in a moment: its silence is noticed before its end."""
        process = getattr(self.gateway, "proc", None)
        if process is None:
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=ENDING_SECONDS)
        return process.returncode is not None

    @property
    def workers(self) -> int:
        """How many executors serve the session, beside the driver."""
        return int(self.session.sparkContext._jsc.sc().getExecutorMemoryStatus().size()) - 1

    def told(self) -> str:
        """The end of what the JVM said."""
        if self.log is None:
            return ""
        with contextlib.suppress(OSError):
            return self.log.read_bytes()[-100_000:].decode(errors="replace")
        return ""


@contextlib.contextmanager
def reading(asked: Spark, memory: Path, connection: duckdb.DuckDBPyConnection) -> Iterator[Reading]:
    """A Spark session that reads the layout of a store, which is laid first where it is not the store's.

    Raises:
        StoreError: PySpark or a Java runtime is not there, the master or its workers do not answer, a file is damaged, memory ended, or
            Spark failed otherwise; also where that comes to light only when an answer is fetched.
    """
    star = layout.lay(connection, memory, alone=False)
    with _engine(asked, memory) as engine:
        read = Reading(engine.session, memory, star)
        try:
            yield read
        except engine.faults as error:
            if isinstance(error, OSError | EOFError) and not _within_spark(error):
                raise
            raise _explained(error, engine, read) from error


@contextlib.contextmanager
def _engine(asked: Spark, memory: Path) -> Iterator[Engine]:
    """A session as desk.toml asks for, stopped at the end with its JVM; or one in a context that this process runs already."""
    faults = _faults()
    from pyspark import SparkContext  # noqa: PLC0415 (an extra, and long to import)
    from pyspark.sql import SparkSession  # noqa: PLC0415

    running = SparkContext._active_spark_context
    if running is not None:
        if running.master != asked.master:
            raise StoreError(
                f"this process already runs Spark on {running.master}, and the desk asks for {asked.master}",
                next_step="Stop that session first, or name its master in desk.toml.",
            )
        session = _set(SparkSession(running).newSession())
        yield Engine(asked, session, SparkContext._gateway, None, faults)
        return
    with contextlib.ExitStack() as ends:
        place = _scratch(memory, ends)
        engine = Engine(asked, None, _start(asked, place, ends), place / "log", faults)
        try:
            ends.callback(_stop)
            engine.session = _set(_session(asked, place))
            if not asked.local:
                _await_workers(engine)
                ends.enter_context(_watched(engine))
        except faults as error:
            raise StoreError(
                f"Spark can not be started on {asked.master}: {_reason(error)}",
                next_step="See that a Spark master listens there, and that it and its workers have the version of PySpark here.",
            ) from error
        yield engine


def _faults() -> tuple[type[BaseException], ...]:
    """What Spark raises when it fails, and what comes up where its JVM is gone."""
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415
        from pyspark.errors import PySparkException  # noqa: PLC0415

        with warnings.catch_warnings():
            # PySpark loads this when it is first given a number, and warns then of a pandas of which nothing here makes use.
            warnings.simplefilter("ignore")
            import pyspark.testing.utils  # noqa: F401, PLC0415
    except ImportError as error:
        raise StoreError(
            'desk.toml says engine = "spark", and PySpark is not installed',
            next_step="Install it: pip install 'tocsin[spark]'; or say engine = \"duckdb\".",
        ) from error
    return (PySparkException, Py4JError, OSError, EOFError)


def _scratch(memory: Path, ends: contextlib.ExitStack) -> Path:
    """A folder of the desk's own for what the session spills, and for what its JVM says."""
    try:
        return Path(ends.enter_context(tempfile.TemporaryDirectory(dir=memory, prefix=SCRATCH)))
    except OSError as error:
        raise StoreError(
            f"Spark needs room here, and can not write: {error.strerror}",
            where=str(memory),
            next_step="Check that the disk has room and that you may write there.",
        ) from error


def _configured(asked: Spark, place: Path) -> Any:
    from pyspark import SparkConf  # noqa: PLC0415

    settings = {
        "spark.master": asked.master,
        "spark.app.name": "tocsin",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(place),
        "spark.sql.warehouse.dir": str(place),
        # Days go to the engine as days of the JVM's own zone.
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
    }
    if asked.on_this_machine:
        settings |= {"spark.driver.host": LOOPBACK, "spark.driver.bindAddress": LOOPBACK}
    if asked.memory:
        settings |= {"spark.driver.memory": asked.memory, "spark.executor.memory": asked.memory}
    return SparkConf().setAll(list(settings.items()))


def _start(asked: Spark, place: Path, ends: contextlib.ExitStack) -> Any:
    """Start the JVM and see that the master can be reached."""
    from py4j.protocol import Py4JError  # noqa: PLC0415
    from pyspark import SparkContext  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415

    java = os.environ.get("JAVA_HOME")
    if shutil.which(str(Path(java) / "bin" / "java") if java else "java") is None:
        raise StoreError(
            'desk.toml says engine = "spark", and there is no Java runtime'
            + (f" in JAVA_HOME ({java})" if java else ""),
            next_step=f'{JAVA} Or say engine = "duckdb".',
        )
    if SparkContext._gateway is not None:  # of a session that was stopped
        _shut(SparkContext._gateway)
    log = ends.enter_context((place / "log").open("wb"))
    try:
        gateway = launch_gateway(_configured(asked, place), {"stdout": log, "stderr": log})
    except PySparkException as error:
        told = (place / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line for line in told if line.strip() and not line.startswith("WARNING")] or [_reason(error)]
        raise StoreError(f"Spark's Java runtime does not start: {said[0][:200]}", next_step=JAVA) from error
    ends.callback(_shut, gateway)
    SparkContext._ensure_initialized(gateway=gateway)
    if not asked.local:
        host, _, port = asked.master.removeprefix("spark://").rpartition(":")
        net = gateway.jvm.java.net
        try:
            socket = net.Socket()
            socket.connect(net.InetSocketAddress(host, int(port)), CONNECT_SECONDS * 1000)
            socket.close()
        except Py4JError as error:
            raise StoreError(
                f"the Spark master {asked.master} does not answer",
                next_step="See that it runs and can be reached from here, or name another under [spark] in desk.toml.",
            ) from error
    return gateway


def _session(asked: Spark, place: Path) -> Any:
    from pyspark import SparkContext  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    return SparkSession(SparkContext(conf=_configured(asked, place)))


def _set(session: Any) -> Any:
    """What holds for the session alone."""
    partitions = max(8, 2 * session.sparkContext.defaultParallelism)
    for name, value in {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
        # A damaged page is an error and never a wrong number.
        "parquet.page.verify-checksum.enabled": "true",
        "spark.sql.shuffle.partitions": str(partitions),
    }.items():
        session.conf.set(name, value)
    return session


def _stop() -> None:
    from pyspark import SparkContext  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    running = SparkSession._instantiatedSession or SparkContext._active_spark_context
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the JVM is gone is told elsewhere
        if running:
            running.stop()
    # PySpark leaves these where the JVM is gone, and would then start no other.
    SparkContext._active_spark_context = SparkSession._instantiatedSession = SparkSession._activeSession = None


def _shut(gateway: Any) -> None:
    """End a JVM, so that the next session has its own settings."""
    from pyspark import SparkContext  # noqa: PLC0415

    SparkContext._gateway = SparkContext._jvm = None
    with contextlib.suppress(Exception):
        gateway.shutdown()
    process = getattr(gateway, "proc", None)
    if process is None:
        return
    process.stdin.close()  # it ends when nobody can speak to it any more
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await_workers(engine: Engine) -> None:
    """A job without workers waits for ever.

    Raises:
        StoreError: none came in time.
    """
    deadline = time.monotonic() + WORKER_SECONDS
    while not engine.workers:
        if time.monotonic() > deadline:
            raise StoreError(
                f"the Spark master {engine.asked.master} gave no worker within {WORKER_SECONDS} seconds",
                next_step=f"See that workers run, that they have {engine.asked.memory or '1g'} of memory and a core free, and that they "
                "reach this machine.",
            )
        time.sleep(0.2)


@contextlib.contextmanager
def _watched(engine: Engine) -> Iterator[None]:
    """Give up what is being answered when no worker has served the session for too long."""
    over = threading.Event()

    def watch() -> None:
        served = time.monotonic()
        while not over.wait(1):
            try:
                if engine.workers:
                    served = time.monotonic()
                elif time.monotonic() - served > WORKER_SECONDS:
                    engine.deserted = True
                    engine.session.sparkContext.cancelAllJobs()
            except engine.faults:
                return  # the JVM is gone, which the answer itself tells

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _within_spark(error: BaseException) -> bool:
    """It came up where PySpark speaks to its JVM, and is no error of a file of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    return any({"py4j", "pyspark"} & set(Path(frame.filename).parts) for frame in frames)


def _explained(error: BaseException, engine: Engine, read: Reading) -> StoreError:
    """In words what went wrong, and what to do about it."""
    damaged = layout.faulty(read.memory, sorted(read.used, key=lambda part: part.path))
    if damaged:
        return StoreError(damaged[1], where=str(damaged[0]), next_step=layout.MEND)
    master, said = engine.asked.master, _text(error)
    if engine.deserted:
        return StoreError(
            f"no worker of {master} has served the desk for {WORKER_SECONDS} seconds, and the answer was given up",
            next_step="Start workers, and ask again.",
        )
    if "OutOfMemoryError" in said + engine.told() or f"exited with code {OUT_OF_MEMORY_CODE}" in said:
        had = f'memory = "{engine.asked.memory}"' if engine.asked.memory else "its own default of 1g"
        return StoreError(
            f"Spark on {master} ran out of memory, with {had}",
            next_step='Give it more under [spark] in desk.toml (memory = "8g", which each worker must have), or ask for fewer days.',
        )
    if engine.has_ended() or isinstance(error, OSError | EOFError):  # what is not there can not be spoken to
        return StoreError(f"Spark on {master} ended in the middle of an answer", next_step="Ask again.")
    if "FileNotFoundException" in said or "FAILED_READ_FILE.FILE_NOT_EXIST" in said:
        return StoreError(
            f"the workers of {master} do not find the files that are here",
            where=str(read.memory / layout.FOLDER),
            next_step="The desk must lie at the same path on every worker, as on a file system that they share.",
        )
    return StoreError(
        f"Spark on {master} could not answer: {_reason(error)}", next_step="Ask again; see the Spark logs."
    )


def _reason(error: BaseException) -> str:
    """The line of an error that says what was wrong: no trace of Java."""
    lines = [line.strip().removeprefix(": ") for line in _text(error).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith(("An error occurred while calling", "at "))]
    return re.sub(r"^([a-z]\w*\.)+[A-Z]\w*: ", "", said[0])[:200] if said else type(error).__name__


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 (an error of Java's asks the JVM for its text, which may be gone)
        return type(error).__name__
