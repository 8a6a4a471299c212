"""A release of UCDP GED: its files, which are free to all, or some countries of it by the API, which needs a token."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tocsin.errors import FetchError, SourceError, StoreError
from tocsin.geo import countries as places
from tocsin.schema import Span
from tocsin.sources.files import open_file
from tocsin.sources.http import OK, Answer, Progress, Web
from tocsin.sources.layout import find_columns
from tocsin.sources.raw import as_text
from tocsin.sources.secrets import Secrets, variable
from tocsin.sources.ucdp_ged.read import NAME, REQUIRED
from tocsin.writing import write_whole

FILES = "https://ucdp.uu.se"
API = "https://ucdpapi.pcr.uu.se"
TOKEN = "ucdp_token"  # noqa: S105 (its name)
HEADER = "x-ucdp-access-token"
PAGE_ROWS = 1000
YEARLY = r"[0-9]{1,2}\.[1-9]"
CANDIDATE = r"[0-9]{2}\.0\.[0-9]{1,2}"
REFUSED = (401, 403)
PAGES = "Try again later, or fetch the file of the release, which needs no token."

Row = dict[str, Any]


@dataclass(frozen=True)
class Fetched:
    """What came."""

    file: Path | None
    """The file as UCDP gives it, or a JSON file of the events by the API; None where the API has no event."""
    rows: int | None
    """Events; None where the file came as it is and was not counted."""
    asked_at: dt.datetime
    """When it was asked for, UTC."""


def fetch_file(web: Web, *, release: str, into: Path, progress: Progress = lambda _text: None) -> Fetched:
    """Fetch the file of a release, all countries. It needs no token, and goes on where it broke off.

    Args:
        web: UCDP's server of files.
        release: "26.1" of a year, or "26.0.8" of the candidate events of a month.
        into: The folder; it is made if it is not there.
        progress: Told in a few words how far it is.

    Returns:
        The file: a zip with a CSV of a year's release, a CSV of a month's.

    Raises:
        FetchError: there is no such release, or the server can not be reached or gives something else. No file was put in place.
        StoreError: the folder can not be written.
    """
    asked_at = _now()
    path, name = _address(release)
    _make(into)
    web.download(path, into / name, check=_refuse_other_files, progress=progress)
    return Fetched(into / name, None, asked_at)


def fetch_events(
    web: Web,
    *,
    release: str,
    countries: Sequence[str],
    first: dt.date,
    last: dt.date,
    into: Path,
    secrets: Secrets,
    progress: Progress = lambda _text: None,
) -> Fetched:
    """Fetch the events of some countries and days by the API.

    Args:
        web: UCDP's server of the API.
        release: As for the file.
        countries: ISO 3166 alpha-3 codes.
        first: The first day.
        last: The last day.
        into: The folder; it is made if it is not there.
        secrets: Where the token ("ucdp_token") is found.
        progress: Told in a few words how far it is.

    Returns:
        A JSON file of the rows as the API gives them.

    Raises:
        FetchError: there is no token, UCDP does not know it, or the server can not be reached or answers something else than what was
            asked for. No file was put in place.
        QuestionError: a country is not known.
        StoreError: the folder can not be written.

    Source:
        UCDP's documentation of its API: pages are followed by NextPageUrl, and their rows counted against TotalCount.
    """
    asked_at = _now()
    _address(release)
    span = Span(first, last)
    named = sorted(set(countries))
    rows: list[Row] = []
    for code in named:
        tell = functools.partial(_tell, progress, places.name(code))
        for number in _numbers(code):
            rows += _all_rows(web, release, number, span, secrets=secrets, progress=tell)
    if not rows:
        return Fetched(None, 0, asked_at)
    _make(into)
    several = "-".join(named[:4]) + (f"-and-{len(named) - 4}-more" if len(named) > 4 else "")
    file = into / f"ucdp_ged_{release}_{several}_{first}_{last}_fetched-{asked_at:%Y%m%dT%H%M%SZ}.json"
    write_whole(file, json.dumps({"TotalCount": len(rows), "Result": rows}, ensure_ascii=False).encode())
    return Fetched(file, len(rows), asked_at)


def _tell(progress: Progress, country: str, text: str) -> None:
    progress(f"{country}: {text}")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def _make(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder can not be made: {error.strerror or error}",
            where=str(into),
            next_step="Name a folder in which you may write.",
        ) from error


# The file of a release


def _address(release: str) -> tuple[str, str]:
    """Where the file of a release lies, and its name."""
    if re.fullmatch(YEARLY, release):
        name = f"ged{release.replace('.', '')}-csv.zip"
        return f"downloads/ged/{name}", name
    if re.fullmatch(CANDIDATE, release):
        name = f"GEDEvent_v{release.replace('.', '_')}.csv"
        return f"downloads/candidateged/{name}", name
    raise FetchError(
        f'"{release}" is no release of UCDP GED',
        next_step="Write 26.1 for the release of a year, 26.0.8 for the candidate events of a month.",
    )


def _refuse_other_files(path: Path) -> None:
    """Refuse what is not a whole file of GED: a page of the site in its place, a damaged zip."""
    fault = _fault(path)
    if fault:
        raise FetchError(
            f"what came is not a file of UCDP GED: {fault}",
            where=path.name.removeprefix(".").removesuffix(".part"),
            next_step="Fetch it again; if it stays so, download it from UCDP's site.",
        )


def _fault(path: Path) -> str:
    """Why a file is not one of GED; nothing where it is."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
            if damaged:
                return f"{damaged} in it is damaged"
        columns = find_columns(open_file(path).columns, NAME, where=path.name)
    except SourceError as error:
        return error.what
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        return f"it can not be unpacked ({error})"
    missing = [name for name in REQUIRED if name not in columns]
    return f"it lacks {' and '.join(missing)}" if missing else ""


