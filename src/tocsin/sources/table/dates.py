"""In which form are the dates of a table written?"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

from tocsin.sources.values import EMPTY, OTHER_MONTHS, read_day

DAY_FIRST = ("%d{0}%m{0}%Y", "%d{0}%m{0}%y")
MONTH_FIRST = ("%m{0}%d{0}%Y", "%m{0}%d{0}%y")
TIMES = ("", " %H:%M", " %H:%M:%S")


def dated_column(samples: Mapping[str, Sequence[str]]) -> str | None:
    """The first column most of whose texts are days in some form."""
    for column, cells in samples.items():
        said = Counter(cell.strip() for cell in cells if cell.strip() not in EMPTY)
        if said and not all(cell.isdigit() for cell in said) and forms_of(said, "en"):
            return column
    return None


def _read_count(cells: Mapping[str, int], form: str | None, language: str) -> int:
    """Rows whose date is read."""
    return sum(count for cell, count in cells.items() if is_read(cell, form, language))


def is_read(cell: str, form: str | None, language: str) -> bool:
    try:
        return read_day(cell, form=form, language=language) is not None
    except ValueError:
        return False


def fits(cell: str, form: str) -> bool:
    try:
        dt.datetime.strptime(cell, form)  # noqa: DTZ007 a day has no zone
    except ValueError:
        return False
    return True


def forms_of(dates: Mapping[str, int], language: str) -> list[str | None]:
    """The forms that read the most rows, and at least half of them; None where dates are read without one."""
    left = [cell for cell in dates if not is_read(cell, None, language)]
    forms = [form.format(mark) + time for mark in "./- " for form in (*DAY_FIRST, *MONTH_FIRST) for time in TIMES]
    fitting = [form for form in (*forms, "%Y%m%d") if any(fits(cell, form) for cell in left)]
    counts = {form: _read_count(dates, form, language) for form in (None, *fitting)}
    most = max(counts.values())
    if 2 * most < sum(dates.values()):
        return []
    return [None] if counts[None] == most else [form for form, count in counts.items() if count == most]


def language_of_months(dates: Mapping[str, int], language: str) -> str:
    """The language that reads the most dates, where they have names of months."""
    return max((language, "en", *OTHER_MONTHS), key=lambda one: _read_count(dates, None, one))
