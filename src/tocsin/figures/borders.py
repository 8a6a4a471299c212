"""Which lines part two units of a country, and which are the country's own border?"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.figures.rings import parts

Point = tuple[float, float]
Edge = frozenset[Point]
Line = list[list[float]]


@dataclass(frozen=True)
class Borders:
    """Lines as longitude and latitude, each drawn once."""

    inner: list[Line]
    outer: list[Line]


def borders(features: Sequence[Mapping[str, Any]]) -> Borders:
    """Split the outlines of units into lines between units and lines around countries.

    Args:
        features: GeoJSON units with the property country.

    Returns:
        The lines. An edge that two units of one country share is inner; one that stands alone in its country is outer.

    Assumes:
        Neighbours share the points of their border. Where they do not, the border counts as outer, and is drawn twice.
    """
    rings = [
        (str(feature["properties"].get("country")), [(float(point[0]), float(point[1])) for point in ring])
        for feature in features
        for part in parts(feature)
        for ring in part
    ]
    uses = Counter((country, edge) for country, ring in rings for edge in _edges(ring))
    drawn: set[Edge] = set()
    found: dict[bool, list[Line]] = {True: [], False: []}
    for country, ring in rings:
        kinds = [None if edge in drawn else uses[country, edge] > 1 for edge in _edges(ring)]
        drawn.update(_edges(ring))
        for shared, line in _runs(ring, kinds):
            found[shared].append(line)
    return Borders(inner=found[True], outer=found[False])


def _edges(ring: Sequence[Point]) -> list[Edge]:
    return [frozenset(ends) for ends in itertools.pairwise(ring)]


def _runs(ring: Sequence[Point], kinds: Sequence[bool | None]) -> Iterator[tuple[bool, Line]]:
    """Pieces of a ring whose edges are all of one kind; None is drawn already."""
    start = 0
    for index in range(1, len(kinds) + 1):
        if index < len(kinds) and kinds[index] == kinds[start]:
            continue
        kind = kinds[start]
        if kind is not None:
            yield kind, [list(point) for point in ring[start : index + 1]]
        start = index
