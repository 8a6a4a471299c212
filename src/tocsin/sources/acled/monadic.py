"""Do the rows of one event agree, where a file has one row per event and actor?"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from tocsin.sources.values import Fault, Parsed, any_fault, fault

# What all rows of an event must say alike: they differ in their actors.
ALIKE = (
    "event_type",
    "sub_event_type",
    "event_date",
    "country",
    "admin1",
    "admin2",
    "admin3",
    "location",
    "longitude",
    "latitude",
    "fatalities",
)
Parse = Callable[[pl.DataFrame], dict[str, Parsed]]


def agreeing(parse: Parse, *, column: str) -> Parse:
    """The same way of parsing, with a fault for each row that has the id of an earlier one and tells of another event.

    Args:
        parse: Makes columns of the contract out of cells; it is given the rows of one file, in their order.
        column: The file's column of ids.
    """
    first = pl.DataFrame()

    def parsed(cells: pl.DataFrame) -> dict[str, Parsed]:
        nonlocal first
        found = parse(cells)
        said = pl.DataFrame({name: found[name].values for name in ("event_id", *ALIKE) if name in found})
        sound = ~any_fault(*found.values()) & said["event_id"].is_not_null()
        first = pl.concat([first, said.filter(sound)]).unique("event_id", keep="first", maintain_order=True)
        found["event_id"] = found["event_id"].with_faults(_differing(said, first, sound, cells[column]))
        return found

    return parsed


def _differing(said: pl.DataFrame, first: pl.DataFrame, sound: pl.Series, ids: pl.Series) -> Fault | None:
    both = said.join(first, on="event_id", how="left", suffix=" of the first", maintain_order="left")
    names = [name for name in ALIKE if name in said.columns]
    other = both.select(
        pl.coalesce(
            *(pl.when(pl.col(name).ne_missing(pl.col(f"{name} of the first"))).then(pl.lit(name)) for name in names),
            pl.lit(None, dtype=pl.String),
        )
    ).to_series()
    reason = pl.select(
        pl.lit("an earlier row has the same id and another ")
        + other.str.replace_all("_", " ", literal=True)
        + pl.lit(": rows of one id may differ in their actors only")
    ).to_series()
    return fault(ids.name, ids, sound & other.is_not_null(), reason)
