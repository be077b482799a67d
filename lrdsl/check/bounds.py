"""`bounds`: the range of a formula while its symbols run through ranges, by interval arithmetic over the tree.

It gives the value of a constant expression, and it proves that a schedule is finite at every tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from lrdsl.check import intervals
from lrdsl.check.intervals import ANY, Range
from lrdsl.clock import MAX_TICKS
from lrdsl.expr import INDEX, PI, Call, Event, Expr, Forms, Letter, Linear, Num, Product, Select, Symbol, T, add, affine, mentions, mul, number
from lrdsl.work import spend

#: Numbers of a greater size count as infinite. A product with any usual base still fits into a double.
HUGE = 1e150
#: The ticks at which an event may come.
SOMETIME: Range = (0.0, float(MAX_TICKS))


def bounds(e: Expr, ranges: dict[Expr, Range]) -> Range:
    """Returns a range that holds every value of `e` for symbols in their ranges; `ANY` if `e` may be infinite or undefined."""
    memo: dict[Expr, Range] = {}

    def walk(x: Expr) -> Range:
        result = memo.get(x)
        if result is None:
            low, high = _RANGES[type(x)](x, walk, ranges)
            # An infinite or undefined part makes the whole so: even 0 times such a part is not 0.
            result = memo[x] = (low, high) if math.isfinite(low) and math.isfinite(high) else ANY
        return result

    whole = walk(e)
    spend(len(memo))
    return whole


_Walk: TypeAlias = "Callable[[Expr], Range]"


def _number(e: Num, _walk: _Walk, _ranges: dict[Expr, Range]) -> Range:
    value = intervals.quotient(*e.double.as_integer_ratio())
    return value, value


def _called(e: Call, walk: _Walk, ranges: dict[Expr, Range]) -> Range:
    args = [walk(a) for a in e.args]
    if ANY in args:
        return ANY
    exact = _quotient(e, ranges) if e.op == "div" else None
    return exact or _OPERATIONS[e.op](e, args)


def _line(e: Linear, walk: _Walk, _ranges: dict[Expr, Range]) -> Range:
    """Returns the range of a line, with each end rounded only once. So the own time of a phase is exactly 0 at its start, as a root or logarithm needs."""
    ends = walk(e.of)
    if ends == ANY:
        return ANY
    (a, b), (c, d) = e.scale.as_integer_ratio(), e.shift.as_integer_ratio()
    values = []
    for end in ends:
        top, bottom = end.as_integer_ratio()
        values.append(intervals.quotient(a * top * d + c * b * bottom, b * bottom * d))
    return (values[0], values[1]) if a > 0 else (values[1], values[0])


def _select(e: Select, walk: _Walk, ranges: dict[Expr, Range]) -> Range:
    of = walk(e.of)
    return _event_branches(e, e.of, of, ranges) if isinstance(e.of, Event) else _branches(e, of, walk)


#: Returns the range of each class of nodes.
_RANGES: dict[type[Expr], Callable[[Any, _Walk, dict[Expr, Range]], Range]] = {
    Num: _number,
    Symbol: lambda e, _walk, ranges: (math.pi, math.pi) if e is PI else ranges[e],
    Linear: _line,
    Call: _called,
    Select: _select,
    Event: lambda e, _walk, ranges: ranges.get(e, (0.0, SOMETIME[1] if e.most is None else float(e.most))),
    Letter: lambda e, walk, _ranges: walk(e.of),
    Forms: lambda e, walk, _ranges: walk(e.best),
    Product: lambda e, walk, ranges: _product(e.factor, walk(e.upto)[1], ranges),
}


def _quotient(e: Call, ranges: dict[Expr, Range]) -> Range | None:
    """Returns the range of (a + b x)/(c + d x), None for other quotients. It is monotone between its poles, so its ends bound it: `t/(t + 5)` is below 1."""
    for symbol in (T, INDEX):
        low, high = ranges.get(symbol, (0.0, 0.0))
        if low == high or not (mentions(e.args[0], symbol) and mentions(e.args[1], symbol)):
            continue
        parts = [affine(a, symbol) for a in e.args]
        if None not in parts:
            ends = []
            for x in ranges[symbol]:
                top, bottom = (constant(add(p[0], mul(p[1], number(x)))) for p in parts if p is not None)
                if not bottom or math.isnan(top) or math.isnan(bottom):
                    return None
                ends.append((top / bottom, bottom > 0))
            return intervals.hull(ends[0][0], ends[1][0]) if ends[0][1] == ends[1][1] else None
    return None


def _branches(e: Select, of: Range, walk: Callable[[Expr], Range]) -> Range:
    """Returns the union of the ranges of the branches that `of` can reach."""
    reached = []
    for i, value in enumerate(e.values):
        is_past = i + 1 < len(e.starts) and float(e.starts[i + 1]) <= of[0]
        is_later = i > 0 and float(e.starts[i]) > of[1]
        if not is_past and not is_later:
            reached.append(walk(value))
    return min(r[0] for r in reached), max(r[1] for r in reached)


def _event_branches(e: Select, of: Expr, reach: Range, ranges: dict[Expr, Range]) -> Range:
    """Returns the union of the ranges of the branches, each for the times of the event at which it holds."""
    reached = []
    for i, value in enumerate(e.values):
        low = max(reach[0], float(e.starts[i])) if i else reach[0]
        high = min(reach[1], float(e.starts[i + 1]) * (1 - 1e-9)) if i + 1 < len(e.starts) else reach[1]
        if low <= high:
            reached.append(bounds(value, {**ranges, of: (low, high)}))
    return min(r[0] for r in reached), max(r[1] for r in reached)


def _added(_e: Call, args: list[Range]) -> Range:
    return sum([x[0] for x in args]), sum([x[1] for x in args])


def _multiplied(_e: Call, args: list[Range]) -> Range:
    total = args[0]
    for x in args[1:]:
        total = intervals.multiply(total, x)
    return total


def _power(e: Call, args: list[Range]) -> Range:
    a, b = args
    if a[0] < 0 and b[0] >= 0 and _whole(e.args[1]):
        most = max(intervals.power_of_numbers(max(-a[0], a[1]), y) for y in b)
        return -most, most
    return intervals.power(a, b)


def _modulo(_e: Call, args: list[Range]) -> Range:
    a, b = args
    one_cycle = math.isfinite(a[0]) and math.isfinite(a[1]) and a[0] // b[0] == a[1] // b[0]
    return (a[0] % b[0], a[1] % b[0]) if one_cycle else (0.0, b[0])


#: Returns the range of each operation, from the ranges of its arguments.
_OPERATIONS: dict[str, Callable[[Call, list[Range]], Range]] = {
    "add": _added,
    "mul": _multiplied,
    "div": lambda _e, args: intervals.divide(*args),
    "pow": _power,
    "mod": _modulo,
    "min": lambda _e, args: (min(x[0] for x in args), min(x[1] for x in args)),
    "max": lambda _e, args: (max(x[0] for x in args), max(x[1] for x in args)),
    "count": lambda _e, _args: SOMETIME,
    "since": lambda _e, _args: SOMETIME,
    "reduce": lambda _e, args: intervals.reduced(args[0], *args[2:]),
    "abs": lambda _e, args: intervals.absolute(args[0]),
    "ceil": lambda _e, args: intervals.rounded(math.ceil, args[0]),
    "cos": lambda _e, args: intervals.wave(math.cos, 0.0, args[0]),
    "exp": lambda _e, args: intervals.exp(args[0]),
    "expm1": lambda _e, args: intervals.expm1(args[0]),
    "floor": lambda _e, args: intervals.rounded(math.floor, args[0]),
    "hav": lambda _e, args: intervals.haversine(args[0]),
    "log": lambda _e, args: intervals.log(args[0]),
    "log1p": lambda _e, args: intervals.log((args[0][0] + 1, args[0][1] + 1)),
    "sin": lambda _e, args: intervals.wave(math.sin, math.pi / 2, args[0]),
    "sqrt": lambda _e, args: intervals.sqrt(args[0]),
}


def _whole(e: Expr) -> bool:
    """Returns whether an expression is a whole number at every tick, whole or not."""
    if isinstance(e, Linear):
        return e.scale.denominator == e.shift.denominator == 1 and _whole(e.of)
    return e is INDEX or (isinstance(e, Call) and e.op in ("floor", "ceil"))


def _product(factor: Expr, upto: float, ranges: dict[Expr, Range]) -> Range:
    """Returns the range of the product over the indices 1 .. upto. The factor is bounded on stretches of the index, each twice as long as the last."""
    growth, least, start = 0.0, 1.0, 1.0
    while start <= upto:
        end = min(2 * start - 1, upto)
        a = bounds(factor, {**ranges, INDEX: (start, end)})
        biggest, smallest = max(abs(a[0]), abs(a[1])), a[0]
        if biggest > 1:
            growth += (end - start + 1) * math.log(biggest)
        least = min(least, smallest)
        start *= 2
        if growth > 1e6:
            break
    most = intervals.or_infinite(math.exp, growth)
    return (0.0 if least >= 0 else -most), most


def constant(e: Expr) -> float:
    """Returns the value of an expression without symbols as a double; NaN if it has none.

    >>> from lrdsl.expr import call, number
    >>> constant(call("sqrt", number(4)))
    2.0
    """
    low, high = bounds(e, {})
    return low if low == high else math.nan
