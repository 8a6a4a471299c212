"""What a measured process tells the one that started it: times, its own peak memory, and when it had done its first work."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


def peak_mb() -> float:
    """The most memory that this process has held so far, MB of 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def cpu_seconds() -> float:
    """Seconds of processor that this process and those that it started have spent so far, on all cores."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What `work` gives, and the seconds that it took."""
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def tell(**facts: Any) -> None:
    """Print facts for the parent, as the last line of the output."""
    print(json.dumps(facts))


def passes(work: Callable[[dict[str, float]], Result], *, warm: int) -> tuple[Result, dict[str, Any]]:
    """Work once, and then `warm` times more.

    Args:
        work: Writes the seconds of each of its parts into the dictionary that it is given.

    Returns:
        The first result, and: ended (the clock of all processes, seconds, after the first pass), peak_mb and cpu_s (of the process
        until then, imports too), first_s, and warm (one dictionary a pass after the first: total_s, its cpu_s, and the parts).
    """
    result, first = timed(lambda: work({}))
    ended, cpu = time.monotonic(), cpu_seconds()
    facts: dict[str, Any] = {"ended": ended, "cpu_s": cpu, "peak_mb": peak_mb(), "first_s": first, "warm": []}
    for _ in range(warm):
        parts: dict[str, float] = {}
        before = cpu_seconds()
        _, total = timed(lambda parts=parts: work(parts))  # type: ignore[misc]
        facts["warm"].append({"total_s": total, "cpu_s": cpu_seconds() - before, **parts})
    return result, facts
