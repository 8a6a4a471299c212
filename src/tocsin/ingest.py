"""From a file to a vintage: read it, check it, work out its places, load it, and keep the file so that the store can be rebuilt."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tocsin.catalogue import gazetteer_of
from tocsin.desk import Desk, parse_toml
from tocsin.errors import DeskError, QuestionError, SourceError, StoreBusyError, StoreError, did_you_mean
from tocsin.geo import countries
from tocsin.geo.places import remembering
from tocsin.keeping import FOLDER, Kept, digest_of, give_numbers, keeping, notes, settle, unpacked
from tocsin.schema import Span, Vintage
from tocsin.sources import Batch, Mapping, Reading, Withdrawn, raw_row, read_either
from tocsin.sources.gdelt.days import days_of, told_of
from tocsin.sources.gdelt.folder import Joined, joined, naming
from tocsin.sources.gdelt.read import DATASETS as GDELT_DATASETS
from tocsin.sources.gdelt.read import NAME as GDELT
from tocsin.sources.swapped import without_swapped
from tocsin.store import (
    File,
    List,
    Listed,
    Store,
    drop,
    lay,
    load,
    open_store,
    outcomes,
    refuse_foreign,
    remarks,
    told,
    withdraw,
)
from tocsin.store.open import FILE_NAME

Progress = Callable[[str, int], None]
"""Told the name of the file and how many of its rows have been read."""


def _silent(_name: str, _rows: int) -> None:
    return


@dataclass(frozen=True)
class Added:
    """What became of one file."""

    vintage: Vintage
    already: bool
    """True where the same file was loaded before: nothing was changed."""
    unread: tuple[str, ...]
    """Columns of the file that no field of an event is made from."""
    remarks: tuple[str, ...] = ()
    """Sentences that the user should read: what was odd, and what to do about it."""
    listed: Listed | None = None
    """What became of the ids of a list of withdrawn events; None for a file of events."""


def add(
    desk: Desk,
    path: Path,
    *,
    mapping: Path | None = None,
    dated: dt.date | None = None,
    complete: bool = False,
    covers: Span | None = None,
    covers_countries: Sequence[str] | None = None,
    withdrawn_from: str | None = None,
    wait_seconds: float = 10.0,
    progress: Progress = _silent,
) -> Added:
    """Load a file into the desk's store as a vintage: all of it or nothing.

    Args:
        path: The file; or a folder of GDELT's files, of which those are loaded, as one, that were not loaded before.
        mapping: A mapping file, for tables that no publisher's format fits.
        dated: The day as of which the file gives the data; if it is not said, today, or the day of the newest withdrawal of a list.
        complete: The file holds all rows of the countries and days for which it speaks: rows that it lacks were withdrawn.
        covers: The days for which the file speaks, events or not; those between its first and last event in each country if it is
            not said, and for GDELT those that its name or the names in the folder tell. A country without events in it has zeros on
            these days.
        covers_countries: ISO codes of the countries for which `covers` holds; the desk's if it is not said, and for GDELT all there are.
            In other countries the file speaks for the days between its first and last event there.
        withdrawn_from: The file is a list of events that were withdrawn from this data set. A list as ACLED writes it is known as one.
        progress: Told how many rows have been read so far.

    Raises:
        SourceError: the file can not be read as event data, or is said to be of, or to cover, days still to come.
        QuestionError: a country is not known, or something is said of a list of withdrawn events that only a file of events can have.
        StoreError, StoreBusyError: the store can not be written. In each case nothing was loaded, unless it says that what is loaded is
            safe.
    """
    now = dt.datetime.now(dt.UTC)
    _refuse_future(path, dated, covers, today=now.date())
    mapping_text = _text_of(mapping) if mapping else None
    folder = desk.memory / FOLDER
    with open_store(desk.memory, write=True, wait_seconds=wait_seconds) as store, contextlib.ExitStack() as held:
        numbers = store.numbers()
        settle(folder, committed=numbers)
        _refuse_emptied(store, folder)
        give_numbers(folder, known=numbers)
        several = held.enter_context(_several(folder, path, covers)) if path.is_dir() else None
        if several and not several.members:
            return _none_new(store, folder, several, covers)
        file = several.path if several else path
        reading = read_either(
            file, mapping=_mapping(mapping_text, where=str(mapping)), withdrawn_from=withdrawn_from, now=now
        )
        listing = isinstance(reading, Withdrawn)
        if listing and (complete or covers or (withdrawn_from and mapping)):
            raise _of_events_only(path)
        if isinstance(reading, Reading) and reading.source == GDELT:
            _refuse_complete(path, complete=complete)
            covers = covers or days_of(several.names if several else [path.name], where=str(path))
            covers_countries = covers_countries or countries.known()
            _refuse_future(path, dated, covers, today=now.date())
        data_date, trusted = _day_of(store, reading, dated, today=now.date(), where=str(path))
        kept = Kept(
            digest=digest_of(file),
            name=several.name if several else path.name,
            dataset=reading.dataset,
            mapping=mapping_text if isinstance(reading, Reading) and reading.source == "table" else None,
            data_date=data_date,
            dated=trusted,
            complete=complete,
            loaded_at=now,
            number=max(numbers.values(), default=0) + 1,
            covers=covers,
            covers_countries=_declared_for(desk, covers, covers_countries),
            withdraws=listing,
            members=several.members if several else (),
        )
        twin = _loaded_before(store, folder, kept, dated=dated is not None)
        if twin and (twin.dated or dated is None):
            return Added(vintage=twin, already=True, unread=reading.unread, listed=outcomes(store, twin))
        if (
            twin
        ):  # loaded today without a date, and now said to be of today: the same load, which is believed from here on
            kept = replace(kept, number=twin.number)
        if isinstance(reading, Withdrawn):
            refuse_foreign(
                store, dataset=kept.dataset, ids=reading.ids["event_id"].to_list(), data_date=data_date, where=str(path)
            )
        place = (kept.data_date, kept.withdraws)
        older = twin or any((each.data_date, each.withdraws) > place for each in store.vintages(kept.dataset))
        with keeping(folder, file, kept) as wait:
            loaded = None if older else _load(store, desk, reading, kept, progress=progress, wait=wait)
            # Vintages stand on each other's shoulders in the order of their dates, and a list upon the files of its day: so what
            # belongs before one that is loaded is put in by loading all anew.
            if not loaded:
                wait()
                others = [each for each in notes(folder) if each.key != kept.key]
                _replay(desk, store, [*others, kept], progress=progress)
        if loaded:
            _lay_out(desk, store)
            return _added(desk, store, loaded, reading, several)
    # Laid by whoever has the store alone; a desk without Spark has nothing laid, and is only read.
    with open_store(desk.memory, write=desk.on_spark is not None) as store:
        _lay_out(desk, store)
        return _added(
            desk, store, next(vintage for vintage in store.vintages() if vintage.key == kept.key), reading, several
        )


def _lay_out(desk: Desk, store: Store) -> None:
    """Lay the files that the desk's engine reads, if it is not the store's own; or take away those that it reads no longer."""
    if desk.on_spark:
        lay(store.connection, desk.memory, alone=True)
    else:
        drop(desk.memory)


def _several(folder: Path, path: Path, covers: Span | None) -> contextlib.AbstractContextManager[Joined]:
    """The files of a folder that were not loaded before, or not as covering these days, if any are said."""
    before = _gdelt_notes(folder, covers)
    known = {member.digest for note in before for member in note.members} | {note.digest for note in before}
    return joined(path, known=known, into=folder / "joined.part")


def _gdelt_notes(folder: Path, covers: Span | None) -> list[Kept]:
    """The loads of GDELT's files; only those that cover just these days, if any are said."""
    of_gdelt = [note for note in notes(folder) if note.dataset in GDELT_DATASETS.values()]
    return [note for note in of_gdelt if covers is None or note.covers == covers]


