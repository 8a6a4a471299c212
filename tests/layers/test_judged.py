"""All notes are judged at once; each must be judged as if it were the only one."""

from __future__ import annotations

import datetime as dt
import re
import string
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.layers.planted import CIVILIANS, draw_of, incidents
from tests.layers.planted import GROUPS as AFGHAN
from tests.layers.world import ARMY, FRONT, GROUPS, LEAGUE, NOBODY
from tocsin.layers import claims
from tocsin.layers.beginnings import WORTH as BEGINNING_WORTH
from tocsin.layers.beginnings import propose_beginning
from tocsin.layers.claims import propose_claims
from tocsin.layers.draws import Reach, chances
from tocsin.layers.judged import SCHEMA, Groups, Reviewed, judged
from tocsin.layers.names import (
    _KINDS,
    FIRST_MARK,
    PARTY,
    folded,
    label_of,
    may_name,
    parties,
    short_forms,
    unidentified,
)
from tocsin.layers.statements import decided

SYRIA = Path(__file__).resolve().parents[2] / "../shared/data/ucdp_ged/syria_2016_2019.csv"
NOBODY_KNOWN = Reviewed({}, frozenset(), {}, {})
POLICE, TURKISH, CLERICAL = "Police Forces of Zemaria", "Kılıç (KİS)", "St. John's Army of Zemaria"
ACTORS = (FRONT, LEAGUE, ARMY, NOBODY, POLICE, TURKISH, CLERICAL, "IS", "Civilians (Zemaria)", "جبهة")
GROUPED: Mapping[str, Sequence[str]] = {**GROUPS, "İs": ("IS", TURKISH), "Nobody": ("No Group (NG)",)}
WORDS = (
    *(form for actor in ACTORS for form in short_forms(actor)), *GROUPED, *"İıſ\u212a\ue000\u0301.,;",
    "no group", "nobody", "has", "claimed", "responsibility", "unclaimed", "not", "yet been", "none of", "the attack", "denied",
    "involvement", "was", "later", "by", "blamed", "accused", "on", "attributed to", "believed to be", "said that its fighters",
    "carried out", "attacked", "ambushed", "opened fire", "returned fire", "raided", "after", "before", "killed", "an onslaught by",
    "a raid of", "according to", "unclear", "a bomb", "suspected", "the front", "soldiers", "the army", "police", "unknown men",
    "unidentified gunmen", "unİdentıfied gunmen", "side", "party", "claim", "for", "the", ", not", "between", "and", "is", "which",
    "took",
)  # fmt: skip
NOTES = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
ROWS = st.tuples(
    st.none() | NOTES | NOTES.map(str.upper),
    *[st.none() | st.sampled_from(ACTORS)] * 3,
    st.sampled_from(["attack", "battle", None]),
    st.sampled_from(["ZEM", "OTH"]),
)
EVENTS = st.lists(ROWS, max_size=12)


def table(rows: Sequence[tuple[str | None, ...]]) -> pl.DataFrame:
    """Events as layers.told gives them, from note, three actors, type, country."""
    first = dt.date(2021, 1, 1)
    return pl.DataFrame(
        [
            (f"e{number}", first + dt.timedelta(number), kind, country, one, two, sorted({*filter(None, (one, two, beside))}), note)
            for number, (note, one, two, beside, kind, country) in enumerate(rows)
        ],
        schema={**dict.fromkeys(("event_id",), pl.String), "event_date": pl.Date,
                **dict.fromkeys(("event_type", "country", "actor1", "actor2"), pl.String),
                "actors": pl.List(pl.String), "notes": pl.String},
        orient="row",
    )  # fmt: skip


def one_by_one(events: pl.DataFrame, known: Reviewed, layer: str, groups: Groups, first: str) -> pl.DataFrame:
    """What `judged` gives, each note read, whatever its words are."""
    return pl.DataFrame(
        [alone(row, known, layer, groups, first) for row in events.iter_rows(named=True)], schema=SCHEMA
    )


def alone(row: Mapping[str, Any], known: Reviewed, layer: str, groups: Groups, first: str) -> dict[str, Any]:
    def label(name: str) -> str:
        return label_of(name, groups)

    event, claiming = row["event_id"], layer == "attribution"
    actors = [name for name in dict.fromkeys((row["actor1"], row["actor2"], *row["actors"])) if name]
    began = row["actor1"] if row["event_type"] == first else None
    # A rule may see a deed that is not among the words of which every note that is read has one.
    worth = claims.WORTH if claiming else BEGINNING_WORTH
    note = row["notes"] if row["notes"] and pl.Series([row["notes"]]).str.contains(worth).item() else None
    proposals = (
        propose_claims(note, actors=actors, groups=groups)
        if claiming
        else propose_beginning(note, actors=actors, attacker_first=bool(began))
    )
    sides = [name for name in (row["actor1"], row["actor2"]) if name]
    named = ("unidentified" if any(map(unidentified, sides)) else "named") if sides else None
    kinds = (("claims", "claim"), ("denials", "denial"), ("named", "attribution"))
    return {
        **{name: row[name] for name in ("event_id", "event_date", "event_type")},
        "state": known.states.get(event),
        "differing": event in known.differing,
        "source": (
            {"unidentified": "actor unidentified"}.get(named or "", named) if claiming else label(began) if began else None
        ),
        "proposed": decided(layer, [(each.kind, each.party) for each in proposals], party_of=label) if proposals else None,
        "parties": sorted({label(name) for name in row["actors"]}),
        **{name: sorted(known.parties.get(event, {}).get(kind, ())) for name, kind in kinds},
        **{
            f"proposed_{name}": sorted({label(each.party) for each in proposals if each.kind == kind and each.party})
            for name, kind in kinds
        },
        "doubtful": sorted(known.doubtful.get(event, ())),
        "chances": chances(row, known.read),
    }  # fmt: skip


