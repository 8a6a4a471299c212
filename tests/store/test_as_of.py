"""What the state of a desk tells is told as of a day, too."""

from __future__ import annotations

from tests.store.loads import batch, day, file, one, put
from tocsin.store import Store


def test_filled_and_placed_are_told_as_of_a_day(store: Store) -> None:
    bare = {"longitude": None, "latitude": None}
    put(store, file("a", number=2), batch([one("x", 0, **bare), one("y", 1, admin1="Homs", **bare)]))
    put(store, file("b", number=1, data_date=day(200)), batch([one("x", 0, admin1="Hama"), one("z", 2, admin1="Hama")]))
    countries = ("SYR",)
    assert [store.filled("acled", as_of=each)["admin1"] for each in (day(100), day(200), None)] == [1, 3, 3]
    assert [store.filled("acled", as_of=each)["event_id"] for each in (day(100), None)] == [2, 3]
    assert [store.placed("acled", as_of=each) for each in (day(199), day(200), None)] == [0, 2, 2]
    assert [store.unplaced("acled", countries, as_of=each) for each in (day(100), None)] == [0, 0]
    named = [store.named_units("acled", countries, as_of=each).rows() for each in (day(100), None)]
    assert named == [[("SYR-homs", "Homs", 1)], [("SYR-homs", "Hama", 2), ("SYR-homs", "Homs", 1)]]


def test_points_that_no_unit_holds_are_told_as_of_a_day(store: Store) -> None:
    put(store, file("a"), batch([one("x", 0, longitude=0.0)]))
    store.connection.execute("UPDATE place SET unit_code = NULL WHERE longitude = 0")
    put(store, file("b", data_date=day(200)), batch([one("x", 0, longitude=36.0)]))
    assert [store.unplaced("acled", ("SYR",), as_of=each) for each in (day(100), day(200), None)] == [1, 0, 0]
