"""The limit: what an expert would write by hand for DuckDB, one query a figure, on the tables of Tocsin's own store.

Its load is the bare copy of a file into a table: nothing is checked, placed or kept.
"""

from __future__ import annotations

import argparse
import time

import duckdb

from bench import asked
from bench.child import cpu_seconds, passes, peak_mb, tell, timed
from bench.same import Numbers, keep


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


STANDING = "dataset = 'acled' AND closed IS NULL"
VIOLENT = f"event.country IN ({_listed(list(asked.COUNTRIES))}) AND event_type IN ({_listed(asked.VIOLENT)})"
PERIOD = f"event_date BETWEEN DATE '{asked.FIRST}' AND DATE '{asked.LAST}'"
PRECISE = f"(geo_precision IN ({', '.join(map(str, asked.PRECISE))}) OR geo_precision IS NULL)"
EVENTS = f"FROM event WHERE {STANDING} AND {VIOLENT}"
WEEK = "CAST(date_trunc('week', event_date) AS DATE)"
WEEKS = f"SELECT CAST(unnest(generate_series(DATE '{asked.FIRST}', DATE '{asked.LAST}', INTERVAL 7 DAY)) AS DATE) AS week_date"
PRECEDING = f"ROWS {asked.AVERAGE_WEEKS - 1} PRECEDING"


def parties(label: str) -> str:
    """The sets of actors that a group is in."""
    return (
        f"SELECT party_id FROM party WHERE list_has_any(string_split(names, chr(10)), [{_listed(asked.GROUPS[label])}])"
    )


def _within(window: str) -> str:
    first, last = asked.WINDOWS[window]
    return f"event_date BETWEEN DATE '{first}' AND DATE '{last}'"


def _series(counted: str, names: str) -> str:
    """Weekly counts as a line for each name, zeros included, with the moving average."""
    return f"""
        WITH counted AS ({counted}), filled AS (
            SELECT week_date, series, coalesce(incidents, 0) AS incidents
            FROM ({WEEKS}) CROSS JOIN ({names}) LEFT JOIN counted USING (week_date, series)
        )
        SELECT week_date, series, incidents,
            CASE WHEN count(*) OVER eight = {asked.AVERAGE_WEEKS} THEN avg(incidents) OVER eight END AS average
        FROM filled WINDOW eight AS (PARTITION BY series ORDER BY week_date {PRECEDING}) ORDER BY series, week_date
    """


def _map(windows: list[str], place: str, condition: str = "true") -> str:
    """Counts by place in each window, with their share and rank, and how many incidents were not placed precisely enough."""
    case = " ".join(f"WHEN {_within(window)} THEN '{window}'" for window in windows)
    any_window = " OR ".join(f"({_within(window)})" for window in windows)
    return f"""
        WITH counted AS (
            SELECT CASE {case} END AS "window", CAST({place} AS VARCHAR) AS place,
                count(*) FILTER (WHERE {PRECISE}) AS incidents, count(*) AS in_all
            FROM event JOIN place USING (place_id)
            WHERE {STANDING} AND {VIOLENT} AND ({any_window}) AND {condition} GROUP BY ALL
        ), summed AS (SELECT *, sum(in_all) OVER () AS asked, sum(in_all - incidents) OVER () AS left_out FROM counted)
        SELECT "window", place, incidents, incidents / sum(incidents) OVER each AS share,
            rank() OVER (PARTITION BY "window" ORDER BY incidents DESC) AS rank, left_out, asked
        FROM summed WHERE place IS NOT NULL WINDOW each AS (PARTITION BY "window") ORDER BY "window", rank, place
    """


FRONTS, MILITIAS = asked.GROUPS

