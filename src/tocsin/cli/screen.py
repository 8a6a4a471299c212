"""What a person reads: news and errors on standard error, tables on standard output; nothing in them acts on the terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tocsin.errors import TocsinError
from tocsin.visible import visible

_told = Console(stderr=True, highlight=False)


def tell(text: str, *, mark: str = "") -> None:
    """Say something on standard error; `mark` stands before it in colour."""
    _told.print(f"{mark}{escape(visible(text, lines=True))}", soft_wrap=True)


def tell_error(error: TocsinError) -> None:
    """Say on standard error what is wrong, where, and what to do next."""
    tell(str(error), mark="[bold red]Error[/]  ")


def tell_text(*, typed: Sequence[tuple[str, str]], wrong: Sequence[tuple[str, str]]) -> None:
    """Say what is to be looked at in a report's text: numbers typed by hand, and what does not hold; each with its place."""
    for place, words in typed:
        tell(f"{place}: “{words}”: call it from a finding, or mark it as quoted.", mark="[yellow]Typed by hand[/]  ")
    for place, reason in wrong:
        tell(f"{place}: {reason}", mark="[red]Does not hold[/]  ")


@contextlib.contextmanager
def working(doing: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error what is being done and for how long; gone when it is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=_told, transient=True, disable=not _told.is_terminal) as progress:
        task = progress.add_task(visible(doing), total=None)
        yield lambda text: progress.update(task, description=visible(text))


def screen() -> Console:
    """Standard output; wide enough for any table where it is not a screen."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 240)


def show(out: Console, text: str, *, bold: bool = False) -> None:
    """Print a line of text."""
    out.print(escape(visible(text)), soft_wrap=True, style="bold" if bold else None)


def show_rows(out: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as a table; numbers to the right."""
    if not rows:
        return
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name, value in rows[0].items():
        shown.add_column(name, justify="right" if isinstance(value, int) else "left", overflow="fold")
    for row in rows:
        shown.add_row(
            *(f"{value:,}" if isinstance(value, int) else escape(visible(str(value))) for value in row.values())
        )
    out.print(shown)
