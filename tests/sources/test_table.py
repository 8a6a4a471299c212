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
    ("form", "written", "said"),
    [
        ("%m/%d/%Y", "13.05.2021", ["%m/%d/%Y", '"11/17/2021"', "with the day first it would be 13 May 2021"]),
        ("%m/%d/%Y", "13/05/2021", ["with the day first it would be 13 May 2021"]),
        ("%d.%m.%Y", "05/06/2021", ["day first it would be 5 June 2021", "month first it would be 6 May 2021"]),
        ("%d.%m.%Y", "31.02.2021", ['"31.02.2021" is not a day of the form %d.%m.%Y', "; there is no such day"]),
        ("%d.%m.%Y", "yesterday", ['such as "17.11.2021"']),
        (None, "13.05.2021", ["can only have the day first", "give the form in a mapping"]),
        (None, "03.05.2021", ["which the month can not be told", "give the form in a mapping"]),
    ],
)
def test_why_a_date_is_not_read_is_true_and_helps(
    tmp_path: Path, form: str | None, written: str, said: list[str]
) -> None:
    dates = {"format": form} if form else {}
    columns = {"event_date": "when"}
    made = {"dataset": "log", "event_type": "Incident", "columns": columns, "dates": dates}
    _, events, rejects = all_of(save(tmp_path, f"when;what\n{written};x\n"), sources.Mapping.model_validate(made))
    assert events.is_empty()
    for part in said:
        assert part in rejects["reason"][0]


@pytest.mark.parametrize("form", ["%m/%d", "%Y", "%d.%m", "dd.mm.yyyy", "%q", ""])
def test_a_form_that_gives_no_whole_day_is_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(DeskError, match="does not give a whole day") as caught:
        mapping(tmp_path, MAPPING.replace("%d.%m.%Y", form))
    assert "dates.format" in caught.value.what


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
        '"Festnahme" = "Festnahme"  # 1 row',
        'violent = ["Anschlag", "Gefecht"]',
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
    assert '# country = "???"' in text
    assert "SYR" not in text
    _, events, _ = all_of(tmp_path / "log.csv", mapping(tmp_path, text))
    assert events["location"].to_list() == ["Gao", "Kidal"]


@pytest.mark.parametrize("bad", ["unknown", "31.02.2021", "2021-99-99", "around 3 May"])
def test_one_bad_date_does_not_hide_the_form_of_the_others(tmp_path: Path, bad: str) -> None:
    text = drafted(tmp_path, f"date,type\n13.04.2021,Raid\n{bad},Raid\n14.05.2021,Raid\n")
    assert '\nformat = "%d.%m.%Y"' in text
    assert f'# 1 row of 3 will be set aside, as this is no day of that form: "{bad}".' in text
    _, events, rejects = all_of(tmp_path / "log.csv", mapping(tmp_path, text))
    assert (len(events), rejects["value"].to_list()) == (2, [bad])


def test_the_form_that_fits_most_rows_is_chosen(tmp_path: Path) -> None:
    rows = ["13/04/2021"] * 5 + ["04/13/2021"] * 2 + ["2021-04-13", "03/04/2021"]
    text = drafted(tmp_path, "date,type\n" + "".join(f"{row},Raid\n" for row in rows))
    assert '\nformat = "%d/%m/%Y"' in text
    assert '# 2 rows of 9 will be set aside, as this is no day of that form: "04/13/2021".' in text


def test_days_without_a_form_and_a_bad_one(tmp_path: Path) -> None:
    text = drafted(tmp_path, "date,type\n2021-04-13,Raid\n?,Raid\n3 May 2021,Raid\n")
    assert "\nformat" not in text
    assert '# 1 row of 3 will be set aside, as this is no day of that form: "?".' in text


def test_dates_of_no_form_that_is_known(tmp_path: Path) -> None:
    text = drafted(tmp_path, "date,type\nweek 3,Raid\nweek 4,Raid\n2021-04-13,Raid\n")
    assert "The form of the dates was not found" in text
    assert '"week 3"' in text


@pytest.mark.parametrize("name", ["id", "Event ID", "incident_id", "Ref", "Nr.", "uuid", "Reference no", "Nummer"])
def test_a_column_of_ids_is_recognised(tmp_path: Path, name: str) -> None:
    text = drafted(tmp_path, f"{name},date,type\na-1,2021-04-13,Raid\na-2,2021-04-13,Raid\n")
    assert f'event_id = "{name}"' in text.splitlines()


