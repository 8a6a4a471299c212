"""Events from ACLED's API, for those whose account has access to them."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from pydantic import SecretStr

from tocsin.errors import FetchError, StoreError
from tocsin.geo import countries as places
from tocsin.schema import Span
from tocsin.sources.http import OK, Answer, Progress, Web
from tocsin.sources.raw import as_text
from tocsin.sources.secrets import Secrets
from tocsin.writing import write_whole

BASE = "https://acleddata.com"
TOKEN = "oauth/token"  # noqa: S105 (an address)
EVENTS = "api/acled/read"
DELETED = "api/deleted/read"
CLIENT = "acled"
PAGE_ROWS = 5000
STALE = dt.timedelta(hours=12)
"""Pages older than this are not joined with new ones: ACLED may have revised its data since."""

UNAUTHORISED = 401
FORBIDDEN = 403
REFUSED = (400, 401, 403)
NO_ACCESS = (
    "Your account may have no event-level access, or ACLED waits for you to accept its terms or to complete your profile: look "
    "there. Events can also be exported as a file on ACLED's site and loaded: tocsin add FILE"
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Fetched:
    """What came."""

    file: Path | None
    """A CSV with the columns that ACLED gave, to be loaded like an export; None where no row came."""
    rows: int
    """Rows of the file, each event once."""
    repeated: int
    """Rows that came on two pages, as they do when ACLED changes its data meanwhile; of each the one revised last was kept."""
    silent: tuple[str, ...]
    """Countries (ISO 3166 alpha-3) of which no row came."""
    complete: bool
    """All rows that the account can see of these countries and days were asked for, not only those revised since."""
    deleted: Path | None
    """A JSON file of the events that ACLED withdrew since, of all countries; None where there are none.

    {"success": true, "count": n, "data": [{"event_id_cnty": "AFG1", "deleted_timestamp": "1637600000"}, …]}: the id as in the events, once
    each; the instant in Unix seconds, as a number or as text, as ACLED gives it.
    """
    withdrawn: int
    """Rows of the file of withdrawn events."""
    revised_to: dt.datetime | None
    """The latest revision among the rows, UTC: from here the next fetch can go on."""
    asked_at: dt.datetime
    """When the first page was asked for, UTC: the data are as of then."""


def fetch(
    web: Web,
    *,
    countries: Sequence[str],
    first: dt.date,
    last: dt.date,
    into: Path,
    secrets: Secrets,
    since: dt.datetime | None = None,
    progress: Progress = lambda _text: None,
) -> Fetched:
    """Fetch the events of some countries and days into a folder.

    The pages are kept until all have come: a fetch that broke off goes on where it stopped if the same is asked within twelve hours.

    Args:
        web: ACLED's server.
        countries: ISO 3166 alpha-3 codes.
        first: The first day of the events.
        last: The last day.
        into: The folder; it is made if it is not there.
        secrets: Where the user name ("acled_user") and the password ("acled_password") are found.
        since: Only what was added or revised at or after this instant, and what was withdrawn; UTC if it names no zone.
        progress: Told in a few words how far it is.

    Returns:
        The files, and what is to be said of them.

    Raises:
        FetchError: nobody is signed in, the account has no access, the server can not be reached or answers something else than what
            was asked for. No file was put in place.
        QuestionError: a country is not known.
        StoreError: the folder can not be written.

    Source:
        ACLED's documentation of its API: OAuth with a password or a refresh token, `limit` and `page`, `iso`, `event_date` and `timestamp`
        with their `_where`, and the list of deleted events.
    """
    instant = since if since is None or since.tzinfo else since.replace(tzinfo=dt.UTC)
    asked = _Request(
        countries=tuple(sorted({_known(code) for code in countries})),
        span=Span(first, last),
        since=None if instant is None else int(instant.timestamp()),
    )
    session = _Session(web, secrets)
    folder, asked_at = _begin(into, asked)
    pages = {code: _event_pages(session, folder, asked, code, progress=progress) for code in asked.countries}
    gone = [] if asked.since is None else _deleted_pages(session, folder, asked.since, progress=progress)
    events = _chosen(path for several in pages.values() for path in several)
    file = into / asked.file_name(asked_at) if events.rows else None
    if file:
        _write_events(events, file)
    withdrawn = _withdrawn(gone)
    deleted = into / asked.file_name(asked_at, deleted=True) if withdrawn else None
    if deleted:
        envelope = {"success": True, "count": len(withdrawn), "data": withdrawn}
        write_whole(deleted, json.dumps(envelope, indent=1).encode())
    shutil.rmtree(folder, ignore_errors=True)
    return Fetched(
        file=file,
        rows=len(events.rows),
        repeated=events.repeated,
        silent=tuple(code for code, several in pages.items() if len(several) == 1),
        complete=asked.since is None,
        deleted=deleted,
        withdrawn=len(withdrawn),
        revised_to=events.revised_to,
        asked_at=asked_at,
    )


# What is asked for


@dataclass(frozen=True)
class _Request:
    countries: tuple[str, ...]
    span: Span
    since: int | None
    """Unix seconds."""

    @property
    def key(self) -> str:
        """Tells this request from others."""
        told = f"{self.countries} {self.span.first} {self.span.last} {self.since} {PAGE_ROWS}"
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def query(self, code: str) -> dict[str, str]:
        number = _iso_number(code)
        which = {"country": places.name(code)} if number is None else {"iso": str(number)}
        days = {"event_date": f"{self.span.first}|{self.span.last}", "event_date_where": "BETWEEN"}
        return which | days | (_since("timestamp", self.since) if self.since is not None else {})

    def file_name(self, asked_at: dt.datetime, *, deleted: bool = False) -> str:
        named = "-".join(self.countries[:4]) + (
            f"-and-{len(self.countries) - 4}-more" if len(self.countries) > 4 else ""
        )
        parts = ["acled", "deleted" if deleted else f"{named}_{self.span.first}_{self.span.last}"]
        if self.since is not None:
            parts.append(f"since-{dt.datetime.fromtimestamp(self.since, dt.UTC):%Y%m%dT%H%M%SZ}")
        return "_".join([*parts, f"fetched-{asked_at:%Y%m%dT%H%M%SZ}"]) + (".json" if deleted else ".csv")


def _since(column: str, instant: int) -> dict[str, str]:
    return {column: str(instant), f"{column}_where": ">="}


def _page(number: int) -> dict[str, str]:
    return {"_format": "json", "limit": str(PAGE_ROWS), "page": str(number)}


def _known(code: str) -> str:
    places.name(code)  # refuses what is no country
    return code


def _iso_number(code: str) -> int | None:
    """ISO's number of a country; of Kosovo there is none. Names are not asked for: ACLED may spell them otherwise."""
    found: int | None = places.table().filter(pl.col("iso3") == code)["iso_numeric"][0]
    return found


