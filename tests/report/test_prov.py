"""The provenance is PROV-JSON in its structure, and every number can be followed back to a file and who published it."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest

from tests.report.test_manifest import FOUND, about, asked
from tocsin.findings.found import Found
from tocsin.findings.signed import Signed
from tocsin.report.manifest import Manifest, manifest
from tocsin.report.prov import PREFIXES, prov, written

# Of each relation: its two ends, what kind of thing each is, and whether both must be there (PROV-JSON, section 3).
RELATIONS = {
    "wasGeneratedBy": {"prov:entity": "entity", "prov:activity": "activity"},
    "used": {"prov:activity": "activity", "prov:entity": "entity"},
    "wasDerivedFrom": {"prov:generatedEntity": "entity", "prov:usedEntity": "entity"},
    "wasAssociatedWith": {"prov:activity": "activity", "prov:agent": "agent"},
    "wasAttributedTo": {"prov:entity": "entity", "prov:agent": "agent"},
}
KINDS = ("entity", "activity", "agent")
QUALIFIED = re.compile(r"([a-z]+):((?:[A-Za-z0-9_.\-/]|%[0-9A-F]{2})*[A-Za-z0-9_\-/]|(?:%[0-9A-F]{2})+)")
SIGNED = Signed(
    signed_by="A. N. Analyst",
    signed_at=dt.datetime(2022, 8, 3, tzinfo=dt.UTC),
    tocsin="0.1.0",
    dataset="made",
    as_of=None,
    vintages=(),
    findings={},
)
INPUTS = {"desk.toml": "a" * 64, "findings.toml": "b" * 64, "report.md": "c" * 64}
OUTPUTS = {"report.html": "d" * 64, "events/before.mean.txt": "e" * 64, "my figure é.svg": "f" * 64}


def pinned(found: dict[str, Found]) -> Manifest:
    return manifest(found, about=about(), inputs=INPUTS, outputs=OUTPUTS)


@pytest.fixture
def graph() -> dict[str, Any]:
    record = prov(FOUND, title="Afghanistan", about=about(), pinned=pinned(FOUND), signed=SIGNED)
    read: dict[str, Any] = json.loads(written(record))
    return read


def bonds(graph: dict[str, Any], relation: str) -> set[tuple[str, str]]:
    one, other = RELATIONS[relation]
    return {(record[one], record[other]) for record in graph[relation].values()}


def test_its_structure_is_that_of_prov_json(graph: dict[str, Any]) -> None:
    assert set(graph) == {"prefix", *KINDS, *RELATIONS}
    for kind in KINDS:
        for name, record in graph[kind].items():
            for key in (name, *record):
                match = QUALIFIED.fullmatch(key)
                assert match, key
                assert match[1] in {*graph["prefix"], "prov", "xsd"}
            for value in record.values():
                if isinstance(value, dict):
                    assert set(value) == {"$", "type"}
                    assert isinstance(value["$"], str)
                    assert value["type"].split(":")[0] in ("xsd", "prov")
                else:
                    assert isinstance(value, str | int | float | bool)
    for relation, ends in RELATIONS.items():
        for name, record in graph[relation].items():
            assert name.startswith("_:")
            assert set(record) == set(ends)


def test_every_name_that_is_used_is_declared(graph: dict[str, Any]) -> None:
    for relation, ends in RELATIONS.items():
        assert graph[relation]
        for record in graph[relation].values():
            for end, kind in ends.items():
                assert record[end] in graph[kind]
    names = [name for kind in KINDS for name in graph[kind]]
    assert len(names) == len(set(names))
    assert graph["prefix"] == PREFIXES


def test_a_number_leads_back_to_the_file_and_its_publisher(graph: dict[str, Any]) -> None:
    derived, attributed = bonds(graph, "wasDerivedFrom"), bonds(graph, "wasAttributedTo")
    assert ("finding:drop", "finding:before.mean") in derived
    assert ("finding:before.mean", "vintage:key2") in derived
    (file,) = [source for entity, source in derived if entity == "vintage:key2"]
    assert graph["entity"][file]["tocsin:sha256"] == f"{2:064x}"
    assert graph["entity"][file]["prov:label"] == "events 2.csv"
    (publisher,) = [agent for entity, agent in attributed if entity == file]
    assert graph["agent"][publisher]["prov:label"] == "The Made-up House"


def test_made_up_events_are_attributed_to_no_publisher(graph: dict[str, Any]) -> None:
    file = f"vintage:file-{1:064x}"
    (origin,) = [agent for entity, agent in bonds(graph, "wasAttributedTo") if entity == file]
    assert graph["agent"][origin]["prov:label"].startswith("A generator of synthetic events")
    assert "dcterms:license" not in graph["entity"][file]
    assert graph["entity"][f"vintage:file-{2:064x}"]["dcterms:license"] == "as is"


def test_a_cited_figure_leads_to_its_publication_and_to_no_data(graph: dict[str, Any]) -> None:
    (source,) = [source for entity, source in bonds(graph, "wasDerivedFrom") if entity == "finding:un"]
    assert graph["entity"][source]["dcterms:title"] == "UN, 15 June 2022"
    assert "finding:un" not in {entity for entity, _ in bonds(graph, "wasGeneratedBy")}


def test_the_same_question_is_one_activity_and_another_is_another() -> None:
    found = {
        "a": asked("a"),
        "b": asked("b", definition={"take": "after_mean"}),
        "c": asked("c", definition={"with": {"group": "nrf"}}),
    }
    graph = prov(found, title="T", about=about(), pinned=pinned(found))
    made = dict(bonds(graph, "wasGeneratedBy"))
    assert made["finding:a"] == made["finding:b"] != made["finding:c"]


def test_values_are_exact_and_a_failure_says_why(graph: dict[str, Any]) -> None:
    entity = graph["entity"]
    assert entity["finding:before.mean"]["prov:value"] == {"$": "245.3", "type": "xsd:double"}
    assert entity["finding:top"]["prov:value"] == "Kabul"
    assert "prov:value" not in entity["finding:bad"]
    assert entity["finding:bad"]["tocsin:reason"].endswith("divides by zero")


def test_who_signed_is_a_person_and_the_rest_is_the_software(graph: dict[str, Any]) -> None:
    people = [name for name, record in graph["agent"].items() if record["prov:type"]["$"] == "prov:Person"]
    assert [graph["agent"][name]["prov:label"] for name in people] == ["A. N. Analyst"]
    assert ("desk:signed.json", people[0]) in bonds(graph, "wasAttributedTo")
    assert graph["activity"]["step:sign"]["prov:endTime"] == "2022-08-03T00:00:00+00:00"
    assert graph["activity"]["step:load-key1"]["prov:endTime"] == "2022-08-01T12:30:00+00:00"


def test_every_output_is_made_by_the_build_from_the_text(graph: dict[str, Any]) -> None:
    outputs = [name for name in graph["entity"] if name.startswith("out:")]
    assert len(outputs) == len(OUTPUTS)
    assert {(name, "step:build") for name in outputs} <= bonds(graph, "wasGeneratedBy")
    assert {(name, "desk:report.md") for name in outputs} <= bonds(graph, "wasDerivedFrom")


def test_a_report_without_data_is_still_whole() -> None:
    found = {"un": FOUND["un"]}
    bare = manifest(found, about=None, inputs={}, outputs={})
    graph = prov(found, title="T", about=None, pinned=bare)
    assert set(graph["agent"]) == {"who:software"}
    assert "wasAttributedTo" not in graph


def test_the_same_report_gives_the_same_bytes() -> None:
    made = [written(prov(FOUND, title="T", about=about(), pinned=pinned(FOUND))) for _ in range(2)]
    assert made[0] == made[1]
