"""Options that several commands share, each written once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

DeskOption = Annotated[Path, typer.Option("--desk", help="The desk's folder, or one inside it.", show_default="here")]
DatasetOption = Annotated[str | None, typer.Option(help="Which data set to count; two are never added together.")]
AsOfOption = Annotated[
    dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Take the data as they stood on that day.")
]
WaitOption = Annotated[float, typer.Option(min=0, help="Seconds to wait for another process to let go of the desk.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def day(instant: dt.datetime | None) -> dt.date | None:
    """The day of an option that was read as an instant."""
    return instant.date() if instant else None
