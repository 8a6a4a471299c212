"""From a file to a vintage: read it, check it, work out its places, load it, and keep the file so that the store can be rebuilt."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from tocsin.catalogue import gazetteer_of
from tocsin.desk import Desk, parse_toml
from tocsin.errors import DeskError, QuestionError, StoreBusyError, StoreError
from tocsin.geo.gazetteer import Gazetteer
from tocsin.geo.places import resolve
from tocsin.schema import REJECT_SCHEMA, Vintage
from tocsin.sources import Batch, Mapping, Reading, raw_row, read
from tocsin.store import File, Store, load, open_store
from tocsin.store.open import FILE_NAME

FILES = "files"
PENDING = ".pending"
"""Suffix of the note of a load that is not committed yet."""
COORDINATES = ("country", "longitude", "latitude")

Progress = Callable[[str, int], None]
"""Told the name of the file and how many of its rows have been read."""


def _silent(_name: str, _rows: int) -> None:
    return


@dataclass(frozen=True)
class Kept:
    """How a kept file was loaded: written beside it, so that the store can be rebuilt from the files alone."""

    digest: str
    name: str
    dataset: str
    mapping: str | None
    data_date: dt.date
    dated: bool
    complete: bool
    loaded_at: dt.datetime


@dataclass(frozen=True)
class Added:
    """What became of one file."""

    vintage: Vintage
    already: bool
    """True where the same file was loaded before: nothing was changed."""
    unread: tuple[str, ...]
    """Columns of the file that no field of an event is made from."""


def add(
    desk: Desk,
    path: Path,
    *,
    mapping: Path | None = None,
    dated: dt.date | None = None,
    complete: bool = False,
    wait_seconds: float = 10.0,
    progress: Progress = _silent,
) -> Added:
    """Load a file into the desk's store as a vintage: all of it or nothing.

    Args:
        mapping: A mapping file, for tables that no publisher's format fits.
        dated: The day as of which the file gives the data; today if it is not said.
        complete: The file holds all rows of its countries between its first and last day: rows that it lacks were withdrawn.
        progress: Told how many rows have been read so far.

    Raises:
        SourceError: the file can not be read as event data.
        StoreError, StoreBusyError: the store can not be written. In each case nothing was loaded.
    """
    mapping_text = _text_of(mapping) if mapping else None
    now = dt.datetime.now(dt.UTC)
    with open_store(desk.memory, write=True, wait_seconds=wait_seconds) as store:
        _settle(store, desk.memory / FILES)
        reading = read(path, mapping=_mapping(mapping_text, where=str(mapping)))
        digest = digest_of(path)
        kept = Kept(
            digest=digest,
            name=path.name,
            dataset=reading.dataset,
            mapping=mapping_text if reading.source == "table" else None,
            data_date=dated or now.date(),
            dated=dated is not None,
            complete=complete,
            loaded_at=now,
        )
        twin = _loaded_before(store, kept)
        if twin:
            return Added(vintage=twin, already=True, unread=reading.unread)
        older = any(vintage.data_date > kept.data_date for vintage in store.vintages(kept.dataset))
        with _keeping(desk.memory / FILES, path, kept):
            if not older:
                vintage = _load(store, desk, reading, kept, progress=progress)
                return Added(vintage=vintage, already=False, unread=reading.unread)
            # Vintages stand on each other's shoulders in the order of their dates, so an older one is put in by loading all anew.
            _replay(desk, store, [*_notes(desk.memory / FILES), kept], progress=progress)
    with open_store(desk.memory) as store:
        loaded = next(vintage for vintage in store.vintages(kept.dataset) if vintage.digest == digest)
    return Added(vintage=loaded, already=False, unread=reading.unread)


def rebuild(desk: Desk, *, progress: Progress = _silent) -> tuple[Vintage, ...]:
    """Make the store anew from the kept files, oldest data first; the old store stays until the new one is whole.

    Raises:
        StoreError: no file was kept, or one is missing or damaged.
    """
    notes = _notes(desk.memory / FILES)
    if not notes:
        raise StoreError("no file was kept to rebuild from", where=str(desk.memory / FILES))
    # A store too damaged to be opened is no reason not to replace it; one that is in use is.
    with contextlib.ExitStack() as held:
        try:
            store = held.enter_context(open_store(desk.memory, write=True))
        except StoreError as error:
            if isinstance(error, StoreBusyError):
                raise
            store = None
        _replay(desk, store, notes, progress=progress)
    with open_store(desk.memory) as store:
        return store.vintages()


def raw_rows(desk: Desk, event_id: str, *, dataset: str | None = None) -> list[dict[str, str]]:
    """The raw rows behind an event id, one a version, as the files have them; `_vintage`, `_file` and `_row` say where.

    Raises:
        QuestionError: no event has that id.
    """
    with open_store(desk.memory) as store:
        versions = store.versions(event_id, dataset=dataset)
    if not versions:
        raise QuestionError(
            f'no event has the id "{event_id}"', next_step="Ids are matched exactly: see an events table."
        )
    found = []
    notes = {note.digest: note for note in _notes(desk.memory / FILES)}
    for vintage, row in versions:
        if vintage.digest not in notes:
            raise StoreError(f"the file of vintage {vintage.number} is gone", where=str(desk.memory / FILES))
        with _unpacked(desk.memory / FILES, notes[vintage.digest]) as path:
            where = {"_vintage": str(vintage.number), "_file": vintage.file, "_row": str(row)}
            found.append({**where, **raw_row(path, row)})
    return found


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _loaded_before(store: Store, kept: Kept) -> Vintage | None:
    same = [
        vintage
        for vintage in store.vintages(kept.dataset)
        if vintage.digest == kept.digest and vintage.complete == kept.complete
    ]
    return same[-1] if same else None


def _load(store: Store, desk: Desk, reading: Reading, kept: Kept, *, progress: Progress) -> Vintage:
    gazetteer, named = gazetteer_of(desk)
    file = File(
        name=kept.name,
        digest=kept.digest,
        dataset=kept.dataset,
        source=reading.source,
        form=reading.form,
        facts=reading.facts,
        monadic=reading.monadic,
        absent=reading.absent,
        unread=reading.unread,
        data_date=kept.data_date,
        dated=kept.dated,
        complete=kept.complete,
        loaded_at=kept.loaded_at,
        gazetteer=named,
    )
    return load(
        store,
        file,
        _without_swapped(reading.batches, gazetteer),
        resolve=lambda coordinates: resolve(coordinates, gazetteer=gazetteer),
        progress=lambda rows: progress(kept.name, rows),
    )


def _without_swapped(batches: Iterator[Batch], gazetteer: Gazetteer) -> Iterator[Batch]:
    """Set aside rows whose point lies outside their country but would lie in it with latitude and longitude swapped."""
    met: pl.DataFrame | None = None
    for batch in batches:
        distinct = batch.events.select(COORDINATES).drop_nulls().unique()
        if met is not None:
            distinct = distinct.join(met, on=COORDINATES, how="anti")
        judged = distinct.with_columns(swapped=_swapped(distinct, gazetteer))
        met = judged if met is None else pl.concat([met, judged])
        flagged = batch.events.join(met, on=COORDINATES, how="left", maintain_order="left")
        wrong = flagged.filter(pl.col("swapped").fill_null(value=False))
        if wrong.is_empty():
            yield batch
            continue
        right = flagged.filter(~pl.col("swapped").fill_null(value=False)).drop("swapped")
        yield Batch(events=right, rejects=pl.concat([batch.rejects, _swapped_rejects(wrong)]), rows=batch.rows)


def _swapped(coordinates: pl.DataFrame, gazetteer: Gazetteer) -> pl.Series:
    outside = resolve(coordinates, gazetteer=gazetteer)["unit_match"] == "none"
    turned = coordinates.select("country", pl.col("latitude").alias("longitude"), pl.col("longitude").alias("latitude"))
    possible = turned["latitude"].is_between(-90, 90)
    inside = (
        resolve(turned.with_columns(pl.col("latitude").clip(-90, 90)), gazetteer=gazetteer)["unit_match"] == "inside"
    )
    return outside & possible & inside


def _swapped_rejects(wrong: pl.DataFrame) -> pl.DataFrame:
    point = pl.format("{} / {}", "latitude", "longitude")
    return wrong.select(
        "row",
        "line",
        kind=pl.lit("error"),
        column=pl.lit("latitude"),
        value=point,
        reason=pl.format(
            "latitude and longitude look swapped: the point lies outside {}, and inside it the other way round",
            "country",
        ),
        raw=pl.struct(
            "event_id", "event_date", "country_name", "location", "latitude", "longitude", "notes"
        ).struct.json_encode(),
    ).cast(pl.Schema(REJECT_SCHEMA))


def _replay(desk: Desk, held: Store | None, notes: list[Kept], *, progress: Progress) -> None:
    """Load kept files, oldest data first, into a new store and put it in the place of the old one, which `held` keeps others away from."""
    folder = desk.memory / FILES
    with tempfile.TemporaryDirectory(dir=desk.memory, prefix="rebuild-") as place:
        for kept in sorted(notes, key=lambda note: (note.data_date, note.loaded_at)):
            with _unpacked(folder, kept) as path, open_store(Path(place), write=True) as anew:
                reading = read(path, mapping=_mapping(kept.mapping, where=f"mapping of {kept.name}"))
                _load(anew, desk, reading, kept, progress=progress)
        (Path(place) / FILE_NAME).replace(desk.memory / FILE_NAME)
        if held is not None:  # closed only now: until then nobody else may open what is being replaced
            held.connection.close()
        (desk.memory / f"{FILE_NAME}.wal").unlink(missing_ok=True)


def _note_path(folder: Path, kept: Kept) -> Path:
    # The data set is in the name: one file may be loaded into two, by two mappings.
    tag = hashlib.sha256(f"{kept.dataset}\n{kept.complete}".encode()).hexdigest()[:8]
    return folder / f"{kept.digest}-{tag}.json"


@contextlib.contextmanager
def _keeping(folder: Path, path: Path, kept: Kept) -> Iterator[None]:
    """Keep a compressed copy of the file and a note of how it was loaded; drop the note again if the load fails."""
    target = folder / f"{kept.digest}.zst"
    note = _note_path(folder, kept)
    pending = note.with_suffix(PENDING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            part = target.with_suffix(".part")
            with path.open("rb") as source, pa.CompressedOutputStream(str(part), "zstd") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            part.replace(target)
        pending.write_bytes(TypeAdapter(Kept).dump_json(kept, indent=1))
    except OSError as error:
        raise StoreError(
            f"the file can not be kept: {error.strerror or error}",
            where=str(folder),
            next_step="Nothing was loaded. Check that the disk has room and that you may write there.",
        ) from error
    try:
        yield
    except BaseException:
        _forget(folder, pending)
        raise
    pending.replace(note)


def _forget(folder: Path, pending: Path) -> None:
    """Drop the note of a load that did not happen, and the copy of its file if no other load has it."""
    pending.unlink(missing_ok=True)
    digest = pending.name.split("-")[0]
    if not any(folder.glob(f"{digest}-*.json")):
        (folder / f"{digest}.zst").unlink(missing_ok=True)


def _settle(store: Store, folder: Path) -> None:
    """Clear up after a process that was killed: a pending note becomes a note where its load was committed, and goes where it was not."""
    loaded = {(vintage.digest, vintage.dataset, vintage.complete) for vintage in store.vintages()}
    for pending in folder.glob(f"*{PENDING}"):
        kept = TypeAdapter(Kept).validate_json(pending.read_bytes())
        if (kept.digest, kept.dataset, kept.complete) in loaded:
            pending.replace(pending.with_suffix(".json"))
        else:
            _forget(folder, pending)
    for left in (*folder.glob("*.part"), *folder.glob("unpacked-*"), *folder.parent.glob("rebuild-*")):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def _notes(folder: Path) -> list[Kept]:
    return [TypeAdapter(Kept).validate_json(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


@contextlib.contextmanager
def _unpacked(folder: Path, kept: Kept) -> Iterator[Path]:
    """The kept file under its own name, for as long as it is needed.

    Raises:
        StoreError: it is gone, or is not what was kept.
    """
    packed = folder / f"{kept.digest}.zst"
    with tempfile.TemporaryDirectory(dir=folder, prefix="unpacked-") as place:
        path = Path(place) / kept.name
        try:
            with pa.CompressedInputStream(pa.OSFile(str(packed)), "zstd") as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
        except OSError as error:
            raise StoreError(f"the kept file of {kept.name} can not be read: {error}", where=str(packed)) from error
        if digest_of(path) != kept.digest:
            raise StoreError(
                f"the kept file of {kept.name} was changed", where=str(packed), next_step="Restore it from a backup."
            )
        yield path


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"can not be read as UTF-8 text: {error}", where=str(path)) from error


def _mapping(text: str | None, *, where: str) -> Mapping | None:
    return None if text is None else parse_toml(text, Mapping, where=where)
