"""Where the synthetic events of Afghanistan happen: chances of the provinces, by component and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from tocsin.simulate.truth import TAKEOVER

Profile = Mapping[str, float]
"""Chance of each province, up to a factor; a province that is not named has the chance `elsewhere`, or none."""

START = dt.date(2020, 9, 1)

WAR: Profile = {
    "Helmand": 9, "Kandahar": 11, "Uruzgan": 5, "Zabul": 5, "Nimroz": 2, "Farah": 4,
    "Ghazni": 7, "Wardak": 5, "Logar": 4, "Paktia": 3, "Paktika": 3, "Khost": 2,
    "Nangarhar": 7, "Laghman": 3.5, "Kunar": 3, "Nuristan": 1, "Kabul": 4, "Kapisa": 2.5, "Parwan": 2.5,
    "Kunduz": 4, "Baghlan": 4, "Takhar": 3, "Badakhshan": 2.5, "Balkh": 4, "Faryab": 3.5, "Jawzjan": 2, "Sar-e Pul": 2,
    "Samangan": 1, "Badghis": 2.5, "Herat": 3, "Ghor": 1.5, "Daykundi": 1.5,
}  # fmt: skip
UNATTRIBUTED: Profile = {
    "Nangarhar": 16, "Kabul": 18, "Kunar": 11, "Kunduz": 7, "Baghlan": 7, "Parwan": 6, "Kapisa": 5, "Takhar": 5,
    "Badakhshan": 4, "Balkh": 5, "Laghman": 4, "Herat": 3, "Kandahar": 3, "Ghazni": 2, "Logar": 2,
}  # fmt: skip
REST: Profile = {
    "Kabul": 16, "Nangarhar": 10, "Kunar": 6, "Baghlan": 6, "Panjshir": 6, "Takhar": 5, "Parwan": 4, "Kapisa": 4,
    "Kunduz": 4, "Badakhshan": 4, "Balkh": 5, "Faryab": 2, "Herat": 4, "Kandahar": 5, "Helmand": 2, "Ghazni": 3,
    "Khost": 2, "Laghman": 2,
}  # fmt: skip
NRF: Profile = {"Panjshir": 40, "Baghlan": 26, "Takhar": 12, "Badakhshan": 9, "Parwan": 9, "Kapisa": 4}
ISKP_AT_FIRST: Profile = {"Nangarhar": 48, "Kabul": 32, "Kunar": 14, "Kunduz": 2, "Laghman": 4}
ISKP_AT_THE_PEAK: Profile = {
    "Nangarhar": 62, "Kabul": 18, "Kunar": 9, "Parwan": 3, "Laghman": 3, "Kunduz": 2, "Kandahar": 1, "Balkh": 2,
}  # fmt: skip
ISKP_AFTER_THE_WINTER: Profile = {
    "Kunar": 30, "Nangarhar": 22, "Kabul": 15, "Kunduz": 8, "Balkh": 7, "Takhar": 6, "Baghlan": 3, "Badakhshan": 2,
    "Herat": 2, "Kandahar": 2, "Logar": 2, "Ghazni": 1,
}  # fmt: skip

ISKP: tuple[tuple[dt.date, Profile], ...] = (
    (START, ISKP_AT_FIRST),
    (TAKEOVER, ISKP_AT_THE_PEAK),
    (dt.date(2022, 2, 1), ISKP_AFTER_THE_WINTER),
)

PROFILES: Mapping[str, tuple[tuple[dt.date, Profile], ...]] = {
    "war": ((START, {**WAR, "elsewhere": 0.3}),),
    "iskp on forces, before": ISKP,
    "iskp on forces, after": ISKP,
    "iskp on civilians": ISKP,
    "nrf": ((START, NRF),),
    "unattributed": ((START, UNATTRIBUTED),),
    "rest": ((START, {**REST, "elsewhere": 0.7}),),
    "quiet, before": ((START, {**WAR, "Kabul": 25.0, "elsewhere": 0.3}),),
    "quiet, after": ((START, {**REST, "elsewhere": 0.7}),),
}
"""For each component its profiles, each with the day from which it holds."""
