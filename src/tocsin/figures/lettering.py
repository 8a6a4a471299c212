"""How wide is a text, and where does it break?"""

from __future__ import annotations

import re
import unicodedata

# Widths of Liberation Sans (and of Arial), in thousandths of the size, as the renderer draws them.
_BY_WIDTH = {
    191: "'",
    222: "ijl‘’",
    278: " \u00a0!,./:;I[\\]ft·",
    334: "()-`r{}“”|",
    389: '*"',
    500: "Jckvsxyz^",
    556: "#$0123456789?L_abdeghnopqu–",
    584: "+<=>~×≥≤",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@—…",
}
_WIDTH = {letter: width for width, letters in _BY_WIDTH.items() for letter in letters}
_OTHER = 700  # letters of scripts that the table does not list: wide enough for most
_BOLD = 1.1  # no letter that matters grows more


def text_width(text: str, *, size: float, bold: bool = False) -> float:
    """The printed width of `text` in px, never less than what the renderer draws for Latin letters."""
    total = sum(_letter_width(letter) for letter in unicodedata.normalize("NFD", text))
    return total / 1000 * size * (_BOLD if bold else 1.0)


def _letter_width(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1000
    return _WIDTH.get(letter, _OTHER)


def printable(name: str) -> str:
    """A name without the dots below and other marks of transliteration that common fonts lack: Ḩamāh becomes Hamāh."""
    rare = "\u1e00\u1eff"
    return "".join(
        unicodedata.normalize("NFD", letter)[0] if rare[0] <= letter <= rare[1] else letter
        for letter in unicodedata.normalize("NFC", name)
    )


def one_line(text: str) -> str:
    """`text` with every break, those that JavaScript takes for the end of a line too, as one space."""
    return " ".join(text.split())


def wrapped(text: str, *, width: float, size: float, bold: bool = False) -> list[str]:
    """`text` in lines of at most `width` px; a word longer than a line is cut, and a no-break space holds."""
    lines: list[str] = []
    line = ""
    for word in re.split(r"[ \t\r\n]+", text.strip()):
        longer = f"{line} {word}" if line else word
        if text_width(longer, size=size, bold=bold) <= width:
            line = longer
            continue
        lines += [line] if line else []
        *full, line = _pieces(word, width=width, size=size, bold=bold)
        lines += full
    return [*lines, line] if line else lines


def _pieces(word: str, *, width: float, size: float, bold: bool) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size=size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
