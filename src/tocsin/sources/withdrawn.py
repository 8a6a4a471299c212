"""Lists of withdrawn events: which ids a publisher took back, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from tocsin.errors import SourceError
from tocsin.sources.acled.read import NAME as ACLED
from tocsin.sources.layout import plain
from tocsin.sources.raw import Opened, Raw, no_rejects, reject
from tocsin.sources.ucdp_ged.read import NAME as UCDP
from tocsin.sources.values import Parsed, fault, instants, text, whole

IDS = ("event_id_cnty", "event_id", "id")
"""What the column of the ids may be called, the surest first. Where there is but one column, its name does not matter."""
AT = ("deleted_timestamp", "withdrawn_at")
"""What the column of the instants may be called."""
CLOCK = dt.timedelta(days=1)
"""So far a publisher's clock may be ahead of the one that loads."""


@dataclass(frozen=True)
class Withdrawn:
    """A list of withdrawn events, read: rows of the file = ids + rejects."""

    dataset: str
    form: str
    ids: pl.DataFrame
    """row, line, event_id (each once), withdrawn_at (UTC; null where the list does not say)."""
    rejects: pl.DataFrame
    """Every other row, with the columns of REJECT_SCHEMA."""
    unread: tuple[str, ...]
    """Columns of the file of which nothing was made."""

    @property
    def newest(self) -> dt.date | None:
        """The day (UTC) of the newest withdrawal; None where the list does not say."""
        newest = self.ids["withdrawn_at"].max()
        return newest.date() if isinstance(newest, dt.datetime) else None


def recognise(columns: Sequence[str]) -> str | None:
    """The data set whose publisher writes lists of withdrawn events in these columns, or None where they are no such list."""
    names = {plain(column) for column in columns}
    return ACLED if {"event_id_cnty", "deleted_timestamp"} <= names and "event_date" not in names else None


def arrange(opened: Opened, *, dataset: str, now: dt.datetime, where: str) -> Withdrawn:
    """Read a list of withdrawn events.

    Args:
        dataset: The data set whose events it names.
        now: When the list is loaded; no event was withdrawn later.
        where: The file's name, for messages.

    Raises:
        SourceError: no column holds ids, or no row names an event.
    """
    by_name = {plain(column): column for column in reversed(opened.columns)}
    name, at = _id_column(opened, by_name, where=where), next((by_name[each] for each in AT if each in by_name), None)
    raw = _whole(opened)
    if len(opened.columns) == 1 and plain(name) not in IDS:
        raw = _with_header(raw, name)
    raw, ids = _sound(raw, lambda cells: _ids(cells, dataset), column=name)
    instant: pl.Series = pl.repeat(None, len(ids), dtype=pl.Datetime("us", "UTC"), eager=True)
    if at is not None:
        raw, instant = _sound(raw, lambda cells: _instants(cells, now), column=at)
        ids = _ids(raw.cells[name], dataset).values
    raw, table = _each_once(raw, ids, instant, column=name)
    rejects = raw.broken.sort("row")
    if table.is_empty():
        raise _names_nothing(rejects, where=where)
    return Withdrawn(
        dataset=dataset,
        form=f"list of withdrawn events, {opened.kind}",
        ids=table,
        rejects=rejects,
        unread=tuple(column for column in opened.columns if column not in (name, at)),
    )


def _id_column(opened: Opened, by_name: dict[str, str], *, where: str) -> str:
    found = next((by_name[name] for name in IDS if name in by_name), None)
    if found is None and len(opened.columns) == 1:
        return opened.columns[0]
    if found is None:
        columns = ", ".join(opened.columns[:20]) + (" …" if len(opened.columns) > 20 else "")
        raise SourceError(
            f"which of its columns holds the ids of the withdrawn events can not be told: {columns}",
            where=where,
            next_step=f"Call it event_id (or {IDS[0]}, or id), or give a file with that column alone.",
        )
    return found


