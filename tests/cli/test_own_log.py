"""A desk whose only data are an own log without sources, notes and coordinates: what falls away is said, and the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import run

LOG = """Datum,Art,Wer,Woher
2022-01-03,shooting,Gang,{}
2022-01-10,bomb,Gang,{}
2022-02-03,bomb,Other,{}
2022-03-03,bomb,Gang,{}
"""
MAPPING = """dataset = "log"
title = "Our log"
licence = ""
citation = ""
violent = ["bomb", "shooting"]
country = "AFG"
[columns]
event_date = "Datum"
event_type = "Art"
actor1 = "Wer"
source = "Woher"
"""
DESK = """title = "Made up"
countries = ["AFG"]
[groups.gang]
label = "Gang"
actors = ["Gang"]
[windows.early]
first = 2021-01-01
last = 2021-01-31
[windows.late]
first = 2022-01-01
last = 2022-02-28
"""


def desk(folder: Path, source: str) -> Path:
    (folder / "desk.toml").write_text(DESK)
    (folder / "log.csv").write_text(LOG.format(source, source, source, source))
    (folder / "mapping.toml").write_text(MAPPING)
    run("add", "log.csv", "--mapping", "mapping.toml", "--dated", "2022-04-01", folder=folder)
    return folder


def answers(folder: Path) -> dict[str, str]:
    lines = (line.split(maxsplit=1) for line in run("status", folder=folder).out.splitlines())
    return {line[0]: line[1].strip() for line in lines if len(line) == 2}


def test_what_falls_away_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = desk(tmp_path, "")
    told = answers(folder)
    for question in ("scales", "outlets", "mix", "panel"):
        assert told[question] == "no: the data lack source_scale and source"
    for question in ("position", "placement", "concentration"):
        assert told[question] == "no: the data lack longitude, latitude"
    for question in ("weekly", "dating", "attribution", "claims", "initiator"):
        assert told[question] == "yes"
        ran = run("table", question, folder=folder)
        assert len(ran.out.splitlines()) > 1
    for question in ("attribution", "claims", "initiator"):
        assert "The data have no notes" in run("table", question, folder=folder).err
        empty = run("table", question, "--window", "early", folder=folder).err
        assert "No incident is counted here" in empty
        assert "no notes" not in empty


@pytest.mark.parametrize("question", ["scales", "mix"])
def test_named_sources_go_on_where_their_scale_is_not_told(tmp_path: Path, question: str) -> None:
    folder = desk(tmp_path, "Radio")
    assert answers(folder)[question] == "in part: the data lack source_scale; ask --by source"
    run("table", question, folder=folder, code=1)
