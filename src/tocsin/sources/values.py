"""Text cells as days, numbers and words: the quick way for whole columns, one by one for what the quick way can not read.

Nothing is guessed: a cell becomes a value, or null where it says "nothing", or a fault with its reason.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tocsin.errors import did_you_mean
from tocsin.schema import spoken_date
from tocsin.sources.dayorder import FIGURES, WITHOUT_FORM, DayOrder, read_figures

MOST_MENTIONS = 1_000_000_000
"""More than this is no count: added up, such numbers would not be exact."""
EMPTY = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "Null", "null", "None")
FIRST_DAY = dt.date(1900, 1, 1)
LAST_DAY = dt.date(2099, 12, 31)
# Day 1 of Excel is 1 January 1900, and Excel believes in a 29 February 1900.
EXCEL_ZERO = dt.date(1899, 12, 30)
EXCEL_SERIALS = range(20_000, 80_000)
FORMULA = r"^=\s*(?:[A-Z][A-Z0-9.]*\(|\$?[A-Z]{1,3}\$?[0-9]|[0-9(+\-\"'.])"
MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
OTHER_MONTHS: Mapping[str, str] = {
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}


TWO_TEXTS = {"cell": pl.String(), "name": pl.String()}


@dataclass(frozen=True)
class Fault:
    """What is wrong with some rows."""

    column: str
    cells: pl.Series
    reasons: pl.Series
    """A sentence for each row that is wrong; null for the others."""


@dataclass(frozen=True)
class Parsed:
    """One column of the contract, worked out, and the rows for which it could not be."""

    values: pl.Series
    faults: tuple[Fault, ...] = ()

    def with_faults(self, *faults: Fault | None) -> Parsed:
        return Parsed(self.values, (*self.faults, *(fault for fault in faults if fault is not None)))


def fault(column: str, cells: pl.Series, wrong: pl.Series, reason: str | pl.Series) -> Fault | None:
    """A fault of the rows that are `wrong`, or None where no row is; a null in `wrong` is no fault."""
    wrong = wrong.fill_null(value=False)
    if not wrong.any():
        return None
    said = reason if isinstance(reason, pl.Series) else pl.select(pl.lit(reason, dtype=pl.String)).to_series()
    reasons = pl.select(pl.when(wrong).then(said)).to_series()
    return Fault(column, cells.cast(pl.String), reasons)


def any_fault(*several: Parsed) -> pl.Series:
    """True for each row that has a fault."""
    bad = pl.select(pl.repeat(False, len(several[0].values), dtype=pl.Boolean)).to_series()
    for parsed in several:
        for found in parsed.faults:
            bad = bad | found.reasons.is_not_null()
    return bad


def text(cells: pl.Series) -> Parsed:
    """Text, spaces at its ends trimmed; null where the cell says nothing. A spreadsheet formula is a fault."""
    trimmed = cells.str.strip_chars()
    values = pl.select(pl.when(~trimmed.is_in(EMPTY)).then(trimmed)).to_series()
    formula = values.str.starts_with("=")
    if not formula.any():
        return Parsed(values)
    wrong = formula & values.str.contains(FORMULA)
    reason = "the cell holds a formula, not what it stands for: save the file with values only"
    return Parsed(values).with_faults(fault(cells.name, cells, wrong, reason))


def whole(
    cells: pl.Series,
    *,
    least: int | None = None,
    most: int | None = None,
    among: Sequence[int] | None = None,
    what: str = "a whole number",
) -> Parsed:
    """Whole numbers, also where they are written as floats ("2.0").

    Args:
        cells: Text.
        least: The least that can be.
        most: The most that can be.
        among: The codes that can be.
        what: What the number is, for messages.

    Returns:
        Int64; null where the cell says nothing.
    """
    quick = cells.str.strip_suffix(".0").cast(pl.Int64, strict=False)
    parsed = _mended(cells, quick, read_whole)
    values = parsed.values
    if least is not None:
        parsed = parsed.with_faults(fault(cells.name, cells, values < least, f"{what} can not be less than {least}"))
    if most is not None:
        parsed = parsed.with_faults(fault(cells.name, cells, values > most, f"{what} can not be more than {most:,}"))
    if among is not None:
        known = f"from {among[0]} to {among[-1]}" if isinstance(among, range) else ", ".join(map(str, among))
        wrong = ~values.is_in(list(among))
        parsed = parsed.with_faults(fault(cells.name, cells, wrong, f"{what} can only be {known}"))
    return parsed


def read_whole(written: str) -> int | None:
    """A whole number.

    Raises:
        ValueError: it is none, with the reason.
    """
    number = read_decimal(written, what="a whole number")
    if number is None:
        return None
    if not number.is_integer() or abs(number) >= 2**53:
        raise ValueError(f'"{written}" is not a whole number')
    return int(number)


def read_decimal(written: str, *, what: str = "a number") -> float | None:
    """A number, with a point or, where that can not be read as thousands, a comma before its decimals.

    Raises:
        ValueError: it is none, with the reason.
    """
    cell = _plain_digits(written.strip())
    if cell in EMPTY:
        return None
    if re.search(FORMULA, cell):
        raise ValueError("the cell holds a formula, not what it stands for: save the file with values only")
    if re.fullmatch(r"[+-]?\d+,(?:\d{1,2}|\d{4,})", cell):
        cell = cell.replace(",", ".")
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", cell):
        raise ValueError(f'"{written[:80]}" is not {what}')
    return float(cell)


def words(cells: pl.Series, known: Mapping[str, str | None], *, what: str) -> Parsed:
    """Words of a code list, as the source writes them now.

    Args:
        cells: Text.
        known: What each word, folded with `fold`, means now; null where it means "none".
        what: What a word is, for messages ("an event type of ACLED").

    Returns:
        String; null where the cell says nothing. A word that is not in the list is a fault.
    """
    current = sorted({word for word in known.values() if word is not None})

    def look_up(written: str) -> str | None:
        folded = fold(written)
        if folded not in known:
            if written.strip() in EMPTY:
                return None
            raise ValueError(f'"{written[:80]}" is not {what}. {did_you_mean(written[:80], current)}'.strip())
        return known[folded]

    return _mended(cells, pl.select(pl.repeat(None, len(cells), dtype=pl.String)).to_series(), look_up)


def fold(written: str) -> str:
    """A word without what spellings differ in: case, spaces, a float's ".0"."""
    return " ".join(written.casefold().split()).removesuffix(".0")


