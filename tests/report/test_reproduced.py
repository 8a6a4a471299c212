"""A report comes out of its manifest again to the last bit, whatever was loaded since; and what does not is told."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import run
from tests.findings.conftest import DAYS, DESK, WEEKS, rows_of, write_rows
from tocsin.errors import FindingError, StoreBusyError, StoreError
from tocsin.report import manifest as pinning
from tocsin.report.build import held
from tocsin.report.reproduced import Reproduced, reproduce

FINDINGS = """\
[before.mean]
ask = "comparison"
where = { series = "All incidents" }
take = "before_mean"
low = "before_low"
high = "before_high"
[after.mean]
ask = "comparison"
where = { series = "All incidents" }
take = "after_mean"
[fall]
compute = "before.mean / after.mean"
"""
TEXT = """\
# A report

Incidents fell from {before.mean} to {after.mean} a week, a [fivefold]{fall: 4.5 to 5.5} fall.

{cautions}
"""
FIGURE = '[[figures]]\nid = "figure-1"\nquestion = "weekly"\n'
LOG = 'dataset = "log"\ncountry = "AFG"\nevent_type = "Attack"\n[columns]\nevent_date = "when"\nactor1 = "who"\n'
ASSESSMENT = {f"assessment.{form}" for form in ("md", "html", "pdf", "docx")}

KILLED = """\
import os, signal, sys
from pathlib import Path
from tocsin.report import reproduced

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

