"""GDELT's event files: every form, every kind of damage, and each row once."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.gdelt.rows import EVENT, event, lines, zipped
from tests.sources.test_acled_vintages import all_of, save
from tocsin import sources
from tocsin.errors import SourceError
from tocsin.sources.gdelt.form import COLUMNS_1, COLUMNS_2
from tocsin.sources.layout import told

FORMS = [
    (COLUMNS_1, "GDELT 1.0, 58 columns"),
    (COLUMNS_1[:-1], "GDELT 1.0, 57 columns, without SOURCEURL"),
    (COLUMNS_2, "GDELT 2.0, 61 columns"),
]


@pytest.mark.parametrize(("columns", "form"), FORMS, ids=["1.0", "1.0-before-2013", "2.0"])
@pytest.mark.parametrize("packed", ["plain", "zip", "gzip"])
def test_every_form_is_read(tmp_path: Path, columns: tuple[str, ...], form: str, packed: str) -> None:
    text = lines([event(), event(GLOBALEVENTID="2", EventCode="141", EventRootCode="14")], columns)
    content = {"plain": text.encode(), "zip": zipped(text), "gzip": gzip.compress(text.encode())}[packed]
    reading, events, rejects = all_of(save(tmp_path, content, "20240106.export.CSV"))
    assert rejects.rows() == []
    dataset = "gdelt2" if columns == COLUMNS_2 else "gdelt"
    assert (reading.source, reading.dataset, reading.form, reading.monadic) == ("gdelt", dataset, form, False)
    first = events.row(0, named=True)
    said = "sourceurl" in (name.casefold() for name in columns)
    assert {name: value for name, value in first.items() if value is not None} == {
        "row": 1,
        "line": 1,
        "event_id": "410000001",
        "event_date": dt.date(2024, 1, 5),
        "end_date": dt.date(2024, 1, 5),
        "event_type": "Assault",
        "sub_event_type": "Conduct suicide, car, or other non-military bombing",
        "geo_precision": 4,
        "country": "AFG",
        "country_name": "AF",
        "admin1": "Kabol",
        "location": "Kabul, Kabol, Afghanistan",
        "longitude": 69.1833,
        "latitude": 34.5167,
        "actor1": "MADE-UP FRONT",
        "actor2": "POLICE",
        "inter1": "Rebels",
        "inter2": "Police forces",
        "actors": ["MADE-UP FRONT", "POLICE"],
        "mentions": 12,
        "tags": "sources 3; articles 11; actor1 AFGREB; actor2 AFGCOP",
        "revised_at": dt.datetime(2024, 1, 6, tzinfo=dt.UTC),
    } | ({"source": "invented-herald.example", "notes": EVENT["SOURCEURL"]} if said else {})
    assert events["event_type"].to_list() == ["Assault", "Protest"]
    assert events["row"].to_list() == events["line"].to_list() == [1, 2]
    assert {"fatalities", "time_precision", "civilian_targeting"} <= set(reading.absent)
    assert ("source" in reading.absent) is not said
    assert "GoldsteinScale" in reading.unread


def test_a_header_that_somebody_put_on_top_is_read_too(tmp_path: Path) -> None:
    header = "\t".join(COLUMNS_1).replace("SQLDATE", "Day") + "\n"
    reading, events, rejects = all_of(save(tmp_path, header + lines([event()])))
    assert (reading.source, len(events), len(rejects), events["line"][0]) == ("gdelt", 1, 0, 2)


def test_quotation_marks_are_letters_like_others(tmp_path: Path) -> None:
    rows = [
        event(GLOBALEVENTID="1", Actor1Name='"FRONT'),
        event(GLOBALEVENTID="2", ActionGeo_FullName='Kabul "old town", Kabol, Afghanistan'),
        event(GLOBALEVENTID="3", SOURCEURL='"'),
    ]
    _, events, rejects = all_of(save(tmp_path, lines(rows)))
    assert (len(events), len(rejects)) == (3, 0)
    assert events["actor1"][0] == '"FRONT'
    assert events["admin1"][1] == "Kabol"
    assert events["source"][2] == '"'


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"SQLDATE": "20240230"}, "SQLDATE", "no day"),
        ({"SQLDATE": "2024115"}, "SQLDATE", "no day"),
        ({"SQLDATE": "--"}, "SQLDATE", "no day"),
        ({"SQLDATE": ""}, "SQLDATE", "event_date"),
        ({"SQLDATE": "19781231"}, "SQLDATE", "1979"),
        ({"SQLDATE": "20240108"}, "DATEADDED", "dated after"),
        ({"DATEADDED": "2024010"}, "DATEADDED", "no instant"),
        ({"GLOBALEVENTID": "x"}, "GLOBALEVENTID", "not a whole number"),
        ({"EventRootCode": "21"}, "EventRootCode", "no root"),
        ({"EventRootCode": "--"}, "EventRootCode", "no root"),
        ({"EventRootCode": ""}, "EventRootCode", "event_type"),
        ({"EventCode": "---"}, "EventCode", "no code"),
        ({"EventCode": "1899"}, "EventCode", "no code"),
        ({"EventCode": ""}, "EventCode", "CAMEO code"),
        ({"EventCode": "193"}, "EventCode", "root"),
        ({"ActionGeo_Type": "6"}, "ActionGeo_Type", "can only be"),
        ({"ActionGeo_CountryCode": "QQ"}, "ActionGeo_CountryCode", "FIPS"),
        ({"ActionGeo_Lat": "95"}, "ActionGeo_Lat", "latitude"),
        ({"ActionGeo_Lat": ""}, "ActionGeo_Lat", "missing"),
        ({"ActionGeo_Lat": "0", "ActionGeo_Long": "0"}, "ActionGeo_Lat", "0/0"),
        ({"NumMentions": "-1"}, "NumMentions", "less than 0"),
    ],
)
def test_what_can_not_be_known_is_set_aside(tmp_path: Path, changes: dict[str, str], column: str, reason: str) -> None:
    _, events, rejects = all_of(save(tmp_path, lines([event(GLOBALEVENTID="7"), event() | changes])))
    assert events["event_id"].to_list() == ["7"]
    (found,) = rejects.rows(named=True)
    assert (found["row"], found["line"], found["kind"], found["column"]) == (2, 2, "error", column)
    assert reason in found["reason"]


def test_what_is_not_said_is_stated_as_unknown(tmp_path: Path) -> None:
    nowhere = dict.fromkeys([name for name in EVENT if name.startswith(("ActionGeo", "Actor"))], "") | {
        "ActionGeo_Type": "0"
    }
    rows = [
        event() | nowhere,
        event(
            GLOBALEVENTID="2",
            Actor1Name="",
            Actor1Type1Code="ZZZ",
            ActionGeo_CountryCode="PG",
            SOURCEURL="BBC Monitoring",
        ),
        event(GLOBALEVENTID="3", SQLDATE="20240107", EventCode="18", SOURCEURL="synthetic://outlet.invalid/1"),
    ]
    _, events, rejects = all_of(save(tmp_path, lines(rows)))
    assert rejects.rows() == []
    none = ["country", "country_name", "admin1", "location", "longitude", "latitude", "actor1", "actor2", "inter1"]
    assert events.select(none).row(0) == (None,) * len(none)
    assert (events["geo_precision"][0], events["actors"].to_list()[0]) == (0, [])
    assert events["actor1"][1] == "AFGREB"
    assert events["inter1"][1] == "unknown kind (ZZZ)"
    assert (events["country"][1], events["country_name"][1]) == (None, "PG")
    assert events["source"][1] == "BBC Monitoring"
    assert events["sub_event_type"][2] is None
    assert events["tags"][2].endswith("; synthetic")


@pytest.mark.parametrize(
    ("kind", "name", "unit"),
    [
        ("4", "Kabul, Kabol, Afghanistan", "Kabol"),
        ("3", "Springfield, Illinois, United States", "Illinois"),
        ("5", "Kabol, Afghanistan", "Kabol"),
        ("2", "Texas, United States", "Texas"),
        ("1", "Afghanistan", None),
        ("4", "Kabul, Afghanistan", None),
        ("4", "Kiev, Kyyiv, Misto, Ukraine", None),
    ],
)
def test_a_unit_is_read_only_where_the_name_has_the_form_of_the_codebook(
    tmp_path: Path, kind: str, name: str, unit: str | None
) -> None:
    _, events, _ = all_of(save(tmp_path, lines([event(ActionGeo_Type=kind, ActionGeo_FullName=name)])))
    assert events["admin1"].to_list() == [unit]


def test_rows_that_are_cut_or_too_long_are_set_aside_with_their_lines(tmp_path: Path) -> None:
    text = lines([event(GLOBALEVENTID=str(number)) for number in range(1, 5)]).splitlines(keepends=True)
    text[0] = "410\t2024" + "\n"
    text[2] = text[2].rstrip("\n") + "\textra\n"
    text[3] = text[3][:200]
    _, events, rejects = all_of(save(tmp_path, "".join(text)))
    assert events["event_id"].to_list() == ["2"]
    assert rejects["line"].to_list() == [1, 3, 4]
    assert rejects["reason"][0] == "the row has 2 cells, the form 58"
    assert rejects["reason"][1] == "the row has 59 cells, the form 58"


def test_other_files_without_a_header_are_not_taken_for_gdelt(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no known source"):
        sources.read(save(tmp_path, "\t".join(f"c{n}" for n in range(58)) + "\n" + "\t".join(["1"] * 58) + "\n"))


def test_the_published_lists_hang_together() -> None:
    known = told("gdelt")
    assert list(known["roots"]) == [f"{number:02}" for number in range(1, 21)]
    assert list(known["roots"].values()) == known["event_types"]
    assert set(known["violent"]) == {known["roots"][root] for root in ("18", "19", "20")}
    assert all(code[:2] in known["roots"] and 3 <= len(code) <= 4 for code in known["codes"])
    assert all(code[:3] in known["codes"] for code in known["codes"])
    assert all(words in (f"CAMEO {code}", words.strip()) and words for code, words in known["codes"].items())
    assert {code for code, words in known["codes"].items() if words.startswith("CAMEO")} == {
        "101", "103", "105", "106", "107", "108",
    }  # fmt: skip


CELLS = st.sampled_from(
    [
        "",
        "--",
        "0",
        "1",
        "18",
        "193",
        "1833",
        "20240105",
        "20240230",
        "AF",
        "QQ",
        "4",
        "34.5",
        "95",
        "-1",
        "x",
        '"',
        "NA",
        "é",
        "a\rb",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(st.dictionaries(st.sampled_from(COLUMNS_2), CELLS, max_size=6), min_size=1, max_size=12),
    cuts=st.lists(st.integers(0, 60), max_size=3),
    columns=st.sampled_from([COLUMNS_1, COLUMNS_2]),
)
def test_every_row_is_an_event_or_a_reject(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, str]], cuts: list[int], columns: tuple[str, ...]
) -> None:
    folder = tmp_path_factory.mktemp("gdelt")
    text = lines([event(), *(EVENT | change for change in changes)], columns).split("\n")[:-1]
    for cut in cuts:
        place = 1 + cut % (len(text) - 1)
        text[place] = "\t".join(text[place].split("\t")[: cut % 61 + 1]) or "x"
    whole = [line for line in text if line.strip()]
    _, events, rejects = all_of(save(folder, "\n".join(text)))
    broken = sum(line.count("\r") for line in whole)
    assert len(events) + len(rejects) - broken <= len(whole) <= len(events) + len(rejects)
    rows = pl.concat([events["row"], rejects["row"]]).sort().to_list()
    assert rows == list(range(1, len(rows) + 1))
