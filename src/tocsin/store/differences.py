"""What did a revision change, and what was known when? Two states of a data set compared, and counts as known at every date of its data.

Vintages are kept as the days of opening and closing of each row, so any state of the past is exact and none need be opened to compare two.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, replace

import narwhals as nw
import polars as pl

from tocsin.cube import Events, Selection, count
from tocsin.schema import Vintage
from tocsin.store.open import Store, frame
from tocsin.store.staging import CONTENT
from tocsin.store.standing import standing

MOST_EVENTS = 1_000_000
"""At most this many events are listed one by one; the counts are of all."""

_COMPARED = {**{name: name for name in CONTENT}, "longitude": "longitude", "latitude": "latitude", "actors": "party_id"}
"""What an event says, and the column that tells whether it differs."""

_KINDS = ("new", "withdrawn", "changed")


@dataclass(frozen=True)
class State:
    """A data set as of one day: the day, and the vintages dated to it."""

    data_date: dt.date
    vintages: tuple[Vintage, ...]


@dataclass(frozen=True)
class Differences:
    """Two states of a data set compared: what the later knows otherwise than the earlier.

    Args:
        before: The vintages of the one state, oldest data first.
        after: Those of the other.
        rows: kind (new, withdrawn, changed, unchanged), events.
        columns: column, events: in how many changed events the column differs; most first.
        months: month (its first day), new, withdrawn, changed; by the day of the event as known after, or before if withdrawn.
        sources: source_scale (or source, where no event states a scale), new, withdrawn, changed. An event of several sources counts
            for each; null where none is stated.
        events: event_id, kind, columns (of a changed event, parted by ", "), sorted by kind and id; at most MOST_EVENTS.
    """

    dataset: str
    before: tuple[Vintage, ...]
    after: tuple[Vintage, ...]
    rows: pl.DataFrame
    columns: pl.DataFrame
    months: pl.DataFrame
    sources: pl.DataFrame
    events: pl.DataFrame


def differences(store: Store, *, dataset: str, before: int | dt.date, after: int | dt.date) -> Differences:
    """Compare two states of a data set, row by row.

    Args:
        before: The number of a vintage (the state once it was known, with all that is dated before it), or a day (the state as of it).
        after: Likewise.

    Returns:
        Counts and ids; see Differences. A row whose publisher only stamped it anew is unchanged, and so is one that was
        changed and changed back.

    Raises:
        QuestionError: the data set is not loaded, has no such vintage, or no data as of that day.
    """
    earlier, later = (_known_at(store, dataset, at) for at in (before, after))
    unchanged = _find_moved(store, dataset, earlier, later)
    try:
        return Differences(
            dataset=dataset,
            before=earlier,
            after=later,
            rows=_rows(store, unchanged),
            columns=_columns(store),
            months=_by(store, "date_trunc('month', event_date)::DATE", "month"),
            sources=_sources(store),
            events=frame(
                store.connection,
                f"SELECT event_id, kind, columns FROM moved ORDER BY kind, event_id LIMIT {MOST_EVENTS}",
            ),
        )
    finally:
        store.connection.execute("DROP TABLE moved")


def states(store: Store, dataset: str) -> tuple[State, ...]:
    """The days as of which there are data of a data set, oldest first, each with the vintages dated to it.

    Raises:
        QuestionError: the data set is not loaded.
    """
    vintages = store.events(dataset).about.vintages
    by_day = itertools.groupby(vintages, key=lambda vintage: vintage.data_date)
    return tuple(State(day, tuple(each)) for day, each in by_day)


def history(store: Store, dataset: str, *, selection: Selection) -> pl.DataFrame:
    """Count the selected rows by day of the event, as known at each date of the data: what a revision triangle is made of.

    Returns:
        event_day (days since 1970-01-01), data_date, incidents (Int64), sorted by data_date and event_day; days without
        incidents are not there. Whether such a day is a zero is told by the days covered as of data_date
        (`Store.events(…, as_of=…).about.covered`).

    Raises:
        QuestionError: the data set is not loaded, or there are too many days and dates to count by.
    """
    counted = count(_with_dates(store, dataset), selection, by=["event_day", "known_from", "known_until"])
    known = []
    for state in states(store, dataset):
        if all(vintage.withdraws for vintage in state.vintages):
            continue  # a list of withdrawn events speaks for no day: what it took away shows in the next state
        until = pl.col("known_until")
        stood = counted.filter(
            (pl.col("known_from") <= state.data_date) & (until.is_null() | (until > state.data_date))
        )
        by_day = stood.group_by("event_day").agg(pl.col("incidents").sum()).sort("event_day")
        known.append(by_day.select("event_day", pl.lit(state.data_date).alias("data_date"), "incidents"))
    return pl.concat(known)


def _known_at(store: Store, dataset: str, at: int | dt.date) -> tuple[Vintage, ...]:
    """The vintages of a state, oldest data first."""
    events = store.events(dataset, as_of=at) if isinstance(at, dt.date) else store.events(dataset, up_to=at)
    return events.about.vintages


def _find_moved(store: Store, dataset: str, earlier: tuple[Vintage, ...], later: tuple[Vintage, ...]) -> int:
    """Bring what is not the same in both states into a table `moved`; give the number of rows that are."""
    known = store.events(dataset).about.vintages
    stood, stands = standing(earlier, known=known), standing(later, known=known)
    told = ", ".join(
        f"CASE WHEN old.{column} IS DISTINCT FROM new.{column} THEN '{name}' END" for name, column in _COMPARED.items()
    )
    wanted = ", ".join({"event_id": "", **dict.fromkeys(_COMPARED.values())})
    one_state = (
        "(SELECT {wanted} FROM event JOIN (SELECT place_id, longitude, latitude FROM place) AS point USING (place_id) "
        "WHERE dataset = ? AND ({this}) AND NOT ({other}))"
    )
    old = one_state.format(wanted=wanted, this=stood, other=stands)
    new = one_state.format(wanted=wanted, this=stands, other=stood)
    latest = "CASE WHEN new.event_id IS NULL THEN old.{0} ELSE new.{0} END AS {0}"
    store.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE moved AS
        SELECT event_id, kind, event_date, source_scale, source,
            CASE WHEN kind = 'changed' THEN told END AS columns
        FROM (
            SELECT event_id, {", ".join(latest.format(name) for name in ("event_date", "source_scale", "source"))},
                CASE WHEN old.event_id IS NULL THEN 'new' WHEN new.event_id IS NULL THEN 'withdrawn' ELSE 'changed' END AS kind,
                concat_ws(', ', {told}) AS told
            FROM {old} AS old FULL JOIN {new} AS new USING (event_id)
        ) WHERE kind <> 'changed' OR told <> ''
        """,
        [dataset, dataset],
    )
    both = frame(
        store.connection,
        f"SELECT (SELECT count(*) FROM event WHERE dataset = ? AND ({stood})) "
        "- (SELECT count(*) FROM moved WHERE kind <> 'new') AS unchanged",
        [dataset],
    )
    return int(both.item())


