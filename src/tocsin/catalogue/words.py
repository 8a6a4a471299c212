"""The sentences without which a number must not travel: what was counted, where, when, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from tocsin.catalogue.subject import Asked, Subject, actors_of, precise_of
from tocsin.cube import Selection, count
from tocsin.desk import Definition, Desk
from tocsin.geo.countries import name as country_name
from tocsin.schema import Span, listed


def countries_of(desk: Desk) -> str:
    """The desk's countries, as a sentence lists them."""
    return listed([country_name(code) for code in desk.countries])


def counted(
    subject: Subject, selection: Selection, definition: Definition | None = None, *, involving: str = ""
) -> str:
    """The definition in a sentence; `involving` says of which group, where it is of one."""
    types = selection.event_types
    what = f"events of type {listed(types)}" if types else "events of every type"
    weeks = f"; weeks begin on {definition.week_starts}" if definition else ""
    said = f"{what}{involving} in {countries_of(subject.desk)}{weeks}."
    if selection.weight is None:
        return f"Counted: {said}"
    return f"Counted: {selection.weight} in reports, as the source counts them, of {said} {_CAUTION}"


_CAUTION = "Mentions grow with the number of outlets and with attention: what is told of twice as often is not twice as violent."


def of_what(asked: Asked) -> str:
    """What the numbers are of, as a title begins."""
    return f"{asked.weight.capitalize()} of incidents" if asked.weight else "Incidents"


def averaging(definition: Definition, asked: Asked | None = None) -> str:
    """Unit and averaging."""
    unit = f"{asked.counts if asked else 'incidents'} per week"
    if definition.average_weeks == 1:
        return unit
    return f"{unit}, {definition.average_weeks}-week moving average ({definition.average})"


def subtitle(text: str, *spans: Span) -> str:
    """Unit and windows."""
    return f"{text[0].upper()}{text[1:]}. {'; '.join(map(str, spans))}"


def left_out(subject: Subject, selection: Selection, spans: Sequence[Span]) -> tuple[str, ...]:
    """What questions of place leave out for want of precision, and for want of a known place, in a sentence each."""
    precise = precise_of(subject)
    selection = selection.weighed(None)
    table = pl.concat(
        count(subject.events, selection.within(span), by=["geo_precision", "unit_match"]) for span in spans
    )
    rows = int(table["incidents"].sum())
    if not rows:
        return ()
    vague = pl.lit(value=False) if precise is None else ~pl.col("geo_precision").is_in(precise).fill_null(value=True)
    removed = int(table.filter(vague)["incidents"].sum())
    nowhere = int(table.filter(~vague & pl.col("unit_match").fill_null("none").eq("none"))["incidents"].sum())
    said = []
    if precise is not None:
        kept = listed([str(code) for code in precise])
        said.append(
            f"Left out: {removed:,} of {rows:,} incidents ({removed / rows:.1%}) whose place is known only vaguely "
            f"(geo precision other than {kept})."
        )
    if nowhere:
        said.append(
            f"{nowhere:,} of {rows:,} incidents ({nowhere / rows:.1%}) have no coordinates, or a point that no first-order unit holds."
        )
    return tuple(said)


def coverage_notes(subject: Subject, spans: Sequence[Span]) -> tuple[str, ...]:
    """A sentence for each window of which the data do not cover every day."""
    notes = []
    for span in spans:
        days = sum(
            max(0, (min(span.last, part.last) - max(span.first, part.first)).days + 1)
            for part in subject.events.about.covered
        )
        if days < span.days:
            notes.append(f"The data cover {days:,} of the {span.days:,} days of {span}.")
    return tuple(notes)


def for_group(subject: Subject, asked: Asked, selection: Selection) -> tuple[Selection, str, tuple[str, ...]]:
    """The selection for the asked group, its label in a phrase, and a note of the names that it gathers."""
    if not asked.group:
        return selection, "", ()
    actors = actors_of(subject, asked.group)
    label = subject.desk.groups[asked.group].label
    return selection.involving(actors), f" involving {label}", gathered(label, actors)


def gathered(label: str, actors: Sequence[str]) -> tuple[str, ...]:
    """A sentence that says which names a group gathers; none where its label is its only name."""
    if list(actors) == [label]:
        return ()
    shown = [f"“{name}”" for name in actors[:6]]
    more = [f"{len(actors) - 6} more names"] if len(actors) > 6 else []
    return (f"{label}: actors named {listed([*shown, *more])}.",)


def level_words(level: str) -> str:
    """What a place of a level is called."""
    sides = {"cell_3": "69", "cell_4": "26", "cell_5": "10", "cell_6": "4"}
    return "first-order unit" if level == "unit_code" else f"hexagon (H3, sides of about {sides[level]} km)"