def _none_new(store: Store, folder: Path, several: Joined, covers: Span | None) -> Added:
    """The newest load of a folder of which every file was loaded before."""
    loaded = {
        note.key
        for note in _gdelt_notes(folder, covers)
        if several.digests & {note.digest, *(member.digest for member in note.members)}
    }
    found = [vintage for vintage in store.vintages() if vintage.key in loaded]
    return Added(vintage=found[-1], already=True, unread=(), remarks=_left_out(several))


def _left_out(several: Joined) -> tuple[str, ...]:
    others = several.others
    if not others:
        return ()
    names = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
    return (f"Not read, since its name is not that of a file of events: {names}.",)


def _refuse_complete(path: Path, *, complete: bool) -> None:
    if complete:
        raise QuestionError(
            "a file of GDELT only adds rows: it can not be said to be complete, which would withdraw those of other files",
            where=str(path),
            next_step="Add it without --complete.",
        )


def _added(desk: Desk, store: Store, vintage: Vintage, reading: Reading | Withdrawn, several: Joined | None) -> Added:
    listed = outcomes(store, vintage)
    if vintage.source == GDELT:
        # What is odd in other files is not in these: they tell of days long before, and of all countries.
        said = told_of(vintage) + (_left_out(several) if several else ())
    else:
        said = told(listed) if listed else remarks(store, vintage, countries=desk.countries)
    return Added(vintage, already=False, unread=reading.unread, remarks=said, listed=listed)


