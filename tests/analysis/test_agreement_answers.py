"""Agreement asked of a desk: the two sides, the warnings, the figure, and the events behind a number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.analysis.coverage_world import events_of
from tests.star import FACTS
from tocsin.catalogue.answers.agreement import answer_agreement, behind_agreement
from tocsin.catalogue.behind import event_ids
from tocsin.catalogue.drawing.agreement import draw_agreement
from tocsin.catalogue.opening import open_desk
from tocsin.catalogue.subject import Answer, Asked, Subject, selection_of
from tocsin.cube import Events
from tocsin.desk import Definition, Desk, Group, Window, read_desk
from tocsin.errors import QuestionError
from tocsin.figures.write import svg
from tocsin.geo.gazetteer import load
from tocsin.ingest import add
from tocsin.schema import Span

FIRST = dt.date(2021, 1, 4)
DAY = dt.timedelta(days=1)
BEFORE, AFTER = (Span(FIRST + 140 * part * DAY, FIRST + (140 * part + 139) * DAY) for part in (0, 1))
ALL_DAYS = Span(BEFORE.first, AFTER.last)
SYRIA = Path(__file__).resolve().parents[2] / "../shared/data/ucdp_ged/syria_2016_2019.csv"


def rows(*, radio: int = 8, paper: int = 4, **more: Any) -> list[dict[str, Any]]:
    """Radio reports so many a week and Paper so many, one of them with Radio; half as many in the later twenty weeks."""
    found: list[dict[str, Any]] = []
    for week in range(40):
        day, part = FIRST + 7 * week * DAY, 1 if week < 20 else 2
        actors = ["Army", "IS" if week % 2 else "Rebels"]
        found += [{"date": day, "source": "Radio", "actors": actors}] * (radio // part)
        found += [{"date": day, "source": "Paper", "actors": actors}] * (paper // part - 1)
        found += [{"date": day, "source": "Paper; radio ", "actors": actors}]
    return [each | more for each in found]


def beside(**given: Events) -> Any:
    def events(name: str) -> Events:
        if name not in given:
            raise QuestionError(f'no data set "{name}" is loaded', next_step="Did you mean …?")
        return given[name]

    return events


def subject(
    own: Sequence[Mapping[str, Any]], *, groups: Mapping[str, Group] | None = None, **others: Events
) -> Subject:
    desk = Desk(
        title="Test",
        countries=("AFG",),
        definition=Definition(incidents=("Battles",)),
        groups=groups or {},
        windows={name: Window(first=w.first, last=w.last) for name, w in (("before", BEFORE), ("after", AFTER))},
    )
    return Subject(desk=desk, events=events_of(own, [ALL_DAYS]), gazetteer=load(), beside=beside(**others))


def other(
    own: Sequence[Mapping[str, Any]], *, covered: Span = ALL_DAYS, types: tuple[str, ...] = ("Clash",), **facts: Any
) -> Events:
    """Events of another source, which knows no type that the desk counts."""
    events = events_of(own, [covered])
    known = replace(FACTS, name="log", title="Our log", event_types=types, violent=("Clash",), precise=(), **facts)
    return replace(events, about=replace(events.about, dataset="our_log", facts=known))


def noted(answer: Answer, start: str) -> bool:
    return any(note.startswith(start) for note in answer.notes)


def test_a_source_against_the_rest() -> None:
    asked = Asked(against="source:RADIO")
    given = subject(rows())
    answer = answer_agreement(given, asked)
    first = answer.table.row(0, named=True)
    assert (first["one_incidents"], first["other_incidents"]) == (20 * 9 + 20 * 5, 20 * 3 + 20)
    assert "Radio: incidents that name it among their sources, alone or with others; the rest" in answer.definition
    assert answer.title == "Radio and the rest side by side, Afghanistan"
    assert answer.notes[0].startswith("Both fall; levels apart by a factor 3.")
    assert noted(answer, "Of 280 incidents that name Radio 40 name other sources too.")
    assert noted(answer, "Few weeks are common")
    assert noted(answer, "Few incidents: the rest has 80")
    drawn = svg(draw_agreement(given, asked, answer))
    assert "no change" in drawn
    assert ">Radio: 0.56" in drawn


def test_several_names_of_a_source_are_one() -> None:
    named = [*rows(), {"date": FIRST, "source": "Radio of the North"}, {"date": FIRST, "source": None}]
    answer = answer_agreement(subject(named), Asked(against="source:radio*"))
    assert answer.table["one_incidents"][0] == 281
    assert noted(answer, "radio*: sources named “Radio” and “Radio of the North”.")
    assert noted(answer, "1 of 362 incidents name no source and are on neither side.")
    both = answer_agreement(subject(named), Asked(against="source: Radio ; Radio of the North"))
    assert both.table["one_incidents"][0] == 281


def test_a_source_that_is_not_there_or_leaves_no_rest() -> None:
    for against, what, step in (
        ("source:Radoi", 'no source of these incidents is named "Radoi"', 'Did you mean "Radio"'),
        ("source:*", "there is no rest to compare with", "Name another source"),
        ("source: ;", "no source is named", "source:NAME"),
        ("", "it is not said what to compare with", "source:NAME"),
    ):
        with pytest.raises(QuestionError, match=what.replace("*", r"\*")) as raised:
            answer_agreement(subject(rows()), Asked(against=against))
        assert step in raised.value.next_step
    with pytest.raises(QuestionError, match="names no source of these incidents"):
        answer_agreement(subject(rows(source=None)), Asked(against="source:Radio"))


def test_a_lopsided_split_is_told() -> None:
    assert noted(
        answer_agreement(subject(rows(radio=80)), Asked(against="source:Radio")),
        "Radio has 96.8% of the incidents that name a source: what the rest says is of a small part.",
    )


def test_a_share_that_rounds_to_nothing_is_not_printed_as_nothing() -> None:
    own = [*rows(radio=400), {"date": FIRST, "source": "AFP", "actors": ["Army"]}]
    answer = answer_agreement(subject(own), Asked(against="source:AFP"))
    assert noted(
        answer, "AFP has less than 0.1% of the incidents that name a source: what AFP says is of a small part."
    )
    assert noted(
        answer, "AFP has 1 incident in the weeks compared, too few to say whether it tells the same; the rest falls"
    )


def test_a_peak_outside_both_windows_is_told() -> None:
    """A burst between the windows, which leaves the changes as they are."""
    windows = {
        "before": Window(first=BEFORE.first, last=FIRST + 69 * DAY),
        "after": Window(first=AFTER.first, last=AFTER.last),
    }
    burst = [{"date": FIRST + 77 * DAY, "source": "Paper", "actors": ["Army"]}] * 800
    quiet, loud = (subject(own) for own in (rows(), [*rows(), *burst]))
    answers = [
        answer_agreement(
            replace(one, desk=one.desk.model_copy(update={"windows": windows})), Asked(against="source:Radio")
        )
        for one in (quiet, loud)
    ]
    assert not noted(answers[0], "The highest average")
    assert noted(
        answers[1],
        "The highest average of 8 weeks of the rest, 103 a week in that of ",
    )


def test_another_data_set_has_its_own_types_actors_and_definition() -> None:
    groups = {
        "is": Group(label="Islamic State", actors=("IS", "Daesh")),
        "rebels": Group(label="Rebels", actors=("Rebels",)),
    }
    there = [each | {"type": "Clash", "actors": ["Daesh"], "date": each["date"] + DAY} for each in rows(radio=4)]
    said = "Its levels are not comparable with others."
    given = subject(rows(), groups=groups, our_log=other(there, cautions=(said, "Another caution.")))
    answer = answer_agreement(given, Asked(against="our_log"))
    assert answer.definition == (
        "Counted in Afghanistan, never added together: acled, events of type Battles; our log, events of type Clash; weeks begin on Monday."
    )
    assert answer.table["series"].to_list()[:2] == ["All incidents", "Islamic State"]
    assert noted(answer, 'Rebels: left out, since no actor of "our_log" has a name of the group')
    assert noted(answer, "our log: Islamic State: actors named “Daesh”.")
    assert said in answer.notes
    assert "Another caution." not in answer.notes
    assert noted(answer, "our log: Our log. none.")
    assert not any("can be matched" in note for note in answer.notes)


def test_the_desks_types_are_counted_where_the_other_data_set_knows_them() -> None:
    there = other(rows(radio=4), types=("Battles", "Clash"))
    answer = answer_agreement(subject(rows(), our_log=there), Asked(against="our_log"))
    assert "our log, events of type Battles" in answer.definition
    assert noted(answer, "100.0% of the incidents of our log can be matched with one of acled")
    # A log whose mapping says the types: what is in the data is known.
    mapped = other(rows(radio=4), types=())
    assert (
        "our log, events of type Battles"
        in answer_agreement(subject(rows(), our_log=mapped), Asked(against="our_log")).definition
    )


def test_weeks_that_only_one_covers_are_left_out_and_counted() -> None:
    there = other([each | {"type": "Clash"} for each in rows()], covered=Span(FIRST + 70 * DAY, AFTER.last))
    answer = answer_agreement(subject(rows(), our_log=there), Asked(against="our_log"))
    assert noted(answer, "Compared: the 30 of 40 whole weeks of 4 January 2021 – 10 October 2021 that both cover")
    nowhere = other(rows(), covered=Span(FIRST - 700 * DAY, FIRST - DAY))
    with pytest.raises(QuestionError, match="covered by both"):
        answer_agreement(subject(rows(), our_log=nowhere), Asked(against="our_log"))


def test_the_same_data_set_and_unknown_ones_are_refused() -> None:
    given = subject(rows())
    with pytest.raises(QuestionError, match='"acled" is the data set itself'):
        answer_agreement(given, Asked(against="acled"))
    with pytest.raises(QuestionError, match='no data set "nothing" is loaded'):
        answer_agreement(given, Asked(against="nothing"))
    with pytest.raises(QuestionError, match='no data set "nothing" is loaded'):
        answer_agreement(replace(given, beside=None), Asked(against="nothing"))


def test_one_group_alone() -> None:
    groups = {"is": Group(label="Islamic State", actors=("IS",))}
    answer = answer_agreement(subject(rows(), groups=groups), Asked(against="source:Radio", group="is"))
    assert answer.table["series"][0] == "Islamic State"
    assert answer.table["one_incidents"][0] == 10 * 9 + 10 * 5
    assert "involving Islamic State" in answer.definition


def test_the_events_behind_a_number() -> None:
    groups = {"is": Group(label="Islamic State", actors=("IS",))}
    given, asked = subject(rows(), groups=groups), Asked(against="source:Radio")
    table, selection = answer_agreement(given, asked).table, selection_of(given)

    def ids(kind: str, *columns: str) -> int:
        return len(event_ids(given, behind_agreement(given, asked, selection, table.filter(kind=kind), columns)))

    first = table.row(0, named=True)
    assert ids("all", "one_incidents") == first["one_incidents"]
    assert ids("all", "other_mean") == first["other_incidents"]
    assert ids("all", "levels") == first["one_incidents"] + first["other_incidents"]
    assert ids("all", "one_before") == 20 * 9
    assert ids("all", "parting_p") == first["one_incidents"] + first["other_incidents"]
    assert ids("group", "one_incidents") == table.filter(kind="group")["one_incidents"][0]


def test_of_another_data_set_no_events_are_behind() -> None:
    given, asked = (
        subject(rows(), our_log=other([each | {"type": "Clash"} for each in rows()])),
        Asked(against="our_log"),
    )
    table, selection = answer_agreement(given, asked).table, selection_of(given)
    assert behind_agreement(given, asked, selection, table.head(1), ["other_mean"]).spans == ()
    both = behind_agreement(given, asked, selection, table.head(1), ["levels"])
    assert len(event_ids(given, both)) == table["one_incidents"][0]


MAPPING = """
dataset = "our-log"
title = "Our incident log"
licence = "internal"
citation = "Us"
violent = ["Clash"]
country = "SYR"
event_type = "Clash"

