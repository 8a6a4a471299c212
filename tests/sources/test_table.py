"""A table of one's own, read as its mapping says, and the draft of such a mapping."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.sources.acled_rows import as_csv, now
from tests.sources.test_acled_vintages import save
from tocsin import sources
from tocsin.desk import read_toml
from tocsin.errors import DeskError
from tocsin.schema import EVENT_SCHEMA
from tocsin.sources.table.mapping import Columns

LOG = """Datum;Art;Provinz;Land;Akteure;Tote;Länge;Breite;Bemerkung
03.04.2021;Anschlag;Kunar;Afghanistan;Gruppe A / Gruppe B;2;71,15;34,87;am Markt
17.11.2021;Gefecht;Kunar;Afghanistan;Gruppe A;;71,15;34,87;
17.11.2021;Festnahme;Kunar;Afghanistan;;;;;"nachts, im Dorf"
"""
MAPPING = """
dataset = "our-log"
title = "Our log"
licence = "internal"
citation = "Our office"
language = "de"
violent = ["Explosions/Remote violence", "Battles"]

[columns]
event_date = "Datum"
event_type = "Art"
admin1 = "Provinz"
country = "Land"
actor1 = "Akteure"
fatalities = "Tote"
longitude = "Länge"
latitude = "Breite"
notes = "Bemerkung"

[dates]
format = "%d.%m.%Y"

[event_types]
"Anschlag" = "Explosions/Remote violence"
"Gefecht" = "Battles"

