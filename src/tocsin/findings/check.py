"""Do the findings still hold? Each one now, beside what was signed off, and why it moved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from tocsin import __version__
from tocsin.catalogue import Subject
from tocsin.findings.evaluation import Evaluation, Plan
from tocsin.findings.found import Found, scaled
from tocsin.findings.signed import Signed, SignedFinding, definition_of, plain

Verdict = Literal["holds", "drifted", "broken", "can not be computed"]


@dataclass(frozen=True)
class Moved:
    """Why a value is not what was signed off; each cause counted apart.

    Args:
        by_definition: Change of the value, in the unit printed, by the changed definition alone, on the data as signed; None where it
            did not change, or where the value is no number.
        by_data: Change by the data alone, under the definition as it is now; likewise.
        definition: What changed of the definition: the keys.
        new, withdrawn, revised: Events behind the finding, then or now, that the data have since got, lost or say otherwise.
        software: The version signed with, where it is another one and nothing else changed.
        unknown: Why the data as signed can not be looked at; empty where they can.
    """

    by_definition: float | None = None
    by_data: float | None = None
    definition: tuple[str, ...] = ()
    new: int = 0
    withdrawn: int = 0
    revised: int = 0
    software: str = ""
    unknown: str = ""

    def sentence(self) -> str:
        """The causes in a few words."""
        parts = []
        if self.definition:
            effect = "" if self.by_definition is None else f" ({_signed_number(self.by_definition)})"
            parts.append(f"definition changed{effect}: {', '.join(self.definition)}")
        rows = [
            f"{count:,} {kind}"
            for count, kind in ((self.revised, "revised"), (self.withdrawn, "withdrawn"), (self.new, "new"))
            if count
        ]
        if rows:
            effect = "" if self.by_data is None else f" ({_signed_number(self.by_data)})"
            parts.append(f"rows{effect}: {', '.join(rows)}")
        if self.software:
            parts.append(f"signed with version {self.software}, now {__version__}")
        if self.unknown:
            parts.append(self.unknown)
        return "; ".join(parts)


@dataclass(frozen=True)
class Checked:
    """The verdict on one finding.

    Args:
        signed: What was signed of it; None where nothing was.
        moved: Why it moved; None where it did not, or was never signed.
    """

    found: Found
    verdict: Verdict
    signed: SignedFinding | None
    moved: Moved | None

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def fails(self) -> bool:
        """Whether a report may not be printed with it: it is broken, or can not be computed."""
        return self.verdict in ("broken", "can not be computed")


def check(
    evaluation: Evaluation, *, signed: Signed | None, before: Subject | None, changed: pl.DataFrame | None
) -> list[Checked]:
    """Each finding's verdict, in the order of findings.toml.

    Args:
        evaluation: The findings now.
        signed: What was signed off; None where nothing was.
        before: The same desk on the data as they were signed; None where they are not known here.
        changed: event_id, kind (new, withdrawn, changed): what the data now say otherwise than then; None where nothing can have changed.
    """
    found = evaluation.found
    if signed is None:
        return [Checked(one, _verdict(one, None), None, None) for one in found.values()]
    plan, desk = evaluation.plan, evaluation.subject.desk
    then: Mapping[str, Found] = {}
    moving = [
        name for name, one in found.items() if (old := signed.findings.get(name)) and plain(one.value) != old.value
    ]
    if moving and before is not None:
        then = Evaluation(before, _only(plan, moving), list_events=evaluation.list_events).found
    kinds = {} if changed is None else dict(changed.select("event_id", "kind").iter_rows())
    checked = []
    for name, one in found.items():
        old = signed.findings.get(name)
        moved = None
        if old is not None and name in moving:
            definition = _changed_keys(old.definition, definition_of(name, plan=plan, desk=desk))
            moved = _moved(one, old, then.get(name), definition, kinds, version=signed.tocsin)
        checked.append(Checked(one, _verdict(one, old), old, moved))
    return checked


def _verdict(one: Found, old: SignedFinding | None) -> Verdict:
    if one.value is None or one.reason:
        return "can not be computed"
    if one.holds is False:
        return "broken"
    return "drifted" if old is not None and _drifted(one, old) else "holds"


def _drifted(one: Found, old: SignedFinding) -> bool:
    """Whether what is printed is not what was signed; of tables and series, whether a number of theirs is not."""
    if isinstance(one.value, pl.DataFrame):
        return _figures(plain(one.value)) != _figures(old.value)
    return old.printed != one.with_unit


def _figures(table: object) -> str:
    """A table kept as text, its decimals cut to what no other order of adding up can change."""
    return re.sub(r"\d+\.\d+(?:e-?\d+)?", lambda found: f"{float(found[0]):.9g}", str(table))


def _moved(
    one: Found,
    old: SignedFinding,
    then: Found | None,
    definition: tuple[str, ...],
    kinds: Mapping[str, str],
    *,
    version: str,
) -> Moved:
    if then is None:
        return Moved(
            definition=definition, unknown="the data as signed are not loaded here, so the rows can not be told apart"
        )
    by_definition = _difference(then.value, old.value, one) if definition else None
    touched = [kinds[each] for each in {*then.event_ids, *one.event_ids} if each in kinds]
    causes = Moved(
        by_definition=by_definition,
        by_data=_difference(one.value, then.value, one) if touched else None,
        definition=definition,
        new=touched.count("new"),
        withdrawn=touched.count("withdrawn"),
        revised=touched.count("changed"),
    )
    if definition or touched:
        return causes
    return Moved(
        software=version if version != __version__ else "",
        unknown=""
        if version != __version__
        else "neither its definition nor its events changed: the days covered may have",
    )


def _difference(later: object, earlier: object, one: Found) -> float | None:
    """In the unit in which the finding is printed."""
    if not (isinstance(later, float) and isinstance(earlier, float)):
        return None
    return scaled(later - earlier, one.finding)


def _signed_number(number: float) -> str:
    text = f"{number:+,.3g}" if abs(number) < 1000 else f"{number:+,.0f}"
    return text.replace("-", "\N{MINUS SIGN}")


def _changed_keys(old: Any, new: Any, before: str = "") -> tuple[str, ...]:
    """The dotted keys by which two definitions differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys: Sequence[str] = sorted({*old, *new})
        return tuple(
            part for key in keys for part in _changed_keys(old.get(key), new.get(key), f"{before}.{key}".lstrip("."))
        )
    return () if _plain(old) == _plain(new) else (before,)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _only(plan: Plan, names: Sequence[str]) -> Plan:
    """The plan of some findings and of all that they use, without their tests."""
    needed: list[str] = list(names)
    for name in needed:
        if name in plan.computed:
            needed += [used for used in plan.computed[name].names if used not in needed]
    wanted = set(needed)
    return Plan(
        {name: finding for name, finding in plan.findings.items() if name in wanted},
        tuple(name for name in plan.order if name in wanted),
        plan.computed,
        {},
        plan.takes,
    )
