"""Draw figures in a process of their own: a picture takes a core for seconds, in which the numbers of the text can be worked out.

The other process is told one path a line on its input, and says one line for each: null, or why it could not. It ends when its input does,
so that it outlives nobody.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from tocsin.errors import StoreError
from tocsin.figures.write import script, write
from tocsin.writing import write_whole

DRAWN = (".svg", ".png", ".pdf", ".html")
"""The forms that a figure is drawn in, beside its specification."""


class Drawer:
    """A process that draws while this one works; used as a context."""

    def __init__(self) -> None:
        # -P: what lies in the folder where the command was given is no module of ours.
        # Its own group: Ctrl-C is for this process, which then ends the other.
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            process_group=0,
        )
        self._in, self._out = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        self._waiting: list[Path] = []

    def draw(self, specification: Path) -> None:
        """Have the figure whose specification lies in that .json file drawn beside it, in every form of DRAWN."""
        self._tell(specification)

    def script(self, path: Path) -> None:
        """Have the JavaScript that draws figures written to that .js file."""
        self._tell(path)

    def wait(self) -> None:
        """Come back when all that was asked for is drawn.

        Raises:
            StoreError: something could not be written.
        """
        while self._waiting:
            path = self._waiting.pop(0)
            said = self._out.readline()
            if not said:
                raise _ended(path, self._process.wait())
            if wrong := json.loads(said):
                raise StoreError(**wrong)

    def _tell(self, path: Path) -> None:
        self._waiting.append(path)
        # What has ended says so when it is waited for.
        with suppress(BrokenPipeError):
            self._in.write(json.dumps(str(path)) + "\n")
            self._in.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind:
            self._process.kill()
        with suppress(BrokenPipeError):
            self._in.close()
        self._process.wait()
        self._out.close()


def _ended(path: Path, code: int) -> StoreError:
    return StoreError(
        f"the process that draws the figures ended with {code} before it had drawn this one",
        where=str(path),
        next_step="It may have been killed for want of memory: close what else is running, and run the command again.",
    )


def main() -> None:
    """The other process."""
    for line in sys.stdin:
        path = Path(json.loads(line))
        said = None
        try:
            _FORMS[path.suffix](path)
        except StoreError as error:
            said = {"what": error.what, "where": error.where, "next_step": error.next_step}
        print(json.dumps(said), flush=True)


def _figure(path: Path) -> None:
    write(json.loads(path.read_bytes()), *(path.with_suffix(form) for form in DRAWN))


def _script(path: Path) -> None:
    write_whole(path, script().encode())


_FORMS: dict[str, Callable[[Path], None]] = {".json": _figure, ".js": _script}

if __name__ == "__main__":
    main()
