"""Made-up rows in the exact form of each vintage of an ACLED export."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

Row = dict[str, str]

# One event, as it would be called today.
EVENT: Row = {
    "event_id_cnty": "XYZ101",
    "event_date": "2021-11-17",
    "year": "2021",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "Military Forces of Afghanistan (2021-)",
    "assoc_actor_1": "Northern Patrol; Valley Guard",
    "inter1": "State forces",
    "actor2": "Made-up Front",
    "assoc_actor_2": "",
    "inter2": "Rebel group",
    "interaction": "State forces-Rebel group",
    "civilian_targeting": "",
    "iso": "4",
    "region": "Caucasus and Central Asia",
    "country": "Afghanistan",
    "admin1": "Kunar",
    "admin2": "Asadabad",
    "admin3": "",
    "location": "Asadabad",
    "latitude": "34.8731",
    "longitude": "71.1469",
    "geo_precision": "2",
    "source": "Invented Herald; Paper of Record",
    "source_scale": "National-Regional",
    "notes": "A made-up clash, near a made-up bridge.",
    "fatalities": "3",
    "tags": "",
    "timestamp": "1637600000",
}
NOW = tuple(EVENT)
TO_MARCH_2023 = [
    "data_id",
    "iso",
    "event_id_cnty",
    "event_id_no_cnty",
    "event_date",
    "year",
    "time_precision",
    "event_type",
    "sub_event_type",
    "actor1",
    "assoc_actor_1",
    "inter1",
    "actor2",
    "assoc_actor_2",
    "inter2",
    "interaction",
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
    "timestamp",
    "iso3",
]
UPPER = [
    "GWNO",
    "EVENT_ID_CNTY",
    "EVENT_ID_NO_CNTY",
    "EVENT_DATE",
    "YEAR",
    "TIME_PRECISION",
    "EVENT_TYPE",
    "ACTOR1",
    "ALLY_ACTOR_1",
    "INTER1",
    "ACTOR2",
    "ALLY_ACTOR_2",
    "INTER2",
    "INTERACTION",
    "COUNTRY",
    "ADMIN1",
    "ADMIN2",
    "ADMIN3",
    "LOCATION",
    "LATITUDE",
    "LONGITUDE",
    "GEO_PRECISION",
    "SOURCE",
    "NOTES",
    "FATALITIES",
]
ISO_2019 = [
    "ISO",
    "EVENT_ID_CNTY",
    "EVENT_ID_NO_CNTY",
    "EVENT_DATE",
    "YEAR",
    "TIME_PRECISION",
    "EVENT_TYPE",
    "SUB_EVENT_TYPE",
    "ACTOR1",
    "ASSOC_ACTOR_1",
    "INTER1",
    "ACTOR2",
    "ASSOC_ACTOR_2",
    "INTER2",
    "INTERACTION",
    "REGION",
    "COUNTRY",
    "ADMIN1",
    "ADMIN2",
    "ADMIN3",
    "LOCATION",
    "LATITUDE",
    "LONGITUDE",
    "GEO_PRECISION",
    "SOURCE",
    "SOURCE_SCALE",
    "NOTES",
    "FATALITIES",
]
REDUCED = ("country", "admin1", "event_date", "event_type", "fatalities")


def now(**other: str) -> Row:
    """A row as exported today: kinds of actors in words."""
    return EVENT | other


def since_2023(**other: str) -> Row:
    """A row as exported since March 2023: kinds of actors in figures."""
    return {**EVENT, "inter1": "1", "inter2": "2", "interaction": "12"} | other


def to_2023(**other: str) -> Row:
    """A row as exported until March 2023."""
    row = since_2023() | {
        "data_id": "7654321",
        "event_id_no_cnty": "101",
        "iso3": "AFG",
        "event_date": "17 November 2021",
    }
    return {name: row[name] for name in TO_MARCH_2023} | other


def of_2019(**other: str) -> Row:
    """A row as exported in 2019 and 2020."""
    row = since_2023() | {"event_id_no_cnty": "101", "event_date": "17-November-2020"}
    return {name: row[name.lower()] for name in ISO_2019} | other


def of_2016(**other: str) -> Row:
    """A row as exported from 2016 to 2018, upper case, with the event types of the time."""
    row = since_2023() | {
        "gwno": "700",
        "event_id_no_cnty": "101",
        "ally_actor_1": EVENT["assoc_actor_1"],
        "ally_actor_2": "",
        "event_date": "17-Nov-17",
        "event_type": "Battle-No change of territory",
    }
    return {name: row[name.lower()] for name in UPPER} | other


def reduced(**other: str) -> Row:
    """A row of an export of five columns."""
    return {name: EVENT[name] for name in REDUCED} | other


def as_csv(rows: Sequence[Mapping[str, str]], *, delimiter: str = ",", quote_all: bool = False) -> str:
    """Rows as a CSV file, in the columns of the first of them."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text,
        list(rows[0]),
        delimiter=delimiter,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
