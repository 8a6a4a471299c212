"""Into which classes do skewed counts fall, so that a map shows both the few and the many?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.figures import theme

# Each class is about two, three or ten times the one below: the finest that holds the largest count in six classes.
_LADDERS = (
    (1, 2, 3, 4, 5, 6),
    (1, 2, 5, 10, 20, 50),
    (1, 3, 10, 30, 100, 300),
    (1, 10, 100, 1_000, 10_000, 100_000),
)
_BEYOND = (7, 100, 1_000)  # up to here, not included, the first three ladders serve


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
    """The classes of a set of counts, zeros left aside."""
    largest = max((count for count in counts if count > 0), default=1)
    ladder = next((rungs for rungs, beyond in zip(_LADDERS, _BEYOND, strict=False) if largest < beyond), _LADDERS[-1])
    lower = tuple(rung for rung in ladder if rung <= largest)
    return Classes(lower, largest, theme.RAMPS[len(lower) - 1])
