"""Which sources does an incident name? Cells of several names taken apart, once for each distinct cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import polars as pl

from tocsin.cube import Events, Selection, count
from tocsin.errors import QuestionError

MARKS: Mapping[str, str] = MappingProxyType({"source": ";", "source_scale": "-"})
"""The columns that say who reported, and what stands between two names of one cell."""

LONG = 6
"""Names with fewer letters than this may differ by a letter and yet be others: BBC, NBC."""


def cells_of(events: Events, *, selection: Selection, column: str, by: str = "event_day") -> pl.DataFrame:
    """Incidents by the cell that says who reported: `by`, cell (null where it says nothing), incidents.

    Args:
        selection: What counts, its span too.
        column: One of MARKS.
        by: A column of rows beside it.

    Raises:
        QuestionError: the column is none that says who reported.
    """
    if column not in MARKS:
        raise QuestionError(f'the column "{column}" does not say who reported', next_step=f"Known: {', '.join(MARKS)}.")
    if column not in events.row_columns:
        counted = count(events, selection, by=[by]).with_columns(cell=pl.lit(None, dtype=pl.String))
    else:
        counted = count(events, selection, by=[by, column]).rename({column: "cell"})
    # Cells are repeated on many days: as categories they are compared as numbers, and looked at once each.
    known = counted.with_columns(pl.col("cell").cast(pl.Categorical))
    letters = pl.col("cell").cast(pl.String).str.replace_all(rf"[\s{MARKS[column]}]", "")
    blank = known.select("cell").drop_nulls().unique().filter(letters == "")
    cell = pl.when(~pl.col("cell").is_in(blank["cell"].implode())).then("cell") if blank.height else pl.col("cell")
    return known.select(by, cell.alias("cell"), "incidents")


def names_of(counted: pl.DataFrame, *, column: str) -> pl.DataFrame:
    """The names in each distinct cell, once each.

    Args:
        counted: cell, incidents.
        column: One of MARKS: tells what stands between the names.

    Returns:
        cell, name (in the spelling that most incidents have), of (how many names the cell holds). Names that differ only in case or in
        spaces are one.
    """
    cells = counted.drop_nulls("cell").group_by("cell").agg(pl.col("incidents").sum())
    spelt = (
        cells.with_columns(spelling=pl.col("cell").cast(pl.String).str.split(MARKS[column]))
        .explode("spelling")
        .with_columns(pl.col("spelling").str.strip_chars().str.replace_all(r"\s+", " "))
        .filter(pl.col("spelling") != "")
        .with_columns(key=pl.col("spelling").str.to_lowercase().str.replace_all(" ", "", literal=True))
    )
    commonest = (
        spelt.group_by("key", "spelling")
        .agg(pl.col("incidents").sum())
        .sort(["incidents", "spelling"], descending=[True, False])
        .group_by("key", maintain_order=True)
        .agg(name=pl.col("spelling").first())
    )
    once = spelt.unique(["cell", "key"]).join(commonest, on="key")
    return once.select("cell", "name", of=pl.len().over("cell").cast(pl.Int64))


def near_duplicates(names: Collection[str]) -> list[tuple[str, str]]:
    """Pairs of names that may be one source: alike but for what is no letter or digit, or one letter apart.

    They are never merged.

    Args:
        names: Distinct, those that differ only in case or in spaces already merged.

    Returns:
        The pairs, sorted.

    Assumes:
        Other near names (an abbreviation, a translation) are not found.
    """
    seen: dict[str, list[str]] = {}
    for name in sorted(names):
        letters = "".join(filter(str.isalnum, name.casefold()))
        # Two words one letter apart (put in, left out, changed or moved) share a form with a letter left out.
        shorter = {letters[:at] + letters[at + 1 :] for at in range(len(letters))} if len(letters) >= LONG else set()
        for form in {letters, *shorter}:
            seen.setdefault(form, []).append(name)
    return sorted({(one, other) for alike in seen.values() for one in alike for other in alike if one < other})
