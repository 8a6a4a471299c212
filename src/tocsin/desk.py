"""The desk: desk.toml, read into frozen values. It says what is watched and how it is counted; it holds no data."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tocsin.errors import DeskError, did_you_mean
from tocsin.faults import explained
from tocsin.reading import text_of
from tocsin.schema import Span

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
FILE_NAME = "desk.toml"
MEMORY = ".tocsin"


class Frozen(BaseModel):
    """A value read from a file: frozen, and no key is accepted that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Definition(Frozen):
    """What is counted, and how. No count travels without it."""

    incidents: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="event types that count as an incident; default: the source's violent ones",
    )
    precise: tuple[int, ...] | None = Field(
        default=None, min_length=1, description="geo precision codes kept in questions of place; default: the source's"
    )
    week_starts: Weekday = "Monday"
    average_weeks: int = Field(default=8, ge=1, le=104, description="weeks in the moving average")
    average: Literal["trailing", "centred"] = "trailing"
    near_km: float = Field(default=10.0, ge=0, le=5000, description="at most this far from a capital is near, km")
    cell_resolution: int = Field(default=4, ge=3, le=6, description="H3 resolution of the cells of a map")


class Window(Frozen):
    """A named span of days, both ends included."""

    first: dt.date
    last: dt.date
    label: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if self.last < self.first:
            raise ValueError(f"last ({self.last}) is before first ({self.first})")
        return self

    @property
    def span(self) -> Span:
        return Span(self.first, self.last)


class Group(Frozen):
    """A set of actor names under one label. `*` in a name stands for any text ("Military Forces of Syria*")."""

    label: str
    actors: tuple[str, ...] = Field(min_length=1)


class Marker(Frozen):
    """A day that weekly figures mark, with a few words."""

    date: dt.date
    label: str = Field(min_length=1, max_length=80)


class Figure(Frozen):
    """One figure of the report: a question of the catalogue with its arguments."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="names the files of the figure")
    question: Literal[
        "weekly",
        "concentration",
        "proximity",
        "scales",
        "mix",
        "panel",
        "position",
        "placement",
        "dating",
        "agreement",
        "attribution",
        "claims",
        "initiator",
        "change",
        "watch",
        "ways",
    ]
    title: str = ""
    group: str | None = None
    by: str | None = None
    groups: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    near_km: float | None = Field(default=None, ge=0, le=5000)
    level: str | None = None
    against: str | None = None
    weeks: int | None = Field(default=None, ge=2, le=520)
    weight: Literal["mentions"] | None = None
    finding: str | None = None

    @model_validator(mode="after")
    def _ways_of_a_finding(self) -> Figure:
        if (self.question == "ways") != (self.finding is not None):
            raise ValueError(
                'question = "ways" draws a finding in every way of counting: it, and no other, needs finding = "NAME"'
            )
        return self

    @model_validator(mode="after")
    def _groups_are_named(self) -> Figure:
        if self.by == "group" and not self.groups:
            raise ValueError(
                'by = "group" draws a line for each of its groups, and none is named: groups = ["NAME", "NAME"]'
            )
        return self


class Places(Frozen):
    """GeoJSON files of the desk's own that replace the packaged units or capitals."""

    boundaries: str | None = None
    capitals: str | None = None


class Choices(Frozen):
    """What could as reasonably have been chosen, beside the desk's own definition; what is left out has the usual options."""

    incidents: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] | None = Field(
        default=None,
        description="sets of event types; usual: all types, and the source's violent ones, or the commonest alone",
    )
    precise: tuple[Annotated[tuple[int, ...], Field(min_length=1)], ...] | None = Field(
        default=None, description="sets of geo precision codes; usual: all, the source's precise ones, the best alone"
    )
    without_sources: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] | None = Field(
        default=None,
        description="scales or names of sources: incidents that only these report are left out; usual: new media, or the largest source",
    )
    week_starts: tuple[Weekday, ...] | None = Field(default=None, description="usual: Monday, Saturday, Sunday")
    edges_weeks: tuple[Annotated[int, Field(ge=-26, le=26)], ...] | None = Field(
        default=None, description="by how many weeks the first and the last days of windows move; usual: -2, 2"
    )
    average_weeks: tuple[Annotated[int, Field(ge=1, le=104)], ...] | None = Field(
        default=None, description="weeks in the moving average; usual: half and one and a half times the desk's"
    )
    near_km: tuple[Annotated[float, Field(ge=0, le=5000)], ...] | None = Field(
        default=None, description="thresholds of distance, km; usual: half and twice the desk's"
    )


class Position(Frozen):
    """How far events may lie from their points."""

    error_km: Mapping[int, Annotated[float, Field(ge=0, le=1000)]] | None = Field(
        default=None,
        description="geo precision code -> the distance from its point within which 80 per cent of events lie, km; default: the source's",
    )


