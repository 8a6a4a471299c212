"""A forest says of each row what the table says: its name, its dot, its interval, its numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from tocsin.errors import QuestionError
from tocsin.figures.caption import BANNER, Caption
from tocsin.figures.forest import COLUMNS, Band, Scale, forest
from tocsin.figures.write import specification, svg


def rows(*given: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(given), schema=COLUMNS, orient="row")


TABLE = rows(
    ("All incidents", 0.38, 0.31, 0.48, None, True),
    ("Radio", 0.4, 0.3, 0.5, "Each alone", False),
    ("Paper", 2.5, None, None, "Each alone", False),
    ("If all had reported", None, 0.37, 0.39, "Bounds", True),
    ("Nobody", None, None, None, "Bounds", False),
)


def test_every_row_has_its_name_numbers_and_heading(caption: Caption) -> None:
    drawn = svg(
        forest(TABLE, caption=caption, unit="ratio", reference=1, reference_label="no change", logarithmic=True)
    )
    for text in ("All incidents", "0.38 (0.31 to 0.48)", "Radio", "2.50", "0.37 to 0.39", "none", "no change", "ratio"):
        assert f">{text}<" in drawn
    assert drawn.count(">Each alone<") == 1
    assert drawn.count(">Bounds<") == 1


def test_a_ratio_lies_on_a_logarithmic_axis_and_a_difference_on_an_even_one() -> None:
    ratios = Scale(0.1, 10.0, (0.1, 1, 10), logarithmic=True, width=200)
    assert [ratios.x(value) for value in (0.1, 1, 10, 0.0, 99)] == pytest.approx([0, 100, 200, 0, 200])
    assert ratios.beyond(99)
    even = Scale(-5.0, 5.0, (-5, 0, 5), logarithmic=False, width=200)
    assert [even.x(value) for value in (-5, 0, 2.5)] == pytest.approx([0, 100, 150])


def test_negative_numbers_have_a_minus_and_their_ticks(caption: Caption) -> None:
    table = rows(("a", -12.0, -20.0, -4.0, None, True), ("b", 3.0, -1.0, 7.0, None, False))
    drawn = svg(forest(table, caption=caption, unit="difference", reference=0, decimals=1))
    for text in ("−12.0 (−20.0 to −4.0)", "−20", "0", "10"):
        assert f">{text}<" in drawn


def test_an_interval_beyond_the_axis_ends_in_an_arrow(caption: Caption) -> None:
    table = rows(("a", 1.0, 1e-9, 1e9, None, True), ("b", 0.5, 0.4, 0.6, None, False))
    drawn = svg(forest(table, caption=caption, unit="ratio", logarithmic=True))
    assert drawn.count(">◂<") == drawn.count(">▸<") == 1


def test_a_band_and_made_up_data_are_drawn(caption: Caption) -> None:
    plain = forest(TABLE, caption=caption, unit="ratio", logarithmic=True)
    banded = forest(
        TABLE, caption=replace(caption, synthetic=True), unit="ratio", logarithmic=True, band=Band(0.3, 0.4)
    )
    assert BANNER in svg(banded)
    assert len(json.dumps(specification(banded))) > len(json.dumps(specification(plain)))


def test_text_is_inert_and_the_same_table_gives_the_same_bytes(caption: Caption) -> None:
    table = TABLE.with_columns(label=pl.lit("<script>alert(1)</script> ${x}"))
    chart = forest(table, caption=caption, unit="ratio", logarithmic=True)
    assert "<script" not in svg(chart)
    assert json.dumps(specification(chart)) == json.dumps(
        specification(forest(table, caption=caption, unit="ratio", logarithmic=True))
    )


def test_nothing_to_draw_is_refused(caption: Caption) -> None:
    with pytest.raises(QuestionError, match="no row has a number"):
        forest(TABLE.tail(1), caption=caption, unit="ratio")
    with pytest.raises(QuestionError, match="lacks the column emphasised"):
        forest(TABLE.drop("emphasised"), caption=caption, unit="ratio")
