"""The files of a layer, one a reviewer: plain text under version control, read strictly, and written whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tocsin.errors import DeskError, StoreError, did_you_mean
from tocsin.layers.draws import Draw, draws_of, read_draws, write_draw
from tocsin.layers.statements import KINDS, NAMING, Decision, Statement, unlike
from tocsin.reading import text_of
from tocsin.visible import visible
from tocsin.writing import write_whole

FOLDER = "review"
COLUMNS = tuple(field.name for field in fields(Statement))
ALIAS = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
GRADE = re.compile(r"[A-F][1-6]")
DRAWN = re.compile(r"[a-z0-9][a-z0-9-]*")
DIGEST = re.compile(r"[0-9a-f]{12}")
INSTANT = "%Y-%m-%dT%H:%M:%SZ"

_FORMULA = re.compile(r"'*[=+\-@]")
"""How a cell begins that a spreadsheet would run, or that was made harmless before."""


@dataclass(frozen=True)
class ReviewFile:
    """The decisions of one reviewer in one layer, in the order in which they were made."""

    path: Path
    layer: str
    reviewer: str
    decisions: tuple[Decision, ...]
    digest: str
    """Of the file's text; empty where there is no file yet."""
    draws: tuple[Draw, ...] = ()
    """What was drawn at random, and from what."""

    def of(self, dataset: str) -> tuple[Decision, ...]:
        """The decisions on events of one data set."""
        return tuple(decision for decision in self.decisions if decision[0].dataset == dataset)


def file_of(folder: Path, layer: str, reviewer: str) -> Path:
    """Where a reviewer's file of a layer lies.

    Args:
        folder: The desk's.

    Raises:
        DeskError: the reviewer's name can not be part of the name of a file.
    """
    if not ALIAS.fullmatch(reviewer):
        raise DeskError(
            f'"{reviewer}" can not be a reviewer\'s name',
            next_step="Use small letters, digits, hyphens and underscores, at most 40: an alias is fine (--reviewer ana).",
        )
    return folder / FOLDER / f"{layer}.{reviewer}.csv"


def files_of(folder: Path, layer: str) -> tuple[Path, ...]:
    """The files of a layer, by name."""
    return tuple(sorted((folder / FOLDER).glob(f"{layer}.*.csv")))


def read_layer(folder: Path, layer: str) -> tuple[ReviewFile, ...]:
    """Every reviewer's file of a layer.

    Raises:
        DeskError: one of them is wrong; with file, line and column. No file is changed.
    """
    return tuple(read_file(path, layer) for path in files_of(folder, layer))


def read_file(path: Path, layer: str) -> ReviewFile:
    """One reviewer's file; without decisions where there is none yet.

    Raises:
        DeskError: its name is not that of a review file, or a line says what can not be; with file, line and column.
    """
    reviewer = path.name.removeprefix(f"{layer}.").removesuffix(".csv")
    if not ALIAS.fullmatch(reviewer):
        raise DeskError(
            f'the file\'s name names the reviewer "{reviewer}", which can not be a name',
            where=str(path),
            next_step=f"Call it {layer}.NAME.csv, with small letters, digits, hyphens and underscores in NAME.",
        )
    text = text_of(path, error=DeskError)
    draws = read_draws(path)
    if text is None:
        return ReviewFile(path, layer, reviewer, (), "", draws)
    rows = list(_rows(text.removeprefix("\ufeff"), path))
    statements = [
        (line, _statement(cells, layer=layer, reviewer=reviewer, path=path, line=line)) for line, cells in rows
    ]
    return ReviewFile(path, layer, reviewer, _decisions(statements, layer, path), _digest(text), draws)


def with_decision(file: ReviewFile, decision: Decision, *, draw: Draw | None = None) -> ReviewFile:
    """The file with one more decision, written; the reviewer's earlier one on the same event gives way.

    Args:
        draw: In which the event came up.

    Raises:
        StoreError: it can not be written, or somebody else has written it meanwhile.
    """
    key = (decision[0].dataset, decision[0].event_id)
    kept = [other for other in file.decisions if (other[0].dataset, other[0].event_id) != key]
    return _written(file, (*kept, decision), draw)


def restored(file: ReviewFile, before: ReviewFile) -> ReviewFile:
    """The file as it was before, written.

    Raises:
        StoreError: as `with_decision`.
    """
    return _written(file, before.decisions)


def without_last(file: ReviewFile) -> ReviewFile:
    """The file without its last decision, written.

    Raises:
        StoreError: as `with_decision`.
    """
    return _written(file, file.decisions[:-1])


def _written(file: ReviewFile, decisions: tuple[Decision, ...], draw: Draw | None = None) -> ReviewFile:
    there = text_of(file.path, error=DeskError)
    if (_digest(there) if there is not None else "") != file.digest:
        raise StoreError(
            f'was changed by somebody else while "{file.reviewer}" was reviewing',
            where=str(file.path),
            next_step="Nothing was overwritten. If two people review under the same name, let one of them take another; then start again.",
        )
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows([_cell(getattr(said, name)) for name in COLUMNS] for decision in decisions for said in decision)
    text = out.getvalue()
    try:
        file.path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"can not be made: {error.strerror}", where=str(file.path.parent)) from error
    draws = file.draws
    if draw is not None:
        # Before the decision that names it: killed between the two, a draw is told of which nothing was read.
        draws = write_draw(file.path, draw, layer=file.layer, reviewer=file.reviewer)
    write_whole(file.path, text.encode())
    return ReviewFile(file.path, file.layer, file.reviewer, decisions, _digest(text), draws)


