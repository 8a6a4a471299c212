"""The filled text as a printed report: PDF, set by Typst, with real footnotes, vector figures and page numbers."""

from __future__ import annotations

import datetime as dt
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from tocsin.errors import FindingError
from tocsin.report.document import WARNING, Node, plain, read
from tocsin.visible import visible

# Letters that Typst's own fonts have: Latin, Greek and Cyrillic with their signs. Others are taken from the machine's fonts.
_OWN_LETTERS = re.compile(r"[\x00-\u052f\u1e00-\u2bff\ufb00-\ufb06\ufffd]*")

_ALIGNED = {"AlignRight": "right", "AlignCenter": "center"}


def pdf(markdown: str, *, title: str, subtitle: str, synthetic: bool, dated: dt.date, folder: Path) -> bytes:
    """The filled text as PDF; the same text, pictures and day give the same bytes.

    Args:
        markdown: GFM with footnotes; HTML and Typst in it are printed as text.
        title: Of the report; it runs on the head of every page.
        subtitle: What stands under the title: the data, and their day.
        synthetic: Whether the data are made up; every page then says so.
        dated: The day that the file bears: that of the newest vintage.
        folder: The output; pictures are looked for in it, and nowhere else, as PDF beside each SVG.

    Raises:
        FindingError: the text can not be read, or not be set.

    Assumes:
        Typst's own fonts have the letters of the text; for others the machine's fonts are asked, so that the bytes hang on them.
    """
    blocks = read(markdown, title=title, folder=folder, form=".pdf")["blocks"]
    said = json.dumps(_Setting().blocks(blocks), ensure_ascii=False)
    inputs = {
        "title": visible(title),
        "subtitle": visible(subtitle),
        "warning": WARNING if synthetic else "",
        "dated": dated.isoformat(),
        "blocks": said,
    }
    template = resources.files("tocsin.report") / "templates" / "typeset.typ"
    try:
        setting = typst.Compiler(
            template.read_bytes(),
            root=str(folder),
            ignore_system_fonts=bool(_OWN_LETTERS.fullmatch(title + subtitle + said)),
            sys_inputs=inputs,
        )
        made = setting.compile(format="pdf", timestamp=dt.datetime.combine(dated, dt.time(), dt.UTC))
    except typst.TypstError as error:
        raise FindingError(
            f"the report can not be set as PDF: {error.message}",
            next_step="See that its figures are whole, and that lists, quotations and emphasis do not stand too deep in each other.",
        ) from error
    if not isinstance(made, bytes):
        raise FindingError("the report can not be set as PDF: nothing came out")
    return made


class _Setting:
    """Turns pandoc's tree into the few plain nodes that the template sets. Typst gets the text as data: none of it is ever code."""

    def __init__(self) -> None:
        self.notes: dict[str, int] = {}

    def blocks(self, nodes: list[Node]) -> list[Node]:
        return [self.block(node) for node in nodes]

    def block(self, node: Node) -> Node:
        kind, content = node["t"], node.get("c", [])
        match kind:
            case "Para" | "Plain":
                made = {"k": "para", "v": self.inlines(content), "tight": kind == "Plain"}
            case "Header":
                made = {"k": "heading", "level": content[0], "id": content[1][0], "v": self.inlines(content[2])}
            case "CodeBlock":
                made = {"k": "code", "v": content[1]}
            case "BlockQuote":
                made = {"k": "quote", "v": self.blocks(content)}
            case "BulletList":
                items = [self.blocks(item) for item in content]
                made = {"k": "list", "v": items, "noted": '{"k": "note"' in json.dumps(items)}
            case "OrderedList":
                made = {"k": "enum", "start": content[0][0], "v": [self.blocks(item) for item in content[1]]}
            case "Table":
                made = self.table(content)
            case "Figure":
                made = self.figure(content)
            case _:
                made = {"k": "rule"}
        return made

    def figure(self, content: list[Any]) -> Node:
        (_, [caption]), [shown] = content[1:]
        _, words, (path, _) = shown["c"][0]["c"]
        return {"k": "figure", "path": path, "alt": plain(words), "v": self.inlines(caption["c"])}

    def table(self, content: list[Any]) -> Node:
        columns, head, bodies = content[2], content[3], content[4]
        align = [_ALIGNED.get(column[0]["t"], "left") for column in columns]
        rows = [row for body in bodies for row in (*body[2], *body[3])]
        caption = self.inlines([each for block in content[1][1] for each in block["c"]])
        return {"k": "table", "caption": caption, "align": align, "head": self.rows(head[1]), "body": self.rows(rows)}

    def rows(self, rows: list[Any]) -> list[list[list[Node]]]:
        return [[self.blocks(cell[4]) for cell in cells] for _, cells in rows]

    def inlines(self, nodes: list[Node]) -> list[Node]:
        """Text that stands together becomes one node."""
        done: list[Node] = []
        for node in nodes:
            for each in self.inline(node):
                if each["k"] == "text" and done and done[-1]["k"] == "text":
                    done[-1] = _text(done[-1]["v"] + each["v"])
                else:
                    done.append(each)
        return done

    def inline(self, node: Node) -> list[Node]:
        kind, content = node["t"], node.get("c", [])
        match kind:
            case "Str":
                made = [_text(content)]
            case "Space" | "SoftBreak":
                made = [_text(" ")]
            case "LineBreak":
                made = [{"k": "break"}]
            case "Emph" | "Strong" | "Strikeout":
                made = [{"k": kind.lower(), "v": self.inlines(content)}]
            case "Quoted":
                left, right = ("‘", "’") if content[0]["t"] == "SingleQuote" else ("“", "”")
                made = [_text(left), *self.inlines(content[1]), _text(right)]
            case "Code":
                made = [{"k": "mono", "v": content[1]}]
            case "Note":
                made = [self.note(content)]
            case "Link":
                made = [{"k": "link", "to": content[2][0], "v": self.inlines(content[1])}]
            case "Image":
                made = [{"k": "image", "path": content[2][0], "alt": plain(content[1])}]
            case _:
                made = self.inlines(content[1])
        return made

    def note(self, content: list[Node]) -> Node:
        """A footnote; what was noted before is not printed again, but called by the same number."""
        said = json.dumps(content, sort_keys=True)
        first = said not in self.notes
        number = self.notes.setdefault(said, len(self.notes) + 1)
        return {"k": "note", "id": f"note-{number}", "first": first, "v": self.blocks(content) if first else []}


def _text(text: str) -> Node:
    return {"k": "text", "v": text}
