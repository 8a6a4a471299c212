"""What is wrong in a TOML file, said to a person: which key, on which line, and what it may be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from tocsin.errors import DeskError, did_you_mean

Keys = tuple[int | str, ...]

# Patterns of the models -> what they ask for.
PATTERNS: Mapping[str, str] = {
    r"^[A-Z]{3}$": 'an ISO 3166 alpha-3 code, three capital letters ("SYR")',
    r"^[a-z]{2}$": 'an ISO 639-1 code, two small letters ("en")',
    r"^[a-z0-9][a-z0-9-]*$": 'small letters, digits and hyphens, the first no hyphen ("figure-1")',
    r"^[a-z0-9][a-z0-9_-]*$": 'small letters, digits, hyphens and underscores, the first a letter or digit ("our-log")',
    r"^(local(\[([1-9][0-9]*|\*)\])?|spark://[A-Za-z0-9._-]+:[0-9]{1,5})$": '"local[*]", "local[2]" or "spark://host:7077"',
    r"^[1-9][0-9]*[mg]$": 'a number of megabytes or gigabytes ("512m", "8g")',
}

# Beginnings of pydantic's names of faults -> what the value must be; in braces, the bound.
_ACCEPTED: Mapping[str, str] = {
    "date_": "a day, written 2021-09-15",
    "string_type": "text in quotes",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "int_": "a whole number",
    "float_": "a number",
    "finite_number": "a number that is finite",
    "bool_": "true or false",
    "tuple_type": "a list in square brackets",
    "too_short": "a list that is not empty",
    "dict_type": "a table of keys and values",
    "mapping_type": "a table of keys and values",
    "model_": "a table of keys and values",
    "greater_than_equal": "{ge:g} or more",
    "less_than_equal": "{le:g} or less",
}


def explained(
    error: ValidationError, *, text: str, values: Mapping[str, Any], model: type[BaseModel], where: str
) -> DeskError:
    """The first fault of `error` as an error of the desk, with the line of its key and the nearest key that is known.

    Args:
        text: The file's text.
        values: What it says, as read.
        where: Names the file.
    """
    fault = error.errors()[0]
    keys: Keys = fault["loc"]
    line = _line_of([str(part) for part in keys], text)
    place = f"{where}:{line}" if line else where
    if fault["type"] in ("extra_forbidden", "missing"):
        table, key = _named(keys[:-1], values), str(keys[-1])
        start = f"{table}: " if table else ""
        if fault["type"] == "missing":
            return DeskError(f'{start}the key "{key}" is missing', where=place)
        return DeskError(
            f'{start}the key "{key}" is not known',
            where=place,
            next_step=did_you_mean(key, _keys_known_at(model, keys[:-1])),
        )
    named = _named(keys, values)
    if fault["type"] == "value_error":
        message = fault["msg"].removeprefix("Value error, ")
        return DeskError(f"{named}: {message}" if named else message, where=place)
    bounds = fault.get("ctx", {})
    words = re.findall(r"'([^']*)'", str(bounds.get("expected", "")))
    accepted = _accepted(fault["type"], bounds, words)
    if accepted is None:
        return DeskError(f"{named}: {fault['msg']}", where=place)
    return DeskError(
        f"{named} must be {accepted}, not {_written(fault['input'])}",
        where=place,
        next_step=did_you_mean(fault["input"], words) if words and isinstance(fault["input"], str) else "",
    )


def _accepted(kind: str, bounds: Mapping[str, Any], words: list[str]) -> str | None:
    """What a value must be, where it has a fault of a kind; None where the kind is not foreseen here."""
    if words:
        return "one of " + ", ".join(f'"{word}"' for word in words)
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(bounds["pattern"])
    return next((said.format_map(bounds) for start, said in _ACCEPTED.items() if kind.startswith(start)), None)


def _written(value: object) -> str:
    """A value as it stands in the file, cut short."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"' if len(value) <= 60 else f'"{value[:60]}…"'
        case list():
            return "a list" if value else "an empty list"
        case dict():
            return "a table"
        case dt.date() | dt.time():
            return value.isoformat()
    return str(value)


def _named(keys: Keys, values: Mapping[str, Any]) -> str:
    """The place in the file that keys lead to, as a person names it: of a list of tables its id, or else which of them it is."""
    path, place = "", ""
    here: Any = values
    for key in keys:
        inside = _inside(here, key)
        if not isinstance(key, int):
            path = f"{path}.{key}" if path else key
        elif isinstance(inside, dict):
            named = inside.get("id")
            place = f'[[{path}]] "{named}"' if isinstance(named, str) else f"the {ordinal(key + 1)} [[{path}]]"
            path = ""
        else:
            path = f"the {ordinal(key + 1)} of {path}"
        here = inside
    return ": ".join(part for part in (place, path) if part)


def _inside(here: Any, key: int | str) -> Any:
    """What stands under a key or a number, or None."""
    if isinstance(here, dict):
        return here.get(key)
    return here[key] if isinstance(here, list) and isinstance(key, int) else None


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, … 11th, … 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _line_of(keys: list[str], text: str) -> int | None:
    """The line, from 1, where the last of `keys` that has a line of its own is written, or None."""
    section: list[str] = []
    counts: dict[str, int] = {}
    best: tuple[int, int] | None = None
    for number, written in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", written)
        if header:
            section = [part.strip().strip("\"'") for part in header[2].split(".")]
            if header[1] == "[[":
                section.append(str(counts.get(header[2], 0)))
                counts[header[2]] = counts.get(header[2], 0) + 1
            path = section
        else:
            key = re.match(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=", written)
            if not key:
                continue
            path = [*section, key[1].strip("\"'")]
        depth = len(path)
        if keys[:depth] == path and (best is None or depth > best[0]):
            best = depth, number
    return best[1] if best else None


def _keys_known_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that `model` knows at the place `loc`."""
    here: Any = model
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = next((each for name, each in here.model_fields.items() if (each.alias or name) == part), None)
            if field is None:
                return []
            here = _model_inside(field.annotation)
    return (
        [each.alias or name for name, each in here.model_fields.items() if name != "folder"] if here is not None else []
    )


def _model_inside(annotation: Any) -> Any:
    """The model that an annotation holds, if it holds one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_inside(inner)
        if found is not None:
            return found
    return None
