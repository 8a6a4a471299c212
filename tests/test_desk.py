"""desk.toml: what it may say, and what is said of one that is wrong."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tocsin.desk import find_desk, read_desk
from tocsin.errors import DeskError, did_you_mean, nearest

GOOD = """\
title = "Syria"
countries = ["SYR"]
compare = ["before", "after"]

[definition]
near_km = 20

[windows.before]
first = 2016-01-01
last = 2017-12-31

[windows.after]
first = 2018-01-01
last = 2019-11-30

[groups.is]
label = "Islamic State"
actors = ["IS"]

[[figures]]
id = "one"
question = "weekly"
group = "is"
"""


def desk(folder: Path, text: str) -> Path:
    (folder / "desk.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_good_desk(tmp_path: Path) -> None:
    read = read_desk(desk(tmp_path, GOOD))
    assert read.windows["before"].span.days == 731
    assert read.compared == ("before", "after")
    assert read.definition.near_km == 20
    assert read.definition.average_weeks == 8
    assert read.memory == tmp_path / ".tocsin"


def test_the_first_two_windows_are_compared_where_none_is_named(tmp_path: Path) -> None:
    read = read_desk(desk(tmp_path, GOOD.replace('compare = ["before", "after"]\n', "")))
    assert read.compared == ("before", "after")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("near_km = 20", "neer_km = 20", 6, "near_km"),
        ("near_km = 20", "near_km = -1", 6, "greater than or equal to 0"),
        ("last = 2017-12-31", "last = 2015-12-31", 8, "before first"),
        ("last = 2017-12-31", "last = 2017-02-31", None, "TOML"),
        ('actors = ["IS"]', 'actor = ["IS"]', None, "actors"),
        ('question = "weekly"', 'question = "weakly"', 22, "weekly"),
        ('group = "is"', 'group = "isis"', None, '"is"'),
        ('countries = ["SYR"]', 'countries = ["Syria"]', 2, "[A-Z]{3}"),
        ('compare = ["before", "after"]', 'compare = ["before"]', 3, "two windows"),
        ('compare = ["before", "after"]', 'compare = ["before", "afterr"]', None, '"after"'),
        ('title = "Syria"\n', "", None, "title"),
    ],
)
def test_a_fault_names_its_place_and_the_nearest_key(
    tmp_path: Path, old: str, new: str, line: int | None, said: str
) -> None:
    with pytest.raises(DeskError) as caught:
        read_desk(desk(tmp_path, GOOD.replace(old, new)))
    assert said in str(caught.value)
    assert "desk.toml" in str(caught.value)
    if line:
        assert f"desk.toml:{line}" in str(caught.value)


def test_two_figures_need_two_names(tmp_path: Path) -> None:
    twice = GOOD + '\n[[figures]]\nid = "one"\nquestion = "weekly"\n'
    with pytest.raises(DeskError, match="same id"):
        read_desk(desk(tmp_path, twice))


def test_a_desk_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    inside = desk(tmp_path, GOOD) / "out" / "figures"
    inside.mkdir(parents=True)
    assert find_desk(inside) == tmp_path


def test_no_desk_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="tocsin new"):
        find_desk(tmp_path)


def test_a_desk_that_is_not_text_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_bytes(b"title = \xff\xfe")
    with pytest.raises(DeskError, match="UTF-8"):
        read_desk(tmp_path)


def test_nearest_names() -> None:
    assert nearest("Batles", ["Battles", "Riots"]) == ["Battles"]
    assert nearest("is", ["Islamic State", "SDF"]) == ["Islamic State"]
    assert did_you_mean("zzz", ["a", "b"]) == "Known: a, b."


def test_dates_are_days(tmp_path: Path) -> None:
    assert read_desk(desk(tmp_path, GOOD)).windows["after"].last == dt.date(2019, 11, 30)
