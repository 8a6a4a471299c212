"""Rules see who claims, denies and is blamed in English notes, and propose nothing where they can not tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.world import ARMY, FRONT, GROUPS, LEAGUE, NOBODY
from tocsin.layers.claims import WORTH, propose_claims
from tocsin.layers.names import parties, short_forms

KNOWN, UNKNOWN = (FRONT, ARMY), (NOBODY, ARMY)
C, D, T = "claim", "denial", "attribution"
CASES: list[tuple[tuple[str, ...], str, set[tuple[str, str]]]] = [
    (UNKNOWN, "A bomb hit an army lorry. The FFZ claimed responsibility.", {(C, "Front")}),
    (UNKNOWN, "The blast was later claimed by the League of Zemaria.", {(C, "League")}),
    (UNKNOWN, "Both the Front for Zemaria and LZ claimed responsibility.", {(C, "Front"), (C, "League")}),
    (UNKNOWN, "Responsibility for the killing was claimed by the FFZ and by the LZ.", {(C, "Front"), (C, "League")}),
    (UNKNOWN, "The LZ said that its fighters had ambushed the convoy.", {(C, "League")}),
    (UNKNOWN, "The LZ claimed to have killed ten soldiers.", {(C, "League")}),
    (UNKNOWN, "A claim of responsibility came from the FFZ on its channel.", {(C, "Front")}),
    (UNKNOWN, "FFZ claimed the attack.", {(C, "Front")}),
    (UNKNOWN, "No group has claimed responsibility.", {("unidentified", "")}),
    (UNKNOWN, "No group immediately claimed the attack, and nobody was held.", {("unidentified", "")}),
    (UNKNOWN, "Nobody claimed the attack.", {("unidentified", "")}),
    (UNKNOWN, "There was no claim of responsibility.", {("unidentified", "")}),
    (UNKNOWN, "Unknown gunmen shot a policeman dead.", {("unidentified", "")}),
    (UNKNOWN, "The bomb claimed three lives.", {("unidentified", "")}),
    (UNKNOWN, "Suspected FFZ militants shot a soldier.", {(T, "Front")}),
    (UNKNOWN, "Army officials blamed the LZ.", {(T, "League")}),
    (UNKNOWN, "The killing was blamed on the League of Zemaria by the army.", {(T, "League")}),
    (UNKNOWN, "Residents accused the FFZ of the killing.", {(T, "Front")}),
    (UNKNOWN, "The FFZ is believed to be behind the attack.", {(T, "Front")}),
    (UNKNOWN, "The army attributed the bombing to the LZ, which the LZ denied.", {(T, "League"), (D, "League")}),
    (UNKNOWN, "The FFZ denied involvement; officials blamed the LZ.", {(D, "Front"), (T, "League")}),
    (KNOWN, "The FFZ denied that it had carried out the attack.", {(D, "Front")}),
    (KNOWN, "The accusation was rejected by the FFZ.", {(D, "Front")}),
    (KNOWN, "The FFZ has not claimed responsibility.", {("unclaimed", "")}),
    (KNOWN, "The attack remains unclaimed.", {("unclaimed", "")}),
    (KNOWN, "The FFZ did not deny involvement.", set()),
    (KNOWN, "Fighting took place at the ford.", set()),
    (KNOWN, "The FFZ claimed that the army had burnt a village.", set()),
]


@pytest.mark.parametrize(("actors", "note", "wanted"), CASES, ids=[case[1][:50] for case in CASES])
def test_notes_are_read(actors: tuple[str, ...], note: str, wanted: set[tuple[str, str]]) -> None:
    found = propose_claims(note, actors=actors, groups=GROUPS)
    assert {(each.kind, each.party) for each in found} == wanted
    assert all(each.words(note) in note for each in found)


def test_who_says_so_is_told() -> None:
    (blamed,) = propose_claims("Army officials blamed the LZ.", actors=UNKNOWN, groups=GROUPS)
    assert (blamed.said_by, blamed.words("Army officials blamed the LZ.")) == ("Army", "Army officials blamed the LZ")


def test_without_notes_the_columns_speak() -> None:
    (unknown,) = propose_claims(None, actors=UNKNOWN, groups=GROUPS)
    assert (unknown.kind, unknown.rule, unknown.span) == ("unidentified", "actor columns", None)
    assert propose_claims(None, actors=KNOWN, groups=GROUPS) == ()
    assert propose_claims("", actors=(), groups=GROUPS)[0].kind == "unidentified"


def test_names_have_short_forms() -> None:
    assert short_forms(FRONT) == (FRONT, "Front for Zemaria", "FFZ")
    assert set(short_forms(LEAGUE)) == {LEAGUE, "LZ", "League of Zemaria"}
    assert short_forms("Military Forces of Zemaria (2010-)")[-1] == "Military Forces of Zemaria"
    assert short_forms("IS") == ("IS",)


def test_an_abbreviation_is_not_a_word() -> None:
    known = parties(["IS"], {})
    assert known.masked("It is said that IS attacked.").count("\ue000") == 2
    assert known.masked("İ IS")[-2:] == "\ue000" * 2  # a letter that grows when it is made small moves nothing


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_read_and_its_words_are_its_own(note: str) -> None:
    for each in propose_claims(note, actors=(FRONT, NOBODY), groups=GROUPS):
        assert each.span is None or note[slice(*each.span)] == each.words(note)


def test_a_long_note_takes_no_time() -> None:
    note = "FFZ " * 2000 + "no group " * 2000 + "claimed " * 2000
    assert propose_claims(note, actors=KNOWN, groups=GROUPS) is not None
    assert WORTH
