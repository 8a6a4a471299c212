"""Stacked shares add up, keep their order, and mark breaks and gaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest

from tocsin.errors import QuestionError
from tocsin.figures.caption import BANNER, Caption
from tocsin.figures.shares import REST, shares
from tocsin.figures.timeline import Marker
from tocsin.figures.write import specification, svg


def table(**given: Sequence[float | None]) -> pl.DataFrame:
    parts = [
        pl.DataFrame(
            {
                "from_date": [dt.date(2021, month, 1) for month in range(1, len(values) + 1)],
                "to_date": [dt.date(2021, month + 1, 1) - dt.timedelta(days=1) for month in range(1, len(values) + 1)],
                "series": [name] * len(values),
                "share": pl.Series(values, dtype=pl.Float64),
            }
        )
        for name, values in given.items()
    ]
    return pl.concat(parts)


TABLE = table(National=[0.5, 0.25, None, 0.1], Local=[0.5, 0.5, None, 0.2], others=[0.0, 0.25, None, 0.7])


def test_each_month_is_stacked_to_a_hundred_from_the_first_series_up(caption: Caption) -> None:
    rows = specification(shares(TABLE, caption=caption, unit="per cent"))["datasets"]["shares"]
    assert [(row["series"], row["lower"], row["upper"]) for row in rows[3:6]] == [
        ("National", 0, 25),
        ("Local", 25, 75),
        ("others", 75, 100),
    ]
    assert [row["upper"] for row in rows if row["series"] == "others"] == pytest.approx([100, 100, 100])
    assert (rows[0]["from"], rows[0]["to"]) == ("2021-01-01", "2021-02-01")


def test_breaks_gaps_names_and_the_rest_are_drawn(caption: Caption) -> None:
    chart = shares(
        TABLE,
        caption=caption,
        unit="per cent",
        breaks=[Marker(dt.date(2021, 4, 1), "Others up 45 points")],
        rest="others",
    )
    drawn = svg(chart)
    for text in ("Others up 45 points", "no data", "National", "others", "per cent"):
        assert f">{text}<" in drawn
    assert REST in drawn
    assert BANNER in svg(shares(TABLE, caption=replace(caption, synthetic=True), unit="per cent"))


def test_what_can_not_be_drawn_is_refused(caption: Caption) -> None:
    with pytest.raises(QuestionError, match="no share is known"):
        shares(table(a=[None]), caption=caption, unit="per cent")
    with pytest.raises(QuestionError, match="12 shares can not be told apart"):
        shares(table(**{f"s{n}": [1 / 12] for n in range(12)}), caption=caption, unit="per cent")
