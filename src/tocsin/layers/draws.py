"""From what was a random sample drawn? Written beside a review file, so that a sample speaks only for what could come up in it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from tocsin.cube import Selection
from tocsin.desk import Frozen, parse_toml
from tocsin.errors import DeskError
from tocsin.layers.told import random_number
from tocsin.reading import text_of
from tocsin.schema import Span
from tocsin.visible import escaped
from tocsin.writing import write_whole

_HEAD = """# What the samples of {layer}.{reviewer}.csv were drawn from; written by `tocsin review --sample`.
# A row of that file names its draw in the column `drawn`. An estimate is given only for incidents that could come up in a draw.
"""


class Draw(Frozen):
    """One draw: incidents of a selection, in the random order of a seed, from the lowest number on.

    What it was drawn from is what the selection was on that day: the days, the actors' names and the types of event, not the words of
    desk.toml, which may change.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="by which rows of the review file name it")
    seed: int = Field(ge=0, description="of the random order")
    dataset: str = Field(min_length=1, description="the data set")
    data_date: dt.date = Field(description="as of which day the data gave the incidents")
    asked: int = Field(ge=1, description="how many were to be drawn")
    incidents: int = Field(ge=0, description="how many they were drawn from")
    first: dt.date = Field(description="of the days drawn from, both included")
    last: dt.date
    countries: tuple[str, ...] | None = Field(default=None, description="ISO 3166 alpha-3 codes; without the key, all")
    event_types: tuple[str, ...] | None = Field(
        default=None, description="types of event drawn from; without the key, all"
    )
    group: str = Field(default="", description="label of the group drawn from; for a reader")
    actors: tuple[str, ...] | None = Field(
        default=None, description="names, of which an incident must have one; without the key, any or none"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Draw:
        if self.last < self.first:
            raise ValueError(f"last ({self.last}) is before first ({self.first})")
        return self

    @property
    def span(self) -> Span:
        return Span(self.first, self.last)

    def holds(self, row: Mapping[str, Any]) -> bool:
        """True where an incident (of layers.told) could come up in it."""
        return (
            self.first <= row["event_date"] <= self.last
            and (self.countries is None or row["country"] in self.countries)
            and (self.event_types is None or row["event_type"] in self.event_types)
            and (self.actors is None or not set(self.actors).isdisjoint(row["actors"]))
        )

    def __str__(self) -> str:
        of = f" with {self.group}" if self.group else " with some actors" if self.actors is not None else ""
        return f"{self.incidents:,} incidents{of}, {self.span}"


class _File(Frozen):
    draw: tuple[Draw, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> _File:
        ids = [draw.id for draw in self.draw]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValueError(f'two draws have the id "{twice[0]}"')
        return self


def draws_of(review: Path) -> Path:
    """Where the draws of a review file are told."""
    return review.with_suffix(".draws.toml")


def read_draws(review: Path) -> tuple[Draw, ...]:
    """The draws of a review file; none where nothing was drawn.

    Raises:
        DeskError: their file is wrong; with its line and key.
    """
    path = draws_of(review)
    text = text_of(path, error=DeskError)
    return () if text is None else parse_toml(text, _File, where=str(path)).draw


def draw_from(
    selection: Selection, *, seed: int, dataset: str, data_date: dt.date, asked: int, incidents: int, group: str,
    known: Sequence[Draw],
) -> Draw:  # fmt: skip
    """A draw from a selection; the one of these that is known, where nothing but how many were asked for is different.

    Args:
        selection: With its span.
        group: Label of the group that narrows it; empty for none.
        known: Draws made before: an id of theirs is not given twice.
    """
    if selection.span is None:
        raise AssertionError("a draw is from some days")
    made = Draw(
        id="new",
        seed=seed,
        dataset=dataset,
        data_date=data_date,
        asked=asked,
        incidents=incidents,
        first=selection.span.first,
        last=selection.span.last,
        countries=selection.countries,
        event_types=selection.event_types,
        group=group,
        actors=selection.actors,
    )
    for draw in known:
        if made == draw.model_copy(update={"id": "new", "asked": asked}):
            return draw.model_copy(update={"asked": max(asked, draw.asked)})
    ids = {draw.id for draw in known}
    free = next(name for number in range(1, len(ids) + 2) if (name := f"d{number}") not in ids)
    return made.model_copy(update={"id": free})


def write_draw(review: Path, draw: Draw, *, layer: str, reviewer: str) -> tuple[Draw, ...]:
    """Add a draw to those of a review file, or write it anew; give all of them.

    Raises:
        StoreError: it can not be written.
        DeskError: the file that is there is wrong.
    """
    known = {each.id: each for each in read_draws(review)}
    if known.get(draw.id) != draw:
        known[draw.id] = draw
        text = _HEAD.format(layer=layer, reviewer=reviewer) + "".join(map(_written, known.values()))
        write_whole(draws_of(review), escaped(text).encode())
    return tuple(known.values())


def _written(draw: Draw) -> str:
    values = {name: value for name, value in draw.model_dump().items() if value not in (None, "")}
    return "\n[[draw]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())


def _toml(value: Any) -> str:
    # A string of JSON is one of TOML, and so is a list of them.
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Reach:
    """How far a draw was read: all that could come up in it and has a number up to `upto` did come up."""

    draw: Draw
    upto: float


def reaches(drawn: Iterable[tuple[Draw, Collection[str]]]) -> tuple[Reach, ...]:
    """How far each draw was read.

    Args:
        drawn: A draw, and the events decided that came up in it.

    Assumes:
        They were read in the order of their numbers, as the terminal asks them.
    """
    return tuple(
        Reach(draw, max(random_number(event, draw.seed) for event in events)) for draw, events in drawn if events
    )


def chances(row: Mapping[str, Any], read: Iterable[Reach]) -> list[dict[str, Any]]:
    """In which random orders an incident could come up, and how far each was read.

    Args:
        row: Of told.told.

    Returns:
        seed, number (of the incident in that order), upto (the incident came up if its number is not above it).
    """
    upto: dict[int, float] = {}
    for reach in read:
        if reach.draw.holds(row):
            upto[reach.draw.seed] = max(reach.upto, upto.get(reach.draw.seed, 0.0))
    return [
        {"seed": seed, "number": random_number(row["event_id"], seed), "upto": far}
        for seed, far in sorted(upto.items())
    ]
