"""`python -m tests.dialects.writing python 2000`: draws so many schedules, exports them, runs the code, and counts what is the same and what is refused.

`--seed` draws others. Keras needs `KERAS_BACKEND=torch`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.dialects.writing.exported import RUNS, compare
from tests.dialects.writing.test_drawn import drawn


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.dialects.writing", description=__doc__)
    parser.add_argument("to", choices=tuple(RUNS))
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()

    @seed(arguments.seed)
    @settings(max_examples=arguments.count, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink])
    @given(st.data())
    def check(data: st.DataObject) -> None:
        counts[compare(*drawn(data, arguments.to))] += 1

    run: Callable[[], None] = check
    run()
    print(arguments.to, dict(counts))


if __name__ == "__main__":
    main()