# Asking, signed in


class _Session:
    """Asks with a token that it keeps in memory: signs in at the first request, and again where ACLED says that the token is over."""

    def __init__(self, web: Web, secrets: Secrets) -> None:
        self._web = web
        self._secrets = secrets
        self._access: SecretStr | None = None
        self._refresh: SecretStr | None = None

    def rows(self, path: str, query: Mapping[str, str], *, ended: bool) -> list[Row]:
        """The rows of one page; none behind the last.

        Args:
            path: The list that is asked.
            query: What is asked of it.
            ended: The page before was not full, so that an answer without data means the end and no fault.
        """
        answer = self._answer(path, query)
        value, status = answer.value, _status(answer)
        data = value.get("data") if isinstance(value, dict) else None
        if status != OK or not isinstance(value, dict) or value.get("success") in (False, "false", "False", 0):
            denied = status == FORBIDDEN or "access denied" in answer.said.casefold()
            said = f': "{answer.said}"' if answer.said else f" (status {status})"
            raise FetchError(
                f"ACLED does not give these data{' to this account' if denied else ''}{said}",
                where=path,
                next_step=NO_ACCESS if denied else "Try again later; if it stays so, export a file on ACLED's site.",
            )
        if data is None and ended:
            return []
        if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
            raise FetchError(
                "ACLED's answer holds no data" + (f": {answer.said}" if answer.said else ""),
                where=path,
                next_step="Try again later: what has been fetched so far is kept.",
            )
        return data

    def _answer(self, path: str, query: Mapping[str, str]) -> Answer:
        fresh = self._access is None
        access = self._access or self._sign_in()
        while True:
            bearer = SecretStr(f"Bearer {access.get_secret_value()}")
            answer = self._web.json(path, query=query, headers={"Authorization": bearer})
            if _status(answer) != UNAUTHORISED:
                return answer
            if fresh:
                raise FetchError(
                    "ACLED signs this account in, but then does not let it in", where=path, next_step=NO_ACCESS
                )
            access, fresh = self._sign_in(), True

    def _sign_in(self) -> SecretStr:
        """A new access token, by the refresh token if there is one that is still good, or else by the password."""
        (user,) = self._secrets.need("acled_user", what="the user name (e-mail address) of an ACLED account")
        keeping = f"acled_refresh_token of {user.get_secret_value()}"
        self._web.hide(user)
        refresh = self._refresh or self._secrets.kept(keeping)
        answer = None
        if refresh:
            answer = self._token({"refresh_token": refresh, "grant_type": "refresh_token", "client_id": CLIENT})
            if answer.status in REFUSED:
                self._secrets.forget(keeping)
                self._refresh = answer = None
        if answer is None:
            (password,) = self._secrets.need("acled_password", what="the password of an ACLED account")
            answer = self._token(
                {"username": user, "password": password, "grant_type": "password", "client_id": CLIENT}
            )
        access, self._refresh = _text(answer, "access_token"), _text(answer, "refresh_token") or self._refresh
        if access is None:
            refused = answer.status in REFUSED
            what = "accept the user name and the password" if refused else "give a token"
            said = f': "{answer.said}"' if answer.said else f" (status {answer.status})"
            raise FetchError(
                f"ACLED does not {what}{said}",
                where=TOKEN,
                next_step="See that you can sign in on ACLED's site with them, and give them again.",
            )
        self._access = access
        self._web.hide(access)
        if self._refresh:
            self._web.hide(self._refresh)
            self._secrets.keep(keeping, self._refresh)
        return access

    def _token(self, fields: Mapping[str, str | SecretStr]) -> Answer:
        return self._web.json(TOKEN, form=fields)


