"""Every question of the catalogue, on each engine: the same tables as DuckDB gives, to the last bit, the same words, the same events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import duckdb
import narwhals as nw
import pytest

from tests.engines.asked import ASKED, WEIGHED, Answered, answered, assert_same, named, of_log
from tests.engines.conftest import FIRST, copied, with_engine
from tocsin.catalogue import QUESTIONS, Asked, Subject, open_desk
from tocsin.cube import Events
from tocsin.schema import Vintage
from tocsin.store import lay, open_store
from tocsin.store.standing import standing

Wanted: TypeAlias = Callable[[str, Asked, dt.date | None], Answered]
Opened: TypeAlias = Callable[[dt.date | None], Subject]
EARLIER = [each for each in ASKED if each[0] in ("weekly", "filters", "actors", "proximity")]


def test_no_question_is_left_out() -> None:
    assert {question for question, _ in ASKED} == {question.name for question in QUESTIONS}


def by_duckdb(folder: Path, subject: Subject, known: tuple[Vintage, ...]) -> Events:
    """The events of a subject, read by DuckDB from the Parquet files: for the test that these are all that an engine needs."""
    about = subject.events.about
    connection = duckdb.connect()
    files = str(folder).replace("[", "[[]").replace("'", "''")
    rows = connection.sql(
        f"FROM read_parquet('{files}/event/*/*/*.parquet', hive_partitioning = true) "
        f"SELECT * EXCLUDE (dataset, opened, closed) WHERE dataset = '{about.dataset}' AND {standing(about.vintages, known=known)}"
    )
    small = (connection.sql(f"FROM '{files}/{name}/*.parquet'") for name in ("place", "party"))
    places, parties = (nw.from_native(table) for table in small)
    return Events(rows=nw.from_native(rows), places=places, parties=parties, about=about)


@pytest.fixture(scope="module")
def from_files(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = copied(desk, tmp_path_factory.mktemp("files"))
    with open_store(folder / ".tocsin") as store:
        lay(store.connection, store.folder, alone=False)
        known = {name: store.vintages(name) for name in store.datasets()}
    with open_desk(folder) as now, open_desk(folder, as_of=FIRST) as then:
        given = {}
        for as_of, subject in ((None, now), (FIRST, then)):
            star = folder / ".tocsin" / "star"
            beside = subject.beside
            assert beside
            given[as_of] = replace(
                subject,
                events=by_duckdb(star, subject, known["acled"]),
                beside=lambda name, star=star, subject=subject, beside=beside: by_duckdb(  # type: ignore[misc]
                    star, replace(subject, events=beside(name)), known[name]
                ),
            )
        yield lambda as_of: given[as_of]


def opened(desk: Path, place: Path, master: str) -> Iterator[Opened]:
    folder = copied(desk, place)
    with_engine(folder, "spark", master=master)
    with open_desk(folder) as now, open_desk(folder, as_of=FIRST) as then:
        yield {None: now, FIRST: then}.__getitem__


@pytest.fixture(scope="module")
def local(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    pytest.importorskip("pyspark", reason="PySpark is not installed: make test-spark does it")
    yield from opened(desk, tmp_path_factory.mktemp("local"), "local[2]")


@pytest.mark.parametrize("asked", ASKED, ids=named)
def test_duckdb_reads_the_same_from_the_files(from_files: Opened, wanted: Wanted, asked: tuple[str, Asked]) -> None:
    assert_same(answered(from_files(None), *asked), wanted(*asked, None))


@pytest.mark.parametrize("asked", EARLIER, ids=named)
def test_duckdb_reads_an_earlier_state_from_the_files(
    from_files: Opened, wanted: Wanted, asked: tuple[str, Asked]
) -> None:
    assert_same(answered(from_files(FIRST), *asked), wanted(*asked, FIRST))


@pytest.mark.parametrize("asked", WEIGHED, ids=named)
def test_duckdb_weighs_the_same_from_the_files(desk: Path, from_files: Opened, asked: tuple[str, Asked]) -> None:
    with open_desk(desk, dataset="log") as subject:
        found = answered(of_log(from_files(None)), *asked)
        assert_same(found, answered(subject, *asked))
    assert found.table["mentions"].sum() > 0


@pytest.mark.spark
@pytest.mark.parametrize("asked", WEIGHED, ids=named)
def test_spark_weighs_as_duckdb_does(desk: Path, local: Opened, asked: tuple[str, Asked]) -> None:
    with open_desk(desk, dataset="log") as subject:
        assert_same(answered(of_log(local(None)), *asked), answered(subject, *asked))


@pytest.mark.spark
@pytest.mark.parametrize("asked", ASKED, ids=named)
def test_spark_answers_as_duckdb_does(local: Opened, wanted: Wanted, asked: tuple[str, Asked]) -> None:
    assert_same(answered(local(None), *asked), wanted(*asked, None))


@pytest.mark.spark
@pytest.mark.parametrize("asked", EARLIER, ids=named)
def test_spark_answers_of_an_earlier_state(local: Opened, wanted: Wanted, asked: tuple[str, Asked]) -> None:
    assert_same(answered(local(FIRST), *asked), wanted(*asked, FIRST))
