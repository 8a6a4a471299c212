"""UCDP's files and its API."""

from __future__ import annotations

import datetime as dt
import io
import json
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sources.fetch.conftest import assert_hidden
from tests.sources.fetch.servers import TOKEN_OF_UCDP, Asked, Reply, Server, Ucdp, as_json, ranged, serving
from tests.sources.test_acled_vintages import all_of
from tests.sources.test_ucdp_ged import COLUMNS
from tocsin import sources
from tocsin.errors import FetchError, QuestionError, StoreError
from tocsin.sources.http import Web
from tocsin.sources.secrets import Secrets
from tocsin.sources.ucdp_ged import fetch as ucdp

Reach = Callable[..., Web]
API = "/api/gedevents/26.1"
YEARLY, MONTHLY = "/downloads/ged/ged261-csv.zip", "/downloads/candidateged/GEDEvent_v26_0_8.csv"
FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ucdp, "PAGE_ROWS", 3)


def rows(count: int, *, number: int = 700, country: str = "Afghanistan", start: int = 1) -> list[dict[str, Any]]:
    """Made-up events in UCDP's columns."""
    filled = dict.fromkeys(COLUMNS)
    return [
        filled
        | {
            "id": start + index,
            "year": 2025,
            "type_of_violence": 1,
            "side_a": "Made-up Army",
            "side_b": "Made-up Front",
            "where_prec": 1,
            "date_prec": 1,
            "date_start": "2025-03-04 00:00:00.000",
            "date_end": "2025-03-04 00:00:00.000",
            "latitude": 34.5,
            "longitude": 69.2,
            "country": country,
            "country_id": number,
            "best": "3",
            "low": 2,
            "high": 4,
        }
        for index in range(count)
    ]


def as_csv(events: list[dict[str, Any]]) -> bytes:
    lines = [",".join(events[0])]
    lines += [",".join("" if value is None else str(value) for value in event.values()) for event in events]
    return "\n".join(lines).encode()


def zipped(content: bytes, name: str = "GEDEvent_v26_1.csv") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return held.getvalue()


@pytest.fixture
def api() -> Ucdp:
    return Ucdp(rows(7) + rows(2, number=678, country="Yemen (North Yemen)", start=100))


@pytest.fixture
def server(api: Ucdp) -> Iterator[Server]:
    with serving(api) as running:
        api.base = running.base
        yield running


def events(web: Web, into: Path, secrets: Secrets, **told: Any) -> ucdp.Fetched:
    asked: dict[str, Any] = {"release": "26.1", "countries": ["AFG"], "into": into, "secrets": secrets}
    asked |= {"first": FIRST, "last": LAST}
    return ucdp.fetch_events(web, **asked | told)


def refused(reach: Reach, server: Server, into: Path, secrets: Secrets, **told: Any) -> str:
    with pytest.raises(FetchError) as error:
        events(reach(server.base), into, secrets, **told)
    assert_hidden(f"{error.value!r} " + "".join(traceback.format_exception(error.value)))
    assert list(into.iterdir()) == []
    return str(error.value)


# Files


@pytest.mark.parametrize(
    ("release", "path", "content"),
    [("26.1", YEARLY, zipped(as_csv(rows(5)))), ("26.0.8", MONTHLY, as_csv(rows(5)))],
)
def test_the_file_of_a_release_needs_no_token(
    reach: Reach, tmp_path: Path, release: str, path: str, content: bytes
) -> None:
    with serving(Ucdp([], files={path: content})) as server:
        fetched = ucdp.fetch_file(reach(server.base), release=release, into=tmp_path / "new" / "folder")
        assert "x-ucdp-access-token" not in server.asked[0].headers
    assert fetched.file == tmp_path / "new" / "folder" / path.rsplit("/", 1)[1]
    reading = sources.read(fetched.file)
    assert reading.source == "ucdp_ged"
    _, found, rejects = all_of(fetched.file)
    assert (len(found), len(rejects)) == (5, 0)


