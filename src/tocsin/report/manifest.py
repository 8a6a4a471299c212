"""What does a report hang on, down to the byte? The manifest pins it all: data, definitions, software, every value, every output.

It seals itself: each of its parts has a digest in it, and all of it together. That shows a change, not who made it: whoever can
write the file can seal it anew. What a person answers for is the signed state, under version control.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tocsin import __version__
from tocsin.errors import FindingError
from tocsin.findings.found import Found
from tocsin.findings.signed import digest_of, plain
from tocsin.schema import Provenance
from tocsin.writing import write_whole

FILE_NAME = "manifest.json"
FORM: Literal[1] = 1
LIBRARIES = (
    "altair",
    "duckdb",
    "h3",
    "narwhals",
    "numpy",
    "polars",
    "pypandoc-binary",
    "pyproj",
    "scipy",
    "shapely",
    "typst",
    "vl-convert-python",
    "xlsxwriter",
)
"""Those on which a number or the bytes of an output can hang."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _in_output(name: str) -> str:
    """A path in the output, so that no manifest leads anybody elsewhere."""
    if not name or name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
        raise ValueError("is no file of the output")
    return name


InOutput = Annotated[str, AfterValidator(_in_output)]

_SEALED_APART = ("libraries", "inputs", "findings", "outputs")
_AGAIN = "Take it back from version control, or build the report anew: tocsin report"


class _Pinned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PinnedVintage(_Pinned):
    """One load of the data; its key binds the file, the mapping by which it was read, its day and what it covers."""

    number: int
    key: str
    file: str
    digest: Digest
    data_date: dt.date
    rows: int
    events: int
    synthetic: bool


class PinnedFinding(_Pinned):
    """One finding as it was printed.

    Args:
        value: A number to its last bit, or a text; of a table, its rows.
        events: How many events are behind it.
        event_ids: SHA-256 of their ids, sorted, one a line.
    """

    value: float | str | None
    printed: str
    low: float | str | None
    high: float | str | None
    holds: bool | None
    events: int
    event_ids: Digest


