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
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for number, name in enumerate(book.sheet_names):
            if book.sheets_metadata[number].typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            top = sheet.start[0] if sheet.start else 0
            rows = enumerate(sheet.iter_rows(), start=top + 1)
            header = next(
                ((line, cells) for line, cells in rows if sum(as_text(c).strip() != "" for c in cells) > 1), None
            )
            if header is not None:
                columns = named([as_text(cell) for cell in header[1]], where=f"{where}, sheet {name}")
                formulas = _not_worked_out(content, number)
                left = sheet.start[1] if sheet.start else 0
                return Opened(
                    kind=f'XLSX, sheet "{name}"', columns=columns, batches=_batches(rows, columns, formulas, left)
                )
    except python_calamine.PasswordError as error:
        raise SourceError(
            "the workbook is locked by a password", where=where, next_step="Save it without one."
        ) from error
    except python_calamine.CalamineError as error:
        raise SourceError(
            f"the workbook is damaged ({error})",
            where=where,
            next_step="Open it, save it again as XLSX or CSV, or download it anew.",
        ) from error
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


def _not_worked_out(content: bytes, number: int) -> dict[tuple[int, int], str]:
    """Formulas without a value in sheet `number`, by line (from 1) and column (from 0)."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        book = ElementTree.fromstring(parts.read("xl/workbook.xml"))  # noqa: S314 expat bounds entity expansion
        links = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
        sheets = [sheet.get(RELATION) for sheet in book.iter() if sheet.tag.endswith("}sheet")]
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        target = targets.get(sheets[number], "").removeprefix("/xl/")
        if f"xl/{target}" not in parts.namelist():
            return {}
        written = parts.read(f"xl/{target}")
    if b"<f" not in written:
        return {}
    return {
        (int(line), _column_number(letters.decode())): "=" + (formula or b"").decode("utf-8", errors="replace")
        for letters, line, formula in NOT_WORKED_OUT.findall(written)
    }


def _column_number(letters: str) -> int:
    """A is 0, Z is 25, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
