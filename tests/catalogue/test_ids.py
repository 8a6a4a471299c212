"""The ids behind a number, kept as a column."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.catalogue import EventIds

Names = st.lists(st.text(st.characters(codec="utf-8"), max_size=4), unique=True, max_size=12)


@given(st.lists(Names, max_size=4))
def test_a_union_is_each_id_once_and_sorted(parts: list[list[str]]) -> None:
    union = EventIds.union([EventIds(part) if number % 2 else part for number, part in enumerate(parts)])
    expected = sorted({each for part in parts for each in part})
    assert union == expected
    assert list(union) == expected
    assert len(union) == len(expected)
    assert [union[at] for at in range(len(union))] == expected
    assert union[:2] == expected[:2]


@given(Names, Names)
def test_ids_are_equal_as_their_names_are(one: list[str], other: list[str]) -> None:
    assert (EventIds(one) == EventIds(other)) == (sorted(one) == sorted(other))
    assert EventIds(one) == tuple(sorted(one))
    assert EventIds(one) != len(one)


def test_lists_of_the_same_question_are_not_put_together_anew() -> None:
    ids = EventIds(["b", "a"])
    assert EventIds.union([ids, ids, ()]) is ids
