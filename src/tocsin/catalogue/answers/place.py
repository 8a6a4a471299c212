"""Questions of how far a point can be trusted: shares near capitals by every threshold, and maps of where incidents may have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from tocsin.analysis.placed import FEW_EVENTS
from tocsin.analysis.placement import placement
from tocsin.analysis.position import CHANGE, FEW_PLACES, NARROW, position
from tocsin.catalogue.subject import Answer, Asked, Behind, Subject, level_of, precise_of, selection_of, windows_of
from tocsin.catalogue.words import counted, countries_of, coverage_notes, for_group, level_words, subtitle
from tocsin.cube import Selection
from tocsin.schema import Span, joined, listed

MEDIA_KM = 50.0
"""Within this distance of where media placed them lay 80 per cent of the events that the military recorded too, of any code."""
SOURCE = "Weidmann (2015), Journal of Conflict Resolution 59(6)"
TOP = 5


def answer_position(subject: Subject, asked: Asked) -> Answer:
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    windows = windows_of(subject, asked.windows)
    errors = errors_of(subject)
    table = _position(subject, selection, windows, errors)
    once = table.filter(pl.col("window") != CHANGE).unique("window", maintain_order=True)
    return Answer(
        question="position",
        table=table,
        title=asked.title or f"How near to capitals incidents{involving} are, {countries_of(subject.desk)}",
        subtitle=subtitle("share of incidents by the distance that counts as near", *windows.values()),
        definition=counted(subject, selection, involving=involving),
        notes=(
            *notes,
            _errors(subject),
            *_verdicts(subject, table),
            *_as_media(subject, selection, windows, errors),
            "Settled is said of errors of position alone, not of chance: of a share where all that it may be lies within "
            f"{NARROW * 100:.0f} points, of a change where all that it may be has one direction.",
            *_few(dict(once.select("window", "incidents").rows())),
            *_rough(once),
            *_on_capitals(once),
            *coverage_notes(subject, list(windows.values())),
        ),
        about=subject.events.about,
    )


def _position(
    subject: Subject, selection: Selection, windows: Mapping[str, Span], errors: Mapping[int, float]
) -> pl.DataFrame:
    return position(
        subject.events,
        selection=selection,
        windows=windows,
        precise=precise_of(subject),
        capitals=subject.gazetteer.capitals,
        error_km=errors,
    )


def answer_placement(subject: Subject, asked: Asked) -> Answer:
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    windows = windows_of(subject, asked.windows)
    level = level_of(subject, asked)
    units = subject.gazetteer.units.filter(pl.col("country").is_in(subject.desk.countries))
    table = placement(
        subject.events,
        selection=selection,
        windows=windows,
        level=level,
        precise=precise_of(subject),
        units=units,
        error_km=errors_of(subject),
        top=TOP,
    )
    spans = list(windows.values())
    return Answer(
        question="placement",
        table=subject.with_names(table, level),
        title=asked.title or f"Where incidents{involving} may have taken place, {countries_of(subject.desk)}",
        subtitle=subtitle(f"expected incidents per {level_words(level)}, spread over where each may have been", *spans),
        definition=counted(subject, selection, involving=involving),
        notes=(
            *notes,
            _errors(subject),
            *_stays(subject.with_names(table, level), windows, level),
            *_few(dict(table.group_by("window", maintain_order=True).agg(pl.col("incidents").sum()).rows())),
            *coverage_notes(subject, spans),
            subject.gazetteer.credit,
        ),
        about=subject.events.about,
    )


def behind_position(
    subject: Subject, asked: Asked, selection: Selection, rows: pl.DataFrame, _columns: Sequence[str]
) -> Behind:
    """The incidents of the windows whose points are trusted: a share is one of all of them, and a change one of both windows."""
    windows = windows_of(subject, asked.windows)
    labels = [label for label in rows["window"].unique().to_list() if label in windows] or list(windows)
    if CHANGE in rows["window"]:
        labels = list(windows)
    return Behind(selection.placed(precise_of(subject)), joined([windows[label] for label in labels]))


def errors_of(subject: Subject) -> dict[int, float]:
    """Precision code -> the distance from its point within which 80 per cent of the events lie, km: the desk's, else the source's."""
    kept, told = precise_of(subject), dict(subject.events.about.facts.error_km)
    largest = max(told.values(), default=MEDIA_KM)
    usual = {code: told.get(code, largest) for code in kept or tuple(told) or (1,)}
    return usual | dict(subject.desk.position.error_km or {})


def _errors(subject: Subject) -> str:
    said = [f"{km:g} km (precision {code})" for code, km in sorted(errors_of(subject).items())]
    whose = f"as media reports have been found to err ({SOURCE})"
    if subject.events.about.facts.error_km:
        whose = "taken from what the codes mean; how far reports err was not measured for each code"
    if subject.desk.position.error_km:
        whose = "as desk.toml says"
    return f"Error of position: 80 per cent of incidents lie within {listed(said)} of their point, {whose}."


def _as_media(
    subject: Subject, selection: Selection, windows: Mapping[str, Span], errors: Mapping[int, float]
) -> tuple[str, ...]:
    """What is left of the change if every incident errs as media reports were found to, whatever its code."""
    if subject.desk.position.error_km or max(errors.values()) == min(errors.values()) == MEDIA_KM or len(windows) != 2:
        return ()
    table = _position(subject, selection, windows, dict.fromkeys(errors, MEDIA_KM))
    said = _verdicts(subject, table)
    return (
        (f"If each errs by {MEDIA_KM:g} km, whatever its code, as media reports did ({SOURCE}): {' '.join(said)}",)
        if said
        else ()
    )


def _few(incidents: Mapping[str, int]) -> tuple[str, ...]:
    """Windows of so few incidents that there is no verdict."""
    few = {window: count for window, count in incidents.items() if count < FEW_EVENTS}
    return tuple(
        f"{window}: too few incidents with a trusted point for a verdict ({count})." for window, count in few.items()
    )


def _rough(rows: pl.DataFrame) -> tuple[str, ...]:
    """Windows whose errors do not even out, since few places hold all incidents."""
    few = (
        rows.filter(pl.col("incidents") >= FEW_EVENTS, pl.col("places") < FEW_PLACES).select("window", "places").rows()
    )
    return tuple(
        f"{window}: few places ({places}) hold all incidents, so that the interval is rough." for window, places in few
    )


def _verdicts(subject: Subject, table: pl.DataFrame) -> tuple[str, ...]:
    """What is settled of the change at the desk's own threshold, and from which threshold on it is."""
    change = table.filter(pl.col("window") == CHANGE)
    if change.is_empty():
        return ()
    own = subject.desk.definition.near_km
    at = change.filter(pl.col("threshold_km") == own)
    said = [f"At {own:g} km the change is {verdict}." for verdict in at["verdict"]]
    settled = change.filter(pl.col("verdict").str.starts_with("settled"))["threshold_km"].to_list()
    said += [f"It is settled at {_ranges(settled)}." if settled else "It is settled at no threshold up to 50 km."]
    return tuple(said)


