"""Kappa is that of statsmodels and of the closed form, covers at its level, and says when it says little."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from tocsin.layers.agreement import FEW, agreement

PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=FEW, max_size=120)


@given(PAIRS)
def test_kappa_is_that_of_statsmodels(pairs: list[tuple[str, str]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    states = sorted({*one, *other})
    table = np.array([[sum(pair == (a, b) for pair in pairs) for b in states] for a in states])
    found = agreement(one, other)
    if len(states) == 1:
        assert math.isnan(found.kappa)
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = cohens_kappa(table)
    assert found.kappa == pytest.approx(wanted.kappa)
    if not wanted.var_kappa > 1e-12:
        return  # rounding leaves statsmodels a variance below nought
    assert found.low == pytest.approx(max(-1, wanted.kappa_low), abs=1e-7)
    assert found.high == pytest.approx(min(1, wanted.kappa_upp), abs=1e-7)


def test_closed_form_of_two_by_two() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreed 0.7, by chance 0.5, kappa 0.4."""
    one = ["yes"] * 25 + ["no"] * 25
    other = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    found = agreement(one, other)
    assert found.events == 50
    assert found.agreed == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.note == ""


def test_of_few_events_the_share_alike_is_told_and_no_kappa() -> None:
    one = ["a", "b"] * 14 + ["a"]
    few = agreement(one, ["b", *one[1:]])
    assert few.events == 29
    assert few.agreed == pytest.approx(28 / 29)
    assert all(math.isnan(number) for number in (few.kappa, few.low, few.high))
    assert few.note == "too few for a kappa, which needs 30"
    assert not math.isnan(agreement([*one, "a"], ["b", *one[1:], "a"]).kappa)


def test_one_sided_ones_are_warned_of() -> None:
    assert "nearly all events have one state" in agreement(["a"] * 95 + ["b"] * 5, ["a"] * 96 + ["b"] * 4).note
    assert "kappa has no value" in agreement(["a"] * 40, ["a"] * 40).note
    assert agreement([], []).note == "no event was decided by both"
    with pytest.raises(ValueError, match="not of the same events"):
        agreement(["a"], [])


def test_the_interval_covers_at_its_level() -> None:
    """Two reviewers of a true kappa of 0.6, 100 events, 2,000 times: within sampling error of 95 in 100, less two points for its being
    that of large samples."""
    rng = np.random.default_rng(7)
    shares = np.array([0.5, 0.3, 0.2])
    covered = 0
    for _ in range(2000):
        one = rng.choice(3, 100, p=shares)
        other = np.where(rng.random(100) < 0.6, one, rng.choice(3, 100, p=shares))
        found = agreement([str(n) for n in one], [str(n) for n in other])
        covered += found.low <= 0.6 <= found.high
    assert abs(covered / 2000 - 0.95) < 0.02 + 3 * math.sqrt(0.95 * 0.05 / 2000)
