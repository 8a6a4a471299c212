"""Do the findings still hold? Each one now, beside what was signed off, and why it moved."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import polars as pl

from tocsin import __version__
from tocsin.catalogue import Subject, find
from tocsin.findings.evaluation import Evaluation, Plan
from tocsin.findings.found import Found, scaled
from tocsin.findings.signed import Signed, SignedFinding, SignedStatement, definition_of, plain

Verdict = Literal["holds", "drifted", "broken", "can not be computed"]


UNCOUNTED = frozenset(
    {
        *("fatalities", "fatalities_low", "fatalities_high", "mentions", "notes", "tags"),
        *("location", "admin1", "admin2", "admin3", "country_name"),
    }
)
"""Columns on which no count hangs (places are those of the points), unless a question is asked or weighed by one, or reads the notes."""


@dataclass(frozen=True)
class Moved:
    """Why a value is not what was signed off; each cause counted apart, and together they are the whole of the change.

    The value as signed, by the definition as it is now on the data as signed, and now: the first step is `by_rest`, the second `by_data`.

    Args:
        by_rest: The first step, in the unit printed: by the changed definition where it did change, else by what was loaded since of other
            data sets, else by another version; None where there is none, or where the value is no number.
        by_data: The second step, by the data alone; likewise.
        definition: What changed of the definition: the keys.
        beside: Other data sets of which something was loaded since, where the finding is set against them.
        software: The version signed with, where it is another one now.
        unexplained: Whether the first step is none of these.
        new, withdrawn, revised: Events behind the finding, then or now, that the data have since got, lost or say otherwise in a column
            on which the finding can hang.
        elsewhere: Whether the second step is none of these: it lies in the days that the data cover, or in other events.
        unknown: Why the data as signed can not be looked at; empty where they can.
    """

    by_rest: float | None = None
    by_data: float | None = None
    definition: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    software: str = ""
    unexplained: bool = False
    new: int = 0
    withdrawn: int = 0
    revised: int = 0
    elsewhere: bool = False
    unknown: str = ""

    def sentence(self) -> str:
        """The causes in a few words."""
        effect, parts = _effect(self.by_rest), []
        if self.definition:
            parts.append(f"definition changed{effect}: {', '.join(self.definition)}")
        elif self.beside:
            parts.append(f"loaded since of what it is set against{effect}: {', '.join(self.beside)}")
        elif self.software:
            parts.append(f"signed with version {self.software}, now {__version__}{effect}")
        elif self.unexplained:
            parts.append(
                f"for a reason that is not known{effect}: neither the definition nor the data as signed changed"
            )
        rows = [
            f"{count:,} {kind}"
            for count, kind in ((self.revised, "revised"), (self.withdrawn, "withdrawn"), (self.new, "new"))
            if count
        ]
        if rows:
            parts.append(f"rows{_effect(self.by_data)}: {', '.join(rows)}")
        elif self.elsewhere:
            parts.append(f"other days covered, or other events than its own{_effect(self.by_data)}")
        return "; ".join([*parts, *([self.unknown] if self.unknown else [])])


@dataclass(frozen=True)
class Checked:
    """The verdict on one finding.

    Args:
        signed: What was signed of it; None where nothing was.
        moved: Why it moved; None where it did not, or was never signed.
        test_was: The test that was signed, where it is another now; empty where there was none; None where it is the same.
    """

    found: Found
    verdict: Verdict
    signed: SignedFinding | None
    moved: Moved | None
    test_was: str | None = None

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
    plan = evaluation.plan
    then: Mapping[str, Found] = {}
    moving = [
        name
        for name, one in found.items()
        if (old := signed.findings.get(name)) and (plain(one.value) != old.value or _drifted(one, old))
    ]
    if moving and before is not None:
        then = Evaluation(before, _only(plan, moving), list_events=evaluation.list_events).found
    kinds_without = _kinds(changed)
    checked = []
    for name, one in found.items():
        old = signed.findings.get(name)
        moved = None
        if old is not None and name in moving:
            definition = changed_keys(old.definition, definition_of(name, plan=plan, subject=evaluation.subject))
            kinds = kinds_without(_uncounted(name, plan))
            moved = _moved(one, old, then.get(name), definition, kinds, signed=signed)
        test_was = None if old is None or old.expect == one.finding.expect else old.expect or ""
        checked.append(Checked(one, _verdict(one, old), old, moved, test_was))
    return checked


def _kinds(changed: pl.DataFrame | None) -> Callable[[frozenset[str]], Mapping[str, str]]:
    """Gives the kind of each event that changed in more than some columns; there may be a million, and few sets of columns."""
    if changed is None:
        return lambda _: {}
    columns = pl.col("columns").str.split(", ")

    @cache
    def without(aside: frozenset[str]) -> Mapping[str, str]:
        counted = changed.filter(
            pl.col("columns").is_null()
            | (pl.col("columns") == "")
            | (columns.list.set_difference(sorted(aside)).list.len() > 0)
        )
        return dict(counted.select("event_id", "kind").iter_rows())

    return without


def _uncounted(name: str, plan: Plan) -> frozenset[str]:
    """Columns on which a finding does not hang."""
    finding = plan.findings[name]
    if finding.compute is not None:
        return frozenset.intersection(UNCOUNTED, *(_uncounted(used, plan) for used in plan.computed[name].names))
    if finding.ask is None:
        return UNCOUNTED
    read = {"notes"} if find(finding.ask).layer else set()
    return UNCOUNTED - {finding.arguments.by, finding.arguments.weight} - read


def gone(found: Mapping[str, Found], statements: Iterable[SignedStatement], *, signed: Signed) -> list[str]:
    """What was signed and is not tested any more: findings that are not defined, and statements of the text that no longer stand there
    with their test, each in a few words.

    Args:
        statements: Those of the text now that have a test.
    """
    lost = [f"finding {name} ({old.printed})" for name, old in signed.findings.items() if name not in found]
    left = Counter((each.finding, each.test) for each in signed.statements)
    left -= Counter((each.finding, each.test) for each in statements)
    for each in signed.statements:
        if left[each.finding, each.test] > 0:
            left[each.finding, each.test] -= 1
            lost.append(f"statement “{each.words}” ({each.finding}: {each.test})")
    return lost


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
    signed: Signed,
) -> Moved:
    beside = tuple(
        other.dataset
        for other in one.beside
        if {each.key for each in other.vintages} != {each.key for each in signed.beside.get(other.dataset, ())}
    )
    software = signed.tocsin if signed.tocsin != __version__ else ""
    if then is None:
        why = "the data as signed are not loaded here, so the rows can not be told apart"
        return Moved(definition=definition, beside=beside, software=software, unknown=why)
    touched = [kinds[each] for each in {*then.event_ids, *one.event_ids} if each in kinds]
    first, second = plain(then.value) != old.value, plain(one.value) != plain(then.value)
    # A number that is only printed otherwise has but its definition for a reason.
    first = first or not second
    return Moved(
        by_rest=_difference(then.value, old.value, one) if first else None,
        by_data=_difference(one.value, then.value, one) if second else None,
        definition=definition if first else (),
        beside=beside if first else (),
        software=software if first else "",
        unexplained=first,
        new=touched.count("new"),
        withdrawn=touched.count("withdrawn"),
        revised=touched.count("changed"),
        elsewhere=second,
    )


def _effect(by: float | None) -> str:
    return f" ({_signed_number(by)})" if by else ""


def _difference(later: object, earlier: object, one: Found) -> float | None:
    """In the unit in which the finding is printed."""
    if not (isinstance(later, float) and isinstance(earlier, float)):
        return None
    return scaled(later - earlier, one.finding)


def _signed_number(number: float) -> str:
    text = f"{number:+,.3g}" if abs(number) < 1000 else f"{number:+,.0f}"
    return text.replace("-", "\N{MINUS SIGN}")


def changed_keys(old: Any, new: Any, before: str = "") -> tuple[str, ...]:
    """The dotted keys by which two definitions differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys: Sequence[str] = sorted({*old, *new})
        return tuple(
            part for key in keys for part in changed_keys(old.get(key), new.get(key), f"{before}.{key}".lstrip("."))
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
