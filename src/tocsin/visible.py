"""Text of others, made fit for a terminal: what would act on it rather than be read is shown as an escape."""

from __future__ import annotations

import re

# Control characters of both sets (a terminal obeys them), line and paragraph separators, marks that turn the direction of what
# follows, and the halves of characters that a file name of another encoding leaves. Tabs and line feeds are dealt with apart.
_IN_TEXT = "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069"
_ACTING = f"{_IN_TEXT}\\ud800-\\udfff"
ACTS_IN_TABLES = f"[{_IN_TEXT}]"
"""What acts, for tables, whose texts can not hold halves of characters; as Rust and Python both read it."""

_ACTS = re.compile(f"[{_ACTING}]")
_ACTS_OR_BREAKS = re.compile(f"[{_ACTING}\\t\\n]")


def visible(text: str, *, lines: bool = False) -> str:
    """The same text with every character that acts on a terminal written out: \\x1b, \\u202e.

    Args:
        lines: Leave tabs and line feeds as they are.
    """
    acting = _ACTS if lines else _ACTS_OR_BREAKS
    return acting.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def escaped(text: str) -> str:
    """JSON or TOML of the same meaning, with every character in its strings that acts on a terminal written \\u001b."""
    return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
