"""Numbers typed by hand are found where they stand, and what is no such number is let through."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.test_text import PIECES, SOURCE, read
from tocsin.errors import FindingError
from tocsin.report.typed import typed


def numbers(text: str) -> list[str]:
    return [each.words for each in typed(read(text))]


@pytest.mark.parametrize(
    "text",
    [
        "On 15 September 2020, and on 1 May.",
        "Between 15–17 September 2021, from 10 April to 10 May 2022, on the 3rd of June.",
        "15\nSeptember 2020",
        "In September 2020, Sept. 2021 and September 15, 2020.",
        "From 2021-09-15 to 2021-10.",
        "In 2021, 2021/22, 2020–2022, 2020-22, the 1990s, mid-2021 (2022).",
        "An AK-47, H3, an F-16, a Mi-17, COVID-19, P5+1, H3N2, v1.2.",
        "The 205th Corps in the 21st century.",
        "See Figure 3, figures 3 and 4, Fig. 2a, section 2.1, chapter 4, Table 1 and pages 5–7.",
        "# 1. First\n\n## 1.2 Second\n\n2 Third\n===",
        "1. one\n2. two\n\n12) three",
        "`5` and <https://x.org/17>, [a](http://x.org/18), https://x.org/19, www.x.org/20 and a1@x2.org",
        "```\n5\n```\n\n    6",
        "It fell to [18 per cent]{quoted: un}." + SOURCE,
        "> Fighting fell to 18 per cent,\n> by 82.[^un]" + SOURCE,
        "Twelve of them, a fivefold fall.",
        "A figure of {fall} and [5 times]{fall: = 5}, [nearly 5]{fall: 4.5 to 5.5}, [over 1,000]{fall: > 1000}.",
        "&#8211; and &#160;.",
        "\\{5\\}[^un]".replace("5", "five") + SOURCE,
    ],
)
def test_what_is_no_typed_number_is_let_through(text: str) -> None:
    assert numbers(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Averaged 256 a week, then 53.5.", ["256", "53.5"]),
        ("7,430 and 12.300,5 and 1\u00a0155", ["7,430", "12.300,5", "1\u00a0155"]),
        ("18% of 5km, −3 and ½", ["18", "5", "3", "½"]),
        ("**5**6", ["5", "6"]),
        ("٣ and &#53;", ["٣", "53"]),
        ("under-5s, top-5, the 18th attack", ["5", "5", "18"]),
        ("2,021 and 1850 and 2021.5", ["2,021", "1850", "2021.5"]),
        ("In May 40 people, may 12 of them", ["40", "12"]),
        ("UNSCR 2593", ["2593"]),
        ("> 18 per cent\n\nnot a source", ["18"]),
        ("> [5]{fall}", ["5"]),
        ("# About 5 things", ["5"]),
        ("fell by [91 per cent]{drop: > 50}", ["91"]),
        ("fell by [91 per cent]{drop}", ["91"]),
        ("[a fall of 6]{fall: 4.5 to 5.5}", ["6"]),
        ("[7 [5]{fall: = 5}]{drop: > 50}", ["7"]),
        ("- one\n  1. 7", ["7"]),
        ("a | 5\n--- | ---\n6 | 5", ["5", "6", "5"]),
        ("[see 5](http://x.org/6)", ["5"]),
        ("<b>5</b>", ["5"]),
    ],
)
def test_typed_numbers_are_found(text: str, found: list[str]) -> None:
    assert numbers(text) == found


WORD = st.text(alphabet="abcdefghij", min_size=1, max_size=8)
CONTAINERS = ("", "> ", "- ", "1. ", "## ", "> - ", "- > 1. ", "| a | ", "[^un]: a\n\n> ")


@given(
    st.lists(WORD, min_size=1, max_size=5),
    st.lists(WORD, min_size=1, max_size=5),
    st.sampled_from(CONTAINERS),
    st.from_regex(r"[3-9][0-9]{0,2}(\.[0-9])?", fullmatch=True),
)
def test_a_planted_number_is_found_at_its_line_and_column(
    before: list[str], after: list[str], container: str, number: str
) -> None:
    table = "x | y | z\n--- | --- | ---\n" if container.startswith("|") else ""
    head = f"Some words.\n\n{table}{container}{' '.join(before)} "
    found = typed(read(f"{head}{number} {' '.join(after)}\n\nMore words.\n"))
    assert [(each.line, each.column, each.words) for each in found] == [
        (head.count("\n") + 1, len(head) - head.rfind("\n"), number)
    ]


@settings(max_examples=200)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text())
def test_no_text_breaks_it(written: str) -> None:
    try:
        text = read(written)
    except FindingError:
        return
    for each in typed(text):
        line = text.source.split("\n")[each.line - 1]
        assert line.startswith(each.words, each.column - 1)
