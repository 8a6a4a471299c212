"""A first mapping file, written from what a table's columns are called and hold."""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tocsin.geo import countries
from tocsin.sources.files import open_file
from tocsin.sources.layout import told
from tocsin.sources.raw import whole_text
from tocsin.sources.table.dates import dated_column, fits, forms_of, is_read, language_of_months
from tocsin.sources.table.words import NAMES, VIOLENT, called, find_fields
from tocsin.sources.values import EMPTY

SOURCES = ("acled", "ucdp_ged", "gdelt", "gdelt2")


@dataclass(frozen=True)
class Seen:
    """What a file holds: its columns, and how often each text stands in those few that the draft is about."""

    columns: tuple[str, ...]
    texts: Mapping[str, Counter[str]]
    rows: int
    whole: int
    """Rows that could be split into cells."""


def draft(path: Path) -> str:
    """Draft a mapping file for a table.

    Args:
        path: Any file that can be opened.

    Returns:
        The text of a mapping in TOML, with comments. What can not be told from the data (the order of day and month, which
        types are violent) is left to be chosen, and it says so.

    Raises:
        SourceError: the file can not be opened.
    """
    found, language, seen = _look(path)
    dates = seen.texts.get(found.get("event_date", ""), Counter())
    language = language_of_months(dates, language)
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.casefold()).strip("-") or "log"
    name = f"{name}-log" if name in SOURCES else name
    types = seen.texts.get(found.get("event_type", ""), Counter())
    size = f"{_rows(seen.rows)}, {len(seen.columns)} columns"
    parts = [
        f"# A mapping for {_quoted(whole_text(path.name))}: {size}. Read it through before you use it.",
        f"dataset = {_quoted(name)}",
        f"title = {_quoted(whole_text(path.stem))}",
        'licence = ""',
        'citation = ""',
        "# The language of the names of months, if dates have any.",
        f"language = {_quoted(language)}",
    ]
    if "event_type" in found:
        parts += _violent(types)
    else:
        parts += [
            "# No column of event types was found: every row is of this one type, which counts as a violent incident.",
            'event_type = "Incident"',
        ]
    parts += _country(found, seen)
    parts += ["", *_columns(found, seen), "", *_dates(dates, language), "", *_types(types), *_separator(found, seen)]
    return "\n".join(parts) + "\n"


def _look(path: Path) -> tuple[dict[str, str], str, Seen]:
    """Which column is which, the language of their names, and the texts of the columns that matter, from all rows."""
    opened = open_file(path)
    texts: dict[str, Counter[str]] = {}
    found, language = find_fields(opened.columns)
    ids = [column for column in called(opened.columns, "event_id") if column not in found.values()]
    ids = [found["event_id"], *ids] if "event_id" in found else ids
    rows = whole = 0
    for raw in opened.batches:
        rows += raw.rows
        whole += len(raw.row)
        if not texts:
            if "event_date" not in found:
                dated = dated_column({name: raw.cells[name].head(500).to_list() for name in opened.columns})
                found |= {"event_date": dated} if dated else {}
            wanted = [
                found[field] for field in ("event_date", "event_type", "country", "actor1", "actor2") if field in found
            ]
            texts = {column: Counter() for column in (*ids, *wanted)}
        for column, counter in texts.items():
            for cell, count in raw.cells[column].str.strip_chars().value_counts().iter_rows():
                counter[cell] += 0 if cell in EMPTY else count
    kept = {column: _in_order(counter) for column, counter in texts.items()}
    if ids:
        found["event_id"] = next((column for column in ids if len(kept.get(column, ())) == whole), ids[0])
    return found, language, Seen(opened.columns, kept, rows, whole)


def _in_order(counter: Counter[str]) -> Counter[str]:
    """What was said, the most frequent first, then by its text: two drafts of a file are the same."""
    return Counter(dict(sorted(((cell, n) for cell, n in counter.items() if n), key=lambda one: (-one[1], one[0]))))


def _violent(types: Counter[str]) -> list[str]:
    words = VIOLENT["en"].replace("|", ", ")
    pattern = re.compile(rf"\b(?:{'|'.join(VIOLENT.values())})", re.IGNORECASE)
    said = (
        "Which event types count as violent incidents? A person must choose. Proposed are only those with a word for violence in "
        f"them ({words}, or such a word of another language). Add those of [event_types] that are missing, and take out those "
        "that do not count."
    )
    return [
        *(f"# {line}" for line in textwrap.wrap(said, 118)),
        f"violent = [{', '.join(_quoted(word) for word in types if pattern.search(word))}]",
    ]


