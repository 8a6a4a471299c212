"""The one program: each module of commands registers its own on `app`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tocsin import __version__
from tocsin.cli.screen import tell, tell_error
from tocsin.errors import TocsinError

app = typer.Typer(
    name="tocsin",
    help="Conflict-event data turned into a security assessment whose every number can be recomputed.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)


INTERRUPTED = 130
"""With this the command line ends where Ctrl-C stopped it."""


def main() -> None:
    """Run the command line; an error of the user's is a sentence, never a traceback."""
    try:
        app()
    except TocsinError as error:
        tell_error(error)
    except BrokenPipeError:  # the reader of our output went away
        sys.exit(0)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            tell("Stopped. Nothing was left half done.")
        raise
    # Out here: an exit within would keep the error, and with it the engine's objects, until nothing is there to free them.
    sys.exit(1)


def _version(asked: bool) -> None:
    if asked:
        print(f"tocsin {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Conflict-event data turned into a security assessment whose every number can be recomputed."""
