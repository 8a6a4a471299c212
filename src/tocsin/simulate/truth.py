"""What is planted in the synthetic events of Afghanistan: every number that an analysis should find again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from tocsin.schema import Span
from tocsin.simulate.arrays import Days, Floats

Steps = tuple[tuple[dt.date, float], ...]
"""Values in force from a day on, in order of time."""

TAKEOVER = dt.date(2021, 8, 15)


def value_on(steps: Steps, days: Days) -> Floats:
    """The value in force on each day."""
    firsts = np.array([first for first, _ in steps], dtype="datetime64[D]")
    values = np.array([value for _, value in steps])
    return values[np.searchsorted(firsts, days, side="right") - 1]


@dataclass(frozen=True)
class Truth:
    """The planted numbers. Rates are a week, shares are of one, distances are kilometres."""

    span: Span
    takeover: dt.date
    before: Span
    after: Span

    incidents_before: float
    """Mean violent incidents in the whole weeks (Monday to Sunday) inside `before`; held exactly, to rounding."""
    incidents_after: float
    """The same inside `after`."""
    events_to_incidents_before: float
    """Events of all types for one violent incident, in the same weeks; held exactly, to rounding."""
    events_to_incidents_after: float
    incidents: Steps
    """Expected violent incidents a week."""
    dispersion: float
    """Variance of the latent weekly rate round its expected value of one."""
    autocorrelation: float
    """Of the latent weekly rate, at a lag of one week."""

    iskp: Steps
    """Expected incidents with Islamic State Khorasan Province, a week."""
    iskp_on_civilians: Steps
    """Share of them whose target are civilians."""
    nrf: Steps
    """Expected incidents with the National Resistance Front, a week."""
    unattributed: Steps
    """Expected attacks by nobody known on Taliban personnel, a week."""

    lowest_precision: float
    """Share of events with geo_precision 3; held exactly, to rounding, before and after the takeover."""
    lowest_at_capital: float
    """Chance that such an event is placed exactly on the capital of its province."""
    second_precision: float
    """Chance that another event has geo_precision 2."""
    new_media_before: float
    """Share of events with any new-media source until the takeover; held exactly, to rounding."""
    new_media_after: float
    """The same from the takeover on."""
    new_media_sole: float
    """Chance that such an event has no other source."""
    week_dated: float
    """Chance that an event is dated to the middle of its week (time_precision 2)."""
    month_dated: float
    """Chance that an event is dated to the middle of its month (time_precision 3)."""

    near_km: float
    """What `near` is measured by."""
    near: Steps
    """Chance that an event of geo_precision 1 or 2 lies within `near_km` of a provincial capital."""
    far_scale_km: Steps
    """Of the rest: a place's chance falls by e over this many km from the nearest capital. Grows: farther from cities."""

    deaths_before: float
    """Expected deaths an incident until the takeover."""
    deaths_after: float
    """The same from the takeover on."""


# From a day on: incidents, of them with IS-KP, share of these on civilians, with the NRF, unattributed attacks on Taliban
# personnel; share near a capital, scale of distance of the rest.
PATHS: tuple[tuple[dt.date, tuple[float, ...]], ...] = (
    (dt.date(2020, 9, 1), (235, 2, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2020, 10, 1), (250, 2, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2020, 11, 1), (245, 3, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2020, 12, 1), (225, 3, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2021, 1, 1), (215, 3, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2021, 2, 1), (205, 3, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2021, 3, 1), (225, 4, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2021, 4, 1), (240, 3, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2021, 5, 1), (285, 4, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2021, 6, 1), (335, 4, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2021, 7, 1), (370, 3, 0.45, 0, 0, 0.25, 35)),
    (dt.date(2021, 8, 1), (400, 2, 0.45, 0, 0, 0.4, 30)),
    (dt.date(2021, 8, 15), (45, 5, 0.3, 4, 5, 0.6, 15)),
    (dt.date(2021, 9, 1), (52, 9, 0.25, 5, 10, 0.6, 15)),
    (dt.date(2021, 10, 1), (56, 14, 0.25, 3, 22, 0.56, 18)),
    (dt.date(2021, 11, 1), (58, 15, 0.25, 2.5, 21, 0.52, 21)),
    (dt.date(2021, 12, 1), (50, 10, 0.3, 2, 18, 0.48, 24)),
    (dt.date(2022, 1, 1), (46, 8, 0.35, 3, 15, 0.44, 28)),
    (dt.date(2022, 2, 1), (45, 7, 0.45, 4, 14, 0.4, 32)),
    (dt.date(2022, 3, 1), (47, 6, 0.55, 5, 13, 0.36, 37)),
    (dt.date(2022, 4, 1), (53, 6.5, 0.65, 8, 12, 0.32, 43)),
    (dt.date(2022, 5, 1), (59, 6, 0.7, 12, 11, 0.28, 50)),
    (dt.date(2022, 6, 1), (61, 5, 0.7, 15, 10, 0.25, 58)),
    (dt.date(2022, 7, 1), (61, 4, 0.7, 17, 9, 0.22, 66)),
)


def _path(column: int) -> Steps:
    return tuple((first, values[column]) for first, values in PATHS)


AFGHANISTAN = Truth(
    span=Span(dt.date(2020, 9, 1), dt.date(2022, 7, 31)),
    takeover=TAKEOVER,
    before=Span(dt.date(2020, 9, 1), dt.date(2021, 7, 31)),
    after=Span(dt.date(2021, 9, 1), dt.date(2022, 7, 31)),
    incidents_before=256.0,
    incidents_after=53.5,
    events_to_incidents_before=258 / 245,
    events_to_incidents_after=60 / 49,
    incidents=_path(0),
    iskp=_path(1),
    iskp_on_civilians=_path(2),
    nrf=_path(3),
    unattributed=_path(4),
    near=_path(5),
    far_scale_km=_path(6),
    dispersion=0.015,
    autocorrelation=0.6,
    lowest_precision=0.08,
    lowest_at_capital=0.30,
    second_precision=0.30,
    new_media_before=0.03,
    new_media_after=0.45,
    new_media_sole=0.60,
    week_dated=0.10,
    month_dated=0.015,
    near_km=10.0,
    deaths_before=2.2,
    deaths_after=1.1,
)


@dataclass(frozen=True)
class Told:
    """What is planted in the notes: chances, each of one."""

    known: tuple[float, float, float]
    """That an attack with an insurgent group among its actors is claimed by one, claimed by several, contested; else it is unclaimed."""
    unknown: tuple[float, float, float]
    """The same of one by nobody known; else its actor is unidentified."""
    unseen: float
    """That a claim by one is told in words that no rule sees."""
    by_taliban: float
    """That the Taliban began a battle in which they fought."""
    told: float
    """That the note of a battle says who began it."""


TOLD = Told(known=(0.45, 0.05, 0.08), unknown=(0.08, 0.02, 0.03), unseen=0.15, by_taliban=0.6, told=0.7)
