"""How a table leaves the house: CSV, JSON, Parquet or XLSX, with its definition, and with nothing that a spreadsheet would run."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from tocsin.catalogue import Answer
from tocsin.errors import QuestionError, did_you_mean
from tocsin.schema import Provenance
from tocsin.visible import ACTS_IN_TABLES, escaped, visible

FORMATS = ("csv", "json", "parquet", "xlsx")

# A cell that begins with one of these is a formula to a spreadsheet.
_STARTS_FORMULA = r"^[=+\-@\t\r\n]"


def harmless(table: pl.DataFrame) -> pl.DataFrame:
    """The same table, fit for a spreadsheet and a terminal: an apostrophe before every text that the one would take for a formula, and
    every character on which the other would act written out."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    table = table.with_columns(_seen(table[name]) for name in texts)
    return table.with_columns(
        pl.when(pl.col(name).str.contains(_STARTS_FORMULA)).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name in texts
    )


def _seen(column: pl.Series) -> pl.Series:
    acting = column.filter(column.str.contains(ACTS_IN_TABLES)).unique()
    return column.replace({text: visible(text, lines=True) for text in acting}) if acting.len() else column


def export(answer: Answer, *, form: str) -> bytes:
    """A table as bytes. JSON, Parquet and XLSX hold its definition and source too; CSV can not.

    Raises:
        QuestionError: the format is not known.
    """
    writers = {"csv": _csv, "json": _json, "parquet": _parquet, "xlsx": _xlsx}
    if form not in writers:
        raise QuestionError(f'there is no format "{form}"', next_step=did_you_mean(form, FORMATS))
    return writers[form](answer)


def as_json(value: Any) -> str:
    """JSON for people and programs: dates as ISO 8601, no NaN, text as it is, with what acts on a terminal escaped and not lost."""
    return escaped(json.dumps(value, ensure_ascii=False, indent=1, default=_plain, allow_nan=False))


def _plain(value: object) -> str:
    if isinstance(value, dt.date | dt.datetime | Path):
        return value.isoformat() if not isinstance(value, Path) else str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _about(answer: Answer) -> dict[str, Any]:
    others = [{"dataset": each.dataset, "vintages": _vintages(each)} for each in answer.beside]
    return {
        "question": answer.question,
        "title": answer.title,
        "subtitle": answer.subtitle,
        "definition": answer.definition,
        "notes": list(answer.notes),
        "source": answer.source,
        "synthetic": answer.about.synthetic,
        "dataset": answer.about.dataset,
        "as_of": answer.about.as_of,
        "vintages": _vintages(answer.about),
        **({"against": others} if others else {}),
    }


def _vintages(about: Provenance) -> list[dict[str, Any]]:
    return [{"number": each.number, "digest": each.digest, "data_date": each.data_date} for each in about.vintages]


def _csv(answer: Answer) -> bytes:
    return harmless(answer.table).write_csv().encode()


def _json(answer: Answer) -> bytes:
    rows = answer.table.with_columns(pl.selectors.float().fill_nan(None)).to_dicts()
    return (as_json({**_about(answer), "rows": rows}) + "\n").encode()


def _parquet(answer: Answer) -> bytes:
    table = answer.table.to_arrow()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), "tocsin": as_json(_about(answer))})
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    return bytes(buffer.getvalue().to_pybytes())


def _xlsx(answer: Answer) -> bytes:
    buffer = io.BytesIO()
    # Texts are written as texts: xlsxwriter then makes neither formulas nor links of them.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        harmless(answer.table).write_excel(workbook, worksheet="numbers", autofit=True)
        sheet = workbook.add_worksheet("definition")
        for row, sentence in enumerate((answer.title, answer.subtitle, *answer.sentences())):
            sheet.write_string(row, 0, sentence)
    return buffer.getvalue()
