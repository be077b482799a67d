"""Finds the cycles and stairs of a formula: how long they are, and where one begins."""

from __future__ import annotations

from lrdsl.expr.arithmetic import Call, Expr, Num, T, parts
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.expr.nodes import Select
from lrdsl.expr.rewriting import walk
from lrdsl.work import spend

#: The most stairs inside one cycle that are listed.
_MOST_STAIRS = 1000


def cycles(e: Expr) -> list[tuple[Exact, Exact]]:
    """Returns (length, start) of each cycle and stair in a formula, and of each branch that begins inside a cycle: it begins again every `length` ticks."""
    periods: dict[tuple[Exact, Exact], None] = {}
    for x in walk(e):
        periods |= dict.fromkeys(_periods(x.of, x.starts[1:]) if isinstance(x, Select) else _periods(x, (0,)))
    return list(periods)


def _periods(x: Expr, times: tuple[Exact, ...]) -> list[tuple[Exact, Exact]]:
    """Returns (length, first tick) of the ticks at which the time within the cycles, or on the stairs, of `x` is one of `times`."""
    if not isinstance(x, Call) or x.op not in ("mod", "floor", "ceil"):
        return []
    scale, of, shift = parts(x.args[0])
    period = x.args[1].value if x.op == "mod" and isinstance(x.args[1], Num) else 1
    if scale == 0:
        return []
    if of is T:
        return [(size(quotient(period, scale)), quotient(time - shift, scale)) for time in times]
    if not (isinstance(of, Call) and of.op == "mod" and isinstance(of.args[1], Num)):
        return []
    ends = sorted((shift, scale * of.args[1].value + shift))  # of one cycle of the outer kind
    first, last = ends[0] // period, ends[1] // period
    count = int(min(last - first, _MOST_STAIRS)) + 1
    spend(count * len(times))
    inner = {quotient(k * period + time - shift, scale) for k in range(int(first), int(first) + count) for time in times}
    return _periods(of, tuple(sorted(time for time in inner if 0 <= time < of.args[1].value)))
