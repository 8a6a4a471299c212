"""The reviewer's workbook: findings, definitions, statements, the cells of tables and series, and the events, one sheet each."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl
import xlsxwriter

from tocsin.catalogue import EventIds
from tocsin.findings.check import Checked
from tocsin.findings.found import Found, scaled, shares_of
from tocsin.report.document import packed
from tocsin.report.export import harmless
from tocsin.report.filled import Statement

MOST_ROWS = 1_048_576
"""Lines of a sheet, as Excel bounds them."""

ROWS_AT_ONCE = 50_000

Cell = float | dt.date | str | None
Rows = list[tuple[Cell, ...]]

_FINDINGS = {
    "finding": 24, "label": 40, "value": 14, "printed": 16, "unit": 18, "low": 12, "high": 12, "expected": 18, "verdict": 18,
    "signed": 22, "why it moved": 40, "data set": 14, "data as of": 14, "file": 20, "events": 10, "reason": 40,
}  # fmt: skip
_DEFINITIONS = {
    "finding": 24, "definition": 90, "question": 16, "arguments": 30, "where": 40, "take": 24, "computed as": 40, "uses": 30,
    "published by": 40,
}  # fmt: skip
_STATEMENTS = {"words": 60, "finding": 24, "test": 30, "holds": 10, "line of report.md": 16}
_TABLES = {"finding": 24, "row": 8, "column": 24, "value": 16, "printed": 30}
_EVENTS = {"finding": 24, "event_id": 30}


def workbook(checked: Sequence[Checked], statements: Sequence[Statement] = (), *, dated: dt.date) -> bytes:
    """The workbook as XLSX, with numbers as numbers, in the unit printed. The same findings and day give the same bytes.

    Args:
        checked: Each finding with its verdict.
        statements: Those of the text, in its order.
        dated: The day that the file bears: that of the newest vintage.
    """
    found = [each.found for each in checked]
    buffer = io.BytesIO()
    # Texts are written as texts: xlsxwriter then makes neither formulas nor links of them.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": dt.datetime.combine(dated, dt.time())})
        _sheet(book, "Findings", _FINDINGS, [_finding(each) for each in checked])
        _sheet(book, "Definitions", _DEFINITIONS, [_definition(each) for each in found])
        if statements:
            _sheet(book, "Statements", _STATEMENTS, [_statement(each) for each in statements])
        if cells := [cell for one in found for cell in _cells(one)]:
            _sheet(book, "Tables", _TABLES, cells)
        _sheet(book, "Events", _EVENTS, [])
    return _with_events(buffer.getvalue(), _events(found), sheet=3 + bool(statements) + bool(cells))


def _finding(checked: Checked) -> tuple[Cell, ...]:
    one, about = checked.found, checked.found.about
    newest = about.newest if about and about.vintages else None
    return (
        one.name,
        one.finding.label,
        _cell(one),
        one.printed,
        one.with_unit.removeprefix(one.printed).strip(),
        None if one.low is None else scaled(one.low, one.finding),
        None if one.high is None else scaled(one.high, one.finding),
        one.finding.expect,
        checked.verdict,
        checked.signed.printed if checked.signed else None,
        checked.moved.sentence() if checked.moved else None,
        about.dataset if about else None,
        newest.data_date if newest else None,
        newest.digest if newest else None,
        float(len(one.event_ids)),
        one.reason,
    )


def _cell(one: Found) -> Cell:
    if isinstance(one.value, pl.DataFrame):
        return one.printed
    return scaled(one.value, one.finding) if isinstance(one.value, float) else one.value


def _cells(one: Found) -> Iterator[tuple[Cell, ...]]:
    """The cells of a table or series, row by row; shares in per cent."""
    if not isinstance(one.value, pl.DataFrame):
        return
    heads, *rows = one.table
    shares = shares_of(one.value, one.finding)
    for number, (values, said) in enumerate(zip(one.value.iter_rows(), rows, strict=True), start=1):
        for name, head, value, printed in zip(one.value.columns, heads, values, said, strict=True):
            plain = float(value) if isinstance(value, int | float) else value
            yield one.name, float(number), head, plain * 100 if name in shares and plain is not None else plain, printed


def _definition(one: Found) -> tuple[Cell, ...]:
    finding = one.finding
    arguments = finding.arguments.model_dump(mode="json", exclude_defaults=True)
    source = finding.source if finding.value is not None else None
    return (
        one.name,
        one.words,
        finding.ask,
        _listed(arguments),
        _listed(finding.where),
        finding.take or (f"the first {finding.rows} rows" if finding.rows else None),
        finding.compute,
        ", ".join(one.uses),
        source,
    )


def _listed(said: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{key}: {', '.join(map(str, value)) if isinstance(value, list | tuple) else value}"
        for key, value in said.items()
    )


def _statement(one: Statement) -> tuple[Cell, ...]:
    holds = {True: "holds", False: "does not hold", None: "can not be told"}[one.holds]
    return one.words, one.name, one.test, holds, float(one.line)


def _sheet(book: xlsxwriter.Workbook, name: str, columns: Mapping[str, int], rows: Rows) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.freeze_panes(1, 1)
    for column, (title, width) in enumerate(columns.items()):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, head)
    for row, cells in enumerate(_harmless(rows), start=1):
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(row, column, cell, wrapped)
            elif isinstance(cell, dt.date):
                sheet.write_datetime(row, column, dt.datetime.combine(cell, dt.time()), day)
            elif cell is not None and math.isfinite(cell):
                sheet.write_number(row, column, cell, wrapped)
            elif cell is not None:
                sheet.write_string(row, column, str(cell), wrapped)


def _harmless(rows: Rows) -> Iterator[tuple[Cell, ...]]:
    """The rows, with nothing in their texts that a spreadsheet would run."""
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    shown = iter(harmless(pl.DataFrame({"text": texts}, schema={"text": pl.String}))["text"].to_list())
    for row in rows:
        yield tuple(next(shown)[:32_767] if isinstance(cell, str) else cell for cell in row)


def _events(found: Sequence[Found]) -> pl.DataFrame:
    """finding, event_id: as many lines as a sheet holds below its head; the last one says so where that is not all."""
    room = left_over = MOST_ROWS - 1
    parts = [pl.DataFrame(schema={"finding": pl.String, "event_id": pl.String})]
    for one in found:
        some = EventIds.of(one.event_ids).column.head(max(left_over, 0))
        parts.append(some.to_frame().select(pl.lit(one.name).alias("finding"), "event_id"))
        left_over -= len(one.event_ids)
    table = pl.concat(parts)
    if left_over < 0:
        left = 1 - left_over
        words = (
            f"{left:,} lines more, which a sheet has no room for: the list of each finding lies whole beside the report"
        )
        table = table.head(room - 1).vstack(pl.DataFrame({"finding": "NOT ALL ARE HERE", "event_id": words}))
    return harmless(table)


def _with_events(book: bytes, events: pl.DataFrame, *, sheet: int) -> bytes:
    """The workbook with the lines of the sheet of events put in. Cell by cell, a million of them would take a quarter of a minute."""
    name = f"xl/worksheets/sheet{sheet}.xml"
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts: dict[str, Iterable[bytes]] = {part: [archive.read(part)] for part in archive.namelist()}
        head, end, rest = archive.read(name).partition(b"</sheetData>")
    head = head.replace(b'<dimension ref="A1:B1"/>', f'<dimension ref="A1:B{events.height + 1}"/>'.encode())
    parts[name] = itertools.chain([head], map(_rows, events.iter_slices(ROWS_AT_ONCE)), [end + rest])
    return packed(parts)


def _rows(events: pl.DataFrame) -> bytes:
    """Rows of the sheet of events, as XML."""
    cells = (
        pl.lit('<c t="inlineStr"><is><t xml:space="preserve">') + _escaped(name) + pl.lit("</t></is></c>")
        for name in events.columns
    )
    rows = events.select(pl.concat_str(pl.lit("<row>"), *cells, pl.lit("</row>")).str.join(""))
    return str(rows.item()).encode()


def _escaped(column: str) -> pl.Expr:
    """The texts of a column as XML."""
    return pl.col(column).str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"])
