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
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tocsin import __version__
from tocsin.desk import FILE_NAME as DESK
from tocsin.desk import Desk
from tocsin.errors import FindingError
from tocsin.findings.definition import FILE_NAME as FINDINGS
from tocsin.findings.found import Found
from tocsin.findings.signed import FILE_NAME as SIGNED
from tocsin.findings.signed import digest_of, plain
from tocsin.keeping import Kept
from tocsin.keeping import digest_of as digest_of_file
from tocsin.layers.file import FOLDER as REVIEWED
from tocsin.report.text import FILE_NAME as TEXT
from tocsin.schema import Provenance, Vintage
from tocsin.writing import write_whole

FILE_NAME = "manifest.json"
COPIED = (DESK, FINDINGS, TEXT)
COPIES = "inputs"
"""The folder of an output with copies of these files of the desk."""
FORM: Literal[3] = 3
"""Form 1 did not pin figures, signed.json, the desk's own places, other data sets, and how a file was loaded; form 2 not the data sets that
findings were set against, mappings, and for which countries a file speaks. Both are still read."""
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

LONGEST = 80
"""Characters of a value that are shown of a difference."""

_SEALED_APART = ("libraries", "inputs", "findings", "outputs")
_AGAIN = "Take it back from version control, or build the report anew: tocsin report"


class _Pinned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PinnedVintage(_Pinned):
    """One load of the data; its key binds the file, the mapping by which it was read, its day and what it covers.

    Args:
        dated: Somebody said its day. This and what follows is None in form 1, unless it says otherwise.
        complete: It was said to be complete.
        covers: The days that it was said to cover: "2020-01-01..2022-07-31"; empty where nothing was said.
        loaded_at: When; rows of later days were set aside.
        dataset: Of which data set. None in form 2, which pins only the one that was counted; the following too.
        covers_countries: The countries for which it was said to cover those days.
        mapping: SHA-256 of the mapping by which it was read; empty where none was needed.
    """

    number: Annotated[int, Field(ge=1)]
    key: str
    file: str
    digest: Digest
    data_date: dt.date
    rows: int
    events: int
    synthetic: bool
    dated: bool | None = None
    complete: bool | None = None
    covers: str | None = None
    loaded_at: dt.datetime | None = None
    dataset: str | None = None
    covers_countries: tuple[str, ...] | None = None
    mapping: Digest | Literal[""] | None = None


