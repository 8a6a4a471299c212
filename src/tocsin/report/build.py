"""Build a desk's report: every figure in every format, and one self-contained page.

The last good output stays until the new one is whole: a new one is written beside it, in a folder `.out-…` of the desk, and then takes
its place by two renames. What a build that was killed has left there is cleared up by the next one.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tocsin.catalogue import Answer, Asked, Subject, ask, asked_of, draw, figures_of, subject_of
from tocsin.catalogue.subject import windows_of
from tocsin.desk import Desk, Figure
from tocsin.errors import QuestionError, StoreBusyError, StoreError
from tocsin.figures.write import embed, script, specification, svg, write
from tocsin.report.assessment import Assessment, assess, wanted
from tocsin.report.cautions import cautions
from tocsin.report.export import export
from tocsin.report.filled import FigureWords
from tocsin.report.templating import environment
from tocsin.schema import REJECT_KINDS, ended
from tocsin.store import Store, open_store

FIGURE_FORMS = ("svg", "png", "pdf", "json", "html")
PAGE = "report.html"
BESIDE = ".out-"
"""Begins the name of the folder in which an output is made; in it, `out` is the new one, and `old` the one that it replaces."""


@dataclass(frozen=True)
class Built:
    """What a build wrote."""

    page: Path
    asked: int
    """How many figures the desk asks for."""
    figures: tuple[str, ...]
    """Those that were made."""
    failed: tuple[tuple[str, str], ...]
    """Figures and tables that these data can not give, with the reason."""
    assessment: Assessment | None = None
    """What was made of findings.toml and report.md, where the desk has them."""


@dataclass(frozen=True)
class _Drawn:
    """One figure on the page."""

    id: str
    number: int
    title: str
    svg: str = ""
    script: str = ""
    csv: str = ""
    reason: str = ""


def build(
    desk: Desk,
    *,
    dataset: str | None = None,
    as_of: dt.date | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Built:
    """Write out/report.html and out/figures/ of a desk.

    Args:
        dataset: Which data set to count, if not the one that the desk names.
        as_of: Take the data as they stood on that day.
        progress: Told what is being worked on.

    Raises:
        StoreBusyError: the same desk's report is being built already.
        QuestionError, StoreError, DeskError, FindingError: nothing can be built; the last good output stays.
    """
    out = desk.folder / "out"
    with open_store(desk.memory) as store, _held(desk):
        subject = subject_of(desk, store, dataset=dataset, as_of=as_of)
        with tempfile.TemporaryDirectory(dir=desk.folder, prefix=BESIDE) as place:
            folder = Path(place) / "out"
            (folder / "figures").mkdir(parents=True)
            drawn = []
            for number, each in enumerate(figures_of(desk), start=1):
                progress(each.title or each.id)
                drawn.append(_figure(subject, each, number, folder / "figures"))
            progress("the page")
            values = _values(subject, store, drawn)
            (folder / PAGE).write_text(_page(values), encoding="utf-8")
            assessment = None
            if wanted(desk.folder):
                progress("the assessment")
                assessment = assess(
                    subject,
                    store,
                    # No sentences: a figure has its definition and its source in itself.
                    figures={each.id: FigureWords(each.title, each.number, reason=each.reason) for each in drawn},
                    pictures={each.id: each.svg for each in drawn if not each.reason},
                    cautions=values["cautions"],
                    folder=folder,
                )
            _swap(folder, out)
    failed = [(each.id, each.reason) for each in drawn if each.reason]
    failed += [(name, values[name]) for name in ("comparison_reason", "spread_reason") if values[name]]
    return Built(
        page=out / PAGE,
        asked=len(drawn),
        figures=tuple(each.id for each in drawn if not each.reason),
        failed=tuple((name.removesuffix("_reason"), reason) for name, reason in failed),
        assessment=assessment,
    )


def _figure(subject: Subject, figure: Figure, number: int, folder: Path) -> _Drawn:
    """Draw one figure into the folder, in every form; or say why it can not be drawn."""
    name, asked = figure.id, asked_of(figure)
    try:
        answer = ask(subject, figure.question, asked)
        drawn = specification(draw(subject, figure.question, asked, answer))
    except QuestionError as error:
        return _Drawn(id=name, number=number, title=asked.title or name, reason=str(error))
    for form in FIGURE_FORMS:
        write(drawn, folder / f"{name}.{form}")
    numbers = export(answer, form="csv")
    (folder / f"{name}.csv").write_bytes(numbers)
    return _Drawn(
        id=name,
        number=number,
        title=answer.title,
        svg=svg(drawn),
        script=embed(drawn, f"live-{name}"),
        csv="data:text/csv;charset=utf-8;base64," + base64.b64encode(numbers).decode(),
    )


@contextlib.contextmanager
def _held(desk: Desk) -> Iterator[None]:
    """The desk's output for one build at a time, with what killed builds have left cleared up."""
    try:
        # The lock goes when the process does, however it ends.
        with (desk.memory / "report.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreBusyError(
                    "the report is being built already",
                    where=str(desk.folder),
                    next_step="Wait until the other build has ended, and run the command again.",
                ) from error
            _clear_up(desk.folder)
            yield
    except OSError as error:
        raise StoreError(
            f"the report can not be written: {error.strerror or error}",
            where=str(desk.folder / "out"),
            next_step="The last good output was left as it is. Check that the disk has room and that you may write there.",
        ) from error


