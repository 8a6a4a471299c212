"""Where does each number of a report come from, in the words of W3C PROV? Written as PROV-JSON.

Source:
    Moreau and Missier (2013), PROV-DM, W3C Recommendation; Huynh et al. (2013), The PROV-JSON Serialization, W3C Member Submission.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.desk import FILE_NAME as DESK
from tocsin.findings.definition import FILE_NAME as FINDINGS
from tocsin.findings.definition import Finding
from tocsin.findings.found import Found
from tocsin.findings.signed import FILE_NAME as SIGNED
from tocsin.findings.signed import Signed, plain
from tocsin.report.export import as_json
from tocsin.report.manifest import Manifest
from tocsin.report.text import FILE_NAME as TEXT
from tocsin.schema import Provenance, Vintage

FILE_NAME = "prov.json"

PREFIXES: Mapping[str, str] = {
    "desk": "urn:tocsin:desk:",  # files of the desk
    "vintage": "urn:tocsin:vintage:",  # loads of the data, by their keys
    "finding": "urn:tocsin:finding:",
    "cited": "urn:tocsin:cited:",  # publications that a figure is cited from
    "out": "urn:tocsin:out:",  # files of the output
    "step": "urn:tocsin:step:",  # what was done
    "who": "urn:tocsin:who:",
    "tocsin": "urn:tocsin:terms:",
    "dcterms": "http://purl.org/dc/terms/",
}
_SOFTWARE, _BUILD, _SIGN = "who:software", "step:build", "step:sign"
_ROLES: Mapping[str, tuple[str, str]] = {
    "wasGeneratedBy": ("prov:entity", "prov:activity"),
    "used": ("prov:activity", "prov:entity"),
    "wasDerivedFrom": ("prov:generatedEntity", "prov:usedEntity"),
    "wasAssociatedWith": ("prov:activity", "prov:agent"),
    "wasAttributedTo": ("prov:entity", "prov:agent"),
}

Record = dict[str, Any]


@dataclass(frozen=True)
class _Graph:
    """Things and what binds them, each said once."""

    things: dict[str, dict[str, Record]] = field(default_factory=lambda: {"entity": {}, "activity": {}, "agent": {}})
    bonds: dict[str, dict[tuple[str, str], Record]] = field(default_factory=lambda: {name: {} for name in _ROLES})

    def thing(self, kind: str, name: str, **said: object) -> str:
        """An entity, activity or agent; `dcterms_title` stands for dcterms:title."""
        record = {key.replace("_", ":", 1): value for key, value in said.items() if value not in (None, "")}
        self.things[kind].setdefault(name, record)
        return name

    def bind(self, relation: str, one: str, other: str) -> None:
        first, second = _ROLES[relation]
        self.bonds[relation][one, other] = {first: one, second: other}

    def written(self) -> Record:
        bonds = {
            relation: {f"_:{relation}{number}": record for number, record in enumerate(records.values(), start=1)}
            for relation, records in self.bonds.items()
        }
        return {"prefix": dict(PREFIXES), **{kind: found for kind, found in {**self.things, **bonds}.items() if found}}


def prov(
    found: Mapping[str, Found], *, title: str, about: Provenance | None, pinned: Manifest, signed: Signed | None = None
) -> Record:
    """The provenance of a report as PROV-JSON; the same report gives the same.

    Args:
        found: Its findings by name.
        title: Of the report.
        about: The data that were counted; None where none were.
        pinned: Its manifest, with all outputs but this one.
        signed: The signed state, where there is one.
    """
    graph = _Graph()
    graph.thing(
        "agent", _SOFTWARE, prov_type=_name("prov:SoftwareAgent"), prov_label="Tocsin", tocsin_version=pinned.tocsin
    )
    files = {
        name: graph.thing("entity", f"desk:{_local(name)}", **_file(name, digest))
        for name, digest in pinned.inputs.items()
    }
    loads = _data(graph, about) if about else []
    _done(graph, _BUILD, f"Build of “{title}”")
    for one in found.values():
        against = [load for other in one.beside for load in _data(graph, other)]
        _found(graph, one, [*loads, *against], files, event_ids=pinned.findings[one.name].event_ids)
        graph.bind("used", _BUILD, _entity(one.name))
    if signed:
        _signature(graph, signed)
    for name in files.values():
        graph.bind("used", _BUILD, name)
    for name, digest in pinned.outputs.items():
        made = graph.thing("entity", f"out:{_local(name)}", **_file(name, digest))
        graph.bind("wasGeneratedBy", made, _BUILD)
        graph.bind("wasAttributedTo", made, _SOFTWARE)
        if TEXT in files:
            graph.bind("wasDerivedFrom", made, files[TEXT])
    return graph.written()


def written(record: Record) -> bytes:
    """PROV-JSON as a file."""
    return f"{as_json(record)}\n".encode()


def _data(graph: _Graph, about: Provenance) -> list[str]:
    """The files that were loaded, who published them, and the loads; gives the loads."""
    return [_load(graph, vintage, about) for vintage in about.vintages]


def _origin(graph: _Graph, about: Provenance, *, synthetic: bool) -> str:
    """Who a file comes from: made-up events come from no publisher, whatever format they are written in."""
    if synthetic:
        label = f"A generator of synthetic events in the format of {about.facts.title}"
        return graph.thing("agent", "who:generator", prov_type=_name("prov:SoftwareAgent"), prov_label=label)
    publisher = about.facts.publisher or about.dataset
    name = f"who:publisher-{_local(publisher)}"
    return graph.thing("agent", name, prov_type=_name("prov:Organization"), prov_label=publisher)


def _load(graph: _Graph, vintage: Vintage, about: Provenance) -> str:
    file = graph.thing(
        "entity",
        f"vintage:file-{vintage.digest}",
        **_file(vintage.file, vintage.digest),
        dcterms_license=None if vintage.synthetic else about.facts.licence,
        dcterms_bibliographicCitation=None if vintage.synthetic else about.facts.citation,
    )
    load = graph.thing(
        "entity",
        f"vintage:{_local(vintage.key)}",
        prov_label=f"Vintage {vintage.number} of {vintage.dataset}",
        tocsin_number=vintage.number,
        tocsin_dataDate=_typed(vintage.data_date.isoformat(), "xsd:date"),
        tocsin_rows=vintage.rows,
        tocsin_events=vintage.events,
        tocsin_synthetic=vintage.synthetic,
    )
    # The moment of a load is that at which it was done; PROV wants no more than that it has an end.
    at = _instant(vintage.loaded_at)
    step = _done(graph, f"step:load-{_local(vintage.key)}", f"Load of {vintage.file}", prov_endTime=at)
    graph.bind("used", step, file)
    graph.bind("wasGeneratedBy", load, step)
    graph.bind("wasDerivedFrom", load, file)
    graph.bind("wasAttributedTo", file, _origin(graph, about, synthetic=vintage.synthetic))
    return load


def _found(graph: _Graph, one: Found, loads: list[str], files: Mapping[str, str], *, event_ids: str) -> None:
    """A finding's value, and the question, the arithmetic or the publication that it comes from."""
    entity = graph.thing(
        "entity",
        _entity(one.name),
        prov_label=one.finding.label or one.name,
        prov_value=_value(one),
        tocsin_printed=one.with_unit,
        tocsin_definition=one.words,
        tocsin_reason=one.reason,
        tocsin_events=len(one.event_ids),
        tocsin_eventIds=event_ids if one.event_ids else None,
    )
    if one.finding.value is not None:
        source = _digest(one.finding.source)
        graph.bind("wasDerivedFrom", entity, graph.thing("entity", f"cited:{source}", dcterms_title=one.finding.source))
        return
    if one.finding.compute is not None:
        step = _done(graph, f"step:compute-{_local(one.name)}", one.finding.compute)
        sources = [_entity(name) for name in one.uses]
    else:
        step = _done(
            graph, _question(one.finding), f"Question “{one.finding.ask}”", tocsin_arguments=_arguments(one.finding)
        )
        sources = loads
        if DESK in files:
            graph.bind("used", step, files[DESK])
    if FINDINGS in files:
        graph.bind("used", step, files[FINDINGS])
    graph.bind("wasGeneratedBy", entity, step)
    for source in sources:
        graph.bind("used", step, source)
        graph.bind("wasDerivedFrom", entity, source)


