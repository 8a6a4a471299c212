"""Every vintage of an ACLED export gives the same event."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from tests.sources.acled_rows import EVENT, NOW, as_csv, now, of_2016, of_2019, reduced, since_2023, to_2023
from tocsin import sources
from tocsin.errors import SourceError
from tocsin.schema import EVENT_SCHEMA, REJECT_SCHEMA
from tocsin.sources import delimited


def save(folder: Path, content: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def all_of(path: Path) -> tuple[sources.Reading, pl.DataFrame, pl.DataFrame]:
    reading = sources.read(path)
    batches = list(reading.batches)
    events = pl.concat([batch.events for batch in batches])
    rejects = pl.concat([batch.rejects for batch in batches])
    assert events.schema == pl.Schema({"row": pl.Int64(), "line": pl.Int64(), **EVENT_SCHEMA})
    assert rejects.schema == pl.Schema(dict(REJECT_SCHEMA))
    assert len(events) + len(rejects) == sum(batch.rows for batch in batches)
    return reading, events, rejects


def one(path: Path) -> dict[str, object]:
    _, events, rejects = all_of(path)
    assert rejects.rows(named=True) == []
    assert len(events) == 1
    return events.row(0, named=True)


COMMON = {
    "event_id": "XYZ101",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "time_precision": 1,
    "geo_precision": 2,
    "country": "AFG",
    "country_name": "Afghanistan",
    "admin1": "Kunar",
    "admin2": "Asadabad",
    "admin3": None,
    "location": "Asadabad",
    "longitude": 71.1469,
    "latitude": 34.8731,
    "actor1": "Military Forces of Afghanistan (2021-)",
    "actor2": "Made-up Front",
    "assoc_actor1": "Northern Patrol; Valley Guard",
    "assoc_actor2": None,
    "inter1": "State forces",
    "inter2": "Rebel group",
    "actors": ["Made-up Front", "Military Forces of Afghanistan (2021-)", "Northern Patrol", "Valley Guard"],
    "fatalities": 3,
    "fatalities_low": None,
    "source": "Invented Herald; Paper of Record",
    "notes": "A made-up clash, near a made-up bridge.",
}
VINTAGES = {
    "now": (now(), dt.date(2021, 11, 17), "31 columns, since March 2023, kinds of actors in words"),
    "since March 2023": (
        since_2023(),
        dt.date(2021, 11, 17),
        "31 columns, since March 2023, kinds of actors in figures",
    ),
    "to March 2023": (to_2023(), dt.date(2021, 11, 17), "31 columns, to March 2023"),
    "2019": (of_2019(), dt.date(2020, 11, 17), "28 columns, of 2019-2020, upper case"),
    "2016": (of_2016(), dt.date(2017, 11, 17), "25 columns, of 2016-2018, upper case"),
    "2016 lower": (
        {name.lower(): cell for name, cell in of_2016().items()},
        dt.date(2017, 11, 17),
        "25 columns, of 2016-2018",
    ),
    "population": (
        now(population_1km="1", population_2km="2", population_5km="3", population_best="4"),
        dt.date(2021, 11, 17),
        "35 columns, since March 2023, kinds of actors in words, with population",
    ),
}


@pytest.mark.parametrize("vintage", VINTAGES)
def test_every_vintage_is_recognised_and_gives_the_same_event(tmp_path: Path, vintage: str) -> None:
    row, day, form = VINTAGES[vintage]
    path = save(tmp_path, as_csv([row]))
    event = one(path)
    assert {name: event[name] for name in COMMON} == COMMON
    assert (event["event_date"], event["end_date"]) == (day, day)
    assert (event["row"], event["line"]) == (1, 2)
    reading = sources.read(path)
    assert (reading.source, reading.dataset, reading.form, reading.monadic) == ("acled", "acled", form, False)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_delimiters_and_encodings(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = as_csv(
        [now(location="Köşk" if encoding.startswith("utf") else "Këné", admin3="ünter;x,y")], delimiter=delimiter
    )
    event = one(save(tmp_path, text.encode(encoding)))
    assert event["location"] == ("Köşk" if encoding.startswith("utf") else "Këné")
    assert event["admin3"] == "ünter;x,y"


def test_one_latin_1_row_in_a_utf_8_file_is_not_lost(tmp_path: Path) -> None:
    good = as_csv([now(location="Köln")]).encode()
    _, events, rejects = all_of(
        save(tmp_path, good + as_csv([now(location="Köln")]).split("\n", 1)[1].encode("latin-1"))
    )
    assert events["location"].to_list() == ["Köln", "Köln"]
    assert rejects.is_empty()


def typed(row: Mapping[str, str]) -> dict[str, object]:
    """The row as a spreadsheet or a data frame holds it: numbers as floats, the date as a date."""
    numbers = {"year", "time_precision", "iso", "latitude", "longitude", "geo_precision", "fatalities", "timestamp"}
    cells: dict[str, object] = {name: float(cell) if name in numbers else cell for name, cell in row.items()}
    return cells | {"event_date": dt.date(2021, 11, 17)}


def save_xlsx(path: Path, rows: Sequence[Mapping[str, object]], *, blank: int = 0) -> Path:
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Cover").write(0, 0, "Exported for nobody")
    sheet = book.add_worksheet("Events")
    day = book.add_format({"num_format": "dd-mmm-yy"})
    red = book.add_format({"bg_color": "red"})
    sheet.write_row(0, 0, list(rows[0]))
    for line, row in enumerate(rows, start=1):
        for place, cell in enumerate(row.values()):
            if isinstance(cell, dt.date):
                sheet.write_datetime(line, place, dt.datetime.combine(cell, dt.time()), day)
            else:
                sheet.write(line, place, cell)
    for line in range(len(rows) + 1, len(rows) + 1 + blank):
        sheet.write_blank(line, 0, None, red)
    book.close()
    return path


def test_xlsx(tmp_path: Path) -> None:
    event = one(save_xlsx(tmp_path / "export.xlsx", [typed(now())]))
    assert {name: event[name] for name in COMMON} == COMMON
    assert (event["event_date"], event["line"]) == (dt.date(2021, 11, 17), 2)


def test_parquet_of_typed_columns(tmp_path: Path) -> None:
    path = tmp_path / "export.parquet"
    pl.DataFrame([typed(now()), typed(now(event_id_cnty="XYZ102"))]).write_parquet(path)
    _, events, rejects = all_of(path)
    assert rejects.is_empty()
    assert {name: events.row(0, named=True)[name] for name in COMMON} == COMMON
    assert events["event_date"].to_list() == [dt.date(2021, 11, 17)] * 2
    assert events["line"].null_count() == 2


@pytest.mark.parametrize("envelope", [True, False])
def test_saved_json(tmp_path: Path, envelope: bool) -> None:
    rows = [now(), typed(now(event_id_cnty="XYZ102")) | {"event_date": "2021-11-17", "tags": None}]
    answer = {"status": 200, "success": True, "count": 2, "data": rows} if envelope else rows
    _, events, rejects = all_of(save(tmp_path, json.dumps(answer), "answer.json"))
    assert rejects.is_empty()
    assert events["event_id"].to_list() == ["XYZ101", "XYZ102"]
    for event in events.rows(named=True):
        assert {name: event[name] for name in COMMON if name != "event_id"} == {
            name: cell for name, cell in COMMON.items() if name != "event_id"
        }


DATES = {
    "2024-09-06": dt.date(2024, 9, 6),
    "17 November 2021": dt.date(2021, 11, 17),
    "17-November-2020": dt.date(2020, 11, 17),
    "31-Dec-21": dt.date(2021, 12, 31),
    "1-Jan-98": dt.date(1998, 1, 1),
    "44517": dt.date(2021, 11, 17),
    "44517.0": dt.date(2021, 11, 17),
    "2016-01-01 00:00:00.000": dt.date(2016, 1, 1),
    "2016-01-01T00:00:00Z": dt.date(2016, 1, 1),
    " 2024-09-06 ": dt.date(2024, 9, 6),
}


@pytest.mark.parametrize("written", DATES)
def test_every_form_of_date(tmp_path: Path, written: str) -> None:
    assert one(save(tmp_path, as_csv([now(event_date=written)])))["event_date"] == DATES[written]


def dated(*dates: str) -> str:
    return as_csv([now(event_date=date) for date in dates])


def test_the_whole_file_tells_whether_the_day_is_first(tmp_path: Path) -> None:
    reading, events, rejects = all_of(save(tmp_path, dated("03/04/2021", "13/05/2021", "2021-06-07")))
    assert rejects.is_empty()
    assert events["event_date"].to_list() == [dt.date(2021, 4, 3), dt.date(2021, 5, 13), dt.date(2021, 6, 7)]
    assert reading.form.endswith(', day before month, as "13/05/2021" tells')
    reading, events, rejects = all_of(save(tmp_path, dated("03/04/21 00:00", " 05/13/21 ", "1.2.2021")))
    assert rejects.is_empty()
    assert events["event_date"].to_list() == [dt.date(2021, 3, 4), dt.date(2021, 5, 13), dt.date(2021, 1, 2)]
    assert reading.form.endswith(', month before day, as "05/13/21" tells')


def test_a_later_batch_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "FIRST_BLOCK", 1 << 12)
    monkeypatch.setattr(delimited, "BATCH_ROWS", 4)
    _, events, _ = all_of(save(tmp_path, dated(*["03/04/2021"] * 40, "13/05/2021")))
    assert set(events["event_date"]) == {dt.date(2021, 4, 3), dt.date(2021, 5, 13)}


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (["03/04/2021", "05/06/2021"], "no date of the file tells, as none has a figure above 12"),
        (["03/04/2021", "13/05/2021", "05/14/2021"], 'the day first ("13/05/2021") and the month first ("05/14/2021")'),
        (["13/05/2021", "14/05/2021", "2021-03-04"], "as when a spreadsheet took the days below 13 for months"),
    ],
)
def test_an_order_that_the_file_does_not_settle(tmp_path: Path, dates: list[str], said: str) -> None:
    reading, events, rejects = all_of(save(tmp_path, dated(*dates)))
    assert set(events["event_date"]) <= {dt.date(2021, 3, 4)}
    assert all(said in reason for reason in rejects["reason"])
    assert "mapping" not in rejects["reason"][0]
    assert "tells" not in reading.form


def test_a_day_that_does_not_fit_the_order_of_its_file(tmp_path: Path) -> None:
    _, events, rejects = all_of(save(tmp_path, dated("03/04/2021", "13/05/2021", "31/02/2021", "45/05/2021")))
    assert len(events) == 2
    assert rejects["reason"].to_list() == [f'there is no such day as "{day}"' for day in ("31/02/2021", "45/05/2021")]


def test_floats_for_integers_stray_columns_and_empty_markers(tmp_path: Path) -> None:
    row = {"": "0", "Unnamed: 0": "0"} | now(
        year="2021.0",
        time_precision="1.0",
        geo_precision="2.0",
        iso="4.0",
        fatalities="3.0",
        timestamp="1637600000.0",
        admin3="NA",
        tags="NaN",
        actor1="  Military Forces of Afghanistan (2021-) ",
    )
    row |= {"deaths_per_week": "0.4", "population_1km": ""}
    path = save(tmp_path, as_csv([row]).replace("population_1km\n", "\n", 1))
    event = one(path)
    assert {name: event[name] for name in COMMON} == COMMON
    assert event["tags"] is None
    assert event["revised_at"] == dt.datetime(2021, 11, 22, 16, 53, 20, tzinfo=dt.UTC)
    reading = sources.read(path)
    assert set(reading.unread) >= {"(column 1, without a name)", "Unnamed: 0", "deaths_per_week", "year", "region"}
    assert "fatalities_low" in reading.absent


def test_kinds_in_figures_with_floats_and_older_spellings(tmp_path: Path) -> None:
    rows = [since_2023(inter1="1.0", inter2="0"), since_2023(inter1="Rebel Groups", inter2="Political militias")]
    _, events, rejects = all_of(save(tmp_path, as_csv(rows)))
    assert rejects.is_empty()
    assert events["inter1"].to_list() == ["State forces", "Rebel group"]
    assert events["inter2"].to_list() == [None, "Political militia"]


def test_reduced_export_costs_only_what_it_lacks(tmp_path: Path) -> None:
    path = save(tmp_path, as_csv([reduced()]))
    event = one(path)
    given = {"country", "country_name", "admin1", "event_date", "end_date", "event_type", "fatalities"}
    assert {name for name in EVENT_SCHEMA if event[name] is not None} == given
    reading = sources.read(path)
    assert (reading.source, reading.form) == ("acled", "5 columns, reduced")
    assert set(reading.absent) == set(EVENT_SCHEMA) - given
    assert reading.unread == ()


def test_a_log_with_acled_column_names_but_words_of_its_own_is_not_acled(tmp_path: Path) -> None:
    path = save(tmp_path, as_csv([reduced(event_type="Ambush on the road")]))
    with pytest.raises(SourceError, match="no known source"):
        sources.read(path)


OLD_TYPES = {
    "Battle-No change of territory": ("Battles", "Armed clash"),
    "Battle-Government regains territory": ("Battles", "Government regains territory"),
    "Battle-Non-state actor overtakes territory": ("Battles", "Non-state actor overtakes territory"),
    "Remote violence": ("Explosions/Remote violence", None),
    "Violence against civilians": ("Violence against civilians", None),
    "Strategic development": ("Strategic developments", None),
    "Non-violent activities": ("Strategic developments", None),
    "Non-violent transfer of territory": ("Strategic developments", "Non-violent transfer of territory"),
    "Headquarters or base established": ("Strategic developments", "Headquarters or base established"),
}


def test_old_event_types_become_the_ones_of_now(tmp_path: Path) -> None:
    _, events, rejects = all_of(save(tmp_path, as_csv([of_2016(EVENT_TYPE=word) for word in OLD_TYPES])))
    assert rejects.is_empty()
    assert list(zip(events["event_type"], events["sub_event_type"], strict=True)) == list(OLD_TYPES.values())


def test_riots_and_protests_are_parted_by_who_took_part(tmp_path: Path) -> None:
    kinds = [("5", "1"), ("6", "1"), ("1", "6"), ("6", "5"), ("7", "1"), ("", "")]
    rows = [of_2016(EVENT_TYPE="Riots/Protests", INTER1=one, INTER2=two) for one, two in kinds]
    _, events, rejects = all_of(save(tmp_path, as_csv(rows)))
    assert events["event_type"].to_list() == ["Riots", "Protests", "Protests", "Riots"]
    assert rejects["row"].to_list() == [5, 6]
    assert rejects["column"].to_list() == ["EVENT_TYPE"] * 2
    assert "neither rioters nor protesters" in rejects["reason"][0]


def test_monadic_files_are_told_from_files_that_repeat_a_row(tmp_path: Path) -> None:
    event = now(assoc_actor_1="", inter1="1")
    other = event | {"actor1": event["actor2"], "actor2": event["actor1"]}
    assert sources.read(save(tmp_path, as_csv([event, other]))).monadic
    assert not sources.read(save(tmp_path, as_csv([event, event]))).monadic
    revised = event | {"timestamp": "1637700000", "actor1": "Another Front"}
    assert not sources.read(save(tmp_path, as_csv([event, revised]))).monadic


def of_two_actors(**other: str) -> list[dict[str, str]]:
    """An event as a file of one row per event and actor has it."""
    event = now(assoc_actor_1="", **other)
    return [event, event | {"actor1": event["actor2"], "actor2": event["actor1"]}]


@pytest.mark.parametrize(
    ("column", "cell", "named"),
    [
        ("event_type", "Riots", "event type"),
        ("sub_event_type", "Attack", "sub event type"),
        ("event_date", "2021-11-18", "event date"),
        ("location", "Elsewhere", "location"),
        ("latitude", "35", "latitude"),
        ("fatalities", "4", "fatalities"),
    ],
)
def test_rows_of_one_id_that_tell_of_two_events_are_not_merged(
    tmp_path: Path, column: str, cell: str, named: str
) -> None:
    one, other = of_two_actors()
    assert not sources.read(save(tmp_path, as_csv([one, other | {column: cell}]))).monadic
    rows = [*of_two_actors(event_id_cnty="X1"), *of_two_actors(event_id_cnty="X2"), one, other | {column: cell}]
    reading, events, rejects = all_of(save(tmp_path, as_csv(rows)))
    assert reading.monadic
    assert events["row"].to_list() == [1, 2, 3, 4, 5]
    assert rejects.select("row", "kind", "column", "value").rows() == [(6, "error", "event_id_cnty", "XYZ101")]
    assert f"same id and another {named}" in rejects["reason"][0]


def test_rows_of_one_id_are_compared_across_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "FIRST_BLOCK", 1 << 12)
    monkeypatch.setattr(delimited, "BATCH_ROWS", 4)
    pairs = [row for number in range(30) for row in of_two_actors(event_id_cnty=f"X{number}")]
    strays = [pairs[0] | {"fatalities": "9"}, pairs[2] | {"latitude": "95"}, pairs[2]]
    reading, events, rejects = all_of(save(tmp_path, as_csv([*pairs, *strays])))
    assert reading.monadic
    assert (len(events), rejects["row"].to_list()) == (61, [61, 62])
    assert rejects["column"].to_list() == ["event_id_cnty", "latitude"]


def test_a_row_set_aside_is_no_measure_for_the_others(tmp_path: Path) -> None:
    pair = of_two_actors(event_id_cnty="X1")
    rows = [*of_two_actors(event_id_cnty="X2"), pair[0] | {"latitude": "95"}, *pair]
    _, events, rejects = all_of(save(tmp_path, as_csv(rows)))
    assert (events["row"].to_list(), rejects["row"].to_list()) == ([1, 2, 4, 5], [3])


def test_civilian_targeting(tmp_path: Path) -> None:
    _, events, _ = all_of(save(tmp_path, as_csv([now(civilian_targeting="Civilian targeting"), now()])))
    assert events["civilian_targeting"].to_list() == [True, False]


def test_a_country_nobody_knows_is_a_stated_unknown(tmp_path: Path) -> None:
    event = one(save(tmp_path, as_csv([now(country="Atlantis", iso="")])))
    assert (event["country"], event["country_name"]) == (None, "Atlantis")


def test_right_to_left_and_dari_text(tmp_path: Path) -> None:
    text = "یک درگیری ساختگی در نزدیکی پل"
    event = one(save(tmp_path, as_csv([now(notes=text, location="اسدآباد", fatalities="۳")])))
    assert (event["notes"], event["location"], event["fatalities"]) == (text, "اسدآباد", 3)


def test_columns_in_another_order_and_with_spaces_are_the_same_file(tmp_path: Path) -> None:
    row = {f" {name.replace('_', ' ').title()} ": now()[name] for name in reversed(NOW)}
    event = one(save(tmp_path, as_csv([row])))
    assert {name: event[name] for name in COMMON} == COMMON


def test_the_raw_row_is_as_the_file_has_it(tmp_path: Path) -> None:
    rows = [now(), now(event_date=" 31-Dec-21", fatalities="2.0"), now(latitude="91")]
    path = save(tmp_path, as_csv(rows))
    assert sources.raw_row(path, 2) == rows[1]
    assert sources.raw_row(path, 3) == rows[2]
    with pytest.raises(SourceError, match="no row 4"):
        sources.raw_row(path, 4)


def test_facts_say_what_source_toml_says() -> None:
    facts = sources.facts("acled")
    assert facts.event_types[0] == EVENT["event_type"]
    assert set(facts.violent) < set(facts.event_types)
    assert facts.precise == (1, 2)
    assert facts.cautions
