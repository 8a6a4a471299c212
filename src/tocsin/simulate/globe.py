"""Many synthetic events of several countries, for benchmarks: the layout and the variety of real data, without their story."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterator, Sequence

import numpy as np
import polars as pl

from tocsin.errors import QuestionError
from tocsin.geo import countries as country_list
from tocsin.simulate import layout
from tocsin.simulate.arrays import Ints
from tocsin.simulate.places import capitals_of, round_capitals, units_at

COUNTRIES = ("AFG", "COL", "IRQ", "MEX", "MLI", "MMR", "NGA", "SOM", "SYR", "UKR")
PLACES = 20_000
COMBINATIONS = 5_000
NOTES = 2_000
BATCH = 1_000_000
FARTHEST_KM = 90.0
SPARE = 4
"""Places are drawn this many times over, since some fall outside their unit."""

TYPES = {
    ("Battles", "Armed clash"): 0.30,
    ("Explosions/Remote violence", "Air/drone strike"): 0.07,
    ("Explosions/Remote violence", "Shelling/artillery/missile attack"): 0.13,
    ("Explosions/Remote violence", "Remote explosive/landmine/IED"): 0.08,
    ("Violence against civilians", "Attack"): 0.16,
    ("Violence against civilians", "Abduction/forced disappearance"): 0.04,
    ("Protests", "Peaceful protest"): 0.12,
    ("Riots", "Mob violence"): 0.03,
    ("Strategic developments", "Arrests"): 0.04,
    ("Strategic developments", "Looting/property destruction"): 0.03,
}
WORDS = (
    "armed men at the checkpoint east of the village after dusk while residents said that the road was closed and both "
    "parties claimed losses which no independent source confirmed during the night or on the following day"
)


def world(
    *,
    events: int,
    seed: int = 1,
    countries: Sequence[str] = COUNTRIES,
    first: dt.date = dt.date(2018, 1, 1),
    last: dt.date = dt.date(2023, 12, 31),
) -> pl.DataFrame:
    """Make many synthetic events of several countries in one table.

    Args:
        events: How many rows.
        seed: The same arguments give the same rows.
        countries: ISO 3166 alpha-3 codes.
        first: Earliest day.
        last: Latest day, included.

    Returns:
        One row an event in the publisher's current layout (`layout.COLUMNS`), each tagged "synthetic": about 20,000
        distinct coordinates (fewer where there are fewer rows), 5,000 combinations of actors, notes of some 200
        characters; in order of date within each million rows.

    Raises:
        QuestionError: a number of rows below one, a country without a known capital, or days out of order.
    """
    return pl.concat(world_batches(events=events, seed=seed, countries=countries, first=first, last=last))


def world_batches(
    *,
    events: int,
    seed: int = 1,
    countries: Sequence[str] = COUNTRIES,
    first: dt.date = dt.date(2018, 1, 1),
    last: dt.date = dt.date(2023, 12, 31),
    only: Container[int] | None = None,
) -> Iterator[pl.DataFrame]:
    """The rows of `world` in tables of at most a million, made one at a time, so that memory stays bounded.

    Args:
        only: Numbers of the tables to make, from 0, so that several processes can share the work; all of them if it is not said.

    Other Args, Returns, Raises: as `world`.
    """
    if events < 1:
        raise QuestionError(f"{events} is not a number of rows", where="events", next_step="Give at least one.")
    if last < first:
        raise QuestionError(f"the last day, {last}, is before the first, {first}", where="last")
    if not countries:
        raise QuestionError("no country is named", where="countries")
    stems = np.random.SeedSequence(seed).spawn(1 + -(-events // BATCH))
    rng = np.random.default_rng(stems[0])
    places, parties, notes = _places(countries, rng), _parties(countries, rng), _notes(rng)
    for number, stem in enumerate(stems[1:]):
        if only is not None and number not in only:
            continue
        done = number * BATCH
        yield _batch(
            places, parties, notes,
            ids=np.arange(done, min(done + BATCH, events)) + 1, first=first, last=last, rng=np.random.default_rng(stem),
        )  # fmt: skip


def _batch(
    places: pl.DataFrame,
    parties: pl.DataFrame,
    notes: pl.Series,
    *,
    ids: Ints,
    first: dt.date,
    last: dt.date,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """One table of events: each takes a place, and then parties of that place's country."""
    count = len(ids)
    place = _early(len(places), count, rng)
    each = len(parties) // places["state"].n_unique()
    combination = places["state"].to_numpy()[place] * each + _early(each, count, rng)
    days = np.datetime64(first, "D") + np.sort(rng.integers((last - first).days + 1, size=count))
    lag = rng.integers(86_400, 90 * 86_400, count)
    scale = np.array(list(layout.SCALES), dtype=object)[rng.integers(len(layout.SCALES), size=count)]
    events = pl.concat([places[place], parties[combination]], how="horizontal").with_columns(
        number=ids,
        event_date=pl.Series(days),
        time_precision=rng.choice([1, 2, 3], count, p=[0.88, 0.10, 0.02]),
        geo_precision=rng.choice([1, 2, 3], count, p=[0.62, 0.30, 0.08]),
        source_scale=pl.Series(scale, dtype=pl.String),
        fatalities=rng.poisson(1.2 * rng.gamma(0.5, 2.0, count)),
        timestamp=days.astype("datetime64[s]").astype(np.int64) + lag,
        text=notes[rng.integers(len(notes), size=count)],
    )
    return layout.laid_out(
        events.with_columns(
            event_id_cnty=pl.format("SYN{}", "number"),
            region=pl.lit("Synthetic region"),
            source=pl.col("source_scale").replace_strict(layout.SCALES),
            notes=pl.format("Synthetic event {}: {}", "number", "text"),
        )
    )