FIGURES = {
    "figure-1": _series(
        f"SELECT {WEEK} AS week_date, 'All incidents' AS series, count(*) AS incidents {EVENTS} AND {PERIOD} GROUP BY 1",
        "SELECT 'All incidents' AS series",
    ),
    "figure-2": _map(["earlier", "later"], "unit_code"),
    "figure-3": _series(
        f"""
        SELECT {WEEK} AS week_date, series, count(*) AS incidents
        FROM event JOIN (
            SELECT party_id, '{FRONTS}' AS series FROM ({parties(FRONTS)})
            UNION ALL SELECT party_id, '{MILITIAS}' FROM ({parties(MILITIAS)})
        ) USING (party_id)
        WHERE {STANDING} AND {VIOLENT} AND {PERIOD} GROUP BY ALL
        """,
        f"SELECT unnest(['{FRONTS}', '{MILITIAS}']) AS series",
    ),
    "figure-4": _map(["later"], f"cell_{asked.CELL_RESOLUTION}", f"party_id IN ({parties(FRONTS)})"),
    "figure-5": _series(
        f"SELECT {WEEK} AS week_date, event_type AS series, count(*) AS incidents {EVENTS} AND {PERIOD} "
        f"AND party_id IN ({parties(FRONTS)}) GROUP BY ALL",
        "SELECT DISTINCT series FROM counted",
    ),
    "figure-6": _map(["later"], f"cell_{asked.CELL_RESOLUTION}", f"party_id IN ({parties(MILITIAS)})"),
    "figure-7": f"""
        WITH by_precision AS (
            SELECT {WEEK} AS week_date, {PRECISE} AS precise,
                CASE WHEN capital_distance_km <= {asked.NEAR_KM} THEN '{asked.NEAR}'
                    WHEN capital_distance_km > {asked.NEAR_KM} THEN '{asked.FAR}' END AS series,
                count(*) AS incidents
            FROM event JOIN place USING (place_id) WHERE {STANDING} AND {VIOLENT} AND {PERIOD} GROUP BY ALL
        ), filled AS (
            SELECT week_date, series, coalesce(incidents, 0) AS incidents
            FROM ({WEEKS}) CROSS JOIN (SELECT unnest(['{asked.NEAR}', '{asked.FAR}']) AS series)
            LEFT JOIN (SELECT * FROM by_precision WHERE precise) USING (week_date, series)
        ), averaged AS (
            SELECT week_date, series, incidents,
                CASE WHEN count(*) OVER eight = {asked.AVERAGE_WEEKS} THEN avg(incidents) OVER eight END AS average
            FROM filled WINDOW eight AS (PARTITION BY series ORDER BY week_date {PRECEDING})
        )
        SELECT *, average / nullif(sum(average) OVER (PARTITION BY week_date), 0) AS share,
            (SELECT sum(incidents) FILTER (WHERE NOT precise) FROM by_precision) AS left_out,
            (SELECT sum(incidents) FROM by_precision) AS asked
        FROM averaged ORDER BY series DESC, week_date
    """,
}


def numbers(events: int, warm: int) -> None:
    """The numbers of the seven figures, once and then `warm` times more in the same process."""
    found, facts = passes(lambda parts: _numbers(events, parts), warm=warm)
    keep(found, asked.folder_of(events), side="sql")
    tell(**facts)


def _numbers(events: int, parts: dict[str, float]) -> Numbers:
    path = str(asked.folder_of(events) / "desk" / ".tocsin" / "store.duckdb")
    started = time.perf_counter()
    with duckdb.connect(path, read_only=True) as connection:
        parts["opening"] = time.perf_counter() - started
        tables = {}
        for name, query in FIGURES.items():
            tables[name], parts[name] = timed(lambda query=query: connection.sql(query).pl())  # type: ignore[misc]
    left_out = {}
    for name, table in tables.items():
        told = table.select("left_out", "asked").row(0) if "asked" in table.columns else (0, 0)
        left_out[name] = int(told[0]), int(told[1])
    return Numbers(tables=tables, left_out=left_out)


def load(events: int, file: str) -> None:
    """Copy the file into a table of a new database."""
    folder = asked.folder_of(events)
    path = folder / "bare.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        query = f"CREATE TABLE event AS SELECT * FROM '{folder / file}'"
        _, seconds = timed(lambda: (connection.execute(query), connection.execute("CHECKPOINT")))
    tell(ended=time.monotonic(), cpu_s=cpu_seconds(), peak_mb=peak_mb(), first_s=seconds)
    path.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=["load", "numbers"])
    parser.add_argument("events", type=int)
    parser.add_argument("--file", default="events.csv")
    parser.add_argument("--warm", type=int, default=0)
    given = parser.parse_args()
    if given.work == "load":
        load(given.events, given.file)
    else:
        numbers(given.events, given.warm)
