"""A report of two hundred findings on sixty questions: desk.toml, findings.toml and report.md. Only the standard library."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import asked

FINDINGS = 200
QUESTIONS = 60
ASKED, COMPUTED, CITED = 150, 40, 10

WARM = 3
LISTED = (
    "filters_all.vague",
    "weekly_all.later",
    "weekly_country.later",
    "weekly_fronts.later",
    "weekly_fronts_type.later",
    "average_short.later",
    "near_ten.share",
    "near_twenty.later",
    "comparison_takeover.before",
    "comparison_two.after",
    "place_windows.most",
    "spread_fronts.now",
    "reporting_windows.now",
)
"""Findings of every kind, whose events SQL by hand lists too."""

YEARS = range(2018, 2024)
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **{label.lower(): (label, names) for label, names in asked.GROUPS.items()},
    "afghan": ("Afghan fronts", ("Synthetic Front * (Afghanistan)",)),
    "syrian": ("Syrian fronts", ("Synthetic Front * (Syria)",)),
    "somali": ("Somali militias", ("Synthetic Militia * (Somalia)",)),
    "army": ("Ukrainian army", ("Military Forces of Ukraine",)),
}
FIGURES: Mapping[str, str] = {
    "figure-1": 'question = "weekly"',
    "figure-2": 'question = "concentration"\nwindows = ["earlier", "later"]',
    "figure-3": 'question = "proximity"',
}
BOTH = ("earlier", "later")
LAST_YEARS = ("y2022", "y2023")
MONDAYS = {"earlier": dt.date(2021, 7, 5), "later": dt.date(2022, 7, 4)}
SUNDAYS = {name: day - dt.timedelta(days=1) for name, day in MONDAYS.items()}


@dataclass(frozen=True)
class Question:
    """A question of the catalogue with its arguments, and the findings that are taken of its answer."""

    name: str
    ask: str
    arguments: Mapping[str, Any]
    findings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def folder_of(events: int) -> Path:
    """The desk of the two hundred findings on a world of so many events; it shares the memory of the desk of the seven figures."""
    return asked.folder_of(events) / "findings"


def digest(ids: Iterable[str]) -> str:
    """SHA-256 of ids, one a line."""
    return hashlib.sha256("".join(f"{each}\n" for each in ids).encode()).hexdigest()


def write(events: int) -> Path:
    """Write the desk; give its folder."""
    folder = folder_of(events)
    folder.mkdir(parents=True, exist_ok=True)
    memory = folder / ".tocsin"
    if not memory.is_symlink():
        memory.symlink_to(Path("..") / "desk" / ".tocsin")
    findings = findings_of()
    contents = {"desk.toml": desk_toml(), "findings.toml": findings_toml(findings), "report.md": report_md(findings)}
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def desk_toml() -> str:
    """The desk: the definition of the seven figures, a window for each year beside theirs, and six groups."""
    windows = {
        **asked.WINDOWS,
        **{f"y{year}": (dt.date(year, 1, 1), dt.date(year, 12, 31)) for year in YEARS},
    }
    return asked.desk_toml_of(windows=windows, groups=GROUPS, figures=FIGURES, title="A report of two hundred findings")


def questions() -> list[Question]:
    """The sixty questions, each with the findings that are taken of its answer."""
    found = [*_weekly(), *_comparison(), *_proximity(), *_places(), *_spread(), *_of_windows()]
    distinct = {(each.ask, json.dumps(each.arguments, sort_keys=True)) for each in found}
    if len(found) != QUESTIONS or len(distinct) != QUESTIONS:
        raise SystemExit(
            f"bench/findings_asked.py: {len(found)} questions, {len(distinct)} of them distinct, not {QUESTIONS}"
        )
    return found


def findings_of() -> dict[str, dict[str, Any]]:
    """All findings by name, as findings.toml has them."""
    findings: dict[str, dict[str, Any]] = {}
    for question in questions():
        for name, said in question.findings.items():
            head = {"label": f"{question.name}, {name}".replace("_", " "), "ask": question.ask}
            more = {"with": question.arguments} if question.arguments else {}
            findings[f"{question.name}.{name}"] = {**head, **more, **said}
    asked_for = len(findings)
    findings |= _computed(findings)
    computed = len(findings) - asked_for
    for number in range(1, CITED + 1):
        source = f"A synthetic publication, number {number}, 1 March 2024"
        findings[f"cited.n{number}"] = {"label": f"cited {number}", "value": 1000 * number + 7, "source": source}
    if (asked_for, computed, len(findings)) != (ASKED, COMPUTED, FINDINGS):
        raise SystemExit(f"bench/findings_asked.py: {asked_for} asked, {computed} computed, {len(findings)} in all")
    return findings


def _weekly() -> Iterator[Question]:
    """Weekly counts: in all, by a column, by groups, of each group, by other averages."""
    plain: dict[str, dict[str, Any]] = {
        "weekly_all": {},
        "weekly_type": {"by": "event_type"},
        "weekly_country": {"by": "country"},
        "weekly_scale": {"by": "source_scale"},
        "weekly_both": {"groups": ["fronts", "militias"]},
        "weekly_fronts_of_two": {"groups": ["afghan", "syrian"]},
        **{f"weekly_{group}": {"group": group} for group in GROUPS},
        **{f"weekly_{group}_type": {"group": group, "by": "event_type"} for group in ("fronts", "militias", "army")},
    }
    series = {
        "weekly_type": "Battles",
        "weekly_country": "AFG",
        "weekly_scale": "New media",
        "weekly_both": "Fronts",
        "weekly_fronts_of_two": "Afghan fronts",
        **{f"weekly_{group}_type": "Battles" for group in ("fronts", "militias", "army")},
    }
    for name, arguments in plain.items():
        only = {"series": series[name]} if name in series else {}
        means = {window: _mean(window, only) for window in BOTH}
        extra: dict[str, dict[str, Any]] = {}
        if not arguments:
            extra["worst"] = {"where": {"week_date": _days("later")}, "take": "week_date at max of incidents"}
            extra["trend"] = {"where": {"week_date": _days("later")}, "take": "incidents by week_date"}
            extra["most"] = {"where": {"week_date": _days("later")}, "take": "max of incidents"}
            extra["sum"] = {"where": {"week_date": f"{asked.FIRST} to {asked.LAST}"}, "take": "sum of incidents"}
            extra["least"] = {"where": {"week_date": _days("earlier")}, "take": "min of incidents"}
        yield Question(name, "weekly", arguments, {**means, **extra})
    averages: dict[str, dict[str, Any]] = {
        "short": {"average_weeks": 4},
        "long": {"average_weeks": 12},
        "centred": {"average": "centred"},
        "sundays": {"week_starts": "Sunday"},
        "fronts_short": {"group": "fronts", "average_weeks": 4},
        "militias_centred": {"group": "militias", "average": "centred"},
        "both_short": {"groups": ["fronts", "militias"], "average_weeks": 4},
    }
    for name, arguments in averages.items():
        only = {"series": "Fronts"} if "groups" in arguments else {}
        days = SUNDAYS if "week_starts" in arguments else MONDAYS
        yield Question(
            f"average_{name}",
            "weekly",
            arguments,
            {
                window: {
                    "where": {**only, "week_date": str(days[window])},
                    "take": "average",
                    "unit": "incidents a week",
                }
                for window in BOTH
            },
        )


def _comparison() -> Iterator[Question]:
    """Two windows beside each other, with intervals."""
    pairs = {"takeover": BOTH, **{f"y{year}": (f"y{year}", f"y{year + 1}") for year in range(2018, 2023)}}
    for name, windows in pairs.items():
        yield Question(
            f"comparison_{name}", "comparison", {"windows": list(windows)}, _compared({"series": "All incidents"})
        )
    yield Question("comparison_fronts", "comparison", {"group": "fronts", "windows": list(BOTH)}, _compared({}))
    yield Question(
        "comparison_two",
        "comparison",
        {"groups": ["afghan", "syrian"], "windows": list(BOTH)},
        _compared({"series": "Syrian fronts"}),
    )


def _compared(where: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    said: dict[str, dict[str, Any]] = {}
    for name, column in {
        "before": "before_mean",
        "after": "after_mean",
        "ratio": "ratio",
        "apart": "difference",
    }.items():
        stem = column.removesuffix("_mean")
        said[name] = {
            **({"where": dict(where)} if where else {}),
            "take": column,
            "low": f"{stem}_low",
            "high": f"{stem}_high",
            "decimals": 2,
            **({} if name == "apart" else {"expect": ">= 0"}),
        }
    return said


def _proximity() -> Iterator[Question]:
    """Near and far, by other thresholds, of groups, by another average."""
    kinds: dict[str, tuple[dict[str, Any], str]] = {
        "ten": ({}, "Within 10 km"),
        "five": ({"near_km": [5]}, "Within 5 km"),
        "twenty": ({"near_km": [20]}, "Within 20 km"),
        "classes": ({"near_km": [5, 20, 50]}, "5–20 km"),
        "fronts": ({"group": "fronts"}, "Within 10 km"),
        "militias": ({"group": "militias"}, "Within 10 km"),
        "short": ({"average_weeks": 4}, "Within 10 km"),
        "fronts_twenty": ({"group": "fronts", "near_km": [20]}, "Farther than 20 km"),
    }
    for name, (arguments, series) in kinds.items():
        share = {"where": {"series": series, "week_date": str(MONDAYS["later"])}, "take": "share", "percent": True}
        means = {window: _mean(window, {"series": series}) for window in BOTH}
        yield Question(f"near_{name}", "proximity", arguments, {"share": share, **means})


def _places() -> Iterator[Question]:
    """Where, by unit and by hexagon."""
    unit: dict[str, dict[str, Any]] = {
        "windows": {"level": "unit_code", "windows": list(BOTH)},
        "years": {"level": "unit_code", "windows": list(LAST_YEARS)},
        "fronts": {"level": "unit_code", "windows": list(BOTH), "group": "fronts"},
        "militias": {"level": "unit_code", "windows": ["later"], "group": "militias"},
        "afghan": {"level": "unit_code", "windows": ["later"], "group": "afghan"},
    }
    for name, arguments in unit.items():
        last = {"window": arguments["windows"][-1]}
        yield Question(
            f"place_{name}",
            "concentration",
            arguments,
            {
                "top": {"where": last, "take": "name at max of incidents"},
                "most": {"where": last, "take": "share at max of incidents", "percent": True, "expect": ">= 0"},
                **({"table": {"where": last, "rows": 5}} if name in ("windows", "years", "fronts") else {}),
            },
        )
    cells: dict[str, dict[str, Any]] = {
        "cells": {"windows": ["later"]},
        "wide_cells": {"windows": ["later"], "level": "cell_3"},
        "fronts_cells": {"windows": ["later"], "group": "fronts"},
    }
    for name, arguments in cells.items():
        yield Question(f"place_{name}", "concentration", arguments, {"most": {"take": "incidents at max of incidents"}})


def _spread() -> Iterator[Question]:
    """How concentrated, with intervals."""
    kinds: dict[str, dict[str, Any]] = {
        "windows": {"level": "unit_code", "windows": list(BOTH)},
        "years": {"level": "unit_code", "windows": list(LAST_YEARS)},
        "cells": {"windows": list(BOTH)},
        "fronts": {"level": "unit_code", "windows": list(BOTH), "group": "fronts"},
        "militias": {"level": "unit_code", "windows": list(BOTH), "group": "militias"},
        "afghan": {"level": "unit_code", "windows": list(BOTH), "group": "afghan"},
    }
    for name, arguments in kinds.items():
        first, last = arguments["windows"]
        share = {"take": "top_share", "low": "top_share_low", "high": "top_share_high", "percent": True, "decimals": 1}
        yield Question(
            f"spread_{name}",
            "spread",
            arguments,
            {
                "then": {"where": {"window": first}, **share},
                "now": {"where": {"window": last}, **share, "expect": ">= 0"},
                "gini": {"where": {"window": last}, "take": "gini", "decimals": 3},
            },
        )


def _of_windows() -> Iterator[Question]:
    """How precise, reported by whom, what filters remove, and who is named."""
    for name, windows in {"windows": BOTH, "years": LAST_YEARS}.items():
        arguments: dict[str, Any] = {"windows": list(windows)}
        vague = {"where": {"kind": "place", "code": 3, "window": windows[1]}, "take": "share", "percent": True}
        yield Question(f"precision_{name}", "precision", arguments, {"vague": vague})
        yield Question(f"reporting_{name}", "reporting", arguments, _reported(windows))
    fronts = {"windows": list(BOTH), "group": "fronts"}
    yield Question("reporting_fronts", "reporting", fronts, _reported(BOTH))
    removed = {"where": {"filter": "place known precisely enough"}, "take": "removed_share", "percent": True}
    yield Question("filters_all", "filters", {}, {"vague": removed})
    yield Question("filters_fronts", "filters", {"group": "fronts"}, {"vague": removed})
    yield Question("actors_all", "actors", {}, {"most": {"take": "actor at max of incidents"}})


def _reported(windows: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return {
        name: {"where": {"window": window}, "take": "any", "percent": True, "decimals": 1}
        for name, window in zip(("then", "now"), windows, strict=True)
    }


def _computed(findings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Arithmetic on the asked ones: of later over earlier, differences, and a few of several."""
    stems = [
        name.removesuffix(".earlier") for name in findings if name.endswith(".earlier") and not name.startswith("near_")
    ]
    computed: dict[str, dict[str, Any]] = {}
    for stem in stems:
        computed[f"change.{stem}"] = {"compute": f"{stem}.later / {stem}.earlier", "decimals": 2, "expect": ">= 0"}
    for stem in ("windows", "years", "cells", "fronts", "militias", "afghan"):
        computed[f"moved.{stem}"] = {"compute": f"spread_{stem}.now - spread_{stem}.then", "percent": True}
    for group in GROUPS:
        computed[f"part.{group}"] = {"compute": f"weekly_{group}.later / weekly_all.later", "percent": True}
    computed["mean.comparisons"] = {
        "compute": "(" + " + ".join(f"comparison_y{year}.ratio" for year in range(2018, 2023)) + ") / 5"
    }
    computed["mean.groups"] = {"compute": " + ".join(f"weekly_{group}.later" for group in GROUPS)}
    computed["most.near"] = {"compute": "max(near_ten.share, near_fronts.share, near_militias.share)", "percent": True}
    computed["least.near"] = {"compute": "min(near_ten.share, near_fronts.share, near_militias.share)", "percent": True}
    computed["double.near"] = {"compute": "near_twenty.later / near_ten.later", "decimals": 2}
    computed["rest"] = {"compute": "1 - most.near", "percent": True}
    return {name: {"label": name.replace("_", " "), **said} for name, said in computed.items()}


