"""Is this text a file of GDELT's, which has no header? The columns of its forms, in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ACTOR = (
    "Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode", "Religion1Code", "Religion2Code", "Type1Code", "Type2Code", "Type3Code",
)  # fmt: skip
_PLACE = ("Type", "FullName", "CountryCode", "ADM1Code", "Lat", "Long", "FeatureID")
_PLACE_2 = ("Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID")


def _columns(place: Sequence[str]) -> tuple[str, ...]:
    return (
        "GLOBALEVENTID", "SQLDATE", "MonthYear", "Year", "FractionDate",
        *(f"Actor{number}{name}" for number in (1, 2) for name in _ACTOR),
        "IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale",
        "NumMentions", "NumSources", "NumArticles", "AvgTone",
        *(f"{whose}Geo_{name}" for whose in ("Actor1", "Actor2", "Action") for name in place),
        "DATEADDED", "SOURCEURL",
    )  # fmt: skip


COLUMNS_1 = _columns(_PLACE)
"""GDELT 1.0, 58 columns. Files of events before April 2013 have all but the last, SOURCEURL."""
COLUMNS_2 = _columns(_PLACE_2)
"""GDELT 2.0, 61 columns: a code of the second-order unit in each of the three places."""
FORMS = {len(columns): columns for columns in (COLUMNS_1[:-1], COLUMNS_1, COLUMNS_2)}
LOOKED_AT = 20


def columns_of(lines: Sequence[str]) -> tuple[str, ...] | None:
    """The columns of a file without a header, or None where it is not of GDELT.

    Args:
        lines: The first lines of the file, of which some may be damaged.

    Source:
        The GDELT Event Database Data Format Codebook, 1.0 (2013) and 2.0 (2015).
    """
    for line in lines[:LOOKED_AT]:
        cells = line.rstrip("\r\n").split("\t")
        if len(cells) in FORMS and _is_row(cells):
            return FORMS[len(cells)]
        if "globaleventid" in line.casefold():
            return None  # a header that somebody has put on top
    return None


def _is_row(cells: Sequence[str]) -> bool:
    """The day, month and year of an event stand one after the other in its second to fourth cell."""
    event, day, month, year = cells[:4]
    return bool(re.fullmatch(r"\d+", event) and re.fullmatch(r"\d{8}", day)) and day[:6] == month and day[:4] == year
