"""Findings on a desk whose numbers are known: values, events behind them, verdicts, and why they moved."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.findings.conftest import DAYS, DESK, WEEKS, Opener, rows_of, write_rows
from tocsin import __version__
from tocsin.catalogue import ask
from tocsin.desk import read_desk
from tocsin.errors import FindingError
from tocsin.findings import check, read_signed, signed_now, write_signed
from tocsin.findings.check import changed_keys, gone
from tocsin.findings.opening import Opened, open_findings
from tocsin.findings.signed import FILE_NAME, SignedStatement, definition_of
from tocsin.ingest import add

FINDINGS = """\
[before.mean]
label = "Incidents a week before"
ask = "comparison"
where = { series = "All incidents" }
take = "before_mean"
low = "before_low"
high = "before_high"
unit = "incidents a week"
expect = "9 to 11"
[after.mean]
ask = "comparison"
where = { series = "All incidents" }
take = "after_mean"
[fall]
compute = "before.mean / after.mean"
expect = "4.5 to 5.5"
[drop]
compute = "1 - after.mean / before.mean"
percent = true
decimals = 0
expect = "= 80"
"""
WEEKLY = '[a]\nask = "weekly"\n'


def test_values_are_those_worked_out_by_hand_with_their_events(opened: Opener) -> None:
    found = opened(FINDINGS).evaluation.found
    assert [(name, one.value, one.with_unit) for name, one in found.items()] == [
        ("before.mean", 10.0, "10 incidents a week"),
        ("after.mean", 2.0, "2"),
        ("fall", 5.0, "5"),
        ("drop", 0.8, "80 per cent"),
    ]
    assert [len(one.event_ids) for one in found.values()] == [90, 18, 108, 108]
    assert all(one.holds is not False and not one.reason for one in found.values())
    assert found["fall"].uses == ("before.mean", "after.mean")
    assert "before.mean = 10 incidents a week" in found["fall"].words
    assert "Battles" in found["before.mean"].words


def test_each_distinct_question_is_asked_once(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counting(*given: object) -> object:
        asked.append(str(given[1]))
        return ask(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("tocsin.findings.evaluation.ask", counting)
    one = '[f{0}]\nask = "weekly"\nwhere = {{ week_date = "2021-01-04 to 2021-02-{0}" }}\ntake = "sum of incidents"\n'
    many = "".join(one.format(day) for day in range(10, 29))
    assert len(opened(FINDINGS + many).evaluation.found) == 23
    assert asked == ["comparison", "weekly"]


@pytest.mark.parametrize(
    ("rest", "value", "events"),
    [
        ('where = { week_date = "2021-01-04 to 2021-01-17" }\ntake = "sum of incidents"', 20.0, 20),
        ('where = { week_date = "2021-01-11" }\ntake = "average"', 10.0, 20),
        ('take = "week_date at max of incidents"', dt.date(2021, 1, 4), 10),
        ('take = "last of incidents"', 2.0, sum(WEEKS)),
        ('with = { groups = ["front"] }\nwhere = { series = "The Front" }\ntake = "max of incidents"', 10.0, sum(WEEKS)),
        ('with.by = "event_type"\nwhere = { series = "Battles", week_date = ["2021-01-04", "2021-05-31"] }\ntake = "mean of incidents"',
         6.0, 12),
    ],
)  # fmt: skip
def test_values_are_taken_of_weeks_with_the_events_behind_them(
    opened: Opener, rest: str, value: object, events: int
) -> None:
    one = opened(WEEKLY + rest).evaluation.found["a"]
    assert (one.value, len(one.event_ids), one.reason) == (value, events, "")


@pytest.mark.parametrize(
    ("text", "value", "events"),
    [
        ('ask = "concentration"\nwith = { level = "unit_code", windows = ["after"] }\nwhere.name = "Kunar"\ntake = "share"', 1.0, 18),
        ('ask = "concentration"\nwith = { level = "unit_code" }\ntake = "name at max of incidents"', "Kunar", 108),
        ('ask = "actors"\nwhere = { actor = "Made-up Front" }\ntake = "incidents"', float(sum(WEEKS)), sum(WEEKS)),
        ('ask = "proximity"\nwith = { near_km = [5000] }\nwhere = { series = "Within 5000 km" }\ntake = "sum of incidents"', 120.0, 120),
        ('ask = "spread"\nwith = { level = "unit_code", windows = ["after"] }\ntake = "top_share"', 1.0, 18),
    ],
)  # fmt: skip
def test_every_question_tells_the_events_behind_its_numbers(
    opened: Opener, text: str, value: object, events: int
) -> None:
    one = opened(f"[a]\n{text}").evaluation.found["a"]
    assert (one.value, len(one.event_ids), one.reason) == (value, events, "")


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('where = { series = "Front" }\ntake = "sum of incidents"', 'no row has series "Front"'),
        ('where = { serie = "Front" }\ntake = "sum of incidents"', 'the answer has no column "serie"'),
        (
            'where = { week_date = "1999-01-04" }\ntake = "sum of incidents"',
            "There are 22, from 2021-01-04 to 2021-05-31",
        ),
        ('where = { week_date = "May" }\ntake = "sum of incidents"', "2021-09-15"),
        ('take = "incidents"', "22 rows are left"),
        ('where = { week_date = "2021-01-04" }\ntake = "average"', "average has no value there"),
        ('take = "mean of series"', "holds no numbers"),
        (
            'where = { week_date = "2021-01-04" }\ntake = "incidents"\nlow = "series"\nhigh = "average"',
            "series holds no numbers",
        ),
        ('with = { group = "none" }\ntake = "sum of incidents"', 'no group "none"'),
    ],
)
def test_one_that_can_not_be_computed_says_why_and_the_others_stand(opened: Opener, rest: str, said: str) -> None:
    found = opened(f"{WEEKLY}{rest}\n{FINDINGS}[b]\ncompute = 'a + 1'").evaluation.found
    assert said in found["a"].reason
    assert found["a"].value is None
    assert "a can not be computed" in found["b"].reason
    assert found["fall"].value == 5.0


def test_a_wrong_statement_is_told(opened: Opener) -> None:
    cited = '[a]\nvalue = 7430\nsource = "UN"\n[b]\nvalue = 148\nsource = "UN"\n'
    text = cited + '[fall]\ncompute = "1 - b / a"\npercent = true\nexpect = "= 91"'
    assert opened(text).evaluation.found["fall"].holds is False
    assert opened(text.replace("91", "98")).evaluation.found["fall"].holds is True


SHARES = '[a]\nask = "comparison"\nrows = 1\n'


def test_of_a_table_the_author_says_which_columns_are_shares_and_which_are_printed(opened: Opener) -> None:
    table = '[a]\nask = "concentration"\nwith = { level = "unit_code" }\nrows = 1\ndecimals = 1\n'
    one = opened(table + 'columns = ["name", "share", "incidents"]\npercent = ["share"]\n').evaluation.found["a"]
    assert one.table == [("name", "share, per cent", "incidents"), ("Kunar", "100.0", "90")]
    # One column of decimals alone can be meant.
    plain = opened(table + "percent = true\n").evaluation.found["a"]
    assert [head for head in plain.table[0] if "cent" in head] == ["share, per cent"]
    assert plain.with_unit == "a table of 1 row"
    assert one.event_ids == plain.event_ids


@pytest.mark.parametrize(
    ("rest", "said", "step"),
    [
        ("percent = true", "several columns hold decimals: before_mean, ", 'percent = ["before_mean"]'),
        ('percent = ["ratios"]', 'no column "ratios"', "ratio"),
        ('percent = ["series"]', "series holds no numbers", ""),
        ('columns = ["series", "ratios"]', 'no column "ratios"', "ratio"),
        ('columns = ["series"]\npercent = ["ratio"]', 'no column "ratio"', ""),
        ('columns = ["series"]\npercent = true', "no column holds decimals", ""),
    ],
)
def test_shares_that_can_not_be_told_are_refused(opened: Opener, rest: str, said: str, step: str) -> None:
    one = opened(f"{SHARES}{rest}\n").evaluation.found["a"]
    assert one.value is None
    assert said in one.reason
    assert step in one.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('take = "ratio"\npercent = ["ratio"]', "percent = true"),
        ('take = "ratio"\ncolumns = ["ratio"]', "columns"),
        ("rows = 1\npercent = []", "percent"),
        ("rows = 1\ncolumns = []", "columns"),
    ],
)
def test_columns_belong_to_a_table(opened: Opener, text: str, said: str) -> None:
    with pytest.raises(FindingError, match=said):
        opened(f'[a]\nask = "comparison"\nwhere.series = "All incidents"\n{text}\n')


def _sign(folder: Path) -> None:
    with open_findings(folder) as opened:
        signed = signed_now(opened.evaluation, who="A. Reader", at=dt.datetime(2021, 7, 2, tzinfo=dt.UTC))
        write_signed(folder, signed)


def _checked(opened: Opened) -> dict[str, tuple[str, str]]:
    all_checked = check(opened.evaluation, signed=opened.signed, before=opened.before, changed=opened.changed)
    return {each.name: (each.verdict, each.moved.sentence() if each.moved else "") for each in all_checked}


def test_what_is_signed_holds_until_data_or_definition_change(folder: Path) -> None:
    (folder / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    _sign(folder)
    with open_findings(folder) as opened:
        assert set(_checked(opened).values()) == {("holds", "")}
    signed = read_signed(folder)
    assert signed is not None
    assert signed.findings["fall"].value == 5.0
    assert signed.signed_by == "A. Reader"


def test_each_cause_of_a_change_is_counted_apart(folder: Path) -> None:
    (folder / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    _sign(folder)
    rows = rows_of(WEEKS)
    gone = [row for row in rows if row["event_id_cnty"] != "AFG1500"]  # one of `after`
    for row in gone:
        if row["event_id_cnty"] in ("AFG0000", "AFG0100"):
            row["event_type"] = "Protests"  # two of `before` count no longer
    late = [{**rows[0], "event_id_cnty": "AFGNEW1", "event_date": "2021-04-06", "event_type": "Battles"}]
    add(
        read_desk(folder),
        write_rows(folder / "second.csv", gone + late),
        dated=dt.date(2021, 8, 1),
        complete=True,
        covers=DAYS,
    )
    with open_findings(folder) as opened:
        checked = _checked(opened)
    assert checked["before.mean"] == ("drifted", "rows (−0.222): 2 revised")
    # One gone and one new: the value is as it was.
    assert checked["after.mean"] == ("holds", "")
    assert checked["fall"] == ("drifted", "rows (−0.111): 2 revised, 1 withdrawn, 1 new")
    assert checked["drop"][0] == "holds"  # 79.55 per cent is printed as 80
    with open_findings(folder, as_of=dt.date(2021, 7, 15)) as opened:
        assert set(_checked(opened).values()) == {("holds", "")}


def test_a_table_or_series_whose_numbers_moved_has_drifted(folder: Path) -> None:
    text = '[top]\nask = "actors"\nrows = 3\n[line]\nask = "weekly"\ntake = "incidents by week_date"\n'
    (folder / "findings.toml").write_text(text, encoding="utf-8")
    _sign(folder)
    with open_findings(folder) as opened:
        assert set(_checked(opened).values()) == {("holds", "")}
    less = [row for row in rows_of(WEEKS) if row["event_id_cnty"] != "AFG1500"]
    add(
        read_desk(folder),
        write_rows(folder / "second.csv", less),
        dated=dt.date(2021, 8, 1),
        complete=True,
        covers=DAYS,
    )
    with open_findings(folder) as opened:
        assert _checked(opened) == {
            "top": ("drifted", "rows: 1 withdrawn"),
            "line": ("drifted", "rows: 1 withdrawn"),
        }


def test_a_changed_definition_is_told_from_changed_rows(folder: Path) -> None:
    (folder / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    _sign(folder)
    (folder / "desk.toml").write_text(DESK.replace("last = 2021-03-07", "last = 2021-03-21"), encoding="utf-8")
    with open_findings(folder) as opened:
        checked = _checked(opened)
    # Two weeks of 3 are added to nine of 10: 96 / 11.
    assert checked["before.mean"] == ("broken", "definition changed (−1.27): desk.windows.before.last")
    assert checked["after.mean"] == ("holds", "")
    assert checked["fall"][1].startswith("definition changed (−0.636): ")
    assert "uses.before.mean.desk.windows.before.last" in checked["fall"][1]


def test_the_causes_of_a_change_make_up_the_whole_of_it(folder: Path) -> None:
    (folder / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    _sign(folder)
    path = folder / FILE_NAME
    values = json.loads(path.read_text(encoding="utf-8"))
    values["tocsin"] = "0.0.1"
    values["findings"]["before.mean"] |= {"value": 7.0, "printed": "7 incidents a week"}
    path.write_text(json.dumps(values), encoding="utf-8")
    rows = rows_of(WEEKS)
    rows[0]["event_type"] = "Protests"
    rows[1]["fatalities"] = "9"  # no count hangs on it
    add(read_desk(folder), write_rows(folder / "more.csv", rows), dated=dt.date(2021, 8, 1), complete=True, covers=DAYS)
    with open_findings(folder) as opened:
        one = next(each for each in opened.check() if each.name == "before.mean")
    assert one.moved is not None
    assert one.found.value == pytest.approx(7.0 + (one.moved.by_rest or 0) + (one.moved.by_data or 0))
    assert one.moved.sentence() == f"signed with version 0.0.1, now {__version__} (+3); rows (−0.111): 1 revised"


def test_a_signed_file_that_is_none_is_refused(folder: Path) -> None:
    (folder / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    _sign(folder)
    path = folder / FILE_NAME
    values = json.loads(path.read_text(encoding="utf-8"))
    del values["vintages"]
    for text in ("{", json.dumps(values), "[]"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FindingError, match="signed state"):
            read_signed(folder)


def test_data_that_were_signed_and_are_not_here_are_said(folder: Path) -> None:
    (folder / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    _sign(folder)
    path = folder / FILE_NAME
    values = json.loads(path.read_text(encoding="utf-8"))
    values["vintages"][0]["key"] = "elsewhere"
    values["findings"]["fall"] |= {"value": 4.0, "printed": "4"}
    path.write_text(json.dumps(values), encoding="utf-8")
    with open_findings(folder) as opened:
        verdict, why = _checked(opened)["fall"]
    assert verdict == "drifted"
    assert "not loaded here" in why


@pytest.mark.parametrize(
    ("ask", "was", "now", "told"),
    [
        ("position", "", "[position]\nerror_km = { 1 = 60, 2 = 60, 3 = 60 }\n", "desk.position.error_km"),
        ("agreement", 'actors = ["Made-up Front"]', 'actors = ["Made-up Army"]', "desk.groups.front.actors"),
        ("weekly", 'countries = ["AFG"]', 'countries = ["AFG", "PAK"]', "desk.countries"),
        ("weekly", "average_weeks = 2", "average_weeks = 3", "desk.definition.average_weeks"),
        ("comparison", "last = 2021-06-06", "last = 2021-05-30", "desk.windows.after.last"),
    ],
)
def test_what_an_answer_rests_on_is_signed(folder: Path, ask: str, was: str, now: str, told: str) -> None:
    arguments = 'with = { against = "source:made-up" }\n' if ask == "agreement" else ""
    (folder / "findings.toml").write_text(f'[a]\nask = "{ask}"\n{arguments}rows = 40\n', encoding="utf-8")
    with open_findings(folder) as opened:
        before = definition_of("a", plan=opened.evaluation.plan, subject=opened.evaluation.subject)
    text = (folder / "desk.toml").read_text(encoding="utf-8")
    (folder / "desk.toml").write_text(text.replace(was, now) if was else text + now, encoding="utf-8")
    with open_findings(folder) as opened:
        after = definition_of("a", plan=opened.evaluation.plan, subject=opened.evaluation.subject)
    assert changed_keys(before, after) == (told,)


def test_a_review_that_changed_is_told(folder: Path) -> None:
    (folder / "findings.toml").write_text('[a]\nask = "attribution"\nrows = 1\n', encoding="utf-8")
    with open_findings(folder) as opened:
        before = definition_of("a", plan=opened.evaluation.plan, subject=opened.evaluation.subject)
        (folder / "review").mkdir()
        (folder / "review" / "attribution.reader.csv").write_text("event_id\n", encoding="utf-8")
        (folder / "review" / "initiator.reader.csv").write_text("event_id\n", encoding="utf-8")
        after = definition_of("a", plan=opened.evaluation.plan, subject=opened.evaluation.subject)
    assert changed_keys(before, after) == ("desk.review.attribution.reader.csv",)


def test_other_decimals_are_the_reason_of_another_print(folder: Path) -> None:
    plain = '[a]\nask = "comparison"\nwhere.series = "All incidents"\ntake = "before_mean"\n'
    (folder / "findings.toml").write_text(plain, encoding="utf-8")
    _sign(folder)
    (folder / "findings.toml").write_text(plain + "decimals = 3\n", encoding="utf-8")
    with open_findings(folder) as opened:
        checked = _checked(opened)
    assert checked == {"a": ("drifted", "definition changed: decimals")}


def test_a_test_that_was_weakened_or_taken_out_is_told(folder: Path) -> None:
    plain = 'ask = "comparison"\nwhere.series = "All incidents"\ntake = "before_mean"\n'
    (folder / "findings.toml").write_text(f'[a]\n{plain}expect = "9 to 11"\n[b]\n{plain}', encoding="utf-8")
    with open_findings(folder) as opened:
        said = [
            SignedStatement(words="ten", finding="a", test="= 10"),
            SignedStatement(words="so", finding="b", test="> 1"),
        ]
        at = dt.datetime(2021, 7, 2, tzinfo=dt.UTC)
        write_signed(folder, signed_now(opened.evaluation, said, who="A. Reader", at=at))
    (folder / "findings.toml").write_text(f'[a]\n{plain}expect = "> 0"\n', encoding="utf-8")
    with open_findings(folder) as opened:
        assert opened.signed is not None
        (one,) = opened.check()
        lost = gone(opened.evaluation.found, said[:1], signed=opened.signed)
    assert (one.verdict, one.test_was) == ("holds", "9 to 11")
    assert lost == ["finding b (10)", "statement “so” (b: > 1)"]


@pytest.mark.parametrize(
    ("decimals", "test", "holds"),
    [
        ("", "= whole", True),
        ("decimals = 1", "= whole.ly", True),
        ("", "= whole + 1", False),
        ("", "= 0.455", True),
        ("", "= 4.55e-1", True),
        ("", "= 0.46", False),
        ("", "= 4e-1", False),
    ],
)
def test_equal_is_what_a_reader_sees_as_equal(opened: Opener, decimals: str, test: str, holds: bool) -> None:
    # 100 / 220, so 0.4545...
    text = f'[a]\ncompute = "100 / 220"\n{decimals}\nexpect = "{test}"\n'
    text += '["whole"]\ncompute = "100 / 220 + 0.00001"\n["whole.ly"]\ncompute = "100 / 220"\n'
    assert opened(text).evaluation.found["a"].holds is holds


def test_the_events_behind_those_of_more_than_a_day_are_these_alone(folder: Path) -> None:
    rows = rows_of(WEEKS)
    for row, code in zip(rows[3:7], "2233", strict=True):
        row["time_precision"] = code
    add(read_desk(folder), write_rows(folder / "b.csv", rows), dated=dt.date(2021, 8, 1), complete=True, covers=DAYS)
    asked = 'ask = "dating"\ntake = "sum of '
    (folder / "findings.toml").write_text(f'[loose]\n{asked}loose"\n[all]\n{asked}incidents"\n', encoding="utf-8")
    with open_findings(folder) as opened:
        found = opened.evaluation.found
    assert found["loose"].value == 4.0
    assert list(found["loose"].event_ids) == sorted(str(row["event_id_cnty"]) for row in rows[3:7])
    assert len(found["all"].event_ids) == found["all"].value == len(rows)
