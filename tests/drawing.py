"""How many examples a test draws: a quarter of the number that it names, times `LRDSL_TIMES`, which a nightly run sets."""

from __future__ import annotations

import os

from hypothesis import settings

#: `LRDSL_TIMES=10 pytest` draws ten times the usual number of examples.
TIMES = int(os.environ.get("LRDSL_TIMES", "1"))
#: How many examples a test draws in a usual run that names no number.
USUAL = 20
#: The share of the number that a test names which a usual run draws, and the least that it draws.
_SHARE, _LEAST = 4, 8


def examples(number: int) -> settings:
    """Let a test draw so many examples in a nightly run, with `LRDSL_TIMES=4`."""
    return settings(max_examples=max(number // _SHARE, min(number, _LEAST)) * TIMES)
