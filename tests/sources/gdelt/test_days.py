"""Which days files of GDELT speak for, as their names tell."""

from __future__ import annotations

import datetime as dt

import pytest

from tocsin.errors import SourceError
from tocsin.schema import Span
from tocsin.sources.gdelt.days import days_of


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


def quarters(first: dt.datetime, last: dt.datetime) -> list[str]:
    count = (last - first) // dt.timedelta(minutes=15) + 1
    return [f"{first + n * dt.timedelta(minutes=15):%Y%m%d%H%M%S}.export.CSV.zip" for n in range(count)]


@pytest.mark.parametrize(
    ("names", "first", "last"),
    [
        (["20240106.export.CSV.zip"], (2024, 1, 6), (2024, 1, 6)),
        (["20240301.export.csv", "20240228.export.CSV", "20240229.export.CSV.zip"], (2024, 2, 28), (2024, 3, 1)),
        (["1979.zip"], (1979, 1, 1), (1979, 12, 31)),
        (["2005.csv"], (2005, 1, 1), (2005, 12, 31)),
        (["200602.zip"], (2006, 2, 1), (2006, 2, 28)),
        (["200612.csv.gz"], (2006, 12, 1), (2006, 12, 31)),
        (quarters(at(2024, 1, 6), at(2024, 1, 6, 23, 45)), (2024, 1, 6), (2024, 1, 6)),
        (quarters(at(2024, 1, 5, 12), at(2024, 1, 8, 11)), (2024, 1, 6), (2024, 1, 7)),
        (
            [
                "20240105120000.translation.export.CSV.zip",
                *quarters(at(2024, 1, 6), at(2024, 1, 6, 23, 45)),
            ],
            (2024, 1, 6),
            (2024, 1, 6),
        ),
    ],
)
def test_names_tell_the_days(names: list[str], first: tuple[int, int, int], last: tuple[int, int, int]) -> None:
    assert days_of(names, where="x") == Span(dt.date(*first), dt.date(*last))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["mine.csv"], "does not"),
        (["2013.csv"], "does not"),
        (["201304.csv"], "does not"),
        (["200613.csv"], "does not"),
        (["20240230.export.CSV"], "does not"),
        (["20240105120000.translation.export.CSV"], "does not"),
        (["20240106000000.export.CSV"], "no whole day"),
        (quarters(at(2024, 1, 6), at(2024, 1, 6, 23, 30)), "no whole day"),
        (["20240101.export.CSV", "20240104.export.CSV"], "2 of the 4 files .* the first of them 20240102.export.CSV"),
        (["20240106000000.export.CSV", "20240106003000.export.CSV"], "20240106001500.export.CSV"),
    ],
)
def test_names_that_do_not_tell_and_files_that_are_missing(names: list[str], said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        days_of(names, where="here")
    assert "--covers" in str(caught.value)


def test_files_off_the_quarter_are_missing_from_it() -> None:
    with pytest.raises(SourceError, match="missing"):
        days_of(["20240106000000.export.CSV", "20240106000700.export.CSV", "20240106003000.export.CSV"], where="here")
