"""Which country is meant? Names, codes and numbers as data sets write them, to ISO 3166 alpha-3."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Literal

import polars as pl

from tocsin.errors import QuestionError, did_you_mean


@functools.cache
def table() -> pl.DataFrame:
    """The packaged list of countries.

    Returns:
        iso3, iso2, name; iso_numeric (Int64, null where ISO gives none); gw (list of Gleditsch-Ward numbers as UCDP uses
        them); fips (list of codes of FIPS 10-4); aliases (list).
    """
    text = resources.files("tocsin.geo").joinpath("data/countries.csv").read_text(encoding="utf-8")
    # An empty cell is no value; "NA" is Namibia.
    raw = pl.read_csv(text.encode(), infer_schema=False, null_values=[""])
    return raw.with_columns(
        pl.col("iso_numeric").cast(pl.Int64),
        pl.col("gw").str.split("|").cast(pl.List(pl.Int64)),
        pl.col("fips").str.split("|"),
        pl.col("aliases").str.split("|"),
    )


def codes(names: pl.Series) -> pl.Series:
    """The ISO 3166 alpha-3 code of each name.

    Args:
        names: Codes, names or aliases; case and the spaces around them do not matter.

    Returns:
        As many codes, in the same order; null where a name is null or not known.

    Source:
        Names as ISO 3166, UCDP and ACLED write them; `XKX` stands for Kosovo, for which ISO has no code.
    """
    written = names.cast(pl.String)
    distinct = written.drop_nulls().unique()
    by_name = _by_name()
    found = {spelling: by_name.get(_key(spelling)) for spelling in distinct.to_list()}
    return _mapped(written, list(found), list(found.values()))


def codes_from_numbers(numbers: pl.Series, *, scheme: Literal["iso", "gw"]) -> pl.Series:
    """The ISO 3166 alpha-3 code of each number.

    Args:
        numbers: ISO 3166 numeric codes, or the Gleditsch-Ward numbers that UCDP calls country_id.
        scheme: "iso" or "gw".

    Returns:
        As many codes, in the same order; null where a number is null or not known.

    Assumes:
        A Gleditsch-Ward number of a state that is no more means the state that holds most of its land now: 345
        (Yugoslavia) is Serbia, 680 (South Yemen) is Yemen.
    """
    column = "iso_numeric" if scheme == "iso" else "gw"
    listed = table().explode(column, empty_as_null=True) if scheme == "gw" else table()
    listed = listed.drop_nulls(column)
    exact = numbers.cast(pl.Float64, strict=False)
    whole = exact.set(exact != exact.floor(), None).cast(pl.Int64, strict=False)  # 652.5 is no country
    return _mapped(whole, listed[column].to_list(), listed["iso3"].to_list())


def codes_from_fips(codes: pl.Series) -> pl.Series:
    """The ISO 3166 alpha-3 code for each country code of FIPS 10-4, which GDELT uses.

    Args:
        codes: Two capital letters. They are not ISO's: "AS" is Australia.

    Returns:
        As many codes, in the same order; null where a code is null, not known, or of a place that has no ISO code.

    Assumes:
        The West Bank and Gaza are Palestine; islands without people belong to what ISO counts them under. Serbia has "RB" in
        GDELT, and "RI" since FIPS gave it that.

    Source:
        FIPS 10-4, withdrawn in 2008 and kept up since as GEC (Geopolitical Entities and Codes); as GeoNames lists it.
    """
    listed = table().explode("fips", empty_as_null=True).drop_nulls("fips")
    return _mapped(codes.cast(pl.String), listed["fips"].to_list(), listed["iso3"].to_list())


def name(iso3: str) -> str:
    """The English name of a country.

    Raises:
        QuestionError: the code is not known.
    """
    names = _names()
    if iso3 not in names:
        raise QuestionError(f'"{iso3}" is not a known ISO 3166 alpha-3 code', next_step=did_you_mean(iso3, names))
    return names[iso3]


def known() -> tuple[str, ...]:
    """Every ISO 3166 alpha-3 code that is known, sorted."""
    return tuple(_names())


def _mapped(values: pl.Series, old: list[str] | list[int], new: list[str | None] | list[str]) -> pl.Series:
    lookup = pl.DataFrame(
        {"key": pl.Series(old, dtype=values.dtype), "code": pl.Series(new, dtype=pl.String)},
    )
    joined = values.rename("key").to_frame().join(lookup, on="key", how="left", maintain_order="left")
    return joined["code"].rename(values.name)


def _key(written: str) -> str:
    return " ".join(written.casefold().replace("’", "'").split())


@functools.cache
def _names() -> dict[str, str]:
    rows = table().sort("iso3")
    return dict(zip(rows["iso3"].to_list(), rows["name"].to_list(), strict=True))


@functools.cache
def _by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for iso3, english, aliases in table().select("iso3", "name", "aliases").iter_rows():
        for spelling in (iso3, english, *(aliases or ())):
            found[_key(spelling)] = iso3
    return found
