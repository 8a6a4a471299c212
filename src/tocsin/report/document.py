"""The filled text as a document that an editor can work on: DOCX with real footnotes, and pictures in place."""

from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pypandoc  # type: ignore[import-untyped]

from tocsin.errors import FindingError
from tocsin.report.dialect import lies_beside
from tocsin.visible import visible

Node = dict[str, Any]

# What the text may say: GFM with footnotes and typographic quotes. No formulas, no metadata, no emoji by name.
DIALECT = "gfm+footnotes+smart-tex_math_dollars-tex_math_gfm-yaml_metadata_block-emoji"
WARNING = "SYNTHETIC DATA: made up, not real events"

_BARE: list[Any] = ["", [], []]
# A link with one of these schemes is followed; one without a scheme leads to a file beside the report.
_WEB = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_FIGURE = re.compile(r"figures/[a-z0-9][a-z0-9-]*\.svg")
_CAPTION = re.compile(r"Table \d+\. ")
_ENTRY_DATE = (1980, 1, 1, 0, 0, 0)


def docx(markdown: str, *, title: str, synthetic: bool, dated: dt.date, folder: Path) -> bytes:
    """The filled text as DOCX; the same text, pictures and day give the same bytes.

    Args:
        markdown: GFM with footnotes; HTML in it is printed as text.
        title: Of the report; it runs on the head of every page.
        synthetic: Whether the data are made up; every page then says so.
        dated: The day that the file bears: that of the newest vintage.
        folder: The output; pictures are looked for in it, and nowhere else, as PNG beside each SVG.

    Raises:
        FindingError: the text can not be read, or not be set.
    """
    tree = read(markdown, title=title, folder=folder, form=".png")
    tree["meta"] = {"title": {"t": "MetaInlines", "c": [_text(visible(title))]}}
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / "report.docx"
        _pandoc(json.dumps(tree), "docx", "json", f"--resource-path={folder}", outputfile=str(written))
        with zipfile.ZipFile(written) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    dressed = _dressed(parts, title=visible(title), warning=WARNING if synthetic else "", dated=dated)
    return packed({name: [content] for name, content in dressed.items()})


def read(markdown: str, *, title: str, folder: Path, form: Literal[".png", ".pdf"]) -> Node:
    """The text as pandoc's tree, in which nothing can act: HTML has become text, a link leads to the web, to a heading or to a file
    of the output, a picture is a figure of the output. The highest heading is of level 1, and a first one that only repeats the title
    is left out. The words over a called table are its caption.

    Args:
        title: Of the report.
        folder: The output.
        form: The form in which a figure is taken: the file of that form beside the SVG.

    Raises:
        FindingError: it can not be read.
    """
    try:
        tree: Node = json.loads(_pandoc(markdown, "json", DIALECT, "--sandbox"))
        inert = _Inert(folder, form, frozenset(_headings(tree["blocks"])))
        tree["blocks"] = _captioned(_levelled(inert.inside(_untitled(tree["blocks"], title))))
    except RecursionError as error:
        raise FindingError(
            "the text of the report can not be read: lists, quotations or emphasis stand too deep in each other",
            next_step="Take some of the levels out.",
        ) from error
    return tree


def _untitled(blocks: list[Node], title: str) -> list[Node]:
    first = blocks[0] if blocks else {}
    repeats = first.get("t") == "Header" and plain(first["c"][2]).strip() == title.strip()
    return blocks[1:] if repeats else blocks


def _levelled(blocks: list[Node]) -> list[Node]:
    top = min((block["c"][0] for block in blocks if block["t"] == "Header"), default=1)
    for block in blocks:
        if block["t"] == "Header":
            block["c"][0] -= top - 1
    return blocks


def _captioned(blocks: list[Node]) -> list[Node]:
    """A paragraph that begins as {table: …} prints it becomes the caption of the table that follows: the two are not to be parted."""
    done: list[Node] = []
    for block in blocks:
        if block["t"] == "Table" and done and done[-1]["t"] == "Para" and _CAPTION.match(plain(done[-1]["c"])):
            block["c"][1] = [None, [{"t": "Plain", "c": done.pop()["c"]}]]
        done.append(block)
    return done


def plain(inlines: list[Node]) -> str:
    """The letters of some text, without its notes."""
    return "".join(_letters(each) for each in inlines)


