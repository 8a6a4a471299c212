"""Synthetic events in the files of GDELT, with repeats and late reports as they have them."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import numpy as np
import polars as pl

from tocsin.errors import QuestionError
from tocsin.simulate.arrays import Ints

# Code of a country in FIPS 10-4, its name, and named places with first-order unit, latitude and longitude.
PLACES = {
    "AF": (
        "Afghanistan",
        [
            ("Kabul", "Kabol", 34.5167, 69.1833),
            ("Kandahar", "Kandahar", 31.6133, 65.7101),
            ("Herat", "Herat", 34.34, 62.2),
        ],
    ),
    "IZ": ("Iraq", [("Baghdad", "Baghdad", 33.3386, 44.3939), ("Mosul", "Ninawa", 36.335, 43.1189)]),
    "UP": (
        "Ukraine",
        [("Kiev", "Kyyiv, Misto", 50.4333, 30.5167), ("Kharkiv", "Kharkivs'ka Oblast'", 49.9808, 36.2527)],
    ),
}
CENTRES = {"AF": (33.0, 66.0), "IZ": (33.0, 44.0), "UP": (49.0, 32.0)}
ACTORS = (
    ("", "", ""),
    ("SYNTHETIC GUARD", "AFGMIL", "MIL"),
    ("SYNTHETIC FRONT", "AFGREB", "REB"),
    ("VILLAGER", "AFGCVL", "CVL"),
)
CODES = ("010", "042", "057", "112", "141", "173", "181", "183", "190", "193", "1823", "194")
LATE = (0, 0, 0, 0, 0, 0, 0, 1, 1, 7, 30, 365)
"""Days between an event and its report."""
FORMS = ("1.0", "2.0")


def gdelt_day(day: dt.date, *, events: int, form: str = "1.0", seed: int = 1) -> pl.DataFrame:
    """Make the rows that GDELT would add on one day.

    Args:
        day: The day on which the rows were added.
        events: How many rows.
        form: "1.0" (58 columns) or "2.0" (61 columns).
        seed: The same arguments give the same rows.

    Returns:
        Text, in the order of GDELT's columns; ids are of the day, so that no two days share one. Some events are of days before, and
        some rows say again under an id of their own what another says. The address of each article begins with "synthetic:".

    Raises:
        QuestionError: the form is none of the two, or there are too many rows for a day.
    """
    if form not in FORMS:
        raise QuestionError(f'"{form}" is no form of GDELT', next_step=f"Name one: {' or '.join(FORMS)}.")
    if not 0 < events <= 10_000_000:
        raise QuestionError(f"{events} rows can not be made for a day", next_step="Name a number from 1 to 10000000.")
    rng = np.random.default_rng([seed, day.toordinal()])
    what = rng.integers(0, 1 << 30, size=(events, 6))
    again = np.flatnonzero(rng.random(events) < 0.1)
    what[again] = what[np.maximum(again - 1, 0)]
    added = day.strftime("%Y%m%d") if form == "1.0" else None
    quarters = np.arange(events) * 96 // events
    event_day = pl.Series([day - dt.timedelta(days=late) for late in LATE])[_numbers(what[:, 0], len(LATE))]
    code = pl.Series(CODES)[_numbers(what[:, 1], len(CODES))]
    columns = [
        pl.Series((day.toordinal() * 10_000_000 + np.arange(events)).astype(str)),
        event_day.dt.strftime("%Y%m%d"),
        event_day.dt.strftime("%Y%m"),
        event_day.dt.strftime("%Y"),
        event_day.dt.strftime("%Y.%j"),
        *_actor(what[:, 2]),
        *_actor(what[:, 3]),
        pl.Series((what[:, 4] % 2).astype(str)),
        code,
        code.str.slice(0, 3),
        code.str.slice(0, 2),
        pl.Series(np.full(events, "4")),
        pl.Series(np.full(events, "-5.0")),
        *(pl.Series((1 + what[:, column] % most).astype(str)) for column, most in ((4, 20), (5, 3), (4, 20))),
        pl.Series(np.full(events, "-2.5")),
        *_nowhere(events, form),
        *_nowhere(events, form),
        *_place(what[:, 5], form),
        pl.Series(np.full(events, added))
        if added
        else pl.Series([f"{day:%Y%m%d}{quarter // 4:02}{quarter % 4 * 15:02}00" for quarter in range(96)])[
            pl.Series(quarters)
        ],
        pl.Series([f"synthetic://outlet-{number}.invalid/article/" for number in range(50)])[_numbers(what[:, 3], 50)]
        + pl.Series((what[:, 3] % 5_000).astype(str)),
    ]
    return pl.DataFrame([column.alias(str(number)) for number, column in enumerate(columns)])


def write_gdelt_day(folder: Path, day: dt.date, *, events: int, form: str = "1.0", seed: int = 1) -> list[Path]:
    """Write the rows of a day as GDELT publishes them: zipped, tab-separated, without a header.

    Returns:
        The file of the day; in form 2.0 its 96 files of a quarter of an hour, none of them empty from 96 events on.

    Raises:
        QuestionError, OSError: as `gdelt_day`; or the folder can not be written.
    """
    rows = gdelt_day(day, events=events, form=form, seed=seed)
    if form == "1.0":
        return [_zipped(folder, f"{day:%Y%m%d}.export.CSV", rows)]
    added = rows.columns[-2]
    stamps = [f"{day:%Y%m%d}{quarter // 4:02}{quarter % 4 * 15:02}00" for quarter in range(96)]
    return [_zipped(folder, f"{stamp}.export.CSV", rows.filter(pl.col(added) == stamp)) for stamp in stamps]


def _zipped(folder: Path, name: str, rows: pl.DataFrame) -> Path:
    path = folder / f"{name}.zip"
    text = rows.write_csv(separator="\t", include_header=False, quote_style="never")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), text)  # without the time of writing: the same rows are the same bytes
    return path


def _numbers(drawn: Ints, below: int) -> pl.Series:
    return pl.Series(drawn % below)


def _actor(drawn: Ints) -> list[pl.Series]:
    """The ten columns of an actor: code, name, country, group, ethnic group, two religions, three roles."""
    at = _numbers(drawn, len(ACTORS))
    name, code, role = (pl.Series([actor[place] for actor in ACTORS])[at] for place in range(3))
    none = pl.Series(np.full(len(drawn), ""))
    return [code, name, code.str.slice(0, 3), none, none, none, none, role, none, none]


def _nowhere(events: int, form: str) -> list[pl.Series]:
    """A place that was not found."""
    none = pl.Series(np.full(events, ""))
    return [pl.Series(np.full(events, "0")), *[none] * (6 if form == "1.0" else 7)]


def _place(drawn: Ints, form: str) -> list[pl.Series]:
    """The place of the action: a named place, or the centroid of a country."""
    every: list[tuple[str, ...]] = []
    for fips, (country, named) in PLACES.items():
        latitude, longitude = CENTRES[fips]
        every.append(("1", country, fips, fips, "", str(latitude), str(longitude), fips))
        for number, (city, unit, north, east) in enumerate(named):
            every.append(
                ("4", f"{city}, {unit}, {country}", fips, f"{fips}{number:02}", "", str(north), str(east), f"-{number}")
            )
    at = _numbers(drawn, len(every))
    columns = [pl.Series([place[column] for place in every])[at] for column in range(8)]
    return columns if form == "2.0" else [*columns[:4], *columns[5:]]