reproduced.build = killed
reproduced.reproduce(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def add(folder: Path, name: str, weekly: list[int], day: str, *more: str) -> None:
    file = write_rows(folder.parent / name, rows_of(weekly))
    run("add", file, "--dated", day, "--covers", f"{DAYS.first}..{DAYS.last}", *more, folder=folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk whose report of July is kept in `july`; later copies of the data, and one of an earlier day, were loaded since."""
    folder = tmp_path_factory.mktemp("made") / "desk"
    folder.mkdir()
    (folder / "desk.toml").write_text(f'dataset = "acled"\n{DESK}{FIGURE}', encoding="utf-8")
    (folder / "findings.toml").write_text(FINDINGS, encoding="utf-8")
    (folder / "report.md").write_text(TEXT, encoding="utf-8")
    add(folder, "old.csv", [9] * 22, "2021-06-15")
    add(folder, "july.csv", WEEKS, "2021-07-01", "--complete")
    run("sign", "--who", "A. Analyst", folder=folder)
    run("report", "--allow-missing", folder=folder)
    (folder / "out").rename(folder / "july")
    add(folder, "later.csv", [8] * 9 + [3] * 4 + [4] * 9, "2021-09-01", "--complete")
    add(folder, "between.csv", [7] * 22, "2021-06-20", "--complete")
    (folder.parent / "log.csv").write_text("when,who\n2021-03-17,x\n", encoding="utf-8")
    (folder.parent / "log.toml").write_text(LOG, encoding="utf-8")
    run("add", folder.parent / "log.csv", "--mapping", folder.parent / "log.toml", folder=folder)
    return folder


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "desk")
    return tmp_path / "desk"


def again(desk: Path) -> Reproduced:
    return reproduce(desk, desk / "july" / "manifest.json")


def seal_anew(desk: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = desk / "july" / "manifest.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    values["seals"] = pinning._seals(values)
    values["digest"] = pinning._digest(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def test_a_report_comes_out_again_byte_for_byte_whatever_was_loaded_since(desk: Path) -> None:
    store = (desk / ".tocsin" / "store.duckdb").read_bytes()
    made = again(desk)
    assert (made.differences, made.beside, made.absent, made.words, made.software) == ((), (), (), (), ())
    assert made.numbers == 3
    assert made.page == desk / "rebuilt" / "report.html"
    july, rebuilt = (desk / name / "manifest.json" for name in ("july", "rebuilt"))
    assert rebuilt.read_bytes() == july.read_bytes()
    assert (desk / "rebuilt" / "prov.json").read_bytes() == (desk / "july" / "prov.json").read_bytes()
    assert made.files == len(pinning.read(july).outputs) > 10
    # Nothing else was touched, and nothing is left.
    assert (desk / ".tocsin" / "store.duckdb").read_bytes() == store
    assert not (desk / "out").exists()
    assert [each.name for each in (desk / ".tocsin").iterdir() if each.is_dir()] == ["files"]
    # The same data as now counted give other numbers: it is the manifest that makes the difference.
    run("report", "--allow-missing", folder=desk, code=1)
    now = pinning.read(desk / "out" / "manifest.json")
    assert now.findings["before.mean"].value == 8.0
    assert now.others == ("log",)


def test_a_value_that_was_never_so_is_told(desk: Path) -> None:
    seal_anew(desk, lambda values: values["findings"]["fall"].update(value=5.000000000000001))
    (wrong,) = again(desk).differences
    assert str(wrong) == "findings.fall.value: 5.000000000000001 then, 5.0 now"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda values: values["vintages"][1].update(events=7), "vintages.2.events"),
        (lambda values: values["findings"].pop("fall"), "findings.fall.value"),
        (lambda values: values["findings"]["fall"].update(event_ids="0" * 64), "findings.fall.event_ids"),
        (lambda values: values["outputs"].update({"more.txt": "0" * 64}), "outputs.more.txt"),
    ],
)
def test_anything_else_that_was_never_so_is_told(desk: Path, change: Callable[[Any], object], key: str) -> None:
    seal_anew(desk, change)
    assert key in {each.key for each in again(desk).differences}


def test_a_manifest_that_was_changed_is_not_believed(desk: Path) -> None:
    path = desk / "july" / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"value": 5.0', '"value": 6.0'), encoding="utf-8")
    with pytest.raises(FindingError, match=r"changed after it was written: findings\.fall"):
        again(desk)


@pytest.mark.parametrize("name", ["desk.toml", "findings.toml"])
def test_numbers_are_not_told_from_other_definitions(desk: Path, name: str) -> None:
    with (desk / name).open("a", encoding="utf-8") as file:
        file.write("\n# another\n")
    with pytest.raises(FindingError, match=f"{name} is not the one that the report was built from") as error:
        again(desk)
    assert f"git checkout STATE -- {name}" in error.value.next_step
    assert not (desk / "rebuilt").exists()


def test_numbers_are_told_though_the_text_and_the_signed_state_are_others_now(desk: Path) -> None:
    (desk / "report.md").write_text("{no.such.finding}", encoding="utf-8")
    (desk / "signed.json").unlink()
    made = again(desk)
    assert [(each.name, bool(each.now)) for each in made.words] == [("report.md", True), ("signed.json", False)]
    assert made.differing("findings") == made.differing("vintages") == 0
    assert {each.name for each in made.differences} == ASSESSMENT | {"findings.xlsx", "prov.json"}


def test_a_report_of_an_earlier_day_comes_out_again_though_it_was_signed_since(desk: Path) -> None:
    (desk / "signed.json").unlink()
    run("report", "--allow-missing", "--as-of", "2021-07-01", folder=desk)
    run("sign", "--who", "A. Analyst", "--as-of", "2021-07-01", folder=desk)
    path = desk / "out" / "manifest.json"
    pinned = pinning.read(path)
    assert str(pinned.as_of) == "2021-07-01"
    assert [each.file for each in pinned.vintages] == ["old.csv", "between.csv", "july.csv"]
    made = reproduce(desk, path)
    assert (made.differences, made.words) == ((), ())
    assert (desk / "rebuilt" / "manifest.json").read_bytes() == path.read_bytes()


def test_verdicts_on_a_state_that_was_signed_on_later_data_come_out_again(desk: Path) -> None:
    run("sign", "--who", "A. Analyst", "--as-of", "2021-07-01", folder=desk)
    run("report", "--allow-missing", "--as-of", "2021-06-20", folder=desk, code=1)
    path = desk / "out" / "manifest.json"
    assert [each.file for each in pinning.read(path).vintages] == ["old.csv", "between.csv"]
    assert reproduce(desk, path).differences == ()
    assert (desk / "rebuilt" / "manifest.json").read_bytes() == path.read_bytes()


def test_data_that_are_not_here_are_named_with_what_to_do(desk: Path) -> None:
    (lost,) = [each for each in pinning.read(desk / "july" / "manifest.json").vintages if each.file == "july.csv"]
    for note in (desk / ".tocsin" / "files").glob(f"{lost.digest}-{lost.key}.json"):
        note.unlink()
    with pytest.raises(StoreError, match=r"data of the report are not here: july\.csv as of 2021-07-01") as error:
        again(desk)
    assert lost.digest in error.value.what
    covered = f"--covers {DAYS.first}..{DAYS.last} --covers-country AFG"
    assert f"tocsin add --dated 2021-07-01 --complete {covered} FILE" in error.value.next_step
    shutil.rmtree(desk / ".tocsin")
    with pytest.raises(StoreError, match=r"old\.csv as of 2021-06-15 .*; july\.csv as of 2021-07-01"):
        again(desk)
    # As the error says to do it; the days of loading are in the manifest.
    add(desk, "old.csv", [9] * 22, "2021-06-15")
    add(desk, "july.csv", WEEKS, "2021-07-01", "--complete")
    assert again(desk).differences == ()


def test_the_command_that_is_advised_for_each_load_gives_it(tmp_path: Path) -> None:
    """Of a file with a mapping, for one country; of one that nobody dated; and of a list of withdrawn events."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "desk.toml").write_text(
        f'dataset = "log"\n{DESK}{FIGURE}'.replace('"AFG"', '"AFG", "TJK"'), encoding="utf-8"
    )
    mapping = tmp_path / "log.toml"
    mapping.write_text(LOG.replace("[columns]", '[columns]\nevent_id = "id"'), encoding="utf-8")
    contents = {
        "early.csv": "id,when,who\n1,2021-03-17,x\n2,2021-03-18,x\n",
        "undated.csv": "id,when,who\n2,2021-03-18,y\n3,2021-03-19,y\n",
        "gone.csv": "event_id\n3\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    read = ("--mapping", mapping)
    covers = ("--covers", f"{DAYS.first}..2021-03-31", "--covers-country", "AFG", "--complete")
    run("add", tmp_path / "early.csv", *read, "--dated", "2021-04-01", *covers, folder=folder)
    run("add", tmp_path / "undated.csv", *read, folder=folder)
    run("add", tmp_path / "gone.csv", "--withdrawn", "log", folder=folder)
    run("report", "--allow-missing", folder=folder)
    path = folder / "out" / "manifest.json"
    digests = {hashlib.sha256(content.encode()).hexdigest(): name for name, content in contents.items()}
    shutil.rmtree(folder / ".tocsin")
    (folder / ".tocsin").mkdir()
    done: list[str] = []
    while len(done) < len(contents):
        with pytest.raises(StoreError, match="data of the report are not here") as error:
            reproduce(folder, path)
        lost = next(digests[found] for found in re.findall("SHA-256 ([0-9a-f]{64})", error.value.what))
        command, _, named = error.value.next_step.partition("then: tocsin ")[2].partition(" (MAPPING: ")
        assert bool(named) == (lost != "gone.csv")
        assert not named or hashlib.sha256(mapping.read_bytes()).hexdigest() in named
        run(*command.replace("MAPPING", str(mapping)).replace("FILE", str(tmp_path / lost)).split(), folder=folder)
        done.append(lost)
    assert done == list(contents)
    assert reproduce(folder, path).differences == ()


AGREEMENT = """\
[levels]
ask = "agreement"
with = { against = "log" }
where = { kind = "all" }
take = "levels"
[twice]
compute = "2 * levels"
[plain]
ask = "comparison"
where = { series = "All incidents" }
take = "before_mean"
"""


def test_a_data_set_that_a_finding_was_set_against_is_pinned(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "desk.toml").write_text(f'dataset = "acled"\n{DESK}{FIGURE}', encoding="utf-8")
    (folder / "findings.toml").write_text(AGREEMENT, encoding="utf-8")
    (folder / "report.md").write_text("Levels: {levels}, twice {twice}, and {plain}.\n", encoding="utf-8")
    mapping = tmp_path / "log.toml"
    mapping.write_text(LOG, encoding="utf-8")

    def log(name: str, *days: dt.date) -> Path:
        path = tmp_path / name
        rows = "".join(f"{day},x\n" for day in days)
        path.write_text(f"when,who\n{rows}", encoding="utf-8")
        return path

    covers = ("--covers", f"{DAYS.first}..{DAYS.last}", "--mapping", mapping)
    every = [DAYS.first + dt.timedelta(days=number) for number in range(DAYS.days)]
    add(folder, "july.csv", WEEKS, "2021-07-01")
    other = log("log.csv", *every)
    run("add", other, "--dated", "2021-07-01", *covers, folder=folder)
    run("report", "--allow-missing", folder=folder)
    out = folder / "out"
    pinned = pinning.read(out / "manifest.json")
    assert [(each.dataset, each.file) for each in pinned.vintages] == [("acled", "july.csv"), ("log", "log.csv")]
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    assert pinned.vintages[1].digest == digest
    note = (out / "assessment.md").read_text(encoding="utf-8")
    for name, beside in (("levels", True), ("twice", True), ("plain", False)):
        (line,) = [line for line in note.splitlines() if line.startswith(f"[^f-{name}]:")]
        assert (digest[:12] in line) is beside
    record = json.loads((out / "prov.json").read_text(encoding="utf-8"))
    derived = {(each["prov:generatedEntity"], each["prov:usedEntity"]) for each in record["wasDerivedFrom"].values()}
    load = f"vintage:{pinned.vintages[1].key}"
    assert ("finding:levels", load) in derived
    assert ("finding:plain", load) not in derived
    assert (load, f"vintage:file-{digest}") in derived
    # What is loaded of it later is not looked at; and without it nothing comes out.
    (folder / "out").rename(folder / "july")
    run("add", log("more.csv", *every, *every[::2]), "--dated", "2021-08-01", "--complete", *covers, folder=folder)
    run("report", "--allow-missing", folder=folder)
    now = pinning.read(folder / "out" / "manifest.json")
    assert now.findings["levels"].value != pinned.findings["levels"].value
    assert again(folder).differences == ()
    (folder / ".tocsin" / "files" / f"{digest}-{pinned.vintages[1].key}.json").unlink()
    with pytest.raises(StoreError, match=r"not here: log\.csv as of 2021-07-01"):
        again(folder)


def test_a_figure_that_is_set_against_a_data_set_pins_it_too(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    figure = '[[figures]]\nid = "figure-1"\nquestion = "agreement"\nagainst = "log"\n'
    (folder / "desk.toml").write_text(f'dataset = "acled"\n{DESK}{figure}', encoding="utf-8")
    (tmp_path / "log.toml").write_text(LOG, encoding="utf-8")
    (tmp_path / "log.csv").write_text(
        "when,who\n" + "".join(f"{DAYS.first + dt.timedelta(days=number)},x\n" for number in range(DAYS.days)),
        encoding="utf-8",
    )
    add(folder, "july.csv", WEEKS, "2021-07-01")
    run("add", tmp_path / "log.csv", "--mapping", tmp_path / "log.toml", folder=folder)
    run("report", "--allow-missing", folder=folder)
    path = folder / "out" / "manifest.json"
    assert [each.dataset for each in pinning.read(path).vintages] == ["acled", "log"]
    assert reproduce(folder, path).differences == ()


def test_the_same_file_loaded_otherwise_is_not_taken_for_it(desk: Path) -> None:
    shutil.rmtree(desk / ".tocsin")
    add(desk, "old.csv", [9] * 22, "2021-06-15")
    add(desk, "july.csv", WEEKS, "2021-07-02", "--complete")
    with pytest.raises(StoreError, match=r"not here: july\.csv as of 2021-07-01") as error:
        again(desk)
    assert "Loaded otherwise than then: july.csv as of 2021-07-02" in error.value.next_step


def test_kept_files_that_are_gone_or_damaged_leave_the_last_output(desk: Path) -> None:
    again(desk)
    page = desk / "rebuilt" / "report.html"
    page.write_text("the last good one", encoding="utf-8")
    vintages = pinning.read(desk / "july" / "manifest.json").vintages
    first, second = (desk / ".tocsin" / "files" / f"{each.digest}.zst" for each in vintages)
    first.write_bytes(second.read_bytes())
    with pytest.raises(StoreError, match="was changed"):
        again(desk)
    first.unlink()
    with pytest.raises(StoreError, match=r"the kept file of old\.csv is gone"):
        again(desk)
    assert page.read_text(encoding="utf-8") == "the last good one"
    assert [each.name for each in (desk / ".tocsin").iterdir() if each.is_dir()] == ["files"]


def test_files_beside_the_manifest_are_held_against_it(desk: Path) -> None:
    (desk / "july" / "assessment.md").write_text("Nothing fell.", encoding="utf-8")
    (desk / "july" / "events" / "fall.csv").unlink()
    made = again(desk)
    assert made.differences == ()
    assert [each.name for each in made.beside] == ["assessment.md"]
    assert made.absent == ("events/fall.csv",)
    assert (desk / "rebuilt" / "events" / "fall.csv").exists()


def test_a_manifest_may_stand_alone(desk: Path) -> None:
    path = Path(shutil.copy(desk / "july" / "manifest.json", desk / "july.json"))
    made = reproduce(desk, path, out=desk / "july")
    assert (made.differences, made.beside, made.absent) == ((), (), ())
    assert made.page == desk / "july" / "report.html"
    assert (desk / "july" / "manifest.json").read_bytes() == path.read_bytes()


def test_one_of_the_first_form_gives_its_numbers(desk: Path) -> None:
    def first_form(values: dict[str, Any]) -> None:
        values["manifest"] = 1
        del values["others"], values["inputs"]["signed.json"]
        values["outputs"] = {name: values["outputs"][name] for name in ("events/fall.csv", "assessment.md")}
        for each in values["vintages"]:
            for key in ("dated", "complete", "covers", "loaded_at", "dataset", "covers_countries", "mapping"):
                del each[key]

    seal_anew(desk, first_form)
    made = again(desk)
    # It does not say which data sets were loaded too, and the text names them.
    assert [each.key for each in made.differences] == ["outputs.assessment.md"]
    assert (made.numbers, made.files) == (3, 2)


def test_one_that_was_killed_leaves_nothing_that_the_next_does_not_clear_up(desk: Path) -> None:
    path = desk / "july" / "manifest.json"
    done = subprocess.run([sys.executable, "-c", KILLED, desk, path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list((desk / ".tocsin").glob("again-*"))) == 1
    assert not (desk / "rebuilt").exists()
    # A load does not mind it.
    add(desk, "more.csv", [1] * 22, "2021-10-01")
    assert again(desk).differences == ()
    assert list((desk / ".tocsin").glob("again-*")) == []


def test_it_waits_for_no_other_build(desk: Path) -> None:
    with held(desk, out=desk / "out"), pytest.raises(StoreBusyError, match="being built already"):
        again(desk)


@pytest.mark.parametrize("named", ["own/units.geojson", "../units.geojson", "absolute"])
def test_boundaries_of_the_desks_own_are_pinned(tmp_path: Path, named: str) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    square = [[[68.0, 30.0], [74.0, 30.0], [74.0, 37.0], [68.0, 37.0], [68.0, 30.0]]]
    unit = {"unit_code": "AF-X", "unit_name": "All", "country": "AFG"}
    feature = {"type": "Feature", "properties": unit, "geometry": {"type": "Polygon", "coordinates": square}}
    name = str(tmp_path / "units.geojson") if named == "absolute" else named
    units = desk / name
    units.parent.mkdir(exist_ok=True)
    units.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    (desk / "desk.toml").write_text(f'{DESK}[places]\nboundaries = "{name}"\n{FIGURE}', encoding="utf-8")
    add(desk, "one.csv", WEEKS, "2021-07-01")
    run("report", "--allow-missing", folder=desk)
    path = desk / "out" / "manifest.json"
    assert list(pinning.read(path).inputs) == sorted(["desk.toml", name])
    assert reproduce(desk, path).differences == ()
    assert (desk / "rebuilt" / "manifest.json").read_bytes() == path.read_bytes()
    units.write_text(units.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(FindingError, match=r"units\.geojson is not the one"):
        reproduce(desk, path)
    assert units.exists()
