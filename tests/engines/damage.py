"""Ways in which a Parquet file goes wrong, and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Damage = Callable[[Path], object]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def overwritten(path: Path) -> None:
    """As long as it was, and no Parquet."""
    path.write_bytes(b"x" * path.stat().st_size)


def bit_turned(path: Path) -> None:
    """In the middle of the values of a column, where no reader would see it without a checksum."""
    place = pq.ParquetFile(path).metadata.row_group(0)
    column = next(each for each in map(place.column, range(place.num_columns)) if each.path_in_schema == "event_day")
    content = bytearray(path.read_bytes())
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(bytes(content))


def retyped(path: Path) -> None:
    """The same rows, with one column of another type."""
    table = pq.read_table(path, partitioning=None)
    at = table.schema.get_field_index("geo_precision")
    pq.write_table(table.set_column(at, "geo_precision", table["geo_precision"].cast(pa.int64())), path)


def column_lost(path: Path) -> None:
    pq.write_table(pq.read_table(path, partitioning=None).drop_columns(["admin2"]), path)


def column_more(path: Path) -> None:
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.append_column("extra", pa.nulls(table.num_rows, pa.int8())), path)


DAMAGES: Mapping[str, tuple[Damage, str]] = {
    "missing": (Path.unlink, "is missing"),
    "cut short": (cut_short, "is damaged: it can not be read as Parquet"),
    "no Parquet": (overwritten, "is damaged: it can not be read as Parquet"),
    "retyped": (retyped, 'has "geo_precision" as int64 where the other files have int8'),
    "a column lost": (column_lost, 'lacks the column "admin2"'),
    "a column more": (column_more, 'has the column "extra"'),
}
"""What is seen before anything is read, and what is said of it."""
