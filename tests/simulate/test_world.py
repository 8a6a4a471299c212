"""The large table has the layout, the variety and the bounded memory that benchmarks need."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tocsin import simulate
from tocsin.errors import QuestionError
from tocsin.geo import gazetteer, places
from tocsin.simulate import globe, layout

COUNTRIES = ("AFG", "SYR", "MLI")
ACTORS = ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2")


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return simulate.world(events=60_000, countries=COUNTRIES)


def test_variety_is_as_said(table: pl.DataFrame) -> None:
    assert table.shape == (60_000, 31)
    assert tuple(table.columns) == layout.COLUMNS
    assert 14_000 < table.select("longitude", "latitude").n_unique() <= 20_001
    assert 4_000 < table.select(ACTORS).n_unique() <= 5_001
    assert 180 < table["notes"].str.len_chars().mean() < 230  # type: ignore[operator]
    assert set(table["country"]) == {"Afghanistan", "Syria", "Mali"}
    assert set(table["tags"]) == {"synthetic"}
    assert table["event_id_cnty"].is_unique().all()


def test_codes_are_the_publishers(table: pl.DataFrame) -> None:
    assert set(table["event_type"]) == {*layout.VIOLENT, "Protests", "Riots", "Strategic developments"}
    assert set(table["inter1"]) | set(table["inter2"].drop_nulls()) <= set(layout.INTERS)
    assert set(table["geo_precision"]) == {1, 2, 3} == set(table["time_precision"])
    assert set(table["source_scale"]) <= set(layout.SCALES)


def test_parties_are_of_the_country_of_the_place(table: pl.DataFrame) -> None:
    for column in ("actor1", "actor2"):
        assert table.select(
            pl.col(column).str.contains(pl.col("country"), literal=True).fill_null(value=True).all()
        ).item()
    numbers = dict(table.select("country", "iso").unique().iter_rows())
    assert numbers == {"Afghanistan": 4, "Syria": 760, "Mali": 466}


def test_places_lie_in_their_country_and_unit(table: pl.DataFrame) -> None:
    named = table.unique(["longitude", "latitude"]).with_columns(
        code=pl.col("country").replace_strict({"Afghanistan": "AFG", "Syria": "SYR", "Mali": "MLI"})
    )
    resolved = places.resolve(
        named.select(pl.col("code").alias("country"), "longitude", "latitude"), gazetteer=gazetteer.load()
    )
    assert set(resolved["unit_match"]) == {"inside"}
    assert (resolved["unit_name"] == named["admin1"]).all()


def test_batches_make_up_the_table_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(globe, "BATCH", 1_000)
    batches = list(simulate.world_batches(events=2_500, countries=["AFG"]))
    assert [batch.height for batch in batches] == [1_000, 1_000, 500]
    assert pl.concat(batches).equals(simulate.world(events=2_500, countries=["AFG"]))
    assert pl.concat(batches)["event_id_cnty"].is_unique().all()
    assert not batches[0]["location"].equals(batches[1]["location"])


def test_days_lie_between_first_and_last_and_seeds_differ() -> None:
    span = dt.date(2020, 2, 28), dt.date(2020, 3, 1)
    one, two = (
        simulate.world(events=500, seed=seed, countries=["AFG"], first=span[0], last=span[1]) for seed in (1, 2)
    )
    assert set(one["event_date"]) == {span[0], dt.date(2020, 2, 29), span[1]}
    assert not one.equals(two)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"events": 0}, "number of rows"),
        ({"countries": ["XXX"]}, "XXX"),
        ({"countries": []}, "no country"),
        ({"first": dt.date(2024, 1, 1)}, "before the first"),
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, object], said: str) -> None:
    right: dict[str, object] = {"events": 10, "countries": ["AFG"]}
    with pytest.raises(QuestionError, match=said):
        simulate.world(**(right | wrong))  # type: ignore[arg-type]


def test_several_processes_can_each_make_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.simulate.globe.BATCH", 100)
    whole = list(simulate.world_batches(events=250, countries=["AFG"]))
    for number in range(3):
        (part,) = simulate.world_batches(events=250, countries=["AFG"], only={number})
        assert part.equals(whole[number])