def _of_events_only(path: Path) -> QuestionError:
    return QuestionError(
        "a list of withdrawn events needs no mapping, covers no days and is never complete",
        where=str(path),
        next_step="Load it by itself, without these options.",
    )


def _day_of(
    store: Store, reading: Reading | Withdrawn, dated: dt.date | None, *, today: dt.date, where: str
) -> tuple[dt.date, bool]:
    """The day as of which a file gives the data, and whether that is more than the day of loading.

    A list of withdrawn events is of the day of its newest withdrawal. But loads that nobody dated stand at the day of their loading,
    however old their data are; a list that would stand before one of them is of today.
    """
    newest = reading.newest if isinstance(reading, Withdrawn) else None
    if dated and newest and dated < newest:
        raise SourceError(
            f"is said to be of {dated}, but names an event that was withdrawn on {newest}",
            where=where,
            next_step="Say the day on which the list was made, or none.",
        )
    if dated:
        return dated, True
    loaded = [each for each in store.vintages(reading.dataset) if not each.withdraws]
    if newest is None or newest > today or any(not each.dated and each.data_date > newest for each in loaded):
        return today, False
    return newest, True


def _refuse_future(path: Path, dated: dt.date | None, covers: Span | None, *, today: dt.date) -> None:
    if dated and dated > today:
        raise SourceError(f"data can not be as of {dated}: that day is still to come", where=str(path))
    if covers and covers.last > (dated or today):
        raise SourceError(
            f"the file can not cover days after {dated or today}, as of which it gives the data; {covers} was said",
            where=str(path),
            next_step="Say the days for which it was asked, up to the day on which it was made.",
        )


def _declared_for(desk: Desk, covers: Span | None, named: Sequence[str] | None) -> tuple[str, ...]:
    """The countries for which a coverage is declared."""
    if covers is None:
        if named:
            raise QuestionError("countries are named, but no days that the file covers", next_step="Say both.")
        return ()
    known = countries.known()
    for name in named or ():
        if name not in known:
            raise QuestionError(f'"{name}" is no ISO 3166 alpha-3 code', next_step=did_you_mean(name, known))
    return tuple(sorted(set(named or desk.countries)))


def rebuild(desk: Desk, *, progress: Progress = _silent) -> tuple[Vintage, ...]:
    """Make the store anew from the kept files, oldest data first; the old store stays until the new one is whole.

    Raises:
        StoreError: no file was kept, or one is missing or damaged.
    """
    folder = desk.memory / FOLDER
    with contextlib.ExitStack() as held:
        store: Store | None
        try:
            store = held.enter_context(open_store(desk.memory, write=True, any_layout=True))
        except StoreBusyError:
            raise
        except StoreError:  # too damaged to be opened, which is why it is made anew
            store = None
        numbers = store.numbers() if store else {}
        settle(folder, committed=numbers if store else None)
        give_numbers(folder, known=numbers)
        kept = notes(folder)
        if not kept:
            raise StoreError(
                "no file was kept to rebuild from",
                where=str(folder),
                next_step="Remove .tocsin and load the files: tocsin add FILE",
            )
        _replay(desk, store, kept, progress=progress)
    # Laid by whoever has the store alone; a desk without Spark has nothing laid, and is only read.
    with open_store(desk.memory, write=desk.on_spark is not None) as store:
        _lay_out(desk, store)
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
            f'no event has the id "{event_id}"', next_step="Ids are matched exactly, as the publisher writes them."
        )
    found = []
    folder = desk.memory / FOLDER
    by_key = {kept.key: kept for kept in notes(folder)}
    for vintage, row in versions:
        if vintage.key not in by_key:
            raise StoreError(f"the file of vintage {vintage.number} is gone", where=str(folder))
        with unpacked(folder, by_key[vintage.key]) as path:
            where = {"_vintage": str(vintage.number), "_file": vintage.file, "_row": str(row)}
            found.append({**where, **raw_row(path, row)})
    return found


