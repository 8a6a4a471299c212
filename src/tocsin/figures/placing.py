"""Where can labels stand without touching each other?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle in px; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def inside(self, other: Box) -> bool:
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )


def spread(wanted: Sequence[float], *, heights: Sequence[float], low: float, high: float) -> list[float]:
    """Tops of labels stacked between `low` and `high` without overlap, as near as can be to where they want to be.

    Args:
        wanted: Middle of each label, px.
        heights: Height of each label, px, with the air around it.
        low, high: The span that they share, px. Where it is too short for all, they run on beyond `high`.

    Returns:
        The top of each label, in the order given. The sum of squared moves is the least possible.
    """
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index] - heights[index] / 2, index))
    before: list[float] = []
    total = 0.0
    for index in order:
        before.append(total)
        total += heights[index]
    # With the heights of those above taken off, "no overlap" becomes "never falling": isotonic regression.
    free = [wanted[index] - heights[index] / 2 - offset for index, offset in zip(order, before, strict=True)]
    last_start = max(low, high - total)
    tops = [0.0] * len(wanted)
    for index, offset, start in zip(order, before, _never_falling(free), strict=True):
        tops[index] = min(max(start, low), last_start) + offset
    return tops


def _never_falling(values: Iterable[float]) -> list[float]:
    """Least squares fit that never falls (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = value, 1
        while pools and pools[-1][0] >= mean:
            previous, size = pools.pop()
            mean, count = (mean * count + previous * size) / (count + size), count + size
        pools.append((mean, count))
    return [mean for mean, count in pools for _ in range(count)]


def stacked(flags: Sequence[tuple[float, float, float]]) -> list[float]:
    """Lift flags, each hung to the right of its pole, until no flag touches another or another's pole.

    Args:
        flags: x of the pole, width and height of each flag, px.

    Returns:
        How far above the ground each flag's lower edge is, px, in the order given.
    """
    lifts = [0.0] * len(flags)
    placed: list[tuple[float, float, float]] = []
    for index in sorted(range(len(flags)), key=lambda index: (-flags[index][0], index)):
        pole, width, height = flags[index]
        lifts[index] = max((top for left, right, top in placed if left < pole + width and pole < right), default=0.0)
        placed.append((pole, pole + width, lifts[index] + height))
    return lifts
