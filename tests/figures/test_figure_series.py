"""The specification of a series says what the table says."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from tocsin.errors import QuestionError
from tocsin.figures.caption import BANNER, Caption
from tocsin.figures.series import Marker, Shade, series
from tocsin.figures.write import specification, svg

Weekly = Callable[[Mapping[str, Sequence[int | None]]], pl.DataFrame]
YEAR = [(7 * week) % 11 for week in range(52)]


def found(part: Any, key: str) -> Iterator[Any]:
    """Every value of `key`, wherever it stands."""
    if isinstance(part, dict):
        if key in part:
            yield part[key]
        for value in part.values():
            yield from found(value, key)
    elif isinstance(part, list):
        for value in part:
            yield from found(value, key)


def axis_of(specified: dict[str, Any]) -> dict[str, Any]:
    averages = next(
        encoding for encoding in found(specified, "encoding") if encoding.get("y", {}).get("field") == "average"
    )
    axis: dict[str, Any] = averages["y"]
    return axis


def test_it_says_title_unit_window_definition_source(weekly: Weekly, caption: Caption) -> None:
    specified = specification(series(weekly({"all": YEAR}), caption=caption, unit="incidents per week"))
    assert " ".join(specified["title"]["text"]) == caption.title
    assert " ".join(specified["title"]["subtitle"]) == caption.subtitle
    assert axis_of(specified)["axis"]["title"] == "incidents per week"
    printed = " ".join(" ".join(text) for text in found(specified, "text") if isinstance(text, list))
    for note in caption.notes:
        assert note.strip() in printed
    assert f"Source: {caption.source}" in printed


def test_counts_start_at_zero_and_the_weeks_are_the_tables(weekly: Weekly, caption: Caption) -> None:
    specified = specification(series(weekly({"all": YEAR}), caption=caption))
    assert axis_of(specified)["scale"]["domain"][0] == 0
    assert [row["incidents"] for row in specified["datasets"]["counts"]] == YEAR
    assert specified["datasets"]["counts"][0]["average"] is None


def test_single_weeks_are_drawn_for_one_series_only(weekly: Weekly, caption: Caption) -> None:
    def drawn(table: pl.DataFrame) -> list[str]:
        return [
            e["y"]["field"]
            for e in found(specification(series(table, caption=caption)), "encoding")
            if "field" in e.get("y", {})
        ]

    assert drawn(weekly({"all": YEAR})) == ["incidents", "average"]
    assert drawn(weekly({"near": YEAR, "far": YEAR})) == ["average"]


def test_the_axis_of_several_lines_fits_the_averages_not_the_counts(weekly: Weekly, caption: Caption) -> None:
    peak = [0] * 20 + [90] + [0] * 20
    assert axis_of(specification(series(weekly({"a": peak}), caption=caption)))["scale"]["domain"] == [0, 100]
    assert axis_of(specification(series(weekly({"a": peak, "b": peak}), caption=caption)))["scale"]["domain"] == [0, 30]


def test_a_week_without_data_is_a_gap_that_says_so(weekly: Weekly, caption: Caption) -> None:
    table = weekly({"all": [*YEAR[:20], None, None, *YEAR[22:]]})
    chart = series(table, caption=caption)
    assert svg(chart).count("no data") == 1
    line = re.search(r'aria-roledescription="line mark" d="([^"]*)"', svg(chart))
    assert line
    assert line[1].count("M") == 2
    assert "no data" not in svg(series(weekly({"all": YEAR}), caption=caption))


def test_lines_are_named_at_their_ends_and_many_in_a_list(weekly: Weekly, caption: Caption) -> None:
    few = svg(series(weekly({"IS-KP": YEAR, "NRF": YEAR[::-1]}), caption=caption))
    assert ">IS-KP<" in few
    assert ">NRF<" in few
    many = {f"group {letter}": YEAR for letter in "abcdefgh"}
    drawn = svg(series(weekly(many), caption=caption))
    assert all(f">{name}<" in drawn for name in many)


def test_markers_and_spans_are_named_and_what_lies_outside_is_left_out(weekly: Weekly, caption: Caption) -> None:
    drawn = svg(
        series(
            weekly({"all": YEAR}),
            caption=caption,
            events=[Marker(dt.date(2021, 8, 15), "15 August 2021: takeover"), Marker(dt.date(2025, 1, 1), "not yet")],
            shade=[
                Shade(dt.date(2020, 1, 1), dt.date(2021, 3, 1), "before"),
                Shade(dt.date(2019, 1, 1), dt.date(2019, 2, 1), "long ago"),
            ],
        )
    )
    assert "15 August 2021: takeover" in drawn
    assert ">before<" in drawn
    assert "not yet" not in drawn
    assert "long ago" not in drawn


def test_made_up_data_say_so_on_the_picture(weekly: Weekly, caption: Caption) -> None:
    real = svg(series(weekly({"all": YEAR}), caption=caption))
    made_up = svg(series(weekly({"all": YEAR}), caption=replace(caption, synthetic=True)))
    assert "SYNTHETIC" not in real
    assert BANNER in made_up
    assert ">SYNTHETIC DATA<" in made_up


def test_the_same_table_gives_the_same_bytes(weekly: Weekly, caption: Caption) -> None:
    first, second = (
        json.dumps(specification(series(weekly({"a": YEAR, "b": YEAR}), caption=caption))) for _ in range(2)
    )
    assert first == second


def test_a_table_of_zeros_and_a_table_without_data_can_be_drawn(weekly: Weekly, caption: Caption) -> None:
    assert axis_of(specification(series(weekly({"all": [0] * 10}), caption=caption)))["scale"]["domain"] == [0, 1]
    assert "no data" in svg(series(weekly({"all": [None] * 10}), caption=caption))


def test_a_missing_column_is_named(weekly: Weekly, caption: Caption) -> None:
    with pytest.raises(QuestionError, match="lacks the column average"):
        series(weekly({"all": YEAR}).drop("average"), caption=caption)


def test_a_table_without_rows_is_refused(weekly: Weekly, caption: Caption) -> None:
    with pytest.raises(QuestionError, match="no rows"):
        series(weekly({"all": YEAR}).clear(), caption=caption)
