"""The planted numbers can be found again in the events, for several seeds, without the analysis room."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from functools import cache

import numpy as np
import polars as pl
import pytest

from tocsin import simulate
from tocsin.geo import gazetteer, places
from tocsin.simulate.truth import AFGHANISTAN as TRUTH
from tocsin.simulate.truth import Steps

SEEDS = (2022, 1, 7)
VIOLENT = ["Battles", "Explosions/Remote violence", "Violence against civilians"]
ISKP = "Islamic State Khorasan Province (ISKP)"
NRF = "NRF: National Resistance Front"
TALIBAN = ["Military Forces of Afghanistan (2021-)", "Police Forces of Afghanistan (2021-)"]
UNKNOWN = "Unidentified Armed Group (Afghanistan)"
BEFORE = pl.col("event_date").is_between(dt.date(2020, 9, 7), dt.date(2021, 7, 25))  # 46 whole weeks
AFTER = pl.col("event_date").is_between(dt.date(2021, 9, 6), dt.date(2022, 7, 31))  # 47 whole weeks

pytestmark = pytest.mark.parametrize("seed", SEEDS)


@cache
def events(seed: int) -> pl.DataFrame:
    return simulate.afghanistan(seed=seed)


@cache
def incidents(seed: int) -> pl.DataFrame:
    return events(seed).filter(pl.col("event_type").is_in(VIOLENT))


@cache
def placed(seed: int) -> pl.DataFrame:
    """The events with the unit and the distance to the nearest capital that the gazetteer gives."""
    resolved = places.resolve(
        events(seed).select(pl.lit("AFG").alias("country"), "longitude", "latitude"), gazetteer=gazetteer.load()
    )
    return pl.concat(
        [events(seed), resolved.select("unit_name", "unit_match", "capital_distance_km")], how="horizontal"
    )


def involving(names: str | list[str]) -> pl.Expr:
    named = [names] if isinstance(names, str) else names
    return pl.col("actor1").is_in(named) | pl.col("actor2").is_in(named)


def expected_total(path: Steps, first: dt.date, last: dt.date) -> float:
    """What a path of weekly rates comes to over some days, counted day by day."""
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    return sum(max(step for step in path if step[0] <= day)[1] for day in days) / 7


def agree(found: float, expected: float, *, spread: float = 0.0) -> bool:
    """Whether a count lies within four standard deviations: Poisson's, and `spread` of the expected beside."""
    return abs(found - expected) <= 4 * math.sqrt(max(expected, 1) + (spread * expected) ** 2)


def share_agrees(share: float, planted: float, count: int) -> bool:
    return abs(share - planted) <= 4 * math.sqrt(planted * (1 - planted) / count)


def test_weekly_means_are_the_published_ones(seed: int) -> None:
    assert round(incidents(seed).filter(BEFORE).height / 46, 1) == 256.0
    assert round(incidents(seed).filter(AFTER).height / 47, 1) == 53.5


def test_events_of_all_types_stand_to_incidents_as_published(seed: int) -> None:
    for window, all_types, violent in ((BEFORE, 258, 245), (AFTER, 60, 49)):
        ratio = events(seed).filter(window).height / incidents(seed).filter(window).height
        assert ratio == pytest.approx(all_types / violent, abs=0.001)
    assert set(events(seed)["event_type"]) == {*VIOLENT, "Protests", "Riots", "Strategic developments"}


def test_violence_rises_to_the_summer_falls_at_the_takeover_and_ticks_up(seed: int) -> None:
    def mean(first: dt.date, last: dt.date) -> float:
        days = (last - first).days + 1
        return incidents(seed).filter(pl.col("event_date").is_between(first, last)).height / days * 7

    winter, summer = mean(dt.date(2021, 1, 4), dt.date(2021, 2, 28)), mean(dt.date(2021, 6, 1), dt.date(2021, 8, 8))
    fallen = mean(dt.date(2021, 8, 23), dt.date(2021, 9, 19))
    low, late = mean(dt.date(2022, 1, 3), dt.date(2022, 2, 27)), mean(dt.date(2022, 5, 30), dt.date(2022, 7, 31))
    assert summer > 1.3 * winter
    assert fallen < 0.2 * summer
    assert low < late < 1.8 * low


def test_lowest_precision_is_eight_in_a_hundred(seed: int) -> None:
    for table in (events(seed), incidents(seed)):
        assert (table["geo_precision"] == 3).mean() == pytest.approx(0.08, abs=0.0005)
    for window in (BEFORE, AFTER):
        inside = incidents(seed).filter(window)
        assert share_agrees(float((inside["geo_precision"] == 3).mean()), 0.08, inside.height)  # type: ignore[arg-type]


def test_new_media_share_rises_at_the_takeover(seed: int) -> None:
    new = pl.col("source_scale").str.split("-").list.contains("New media").mean()
    late = pl.col("event_date") >= TRUTH.takeover
    for table in (events(seed), incidents(seed)):
        assert table.filter(~late).select(new).item() == pytest.approx(TRUTH.new_media_before, abs=0.001)
        assert table.filter(late).select(new).item() == pytest.approx(0.45, abs=0.001)
    assert TRUTH.new_media_before < 0.05
    sole = events(seed).filter(late).select((pl.col("source_scale") == "New media").mean()).item()
    assert share_agrees(sole, 0.45 * TRUTH.new_media_sole, events(seed).filter(late).height)