def _clear_up(folder: Path) -> None:
    """Remove what killed builds have left; the last good output comes back where one was killed between the two renames."""
    out = folder / "out"
    for left in sorted(folder.glob(f"{BESIDE}*")):
        if (left / "old").is_dir() and not out.exists():
            (left / "old").rename(out)
        shutil.rmtree(left, ignore_errors=True)


def _swap(new: Path, out: Path) -> None:
    """Put the new output in the place of the old one, which stays whole until then."""
    old = new.with_name("old")
    if out.exists():
        out.rename(old)
    try:
        new.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _values(subject: Subject, store: Store, drawn: list[_Drawn]) -> dict[str, Any]:
    desk, about = subject.desk, subject.events.about
    comparison, comparison_reason = _tried(subject, "comparison", Asked())
    spread, spread_reason = _tried(subject, "spread", Asked(level="unit_code"))
    left, _ = _tried(subject, "filters", Asked())
    overall = comparison.table.row(0, named=True) if comparison else None
    others = tuple(name for name in store.datasets() if name != about.dataset)
    return {
        "title": desk.title,
        "about": about,
        "synthetic": about.synthetic,
        "figures": drawn,
        "script": script() if any(each.script for each in drawn) else "",
        "comparison": comparison,
        "comparison_reason": comparison_reason,
        "overall": overall,
        "change": _change(overall),
        "spread": spread,
        "spread_reason": spread_reason,
        "filters": left,
        "windows": windows_of(subject, desk.compared or ()),
        "vintages": about.vintages,
        "rejects": _rejects(store, {vintage.number for vintage in about.vintages}),
        "kinds": REJECT_KINDS,
        "disagreements": subject.disagreements(store.named_units(about.dataset, desk.countries, as_of=about.as_of)),
        "cautions": cautions(
            subject,
            windows=windows_of(subject, desk.compared or ()),
            fell=None if _change(overall) is None else _change(overall) == "less",
            others=others,
        ),
        "credit": subject.gazetteer.credit,
        "groups": desk.groups,
    }


def _tried(subject: Subject, question: str, asked: Asked) -> tuple[Answer | None, str]:
    try:
        return ask(subject, question, asked), ""
    except QuestionError as error:
        return None, str(error)


def _change(overall: dict[str, Any] | None) -> str | None:
    """ "more" or "less" where the interval of the ratio lies wholly on one side of one."""
    if overall is None or overall["ratio_low"] is None:
        return None
    if overall["ratio_high"] < 1:
        return "less"
    return "more" if overall["ratio_low"] > 1 else None


def _rejects(store: Store, vintages: set[int]) -> list[dict[str, Any]]:
    """Rows set aside, by vintage, kind and column, with the first reason as an example."""
    table = store.rejects().filter(pl.col("vintage").is_in(list(vintages)))
    grouped = table.group_by("vintage", "file", "kind", "column", maintain_order=True).agg(
        pl.len().alias("rows"), pl.col("reason").first()
    )
    return grouped.to_dicts()


def _page(values: dict[str, Any]) -> str:
    pages = environment()
    pages.filters |= {"number": number, "percent": percent, "sentence": ended}
    return pages.get_template("report.html").render(**values, show=number, percent=percent)


def number(value: float | None) -> str:
    """A number as printed: three significant figures, whole from a hundred up; a dash where there is none."""
    if value is None:
        return "–"
    decimals = 0 if isinstance(value, int) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float | None) -> str:
    """A share as printed; a dash where there is none."""
    return "–" if share is None else f"{share:.1%}"
