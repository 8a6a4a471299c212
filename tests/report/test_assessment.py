"""The analyst's report end to end: every output, a statement that fails, and the last good output."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.findings.conftest import DAYS, DESK, WEEKS, rows_of, write_rows
from tocsin.errors import FindingError
from tocsin.report import manifest as pinning

FINDINGS = """\
[before.mean]
label = "Incidents a week before"
ask = "comparison"
where = { series = "All incidents" }
take = "before_mean"
[after.mean]
ask = "comparison"
where = { series = "All incidents" }
take = "after_mean"
[fall]
compute = "before.mean / after.mean"
"""
EARLY = """\
ask = "comparison"
with = { windows = ["early", "after"] }
where = { series = "All incidents" }
take = "before_mean"
low = "before_low"
high = "before_high"
"""
TEXT = """\
# A report

Incidents fell from {before.mean} to {after.mean} a week, a [fivefold]{fall: 4.5 to 5.5} fall. <script>alert(1)</script>

{figure: figure-1}

{cautions}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "desk.toml").write_text(DESK + '[[figures]]\nid = "figure-1"\nquestion = "weekly"\n', encoding="utf-8")
    (folder / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    (folder / "report.md").write_text(TEXT, encoding="utf-8")
    file = write_rows(folder / "one.csv", rows_of(WEEKS))
    run("add", file, "--dated", "2021-07-01", "--covers", f"{DAYS.first}..{DAYS.last}", folder=folder)
    run("report", "--allow-missing", folder=folder)
    return folder


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "desk")
    return tmp_path / "desk"