def _ranges(kilometres: list[float]) -> str:
    """Thresholds in a row as a range: 28 to 43 km."""
    runs: list[list[float]] = []
    for km in kilometres:
        if runs and km - runs[-1][-1] <= 1:
            runs[-1].append(km)
        else:
            runs.append([km])
    return listed([f"{run[0]:g} to {run[-1]:g} km" if len(run) > 1 else f"{run[0]:g} km" for run in runs])


def _on_capitals(rows: pl.DataFrame) -> tuple[str, ...]:
    return tuple(
        f"{window}: {vague:,} incidents of which only a region is known are left out; {at:,} of them stand exactly on a capital."
        for window, vague, at in rows.select("window", "vague", "vague_at_capital").rows()
        if vague
    )


def _stays(table: pl.DataFrame, windows: Mapping[str, Span], level: str) -> tuple[str, ...]:
    """Which of the places with most incidents stay among them, and what share these same places hold when spread."""
    said = []
    for window in windows:
        top = table.filter(pl.col("window") == window, pl.col("verdict").is_not_null())
        if top.is_empty():
            continue
        word = "first-order unit" if level == "unit_code" else "hexagon"
        places = f"{top.height} {word}{'s' if top.height > 1 else ''}"
        hold = f"{'hold' if top.height > 1 else 'holds'} {top['share'].sum():.0%} of the incidents with a trusted point, and "
        equals = f" (equals count together, so that they are more than {TOP})" if top.height > TOP else ""
        said.append(
            f"{window}: the {places} with most by the points{equals} {hold}{top['expected_share'].sum():.0%} of them when spread. "
            f"{_settled(top, level)}"
        )
    return tuple(said)


def _settled(top: pl.DataFrame, level: str) -> str:
    """Of how many places, or which, it is settled that they are among those with most."""
    if top["verdict"].str.starts_with("no verdict").all():
        return "Nothing is settled."
    sure = top.filter(pl.col("verdict").str.starts_with("settled"))
    if sure.is_empty():
        return f"Of none is it settled that it is among the {TOP} with most (in 95 of 100 draws)."
    which = listed(sure["name"].to_list()) if level == "unit_code" else f"{sure.height} of {top.height}"
    return f"Settled to be among the {TOP} with most (in 95 of 100 draws): {which}."