[actors]
separator = " / "
"""
ABSENT_FROM_TWO_COLUMNS = {"admin1", "country", "actor1", "fatalities", "longitude", "latitude", "notes"}


def mapping(folder: Path, text: str = MAPPING) -> sources.Mapping:
    return read_toml(save(folder, text, "mapping.toml"), sources.Mapping)


def all_of(path: Path, said: sources.Mapping) -> tuple[sources.Reading, pl.DataFrame, pl.DataFrame]:
    reading = sources.read(path, mapping=said)
    batches = list(reading.batches)
    events, rejects = (pl.concat([getattr(batch, name) for batch in batches]) for name in ("events", "rejects"))
    assert len(events) + len(rejects) == sum(batch.rows for batch in batches)
    return reading, events, rejects


def test_a_log_is_read_as_its_mapping_says(tmp_path: Path) -> None:
    path = save(tmp_path, LOG)
    reading, events, rejects = all_of(path, mapping(tmp_path))
    assert (reading.source, reading.dataset) == ("table", "our-log")
    assert events["event_date"].to_list() == [dt.date(2021, 4, 3), dt.date(2021, 11, 17)]
    assert events["event_type"].to_list() == ["Explosions/Remote violence", "Battles"]
    assert events["actors"].to_list() == [["Gruppe A", "Gruppe B"], ["Gruppe A"]]
    assert events["country"].to_list() == ["AFG", "AFG"]
    assert events["fatalities"].to_list() == [2, None]
    assert events.select("longitude", "latitude").row(0) == (71.15, 34.87)
    assert events["event_id"].null_count() == 2
    assert rejects.select("row", "line", "column", "value").rows() == [(3, 4, "Art", "Festnahme")]
    assert "event_types of the mapping" in rejects["reason"][0]
    assert reading.facts.violent == ("Explosions/Remote violence", "Battles")
    assert (reading.facts.title, reading.facts.licence, reading.facts.precise) == ("Our log", "internal", ())
    assert set(reading.absent) >= {"event_id", "geo_precision", "location"}
    assert reading.unread == ()


def test_a_known_source_is_read_as_itself_whatever_the_mapping(tmp_path: Path) -> None:
    reading = sources.read(save(tmp_path, as_csv([now()])), mapping=mapping(tmp_path))
    assert (reading.source, reading.dataset, reading.facts.name) == ("acled", "acled", "acled")


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    said = mapping(tmp_path, MAPPING.replace('"Bemerkung"', '"Bemerkungen"'))
    with pytest.raises(DeskError, match="Bemerkungen") as caught:
        sources.read(save(tmp_path, LOG), mapping=said)
    assert '"Bemerkung"' in caught.value.next_step


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('event_type = "Art"', "", "columns.event_type"),
        ('"our-log"', '"acled"', "name of a source"),
        ('"our-log"', '"Our log"', "dataset"),
        ('longitude = "Länge"', "", "neither"),
        ('notes = "Bemerkung"', 'geo_precision = "Bemerkung"', "precise enough"),
        ('"Battles"]', '"Battle"]', "no word of event_types"),
        ('notes = "Bemerkung"', 'note = "Bemerkung"', 'Did you mean "notes"'),
        ('event_date = "Datum"', "", "event_date"),
    ],
)
def test_mappings_that_are_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(DeskError) as caught:
        mapping(tmp_path, MAPPING.replace(old, new, 1))
    assert said in str(caught.value)
    assert "mapping.toml" in caught.value.where


def test_constants_stand_for_columns(tmp_path: Path) -> None:
    said = sources.Mapping.model_validate(
        {"dataset": "log", "country": "SYR", "event_type": "Incident", "columns": {"event_date": "when"}}
    )
    reading, events, _ = all_of(save(tmp_path, "when,what\n2021-11-17,x\n17 November 2021,y\n"), said)
    assert events.select("country", "event_type").rows() == [("SYR", "Incident")] * 2
    assert reading.facts.violent == ("Incident",)
    assert reading.unread == ("what",)
    with pytest.raises(DeskError, match="not the ISO"):
        sources.read(tmp_path / "export.csv", mapping=said.model_copy(update={"country": "XXX"}))


def test_a_date_whose_order_can_not_be_told_is_never_guessed(tmp_path: Path) -> None:
    said = mapping(tmp_path, MAPPING.replace('format = "%d.%m.%Y"', ""))
    _, events, rejects = all_of(save(tmp_path, LOG), said)
    assert events.is_empty()
    assert "can not be told" in rejects["reason"][0]


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("de", "3. März 2021"),
        ("fr", "3 mars 2021"),
        ("es", "3 marzo 2021"),
        ("fa", "۲۰۲۱-۰۳-۰۳"),
        ("en", "3 March 2021"),
    ],
)
def test_days_in_other_languages(tmp_path: Path, language: str, written: str) -> None:
    said = sources.Mapping.model_validate(
        {"dataset": "log", "language": language, "event_type": "Incident", "columns": {"event_date": "when"}}
    )
    _, events, rejects = all_of(save(tmp_path, f"when;what\n{written};x\n"), said)
    assert rejects["reason"].to_list() == []
    assert events["event_date"].to_list() == [dt.date(2021, 3, 3)]


def test_excel_dates_and_a_given_form_live_together(tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    frame = pl.DataFrame({"Datum": [dt.date(2021, 4, 3)], "Art": ["Gefecht"]})
    frame.write_excel(path)
    kept = [line for line in MAPPING.splitlines() if line.split(" =")[0] not in ABSENT_FROM_TWO_COLUMNS]
    text = "\n".join(kept)
    _, events, _ = all_of(path, mapping(tmp_path, text))
    assert events["event_date"].to_list() == [dt.date(2021, 4, 3)]


def drafted(folder: Path, log: str) -> str:
    return sources.draft(save(folder, log, "log.csv"))


def test_a_draft_names_columns_words_and_form_and_can_be_read(tmp_path: Path) -> None:
    text = drafted(tmp_path, LOG)
    for line in (
        'dataset = "log"',
        'language = "de"',
        'event_date = "Datum"',
        'event_type = "Art"',
        'admin1 = "Provinz"',
        'country = "Land"',
        'actor1 = "Akteure"',
        'fatalities = "Tote"',
        'longitude = "Länge"',
        'latitude = "Breite"',
        'notes = "Bemerkung"',
        'format = "%d.%m.%Y"',
        '"Festnahme" = "Festnahme"  # 1 rows',
        'separator = " / "',
    ):
        assert line in text.splitlines()
    _, events, rejects = all_of(tmp_path / "log.csv", mapping(tmp_path, text))
    assert (len(events), len(rejects)) == (3, 0)
    assert events["actors"].to_list()[0] == ["Gruppe A", "Gruppe B"]


def test_a_draft_leaves_the_order_of_day_and_month_to_be_chosen(tmp_path: Path) -> None:
    text = drafted(tmp_path, "date,type\n03/04/2021,Raid\n05/06/2021,Raid\n")
    assert '# format = "%d/%m/%Y"' in text
    assert '# format = "%m/%d/%Y"' in text
    assert "which the month" in text
    assert "\nformat" not in text
    chosen = text.replace('# format = "%m/%d/%Y"', 'format = "%m/%d/%Y"')
    _, events, _ = all_of(tmp_path / "log.csv", mapping(tmp_path, chosen))
    assert events["event_date"].to_list() == [dt.date(2021, 3, 4), dt.date(2021, 5, 6)]


def test_one_day_above_twelve_tells_the_order(tmp_path: Path) -> None:
    text = drafted(tmp_path, "date,type\n03/04/2021,Raid\n05/26/2021,Raid\n")
    assert '\nformat = "%m/%d/%Y"' in text


def test_a_draft_without_types_or_named_dates(tmp_path: Path) -> None:
    text = drafted(tmp_path, "wann genau,Ort\n2021-11-17,Gao\n2021-11-18,Kidal\n")
    assert 'event_date = "wann genau"' in text
    assert 'event_type = "Incident"' in text
    assert '# country = "SYR"' in text
    _, events, _ = all_of(tmp_path / "log.csv", mapping(tmp_path, text))
    assert events["location"].to_list() == ["Gao", "Kidal"]


def test_a_draft_in_dari(tmp_path: Path) -> None:
    text = drafted(tmp_path, "تاریخ,نوع,ولایت,محل\n2021-11-17,حمله,کنر,اسدآباد\n2021-11-18,درگیری,کنر,اسدآباد\n")
    assert 'event_type = "نوع"' in text
    assert '"حمله" = "حمله"' in text
    _, events, _ = all_of(tmp_path / "log.csv", mapping(tmp_path, text))
    assert events["event_type"].to_list() == ["حمله", "درگیری"]


def test_every_column_of_a_mapping_is_a_column_of_the_contract() -> None:
    assert set(Columns.model_fields) <= set(EVENT_SCHEMA)


def test_the_worked_example_of_the_docs(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/sources/table.md").read_text(encoding="utf-8")
    log, said = page.split("`log.csv`:")[1].split("```")[1], page.split("```toml")[1].split("```")[0]
    _, events, rejects = all_of(save(tmp_path, log.lstrip()), mapping(tmp_path, said))
    assert rejects.is_empty()
    assert events.select("event_date", "event_type", "actors", "fatalities", "country").rows() == [
        (dt.date(2021, 4, 3), "Explosions/Remote violence", ["Gruppe A", "Gruppe B"], 2, "AFG"),
        (dt.date(2021, 11, 17), "Battles", ["Gruppe A"], None, "AFG"),
    ]
