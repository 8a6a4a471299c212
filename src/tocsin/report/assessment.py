"""The analyst's own report: report.md with its numbers filled in, as page, PDF, DOCX, Markdown and workbook, with lists of events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypedDict

from tocsin.catalogue import EventIds, figures_of
from tocsin.errors import FindingError
from tocsin.findings import Checked, Evaluation, Finding
from tocsin.findings.definition import FILE_NAME as FINDINGS
from tocsin.findings.opening import Opened
from tocsin.findings.signed import SignedStatement
from tocsin.reading import text_of
from tocsin.report.document import docx
from tocsin.report.export import harmless
from tocsin.report.filled import FigureWords, Filled, fill
from tocsin.report.page import page
from tocsin.report.text import FILE_NAME as TEXT
from tocsin.report.text import Text, parse
from tocsin.report.typed import typed
from tocsin.report.typeset import pdf
from tocsin.report.workbook import workbook
from tocsin.writing import write_whole

NAME = "assessment"
WORKBOOK = "findings.xlsx"


class _Bears(TypedDict):
    """What a document bears, beside its text."""

    title: str
    synthetic: bool
    dated: dt.date
    folder: Path


@dataclass(frozen=True)
class Assessment:
    """What was written, and what of it does not hold.

    Args:
        files: Names of the files in the output.
        failing: Findings and statements that do not hold, each with the reason.
        typed: Numbers written by hand into the text: where, and the words.
    """

    files: tuple[str, ...]
    failing: tuple[tuple[str, str], ...]
    typed: tuple[tuple[str, str], ...]


def wanted(folder: Path) -> bool:
    """Whether the desk has findings or a text of its own."""
    return (folder / FINDINGS).exists() or (folder / TEXT).exists()


def assess(
    opened: Opened,
    *,
    figures: Mapping[str, FigureWords],
    pictures: Mapping[str, str],
    cautions: Sequence[str],
    lists: Mapping[str, Sequence[str]],
    folder: Path,
) -> Assessment:
    """Write the desk's assessment into the output folder, beside its figures.

    Args:
        opened: The desk's findings.
        figures: The words of each figure by id.
        pictures: SVG by figure id.
        cautions: The sentences that the data ask for.
        lists: Path in the output -> ids of the events behind a figure, to be written too.
        folder: The new output; figures are in it already.

    Raises:
        FindingError: a finding or the text is wrong; with the line and column.
    """
    subject = opened.evaluation.subject
    desk, about = subject.desk, subject.events.about
    evaluation, found, checked = opened.evaluation, opened.evaluation.found, opened.check()
    dated = about.newest.data_date
    own = {name: f"events/{name}.csv" for name, one in found.items() if one.event_ids}
    filled: Filled | None = None
    works: dict[str, Callable[[], bytes]] = {}
    text = _read_text(desk.folder, findings=evaluation.plan.findings, figures=figures)
    if text is not None:
        figures = _in_order(text, figures)
        filled = fill(text, evaluation=evaluation, found=found, figures=figures, cautions=cautions, event_lists=own)
        shown = page(
            text,
            filled,
            title=desk.title,
            about=about,
            figures=figures,
            pictures=pictures,
            cautions=cautions,
        )
        title, written = _headed(text, filled, otherwise=desk.title)
        bears: _Bears = {"title": title, "synthetic": about.synthetic, "dated": dated, "folder": folder}
        works |= {
            f"{NAME}.md": filled.markdown.encode,
            f"{NAME}.html": shown.encode,
            f"{NAME}.pdf": lambda: pdf(written, subtitle=about.sentence(), **bears),
            f"{NAME}.docx": lambda: docx(written, **bears),
        }
    works[WORKBOOK] = lambda: workbook(checked, filled.statements if filled else (), dated=dated)
    (folder / "events").mkdir()
    listed = {path: found[name].event_ids for name, path in own.items()}
    # What takes longest is begun first.
    _write_at_once([*(([name], work) for name, work in works.items()), *_lists({**lists, **listed})], folder)
    return Assessment(
        (*own.values(), *works),
        tuple(failing(checked, filled)),
        () if text is None else by_hand(text),
    )


def _headed(text: Text, filled: Filled, *, otherwise: str) -> tuple[str, str]:
    """The title of a document and the text below it: a first heading of plain words is the title, and stands there once."""
    if text.titled:
        words = text.tokens[1].children or []
        if all(each.type == "text" for each in words):
            return "".join(each.content for each in words), filled.markdown.partition("\n")[2].lstrip("\n")
    return otherwise, filled.markdown


def _read_text(folder: Path, *, findings: Mapping[str, Finding], figures: Collection[str]) -> Text | None:
    """The desk's report.md; None where it has none."""
    written = text_of(folder / TEXT, error=FindingError)
    return None if written is None else parse(written, findings=findings, figures=figures)


