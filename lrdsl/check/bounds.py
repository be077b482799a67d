"""`bounds`: the range of a formula while its symbols run through ranges, by interval arithmetic over the tree.

It gives the value of a constant expression, and it proves that a schedule is finite at every tick.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from lrdsl.check import intervals
from lrdsl.check.intervals import ANY, MOST, UNDEFINED, Range, before, hull, may_overflow
from lrdsl.check.overflow import LARGE, large, step
from lrdsl.check.slopes import slope
from lrdsl.clock import MAX_TICKS
from lrdsl.expr import INDEX, PI, Call, Event, Expr, Forms, Letter, Linear, LogSize, Num, Product, Select, Symbol, T, Wide, add, affine, mentions, mul, number
from lrdsl.plan import first_tick
from lrdsl.work import spend

#: Numbers of a greater size count as infinite. A product with any usual base still fits into a double.
HUGE = 1e150
#: A smaller sine or cosine may be 0 but for rounding.
_ROUNDED = 1e-6
#: The longest stretch of time in which slopes bound a formula.
_SHORT = 1.0
#: The ticks at which an event may come.
SOMETIME: Range = (0.0, float(MAX_TICKS))


class Box:
    """The ranges of symbols, and of other expressions, and those that follow from them.

    `large` has the expressions that may be too large for doubles, each with its least size there.
    """

    __slots__ = ("large", "memo", "ranges")

    def __init__(self, ranges: Mapping[Expr, Range], large: dict[Expr, float] | None = None) -> None:
        self.ranges = ranges
        self.memo = dict(ranges)
        self.large: dict[Expr, float] = {} if large is None else large

    def of(self, x: Expr) -> Range:
        """Returns the range of an expression: `UNDEFINED` if it may have no value, with infinite ends if it may be too large for a double."""
        range_ = self.memo.get(x)
        if range_ is None:
            range_ = self.memo[x] = _RANGES[type(x)](x, self)
        return range_

    def within(self, x: Expr, range: Range) -> Box:
        """Returns a box in which an expression lies in a narrower range."""
        return Box({**self.ranges, x: range}, self.large)


def bounds(e: Expr, ranges: Mapping[Expr, Range]) -> Range:
    """Returns a range that holds every value of `e` for symbols in their ranges; `ANY` if `e` may be infinite or undefined."""
    return _bounds(e, Box(ranges))


def bounds_along(e: Expr, ticks: Iterable[float], ranges: Mapping[Expr, Range]) -> Iterator[Range]:
    """Yields what `bounds` returns at each of several ticks. What does not depend on the time is computed once; the rest in the order of the first tick."""
    constant: dict[Expr, Range] = {}
    varying: list[Expr] | None = None
    for tick in ticks:
        box = Box({**ranges, T: (tick, tick)})
        memo = box.memo
        if constant:
            memo.update(constant)
        for x in varying or ():
            memo[x] = _RANGES[type(x)](x, box)
        yield _bounds(e, box)
        if varying is None:
            varying = []
            if not box.large:
                constant = {x: range for x, range in memo.items() if not mentions(x, T)}
                varying = [] if any(isinstance(x, Select) for x in memo) else [x for x in memo if x not in constant and x is not T]


def _bounds(e: Expr, box: Box) -> Range:
    low, high = box.of(e)
    spend(len(box.memo))
    if not -math.inf < low <= high < math.inf:
        return ANY
    return (0.0 if 0 < low < intervals.LEAST else low), (0.0 if -intervals.LEAST < high < 0 else high)


@lru_cache(maxsize=1024)
def _number(e: Num) -> Range:
    value = intervals.quotient(*e.double.as_integer_ratio())
    return (value, value) if math.isfinite(value) else UNDEFINED


def _called(e: Call, box: Box) -> Range:
    memo = box.memo
    args = [memo[a] if a in memo else box.of(a) for a in e.args]
    if UNDEFINED in args:
        return UNDEFINED
    wide = bool(box.large) and any(a[0] == -math.inf or a[1] == math.inf for a in args)
    if wide and e.op not in LARGE:
        return UNDEFINED
    range_ = (_quotient(e, box.ranges) if e.op == "div" else None) or _OPERATIONS[e.op](e, args)
    if math.isnan(range_[0]) and e.op in _PARTIAL and not wide:
        i = _PARTIAL[e.op]
        args[i] = _along_slope(e.args[i], args[i], box)
        range_ = _OPERATIONS[e.op](e, args)
    if not wide and range_[0] >= -MOST and range_[1] <= MOST:
        return (0.0, 0.0) if e.op in ("cos", "sin") and range_[0] == range_[1] and abs(range_[0]) < _ROUNDED and _is_zero(e, box) else range_
    if e.op not in LARGE:
        return UNDEFINED
    if e.op == "mul":
        if any(a == (0.0, 0.0) and step(x) is not None for a, x in zip(args, e.args, strict=True)):
            return 0.0, 0.0  # an exact 0, beside which an infinite double counts for nothing
        args = [_apart_from_zero(a, x, box) for a, x in zip(args, e.args, strict=True)]
    return _noted(e, *large(e.op, args, [_size(a, e_, box) for a, e_ in zip(args, e.args, strict=True)], range_), box)


def _is_zero(wave: Call, box: Box) -> bool:
    """Returns whether a sine or cosine that is 0 but for rounding, at one time or index, is 0 there."""
    from lrdsl.check.waves import is_zero  # few texts have waves

    return any(is_zero(wave, symbol, box.ranges[symbol][0]) for symbol in (T, INDEX) if symbol in box.ranges and mentions(wave, symbol))


def _apart_from_zero(range: Range, e: Expr, box: Box) -> Range:
    """Returns the sizes of a factor without exact zeros, for which a product with an infinite double is 0; the range itself if it may be 0 by rounding."""
    least = step(e) if range[0] <= 0 <= range[1] and box.ranges.get(T, (0.0, 0.0))[0] >= 1 else None
    return range if least is None else (least, max(least, -range[0], range[1]))


#: The operations that are not defined everywhere, each with the argument that decides.
_PARTIAL = {"div": 1, "log": 0, "pow": 0, "sqrt": 0}


def _along_slope(e: Expr, range: Range, box: Box) -> Range:
    """Returns a range that may be narrower, in a short stretch of time: the value in its middle, and as far about it as the slope leads."""
    low, high = box.ranges.get(T, (0.0, 0.0))
    if not 0 < high - low <= _SHORT or may_overflow(range) or (derivative := slope(e)) is None:
        return range
    steepest = box.of(derivative)
    middle = low + (high - low) / 2
    there = Box({**box.ranges, T: (middle, middle)}).of(e)
    if not all(map(math.isfinite, (*steepest, *there))):
        return range
    reach = (high - middle) * max(map(abs, steepest))
    slack = 1e-9 * max(map(abs, (*range, *there)))
    return max(range[0], there[0] - reach - slack), min(range[1], there[1] + reach + slack)


def _size(range: Range, e: Expr, box: Box) -> float:
    """Returns the least size of an expression where it is too large for a double; infinity for one that never is."""
    return box.large.get(e, MOST) if range[0] == -math.inf or range[1] == math.inf else math.inf


def _noted(e: Expr, range: Range, least: float, box: Box) -> Range:
    """Returns the range of an expression, with infinite ends where it may be too large for a double, and notes the latter."""
    low, high = range
    if not may_overflow(range):
        return range
    if math.isnan(low):
        return UNDEFINED
    box.large[e] = min(least, box.large.get(e, MOST))
    return -math.inf if low < -MOST else low, math.inf if high > MOST else high


def _same(e: Expr, of: Expr, box: Box) -> Range:
    """Returns the range of an expression that has the value of another one."""
    range = box.of(of)
    return _noted(e, range, _size(range, of, box), box)


def _line(e: Linear, box: Box) -> Range:
    """Returns the range of a line, with each end rounded only once. So the own time of a phase is exactly 0 at its start, as a root or logarithm needs."""
    ends = box.of(e.of)
    if not -math.inf < ends[0] <= ends[1] < math.inf:
        return UNDEFINED
    (a, b), (c, d) = e.scale.as_integer_ratio(), e.shift.as_integer_ratio()
    ranges = []
    for end in ends if ends[0] < ends[1] else ends[:1]:
        over, under = end.as_integer_ratio()
        ranges.append(intervals.quotient(a * over * d + c * b * under, b * under * d))
    low, high = (ranges[0], ranges[-1]) if a > 0 else (ranges[-1], ranges[0])
    return (low, high) if low >= -MOST and high <= MOST else UNDEFINED


def _chosen(e: Select, box: Box) -> Range:
    """Returns the union of the ranges of the branches that `of` can reach; if that is not finite, of each branch for the times at which it holds."""
    of = box.of(e.of)
    if of is UNDEFINED:
        return UNDEFINED
    reached = [i for i in range(len(e.values)) if _reaches(e, i, of)]
    if not isinstance(e.of, Event):
        whole = _union(e, [box.of(e.values[i]) for i in reached], box)
        if not may_overflow(whole):
            return whole
    ranges = []
    for i in reached:
        low = max(of[0], first_tick(e.starts[i])) if i else of[0]
        high = min(of[1], before(float(e.starts[i + 1]))) if i + 1 < len(e.values) else of[1]
        inner = box.within(*_turned(e.of, (float(low), max(float(low), high))))
        ranges.append(inner.of(e.values[i]))
        spend(len(inner.memo))
    return _union(e, ranges, box)


def _turned(x: Expr, range: Range) -> tuple[Expr, Range]:
    """Returns the time of which a time is made, and its range: `28 - w` lies in the first range where `w` lies in the second."""
    if not isinstance(x, Linear):
        return x, range
    low, high = sorted([(Fraction(end) - Fraction(x.shift)) / Fraction(x.scale) for end in range])
    first, last = float(first_tick(low)), -float(first_tick(-high))  # rounded inwards: just outside, another branch holds
    return x.of, (first, max(first, last))


def _reaches(e: Select, i: int, of: Range) -> bool:
    return not (i + 1 < len(e.starts) and float(e.starts[i + 1]) <= of[0]) and not (i > 0 and float(e.starts[i]) > of[1])


def _union(e: Select, ranges: list[Range], box: Box) -> Range:
    if UNDEFINED in ranges:
        return UNDEFINED
    whole = min([r[0] for r in ranges]), max([r[1] for r in ranges])
    return _noted(e, whole, min([box.large.get(x, MOST) for x in e.values]), box) if may_overflow(whole) else whole


#: Returns the range of each class of nodes.
_RANGES: dict[type[Expr], Callable[[Any, Box], Range]] = {
    Num: lambda e, _box: _number(e),
    Symbol: lambda e, box: (math.pi, math.pi) if e is PI else box.ranges[e],
    Linear: _line,
    Call: _called,
    Select: _chosen,
    Event: lambda e, _box: (0.0, SOMETIME[1] if e.most is None else float(e.most)),
    Letter: lambda e, box: _same(e, e.of, box),
    Wide: lambda e, box: _same(e, e.of, box),
    Forms: lambda e, box: _same(e, e.best, box),
    Product: lambda e, box: _product(e, box),
    LogSize: lambda e, _box: (size_of(e.product) or (0, UNDEFINED))[1],
}


def _quotient(e: Call, ranges: Mapping[Expr, Range]) -> Range | None:
    """Returns the range of (a + b x)/(c + d x), None for other quotients. It is monotone between its poles, so its ends bound it: `t/(t + 5)` is below 1."""
    for symbol in (T, INDEX):
        low, high = ranges.get(symbol, (0.0, 0.0))
        if low == high or not (mentions(e.args[0], symbol) and mentions(e.args[1], symbol)):
            continue
        parts = [affine(a, symbol) for a in e.args]
        if None not in parts:
            quotients = []
            for x in ranges[symbol]:
                top, bottom = (constant(add(p[0], mul(p[1], number(x)))) for p in parts if p is not None)
                if not bottom or math.isnan(top) or math.isnan(bottom):
                    return None
                quotients.append((top / bottom, bottom > 0))
            return hull(quotients[0][0], quotients[1][0]) if quotients[0][1] == quotients[1][1] else None
    return None


def _multiplied(_e: Call, args: list[Range]) -> Range:
    total = args[0]
    for x in args[1:]:
        total = intervals.multiply(total, x)
    return total


#: Returns the range of each operation, from the ranges of its arguments.
_OPERATIONS: dict[str, Callable[[Call, list[Range]], Range]] = {
    "add": lambda _e, args: (sum([x[0] for x in args]), sum([x[1] for x in args])),
    "mul": _multiplied,
    "div": lambda _e, args: intervals.divide(*args),
    "pow": lambda e, args: intervals.power(args[0], args[1], _whole(e.args[1])),
    "mod": lambda _e, args: intervals.modulo(*args),
    "min": lambda _e, args: (min([x[0] for x in args]), min([x[1] for x in args])),
    "max": lambda _e, args: (max([x[0] for x in args]), max([x[1] for x in args])),
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


def _product(e: Product, box: Box) -> Range:
    """Returns the range of the product over the indices 1 .. upto. The factor is bounded on stretches of the index, each twice as long as the last."""
    from lrdsl.check import running  # few texts have products

    fewest, upto = box.of(e.upto)
    if not upto < math.inf:
        return UNDEFINED
    range, least, large = running.product(e.factor, fewest, upto, _factors)
    for x, size in large.items():
        box.large[x] = min(size, box.large.get(x, MOST))
    return range if range is UNDEFINED else _noted(e, range, least, box)


def size_of(product: Product) -> tuple[int, Range] | None:
    """Returns the sign of a product of a constant number of factors, and the range of the logarithm of its size; None where a factor may be 0, or turns."""
    from lrdsl.check import running  # few texts have products

    count = bounds(product.upto, {})
    return running.logarithm(product.factor, count[0], _factors) if count[0] == count[1] < math.inf else None


def comes_back(factor: Expr, upto: float) -> bool:
    """Returns whether a product of up to so many factors may be past the doubles, or too small for one, and then be a usual number again."""
    from lrdsl.check import running  # few texts have products

    return running.comes_back(factor, float(upto), _factors)


@lru_cache(maxsize=4096)
def _factors(factor: Expr, start: float, end: float) -> tuple[Range, Mapping[Expr, float]]:
    """Returns the range of the factors of a stretch, and which parts of them may be too large for doubles."""
    box = Box({INDEX: (start, end)})
    range = box.of(factor)
    spend(len(box.memo))
    return range, box.large


def constant(e: Expr) -> float:
    """Returns the value of an expression without symbols as a double; NaN if it has none.

    >>> from lrdsl.expr import call, number
    >>> constant(call("sqrt", number(4)))
    2.0
    """
    low, high = bounds(e, {})
    return low if low == high else math.nan
