"""Build a desk's report: every figure in every format, one self-contained page, the desk's own text, and what pins it all.

The last good output stays until the new one is whole: a new one is written beside it, in a folder `.out-…` of the desk, and then takes
its place by two renames. What a build that was killed has left there is cleared up by the next one.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import fcntl
import glob
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from tocsin.catalogue import Answer, Asked, Behind, Subject, ask, asked_of, behind, draw, figures_of, subject_of
from tocsin.catalogue.questions import heeding
from tocsin.catalogue.subject import windows_of
from tocsin.desk import MEMORY, Desk, Figure
from tocsin.errors import DeskError, FindingError, QuestionError, StoreBusyError, StoreError
from tocsin.figures.drawer import Drawer
from tocsin.figures.write import embed, specification, write
from tocsin.findings import Evaluation, plan
from tocsin.findings.drawn import answer_of, draw_ways
from tocsin.findings.opening import Opened, findings_of
from tocsin.findings.ways import ways_of
from tocsin.keeping import FOLDER, notes
from tocsin.report import manifest as pinning
from tocsin.report import prov as provenance
from tocsin.report.assessment import Assessment, assess, wanted
from tocsin.report.cautions import cautions
from tocsin.report.export import export
from tocsin.report.filled import FigureWords
from tocsin.report.manifest import Manifest
from tocsin.report.templating import environment
from tocsin.schema import REJECT_KINDS, Provenance, ended
from tocsin.store import Store, open_store
from tocsin.writing import write_whole

PAGE = "report.html"
OUT = "out"
"""The folder of a desk's output."""


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
    script: str = ""
    csv: str = ""
    reason: str = ""
    beside: tuple[Provenance, ...] = ()
    """Other data sets that it rests on."""
    behind: Behind | str | None = None
    """Which events are behind it, or the name of the finding whose events are."""


def build(
    desk: Desk,
    *,
    dataset: str | None = None,
    as_of: dt.date | None = None,
    out: Path | None = None,
    others: tuple[str, ...] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Built:
    """Write a desk's report, and the manifest that pins it.

    Args:
        dataset: Which data set to count, if not the one that the desk names.
        as_of: Take the data as they stood on that day.
        out: The folder to write: the desk's own `out` if it is not said. An output that lies there is replaced.
        others: The data sets that the report says are loaded too: those that are, if it is not said.
        progress: Told what is being worked on.

    Raises:
        StoreBusyError: the same desk's report is being built already.
        QuestionError, StoreError, DeskError, FindingError: nothing can be built, or the folder holds something else than an output;
            the last good output stays.
    """
    for figure in desk.figures:
        _refuse_strange(figure)
    out = (out or desk.folder / OUT).resolve()
    inputs = _inputs(desk)
    with open_store(desk.memory) as store, held(desk.folder, out=out):
        subject = subject_of(desk, store, dataset=dataset, as_of=as_of)
        if others is None:
            others = tuple(name for name in store.datasets() if name != subject.events.about.dataset)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=_beside(out)) as place, Drawer() as drawer:
            folder, script = Path(place) / "new", Path(place) / "figures.js"
            (folder / "figures").mkdir(parents=True)
            opened = findings_of(subject, store) if wanted(desk.folder) else None
            evaluation = opened.evaluation if opened else Evaluation(subject, plan({}))
            drawn = []
            for number, each in enumerate(figures_of(desk), start=1):
                progress(f"drawing {each.title or each.id}")
                drawn.append(_figure(evaluation, each, number, folder / "figures", drawer))
            if any(not each.reason for each in drawn):
                drawer.script(script)
            if opened:
                evaluation.worked_out(lambda name: progress(f"working out {name}"))
            progress("writing the page")
            values = _values(subject, store, drawn, others)
            drawer.wait()
            pictures = {
                each.id: (folder / "figures" / f"{each.id}.svg").read_text("utf-8") for each in drawn if not each.reason
            }
            page = _page({**values, "pictures": pictures, "script": script.read_text("utf-8") if pictures else ""})
            (folder / PAGE).write_text(page, encoding="utf-8")
            assessment = None
            if opened:
                progress("writing the assessment")
                assessment = assess(
                    opened,
                    # A figure has its definition and its source in itself.
                    figures={each.id: _words(evaluation, each) for each in drawn},
                    pictures=pictures,
                    cautions=values["cautions"],
                    lists={
                        _list_of(each): evaluation.events(each.behind)
                        for each in drawn
                        if isinstance(each.behind, Behind) and len(evaluation.events(each.behind))
                    },
                    folder=folder,
                )
            against = [each for one in evaluation.found.values() for each in one.beside]
            against += [each for one in drawn for each in one.beside]
            pinning.copy_inputs(desk, folder)
            pinned = _pinned(
                evaluation,
                folder,
                inputs=inputs,
                others=others,
                beside={each.dataset: each for each in against}.values(),
            )
            if opened and assessment:
                pinned = _with_provenance(opened, assessment, pinned, folder)
                assessment = replace(assessment, files=(*assessment.files, provenance.FILE_NAME, pinning.FILE_NAME))
            pinning.write(folder / pinning.FILE_NAME, pinned)
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


