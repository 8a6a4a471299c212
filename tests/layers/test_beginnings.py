"""The rules for who began it, held against a labelled sample: what they find, and what they get wrong, is told in the docs."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.world import ARMY, FRONT
from tocsin.layers.beginnings import propose_beginning

SAMPLE = Path(__file__).with_name("initiator_sample.csv")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "methods" / "initiator.md"


def sample() -> list[dict[str, str]]:
    with SAMPLE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def measured(half: str) -> dict[str, Counter[str]]:
    """Kind of sentence -> sentences, told (the label names a party), proposed, right; `all` is the sum."""
    found: dict[str, Counter[str]] = {}
    for row in sample():
        if row["half"] != half:
            continue
        proposals = propose_beginning(row["note"], actors=[row["actor1"], row["actor2"]])
        proposed = proposals[0].party if proposals else ""
        for kind in (row["kind"], "all"):
            found.setdefault(kind, Counter()).update(
                sentences=1,
                told=bool(row["began"]),
                proposed=bool(proposed),
                right=bool(proposed) and proposed == row["began"],
            )
    return found


def test_the_sample_is_what_it_is_said_to_be() -> None:
    rows = sample()
    assert len(rows) == 168
    assert Counter(row["half"] for row in rows) == {"tune": 84, "held": 84}
    assert len({row["note"] for row in rows}) == 168
    assert all(row["began"] in ("", row["actor1"], row["actor2"]) for row in rows)
    assert set(measured("held")) == set(measured("tune"))
    order = Counter(row["began"] == row["actor1"] for row in rows if row["began"])
    assert min(order.values()) > 40  # the order of the actors tells nothing


def made_table() -> str:
    """The table of the docs page, from the sample."""
    lines = ["| kind of sentence | held out | tuned on |", "| --- | --- | --- |"]
    held, tune = measured("held"), measured("tune")
    for kind in held:
        cells = [
            f"{of['right']} of {of['proposed']} right; {of['right']} of {of['told']} found"
            for of in (held[kind], tune[kind])
        ]
        lines.append(f"| {'**all**' if kind == 'all' else kind} | {cells[0]} | {cells[1]} |")
    ordered = [
        *lines[:2],
        *(line for line in lines[2:] if "**all**" not in line),
        *(line for line in lines if "**all**" in line),
    ]
    return "\n".join(ordered)


def test_the_docs_say_what_is_measured() -> None:
    assert made_table() in DOCS.read_text(encoding="utf-8"), f"\n{made_table()}"


def test_held_out_sentences_are_read_well_enough_to_propose() -> None:
    of = measured("held")["all"]
    assert of["right"] / of["proposed"] >= 0.9
    assert of["right"] / of["told"] >= 0.9


def test_the_codebook_tells_who_attacked_civilians() -> None:
    (found,) = propose_beginning(None, actors=[ARMY, FRONT], attacker_first=True)
    assert (found.party, found.span) == (ARMY, None)
    (read,) = propose_beginning("FFZ gunmen shot two villagers.", actors=[ARMY, FRONT], attacker_first=True)
    assert read.party == FRONT
    assert propose_beginning(None, actors=[ARMY, FRONT]) == ()
    assert propose_beginning("The FFZ attacked.", actors=[]) == ()


def test_the_words_that_led_to_it_are_told() -> None:
    note = "At dawn an army convoy was ambushed by FFZ fighters near the ford."
    (found,) = propose_beginning(note, actors=[ARMY, FRONT])
    assert (found.party, found.rule, found.words(note)) == (FRONT, "done by", "ambushed by FFZ fighters")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_read(note: str) -> None:
    for each in propose_beginning(note, actors=[FRONT, ARMY]):
        assert each.party in (FRONT, ARMY)


@pytest.mark.parametrize("word", ["army ", "attacked by ", "after the army ", "FFZ, ", "a a a "])
def test_a_long_note_takes_no_time(word: str) -> None:
    assert propose_beginning(word * 3000, actors=[FRONT, ARMY]) is not None


def test_no_sentence_is_of_the_real_world() -> None:
    assert not re.search(r"Afghan|Taliban|Syria|Kabul|Islamic State", SAMPLE.read_text(encoding="utf-8"))
