"""What a finding came to: its value as it is and as it is printed, and all that a reader needs to check it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from tocsin.findings.definition import Finding
from tocsin.schema import Provenance, spoken_date

Value = float | dt.date | str | pl.DataFrame


@dataclass(frozen=True)
class Found:
    """A finding with its value.

    Args:
        name: As findings.toml has it.
        value: A number, a day, a name, or a table (of a series, or to be printed); None where it can not be computed.
        reason: Why there is no value, and what to do; empty where there is one.
        low: The lower end of its interval of 95 per cent, where it has one.
        words: What it is, in a sentence: the definition that travels with it.
        about: The data that it was counted from; None for a cited figure.
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
    words: str = ""
    about: Provenance | None = None
    event_ids: Sequence[str] = field(default=(), repr=False)
    uses: tuple[str, ...] = ()
    holds: bool | None = None

    @property
    def printed(self) -> str:
        """The value as a report prints it, without its unit."""
        return "" if self.value is None else printed(self.value, self.finding)

    @property
    def with_unit(self) -> str:
        """The value as printed, with its unit."""
        unit = "per cent" if self.finding.percent and not self.finding.unit else self.finding.unit
        return f"{self.printed} {unit}".strip()

    @property
    def interval(self) -> str:
        """Its interval as printed, or an empty text."""
        if self.low is None or self.high is None:
            return ""
        return f"{printed(self.low, self.finding)}–{printed(self.high, self.finding)}"


def scaled(value: float, finding: Finding) -> float:
    """A number in the unit in which it is printed: of shares, in per cent."""
    return value * 100 if finding.percent else value


def printed(value: Value, finding: Finding) -> str:
    """A value as a report prints it: numbers rounded as the finding says, days spelled out."""
    if isinstance(value, pl.DataFrame):
        return f"a table of {value.height} rows"
    if isinstance(value, dt.date):
        return spoken_date(value)
    if isinstance(value, str):
        return value
    number = scaled(value, finding)
    decimals = finding.decimals if finding.decimals is not None else _usual(number)
    text = f"{number:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    return text.lstrip("\N{MINUS SIGN}") if not text.strip("\N{MINUS SIGN}0.,") else text


def _usual(number: float) -> int:
    """Digits after the point where a finding does not say: none for whole numbers and from a hundred up, else three figures in all."""
    if number == round(number) or abs(number) >= 100:
        return 0
    return 1 if abs(number) >= 10 else 2
