"""How many examples a test draws: the number that it names, times `LRDSL_TIMES`, which a nightly run sets."""

from __future__ import annotations

import os

from hypothesis import settings

#: `LRDSL_TIMES=10 pytest` draws ten times the usual number of examples.
TIMES = int(os.environ.get("LRDSL_TIMES", "1"))
#: How many examples a test draws that names no number.
USUAL = 40


def examples(number: int) -> settings:
    """Let a test draw so many examples in a usual run."""
    return settings(max_examples=number * TIMES)
