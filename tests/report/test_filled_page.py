"""The page: self-contained, with a card for each number, notes below, and nothing in it that acts."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.test_filled import ABOUT, CAUTIONS, EVIL, FIGURES, VINTAGE, evaluated
from tests.report.test_text import PIECES, SOURCE, read
from tocsin.errors import FindingError
from tocsin.findings import Found
from tocsin.report.filled import fill
from tocsin.report.page import page
from tocsin.schema import Provenance

PICTURE = '<svg viewBox="0 0 1 1"><text>drawn</text></svg>'
TAGS = (
    "html head meta title style body div header h1 h2 h3 h4 p main span code strong em sup a section ol ul li footer figure figcaption svg "
    "text table caption thead tbody tr th td blockquote pre hr br s"
)


class Looked(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("br", "hr"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [
            attrs
            for name, attrs in self.elements
            if name == tag and all(attrs.get(k) == v for k, v in attributes.items())
        ]


def made(
    written: str, found: dict[str, Found] | None = None, *, about: Provenance = ABOUT, title: str = "Title"
) -> str:
    evaluation, usual = evaluated()
    text = read(written)
    lists = {name: f"events/{name}.csv" for name in usual}
    said = fill(
        text, evaluation=evaluation, found=found or usual, figures=FIGURES, cautions=CAUTIONS, event_lists=lists
    )
    return page(
        text,
        said,
        title=title,
        about=about,
        figures=FIGURES,
        pictures={"figure-1": PICTURE},
        cautions=CAUTIONS,
    )


def looked(html: str) -> Looked:
    parser = Looked()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def assert_inert(parser: Looked) -> None:
    for tag, attributes in parser.elements:
        assert tag in TAGS.split()
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "action", "formaction", "xlink:href")
            if name == "href":
                assert re.match(r"(#|https?:|mailto:|(?!\s*[a-z][\w+.-]*:))", value or "", re.I)
    ids = [attributes["id"] for _, attributes in parser.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    linked = {
        (attributes["href"] or "")[1:] for attributes in parser.all("a") if (attributes["href"] or "").startswith("#fn")
    }
    assert linked <= set(ids)


def test_each_called_number_has_a_card_and_a_note_with_a_way_back() -> None:
    html = made("Averaged {before.mean} a week, [fivefold]{fall}. Then {before.mean}.")
    parser = looked(html)
    spans = [each for each in parser.all("span") if (each.get("class") or "").startswith("finding")]
    assert [each["tabindex"] for each in spans] == ["0", "0", "0"]
    assert [each["aria-describedby"] for each in spans] == [each["id"] for each in parser.all("span", role="tooltip")]
    card = (
        "before.mean: 256 incidents a week (95 per cent interval 201–312). counted so. ACLED, data as of 1 August 2022 "
        "(file 0123456789ab). 1,500 events: events/before.mean.csv."
    )
    assert parser.text.count(card) == 3
    assert len(parser.all("a", href="events/before.mean.csv")) == 3
    assert [each["href"] for each in parser.all("a") if each.get("id")] == ["#fn1", "#fn2", "#fn1"]
    assert [each["href"] for each in parser.all("a", **{"class": "footnote-backref"})] == [
        "#fnref1",
        "#fnref1:1",
        "#fnref2",
    ]
    assert "Tested: 4.5 to 5.5." in parser.text
    assert_inert(parser)


def test_words_that_do_not_hold_are_marked() -> None:
    parser = looked(made("[six]{fall: > 6} [five]{fall} [x]{never} {never}"))
    assert [each["title"] for each in parser.all("strong", **{"class": "verdict"})] == [
        "does not hold: value is 4.79",
        "fall / (after.mean - after.mean) divides by zero",
    ]
    assert len([each for each in parser.all("span") if "broken" in (each.get("class") or "")]) == 3
    assert "[does not hold: fall is 4.79, expected: > 6]" in parser.text
    assert "[can not be computed: never]" in parser.text


def test_figures_tables_cautions_and_quotations() -> None:
    html = made(
        "To [18 per cent]{quoted: un}\n\n{figure: figure-1}\n\n{figure: figure-2}\n\n{table: places}\n\n{cautions}"
        + SOURCE
    )
    parser = looked(html)
    assert PICTURE in html
    assert "Figure 1. All *incidents* <a>" in parser.text
    assert "[can not be drawn: no coordinates]" in parser.text
    assert "Table 1. The first five units" in parser.text
    assert f"{EVIL}" in parser.text
    assert "UN Secretary-General, S/2022/485" in parser.text
    assert [each["href"] for each in parser.all("a") if each.get("id")] == ["#fn1", "#fn2"]
    assert_inert(parser)


def test_the_head_of_the_page() -> None:
    plain = looked(made("Text", title="A <b> & c"))
    assert "A <b> & c" in plain.text
    assert "ACLED, data as of 1 August 2022 (file 0123456789ab)." in plain.text
    assert "Synthetic data." not in plain.text
    assert "Cite <it>" in plain.text
    own = looked(
        made("# Of *its* own {fall}\n\nText", about=replace(ABOUT, vintages=(replace(VINTAGE, synthetic=True),)))
    )
    assert [tag for tag, _ in own.elements if tag == "h1"] == ["h1"]
    assert "Synthetic data." in own.text
    assert "Cite <it>" not in own.text


def test_the_page_fetches_and_runs_nothing() -> None:
    html = made("{fall} [x](https://x.org/a)")
    policy = next(each["content"] for each in looked(html).all("meta") if each.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert not re.search(r"url\(|@import|<script|<link|<img|src=", html)


@pytest.mark.parametrize(
    "written",
    [
        "<script>alert(1)</script> <img src=x onerror=alert(1)> <b onclick='x'>c</b>",
        "<div>\n<iframe src=x></iframe>\n</div>",
        "[w <script>x</script>]{fall} {group} [<b onclick=x>]{quoted: un}\n\n[^un]: <script>x</script>",
        "# {group} <script>\n\n> {group}\n\n| {group} | <b> |\n| --- | --- |\n| {group} | x |",
        '[x](https://x.org/"onclick="x "a\\" onclick=x")',
        "```<script>\n</pre><script>x</script>\n```\n\n`<script>`",
    ],
)
def test_html_and_markdown_of_others_are_letters(written: str) -> None:
    parser = looked(made(written))
    assert_inert(parser)
    if "{group}" in written:
        assert "*bold* <b onclick=x>_[a](javascript:1)|`c` {fall} $5$ &amp; http://x.org" in parser.text


@settings(max_examples=100)
@given(st.lists(PIECES | st.just("{group}"), max_size=30).map("".join))
def test_whatever_the_text_the_page_is_whole_and_inert(written: str) -> None:
    try:
        html = made(written)
    except FindingError:
        return
    assert_inert(looked(html))