def _whole(opened: Opened) -> Raw:
    """All rows at once: ids are small."""
    parts = list(opened.batches)
    return Raw(
        row=pl.concat([part.row for part in parts]),
        line=pl.concat([part.line for part in parts]),
        cells=pl.concat([part.cells for part in parts]),
        broken=pl.concat([part.broken for part in parts]),
    )


def _with_header(raw: Raw, name: str) -> Raw:
    """The same rows below the first line of the file, which is no name of a column that is known: it may be an id itself."""
    top = Raw(
        row=pl.Series("row", [1], dtype=pl.Int64),
        line=pl.Series("line", [1], dtype=pl.Int64),
        cells=pl.DataFrame({name: [name]}),
        broken=no_rejects(),
    )
    return Raw(
        row=pl.concat([top.row, raw.row + 1]),
        line=pl.concat([top.line, raw.line]),
        cells=pl.concat([top.cells, raw.cells]),
        broken=raw.broken.with_columns(pl.col("row") + 1),
    )


def _sound(raw: Raw, read: Callable[[pl.Series], Parsed], *, column: str) -> tuple[Raw, pl.Series]:
    """The rows whose cells can be read, with their values; the others are set aside."""
    parsed = read(raw.cells[column])
    while parsed.faults:
        found = parsed.faults[0]
        wrong = found.reasons.is_not_null()
        raw = raw.without(wrong, reject(raw, wrong, column=column, value=found.cells, reason=found.reasons))
        parsed = read(raw.cells[column])
    return raw, parsed.values


def _ids(cells: pl.Series, dataset: str) -> Parsed:
    """Ids, as the reader of the data set's events writes them."""
    parsed = whole(cells, least=0, what="the id") if dataset == UCDP else text(cells)
    parsed = Parsed(parsed.values.cast(pl.String), parsed.faults)
    return parsed.with_faults(
        fault(cells.name, cells, parsed.values.is_null() & (cells.str.strip_chars() == ""), "the row names no event")
    )


def _instants(cells: pl.Series, now: dt.datetime) -> Parsed:
    """When each event was withdrawn, UTC; a day without a time is meant to its end."""
    parsed = instants(cells)
    day_only = cells.str.contains(r"^\s*\d{4}-\d{2}-\d{2}\s*$")
    values = pl.select(
        pl.when(day_only).then(parsed.values + dt.timedelta(days=1, microseconds=-1)).otherwise(parsed.values)
    ).to_series()
    later = fault(
        cells.name, cells, parsed.values > now + CLOCK, "the event would be withdrawn at a time still to come"
    )
    return Parsed(values, parsed.faults).with_faults(later)


def _each_once(raw: Raw, ids: pl.Series, instant: pl.Series, *, column: str) -> tuple[Raw, pl.DataFrame]:
    """Each id once, as it was withdrawn last; what the other rows say is a repeat."""
    table = pl.DataFrame({"row": raw.row, "line": raw.line, "event_id": ids, "withdrawn_at": instant})
    kept = table.sort("withdrawn_at", "row", descending=[True, False], nulls_last=True).unique(
        "event_id", keep="first", maintain_order=True
    )
    of_id = table.select("event_id").join(
        kept.select("event_id", kept="row"), on="event_id", how="left", maintain_order="left"
    )
    again = of_id["kept"] != raw.row
    reason = pl.select(pl.format("names again the event of row {}", of_id["kept"])).to_series()
    repeats = reject(raw, again, kind="repeat", column=column, value=raw.cells[column], reason=reason)
    return raw.without(again, repeats), kept.sort("row")


def _names_nothing(rejects: pl.DataFrame, *, where: str) -> SourceError:
    reasons = "; ".join(f"row {row}: {reason}" for row, reason in rejects.select("row", "reason").head(3).iter_rows())
    return SourceError(
        f"the list names no withdrawn event{f': {reasons}' if reasons else ''}",
        where=where,
        next_step="Nothing was loaded. If nothing was withdrawn, nothing is to be done; else export the list again.",
    )