def _apart(vintages: tuple[PinnedVintage, ...]) -> tuple[PinnedVintage, ...]:
    """Loads that can be told apart."""
    if len({each.number for each in vintages}) != len(vintages) or len({each.key for each in vintages}) != len(
        vintages
    ):
        raise ValueError("two of them have one number or one key")
    return vintages


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
        dataset: The one that was counted.
        vintages: Its loads, and those of the data sets that it was set against.
        others: Data sets that were loaded too and not counted: the report says so. None in form 1.
        outputs: SHA-256 of what was written, by path in the output: of files that come out the same each time.
    """

    manifest: Literal[1, 2, 3]
    tocsin: str
    python: str
    libraries: Mapping[str, str]
    inputs: Mapping[str, Digest]
    dataset: str | None
    as_of: dt.date | None
    vintages: Annotated[tuple[PinnedVintage, ...], AfterValidator(_apart)]
    others: tuple[str, ...] | None = None
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

    @property
    def name(self) -> str:
        """Of what it is: the finding, or the file."""
        part, _, name = self.key.partition(".")
        return name.rpartition(".")[0] if part in ("findings", "vintages") else name

    def __str__(self) -> str:
        return f"{self.key}: {_short(self.then)} then, {_short(self.now)} now"


def manifest(
    found: Mapping[str, Found],
    *,
    about: Provenance | None,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    beside: Iterable[Provenance] = (),
    others: tuple[str, ...] | None = None,
    kept: Mapping[str, Kept] | None = None,
) -> Manifest:
    """The manifest of a report.

    Args:
        found: Its findings by name.
        about: The data that were counted; None where none were.
        beside: The data sets that they were set against, each once.
        others: Data sets that were loaded too and not counted.
        kept: How each file was loaded, by the key of its vintage.
        inputs: See `digests`, of the desk's files: see `inputs_of`.
        outputs: See `digests`, of the output, without manifest.json.
    """
    # Digests of ids and of files are made outside of Python, so side by side.
    with ThreadPoolExecutor() as pool:
        pinned = dict(zip(found, pool.map(_pinned, found.values()), strict=True))
    return Manifest(
        manifest=FORM,
        tocsin=__version__,
        python=platform.python_version(),
        libraries={name: metadata.version(name) for name in LIBRARIES},
        inputs=dict(inputs),
        dataset=about.dataset if about else None,
        as_of=about.as_of if about else None,
        vintages=tuple(
            _load(vintage, (kept or {}).get(vintage.key))
            for each in (*([about] if about else []), *beside)
            for vintage in each.vintages
        ),
        others=others,
        findings=pinned,
        outputs=dict(outputs),
    )


def inputs_of(desk: Desk) -> tuple[str, ...]:
    """The files of a desk that its report hangs on, whether or not they are there."""
    places = (desk.places.boundaries, desk.places.capitals)
    kept = [path for path in (desk.folder / REVIEWED).glob("*") if path.suffix in (".csv", ".toml")]
    reviewed = sorted(f"{REVIEWED}/{path.name}" for path in kept)
    return (DESK, FINDINGS, TEXT, SIGNED, *(name for name in places if name), *reviewed)


def copy_inputs(desk: Desk, folder: Path) -> None:
    """Copy what an analyst writes into an output, so that a report can be built again where nobody has kept an earlier state of the desk.

    Boundaries stay where they are (they are large, and others'), and so do reviews and signatures (which name people).
    """
    for name in COPIED:
        if (desk.folder / name).is_file():
            (folder / COPIES).mkdir(exist_ok=True)
            (folder / COPIES / name).write_bytes((desk.folder / name).read_bytes())


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of files of a folder by name; those that are not there are left out.

    Raises:
        FindingError: a file is there and can not be read.
    """
    ordered = sorted(names)
    with ThreadPoolExecutor() as pool:
        made = zip(ordered, pool.map(lambda name: _digest_of_file(folder / name), ordered), strict=True)
        return {name: digest for name, digest in made if digest}


def _digest_of_file(path: Path) -> str:
    """SHA-256 of a file; empty where it is not there."""
    try:
        return digest_of_file(path) if path.is_file() else ""
    except OSError as error:
        raise FindingError(f"can not be read: {error.strerror}", where=str(path)) from error


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


def compare(pinned: Manifest, now: Manifest) -> list[Difference]:
    """What of a report made anew is not as pinned: loads of the data, findings to the last bit and the last id behind them, files.

    What only the later form pins is not held against the earlier.
    """
    then, here = _told(pinned), _told(now)
    keys = [*then, *(key for key in here if key.startswith("findings.") and key not in then)]
    return [Difference(key, then.get(key, ""), here.get(key, "")) for key in keys if then.get(key) != here.get(key)]


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


def lacking(pinned: Manifest, keys: Collection[str]) -> list[PinnedVintage]:
    """The vintages that are pinned and not among these, told by their keys."""
    return [each for each in pinned.vintages if each.key not in keys]


def _load(vintage: Vintage, kept: Kept | None) -> PinnedVintage:
    return PinnedVintage(
        number=vintage.number,
        key=vintage.key,
        file=vintage.file,
        digest=vintage.digest,
        data_date=vintage.data_date,
        rows=vintage.rows,
        events=vintage.events,
        synthetic=vintage.synthetic,
        dated=vintage.dated,
        complete=vintage.complete,
        covers=f"{vintage.covers.first}..{vintage.covers.last}" if vintage.covers else "",
        loaded_at=vintage.loaded_at,
        dataset=vintage.dataset,
        covers_countries=kept.covers_countries if kept else None,
        mapping=mapping_digest(kept.mapping) if kept else None,
    )


def mapping_digest(mapping: str | None) -> str:
    """SHA-256 of the text of a mapping; empty where there is none."""
    return "" if mapping is None else hashlib.sha256(mapping.encode()).hexdigest()


def _pinned(one: Found) -> PinnedFinding:
    return PinnedFinding(
        value=_exact(plain(one.value)),
        printed=one.with_unit,
        low=_exact(one.low),
        high=_exact(one.high),
        holds=one.holds,
        events=len(one.event_ids),
        event_ids=digest_of(one.event_ids),
    )


def _exact(value: float | str | None) -> float | str | None:
    """As JSON keeps it: what is no finite number, as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _told(one: Manifest) -> dict[str, str]:
    """What is compared of a manifest, by its key: of an older form, what that form says."""
    values = one.model_dump(mode="json")
    loads = {
        f"vintages.{each['number']}.{key}": value
        for each in values["vintages"]
        for key, value in each.items()
        if value is not None
    }
    findings = {
        f"findings.{name}.{key}": value for name, each in values["findings"].items() for key, value in each.items()
    }
    told = {key: json.dumps(value, ensure_ascii=False) for key, value in {**loads, **findings}.items()}
    return told | {f"outputs.{name}": digest for name, digest in values["outputs"].items()}


def _short(text: str) -> str:
    """As a line has room for it."""
    if not text:
        return "nothing"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


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
