"""A sample speaks for what it was drawn from and for any part of it, and for nothing else: held against planted shares."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.test_attribution import frame
from tests.layers.planted import draw_of
from tests.layers.world import FRONT, reviewed_by, said, subject
from tocsin.analysis.attribution import attribution
from tocsin.analysis.initiator import initiator
from tocsin.analysis.sampled import wilson
from tocsin.catalogue.answers.layers import answer_attribution
from tocsin.catalogue.subject import Asked, selection_of
from tocsin.cube import Selection
from tocsin.errors import DeskError
from tocsin.layers.draws import Draw, chances, draw_from, draws_of, reaches, read_draws, write_draw
from tocsin.layers.file import read_file
from tocsin.layers.told import random_number
from tocsin.schema import Span

# 300 incidents of spring, 300 of autumn. In spring nobody knows who did 8 in 10, in autumn 2 in 10; a third are with the Front, of which
# 1 in 10 more are known.
SPRING, AUTUMN = Span(dt.date(2021, 3, 1), dt.date(2021, 5, 31)), Span(dt.date(2021, 9, 1), dt.date(2021, 11, 30))
YEAR = Span(dt.date(2021, 1, 1), dt.date(2021, 12, 31))
APRIL = Span(dt.date(2021, 4, 1), dt.date(2021, 4, 30))
UNKNOWN, CLAIMED = "actor unidentified", "claimed by one"


@cache
def world() -> tuple[dict[str, Any], ...]:
    rows = []
    for number in range(600):
        span, share = (SPRING, 0.8) if number < 300 else (AUTUMN, 0.2)
        front = number % 3 == 0
        # A digest, so that the truth follows no order of the ids.
        unknown = random_number(f"truth {number}", 0) < share - 0.1 * front
        rows.append(
            {
                "event_id": f"made{number}",
                "event_date": span.first + dt.timedelta(days=number % 90),
                "event_type": "Battles" if number % 2 else "Riots",
                "country": "AFG",
                "actors": [FRONT] if front else ["League"],
                "truth": UNKNOWN if unknown else CLAIMED,
            }
        )
    return tuple(rows)


def taken(draw: Draw) -> list[str]:
    """What a reviewer reads of a draw."""
    held = [row["event_id"] for row in world() if draw.holds(row)]
    return sorted(held, key=lambda event: random_number(event, draw.seed))[: draw.asked]


def shares(rows: Sequence[Mapping[str, Any]]) -> float:
    return len([row for row in rows if row["truth"] == UNKNOWN]) / len(rows)


def found(draws: Sequence[Draw], span: Span, *, rows: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The row of `attribution` once all that was drawn is read."""
    read = [(draw, taken(draw)) for draw in draws]
    decided = {event for _, events in read for event in events}
    far = reaches(read)
    given = [
        {
            **{name: row[name] for name in ("event_id", "event_date", "event_type")},
            "state": row["truth"] if row["event_id"] in decided else None,
            "chances": chances(row, far),
        }
        for row in (world() if rows is None else rows)
    ]
    return attribution(frame(*given), spans={"asked": span}).row(0, named=True)


def within(span: Span) -> list[dict[str, Any]]:
    return [row for row in world() if span.first <= row["event_date"] <= span.last]


def covered(
    times: int, draws: Callable[[int], list[Draw]], span: Span, *, rows: Sequence[dict[str, Any]] | None = None
) -> float:
    """In which share of draws the interval holds the truth; every row's estimate must be there."""
    true = shares([row for row in (world() if rows is None else rows) if span.first <= row["event_date"] <= span.last])
    held: int = 0
    for seed in range(times):
        row = found(draws(seed), span, rows=rows)
        held += bool(row["estimate_low"] <= true <= row["estimate_high"])
    return held / times


def near_95(share: float, times: int) -> bool:
    """Wilson's interval holds at 93 to 98 in 100 at these sizes; four standard errors beside."""
    error = 4 * math.sqrt(0.95 * 0.05 / times)
    return 0.93 - error <= share <= min(1.0, 0.98 + error)


def drawn(span: Span, seed: int, asked: int, **more: Any) -> Draw:
    return draw_of(span.first, span.last, seed=seed, asked=asked, **more)


