"""What was signed off? A text file under version control with every finding's value, definition and data, who signed, and when."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tocsin import __version__
from tocsin.catalogue import EventIds, Subject, rests_on
from tocsin.errors import FindingError
from tocsin.findings.evaluation import Evaluation, Plan, asked_with
from tocsin.schema import Provenance
from tocsin.writing import write_whole

FILE_NAME = "signed.json"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SignedVintage(_Kept):
    """One load on which the signed values stand."""

    number: int
    key: str
    file: str
    digest: str
    data_date: dt.date


class SignedFinding(_Kept):
    """One finding as it was signed.

    Args:
        value: A number or a text; of a table, its rows as text.
        printed: With its unit.
        definition: All of findings.toml, desk.toml and the desk's other files that it hangs on.
        expect: The test that it passed.
        events: How many events are behind it.
        event_ids: SHA-256 of their ids, sorted, one a line.
    """

    value: float | str | None
    printed: str
    definition: Mapping[str, Any]
    events: int
    event_ids: str
    holds: bool | None
    expect: str | None = None


class SignedStatement(_Kept):
    """A statement of report.md that was signed: its words, the finding and the test that it passed."""

    words: str
    finding: str
    test: str


class Signed(_Kept):
    """The signed state of a desk's findings.

    Args:
        beside: Data set -> its loads, of those that findings were set against.
    """

    signed_by: str
    signed_at: dt.datetime
    tocsin: str
    dataset: str | None
    as_of: dt.date | None
    vintages: tuple[SignedVintage, ...]
    findings: Mapping[str, SignedFinding]
    beside: Mapping[str, tuple[SignedVintage, ...]] = Field(default_factory=dict)
    statements: tuple[SignedStatement, ...] = ()


def signed_now(
    evaluation: Evaluation,
    statements: Iterable[SignedStatement] = (),
    *,
    who: str,
    at: dt.datetime,
    as_of: dt.date | None = None,
) -> Signed:
    """The state to be signed.

    Args:
        statements: Those of the text that have a test.
        who: The name of the person who answers for it.
        at: When, with its time zone.
    """
    found, plan = evaluation.found, evaluation.plan
    about = next((each.about for each in found.values() if each.about), None)
    return Signed(
        signed_by=who,
        signed_at=at.astimezone(dt.UTC).replace(microsecond=0),
        tocsin=__version__,
        dataset=about.dataset if about else None,
        as_of=as_of,
        vintages=_vintages(about) if about else (),
        findings={
            name: SignedFinding(
                value=plain(each.value),
                printed=each.with_unit,
                definition=definition_of(name, plan=plan, subject=evaluation.subject),
                events=len(each.event_ids),
                event_ids=digest_of(each.event_ids),
                holds=each.holds,
                expect=plan.findings[name].expect,
            )
            for name, each in found.items()
        },
        beside={other.dataset: _vintages(other) for each in found.values() for other in each.beside},
        statements=tuple(statements),
    )


def _vintages(about: Provenance) -> tuple[SignedVintage, ...]:
    return tuple(
        SignedVintage(number=each.number, key=each.key, file=each.file, digest=each.digest, data_date=each.data_date)
        for each in about.vintages
    )


def write_signed(folder: Path, signed: Signed) -> Path:
    """Write the signed state of a desk, whole or not at all; give its path."""
    path = folder / FILE_NAME
    text = json.dumps(signed.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
    write_whole(path, f"{text}\n".encode())
    return path


def read_signed(folder: Path) -> Signed | None:
    """The signed state of a desk; None where nothing was signed.

    Raises:
        FindingError: the file can not be read as one.
    """
    path = folder / FILE_NAME
    try:
        return Signed.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FindingError(f"can not be read: {error.strerror}", where=str(path)) from error
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        raise FindingError(
            f"is not a signed state: {key or 'the file'} {fault['msg'].lower()}" if key else "is not a signed state",
            where=str(path),
            next_step="Take it back from version control, or sign anew: tocsin sign --who NAME",
        ) from error


def definition_of(name: str, *, plan: Plan, subject: Subject) -> dict[str, Any]:
    """All that a finding's value hangs on beside the events: its own words, and those of the desk and the findings that it uses."""
    finding = plan.findings[name]
    said = finding.model_dump(mode="json", exclude_defaults=True, by_alias=True, exclude={"label", "expect"})
    if finding.compute is not None:
        used = plan.computed[name].names
        return {**said, "uses": {other: definition_of(other, plan=plan, subject=subject) for other in used}}
    if finding.ask is None:
        return said
    return {**said, "desk": rests_on(subject, finding.ask, asked_with(finding.arguments))}


def plain(value: object) -> float | str | None:
    """A value as a text file keeps it: numbers exactly, days and tables as text."""
    if isinstance(value, pl.DataFrame):
        return value.write_csv()
    return value if value is None or isinstance(value, float | str) else str(value)


def digest_of(event_ids: Sequence[str]) -> str:
    """SHA-256 of ids, sorted, one a line."""
    return EventIds.of(event_ids).digest
