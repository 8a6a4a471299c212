"""Which days does a file of GDELT speak for? Its name tells, for its rows tell of days long before as well."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from tocsin.errors import SourceError
from tocsin.schema import Span, Vintage, spoken_date

EXPORT = re.compile(r"(?P<stamp>\d{8}|\d{14})(?P<translated>\.translation)?\.export\.csv(?:\.zip|\.gz)?", re.IGNORECASE)
"""What GDELT calls a file of events: of a day (1.0), or of a quarter of an hour (2.0)."""
PAST = re.compile(r"(?P<stamp>\d{4}|\d{6})(?:\.csv)?(?:\.zip|\.gz|\.csv)", re.IGNORECASE)
"""What it calls one of events before April 2013: of a year, or from 2006 of a month."""
LAST_PAST = {4: "2005", 6: "201303"}
DAY = dt.timedelta(days=1)
QUARTER = dt.timedelta(minutes=15)
SAY = "say the days that are covered: --covers FIRST..LAST"


def days_of(names: Sequence[str], *, where: str) -> Span:
    """The days that files of GDELT cover together, in all countries.

    Args:
        names: The names of the files: of one file, or of all in a folder.
        where: The file or folder, for messages.

    Returns:
        The days for which each file that there should be is among them. Of files of a quarter of an hour, days at either end that
        are not whole are left out.

    Raises:
        SourceError: the names do not tell, one in their midst is missing, or no day is whole.

    Source:
        Until March 2013 files are of the days on which events took place, from then on of the day, or the quarter of an hour,
        in which they were found: GDELT Data Format Codebook 1.0, SOURCEURL and DATEADDED; 2.0, DATEADDED.
    """
    found = [match for name in names if (match := EXPORT.fullmatch(name)) and not match["translated"]]
    if not found:
        return _past(names, where=where)
    daily = {len(match["stamp"]) for match in found} == {8}
    try:
        stamps = {dt.datetime.strptime(match["stamp"], "%Y%m%d" if daily else "%Y%m%d%H%M%S") for match in found}  # noqa: DTZ007
    except ValueError as error:
        raise _untold(names, where=where) from error
    _refuse_gap(stamps, DAY if daily else QUARTER, where=where)
    if daily:
        return Span(min(stamps).date(), max(stamps).date())
    first = _midnight(min(stamps) - QUARTER) + DAY
    last = _midnight(max(stamps) + QUARTER) - DAY
    if last < first:
        raise SourceError(
            "holds no whole day of quarters of an hour",
            where=where,
            next_step=f"Put all 96 files of a day into a folder and add the folder, or {SAY}.",
        )
    return Span(first.date(), last.date())


def told_of(vintage: Vintage) -> tuple[str, ...]:
    """What a person should know of a load: the days that it covers, and rows of days before."""
    if vintage.covers is None or vintage.span is None:
        return ()
    said = f"It speaks for {vintage.covers}, in all countries."
    if vintage.span.first < vintage.covers.first:
        said += (
            f" Some events are of days before, from {spoken_date(vintage.span.first)} on: they were reported late, and do not make those "
            "days covered."
        )
    return (said,)


def _past(names: Sequence[str], *, where: str) -> Span:
    """The year or the month of a file of events before April 2013."""
    match = PAST.fullmatch(names[0]) if len(names) == 1 else None
    if match is None or match["stamp"] > LAST_PAST[len(match["stamp"])]:
        raise _untold(names, where=where)
    year, month = int(match["stamp"][:4]), match["stamp"][4:]
    try:
        first = dt.date(year, int(month or 1), 1)
    except ValueError as error:
        raise _untold(names, where=where) from error
    after = dt.date(year + 1, 1, 1) if not month or first.month == 12 else dt.date(year, first.month + 1, 1)
    return Span(first, after - DAY)


def _untold(names: Sequence[str], *, where: str) -> SourceError:
    return SourceError(
        f"the name of a file of GDELT tells which days it covers; {names[0]} does not",
        where=where,
        next_step=f"Give it the publisher's name (20240106.export.CSV), or {SAY}.",
    )


def _refuse_gap(stamps: set[dt.datetime], step: dt.timedelta, *, where: str) -> None:
    """Refuse files among which one is missing: its time would count as a time without events."""
    first, last = min(stamps), max(stamps)
    expected = [first + number * step for number in range((last - first) // step + 1)]
    lacking = [time for time in expected if time not in stamps]
    if not lacking:
        return
    form = "%Y%m%d" if step == DAY else "%Y%m%d%H%M%S"
    raise SourceError(
        f"{len(lacking)} of the {len(expected)} files from {first.strftime(form)} to {last.strftime(form)} are missing, "
        f"the first of them {lacking[0].strftime(form)}.export.CSV",
        where=where,
        next_step="Download what is missing. Where GDELT has no such file, put those before and those after it into folders of their "
        f"own, or {SAY}.",
    )


def _midnight(time: dt.datetime) -> dt.datetime:
    """The start of the day of an instant."""
    return time.replace(hour=0, minute=0, second=0)
