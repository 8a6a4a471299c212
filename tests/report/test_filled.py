"""The text with its numbers: values, footnotes, statements and their verdicts, and data that can not act on the Markdown."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import polars as pl
import pypandoc  # type: ignore[import-untyped]
import pytest

from tests.report.test_text import FINDINGS, SOURCE, read
from tocsin.catalogue import Subject, open_desk
from tocsin.desk import Desk
from tocsin.errors import FindingError
from tocsin.findings import Evaluation, Finding, Found, parse_findings, plan
from tocsin.report.document import DIALECT
from tocsin.report.filled import FigureWords, Filled, Statement, fill, literal
from tocsin.report.text import parse
from tocsin.schema import Provenance, SourceFacts, Vintage

DAY = dt.date(2022, 8, 1)
FACTS = SourceFacts("acled", "ACLED", "ACLED", "licence", "Cite <it>", "", (), (), (), ())
VINTAGE = Vintage(
    1, "acled", "acled", "a.csv", "0123456789abcdef", DAY, dt.datetime(2022, 8, 2, tzinfo=dt.UTC), 9, 9, 0, None,
    False, False, True, 9, 0, 0, "", "k",
)  # fmt: skip
ABOUT = Provenance("acled", FACTS, (VINTAGE,), None, ())
EVIL = "*bold* _it_ | [a](javascript:1) <script>x</script> `c` # &amp; $5$ 1) http://x.org\nnew line"


def evaluated() -> tuple[Evaluation, dict[str, Found]]:
    """The findings of the texts: cited and computed ones as they come out, those that ask by hand."""
    cited = {name: each for name, each in FINDINGS.items() if each.ask is None}
    found = dict(Evaluation(cast(Subject, None), plan(cited)).found)
    table = pl.DataFrame({"unit_name": ["Kunar", EVIL], "incidents": [1234, 5], "share": [0.5, None]})
    hand: Mapping[str, dict[str, Any]] = {
        "before.mean": {"value": 256.4, "low": 201.2, "high": 311.9, "event_ids": [f"A{n}" for n in range(1500)]},
        "series": {"value": pl.DataFrame({"week_date": [DAY], "average": [1.0]}), "event_ids": ["A1"]},
        "places": {"value": table, "event_ids": ["A1", "A2"]},
    }
    for name, fields in hand.items():
        found[name] = Found(name, FINDINGS[name], words=f"{name}: counted so", about=ABOUT, **fields)
    nobody = cast(Any, None)
    subject = Subject(Desk(title="Afghanistan", countries=("AFG",)), events=nobody, gazetteer=nobody)
    return Evaluation(subject, plan(FINDINGS)), {name: found[name] for name in FINDINGS}


FIGURES = {
    "figure-1": FigureWords("All *incidents* <a>", 1, 1200, "figures/figure-1.events.csv"),
    "figure-2": FigureWords("A map", 2, reason="no coordinates"),
}
CAUTIONS = ("Reports, not violence.", EVIL)


def filled(written: str, found: dict[str, Found] | None = None) -> Filled:
    evaluation, usual = evaluated()
    lists = {name: f"events/{name}.csv" for name in usual}
    return fill(
        read(written),
        evaluation=evaluation,
        found=found or usual,
        figures=FIGURES,
        cautions=CAUTIONS,
        event_lists=lists,
    )


def body(written: str) -> str:
    return filled(written).markdown.partition("\n\n[^")[0].strip("\n")


def tree(markdown: str, dialect: str = "gfm+footnotes") -> Any:
    return json.loads(pypandoc.convert_text(markdown, "json", format=dialect, verify_format=False))


def nodes(content: Any, kind: str) -> list[Any]:
    if isinstance(content, list):
        return [node for each in content for node in nodes(each, kind)]
    if not isinstance(content, dict):
        return []
    own = [content.get("c")] if content.get("t") == kind else []
    return own + [node for each in content.values() for node in nodes(each, kind)]


def letters(content: Any) -> str:
    """All that is to be read of a part of pandoc's tree."""
    if isinstance(content, list):
        return "".join(map(letters, content))
    if not isinstance(content, dict):
        return ""
    if content["t"] in ("Space", "SoftBreak"):
        return " "
    if content["t"] in ("Str", "Code"):
        return str(content["c"] if content["t"] == "Str" else content["c"][1])
    return letters(content.get("c"))