def days(
    cells: pl.Series,
    *,
    form: str | None = None,
    order: DayOrder = WITHOUT_FORM,
    language: str = "en",
    first: dt.date = FIRST_DAY,
    last: dt.date = LAST_DAY,
) -> Parsed:
    """Days.

    Args:
        cells: Text: 2024-09-06 (a time may follow and is dropped), 17 November 2021, 17-Nov-21, November 17, 2021, or the
            number that Excel gives to a day.
        form: The form of the dates in the codes of strptime; needed where only figures with day and month first are given,
            whose order can not be told.
        order: What the whole file tells of that order.
        language: ISO 639-1 code of the language of month names.
        first: The first day that can be.
        last: The last day that can be.

    Returns:
        Date; null where the cell says nothing.
    """
    quick = cells.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    iso = cells.str.contains(r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}[\d:.]*(?:Z|[+-]\d{2}:?\d{2})?)?$")
    as_form = form is not None and form.startswith("%Y")  # the form itself says what follows the year
    quick = pl.select(pl.when(iso & pl.lit(not as_form)).then(quick)).to_series()
    parsed = _mended(cells, quick, lambda written: read_day(written, form=form, order=order, language=language))
    outside = (parsed.values < first) | (parsed.values > last)
    reason = f"the day is not between {first} and {last}"
    return parsed.with_faults(fault(cells.name, cells, outside, reason))


def read_day(
    written: str, *, form: str | None = None, order: DayOrder = WITHOUT_FORM, language: str = "en"
) -> dt.date | None:
    """One day; see `days`.

    Raises:
        ValueError: it is none, or can not be told, with the reason.
    """
    cell = _plain_digits(" ".join(written.split()))
    if cell in EMPTY:
        return None
    if form is not None:
        try:
            return dt.datetime.strptime(cell, form).date()  # noqa: DTZ007 a day has no zone
        except ValueError:
            pass
    found = re.fullmatch(
        r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]\d{1,2}:\d{2}[\d:.]*(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?", cell
    )
    if found and not (form or "").startswith("%Y"):
        return _day(int(found[1]), int(found[3]), int(found[4]), written)
    day = _day_of_words(cell, written, language=language)
    if day is not None:
        return day
    if re.fullmatch(r"\d{5}(?:\.\d+)?", cell) and int(float(cell)) in EXCEL_SERIALS:
        return EXCEL_ZERO + dt.timedelta(days=int(float(cell)))
    return _day_of_figures(cell, written, form=form, order=order)