@pytest.mark.parametrize(("group", "path"), [(ISKP, TRUTH.iskp), (NRF, TRUTH.nrf)])
def test_paths_of_groups_are_recovered(seed: int, group: str, path: Steps) -> None:
    firsts = [first for first, _ in path] + [dt.date(2022, 8, 1)]
    for first, end in itertools.pairwise(firsts):
        last = end - dt.timedelta(days=1)
        found = incidents(seed).filter(involving(group), pl.col("event_date").is_between(first, last)).height
        # beside chance there is the latent rate of the weeks, which all groups share, and dating to mid-week
        assert agree(found, expected_total(path, first, last), spread=0.15), (group, first)


def test_nrf_passes_iskp_in_spring_and_reaches_a_dozen_a_week(seed: int) -> None:
    def weekly(group: str, first: dt.date, last: dt.date) -> float:
        rows = incidents(seed).filter(involving(group), pl.col("event_date").is_between(first, last))
        return rows.height / ((last - first).days + 1) * 7

    autumn, early = (dt.date(2021, 10, 4), dt.date(2021, 11, 28)), (dt.date(2022, 1, 3), dt.date(2022, 2, 27))
    late = (dt.date(2022, 5, 30), dt.date(2022, 7, 31))
    assert weekly(ISKP, *autumn) > weekly(ISKP, *early) > weekly(ISKP, *late) > 0
    assert weekly(NRF, *early) < weekly(ISKP, *early)
    assert weekly(NRF, *late) >= 12 > weekly(ISKP, *late)
    assert incidents(seed).filter(involving(NRF), pl.col("event_date") < TRUTH.takeover).is_empty()


def test_attacks_on_taliban_personnel_are_mostly_unattributed_and_dwindle(seed: int) -> None:
    attacks = incidents(seed).filter(
        pl.col("event_date") >= dt.date(2021, 10, 1),
        pl.col("event_type") != "Violence against civilians",
        involving(TALIBAN) & involving([ISKP, NRF, UNKNOWN]),
    )
    assert float(attacks.select(involving(UNKNOWN).mean()).item()) > 0.5
    counts = {
        year: attacks.filter(involving(UNKNOWN), pl.col("event_date").dt.year() == year).height / weeks
        for year, weeks in ((2021, 92 / 7), (2022, 212 / 7))
    }
    assert counts[2022] < 0.75 * counts[2021]


def test_iskp_turns_to_civilians_and_from_nangarhar_to_kunar(seed: int) -> None:
    iskp = incidents(seed).filter(involving(ISKP))
    autumn = iskp.filter(pl.col("event_date").is_between(dt.date(2021, 9, 1), dt.date(2021, 12, 31)))
    spring = iskp.filter(pl.col("event_date") >= dt.date(2022, 4, 1))

    def share(rows: pl.DataFrame, condition: pl.Expr) -> float:
        return float(rows.select(condition.fill_null(value=False).mean()).item())

    civilians = pl.col("civilian_targeting") == "Civilian targeting"
    minorities = pl.col("assoc_actor_2").str.contains("Hazara|Sufi")
    kunar, nangarhar = pl.col("admin1") == "Kunar", pl.col("admin1") == "Nangarhar"
    assert share(autumn, civilians) < 0.4
    assert share(spring, civilians) > 0.55
    assert share(spring, minorities) > share(autumn, minorities)
    assert share(autumn, nangarhar) > share(spring, nangarhar)
    assert share(autumn, kunar) < share(spring, kunar)


def test_taliban_are_rebels_until_the_takeover_and_the_state_from_then_on(seed: int) -> None:
    kinds = pl.concat(
        events(seed).select("event_date", pl.col(f"actor{side}").alias("actor"), pl.col(f"inter{side}").alias("inter"))
        for side in (1, 2)
    )
    rebels = kinds.filter(pl.col("actor") == "Taliban")
    rulers = kinds.filter(pl.col("actor").is_in(TALIBAN))
    assert set(rebels["inter"]) == {"Rebel group"}
    assert rebels["event_date"].max() == dt.date(2021, 8, 14)
    assert set(rulers["inter"]) == {"State forces"}
    assert rulers["event_date"].min() == dt.date(2021, 8, 15)


def test_every_event_lies_in_its_province(seed: int) -> None:
    assert set(placed(seed)["unit_match"]) == {"inside"}
    assert (placed(seed)["unit_name"] == placed(seed)["admin1"]).all()


