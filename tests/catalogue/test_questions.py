"""The catalogue, the figures, the desk and the events behind a number know the same questions."""

from __future__ import annotations

from typing import get_args

import pytest

from tocsin.catalogue import QUESTIONS, Asked
from tocsin.catalogue.behind import _BEHIND
from tocsin.catalogue.drawn import DRAWN
from tocsin.desk import Figure
from tocsin.findings.definition import Arguments


def test_every_question_that_has_a_figure_is_drawn_and_can_stand_in_a_desk() -> None:
    drawn = [question.name for question in QUESTIONS if question.figure]
    assert sorted(DRAWN) == sorted(drawn)
    assert sorted(get_args(Figure.model_fields["question"].annotation)) == sorted([*drawn, "ways"])


def test_every_argument_of_a_question_can_be_given_by_a_finding() -> None:
    for question in QUESTIONS:
        assert set(question.arguments) <= set(Arguments.model_fields), question.name
        assert set(question.arguments) <= set(vars(Asked())), question.name


@pytest.mark.parametrize("question", [each.name for each in QUESTIONS])
def test_every_question_says_which_events_are_behind_its_numbers(question: str) -> None:
    # Those that are not listed have all incidents of the period behind them.
    assert question in _BEHIND or question in {"actors", "filters"}
