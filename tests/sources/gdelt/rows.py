"""Made-up rows in the exact forms of GDELT's files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from tocsin.sources.gdelt.form import COLUMNS_1, COLUMNS_2

Row = dict[str, str]
EVENT: Row = {
    "GLOBALEVENTID": "410000001",
    "SQLDATE": "20240105",
    "MonthYear": "202401",
    "Year": "2024",
    "FractionDate": "2024.0137",
    "Actor1Code": "AFGREB",
    "Actor1Name": "MADE-UP FRONT",
    "Actor1CountryCode": "AFG",
    "Actor1Type1Code": "REB",
    "Actor2Code": "AFGCOP",
    "Actor2Name": "POLICE",
    "Actor2CountryCode": "AFG",
    "Actor2Type1Code": "COP",
    "IsRootEvent": "1",
    "EventCode": "183",
    "EventBaseCode": "183",
    "EventRootCode": "18",
    "QuadClass": "4",
    "GoldsteinScale": "-10.0",
    "NumMentions": "12",
    "NumSources": "3",
    "NumArticles": "11",
    "AvgTone": "-4.2",
    "Actor1Geo_Type": "0",
    "Actor2Geo_Type": "0",
    "ActionGeo_Type": "4",
    "ActionGeo_FullName": "Kabul, Kabol, Afghanistan",
    "ActionGeo_CountryCode": "AF",
    "ActionGeo_ADM1Code": "AF13",
    "ActionGeo_Lat": "34.5167",
    "ActionGeo_Long": "69.1833",
    "ActionGeo_FeatureID": "-3378435",
    "DATEADDED": "20240106",
    "SOURCEURL": "https://www.invented-herald.example/2024/made-up-story",
}


def event(**changes: str) -> Row:
    """One event with some cells changed; the cells that follow from the day follow it."""
    row = EVENT | changes
    if "SQLDATE" in changes:
        row |= {"MonthYear": changes["SQLDATE"][:6], "Year": changes["SQLDATE"][:4]}
    return row


def lines(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = COLUMNS_1) -> str:
    """The text of a file, in one of GDELT's forms."""
    stamp = "000000" if columns == COLUMNS_2 else ""
    added = [{**row, "DATEADDED": row["DATEADDED"] + (stamp if len(row["DATEADDED"]) == 8 else "")} for row in rows]
    return "".join("\t".join(row.get(name, "") for name in columns) + "\n" for row in added)


def zipped(text: str, name: str = "20240106.export.CSV") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, text)
    return content.getvalue()
