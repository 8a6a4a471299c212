"""What a finding came to: its value as it is and as it is printed, and all that a reader needs to check it."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from tocsin.errors import FindingError
from tocsin.findings.definition import Finding
from tocsin.findings.picking import known_column
from tocsin.schema import Provenance, spoken_date

Value = float | dt.date | str | pl.DataFrame
NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_NUMBERS = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")


@dataclass(frozen=True)
class Found:
    """A finding with its value.

    Args:
        name: As findings.toml has it.
        value: A number, a day, a name, or a table (of a series, or to be printed); None where it can not be computed.
        reason: Why there is no value, and what to do; empty where there is one.
        low: The lower end of its interval of 95 per cent, where it has one.
        note: What the question itself says of it: why a number is missing, or where a limit comes from.
        words: What it is, in a sentence: the definition that travels with it.
        about: The data that it was counted from; None for a cited figure.
        beside: Other data sets that it was set against.
        event_ids: The events behind it, sorted; empty for a cited figure.
        uses: Names of the findings that it is computed from.
        holds: Whether what is expected of it is so; None where nothing is.
    """

    name: str
    finding: Finding
    value: Value | None = None
    reason: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""
    words: str = ""
    about: Provenance | None = None
    beside: tuple[Provenance, ...] = ()
    event_ids: Sequence[str] = field(default=(), repr=False)
    uses: tuple[str, ...] = ()
    holds: bool | None = None

    @property
    def printed(self) -> str:
        """The value as a report prints it, without its unit."""
        return "" if self.value is None else printed(self.value, self.finding)

    @property
    def with_unit(self) -> str:
        """The value as printed, with its unit; tables and series have none. Empty where there is no value."""
        if self.value is None or isinstance(self.value, pl.DataFrame):
            return self.printed
        return f"{self.printed} {self.finding.unit_printed}".strip()

    def against(self, test: str) -> str:
        """The value and what was expected of it, where it is not so; before rounding too, where rounded it is a number of the test."""
        value = self.with_unit
        if isinstance(self.value, float):
            number = scaled(self.value, self.finding)
            places = decimals_printed(number, self.finding)
            ends = [float(end) for end in _NUMBERS.findall(test)]
            if any(end != number and f"{end:.{places}f}" == f"{number:.{places}f}" for end in ends):
                value += f" ({f'{number:.6g}'.replace('-', _MINUS)} before rounding)"
        return f"{value}, expected: {test}"

    @property
    def table(self) -> list[tuple[str, ...]]:
        """A table as a report prints it, line by line, headings first; empty where it has no value, or another."""
        if not isinstance(self.value, pl.DataFrame):
            return []
        shares = shares_of(self.value, self.finding)
        heads = [f"{name.replace('_', ' ')}{', per cent' if name in shares else ''}" for name in self.value.columns]
        columns = [
            [_cell(value, self.finding, share=name in shares) for value in self.value[name]]
            for name in self.value.columns
        ]
        return [tuple(heads), *zip(*columns, strict=True)]

    @property
    def interval(self) -> str:
        """Its interval as printed, or an empty text."""
        if self.low is None or self.high is None:
            return ""
        low, high = (printed(end, self.finding) for end in (self.low, self.high))
        # A dash between two signs would read as a third.
        return f"{low} to {high}" if _MINUS in low + high else f"{low}–{high}"


def scaled(value: float, finding: Finding) -> float:
    """A number in the unit in which it is printed: of shares, in per cent."""
    return value * 100 if finding.percent else value


def printed(value: Value, finding: Finding) -> str:
    """A value as a report prints it: numbers rounded as the finding says, days spelled out."""
    if isinstance(value, pl.DataFrame):
        kind, part = ("series", "point") if finding.rows is None else ("table", "row")
        return f"a {kind} of {value.height} {part}{'' if value.height == 1 else 's'}"
    if isinstance(value, dt.date):
        return spoken_date(value)
    return value if isinstance(value, str) else _rounded(scaled(value, finding), finding)


def shares_of(table: pl.DataFrame, finding: Finding) -> tuple[str, ...]:
    """The columns of a finding's table or series that are shares, printed in per cent.

    Raises:
        FindingError: `percent` names what is no column of numbers, or names none where it could be meant of several or of none.
    """
    if finding.rows is None:
        return tuple(table.columns[1:]) if finding.percent else ()
    if isinstance(finding.percent, tuple):
        for name in finding.percent:
            known_column(table, name)
            if not table[name].dtype.is_numeric():
                raise FindingError(f"percent: {name} holds no numbers")
        return finding.percent
    decimals = tuple(name for name in table.columns if table[name].dtype.is_float()) if finding.percent else ()
    if finding.percent and len(decimals) != 1:
        which = f"several columns hold decimals: {', '.join(decimals)}" if decimals else "no column holds decimals"
        raise FindingError(
            f"percent = true, and {which}",
            next_step=f'Name those that are shares: percent = ["{decimals[0]}"]' if decimals else "Leave percent out.",
        )
    return decimals


def _cell(value: object, finding: Finding, *, share: bool) -> str:
    """A cell of a table: whole numbers whole, other numbers rounded as the finding says."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return spoken_date(value) if isinstance(value, dt.date) else str(value)
    if isinstance(value, int) and not share:
        return f"{value:,}".replace("-", _MINUS)
    return _rounded(value * 100 if share else value, finding)


def _rounded(number: float, finding: Finding) -> str:
    places = decimals_printed(number, finding)
    text = f"{number:,.{places}f}".replace("-", _MINUS)
    return text.lstrip(_MINUS) if not text.strip("\N{MINUS SIGN}0.,") else text


def decimals_printed(number: float, finding: Finding) -> int:
    """Digits after the point: where a finding does not say, none for whole numbers and from a hundred up, else three figures in all."""
    if finding.decimals is not None:
        return finding.decimals
    if number == round(number) or abs(number) >= 100:
        return 0
    return 1 if abs(number) >= 10 else 2
