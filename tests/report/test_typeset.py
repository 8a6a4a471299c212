"""The printed report: the text is set and never run, every page says what it is, and the bytes hang on nothing else."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typst
import vl_convert
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.errors import FindingError
from tocsin.report.typeset import pdf

DAY = dt.date(2022, 8, 1)
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="20" height="9"/><text y="20">245</text></svg>'
TEXT = """\
# Head

Incidents averaged 245[^f-before-mean] a week, and 245[^f-before-mean] again.

![Figure 1. All incidents[^f-figure-1]](figures/figure-1.svg)

| Series | A week |
|:--|--:|
| All | 245 |

[^f-before-mean]: 245.3 incidents a week; [events](events/before.mean.txt).
[^f-figure-1]: What is counted.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "figure-1.svg").write_text(PICTURE, encoding="utf-8")
    (tmp_path / "figures" / "figure-1.pdf").write_bytes(vl_convert.svg_to_pdf(PICTURE))
    return tmp_path


def printed(markdown: str, folder: Path, *, synthetic: bool = False) -> bytes:
    return pdf(markdown, title="Title", subtitle="Data", synthetic=synthetic, dated=DAY, folder=folder)


@dataclass
class Press:
    """Stands before Typst, and keeps what it is given and the pages as SVG."""

    source: bytes = b""
    given: dict[str, Any] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)

    def __call__(self, source: bytes, **options: Any) -> Press:
        self.source, self.given = source, options
        return self

    def compile(self, **options: Any) -> Any:
        # A compiler has its source for one run alone.
        drawn = _COMPILER(self.source, **self.given).compile(format="svg")
        self.pages = [page.decode() for page in (drawn if isinstance(drawn, list) else [drawn]) if page]
        return _COMPILER(self.source, **self.given).compile(**options)

    @property
    def nodes(self) -> list[dict[str, Any]]:
        return list(_nodes(json.loads(self.given["sys_inputs"]["blocks"])))

    def texts(self) -> str:
        return " ".join(node["v"] for node in self.nodes if node["k"] in ("text", "code", "mono"))

    def pages_of(self, rules: str) -> list[Any]:
        """What <probe> marks when these rules are laid on: the value of each mark, and the page on which it stands."""
        asked = "#context [#metadata(query(<probe>).map(each => (each.value, each.location().page())))<found>]"
        # A show rule that comes first is the outermost one.
        source = rules.encode() + b"\n" + self.source + b"\n" + asked.encode()
        return list(json.loads(_COMPILER(source, **self.given).query("<found>"))[0]["value"])


_COMPILER = typst.Compiler


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Press:
    standing = Press()
    monkeypatch.setattr(typst, "Compiler", standing)
    return standing


def test_the_same_report_gives_the_same_bytes_of_the_day_of_its_data(folder: Path) -> None:
    once = printed(TEXT, folder)
    (folder / "figures" / "figure-1.pdf").write_bytes(vl_convert.svg_to_pdf(PICTURE))
    assert printed(TEXT, folder) == once
    assert once.startswith(b"%PDF-")
    assert b"D:20220801000000" in once


def test_a_figure_is_a_vector_with_its_words_below_it(folder: Path, press: Press) -> None:
    made = printed(TEXT, folder)
    (figure,) = [node for node in press.nodes if node["k"] == "figure"]
    assert figure["path"] == "figures/figure-1.pdf"
    assert figure["v"][0] == {"k": "text", "v": "Figure 1. All incidents"}
    assert figure["v"][1]["k"] == "note"
    assert b"/Subtype/Form" in made
    assert b"/Subtype/Image" not in made


WORD = "Incidents fell from a high level to a low one in most of the provinces. "
NOTED = "#show footnote.entry: it => [#metadata(it.note.location().page())<probe>#it]"


def test_no_footnote_stands_on_a_page_before_its_mark(folder: Path, press: Press) -> None:
    notes = range(60)
    text = [
        f"## Head {n}\n\n" * (n % 3 == 0) + WORD * (n % 5) + f"It was {n}[^a{n}] and {n}[^b{n}]. " + WORD * (n % 4)
        for n in notes
    ]
    text[20] += "\n\n![Figure 1](figures/figure-1.svg)"
    text += [f"[^{one}{n}]: {one}{n}. {WORD * (n % 4 + 1)}" for n in notes for one in "ab"]
    printed("\n\n".join(text), folder)
    pages = press.pages_of(NOTED)
    assert len(pages) == 2 * len(notes)
    assert [(mark, entry) for mark, entry in pages if entry < mark] == []


def test_a_table_stands_below_its_caption_and_a_paragraph_below_its_heading(folder: Path, press: Press) -> None:
    rows = "| a | b |\n|:--|--:|\n" + "| x | 1 |\n" * 4
    text = [f"{WORD * n}\n\n## Head\n\nBelow it.\n\nTable {n}. Counts[^c]\n\n{rows}" for n in range(1, 30)]
    printed("\n\n".join([*text, "[^c]: So counted."]), folder)
    rules = """
        #let probe(name, it) = [#metadata(name)<probe>#it]
        #show "Head": it => probe("heading", it)
        #show "Below it.": it => probe("paragraph", it)
        #show "Counts": it => probe("caption", it)
        #show table: it => [#probe("table", it)#probe("end", none)]
    """
    pages: dict[str, list[int]] = {}
    for name, page in press.pages_of(rules):
        pages.setdefault(name, []).append(page)
    assert len(pages["heading"]) == 29
    assert pages["heading"] == pages["paragraph"]
    assert pages["caption"] == pages["table"] == pages["end"]


