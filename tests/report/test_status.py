"""The status of a desk says yes where a question can be answered, and otherwise what is missing."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tests.report.conftest import HEAD, rewrite
from tocsin.desk import Desk, read_desk
from tocsin.ingest import add
from tocsin.report.status import Part, status_of
from tocsin.simulate import world

# The data begin on 1 January 2018 and end on 31 December 2023.
BEFORE = '[windows.before]\nfirst = 2016-01-01\nlast = 2016-12-31\nlabel = "long ago"\n'
AFTER = "[windows.after]\nfirst = 2019-01-01\nlast = 2019-12-31\n"


def answers(part: Part) -> dict[str, str]:
    return {row["question"]: row["answer"] for row in part.rows}


def test_all_is_there(desk: Desk) -> None:
    (part,) = status_of(desk)
    said = answers(part)
    assert said.pop("agreement") == 'yes, with --against "source:NAME"'
    # Without windows the last year is compared with the one before; groups are the desk's alone.
    assert {said.pop(name) for name in ("claims", "initiator")} == {"no: the desk has no groups to count for"}
    assert set(said.values()) == {"yes"}
    assert part.notes[0].startswith("Vintage 1: data as of 1 August 2022; 2,000 rows read, 0 of them set aside")


def test_a_window_without_data_is_named(desk: Desk) -> None:
    said = answers(status_of(rewrite(desk, HEAD + BEFORE + AFTER))[0])
    for question in ("comparison", "concentration", "spread"):
        assert said[question] == "no: the data cover no day of long ago (1 January 2016 – 31 December 2016)"
    assert said["weekly"] == "yes"


def test_a_window_covered_in_part_says_how_much(desk: Desk) -> None:
    said = answers(status_of(rewrite(desk, HEAD + BEFORE.replace("last = 2016", "last = 2018") + AFTER))[0])
    assert (
        said["comparison"]
        == "in part: the data cover 365 of 1,096 days of long ago (1 January 2016 – 31 December 2018)"
    )


def test_the_windows_of_a_figure_count_too(desk: Desk) -> None:
    later = AFTER.replace("after", "later").replace("2019", "2020")
    figure = '[[figures]]\nid = "map"\nquestion = "concentration"\nwindows = ["before"]\n'
    text = HEAD + 'compare = ["after", "later"]\n' + BEFORE + AFTER + later + figure
    said = answers(status_of(rewrite(desk, text))[0])
    assert said["comparison"] == "yes"
    assert "no day of long ago" in said["concentration"]


def test_a_period_without_data_or_without_a_whole_week(desk: Desk) -> None:
    said = answers(status_of(rewrite(desk, HEAD + "[period]\nfirst = 2016-01-01\nlast = 2016-12-31\n"))[0])
    assert said["weekly"].startswith("no: the data cover no day of the period")
    # A Tuesday and the Wednesday of the week after.
    said = answers(status_of(rewrite(desk, HEAD + "[period]\nfirst = 2018-01-02\nlast = 2018-01-10\n"))[0])
    assert said["weekly"] == "no: the data cover no whole week of the period (2 January 2018 – 10 January 2018)"
    assert said["actors"] == "yes"


def test_event_types_that_the_data_lack(desk: Desk) -> None:
    said = answers(status_of(rewrite(desk, HEAD + '[definition]\nincidents = ["Batles"]\n'))[0])
    assert 'no: desk.toml counts the event type "Batles"' in said["weekly"]


def test_names_of_a_group_that_are_not_in_the_data(desk: Desk) -> None:
    groups = (
        '[groups.some]\nlabel = "S"\nactors = ["synthetic front *", "Gone Front"]\n'
        '[groups.none]\nlabel = "N"\nactors = ["Gone Front", "Lost Front*"]\n'
    )
    notes = status_of(rewrite(desk, HEAD + groups))[0].notes
    assert "Group some: “Gone Front” is not in the data; its other names are." in notes
    assert "Group none: none of its names is in the data; tocsin table actors lists those that are." in notes


def test_a_data_set_younger_than_the_day_does_not_stop_the_others(desk: Desk) -> None:
    world(events=300, seed=4, countries=["AFG"]).write_csv(desk.folder / "more.csv")
    (desk.folder / "log.csv").write_text("when,what\n2021-11-17,x\n", encoding="utf-8")
    (desk.folder / "log.toml").write_text(
        'dataset = "log"\ncountry = "AFG"\n[columns]\nevent_date = "when"\nevent_type = "what"\n', encoding="utf-8"
    )
    add(desk, desk.folder / "log.csv", mapping=desk.folder / "log.toml", dated=dt.date(2023, 1, 1))
    add(desk, desk.folder / "more.csv", dated=dt.date(2024, 1, 1))
    first, second = status_of(read_desk(desk.folder), as_of=dt.date(2022, 12, 31))
    assert first.notes[0].startswith("Vintage 1: data as of 1 August 2022; 2,000 rows read")
    assert (second.heading, second.rows) == ("log", [])
    assert second.notes == ("Nothing was known on 31 December 2022: the oldest vintage is dated 1 January 2023.",)
    now = status_of(read_desk(desk.folder))
    assert now[0].notes[0].startswith("Vintages 1 and 3; the newest: data as of 1 January 2024; 2,300 rows read")
    assert len(now) == 2


@pytest.mark.parametrize("day", [dt.date(2022, 8, 1), None])
def test_events_are_those_that_stood_on_the_day(desk: Desk, day: dt.date | None) -> None:
    rows = world(events=2000, seed=3, countries=["AFG"])
    half = rows.gather_every(2)
    half.write_csv(desk.folder / "half.csv")
    add(desk, desk.folder / "half.csv", dated=dt.date(2024, 1, 1), complete=True)
    after = rows.filter(pl.col("event_date") > half["event_date"].max())
    standing = 2000 if day else half.height + after.height
    assert status_of(desk, as_of=day)[0].heading == f"acled: {standing:,} events"


def test_questions_of_many_weeks_say_how_many_they_need(desk: Desk) -> None:
    said = answers(status_of(rewrite(desk, HEAD + "[period]\nfirst = 2018-01-01\nlast = 2018-05-20\n"))[0])
    assert said["weekly"] == said["trend"] == "yes"
    wanted = "no: the data cover 20 whole weeks (it needs 44) of the period (1 January 2018 – 20 May 2018)"
    assert said["watch"] == wanted
    said = answers(status_of(rewrite(desk, HEAD + "[period]\nfirst = 2018-01-01\nlast = 2018-01-14\n"))[0])
    assert "2 whole weeks (it needs 13)" in said["trend"]
