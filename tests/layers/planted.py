"""The synthetic Afghanistan with the truth of its notes, and a reviewer who knows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cache
from typing import Any

import polars as pl

from tocsin.layers.draws import Draw, reaches
from tocsin.layers.judged import Reviewed, judged
from tocsin.layers.told import random_number
from tocsin.simulate import afghanistan
from tocsin.simulate.layout import VIOLENT
from tocsin.simulate.notes import planted

GROUPS = {
    "IS-KP": ("Islamic State Khorasan Province (ISKP)",),
    "NRF": ("NRF: National Resistance Front",),
    "Taliban": ("Taliban", "Military Forces of Afghanistan (2021-)", "Police Forces of Afghanistan (2021-)"),
    "Unidentified": ("Unidentified Armed Group (Afghanistan)",),
}
ACTORS = ("actor1", "actor2")
CIVILIANS = "Violence against civilians"
SINCE = dt.date(2021, 10, 1)


@cache
def incidents(seed: int = 2022) -> pl.DataFrame:
    """Violent incidents since October 2021, as layers.told gives them, with what is true of them: `state`, `began`, `told`."""
    events = afghanistan(seed=seed)
    truth = planted(events, seed=seed)
    rows = events.join(truth, on="event_id_cnty", maintain_order="left")
    actors = pl.concat_list(*(pl.col(name) for name in ACTORS)).list.drop_nulls().list.sort()
    return rows.filter(pl.col("event_type").is_in(VIOLENT), pl.col("event_date") >= SINCE).with_columns(
        event_id="event_id_cnty", assoc_actor1="assoc_actor_1", assoc_actor2="assoc_actor_2", actors=actors
    )


def read(layer: str, reviewed: Collection[str], *, drawn: bool = True, seed: int = 2022) -> pl.DataFrame:
    """The incidents as layers.judged gives them, once a reviewer who knows the truth has read some."""
    rows = incidents(seed)
    truth = dict(rows.select("event_id", "state" if layer == "attribution" else "began").iter_rows())
    labels = {name: label for label, names in GROUPS.items() for name in names}
    known = {event: str(state) for event, state in truth.items() if event in reviewed and state}
    states = {event: labels.get(state, state) for event, state in known.items()}
    reach = reaches([(draw_of(SINCE, dt.date(2022, 12, 31)), reviewed)]) if drawn else ()
    return judged(
        rows, Reviewed(states, frozenset(), {}, {}, reach), layer=layer, groups=GROUPS, attacker_first=(CIVILIANS,)
    )


def draw_of(first: dt.date, last: dt.date, *, seed: int = 1, **more: Any) -> Draw:
    """A draw from all incidents of some days, or from fewer."""
    given = {"id": "d1", "dataset": "acled", "data_date": dt.date(2022, 8, 1), "asked": 100, "incidents": 1000}
    return Draw.model_validate({**given, "first": first, "last": last, "seed": seed, **more})


def first_drawn(count: int, draw: int, *, seed: int = 2022) -> list[str]:
    """The first incidents in a random order."""
    return sorted(incidents(seed)["event_id"], key=lambda event: random_number(event, draw))[:count]


def came_up(chosen: pl.Expr) -> pl.Expr:
    """The chances of incidents of which all could be drawn and those chosen came up."""
    number = pl.when(chosen).then(0.1).otherwise(0.9)
    return pl.concat_list(pl.struct(seed=pl.lit(1, dtype=pl.Int64), number=number, upto=pl.lit(0.5)))
