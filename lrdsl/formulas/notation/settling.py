"""Leaves out what a minimum or a maximum never takes: `max(1 - t/100, 0)` is `1 - t/100` for 0 <= t < 100."""

from __future__ import annotations

from lrdsl.check.bounds import bounds
from lrdsl.expr import BASE, EVENTS, INDEX, ZERO, Call, Expr, Select, T, affine, mentions, rebuild, select, without_letters
from lrdsl.expr.exact import Exact
from lrdsl.work import spend

#: The last tick that is looked at, where a stretch has no end.
_LAST = 1e12
#: How much lower a bound may be than it is exactly, as a share of it.
_SLACK = 1e-12


def settled(law: Expr) -> Expr:
    """Returns a formula without the arguments of `min` and `max` that another one is never above, or never below, for all bases above 0."""
    return _settled(law, 0, None)


def _settled(e: Expr, low: Exact, high: Exact | None) -> Expr:
    if isinstance(e, Select) and e.of is T:
        ends = [*e.starts[1:], high]
        return select(T, [(start, _settled(value, max(low, start), end)) for start, end, value in zip(e.starts, ends, e.values, strict=True)])
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        result = memo.get(x)
        if result is None:
            spend(2)
            result = memo[x] = _chosen(rebuild(x, walk), low, high)
        return result

    return walk(e)


def _chosen(e: Expr, low: Exact, high: Exact | None) -> Expr:
    """Returns a minimum or maximum of two, or the one that it always takes between two ticks."""
    if not isinstance(e, Call) or e.op not in ("min", "max") or len(e.args) != 2 or e.holds & EVENTS or mentions(e, INDEX):
        return e
    one, two = e.args if e.op == "max" else reversed(e.args)
    if _is_above(one, two, low, high):
        return e.args[0]
    return e.args[1] if _is_above(two, one, low, high) else e


def _is_above(one: Expr, two: Expr, low: Exact, high: Exact | None) -> bool:
    """Whether an expression is nowhere below another between two ticks, whatever the base: neither what stands without base, nor the factor of base."""
    parts = [affine(x, BASE) for x in (without_letters(one), without_letters(two))]
    if parts[0] is None or parts[1] is None:
        return False
    ranges: dict[Expr, tuple[float, float]] = {T: (float(low), float(_LAST if high is None else high))}
    for upper, lower in zip(*parts, strict=True):
        if upper is lower or (upper == ZERO and lower == ZERO):
            continue
        least, most = bounds(upper, ranges)[0], bounds(lower, ranges)[1]
        if not least >= most - _SLACK * max(abs(least), abs(most)):
            return False
    return True
