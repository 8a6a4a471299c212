"""Into which classes do skewed counts fall, so that a map shows both the few and the many?"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.figures import theme

_STEPS = ((1, 3), (1, 2, 5), (1,))
"""Rungs of each power of ten: every class about three, two or ten times the one below."""
_MOST = 6
_NARROW = 1.2  # a highest class that reaches no farther than this many times its least count is joined to the one below


@dataclass(frozen=True)
class Classes:
    """Classes of counts and their colours, from few to many."""

    lower: tuple[int, ...]
    """The least count of each class."""
    largest: int
    colours: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Each class in figures: "1–2", "3–9", …, up to the largest count."""
        upper = [*(following - 1 for following in self.lower[1:]), self.largest]
        return tuple(
            f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in zip(self.lower, upper, strict=True)
        )


def classes(counts: Sequence[int]) -> Classes:
    """The classes of a set of counts, zeros left aside: of the ladders of round numbers the one that parts the counts best."""
    shown = [count for count in counts if count > 0]
    largest = max(shown, default=1)
    lower = max(_ladders(largest), key=lambda rungs: _parted(shown, rungs))
    return Classes(lower, largest, theme.RAMPS[len(lower) - 1])


def _ladders(largest: int) -> list[tuple[int, ...]]:
    """Least counts of the classes, at most _MOST of them and the first from 1, on several ladders."""
    if largest <= _MOST:
        return [tuple(range(1, largest + 1))]
    ladders = []
    for steps in _STEPS:
        rungs = [
            step * 10**power for power in range(len(str(largest))) for step in steps if step * 10**power <= largest
        ]
        if len(rungs) > 2 and largest < rungs[-1] * _NARROW:
            rungs = rungs[:-1]
        ladders.append((1, *rungs[-_MOST:][1:]))
    return ladders


def _parted(counts: Sequence[int], lower: Sequence[int]) -> float:
    """The entropy of the counts over the classes: the larger, the more a reader can tell apart."""
    held = Counter(bisect_right(lower, count) for count in counts)
    total = len(counts)
    return -sum(number / total * math.log(number / total) for number in held.values())
