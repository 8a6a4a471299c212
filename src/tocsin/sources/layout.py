"""How one file of a source is laid out, and the facts of source.toml that reading it needs."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import polars as pl

from tocsin.errors import SourceError
from tocsin.schema import SourceFacts
from tocsin.sources.values import Parsed, fold


@dataclass(frozen=True)
class Layout:
    """One file, recognised: which of its columns is which, and how its cells become columns of the contract."""

    form: str
    columns: Mapping[str, str]
    """The file's column for each column that the source knows and the file has."""
    required: Mapping[str, str]
    """The file's column for each column of the contract that no event may lack."""
    parse: Callable[[pl.DataFrame], dict[str, Parsed]]
    id_column: str | None
    """The file's column of events' ids; None where it has none."""
    monadic: bool = False
    dataset: str | None = None
    """The data set that the file is of, where a source has several; else it is called like the source."""


@functools.cache
def told(source: str) -> dict[str, Any]:
    """All that source.toml says of a source."""
    text = resources.files("tocsin.sources").joinpath(source, "source.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def facts(source: str) -> SourceFacts:
    """Facts of one source that hold for every file of it.

    Args:
        source: "acled", "ucdp_ged", "gdelt" or "table".
    """
    values = told(source)
    return SourceFacts(
        name=values["name"],
        title=values["title"],
        publisher=values["publisher"],
        licence=values["licence"],
        citation=values["citation"],
        url=values["url"],
        event_types=tuple(values["event_types"]),
        violent=tuple(values["violent"]),
        precise=tuple(values["precise"]),
        cautions=tuple(values["cautions"]),
        to_week=tuple(values.get("to_week", ())),
        to_month=tuple(values.get("to_month", ())),
        attacker_first=tuple(values.get("attacker_first", ())),
        error_km=tuple((int(code), float(km)) for code, km in values.get("error_km", {}).items()),
    )


def plain(column: str) -> str:
    """A column's name without case and punctuation: "EVENT DATE" is event_date."""
    return re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_")


def find_columns(columns: Sequence[str], source: str, *, where: str) -> dict[str, str]:
    """The file's column for each column that the source knows.

    Raises:
        SourceError: two columns of the file are the same column of the source.
    """
    by_name: dict[str, str] = {}
    known = {alias for aliases in told(source)["columns"].values() for alias in aliases}
    for column in columns:
        name = plain(column)
        if name in by_name and name in known:
            first, second = columns.index(by_name[name]) + 1, columns.index(column) + 1
            raise SourceError(
                f'the column {name} stands twice: as "{by_name[name]}", column {first}, and as "{column}", column {second}',
                where=where,
                next_step="Rename or delete one of the two: which of them is meant can not be told from the file.",
            )
        by_name.setdefault(name, column)
    found = {}
    for name, aliases in told(source)["columns"].items():
        here = next((by_name[alias] for alias in aliases if alias in by_name), None)
        if here is not None:
            found[name] = here
    return found


def spellings(lists: Mapping[str, Iterable[str]]) -> dict[str, str | None]:
    """What each spelling, folded, means now; each word is a spelling of itself."""
    return {fold(spelling): word for word, others in lists.items() for spelling in (word, *others)}