def hold(events: pl.DataFrame, known: Reviewed, groups: Groups, first: str) -> None:
    before = events.clone()
    for layer in ("attribution", "initiator"):
        found = judged(events, known, layer=layer, groups=groups, attacker_first=(first,))
        assert_frame_equal(found, one_by_one(events, known, layer, groups, first))
    assert_frame_equal(events, before)


@settings(max_examples=200, deadline=None)
@given(EVENTS, st.sampled_from([{}, GROUPED]))
def test_many_notes_are_judged_as_each_alone(rows: list[tuple[str | None, ...]], groups: Groups) -> None:
    hold(table(rows), NOBODY_KNOWN, groups, "attack")


@settings(max_examples=50, deadline=None)
@given(EVENTS)
def test_what_people_decided_stands_beside_each(rows: list[tuple[str | None, ...]]) -> None:
    """Of every event the same, whichever others are there; one decided event is not among them."""
    known = Reviewed(
        {"e0": "contested", "e2": "undecided", "gone": "unclaimed"},
        frozenset({"e2"}),
        {"e0": {"claim": frozenset({"League", "Front"}), "denial": frozenset({"Army"})}, "e2": {}, "gone": {}},
        {"e0": frozenset({"Front"})},
        (
            Reach(draw_of(dt.date(2021, 1, 2), dt.date(2021, 1, 8)), 0.4),
            Reach(draw_of(dt.date(2021, 1, 1), dt.date(2021, 2, 1), seed=2, countries=("ZEM",), actors=(FRONT,)), 0.7),
        ),
    )
    hold(table(rows), known, GROUPED, "attack")


def test_planted_notes_are_judged_as_each_alone() -> None:
    hold(incidents().head(1500), NOBODY_KNOWN, AFGHAN, CIVILIANS)


@pytest.mark.skipif(not SYRIA.exists(), reason="shared/data is not here")
def test_real_headlines_are_judged_as_each_alone() -> None:
    cells = pl.read_csv(SYRIA, infer_schema_length=0)
    actors = pl.concat_list("side_a", "side_b").list.drop_nulls().list.unique().list.sort()
    events = cells.select(
        event_id="id", event_date=pl.col("date_start").str.slice(0, 10).str.to_date(), event_type="type_of_violence", country="country",
        actor1="side_a", actor2="side_b", actors=actors, notes="source_headline",
    ).gather_every(4)  # fmt: skip
    hold(events, NOBODY_KNOWN, {"IS": ("IS",), "Government": ("Government of Syria",)}, events["event_type"][0])


@given(NOTES, st.lists(st.sampled_from(ACTORS), max_size=4))
def test_a_note_without_letters_of_a_name_names_nobody(note: str, actors: list[str]) -> None:
    masked = parties(actors, GROUPED).masked(note)
    names = [*actors, *GROUPED, *(name for of in GROUPED.values() for name in of)]
    there = re.search("[\ue000-\uf8ff]", masked) is not None
    assert may_name(pl.Series([note]), names).item() or not there
    assert len(masked) == len(note)


def test_letters_that_patterns_take_for_one_are_folded_into_one() -> None:
    every = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    for letter in string.ascii_letters + string.digits:
        assert {folded(each) for each in re.findall(f"(?i){letter}", every)} == {letter.lower()}


def worded(pattern: str) -> st.SearchStrategy[str]:
    """Words that a pattern finds, small letters, the party by one mark."""
    text = st.from_regex(
        re.compile(pattern.replace(PARTY, chr(FIRST_MARK)).replace(r"\w", "[a-z]"), re.ASCII), fullmatch=True
    )
    return text.map(str.lower)


@pytest.mark.parametrize(("rule", "kind", "letters", "pattern"), claims._RULES, ids=[rule[0] for rule in claims._RULES])
def test_what_a_rule_finds_has_its_letters(
    rule: str, kind: str, letters: tuple[str, ...], pattern: re.Pattern[str]
) -> None:
    @settings(max_examples=60, deadline=None)
    @given(worded(pattern.pattern))
    def hold(words: str) -> None:
        assert any(each in words for each in letters)
        assert kind == "unclaimed" or chr(FIRST_MARK) in words

    hold()


@settings(max_examples=200, deadline=None)
@given(worded(claims._RULES[0][3].pattern) | worded(claims._NOBODY.pattern))
@example("none of them claimed")
def test_what_names_nobody_is_read(words: str) -> None:
    assert pl.Series([words]).str.contains(claims.NOBODY_WORTH).item()


@pytest.mark.parametrize(
    ("name", "pattern"), [("Military Forces of Q", 0), ("Police Forces of Q", 1), ("Unknown Q", 2)]
)
def test_what_an_army_is_called_is_a_name(name: str, pattern: int) -> None:
    @settings(max_examples=60, deadline=None)
    @given(worded(_KINDS[pattern][1]))
    def hold(words: str) -> None:
        assert may_name(pl.Series([words]), [name]).item()
        assert parties([name], {}).masked(words)[-1] == chr(FIRST_MARK)

    hold()


def test_a_letter_of_no_script_is_no_party() -> None:
    """Lists copied from a text processor have such letters for bullets."""
    note = "\uf0b7 claimed responsibility. \ue000 attacked the army."
    assert propose_claims(note, actors=(FRONT, ARMY), groups=GROUPS) == ()
    assert propose_beginning(note, actors=(FRONT, ARMY)) == ()