def _day_of_words(cell: str, written: str, *, language: str) -> dt.date | None:
    """A day whose month is named, or None where the cell is of another form."""
    found = re.fullmatch(
        r"(\d{1,2})[-. /]{1,2}([^\W\d]{3,})\.?[-. /,]{1,2}(\d{4}|\d{2})(?: \d{1,2}:\d{2}[\d:.]*)?", cell
    )
    if found:
        return _day(_year(found[3]), _month(found[2], language, written), int(found[1]), written)
    found = re.fullmatch(r"([^\W\d]{3,})\.? (\d{1,2}),? (\d{4})", cell)
    if found:
        return _day(int(found[3]), _month(found[1], language, written), int(found[2]), written)
    return None


def _day_of_figures(cell: str, written: str, *, form: str | None, order: DayOrder) -> dt.date:
    """A day whose order of day and month only a form or the whole file can tell."""
    figures = re.fullmatch(FIGURES, cell)
    if form is not None:
        raise ValueError(_why_not_of_form(written, form, figures))
    if figures:
        one, two, year = int(figures[1]), int(figures[2]), _year(figures[3])
        return read_figures(one, two, year, written=written, order=order)
    if re.search(FORMULA, cell):
        raise ValueError("the cell holds a formula, not what it stands for: save the file with values only")
    raise ValueError(f'"{written[:80]}" is not a day: write it as 2024-09-06')


def _why_not_of_form(written: str, form: str, figures: re.Match[str] | None) -> str:
    """Why a date is not read by the form that a mapping gives, and what it would be in another."""
    reason = f'"{written[:80]}" is not a day of the form {form} (such as "{dt.date(2021, 11, 17).strftime(form)}")'
    if figures is None:
        return reason
    one, two, year = int(figures[1]), int(figures[2]), _year(figures[3])
    if not _exists(year, two, one) and not _exists(year, one, two):
        reason += "; there is no such day"
    if _exists(year, two, one):
        reason += f"; with the day first it would be {spoken_date(dt.date(year, two, one))}"
    if _exists(year, one, two) and one != two:
        reason += f"; with the month first it would be {spoken_date(dt.date(year, one, two))}"
    return reason


