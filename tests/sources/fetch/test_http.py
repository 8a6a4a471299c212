"""The network's faults, one by one, against a server on this machine."""

from __future__ import annotations

import datetime as dt
import email.utils
import ipaddress
import socket
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.sources.fetch.conftest import assert_hidden
from tests.sources.fetch.servers import PASSWORD, TOKEN_OF_UCDP, Asked, Reply, as_json, ranged, serving
from tocsin.errors import FetchError, StoreError
from tocsin.sources import http
from tocsin.sources.http import Web

Reach = Callable[..., Web]
SECRET = SecretStr(TOKEN_OF_UCDP)
BEARER = SecretStr("Bearer access-token-1-51bd")


def told(error: pytest.ExceptionInfo[BaseException]) -> str:
    """All that anybody could come to see of an error: its words, its representation and its whole traceback."""
    text = f"{error.value} {error.value!r} " + "".join(traceback.format_exception(error.value))
    assert_hidden(text)
    return str(error.value)


def fine(asked: Asked) -> Reply:
    return as_json({"fine": True})


def test_an_answer_is_given_with_what_was_asked(reach: Reach) -> None:
    with serving(fine) as server:
        answer = reach(server.base).json("list", query={"when": ">=1|2"}, headers={"X-Token": SECRET})
        assert (answer.status, answer.value) == (200, {"fine": True})
        assert server.asked[0].query == {"when": ">=1|2"}
        assert server.asked[0].headers["x-token"] == SECRET.get_secret_value()
        assert server.asked[0].headers["user-agent"].startswith("tocsin/")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_fault_that_passes_is_waited_for(reach: Reach, waits: list[float], status: int) -> None:
    with serving(fine) as server:
        server.fail("/list", Reply(status), Reply(status))
        assert reach(server.base).json("list").value == {"fine": True}
    assert len(waits) == 2
    assert waits[0] >= 1.0
    assert waits[1] > waits[0]


def test_a_fault_that_stays_is_told_with_what_the_server_says(reach: Reach) -> None:
    with serving(lambda _: as_json({"message": "the database is away"}, status=500)) as server:
        with pytest.raises(FetchError) as error:
            reach(server.base, tries=4).json("list")
        assert len(server.asked) == 4
    assert "status 500" in told(error)
    assert "the database is away" in told(error)
    assert f"{server.base}/list" in told(error)


@pytest.mark.parametrize("cut", [0, 7])
def test_a_connection_that_breaks_off_is_tried_again(reach: Reach, cut: int) -> None:
    with serving(fine) as server:
        server.fail("/list", Reply(200, b'{"fine": true}', cut_at=cut))
        assert reach(server.base).json("list").value == {"fine": True}
        assert len(server.asked) == 2


def test_json_that_is_cut_off_is_asked_for_again_and_then_refused(reach: Reach) -> None:
    with serving(fine) as server:
        server.fail("/list", Reply(200, b'{"data": [{"a": 1'))
        assert reach(server.base).json("list").value == {"fine": True}
    with serving(lambda _: Reply(200, b"<html>Maintenance</html>")) as server:
        with pytest.raises(FetchError, match="cut off, or is no JSON"):
            reach(server.base).json("list")
        assert len(server.asked) == 3


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b""])
def test_what_can_not_be_read_is_no_traceback(reach: Reach, body: bytes) -> None:
    with serving(lambda _: Reply(200, body)) as server, pytest.raises(FetchError):
        reach(server.base).json("list")


def test_the_wait_that_the_server_asks_for_is_kept(reach: Reach, waits: list[float]) -> None:
    with serving(fine) as server:
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
        server.fail(
            "/list",
            Reply(429, headers={"Retry-After": "37"}),
            Reply(503, headers={"Retry-After": email.utils.format_datetime(soon, usegmt=True)}),
            Reply(503, headers={"Retry-After": "gibberish"}),
        )
        assert reach(server.base, tries=4).json("list").value == {"fine": True}
    assert waits[0] == 37
    assert 80 < waits[1] <= 90
    assert waits[2] < 20


def test_a_wait_that_is_too_long_is_told_instead(reach: Reach, waits: list[float]) -> None:
    with serving(fine) as server:
        server.fail("/list", Reply(429, headers={"Retry-After": "7200"}))
        with pytest.raises(FetchError, match="wait for 120 minutes"):
            reach(server.base).json("list")
        assert len(server.asked) == 1
    assert waits == []


def test_two_requests_keep_a_pause(reach: Reach, waits: list[float]) -> None:
    with serving(fine) as server:
        web = reach(server.base, pause_seconds=5.0)
        web.json("list")
        assert waits == []
        web.json("list")
    assert len(waits) == 1
    assert 4 < waits[0] <= 5


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_other_statuses_are_for_the_caller_and_asked_once(reach: Reach, status: int) -> None:
    with serving(lambda _: as_json({"message": "no"}, status=status)) as server:
        answer = reach(server.base).json("list")
        assert (answer.status, answer.value, answer.said) == (status, None, "no")
        assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_told(reach: Reach) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(FetchError, match="not reached") as error:
            reach(f"http://127.0.0.1:{taken.getsockname()[1]}").json("list", headers={"X-Token": SECRET})
    assert "3 times" in told(error)