def test_values_stand_in_the_place_of_calls_each_with_the_footnote_of_its_finding() -> None:
    said = filled(
        "Averaged {before.mean} ({before.mean.interval}), then {after.mean} {before.mean.unit}: [fivefold]{fall} fall."
    )
    assert said.markdown.startswith(
        "Averaged 256[^f-before-mean] (201–312[^f-before-mean]), then 53.5[^f-after-mean] incidents a week: fivefold[^f-fall] fall.\n\n"
    )
    assert said.called == ("before.mean", "after.mean", "fall")
    assert re.findall(r"^\[\^(.+?)\]: (.*)", said.markdown, re.M) == [
        (
            "f-before-mean",
            "`before.mean`: 256 incidents a week (95 per cent interval 201–312). counted so. "
            "ACLED, data as of 1 August 2022 (file 0123456789ab). 1,500 events: [events/before.mean.csv](events/before.mean.csv).",
        ),
        ("f-after-mean", "`after.mean`: 53.5. As published by ACLED, 1 August 2022."),
        ("f-fall", "`fall`: 4.79. 256 / after.mean, where after.mean = 53.5."),
    ]


@pytest.mark.parametrize(
    ("part", "printed"),
    [("low", "201"), ("high", "312"), ("as_of", "1 August 2022"), ("events", "1,500")],
)
def test_parts_of_a_finding(part: str, printed: str) -> None:
    assert body(f"{{before.mean.{part}}}") == f"{printed}[^f-before-mean]"


def test_statements_are_held_against_their_findings() -> None:
    written = "[four]{fall} [*five*]{fall: 4.5 to 5.5}\n[six]{fall: > 6} [no test]{after.mean} [rose]{series: rising} [x]{never}"
    said = filled(written)
    assert said.statements == (
        Statement("four", "fall", "4.5 to 5.5", True, "", 1, 1),
        Statement("five", "fall", "4.5 to 5.5", True, "", 1, 14),
        Statement("six", "fall", "> 6", False, "fall is 4.79, expected: > 6", 2, 1),
        Statement("no test", "after.mean", "", None, "", 2, 18),
        Statement(
            "rose",
            "series",
            "rising",
            None,
            '"rising" needs at least 5 averages that share no week, there are 1',
            2,
            40,
        ),
        Statement("x", "never", "", None, "fall / (after.mean - after.mean) divides by zero", 2, 63),
    )
    assert [each.fails for each in said.statements] == [False, False, True, False, True, True]
    assert r"six \[does not hold: fall is 4.79, expected: \> 6\][^f-fall]" in said.markdown
    assert "*five*[^f-fall]" in said.markdown


def test_a_fall_that_the_published_numbers_do_not_bear_out_is_told() -> None:
    findings = parse_findings(
        '[was]\nvalue = 7430\nsource = "A"\n[is_now]\nvalue = 148\nsource = "B"\n[cut]\ncompute = "1 - is_now / was"\npercent = true\n',
        where="findings.toml",
    )
    evaluation = Evaluation(cast(Subject, None), plan(findings))
    text = parse("From {was} to {is_now}, [91]{cut: = 91} or [98]{cut: = 98} per cent.", findings=findings, figures=[])
    said = fill(text, evaluation=evaluation, found=evaluation.found, figures={}, cautions=[], event_lists={})
    assert [(each.words, each.holds) for each in said.statements] == [("91", False), ("98", True)]
    assert said.markdown.startswith("From 7,430[^f-was] to 148[^f-is_now], 91 \\[does not hold: cut is 98.0 per cent")


def test_words_in_a_statement_are_filled_in() -> None:
    said = filled("> [a fall of\n> **{drop} per cent**]{drop: > 50}")
    assert said.statements[0].words == "a fall of 79.1 per cent"
    assert said.markdown.startswith("> a fall of\n> **79.1[^f-drop] per cent**[^f-drop]\n")