def test_near_shares_are_recovered_and_fall_after_the_takeover(seed: int) -> None:
    precise = placed(seed).filter(pl.col("geo_precision") < 3, pl.col("event_type").is_in(VIOLENT))
    firsts = [first for first, _ in TRUTH.near] + [dt.date(2022, 8, 1)]
    for (first, planted), end in zip(TRUTH.near, firsts[1:], strict=True):
        rows = precise.filter(pl.col("event_date") >= first, pl.col("event_date") < end)
        near = float((rows["capital_distance_km"] <= TRUTH.near_km).mean())  # type: ignore[arg-type]
        # dating to mid-week carries a few events over the turn of a month
        assert abs(near - planted) <= 0.01 + 4 * math.sqrt(planted * (1 - planted) / rows.height), first
    far = precise.filter(pl.col("capital_distance_km") > TRUTH.near_km)
    autumn, summer = (
        far.filter(pl.col("event_date").is_between(*span))["capital_distance_km"].to_numpy().mean()
        for span in ((dt.date(2021, 9, 1), dt.date(2021, 10, 31)), (dt.date(2022, 6, 1), dt.date(2022, 7, 31)))
    )
    assert autumn + 3 < summer


def test_some_events_of_lowest_precision_stand_on_a_capital(seed: int) -> None:
    lowest = placed(seed).filter(pl.col("geo_precision") == 3)
    on_capital = lowest["capital_distance_km"] < 0.01
    assert share_agrees(float(on_capital.mean()), TRUTH.lowest_at_capital, lowest.height)  # type: ignore[arg-type]


def test_violence_moves_to_pockets_of_the_east_and_north(seed: int) -> None:
    def share(window: pl.Expr, provinces: list[str]) -> float:
        return float(incidents(seed).filter(window).select(pl.col("admin1").is_in(provinces).mean()).item())

    south = ["Helmand", "Kandahar", "Uruzgan", "Zabul"]
    pockets = ["Nangarhar", "Kunar", "Panjshir", "Baghlan", "Takhar", "Parwan", "Kapisa"]
    assert share(BEFORE, south) > 2 * share(AFTER, south)
    assert share(AFTER, pockets) > 1.6 * share(BEFORE, pockets)


def test_deaths_of_the_last_year_of_the_war_are_of_the_published_order(seed: int) -> None:
    war = incidents(seed).filter(pl.col("event_date") < TRUTH.takeover)
    assert 20_000 < war["fatalities"].sum() < 40_000
    assert (war["fatalities"] == 0).mean() > 0.3  # type: ignore[operator]


def test_weekly_counts_vary_more_than_poisson(seed: int) -> None:
    weeks = incidents(seed).filter(AFTER).group_by(pl.col("event_date").dt.truncate("1w")).len()["len"]
    assert len(weeks) == 47
    assert float(np.var(weeks.to_numpy())) > 60


def test_layout_is_the_publishers_current_one(seed: int) -> None:
    table = events(seed)
    assert " ".join(table.columns) == (
        "event_id_cnty event_date year time_precision disorder_type event_type sub_event_type actor1 assoc_actor_1 inter1 "
        "actor2 assoc_actor_2 inter2 interaction civilian_targeting iso region country admin1 admin2 admin3 location "
        "latitude longitude geo_precision source source_scale notes fatalities tags timestamp"
    )
    assert set(table["tags"]) == {"synthetic"}
    assert table["event_id_cnty"].is_unique().all()
    assert table["event_id_cnty"].str.contains(r"^SYN\d{5}$").all()
    assert table["notes"].str.starts_with("Synthetic event: ").all()
    assert table["source"].str.split("; ").explode().str.starts_with("Synthetic ").all()
    assert (table["event_date"].dt.year() == table["year"]).all()
    assert table["event_date"].is_sorted()
    assert (table["event_date"].min(), table["event_date"].max()) >= (dt.date(2020, 9, 1), dt.date(2022, 7, 1))
    assert table["event_date"].max() <= dt.date(2022, 7, 31)  # type: ignore[operator]
    assert table["timestamp"].max() <= dt.datetime(2022, 8, 1, 23, 59, tzinfo=dt.UTC).timestamp()  # type: ignore[operator]
    revised = pl.from_epoch("timestamp").dt.date()
    assert table.select((revised > pl.col("event_date")).all()).item()


def test_interaction_follows_from_the_parties(seed: int) -> None:
    rows = events(seed).select("inter1", "inter2", "interaction").unique().rows()
    assert ("State forces", "Rebel group", "State forces-Rebel group") in rows
    assert ("Rebel group", "State forces", "State forces-Rebel group") in rows
    assert ("Protesters", None, "Protesters only") in rows
    assert ("External/Other forces", "Civilians", "Civilians-External/Other forces") in rows


def test_vague_dates_fall_in_the_middle_of_week_and_month(seed: int) -> None:
    table = events(seed)
    assert set(table.filter(pl.col("time_precision") == 2)["event_date"].dt.weekday()) == {4}
    assert set(table.filter(pl.col("time_precision") == 3)["event_date"].dt.day()) == {15}
    shares = {code: table.filter(pl.col("time_precision") == code).height / table.height for code in (2, 3)}
    assert shares[2] == pytest.approx(TRUTH.week_dated, rel=0.15)
    assert shares[3] == pytest.approx(TRUTH.month_dated, rel=0.25)
