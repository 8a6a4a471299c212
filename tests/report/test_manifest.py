"""The manifest pins every value to its last bit, is seen to have been changed, and says what is not as it was."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.desk import Desk
from tocsin.errors import FindingError
from tocsin.findings.definition import Finding
from tocsin.findings.found import Found
from tocsin.report import manifest
from tocsin.report.manifest import Manifest
from tocsin.schema import Provenance, SourceFacts, Vintage

FACTS = SourceFacts(
    "made", "Made-up Events", "The Made-up House", "as is", "Cite it.", "", ("Battles",), ("Battles",), (1,), ()
)


def about(*, numbers: tuple[int, ...] = (1, 2)) -> Provenance:
    vintages = tuple(
        Vintage(
            number=number,
            dataset="made",
            source="made",
            file=f"events {number}.csv",
            digest=f"{number:064x}",
            data_date=dt.date(2022, 8, number),
            loaded_at=dt.datetime(2022, 8, number, 12, 30),  # noqa: DTZ001
            rows=10,
            events=9,
            rejects=1,
            span=None,
            complete=True,
            synthetic=number == 1,
            dated=True,
            added=9,
            changed=0,
            withdrawn=0,
            form="made",
            key=f"key{number}",
        )
        for number in numbers
    )
    return Provenance("made", FACTS, vintages, None, ())


def asked(name: str = "before.mean", **said: Any) -> Found:
    definition = {"ask": "comparison", "take": "before_mean", "unit": "a week", **said.pop("definition", {})}
    values = {"value": 245.30000000000001, "low": 230.5, "high": 1 / 3, "words": "What it is.", "about": about()}
    return Found(name, Finding(**definition), **{**values, "event_ids": ["A1", "A2"], **said})


FOUND = {
    "before.mean": asked(),
    "drop": Found(
        "drop", Finding(compute="before.mean / un", percent=True), value=0.1, uses=("before.mean", "un"), about=about()
    ),
    "un": Found("un", Finding(value=7430, source="UN, 15 June 2022"), value=7430.0),
    "day": asked("day", value=dt.date(2021, 8, 15), low=None, high=None),
    "top": asked("top", value="Kabul", low=None, high=float("inf")),
    "rows": asked("rows", value=pl.DataFrame({"a": [1.5, 2.0]}), holds=True),
    "bad": Found("bad", Finding(compute="un / (un - un)"), reason="un / (un - un) divides by zero"),
}


def pinned(found: dict[str, Found] | None = None) -> Manifest:
    outputs = {"report.pdf": "a" * 64, "events/before.mean.txt": "b" * 64}
    return manifest.manifest(found or FOUND, about=about(), inputs={"desk.toml": "c" * 64}, outputs=outputs)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    manifest.write(tmp_path / "manifest.json", pinned())
    return tmp_path / "manifest.json"


def edit(path: Path, change: Any) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def test_what_is_written_is_read_back_to_the_last_bit(path: Path) -> None:
    read = manifest.read(path)
    assert read == pinned()
    assert read.findings["before.mean"].value == 245.30000000000001
    assert read.findings["before.mean"].high == 1 / 3
    assert read.findings["day"].value == "2021-08-15"
    assert read.findings["rows"].value == "a\n1.5\n2.0\n"
    assert [each.key for each in read.vintages] == ["key1", "key2"]
    assert read.libraries["polars"] == pl.__version__
    assert manifest.compare(read, pinned()) == []
    assert manifest.software(read) == []


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_comes_back_as_it_was(value: float) -> None:
    one = {"x": asked("x", value=value)}
    again = Manifest.model_validate_json(pinned(one).model_dump_json())
    assert manifest.compare(again, pinned(one)) == []
    assert float(str(again.findings["x"].value)) == value


def test_writing_again_gives_the_same_bytes(path: Path) -> None:
    before = path.read_bytes()
    manifest.write(path, manifest.read(path))
    assert path.read_bytes() == before


CHANGES = {
    "findings.before.mean": lambda v: v["findings"]["before.mean"].update(value=245.3000000000001),
    "findings.un": lambda v: v["findings"].pop("un"),
    "findings.new": lambda v: v["findings"].update(new=v["findings"]["un"]),
    "outputs.report.pdf": lambda v: v["outputs"].update({"report.pdf": "d" * 64}),
    "inputs.desk.toml": lambda v: v["inputs"].update({"desk.toml": "d" * 64}),
    "libraries.polars": lambda v: v["libraries"].update(polars="0.1"),
    "vintages": lambda v: v["vintages"].pop(),
    "tocsin": lambda v: v.update(tocsin="9"),
    "more": lambda v: v.update(more="words"),
    "inputs": lambda v: v.update(inputs=None),
}


@pytest.mark.parametrize("key", CHANGES)
def test_a_change_is_seen_and_named(path: Path, key: str) -> None:
    edit(path, CHANGES[key])
    with pytest.raises(FindingError, match="was changed after it was written") as error:
        manifest.read(path)
    assert key in error.value.what
    assert error.value.where == str(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.update(digest="e" * 64),
        lambda v: v["seals"].update({"findings.un": "e" * 16}),
        lambda v: v.update(seals=[]),
    ],
)
def test_a_change_of_the_seals_is_seen(path: Path, change: Any) -> None:
    edit(path, change)
    with pytest.raises(FindingError, match="was changed after it was written"):
        manifest.read(path)


def resealed(values: dict[str, Any], change: Any) -> None:
    change(values)
    values["seals"] = manifest._seals(values)
    values["digest"] = manifest._digest(values)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda v: v["outputs"].update({"../../secret": "d" * 64}), "outputs"),
        (lambda v: v["outputs"].update({"/etc/passwd": "d" * 64}), "outputs"),
        (lambda v: v["findings"]["un"].update(value=[1]), "findings.un.value"),
        (lambda v: v["findings"]["un"].update(more=1), "findings.un.more"),
        (lambda v: v.update(vintages="none"), "vintages"),
        (lambda v: v["vintages"][0].update(number=0), "vintages.0.number"),
        (lambda v: v["vintages"][0].update(number=2), "vintages"),
        (lambda v: v["vintages"][0].update(key="key2"), "vintages"),
        (lambda v: v.update(manifest=0), "manifest"),
        (lambda v: v.pop("dataset"), "dataset"),
    ],
)
def test_a_foreign_one_that_seals_itself_is_still_not_believed(path: Path, change: Any, key: str) -> None:
    edit(path, lambda values: resealed(values, change))
    with pytest.raises(FindingError, match="no manifest that this version understands") as error:
        manifest.read(path)
    assert key in error.value.what


def test_one_of_a_later_version_says_so(path: Path) -> None:
    edit(path, lambda values: resealed(values, lambda v: v.update(manifest=4)))
    with pytest.raises(FindingError, match="form 4"):
        manifest.read(path)


def earlier(values: dict[str, Any]) -> None:
    """As the first form had it."""
    values.update(manifest=1)
    del values["others"]
    for each in values["vintages"]:
        for key in ("dated", "complete", "covers", "loaded_at"):
            del each[key]


def test_one_of_the_first_form_is_read_and_only_what_it_says_is_compared(path: Path) -> None:
    edit(path, lambda values: resealed(values, earlier))
    read = manifest.read(path)
    assert read.manifest == 1
    assert read.others is None
    assert manifest.compare(read, pinned()) == []
    later = pinned().model_copy(update={"outputs": {**pinned().outputs, "figures/figure-1.svg": "f" * 64}})
    assert manifest.compare(read, later) == []
    wrong = manifest.compare(read, pinned({**FOUND, "un": dataclasses.replace(FOUND["un"], value=7431.0)}))
    assert [each.key for each in wrong] == ["findings.un.value", "findings.un.printed"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"a": 1}', b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b"NaN"]
)
def test_what_is_no_manifest_is_an_error_that_names_the_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(FindingError, match="no manifest") as error:
        manifest.read(path)
    assert error.value.where == str(path)


def test_one_cut_short_or_not_there_is_an_error(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FindingError, match="only a part of one"):
        manifest.read(path)
    path.unlink()
    with pytest.raises(FindingError, match="can not be read"):
        manifest.read(path)


def test_what_is_not_as_it_was_is_listed_by_its_key() -> None:
    one = FOUND["before.mean"]
    now = {
        **FOUND,
        "before.mean": dataclasses.replace(one, value=245.30000000000004, event_ids=["A1", "A3"]),
        "new": FOUND["un"],
    }
    del now["un"]
    found = manifest.compare(pinned(), pinned(now))
    assert [(each.key, each.then, each.now) for each in found[:1]] == [
        ("findings.before.mean.value", "245.3", "245.30000000000004")
    ]
    keys = [each.key for each in found]
    assert keys[1] == "findings.before.mean.event_ids"
    assert "findings.un.value" in keys
    assert "findings.new.value" in keys
    assert "nothing now" in str(found[keys.index("findings.un.value")])
    assert {each.name for each in found} == {"before.mean", "un", "new"}


def test_loads_and_files_that_are_not_as_they_were_are_listed_too() -> None:
    then = pinned()
    first, second = then.vintages
    outputs = {"report.pdf": "f" * 64, "new.txt": "b" * 64}
    now = then.model_copy(update={"vintages": (first, second.model_copy(update={"events": 8})), "outputs": outputs})
    assert [(each.key, each.name) for each in manifest.compare(then, now)] == [
        ("vintages.2.events", "2"),
        ("outputs.report.pdf", "report.pdf"),
        ("outputs.events/before.mean.txt", "events/before.mean.txt"),
    ]


def test_long_values_are_cut_where_they_are_shown() -> None:
    assert str(manifest.Difference("findings.rows.value", "a" * 100, "")) == (
        f"findings.rows.value: {'a' * 80}… (100 characters) then, nothing now"
    )


def test_files_are_held_against_their_digests(tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_text("title")
    (tmp_path / "report.pdf").write_text("page")
    inputs = manifest.digests(tmp_path, ["desk.toml", "findings.toml"])
    outputs = manifest.digests(tmp_path, ["report.pdf"])
    made = manifest.manifest(FOUND, about=about(), inputs=inputs, outputs=outputs)
    assert list(inputs) == ["desk.toml"]
    assert manifest.verify(made, desk=tmp_path, out=tmp_path) == []
    (tmp_path / "desk.toml").write_text("another")
    (tmp_path / "report.pdf").unlink()
    found = manifest.verify(made, desk=tmp_path, out=tmp_path)
    assert [(each.key, bool(each.now)) for each in found] == [("inputs.desk.toml", True), ("outputs.report.pdf", False)]


def test_vintages_that_are_not_here_are_named() -> None:
    assert manifest.lacking(pinned(), {"key1", "key2", "key3"}) == []
    assert [each.key for each in manifest.lacking(pinned(), {"key1"})] == ["key2"]


def test_decisions_of_reviewers_are_inputs(tmp_path: Path) -> None:
    desk = Desk(title="A desk", countries=("AFG",), folder=tmp_path)
    assert not [name for name in manifest.inputs_of(desk) if name.startswith("review/")]
    (tmp_path / "review").mkdir()
    for name in ("initiator.ben.csv", "attribution.ana.csv", "notes.txt"):
        (tmp_path / "review" / name).write_text("", encoding="utf-8")
    assert manifest.inputs_of(desk)[-2:] == ("review/attribution.ana.csv", "review/initiator.ben.csv")
