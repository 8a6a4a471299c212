"""What do two sides set against each other say, in words?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tocsin.analysis.comparison import FEW_EVENTS
from tocsin.schema import listed

Row = dict[str, Any]

LOW_CEILING = 0.7
"""Where counts are so small that a correlation could not pass this, it is said."""

MOST_NAMED = 10

LAGGED = ("all", "group")
"""Kinds of row for which a lag is looked for: the more rows, the more lags that are chance."""


def told(change: Mapping[str, Any]) -> str | None:
    """What a change is told from chance to be: "falls" or "rises"; "" where it is not, None where there is no interval.

    Where there is no interval of the ratio, that of the difference tells. An interval of the ratio may have one end.
    """
    low, high, same = change["ratio_low"], change["ratio_high"], 1.0
    if low is None and high is None:
        low, high, same = change["difference_low"], change["difference_high"], 0.0
    if low is None and high is None:
        return None
    return "falls" if high is not None and high < same else "rises" if low is not None and low > same else ""


def direction(row: Row, names: tuple[str, str]) -> Row:
    one, other = row.get("one_told"), row.get("other_told")
    if one is None and other is None:
        return {"direction": "directions can not be told"}
    if one and other:
        same = one == other
        opposite = f"they go opposite ways: {names[0]} {one}, {names[1]} {other}"
        return {"agreed": same, "direction": f"both {one[:-1]}" if same else opposite}
    if not one and not other:
        return {"direction": "neither changes beyond chance"}
    (told, name), quiet = ((one, names[0]), names[1]) if one else ((other, names[1]), names[0])
    return {"direction": f"{name} {told}, of {quiet} no change is told from chance"}


def verdict(row: Row, names: tuple[str, str]) -> str:
    """A row in words.

    Args:
        row: Of `compared`.
        names: What the sides are called.
    """
    if tiny := _tiny(row, names):
        return tiny
    return "; ".join(
        [
            row["direction"],
            *_one_ended(row, names),
            *_changes_apart(row),
            _levels(row, names),
            _moving(row),
            *_following(row, names),
        ]
    )


def _tiny(row: Row, names: tuple[str, str]) -> str:
    """Where a side has hardly an incident: what the other tells, and that nothing is told of both."""
    small, large = sorted(zip(("one", "other"), names, strict=True), key=lambda side: int(row[f"{side[0]}_incidents"]))
    few = int(row[f"{small[0]}_incidents"])
    if few >= FEW_EVENTS or row["part"]:
        return ""
    way = row.get(f"{large[0]}_told")
    other = f"{large[1]} {way}" if way else f"of {large[1]} no change is told from chance"
    if int(row[f"{large[0]}_incidents"]) < FEW_EVENTS:
        other = f"{large[1]} hardly more ({row[f'{large[0]}_incidents']})"
    counted = f"{small[1]} has {few or 'no'} incident{'' if few == 1 else 's'} in the weeks compared"
    return f"{counted}, too few to say whether it tells the same; {other}"


def _one_ended(row: Row, names: tuple[str, str]) -> list[str]:
    """Of a side that has incidents in one window alone, that it has, and how large its change is at least, if that is told."""
    said = []
    for side, name in zip(("one", "other"), names, strict=True):
        change, low, high = (row.get(f"{side}_change{end}") for end in ("", "_low", "_high"))
        if change is None and low is not None:
            limit = f" (a change of at least × {low:.2g})" if low > 1 else ""
            said.append(f"{name} has none in the earlier window{limit}")
        elif change == 0 and high is not None:
            limit = f" (a change of at most × {high:.2g})" if high < 1 else ""
            said.append(f"{name} has none in the later window{limit}")
    return said


def _changes_apart(row: Row) -> list[str]:
    if not row["part"]:
        return []
    if row["one_change"] is None or row["other_change"] is None:
        return ["the changes differ"]
    return [f"the changes differ (× {row['one_change']:.2f} against × {row['other_change']:.2f})"]


def _levels(row: Row, names: tuple[str, str]) -> str:
    levels, low, high = row.get("levels"), row.get("levels_low"), row.get("levels_high")
    if levels is None:
        return "levels can not be set against each other, since a side has no incident"
    if low is None or high is None:
        return "levels are of too few incidents or weeks to be told apart"
    if low <= 1 <= high:
        return "levels are not told apart"
    return f"levels apart by a factor {max(levels, 1 / levels):.1f}, {names[0] if levels > 1 else names[1]} the higher"


def _moving(row: Row) -> str:
    found = row.get("correlation")
    if found is None:
        return "whether changes move together can not be told"
    low, high = row["correlation_low"], row["correlation_high"]
    says = (
        "move together" if low > 0 else "move against each other" if high < 0 else "do not move together beyond chance"
    )
    # A small number below nought is 0.00, not −0.00.
    numbers = "{:.2f}, {:.2f} to {:.2f}".format(*(round(n, 2) + 0.0 for n in (found, low, high))).replace("-", "−")
    return f"changes {says} ({numbers}{_limit(row)})"


def _limit(row: Row) -> str:
    """What is said of a correlation that is not told from chance, where counts are small."""
    if row["correlation_low"] > 0:
        return ""
    most = row["correlation_most"]
    if most is None:
        return "; in counts so small nearly all is chance"
    return f"; counts so small allow about {most:.2f}" if most < LOW_CEILING else ""


def _following(row: Row, names: tuple[str, str]) -> list[str]:
    lag = row.get("lag_weeks")
    if row.get("correlation") is None or row["kind"] not in LAGGED:
        return []
    if lag is None:
        return ["a lag can not be told"]
    low, high = row["lag_low"], row["lag_high"]
    if low <= 0 <= high:
        return [
            "in the same weeks"
            if low == high
            else f"no lag is told (best {lag}, {low} to {high} weeks)".replace("-", "−")
        ]
    late, early = (names[1], names[0]) if lag > 0 else (names[0], names[1])
    least, most = sorted((abs(low), abs(high)))
    return [f"{late} follows {early} by {abs(lag)} week{'s' if abs(lag) > 1 else ''} ({least} to {most})"]


def where_apart(rows: Collection[Row]) -> str:
    """Where and for whom two sides part, the surest first, in words."""
    parting = sorted((row for row in rows if row["part"]), key=lambda row: float(row["parting_p"]))
    if not any(row["parting_p"] is not None for row in rows):
        return "where they part can not be told"
    if not parting:
        return "they part nowhere beyond chance"
    named = {kind: [row["series"] for row in parting[:MOST_NAMED] if row["kind"] == kind] for kind in _PLACED}
    said = [f"{word} {listed(named[kind])}" for kind, word in _PLACED.items() if named[kind]]
    more = f", and {len(parting) - MOST_NAMED} more" if len(parting) > MOST_NAMED else ""
    return f"they part {' and '.join(said)}{more}"


_PLACED = {"unit": "in", "group": "for", "event type": "in"}