def test_what_can_not_be_computed_is_seen() -> None:
    evaluation, found = evaluated()
    assert evaluation.plan.findings
    found["places"] = replace(found["places"], value=None, reason="no data")
    found["before.mean"] = replace(found["before.mean"], low=None)
    said = filled("{never} {before.mean.low}\n\n{table: places}\n\n{figure: figure-2}", found)
    assert [(each.call, each.reason.partition(":")[0], each.line, each.column) for each in said.missing] == [
        ("{never}", "never can not be computed", 1, 1),
        ("{before.mean.low}", "it has no interval", 1, 9),
        ("{table: places}", "places can not be computed", 3, 1),
        ("{figure: figure-2}", "no coordinates", 5, 1),
    ]
    shown = letters(tree(said.markdown)["blocks"])
    for marker in ("never]", "before.mean.low]", "places]"):
        assert f"[can not be computed: {marker}" in shown
    assert "[can not be drawn: no coordinates]" in shown


def test_quotations_refer_to_their_source_and_calls_in_footnotes_have_no_footnote() -> None:
    said = filled("To [18 per cent]{quoted: un}.\n\n[^un]: Of {after.mean}; the fall is [five]{fall: > 6}.")
    assert said.markdown == (
        "To 18 per cent[^un].\n\n[^un]: Of 53.5; the fall is five \\[does not hold: fall is 4.79, expected: \\> 6\\].\n"
    )
    assert said.called == ("after.mean", "fall")


def test_figures_tables_and_cautions_are_blocks() -> None:
    said = filled("One\n\n{figure: figure-1}\n\n{table: places}\n\n{cautions}\n\nTwo").markdown
    blocks = tree(said)["blocks"]
    assert [each["t"] for each in blocks] == ["Para", "Para", "Para", "Table", "BulletList", "Para"]
    assert (
        "![Figure 1. All \\*incidents\\* \\<a\\>. 1,200 events: [figures/figure-1.events.csv](figures/figure-1.events.csv).]"
        "(figures/figure-1.svg)\n" in said
    )
    assert letters(blocks[1]).endswith("1,200 events: figures/figure-1.events.csv.")
    assert letters(blocks[2]).startswith("Table 1. The first five units")
    rows = nodes(blocks[3], "Plain")
    assert [letters(each) for each in rows] == [
        "unit name", "incidents", "share", "Kunar", "1,234", "0.50", " ".join(EVIL.split()), "5", "–",
    ]  # fmt: skip
    assert letters(blocks[4]) == CAUTIONS[0] + " ".join(EVIL.split())


@pytest.mark.parametrize("dialect", ["gfm+footnotes", DIALECT.replace("+smart", "")])
@pytest.mark.parametrize(
    "data",
    [EVIL, "1. a", "- a", "+ a", "# a", "> a", "===", "a:smile:b", "www.x.org", "me@x.org", "---", "~~a~~", "2) b"],
)
def test_data_are_no_more_than_their_letters(data: str, dialect: str) -> None:
    evaluation, found = evaluated()
    assert evaluation.plan.findings
    found["group"] = replace(found["group"], value=data)
    said = filled("{group}\n\n| a |\n| --- |\n| {group} |\n\nAnd {group}", found).markdown
    blocks = tree(said.partition("\n\n[^f-")[0], dialect)["blocks"]
    assert [each["t"] for each in blocks] == ["Para", "Table", "Para"]
    shown = " ".join(data.split()) + "[^f-group]"
    assert [letters(blocks[0]), letters(nodes(blocks[1], "Plain")[1]), letters(blocks[2])] == [
        shown,
        shown,
        f"And {shown}",
    ]


