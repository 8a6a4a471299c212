"""Do two reviewers agree? Cohen's kappa with its interval, and the plain share of agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

FEW = 30
"""For fewer events that both decided than this no kappa is given: its interval would reach over most of the scale, and be wrong."""

ONE_SIDED = 0.9
"""Where both give one state to so large a share of events, kappa says little: chance would agree nearly as often."""


@dataclass(frozen=True)
class Agreement:
    """How far two reviewers agree.

    Args:
        events: That both decided.
        agreed: Share of them of the same state; NaN where there are none.
        kappa: (agreed - chance) / (1 - chance); NaN where both gave all events the same one state, or there are fewer than FEW.
        low: Of kappa.
        high: Of kappa.
        note: Why it is not to be relied on; empty where nothing is against it.
    """

    events: int
    agreed: float
    kappa: float
    low: float
    high: float
    note: str


def agreement(one: Sequence[str], other: Sequence[str], *, confidence: float = 0.95) -> Agreement:
    """Cohen's kappa of two reviewers' states of the same events.

    Args:
        one: States by one reviewer.
        other: Those of the same events by the other.
        confidence: Of the interval, between 0 and 1.

    Assumes:
        The events are a sample, and the reviewers decided apart from each other. The interval is that of large samples.

    Source:
        Cohen (1960), A Coefficient of Agreement for Nominal Scales, Educational and Psychological Measurement 20(1); the variance of
        Fleiss, Cohen and Everitt (1969), Large Sample Standard Errors of Kappa and Weighted Kappa, Psychological Bulletin 72(5),
        equation 13.
    """
    if len(one) != len(other):
        raise ValueError("the two lists are not of the same events")
    if not one:
        return Agreement(0, np.nan, np.nan, np.nan, np.nan, "no event was decided by both")
    if len(one) < FEW:
        alike = sum(first == second for first, second in zip(one, other, strict=True)) / len(one)
        note = f"too few for a kappa, which needs {FEW}"
        return Agreement(len(one), alike, np.nan, np.nan, np.nan, note)
    states = {state: number for number, state in enumerate(sorted({*one, *other}))}
    table = np.zeros((len(states), len(states)))
    for first, second in zip(one, other, strict=True):
        table[states[first], states[second]] += 1
    share = table / table.sum()
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    agreed, chance = float(np.trace(share)), float(rows @ columns)
    if len(states) == 1:
        return Agreement(
            len(one), agreed, np.nan, np.nan, np.nan, "both gave every event the same state: kappa has no value"
        )
    kappa = (agreed - chance) / (1 - chance)
    diagonal = np.diag(share) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    sums = rows[None, :] + columns[:, None]
    beside = (1 - kappa) ** 2 * ((share - np.diag(np.diag(share))) * sums**2).sum()
    variance = (diagonal + beside - (kappa - chance * (1 - kappa)) ** 2) / (1 - chance) ** 2 / len(one)
    reach = float(scipy.special.ndtri(0.5 + confidence / 2)) * float(np.sqrt(max(variance, 0.0)))
    notes = []
    if min((rows > 0).sum(), (columns > 0).sum()) == 1:
        notes.append("one of them gave every event the same state: kappa is nought, however often they agree")
    elif kappa == 1:
        notes.append("all are alike: the interval has no width, and says nothing of other events")
    elif max(np.minimum(rows, columns)) >= ONE_SIDED:
        notes.append("nearly all events have one state: kappa says little, look at the share of agreement")
    return Agreement(len(one), agreed, kappa, max(-1.0, kappa - reach), min(1.0, kappa + reach), "; ".join(notes))
