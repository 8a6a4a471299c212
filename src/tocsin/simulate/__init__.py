"""Event data with a planted truth, for the demonstration, the tests and the benchmarks. Every row is tagged "synthetic"; in the form
of GDELT, which has no tags, the address of its article begins with that word."""

from tocsin.simulate.afghan import afghanistan
from tocsin.simulate.counts import latent_rates, weekly_counts
from tocsin.simulate.gdelt import gdelt_day, write_gdelt_day
from tocsin.simulate.globe import world, world_batches
from tocsin.simulate.revision import MARCH_2026, Revision, revised
from tocsin.simulate.truth import AFGHANISTAN, Truth

__all__ = [
    "AFGHANISTAN", "MARCH_2026", "Revision", "Truth", "afghanistan", "gdelt_day", "latent_rates", "revised", "weekly_counts", "world",
    "world_batches", "write_gdelt_day",
]  # fmt: skip
