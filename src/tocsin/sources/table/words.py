"""What columns, and types of violence, are called in several languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

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
    "mentions": {
        "en": "mentions|nummentions|num mentions|number of mentions",
        "de": "erwähnungen",
        "fr": "mentions",
        "es": "menciones",
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
    "event_id": {
        "en": "id|event id|incident id|reference|ref|nr|uuid|guid",
        "de": "nummer|nr|kennung|aktenzeichen",
        "fr": "identifiant",
    },
}
# Beginnings of words for violence: types that hold one are proposed as violent, the others are left for a person to choose.
VIOLENT: Mapping[str, str] = {
    "en": "battle|attack|clash|explosion|shelling|air strike|airstrike|drone strike|ied|landmine|bomb|killing|assassin|assault|armed|"
    "ambush|shooting|violence",
    "de": r"\w*anschl[aä]g|\w*angriff|\w*gefecht|\w*explosion|\w*beschuss|\w*überf[aä]ll|\w*hinterhalt|\w*mord|attentat",
    "fr": "attaque|combat|affrontement|bombardement|embuscade|assassinat|attentat",
    "es": "ataque|combate|enfrentamiento|explosión|bombardeo|emboscada|asesinato|atentado",
    "pt": "confronto|explosão|bombardeio|assassinato",
    "it": "attacc|combattiment|scontr|esplosion|bombardament|imboscat|omicidi|attentat",
    "ru": "атак|бои|бой|взрыв|обстрел|убийств|нападени",
    "ar": "هجوم|اشتباك|انفجار|قصف|قتل|اغتيال",
    "fa": "حمله|درگیری|انفجار|کمین|قتل|ترور",
}


def find_fields(columns: Sequence[str]) -> tuple[dict[str, str], str]:
    """Columns whose name says what they are, and the language in which most of them say it."""
    found: dict[str, str] = {}
    languages: Counter[str] = Counter()
    for whole_name in (True, False):
        for field, names in NAMES.items():
            for column in columns:
                fitting = _languages(column, names, whole_name=whole_name)
                if fitting and field not in found and column not in found.values():
                    found[field] = column
                    languages.update(fitting)
    if ("longitude" in found) != ("latitude" in found):
        found.pop("longitude", None)
        found.pop("latitude", None)
    return found, max(languages, key=lambda one: (languages[one], one == "en")) if languages else "en"


def called(columns: Sequence[str], field: str) -> list[str]:
    """Every column whose name, or the first or last word of it, is one for the field; whole names first."""
    ways = [[column for column in columns if _languages(column, NAMES[field], whole_name=way)] for way in (True, False)]
    return list(dict.fromkeys(column for way in ways for column in way))


def _languages(column: str, names: Mapping[str, str], *, whole_name: bool) -> list[str]:
    spoken = " ".join(re.split(r"[\s_./()-]+", column.casefold())).strip()
    words = spoken.split()
    said = {spoken} if whole_name else {*words[:1], *words[-1:]}
    return [language for language, known in names.items() if said & set(known.split("|"))]
