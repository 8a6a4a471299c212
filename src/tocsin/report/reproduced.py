"""Does a report come out again as its manifest pins it? It is built anew from what is pinned and from nothing else.

The desk's files are held against their digests and copied, the loads that are pinned are read again from the files that the desk has kept,
and the report is built on these alone. So what was loaded since, of whatever day, can not be counted, and neither can a store be trusted
that was changed. All of it lies in a folder of the desk's memory, which is gone in the end, or is cleared up by the next run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tocsin import ingest
from tocsin.desk import FILE_NAME as DESK
from tocsin.desk import MEMORY, Desk, read_desk
from tocsin.errors import FindingError, StoreError
from tocsin.findings.signed import FILE_NAME as SIGNED
from tocsin.findings.signed import read_signed
from tocsin.keeping import FOLDER, Kept, keeping, notes
from tocsin.report import manifest as pinning
from tocsin.report.build import build, held
from tocsin.report.manifest import Difference, Manifest, PinnedVintage
from tocsin.report.text import FILE_NAME as TEXT

OUT = "rebuilt"
_AGAIN = "again-"
"""Begins the name of the folder in which the desk is laid out anew."""

_WORDS = (TEXT, SIGNED)
"""Files on which no number hangs: one that is not as pinned is left out, and the numbers can still be told."""


@dataclass(frozen=True)
class Reproduced:
    """A report that was built anew from a manifest, held against it.

    Args:
        page: What was written.
        numbers: How many findings are pinned.
        files: How many outputs are pinned.
        differences: What did not come out as pinned.
        beside: Outputs beside the manifest that are not those that it pins.
        absent: Outputs that are not beside the manifest, where others are.
        words: Files of the desk that are not those pinned, and were left out: no number hangs on them.
        copies: Files of the desk that are not those pinned, in whose place their copies beside the manifest were taken.
        software: Versions that are not those pinned.
    """

    page: Path
    numbers: int
    files: int
    differences: tuple[Difference, ...]
    beside: tuple[Difference, ...]
    absent: tuple[str, ...]
    words: tuple[Difference, ...]
    copies: tuple[str, ...]
    software: tuple[Difference, ...]

    def differing(self, part: str) -> int:
        """How many of a part of the manifest differ: findings, outputs, vintages."""
        return len({each.name for each in self.differences if each.key.startswith(f"{part}.")})


def reproduce(
    folder: Path, path: Path, *, out: Path | None = None, progress: Callable[[str], None] = lambda _: None
) -> Reproduced:
    """Build the report of a manifest again, and hold it against the manifest.

    Args:
        folder: The desk.
        path: The manifest.
        out: The folder to write: `rebuilt` in the desk if it is not said.
        progress: Told what is being worked on.

    Raises:
        FindingError: the manifest was changed, or a file of the desk on which numbers hang is not the one that it pins.
        StoreError: data that it pins are not here, or another report of the desk is being built.
        DeskError, QuestionError: the report can not be built. In each case the last output stays.
    """
    folder, pinned = folder.resolve(), pinning.read(path)
    files = folder / MEMORY / FOLDER
    kept = _kept(pinned, files)
    out = (out or folder / OUT).resolve()
    absent, beside = _beside(pinned, path.parent)
    with held(folder, out=out):
        for left in (folder / MEMORY).glob(f"{_AGAIN}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder / MEMORY, prefix=_AGAIN) as place:
            copies = _copies(pinned, folder, path.parent / pinning.COPIES)
            desk, words = _laid_out(pinned, folder, copies, Path(place))
            _load(desk, [*kept, *_signed_later(pinned, desk, files)], files=files, progress=progress)
            built = build(
                desk,
                dataset=pinned.dataset,
                as_of=pinned.as_of,
                out=out,
                others=_others(pinned, files),
                progress=progress,
            )
    now = pinning.read(out / pinning.FILE_NAME)
    return Reproduced(
        page=built.page,
        numbers=len(pinned.findings),
        files=len(pinned.outputs),
        differences=tuple(pinning.compare(pinned, now)),
        beside=beside,
        absent=absent,
        words=words,
        copies=tuple(copies),
        software=tuple(pinning.software(pinned)),
    )


def _kept(pinned: Manifest, files: Path) -> list[Kept]:
    """The loads that are pinned, as the desk has kept them, with what the manifest says of each.

    Raises:
        StoreError: one of them is not here, or its file is gone.
    """
    known = {each.key: each for each in notes(files)}
    lost = pinning.lacking(pinned, known)
    if lost:
        raise StoreError(
            f"data of the report are not here: {'; '.join(map(_named, lost))}",
            where=str(files.parent.parent),
            next_step=f"Load each as it was loaded then: {_command(lost[0], pinned)}{_otherwise(lost, known)}",
        )
    gone = [each.file for each in pinned.vintages if not (files / f"{known[each.key].digest}.zst").is_file()]
    if gone:
        raise StoreError(
            f"the kept file of {', '.join(gone)} is gone", where=str(files), next_step="Restore it from a backup."
        )
    return [_as_pinned(known[each.key], each) for each in pinned.vintages]


def _named(vintage: PinnedVintage) -> str:
    return f"{vintage.file} as of {vintage.data_date} (SHA-256 {vintage.digest})"


def _command(vintage: PinnedVintage, pinned: Manifest) -> str:
    """How it can be loaded so that it is the pinned load; a day that nobody said then has to be said now."""
    words = ["tocsin add"]
    if vintage.events == 0:
        words.append(f"--withdrawn {vintage.dataset or pinned.dataset}")
    words += ["--mapping MAPPING"] if vintage.mapping else []
    words += [f"--dated {vintage.data_date}"]
    words += ["--complete"] if vintage.complete else []
    words += [f"--covers {vintage.covers}"] if vintage.covers else []
    words += [f"--covers-country {country}" for country in vintage.covers_countries or ()]
    named = f" (MAPPING: the mapping with SHA-256 {vintage.mapping})" if vintage.mapping else ""
    return " ".join([*words, "FILE"]) + named


def _otherwise(lost: Sequence[PinnedVintage], known: Mapping[str, Kept]) -> str:
    """The same files loaded as of another day, by another mapping or for other days: these give other numbers."""
    digests = {each.digest for each in lost}
    here = [f"{each.name} as of {each.data_date}" for each in known.values() if each.digest in digests]
    return f". Loaded otherwise than then: {'; '.join(here)}." if here else ""


def _as_pinned(kept: Kept, vintage: PinnedVintage) -> Kept:
    """A load with all that the manifest says of it and its key does not: the first form does not say when it was done."""
    return replace(
        kept,
        number=vintage.number,
        name=vintage.file,
        dated=kept.dated if vintage.dated is None else vintage.dated,
        loaded_at=vintage.loaded_at or kept.loaded_at,
    )


def _signed_later(pinned: Manifest, desk: Desk, files: Path) -> list[Kept]:
    """Loads of later days than the report's, on which its findings were signed: verdicts look at them, no number counts them."""
    signed = read_signed(desk.folder)
    if signed is None or pinned.as_of is None:
        return []
    keys = {each.key for each in signed.vintages}
    later = [each for each in notes(files) if each.key in keys and each.data_date > pinned.as_of]
    # Their numbers may be those of others by now, and are not printed.
    free = max((each.number for each in pinned.vintages), default=0) + 1
    return [replace(each, number=number) for number, each in enumerate(later, start=free)]