def _signature(graph: _Graph, signed: Signed) -> None:
    person = graph.thing(
        "agent", f"who:person-{_local(signed.signed_by)}", prov_type=_name("prov:Person"), prov_label=signed.signed_by
    )
    state = graph.thing("entity", f"desk:{SIGNED}", prov_label=SIGNED)
    graph.thing("activity", _SIGN, prov_label="Signing of the findings", prov_endTime=_instant(signed.signed_at))
    graph.bind("wasAssociatedWith", _SIGN, person)
    graph.bind("wasGeneratedBy", state, _SIGN)
    graph.bind("wasAttributedTo", state, person)
    graph.bind("used", _BUILD, state)


def _done(graph: _Graph, name: str, label: str, **said: object) -> str:
    """An activity of the software."""
    step = graph.thing("activity", name, prov_label=label, **said)
    graph.bind("wasAssociatedWith", step, _SOFTWARE)
    return step


def _entity(name: str) -> str:
    return f"finding:{_local(name)}"


def _question(finding: Finding) -> str:
    """The same for findings that ask the same: it is asked of the data once."""
    return f"step:ask-{_local(finding.ask or '')}-{_digest(_arguments(finding))}"


def _arguments(finding: Finding) -> str:
    return json.dumps(finding.arguments.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


def _value(one: Found) -> object:
    value = plain(one.value)
    return _typed(repr(value), "xsd:double") if isinstance(value, float) else value


def _file(name: str, digest: str) -> Record:
    return {"prov_label": name, "tocsin_sha256": digest}


def _name(name: str) -> Record:
    return _typed(name, "prov:QUALIFIED_NAME")


def _typed(value: str, kind: str) -> Record:
    return {"$": value, "type": kind}


def _instant(at: dt.datetime) -> str:
    """In UTC; an instant without a zone is taken to be in it already."""
    return (at.astimezone(dt.UTC) if at.tzinfo else at.replace(tzinfo=dt.UTC)).isoformat()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _local(text: str) -> str:
    """Any text as the local part of a qualified name: what may not stand there, as its bytes."""

    def spelled(found: re.Match[str]) -> str:
        return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))

    return re.sub(r"[^A-Za-z0-9_.\-/]|\.$", spelled, text)
