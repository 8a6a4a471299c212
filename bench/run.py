"""Run the benchmark: python -m bench.run --sizes 10000 1000000 --repeats 5 --write.

Prints its tables as Markdown; with --write they go into docs/benchmarks.md too.
"""

from __future__ import annotations

import argparse
import shutil
import sys

from bench.asked import folder_of
from bench.measure import LARGEST_REPEATED, measure, prepare
from bench.page import put
from bench.table import page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Tocsin beside SQL by hand and pandas.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000, 10_000_000], help="how many events")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each side")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    given = parser.parse_args()
    prepare()
    measured = []
    for events in given.sizes:
        measured.append(
            measure(events, repeats=given.repeats, say=lambda words: print(words, file=sys.stderr, flush=True))
        )
        if events > LARGEST_REPEATED:
            shutil.rmtree(folder_of(events))  # many gigabytes
    tables = page(measured)
    print(tables)
    if given.write:
        put(tables, name="benchmark")


if __name__ == "__main__":
    main()