def _mean(window: str, only: Mapping[str, str]) -> dict[str, Any]:
    """The mean of a window's weekly counts."""
    return {
        "where": {**only, "week_date": _days(window)},
        "take": "mean of incidents",
        "unit": "incidents a week",
        "decimals": 1,
        "expect": ">= 0",
    }


def _days(window: str) -> str:
    first, last = asked.WINDOWS[window]
    return f"{first} to {last}"


def findings_toml(findings: Mapping[str, Mapping[str, Any]]) -> str:
    """findings.toml."""
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in said.items())
        for name, said in findings.items()
    )


def _toml(value: object) -> str:
    """A value as TOML; it writes all but tables as JSON does."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def report_md(findings: Mapping[str, Mapping[str, Any]]) -> str:
    """report.md: a section a question, every finding called in it, words bound to those that expect something."""
    sections: dict[str, list[str]] = {}
    for name, said in findings.items():
        sections.setdefault(name.partition(".")[0], []).append(_sentence(name, said))
    figures = [f"{{figure: {name}}}" for name in FIGURES]
    parts = ["# Two hundred findings"]
    for number, (name, sentences) in enumerate(sections.items()):
        parts += [f"## {name.replace('_', ' ').capitalize()}"]
        parts += [" ".join(each for each in sentences if not each.startswith("{table:"))]
        parts += [each for each in sentences if each.startswith("{table:")]
        if number % 20 == 10 and figures:
            parts.append(figures.pop(0))
    return "\n\n".join([*parts, *figures, "{cautions}"]) + "\n"


def _sentence(name: str, said: Mapping[str, Any]) -> str:
    if "rows" in said:
        return f"{{table: {name}}}"
    words = name.replace("_", " ").replace(".", ", ")
    interval = f" (interval {{{name}.interval}})" if "low" in said else ""
    bound = f", and this is [no less than nothing]{{{name}}}" if "expect" in said else ""
    if str(said.get("take", "")).endswith(" by week_date"):
        return f"Of {words} there are {{{name}.events}} events."
    return f"For {words} the number is {{{name}}}{interval}{bound}."


if __name__ == "__main__":
    write(int(sys.argv[1]))