class Manifest(_Pinned):
    """All that a report hangs on.

    Args:
        manifest: The form of the file.
        inputs: SHA-256 of the desk's own files, by name.
        outputs: SHA-256 of what was written, by path in the output: of files that come out the same each time.
    """

    manifest: Literal[1]
    tocsin: str
    python: str
    libraries: Mapping[str, str]
    inputs: Mapping[str, Digest]
    dataset: str | None
    as_of: dt.date | None
    vintages: tuple[PinnedVintage, ...]
    findings: Mapping[str, PinnedFinding]
    outputs: Mapping[InOutput, Digest]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the manifest has it.

    Args:
        key: Where the manifest says it: "findings.before.mean.value".
        then: As pinned.
        now: As it is; empty where it is not there.
    """

    key: str
    then: str
    now: str

    def __str__(self) -> str:
        return f"{self.key}: {self.then or 'nothing'} then, {self.now or 'nothing'} now"


def manifest(
    found: Mapping[str, Found], *, about: Provenance | None, inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> Manifest:
    """The manifest of a report.

    Args:
        found: Its findings by name.
        about: The data that were counted; None where none were.
        inputs: See `digests`, of the desk: desk.toml, findings.toml, report.md, its own boundaries and capitals.
        outputs: See `digests`, of the output, without manifest.json.
    """
    return Manifest(
        manifest=FORM,
        tocsin=__version__,
        python=platform.python_version(),
        libraries={name: metadata.version(name) for name in LIBRARIES},
        inputs=dict(inputs),
        dataset=about.dataset if about else None,
        as_of=about.as_of if about else None,
        vintages=tuple(
            PinnedVintage(
                number=each.number,
                key=each.key,
                file=each.file,
                digest=each.digest,
                data_date=each.data_date,
                rows=each.rows,
                events=each.events,
                synthetic=each.synthetic,
            )
            for each in (about.vintages if about else ())
        ),
        findings={name: _pinned(one) for name, one in found.items()},
        outputs=dict(outputs),
    )


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of files of a folder by name; those that are not there are left out.

    Raises:
        FindingError: a file is there and can not be read.
    """
    made = {}
    for name in sorted(names):
        path = folder / name
        try:
            if path.is_file():
                made[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise FindingError(f"can not be read: {error.strerror}", where=str(path)) from error
    return made


def write(path: Path, pinned: Manifest) -> None:
    """Write the manifest, sealed, whole or not at all.

    Raises:
        StoreError: it can not be written.
    """
    values = pinned.model_dump(mode="json")
    values["seals"] = _seals(values)
    values["digest"] = _digest(values)
    write_whole(path, f"{json.dumps(values, indent=1, sort_keys=True, allow_nan=False)}\n".encode())


def read(path: Path) -> Manifest:
    """Read a manifest that nobody changed.

    Raises:
        FindingError: it can not be read, is none, is of a later form, or was changed after it was written; with what was changed.
    """
    values = _values(path)
    _check_seals(values, where=str(path))
    content = {key: value for key, value in values.items() if key not in ("seals", "digest")}
    try:
        return Manifest.model_validate_json(json.dumps(content))
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        raise FindingError(
            f"is no manifest that this version understands: {key}: {fault['msg']}", where=str(path), next_step=_AGAIN
        ) from error


def compare(pinned: Manifest, found: Mapping[str, Found]) -> list[Difference]:
    """What of the findings is not as pinned, to the last bit of each value and the last id behind it."""
    then = pinned.model_dump(mode="json")["findings"]
    now = {name: _pinned(one).model_dump(mode="json") for name, one in found.items()}
    return [
        Difference(f"findings.{name}.{key}", _said(then, name, key), _said(now, name, key))
        for name in dict.fromkeys([*then, *now])
        for key in PinnedFinding.model_fields
        if _said(then, name, key) != _said(now, name, key)
    ]


def verify(pinned: Manifest, *, desk: Path, out: Path) -> list[Difference]:
    """Which files of the desk and of its output are not those that are pinned, or are not there.

    Raises:
        FindingError: a file is there and can not be read.
    """
    return [
        Difference(f"{kind}.{name}", digest, now.get(name, ""))
        for kind, folder, then in (("inputs", desk, pinned.inputs), ("outputs", out, pinned.outputs))
        for now in (digests(folder, then),)
        for name, digest in then.items()
        if now.get(name) != digest
    ]


def software(pinned: Manifest) -> list[Difference]:
    """Which versions are not those that are pinned."""
    now = {name: metadata.version(name) for name in LIBRARIES}
    pairs = [("tocsin", pinned.tocsin, __version__), ("python", pinned.python, platform.python_version())]
    pairs += [(f"libraries.{name}", version, now.get(name, "")) for name, version in pinned.libraries.items()]
    return [Difference(*pair) for pair in pairs if pair[1] != pair[2]]


def lacking(pinned: Manifest, about: Provenance) -> list[PinnedVintage]:
    """The vintages that are pinned and not among those counted."""
    keys = {each.key for each in about.vintages}
    return [each for each in pinned.vintages if each.key not in keys]


def _pinned(one: Found) -> PinnedFinding:
    return PinnedFinding(
        value=_exact(plain(one.value)),
        printed=one.with_unit,
        low=_exact(one.low),
        high=_exact(one.high),
        holds=one.holds,
        events=len(one.event_ids),
        event_ids=digest_of(list(one.event_ids)),
    )


def _exact(value: float | str | None) -> float | str | None:
    """As JSON keeps it: what is no finite number, as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _said(findings: Mapping[str, Mapping[str, Any]], name: str, key: str) -> str:
    return json.dumps(findings[name][key], ensure_ascii=False) if name in findings else ""


def _values(path: Path) -> dict[str, Any]:
    """The file's JSON, found to be that of a manifest."""
    try:
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise FindingError(f"can not be read: {error.strerror}", where=str(path), next_step=_AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise FindingError(
            f"is no manifest, or only a part of one: it is not JSON ({error})", where=str(path), next_step=_AGAIN
        ) from error
    if not isinstance(values, dict) or not {"manifest", "seals", "digest"} <= set(values):
        raise FindingError("is no manifest of a report", where=str(path), next_step=f"Name a {FILE_NAME}.")
    form = values["manifest"]
    if isinstance(form, int) and form > FORM:
        raise FindingError(
            f"is a manifest of form {form}, which this version does not know",
            where=str(path),
            next_step="Read it with the version of tocsin that it names, or a later one.",
        )
    return values


def _check_seals(values: Mapping[str, Any], *, where: str) -> None:
    sealed = values["seals"] if isinstance(values["seals"], dict) else {}
    now = _seals(values)
    changed = [key for key in sorted({*sealed, *now}) if sealed.get(key) != now.get(key)]
    if not changed and values["digest"] == _digest(values):
        return
    which = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
    raise FindingError(
        f"was changed after it was written: {which}" if which else "was changed after it was written",
        where=where,
        next_step=_AGAIN,
    )


def _seals(values: Mapping[str, Any]) -> dict[str, str]:
    """A digest of each part; of findings, inputs, outputs and libraries, of each entry."""
    parts: dict[str, Any] = {}
    for key, value in values.items():
        if key in ("seals", "digest"):
            continue
        if key in _SEALED_APART and isinstance(value, dict) and value:
            parts |= {f"{key}.{inner}": entry for inner, entry in value.items()}
        else:
            parts[key] = value
    return {key: _canonical_digest(value)[:16] for key, value in parts.items()}


def _digest(values: Mapping[str, Any]) -> str:
    return _canonical_digest({key: value for key, value in values.items() if key != "digest"})


def _canonical_digest(value: Any) -> str:
    """SHA-256 of JSON in one form: keys sorted, no spaces, ASCII."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
