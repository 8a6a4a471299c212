"""Synthetic events of Afghanistan, September 2020 to July 2022, in which the numbers of `truth.AFGHANISTAN` are planted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import polars as pl

from tocsin.simulate import layout
from tocsin.simulate.arrays import Days, Flags, Floats, Ints, Texts
from tocsin.simulate.happenings import BATTLE, COMPONENTS
from tocsin.simulate.notes import planted
from tocsin.simulate.places import Pool, place_of_each, pool_of
from tocsin.simulate.provinces import PROFILES, Profile
from tocsin.simulate.truth import AFGHANISTAN, Truth, value_on
from tocsin.simulate.when import as_dated, day, incident_days, other_days

NAMES = tuple(COMPONENTS)
KINDS = tuple(kind for kinds in COMPONENTS.values() for kind in kinds)
FIRST_ID = 10_001
DATA_DATE = np.datetime64("2022-08-01", "s")
MEAN_LAG_DAYS = 25
NEW_MEDIA_TOO = {"New media-National": 0.5, "New media-Subnational": 0.3, "New media-International": 0.2}
SCALES_BEFORE = {
    "National": 0.50, "International": 0.20, "National-International": 0.10, "Subnational": 0.10,
    "Subnational-National": 0.05, "Regional": 0.05,
}  # fmt: skip
SCALES_AFTER = {
    "National": 0.45, "International": 0.17, "Local partner-Other": 0.15, "Subnational": 0.10, "Other": 0.08,
    "Regional": 0.05,
}  # fmt: skip


def afghanistan(*, seed: int = 2022) -> pl.DataFrame:
    """Make synthetic events of Afghanistan, 1 September 2020 to 31 July 2022, with a planted truth.

    Args:
        seed: The same seed gives the same events.

    Returns:
        One row an event, in the publisher's current layout (`layout.COLUMNS`), in order of date; about 17,000 rows, each
        tagged "synthetic". Coordinates are degrees, WGS 84, to 4 decimals; `timestamp` is Unix seconds.

    Assumes:
        What docs/methods/simulation.md says. The planted numbers are `truth.AFGHANISTAN`.
    """
    truth, rng = AFGHANISTAN, np.random.default_rng(seed)
    pool = pool_of("AFG", rng=rng)
    violent_days, quiet_days = incident_days(truth, rng=rng), other_days(truth, rng=rng)
    days = np.concatenate([violent_days, quiet_days])
    violent = np.arange(len(days)) < len(violent_days)
    component = np.concatenate([_violent(truth, violent_days, rng), _quiet(truth, quiet_days)])
    kind = _kinds(component, rng)
    stratum = 2 * (days >= day(truth.takeover)) + violent
    precision = _precision(truth, stratum, rng)
    unit = _units(pool, component, days, rng)
    place = _places(truth, pool, unit, days, vague=precision == 3, rng=rng)
    dated, time_precision = as_dated(truth, days, rng=rng)
    events = _parties(kind, rng).with_columns(
        event_date=pl.Series(dated),
        time_precision=time_precision,
        geo_precision=precision,
        admin1=pl.Series(pool.units, dtype=pl.String).gather(unit),
        location=pl.Series(pool.location, dtype=pl.String).gather(place),
        latitude=pool.latitude[place],
        longitude=pool.longitude[place],
        source_scale=pl.Series(_scales(truth, stratum, rng), dtype=pl.String),
        fatalities=_deaths(truth, kind, stratum, rng),
        timestamp=_revised_at(dated, rng),
    )
    return _annotated(_finished(events), seed)


def _violent(truth: Truth, days: Days, rng: np.random.Generator) -> Ints:
    """The component of each violent incident: the planted path of a group over that of all incidents is its chance."""
    early = days < day(truth.takeover)
    iskp, on_civilians = value_on(truth.iskp, days), value_on(truth.iskp_on_civilians, days)
    rates = {
        "iskp on civilians": iskp * on_civilians,
        "iskp on forces, before": iskp * (1 - on_civilians) * early,
        "iskp on forces, after": iskp * (1 - on_civilians) * ~early,
        "nrf": value_on(truth.nrf, days),
        "unattributed": value_on(truth.unattributed, days),
    }
    reached = np.cumsum(np.stack(list(rates.values())), axis=0)
    drawn = rng.random(len(days)) * value_on(truth.incidents, days)
    passed = (drawn >= reached).sum(axis=0)  # how many of the named components the draw lies beyond
    named = np.array([NAMES.index(name) for name in rates] + [-1])[passed]
    return np.where(named >= 0, named, np.where(early, NAMES.index("war"), NAMES.index("rest")))


def _quiet(truth: Truth, days: Days) -> Ints:
    return np.where(days < day(truth.takeover), NAMES.index("quiet, before"), NAMES.index("quiet, after"))


def _kinds(component: Ints, rng: np.random.Generator) -> Ints:
    """Of each event, the position of its kind in KINDS."""
    kind = np.empty(len(component), dtype=np.int64)
    start = 0
    for number, kinds in enumerate(COMPONENTS.values()):
        mine = component == number
        weights = np.array([one.weight for one in kinds])
        kind[mine] = start + rng.choice(len(kinds), size=mine.sum(), p=weights / weights.sum())
        start += len(kinds)
    return kind


def _parties(kind: Ints, rng: np.random.Generator) -> pl.DataFrame:
    """What its kind says of each event. In half of the battles the parties change places: their order means nothing."""
    kinds = pl.DataFrame([dataclasses.asdict(one) for one in KINDS]).drop("weight", "deaths")
    each = kinds.with_columns(
        interaction=pl.Series([layout.interaction(one.inter1, one.inter2) for one in KINDS]),
        disorder_type=pl.Series([layout.disorder_type(one.event_type, one.sub_event_type) for one in KINDS]),
        civilian_targeting=pl.Series(["Civilian targeting" if one.on_civilians else None for one in KINDS]),
    )[kind]
    turned = pl.Series(rng.random(len(kind)) < 0.5) & (each["event_type"] == BATTLE)
    return each.with_columns(
        pl.when(turned).then(pl.col(after)).otherwise(pl.col(before)).alias(before)
        for one, other in (("actor1", "actor2"), ("inter1", "inter2"))
        for before, after in ((one, other), (other, one))
    )


def _precision(truth: Truth, stratum: Ints, rng: np.random.Generator) -> Ints:
    """The geo_precision of each event."""
    lowest = _exactly(np.full(4, truth.lowest_precision), stratum, rng)
    second = rng.random(len(stratum)) < truth.second_precision
    return np.where(lowest, 3, np.where(second, 2, 1))


def _units(pool: Pool, component: Ints, days: Days, rng: np.random.Generator) -> Ints:
    """The province of each event, as its position in the pool."""
    unit = np.empty(len(days), dtype=np.int64)
    for number, name in enumerate(NAMES):
        profiles = PROFILES[name]
        in_force = np.searchsorted([day(first) for first, _ in profiles], days, side="right") - 1
        for step, (_, profile) in enumerate(profiles):
            mine = (component == number) & (in_force == step)
            unit[mine] = rng.choice(len(pool.units), size=mine.sum(), p=_chances(profile, pool.units))
    return unit


def _places(truth: Truth, pool: Pool, unit: Ints, days: Days, *, vague: Flags, rng: np.random.Generator) -> Ints:
    """The place of each event, as its position in the pool. Of one known only to the province it says nothing of distance."""
    near = rng.random(len(days)) < np.where(vague, truth.lowest_at_capital, value_on(truth.near, days))
    scale = np.where(vague, np.inf, value_on(truth.far_scale_km, days))
    return place_of_each(pool, unit=unit, near=near, itself=vague, scale_km=scale, rng=rng)


def _chances(profile: Profile, units: tuple[str, ...]) -> Floats:
    weights = np.array([profile.get(unit, profile.get("elsewhere", 0.0)) for unit in units])
    chances: Floats = weights / weights.sum()
    return chances


def _scales(truth: Truth, stratum: Ints, rng: np.random.Generator) -> Texts:
    """The source_scale of each event."""
    late = stratum >= 2
    share = np.array([truth.new_media_before, truth.new_media_before, truth.new_media_after, truth.new_media_after])
    new = _exactly(share, stratum, rng)
    sole = rng.random(len(stratum)) < truth.new_media_sole
    scales = np.where(late, _chosen(SCALES_AFTER, len(late), rng), _chosen(SCALES_BEFORE, len(late), rng))
    return np.where(new, np.where(sole, "New media", _chosen(NEW_MEDIA_TOO, len(late), rng)), scales)


def _chosen(chances: Mapping[str, float], count: int, rng: np.random.Generator) -> Texts:
    return rng.choice(np.array(list(chances), dtype=object), size=count, p=list(chances.values()))


def _exactly(share: Floats, stratum: Ints, rng: np.random.Generator) -> Flags:
    """Marks drawn without replacement, so that in each stratum the share of the marked is the planted one, to rounding."""
    marked = np.zeros(len(stratum), dtype=bool)
    for number in np.unique(stratum):
        mine = np.flatnonzero(stratum == number)
        marked[rng.permutation(mine)[: round(share[number] * len(mine))]] = True
    return marked


def _deaths(truth: Truth, kind: Ints, stratum: Ints, rng: np.random.Generator) -> Ints:
    """Deaths of each event: Poisson round a gamma rate whose variance is twice the square of its mean; often none."""
    relative = np.array([one.deaths for one in KINDS])[kind]
    mean = relative.copy()
    for number, deaths in ((1, truth.deaths_before), (3, truth.deaths_after)):
        mine = stratum == number
        mean[mine] = deaths * relative[mine] / relative[mine].mean()
    return rng.poisson(mean * rng.gamma(0.5, 2.0, len(kind)))


def _revised_at(dated: Days, rng: np.random.Generator) -> Ints:
    """Unix seconds of the last revision: a day or more after the event, but not after the day of the data."""
    lag = ((1 + rng.exponential(MEAN_LAG_DAYS, len(dated))) * 86_400).astype("timedelta64[s]")
    seconds: Ints = np.minimum(dated.astype("datetime64[s]") + lag, DATA_DATE).astype(np.int64)
    return seconds


def _finished(events: pl.DataFrame) -> pl.DataFrame:
    """The events in order of date with ids, sources, notes and the columns that are the same on every row."""
    ordered = events.sort("event_date", "timestamp", "location", maintain_order=True)
    scales = ordered["source_scale"].unique().to_list()
    what = pl.col("sub_event_type")
    return layout.laid_out(
        ordered.with_columns(
            event_id_cnty=pl.format("SYN{}", pl.row_index() + FIRST_ID),
            iso=pl.lit(4, pl.Int64),
            region=pl.lit("Caucasus and Central Asia"),
            country=pl.lit("Afghanistan"),
            source=pl.col("source_scale").replace_strict({scale: layout.sources(scale) for scale in scales}),
            notes=pl.format(
                "Synthetic event: {}{} involving {}; {}, {}; {} killed.",
                what.str.head(1).str.to_lowercase(),
                what.str.slice(1),
                pl.concat_str("actor1", "actor2", separator=" and ", ignore_nulls=True),
                "location",
                "event_date",
                "fatalities",
            ),
        )
    )


def _annotated(events: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The events with what their notes say of who claims them and who began them."""
    words = planted(events, seed=seed)["words"]
    end = pl.lit("Made by a generator: no such event took place.")
    told = pl.when(words != "").then(words)
    return events.with_columns(notes=pl.concat_str("notes", told, end, separator=" ", ignore_nulls=True))
