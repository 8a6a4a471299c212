"""A later copy of the same synthetic events: rows withdrawn, recoded and added late, by planted numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from tocsin.schema import Span
from tocsin.simulate import layout
from tocsin.simulate.truth import AFGHANISTAN

FIRST_LATE_ID = 900_001
RECODED = ("Strategic developments", "Other", "Strategic developments")
"""event_type, sub_event_type, disorder_type of an event that is no longer counted as violent."""


@dataclass(frozen=True)
class Revision:
    """What a later copy is planted to say.

    Args:
        data_date: The day as of which it gives the data.
        incidents_before: Mean violent incidents in the whole weeks of `Truth.before`, as revised; held exactly, to rounding.
        incidents_after: The same of `Truth.after`.
        late: Share of the violent incidents of a window that are added late.
        recoded: Of those that go, the share that are recoded as not violent; the rest are withdrawn.
        doubted: An actor of whose incidents, from a day on, this share is withdrawn first.
    """

    data_date: dt.date
    incidents_before: float
    incidents_after: float
    late: float
    recoded: float
    doubted: tuple[str, dt.date, float]


# The published means, 256 and 53.5 a week, are 245 and 49 in a copy of March 2026. That claims of the NRF are withdrawn is made up.
MARCH_2026 = Revision(
    data_date=dt.date(2026, 3, 1),
    incidents_before=245.0,
    incidents_after=49.0,
    late=0.02,
    recoded=0.3,
    doubted=("NRF: National Resistance Front", dt.date(2022, 3, 1), 0.6),
)


def revised(events: pl.DataFrame, *, revision: Revision = MARCH_2026, seed: int = 2026) -> pl.DataFrame:
    """A later copy of the events that `afghanistan` gives.

    Args:
        events: In the publisher's current layout, all of one truth.
        seed: The same seed gives the same copy.

    Returns:
        The same columns, in order of date. Rows that stayed are as they were; recoded ones have the day of the revision as
        `timestamp`; late ones are like another event of the same week, with an id of their own.
    """
    rng = np.random.default_rng(seed)
    at = int(dt.datetime.combine(revision.data_date, dt.time(), dt.UTC).timestamp())
    gone: set[str] = set()
    recoded: set[str] = set()
    late = []
    for span, mean in ((AFGHANISTAN.before, revision.incidents_before), (AFGHANISTAN.after, revision.incidents_after)):
        violent, weeks = _violent_in(events, span)
        added = round(revision.late * violent.height)
        goes = violent.height + added - round(mean * weeks)
        leaving = _leaving(violent, goes, revision, rng)
        cut = round((1 - revision.recoded) * len(leaving))
        gone |= set(leaving[:cut])
        recoded |= set(leaving[cut:])
        late.append(violent[np.sort(rng.choice(violent.height, size=added, replace=False))])
    added_late = pl.concat(late).with_columns(
        event_id_cnty=pl.format("SYN{}", pl.row_index() + FIRST_LATE_ID), timestamp=pl.lit(at, pl.Int64)
    )
    changed = pl.col("event_id_cnty").is_in(list(recoded))
    event_type, sub_event_type, disorder_type = RECODED
    kept = events.filter(~pl.col("event_id_cnty").is_in(list(gone))).with_columns(
        event_type=pl.when(changed).then(pl.lit(event_type)).otherwise("event_type"),
        sub_event_type=pl.when(changed).then(pl.lit(sub_event_type)).otherwise("sub_event_type"),
        disorder_type=pl.when(changed).then(pl.lit(disorder_type)).otherwise("disorder_type"),
        timestamp=pl.when(changed).then(pl.lit(at, pl.Int64)).otherwise("timestamp"),
    )
    return pl.concat([kept, added_late.cast(kept.schema)]).sort("event_date", "event_id_cnty")


def _violent_in(events: pl.DataFrame, span: Span) -> tuple[pl.DataFrame, int]:
    """The violent incidents in the whole weeks of a span, and how many weeks these are."""
    after = span.last + dt.timedelta(days=1)
    first = span.first + dt.timedelta(days=-span.first.weekday() % 7)
    end = after - dt.timedelta(days=after.weekday())
    day = pl.col("event_date").cast(pl.String).str.to_date()
    inside = (day >= first) & (day < end) & pl.col("event_type").is_in(layout.VIOLENT)
    return events.filter(inside), (end - first).days // 7


def _leaving(violent: pl.DataFrame, count: int, revision: Revision, rng: np.random.Generator) -> list[str]:
    """Ids of the incidents that are violent no longer: first a share of the doubted actor's, then any."""
    actor, first, share = revision.doubted
    day = pl.col("event_date").cast(pl.String).str.to_date()
    named = (pl.col("actor1") == actor) | (pl.col("actor2") == actor)
    doubted = violent.filter(named.fill_null(value=False) & (day >= first))["event_id_cnty"].to_list()
    chosen = [doubted[number] for number in rng.permutation(len(doubted))[: round(share * len(doubted))]]
    others = sorted(set(violent["event_id_cnty"].to_list()) - set(doubted))
    rest = rng.permutation(len(others))[: max(0, count - len(chosen))]
    return [*chosen[:count], *(others[number] for number in rest)]