def test_a_server_that_says_nothing_is_not_waited_for_without_end(waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        base = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with (
            Web(base, tries=1, timeout_seconds=0.1, sleep=waits.append) as web,
            pytest.raises(FetchError, match="in time"),
        ):
            web.json("list")


def test_only_https_is_asked() -> None:
    with pytest.raises(FetchError, match="https"):
        Web("http://example.org")
    Web("https://example.org").close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for this machine that nobody vouches for."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "this machine")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_server_that_nobody_vouches_for_gets_nothing(
    reach: Reach, certificate: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    with serving(fine, certificate=certificate) as server:
        with pytest.raises(FetchError, match="can not prove") as error:
            reach(server.base).json("list", headers={"X-Token": SECRET})
        told(error)
        assert (server.asked, waits) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert reach(server.base).json("list", headers={"X-Token": SECRET}).value == {"fine": True}


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SSL_CERT_FILE", "/nowhere/authority.pem"), ("HTTPS_PROXY", f"nothing://user:{TOKEN_OF_UCDP}@host")],
)
def test_settings_that_can_not_be_used_are_told(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(FetchError, match=variable) as error:
        Web("https://example.org")
    told(error)


def test_an_answer_without_end_is_left(reach: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1 << 20)
    with serving(lambda _: Reply(200, b" " * (3 << 20))) as server:
        with pytest.raises(FetchError, match="larger than 1 MB"):
            reach(server.base).json("list")
        assert len(server.asked) == 1


# Where a secret may go


def test_a_redirect_within_the_server_is_followed(reach: Reach) -> None:
    def moved(asked: Asked) -> Reply:
        return Reply(302, headers={"Location": "/new?page=2"}) if asked.path == "/old" else as_json(dict(asked.query))

    with serving(moved) as server:
        assert reach(server.base).json("old", query={"page": "1"}).value == {"page": "2"}


def test_a_redirect_to_another_server_is_not(reach: Reach) -> None:
    with serving(fine) as other:
        with serving(lambda _: Reply(302, headers={"Location": f"{other.base}/list"})) as server:
            with pytest.raises(FetchError, match="points to another one") as error:
                reach(server.base).json("list", headers={"Authorization": BEARER})
            told(error)
        assert other.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_sign_in_is_never_sent_on(reach: Reach, status: int) -> None:
    with serving(lambda _: Reply(status, headers={"Location": "/elsewhere"})) as server:
        with pytest.raises(FetchError, match="sent elsewhere") as error:
            reach(server.base).json("token", form={"password": SecretStr(PASSWORD)})
        told(error)
        assert len(server.asked) == 1


def test_a_circle_of_redirects_ends(reach: Reach) -> None:
    with (
        serving(lambda _: Reply(302, headers={"Location": "/list"})) as server,
        pytest.raises(FetchError, match="circle"),
    ):
        reach(server.base).json("list")


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/x", "http://user:word@127.0.0.1/x", "//elsewhere.example/x", "http://[/x"]
)
def test_an_address_of_another_server_is_refused(reach: Reach, address: str) -> None:
    with serving(fine) as server:
        with pytest.raises(FetchError):
            reach(server.base).json(address, headers={"X-Token": SECRET})
        assert server.asked == []


@pytest.mark.parametrize("echo", ["{0}", '{{"message": "{0}"}}', '{{"error": {{"given": "{0}"}}}}'])
def test_a_secret_that_the_server_says_back_is_hidden(reach: Reach, echo: str) -> None:
    def careless(asked: Asked) -> Reply:
        return Reply(500, echo.format(asked.form["password"]).encode())

    with serving(careless) as server, pytest.raises(FetchError) as error:
        reach(server.base, tries=1).json("token", form={"password": SecretStr(PASSWORD)})
    told(error)


@pytest.mark.parametrize("wrong", ["{}\n", "{}é", "{}\r\nX: y", " {}", ""])
def test_a_token_that_can_not_be_sent_is_refused_without_being_said(reach: Reach, wrong: str) -> None:
    with serving(fine) as server:
        with pytest.raises(FetchError, match="X-Token") as error:
            reach(server.base).json("list", headers={"X-Token": SecretStr(wrong.format(TOKEN_OF_UCDP))})
        told(error)
        assert server.asked == []


def test_nothing_shows_a_secret_when_it_is_looked_at(reach: Reach) -> None:
    with serving(lambda _: as_json({"access_token": "access-token-1"})) as server:
        web = reach(server.base)
        answer = web.json("token", form={"password": SecretStr(PASSWORD)}, headers={"X-Token": SECRET})
        assert_hidden(f"{answer!r} {answer} {web!r} {web}")


