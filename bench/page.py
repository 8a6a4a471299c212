"""The page of the docs that the tables are written into, each between its marks."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def put(tables: str, *, name: str) -> None:
    """Put tables between the marks of that name, in the place of those that were there."""
    start, end = f"<!-- made: {name} -->", "<!-- end -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(start)
    PAGE.write_text(f"{before}{start}\n\n{tables}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")
