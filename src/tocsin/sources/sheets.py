"""The first sheet of an XLSX file that has a header, as rows of text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import polars as pl
import python_calamine

from tocsin.errors import SourceError
from tocsin.sources.extent import MALFORMED, check_parts, check_sheet, column_number, damaged
from tocsin.sources.raw import BATCH_ROWS, Opened, Raw, as_text, named, no_rejects

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# A cell whose formula has no value beside it: what it stands for is known only to the program that would work it out.
NOT_WORKED_OUT = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*><f[^>]*?(?:/>|>([^<]*)</f>)(?:<v\s*/>|<v></v>)?</c>')


def open_sheet(content: bytes, *, where: str) -> Opened:
    """Open an XLSX workbook.

    Args:
        content: The bytes of the workbook.
        where: The file's name, for messages.

    Returns:
        Columns and rows of the first sheet that has a row with two or more filled cells, which is the header. Dates are
        written as in ISO 8601. A formula that was never worked out is given as its text.

    Raises:
        SourceError: the workbook is damaged, is locked by a password, or has no such sheet; or a column stands twice.
    """
    check_parts(content, where=where)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        parts = _parts(content, where=where)
        for number, name in enumerate(book.sheet_names):
            if book.sheets_metadata[number].typ != python_calamine.SheetTypeEnum.WorkSheet or not parts[number]:
                continue
            extent = check_sheet(content, parts[number], where=f"{where}, sheet {name}")
            sheet = book.get_sheet_by_index(number)
            top = sheet.start[0] if sheet.start else 0
            rows = enumerate(sheet.iter_rows(), start=top + 1)
            header = next(
                ((line, cells) for line, cells in rows if sum(as_text(c).strip() != "" for c in cells) > 1), None
            )
            if header is not None:
                columns = named([as_text(cell) for cell in header[1]], where=f"{where}, sheet {name}")
                formulas = _not_worked_out(content, parts[number]) if extent.formulas else {}
                left = sheet.start[1] if sheet.start else 0
                return Opened(
                    kind=f'XLSX, sheet "{name}"', columns=columns, batches=_batches(rows, columns, formulas, left)
                )
    except python_calamine.PasswordError as error:
        raise SourceError(
            "the workbook is locked by a password", where=where, next_step="Save it without one."
        ) from error
    except (python_calamine.CalamineError, IndexError) as error:
        raise damaged(str(error), where=where) from error
    raise SourceError(
        "no sheet of the workbook has a header row", where=where, next_step="Put the names of the columns first."
    )


def _batches(
    rows: Iterator[tuple[int, list[Any]]], columns: tuple[str, ...], formulas: dict[tuple[int, int], str], left: int
) -> Iterator[Raw]:
    """The rows below the header that have anything in them."""
    taken: list[list[str]] = []
    lines: list[int] = []
    first = 1
    for line, cells in rows:
        texts = [as_text(cell) for cell in cells]
        if formulas:
            texts = [
                formulas.get((line, left + place), text) if text == "" else text for place, text in enumerate(texts)
            ]
        if not any(text.strip() for text in texts):
            continue
        taken.append(texts)
        lines.append(line)
        if len(taken) == BATCH_ROWS:
            yield _raw(taken, lines, columns, first)
            first += len(taken)
            taken, lines = [], []
    yield _raw(taken, lines, columns, first)


def _raw(taken: list[list[str]], lines: list[int], columns: tuple[str, ...], first: int) -> Raw:
    return Raw(
        row=pl.int_range(first, first + len(taken), eager=True, dtype=pl.Int64).alias("row"),
        line=pl.Series("line", lines, dtype=pl.Int64),
        cells=pl.DataFrame(taken, schema=dict.fromkeys(columns, pl.String), orient="row"),
        broken=no_rejects(),
    )


def _parts(content: bytes, *, where: str) -> list[str]:
    """The name of each sheet's part, in the order of the sheets; empty where the workbook does not hold it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = {name.casefold(): name for name in archive.namelist()}
        try:
            book = ElementTree.fromstring(archive.read(names["xl/workbook.xml"]))  # noqa: S314 expat bounds entity expansion
            links = ElementTree.fromstring(archive.read(names["xl/_rels/workbook.xml.rels"]))  # noqa: S314
        except (*MALFORMED, ElementTree.ParseError) as error:
            raise damaged(str(error), where=where) from error
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    found = [targets.get(sheet.get(RELATION), "") for sheet in book.iter() if sheet.tag.endswith("}sheet")]
    return [names.get(f"xl/{target.removeprefix('/xl/')}".casefold(), "") for target in found]


def _not_worked_out(content: bytes, part: str) -> dict[tuple[int, int], str]:
    """Formulas without a value in a sheet's part, by line (from 1) and column (from 0)."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        written = archive.read(part)
    return {
        (int(line), column_number(letters.decode())): "=" + (formula or b"").decode("utf-8", errors="replace")
        for letters, line, formula in NOT_WORKED_OUT.findall(written)
    }