def _others(pinned: Manifest, files: Path) -> tuple[str, ...]:
    """The other data sets that the report names; for the first form, which does not say them, those that are here."""
    if pinned.others is not None:
        return pinned.others
    return tuple(dict.fromkeys(each.dataset for each in notes(files) if each.dataset != pinned.dataset))


def _beside(pinned: Manifest, folder: Path) -> tuple[tuple[str, ...], tuple[Difference, ...]]:
    """Outputs in the manifest's own folder that are not there, where others are, and those that are not the pinned ones."""
    differ = [each for each in pinning.verify(pinned, desk=folder, out=folder) if each.key.startswith("outputs.")]
    absent = tuple(each.name for each in differ if not each.now)
    alone = len(absent) == len(pinned.outputs)
    return () if alone else absent, tuple(each for each in differ if each.now)


def _copies(pinned: Manifest, folder: Path, beside: Path) -> dict[str, Path]:
    """Of the files of the desk that are not those pinned, the copies that lie beside the manifest and are."""
    now, then = (pinning.digests(place, pinning.COPIED) for place in (folder, beside))
    return {
        name: beside / name
        for name in pinning.COPIED
        if name in pinned.inputs and now.get(name) != pinned.inputs[name] and then.get(name) == pinned.inputs[name]
    }


