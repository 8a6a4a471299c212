"""The state of an event follows from what is said of it, whatever its parties are called."""

from __future__ import annotations

import pytest

from tocsin.analysis import attribution as analysis
from tocsin.layers import statements
from tocsin.layers.names import label_of
from tocsin.layers.statements import (
    ATTRIBUTION,
    CONTESTED,
    INITIATOR,
    ONE,
    SEVERAL,
    STATES,
    UNCLAIMED,
    UNDECIDED,
    UNIDENTIFIED,
    decided,
    unlike,
)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([("claim", "A")], ONE),
        ([("claim", "A"), ("claim", "B")], SEVERAL),
        ([("claim", "A"), ("attribution", "A")], ONE),
        ([("claim", "A"), ("attribution", "B")], CONTESTED),
        ([("claim", "A"), ("denial", "A")], CONTESTED),
        ([("claim", "A"), ("denial", "B")], ONE),
        ([("claim", "A"), ("claim", "B"), ("denial", "B")], CONTESTED),
        ([("attribution", "A")], UNCLAIMED),
        ([("attribution", "A"), ("denial", "A")], CONTESTED),
        ([("attribution", "A"), ("denial", "B")], UNCLAIMED),
        ([("attribution", "A"), ("attribution", "B")], CONTESTED),
        ([("denial", "A")], CONTESTED),
        ([("unclaimed", "")], UNCLAIMED),
        ([("unidentified", "")], UNIDENTIFIED),
        ([("undecided", "")], UNDECIDED),
        ([], UNDECIDED),
    ],
)
def test_states_follow_from_what_is_said(said: list[tuple[str, str]], state: str) -> None:
    assert decided(ATTRIBUTION, said) == state
    assert decided(ATTRIBUTION, list(reversed(said))) == state


def test_two_names_of_one_group_are_one_party() -> None:
    groups = {"IS-KP": ("Islamic State (Afghanistan)", "Islamic State Khorasan Province (ISKP)")}
    said = [("claim", "Islamic State (Afghanistan)"), ("claim", "is-kp")]
    assert decided(ATTRIBUTION, said, party_of=lambda name: label_of(name, groups)) == ONE
    assert (
        decided(INITIATOR, [("began", "Islamic State (Afghanistan)")], party_of=lambda name: label_of(name, groups))
        == "IS-KP"
    )


def test_what_stands_alone_is_not_said_with_others() -> None:
    assert unlike(ATTRIBUTION, ["claim", "denial", "claim"]) is None
    assert "stands alone" in (unlike(ATTRIBUTION, ["unidentified", "claim"]) or "")
    assert "two statements" in (unlike(INITIATOR, ["began", "began"]) or "")


def test_the_analysis_knows_the_same_states() -> None:
    assert analysis.STATES == STATES
    assert analysis.UNDECIDED == statements.UNDECIDED