def _early(size: int, count: int, rng: np.random.Generator) -> Ints:
    """`count` positions below `size`; early ones are drawn far more often, as a few places hold most events."""
    return (size * rng.random(count) ** 2).astype(np.int64)


def _places(countries: Sequence[str], rng: np.random.Generator) -> pl.DataFrame:
    """Distinct places round the capitals of first-order units, each inside its own unit, in random order."""
    share = -(-PLACES // len(countries))
    return pl.concat(
        [_places_of(code, share, rng).with_columns(state=pl.lit(state)) for state, code in enumerate(countries)]
    ).sample(fraction=1, shuffle=True, seed=int(rng.integers(2**31)))


def _places_of(code: str, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """At most `count` places of one country."""
    capitals = capitals_of(code)
    drawn = round_capitals(
        capitals[rng.integers(len(capitals), size=count * SPARE)], nearest_km=1, farthest_km=FARTHEST_KM, rng=rng
    )
    inside = units_at(code, drawn)["unit_code"] == drawn["unit_code"]
    name, number = country_list.table().filter(pl.col("iso3") == code).select("name", "iso_numeric").row(0)
    return (
        drawn.filter(inside)
        .unique(["longitude", "latitude"], keep="first", maintain_order=True)
        .head(count)
        .join(capitals.select("unit_code", "unit_name"), on="unit_code", how="left", maintain_order="left")
        .select(
            pl.lit(number, pl.Int64).alias("iso"),
            pl.lit(name).alias("country"),
            pl.col("unit_name").alias("admin1"),
            pl.format("near {} (place {})", "capital", pl.row_index() + 1).alias("location"),
            "latitude",
            "longitude",
        )
    )


def _parties(countries: Sequence[str], rng: np.random.Generator) -> pl.DataFrame:
    """Combinations of parties, as many for each country, in the order of the countries."""
    names = dict(country_list.table().select("iso3", "name").iter_rows())
    share = -(-COMBINATIONS // len(countries))
    kinds = list(TYPES)
    rows = [
        _combination(names[code], kinds[kind], number)
        for code in countries
        for number, kind in enumerate(rng.choice(len(kinds), share, p=list(TYPES.values())))
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _combination(country: str, kind: tuple[str, str], number: int) -> dict[str, str | None]:
    """One combination. Its number decides who takes part, so that no two of a country are the same."""
    event_type, sub_event_type = kind
    rebels = (f"Synthetic Front {number % 40 + 1} ({country})", "Rebel group")
    militia = (f"Synthetic Militia {number % 25 + 1} ({country})", "Political militia")
    army = (f"Military Forces of {country}", "State forces")
    armed = (rebels, militia, army)[number % 3]
    second: tuple[str | None, str | None] = {
        "Battles": rebels if armed is army else army,
        "Explosions/Remote violence": rebels if armed is army else army,
        "Violence against civilians": (f"Civilians ({country})", "Civilians"),
        "Riots": (f"Civilians ({country})", "Civilians"),
    }.get(event_type, (None, None))
    crowd = {"Protests": "Protesters", "Riots": "Rioters"}.get(event_type)
    first = (f"{crowd} ({country})", crowd) if crowd else armed
    return {
        "disorder_type": layout.disorder_type(event_type, sub_event_type),
        "event_type": event_type,
        "sub_event_type": sub_event_type,
        "actor1": first[0],
        "assoc_actor_1": f"Synthetic Association {number + 1} ({country})",
        "inter1": first[1],
        "actor2": second[0],
        "inter2": second[1],
        "interaction": layout.interaction(first[1], second[1]),
        "civilian_targeting": "Civilian targeting" if event_type == "Violence against civilians" else None,
    }


def _notes(rng: np.random.Generator) -> pl.Series:
    """Texts of some 180 characters that say nothing."""
    return pl.Series([" ".join(rng.choice(WORDS.split(), 33)) + "." for _ in range(NOTES)])
