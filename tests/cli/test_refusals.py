"""Questions that make no sense are refused with what to ask instead."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from tests.star import on_polars
from tocsin.analysis.incidents import MOST_SERIES, weekly
from tocsin.analysis.proximity import class_labels
from tocsin.cube import Selection
from tocsin.desk import Definition
from tocsin.errors import QuestionError
from tocsin.schema import Span

MONDAY = dt.date(2021, 1, 4)
WEEKS = Span(MONDAY, MONDAY + dt.timedelta(days=20))
ONE_WEEK = Definition(average_weeks=1)


@pytest.mark.parametrize("edge", [-1.0, math.nan, math.inf])
def test_what_is_no_distance_is_refused(edge: float) -> None:
    with pytest.raises(QuestionError, match="is no distance"):
        class_labels([10.0, edge])


def test_two_distances_that_would_be_called_the_same_are_refused() -> None:
    with pytest.raises(QuestionError, match="can not be told apart") as caught:
        class_labels([5, 10, 10.0000001])
    assert "differ more" in caught.value.next_step
    assert class_labels([10, 10.5]) == ["Within 10 km", "10–10.5 km", "Farther than 10.5 km"]


def test_a_column_of_unbounded_values_is_refused() -> None:
    rows = [{"date": MONDAY} for _ in range(MOST_SERIES + 1)]
    asked = {"selection": Selection(), "definition": ONE_WEEK, "period": WEEKS, "by": "event_id"}
    with pytest.raises(QuestionError, match="1,001 values") as caught:
        weekly(on_polars(rows, [WEEKS]), **asked)  # type: ignore[arg-type]
    assert "event_type" in caught.value.next_step
    assert weekly(on_polars(rows[1:], [WEEKS]), **asked).height == 3 * MOST_SERIES  # type: ignore[arg-type]