def _text(answer: Answer, name: str) -> SecretStr | None:
    """A secret that an answer holds, or None."""
    held = answer.value.get(name) if isinstance(answer.value, dict) else None
    return SecretStr(held) if isinstance(held, str) and held else None


def _status(answer: Answer) -> int:
    """The status, be it the answer's own or the one that stands inside of it."""
    inside = str(answer.value.get("status", "")) if isinstance(answer.value, dict) else ""
    return int(inside) if answer.status == OK and inside in ("400", "401", "403", "404", "500") else answer.status


# Pages, kept until all have come


def _begin(into: Path, asked: _Request) -> tuple[Path, dt.datetime]:
    """The folder of a request's pages, and when the first of them was asked for; stale pages, of whatever request, are dropped."""
    folder = into / f".acled-{asked.key}"
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    try:
        for other in into.glob(".acled-*/"):
            if not dt.timedelta() <= now - _began(other) < STALE:
                shutil.rmtree(other)
        if folder.exists():
            return folder, _began(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise StoreError(
            f"the folder can not be used: {error.strerror or error}",
            where=str(into),
            next_step="Name a folder in which you may write.",
        ) from error
    write_whole(folder / "began", now.isoformat().encode())
    return folder, now


def _began(folder: Path) -> dt.datetime:
    """When the first page in a folder was asked for; long ago where that can not be told."""
    try:
        return dt.datetime.fromisoformat((folder / "began").read_text(encoding="ascii")).astimezone(dt.UTC)
    except (OSError, ValueError):
        return dt.datetime.min.replace(tzinfo=dt.UTC)


def _event_pages(session: _Session, folder: Path, asked: _Request, code: str, *, progress: Progress) -> list[Path]:
    def ask(number: int, *, ended: bool) -> list[Row]:
        rows = session.rows(EVENTS, asked.query(code) | _page(number), ended=ended)
        _refuse_others(rows, code, asked.span)
        return rows

    return _fetch_pages(folder, code, ask, progress=lambda rows: progress(f"{places.name(code)}: {rows:,} rows"))


def _deleted_pages(session: _Session, folder: Path, since: int, *, progress: Progress) -> list[Path]:
    def ask(number: int, *, ended: bool) -> list[Row]:
        rows = session.rows(DELETED, _since("deleted_timestamp", since) | _page(number), ended=ended)
        if not all(row.get("event_id_cnty") for row in rows):
            raise FetchError("ACLED's list of withdrawn events has a row without an id", where=DELETED)
        return rows

    return _fetch_pages(folder, "deleted", ask, progress=lambda rows: progress(f"withdrawn events: {rows:,} rows"))


class _Ask(Protocol):
    """Asks for one page by its number, from 1; `ended` where the page before was not full."""

    def __call__(self, number: int, *, ended: bool) -> list[Row]: ...


def _fetch_pages(
    folder: Path,
    stem: str,
    ask: _Ask,
    *,
    progress: Callable[[int], None],
) -> list[Path]:
    """The files of all pages, those not yet there fetched. The last of them is the empty page that ends the list."""
    pages = _kept_pages(folder, stem)
    seen: set[str] = set()
    rows: list[Row] | None = None
    total = 0
    for path in pages:
        rows = _read_page(path)
        seen.update(_identity(row) for row in rows)
        total += len(rows)
    while rows != []:
        rows = ask(len(pages) + 1, ended=rows is not None and len(rows) < PAGE_ROWS)
        named = {_identity(row) for row in rows}
        if rows and named <= seen:
            raise FetchError(
                f"page {len(pages) + 1} repeats what came before, so that ACLED's pages can not be relied on",
                where=stem,
                next_step="Try again later, or export a file on ACLED's site and load that.",
            )
        seen |= named
        pages.append(folder / f"{stem}-{len(pages) + 1:06}.json")
        write_whole(pages[-1], json.dumps(rows).encode())
        total += len(rows)
        progress(total)
    return pages


def _kept_pages(folder: Path, stem: str) -> list[Path]:
    """The pages that are there, without a gap from the first on."""
    pages: list[Path] = []
    while (path := folder / f"{stem}-{len(pages) + 1:06}.json").is_file():
        pages.append(path)
    return pages


def _read_page(path: Path) -> list[Row]:
    try:
        rows: list[Row] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(
            "a page that was kept can not be read", where=str(path), next_step="Remove its folder, and fetch again."
        ) from error
    return rows


def _identity(row: Row) -> str:
    """What tells a row from others: its id, or all of it."""
    return as_text(row.get("event_id_cnty")) or json.dumps(row, sort_keys=True)


def _refuse_others(rows: list[Row], code: str, span: Span) -> None:
    """Refuse rows of other countries or days: a server that does not heed what it is asked gives a file that says other than its name."""
    for row in rows:
        number, named = as_text(row.get("iso")), as_text(row.get("country"))
        here = _country(number.strip(), named)
        day = _day(as_text(row.get("event_date")))
        if (here and here != code) or (day and not span.first <= day <= span.last):
            raise FetchError(
                f"ACLED gives other rows than those asked for: {named or here or 'an event'}, {day or 'without a day'}",
                where=f"{places.name(code)}, {span}",
                next_step="Its API may have changed: export a file on ACLED's site and load that.",
            )


@functools.cache
def _country(number: str, named: str) -> str | None:
    """The code of a country by its number or else its name."""
    by_number = pl.Series([int(number) if number.isascii() and number.isdigit() else None], dtype=pl.Int64)
    found: str | None = places.codes_from_numbers(by_number, scheme="iso")[0]
    if found is None:
        found = places.codes(pl.Series([named], dtype=pl.String))[0]
    return found


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        return None


# From pages to files


@dataclass(frozen=True)
class _Chosen:
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[int, Path, int]]
    """Of each event: when it was last revised (Unix seconds), and on which page and in which row that version stands."""
    repeated: int

    @property
    def revised_to(self) -> dt.datetime | None:
        latest = max((revised for revised, _, _ in self.rows.values()), default=0)
        return dt.datetime.fromtimestamp(latest, dt.UTC) if latest else None