def _country(found: Mapping[str, str], seen: Seen) -> list[str]:
    if "country" not in found:
        return [
            "# No column of countries was found. Name the country of all rows, by its three letters of ISO 3166: without one",
            "# the events belong to no country, and no question about a country finds them.",
            '# country = "???"',
        ]
    names = list(seen.texts.get(found["country"], ()))
    unknown = [
        name for name, code in zip(names, countries.codes(pl.Series(names, dtype=pl.String)), strict=True) if not code
    ]
    return [f"# No country that is known, so that their rows belong to none: {_some(unknown)}."] if unknown else []


def _columns(found: Mapping[str, str], seen: Seen) -> list[str]:
    lines = ["[columns]"]
    if "event_date" not in found:
        lines += ["# No column of dates was found. Name it: no event can be without its date.", '# event_date = ""']
    for field in NAMES:
        if field not in found:
            continue
        line = f"{field} = {_quoted(found[field])}"
        lines += _identity(line, seen.texts.get(found[field], Counter()), seen.whole) if field == "event_id" else [line]
    left = [column for column in seen.columns if column not in found.values()]
    if left:
        lines += ["# Not read: " + ", ".join(_quoted(column) for column in left)]
    return lines


def _identity(line: str, ids: Counter[str], rows: int) -> list[str]:
    """A column called an id is one if it says something in every row, and never the same."""
    again = [cell for cell, count in ids.items() if count > 1]
    if again:
        return [
            f"# Called an id, but {_some(again)} stands in several rows; an id must tell each row from all others:",
            f"# {line}",
        ]
    lacking = rows - ids.total()
    if lacking:
        return [
            f"# Called an id, but {_rows(lacking)} {'has' if lacking == 1 else 'have'} none; without a column of ids, one is made:",
            f"# {line}",
        ]
    return [line]


def _dates(dates: Counter[str], language: str) -> list[str]:
    lines = ["[dates]"]
    forms = forms_of(dates, language) if dates else [None]
    if forms == [None]:
        lines += [
            "# Days need no format where they are written 2021-11-17, 17 November 2021 or 17-Nov-21.",
            '# format = "%d.%m.%Y"',
        ]
    elif len(forms) == 1:
        lines += [f"format = {_quoted(forms[0] or '')}"]
    elif forms:
        shown = next(cell for cell in dates if fits(cell, forms[0] or ""))
        lines += [
            f"# Which is the day and which the month? No date of the file tells ({_quoted(shown)}). Choose one line:"
        ]
        lines += [f"# format = {_quoted(form or '')}" for form in forms]
    else:
        shown = _some(list(dates))
        lines += [
            f"# The form of the dates was not found ({shown}). Give it in the codes of strptime:",
            '# format = "%d.%m.%Y"',
        ]
        return lines
    misfits = [cell for cell in dates if not is_read(cell, forms[0], language)]
    if misfits:
        count = sum(dates[cell] for cell in misfits)
        lines += [
            f"# {_rows(count)} of {dates.total():,} will be set aside, as this is no day of that form: {_some(misfits)}."
        ]
    return lines


def _types(types: Counter[str]) -> list[str]:
    if not types:
        return []
    known = ", ".join(_quoted(word) for word in told("acled")["event_types"])
    return [
        "[event_types]",
        "# The table's word = the event type that it means. A word that is not here is set aside, with its row.",
        f"# To compare with ACLED, use its types: {known}.",
        *(f"{_quoted(word)} = {_quoted(word)}  # {_rows(count)}" for word, count in types.items()),
        "",
    ]


def _separator(found: Mapping[str, str], seen: Seen) -> list[str]:
    cells = [cell for field in ("actor1", "actor2") for cell in seen.texts.get(found.get(field, ""), Counter())]
    if not cells:
        return []
    marks = Counter({mark: sum(mark in cell for cell in cells) for mark in (";", "|", " / ", "\n", ", ")})
    best, count = marks.most_common(1)[0]
    lines = ["[actors]", "# What stands between several actors in one cell."]
    if best == ", " and count:
        return [
            *lines,
            f'# Commas stand in {count:,} of the cells: if they part actors and are not of their names, use separator = ", "',
            'separator = ";"',
        ]
    return [*lines, f"separator = {_quoted(best if count else ';')}"]


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _some(cells: Sequence[str]) -> str:
    """The first few of some cells, each on one line and cut short."""
    shown = ", ".join(_quoted(cell[:60]) for cell in cells[:6])
    return shown + (f" and {len(cells) - 6:,} more" if len(cells) > 6 else "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
