"""How many ticks of a plan a figure shows, if nobody says."""

from __future__ import annotations

from lrdsl.expr import T, mentions
from lrdsl.expr.exact import Exact
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import MOST_TICKS, Plan, horizon, pieces

#: An endless fall is shown for so many times of what it takes to halve.
_HALVES = 3
#: A last level that stays is shown for this share of the time before it.
_TAIL = 0.15


def reach(plan: Plan, base: float, total: Exact | None) -> int:
    """Returns how many ticks of a plan a figure shows: the run, if its length is known; else the phases and a little more, or an endless fall to an eighth.

    >>> import lrdsl
    >>> reach(lrdsl.parse("linear(50) then hold").plan, 1.0, None), reach(lrdsl.parse("exp(0.9999)").plan, 1.0, None)
    (58, 20794)
    >>> reach(lrdsl.parse("restarts(cosine(10), stretch=2)").plan, 1.0, None)
    151
    """
    ticks = horizon(plan, total)
    if total is not None or plan.length is not None or plan.watches:
        return ticks
    start = float([phase for phase in plan.phases if phase.start is not None][-1].start or 0)
    tail = pieces(plan.level)[-1]
    if float(tail.start) > ticks:  # the last of many cycles
        return ticks
    if not mentions(tail.level, T):
        return max(2, int(max(start, float(tail.start)) * (1 + _TAIL)) + 1) if start or tail.start else ticks
    levels = Evaluator.of(plan)
    half = levels.level(start, base) / 2
    if not half > 0 or levels.level(min(4.0 * ticks, MOST_TICKS), base) > half * 2:
        return ticks
    low, high = 0.0, 1.0
    while levels.level(start + high, base) > half:
        low, high = high, 2 * high
        if high > MOST_TICKS / _HALVES:
            return ticks
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if levels.level(start + middle, base) > half else (low, middle)
    return max(2, min(int(start + _HALVES * high) + 1, MOST_TICKS))
