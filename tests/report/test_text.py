"""What the text calls, where, and what is said where it is not understood."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import FindingError
from tocsin.findings import parse_findings
from tocsin.report.document import docx
from tocsin.report.places import OPAQUE
from tocsin.report.text import Text, parse
from tocsin.report.typeset import pdf

FINDINGS = parse_findings(
    """\
[before.mean]
label = "Incidents a week before"
ask = "comparison"
where = { series = "All incidents" }
take = "before_mean"
low = "before_low"
high = "before_high"
unit = "incidents a week"
[after.mean]
value = 53.5
source = "ACLED, 1 August 2022"
[fall]
compute = "256 / after.mean"
expect = "4.5 to 5.5"
[drop]
compute = "1 - after.mean / 256"
percent = true
expect = "> 50"
[series]
ask = "weekly"
take = "average by week_date"
[places]
label = "The first five units"
ask = "concentration"
rows = 5
[group]
label = "The group"
value = "*bold* <b onclick=x>_[a](javascript:1)|`c` {fall} $5$ &amp; http://x.org"
source = "<script>alert(1)</script> *B*"
[never]
compute = "fall / (after.mean - after.mean)"
""",
    where="findings.toml",
)
SOURCE = "\n\n[^un]: UN Secretary-General, S/2022/485, 15 June 2022, page 5.\n"


def read(text: str) -> Text:
    return parse(text, findings=FINDINGS, figures=["figure-1", "figure-2"])


def test_calls_are_read_with_their_places() -> None:
    text = read(
        "# Head {fall}\n\nAveraged {before.mean} ({before.mean.interval}),\na [*fivefold*]{fall: 4.5 to 5.5} fall:\n"
        "[18 per cent]{quoted: un}.\n\n> - [fell]{drop}\n\n{figure: figure-1}\n\n{table: places}\n\n{cautions}" + SOURCE
    )
    assert [(c.kind, c.name, c.part, c.line, c.column) for c in text.calls] == [
        ("value", "fall", "", 1, 8),
        ("value", "before.mean", "", 3, 10),
        ("value", "before.mean", "interval", 3, 25),
        ("statement", "fall", "", 4, 3),
        ("quoted", "un", "", 5, 1),
        ("statement", "drop", "", 7, 5),
        ("figure", "figure-1", "", 9, 1),
        ("table", "places", "", 11, 1),
        ("cautions", "", "", 13, 1),
    ]
    fivefold = text.calls[3]
    assert fivefold.words is not None
    assert text.source[slice(*fivefold.words)] == "*fivefold*"
    assert fivefold.test is not None
    assert (fivefold.test.kind, text.calls[5].test) == ("between", None)


def test_calls_may_run_over_a_line_end_and_stand_in_each_other() -> None:
    text = read("> [a fall of\n> {drop} per cent]{drop: >\n> 50}")
    assert [(c.kind, c.line, c.column) for c in text.calls] == [("statement", 1, 3), ("value", 2, 3)]
    assert text.source[text.calls[0].start : text.calls[0].end].endswith("50}")


@pytest.mark.parametrize(
    "text",
    [
        "`{fall}`",
        "```\n{fall\n```",
        "    {no.such",
        "\\{fall}",
        "[x](http://x.org/{fall})",
        "<http://x.org/{fall}>",
        "}",
    ],
)
def test_braces_in_code_and_addresses_and_escaped_ones_are_left_alone(text: str) -> None:
    assert read(text).calls == ()


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a {fall", "1:3", "not closed"),
        ("a [b]{fall", "1:6", "not closed"),
        ("a\n\n- b {fal}", "3:5", 'Did you mean "fall"'),
        ("{before.mean.lo}", "1:1", 'has no part "lo"'),
        ("{before.men.low}", "1:1", 'Did you mean "before.mean"'),
        ("{after.mean.interval}", "1:1", "has no interval"),
        ("{fall.unit}", "1:1", "has no unit"),
        ("{after.mean.events}", "1:1", "cited value"),
        ("{series}", "1:1", "is a series"),
        ("{places}", "1:1", "{table: places}"),
        ("{table: fall}\n", "1:1", "is no table"),
        ("{before.mean.__class__}", "1:1", "not understood"),
        ("{__import__('os')}", "1:1", "not understood"),
        ("{}", "1:1", "not understood"),
        ("{fall: > 1}", "1:1", "[WORDS]{fall: > 1}"),
        ("[]{fall}", "1:1", "no words"),
        ("x [a]{fall: about 5}", "1:3", "is not understood"),
        ("x [a]{fall: > fal}", "1:3", 'no finding "fal"'),
        ("x [a]{before.mean.low: > 3}", "1:3", "against a finding"),
        ("x [a]{quoted: un}", "1:3", 'no footnote "un"'),
        ("x [a]{quoted: u}" + SOURCE, "1:3", 'Did you mean "un"'),
        ("{quoted: un}" + SOURCE, "1:1", "what is quoted is missing"),
        ("x[^un]", "1:2", 'no footnote "un"'),
        ("{figure: figure-3}", "1:1", 'Did you mean "figure-'),
        ("{figure: figure-1}\n\n{figure: figure-1}", "3:1", "called already"),
        ("see {figure: figure-1}", "1:5", "does not stand alone"),
        ("- {cautions}", "1:3", "does not stand alone"),
        ("# {table: places}", "1:3", "does not stand alone"),
        ("a\n![i](x.png)", "2:1", "{figure: figure-1}"),
        ("a [x](javascript:alert(1))", "1:3", "begins with javascript:"),
        ("a [x](JAVAscript:alert(1))", "1:3", "begins with JAVAscript:"),
        ("a [x](&#106;avascript:alert(1))", "1:3", "begins with javascript:"),
        ("a <data:text/html,x>", "1:3", "begins with data:"),
        ("[x]\n\n[x]: javascript:alert(1)", "3:1", "begins with javascript:"),
        ("[a {fall}](x.html)", "1:4", "words of a link"),
        ("x[^a]\n\n[^a]: b[^un]" + SOURCE, "3:8", "can not refer to a footnote"),
        ("x[^a]\n\n[^a]: [b]{quoted: a}", "3:7", "can not refer to a footnote"),
        ("{fall}[^f-fall]\n\n[^f-fall]: mine", "1:1", "another label"),
        ("a\n\n```\nb", "3:1", "not closed"),
        ("a\n\n```{=html}\n<script>x</script>\n```", "3:1", "can not begin with"),
        ("a\n\n~~~ {=openxml}\nx\n~~~", "3:1", "can not begin with"),
        ("a [x](//example.org/x)", "1:3", "beside the report"),
        ("a [x](/etc/hosts)", "1:3", "beside the report"),
        ("a [x](../../up.csv)", "1:3", "beside the report"),
        ("a [x](events/%2e%2e/%2E./up.csv)", "1:3", "beside the report"),
        ("a [x](<\\\\host\\share>)", "1:3", "beside the report"),
        ("[x]\n\n[x]: /etc/hosts", "3:1", "beside the report"),
        ("a\n\n" + ">" * 11 + " b", "3:1", "more than 10 lists and quotations"),
        ("\n".join("  " * deep + "- a" for deep in range(11)), "11:1", "more than 10 lists and quotations"),
        # What stands deeper than a hundred levels would be dropped.
        ("a\n\n" + ">" * 150 + " {fal}", "3:1", "more than 10 lists and quotations"),
        ("a\n\n" + "> - " * 60 + "gone", "3:1", "more than 10 lists and quotations"),
        ("a\n\nb " + "*a **b " * 6 + "{fall}" + " b** a*" * 6, "3:1", "more than 10 emphases"),
        ("> `a\n> <script>`", "2:3", "begins with <"),
        ("[a](\n<script>)", "2:1", "begins with <"),
        ("| a | b |\n| --- | --- |\n| \\| c | {fal} |", "3:10", 'no finding "fal"'),
    ],
)
def test_what_is_not_understood_is_told_with_line_and_column(text: str, place: str, says: str) -> None:
    with pytest.raises(FindingError) as caught:
        read(text)
    assert caught.value.where == f"report.md:{place}"
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [">" * 10 + " {fall}", "\n".join("  " * deep + "- {fall}" for deep in range(10)), "*a **b " * 5 + "b** a*" * 5],
)
def test_ten_levels_can_be_read_and_printed(written: str, tmp_path: Path) -> None:
    assert read(written).tokens
    day = dt.date(2022, 8, 1)
    assert pdf(written, title="", subtitle="", synthetic=False, dated=day, folder=tmp_path)
    assert docx(written, title="", synthetic=False, dated=day, folder=tmp_path)


# What texts are made of, parted by |.
WRITTEN = (
    "{fall}|{drop.unit}|[w 5]{fall: = 5}|[*x* {drop}]{drop}|[q 4]{quoted: un}|[^un]|\n[^un]: source 7\n\n|{figure: figure-1}|{cautions}"
    "|{table: places}|\n\n| |\n|*|**|`|```\n|[|]|(|)|{|}|\\|<|>|- |1. |> |# |    |\t|5|12,300|&#53;|&amp;|<script>alert(1)</script>"
    "|[x](http://a)|<http://x/5>|~~|$|!|^|\u2028|\x0b|\x00|\r|é|٣|\ufffc|---\n|===\n|[r]: http://x 't'\n|[r]|\xa0|word|\x1f"
)
TABLES = ("| a | b |\n| --- | --- |\n| 1 | {drop} |\n", "--- | ---\n", "\\| | {fall}\n")
PIECES = st.sampled_from([*WRITTEN.split("|"), *TABLES])


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_is_read_or_refused_with_a_place(written: str) -> None:
    try:
        text = read(written)
    except FindingError as error:
        assert re.fullmatch(r"report\.md:\d+:\d+", error.where)  # noqa: PT017 (not every text is refused)
        return
    for call in text.calls:
        said = text.source[call.start : call.end]
        assert said[0] == ("{" if call.words is None else "[")
        assert said[-1] == "}"
        assert call.name in said
    for letter, there in zip(text.prose, text.source, strict=True):
        assert letter in (" ", OPAQUE, there) or (letter, there) == ("|", "\\")