@pytest.mark.parametrize("dialect", ["gfm+footnotes", DIALECT])
def test_html_and_formulas_of_the_text_are_text(dialect: str) -> None:
    written = "<script>alert(1)</script> a <b onclick='x'>c</b> $5$ and $x^2$ {fall}\n\n<div>\n\n> <img src=x>\n\n- <!-- x -->"
    read_back = tree(filled(written).markdown, dialect)["blocks"]
    assert [nodes(read_back, kind) for kind in ("RawInline", "RawBlock", "Math", "Link", "Image")] == [
        [],
        [],
        [],
        [],
        [],
    ]
    assert "<script>alert(1)</script> a <b onclick=" in letters(read_back)
    assert letters(read_back[1]) == "<div>"


def test_every_footnote_of_the_markdown_is_found_by_pandoc() -> None:
    blocks = tree(
        filled("{before.mean} {fall} {before.mean} [q]{quoted: un}\n\n- {drop}\n\n{table: places}" + SOURCE).markdown
    )["blocks"]
    notes = [letters(each) for each in nodes(blocks, "Note")]
    assert [each.partition(":")[0] for each in notes] == [
        "before.mean", "fall", "before.mean", "UN Secretary-General, S/2022/485, 15 June 2022, page 5.", "drop", "places",
    ]  # fmt: skip
    assert [link[2][0] for link in nodes(blocks, "Link")] == ["events/before.mean.csv"] * 2 + ["events/places.csv"]


def test_the_rest_of_the_text_stays_as_it_was() -> None:
    written = (
        "# Head\n\n*  odd   spaces* \\* `{x} <b>`  \nline\n\n```\n<b> $ {y}\n```\n\n[l](<a b.html>) <https://x.org>\n"
    )
    assert filled(written).markdown == written


def test_literal_leaves_plain_sentences_alone() -> None:
    plain = "Counted: battles (type 1, 2.5 per cent) in Kunar; “x” – 10/12. It's 5%?"
    assert literal(plain) == plain


def test_on_real_findings(desk: Desk) -> None:
    findings = parse_findings(
        '[total]\nask = "weekly"\ntake = "sum of incidents"\nunit = "incidents"\n[top]\nask = "concentration"\nrows = 3\n',
        where="findings.toml",
    )
    with open_desk(desk.folder) as subject:
        evaluation = Evaluation(subject, plan(findings))
        text = parse("{total} {total.unit} to {total.as_of}\n\n{table: top}", findings=findings, figures=[])
        lists = {"total": "events/total.csv"}
        said = fill(text, evaluation=evaluation, found=evaluation.found, figures={}, cautions=[], event_lists=lists)
    one = evaluation.found["total"]
    assert said.markdown.startswith(f"{one.printed}[^f-total] incidents to 1 August 2022[^f-total]\n")
    assert f"{len(one.event_ids):,} events: [events/total.csv](events/total.csv)." in said.markdown
    assert len(said.tables["top"].rows) == 3
    assert not said.missing


def test_a_text_that_names_what_is_not_there_is_not_filled() -> None:
    with pytest.raises(FindingError, match="no finding"):
        filled("{no.such}")


def test_a_value_that_is_not_as_expected_is_marked_where_it_is_printed() -> None:
    _, found = evaluated()
    expecting = found["fall"].finding.model_copy(update={"expect": "5 to 6"})
    found["fall"] = replace(found["fall"], finding=expecting, holds=False)
    said = filled("{fall} and {fall.events}, {drop}", found=found).markdown
    assert said.startswith(r"4.79 \[not as expected: 5 to 6\][^f-fall] and ")
    assert said.count("not as expected") == 1


@pytest.mark.parametrize(
    ("value", "test", "said"),
    [
        (249.6, "250 to 270", "250 (249.6 before rounding), expected: 250 to 270"),
        (250.0, "> 250", "250, expected: > 250"),
        (249.4, "250 to 270", "249, expected: 250 to 270"),
        (-3.004, "> -3", "−3.00 (−3.004 before rounding), expected: > -3"),
        (2.5, "> other.two", "2.50, expected: > other.two"),
    ],
)
def test_rounding_does_not_hide_why_a_test_fails(value: float, test: str, said: str) -> None:
    assert Found("a", Finding(compute="b"), value=value).against(test) == said
