"""Questions of how far a point can be trusted: shares near capitals by every threshold, and maps of where incidents may have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from tocsin.analysis.placement import placement
from tocsin.analysis.position import CHANGE, position
from tocsin.catalogue.subject import Answer, Asked, Behind, Subject, level_of, precise_of, selection_of, windows_of
from tocsin.catalogue.words import counted, countries_of, coverage_notes, for_group, level_words, subtitle
from tocsin.cube import Selection
from tocsin.schema import Span, listed
from tocsin.store.open import joined

USUAL_KM = 50.0
"""Within this distance of where media placed them lay 80 per cent of the events that the military recorded too."""
SOURCE = "Weidmann (2015), Journal of Conflict Resolution 59(6)"
TOP = 5


def answer_position(subject: Subject, asked: Asked) -> Answer:
    selection, involving, notes = for_group(subject, asked, selection_of(subject))
    windows = windows_of(subject, asked.windows)
    precise = precise_of(subject)
    table = position(
        subject.events,
        selection=selection,
        windows=windows,
        precise=precise,
        capitals=subject.gazetteer.capitals,
        error_km=errors_of(subject),
    )
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
            *_on_capitals(table, windows),
            *coverage_notes(subject, list(windows.values())),
        ),
        about=subject.events.about,
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
            *_stays(table, windows),
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
    """Precision code -> the distance from its point within which 80 per cent of the events lie, km."""
    return dict.fromkeys(precise_of(subject) or (1,), USUAL_KM) | dict(subject.desk.position.error_km or {})


def _errors(subject: Subject) -> str:
    own = subject.desk.position.error_km
    said = [f"{km:g} km (precision {code})" for code, km in sorted(errors_of(subject).items())]
    whose = "as desk.toml says" if own else f"the usual of media reports: {SOURCE}"
    return f"Error of position: 80 per cent of incidents lie within {listed(said)} of their point, {whose}."


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


def _on_capitals(table: pl.DataFrame, windows: Mapping[str, Span]) -> tuple[str, ...]:
    rows = (
        table.filter(pl.col("window").is_in(list(windows)) & (pl.col("threshold_km") == 0))
        .select("window", "vague", "vague_at_capital")
        .rows()
    )
    return tuple(
        f"{window}: {vague:,} incidents of which only a region is known are left out; {at:,} of them stand exactly on a capital."
        for window, vague, at in rows
        if vague
    )


def _stays(table: pl.DataFrame, windows: Mapping[str, Span]) -> tuple[str, ...]:
    """How many of the places with most incidents are among them in nine of ten draws."""
    said = []
    for window in windows:
        rows = table.filter(pl.col("window") == window)
        top = rows.filter(pl.col("rank") <= TOP, pl.col("incidents") > 0)
        if top.is_empty():
            continue
        sure = top.filter(pl.col("in_top") >= 0.9).height
        by_points, spread = (
            rows.sort(name, descending=True).head(TOP)[name].sum() for name in ("share", "expected_share")
        )
        said.append(
            f"{window}: the {TOP} places with most hold {by_points:.0%} by the points and {spread:.0%} when spread; of the {top.height} "
            f"with most by the points, {sure} {'is' if sure == 1 else 'are'} among them whatever the errors (in 90 of 100 draws)."
        )
    return tuple(said)
