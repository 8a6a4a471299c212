"""The command line: data go to standard output, all else to standard error; exit code 0, 1 (the user can mend it) or 2 (usage)."""

from tocsin.cli import desks, data, answers, findings, ways, review, vintages, fetching  # noqa: I001 (this order is that of the help)
from tocsin.cli.program import app, main

__all__ = ["answers", "app", "data", "desks", "fetching", "findings", "main", "review", "vintages", "ways"]
