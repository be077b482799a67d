"""Interval arithmetic over expressions: what values a formula can take while its symbols run through ranges.

It serves two questions: what a constant expression is worth, and whether a schedule stays finite at every tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from lrdsl.clock import MAX_TICKS
from lrdsl.expr import INDEX, PI, Call, Event, Expr, Forms, Letter, Linear, Num, Product, Select, Symbol, T, add, affine, mentions, mul, number
from lrdsl.work import spend

Range: TypeAlias = tuple[float, float]

#: Magnitudes past this are called infinite; a base of any size in use still fits above it.
HUGE = 1e150
ANY: Range = (-math.inf, math.inf)
#: When something may happen of which only the run knows.
SOMETIME: Range = (0.0, float(MAX_TICKS))


def _ordered(*values: float) -> Range:
    return ANY if any(math.isnan(v) for v in values) else (min(values), max(values))


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _mul(a: Range, b: Range) -> Range:
    if a[0] >= 0 and b[0] >= 0:
        return _times(a[0], b[0]), _times(a[1], b[1])
    return _ordered(*(_times(x, y) for x in a for y in b))


def _div(a: Range, b: Range) -> Range:
    if b[0] <= 0 <= b[1]:
        return ANY
    return _mul(a, (1 / b[1], 1 / b[0]))


def _pow1(x: float, y: float) -> float:
    if x == 0 and y < 0:
        return math.inf
    if math.isinf(y):
        grows = (x > 1) == (y > 0)
        return 1.0 if x == 1 else math.inf if grows else 0.0
    try:
        return float(x**y)
    except OverflowError:
        return math.inf


def _pow(a: Range, b: Range) -> Range:
    if a[0] >= 0:
        return _ordered(*(_pow1(x, y) for x in a for y in b))
    whole = b[0] == b[1] and b[0].is_integer()
    if not whole:
        return ANY
    n = b[0]
    ends = [_pow1(x, n) if x or n >= 0 else math.inf for x in a]
    if n < 0 and a[0] <= 0 <= a[1]:
        return ANY
    return (0.0, max(ends)) if n % 2 == 0 and a[0] <= 0 <= a[1] else _ordered(*ends)


def _wave(function: Callable[[float], float], peak: float, a: Range) -> Range:
    """sin or cos over a range; `peak` is where the function is first 1."""
    if not (math.isfinite(a[0]) and math.isfinite(a[1])) or a[1] - a[0] >= 2 * math.pi:
        return (-1.0, 1.0)
    low, high = _ordered(function(a[0]), function(a[1]))
    for extreme, at in ((1.0, peak), (-1.0, peak + math.pi)):
        first = at + 2 * math.pi * math.ceil((a[0] - at) / (2 * math.pi))
        if first <= a[1]:
            low, high = min(low, extreme), max(high, extreme)
    return low, high


def _rising(function: Callable[[float], float], x: float) -> float:
    try:
        return function(x)
    except OverflowError:
        return math.inf


def _exp(a: Range) -> Range:
    return _rising(math.exp, a[0]), _rising(math.exp, a[1])


def _expm1(a: Range) -> Range:
    return _rising(math.expm1, a[0]), _rising(math.expm1, a[1])


def _floored(function: Callable[[float], float], a: Range) -> Range:
    return _ordered(*(x if math.isinf(x) else float(function(x)) for x in a))


def _sqrt(a: Range) -> Range:
    return ANY if a[0] < 0 else (math.sqrt(a[0]), math.sqrt(a[1]))


def _log(a: Range) -> Range:
    return ANY if a[0] <= 0 else (math.log(a[0]), math.log(a[1]))


def _abs(a: Range) -> Range:
    ends = abs(a[0]), abs(a[1])
    return (0.0 if a[0] <= 0 <= a[1] else min(ends), max(ends))


def _hav(a: Range) -> Range:
    if a[0] < 0 or a[1] > 1:
        return (0.0, 1.0)
    return math.sin(math.pi / 2 * a[0]) ** 2, math.sin(math.pi / 2 * a[1]) ** 2


def bounds(e: Expr, ranges: dict[Expr, Range]) -> Range:
    """The least and greatest value of `e`, or wider, where each symbol lies in its range; infinite where `e` may be infinite or undefined."""
    memo: dict[Expr, Range] = {}

    def walk(x: Expr) -> Range:
        known = memo.get(x)
        if known is None:
            low, high = _RANGES[type(x)](x, walk, ranges)
            # What is infinite or undefined stays so, whatever is made of it: 0 times it is not 0.
            known = memo[x] = (low, high) if math.isfinite(low) and math.isfinite(high) else ANY
        return known

    whole = walk(e)
    spend(len(memo))
    return whole


_Walk: TypeAlias = "Callable[[Expr], Range]"


def _nearest(over: int, under: int) -> float:
    """The double nearest to a quotient of whole numbers; infinite where none is near."""
    try:
        return over / under
    except OverflowError:
        return math.inf if over > 0 else -math.inf


def _number(e: Num, _walk: _Walk, _ranges: dict[Expr, Range]) -> Range:
    value = _nearest(*e.double.as_integer_ratio())
    return value, value


def _called(e: Call, walk: _Walk, ranges: dict[Expr, Range]) -> Range:
    args = [walk(a) for a in e.args]
    if ANY in args:
        return ANY
    found = _quotient(e, ranges) if e.op == "div" else None
    return found or _OPERATIONS[e.op](e, args)


def _line(e: Linear, walk: _Walk, _ranges: dict[Expr, Range]) -> Range:
    """Each end rounded once, as the quotient of two whole numbers is: a root or a logarithm minds whether a phase begins where its own time is 0."""
    ends = walk(e.of)
    if ends == ANY:
        return ANY
    (a, b), (c, d) = e.scale.as_integer_ratio(), e.shift.as_integer_ratio()
    found = []
    for end in ends:
        over, under = end.as_integer_ratio()
        found.append(_nearest(a * over * d + c * b * under, b * under * d))
    return (found[0], found[1]) if a > 0 else (found[1], found[0])


def _chosen(e: Select, walk: _Walk, ranges: dict[Expr, Range]) -> Range:
    of = walk(e.of)
    return _narrowed(e, e.of, of, ranges) if isinstance(e.of, Event) else _select(e, of, walk)


#: How each kind of node is bounded.
_RANGES: dict[type[Expr], Callable[[Any, _Walk, dict[Expr, Range]], Range]] = {
    Num: _number,
    Symbol: lambda e, _walk, ranges: (math.pi, math.pi) if e is PI else ranges[e],
    Linear: _line,
    Call: _called,
    Select: _chosen,
    Event: lambda e, _walk, ranges: ranges.get(e, (0.0, SOMETIME[1] if e.most is None else float(e.most))),
    Letter: lambda e, walk, _ranges: walk(e.of),
    Forms: lambda e, walk, _ranges: walk(e.best),
    Product: lambda e, walk, ranges: _product(e.factor, walk(e.upto)[1], ranges),
}


def _quotient(e: Call, ranges: dict[Expr, Range]) -> Range | None:
    """(a + b x)/(c + d x) goes one way between its poles, so its ends bound it: `t/(t + 5)` stays below 1, however long."""
    for symbol in (T, INDEX):
        low, high = ranges.get(symbol, (0.0, 0.0))
        if low == high or not (mentions(e.args[0], symbol) and mentions(e.args[1], symbol)):
            continue
        parts = [affine(a, symbol) for a in e.args]
        if None not in parts:
            found = []
            for x in ranges[symbol]:
                top, bottom = (constant(add(p[0], mul(p[1], number(x)))) for p in parts if p is not None)
                if not bottom or math.isnan(top) or math.isnan(bottom):
                    return None
                found.append((top / bottom, bottom > 0))
            return _ordered(found[0][0], found[1][0]) if found[0][1] == found[1][1] else None
    return None


def _select(e: Select, of: Range, walk: Callable[[Expr], Range]) -> Range:
    """The union of the branches that `of` can reach."""
    reached = []
    for i, value in enumerate(e.values):
        after = i + 1 < len(e.starts) and float(e.starts[i + 1]) <= of[0]
        before = i > 0 and float(e.starts[i]) > of[1]
        if not after and not before:
            reached.append(walk(value))
    return min(r[0] for r in reached), max(r[1] for r in reached)


def _narrowed(e: Select, of: Expr, reach: Range, ranges: dict[Expr, Range]) -> Range:
    """The union of the branches that an event can reach, each for the times at which it holds."""
    found = []
    for i, value in enumerate(e.values):
        low = max(reach[0], float(e.starts[i])) if i else reach[0]
        high = min(reach[1], float(e.starts[i + 1]) * (1 - 1e-9)) if i + 1 < len(e.starts) else reach[1]
        if low <= high:
            found.append(bounds(value, {**ranges, of: (low, high)}))
    return min(r[0] for r in found), max(r[1] for r in found)


def _reduced(v: Range, factor: Range, least: Range, eps: Range) -> Range:
    """The range of a level after any number of reductions: each goes down, not below `least`, and none by less than eps."""
    low = min(v[0], 0.0)
    if v[0] > 0:
        last = eps[0] * factor[0] / (1 - factor[1])
        low = min(v[0], max(last, least[0], 0.0))
    return low, v[1]


def _added(_e: Call, args: list[Range]) -> Range:
    return sum([x[0] for x in args]), sum([x[1] for x in args])


def _multiplied(_e: Call, args: list[Range]) -> Range:
    total = args[0]
    for x in args[1:]:
        total = _mul(total, x)
    return total


def _power(e: Call, args: list[Range]) -> Range:
    a, b = args
    if a[0] < 0 and b[0] >= 0 and _whole(e.args[1]):
        most = max(_pow1(max(-a[0], a[1]), y) for y in b)
        return -most, most
    return _pow(a, b)


def _modulo(_e: Call, args: list[Range]) -> Range:
    a, b = args
    inside = math.isfinite(a[0]) and math.isfinite(a[1]) and a[0] // b[0] == a[1] // b[0]
    return (a[0] % b[0], a[1] % b[0]) if inside else (0.0, b[0])


#: How each operation is bounded, whose arguments are.
_OPERATIONS: dict[str, Callable[[Call, list[Range]], Range]] = {
    "add": _added,
    "mul": _multiplied,
    "div": lambda _e, args: _div(*args),
    "pow": _power,
    "mod": _modulo,
    "min": lambda _e, args: (min(x[0] for x in args), min(x[1] for x in args)),
    "max": lambda _e, args: (max(x[0] for x in args), max(x[1] for x in args)),
    "count": lambda _e, _args: SOMETIME,
    "since": lambda _e, _args: SOMETIME,
    "reduce": lambda _e, args: _reduced(args[0], *args[2:]),
    "abs": lambda _e, args: _abs(args[0]),
    "ceil": lambda _e, args: _floored(math.ceil, args[0]),
    "cos": lambda _e, args: _wave(math.cos, 0.0, args[0]),
    "exp": lambda _e, args: _exp(args[0]),
    "expm1": lambda _e, args: _expm1(args[0]),
    "floor": lambda _e, args: _floored(math.floor, args[0]),
    "hav": lambda _e, args: _hav(args[0]),
    "log": lambda _e, args: _log(args[0]),
    "log1p": lambda _e, args: _log((args[0][0] + 1, args[0][1] + 1)),
    "sin": lambda _e, args: _wave(math.sin, math.pi / 2, args[0]),
    "sqrt": lambda _e, args: _sqrt(args[0]),
}


def _whole(e: Expr) -> bool:
    """Whether an expression is a whole number at any real tick."""
    if isinstance(e, Linear):
        return e.scale.denominator == e.shift.denominator == 1 and _whole(e.of)
    return e is INDEX or (isinstance(e, Call) and e.op in ("floor", "ceil"))


def _product(factor: Expr, upto: float, ranges: dict[Expr, Range]) -> Range:
    """The product over 1 .. upto, bounded over stretches of the index that double in length."""
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
    most = _rising(math.exp, growth)
    return (0.0 if least >= 0 else -most), most


def constant(e: Expr) -> float:
    """The value of an expression without symbols, in doubles; NaN where it has none.

    >>> from lrdsl.expr import call, number
    >>> constant(call("sqrt", number(4)))
    2.0
    """
    low, high = bounds(e, {})
    return low if low == high else math.nan
