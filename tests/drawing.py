"""How many examples a test draws: a share of the number that it names, times `LRDSL_TIMES`, which a nightly run sets."""

from __future__ import annotations

import os

from hypothesis import settings

#: `LRDSL_TIMES=10 pytest` draws ten times the usual number of examples.
TIMES = int(os.environ.get("LRDSL_TIMES", "1"))
#: How many examples a test draws in a usual run that names no number.
USUAL = 10
#: The share of the number that a test names which a usual run draws, and the least that it draws.
_SHARE, _LEAST = 8, 5
#: The same of a test whose examples cost more than 50 milliseconds each.
_SHARE_IF_COSTLY, _LEAST_IF_COSTLY = 20, 3


def examples(number: int, *, costly: bool = False) -> settings:
    """Let a test draw so many examples in a nightly run, with `LRDSL_TIMES=8`; with `LRDSL_TIMES=20`, if they are costly."""
    share, least = (_SHARE_IF_COSTLY, _LEAST_IF_COSTLY) if costly else (_SHARE, _LEAST)
    return settings(max_examples=max(number // share, min(number, least)) * TIMES)
