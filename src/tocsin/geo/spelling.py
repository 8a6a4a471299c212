"""Are two spellings the same name? Both are folded to the letters that spelling habits leave alone."""

from __future__ import annotations

import functools
import re
import unicodedata

# Letters that Unicode does not take apart into a Latin letter and a mark.
_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "þ": "th", "æ": "ae", "œ": "oe", "ə": "a", "ŋ": "n"}
)

# Apostrophes and their kin are dropped; every other sign parts two words.
_APOSTROPHES = re.compile(r"['’‘`´ʻʼʿʾ′ʹ]")

# Words for a kind of unit, and the small words that tie them to a name.
_KINDS = frozenset(
    """governorate governate province state division region district department departement departamento provincia
    estado prefecture county oblast okrug krai kray rayon raion municipality parish canton emirate wilaya wilayah
    wilayat velayat muhafazat mintaqat ostan gobolka""".split()  # noqa: SIM905
)
_TIES = frozenset({"of", "de", "du", "d", "e", "the"})


@functools.lru_cache(maxsize=65_536)
def folded(name: str) -> str:
    """`name` without case, diacritics, apostrophes, hyphens, spaces and words such as "Province".

    A name that is nothing but such words stays whole.
    """
    plain = _APOSTROPHES.sub("", name.casefold()).translate(_LETTERS)
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(mark))
    words = re.findall(r"\w+", plain.replace("_", " "))
    kept = words[_first_proper(words) : len(words) - _first_proper(words[::-1])]
    return "".join(kept or words)


def _first_proper(words: list[str]) -> int:
    """How many words at the start only say what kind of unit it is."""
    count = 0
    while count < len(words) and words[count] in _KINDS:
        count += 1
    while 0 < count < len(words) and words[count] in _TIES:
        count += 1
    return count


def slug(name: str) -> str:
    """`name` in small ASCII letters with hyphens, for a code."""
    plain = _APOSTROPHES.sub("", name.casefold()).translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))
