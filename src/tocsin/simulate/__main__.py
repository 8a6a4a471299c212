"""Write synthetic events to a file: python -m tocsin.simulate afghanistan --out FILE.csv"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tocsin.simulate.afghan import afghanistan
from tocsin.simulate.revision import revised


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the same seed writes the same bytes. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tocsin.simulate", description="Write synthetic events as CSV.")
    commands = parser.add_subparsers(dest="command", required=True)
    afghan = commands.add_parser("afghanistan", help="Afghanistan, September 2020 to July 2022")
    afghan.add_argument("--out", type=Path, required=True, metavar="FILE.csv", help="the file to write")
    afghan.add_argument("--seed", type=int, default=2022, help="default: %(default)s")
    afghan.add_argument(
        "--revised", action="store_true", help="a later copy of the same events: rows withdrawn, recoded, late"
    )
    said = parser.parse_args(arguments)
    if said.seed < 0:
        parser.error("argument --seed: give a whole number from 0")
    events = afghanistan(seed=said.seed)
    if said.revised:
        events = revised(events)
    try:
        said.out.parent.mkdir(parents=True, exist_ok=True)
        events.write_csv(said.out)
    except OSError as error:
        print(f"{said.out}: can not be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{said.out}: {len(events):,} synthetic events, seed {said.seed}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
