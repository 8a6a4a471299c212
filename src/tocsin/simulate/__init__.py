"""Event data with a planted truth, for the demonstration, the tests and the benchmarks. Every row is tagged "synthetic"."""

from tocsin.simulate.afghan import afghanistan
from tocsin.simulate.counts import latent_rates, weekly_counts
from tocsin.simulate.globe import world, world_batches
from tocsin.simulate.revision import MARCH_2026, Revision, revised
from tocsin.simulate.truth import AFGHANISTAN, Truth

__all__ = [
    "AFGHANISTAN", "MARCH_2026", "Revision", "Truth", "afghanistan", "latent_rates", "revised", "weekly_counts", "world", "world_batches",
]  # fmt: skip