[columns]
event_date = "date_start"
longitude = "longitude"
latitude = "latitude"

[dates]
format = "%Y-%m-%d"
"""


@pytest.mark.skipif(not SYRIA.exists(), reason="the UCDP file of Syria is not there")
def test_two_data_sets_of_a_desk_and_the_real_split_by_sohr(tmp_path: Path) -> None:
    real = pl.read_csv(SYRIA, columns=["date_start", "longitude", "latitude"], infer_schema_length=0)
    real.gather_every(3).write_csv(tmp_path / "log.csv")
    (tmp_path / "log.toml").write_text(MAPPING, encoding="utf-8")
    desk_file = Path(__file__).resolve().parents[2] / "desks/syria-2016-2019/desk.toml"
    (tmp_path / "desk.toml").write_text(desk_file.read_text(encoding="utf-8"), encoding="utf-8")
    desk = read_desk(tmp_path)
    add(desk, SYRIA)
    add(desk, tmp_path / "log.csv", mapping=tmp_path / "log.toml")
    with open_desk(tmp_path) as given:
        answer = answer_agreement(given, Asked(against="our-log"))
        assert answer.notes[0].startswith(
            "Both fall; levels apart by a factor 3.0, UCDP the higher; changes move together (1.00, 0.99 to 1.00); in the same "
        )
        assert noted(
            answer, "An event of UCDP is an incident with at least one death, so its levels are not comparable"
        )
        assert any("of the incidents of our-log can be matched with one of UCDP" in note for note in answer.notes)
        with pytest.raises(QuestionError, match='no data set "our-lgo" is loaded') as raised:
            answer_agreement(given, Asked(against="our-lgo"))
        assert 'Did you mean "our-log"?' in raised.value.next_step
        split = answer_agreement(given, Asked(against="source:SOHR"))
    assert split.table["one_incidents"][0] == 15127
    assert split.notes[0] == (
        "Both fall; levels apart by a factor 11.7, SOHR the higher; changes do not move together beyond chance (0.02, −0.21 to 0.25); a "
        "lag can not be told; they part in Ar Raqqah and for Government of Syria and Syrian insurgents."
    )
