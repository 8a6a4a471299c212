"""The network: one publisher's server, asked patiently, with every secret kept out of what is said. Nothing else knows the network."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import html
import importlib.metadata
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

import httpx
import tenacity
from pydantic import SecretStr

from tocsin.errors import FetchError, StoreError

TIMEOUT_SECONDS = 60.0
TRIES = 5
PAUSE_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 600
"""A server that asks for a longer wait than this is told to the user instead of waited for."""
LARGEST_ANSWER = 256 << 20
LARGEST_DOWNLOAD = 4 << 30
MOST_REDIRECTS = 5
USER_AGENT = f"tocsin/{importlib.metadata.version('tocsin')}"
HERE = ("127.0.0.1", "localhost", "::1")

OK = 200
PARTIAL = 206
UNSATISFIABLE = 416
PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Statuses that are asked again after a while."""

LATER = "Try again later: what has been fetched so far is kept."

# At its finest it writes down the headers of answers, the cookies of a session among them.
logging.getLogger("httpcore").setLevel(logging.WARNING)

Given = TypeVar("Given")
Progress = Callable[[str], None]
"""Told in a few words how far it is."""


@dataclass(frozen=True)
class Answer:
    """What a server answered. Its value may be a secret, so it is not shown."""

    status: int
    value: Any = field(repr=False)
    """The JSON of a status of 200; None of any other."""
    said: str
    """What the server says in words of an error, its secrets hidden; often nothing."""


class _PassingError(Exception):
    """A fault that may be over at the next try."""

    def __init__(self, what: str, *, after_seconds: float = 0.0) -> None:
        super().__init__(what)
        self.what = what
        self.after_seconds = after_seconds


