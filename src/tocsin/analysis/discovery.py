"""Which of many tests may be called, so that few of those called are chance?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def adjusted(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """p-values adjusted for their number: the least false discovery rate at which each is still called.

    Args:
        chances: p-values of tests that are independent or depend positively on each other.

    Source:
        Benjamini and Hochberg (1995), Controlling the False Discovery Rate, Journal of the Royal Statistical Society B 57(1).
    """
    order = np.argsort(chances)
    raised = chances[order] * chances.size / np.arange(1, chances.size + 1)
    values = np.empty(chances.size)
    values[order] = np.minimum(1.0, np.minimum.accumulate(raised[::-1])[::-1])
    return values
