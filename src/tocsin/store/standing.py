"""Which rows stand? Those that a vintage opened and none closed, of the vintages known by then."""

from __future__ import annotations

from collections.abc import Collection

from tocsin.schema import Vintage


def standing(seen: Collection[Vintage], *, known: Collection[Vintage]) -> str:
    """An SQL test of a row of the fact table: it stands once `seen`, of all `known` vintages of its data set, are loaded.

    Numbers of vintages say nothing of their order in time, so each is named.
    """
    if len(seen) == len(known):
        return "closed IS NULL"
    numbers = ", ".join(str(vintage.number) for vintage in seen)
    return f"opened IN ({numbers}) AND (closed IS NULL OR closed NOT IN ({numbers}))" if numbers else "false"
