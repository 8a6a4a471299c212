"""A command that counts waits for no library that counting does not need."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("scipy.optimize", "scipy.spatial", "scipy.special", "scipy.stats", "altair", "numpy.f2py", "pandas")


def test_the_catalogue_imports_no_more_than_it_needs() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, tocsin.catalogue; print([name for name in {HEAVY} if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    # `import scipy` alone is light, and brings a part of it when that is first asked for.
    assert told.stdout.strip() == "[]"