def test_the_file_of_a_release_goes_on_where_it_broke_off(reach: Reach, tmp_path: Path) -> None:
    content = zipped(as_csv(rows(2000)))
    with serving(lambda asked: ranged(content, asked)) as server:
        server.fail(YEARLY, Reply(200, content, {"ETag": '"one"'}, cut_at=len(content) // 2))
        ucdp.fetch_file(reach(server.base), release="26.1", into=tmp_path)
        assert server.asked[1].headers["range"].startswith("bytes=")
    assert (tmp_path / "ged261-csv.zip").read_bytes() == content


def damaged() -> bytes:
    """A zip with one wrong byte, far behind the beginning."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("GEDEvent_v26_1.csv", as_csv(rows(12_000)))
    content = bytearray(held.getvalue())
    content[-5000] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<!doctype html><html>Sign in</html>", "web page"),
        (zipped(b"a,b\n1,2\n"), "lacks type_of_violence and date_start"),
        (zipped(b"nothing", name="readme.md"), "no event file"),
        (damaged(), "GEDEvent_v26_1.csv in it is damaged"),
        (zipped(as_csv(rows(200)))[:300], "not a file of UCDP GED"),
        (b"", "empty"),
    ],
)
def test_what_is_no_file_of_ged_is_not_put_in_place(reach: Reach, tmp_path: Path, content: bytes, why: str) -> None:
    with serving(Ucdp([], files={YEARLY: content})) as server, pytest.raises(FetchError, match=why):
        ucdp.fetch_file(reach(server.base), release="26.1", into=tmp_path)
    assert not (tmp_path / "ged261-csv.zip").exists()


def test_a_release_that_is_not_there_is_told(reach: Reach, tmp_path: Path) -> None:
    with serving(Ucdp([])) as server, pytest.raises(FetchError, match="does not have this file"):
        ucdp.fetch_file(reach(server.base), release="31.1", into=tmp_path)


@pytest.mark.parametrize("release", ["", "26", "latest", "26.1/../../x", "26.0", "26.1.1\n", "26.0.8.9"])
def test_what_is_no_release_is_not_asked_for(reach: Reach, tmp_path: Path, account: Secrets, release: str) -> None:
    with serving(Ucdp([])) as server:
        with pytest.raises(FetchError, match="no release"):
            ucdp.fetch_file(reach(server.base), release=release, into=tmp_path)
        with pytest.raises(FetchError, match="no release"):
            events(reach(server.base), tmp_path, account, release=release)
        assert server.asked == []


def test_a_folder_that_can_not_be_made_is_told(reach: Reach, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with serving(Ucdp([])) as server, pytest.raises(StoreError, match="can not be made"):
        ucdp.fetch_file(reach(server.base), release="26.1", into=tmp_path / "taken" / "folder")


# The API


def test_from_the_api_to_events(reach: Reach, server: Server, tmp_path: Path, account: Secrets) -> None:
    told_of: list[str] = []
    fetched = events(reach(server.base), tmp_path, account, progress=told_of.append)
    assert server.asked[0].query == {
        "pagesize": "3",
        "Country": "700",
        "StartDate": "2025-01-01",
        "EndDate": "2025-12-31",
    }
    assert [asked.query.get("page") for asked in server.asked] == [None, "2", "3"]
    assert {asked.headers["x-ucdp-access-token"] for asked in server.asked} == {TOKEN_OF_UCDP}
    assert told_of[-1] == "Afghanistan: 7 rows of 7"
    assert fetched.rows == 7
    assert fetched.file is not None
    assert list(tmp_path.iterdir()) == [fetched.file]
    reading = sources.read(fetched.file)
    assert reading.source == "ucdp_ged"
    _, found, rejects = all_of(fetched.file)
    assert (len(found), len(rejects)) == (7, 0)
    assert found["country"].unique().to_list() == ["AFG"]
    assert found["fatalities"].to_list() == [3] * 7


def test_a_country_with_two_numbers_is_asked_for_by_both(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets
) -> None:
    fetched = events(reach(server.base), tmp_path, account, countries=["YEM", "AFG"])
    assert {asked.query["Country"] for asked in server.asked} == {"700", "678", "680"}
    assert fetched.rows == 9


def test_no_event_is_no_file(reach: Reach, server: Server, tmp_path: Path, account: Secrets) -> None:
    fetched = events(reach(server.base), tmp_path, account, countries=["SWE"])
    assert (fetched.file, fetched.rows) == (None, 0)
    assert list(tmp_path.iterdir()) == []


def test_without_a_token_the_file_is_named(reach: Reach, server: Server, tmp_path: Path) -> None:
    assert "TOCSIN_UCDP_TOKEN" in refused(reach, server, tmp_path, Secrets({}, None))
    assert server.asked == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_not_known_is_told(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets, status: int
) -> None:
    server.fail(API, as_json(f"API token required, not {TOKEN_OF_UCDP}", status=status))
    told = refused(reach, server, tmp_path, account)
    assert "does not know this token: API token required, not …" in told
    assert "needs none" in told


@pytest.mark.parametrize("fault", [Reply(429), Reply(500), Reply(200, b'{"TotalCount": 7, "Result": [{')])
def test_faults_that_pass_cost_nothing(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets, fault: Reply
) -> None:
    server.fail(API, fault, fault)
    assert events(reach(server.base), tmp_path, account).rows == 7


@pytest.mark.parametrize("answer", [{}, [], None, {"Result": None}, {"Result": [1]}, {"Result": {}}])
def test_an_answer_without_rows_is_told(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets, answer: object
) -> None:
    server.fail(API, as_json(answer))
    assert "does not give these data" in refused(reach, server, tmp_path, account)


def page(events: list[dict[str, Any]], *, total: object, following: object = "") -> Reply:
    return as_json({"TotalCount": total, "TotalPages": 9, "NextPageUrl": following, "Result": events})


def test_pages_that_repeat_are_no_endless_loop(reach: Reach, server: Server, tmp_path: Path, account: Secrets) -> None:
    following = [f"{server.base}{API}?page={number}" for number in range(5)]
    server.fail(API, *[page(rows(3), total=9, following=address) for address in following])
    assert "repeat" in refused(reach, server, tmp_path, account)
    assert len(server.asked) == 2


def test_an_address_that_leads_back_is_no_endless_loop(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets
) -> None:
    back = f"{server.base}{API}?page=2"
    server.fail(API, page(rows(3), total=9, following=back), page(rows(3, start=4), total=9, following=back))
    assert "repeat" in refused(reach, server, tmp_path, account)


def test_pages_that_hold_fewer_than_was_said_are_refused(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets
) -> None:
    server.fail(API, page(rows(3), total="12"))
    assert "hold 3 events, and it says that there are 12" in refused(reach, server, tmp_path, account)
    server.fail(API, page(rows(3), total=7, following=f"{server.base}{API}?page=2"), page([], total=7))
    assert "hold 3 events" in refused(reach, server, tmp_path, account)


@pytest.mark.parametrize("total", [None, "", "many"])
def test_a_total_that_is_not_said_is_not_missed(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets, total: object
) -> None:
    server.fail(API, page(rows(3), total=total, following=None))
    assert events(reach(server.base), tmp_path, account).rows == 3


def test_the_token_is_not_carried_to_another_server(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets
) -> None:
    def spy(asked: Asked) -> Reply:
        return page([], total=0)

    with serving(spy) as other:
        server.fail(API, page(rows(3), total=9, following=f"{other.base}{API}?page=2"))
        assert "points to another one" in refused(reach, server, tmp_path, account)
        assert other.asked == []


def test_other_countries_are_refused(reach: Reach, server: Server, tmp_path: Path, account: Secrets) -> None:
    server.fail(API, page(rows(2, number=645, country="Iraq"), total=2))
    assert "other countries" in refused(reach, server, tmp_path, account)


def test_a_country_that_ucdp_has_no_number_for_is_told(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets
) -> None:
    assert "no number of its own for Palestine" in refused(reach, server, tmp_path, account, countries=["PSE"])
    with pytest.raises(QuestionError):
        events(reach(server.base), tmp_path, account, countries=["NONE"])


def test_the_file_by_the_api_is_json_as_a_saved_answer(
    reach: Reach, server: Server, tmp_path: Path, account: Secrets
) -> None:
    fetched = events(reach(server.base), tmp_path, account)
    assert fetched.file is not None
    saved = json.loads(fetched.file.read_text(encoding="utf-8"))
    assert saved["TotalCount"] == len(saved["Result"]) == 7
