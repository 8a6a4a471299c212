"""The limit of provenance: what an expert would write by hand for DuckDB to list the events behind some of the findings."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from bench import asked, findings_asked
from bench.child import passes, tell, timed
from bench.sql_side import PERIOD, PRECISE, STANDING, VIOLENT, parties

FRONTS = f"party_id IN ({parties('Fronts')})"
SYRIAN = (
    "party_id IN (SELECT party_id FROM party WHERE regexp_matches(names, '\\nSynthetic Front [^\\n]* \\(Syria\\)\\n'))"
)
PLACED = f"FROM event JOIN place USING (place_id) WHERE {STANDING} AND {VIOLENT} AND {PRECISE}"


def _days(first: str, last: str) -> str:
    return f"event_date BETWEEN DATE '{first}' AND DATE '{last}'"


WINDOW = _days(*map(str, asked.WINDOWS["later"]))
BEGUN = _days("2021-09-20", "2022-07-17")
"""The weeks that begin in the window."""
WHOLE = _days("2021-09-20", "2022-07-10")
"""The weeks that lie wholly in it."""
EARLIER = _days("2020-09-21", "2021-07-11")
"""The weeks that lie wholly in the earlier one."""

EVENTS = {
    "filters_all.vague": PERIOD,
    "weekly_all.later": BEGUN,
    "weekly_country.later": f"{BEGUN} AND event.country = 'AFG'",
    "weekly_fronts.later": f"{BEGUN} AND {FRONTS}",
    "weekly_fronts_type.later": f"{BEGUN} AND {FRONTS} AND event_type = 'Battles'",
    "average_short.later": _days("2022-06-13", "2022-07-10"),
    "comparison_takeover.before": EARLIER,
    "comparison_two.after": f"{WHOLE} AND {SYRIAN}",
    "spread_fronts.now": f"{WINDOW} AND {FRONTS} AND {PRECISE}",
    "reporting_windows.now": WINDOW,
}
PLACES = {
    "near_ten.share": f"{_days('2022-05-16', '2022-07-10')} AND capital_distance_km IS NOT NULL",
    "near_twenty.later": f"{BEGUN} AND capital_distance_km <= 20",
    "place_windows.most": f"{WINDOW} AND unit_code IN (SELECT unit_code {PLACED} AND {WINDOW} AND unit_code IS NOT NULL "
    "GROUP BY unit_code QUALIFY rank() OVER (ORDER BY count(*) DESC) = 1)",
}
QUERIES = {
    **{name: f"SELECT event_id FROM event WHERE {STANDING} AND {VIOLENT} AND {test}" for name, test in EVENTS.items()},
    **{name: f"SELECT event_id {PLACED} AND {test}" for name, test in PLACES.items()},
}


def lists(path: Path, parts: dict[str, float]) -> dict[str, list[str]]:
    """The sorted ids behind each of the findings, as lists of Python."""
    with duckdb.connect(str(path), read_only=True) as connection:
        listed, parts["ids"] = timed(
            lambda: {
                name: connection.sql(QUERIES[name]).pl()["event_id"].sort().to_list() for name in findings_asked.LISTED
            }
        )
    return listed


if __name__ == "__main__":
    store = findings_asked.folder_of(int(sys.argv[1])) / ".tocsin" / "store.duckdb"
    found, facts = passes(lambda parts: lists(store, parts), warm=findings_asked.WARM)
    tell(**facts, lists={name: [len(ids), findings_asked.digest(ids)] for name, ids in found.items()})
