"""No test waits, reaches beyond this machine or touches the system's keyring; and whatever happens, no secret is said or written."""

from __future__ import annotations

import json
import logging
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import certifi
import keyring.errors
import pytest

from tests.sources.fetch.servers import PASSWORD, TOKEN_OF_UCDP, USER
from tocsin.sources.http import Web
from tocsin.sources.secrets import Secrets

SECRETS = (PASSWORD, TOKEN_OF_UCDP, "access-token-", "refresh-token-")


def assert_hidden(text: str) -> None:
    """No secret stands in a text, however it is written."""
    for secret in SECRETS:
        for written in (
            secret,
            repr(secret)[1:-1],
            json.dumps(secret)[1:-1],
            urllib.parse.quote(secret),
            urllib.parse.quote(secret, safe=""),
            urllib.parse.quote_plus(secret),
        ):
            assert written not in text


@pytest.fixture(scope="session")
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One authority instead of all of them, which take a client forty milliseconds to read."""
    first, end, _ = Path(certifi.where()).read_text(encoding="utf-8").partition("-----END CERTIFICATE-----\n")
    path = tmp_path_factory.mktemp("authority") / "one.pem"
    path.write_text(first + end, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _nothing_is_given_away(
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    one_authority: Path,
) -> Iterator[None]:
    """Every log at its finest, all output and every file are searched for secrets."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(one_authority))
    caplog.set_level(logging.DEBUG)
    yield
    records = caplog.get_records("call")
    assert_hidden("\n".join(f"{record.getMessage()} {record.args!r} {record.exc_text}" for record in records))
    output = capfd.readouterr()
    assert_hidden(output.out + output.err)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert_hidden(path.read_bytes().decode("utf-8", errors="replace"))


class FakeKeyring:
    """A keyring in memory, which can be locked."""

    def __init__(self, **entries: str) -> None:
        self.entries = dict(entries)
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._look(service)
        return self.entries.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._look(service)
        self.entries[username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._look(service)
        if username not in self.entries:
            raise keyring.errors.PasswordDeleteError("not found")
        del self.entries[username]

    def _look(self, service: str) -> None:
        assert service == "tocsin"
        if self.locked:
            raise keyring.errors.KeyringLocked(f"locked; held {sorted(self.entries.values())}")


@pytest.fixture
def fake_keyring() -> FakeKeyring:
    return FakeKeyring()


@pytest.fixture
def account(fake_keyring: FakeKeyring) -> Secrets:
    """The environment of somebody with an account, and a keyring that is empty."""
    environment = {
        "TOCSIN_ACLED_USER": USER,
        "TOCSIN_ACLED_PASSWORD": PASSWORD,
        "TOCSIN_UCDP_TOKEN": TOKEN_OF_UCDP,
    }
    return Secrets(environment, fake_keyring)


@pytest.fixture
def waits() -> list[float]:
    """How long the client would have waited, each time."""
    return []


@pytest.fixture
def reach(waits: list[float]) -> Iterator[Callable[..., Web]]:
    """Opens a client of a server, one that does not really wait."""
    opened: list[Web] = []

    def reached(base: str, *, tries: int = 3, pause_seconds: float = 0.0) -> Web:
        opened.append(Web(base, tries=tries, pause_seconds=pause_seconds, timeout_seconds=2.0, sleep=waits.append))
        return opened[-1]

    yield reached
    for web in opened:
        web.close()