# The API


def _numbers(code: str) -> list[int]:
    """The Gleditsch-Ward numbers of a country, by which UCDP knows it."""
    name = places.name(code)
    found: list[int] | None = places.table().filter(pl.col("iso3") == code)["gw"].to_list()[0]
    if not found:
        raise FetchError(
            f"UCDP has no number of its own for {name}, so that its API can not be asked for it",
            next_step="Fetch the file of the release, which holds all countries.",
        )
    return found


def _all_rows(web: Web, release: str, number: int, span: Span, *, secrets: Secrets, progress: Progress) -> list[Row]:
    """The rows of all pages of a country, each event once."""
    (token,) = secrets.need(TOKEN, what="a token of UCDP's API")
    path = page = f"api/gedevents/{release}"
    query: dict[str, str] | None = {
        "pagesize": str(PAGE_ROWS),
        "Country": str(number),
        "StartDate": str(span.first),
        "EndDate": str(span.last),
    }
    found: dict[str, Row] = {}
    asked: set[str] = set()
    total: int | None = None
    while page:
        asked.add(page)
        envelope = _envelope(web.json(page, query=query, headers={HEADER: token}), where=path)
        rows, following, total = envelope["Result"], envelope.get("NextPageUrl") or "", _total(envelope)
        new = {as_text(row.get("id")) or json.dumps(row, sort_keys=True): row for row in rows}
        if following in asked or (rows and new.keys() <= found.keys()):
            raise FetchError("UCDP's pages repeat themselves", where=path, next_step=PAGES)
        if any(as_text(row.get("country_id")) not in ("", str(number)) for row in rows):
            raise FetchError("UCDP gives events of other countries than was asked for", where=path, next_step=PAGES)
        found |= new
        progress(f"{len(found):,} rows" + (f" of {total:,}" if total is not None else ""))
        page, query = following if rows else "", None
    if total is not None and len(found) != total:
        raise FetchError(
            f"UCDP's pages hold {len(found):,} events, and it says that there are {total:,}",
            where=path,
            next_step=PAGES,
        )
    return list(found.values())


def _envelope(answer: Answer, *, where: str) -> dict[str, Any]:
    """The answer's envelope, with the rows in it."""
    if answer.status in REFUSED:
        raise FetchError(
            "UCDP does not know this token" + (f": {answer.said}" if answer.said else ""),
            where=where,
            next_step=f"Ask UCDP for one, and give it anew ({variable(TOKEN)}). The file of a release needs none.",
        )
    value = answer.value
    rows = value.get("Result") if isinstance(value, dict) else None
    if answer.status != OK or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        said = f': "{answer.said}"' if answer.said else f" (status {answer.status})"
        raise FetchError(
            f"UCDP does not give these data{said}",
            where=where,
            next_step="Look whether there is such a release. " + PAGES,
        )
    return dict(value)


def _total(envelope: dict[str, Any]) -> int | None:
    written = as_text(envelope.get("TotalCount")).strip()
    return int(written) if written.isascii() and written.isdigit() and len(written) < 12 else None
