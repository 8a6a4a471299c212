"""Event data with a planted truth, for the demonstration, the tests and the benchmarks. Every row is tagged "synthetic"."""

from tocsin.simulate.afghan import afghanistan
from tocsin.simulate.counts import latent_rates, weekly_counts
from tocsin.simulate.globe import world, world_batches
from tocsin.simulate.truth import AFGHANISTAN, Truth

__all__ = ["AFGHANISTAN", "Truth", "afghanistan", "latent_rates", "weekly_counts", "world", "world_batches"]
