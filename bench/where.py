"""Where does the time go? One run under a profiler, its seconds added up by what they were spent on."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable
from typing import Any
from unittest import mock

from tocsin import ingest
from tocsin.store import vintages


def of_load(work: Callable[[], object]) -> dict[str, float]:
    """Seconds of a load, by stage: as if the file were read to its end before the engine takes its rows, which it does meanwhile.

    The kept copy is packed beside all of it and is not told.

    Raises:
        SystemExit: a function that a stage is told by is not called any more.
    """
    # A profiler sees one thread.
    with mock.patch.object(
        ingest, "load", lambda store, file, rows, **more: vintages.load(store, file, list(rows), **more)
    ):
        profile = _Profile(work)
    rows = profile.spent("sources/delimited.py _batches", "sources/records.py _parquet_batches")
    values = profile.spent("sources/acled/read.py _parse")
    settled = profile.spent("sources/settling.py settle")
    swapped = profile.spent("sources/swapped.py without_swapped")
    read_later = rows - profile.spent("sources/__init__.py _first") + values + settled
    new_places = profile.spent("geo/places.py resolve") - profile.spent("sources/swapped.py _swapped")
    after = {
        "rows into the fact table, with places and parties": profile.spent("store/staging.py stage") - new_places,
        "repeated ids": profile.spent("store/staging.py set_twins_aside"),
        "the vintage's own row": profile.spent("store/vintages.py _record"),
    }
    return profile.with_rest(
        {
            "digest": profile.spent("keeping.py digest_of"),
            "rows out of the file": rows,
            "cells into values": values,
            "events and rejects": settled,
            "units, capitals, cells; swapped coordinates": new_places + swapped - read_later,
            **after,
            "commit": profile.spent("store/vintages.py load") - new_places - sum(after.values()),
        }
    )


def of_numbers(work: Callable[[], object]) -> dict[str, float]:
    """Seconds of the seven figures' numbers, by what they were spent on.

    Raises:
        SystemExit: a function that a part is told by is not called any more.
    """
    profile = _Profile(work)
    left_out = profile.spent("catalogue/words.py left_out")
    names = profile.spent("catalogue/subject.py actors_of")
    engine = profile.spent("cube.py count")
    return profile.with_rest(
        {
            "opening": profile.spent("catalogue/opening.py open_desk"),
            "names of the groups": names,
            "cubes of what is left out": left_out,
            "cubes of what is counted": engine - left_out,
        }
    )


def of_report(work: Callable[[], object]) -> dict[str, float]:
    """Seconds of `tocsin report` with findings and a text, by what they were spent on.

    Raises:
        SystemExit: a function that a part is told by is not called any more.
    """
    profile = _Profile(work)
    looked_up = profile.spent("catalogue/behind.py event_ids")
    evaluated = profile.spent("findings/evaluation.py _all")
    pinned = profile.spent("report/manifest.py manifest") + profile.spent("report/manifest.py digests")
    return profile.with_rest(
        {
            "figures: numbers and specifications": profile.spent("report/build.py _figure"),
            "figures: waiting until they are drawn": profile.spent("figures/drawer.py wait"),
            "the page": profile.spent("report/build.py _values") + profile.spent("report/build.py _page"),
            "values of the findings": evaluated - looked_up,
            "ids looked up": looked_up,
            "text filled, assessment.html": profile.spent("report/filled.py fill")
            + profile.spent("report/page.py page"),
            "PDF, DOCX, workbook and lists of ids, side by side": profile.spent("report/assessment.py _write_at_once"),
            "manifest, provenance": pinned + profile.spent("report/prov.py prov"),
        }
    )


class _Profile:
    """Cumulative seconds of the functions that some work called."""

    def __init__(self, work: Callable[[], object]) -> None:
        profile = cProfile.Profile()
        profile.runcall(work)
        stats: Any = pstats.Stats(profile)
        self._total = max(float(times[3]) for times in stats.stats.values())
        self._seconds: dict[str, float] = {}
        for (path, _, function), times in stats.stats.items():
            file = path.partition("/src/tocsin/")[2]
            self._seconds[f"{file} {function}"] = self._seconds.get(f"{file} {function}", 0.0) + float(times[3])

    def spent(self, *functions: str) -> float:
        """Seconds in functions, each as "file name"; one of them at least must have been called."""
        if not any(function in self._seconds for function in functions):
            raise SystemExit(f"bench/where.py: none of {', '.join(functions)} was called: name what does its work now")
        return sum(self._seconds.get(function, 0.0) for function in functions)

    def with_rest(self, parts: dict[str, float]) -> dict[str, float]:
        return {**parts, "the rest": self._total - sum(parts.values())}