class Dating(Frozen):
    """Which time precision codes are dated by a rule, where the source's facts do not say."""

    to_week: tuple[int, ...] | None = Field(
        default=None, description="codes of events dated to the middle of the seven days in which they took place"
    )
    to_month: tuple[int, ...] | None = Field(
        default=None, description="codes of events dated to the middle of their month"
    )


class Spark(Frozen):
    """Where Spark runs, for a desk whose engine it is."""

    master: str = Field(
        default="local[*]",
        pattern=r"^(local(\[([1-9][0-9]*|\*)\])?|spark://[A-Za-z0-9._-]+:[0-9]{1,5})$",
        description="this machine or a cluster of its own",
    )
    memory: str | None = Field(
        default=None, pattern=r"^[1-9][0-9]*[mg]$", description="of the driver and of each worker; default: Spark's, 1g"
    )

    @property
    def local(self) -> bool:
        """It runs inside this process."""
        return self.master.startswith("local")

    @property
    def on_this_machine(self) -> bool:
        """Nothing of it is elsewhere."""
        return self.local or self.master.removeprefix("spark://").startswith(("127.", "localhost:"))


class Desk(Frozen):
    """All that desk.toml says."""

    title: str
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 3166 alpha-3 code")], ...] = Field(
        min_length=1
    )
    dataset: str | None = None
    engine: Literal["duckdb", "spark"] = "duckdb"
    period: Window | None = None
    definition: Definition = Definition()
    windows: Mapping[str, Window] = Field(default_factory=dict)
    compare: tuple[str, ...] = Field(default=(), description="the windows compared in the summary table, two of them")
    groups: Mapping[str, Group] = Field(default_factory=dict)
    markers: tuple[Marker, ...] = ()
    figures: tuple[Figure, ...] = ()
    places: Places = Places()
    choices: Choices = Choices()
    position: Position = Position()
    dating: Dating = Dating()
    spark: Spark = Spark()
    folder: Path = Field(default=Path(), exclude=True)

    @field_validator("compare")
    @classmethod
    def _two(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(names) not in (0, 2):
            raise ValueError("name two windows: the earlier and the later")
        return names

    @model_validator(mode="after")
    def _names_exist(self) -> Desk:
        called: list[tuple[str, str, Mapping[str, BaseModel], str]]
        called = [("compare", name, self.windows, "window") for name in self.compare]
        for figure in self.figures:
            called += [(figure.id, name, self.windows, "window") for name in figure.windows]
            called += [(figure.id, name, self.groups, "group") for name in figure.groups]
            called += [(figure.id, figure.group, self.groups, "group")] if figure.group else []
        for where, name, known, kind in called:
            if name not in known:
                raise ValueError(
                    f'"{where}" names the {kind} "{name}", which is not defined. {did_you_mean(name, known)}'
                )
        for kind, labels in (
            ("windows", [window.label or str(window.span) for window in self.windows.values()]),
            ("groups", [group.label for group in self.groups.values()]),
        ):
            if len(set(labels)) != len(labels):
                raise ValueError(f"two {kind} have the same label, so that nobody could tell them apart")
        ids = [figure.id for figure in self.figures]
        if len(set(ids)) != len(ids):
            raise ValueError("two figures have the same id")
        return self

    @property
    def memory(self) -> Path:
        """The folder of the desk's store."""
        return self.folder / MEMORY

    @property
    def on_spark(self) -> Spark | None:
        """Where events are counted; None where that is the store's own engine."""
        return self.spark if self.engine == "spark" else None

    @property
    def compared(self) -> tuple[str, str] | None:
        """Names of the two windows of the summary table: those said, or else the first two in order of time."""
        if len(self.compare) == 2:
            return self.compare[0], self.compare[1]
        in_time = sorted(self.windows, key=lambda name: self.windows[name].first)
        return (in_time[0], in_time[1]) if len(in_time) >= 2 else None


def find_desk(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a desk.toml.

    Raises:
        DeskError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise DeskError(
        "there is no desk here",
        where=str(start),
        next_step="Go to a folder that holds a desk.toml, or make one: tocsin new NAME --country ISO3",
    )


def read_desk(folder: Path) -> Desk:
    """Read `folder`/desk.toml.

    Raises:
        DeskError: it is missing, is not TOML, or says something that is not known; with file, line and key.
    """
    desk = read_toml(folder / FILE_NAME, Desk)
    return desk.model_copy(update={"folder": folder.resolve()})


Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, model: type[Model]) -> Model:
    """Read a TOML file into a model.

    Raises:
        DeskError: the file is missing, is not UTF-8 or TOML, or does not fit the model; with file, line and key.
    """
    text = text_of(path, error=DeskError)
    if text is None:
        raise DeskError("can not be read: No such file or directory", where=str(path))
    return parse_toml(text, model, where=str(path))


def parse_toml(text: str, model: type[Model], *, where: str) -> Model:
    """Read TOML into a model; `where` names the text in errors.

    Raises:
        DeskError: it is not TOML, or does not fit the model; with line and key.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeskError(f"is not TOML: {error}", where=where) from error
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise explained(error, text=text, values=values, model=model, where=where) from error
