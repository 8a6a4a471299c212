"""What all sides are asked: seven figures of one synthetic world. Only the standard library, so that no side pays for another's imports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

OUT = Path(__file__).parent / "out"

COUNTRIES: Mapping[str, str] = {
    "AFG": "Afghanistan",
    "COL": "Colombia",
    "IRQ": "Iraq",
    "MEX": "Mexico",
    "MLI": "Mali",
    "MMR": "Myanmar",
    "NGA": "Nigeria",
    "SOM": "Somalia",
    "SYR": "Syria",
    "UKR": "Ukraine",
}
VIOLENT = ("Battles", "Explosions/Remote violence", "Violence against civilians")
PRECISE = (1, 2)
NEAR_KM = 10
CELL_RESOLUTION = 4
AVERAGE_WEEKS = 8

# A Monday and a Sunday: the period is whole weeks.
FIRST, LAST = dt.date(2018, 1, 1), dt.date(2023, 12, 31)
WINDOWS: Mapping[str, tuple[dt.date, dt.date]] = {
    "earlier": (dt.date(2020, 9, 15), dt.date(2021, 7, 15)),
    "later": (dt.date(2021, 9, 15), dt.date(2022, 7, 15)),
}
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Fronts": tuple(f"Synthetic Front {number} ({name})" for name in COUNTRIES.values() for number in (1, 7, 13)),
    "Militias": tuple(f"Synthetic Militia {number} ({name})" for name in COUNTRIES.values() for number in (2, 5)),
}

NEAR, FAR = f"Within {NEAR_KM} km", f"Farther than {NEAR_KM} km"

BY_UNIT = "figure-2"
"""The map that counts by first-order unit; those of the groups count by hexagon."""
SERIES = ("figure-1", "figure-3", "figure-5", "figure-7")
MAPS = ("figure-2", "figure-4", "figure-6")
FIGURES: Mapping[str, str] = {
    "figure-1": "incidents a week",
    "figure-2": "map by unit, two windows",
    "figure-3": "two groups, a week",
    "figure-4": "map by hexagon of one group",
    "figure-5": "one group by event type, a week",
    "figure-6": "map by hexagon of the other group",
    "figure-7": "near and far, a week",
}


def folder_of(events: int) -> Path:
    """Where the files of a world of so many events are."""
    return OUT / f"{events}"


def desk_toml() -> str:
    """The desk that asks for the seven figures."""
    figures = {
        "figure-1": 'question = "weekly"',
        "figure-2": 'question = "concentration"\nwindows = ["earlier", "later"]',
        "figure-3": 'question = "weekly"\nby = "group"\ngroups = ["fronts", "militias"]',
        "figure-4": 'question = "concentration"\ngroup = "fronts"\nwindows = ["later"]',
        "figure-5": 'question = "weekly"\ngroup = "fronts"\nby = "event_type"',
        "figure-6": 'question = "concentration"\ngroup = "militias"\nwindows = ["later"]',
        "figure-7": 'question = "proximity"',
    }
    groups = {label.lower(): (label, names) for label, names in GROUPS.items()}
    return desk_toml_of(windows=WINDOWS, groups=groups, figures=figures, title="A synthetic world, for the benchmark")


def desk_toml_of(
    *,
    windows: Mapping[str, tuple[dt.date, dt.date]],
    groups: Mapping[str, tuple[str, tuple[str, ...]]],
    figures: Mapping[str, str],
    title: str,
) -> str:
    """A desk of the benchmark's definition.

    Args:
        groups: By name, the label and the actors.
        figures: By id, the lines that ask for it.
    """
    grouped = "\n".join(
        f'[groups.{name}]\nlabel = "{label}"\nactors = [{", ".join(f"{actor!r}" for actor in actors)}]\n'
        for name, (label, actors) in groups.items()
    )
    spans = "\n".join(
        f'{name} = {{ first = {first}, last = {last}, label = "{name}" }}' for name, (first, last) in windows.items()
    )
    listed = "\n".join(f'[[figures]]\nid = "{name}"\n{lines}\n' for name, lines in figures.items())
    return f"""title = "{title}"
countries = [{", ".join(f'"{code}"' for code in COUNTRIES)}]
period = {{ first = {FIRST}, last = {LAST} }}
compare = ["earlier", "later"]

[definition]
incidents = [{", ".join(f'"{name}"' for name in VIOLENT)}]
precise = [{", ".join(map(str, PRECISE))}]
average_weeks = {AVERAGE_WEEKS}
near_km = {NEAR_KM}
cell_resolution = {CELL_RESOLUTION}

[windows]
{spans}

{grouped}
{listed}"""