def one_line(text: str) -> str:
    """Text as a cell of a review file holds it: one line, and nothing that acts on a terminal."""
    return visible(" ".join(text.split()))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case dt.datetime():
            return value.astimezone(dt.UTC).strftime(INSTANT)
        case dt.date():
            return value.isoformat()
    text = one_line(str(value))
    return f"'{text}" if _FORMULA.match(text) else text


def _meant(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line, and cells by column, of every row that is not empty."""
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    try:
        for cells in table:
            line = table.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
                _checked_header(header, path, line)
            elif len(cells) != len(header):
                raise DeskError(
                    f"has {len(cells)} cells, but the first line names {len(header)} columns",
                    where=f"{path}:{line}",
                    next_step='Put a cell that holds a comma between quotation marks: "one, two".',
                )
            else:
                yield line, {name: _meant(cell.strip()) for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise DeskError(
            f"can not be read as a table: {error}",
            where=f"{path}:{table.line_num}",
            next_step="Look for a quotation mark that is not closed.",
        ) from error


def _checked_header(header: Sequence[str], path: Path, line: int) -> None:
    if len(header) == 1 and len(header[0].split(";")) > 5:
        raise DeskError("is separated by semicolons", where=f"{path}:{line}", next_step="Save it with commas.")
    for name in header:
        if name not in COLUMNS:
            raise DeskError(
                f'the column "{name}" is not known', where=f"{path}:{line}", next_step=did_you_mean(name, COLUMNS)
            )
        if list(header).count(name) > 1:
            raise DeskError(f'the column "{name}" is there twice', where=f"{path}:{line}")
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise DeskError(
            f"lacks the column {', '.join(missing)}",
            where=f"{path}:{line}",
            next_step="The first line must name: " + ",".join(COLUMNS),
        )


def _statement(cells: Mapping[str, str], *, layer: str, reviewer: str, path: Path, line: int) -> Statement:
    def wrong(column: str, what: str, step: str = "") -> DeskError:
        return DeskError(f'{column} "{cells[column]}" {what}', where=f"{path}:{line}", next_step=step)

    def read(column: str, how: Callable[[str], Any], form: str) -> Any:
        try:
            return how(cells[column])
        except ValueError:
            raise wrong(column, f"is not {form}") from None

    for column in ("event_id", "dataset", "row"):
        if not cells[column]:
            raise wrong(column, "is empty")
    if cells["kind"] not in KINDS[layer]:
        raise wrong("kind", f"is no kind of the layer {layer}", did_you_mean(cells["kind"], KINDS[layer]))
    if (cells["kind"] in NAMING) != bool(cells["party"]):
        raise wrong("party", f'{"is empty" if not cells["party"] else "is named"}, but kind is "{cells["kind"]}"')
    if cells["grade"] and not GRADE.fullmatch(cells["grade"]):
        raise wrong(
            "grade", "is no grade", "Write a letter from A to F and a figure from 1 to 6 (B2), or leave it empty."
        )
    if not DIGEST.fullmatch(cells["vintage"]):
        raise wrong("vintage", "is not the first twelve figures of a digest")
    if cells["reviewer"] != reviewer:
        raise wrong(
            "reviewer",
            f'is not "{reviewer}", whose file this is',
            "The decisions of two people, or of two under one name, can not be told apart in one file: give each line to the file of "
            "its reviewer.",
        )
    if cells["drawn"] and not DRAWN.fullmatch(cells["drawn"]):
        raise wrong(
            "drawn",
            "is not the id of a draw",
            f"Write one of {draws_of(path).name}, or leave it empty where the event was not drawn.",
        )
    values: dict[str, Any] = dict(cells)
    values["data_date"] = read("data_date", dt.date.fromisoformat, "a day, written 2021-09-15")
    if cells["said_date"]:
        values["said_date"] = read("said_date", dt.date.fromisoformat, "a day, written 2021-09-15")
    else:
        values["said_date"] = None
    values["reviewed_at"] = read("reviewed_at", _instant, "an instant, written 2022-08-01T09:30:00Z")
    return Statement(**values)


def _instant(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, INSTANT).replace(tzinfo=dt.UTC)


def _decisions(statements: Sequence[tuple[int, Statement]], layer: str, path: Path) -> tuple[Decision, ...]:
    """The statements of each event, in the order in which the events first appear."""
    found: dict[tuple[str, str], list[Statement]] = {}
    lines: dict[tuple[str, str], int] = {}
    for line, said in statements:
        key = (said.dataset, said.event_id)
        earlier = found.setdefault(key, [])
        where = f"{path}:{line}"
        if earlier and earlier[0].reviewed_at != said.reviewed_at:
            raise DeskError(
                f'event_id "{said.event_id}" was decided before, in line {lines[key]}, at another time',
                where=where,
                next_step="One reviewer decides an event once. Take one of the two out; two people need two names.",
            )
        if any((other.kind, other.party, other.said_by) == (said.kind, said.party, said.said_by) for other in earlier):
            raise DeskError(f'event_id "{said.event_id}": line {lines[key]} says the same', where=where)
        why = unlike(layer, [*(other.kind for other in earlier), said.kind])
        if why:
            raise DeskError(f'event_id "{said.event_id}": {why}', where=where)
        lines.setdefault(key, line)
        earlier.append(said)
    return tuple(tuple(said) for said in found.values())
