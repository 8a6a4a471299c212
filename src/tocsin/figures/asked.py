"""Can this table be drawn at all?"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from tocsin.errors import QuestionError


def checked(table: pl.DataFrame, *, columns: Mapping[str, pl.DataType], figure: str) -> pl.DataFrame:
    """The columns that the figure needs, in their types.

    Raises:
        QuestionError: a column is missing or of another kind.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise QuestionError(
            f"the table lacks the column {', '.join(missing)}",
            where=f"figure {figure}",
            next_step=f"It has: {', '.join(table.columns)}.",
        )
    try:
        return table.select(pl.col(name).cast(dtype) for name, dtype in columns.items())
    except (pl.exceptions.InvalidOperationError, pl.exceptions.ComputeError) as error:
        kinds = ", ".join(f"{name} {dtype}" for name, dtype in columns.items())
        raise QuestionError(
            f"a column is of the wrong kind: {str(error).splitlines()[0]}",
            where=f"figure {figure}",
            next_step=f"Wanted: {kinds}.",
        ) from error