def test_a_sample_of_a_window_covers_it_and_its_parts_and_tells_nothing_outside() -> None:
    times = 100

    def spring(seed: int) -> list[Draw]:
        return [drawn(SPRING, seed, 80)]

    assert near_95(covered(times, spring, SPRING), times)
    assert near_95(covered(times, spring, APRIL), times)
    for span in (YEAR, AUTUMN, Span(dt.date(2021, 5, 1), dt.date(2021, 9, 30))):
        row = found(spring(1), span)
        assert (row["sampled"], row["estimate"], row["estimate_low"], row["estimate_high"]) == (0, None, None, None)
        assert row["share_low"] <= shares(within(span)) <= row["share_high"]
    # What is refused would be wrong each time: a sample of spring taken for one of the year.
    true, misled = shares(world()), 0
    for seed in range(times):
        row = found(spring(seed), SPRING)
        _, low, high = wilson(round(row["estimate"] * 80), 0, drawn=80, total=600)
        misled += low is None or high is None or not low <= true <= high
    assert misled == times


def test_a_sample_of_a_group_is_one_of_that_group() -> None:
    times = 100
    of_front = [row for row in world() if FRONT in row["actors"]]

    def front(seed: int) -> list[Draw]:
        return [drawn(YEAR, seed, 60, actors=[FRONT], group="Front")]

    assert near_95(covered(times, front, YEAR, rows=of_front), times)
    assert near_95(covered(times, front, SPRING, rows=of_front), times)
    assert found(front(1), YEAR)["sampled"] == 0
    assert found([drawn(YEAR, 1, 100, event_types=["Riots"])], YEAR)["sampled"] == 0
    assert found([drawn(YEAR, 1, 100, countries=["SYR"])], YEAR)["sampled"] == 0


def test_draws_of_one_order_are_put_together_where_they_hold_all() -> None:
    """Spring was read three times as deep as autumn: what came up in both to the same depth is a sample of the year."""
    times = 100

    def both(seed: int) -> list[Draw]:
        return [drawn(SPRING, seed, 120), drawn(Span(dt.date(2021, 6, 1), dt.date(2021, 12, 31)), seed, 40)]

    assert near_95(covered(times, both, YEAR), times)
    row = found(both(3), YEAR)
    assert 60 <= row["sampled"] <= 100
    assert found(both(3), SPRING)["sampled"] == 120
    assert found(both(3), AUTUMN)["sampled"] == 40

    def over_one_another(seed: int) -> list[Draw]:
        return [drawn(SPRING, seed, 120), drawn(YEAR, seed, 80)]

    assert near_95(covered(times, over_one_another, YEAR), times)
    assert found(over_one_another(3), SPRING)["sampled"] == 120
    assert found(over_one_another(3), AUTUMN)["sampled"] > 20


def test_draws_of_different_orders_are_not_put_together() -> None:
    apart = [drawn(SPRING, 1, 100), drawn(Span(dt.date(2021, 6, 1), YEAR.last), 2, 100)]
    assert found(apart, YEAR)["sampled"] == 0
    assert found(apart, SPRING)["sampled"] == found(apart, AUTUMN)["sampled"] == 100
    # Of two orders that both hold all, the one of which more came up.
    assert found([drawn(YEAR, 1, 50), drawn(YEAR, 2, 80)], YEAR)["sampled"] == 80


def test_who_began_it_is_estimated_by_the_same_rule() -> None:
    draw = drawn(SPRING, 4, 120)
    far, read = reaches([(draw, taken(draw))]), set(taken(draw))
    rows = [
        {
            **{name: row[name] for name in ("event_id", "event_date", "event_type")},
            "state": ("Front" if row["truth"] == UNKNOWN else "League") if row["event_id"] in read else None,
            "parties": ["Front", "League"],
            "chances": chances(row, far),
        }
        for row in world()
    ]
    table = initiator(frame(*rows), spans={"spring": SPRING, "year": YEAR}, groups=["Front"], by_type=True)
    spring = table.filter(period="spring", group="Front", series="All incidents").row(0, named=True)
    assert spring["sampled"] == 120
    assert spring["estimate_low"] <= shares(within(SPRING)) <= spring["estimate_high"]
    assert table.filter(period="year")["sampled"].to_list() == [0] * 6
    assert (table.filter(period="spring", series="Riots")["sampled"] > 0).all()


# The file

NAMES = st.text(min_size=1, max_size=20)


@given(actors=st.lists(NAMES, min_size=1, max_size=3), group=st.text(max_size=20), types=st.lists(NAMES, min_size=1))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, actors: list[str], group: str, types: list[str]
) -> None:
    review = tmp_path_factory.mktemp("desk") / "attribution.ana.csv"
    one = drawn(YEAR, 7, 5, actors=actors, group=group, event_types=types)
    two = drawn(SPRING, 7, 5, id="d2", countries=["AFG"])
    for draw in (one, two, two.model_copy(update={"asked": 9})):
        write_draw(review, draw, layer="attribution", reviewer="ana")
    assert read_draws(review) == (one, two.model_copy(update={"asked": 9}))
    assert "What the samples of attribution.ana.csv were drawn from" in draws_of(review).read_text(encoding="utf-8")