class Web:
    """One publisher's server. Use it in a `with`, or close it.

    Faults that pass are tried again, each time after a longer wait, or after the one that the server asks for. A redirect is followed
    only within the same server, so that neither a token nor a password is ever sent to another. Certificates are always checked;
    an organisation's own authority is named by SSL_CERT_FILE, its proxy by HTTPS_PROXY.
    """

    def __init__(
        self,
        base: str,
        *,
        tries: int = TRIES,
        pause_seconds: float = PAUSE_SECONDS,
        timeout_seconds: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open it; nothing is sent yet.

        Args:
            base: The address of the server: https, but for one on this machine.
            tries: How often a request is sent at most.
            pause_seconds: The least time between two requests.
            timeout_seconds: The longest silence of the server.
            sleep: Waits.

        Raises:
            FetchError: the address is not an https one, or the environment names a proxy or an authority that is none.
        """
        self._base = _address(base)
        if self._base.scheme != "https" and self._base.host not in HERE:
            raise FetchError("only an https address is asked, so that nobody can listen", where=base)
        self._tries = tries
        self._pause_seconds = pause_seconds
        self._sleep = sleep
        self._asked_at = float("-inf")
        self._hidden: set[str] = set()
        try:
            self._client = httpx.Client(
                timeout=timeout_seconds, follow_redirects=False, headers={"User-Agent": USER_AGENT}
            )
        except (OSError, ValueError, httpx.InvalidURL):  # its words are left out: a proxy's address may hold a password
            raise FetchError(
                "this system's settings for the network can not be used",
                next_step="Look at HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE in the environment.",
            ) from None

    def __enter__(self) -> Web:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def hide(self, secret: SecretStr) -> None:
        """Keep a secret out of all that is said from now on, in every way in which a server may write it."""
        plain = secret.get_secret_value()
        if plain:
            written = (quote(plain, safe=""), quote_plus(plain), json.dumps(plain)[1:-1], html.escape(plain))
            self._hidden.update((plain, repr(plain)[1:-1], *written))

    def json(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str | SecretStr] | None = None,
        headers: Mapping[str, SecretStr] | None = None,
    ) -> Answer:
        """Ask for JSON.

        Args:
            path: Below the base, or a whole address on the same server.
            query: Put behind the address; never a secret.
            form: Fields to post; without them it is a GET.
            headers: Secret ones, such as a token.

        Returns:
            The answer, of whatever status is not a passing fault.

        Raises:
            FetchError: the server is not reached, or its faults do not pass; a secret can not be sent as it is.
        """
        for secret in (*(form or {}).values(), *(headers or {}).values()):
            if isinstance(secret, SecretStr):
                self.hide(secret)
        url = self._own(path)
        sent = {name: _as_header(name, secret) for name, secret in (headers or {}).items()}
        fields = {name: _revealed(value) for name, value in form.items()} if form is not None else None
        return self._patiently(url, lambda: self._asked(url, query=query, fields=fields, headers=sent))

    def download(self, path: str, target: Path, *, check: Callable[[Path], None], progress: Progress) -> None:
        """Download a file that is free to all: whole or not at all. What a break leaves is gone on with the next time.

        Args:
            path: Below the base, or a whole address on the same server.
            target: Where to put it; its folder exists.
            check: Raises FetchError where the file is not what it should be; it is then not put in place.
            progress: Told how many bytes have come.

        Raises:
            FetchError: the server is not reached, does not have it, or gives something else.
            StoreError: it can not be written.
        """
        url = self._own(path)
        part, tag = _part_of(target), _tag_of(target)
        try:
            self._patiently(url, lambda: self._received(url, part, tag, name=target.name, progress=progress))
            try:
                check(part)
            except FetchError:
                part.unlink(missing_ok=True)
                raise
            part.replace(target)
            tag.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"can not be written: {error.strerror or error}",
                where=str(target),
                next_step="See that you may write there, and that the disk has room.",
            ) from error

    # Asking

    def _own(self, target: str) -> httpx.URL:
        """An address on this server, with its scheme; of any other it is refused to ask."""
        try:
            asked = self._base.join(target)
        except (httpx.InvalidURL, ValueError):
            raise FetchError("the server named an address that is none", where=str(self._base)) from None
        same_port = asked.port == self._base.port or (asked.scheme != self._base.scheme and asked.port is None)
        if asked.host != self._base.host or asked.userinfo or not same_port:
            raise FetchError(
                f"the server points to another one, {self._hiding(asked.host)}, which was not asked",
                where=str(self._base),
                next_step="If the publisher has moved, a newer Tocsin may know its address; or download the file yourself.",
            )
        return asked.copy_with(scheme=self._base.scheme, port=self._base.port)

    def _patiently(self, url: httpx.URL, attempt: Callable[[], Given]) -> Given:
        """What an attempt gives, tried again while its faults may pass."""
        backoff = tenacity.wait_exponential_jitter(initial=1, max=60, jitter=1)

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return max(backoff(state), error.after_seconds if isinstance(error, _PassingError) else 0.0)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_PassingError),
            stop=tenacity.stop_after_attempt(self._tries),
            wait=wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _PassingError as fault:
            what = f"{fault.what} ({self._tries} times)" if self._tries > 1 else fault.what
        raise FetchError(what, where=_place(url), next_step=LATER)

    def _asked(
        self,
        url: httpx.URL,
        *,
        query: Mapping[str, str] | None,
        fields: Mapping[str, str] | None,
        headers: Mapping[str, str],
    ) -> Answer:
        """One attempt."""
        with self._response(url, query=query, fields=fields, headers=headers) as response:
            status, content = response.status_code, bytearray()
            for piece in response.iter_bytes():
                content += piece
                if len(content) > LARGEST_ANSWER:
                    raise FetchError(
                        f"the answer is larger than {LARGEST_ANSWER >> 20} MB, and was left unread", where=_place(url)
                    )
        value = _parsed(bytes(content))
        said = self._words(value, status)
        if status in PASSING:
            raise self._passing(status, said, response.headers, where=_place(url))
        if status != OK:
            return Answer(status, None, said)
        if value is _NOT_JSON:
            raise _PassingError("the answer is cut off, or is no JSON")
        return Answer(status, value, said)

    @contextlib.contextmanager
    def _response(
        self,
        url: httpx.URL,
        *,
        query: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str],
    ) -> Iterator[httpx.Response]:
        """The response at the end of the redirects, open; what breaks the connection while it is read is a passing fault."""
        method = "GET" if fields is None else "POST"
        try:
            for _ in range(MOST_REDIRECTS + 1):
                self._keep_pause()
                with self._client.stream(method, url, params=query, data=fields, headers=headers) as response:
                    if not response.has_redirect_location:
                        yield response
                        return
                    if method == "POST":
                        raise FetchError("the server wants the sign-in to be sent elsewhere", where=_place(url))
                    url, query = self._own(str(url.join(response.headers["location"]))), None
        except httpx.InvalidURL:
            raise FetchError("the server points to an address that is none", where=_place(url)) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._broken(error, url) from None
        raise FetchError("the server sends the request round in a circle", where=_place(url))

    def _keep_pause(self) -> None:
        wait = self._asked_at + self._pause_seconds - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._asked_at = time.monotonic()

    # Faults

    def _broken(self, error: httpx.HTTPError, url: httpx.URL) -> FetchError | _PassingError:
        words = self._hiding(" ".join(str(error).split())) or type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in words:
            return FetchError(
                "the server can not prove that it is the publisher's: nothing was sent to it",
                where=_place(url),
                next_step="If your organisation looks into connections, name its authority: SSL_CERT_FILE=/path/to/authority.pem",
            )
        if isinstance(error, httpx.TimeoutException):
            return _PassingError("the server does not answer in time")
        if isinstance(error, httpx.ConnectError | httpx.ProxyError):
            return _PassingError(f"the server is not reached ({words})")
        return _PassingError(f"the connection broke off ({words})")

    def _passing(self, status: int, said: str, headers: httpx.Headers, *, where: str) -> FetchError | _PassingError:
        after = _seconds_to_wait(headers.get("retry-after", ""))
        what = "too many requests were sent" if status == 429 else f"the server has a fault (status {status})"
        what += f": {said}" if said else ""
        if after > LONGEST_WAIT_SECONDS:
            return FetchError(
                f"{what}; it asks to wait for {after / 60:,.0f} minutes",
                where=where,
                next_step="Try again after that: what has been fetched so far is kept.",
            )
        return _PassingError(what, after_seconds=after)

    def _words(self, value: Any, status: int) -> str:
        """What an answer says of an error, or of a failure that comes with a status of 200."""
        if isinstance(value, str) and status != OK:
            return self._hiding(value)
        if not isinstance(value, dict):
            return ""
        keys = ("message", "error_description", "error", "messages", "hint", "title", "detail")
        said = next((value[key] for key in keys if value.get(key)), "")
        return self._hiding(said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))

    def _hiding(self, text: str) -> str:
        """A text without secrets, in one line of at most 300 characters."""
        for secret in sorted(self._hidden, key=len, reverse=True):
            text = text.replace(secret, "…")
        return " ".join(text.split())[:300]

    # Files

    def _received(self, url: httpx.URL, part: Path, tag: Path, *, name: str, progress: Progress) -> None:
        """One attempt at a file: goes on behind what is there, if the server still has the same file."""
        have, same = _begun(part, tag)
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-", "If-Range": same} if have else {})
        with self._response(url, headers=headers) as response:
            status = response.status_code
            if status in PASSING:
                raise self._passing(status, "", response.headers, where=_place(url))
            if status == UNSATISFIABLE or (status == PARTIAL and _starts_at(response) != have):
                tag.unlink(missing_ok=True)  # the next attempt begins anew
                raise _PassingError("the server does not go on where the file broke off")
            if status not in (OK, PARTIAL):
                raise FetchError(
                    f"the server does not have this file (status {status})",
                    where=_place(url),
                    next_step="Look at the publisher's page of downloads for what there is.",
                )
            have = have if status == PARTIAL else 0
            if not have:
                tag.write_text(_validator(response), encoding="utf-8")
            whole = have + int(response.headers.get("content-length") or 0)
            with part.open("ab" if have else "wb") as file:
                for piece in response.iter_raw():
                    have += len(piece)
                    if have > LARGEST_DOWNLOAD:
                        raise FetchError(f"the file is larger than {LARGEST_DOWNLOAD >> 30} GB", where=_place(url))
                    file.write(piece)
                    progress(f"{name}: {have / 1e6:,.1f} MB" + (f" of {whole / 1e6:,.1f}" if whole > have else ""))


# An answer that is not JSON; None is JSON.
_NOT_JSON: Any = object()


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, a number of thousands of digits, lists without end
        return _NOT_JSON


def _address(base: str) -> httpx.URL:
    try:
        return httpx.URL(base if base.endswith("/") else f"{base}/")
    except httpx.InvalidURL:
        raise FetchError("this is not an address", where=base) from None


def _place(url: httpx.URL) -> str:
    """An address as errors name it: without what is asked of it."""
    return str(url.copy_with(query=None, fragment=None))


def _revealed(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _as_header(name: str, secret: SecretStr) -> str:
    """A secret as a header. It is looked at first: what the network's libraries say of a wrong one quotes it."""
    plain = secret.get_secret_value()
    if not re.fullmatch(r"[\x21-\x7e]+( [\x21-\x7e]+)*", plain):
        raise FetchError(
            f"the secret for {name} holds characters that no token has, such as a line end or a letter with an accent",
            next_step="Copy it again, without spaces around it.",
        )
    return plain


def _seconds_to_wait(written: str) -> float:
    """What Retry-After says: seconds, or an instant."""
    if re.fullmatch(r"[0-9]{1,9}", written.strip()):
        return float(written)
    try:
        until = email.utils.parsedate_to_datetime(written)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())


def _part_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def _tag_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.part.tag")


def _begun(part: Path, tag: Path) -> tuple[int, str]:
    """How many bytes are there, and what tells whether the server's file is still the same; 0 where nothing tells it."""
    try:
        same = tag.read_text(encoding="utf-8")
        return (part.stat().st_size, same) if same else (0, "")
    except (FileNotFoundError, UnicodeDecodeError):
        return 0, ""


def _validator(response: httpx.Response) -> str:
    """What tells this file from a later one of the same name: a strong ETag, or the time of its last change."""
    etag: str = response.headers.get("etag", "")
    known: str = response.headers.get("last-modified", "")
    return etag if etag and not etag.startswith("W/") else known


def _starts_at(response: httpx.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    return int(found[1]) if found else None
