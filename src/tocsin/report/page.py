"""The text as one self-contained page: each called number with a card that says where it comes from, figures in place, notes below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markdown_it.token import Token

from tocsin.report.dialect import dialect
from tocsin.report.filled import FigureWords, Filled, lacking, unlike, verdict
from tocsin.report.templating import environment
from tocsin.report.text import Text
from tocsin.schema import Provenance, spoken_date


def page(
    text: Text,
    filled: Filled,
    *,
    title: str,
    about: Provenance,
    figures: Mapping[str, FigureWords],
    pictures: Mapping[str, str],
    cautions: Sequence[str],
) -> str:
    """The report as HTML. It fetches nothing and runs nothing.

    Args:
        text: As read.
        filled: The same, filled in.
        title: Of the report; printed unless the text begins with a heading of its own.
        about: The data; where they are made up, the page says so.
        figures: The words of each figure by id.
        pictures: SVG by figure id, put in as it is.
        cautions: The sentences that the data ask for.
    """
    pages = environment()
    putting = _Putting(text, filled, figures, pictures, cautions, pages.get_template("assessment_parts.html").module)
    after = 3 if text.titled else 0
    return pages.get_template("assessment.html").render(
        title=title,
        head=putting.rendered(text.tokens[:after]),
        body=putting.rendered(text.tokens[after:]),
        about=about,
        stood=spoken_date(about.as_of) if about.as_of else "",
        citation="" if about.synthetic else about.facts.citation.strip(),
    )


@dataclass(frozen=True)
class _Putting:
    """Puts into the text what it calls. The text itself can hold no HTML, so what is put in is all the HTML there is."""

    text: Text
    filled: Filled
    figures: Mapping[str, FigureWords]
    pictures: Mapping[str, str]
    cautions: Sequence[str]
    parts: Any
    """The macros of assessment_parts.html."""

    def rendered(self, tokens: Iterable[Token]) -> str:
        md = dialect()
        return str(md.renderer.render([self.put(each) for each in tokens], md.options, dict(self.text.env)))

    def put(self, token: Token) -> Token:
        """The token, or in the place of a call its HTML."""
        match token.type:
            case "inline":
                return replace(token, children=[self.put(each) for each in token.children or ()])
            case "called_note":
                html = self.parts.note(self.filled.notes[token.meta["name"]])
            case "called_block":
                html = self.block(token)
            case "called_value" | "called_open" | "called_close":
                html = self.words(token)
            case "footnote_block_open":
                html = self.parts.notes_open()
            case _:
                return token
        return Token("html_inline", "", 0, content=str(html))

    def words(self, token: Token) -> str:
        """The HTML of a called value, or of one end of bound words."""
        number = token.meta["call"]
        call = self.text.calls[number]
        if call.kind == "quoted":
            return '<span class="quoted">' if token.nesting == 1 else "</span>"
        note = self.filled.notes[call.name]
        statement = self.filled.statement(call)
        failing = verdict(statement) if statement is not None and statement.fails else ""
        if token.type == "called_open":
            return str(self.parts.words_open(note, number, bool(failing)))
        if token.type == "called_close":
            return str(self.parts.words_close(note, number, statement, failing))
        name = f"{call.name}.{call.part}" if call.part else call.name
        return str(self.parts.value(note, number, self.filled.spoken[number], lacking(name), unlike(note, call.part)))

    def block(self, token: Token) -> str:
        """The HTML of a figure, a table or the cautions."""
        call = self.text.calls[token.meta["call"]]
        if call.kind == "cautions":
            return str(self.parts.cautions(self.cautions))
        if call.kind == "figure":
            return str(self.parts.figure(call.name, self.figures[call.name], self.pictures.get(call.name, "")))
        md = dialect()
        reference = md.renderer.render(token.children or [], md.options, dict(self.text.env))
        return str(self.parts.table(self.filled.tables[call.name], lacking(call.name), reference))
