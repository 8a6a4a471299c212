"""What is a finding? findings.toml, read into frozen values: each number of a report defined once, by a name."""

from __future__ import annotations

import datetime as dt
import keyword
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, ValidationInfo, field_validator, model_validator

from tocsin.desk import Frozen
from tocsin.errors import FindingError
from tocsin.faults import explained
from tocsin.reading import text_of

FILE_NAME = "findings.toml"
NAME = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*"
PARTS = ("low", "high", "interval", "unit", "as_of", "events", "ways")
"""What may be called of a finding beside its value: {before.mean.interval}. No finding may be named so."""
CALLS = ("quoted", "figure", "table", "cautions")
"""Words with which report.md calls what is no finding: {figure: figure-1}. No finding may be named so."""


class Arguments(Frozen):
    """Arguments of a question of the catalogue; what is left out is as desk.toml says."""

    group: str | None = None
    by: str | None = None
    groups: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    near_km: tuple[float, ...] = ()
    week_starts: str | None = None
    average: Literal["trailing", "centred"] | None = None
    average_weeks: int | None = Field(default=None, ge=1, le=104)
    level: str | None = None
    against: str | None = None
    weeks: int | None = Field(default=None, ge=2, le=520)
    weight: Literal["mentions"] | None = None


class Finding(Frozen):
    """One number, date, name or table, and how it comes about: asked of the data, computed from other findings, or cited."""

    label: str = Field(default="", description="what it is, in a few words")
    ask: str | None = Field(default=None, description="a question of the catalogue")
    arguments: Arguments = Field(default=Arguments(), alias="with")
    where: Mapping[str, Any] = Field(
        default_factory=dict, description='rows of the answer: a value, a list, or "A to B"'
    )
    take: str | None = Field(
        default=None, description='a column of one row, or "mean of COLUMN", "COLUMN at max of COLUMN"'
    )
    low: str | None = Field(default=None, description="the column that holds the lower end of the interval")
    high: str | None = Field(default=None, description="the column that holds the upper end of the interval")
    rows: int | None = Field(default=None, ge=1, le=50, description="of a table, how many rows are printed")
    columns: tuple[str, ...] = Field(
        default=(), description="of a table, the columns that are printed, in their order; all of them if left out"
    )
    compute: str | None = Field(default=None, description="arithmetic on other findings")
    value: float | dt.date | str | None = Field(default=None, description="a published figure; it needs a source")
    source: str = Field(default="", description="who published it, where and when")
    unit: str = ""
    decimals: int | None = Field(default=None, ge=0, le=6, description="digits printed after the point")
    percent: bool | tuple[str, ...] = Field(
        default=False, description="true: the value is a share, printed in per cent; of a table, the columns that are"
    )
    expect: str | None = Field(
        default=None, description='"4.5 to 5.5", "> 0", "in the top 5", "rising since 2022-03-01"'
    )

    _line: int = PrivateAttr(default=0)

    @property
    def line(self) -> int:
        """The line of findings.toml on which it begins; 0 where it comes from elsewhere."""
        return self._line

    @field_validator("value", mode="before")
    @classmethod
    def _one_value(cls, value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        day = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        if not (number or day or (isinstance(value, str) and value.strip())):
            raise ValueError('must be a number, a day or text: 264000, 2021-08-15 or "Kabul"')
        return value

    @field_validator("where")
    @classmethod
    def _lists_as_tuples(cls, where: Mapping[str, Any]) -> Mapping[str, Any]:
        return {key: tuple(value) if isinstance(value, list) else value for key, value in where.items()}

    @field_validator("percent", "columns", mode="before")
    @classmethod
    def _names_of_columns(cls, said: Any, info: ValidationInfo) -> Any:
        names = isinstance(said, list) and said and all(isinstance(each, str) for each in said)
        if not names and not (info.field_name == "percent" and isinstance(said, bool)):
            either = "true, or of a table " if info.field_name == "percent" else ""
            raise ValueError(f'must be {either}a list of columns: {info.field_name} = ["share"]')
        return said

    @model_validator(mode="after")
    def _of_a_table(self) -> Finding:
        if self.rows is None and self.columns:
            raise ValueError("columns belong to a table (rows = 5)")
        if self.rows is None and not isinstance(self.percent, bool):
            raise ValueError("columns of percent belong to a table (rows = 5); of a value: percent = true")
        return self

    @model_validator(mode="after")
    def _one_origin(self) -> Finding:
        origins = [name for name in ("ask", "compute", "value") if getattr(self, name) is not None]
        if len(origins) != 1:
            said = " and ".join(origins) or "none of them"
            raise ValueError(f"a finding has either ask, compute or value; this one has {said}")
        if self.value is not None and not self.source:
            raise ValueError('a cited value needs its source: source = "who, where, when"')
        if self.ask is None and (self.where or self.take or self.low or self.high or self.rows):
            raise ValueError("where, take, low, high and rows belong to a finding that asks a question")
        if self.ask is not None and (self.take is None) == (self.rows is None):
            raise ValueError("a finding that asks takes either a value (take) or a table (rows)")
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has two ends: low and high")
        return self

    @property
    def unit_printed(self) -> str:
        """The unit of its value; of a table none, for each column has its own."""
        if self.rows is not None:
            return ""
        return self.unit or ("per cent" if self.percent else "")


def read_findings(folder: Path) -> dict[str, Finding]:
    """The findings of a desk by name, in the order in which they are written; none where there is no findings.toml.

    Raises:
        FindingError: the file is not TOML, or says something that is not known; with line and key.
    """
    path = folder / FILE_NAME
    text = text_of(path, error=FindingError)
    return {} if text is None else parse_findings(text, where=str(path))


def parse_findings(text: str, *, where: str) -> dict[str, Finding]:
    """The findings that a text defines; `where` names it in errors.

    Raises:
        FindingError: see read_findings.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at line ")
        place = place.rstrip(")").replace(", column ", ":")
        raise FindingError(f"is not TOML: {what}", where=f"{where}:{place}" if place else where) from error
    found = {}
    for name, written in _flat(values):
        place = f"{where}:{_line_of(name, text)}"
        if not isinstance(written, dict):
            raise FindingError(f'"{name}" stands outside a finding', where=place, next_step="Put it under a [name].")
        _check_name(name, where=place)
        try:
            found[name] = Finding.model_validate(written)
            found[name]._line = _line_of(name, text)
        except ValidationError as error:
            section = _section(name, text)
            fault = explained(error, text=section, values=written, model=Finding, where="")
            line = _line_of(name, text) + int(fault.where.rpartition(":")[2] or 1) - 1
            raise FindingError(f"{name}: {fault.what}", where=f"{where}:{line}", next_step=fault.next_step) from error
    return found


def _check_name(name: str, *, where: str) -> None:
    """Raise where a finding can not be named so."""
    what = f'"{name}" can not be the name of a finding'
    if not re.fullmatch(NAME, name):
        raise FindingError(
            what,
            where=where,
            next_step="Use small letters, digits, _ and dots, each part beginning with a letter: before.mean",
        )
    taken = next((part for part in name.split(".") if keyword.iskeyword(part)), None)
    if taken:
        raise FindingError(
            f'{what}: arithmetic could not name it, since "{taken}" has a meaning of its own',
            where=where,
            next_step=f'Choose another word for "{taken}".',
        )
    if name in CALLS:
        raise FindingError(
            f"{what}: it is a word of report.md, which could not always call it",
            where=where,
            next_step=f"Choose another, or one of several words: {name}.before",
        )
    last = name.rpartition(".")[2]
    if last in PARTS:
        raise FindingError(
            f"{what}: {{name.{last}}} is what is printed of one",
            where=where,
            next_step=f"Choose a name that does not end in {', '.join(PARTS)}.",
        )


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Each finding with its dotted name: [before.mean] is the finding "before.mean", and [before] may be another."""
    for key, value in values.items():
        name = f"{before}{key}"
        if not isinstance(value, dict):
            yield name, value
            continue
        own = {inner: said for inner, said in value.items() if not _nested(inner, said)}
        if own or not value:
            yield name, own
        yield from _flat({inner: said for inner, said in value.items() if _nested(inner, said)}, f"{name}.")


def _nested(key: str, value: Any) -> bool:
    return isinstance(value, dict) and key not in ("with", "where")


def _line_of(name: str, text: str) -> int:
    """The line, from 1, of a finding's header, or of its key; 1 where it is written some other way."""
    written = re.compile(rf"\s*(\[\s*{re.escape(name)}\s*\]|{re.escape(name.rpartition('.')[2])}\s*=)")
    return next((number for number, line in enumerate(text.splitlines(), start=1) if written.match(line)), 1)


def _section(name: str, text: str) -> str:
    """The lines of a finding, its header left empty, so that line 1 is that of the header."""
    lines = text.splitlines()[_line_of(name, text) - 1 :]
    own = [""]
    for line in lines[1:]:
        header = re.match(r"\s*\[\s*([^\]]+?)\s*\]", line)
        if header and not header[1].startswith(f"{name}."):
            break
        own.append(re.sub(rf"\[\s*{re.escape(name)}\.", "[", line))
    return "\n".join(own)
