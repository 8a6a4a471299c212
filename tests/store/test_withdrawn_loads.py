"""Lists of withdrawn events loaded into a desk: their place in time, the files that are kept of them, and the store made anew."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.test_kept_loads import at, event, export, loads, standing
from tocsin.desk import Desk
from tocsin.errors import QuestionError, SourceError, StoreError
from tocsin.ingest import add, rebuild
from tocsin.keeping import FOLDER
from tocsin.schema import Span
from tocsin.store import open_store


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(title="One country", countries=("AFG",), folder=tmp_path)


def seconds(day: str) -> str:
    return str(int(dt.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()))


def withdrawals(desk: Desk, name: str, **days: str) -> Path:
    """A list as ACLED writes it: the day on which each event was withdrawn."""
    rows = [{"event_id_cnty": each, "deleted_timestamp": seconds(day)} for each, day in days.items()]
    path = desk.folder / name
    path.write_text(json.dumps({"success": True, "count": len(rows), "data": rows}), encoding="utf-8")
    return path


def everything(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """All that the store holds."""
    with open_store(desk.memory) as store:
        return {
            table: store.connection.execute(
                f"SELECT {columns} FROM {table} ORDER BY ALL"  # noqa: S608
            ).fetchall()
            for table, columns in {
                "vintage": "*",
                "event": "opened, closed, row, event_id, event_day, fatalities, given_date",
                "withdrawal": "vintage, row, line, event_id, epoch_us(withdrawn_at), outcome",
                "reject": "*",
                "covered": "*",
                "restamped": "vintage, event_id, epoch_us(revised_at)",
            }.items()
        }


def two(desk: Desk) -> None:
    """Four events as of 2022; and as of 2024, where one is stamped anew, and one is new."""
    first = [event(name, f"2021-0{number}-01") for number, name in enumerate("abcd", 1)]
    add(desk, export(desk, "of2022.csv", *first), dated=at(2022))
    again = {**first[1], "timestamp": seconds("2023-06-01")}
    add(desk, export(desk, "of2024.csv", again, event("e", "2021-06-01")), dated=at(2024))


def test_a_list_is_a_vintage_of_the_day_of_its_newest_withdrawal(desk: Desk) -> None:
    two(desk)
    added = add(desk, withdrawals(desk, "gone.json", a="2024-03-01", x="2024-03-05"))
    assert (added.vintage.data_date, added.vintage.dated) == (dt.date(2024, 3, 5), True)
    assert (added.vintage.number, added.vintage.rows, added.vintage.events, added.vintage.withdrawn) == (3, 2, 0, 1)
    assert added.listed is not None
    assert added.listed.counts == {"withdrawn": 1, "unknown": 1, "before": 0, "since": 0}
    assert added.remarks == ("1 id was in no file of this data set: x.",)
    assert standing(desk) == set("bcde")
    assert standing(desk, dt.date(2024, 3, 4)) == set("abcde")
    kept = desk.memory / FOLDER
    assert (kept / f"{added.vintage.digest}.zst").exists()
    before = everything(desk)
    rebuild(desk)
    assert everything(desk) == before


def test_a_list_that_is_loaded_late_takes_its_place_in_time(desk: Desk) -> None:
    two(desk)
    added = add(desk, withdrawals(desk, "gone.json", a="2023-03-01", b="2023-03-01", e="2023-03-01"))
    assert [vintage.file for vintage in loads(desk)] == ["of2022.csv", "gone.json", "of2024.csv"]
    assert (added.vintage.number, added.vintage.withdrawn) == (3, 2)
    assert standing(desk, at(2023)) == set("abcd")
    assert standing(desk, dt.date(2023, 12, 31)) == set("cd")
    assert standing(desk) == set("bcde"), "b was given again in 2024, and e was first known then"
    before = everything(desk)
    rebuild(desk)
    assert everything(desk) == before


def test_events_withdrawn_before_a_newer_file_had_them_stay_in_a_newer_list(desk: Desk) -> None:
    two(desk)
    listed = add(desk, withdrawals(desk, "gone.json", a="2024-06-01", b="2023-03-01", e="2023-03-01")).listed
    assert listed is not None
    assert listed.first["since"] == ("b", "e")
    assert standing(desk) == set("bcde")


def test_the_same_list_twice_changes_nothing(desk: Desk) -> None:
    two(desk)
    path = withdrawals(desk, "gone.json", a="2024-03-01")
    first = add(desk, path)
    before = everything(desk)
    add(desk, withdrawals(desk, "same.json", a="2024-03-01"), dated=dt.date(2024, 3, 1))
    again = add(desk, path)
    assert again.already
    assert again.listed == first.listed
    assert everything(desk) == before


def test_undated_loads_are_not_taken_for_newer_than_a_list(desk: Desk) -> None:
    """They stand at the day of their loading, however old their data are."""
    add(desk, export(desk, "a.csv", event("a", "2021-01-01"), event("b", "2021-02-01")))
    path = withdrawals(desk, "gone.json", a="2024-03-01")
    added = add(desk, path)
    assert (added.vintage.withdrawn, added.vintage.dated) == (1, False)
    assert [vintage.number for vintage in loads(desk)] == [1, 2]
    assert add(desk, path).already
    before = everything(desk)
    rebuild(desk)
    assert everything(desk) == before
    stale = add(desk, export(desk, "c.csv", event("a", "2021-01-01"), event("c", "2021-02-01")))
    assert (stale.vintage.added, stale.vintage.number) == (1, 3)
    assert [vintage.number for vintage in loads(desk)] == [1, 3, 2], "within a day, the list comes after the files"
    assert standing(desk) == {"b", "c"}


@pytest.mark.parametrize("list_first", [False, True])
@pytest.mark.parametrize(("gone", "stays"), [("2024-01-01", False), ("2023-12-31", True)])
def test_a_file_and_a_list_of_one_day_may_come_in_any_order(
    desk: Desk, list_first: bool, gone: str, stays: bool
) -> None:
    """The list is the later word of the day on what was withdrawn on it; what was withdrawn before, the file gives again."""
    add(desk, export(desk, "of2022.csv", event("a", "2021-01-01"), event("b", "2021-02-01")), dated=at(2022))
    path = export(desk, "of2024.csv", event("a", "2021-01-01"), event("c", "2021-03-01"))
    listed = withdrawals(desk, "gone.json", a=gone)
    for each in (listed, path) if list_first else (path, listed):
        add(desk, each, dated=at(2024))
    assert standing(desk) == (set("abc") if stays else set("bc"))
    assert [vintage.file for vintage in loads(desk)] == ["of2022.csv", "of2024.csv", "gone.json"]
    with open_store(desk.memory) as store:
        about = store.events("acled").about
    assert "less what was withdrawn by 1 January 2024" in about.sentence()
    before = everything(desk)
    rebuild(desk)
    assert everything(desk) == before


DAYS = st.integers(2022, 2024)


@st.composite
def packs(draw: st.DrawFn) -> list[tuple[dict[str, str], int | None]]:
    """Files (events with the year of their revision, and the year as of which they are) and lists (events with the year of withdrawal)."""
    ids = st.sampled_from("abc")
    files = draw(st.lists(st.tuples(st.dictionaries(ids, DAYS.map(str), min_size=1), DAYS), min_size=1, max_size=2))
    lists = draw(st.lists(st.dictionaries(ids, DAYS.map(str), min_size=1), min_size=1, max_size=2))
    return draw(st.permutations([*files, *((gone, None) for gone in lists)]))


@settings(max_examples=4)
@given(packs())
def test_the_order_of_loading_changes_nothing(packed: list[tuple[dict[str, str], int | None]]) -> None:
    def loaded(folder: Path, order: list[tuple[dict[str, str], int | None]]) -> set[str]:
        desk = Desk(title="One country", countries=("AFG",), folder=folder)
        add(
            desk,
            export(desk, "first.csv", *(event(each, "2021-01-01", notes="first") for each in "abcd")),
            dated=at(2022),
        )
        for told, year in order:
            name = f"{packed.index((told, year))}"
            if year is None:
                path = withdrawals(desk, f"{name}.json", **{each: f"{gone}-01-01" for each, gone in told.items()})
            else:
                rows = [event(each, "2021-01-01", timestamp=seconds(f"{when}-01-01")) for each, when in told.items()]
                path = export(desk, f"{name}.csv", *rows)
            add(desk, path, dated=at(year) if year else None)
        return standing(desk)

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        assert loaded(Path(one), packed) == loaded(Path(other), packed[::-1])


def test_a_store_of_an_earlier_layout_is_made_anew_from_its_files(desk: Desk) -> None:
    two(desk)
    add(desk, withdrawals(desk, "gone.json", a="2024-03-01"))
    before = everything(desk)
    with duckdb.connect(str(desk.memory / "store.duckdb")) as connection:
        connection.execute("ALTER TABLE event DROP COLUMN given_date")
        connection.execute("ALTER TABLE vintage DROP COLUMN covers_first")
        connection.execute("DELETE FROM layout WHERE version > 1")
    for write in (False, True):
        with pytest.raises(StoreError, match=r"has layout 1.*\n.*tocsin rebuild"), open_store(desk.memory, write=write):
            pass
    with pytest.raises(StoreError, match="tocsin rebuild"):
        add(desk, desk.folder / "of2024.csv", dated=at(2025))
    rebuild(desk)
    assert everything(desk) == before


def test_ids_of_any_data_set_are_withdrawn_where_the_user_says_so(desk: Desk) -> None:
    two(desk)
    plain = desk.folder / "plain.txt"
    plain.write_text("a\nb\n", encoding="utf-8")
    added = add(desk, plain, withdrawn_from="acled", dated=at(2025))
    assert (added.vintage.withdrawn, added.vintage.dataset) == (2, "acled")
    before = everything(desk)
    rebuild(desk)
    assert everything(desk) == before
    assert standing(desk) == set("cde")


def test_what_is_refused_leaves_no_trace(desk: Desk) -> None:
    gone = withdrawals(desk, "gone.json", a="2024-03-01")
    with pytest.raises(SourceError, match="nothing is loaded"):
        add(desk, gone)
    two(desk)
    before, kept = everything(desk), sorted((desk.memory / FOLDER).iterdir())
    with pytest.raises(SourceError, match="none of its 1 ids is known"):
        add(desk, withdrawals(desk, "foreign.json", q="2024-03-01"))
    with pytest.raises(SourceError, match="is said to be of 2024-02-01"):
        add(desk, gone, dated=dt.date(2024, 2, 1))
    with pytest.raises(QuestionError, match="covers no days"):
        add(desk, gone, covers=Span(at(2021), at(2022)))
    with pytest.raises(QuestionError, match="never complete"):
        add(desk, gone, complete=True)
    with pytest.raises(SourceError, match="oldest data"):
        add(desk, withdrawals(desk, "old.json", a="2019-03-01"))
    assert (everything(desk), sorted((desk.memory / FOLDER).iterdir())) == (before, kept)


def test_a_load_that_fails_half_way_leaves_no_trace(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    two(desk)
    before, kept = everything(desk), sorted((desk.memory / FOLDER).iterdir())

    def fails(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    for name, gone in (("now.json", "2024-03-01"), ("late.json", "2023-03-01")):
        with monkeypatch.context() as patched:
            patched.setattr("tocsin.store.withdrawals._record", fails)
            with pytest.raises(StoreError, match="the disk is full"):
                add(desk, withdrawals(desk, name, a=gone))
        assert (everything(desk), sorted((desk.memory / FOLDER).iterdir())) == (before, kept)
