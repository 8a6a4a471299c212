"""ACLED's API, faults included: what is fetched is what the reader reads, once, whole, and nobody learns the password."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sources.acled_rows import EVENT
from tests.sources.fetch.conftest import FakeKeyring, assert_hidden
from tests.sources.fetch.servers import PASSWORD, USER, Acled, Asked, Reply, Server, as_json, serving
from tests.sources.test_acled_vintages import all_of
from tocsin import sources
from tocsin.desk import Desk
from tocsin.errors import FetchError, QuestionError, StoreError
from tocsin.ingest import add
from tocsin.sources.acled import fetch as acled
from tocsin.sources.http import Web
from tocsin.sources.secrets import Secrets

Reach = Callable[..., Web]
READ, DELETED, TOKEN = "/api/acled/read", "/api/deleted/read", "/oauth/token"
FIRST, LAST = dt.date(2021, 1, 1), dt.date(2021, 12, 31)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acled, "PAGE_ROWS", 3)


def events(count: int, *, country: str = "Afghanistan", iso: str = "4", prefix: str = "XAF") -> list[dict[str, Any]]:
    """Made-up events, newest first, as ACLED gives them."""
    return [
        EVENT
        | {
            "event_id_cnty": f"{prefix}{number}",
            "event_date": f"{dt.date(2021, 1, 1) + dt.timedelta(days=number)}",
            "country": country,
            "iso": iso,
            "timestamp": f"{1_640_000_000 + number}",
        }
        for number in range(count, 0, -1)
    ]


def fetch(web: Web, into: Path, secrets: Secrets, **told: Any) -> acled.Fetched:
    asked: dict[str, Any] = {"countries": ["AFG"], "first": FIRST, "last": LAST, "into": into, "secrets": secrets}
    return acled.fetch(web, **asked | told)


def refused(reach: Reach, server: Server, into: Path, secrets: Secrets, **told: Any) -> str:
    """The error of a fetch that fails. It puts no file in place, and neither its words nor its traceback hold a secret."""
    with pytest.raises(FetchError) as error:
        fetch(reach(server.base), into, secrets, **told)
    assert_hidden(f"{error.value!r} " + "".join(traceback.format_exception(error.value)))
    assert files(into) == []
    return str(error.value)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*") if path.is_file())


def ids(file: Path | None) -> list[str]:
    assert file is not None
    _, events, _ = all_of(file)
    return sorted(events["event_id"].to_list())


# As documented


def test_from_the_server_to_events(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    rows = events(7)
    rows[2] |= {"notes": 'A "quoted" note,\nover two lines; ü', "fatalities": 12, "latitude": 34.5, "tags": None}
    told_of: list[str] = []
    with serving(Acled(rows)) as server:
        fetched = fetch(reach(server.base), tmp_path, account, progress=told_of.append)
        assert [asked.query["page"] for asked in server.to(READ)] == ["1", "2", "3", "4"]
        assert server.to(READ)[0].query == {
            "_format": "json",
            "iso": "4",
            "event_date": "2021-01-01|2021-12-31",
            "event_date_where": "BETWEEN",
            "limit": "3",
            "page": "1",
        }
        assert server.to(DELETED) == []
    assert fetched.file is not None
    assert (fetched.rows, fetched.repeated, fetched.silent, fetched.complete) == (7, 0, (), True)
    assert fetched.revised_to == dt.datetime.fromtimestamp(1_640_000_007, dt.UTC)
    assert files(tmp_path) == [fetched.file.name]
    assert list(tmp_path.iterdir()) == [fetched.file]
    assert told_of[-1] == "Afghanistan: 7 rows"
    reading = sources.read(fetched.file)
    assert (reading.source, reading.form) == ("acled", "31 columns, since March 2023, kinds of actors in words")
    _, found, rejects = all_of(fetched.file)
    assert (len(found), len(rejects)) == (7, 0)
    odd = found.filter(found["event_id"] == "XAF5").row(0, named=True)
    assert odd["notes"] == 'A "quoted" note,\nover two lines; ü'
    assert (odd["fatalities"], odd["latitude"], odd["tags"]) == (12, 34.5, None)
    assert odd["revised_at"] == dt.datetime.fromtimestamp(1_640_000_005, dt.UTC)


def test_several_countries_stand_in_one_file(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    rows = events(4) + events(2, country="Pakistan", iso="586", prefix="XPK")
    with serving(Acled(rows)) as server:
        fetched = fetch(reach(server.base), tmp_path, account, countries=["PAK", "AFG", "TJK", "AFG"])
    assert ids(fetched.file) == ["XAF1", "XAF2", "XAF3", "XAF4", "XPK1", "XPK2"]
    assert fetched.silent == ("TJK",)
    assert fetched.file is not None
    assert fetched.file.name.startswith("acled_AFG-PAK-TJK_2021-01-01_2021-12-31_fetched-")


def test_a_country_without_a_number_is_asked_for_by_name(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled(events(1, country="Kosovo", iso="0"))) as server:
        assert fetch(reach(server.base), tmp_path, account, countries=["XKX"]).rows == 1
        assert server.to(READ)[0].query["country"] == "Kosovo"


def test_a_country_that_is_none_is_refused_before_anything_is_asked(
    reach: Reach, tmp_path: Path, account: Secrets
) -> None:
    with serving(Acled([])) as server:
        with pytest.raises(QuestionError):
            fetch(reach(server.base), tmp_path, account, countries=["AFG", "NONE"])
        assert server.asked == []


def test_no_event_is_no_file(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled([])) as server:
        fetched = fetch(reach(server.base), tmp_path, account)
    assert (fetched.file, fetched.rows, fetched.silent, fetched.revised_to) == (None, 0, ("AFG",), None)
    assert list(tmp_path.iterdir()) == []


def test_only_what_changed_since_is_asked_for_and_what_was_withdrawn(
    reach: Reach, tmp_path: Path, account: Secrets
) -> None:
    deleted = [
        {"event_id_cnty": f"XAF{number}", "deleted_timestamp": f"{1_640_000_000 + number}"} for number in range(90, 97)
    ]
    deleted.append({"event_id_cnty": "XAF95", "deleted_timestamp": "1640000099"})
    since = dt.datetime.fromtimestamp(1_640_000_003, dt.UTC)
    with serving(Acled(events(5), deleted=deleted)) as server:
        fetched = fetch(reach(server.base), tmp_path, account, since=since)
        query = server.to(READ)[0].query
        assert (query["timestamp"], query["timestamp_where"]) == ("1640000003", ">=")
        assert server.to(DELETED)[0].query["deleted_timestamp"] == "1640000003"
    assert ids(fetched.file) == ["XAF3", "XAF4", "XAF5"]
    assert not fetched.complete
    assert fetched.deleted is not None
    told = json.loads(fetched.deleted.read_text(encoding="utf-8"))
    assert (told["count"], fetched.withdrawn) == (7, 7)
    assert told["data"][0] == {"event_id_cnty": "XAF90", "deleted_timestamp": "1640000090"}
    assert {row["event_id_cnty"] for row in told["data"]} == {f"XAF{number}" for number in range(90, 97)}


def test_nothing_new_is_no_file_but_withdrawals_are_one(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    deleted = [{"event_id_cnty": "XAF9", "deleted_timestamp": 1_700_000_000}]
    with serving(Acled(events(5), deleted=deleted)) as server:
        fetched = fetch(reach(server.base), tmp_path, account, since=dt.datetime(2023, 1, 1))  # noqa: DTZ001
    assert fetched.file is None
    assert fetched.deleted is not None
    assert files(tmp_path) == [fetched.deleted.name]


def test_what_was_fetched_is_loaded_and_what_was_withdrawn_is_taken_back(
    reach: Reach, tmp_path: Path, account: Secrets
) -> None:
    desk = Desk(title="A desk", countries=("AFG",), folder=tmp_path)
    with serving(Acled(events(5))) as server:
        first = fetch(reach(server.base), tmp_path / "fetched", account)
    assert first.file is not None
    add(desk, first.file, dated=dt.date(2022, 1, 1))
    later = [{"event_id_cnty": name, "deleted_timestamp": "1700000000"} for name in ("XAF2", "XAF4", "of-elsewhere")]
    with serving(Acled(events(5), deleted=later)) as server:
        second = fetch(reach(server.base), tmp_path / "fetched", account, since=first.revised_to)
    assert second.deleted is not None
    added = add(desk, second.deleted, dated=second.asked_at.date())
    assert added.listed is not None
    assert added.listed.first == {
        "withdrawn": ("XAF2", "XAF4"),
        "unknown": ("of-elsewhere",),
        "before": (),
        "since": (),
    }


def test_a_withdrawal_without_an_id_is_refused(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled([], deleted=[{"event_id_cnty": "", "deleted_timestamp": "1700000000"}])) as server:
        told = refused(reach, server, tmp_path, account, since=dt.datetime(2023, 1, 1, tzinfo=dt.UTC))
    assert "without an id" in told


# Signing in


def test_the_password_is_sent_once_and_the_refresh_token_kept(
    reach: Reach, tmp_path: Path, account: Secrets, fake_keyring: FakeKeyring
) -> None:
    with serving(Acled(events(4))) as server:
        fetch(reach(server.base), tmp_path, account)
        assert len(server.to(TOKEN)) == 1
        assert fake_keyring.entries == {f"acled_refresh_token of {USER}": "refresh-token-1-77ac"}
        without_password = Secrets({"TOCSIN_ACLED_USER": USER}, fake_keyring)
        fetch(reach(server.base), tmp_path, without_password)
        assert server.to(TOKEN)[1].form["grant_type"] == "refresh_token"
        assert fake_keyring.entries == {f"acled_refresh_token of {USER}": "refresh-token-2-77ac"}


def test_the_refresh_token_of_another_account_is_not_used(
    reach: Reach, tmp_path: Path, account: Secrets, fake_keyring: FakeKeyring
) -> None:
    fake_keyring.entries["acled_refresh_token of colleague@example.org"] = "refresh-token-of-another"
    with serving(Acled(events(1))) as server:
        fetch(reach(server.base), tmp_path, account)
        assert [asked.form["grant_type"] for asked in server.to(TOKEN)] == ["password"]


def test_a_refresh_token_that_is_over_is_dropped_for_the_password(
    reach: Reach, tmp_path: Path, account: Secrets, fake_keyring: FakeKeyring
) -> None:
    fake_keyring.entries[f"acled_refresh_token of {USER}"] = "refresh-token-0-old"
    with serving(Acled(events(1))) as server:
        fetch(reach(server.base), tmp_path, account)
        assert [asked.form["grant_type"] for asked in server.to(TOKEN)] == ["refresh_token", "password"]
    assert fake_keyring.entries == {f"acled_refresh_token of {USER}": "refresh-token-1-77ac"}


def test_a_token_that_runs_out_on_the_way_is_renewed(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    api = Acled(events(7))
    with serving(api) as server:
        server.fail(READ, api.page(Asked("GET", READ, {"limit": "3", "page": "1"}, {}, {}), api.rows), Reply(401))
        fetched = fetch(reach(server.base), tmp_path, account)
        assert [asked.form["grant_type"] for asked in server.to(TOKEN)] == ["password", "refresh_token"]
        assert [asked.query["page"] for asked in server.to(READ)] == ["1", "2", "2", "3", "4"]
    assert fetched.rows == 7


def test_a_status_inside_of_the_answer_counts(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled(events(1))) as server:
        server.fail(READ, as_json({"status": 401, "success": False, "message": "token expired"}))
        assert "does not let it in" in refused(reach, server, tmp_path, account)
    with serving(Acled(events(4))) as server:
        api = Acled(events(4))
        first = api.page(Asked("GET", READ, {"limit": "3", "page": "1"}, {}, {}), api.rows)
        server.fail(READ, first, as_json({"status": "401", "success": False}))
        assert fetch(reach(server.base), tmp_path / "two", account).rows == 4


def test_a_fresh_token_that_is_refused_does_not_go_round(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled(events(1))) as server:
        server.fail(READ, *[Reply(401)] * 9)
        assert "does not let it in" in refused(reach, server, tmp_path, account)
        assert len(server.to(TOKEN)) == 1


def test_a_wrong_password_is_told_and_tried_once(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    api = Acled(events(1))
    api.wants_password = "another"  # noqa: S105
    with serving(api) as server:
        told = refused(reach, server, tmp_path, account)
        assert len(server.to(TOKEN)) == 1
    assert "does not accept the user name and the password" in told
    assert "no user with …" in told


def test_the_user_is_not_named_either(
    reach: Reach, tmp_path: Path, account: Secrets, fake_keyring: FakeKeyring
) -> None:
    fake_keyring.entries[f"acled_refresh_token of {USER}"] = "refresh-token-0-old"
    with serving(Acled(events(1))) as server:
        server.fail(TOKEN, as_json({"message": f"{USER} is locked"}, status=404))
        assert '"… is locked"' in refused(reach, server, tmp_path, account)


@pytest.mark.parametrize("answer", [{}, [], {"access_token": ""}, {"access_token": 7}, "token", None])
def test_a_sign_in_without_a_token_is_told(reach: Reach, tmp_path: Path, account: Secrets, answer: object) -> None:
    with serving(Acled(events(1))) as server:
        server.fail(TOKEN, as_json(answer))
        assert "does not give a token" in refused(reach, server, tmp_path, account)


def test_without_an_account_nothing_is_asked(reach: Reach, tmp_path: Path) -> None:
    with serving(Acled(events(1))) as server:
        told = refused(reach, server, tmp_path, Secrets({}, None))
        assert "TOCSIN_ACLED_USER" in told
        told = refused(reach, server, tmp_path, Secrets({"TOCSIN_ACLED_USER": USER}, None))
        assert "TOCSIN_ACLED_PASSWORD" in told
        assert server.asked == []


# Faults


@pytest.mark.parametrize(
    "denied",
    [
        as_json({"status": 403, "message": "Access denied"}, status=403),
        Reply(403, b"<html>no</html>"),
        as_json({"status": 200, "success": False, "messages": ["Access denied"]}),
        as_json({"status": 403, "success": False, "error": "Consent required"}),
    ],
)
def test_an_account_without_access_is_told_the_other_way(
    reach: Reach, tmp_path: Path, account: Secrets, denied: Reply
) -> None:
    with serving(Acled(events(1))) as server:
        server.fail(READ, denied)
        told = refused(reach, server, tmp_path, account)
        assert len(server.to(READ)) == 1
    assert "to this account" in told
    assert "no event-level access" in told
    assert "tocsin add FILE" in told


@pytest.mark.parametrize(
    "fault", [Reply(429, headers={"Retry-After": "5"}), Reply(500), Reply(200, b'{"status": 200, "data": [{"event')]
)
def test_faults_that_pass_cost_nothing(
    reach: Reach, tmp_path: Path, account: Secrets, waits: list[float], fault: Reply
) -> None:
    with serving(Acled(events(4))) as server:
        server.fail(READ, fault, fault)
        server.fail(TOKEN, fault)
        assert ids(fetch(reach(server.base), tmp_path, account).file) == ["XAF1", "XAF2", "XAF3", "XAF4"]
    assert len(waits) == 3
    assert min(waits) >= (5 if fault.status == 429 else 1)


def test_a_server_that_stays_broken_is_told(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled(events(4))) as server:
        server.fail(READ, *[Reply(500)] * 3)
        assert "status 500" in refused(reach, server, tmp_path, account)


@pytest.mark.parametrize("success", [False, "false", 0])
def test_a_failure_with_a_status_of_200_is_a_failure(
    reach: Reach, tmp_path: Path, account: Secrets, success: object
) -> None:
    with serving(Acled(events(1))) as server:
        server.fail(READ, as_json({"status": 200, "success": success, "message": "bad query", "data": []}))
        assert '"bad query"' in refused(reach, server, tmp_path, account)


@pytest.mark.parametrize("answer", [{}, {"success": True}, {"data": None}, {"data": {}}, {"data": [1]}, [], "x", None])
def test_an_answer_without_data_is_no_end(reach: Reach, tmp_path: Path, account: Secrets, answer: object) -> None:
    with serving(Acled(events(4))) as server:
        server.fail(READ, as_json(answer))
        assert "ACLED" in refused(reach, server, tmp_path, account)


def test_behind_a_page_that_is_not_full_an_answer_without_data_is_the_end(
    reach: Reach, tmp_path: Path, account: Secrets
) -> None:
    api = Acled(events(2))
    with serving(api) as server:
        first = api.page(Asked("GET", READ, {"limit": "3", "page": "1"}, {}, {}), api.rows)
        server.fail(READ, first, as_json({"status": 200, "success": True, "count": 0}))
        assert fetch(reach(server.base), tmp_path, account).rows == 2


def test_a_server_that_gives_smaller_pages_than_asked_loses_nothing(
    reach: Reach, tmp_path: Path, account: Secrets
) -> None:
    api = Acled(events(5))

    def stingy(asked: Asked) -> Reply:
        if asked.path != READ:
            return api(asked)
        return api.page(Asked("GET", READ, {**asked.query, "limit": "2"}, {}, {}), api.rows)

    with serving(stingy) as server:
        assert fetch(reach(server.base), tmp_path, account).rows == 5


def test_pages_that_repeat_are_no_endless_loop(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    api = Acled(events(3))

    def stuck(asked: Asked) -> Reply:
        if asked.path != READ:
            return api(asked)
        return api.page(Asked("GET", READ, {**asked.query, "page": "1"}, {}, {}), api.rows)

    with serving(stuck) as server:
        assert "page 2 repeats" in refused(reach, server, tmp_path, account)
        assert len(server.to(READ)) == 2


def test_a_row_on_two_pages_is_kept_once_as_revised_last(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    rows = events(5)
    api = Acled([*rows[:3], rows[2] | {"timestamp": 1_690_000_000, "fatalities": 44}, *rows[3:]])
    with serving(api) as server:
        fetched = fetch(reach(server.base), tmp_path, account)
    assert (fetched.rows, fetched.repeated) == (5, 1)
    assert fetched.file is not None
    _, found, rejects = all_of(fetched.file)
    assert len(rejects) == 0
    assert found.filter(found["event_id"] == rows[2]["event_id_cnty"])["fatalities"].to_list() == [44]


@pytest.mark.parametrize(
    "other",
    [{"iso": 586, "country": "Pakistan"}, {"iso": "", "country": "Pakistan"}, {"event_date": "2019-05-01"}],
)
def test_rows_that_were_not_asked_for_are_refused(
    reach: Reach, tmp_path: Path, account: Secrets, other: dict[str, object]
) -> None:
    rows = events(2)
    with serving(Acled(rows)) as server:
        server.fail(READ, as_json({"success": True, "data": [rows[0], rows[1] | other]}))
        assert "other rows than those asked for" in refused(reach, server, tmp_path, account)


def test_rows_with_columns_of_their_own_lose_nothing(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    rows = events(4)
    rows[3] = {**rows[3], "population_best": 1200, "half": "\ud83d", "nested": {"a": [1]}}
    with serving(Acled(rows)) as server:
        fetched = fetch(reach(server.base), tmp_path, account)
    assert ids(fetched.file) == ["XAF1", "XAF2", "XAF3", "XAF4"]
    assert fetched.file is not None
    assert "population_best" in sources.read(fetched.file).unread


# Going on after a break


def test_a_break_costs_no_page_twice(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled(events(8))) as server:
        server.fail(READ, *[Acled([]).page(asked, events(8)) for asked in pages_one_and_two()], *[Reply(500)] * 3)
        refused(reach, server, tmp_path, account)
        (left,) = tmp_path.iterdir()
        assert sorted(path.name for path in left.iterdir()) == ["AFG-000001.json", "AFG-000002.json", "began"]
        before = len(server.to(READ))
        fetched = fetch(reach(server.base), tmp_path, account)
        assert [asked.query["page"] for asked in server.to(READ)[before:]] == ["3", "4"]
    assert ids(fetched.file) == sorted(f"XAF{number}" for number in range(1, 9))
    assert list(tmp_path.iterdir()) == [fetched.file]


def pages_one_and_two() -> list[Asked]:
    return [Asked("GET", READ, {"limit": "3", "page": page}, {}, {}) for page in ("1", "2")]


def test_a_break_in_the_withdrawals_keeps_the_events(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    since = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    with serving(Acled(events(2), deleted=[{"event_id_cnty": "XAF9", "deleted_timestamp": "1700000000"}])) as server:
        server.fail(DELETED, *[Reply(500)] * 3)
        refused(reach, server, tmp_path, account, since=since)
        before = len(server.to(READ))
        fetched = fetch(reach(server.base), tmp_path, account, since=since)
        assert len(server.to(READ)) == before
    assert (fetched.rows, fetched.withdrawn) == (2, 1)


@pytest.mark.parametrize("other", [{"countries": ["AFG", "PAK"]}, {"last": dt.date(2021, 6, 30)}])
def test_pages_of_another_request_are_not_taken(
    reach: Reach, tmp_path: Path, account: Secrets, other: dict[str, object]
) -> None:
    with serving(Acled(events(8))) as server:
        server.fail(READ, Acled([]).page(pages_one_and_two()[0], events(8)), *[Reply(500)] * 3)
        refused(reach, server, tmp_path, account)
        before = len(server.to(READ))
        fetch(reach(server.base), tmp_path, account, **other)
        assert server.to(READ)[before].query["page"] == "1"


@pytest.mark.parametrize("began", ["2020-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00", "gibberish", "", None])
def test_stale_pages_are_dropped(reach: Reach, tmp_path: Path, account: Secrets, began: str | None) -> None:
    with serving(Acled(events(8))) as server:
        server.fail(READ, Acled([]).page(pages_one_and_two()[0], events(2)), *[Reply(500)] * 3)
        refused(reach, server, tmp_path, account)
        (left,) = tmp_path.iterdir()
        if began is None:
            (left / "began").unlink()
        else:
            (left / "began").write_text(began, encoding="utf-8")
        shutil.copytree(left, tmp_path / ".acled-of-another-request")
        fetched = fetch(reach(server.base), tmp_path, account)
    assert fetched.rows == 8
    assert list(tmp_path.iterdir()) == [fetched.file]


def test_the_data_are_as_of_the_first_page(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled(events(8))) as server:
        server.fail(READ, Acled([]).page(pages_one_and_two()[0], events(8)), *[Reply(500)] * 3)
        refused(reach, server, tmp_path, account)
        (left,) = tmp_path.iterdir()
        earlier = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)).replace(microsecond=0)
        (left / "began").write_text(earlier.isoformat(), encoding="utf-8")
        fetched = fetch(reach(server.base), tmp_path, account)
    assert fetched.asked_at == earlier
    assert fetched.file is not None
    assert f"fetched-{earlier:%Y%m%dT%H%M%SZ}" in fetched.file.name


def test_after_a_kill_it_goes_on(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    """The process is killed while it waits for the third page; nothing is left in place, and the next goes on with that page."""
    api = Acled(events(8))
    waiting, go_on = threading.Event(), threading.Event()

    def slow(asked: Asked) -> Reply:
        if asked.path == READ and asked.query["page"] == "3":
            waiting.set()
            go_on.wait(20)
        return api(asked)

    script = (
        "import datetime as dt, sys\n"
        "from pathlib import Path\n"
        "from tocsin.sources.acled import fetch\n"
        "from tocsin.sources.http import Web\n"
        "from tocsin.sources.secrets import Secrets\n"
        "import os\n"
        "fetch.PAGE_ROWS = 3\n"
        "with Web(sys.argv[1], pause_seconds=0) as web:\n"
        "    fetch.fetch(web, countries=['AFG'], first=dt.date(2021, 1, 1), last=dt.date(2021, 12, 31),\n"
        "                into=Path(sys.argv[2]), secrets=Secrets(os.environ, None))\n"
    )
    environment = {**os.environ, "TOCSIN_ACLED_USER": USER, "TOCSIN_ACLED_PASSWORD": PASSWORD}
    with serving(slow) as server:
        process = subprocess.Popen([sys.executable, "-c", script, server.base, str(tmp_path)], env=environment)
        try:
            assert waiting.wait(20)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            go_on.set()
        assert files(tmp_path) == []
        before = len(server.to(READ))
        fetched = fetch(reach(server.base), tmp_path, account)
        assert [asked.query["page"] for asked in server.to(READ)[before:]] == ["3", "4"]
    assert ids(fetched.file) == sorted(f"XAF{number}" for number in range(1, 9))


def test_a_folder_that_can_not_be_used_is_told(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with serving(Acled(events(1))) as server, pytest.raises(StoreError, match="can not be used"):
        fetch(reach(server.base), tmp_path / "taken", account)


def test_a_kept_page_that_is_damaged_is_told(reach: Reach, tmp_path: Path, account: Secrets) -> None:
    with serving(Acled(events(8))) as server:
        server.fail(READ, Acled([]).page(pages_one_and_two()[0], events(8)), *[Reply(500)] * 3)
        refused(reach, server, tmp_path, account)
        (left,) = tmp_path.iterdir()
        (left / "AFG-000001.json").write_bytes(b'[{"event')
        with pytest.raises(StoreError, match="can not be read") as error:
            fetch(reach(server.base), tmp_path, account)
    assert str(left) in str(error.value)
