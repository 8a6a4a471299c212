"""The event contract: what a reader gives, what the store keeps, what an analysis may ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from tocsin.errors import QuestionError


@dataclass(frozen=True)
class Column:
    """One column of the contract."""

    dtype: pl.DataType
    meaning: str
    required: bool = False
    """True where no event may lack it."""


# What a reader gives, one row an event. Everything but the first three may be null: a file that lacks a column costs only
# the analyses that need it.
EVENT: Mapping[str, Column] = MappingProxyType(
    {
        "event_id": Column(
            pl.String(), "the publisher's id; null where the file has none (one is then made from content)"
        ),
        "event_date": Column(pl.Date(), "first day of the event, as dated by the publisher", required=True),
        "end_date": Column(
            pl.Date(), "last day of the event; the same as event_date where it lasted a day", required=True
        ),
        "event_type": Column(pl.String(), "in the source's current words (see its source.toml)", required=True),
        "sub_event_type": Column(pl.String(), "in the source's current words"),
        "time_precision": Column(pl.Int8(), "the source's own code: 1 is the exact day"),
        "geo_precision": Column(pl.Int8(), "the source's own code: 1 is the exact place"),
        "country": Column(pl.String(), "ISO 3166 alpha-3 code; null where the data name no country that is known"),
        "country_name": Column(pl.String(), "the country as the data name it"),
        "admin1": Column(pl.String(), "first-order unit as the data name it"),
        "admin2": Column(pl.String(), "second-order unit as the data name it"),
        "admin3": Column(pl.String(), "third-order unit as the data name it"),
        "location": Column(pl.String(), "named place"),
        "longitude": Column(pl.Float64(), "degrees east, WGS 84"),
        "latitude": Column(pl.Float64(), "degrees north, WGS 84"),
        "actor1": Column(pl.String(), "the first party's cell, as written; the order says nothing of who began"),
        "actor2": Column(pl.String(), "the second party's cell, as written"),
        "assoc_actor1": Column(pl.String(), "parties associated with the first, as written"),
        "assoc_actor2": Column(pl.String(), "parties associated with the second, as written"),
        "inter1": Column(pl.String(), "kind of the first party, in words"),
        "inter2": Column(pl.String(), "kind of the second party, in words"),
        "actors": Column(pl.List(pl.String()), "every party named in the four cells, once each, sorted"),
        "civilian_targeting": Column(pl.Boolean(), "civilians were the main target"),
        "fatalities": Column(pl.Int64(), "best estimate of deaths"),
        "fatalities_low": Column(pl.Int64(), "low estimate"),
        "fatalities_high": Column(pl.Int64(), "high estimate"),
        "mentions": Column(pl.Int64(), "how often reports mention it, as the source counts"),
        "source": Column(pl.String(), 'names of who reported, joined by "; "'),
        "source_scale": Column(pl.String(), "scale of who reported, as the publisher classes it"),
        "notes": Column(pl.String(), "the publisher's description"),
        "tags": Column(pl.String(), 'labels joined by "; "'),
        "revised_at": Column(pl.Datetime("us", "UTC"), "when the publisher last revised the row"),
    }
)

EVENT_SCHEMA: Mapping[str, pl.DataType] = MappingProxyType({name: column.dtype for name, column in EVENT.items()})

# Every row that is not an event, with its reason: events + rejects = rows read.
REJECT_SCHEMA: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "row": pl.Int64(),  # 1 is the first row after the header
        "line": pl.Int64(),  # line of the file, from 1; null where the format has no lines
        "kind": pl.String(),  # one of REJECT_KINDS
        "column": pl.String(),  # null where the whole row is wrong
        "value": pl.String(),  # the offending value, cut to 200 characters
        "reason": pl.String(),  # a sentence for a person
        "raw": pl.String(),  # the raw row as JSON (or as text where it could not be split into columns)
    }
)

CUT_OFF = "the file ends inside a quotation: the row is cut off, or a quotation mark in it is not closed"
"""The reason of the last row of a file that ends in the middle of it."""

REJECT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "error": "the row is wrong and was set aside",
        "repeat": "the row says again what an earlier row of the same file said",
        "merged": "the row adds an actor to an event that an earlier row opened (one row per event and actor)",
        "markup": "the row describes the columns (HXL tags), not an event",
    }
)


@dataclass(frozen=True)
class SourceFacts:
    """What source.toml says of one source: facts that hold for every file of it."""

    name: str
    title: str
    publisher: str
    licence: str
    citation: str
    url: str
    event_types: tuple[str, ...]
    """Every event type that the source knows now; empty where the user's mapping says."""
    violent: tuple[str, ...]
    """The event types counted as violent incidents unless the desk says otherwise."""
    precise: tuple[int, ...]
    """The geo_precision codes good enough for questions of place; the rest are left out of them, and counted."""
    cautions: tuple[str, ...]
    """Sentences that a report on these data must print."""
    to_week: tuple[int, ...] = ()
    """The time_precision codes of events that are dated to the middle of the seven days in which they took place."""
    to_month: tuple[int, ...] = ()
    """Those of events that are dated to the middle of their month."""
    attacker_first: tuple[str, ...] = ()
    """The event types of which the publisher's codebook says that the first party attacked, and civilians were the target."""
    error_km: tuple[tuple[int, float], ...] = ()
    """geo_precision code -> the distance from its point within which 80 per cent of its events lie by the source's rules, km."""