def _chosen(pages: Iterable[Path]) -> _Chosen:
    """Which rows to write: each event once, as it was revised last."""
    columns: dict[str, None] = {}
    best: dict[str, tuple[int, Path, int]] = {}
    total = 0
    for path in pages:
        for index, row in enumerate(_read_page(path)):
            columns.update(dict.fromkeys(row))
            total += 1
            name, revised = _identity(row), _revised(row)
            if name not in best or revised > best[name][0]:
                best[name] = revised, path, index
    return _Chosen(tuple(columns), best, total - len(best))


def _revised(row: Row) -> int:
    written = as_text(row.get("timestamp")).strip()
    return int(written) if written.isascii() and written.isdigit() and len(written) <= 11 else 0


def _write_events(events: _Chosen, file: Path) -> None:
    """Write the chosen rows as CSV, page after page: whole or not at all."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(events.columns)
            for row in _rows_in_order(events):
                writer.writerow([as_text(row.get(column)) for column in events.columns])
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"can not be written: {error.strerror or error}",
            where=str(file),
            next_step="See that the disk has room. The pages are kept: fetch again.",
        ) from error


def _rows_in_order(events: _Chosen) -> Iterator[Row]:
    wanted: dict[Path, list[int]] = {}
    for _, path, index in events.rows.values():
        wanted.setdefault(path, []).append(index)
    for path in sorted(wanted):
        rows = _read_page(path)
        yield from (rows[index] for index in sorted(wanted[path]))


def _withdrawn(pages: Iterable[Path]) -> list[Row]:
    """The withdrawn events, each once."""
    found = {}
    for path in pages:
        for row in _read_page(path):
            name = as_text(row["event_id_cnty"])
            found[name] = {"event_id_cnty": name, "deleted_timestamp": row.get("deleted_timestamp")}
    return list(found.values())