def _figure(evaluation: Evaluation, figure: Figure, number: int, folder: Path, drawer: Drawer) -> _Drawn:
    """Have one figure drawn into the folder, in every form; or say why it can not be drawn."""
    name = figure.id
    try:
        answer, chart = _answered(evaluation, figure)
        drawn = specification(chart)
    except (QuestionError, FindingError) as error:
        return _Drawn(id=name, number=number, title=figure.title or name, reason=str(error))
    write(drawn, folder / f"{name}.json")
    drawer.draw(folder / f"{name}.json")
    numbers = export(answer, form="csv")
    (folder / f"{name}.csv").write_bytes(numbers)
    return _Drawn(
        id=name,
        number=number,
        title=answer.title,
        script=embed(drawn, f"live-{name}"),
        csv="data:text/csv;charset=utf-8;base64," + base64.b64encode(numbers).decode(),
        beside=answer.beside,
        behind=figure.finding or _behind(evaluation.subject, figure, answer),
    )


def _refuse_strange(figure: Figure) -> None:
    """A figure with an argument that its question does not heed is a mistake in desk.toml."""
    if figure.finding is not None:
        return
    try:
        heeding(figure.question, asked_of(figure))
    except QuestionError as error:
        raise DeskError(error.what, where=f'desk.toml, figure "{figure.id}"', next_step=error.next_step) from error


def _behind(subject: Subject, figure: Figure, answer: Answer) -> Behind:
    """The events behind all numbers of a figure's table."""
    return behind(subject, figure.question, asked_of(figure), answer.table, answer.table.columns)


def _list_of(drawn: _Drawn) -> str:
    """Where the list of the events behind a figure lies in the output."""
    return f"events/{drawn.behind}.csv" if isinstance(drawn.behind, str) else f"figures/{drawn.id}.events.csv"


def _words(evaluation: Evaluation, drawn: _Drawn) -> FigureWords:
    """What stands below a figure in the text."""
    if drawn.behind is None:
        return FigureWords(drawn.title, drawn.number, reason=drawn.reason)
    rests = drawn.behind
    ids = evaluation.found[rests].event_ids if isinstance(rests, str) else evaluation.events(rests)
    return FigureWords(drawn.title, drawn.number, len(ids), _list_of(drawn) if len(ids) else "")


def _answered(evaluation: Evaluation, figure: Figure) -> tuple[Answer, Any]:
    """The numbers of a figure and its chart.

    Raises:
        QuestionError, FindingError: these data can not give it.
    """
    subject = evaluation.subject
    if figure.finding is None:
        asked = asked_of(figure)
        answer = ask(subject, figure.question, asked)
        return answer, draw(subject, figure.question, asked, answer)
    ways = ways_of(evaluation, figure.finding)
    return answer_of(subject, ways, title=figure.title), draw_ways(subject, ways, title=figure.title)


def _inputs(desk: Desk) -> dict[str, str]:
    return pinning.digests(desk.folder, pinning.inputs_of(desk))


def _pinned(
    evaluation: Evaluation,
    folder: Path,
    *,
    inputs: dict[str, str],
    others: tuple[str, ...],
    beside: Iterable[Provenance],
) -> Manifest:
    """The manifest of all that was written so far.

    Raises:
        FindingError: a file of the desk is no longer the one that the report was built from.
    """
    desk = evaluation.subject.desk
    now = _inputs(desk)
    changed = [name for name in {**inputs, **now} if inputs.get(name) != now.get(name)]
    if changed:
        raise FindingError(
            f"{', '.join(changed)} changed while the report was built",
            where=str(desk.folder),
            next_step="Nothing was written. Run the command again.",
        )
    made = (each.relative_to(folder) for each in folder.rglob("*") if each.is_file())
    # A figure as PDF says when it was drawn.
    names = [each.as_posix() for each in made if (each.parts[0], each.suffix) != ("figures", ".pdf")]
    return pinning.manifest(
        evaluation.found,
        about=evaluation.subject.events.about,
        beside=beside,
        others=others,
        kept={each.key: each for each in notes(desk.memory / FOLDER)},
        inputs=inputs,
        outputs=pinning.digests(folder, names),
    )


