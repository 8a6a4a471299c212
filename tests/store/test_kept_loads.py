"""Loading into a desk: numbers that stay, declared days that survive a rebuild, and files that find their place in time."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests.sources.acled_rows import EVENT
from tocsin.desk import Desk
from tocsin.errors import QuestionError, SourceError, StoreError
from tocsin.ingest import Added, add, rebuild
from tocsin.keeping import FOLDER
from tocsin.schema import Span, Vintage
from tocsin.store import open_store

YEAR = Span(dt.date(2021, 1, 1), dt.date(2021, 12, 31))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(title="Two countries", countries=("AFG", "TJK"), folder=tmp_path)


def export(desk: Desk, name: str, *rows: dict[str, str]) -> Path:
    path = desk.folder / name
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, fieldnames=list(EVENT))
        writer.writeheader()
        writer.writerows({**EVENT, **row} for row in rows)
    return path


def event(name: str, date: str, **more: str) -> dict[str, str]:
    return {"event_id_cnty": name, "event_date": date, "year": date[:4], **more}


def at(year: int) -> dt.date:
    return dt.date(year, 1, 1)


def loads(desk: Desk) -> tuple[Vintage, ...]:
    with open_store(desk.memory) as store:
        return store.vintages()


def numbered(desk: Desk) -> dict[str, int]:
    return {vintage.file: vintage.number for vintage in loads(desk)}


def covered(desk: Desk, as_of: dt.date | None = None) -> tuple[Span, ...]:
    with open_store(desk.memory) as store:
        return store.events("acled", countries=desk.countries, as_of=as_of).about.covered


def standing(desk: Desk, as_of: dt.date | None = None) -> set[str]:
    with open_store(desk.memory) as store:
        rows = store.events("acled", as_of=as_of).rows.select("event_id").collect("polars").to_native()
    return set(rows["event_id"].to_list())


def three(desk: Desk) -> tuple[Added, ...]:
    """Loaded as of 2023, 2025 and then 2024; the last takes back an event of 2021 that the newest does not have."""
    first, second = event("a", "2021-02-01"), event("b", "2021-03-01")
    return (
        add(desk, export(desk, "of2023.csv", first, second), dated=at(2023)),
        add(desk, export(desk, "of2025.csv", first, {**event("c", "2021-04-01"), "fatalities": "7"}), dated=at(2025)),
        add(desk, export(desk, "of2024.csv", first, event("c", "2021-04-01")), dated=at(2024), complete=True),
    )


def test_a_number_is_given_once_and_stays(desk: Desk) -> None:
    given = {added.vintage.file: added.vintage.number for added in three(desk)}
    assert given == {"of2023.csv": 1, "of2025.csv": 2, "of2024.csv": 3}
    assert numbered(desk) == given
    assert [vintage.file for vintage in loads(desk)] == ["of2023.csv", "of2024.csv", "of2025.csv"]
    rebuild(desk)
    assert numbered(desk) == given
    (desk.memory / "store.duckdb").unlink()
    rebuild(desk)
    assert numbered(desk) == given
    fourth = add(desk, export(desk, "more.csv", event("d", "2021-05-01")), dated=at(2022))
    assert fourth.vintage.number == 4
    assert {name: number for name, number in numbered(desk).items() if name != "more.csv"} == given


def test_what_was_known_when_goes_by_dates_and_not_by_numbers(desk: Desk) -> None:
    three(desk)
    assert standing(desk, at(2023)) == {"a", "b"}
    assert standing(desk, at(2024)) == {"a", "c"}
    assert standing(desk) == {"a", "c"}
    spring = (Span(dt.date(2021, 2, 1), dt.date(2021, 3, 1)), Span(dt.date(2021, 2, 1), dt.date(2021, 4, 1)))
    one_country = desk.model_copy(update={"countries": ("AFG",)})
    assert (covered(one_country, at(2023)), covered(one_country, at(2024))) == ((spring[0],), (spring[1],))
    with open_store(desk.memory) as store:
        assert [vintage.number for vintage, _ in store.versions("c")] == [3, 2]
        assert store.events("acled").about.vintages[-1].number == 2
        assert "1 January 2025" in store.events("acled").about.sentence()


def test_numbers_of_notes_written_before_they_were_kept(desk: Desk) -> None:
    three(desk)
    given = numbered(desk)
    for note in (desk.memory / "files").glob("*.json"):
        written = json.loads(note.read_bytes())
        for name in ("number", "covers", "covers_countries"):
            written.pop(name)
        note.write_text(json.dumps(written))
    rebuild(desk)
    assert numbered(desk) == given
    assert {json.loads(note.read_bytes())["number"] for note in (desk.memory / "files").glob("*.json")} == {1, 2, 3}


def test_declared_days_survive_a_rebuild_and_a_replay(desk: Desk) -> None:
    path = export(desk, "a.csv", event("a", "2021-02-01"), event("b", "2021-03-01"))
    added = add(desk, path, dated=at(2023), covers=YEAR)
    assert "no event in TJK" in " ".join(added.remarks)
    assert covered(desk) == (YEAR,)
    rebuild(desk)
    assert covered(desk) == (YEAR,)
    assert loads(desk)[0].covers == YEAR
    add(desk, export(desk, "older.csv", event("a", "2021-02-01")), dated=at(2022))
    assert covered(desk) == (YEAR,)
    assert covered(desk, at(2022)) == ()
    # The desk's countries of that day were meant, not those that it watches later.
    rebuild(desk.model_copy(update={"countries": ("AFG", "PAK")}))
    assert covered(desk) == (YEAR,)


def test_an_empty_country_of_a_complete_file_is_withdrawn(desk: Desk) -> None:
    rows = event("a", "2021-02-01"), event("t", "2021-06-01", country="Tajikistan", iso="762")
    add(desk, export(desk, "a.csv", *rows), dated=at(2023))
    complete: dict[str, Any] = {"dated": at(2024), "complete": True, "covers": YEAR}
    only = add(desk, export(desk, "b.csv", rows[0]), **complete, covers_countries=["AFG"])
    assert only.vintage.withdrawn == 0
    both = add(desk, desk.folder / "b.csv", **complete)
    assert (both.already, both.vintage.withdrawn) == (False, 1)
    assert standing(desk) == {"a"}


def test_the_same_file_and_days_change_nothing_and_other_days_are_another_load(desk: Desk) -> None:
    path = export(desk, "a.csv", event("a", "2021-02-01"))
    assert not add(desk, path, covers=YEAR).already
    assert add(desk, path, covers=YEAR).already
    assert add(desk, path).already
    assert not add(desk, path, covers=Span(YEAR.first, dt.date(2022, 12, 31))).already
    assert [vintage.changed + vintage.added for vintage in loads(desk)] == [1, 0]


def test_what_can_not_be_covered_is_refused(desk: Desk) -> None:
    path = export(desk, "a.csv", event("a", "2021-02-01"))
    with pytest.raises(SourceError, match="can not cover days after 2021-06-01"):
        add(desk, path, dated=dt.date(2021, 6, 1), covers=YEAR)
    with pytest.raises(SourceError, match="can not cover days after"):
        add(desk, path, covers=Span(YEAR.first, dt.date(2999, 1, 1)))
    with pytest.raises(QuestionError, match='"afg" is no ISO') as raised:
        add(desk, path, covers=YEAR, covers_countries=["afg"])
    assert "AFG" in raised.value.next_step
    with pytest.raises(QuestionError, match="no days"):
        add(desk, path, covers_countries=["AFG"])
    assert not list((desk.memory / "files").glob("*"))


def test_a_file_found_older_can_be_dated_and_takes_its_place(desk: Desk) -> None:
    new = export(desk, "new.csv", event("a", "2021-02-01", timestamp="1700000000", fatalities="9"))
    old = export(desk, "old.csv", event("a", "2021-02-01", timestamp="1600000000", fatalities="2"))
    add(desk, new)
    undated = add(desk, old)
    assert undated.vintage.kept_back == 1
    assert "--dated" in undated.remarks[0]
    assert add(desk, old, dated=at(2022)).vintage.number == 3
    with open_store(desk.memory) as store:
        found = [(vintage.file, vintage.number) for vintage, _ in store.versions("a")]
    assert found == [("old.csv", 3), ("new.csv", 1)]


def test_who_insists_that_a_file_is_of_today_is_believed(desk: Desk) -> None:
    add(desk, export(desk, "new.csv", event("a", "2021-02-01", timestamp="1700000000", fatalities="9")))
    old = export(desk, "old.csv", event("a", "2021-02-01", timestamp="1600000000", fatalities="2"))
    undated = add(desk, old).vintage
    insisted = add(desk, old, dated=undated.data_date)
    assert (insisted.already, insisted.vintage.number, insisted.vintage.dated) == (False, undated.number, True)
    assert insisted.vintage.changed == 1
    assert add(desk, old, dated=undated.data_date).already
    assert len(loads(desk)) == 2


def test_a_file_whose_packing_was_killed_was_not_kept(desk: Desk) -> None:
    add(desk, export(desk, "a.csv", event("x", "2021-03-01")))
    folder = desk.memory / FOLDER
    (note,) = folder.glob("*.json")
    note.rename(note.with_suffix(".pending"))
    (packed,) = folder.glob("*.zst")
    packed.rename(packed.with_suffix(".part"))
    (desk.memory / "store.duckdb").unlink()
    with pytest.raises(StoreError, match="no file was kept to rebuild from"):
        rebuild(desk)
    assert list(folder.iterdir()) == []
    assert add(desk, desk.folder / "a.csv").vintage.events == 1


def test_nothing_is_committed_of_a_file_that_can_not_be_packed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    path = export(desk, "a.csv", event("x", "2021-03-01"))
    with monkeypatch.context() as patched:
        patched.setattr("tocsin.keeping._pack", full)
        with pytest.raises(StoreError, match="the file can not be kept: No space left on device"):
            add(desk, path)
    assert loads(desk) == ()
    assert list((desk.memory / FOLDER).iterdir()) == []
    assert add(desk, path).vintage.events == 1