def test_a_cookie_is_in_no_log(reach: Reach, caplog: pytest.LogCaptureFixture) -> None:
    with serving(lambda _: as_json({}, headers={"Set-Cookie": "session=access-token-1-51bd"})) as server:
        web = reach(server.base)
        web.json("list")
        web.json("list")
    assert "/list" in caplog.text


# Files


def accept(path: Path) -> None:
    return


def quiet(text: str) -> None:
    return


CONTENT = bytes(range(256)) * 4000


def test_a_file_is_put_in_place_whole(reach: Reach, tmp_path: Path) -> None:
    told_of: list[str] = []
    with serving(lambda asked: ranged(CONTENT, asked)) as server:
        reach(server.base).download("file", tmp_path / "file.bin", check=accept, progress=told_of.append)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]
    assert told_of[-1] == "file.bin: 1.0 MB"


def test_a_file_that_breaks_off_goes_on_where_it_stopped(reach: Reach, tmp_path: Path) -> None:
    with serving(lambda asked: ranged(CONTENT, asked)) as server:
        server.fail("/file", Reply(200, CONTENT, {"ETag": '"one"'}, cut_at=400_000))
        with pytest.raises(FetchError, match="broke off"):
            reach(server.base, tries=1).download("file", tmp_path / "file.bin", check=accept, progress=quiet)
        assert not (tmp_path / "file.bin").exists()
        reach(server.base, tries=1).download("file", tmp_path / "file.bin", check=accept, progress=quiet)
        start = int(server.asked[1].headers["range"].removeprefix("bytes=").removesuffix("-"))
    assert 0 < start <= 400_000
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_begun_anew(reach: Reach, tmp_path: Path) -> None:
    newer = CONTENT[::-1]
    with serving(lambda asked: ranged(newer, asked, etag='"two"')) as server:
        server.fail("/file", Reply(200, CONTENT, {"ETag": '"one"'}, cut_at=400_000))
        reach(server.base).download("file", tmp_path / "file.bin", check=accept, progress=quiet)
        assert server.asked[1].headers["if-range"] == '"one"'
    assert (tmp_path / "file.bin").read_bytes() == newer


def test_without_anything_that_tells_the_file_is_the_same_it_is_begun_anew(reach: Reach, tmp_path: Path) -> None:
    with serving(lambda _: Reply(200, CONTENT, {"ETag": 'W/"weak"'})) as server:
        server.fail("/file", Reply(200, CONTENT, {"ETag": 'W/"weak"'}, cut_at=400_000))
        reach(server.base).download("file", tmp_path / "file.bin", check=accept, progress=quiet)
        assert "range" not in server.asked[1].headers
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "wrong", [Reply(416), Reply(206, CONTENT[7:], {"Content-Range": "bytes 7-1023999/1024000"}), Reply(206, b"x")]
)
def test_a_server_that_goes_on_at_the_wrong_place_is_not_believed(reach: Reach, tmp_path: Path, wrong: Reply) -> None:
    with serving(lambda asked: ranged(CONTENT, asked)) as server:
        server.fail("/file", Reply(200, CONTENT, {"ETag": '"one"'}, cut_at=400_000), wrong)
        reach(server.base).download("file", tmp_path / "file.bin", check=accept, progress=quiet)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_file_that_fails_its_check_is_not_put_in_place(reach: Reach, tmp_path: Path) -> None:
    def refuse(path: Path) -> None:
        raise FetchError("not what was meant")

    with serving(lambda asked: ranged(CONTENT, asked)) as server:
        with pytest.raises(FetchError, match="not what was meant"):
            reach(server.base).download("file", tmp_path / "file.bin", check=refuse, progress=quiet)
        assert not (tmp_path / "file.bin").exists()
        reach(server.base).download("file", tmp_path / "file.bin", check=accept, progress=quiet)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_file_that_is_not_there_is_told(reach: Reach, tmp_path: Path) -> None:
    with serving(lambda _: Reply(404)) as server, pytest.raises(FetchError, match="does not have this file"):
        reach(server.base).download("file", tmp_path / "file.bin", check=accept, progress=quiet)
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_end_is_left(reach: Reach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_DOWNLOAD", 100_000)
    with serving(lambda asked: ranged(CONTENT, asked)) as server, pytest.raises(FetchError, match="larger"):
        reach(server.base).download("file", tmp_path / "file.bin", check=accept, progress=quiet)
    assert not (tmp_path / "file.bin").exists()


def test_a_folder_that_is_not_there_is_told(reach: Reach, tmp_path: Path) -> None:
    with serving(lambda asked: ranged(CONTENT, asked)) as server, pytest.raises(StoreError, match="can not be written"):
        reach(server.base).download("file", tmp_path / "none" / "file.bin", check=accept, progress=quiet)
