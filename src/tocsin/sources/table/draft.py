"""A first mapping file, written from what a table's columns are called and hold."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.sources.files import open_file
from tocsin.sources.layout import told
from tocsin.sources.values import EMPTY, OTHER_MONTHS, read_day

# What columns are called, by language. A name fits that is the whole of a column's name, or its first or last word.
NAMES: Mapping[str, Mapping[str, str]] = {
    "event_date": {
        "en": "date|event date|incident date|day",
        "de": "datum|tag|ereignisdatum",
        "fr": "date|jour",
        "es": "fecha|día",
        "pt": "data",
        "it": "data|giorno",
        "ru": "дата",
        "ar": "التاريخ|تاريخ",
        "fa": "تاریخ",
    },
    "end_date": {"en": "end date|date end|until", "de": "enddatum|bis", "fr": "date de fin", "es": "fecha final"},
    "event_id": {
        "en": "id|event id|incident id|reference|ref",
        "de": "nummer|kennung|aktenzeichen",
        "fr": "identifiant",
    },
    "event_type": {
        "en": "type|event type|incident type|category|kind",
        "de": "art|typ|ereignistyp|vorfallart|kategorie",
        "fr": "type|catégorie|type d'incident",
        "es": "tipo|categoría",
        "pt": "tipo|categoria",
        "it": "tipo|categoria",
        "ru": "тип|вид",
        "ar": "النوع|نوع",
        "fa": "نوع",
    },
    "sub_event_type": {
        "en": "subtype|sub type|subcategory",
        "de": "unterart|untertyp",
        "fr": "sous-type",
        "es": "subtipo",
    },
    "country": {
        "en": "country",
        "de": "land|staat",
        "fr": "pays",
        "es": "país",
        "pt": "país",
        "it": "paese",
        "ru": "страна",
        "fa": "کشور",
    },
    "admin1": {
        "en": "province|admin1|state|governorate|region",
        "de": "provinz|bundesland|region",
        "fr": "province|région|gouvernorat",
        "es": "provincia|departamento|región",
        "pt": "província|estado",
        "it": "provincia|regione",
        "ru": "провинция|область",
        "ar": "محافظة|المحافظة",
        "fa": "ولایت",
    },
    "admin2": {
        "en": "district|admin2|county",
        "de": "bezirk|distrikt|kreis",
        "fr": "district",
        "es": "distrito|municipio",
        "fa": "ولسوالی",
    },
    "location": {
        "en": "location|place|town|village|city",
        "de": "ort|stadt|dorf",
        "fr": "lieu|ville|localité",
        "es": "lugar|ciudad|localidad",
        "pt": "local|cidade",
        "it": "luogo|città",
        "ru": "место",
        "ar": "المكان|الموقع",
        "fa": "محل|مکان",
    },
    "longitude": {
        "en": "longitude|long|lon|lng",
        "de": "länge|längengrad|geogr. länge",
        "es": "longitud",
        "it": "longitudine",
    },
    "latitude": {"en": "latitude|lat", "de": "breite|breitengrad|geogr. breite", "es": "latitud", "it": "latitudine"},
    "actor1": {
        "en": "actor1|actor 1|actor|actors|perpetrator|party|group",
        "de": "akteur|akteure|akteur 1|täter|gruppe",
        "fr": "acteur|acteurs|auteur|groupe",
        "es": "actor|actores|autor|grupo",
        "ru": "актор|группа",
        "fa": "گروه",
    },
    "actor2": {
        "en": "actor2|actor 2|target|victim",
        "de": "akteur 2|ziel|opfer",
        "fr": "cible|victime",
        "es": "objetivo|víctima",
    },
    "fatalities": {
        "en": "fatalities|deaths|killed|dead",
        "de": "tote|todesopfer|getötete",
        "fr": "morts|tués|décès",
        "es": "muertos|muertes|fallecidos",
        "pt": "mortos|mortes",
        "it": "morti",
        "ru": "погибшие|убитые",
        "ar": "القتلى|قتلى",
        "fa": "کشته|تلفات",
    },
    "source": {
        "en": "source|sources|reported by",
        "de": "quelle|quellen",
        "fr": "source|sources",
        "es": "fuente|fuentes",
        "ru": "источник",
    },
    "notes": {
        "en": "notes|description|summary|details|narrative|comment|comments",
        "de": "beschreibung|bemerkung|bemerkungen|notiz|notizen",
        "fr": "description|remarques|résumé",
        "es": "descripción|notas|resumen",
        "ru": "описание",
        "ar": "الوصف",
        "fa": "شرح|توضیحات",
    },
}
DAY_FIRST = ("%d{0}%m{0}%Y", "%d{0}%m{0}%y")
MONTH_FIRST = ("%m{0}%d{0}%Y", "%m{0}%d{0}%y")
TIMES = ("", " %H:%M", " %H:%M:%S")


@dataclass(frozen=True)
class Seen:
    """What a file holds: its columns, and how often each text stands in those few that the draft is about."""

    columns: tuple[str, ...]
    texts: Mapping[str, Counter[str]]
    rows: int


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
    language = _language_of_months(seen.texts.get(found.get("event_date", ""), Counter()), language)
    name = re.sub(r"[^a-z0-9]+", "-", path.stem.casefold()).strip("-") or "log"
    types = seen.texts.get(found.get("event_type", ""), Counter())
    parts = [
        f"# A mapping for {path.name}: {seen.rows:,} rows, {len(seen.columns)} columns. Read it through before you use it.",
        f"dataset = {_quoted(name)}",
        f"title = {_quoted(path.stem)}",
        'licence = ""',
        'citation = ""',
        "# The language of the names of months, if dates have any.",
        f"language = {_quoted(language)}",
        "# Which event types count as violent incidents? Take out those that do not.",
        f"violent = [{', '.join(_quoted(word) for word in types)}]",
    ]
    if "event_type" not in found:
        parts += ["# No column of event types was found: every row is of this one type.", 'event_type = "Incident"']
    if "country" not in found:
        parts += [
            "# No column of countries was found. If all rows are of one country, give its ISO code:",
            '# country = "SYR"',
        ]
    parts += ["", *_columns(found, seen), "", *_dates(found, seen), "", *_types(types), *_separator(found, seen)]
    return "\n".join(parts) + "\n"


def _look(path: Path) -> tuple[dict[str, str], str, Seen]:
    """Which column is which, the language of their names, and the texts of the columns that matter, from all rows."""
    opened = open_file(path)
    texts: dict[str, Counter[str]] = {}
    found: dict[str, str] = {}
    language = "en"
    rows = 0
    for raw in opened.batches:
        rows += raw.rows
        if not texts:
            found, language = _named(opened.columns)
            if "event_date" not in found:
                dated = _dated_column({name: raw.cells[name].head(500).to_list() for name in opened.columns})
                found |= {"event_date": dated} if dated else {}
            wanted = ("event_date", "event_type", "actor1", "actor2")
            texts = {found[field]: Counter() for field in wanted if field in found}
        for column, counter in texts.items():
            for cell, count in raw.cells[column].str.strip_chars().value_counts().iter_rows():
                counter[cell] += 0 if cell in EMPTY else count
    kept = {column: Counter({cell: n for cell, n in counter.most_common() if n}) for column, counter in texts.items()}
    return found, language, Seen(opened.columns, kept, rows)


def _named(columns: Sequence[str]) -> tuple[dict[str, str], str]:
    """Columns whose name says what they are, and the language in which most of them say it."""
    found: dict[str, str] = {}
    languages: Counter[str] = Counter()
    for whole_name in (True, False):
        for field, names in NAMES.items():
            for column in columns:
                spoken = " ".join(re.split(r"[\s_./()-]+", column.casefold())).strip()
                words = spoken.split()
                said = {spoken} if whole_name else {*words[:1], *words[-1:]}
                fitting = [language for language, known in names.items() if said & set(known.split("|"))]
                if fitting and field not in found and column not in found.values():
                    found[field] = column
                    languages.update(fitting)
    if ("longitude" in found) != ("latitude" in found):
        found.pop("longitude", None)
        found.pop("latitude", None)
    return found, max(languages, key=lambda one: (languages[one], one == "en")) if languages else "en"


def _dated_column(samples: Mapping[str, Sequence[str]]) -> str | None:
    """The first column nearly all of whose texts are days in some form."""
    for column, cells in samples.items():
        said = [cell.strip() for cell in cells if cell.strip() not in EMPTY]
        if said and not all(cell.isdigit() for cell in said) and (_reads(said, None) or _fitting_forms(said)):
            return column
    return None


def _reads(cells: Sequence[str], form: str | None, *, language: str = "en") -> bool:
    """Nine in ten texts are days."""
    return _read_count(cells, form, language=language) >= 0.9 * len(cells)


def _read_count(cells: Sequence[str], form: str | None, *, language: str = "en") -> int:
    count = 0
    for cell in cells:
        try:
            if form is None:
                count += read_day(cell, language=language) is not None
            else:
                dt.datetime.strptime(cell, form)  # noqa: DTZ007 a day has no zone
                count += 1
        except ValueError:
            continue
    return count


def _fitting_forms(cells: Sequence[str]) -> list[str]:
    """The forms that read the most texts, and at least nine in ten."""
    forms = [form.format(mark) + time for mark in "./- " for form in (*DAY_FIRST, *MONTH_FIRST) for time in TIMES]
    forms += ["%Y%m%d"]
    counts = {form: _read_count(cells, form) for form in forms}
    most = max(counts.values(), default=0)
    return [form for form, count in counts.items() if count == most and count >= 0.9 * len(cells)]


def _language_of_months(dates: Counter[str], language: str) -> str:
    """The language that reads the dates, where they have names of months."""
    cells = list(dates)
    for candidate in (language, "en", *OTHER_MONTHS):
        if cells and _reads(cells, None, language=candidate):
            return candidate
    return language


def _columns(found: Mapping[str, str], seen: Seen) -> list[str]:
    lines = ["[columns]"]
    if "event_date" not in found:
        lines += ["# No column of dates was found. Name it: no event can be without its date.", '# event_date = ""']
    lines += [f"{field} = {_quoted(found[field])}" for field in NAMES if field in found]
    left = [column for column in seen.columns if column not in found.values()]
    if left:
        lines += ["# Not read: " + ", ".join(json.dumps(column, ensure_ascii=False) for column in left)]
    return lines


def _dates(found: Mapping[str, str], seen: Seen) -> list[str]:
    cells = list(seen.texts.get(found.get("event_date", ""), Counter()))
    lines = ["[dates]"]
    languages = ("en", *OTHER_MONTHS)
    if not cells or any(_reads(cells, None, language=language) for language in languages):
        return [
            *lines,
            "# Days need no format where they are written 2021-11-17, 17 November 2021 or 17-Nov-21.",
            '# format = "%d.%m.%Y"',
        ]
    forms = _fitting_forms(cells)
    if len(forms) == 1:
        return [*lines, f"format = {_quoted(forms[0])}"]
    if forms:
        lines += [f"# Which is the day and which the month? No date of the file tells ({cells[0]}). Choose one line:"]
        return [*lines, *(f"# format = {_quoted(form)}" for form in forms)]
    lines += [f"# The form of the dates was not found ({cells[0]}). Give it in the codes of strptime:"]
    return [*lines, '# format = "%d.%m.%Y"']


def _types(types: Counter[str]) -> list[str]:
    if not types:
        return []
    known = ", ".join(_quoted(word) for word in told("acled")["event_types"])
    return [
        "[event_types]",
        "# The table's word = the event type that it means. A word that is not here is set aside, with its row.",
        f"# To compare with ACLED, use its types: {known}.",
        *(f"{_quoted(word)} = {_quoted(word)}  # {count:,} rows" for word, count in types.items()),
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
            f'# {count} cells hold a comma: if it parts actors and is not of their names, use separator = ", "',
            'separator = ";"',
        ]
    return [*lines, f"separator = {_quoted(best if count else ';')}"]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
