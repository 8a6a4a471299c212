"""What the notes of synthetic events say of who claims an attack and of who began it, with what is true of each."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from tocsin.simulate import layout
from tocsin.simulate.happenings import BATTLE, ISKP, NRF, UNKNOWN
from tocsin.simulate.truth import TOLD, Told

STREAM = 4
"""Of chance: apart from that of the events, so that what the notes say moves nothing else."""

SHORT = {ISKP: "ISKP", NRF: "the NRF", UNKNOWN: "unidentified gunmen"}
ARMED = ("State forces", "Rebel group", "Political militia", "Identity militia", "External/Other forces")

ONE = (
    "{a} claimed responsibility.",
    "The attack was later claimed by {a}.",
    "{A} said that its fighters carried out the attack.",
)
ONE_UNSEEN = "A statement in the name of {a} spoke of a victory."
"""Words that no rule sees: a person must read them."""
SEVERAL = ("Both {a} and {b} claimed responsibility.", "The attack was claimed by {a} and by {b}.")
CONTESTED = ("{A} claimed responsibility; officials blamed {b}.", "Officials blamed {a}. {A} denied involvement.")
NOBODY = ("No group claimed responsibility.", "")
BEGAN = (
    "{X} attacked {y}.",
    "{Y} were ambushed by {x}.",
    "Fighting broke out after {x} raided a post of {y}.",
    "{Y} returned fire after {x} opened fire.",
    "An assault by {x} on {y} went on for an hour.",
)
NOT_TOLD = ("Both sides exchanged fire.", "It is not known who fired first.", "")


def planted(events: pl.DataFrame, *, seed: int, told: Told = TOLD) -> pl.DataFrame:
    """What is true of each event, and the sentences that its note has of it.

    Args:
        events: In the publisher's layout; in order.
        seed: That of the events.

    Returns:
        event_id_cnty; state (claimed by one, claimed by several, contested, unclaimed, actor unidentified; null of what is no violent
        incident); began (the actor who used force first; null where the other columns leave no two armed sides); told (the note says who
        began); words (the sentences).
    """
    rng = np.random.default_rng([seed, STREAM])
    chance = rng.random((events.height, 6))
    columns = ("event_id_cnty", "event_type", "actor1", "inter1", "actor2", "inter2")
    rows = []
    for row, drawn in zip(events.select(columns).iter_rows(named=True), chance, strict=True):
        state, claim = _claim(row, drawn, told)
        began, is_told, words = _beginning(row, drawn, told)
        said = " ".join(part for part in (words, claim) if part)
        rows.append((row["event_id_cnty"], state, began, is_told, said))
    schema = {
        "event_id_cnty": pl.String,
        "state": pl.String,
        "began": pl.String,
        "told": pl.Boolean,
        "words": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _claim(row: dict[str, str | None], drawn: Sequence[float], told: Told) -> tuple[str | None, str]:
    """The state of an event, and the sentence of it."""
    if row["event_type"] not in layout.VIOLENT:
        return None, ""
    actors = {row["actor1"], row["actor2"]}
    insurgent = next((actor for actor in (ISKP, NRF) if actor in actors), None)
    if insurgent is None and not any(actor and actor.startswith("Unidentified") for actor in actors):
        return "unclaimed", ""
    chances = told.known if insurgent else told.unknown
    state = ("claimed by one", "claimed by several", "contested", "")[
        int(np.searchsorted(np.cumsum(chances), drawn[0], side="right"))
    ]
    one = insurgent or (ISKP if drawn[1] < 0.5 else NRF)
    other = NRF if one == ISKP else ISKP
    if not state:
        return ("unclaimed" if insurgent else "actor unidentified"), _pick(NOBODY, drawn[2])
    if state == "claimed by one":
        text = ONE_UNSEEN if drawn[3] < told.unseen else _pick(ONE, drawn[2])
    else:
        text = _pick(SEVERAL if state == "claimed by several" else CONTESTED, drawn[2])
    return state, _filled(text, a=one, b=other)


def _beginning(row: dict[str, str | None], drawn: Sequence[float], told: Told) -> tuple[str | None, bool, str]:
    """Who began an event, whether the note says so, and the sentence of it."""
    one, other = row["actor1"], row["actor2"]
    if row["event_type"] not in layout.VIOLENT or one is None or other is None:
        return None, False, ""
    if row["event_type"] != BATTLE or row["inter1"] not in ARMED or row["inter2"] not in ARMED:
        return one, False, ""
    ruling = "Taliban" in {one, other} or "(2021-)" in f"{one}{other}"
    first = one
    if ruling:
        taliban = one if one == "Taliban" or "(2021-)" in one else other
        first = taliban if drawn[4] < told.by_taliban else (other if taliban == one else one)
    elif drawn[4] < 0.5:
        first = other
    if drawn[5] >= told.told:
        return first, False, _pick(NOT_TOLD, drawn[3])
    return first, True, _filled(_pick(BEGAN, drawn[3]), x=first, y=other if first == one else one)


def _pick(texts: Sequence[str], drawn: float) -> str:
    return texts[int(drawn * len(texts))]


def _filled(text: str, **names: str) -> str:
    """The text with the names in it; a capital letter asks for one."""
    short = {key: SHORT.get(name, re.sub(r" \([^)]*\)$", "", name)) for key, name in names.items()}
    capital = {key.upper(): name[0].upper() + name[1:] for key, name in short.items()}
    return text.format(**short, **capital)
