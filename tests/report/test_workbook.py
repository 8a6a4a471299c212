"""The reviewer's workbook: numbers as numbers, texts as texts, and as many events as a sheet holds."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from typing import Any

import openpyxl
import polars as pl
import pytest

from tests.report.test_manifest import FOUND, asked
from tocsin.findings.check import Checked, Moved
from tocsin.findings.found import Found
from tocsin.findings.signed import SignedFinding
from tocsin.report import workbook as module
from tocsin.report.filled import Statement
from tocsin.report.workbook import workbook

DAY = dt.date(2022, 8, 1)
OLD = SignedFinding(value=256.0, printed="256 a week", definition={}, events=2, event_ids="0" * 64, holds=True)


def checked(*found: Found, **said: Any) -> list[Checked]:
    return [Checked(one, said.get("verdict", "holds"), said.get("signed"), said.get("moved")) for one in found]


def sheets(made: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(made))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def records(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_a_finding_has_its_number_interval_verdict_and_data() -> None:
    made = sheets(workbook(checked(asked(), verdict="drifted", signed=OLD, moved=Moved(new=3)), dated=DAY))
    (row,) = records(made["Findings"])
    assert row["value"] == 245.3
    assert (row["printed"], row["unit"], row["low"], row["high"]) == ("245", "a week", 230.5, 1 / 3)
    assert (row["verdict"], row["signed"], row["why it moved"]) == ("drifted", "256 a week", "rows: 3 new")
    assert (row["data set"], row["data as of"], row["file"]) == ("made", dt.datetime(2022, 8, 2), f"{2:064x}")  # noqa: DTZ001
    assert row["events"] == 2


def test_values_are_of_their_own_kind_and_in_the_unit_printed() -> None:
    made = records(sheets(workbook(checked(*FOUND.values()), dated=DAY))["Findings"])
    values = {row["finding"]: row["value"] for row in made}
    assert values["drop"] == 10.0
    assert next(row["unit"] for row in made if row["finding"] == "drop") == "per cent"
    assert values["day"] == dt.datetime(2021, 8, 15)  # noqa: DTZ001
    assert values["top"] == "Kabul"
    assert values["rows"] == "a series of 2 points"
    assert values["bad"] is None
    assert next(row["reason"] for row in made if row["finding"] == "bad").endswith("divides by zero")


def test_a_definition_says_the_question_the_arithmetic_or_the_source() -> None:
    one = asked("a", definition={"with": {"groups": ["x", "y"]}, "where": {"series": "NRF"}})
    made = records(sheets(workbook(checked(one, FOUND["drop"], FOUND["un"]), dated=DAY))["Definitions"])
    assert (made[0]["question"], made[0]["arguments"], made[0]["where"]) == (
        "comparison",
        "groups: x, y",
        "series: NRF",
    )
    assert (made[0]["definition"], made[0]["take"]) == ("What it is.", "before_mean")
    assert (made[1]["computed as"], made[1]["uses"]) == ("before.mean / un", "before.mean, un")
    assert made[2]["published by"] == "UN, 15 June 2022"


def test_statements_have_a_sheet_where_there_are_some() -> None:
    said = [
        Statement("fivefold", "fall", "4.5 to 5.5", True, "", 3, 1),
        Statement("rose", "nrf", "rising", False, "", 9, 1),
    ]
    made = sheets(workbook(checked(asked()), said, dated=DAY))
    assert list(made) == ["Findings", "Definitions", "Statements", "Events"]
    assert made["Statements"][1:] == [
        ("fivefold", "fall", "4.5 to 5.5", "holds", 3),
        ("rose", "nrf", "rising", "does not hold", 9),
    ]
    assert made["Events"][1:] == [("before.mean", "A1"), ("before.mean", "A2")]
    assert "Statements" not in sheets(workbook(checked(asked()), dated=DAY))


def test_the_cells_of_tables_and_series_have_a_sheet() -> None:
    table = pl.DataFrame({"name": ["=Kabul", "Kunar"], "incidents": [1200, 3], "share": [0.5, None]})
    series = pl.DataFrame({"week_date": [dt.date(2022, 8, 1)], "share": [0.25]})
    one = asked(
        "top", value=table, definition={"take": None, "low": None, "high": None, "rows": 2, "percent": ["share"]}
    )
    other = asked(
        "line", value=series, definition={"take": "share by week_date", "low": None, "high": None, "percent": True}
    )
    made = sheets(workbook(checked(one, other), dated=DAY))
    assert list(made) == ["Findings", "Definitions", "Tables", "Events"]
    assert made["Tables"][1:] == [
        ("top", 1, "name", "'=Kabul", "'=Kabul"),
        ("top", 1, "incidents", 1200, "1,200"),
        ("top", 1, "share, per cent", 50, "50"),
        ("top", 2, "name", "Kunar", "Kunar"),
        ("top", 2, "incidents", 3, "3"),
        ("top", 2, "share, per cent", None, "–"),
        ("line", 1, "week date", dt.datetime(2022, 8, 1), "1 August 2022"),  # noqa: DTZ001
        ("line", 1, "share, per cent", 25, "25"),
    ]
    assert made["Events"][1:] == [(name, event) for name in ("top", "line") for event in ("A1", "A2")]


@pytest.mark.parametrize(
    "text", ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "http://example.org", "<b>&\"'", "a\x1bb"]
)
def test_no_text_is_a_formula_a_link_or_markup(text: str) -> None:
    one = asked(words=text, value=text, event_ids=[text, "A&1"])
    made = workbook(checked(one), [Statement(text, "a", text, None, "", 1, 1)], dated=DAY)
    book = openpyxl.load_workbook(io.BytesIO(made))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    shown = {"a\x1bb": "a\\x1bb"}.get(text, f"'{text}" if text[0] in "=+-@" else text)
    assert [cell.value for cell in cells].count(shown) == 6
    assert "A&1" in {book["Events"][cell].value for cell in ("B2", "B3")}


def test_events_past_the_last_line_of_a_sheet_are_counted_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    full, over = ([asked(event_ids=[f"A{number}" for number in range(count)])] for count in (4, 10))
    assert sheets(workbook(checked(*full), dated=DAY))["Events"][-1] == ("before.mean", "A3")
    made = sheets(workbook(checked(*over), dated=DAY))["Events"]
    assert len(made) == 5
    assert made[-2] == ("before.mean", "A2")
    assert made[-1][0] == "NOT ALL ARE HERE"
    assert made[-1][1].startswith("7 lines more")


def test_a_report_without_findings_has_empty_sheets() -> None:
    made = sheets(workbook([], dated=DAY))
    assert {name: len(rows) for name, rows in made.items()} == {"Findings": 1, "Definitions": 1, "Events": 1}


def test_the_same_findings_give_the_same_bytes() -> None:
    made = [workbook(checked(*FOUND.values()), dated=DAY) for _ in range(2)]
    assert made[0] == made[1]
    other = checked(dataclasses.replace(FOUND["un"], value=1.0))
    assert workbook(other, dated=DAY) != workbook(checked(FOUND["un"]), dated=DAY)
