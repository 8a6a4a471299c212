"""What the data can not carry, said with the desk's own figures."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.analysis.precision import precision
from tocsin.analysis.reporting import new_media
from tocsin.catalogue import Subject
from tocsin.catalogue.subject import precise_of, selection_of
from tocsin.errors import QuestionError
from tocsin.schema import Span

# In the project's own words, after the cautions that the published assessment prints.
GENERAL = (
    "These are counts of reports, not of violence. Reporting is worst where access is worst, which is often where fighting is heaviest; "
    "a change in who reports can look like a change in what happens.",
    "Parties play incidents down or up, several may claim one attack, and some claims are false. The counts take the publisher's coding "
    "as it is.",
)


def cautions(subject: Subject, *, windows: Mapping[str, Span], fell: bool | None, others: tuple[str, ...]) -> list[str]:
    """The sentences of caution for a report.

    Args:
        windows: Label -> span, in order of time.
        fell: Whether incidents clearly fell (True) or rose (False) from the first window to the last; None where neither is clear.
        others: Data sets that are loaded but not counted.
    """
    said = [*GENERAL, *subject.events.about.facts.cautions]
    said += _precision(subject, windows)
    said += _new_media(subject, windows, fell=fell)
    if others:
        said.append(
            f"Also loaded, and not counted here: {', '.join(others)}. Two data sets are never added together; the trend can be held "
            "against them with --dataset."
        )
    else:
        said.append("No second data set is loaded, so the trend was not held against another one here.")
    return said


def _precision(subject: Subject, windows: Mapping[str, Span]) -> list[str]:
    precise = precise_of(subject)
    table = precision(subject.events, selection=selection_of(subject), windows=windows)
    said = []
    for label in windows:
        mine = {
            kind: [row for row in table.iter_rows(named=True) if row["window"] == label and row["kind"] == kind]
            for kind in ("place", "time")
        }
        total = sum(row["incidents"] for row in mine["place"])
        if not total:
            continue
        stated = {kind: sum(row["incidents"] for row in rows if row["code"] is not None) for kind, rows in mine.items()}
        vague = sum(
            row["incidents"] for row in mine["place"] if row["code"] is not None and row["code"] not in (precise or ())
        )
        undated = sum(row["incidents"] for row in mine["time"] if row["code"] is not None and row["code"] != 1)
        parts = []
        if precise and stated["place"]:
            parts.append(
                f"{vague / total:.1%} of {total:,} incidents are placed only vaguely and are left out of questions of place"
            )
        if stated["time"]:
            parts.append(f"{undated / total:.1%} are not dated to the day, which can make false peaks in weekly lines")
        if parts:
            said.append(f"{label[0].upper()}{label[1:]}: {'; '.join(parts)}.")
    return said


def _new_media(subject: Subject, windows: Mapping[str, Span], *, fell: bool | None) -> list[str]:
    try:
        table = new_media(subject.events, selection=selection_of(subject), windows=windows)
    except QuestionError:
        return ["The data do not say on what scale each source reports, so the share of new media can not be told."]
    known = [row for row in table.iter_rows(named=True) if row["any"] is not None]
    said = [
        f"New media reported {row['any']:.1%} of the {row['incidents']:,} incidents in {row['window']} whose source scale is known "
        f"({row['sole']:.1%} as the only source; {row['fractional']:.1%} with each incident shared among its sources)."
        for row in known
    ]
    if len(known) < 2 or abs(known[-1]["any"] - known[0]["any"]) < 0.05:
        return said
    grew = known[-1]["any"] > known[0]["any"]
    tends = "were added, which tends to raise" if grew else "were lost, which tends to lower"
    sentence = (
        f"The share of new media {'rose' if grew else 'fell'} from {known[0]['any']:.1%} to {known[-1]['any']:.1%}. That can mean that "
        f"sources {tends} the later counts"
    )
    if fell is not None:
        leaning = "understated" if grew == fell else "overstated"
        sentence += f"; the {'fall' if fell else 'rise'} would then, if anything, be {leaning}"
    return [*said, f"{sentence}."]
