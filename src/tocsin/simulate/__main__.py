"""Write synthetic events: python -m tocsin.simulate afghanistan --out FILE.csv, or python -m tocsin.simulate gdelt --out FOLDER"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from tocsin.errors import QuestionError
from tocsin.simulate.afghan import afghanistan
from tocsin.simulate.gdelt import FORMS, write_gdelt_day
from tocsin.simulate.revision import revised


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the same seed writes the same bytes. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tocsin.simulate", description="Write synthetic events.")
    commands = parser.add_subparsers(dest="command", required=True)
    afghan = commands.add_parser("afghanistan", help="Afghanistan, September 2020 to July 2022, as CSV")
    afghan.add_argument("--out", type=Path, required=True, metavar="FILE.csv", help="the file to write")
    afghan.add_argument("--seed", type=int, default=2022, help="default: %(default)s")
    afghan.add_argument(
        "--revised", action="store_true", help="a later copy of the same events: rows withdrawn, recoded, late"
    )
    daily = commands.add_parser("gdelt", help="daily files in the form of GDELT, zipped")
    daily.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the folder to write into")
    daily.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    daily.add_argument("--first", type=dt.date.fromisoformat, default=dt.date(2024, 1, 1), help="default: %(default)s")
    daily.add_argument("--days", type=int, default=28, help="default: %(default)s")
    daily.add_argument("--events", type=int, default=1000, help="rows a day; default: %(default)s")
    daily.add_argument(
        "--form", choices=FORMS, default="1.0", help="files of a day (1.0) or of a quarter of an hour (2.0)"
    )
    said = parser.parse_args(arguments)
    if said.seed < 0:
        parser.error("argument --seed: give a whole number from 0")
    try:
        told = _daily(said) if said.command == "gdelt" else _afghanistan(said)
    except QuestionError as error:
        parser.error(str(error))
    except OSError as error:
        print(f"{said.out}: can not be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{said.out}: {told}, seed {said.seed}", file=sys.stderr)
    return 0


def _afghanistan(said: argparse.Namespace) -> str:
    events = afghanistan(seed=said.seed)
    if said.revised:
        events = revised(events)
    said.out.parent.mkdir(parents=True, exist_ok=True)
    events.write_csv(said.out)
    return f"{len(events):,} synthetic events"


def _daily(said: argparse.Namespace) -> str:
    said.out.mkdir(parents=True, exist_ok=True)
    for number in range(said.days):
        day = said.first + dt.timedelta(days=number)
        write_gdelt_day(said.out, day, events=said.events, form=said.form, seed=said.seed)
    return f"{said.days * said.events:,} synthetic events of {said.days} days"


if __name__ == "__main__":
    sys.exit(main())
