"""The publisher's current layout: columns, and those of them that follow from others."""

from __future__ import annotations

import polars as pl

COLUMNS = (
    "event_id_cnty",
    "event_date",
    "year",
    "time_precision",
    "disorder_type",
    "event_type",
    "sub_event_type",
    "actor1",
    "assoc_actor_1",
    "inter1",
    "actor2",
    "assoc_actor_2",
    "inter2",
    "interaction",
    "civilian_targeting",
    "iso",
    "region",
    "country",
    "admin1",
    "admin2",
    "admin3",
    "location",
    "latitude",
    "longitude",
    "geo_precision",
    "source",
    "source_scale",
    "notes",
    "fatalities",
    "tags",
    "timestamp",
)

VIOLENT = ("Battles", "Explosions/Remote violence", "Violence against civilians")
INTERS = (
    "State forces",
    "Rebel group",
    "Political militia",
    "Identity militia",
    "Rioters",
    "Protesters",
    "Civilians",
    "External/Other forces",
)
SCALES = {
    "Local partner": "Synthetic partner organisation",
    "Other": "Synthetic humanitarian bulletin",
    "New media": "Synthetic social media account",
    "Subnational": "Synthetic provincial radio",
    "National": "Synthetic national newspaper",
    "Regional": "Synthetic regional monitor",
    "International": "Synthetic international news agency",
}
"""Scales of sources in the publisher's order, each with the name of a made-up source."""
TAG = "synthetic"


def interaction(inter1: str, inter2: str | None) -> str:
    """The kinds of the two parties as one cell: the kind that stands first in the codebook comes first."""
    if inter2 is None:
        return f"{inter1} only"
    return "-".join(sorted((inter1, inter2), key=INTERS.index))


def disorder_type(event_type: str, sub_event_type: str) -> str:
    """The publisher's widest class of an event."""
    if event_type == "Strategic developments":
        return "Strategic developments"
    if sub_event_type == "Excessive force against protesters":
        return "Political violence; Demonstrations"
    if event_type in VIOLENT or sub_event_type == "Mob violence":
        return "Political violence"
    return "Demonstrations"


def sources(scale: str) -> str:
    """The names of the made-up sources of one source_scale."""
    return "; ".join(SCALES[part] for part in scale.split("-"))


def laid_out(events: pl.DataFrame) -> pl.DataFrame:
    """The events with every column of the layout, in its order; a column that they lack is empty."""
    tagged = events.with_columns(pl.col("event_date").dt.year().alias("year"), pl.lit(TAG).alias("tags"))
    lacking = [pl.lit(None, dtype=pl.String).alias(name) for name in COLUMNS if name not in tagged.columns]
    return tagged.with_columns(lacking).select(COLUMNS)
