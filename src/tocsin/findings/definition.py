"""What is a finding? findings.toml, read into frozen values: each number of a report defined once, by a name."""

from __future__ import annotations

import datetime as dt
import keyword
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from tocsin.desk import Frozen
from tocsin.errors import FindingError
from tocsin.faults import explained
from tocsin.reading import text_of

FILE_NAME = "findings.toml"
NAME = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*"
PARTS = ("low", "high", "interval", "unit", "as_of", "events")
"""What may be called of a finding beside its value: {before.mean.interval}. No finding may be named so."""


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
    compute: str | None = Field(default=None, description="arithmetic on other findings")
    value: float | dt.date | str | None = Field(default=None, description="a published figure; it needs a source")
    source: str = Field(default="", description="who published it, where and when")
    unit: str = ""
    decimals: int | None = Field(default=None, ge=0, le=6, description="digits printed after the point")
    percent: bool = Field(default=False, description="the value is a share, printed in per cent")
    expect: str | None = Field(
        default=None, description='"4.5 to 5.5", "> 0", "in the top 5", "rising since 2022-03-01"'
    )

    @field_validator("where")
    @classmethod
    def _lists_as_tuples(cls, where: Mapping[str, Any]) -> Mapping[str, Any]:
        return {key: tuple(value) if isinstance(value, list) else value for key, value in where.items()}

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
        raise FindingError(f"is not TOML: {error}", where=where) from error
    found = {}
    for name, written in _flat(values):
        place = f"{where}:{_line_of(name, text)}"
        if not isinstance(written, dict):
            raise FindingError(f'"{name}" stands outside a finding', where=place, next_step="Put it under a [name].")
        if not re.fullmatch(NAME, name):
            raise FindingError(
                f'"{name}" can not be the name of a finding',
                where=place,
                next_step="Use small letters, digits, _ and dots, each part beginning with a letter: before.mean",
            )
        taken = next((part for part in name.split(".") if keyword.iskeyword(part)), None)
        if taken:
            raise FindingError(
                f'"{name}" can not be the name of a finding: arithmetic could not name it, since "{taken}" has a meaning of its own',
                where=place,
                next_step=f'Choose another word for "{taken}".',
            )
        if name.rpartition(".")[2] in PARTS:
            raise FindingError(
                f'"{name}" can not be the name of a finding: {{name.{name.rpartition(".")[2]}}} is what is printed of one',
                where=place,
                next_step=f"Choose a name that does not end in {', '.join(PARTS)}.",
            )
        try:
            found[name] = Finding.model_validate(written)
        except ValidationError as error:
            section = _section(name, text)
            fault = explained(error, text=section, values=written, model=Finding, where="")
            line = _line_of(name, text) + int(fault.where.rpartition(":")[2] or 1) - 1
            raise FindingError(f"{name}: {fault.what}", where=f"{where}:{line}", next_step=fault.next_step) from error
    return found


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