def _in_order(text: Text, figures: Mapping[str, FigureWords]) -> dict[str, FigureWords]:
    """The figures with the numbers that they have in the text: the first that it shows is Figure 1."""
    order = dict.fromkeys([*(call.name for call in text.calls if call.kind == "figure"), *figures])
    return {name: replace(figures[name], number=number) for number, name in enumerate(order, 1)}


def check_text(evaluation: Evaluation) -> tuple[Filled | None, tuple[tuple[str, str], ...]]:
    """The desk's report.md held against its findings, and the numbers typed into it by hand: where, and the words.

    Raises:
        FindingError: the text says something that is not understood; with line and column.
    """
    desk = evaluation.subject.desk
    figures = {each.id: FigureWords(each.title or each.id, number) for number, each in enumerate(figures_of(desk), 1)}
    text = _read_text(desk.folder, findings=evaluation.plan.findings, figures=figures)
    if text is None:
        return None, ()
    filled = fill(text, evaluation=evaluation, found=evaluation.found, figures=figures, cautions=(), event_lists={})
    return filled, by_hand(text)


def tested(filled: Filled | None) -> list[SignedStatement]:
    """The statements of the text that have a test, as they are signed."""
    statements = filled.statements if filled else ()
    return [SignedStatement(words=each.words, finding=each.name, test=each.test) for each in statements if each.test]


def by_hand(text: Text) -> tuple[tuple[str, str], ...]:
    """Numbers typed into the text: where, and the words."""
    return tuple((f"{TEXT}:{each.line}:{each.column}", each.words) for each in typed(text))


def failing(checked: Sequence[Checked], filled: Filled | None) -> list[tuple[str, str]]:
    """What a report may not be printed with, each with the reason: findings that are broken or can not be computed, and in the text
    values and tables that can not be printed, and statements that do not hold.

    Figures that can not be drawn are told by the build.
    """
    wrong = [
        (each.name, each.found.reason or f"is {each.found.against(each.found.finding.expect or '')}")
        for each in checked
        if each.fails
    ]
    if filled:
        for missing in filled.missing:
            if missing.kind != "figure":
                wrong.append((missing.place, f"{missing.call} can not be printed: {missing.reason}"))
        wrong += [(each.place, f"“{each.words}”: {each.reason}") for each in filled.statements if each.fails]
    return wrong


def _write_at_once(works: Sequence[tuple[Sequence[str], Callable[[], bytes]]], folder: Path) -> None:
    """Write files: their names, and what makes their bytes. What makes most of each is not Python, so they are made side by side."""

    def write(names: Sequence[str], work: Callable[[], bytes]) -> None:
        content = work()
        for name in names:
            write_whole(folder / name, content)

    with ThreadPoolExecutor() as pool:
        # Consumed, so that an error of one of them is raised.
        list(pool.map(lambda each: write(*each), works))


def _lists(lists: Mapping[str, Sequence[str]]) -> Iterator[tuple[list[str], Callable[[], bytes]]]:
    """The files of lists of ids; several numbers often have the same events behind them, whose list is made once."""
    paths: dict[int, list[str]] = {}
    for path, ids in lists.items():
        paths.setdefault(id(ids), []).append(path)
    for same in paths.values():
        yield same, partial(_event_list, lists[same[0]])


def _event_list(ids: Sequence[str]) -> bytes:
    """The ids of the events behind a number or a figure, as CSV."""
    return harmless(EventIds.of(ids).column.to_frame()).write_csv().encode()