def _exists(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _day(year: int, month: int, day: int, written: str) -> dt.date:
    if not _exists(year, month, day):
        raise ValueError(f'there is no such day as "{written}"')
    return dt.date(year, month, day)


def _year(written: str) -> int:
    """A year; of two figures, 70 to 99 are of the last century."""
    year = int(written)
    if len(written) > 2:
        return year
    return year + (1900 if year >= 70 else 2000)


def _month(written: str, language: str, whole_cell: str) -> int:
    name = written.casefold()
    for names in (MONTHS, OTHER_MONTHS.get(language, "").split()):
        fitting = [number for number, known in enumerate(names, start=1) if known.startswith(name)]
        if len(fitting) == 1:
            return fitting[0]
    if name == "sept":
        return 9
    raise ValueError(f'"{written}" in "{whole_cell[:80]}" is not the name of a month')


@dataclass(frozen=True)
class Position:
    """Longitudes and latitudes, degrees, WGS 84."""

    longitude: Parsed
    latitude: Parsed


def position(longitudes: pl.Series, latitudes: pl.Series) -> Position:
    """Coordinates.

    Args:
        longitudes: Text, degrees east.
        latitudes: Text, degrees north.

    Returns:
        Float64; null where both say nothing. Out of bounds, only one of two, and 0/0 are faults.
    """
    longitude = _mended(longitudes, _finite(longitudes), read_decimal)
    latitude = _mended(latitudes, _finite(latitudes), read_decimal)
    x, y = longitude.values, latitude.values
    swapped = (y.abs() <= 180) & (x.abs() <= 90)
    hint = pl.select(
        pl.when(swapped).then(pl.lit("; latitude and longitude may be swapped")).otherwise(pl.lit(""))
    ).to_series()
    out = pl.select(pl.lit("the latitude is not between -90 and 90") + hint).to_series()
    one = x.is_null() != y.is_null()
    bad = any_fault(longitude, latitude)
    return Position(
        longitude=longitude.with_faults(
            fault(longitudes.name, longitudes, x.abs() > 180, "the longitude is not between -180 and 180"),
        ),
        latitude=latitude.with_faults(
            fault(latitudes.name, latitudes, y.abs() > 90, out),
            fault(
                latitudes.name,
                latitudes,
                (x == 0) & (y == 0),
                "0/0 is a point in the Atlantic that stands for a position nobody gave",
            ),
            fault(latitudes.name, latitudes, one & ~bad, "one of longitude and latitude is missing"),
        ),
    )


def _finite(cells: pl.Series) -> pl.Series:
    quick = cells.cast(pl.Float64, strict=False)
    return pl.select(pl.when(quick.is_finite()).then(quick)).to_series()


def instants(cells: pl.Series) -> Parsed:
    """Instants in UTC: Unix seconds, or a day with a time.

    Returns:
        Datetime in microseconds, UTC; null where the cell says nothing.
    """
    seconds = cells.str.strip_suffix(".0").cast(pl.Int64, strict=False)
    parsed = _mended(cells, seconds, _read_seconds)
    outside = (parsed.values < 0) | (parsed.values > 4_102_444_800)
    values = (pl.select(pl.when(~outside).then(parsed.values)).to_series() * 1_000_000).cast(pl.Datetime("us", "UTC"))
    return Parsed(values, parsed.faults).with_faults(
        fault(cells.name, cells, outside, "this is not a time in Unix seconds between 1970 and 2099")
    )


def _read_seconds(written: str) -> int | None:
    """Unix seconds out of a number or an ISO time."""
    cell = written.strip()
    if re.match(r"\d{4}-\d{2}-\d{2}", cell):
        try:
            instant = dt.datetime.fromisoformat(cell)
        except ValueError as error:
            raise ValueError(f'"{written[:80]}" is not a time') from error
        return int(instant.replace(tzinfo=instant.tzinfo or dt.UTC).timestamp())
    return read_whole(written)


def estimates_in_order(low: Parsed, high: Parsed, *, column: str) -> Fault | None:
    """The fault of a low estimate above the high one. A best estimate outside the two is kept: publishers print such rows."""
    return fault(column, low.values, low.values > high.values, "the low estimate of deaths is above the high one")


def parties(cells: Sequence[pl.Series], split: Callable[[str], Iterable[str]]) -> pl.Series:
    """Every party named in some cells of a row, once each, sorted.

    Args:
        cells: Columns of text, trimmed; null where nothing is said.
        split: The parties that one cell names.

    Returns:
        List of String, one list a row.
    """
    keys = [str(number) for number in range(len(cells))]
    rows = pl.DataFrame([column.alias(key) for key, column in zip(keys, cells, strict=True)])
    combinations = rows.unique().with_row_index("at")
    said = pl.concat([combinations.select("at", cell=key).drop_nulls() for key in keys])
    pairs = [(cell, name) for cell in said["cell"].unique().to_list() for name in split(cell)]
    # Numbers in the order of the names stand for them: Polars sorts numbers far faster than lists of text.
    named = pl.DataFrame({"cell": [cell for cell, _ in pairs], "name": [name for _, name in pairs]}, schema=TWO_TEXTS)
    named = named.with_columns(number=pl.col("name").rank("dense").cast(pl.UInt32))
    found = said.join(named.select("cell", "number"), on="cell").select("at", "number").unique().sort("at", "number")
    names = found.join(named.select("number", "name").unique(), on="number", how="left", maintain_order="left")
    actors = combinations.join(names.group_by("at", maintain_order=True).agg(actors="name"), on="at", how="left")
    lists = rows.join(actors, on=keys, how="left", nulls_equal=True, maintain_order="left")["actors"]
    return lists.fill_null(pl.Series([[]], dtype=pl.List(pl.String)))


def _plain_digits(written: str) -> str:
    """The same text with the digits of other scripts (Persian, Arabic) as 0 to 9."""
    if written.isascii():
        return written
    return "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() and letter.isdecimal() else letter for letter in written
    )


def _mended(cells: pl.Series, quick: pl.Series, read: Callable[[str], Any]) -> Parsed:
    """`quick`, with the cells that it left null read one by one: each distinct text once."""
    left = quick.is_null() & (cells != "")
    if not left.any():
        return Parsed(quick)
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for written in cells.filter(left).unique().to_list():
        try:
            values[written] = read(written)
        except ValueError as error:
            wrong[written] = str(error)
    looked_up = cells.replace_strict(
        pl.Series(list(values), dtype=pl.String),
        pl.Series(list(values.values()), dtype=quick.dtype),
        default=None,
        return_dtype=quick.dtype,
    )
    mended = pl.select(pl.when(left).then(looked_up).otherwise(quick)).to_series()
    if not wrong:
        return Parsed(mended)
    reasons = cells.replace_strict(
        pl.Series(list(wrong), dtype=pl.String),
        pl.Series(list(wrong.values()), dtype=pl.String),
        default=None,
        return_dtype=pl.String,
    )
    only_left = pl.select(pl.when(left).then(reasons)).to_series()
    return Parsed(mended, (Fault(cells.name, cells, only_left),))
