"""desk.toml: what it may say, and what is said of one that is wrong."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tocsin.desk import Desk, find_desk, read_desk
from tocsin.errors import DeskError, did_you_mean, nearest
from tocsin.faults import PATTERNS, ordinal
from tocsin.sources import Mapping

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


def test_a_desk_is_counted_by_duckdb_unless_it_says_spark(tmp_path: Path) -> None:
    assert read_desk(desk(tmp_path, GOOD)).on_spark is None
    on_spark = 'engine = "spark"\n' + GOOD + '\n[spark]\nmaster = "spark://host:7077"\nmemory = "8g"\n'
    spark = read_desk(desk(tmp_path, on_spark)).on_spark
    assert spark is not None
    assert (spark.master, spark.memory, spark.local) == ("spark://host:7077", "8g", False)


def test_the_first_two_windows_are_compared_where_none_is_named(tmp_path: Path) -> None:
    read = read_desk(desk(tmp_path, GOOD.replace('compare = ["before", "after"]\n', "")))
    assert read.compared == ("before", "after")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("near_km = 20", "neer_km = 20", 6, "near_km"),
        ("near_km = 20", "near_km = -1", 6, "definition.near_km must be 0 or more, not -1"),
        ("last = 2017-12-31", "last = 2015-12-31", 8, "before first"),
        ("last = 2017-12-31", "last = 2017-02-31", None, "TOML"),
        ('actors = ["IS"]', 'actor = ["IS"]', None, "actors"),
        ('question = "weekly"', 'question = "weakly"', 22, "weekly"),
        ('group = "is"', 'group = "isis"', None, '"is"'),
        ('countries = ["SYR"]', 'countries = ["Syria"]', 2, 'three capital letters ("SYR"), not "Syria"'),
        ('compare = ["before", "after"]', 'compare = ["before"]', 3, "two windows"),
        ('compare = ["before", "after"]', 'compare = ["before", "afterr"]', None, '"after"'),
        ('title = "Syria"\n', "", None, "title"),
        ('title = "Syria"\n', 'title = "Syria"\nengine = "sparc"\n', 2, 'Did you mean "spark"'),
        ('title = "Syria"\n', 'title = "Syria"\nengin = "spark"\n', 2, 'Did you mean "engine"'),
        (
            "[windows.before]",
            '[spark]\nmaster = "yarn"\n[windows.before]',
            9,
            '"local[2]" or "spark://host:7077", not "yarn"',
        ),
        ("[windows.before]", '[spark]\nmaster = "spark://host"\n[windows.before]', 9, '"spark://host:7077"'),
        ("[windows.before]", '[spark]\nmemory = "8 GB"\n[windows.before]', 9, 'megabytes or gigabytes ("512m", "8g")'),
        ("[windows.before]", '[spark]\nmemroy = "8g"\n[windows.before]', 9, 'Did you mean "memory"'),
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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("first = 2016-01-01", 'first = "soon"', 'windows.before.first must be a day, written 2021-09-15, not "soon"'),
        ("first = 2016-01-01", "first = 20160101", "must be a day, written 2021-09-15, not 20160101"),
        ("first = 2016-01-01", "first = 2016-01-01T05:00:00", "must be a day"),
        ("near_km = 20", 'near_km = "ten"', 'definition.near_km must be a number, not "ten"'),
        ("near_km = 20", "near_km = nan", "must be 5000 or less, not nan"),
        ("near_km = 20", "average_weeks = 1.5", "definition.average_weeks must be a whole number, not 1.5"),
        ("near_km = 20", "average_weeks = 105", "must be 104 or less, not 105"),
        ("near_km = 20", 'week_starts = "Mon"', 'must be one of "Monday", "Tuesday", "Wednesday"'),
        ("near_km = 20", 'week_starts = "Mon"', 'Did you mean "Monday"'),
        ("near_km = 20", "precise = []", "definition.precise must be a list that is not empty, not an empty list"),
        ("near_km = 20", 'precise = [1, "b"]', 'the 2nd of definition.precise must be a whole number, not "b"'),
        ('actors = ["IS"]', 'actors = "IS"', 'groups.is.actors must be a list in square brackets, not "IS"'),
        ('title = "Syria"', "title = 5", "title must be text in quotes, not 5"),
        ('compare = ["before", "after"]', "places = 5", "places must be a table of keys and values, not 5"),
        ('question = "weekly"', 'question = "weakly"', '[[figures]] "one": question must be one of "weekly", "con'),
        ('question = "weekly"', "", '[[figures]] "one": the key "question" is missing'),
        ('id = "one"', "", 'the 1st [[figures]]: the key "id" is missing'),
        ('id = "one"', 'id = "One two"', '[[figures]] "One two": id must be small letters, digits and hyphens'),
        ('group = "is"', 'groop = "is"', '[[figures]] "one": the key "groop" is not known'),
        ('group = "is"', 'by = "group"', '[[figures]] "one": by = "group" draws a line for each of its groups'),
        ('group = "is"', '[[markers]]\ndate = "x"\nlabel = "x"', "the 1st [[markers]]: date must be a day"),
    ],
)
def test_a_fault_says_what_is_accepted_and_of_which_figure(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(DeskError) as caught:
        read_desk(desk(tmp_path, GOOD.replace(old, new)))
    assert said in str(caught.value)
    for strange in ("Input should", "valid", "Tuple", "figures.0", "[a-z0-9]"):
        assert strange not in str(caught.value)


@pytest.mark.parametrize("model", [Desk, Mapping])
def test_every_pattern_is_put_in_words(model: type[BaseModel]) -> None:
    def patterns(here: Any) -> list[str]:
        if isinstance(here, dict):
            return [each for key, value in here.items() for each in ([value] if key == "pattern" else patterns(value))]
        return [each for value in here for each in patterns(value)] if isinstance(here, list) else []

    assert set(patterns(model.model_json_schema())) <= set(PATTERNS)


def test_numbers_in_order() -> None:
    said = [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 112)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]


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