def _rows(store: Store, unchanged: int) -> pl.DataFrame:
    counted = frame(store.connection, "SELECT kind, count(*) AS events FROM moved GROUP BY kind")
    by_kind = {**dict(counted.rows()), "unchanged": unchanged}
    kinds = (*_KINDS, "unchanged")
    return pl.DataFrame(
        {"kind": kinds, "events": [by_kind.get(kind, 0) for kind in kinds]},
        schema={"kind": pl.String, "events": pl.Int64},
    )


def _columns(store: Store) -> pl.DataFrame:
    return frame(
        store.connection,
        'SELECT "column", count(*) AS events FROM (SELECT unnest(string_split(columns, \', \')) AS "column" FROM moved) '
        'GROUP BY ALL ORDER BY events DESC, "column"',
    )


def _by(store: Store, value: str, name: str) -> pl.DataFrame:
    """Events of each kind by a value of `moved`, sorted by it."""
    kinds = ", ".join(f"count(*) FILTER (WHERE kind = '{kind}') AS {kind}" for kind in _KINDS)
    return frame(
        store.connection,
        f"SELECT {name}, {kinds} FROM (SELECT kind, {value} AS {name} FROM moved) GROUP BY ALL ORDER BY {name} NULLS LAST",
    )


def _sources(store: Store) -> pl.DataFrame:
    scaled = frame(store.connection, "SELECT count(source_scale) AS scaled FROM moved").item()
    if scaled:
        return _by(store, "source_scale", "source_scale")
    # unnest would drop the rows of which no source is known
    return _by(store, "unnest(coalesce(list_distinct(string_split(source, '; ')), [NULL]))", "source")


def _with_dates(store: Store, dataset: str) -> Events:
    """All versions of every row ever loaded, with the dates of the data between which each was known."""
    now = store.events(dataset)
    versions = store.connection.sql(
        "SELECT event.* EXCLUDE (dataset, opened, closed, given_date), opening.data_date AS known_from, closing.data_date AS known_until "
        "FROM event JOIN vintage AS opening ON opening.number = event.opened "
        "LEFT JOIN vintage AS closing ON closing.number = event.closed WHERE event.dataset = ?",
        params=[dataset],
    )
    return replace(now, rows=nw.from_native(versions))