def _with_provenance(opened: Opened, assessment: Assessment, pinned: Manifest, folder: Path) -> Manifest:
    """Write where each number of the assessment comes from; the manifest with that file too."""
    subject = opened.evaluation.subject
    record = provenance.prov(
        opened.evaluation.found,
        title=subject.desk.title,
        about=subject.events.about,
        pinned=pinned.model_copy(update={"outputs": {name: pinned.outputs[name] for name in assessment.files}}),
        signed=opened.signed,
    )
    write_whole(folder / provenance.FILE_NAME, provenance.written(record))
    return pinned.model_copy(update={"outputs": {**pinned.outputs, **pinning.digests(folder, [provenance.FILE_NAME])}})


@contextlib.contextmanager
def held(folder: Path, *, out: Path) -> Iterator[None]:
    """An output of the desk in a folder for one build at a time, with what killed builds have left beside it cleared up.

    Raises:
        StoreBusyError: a report of the desk is being built already.
        StoreError: the output holds something that no build has written, or can not be written.
    """
    try:
        # The lock goes when the process does, however it ends.
        with (folder / MEMORY / "report.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreBusyError(
                    "the report is being built already",
                    where=str(folder),
                    next_step="Wait until the other build has ended, and run the command again.",
                ) from error
            out.parent.mkdir(parents=True, exist_ok=True)
            _clear_up(out)
            if out != folder / OUT:
                _refuse_foreign(out)
            yield
    except OSError as error:
        raise StoreError(
            f"the report can not be written: {error.strerror or error}",
            where=str(out),
            next_step="The last good output was left as it is. Check that the disk has room and that you may write there.",
        ) from error


def _beside(out: Path) -> str:
    """Begins the name of the folder in which an output is made; in it, `new` is the new one, and `old` the one that it replaces."""
    return f".{out.name}-tocsin-"


def _clear_up(out: Path) -> None:
    """Remove what killed builds have left; the last good output comes back where one was killed between the two renames."""
    for left in sorted(out.parent.glob(f"{glob.escape(_beside(out))}*")):
        old = left / "old"
        if old.is_dir() and not out.exists():
            old.rename(out)
        shutil.rmtree(left, ignore_errors=True)


def _refuse_foreign(out: Path) -> None:
    """What is replaced is an output and nothing else: nobody loses a file for having named the wrong folder.

    Raises:
        StoreError: there is something else in it.
    """
    written: set[str] = set()
    with contextlib.suppress(FindingError):
        written = {*pinning.read(out / pinning.FILE_NAME).outputs, pinning.FILE_NAME}
        # Figures as PDF are not pinned.
        written |= {f"{name.removesuffix('.svg')}.pdf" for name in written if name.startswith("figures/")}
    there = [each.relative_to(out).as_posix() for each in out.rglob("*") if not each.is_dir()]
    foreign = sorted(name for name in there if name not in written)
    if foreign:
        raise StoreError(
            f"holds {foreign[0]}{' and more' if len(foreign) > 1 else ''}, which no report has written",
            where=str(out),
            next_step="A report replaces the folder that it is written to: name another, or take that out of it.",
        )


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


def _values(subject: Subject, store: Store, drawn: list[_Drawn], others: tuple[str, ...]) -> dict[str, Any]:
    desk, about = subject.desk, subject.events.about
    comparison, comparison_reason = _tried(subject, "comparison", Asked())
    spread, spread_reason = _tried(subject, "spread", Asked(level="unit_code"))
    left, _ = _tried(subject, "filters", Asked())
    overall = comparison.table.row(0, named=True) if comparison else None
    return {
        "title": desk.title,
        "about": about,
        "synthetic": about.synthetic,
        "figures": drawn,
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
    """ "more" or "less" where the interval of the ratio, which may have one end, lies wholly on one side of one."""
    if overall is None:
        return None
    low, high = overall["ratio_low"], overall["ratio_high"]
    if high is not None and high < 1:
        return "less"
    return "more" if low is not None and low > 1 else None


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