def test_a_draw_is_named_once_and_taken_up_again() -> None:
    selection = Selection(countries=("AFG",), event_types=("Battles",), actors=(FRONT,), span=SPRING)
    told: dict[str, Any] = {"seed": 1, "dataset": "acled", "data_date": dt.date(2022, 1, 1), "incidents": 90}
    first = draw_from(selection, **told, asked=20, group="Front", known=())
    assert (first.id, first.span, first.actors) == ("d1", SPRING, (FRONT,))
    further = draw_from(selection, **told, asked=50, group="Front", known=(first,))
    assert (further.id, further.asked) == ("d1", 50)
    assert draw_from(selection, **told, asked=10, group="Front", known=(further,)) == further
    other = draw_from(selection.within(YEAR), **told, asked=20, group="Front", known=(first,))
    assert other.id == "d2"
    assert draw_from(selection, **{**told, "seed": 2}, asked=20, group="Front", known=(first, other)).id == "d3"


WRONG = [
    ("first = 2021-03-01", 'first = "March"', ":11", "first must be a day"),
    ("first = 2021-03-01", "first = 2022-03-01", ":4", "is before first"),
    ("seed = 1", "seed = 1\nsead = 2", ":7", 'the key "sead" is not known'),
    ("seed = 1", "seed = ", "", "is not TOML"),
    ('id = "d1"', "", "", 'the key "id" is missing'),
]


@pytest.mark.parametrize(("old", "new", "place", "what"), WRONG, ids=[each[3] for each in WRONG])
def test_a_file_of_draws_spoilt_by_hand_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, place: str, what: str
) -> None:
    file = reviewed_by(
        tmp_path, "attribution", "ana", [said("e0", "unidentified", drawn="d1")], draw=drawn(SPRING, 1, 5)
    )
    path = draws_of(file.path)
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DeskError) as raised:
        read_file(file.path, "attribution")
    assert what in raised.value.what
    assert raised.value.where.startswith(f"{path}{place}")


# Asked of a desk

ROWS = [
    {"date": dt.date(2021, 2, 1) + dt.timedelta(days=number), "actor1": FRONT, "actor2": "League"}
    for number in range(40)
] + [{"date": dt.date(2021, 9, 1), "actor1": FRONT, "actor2": "League"}]


def reviewed_desk(folder: Path, *, told: bool = True) -> Any:
    asked = subject(ROWS, folder)
    window = asked.desk.windows["first"].span
    draw = draw_from(
        selection_of(asked).within(window), seed=1, dataset="acled", data_date=dt.date(2022, 1, 1), asked=20,
        incidents=40, group="", known=(),
    )  # fmt: skip
    events = sorted((f"e{number}" for number in range(40)), key=lambda event: random_number(event, 1))[:20]
    decisions = [[said(event, "unidentified", drawn="d1")] for event in events]
    reviewed_by(folder, "attribution", "ana", *decisions, draw=draw if told else None)
    return asked


def test_an_estimate_is_given_inside_the_draw_and_why_not_is_said_outside(tmp_path: Path) -> None:
    asked = reviewed_desk(tmp_path)
    inside = answer_attribution(asked, Asked(windows=("first",)))
    assert inside.table.select("sampled", "estimate").row(0) == (20, 1.0)
    assert any(note.startswith("Estimates: from 20 incidents drawn at random") for note in inside.notes)
    assert not any("could not come up" in note for note in inside.notes)
    both = answer_attribution(asked, Asked(windows=("first", "second")))
    assert both.table["sampled"].to_list() == [20, 0]
    (why,) = [note for note in both.notes if "could not come up" in note]
    assert why.startswith(
        "1 of 41 incidents could not come up in what was drawn (40 incidents, 1 January 2021 – 30 June 2021)"
    )
    assert "tocsin review attribution --sample" in why
    assert answer_attribution(asked, Asked(windows=("first",), group="front")).table["sampled"][0] == 20


def test_drawn_incidents_of_which_no_file_tells_what_from_are_no_sample(tmp_path: Path) -> None:
    answer = answer_attribution(reviewed_desk(tmp_path, told=False), Asked(windows=("first",)))
    assert answer.table.select("actor_unidentified", "sampled", "estimate_low").row(0) == (20, 0, None)
    assert any("20 reviewed incidents name a draw of which no file tells" in note for note in answer.notes)
