"""Conflict-event data turned into a security assessment whose every number can be recomputed.

In a notebook:

    import tocsin

    with tocsin.open_desk("desks/syria-2016-2019") as subject:
        answer = tocsin.ask(subject, "weekly", tocsin.Asked(group="is"))
        answer.table                                            # a Polars table
        tocsin.draw(subject, "weekly", tocsin.Asked(group="is"), answer)  # an Altair chart
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tocsin.catalogue import QUESTIONS, Answer, Asked, Subject, ask, draw, open_desk
    from tocsin.errors import TocsinError
    from tocsin.schema import Span

__version__ = "0.1.0"
__all__ = ["QUESTIONS", "Answer", "Asked", "Span", "Subject", "TocsinError", "ask", "draw", "open_desk"]

_HOMES = {
    **dict.fromkeys(("QUESTIONS", "Answer", "Asked", "Subject", "ask", "draw", "open_desk"), "tocsin.catalogue"),
    "Span": "tocsin.schema",
    "TocsinError": "tocsin.errors",
}


def __getattr__(name: str) -> Any:
    """Public names are imported on first use, so that `import tocsin` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tocsin' has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
