"""A window without an incident beside one with some: how many times as many are there, at least?"""

from __future__ import annotations


def least_ratio(
    incidents: float, *, weeks: int, empty_weeks: int, inflation: float = 1.0, confidence: float = 0.95
) -> float:
    """The lower limit of the rate of a window with incidents over the rate of one without; there is no upper one.

    Args:
        incidents: In the window that has some.
        weeks: Of that window.
        empty_weeks: Of the window that has none.
        inflation: The variance of the incidents over that of a Poisson count, at least 1.
        confidence: Of the interval that the limit begins: it lies above the truth in (1 - confidence) / 2 of the cases.

    Returns:
        The ratio r at which none of n = incidents / inflation falls into the empty window with a chance of (1 - confidence) / 2:
        (r weeks / (r weeks + empty_weeks))^n.

    Assumes:
        The windows do not depend on each other. The inflation is that of the window with incidents: at a lower rate it is less, so that the
        limit is lower than it need be.

    Source:
        The exact conditional interval of two Poisson rates: Przyborowski and Wilenski (1940), Homogeneity of Results in Testing Samples
        from Poisson Series, Biometrika 31; by the limits of Clopper and Pearson (1934), Biometrika 26. The inflation as in
        quasi-likelihood: Wedderburn (1974), Biometrika 61.
    """
    part = float(((1 - confidence) / 2) ** (inflation / incidents))
    return empty_weeks / weeks * part / (1 - part)
