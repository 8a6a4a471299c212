"""Countries are known by every name that the data sets give them, and by no other."""

from __future__ import annotations

import polars as pl
import pytest

from tocsin.errors import QuestionError
from tocsin.geo import countries


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Myanmar (Burma)", "MMR"),
        ("DR Congo (Zaire)", "COD"),
        ("Democratic Republic of Congo", "COD"),
        ("Congo", "COG"),
        ("Republic of Congo", "COG"),
        ("Yemen (North Yemen)", "YEM"),
        ("Russia (Soviet Union)", "RUS"),
        ("Serbia (Yugoslavia)", "SRB"),
        ("Cambodia (Kampuchea)", "KHM"),
        ("Zimbabwe (Rhodesia)", "ZWE"),
        ("Bosnia-Herzegovina", "BIH"),
        ("Ivory Coast", "CIV"),
        ("Macedonia, FYR", "MKD"),
        ("Madagascar (Malagasy)", "MDG"),
        ("eSwatini", "SWZ"),
        ("Kingdom of eSwatini (Swaziland)", "SWZ"),
        ("United States of America", "USA"),
        ("Palestine", "PSE"),
        ("Kosovo", "XKX"),
        ("Taiwan", "TWN"),
        ("South Sudan", "SSD"),
        ("  syria ", "SYR"),
        ("syr", "SYR"),
        ("Côte d’Ivoire", "CIV"),
        ("Namibia", "NAM"),
        ("Narnia", None),
        ("", None),
    ],
)
def test_names_of_the_data_sets(written: str, code: str | None) -> None:
    assert countries.codes(pl.Series([written])).to_list() == [code]


def test_codes_keep_order_name_and_nulls() -> None:
    found = countries.codes(pl.Series("country", ["Syria", None, "Niger", "Nigeria", "Syria"]))
    assert found.to_list() == ["SYR", None, "NER", "NGA", "SYR"]
    assert found.name == "country"
    assert countries.codes(pl.Series("country", [], dtype=pl.String)).to_list() == []


def test_numbers_of_both_schemes() -> None:
    gw = countries.codes_from_numbers(pl.Series([700, 652, 345, 340, 678, 2, 999, None]), scheme="gw")
    assert gw.to_list() == ["AFG", "SYR", "SRB", "SRB", "YEM", "USA", None, None]
    iso = countries.codes_from_numbers(pl.Series(["004", "760.0", "x", "760.5", None]), scheme="iso")
    assert iso.to_list() == ["AFG", "SYR", None, None, None]


def test_codes_of_fips_are_not_those_of_iso() -> None:
    asked = [
        "AF",
        "AS",
        "AU",
        "UP",
        "RS",
        "RI",
        "RB",
        "WE",
        "GZ",
        "CH",
        "SZ",
        "OD",
        "KV",
        "NG",
        "NI",
        "UK",
        "PG",
        "ZZ",
        "af",
        None,
    ]
    found = countries.codes_from_fips(pl.Series("place", asked))
    assert found.to_list() == [
        "AFG", "AUS", "AUT", "UKR", "RUS", "SRB", "SRB", "PSE", "PSE", "CHN", "CHE", "SSD", "XKX", "NER", "NGA", "GBR",
        None, None, None, None,
    ]  # fmt: skip
    assert found.name == "place"


def test_names_and_the_list_of_codes() -> None:
    assert countries.name("COD") == "Democratic Republic of Congo"
    assert len(countries.known()) == 250  # the 249 of ISO 3166 and Kosovo
    assert list(countries.known()) == sorted(countries.known())
    with pytest.raises(QuestionError, match="ZZZ"):
        countries.name("ZZZ")


def test_no_name_or_number_means_two_countries() -> None:
    table = countries.table()
    spellings = [
        spelling.casefold()
        for iso3, name, aliases in table.select("iso3", "name", "aliases").iter_rows()
        for spelling in {iso3.casefold(), name.casefold(), *(alias.casefold() for alias in aliases or ())}
    ]
    assert len(spellings) == len(set(spellings))
    numbers = table["gw"].explode(empty_as_null=True).drop_nulls()
    assert numbers.is_unique().all()
    fips = table["fips"].explode(empty_as_null=True).drop_nulls()
    assert fips.is_unique().all()
    assert fips.str.contains("^[A-Z]{2}$").all()
    assert table.filter(pl.col("fips").is_null())["iso3"].to_list() == ["ALA", "BES"]
    assert table["iso_numeric"].drop_nulls().is_unique().all()
    assert table["iso2"].is_unique().all()