def test_what_is_called_an_id_must_be_one(tmp_path: Path) -> None:
    text = drafted(tmp_path, "id,date,type\n7,2021-04-13,Raid\n7,2021-04-14,Raid\n8,2021-04-14,Raid\n")
    assert '# event_id = "id"' in text.splitlines()
    assert '"7" stands in several rows' in text
    text = drafted(tmp_path, "id,date,type\n7,2021-04-13,Raid\n,2021-04-14,Raid\n8,2021-04-14,Raid\n")
    assert '# event_id = "id"' in text.splitlines()
    assert "1 row have none" not in text
    assert "1 row has none" in text
    text = drafted(tmp_path, "id,uuid,date,type\n7,a,2021-04-13,Raid\n7,b,2021-04-14,Raid\n")
    assert 'event_id = "uuid"' in text.splitlines()


def test_only_types_with_a_word_for_violence_are_proposed(tmp_path: Path) -> None:
    types = ["Armed clash", "IED found", "Air strike", "Unarmed protest", "Meeting", "Ambush of a convoy", "Road works"]
    text = drafted(tmp_path, "date,type\n" + "".join(f"2021-04-13,{word}\n" for word in types))
    assert 'violent = ["Air strike", "Ambush of a convoy", "Armed clash", "IED found"]' in text.splitlines()
    assert "A person must choose" in text
    assert "ambush, shooting" in text
    said = mapping(tmp_path, text)
    assert "Meeting" in said.event_types.values()
    assert "violent = []" in drafted(tmp_path, "date,type\n2021-04-13,Meeting\n").splitlines()


def test_a_draft_says_which_countries_are_not_known(tmp_path: Path) -> None:
    text = drafted(tmp_path, "date,type,country\n2021-04-13,Raid,Mali\n2021-04-13,Raid,Atlantis\n")
    assert 'country = "country"' in text
    assert '# No country that is known, so that their rows belong to none: "Atlantis".' in text
    assert "???" not in text


def test_a_country_left_to_be_named_is_asked_for(tmp_path: Path) -> None:
    text = drafted(tmp_path, "date,type\n2021-04-13,Raid\n")
    with pytest.raises(DeskError, match="ISO 3166"):
        mapping(tmp_path, text.replace('# country = "???"', 'country = "???"'))


def test_whatever_stands_in_a_file_its_draft_is_a_mapping(tmp_path: Path) -> None:
    odd = 'da"te\\,ty\x7fpe,actor\n2021-04-13,"a\nb","x, y"\n13/14,"\x7f\x01","""q"""\n2021-04-15,,\n'
    path = save(tmp_path, odd, 'acled\n"x".csv')
    assert mapping(tmp_path, sources.draft(path).replace("# event_date", "event_date")).dataset == "acled-x"
    assert 'dataset = "acled-log"' in sources.draft(save(tmp_path, LOG, "acled.csv"))


def test_a_draft_in_dari(tmp_path: Path) -> None:
    text = drafted(tmp_path, "تاریخ,نوع,ولایت,محل\n2021-11-17,حمله,کنر,اسدآباد\n2021-11-18,درگیری,کنر,اسدآباد\n")
    assert 'event_type = "نوع"' in text
    assert '"حمله" = "حمله"' in text
    _, events, _ = all_of(tmp_path / "log.csv", mapping(tmp_path, text))
    assert events["event_type"].to_list() == ["حمله", "درگیری"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('language = "de"', 'language = "German"', 6),
        ('language = "de"', "language = 7", 6),
        ('violent = ["Explosions/Remote violence", "Battles"]', 'violent = "Battles"', 7),
        ('dataset = "our-log"', 'dataset = ""', 2),
        ('event_date = "Datum"', "event_date = 3", 10),
        ('event_date = "Datum"', "event_date = []", 10),
        ('separator = " / "', 'separator = ""', 28),
        ('"Gefecht" = "Battles"', '"Gefecht" = 7', 25),
        ('title = "Our log"', "title = 2021-01-01", 3),
        ("[actors]", "[actors", 26),
        ('title = "Our log"', "precise = [1.5]", 3),
        ('title = "Our log"', "precise = 1", 3),
        ('title = "Our log"', 'country = "Syria"', 3),
        ("[dates]", "dates = 3\n[other]", 20),
    ],
)
def test_faults_of_a_mapping_are_said_in_plain_words(tmp_path: Path, old: str, new: str, line: int) -> None:
    assert old in MAPPING
    with pytest.raises(DeskError) as caught:
        mapping(tmp_path, MAPPING.replace(old, new, 1))
    said = str(caught.value)
    for leak in ("Input", "String should", "valid", "type=", "pydantic", "List should", "pattern"):
        assert leak not in said
    if "is not TOML" not in said:
        assert caught.value.where.endswith(f"mapping.toml:{line}")


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
