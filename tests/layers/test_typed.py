"""What a reviewer types is read as it is meant, and what can not be meant is told."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import QuestionError
from tocsin.layers.proposals import Proposal
from tocsin.layers.statements import ATTRIBUTION, INITIATOR
from tocsin.layers.typed import HELP, KEYS, Said, read_typed

PARTIES = ("Front", "League")
PROPOSED = (Proposal("claim", "Front", "claimed", (3, 9)), Proposal("denial", "League", "denied", (12, 20)))


def typed(line: str, layer: str = ATTRIBUTION) -> tuple[Said, ...]:
    return read_typed(line, layer=layer, parties=PARTIES, proposals=PROPOSED)


def test_lines_are_read() -> None:
    assert typed("c 1") == typed("c1") == typed(" c  1 ") == (Said("claim", "Front"),)
    assert typed("c 1; d 2") == typed("c1;d2") == (Said("claim", "Front"), Said("denial", "League"))
    assert typed('t "Some Group"') == (Said("attribution", "Some Group"),)
    assert [typed(key)[0].kind for key in "nix"] == ["unclaimed", "unidentified", "undecided"]
    assert typed("2", INITIATOR) == typed("b 2", INITIATOR) == (Said("began", "League"),)
    assert typed("x", INITIATOR) == (Said("undecided"),)


def test_what_is_known_of_a_statement_follows_it() -> None:
    day = dt.date(2021, 10, 9)
    assert typed("c 1 b2 2021-10-09 by: a spokesman in: channel; post 7") == (
        Said("claim", "Front", "a spokesman", day, "channel; post 7", "B2"),
    )
    assert typed("c 1 in: paper by: police; d 2 F6") == (
        Said("claim", "Front", "police", None, "paper"),
        Said("denial", "League", grade="F6"),
    )
    assert typed("i 2021-10-09") == (Said("unidentified", said_date=day),)


def test_accepting_takes_what_is_proposed_with_its_words() -> None:
    first, second = typed("a C3 in: paper")
    assert (first.kind, first.party, first.rule, first.span, first.grade, first.published) == (
        "claim", "Front", "claimed", (3, 9), "C3", "paper",
    )  # fmt: skip
    assert (second.kind, second.rule) == ("denial", "denied")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("", "nothing was said"),
        ("c", "needs a party"),
        ("c 3", "there is no party 3"),
        ("c 0", "there is no party 0"),
        ("n 1", "names no party"),
        ("a 1", "accepts what is proposed as it is"),
        ("z", "not understood"),
        ("claim 1", "not understood"),
        ("1", "not understood"),
        ("c 1 Z9", "no grade"),
        ("c 1; c 1", "said twice"),
        ("c 1; i", "stands alone"),
    ],
)
def test_what_can_not_be_meant_is_told(line: str, what: str) -> None:
    with pytest.raises(QuestionError, match=what):
        typed(line)


def test_nothing_can_not_be_accepted() -> None:
    with pytest.raises(QuestionError, match="nothing is proposed"):
        read_typed("a", layer=ATTRIBUTION, parties=PARTIES, proposals=())
    with pytest.raises(QuestionError, match="two statements"):
        typed("1; b 2", INITIATOR)


@given(st.text(max_size=60), st.sampled_from([ATTRIBUTION, INITIATOR]))
def test_any_line_is_read_or_refused(line: str, layer: str) -> None:
    try:
        said = typed(line, layer)
    except QuestionError:
        return
    assert said


def test_help_names_every_key() -> None:
    for layer, keys in KEYS.items():
        for key in keys:
            assert f"\n{key} " in f"\n{HELP[layer]}" or f"  {key} " in HELP[layer], (layer, key)
