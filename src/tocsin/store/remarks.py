"""What should a person know of a load that went through? Each remark says what was seen and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.schema import Span, Vintage
from tocsin.store.migrations import first_row
from tocsin.store.open import Store
from tocsin.store.staging import MADE_ID


def remarks(store: Store, vintage: Vintage, *, countries: Sequence[str]) -> tuple[str, ...]:
    """Sentences on one load: rows kept back, events outside the declared days, countries without events, a log loaded twice over.

    Args:
        vintage: The load; what it left standing is looked at as the store is now.
        countries: ISO codes of the desk's.
    """
    told = (
        _kept_back(vintage),
        _outside(vintage),
        _without_events(store, vintage),
        _same_log(store, vintage),
        _withdrew_most(store, vintage),
        _elsewhere(store, vintage, countries),
    )
    return tuple(remark for remark in told if remark)


def _kept_back(vintage: Vintage) -> str:
    if not vintage.kept_back:
        return ""
    withdrew = " Nor did it withdraw any." if vintage.complete else ""
    return (
        f"{_rows(vintage.kept_back)} of this file {_were(vintage.kept_back)} revised earlier than what is known of the same events, or "
        f"withdrawn by name and not said to be revised since, and changed nothing.{withdrew} The file may be older than it is taken for: "
        "say as of which day it gives the data (--dated YYYY-MM-DD), and it takes its place in time."
    )


def _outside(vintage: Vintage) -> str:
    declared, found = vintage.covers, vintage.span
    if declared is None or found is None or (declared.first <= found.first and found.last <= declared.last):
        return ""
    return (
        f"Its events go from {found}, beyond the days that it was declared to cover ({declared}). They are loaded, but the days beyond "
        "count as not covered. If the days were misstated, load it again with the right ones."
    )


def _without_events(store: Store, vintage: Vintage) -> str:
    rows = store.connection.execute(
        "SELECT country FROM covered WHERE vintage = ? AND events = 0 ORDER BY country", [vintage.number]
    ).fetchall()
    if not rows or vintage.covers is None:
        return ""
    names = ", ".join(name for (name,) in rows)
    return (
        f"It has no event in {names}, for which it was declared to speak: the days {vintage.covers} count as days without events there. "
        "If it does not speak for all countries of the desk, say for which it does (--covers-country)."
    )


def _withdrew_most(store: Store, vintage: Vintage) -> str:
    """A part of a data set that is taken for the whole of it withdraws all the rest."""
    if not vintage.complete or not vintage.withdrawn:
        return ""
    left = _count(store, "dataset = ? AND closed IS NULL", [vintage.dataset]) - vintage.added
    if vintage.withdrawn <= left:
        return ""
    return (
        f"It withdrew most of what stood: {_rows(vintage.withdrawn)}, and {left:,} are left of it. If it is only a part of the data, add "
        "the whole file with --complete, which gives them back."
    )


def _same_log(store: Store, vintage: Vintage) -> str:
    """Rows without ids get theirs from what they say, so a column more makes every one of them new."""
    before = _days_before(store, vintage)
    if before is None or vintage.span is None:
        return ""
    if before.first < vintage.span.first or vintage.span.last < before.last:
        return ""
    if vintage.complete:
        return (
            f"{_rows(vintage.withdrawn)} that this log no longer has {_were(vintage.withdrawn)} withdrawn."
            if vintage.withdrawn
            else ""
        )
    old, again = _met_again(store, vintage, before)
    if again * 2 <= old:
        return ""
    return (
        f"For {again:,} of the {old:,} rows that stood on these days there is a new one of the same day: this looks like the same log "
        "with a changed column, and would count those events twice. If it is, load the newer one again with --complete, which "
        "withdraws what it no longer says; if it is a further log of the same days, nothing is to be done."
    )


def _days_before(store: Store, vintage: Vintage) -> Span | None:
    """The days of the rows without ids that stood before this load, whether or not it withdrew them."""
    found = first_row(
        store.connection,
        "SELECT min(event_date), max(event_date) FROM event WHERE dataset = ? AND starts_with(event_id, ?) AND opened <> ? "
        "AND (closed IS NULL OR closed = ?)",
        [vintage.dataset, MADE_ID, vintage.number, vintage.number],
    )
    return Span(found[0], found[1]) if found and found[0] else None


def _met_again(store: Store, vintage: Vintage, days: Span) -> tuple[int, int]:
    """How many rows without ids stood before on these days, and for how many of them there is a new row of the same day."""
    found = first_row(
        store.connection,
        "SELECT sum(old), sum(least(old, new)) FROM (SELECT count(*) FILTER (WHERE opened <> ?) AS old, "
        "count(*) FILTER (WHERE opened = ?) AS new FROM event WHERE dataset = ? AND closed IS NULL AND starts_with(event_id, ?) "
        "AND event_date BETWEEN ? AND ? GROUP BY event_day)",
        [vintage.number, vintage.number, vintage.dataset, MADE_ID, days.first, days.last],
    )
    return (int(found[0] or 0), int(found[1] or 0)) if found else (0, 0)


def _elsewhere(store: Store, vintage: Vintage, countries: Sequence[str]) -> str:
    opened = [vintage.number]
    there = _count(store, "opened = ?", opened)
    inside = _count(store, "opened = ? AND list_contains(?, country)", [*opened, list(countries)])
    if inside == there:
        return ""
    how_many = "None" if not inside else f"Only {inside:,}"
    return (
        f"{how_many} of the {there:,} events that it brought took place in {', '.join(countries)}, of which this desk is: the others are "
        "kept and never counted."
    )


def _count(store: Store, where: str, given: list[Any]) -> int:
    (events,) = store.connection.execute(f"SELECT count(*) FROM event WHERE {where}", given).fetchone() or (0,)
    return int(events)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