@dataclass(frozen=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"the last day, {self.last}, is before the first, {self.first}")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return f"{spoken_date(self.first)} – {spoken_date(self.last)}"


def joined(spans: list[Span]) -> tuple[Span, ...]:
    """The same days as spans that do not touch, in order of time."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda each: each.first):
        if result and span.first <= result[-1].last + dt.timedelta(days=1):
            result[-1] = Span(result[-1].first, max(result[-1].last, span.last))
        else:
            result.append(span)
    return tuple(result)


def overlap(some: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    """The days that both have."""
    pairs = ((max(a.first, b.first), min(a.last, b.last)) for a in some for b in others)
    return joined([Span(first, last) for first, last in pairs if first <= last])


def span_of(text: str) -> Span:
    """A span written as FIRST..LAST, both days included: 2020-01-01..2022-07-31.

    Raises:
        QuestionError: it is written otherwise, or the last day is before the first.
    """
    first, _, last = text.partition("..")
    try:
        return Span(dt.date.fromisoformat(first.strip()), dt.date.fromisoformat(last.strip()))
    except ValueError as error:
        raise QuestionError(
            f'"{text}" is not a span of days: {error}', next_step="Write both days: 2020-01-01..2022-07-31"
        ) from error


def ended(text: str) -> str:
    """Somebody's words with one full stop at the end."""
    return f"{text.strip().rstrip('.')}."


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def spoken_date(day: dt.date) -> str:
    """A day as printed: 15 September 2020. Month names do not depend on the machine's locale."""
    months = (
        "January February March April May June July August September October November December".split()  # noqa: SIM905
    )
    return f"{day.day} {months[day.month - 1]} {day.year}"


@dataclass(frozen=True)
class Vintage:
    """One load of one data set."""

    number: int
    """Given once, at the first load, and never changed: people cite it. `order` gives the place in time."""
    dataset: str
    source: str
    file: str
    digest: str
    """SHA-256 of the file's bytes."""
    data_date: dt.date
    """The day as of which the file gives the data."""
    loaded_at: dt.datetime
    rows: int
    events: int
    rejects: int
    span: Span | None
    complete: bool
    synthetic: bool
    dated: bool
    """True where the user said as of which day the file gives the data; else data_date is the day of loading."""
    added: int
    changed: int
    withdrawn: int
    form: str
    """Which of the source's formats the file has."""
    key: str
    """Tells this load of this file from every other."""
    covers: Span | None = None
    """The days that the user declared the file to cover, whether or not it has events in them."""
    kept_back: int = 0
    """Rows of a file without a date that are older than what is known of the same events: these were left as they stood."""

    @property
    def order(self) -> tuple[dt.date, bool, int]:
        """Its place in time among the vintages of its data set: within a day, lists of withdrawn events come after the files."""
        return self.data_date, self.withdraws, self.number

    @property
    def withdraws(self) -> bool:
        """It is a list of withdrawn events: it has none itself, and speaks for no day."""
        return self.events == 0


@dataclass(frozen=True)
class Provenance:
    """Where the rows of a table come from; it travels with every count."""

    dataset: str
    facts: SourceFacts
    vintages: tuple[Vintage, ...]
    as_of: dt.date | None
    covered: tuple[Span, ...]
    """The days on which the data speak for all countries asked for: sorted, apart from each other."""

    @property
    def synthetic(self) -> bool:
        return any(vintage.synthetic for vintage in self.vintages)

    @property
    def newest(self) -> Vintage:
        """The newest vintage that has events: as of its day the data are given. There must be a vintage."""
        with_events = [vintage for vintage in self.vintages if not vintage.withdraws]
        return max(with_events or self.vintages, key=lambda vintage: vintage.order)

    def sentence(self) -> str:
        """Source, date and digest in one sentence, as a caption prints it."""
        if not self.vintages:
            return f"{self.facts.title}."
        newest = self.newest
        later = [vintage for vintage in self.vintages if vintage.order > newest.order]
        files = f"file {newest.digest[:12]}"
        if len(self.vintages) - len(later) > 1:
            files = f"{len(self.vintages) - len(later)} vintages, newest {newest.digest[:12]}"
        start = "SYNTHETIC data in the format of " if self.synthetic else ""
        dated = "data as of" if newest.dated else "as loaded on"
        return f"{start}{self.facts.title}, {dated} {spoken_date(newest.data_date)} ({files}){_less(later)}"


def _less(lists: Sequence[Vintage]) -> str:
    """What lists of withdrawn events took away from newer data, in a few words."""
    if not lists:
        return ""
    newest = max(lists, key=lambda vintage: vintage.order)
    named = f"list {newest.digest[:12]}" if len(lists) == 1 else f"{len(lists)} lists, newest {newest.digest[:12]}"
    return f", less what was withdrawn by {spoken_date(newest.data_date)} ({named})"