def _refuse_emptied(store: Store, folder: Path) -> None:
    """A store that holds nothing beside files that were kept was lost: a new one must not be begun over them."""
    if not store.vintages() and notes(folder):
        raise StoreError(
            "the store is gone, but the files that it was made from are here",
            where=str(folder),
            next_step="Make it anew: tocsin rebuild",
        )


def _loaded_before(store: Store, folder: Path, kept: Kept, *, dated: bool) -> Vintage | None:
    """The vintage of the same file, read in the same way, where no other date (if it is `dated`) and no other coverage is said for it."""
    same = {
        note.key
        for note in notes(folder)
        if (note.digest, note.dataset, note.mapping, note.complete, note.withdraws)
        == (kept.digest, kept.dataset, kept.mapping, kept.complete, kept.withdraws)
        and (not dated or note.data_date == kept.data_date)
        and (not kept.covers or (note.covers, note.covers_countries) == (kept.covers, kept.covers_countries))
    }
    found = [vintage for vintage in store.vintages(kept.dataset) if vintage.key in same]
    return found[-1] if found else None


def _load(
    store: Store,
    desk: Desk,
    reading: Reading | Withdrawn,
    kept: Kept,
    *,
    progress: Progress,
    wait: Callable[[], None] = lambda: None,
) -> Vintage:
    """Load a file, which `wait` says is kept: nothing is committed before."""
    if isinstance(reading, Withdrawn):
        wait()
        return _withdraw(store, reading, kept)
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
        id_column=reading.id_column,
        data_date=kept.data_date,
        dated=kept.dated,
        complete=kept.complete,
        loaded_at=kept.loaded_at,
        gazetteer=named,
        key=kept.key,
        number=kept.number,
        covers=kept.covers,
        covers_countries=kept.covers_countries,
    )
    resolved = remembering(gazetteer)
    batches = without_swapped(reading.batches, resolved)
    return load(
        store,
        file,
        _then((naming(batch, kept.members) for batch in batches) if kept.members else batches, wait),
        resolve=resolved,
        progress=lambda rows: progress(kept.name, rows),
    )


def _then(batches: Iterable[Batch], wait: Callable[[], None]) -> Iterator[Batch]:
    """The same, of which the end comes no sooner than `wait` lets it."""
    yield from batches
    wait()


def _withdraw(store: Store, reading: Withdrawn, kept: Kept) -> Vintage:
    return withdraw(
        store,
        List(
            name=kept.name,
            digest=kept.digest,
            key=kept.key,
            dataset=kept.dataset,
            form=reading.form,
            data_date=kept.data_date,
            dated=kept.dated,
            loaded_at=kept.loaded_at,
            number=kept.number,
            ids=reading.ids,
            rejects=reading.rejects,
        ),
    )


def _replay(desk: Desk, held: Store | None, files: Sequence[Kept], *, progress: Progress) -> None:
    """Load kept files, oldest data first, into a new store, and put it in the place of the old one, which `held` keeps from others."""
    folder = desk.memory / FOLDER
    with tempfile.TemporaryDirectory(dir=desk.memory, prefix="rebuild-") as place:
        for kept in sorted(files, key=lambda each: each.order):
            with unpacked(folder, kept) as path, open_store(Path(place), write=True) as anew:
                reading = read_either(
                    path,
                    mapping=_mapping(kept.mapping, where=f"mapping of {kept.name}"),
                    withdrawn_from=kept.dataset if kept.withdraws else None,
                    now=kept.loaded_at,
                )
                _load(anew, desk, reading, kept, progress=progress)
        if held is not None:
            held.connection.execute("CHECKPOINT")  # nothing of the old store may stand beside the new one
        else:
            (desk.memory / f"{FILE_NAME}.wal").unlink(missing_ok=True)
        drop(desk.memory)  # laid from the old store
        (Path(place) / FILE_NAME).replace(desk.memory / FILE_NAME)
        if held is not None:
            held.connection.close()


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"can not be read as UTF-8 text: {error}", where=str(path)) from error


def _mapping(text: str | None, *, where: str) -> Mapping | None:
    return None if text is None else parse_toml(text, Mapping, where=where)