def test_every_output_has_the_number_and_the_events_behind_it(made: Path) -> None:
    out = made / "out"
    text = (out / "assessment.md").read_text(encoding="utf-8")
    assert "fell from 10[^f-before-mean] to 2[^f-after-mean] a week, a fivefold[^f-fall] fall" in text
    listed = (out / "events" / "before.mean.csv").read_text(encoding="utf-8").splitlines()
    assert len(listed) == 1 + 90
    page = (out / "assessment.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert (out / "assessment.pdf").read_bytes().startswith(b"%PDF")
    with zipfile.ZipFile(out / "assessment.docx") as document:
        assert "Incidents a week before" in document.read("word/footnotes.xml").decode()
    with zipfile.ZipFile(out / "findings.xlsx") as book:
        assert "before.mean" in book.read("xl/sharedStrings.xml").decode()
    assert "wasDerivedFrom" in json.loads((out / "prov.json").read_text(encoding="utf-8"))
    pinned = pinning.read(out / "manifest.json")
    assert pinned.findings["fall"].value == 5.0


def test_a_second_build_gives_the_same_bytes(desk: Path) -> None:
    before = {path.name: path.read_bytes() for path in (desk / "out").iterdir() if path.is_file()}
    run("report", "--allow-missing", folder=desk)
    after = {path.name: path.read_bytes() for path in (desk / "out").iterdir() if path.is_file()}
    assert [name for name in before if before[name] != after[name]] == []


def test_a_manifest_that_was_changed_is_seen(desk: Path) -> None:
    path = desk / "out" / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"value": 5.0', '"value": 6.0'), encoding="utf-8")
    with pytest.raises(FindingError, match=r"findings\.fall"):
        pinning.read(path)


def test_check_tells_statements_that_do_not_hold_and_typed_numbers(desk: Path) -> None:
    text = TEXT.replace("4.5 to 5.5", "5.5 to 6.5").replace("a week, a", "a week in 34 provinces, a")
    (desk / "report.md").write_text(text, encoding="utf-8")
    said = run("check", folder=desk, code=1).err
    assert "report.md:3:" in said
    assert "“fivefold”: fall is 5, expected: 5.5 to 6.5" in said
    column = text.splitlines()[2].index("34") + 1
    assert f"report.md:3:{column}: “34”" in said
    said = run("report", "--allow-missing", folder=desk, code=1).err
    assert "1 of the findings and statements does not hold" in said


def test_a_value_that_can_not_be_printed_is_a_fault_of_the_text(desk: Path) -> None:
    # Seven weeks are too few for an interval.
    desk_toml = (desk / "desk.toml").read_text(encoding="utf-8")
    (desk / "desk.toml").write_text(
        f"{desk_toml}[windows.early]\nfirst = 2021-01-04\nlast = 2021-02-21\n", encoding="utf-8"
    )
    (desk / "findings.toml").write_text(f"{FINDINGS}[early]\n{EARLY}", encoding="utf-8")
    (desk / "report.md").write_text(f"{TEXT}\nAt least {{early.low}} of {{early}}.\n", encoding="utf-8")
    fault = f"report.md:{TEXT.count(chr(10)) + 2}:10: {{early.low}} can not be printed: no intervals: a window"
    for command in (("check",), ("report", "--allow-missing")):
        said = run(*command, folder=desk, code=1).err
        assert fault in said, command
    assert "who signs?" in run("sign", folder=desk, code=1).err
    assert "not signed: report.md:" in run("sign", "--who", "A. Reader", folder=desk, code=1).err
    assert not (desk / "signed.json").exists()


def test_a_value_without_its_finding_is_told_at_the_finding_and_at_each_call(desk: Path) -> None:
    (desk / "findings.toml").write_text(f'{FINDINGS}[none]\ncompute = "fall / 0"\n', encoding="utf-8")
    (desk / "report.md").write_text("Some {none} or\nother {none.events}.\n", encoding="utf-8")
    said = run("check", folder=desk, code=1).err
    for fault in (
        "none: fall / 0 divides by zero",
        "report.md:1:6: {none} can not be printed: none can not be computed",
        "report.md:2:7: {none.events} can not be printed: none can not be computed",
    ):
        assert fault in said


MIXED = f"""\
{FINDINGS}
[steady]
value = 5
source = "A"
[never]
compute = "fall / 0"
[wrong]
compute = "fall"
expect = "< 0"
"""


def test_check_begins_with_what_does_not_hold_and_ends_with_a_summary(desk: Path) -> None:
    (desk / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    run("sign", "--who", "A. Reader", folder=desk)
    signed = (desk / "signed.json").read_text(encoding="utf-8")
    (desk / "signed.json").write_text(signed.replace('"printed": "10"', '"printed": "11"'), encoding="utf-8")
    (desk / "findings.toml").write_text(MIXED, encoding="utf-8")
    (desk / "report.md").write_text("[five]{fall: = 5} [six]{fall: = 6} {never} [x]{steady} 7\n", encoding="utf-8")
    said = run("check", folder=desk, code=1)
    shown = [line.split()[:1] for line in said.out.splitlines()]
    assert shown == [
        ["finding"], ["never"], [], ["wrong"], [], ["before.mean"], [], ["after.mean"], ["fall"], ["steady"],
    ]  # fmt: skip
    assert said.out.splitlines()[1].split()[1:7] == ["can", "not", "be", "computed", "–", "–"]
    assert said.err.splitlines()[-2] == (
        "Error  6 findings: 1 can not be computed, 1 broken, 1 drifted, 3 hold; "
        "3 statements: 1 does not hold, 1 has no test, 1 holds; calls that can not be printed: 1; numbers typed by hand: 1"
    )


def test_check_tells_a_program_all_that_it_tells_a_person(desk: Path) -> None:
    (desk / "findings.toml").write_text(MIXED, encoding="utf-8")
    (desk / "report.md").write_text("[five]{fall: = 5} [six]{fall: = 6} {never} 7\n", encoding="utf-8")
    said = json.loads(run("check", "--json", folder=desk, code=1).out)
    assert (said["holds"], said["signed"]) == (False, None)
    assert {row["finding"]: row["verdict"] for row in said["findings"]}["never"] == "can not be computed"
    assert [(each["place"], each["words"], each["holds"]) for each in said["statements"]] == [
        ("report.md:1:1", "five", True),
        ("report.md:1:19", "six", False),
    ]
    assert said["not_printed"] == [
        {"place": "report.md:1:36", "call": "{never}", "why": "never can not be computed"},
    ]
    assert said["typed_by_hand"] == [{"place": "report.md:1:44", "words": "7"}]
    (desk / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    (desk / "report.md").write_text("[five]{fall: = 5}\n", encoding="utf-8")
    assert json.loads(run("check", "--json", folder=desk).out)["holds"] is True


def test_nothing_is_signed_while_a_statement_of_the_text_does_not_hold(desk: Path) -> None:
    (desk / "report.md").write_text(TEXT.replace("4.5 to 5.5", "5.5 to 6.5"), encoding="utf-8")
    said = run("sign", "--who", "A. Reader", folder=desk, code=1).err
    assert "not signed: report.md:3:" in said
    assert not (desk / "signed.json").exists()
    (desk / "report.md").write_text(TEXT, encoding="utf-8")
    run("sign", "--who", "A. Reader", folder=desk)
    assert (desk / "signed.json").exists()


def test_a_text_that_can_not_be_read_leaves_the_last_output(desk: Path) -> None:
    before = (desk / "out" / "assessment.html").read_bytes()
    (desk / "report.md").write_text("Incidents: {before.men}", encoding="utf-8")
    said = run("report", folder=desk, code=1).err
    assert "report.md:1:12" in said
    assert "before.mean" in said
    assert (desk / "out" / "assessment.html").read_bytes() == before


def test_the_first_heading_is_the_title_and_stands_once(made: Path) -> None:
    with zipfile.ZipFile(made / "out" / "assessment.docx") as document:
        body = document.read("word/document.xml").decode()
    assert body.count("A report") == 1
    assert (made / "out" / "assessment.md").read_text(encoding="utf-8").startswith("# A report\n")
