"""The mapping file: which column of a table is which, and what its words mean."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, field_validator, model_validator

from tocsin.desk import Frozen
from tocsin.schema import SourceFacts
from tocsin.sources.layout import facts


class Columns(Frozen):
    """The table's column for each column of the contract that it has."""

    event_date: str
    end_date: str | None = None
    event_id: str | None = None
    event_type: str | None = None
    sub_event_type: str | None = None
    time_precision: str | None = None
    geo_precision: str | None = None
    country: str | None = None
    admin1: str | None = None
    admin2: str | None = None
    admin3: str | None = None
    location: str | None = None
    longitude: str | None = None
    latitude: str | None = None
    actor1: str | None = None
    actor2: str | None = None
    assoc_actor1: str | None = None
    assoc_actor2: str | None = None
    fatalities: str | None = None
    fatalities_low: str | None = None
    fatalities_high: str | None = None
    mentions: str | None = None
    source: str | None = None
    source_scale: str | None = None
    notes: str | None = None
    tags: str | None = None
    revised_at: str | None = None

    def given(self) -> dict[str, str]:
        """The columns that the mapping names."""
        return {name: column for name, column in self.model_dump().items() if column is not None}


class Dates(Frozen):
    """How days are written."""

    format: str | None = Field(default=None, description="codes of strptime; none for 2021-11-17 or 17 November 2021")

    @field_validator("format")
    @classmethod
    def _whole_day(cls, form: str | None) -> str | None:
        if form is not None and not _gives_a_day(form):
            raise ValueError(
                f'"{form}" does not give a whole day: it needs the codes of the day (%d), the month (%m, or %b for its name) '
                'and the year (%Y, or %y for two figures), as in "%d.%m.%Y"'
            )
        return form


def _gives_a_day(form: str) -> bool:
    """What is written in the form is read back as the same day."""
    day = dt.datetime(2021, 11, 17)  # noqa: DTZ001 a day has no zone
    try:
        return dt.datetime.strptime(day.strftime(form), form).date() == day.date()  # noqa: DTZ007
    except ValueError:
        return False


class Actors(Frozen):
    """How several parties stand in one cell."""

    separator: str | None = Field(default=";", min_length=1)


class Mapping(Frozen):
    """All that a mapping file says."""

    dataset: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="the name of the data set in the desk's memory")
    title: str = ""
    licence: str = ""
    citation: str = ""
    language: str = Field(
        default="en", pattern=r"^[a-z]{2}$", description="ISO 639-1 code of the language of the month names"
    )
    violent: tuple[str, ...] = Field(default=(), description="event types that count as violent incidents")
    precise: tuple[int, ...] = Field(default=(), description="geo_precision codes good enough for questions of place")
    country: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="of every row, where no column names it"
    )
    event_type: str | None = Field(default=None, description="of every row, where no column names it")
    columns: Columns
    dates: Dates = Dates()
    event_types: dict[str, str] = Field(
        default_factory=dict, description="the table's words and the event types they mean"
    )
    actors: Actors = Actors()

    @model_validator(mode="after")
    def _complete(self) -> Mapping:
        if self.dataset in ("acled", "ucdp_ged", "gdelt", "gdelt2"):
            raise ValueError(f'the data set can not be called "{self.dataset}": that is the name of a source')
        if (self.columns.event_type is None) == (self.event_type is None):
            raise ValueError(
                "give either the column of the event types (columns.event_type) or one event_type for every row"
            )
        if self.columns.country is not None and self.country is not None:
            raise ValueError("give either the column of the countries (columns.country) or one country for every row")
        if (self.columns.longitude is None) != (self.columns.latitude is None):
            raise ValueError("give both columns.longitude and columns.latitude, or neither")
        if self.columns.geo_precision is not None and not self.precise:
            raise ValueError(
                "say which codes of geo_precision are precise enough for questions of place: precise = [1, 2]"
            )
        unknown = [word for word in self.violent if self.event_types and word not in self.event_types.values()]
        if unknown:
            raise ValueError(f'violent names "{unknown[0]}", which no word of event_types means')
        return self

    def facts(self) -> SourceFacts:
        """What the mapping says of the data set, as the facts of a source."""
        common = facts("table")
        types = tuple(dict.fromkeys(self.event_types.values())) or ((self.event_type,) if self.event_type else ())
        return SourceFacts(
            name=common.name,
            title=self.title or self.dataset,
            publisher=common.publisher,
            licence=self.licence,
            citation=self.citation,
            url="",
            event_types=types,
            violent=self.violent or ((self.event_type,) if self.event_type else ()),
            precise=self.precise,
            cautions=common.cautions,
        )