def _laid_out(
    pinned: Manifest, folder: Path, copies: Mapping[str, Path], place: Path
) -> tuple[Desk, tuple[Difference, ...]]:
    """The desk with no other files than those that are pinned; and those on which no number hangs that are others now.

    Raises:
        FindingError: a file on which numbers hang is not the one that is pinned.
    """
    glance = place / "glance"
    _copy(copies.get(DESK, folder / DESK), glance / DESK)
    _refuse_changed(pinned, pinning.digests(glance, [DESK]), only=(DESK,), folder=folder)
    desk = read_desk(glance).model_copy(update={"folder": folder})
    names = [name for name in pinning.inputs_of(desk) if pinned.manifest == 1 or name in pinned.inputs]
    # Boundaries may be named as ../NAME: there must be as much room above.
    again = place.joinpath(*["up"] * max(Path(name).parts.count("..") for name in names), "desk")
    for name in names:
        # One that desk.toml names by its place on this machine is left there.
        if not Path(name).is_absolute():
            _copy(copies.get(name, folder / name), Path(os.path.normpath(again / name)))
    now = pinning.digests(again, names)
    _refuse_changed(pinned, now, only=[name for name in pinned.inputs if name not in _WORDS], folder=folder)
    words = [
        Difference(f"inputs.{name}", pinned.inputs[name], now.get(name, ""))
        for name in _WORDS
        if name in pinned.inputs and now.get(name) != pinned.inputs[name]
    ]
    for each in words:
        (again / each.name).unlink(missing_ok=True)
    return read_desk(again), tuple(words)


def _copy(file: Path, target: Path) -> None:
    """Copy a file of the desk, if it is there."""
    if not file.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FindingError(f"can not be read: {error.strerror}", where=str(file)) from error
    target.write_bytes(content)


def _refuse_changed(pinned: Manifest, now: Mapping[str, str], *, only: Sequence[str], folder: Path) -> None:
    changed = [name for name in only if now.get(name) != pinned.inputs.get(name)]
    if changed:
        one = len(changed) == 1
        raise FindingError(
            f"{', '.join(changed)} {'is not the one' if one else 'are not those'} that the report was built from",
            where=str(folder),
            next_step="Keep the manifest in the folder in which it was written: copies lie beside it. Or take "
            f"{'it' if one else 'them'} back as of then: git log -- {changed[0]} tells the states, "
            f"git checkout STATE -- {' '.join(changed)} takes one back.",
        )


def _load(desk: Desk, kept: Sequence[Kept], *, files: Path, progress: Callable[[str], None]) -> None:
    """Load these and nothing else into the memory of a desk that has none, from files that another has kept."""
    again = desk.memory / FOLDER
    again.mkdir(parents=True)
    for each in kept:
        packed = again / f"{each.digest}.zst"
        if not packed.exists():
            packed.symlink_to(files / packed.name)
        with keeping(again, packed, each):
            pass
    ingest.rebuild(desk, progress=lambda name, rows: progress(f"{name}: {rows:,} rows"))
