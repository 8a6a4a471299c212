"""Servers on this machine that behave as ACLED and UCDP document theirs, and misbehave on demand."""

from __future__ import annotations

import contextlib
import json
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Row = Mapping[str, Any]

USER = "analyst@example.org"
PASSWORD = "pässword&with=odd signs/öäü"  # noqa: S105 (made up, as all here)
TOKEN_OF_UCDP = "ucdp-token-3f9a1c7e"  # noqa: S105


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What the server gives back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    """The connection breaks off after so many bytes of the body."""


def as_json(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


class Server:
    """A server, its address, what it was asked, and the faults that wait for the next requests to a path."""

    def __init__(self, answer: Callable[[Asked], Reply]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.faults: dict[str, list[Reply]] = {}
        self.base = ""

    def fail(self, path: str, *replies: Reply) -> None:
        """Give these replies to the next requests to a path."""
        self.faults.setdefault(path, []).extend(replies)

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        waiting = self.faults.get(asked.path)
        return waiting.pop(0) if waiting else self.answer(asked)

    def to(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]


class _Listening(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what many tests are about, and no fault of the server."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def serving(answer: Callable[[Asked], Reply], *, certificate: Path | None = None) -> Iterator[Server]:
    """A server on a free port of this machine; over TLS, where a file with a key and a certificate is given."""
    server = Server(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.respond({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self.respond({name: several[0] for name, several in parse_qs(body, keep_blank_values=True).items()})

        def respond(self, form: Mapping[str, str]) -> None:
            url = urlsplit(self.path)
            query = {name: several[0] for name, several in parse_qs(url.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.reply(Asked(self.command, url.path, query, form, headers))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut_at])
            if reply.cut_at is not None:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    listening = _Listening(("127.0.0.1", 0), Handler)
    server.base = f"{'https' if certificate else 'http'}://127.0.0.1:{listening.server_address[1]}"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


class Acled:
    """ACLED's API: tokens, pages of rows by country, days and revision, and withdrawn events. Numbers come as strings."""

    def __init__(self, rows: Sequence[Row], *, deleted: Sequence[Row] = ()) -> None:
        self.rows = rows
        self.deleted = deleted
        self.good: set[str] = set()
        self.refreshing: set[str] = set()
        self.given = 0
        self.wants_password = PASSWORD

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == "/oauth/token":
            return self.token(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.good:
            return as_json({"message": "The resource owner or authorization server denied the request."}, status=401)
        if asked.path == "/api/acled/read":
            return self.page(asked, [row for row in self.rows if self.wanted(row, asked.query)])
        if asked.path == "/api/deleted/read":
            since = int(asked.query["deleted_timestamp"])
            assert asked.query["deleted_timestamp_where"] == ">="
            return self.page(asked, [row for row in self.deleted if int(row["deleted_timestamp"]) >= since])
        return Reply(404)

    def token(self, asked: Asked) -> Reply:
        form = asked.form
        assert asked.method == "POST"
        assert form["client_id"] == "acled"
        by_password = form["grant_type"] == "password" and (form["username"], form["password"]) == (
            USER,
            self.wants_password,
        )
        by_refreshing = form["grant_type"] == "refresh_token" and form["refresh_token"] in self.refreshing
        if not (by_password or by_refreshing):
            echoed = form.get("password", form.get("refresh_token"))  # a careless server says back what it was sent
            return as_json({"error": "invalid_grant", "error_description": f"no user with {echoed}"}, status=400)
        self.given += 1
        access, refresh = f"access-token-{self.given}-51bd", f"refresh-token-{self.given}-77ac"
        self.good, self.refreshing = {access}, {refresh}
        return as_json(
            {"token_type": "Bearer", "expires_in": 86400, "access_token": access, "refresh_token": refresh},
            headers={"Cache-Control": "no-store"},
        )

    def wanted(self, row: Row, query: Mapping[str, str]) -> bool:
        assert query["_format"] == "json"
        assert query["event_date_where"] == "BETWEEN"
        first, last = query["event_date"].split("|")
        where = bool(row["iso"] == query["iso"] if "iso" in query else row["country"] == query["country"])
        if "timestamp" in query:
            assert query["timestamp_where"] == ">="
            where = where and int(row["timestamp"]) >= int(query["timestamp"])
        return where and first <= str(row["event_date"]) <= last

    def page(self, asked: Asked, rows: Sequence[Row]) -> Reply:
        size, number = int(asked.query["limit"]), int(asked.query["page"])
        assert number >= 1
        some = rows[(number - 1) * size : number * size]
        return as_json({"status": 200, "success": True, "count": len(some), "messages": [], "data": some})


class Ucdp:
    """UCDP's API and its files."""

    def __init__(self, rows: Sequence[Row], *, files: Mapping[str, bytes] | None = None) -> None:
        self.rows = rows
        self.files = files or {}
        self.base = ""

    def __call__(self, asked: Asked) -> Reply:
        if asked.path in self.files:
            return ranged(self.files[asked.path], asked)
        if not asked.path.startswith("/api/gedevents/26.1"):
            return Reply(404, b"<html>not here</html>", {"Content-Type": "text/html"})
        if asked.headers.get("x-ucdp-access-token") != TOKEN_OF_UCDP:
            return as_json("API token required", status=401)
        query = dict(asked.query)
        size, number = int(query["pagesize"]), int(query.get("page", "1"))
        rows = [row for row in self.rows if str(row["country_id"]) == query["Country"]]
        more = number * size < len(rows)
        query["page"] = str(number + 1)
        following = f"{self.base}{asked.path}?" + "&".join(f"{name}={value}" for name, value in query.items())
        return as_json(
            {
                "TotalCount": len(rows),
                "TotalPages": -(-len(rows) // size),
                "PreviousPageUrl": "",
                "NextPageUrl": following if more else "",
                "Result": rows[(number - 1) * size : number * size],
            }
        )


def ranged(content: bytes, asked: Asked, *, etag: str = '"one"') -> Reply:
    """A file, or what of it is asked for if it is still the same."""
    headers = {"ETag": etag}
    if "range" not in asked.headers or asked.headers.get("if-range") != etag:
        return Reply(200, content, headers)
    start = int(asked.headers["range"].removeprefix("bytes=").removesuffix("-"))
    if start >= len(content):
        return Reply(416, b"", {"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return Reply(206, content[start:], headers)
