"""Bad files are refused and bad rows set aside; each message says what, where and what to do next."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import io
import json
import random
import re
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.acled_rows import NOW, as_csv, now, since_2023
from tests.sources.test_acled_vintages import all_of, save, save_xlsx
from tocsin import sources
from tocsin.errors import SourceError
from tocsin.sources import delimited


def refused(path: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(sources.read(path).batches)
    error = caught.value
    assert str(path) in error.where, "an error says where"
    assert error.what
    assert error.next_step, "an error says what to do next"
    return error


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none.csv").what
    for content in ("", "\ufeff", "\n\n  \n"):
        assert "empty" in refused(save(tmp_path, content)).what
    assert "folder" in refused(tmp_path).what
    assert "no rows" in refused(save(tmp_path, as_csv([now()]).split("\n", 1)[0])).what


def test_a_delimiter_that_is_not_read_is_named(tmp_path: Path) -> None:
    error = refused(save(tmp_path, as_csv([now()], delimiter="|")))
    assert '"|"' in error.what
    assert "comma" in error.next_step


def test_header_and_rows_with_different_delimiters(tmp_path: Path) -> None:
    rows = [now(assoc_actor_1="", source="x", notes="y", admin3=str(n)) for n in range(5)]
    text = as_csv(rows[:1]).split("\n")[0] + "\n" + as_csv(rows, delimiter=";").split("\n", 1)[1]
    error = refused(save(tmp_path, text))
    assert "header is separated by a comma and the rows by a semicolon" in error.what


def test_rows_that_all_have_a_column_more_than_the_header(tmp_path: Path) -> None:
    header, *rows = as_csv([now()] * 5).splitlines()
    error = refused(save(tmp_path, "\n".join([header, *(f"{n},{row}" for n, row in enumerate(rows))])))
    assert "header has 31 columns and the rows have 32" in error.what


def test_a_table_of_unknown_columns_says_what_it_has_and_what_is_missing(tmp_path: Path) -> None:
    error = refused(save(tmp_path, "event_date,country,fatalities,Ort\n2021-01-01,Mali,2,Gao\n"))
    assert "Ort" in error.what
    assert "Nearest is acled, with event_date, country, fatalities" in error.what
    assert "missing is event_type" in error.what
    assert "tocsin mapping" in error.next_step


def test_a_required_column_missing_from_a_full_export(tmp_path: Path) -> None:
    row = now()
    del row["event_date"]
    assert "missing is event_date" in refused(save(tmp_path, as_csv([row]))).what


@pytest.mark.parametrize("again", ["event_type", "Event_Type", " event_type", "notes"])
def test_a_column_twice(tmp_path: Path, again: str) -> None:
    header, row = as_csv([now()]).splitlines()
    error = refused(save(tmp_path, f"{header},{again}\n{row},x\n"))
    position = NOW.index(again.strip().lower()) + 1
    assert "stands twice" in error.what
    assert f"column {position}" in error.what
    assert "column 32" in error.what


def zipped(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_zip_as_downloaded(tmp_path: Path) -> None:
    content = as_csv([now(), now()])
    path = zipped(tmp_path / "a.zip", {"folder/export.csv": content, "__MACOSX/export.csv": "x", "readme.txt": "x"})
    assert len(all_of(path)[1]) == 2
    path = save_xlsx(tmp_path / "b.xlsx", [now()])
    assert len(all_of(zipped(tmp_path / "c.zip", {"b.xlsx": path.read_bytes()}))[1]) == 1
    assert len(all_of(save(tmp_path, gzip.compress(content.encode()), "a.csv.gz"))[1]) == 2


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "a/../../evil.csv", "..\\evil.csv"])
def test_zip_with_a_path_outside(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", {"good.csv": as_csv([now()]), name: "x"})
    error = refused(path)
    assert "points outside" in error.what
    assert not (tmp_path.parent / "evil.csv").exists()


def test_zip_with_several_or_no_event_files(tmp_path: Path) -> None:
    assert "2 event files: a.csv, b.csv" in refused(zipped(tmp_path / "a.zip", {"a.csv": "x", "b.csv": "y"})).what
    assert "no event file: a.pdf" in refused(zipped(tmp_path / "b.zip", {"a.pdf": "x"})).what


def test_zip_with_a_password(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.csv": as_csv([now()])})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(bytes(content))
    assert "password" in refused(path).what


def test_truncated_files(tmp_path: Path) -> None:
    noise = random.Random(1)  # noqa: S311
    rows = [now(notes="".join(noise.choices("abcdefgh ", k=400))) for _ in range(300)]
    whole = zipped(tmp_path / "a.zip", {"a.csv": as_csv(rows)}).read_bytes()
    assert "zip file can not be opened" in refused(save(tmp_path, whole[: len(whole) // 2], "b.zip")).what
    assert (
        "can not be unpacked" in refused(save(tmp_path, gzip.compress(as_csv(rows).encode())[:-2000], "a.csv.gz")).what
    )
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    assert "can not be unpacked" in refused(save(tmp_path, bytes(damaged), "c.zip")).what
    sheet = save_xlsx(tmp_path / "a.xlsx", [now()]).read_bytes()
    assert "can not be opened" in refused(save(tmp_path, sheet[:3000], "b.xlsx")).what
    parquet = tmp_path / "a.parquet"
    pl.DataFrame(rows).write_parquet(parquet)
    assert "damaged" in refused(save(tmp_path, parquet.read_bytes()[:-100], "b.parquet")).what
    error = refused(save(tmp_path, json.dumps(rows)[:-50], "a.json"))
    assert "not whole JSON" in error.what
    assert "a.json:1" in error.where


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 200, "success": False, "message": "Access denied"}, "Access denied"),
        ({"status": 403, "message": "Access denied"}, "Access denied"),
        ({"status": 200, "success": True, "count": 0, "data": []}, "holds no data"),
        ([], "holds no data"),
        ({"events": 1}, "holds no data"),
        ([1, 2], "not a list of objects"),
    ],
)
def test_answers_that_hold_no_events(tmp_path: Path, answer: object, said: str) -> None:
    assert said in refused(save(tmp_path, json.dumps(answer), "answer.json")).what


def test_other_kinds_of_files(tmp_path: Path) -> None:
    assert "web page" in refused(save(tmp_path, "<!DOCTYPE html><html>Sign in</html>")).what
    assert "old Excel" in refused(save(tmp_path, b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a.xls")).what
    assert "not a table" in refused(save(tmp_path, b"%PDF-1.7", "a.pdf")).what
    assert "not a text file" in refused(save(tmp_path, bytes(range(256)) * 10, "a.bin")).what


def test_a_spreadsheet_of_a_million_empty_rows(tmp_path: Path) -> None:
    small = save_xlsx(tmp_path / "small.xlsx", [now(), now()], blank=1)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(small) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet2.xml"):
                styled = re.search(rb'<row r="4"[^>]*><c r="A4" s="\d+"/></row>', part)
                assert styled
                style = styled[0].decode()
                blank = "".join(style.replace('"4"', f'"{n}"').replace("A4", f"A{n}") for n in range(5, 1_000_005))
                part = part[: styled.end()] + blank.encode() + part[styled.end() :]
            new.writestr(name, part)
    _, events, rejects = all_of(path)
    assert (len(events), len(rejects)) == (2, 0)


def test_empty_rows_between_rows_are_not_counted_but_lines_are_right(tmp_path: Path) -> None:
    header, row = as_csv([now()]).splitlines()
    bad = as_csv([now(latitude="95")]).splitlines()[1]
    text = "\n".join([header, row, "", ",".join([""] * 31), row, "   ", bad, ""])
    _, events, rejects = all_of(save(tmp_path, text))
    assert list(zip(events["row"], events["line"], strict=True)) == [(1, 2), (2, 5)]
    assert (rejects["row"][0], rejects["line"][0]) == (3, 7)
    _, events, _ = all_of(save_xlsx(tmp_path / "a.xlsx", [now(), dict.fromkeys(NOW, ""), now()]))
    assert list(zip(events["row"], events["line"], strict=True)) == [(1, 2), (2, 4)]


BAD_ROWS = [
    ("event_type", "Skirmish", "not an event type of ACLED"),
    ("event_type", "Battels", 'Did you mean "Battles"'),
    ("event_type", "", "can be without its event_type"),
    ("event_date", "", "can be without its event_date"),
    ("event_date", "31-02-2021", "no such day"),
    ("event_date", "2021-13-01", "no such day"),
    ("event_date", "2021-02-30", "no such day"),
    ("event_date", "30 February 2021", "no such day"),
    ("event_date", "03/04/2021", "which the month can not be told"),
    ("event_date", "11/17/2021", "can only have the month first, but one date is no rule for the others"),
    ("event_date", "11/17/2021", "as when a spreadsheet took the days below 13 for months"),
    ("event_date", "yesterday", "is not a day"),
    ("event_date", "17 Brumaire 2021", "not the name of a month"),
    ("event_date", "1980-01-01", "not between 1997-01-01"),
    ("event_date", "2204-01-01", "not between 1997-01-01"),
    ("event_date", "=TODAY()", "formula"),
    ("latitude", "91", "not between -90 and 90"),
    ("latitude", "north", "is not a number"),
    ("latitude", "", "one of longitude and latitude is missing"),
    ("longitude", "181", "not between -180 and 180"),
    ("longitude", "1e999", "not between -180 and 180"),
    ("fatalities", "-1", "can not be less than 0"),
    ("fatalities", "2.5", "not a whole number"),
    ("fatalities", "2,000", "not a whole number"),
    ("fatalities", "dozens", "not a whole number"),
    ("fatalities", "=SUM(A1:A3)", "formula"),
    ("admin1", "=VLOOKUP(A2;B:C;2)", "formula"),
    ("time_precision", "4", "can only be 1, 2, 3"),
    ("geo_precision", "0", "can only be 1, 2, 3"),
    ("inter1", "9", "not a kind of actor of ACLED"),
    ("sub_event_type", "Fisticuffs", "not a sub-event type of ACLED"),
    ("timestamp", "99999999999999", "Unix seconds"),
    ("notes", "one\0two", "NUL"),
]


@pytest.mark.parametrize(("column", "cell", "said"), BAD_ROWS)
def test_a_bad_cell_sets_its_row_aside(tmp_path: Path, column: str, cell: str, said: str) -> None:
    rows = [now(notes="two\nlines"), now(**{column: cell}), now()]
    path = save(tmp_path, as_csv(rows))
    _, events, rejects = all_of(path)
    assert events["row"].to_list() == [1, 3]
    assert len(rejects) == 1
    reject = rejects.row(0, named=True)
    assert (reject["row"], reject["line"], reject["kind"], reject["column"]) == (2, 4, "error", column)
    assert reject["value"] == cell.replace("\0", "␀")
    assert said in reject["reason"]
    assert json.loads(reject["raw"]) == rows[1]


def test_swapped_and_null_island_coordinates(tmp_path: Path) -> None:
    rows = [
        now(latitude="121.1", longitude="34.8"),
        now(latitude="0", longitude="0.0"),
        now(latitude="0", longitude="9.5"),
    ]
    _, events, rejects = all_of(save(tmp_path, as_csv(rows)))
    assert events["row"].to_list() == [3]
    assert "may be swapped" in rejects["reason"][0]
    assert "0/0" in rejects["reason"][1]


def test_a_decimal_comma_in_a_semicolon_file(tmp_path: Path) -> None:
    _, events, _ = all_of(save(tmp_path, as_csv([now(latitude="34,8731", longitude="71,1469")], delimiter=";")))
    assert events.select("latitude", "longitude").row(0) == (34.8731, 71.1469)


def test_a_text_that_begins_with_equals_signs_is_no_formula(tmp_path: Path) -> None:
    assert len(all_of(save(tmp_path, as_csv([now(notes="== From our correspondent ==")])))[1]) == 1


def test_rows_with_too_few_and_too_many_cells(tmp_path: Path) -> None:
    header, row = as_csv([now(notes="plain")]).splitlines()
    several = as_csv([now(notes="two\nlines")]).split("\n", 1)[1]
    path = save(tmp_path, f"{header}\n{row}\n{several}XYZ1,2021-01-01\n{row}\n{row},more\n{row}\n")
    _, events, rejects = all_of(path)
    assert list(zip(events["row"], events["line"], strict=True)) == [(1, 2), (2, 3), (4, 6), (6, 8)]
    assert list(zip(rejects["row"], rejects["line"], strict=True)) == [(3, 5), (5, 7)]
    assert rejects["reason"].to_list() == ["the row has 2 cells, the header 31", "the row has 32 cells, the header 31"]
    assert rejects["raw"][0] == "XYZ1,2021-01-01"
    assert sources.raw_row(path, 3) == {"row": "XYZ1,2021-01-01"}


def test_half_a_row_at_the_end(tmp_path: Path) -> None:
    text = as_csv([now(), now(notes='A "made-up" clash')])
    at = text.rindex("made-up")
    _, events, rejects = all_of(save(tmp_path, text[:at]))
    assert events["row"].to_list() == [1]
    assert rejects.select("row", "line").rows() == [(2, 3)]
    assert "cut off" in rejects["reason"][0]
    assert "end of file" not in rejects["raw"][0]


def test_the_last_cell_cut_off_inside_a_quotation(tmp_path: Path) -> None:
    text = as_csv([since_2023(), since_2023()]).rstrip("\n")
    at = text.rindex(",")
    _, events, rejects = all_of(save(tmp_path, text[: at + 1] + '"16376'))
    assert events["row"].to_list() == [1]
    assert "cut off" in rejects["reason"][0]
    assert json.loads(rejects["raw"][0])["timestamp"] == "16376"


def test_a_quotation_mark_left_open_does_not_swallow_rows_in_silence(tmp_path: Path) -> None:
    plain = {"assoc_actor_1": "", "notes": "plain", "source": "One"}
    rows = [now(**plain, event_id_cnty=f"X{n}") for n in range(6)]
    lines = as_csv(rows).splitlines()
    lines[2] = lines[2].replace("plain", '"plain')
    lines[4] = lines[4].replace("plain", 'plain"')
    _, events, rejects = all_of(save(tmp_path, "\n".join(lines)))
    assert events["event_id"].to_list() == ["X0", "X4", "X5"]
    assert rejects.select("line", "column").rows() == [(3, "notes")]
    assert "swallowed" in rejects["reason"][0]


def test_a_field_of_ten_megabytes(tmp_path: Path) -> None:
    rows = [now(), now(notes="long " * 2_000_000), now(fatalities="x")]
    _, events, rejects = all_of(save(tmp_path, as_csv(rows)))
    assert events["notes"].str.len_bytes().to_list()[1] == 9_999_999
    assert (rejects["row"][0], rejects["line"][0]) == (3, 4)


def test_a_row_larger_than_the_largest_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "FIRST_BLOCK", 1 << 12)
    monkeypatch.setattr(delimited, "LARGEST_BLOCK", 1 << 14)
    error = refused(save(tmp_path, as_csv([now()] * 30 + [now(notes="x" * 40_000)])))
    assert "larger than" in error.what


def test_formulas_in_a_spreadsheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [list(NOW), list(now().values()), list(now(fatalities="=1+2").values())]:
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    _, events, rejects = all_of(tmp_path / "a.xlsx")
    assert events["row"].to_list() == [1]
    assert rejects.select("line", "column", "value").rows() == [(3, "fatalities", "=1+2")]
    assert "formula" in rejects["reason"][0]


def test_a_row_of_hxl_tags_in_any_file(tmp_path: Path) -> None:
    tags = dict.fromkeys(NOW, "") | {
        "event_date": "#date+occurred",
        "country": "#country+name",
        "latitude": "#geo +lat",
    }
    _, events, rejects = all_of(save(tmp_path, as_csv([tags, now()])))
    assert (events["row"].to_list(), rejects["kind"].to_list()) == ([2], ["markup"])


CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "",
        '"',
        "\n",
        "\r\n",
        "\0",
        "=A1",
        ",",
        ";",
        "2.0",
        "NA",
        "91",
        "-1",
        "2021-02-31",
        "Battles",
        "Protests",
        "#x",
        "x\ny",
    ]
)
COLUMN = st.sampled_from(NOW)


@given(
    st.lists(st.dictionaries(COLUMN, CELL, max_size=4), min_size=1, max_size=12),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([",", ";", "\t"]),
)
@settings(max_examples=40)
def test_source_law_whatever_stands_in_the_cells(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], encoding: str, delimiter: str
) -> None:
    written = [now(**cells) for cells in rows]
    path = save(tmp_path_factory.mktemp("law"), as_csv(written, delimiter=delimiter, quote_all=True).encode(encoding))
    _, events, rejects = all_of(path)
    assert sorted([*events["row"], *rejects["row"]]) == list(range(1, len(rows) + 1))
    assert rejects["reason"].null_count() == 0
    for number in {1, len(rows)}:
        if not any("\0" in cell for cell in rows[number - 1].values()):
            assert sources.raw_row(path, number) == written[number - 1]


@given(st.binary(max_size=300), st.integers(0, 2000))
@settings(max_examples=40)
def test_damage_anywhere_never_ends_in_anything_but_rows_or_a_source_error(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes, at: int
) -> None:
    content = as_csv([now()] * 4).encode()
    path = save(tmp_path_factory.mktemp("damage"), content[:at] + damage + content[at:])
    with contextlib.suppress(SourceError):
        all_of(path)


def test_small_blocks_give_the_same_rows_as_large_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = random.Random(7)  # noqa: S311
    lines = []
    for number in range(400):
        kind = noise.randrange(10)
        row = now(event_id_cnty=f"X{number}", notes="a\nb" * noise.randrange(60), fatalities="x" if kind == 1 else "1")
        text = as_csv([row]).split("\n", 1)[1]
        lines.append("\n" if kind == 2 else f"short,{number}\n" if kind == 3 else text)
    path = save(tmp_path, as_csv([now()]) + "".join(lines))
    _, events, rejects = all_of(path)
    monkeypatch.setattr(delimited, "FIRST_BLOCK", 1 << 10)
    monkeypatch.setattr(delimited, "BATCH_ROWS", 7)
    _, again, rejects_again = all_of(path)
    assert events.equals(again)
    assert rejects.sort("row").equals(rejects_again.sort("row"))
    starts = path.read_text().split("\n")
    for event in events.rows(named=True):
        assert starts[event["line"] - 1].startswith(event["event_id"] + ",")
    for reject in rejects.filter(pl.col("column").is_null()).rows(named=True):
        assert starts[reject["line"] - 1] == reject["raw"]


def test_utf_16_that_ends_half_way(tmp_path: Path) -> None:
    content = as_csv([now(), now()]).encode("utf-16")[:-61]
    _, events, rejects = all_of(save(tmp_path, content))
    assert len(events) + len(rejects) == 2


def test_a_workbook_with_a_locked_or_missing_table(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "a.xlsx")
    assert "no sheet" in refused(tmp_path / "a.xlsx").what
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    assert "damaged" in refused(save(tmp_path, buffer.getvalue(), "b.xlsx")).what


def test_days_of_typed_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame([now()]).with_columns(
        event_date=pl.lit(dt.datetime(2021, 11, 17, 19, tzinfo=dt.UTC)).dt.convert_time_zone("Asia/Kabul"),
        tags=pl.Series([["one", "two"]]),
        fatalities=pl.lit(3, dtype=pl.UInt8),
        country=pl.lit("Afghanistan").cast(pl.Categorical),
    )
    frame.write_parquet(path)
    _, events, _ = all_of(path)
    assert events.select("event_date", "tags", "fatalities", "country").row(0) == (
        dt.date(2021, 11, 17),
        "one; two",
        3,
        "AFG",
    )


def test_json_and_parquet_that_can_not_be_read_are_refused(tmp_path: Path) -> None:
    numbers = save(tmp_path, '[{"event_id_cnty": ' + "9" * 5000 + "}]", name="long.json")
    assert "is not JSON" in refused(numbers).what
    odd = pl.DataFrame([now()]).with_columns(pl.Series("spare", [b"\xff\xfe"], dtype=pl.Binary))
    odd.write_parquet(tmp_path / "odd.parquet")
    assert '"spare"' in refused(tmp_path / "odd.parquet").what
