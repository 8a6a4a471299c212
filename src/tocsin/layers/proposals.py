"""What a rule proposes of an event, and the words of the note that led to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Proposal:
    """One statement that a rule proposes.

    Args:
        kind: One of statements.KINDS of the layer.
        party: Whom it names; empty where it names nobody.
        said_by: Who says so, where it is a party that the note names.
        rule: The name of the rule.
        span: From and up to which character of the note; None where the actors' columns led to it.
    """

    kind: str
    party: str
    rule: str
    span: tuple[int, int] | None = None
    said_by: str = ""

    def words(self, note: str) -> str:
        """The words that led to it."""
        return note[slice(*self.span)] if self.span else ""
