"""The same questions on a cluster: one master, two workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.engines.asked import ASKED, Answered, answered, assert_same, named
from tests.engines.conftest import FIRST, Cluster
from tests.engines.test_answers import EARLIER, Opened, opened
from tocsin.catalogue import Asked

Wanted: TypeAlias = Callable[[str, Asked, dt.date | None], Answered]


@pytest.fixture(scope="module")
def on_cluster(desk: Path, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    yield from opened(desk, tmp_path_factory.mktemp("on-cluster"), cluster.address)


@pytest.mark.spark
@pytest.mark.parametrize("asked", ASKED, ids=named)
def test_a_cluster_answers_as_duckdb_does(on_cluster: Opened, wanted: Wanted, asked: tuple[str, Asked]) -> None:
    assert_same(answered(on_cluster(None), *asked), wanted(*asked, None))


@pytest.mark.spark
@pytest.mark.parametrize("asked", EARLIER, ids=named)
def test_a_cluster_answers_of_an_earlier_state(on_cluster: Opened, wanted: Wanted, asked: tuple[str, Asked]) -> None:
    assert_same(answered(on_cluster(FIRST), *asked), wanted(*asked, FIRST))
