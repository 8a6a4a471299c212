"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# No test is timed: what an example takes hangs on what else the machine does. Speed is measured by `make bench`.
settings.register_profile("tocsin", deadline=None)
settings.load_profile("tocsin")