def test_no_line_of_a_list_without_notes_stands_alone(folder: Path, press: Press) -> None:
    item = f"- Begin {WORD * 2}and so it went on to its End\n"
    printed("\n\nNext:\n\n".join(item * (5 + n % 3) + "- one line" for n in range(30)), folder)
    marks = [f'#show "{name}": it => [#metadata("{name}")<probe>#it]' for name in ("Begin", "End")]
    said = press.pages_of("\n".join(marks))
    begins, ends = ([page for name, page in said if name == wanted] for wanted in ("Begin", "End"))
    assert len(begins) == 180
    assert begins[-1] > 5
    assert begins == ends


def test_what_is_noted_twice_is_printed_once_under_one_number(folder: Path, press: Press) -> None:
    printed(TEXT, folder)
    notes = [(node["id"], node["first"]) for node in press.nodes if node["k"] == "note"]
    assert notes == [("note-1", True), ("note-1", False), ("note-2", True)]


@pytest.mark.parametrize("synthetic", [True, False])
def test_every_page_says_that_the_data_are_made_up_where_they_are(folder: Path, press: Press, synthetic: bool) -> None:
    printed("Word. " * 1500, folder, synthetic=synthetic)
    assert len(press.pages) > 1
    assert [("#a50f15" in page) for page in press.pages] == [synthetic] * len(press.pages)


@pytest.mark.parametrize(
    "code",
    [
        '#read("/etc/passwd")',
        '`#read("/etc/passwd")`{=typst}',
        '```{=typst}\n#read("/etc/passwd")\n```',
        '$ #read("/etc/passwd") $',
        '<script>#read("/etc/passwd")</script>',
        '<div>\n#read("/etc/passwd")\n</div>',
        "---\nheader-includes: '#read(\"/etc/passwd\")'\n---",
        '#import "/etc/passwd"',
        "#panic() @nowhere <label> // gone /* gone */",
    ],
)
def test_code_in_the_text_is_printed_and_not_run(folder: Path, press: Press, code: str) -> None:
    printed(code, folder)
    said = re.sub(r"[“”]", '"', press.texts())
    for word in re.findall(r"#\w+|/etc/passwd|<[^>]+>|gone", code):
        assert word in said


@pytest.mark.parametrize(
    "picture",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "figures/../../secret.svg",
        "figures/link.svg",
        "http://example.org/a.png",
        "data:image/png;base64,xxxx",
        "figures/figure-2.svg",
        "other.svg",
    ],
)
def test_a_picture_that_is_no_figure_of_the_output_is_not_read(folder: Path, press: Press, picture: str) -> None:
    outside = folder.parent / "secret.pdf"
    outside.write_bytes(b"secret")
    (folder / "figures" / "link.pdf").symlink_to(outside)
    (folder / "other.svg").write_text(PICTURE, encoding="utf-8")
    printed(f"![x]({picture}) and\n\n![x]({picture})", folder)
    assert not [node for node in press.nodes if node["k"] in ("image", "figure")]
    assert press.texts().count("[x]") == 2
    assert press.given["root"] == str(folder)


def test_links_lead_to_the_web_to_headings_and_to_files_of_the_output_alone(folder: Path, press: Press) -> None:
    there = ["https://example.org/a", "#head", "events/before.mean.txt"]
    away = ["javascript:alert(1)", "file:///etc/passwd", "/etc/passwd", "../x.txt", "#nowhere"]
    printed("# Head\n\n" + " ".join(f"[x]({to})" for to in there + away), folder)
    assert [node["to"] for node in press.nodes if node["k"] == "link"] == there


def test_the_title_is_not_said_twice_and_headings_begin_at_the_first_rank(folder: Path, press: Press) -> None:
    printed("# Title\n\n## One\n\n### Two", folder)
    headings = [(node["level"], node["v"][0]["v"]) for node in press.nodes if node["k"] == "heading"]
    assert headings == [(1, "One"), (2, "Two")]


@pytest.mark.parametrize("text", [">" * 40 + " x", ">" * 5000 + " x", "*" * 200 + "x" + "*" * 200])
def test_what_stands_too_deep_is_an_error_that_says_so(folder: Path, text: str) -> None:
    with pytest.raises(FindingError) as error:
        printed(text, folder)
    assert "deep" in str(error.value)


def test_a_figure_that_can_not_be_opened_is_an_error_without_a_traceback(folder: Path) -> None:
    (folder / "figures" / "figure-1.pdf").write_bytes(b"no picture")
    with pytest.raises(FindingError, match="can not be set as PDF"):
        printed(TEXT, folder)


def test_marks_that_turn_or_hide_text_are_written_out(folder: Path, press: Press) -> None:
    printed("from 245 &#x202e;to 254", folder)
    assert "\\u202e" in press.texts()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="aé1 #$*_`~<>[](){}|\\/@=+-.:;!&\"^'\n\t", max_size=60))
def test_any_text_can_be_set(folder: Path, text: str) -> None:
    assert printed(text, folder).startswith(b"%PDF-")
