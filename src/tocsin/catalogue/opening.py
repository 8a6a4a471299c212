"""Open a desk for questions: its definitions, the events of one data set, and the places of its countries."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from tocsin.analysis.revisions import FEW_STATES, SETTLED_WEEKS
from tocsin.catalogue.subject import Subject
from tocsin.cube import Selection
from tocsin.desk import Desk, find_desk, read_desk
from tocsin.errors import DeskError, QuestionError, StoreError
from tocsin.geo.gazetteer import Gazetteer, load
from tocsin.keeping import digest_of
from tocsin.schema import Provenance, Span
from tocsin.store import Store, history, open_store


@contextlib.contextmanager
def open_desk(
    folder: str | Path = ".", *, dataset: str | None = None, as_of: dt.date | None = None
) -> Iterator[Subject]:
    """The desk at or above a folder, with the events of one data set as they stand, or stood on the day `as_of`.

    Args:
        dataset: Which data set; the one that desk.toml names, or the only one loaded, if it is not said.

    Raises:
        DeskError: there is no desk, or desk.toml is wrong.
        StoreError: nothing is loaded, or the store can not be read.
        QuestionError: several data sets are loaded and none is named, or the named one is not there.
    """
    desk = read_desk(find_desk(Path(folder)))
    with open_store(desk.memory) as store:
        yield subject_of(desk, store, dataset=dataset, as_of=as_of)


def subject_of(
    desk: Desk, store: Store, *, dataset: str | None, as_of: dt.date | None, up_to: int | None = None
) -> Subject:
    """What questions are asked of, from a desk and its open store; see open_desk and Store.events."""
    gazetteer, named = gazetteer_of(desk)
    if set(store.gazetteers()) - {named}:
        raise StoreError(
            "the desk's boundaries or capitals are not those with which its data were loaded",
            where=str(desk.folder),
            next_step="Work the places out anew: tocsin rebuild",
        )
    name = dataset_of(desk, store, dataset)
    events = store.events(name, countries=desk.countries, as_of=as_of, up_to=up_to, spark=desk.on_spark)
    return Subject(
        desk=desk,
        events=events,
        gazetteer=gazetteer,
        history=_history_of(desk, store, events.about),
        beside=functools.cache(
            lambda name: store.events(name, countries=desk.countries, as_of=as_of, spark=desk.on_spark)
        ),
    )


def _history_of(desk: Desk, store: Store, about: Provenance) -> Callable[[Selection], pl.DataFrame] | None:
    """What Subject.history is; nothing is asked of the store before it is called, and the same selection is counted once."""
    dates = sorted({vintage.data_date for vintage in about.vintages if not vintage.withdraws})
    if len(dates) < FEW_STATES:
        return None

    @functools.cache
    def known(selection: Selection) -> pl.DataFrame:
        # Days that the oldest state does not cover would count as zeros in it, and as grown since.
        covered = store.events(about.dataset, countries=desk.countries, as_of=dates[0]).about.covered
        # Weeks that were settled before the oldest state tell nothing of those that are not.
        settled = dates[0] - dt.timedelta(weeks=SETTLED_WEEKS + 1)
        first = max(settled, covered[-1].first) if covered else settled
        counted = history(store, about.dataset, selection=selection.within(Span(first, dates[-1])))
        return counted.filter(pl.col("data_date") <= dates[-1])

    return known


def dataset_of(desk: Desk, store: Store, asked: str | None) -> str:
    """The data set to count: two are never added together.

    Raises:
        QuestionError: several are loaded and neither the user nor the desk names one.
    """
    loaded = store.datasets()
    named = asked or desk.dataset
    if named:
        return named
    if len(loaded) == 1:
        return loaded[0]
    if not loaded:
        raise QuestionError("no file is loaded yet", next_step="Load one: tocsin add FILE")
    raise QuestionError(
        f"several data sets are loaded ({', '.join(loaded)}), and two are never added together",
        next_step=f'Name one: --dataset {loaded[0]}, or dataset = "{loaded[0]}" in desk.toml.',
    )


def gazetteer_of(desk: Desk) -> tuple[Gazetteer, str]:
    """The packaged gazetteer, or the desk's own files where desk.toml names them; and what tells this one from others."""
    own = [desk.folder / name if name else None for name in (desk.places.boundaries, desk.places.capitals)]
    digests = []
    for path in own:
        if path is None:
            continue
        try:
            digests.append(digest_of(path)[:16])
        except OSError as error:
            raise DeskError(f"can not be read: {error.strerror}", where=str(path)) from error
    return load(boundaries=own[0], capitals=own[1]), " ".join(digests) or "packaged"
