"""How many incidents stand at each place, and how far may each lie from its point?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tocsin.cube import Events, Selection, count
from tocsin.schema import Span

Floats: TypeAlias = NDArray[np.float64]

FEW_EVENTS = 10
"""Of fewer incidents than this in a window nothing is said of where they were."""
FEW = f"no verdict: fewer than {FEW_EVENTS} incidents"


def by_place(
    events: Events, selection: Selection, windows: Mapping[str, Span], precise: Sequence[int] | None
) -> pl.DataFrame:
    """Incidents of each window by place and precision code, with all that is known of the place.

    Returns:
        window, place_id, geo_precision, incidents, the columns of `places`, trusted (the code is one of `precise`, or none is stated).
    """
    cube = pl.concat(
        count(events, selection.placed(None).within(span), by=_KEYS).with_columns(window=pl.lit(label))
        for label, span in windows.items()
    )
    columns = ("place_id", "country", *events.place_columns)
    places: pl.DataFrame = events.places.select(*columns).collect("polars").to_native()
    code = pl.col("geo_precision")
    trusted = pl.lit(value=True) if precise is None else code.is_in(list(precise)) | code.is_null()
    return cube.join(places, on="place_id", how="left").with_columns(trusted=trusted)


_KEYS = ["place_id", "geo_precision"]


def pairs_of(known: pl.DataFrame) -> pl.DataFrame:
    """Each place and precision code once, without what is of a window, and `place`: the place's number in the order of coordinates, from 0.

    In that order draws fall on places: the numbers that a store gives them tell in which order files and rows came, which must not matter.
    """
    pairs = known.unique(_KEYS, maintain_order=True).drop("window", "incidents")
    ordered = pairs.sort("country", "longitude", "latitude", *_KEYS, nulls_last=True)
    return ordered.with_columns(place=pl.col("place_id").rle_id().cast(pl.Int64))


def along(pairs: pl.DataFrame, mine: pl.DataFrame) -> Floats:
    """The incidents of one window by row of `pairs`."""
    counted = mine.select(*_KEYS, "incidents")
    joined = pairs.select(_KEYS).join(counted, on=_KEYS, how="left", nulls_equal=True, maintain_order="left")
    return joined["incidents"].fill_null(0).to_numpy().astype(np.float64)


def radii(codes: Sequence[int | None], error_km: Mapping[int, float]) -> list[float]:
    """The error of each precision code, km: the largest where none is named for it, 0 where none is named at all."""
    largest = max(error_km.values(), default=0.0)
    return [error_km.get(code, largest) if code is not None else largest for code in codes]