def _letters(node: Node) -> str:
    match node["t"]:
        case "Str":
            text = str(node["c"])
        case "Code":
            text = str(node["c"][1])
        case "Space" | "SoftBreak" | "LineBreak":
            text = " "
        case "Emph" | "Strong" | "Strikeout":
            text = plain(node["c"])
        case "Quoted" | "Link" | "Image" | "Span":
            text = plain(node["c"][1])
        case _:
            text = ""
    return text


def _pandoc(text: str, to: str, dialect: str, *options: str, outputfile: str | None = None) -> str:
    try:
        return str(
            pypandoc.convert_text(
                text, to, format=dialect, extra_args=options, outputfile=outputfile, verify_format=False
            )
        )
    except (RuntimeError, OSError) as error:
        said = str(error).strip().splitlines() or [""]
        raise FindingError(f"the text of the report can not be set: {said[-1]}") from error


def _headings(blocks: Any) -> Iterator[str]:
    """The names of the headings, to which a link may lead."""
    if isinstance(blocks, list):
        for each in blocks:
            yield from _headings(each)
    elif isinstance(blocks, dict) and blocks.get("t") == "Header":
        yield blocks["c"][1][0]
    elif isinstance(blocks, dict):
        yield from _headings(blocks.get("c"))


# Nodes of the tree that can do nothing by themselves; what is in them is looked at.
_PASSED = frozenset(
    "Header BlockQuote BulletList OrderedList Table ColWidth Emph Strong Strikeout Quoted Note".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class _Inert:
    """Copies pandoc's tree, and leaves out of it all that could act."""

    folder: Path
    form: str
    headings: frozenset[str]

    def inside(self, content: Any) -> Any:
        if isinstance(content, list):
            return [self.inside(each) for each in content]
        return self.node(content) if isinstance(content, dict) else content

    def node(self, node: Node) -> Node:
        kind, content = node["t"], node.get("c")
        if content is None:
            return {"t": kind}
        if kind in _PASSED:
            return {"t": kind, "c": self.inside(content)}
        made: Mapping[str, Callable[[Any], Node]] = {
            "Str": lambda text: _text(visible(text)),
            "Code": lambda code: {"t": "Code", "c": [_BARE, visible(code[1])]},
            "CodeBlock": lambda code: {"t": "CodeBlock", "c": [_BARE, visible(code[1], lines=True)]},
            "RawInline": lambda raw: _text(visible(raw[1])),
            "RawBlock": lambda raw: {"t": "Para", "c": _lines(raw[1])},
            "Div": lambda div: {"t": "BlockQuote", "c": self.inside(div[1])},
            "Span": lambda span: _span(self.inside(span[1])),
            "Link": self.link,
            "Image": self.image,
            "Para": lambda inlines: self.figure(inlines) or {"t": "Para", "c": self.inside(inlines)},
            "Plain": lambda inlines: {"t": "Plain", "c": self.inside(inlines)},
        }
        return made[kind](content)

    def figure(self, inlines: list[Node]) -> Node | None:
        """A picture that stands alone in its paragraph, with its words for a caption."""
        picture, *notes = inlines
        if picture["t"] != "Image" or any(each["t"] != "Note" for each in notes):
            return None
        words, (path, _) = picture["c"][1:]
        file = self.picture(path)
        if file is None:
            return None
        shown = {"t": "Image", "c": [_BARE, [_text(plain(words))], [file, ""]]}
        caption = {"t": "Plain", "c": self.inside([*words, *notes])}
        return {"t": "Figure", "c": [_BARE, [None, [caption]], [{"t": "Plain", "c": [shown]}]]}

    def link(self, content: list[Any]) -> Node:
        inlines, (to, _) = self.inside(content[1]), content[2]
        return {"t": "Link", "c": [_BARE, inlines, [to, ""]]} if self.leads(to) else _span(inlines)

    def image(self, content: list[Any]) -> Node:
        inlines, file = self.inside(content[1]), self.picture(content[2][0])
        if file is None:
            return _span([_text("["), *inlines, _text("]")])
        return {"t": "Image", "c": [_BARE, inlines, [file, ""]]}

    def leads(self, to: str) -> bool:
        """Whether a link may be followed: to the web, to a heading that is there, or to a file of the output."""
        if to.startswith("#"):
            return to[1:] in self.headings
        if _WEB.match(to):
            return True
        return lies_beside(to)

    def picture(self, path: str) -> str | None:
        """The file of a figure in the form wanted; None where the path is not that of a figure of the output."""
        file = (self.folder / path).with_suffix(self.form)
        if not _FIGURE.fullmatch(path) or not file.is_file():
            return None
        inside = file.resolve().is_relative_to(self.folder.resolve())
        return file.relative_to(self.folder).as_posix() if inside else None


def _text(text: str) -> Node:
    return {"t": "Str", "c": text}


def _span(inlines: list[Node]) -> Node:
    return {"t": "Span", "c": [_BARE, inlines]}


def _lines(text: str) -> list[Node]:
    """Text of several lines as it is written."""
    lines = [_text(visible(line)) for line in text.strip("\n").split("\n")]
    return [part for line in lines for part in (line, {"t": "LineBreak"})][:-1]


# Head and foot of a page, and what calls them: pandoc's own document has none, and no size of paper.
_HEAD, _FOOT = "word/header1.xml", "word/footer1.xml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = f'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="{_OFFICE}"'
_CALLED = '<w:headerReference w:type="default" r:id="rIdHead"/><w:footerReference w:type="default" r:id="rIdFoot"/>'
_PAPER = (  # A4, in twentieths of a point
    '<w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1701" w:right="1418" w:bottom="1418" w:left="1418" w:header="709" w:footer="709" w:gutter="0"/>'
)


def _dressed(parts: dict[str, bytes], *, title: str, warning: str, dated: dt.date) -> dict[str, bytes]:
    """The parts of a DOCX with A4 pages, a head, page numbers and the given day, in British English."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    heads = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}.{word}+xml"/>'
        for name, word in ((_HEAD, "header"), (_FOOT, "footer"))
    )
    calls = "".join(
        f'<Relationship Id="{called}" Type="{_OFFICE}/{word}" Target="{Path(name).name}"/>'
        for name, word, called in ((_HEAD, "header", "rIdHead"), (_FOOT, "footer", "rIdFoot"))
    )
    edits = (
        ("[Content_Types].xml", r"</Types>", f"{heads}</Types>"),
        ("word/_rels/document.xml.rels", r"</Relationships>", f"{calls}</Relationships>"),
        ("word/document.xml", r"<w:sectPr>", f"<w:sectPr>{_CALLED}"),
        ("word/document.xml", r"</w:sectPr>", f"{_PAPER}</w:sectPr>"),
        ("word/styles.xml", r'w:val="en-US"', 'w:val="en-GB"'),
        # Notes are smaller than the text, and their marks of another colour, so that 54 with note 8 is not read as a power.
        ("word/styles.xml", r'(w:styleId="FootnoteText"[\s\S]*?<w:qFormat />)', r'\1<w:rPr><w:sz w:val="18"/></w:rPr>'),
        ("word/styles.xml", r'(w:styleId="FootnoteReference"[\s\S]*?<w:rPr>)', r'\1<w:color w:val="0B4F8A"/>'),
        ("docProps/core.xml", r"(?<=W3CDTF\">)[^<]*", f"{dated.isoformat()}T00:00:00Z"),
    )
    for name, pattern, new in edits:
        parts[name] = re.sub(pattern, new, parts[name].decode()).encode()
    said = _run(warning, '<w:b/><w:color w:val="A50F15"/>') + "<w:r><w:br/></w:r>" if warning else ""
    parts[_HEAD] = _part("hdr", said + _run(title, '<w:color w:val="595959"/><w:sz w:val="18"/>'))
    parts[_FOOT] = _part("ftr", f"{_counted('PAGE')}{_run(' / ')}{_counted('NUMPAGES')}", align="center")
    return parts


def _part(kind: str, inside: str, *, align: str = "left") -> bytes:
    paragraph = f'<w:p><w:pPr><w:jc w:val="{align}"/></w:pPr>{inside}</w:p>'
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{kind} {_SPACES}>{paragraph}</w:{kind}>'.encode()


def _run(text: str, style: str = "") -> str:
    return f'<w:r><w:rPr>{style}</w:rPr><w:t xml:space="preserve">{html.escape(text)}</w:t></w:r>'


def _counted(field: str) -> str:
    return f'<w:fldSimple w:instr="{field}">{_run("1")}</w:fldSimple>'


def packed(parts: Mapping[str, Iterable[bytes]]) -> bytes:
    """A zip archive of parts given piece by piece, whose bytes hang on nothing but them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in parts.items():
            entry = zipfile.ZipInfo(name, _ENTRY_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as part:
                part.writelines(pieces)
    return buffer.getvalue()
