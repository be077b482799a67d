"""The ranges of running products, `cumprod`: of all products of the first factors, up to some number of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from lrdsl.check import intervals, waves
from lrdsl.check.intervals import ANY, LEAST, MOST, UNDEFINED, Range, exponential, largest, may_overflow, may_vanish
from lrdsl.check.waves import Factors
from lrdsl.expr import Expr

#: The most factors of a product that are looked at one by one.
_FIRST = 1023
#: A product that falls by no more than this from past the doubles, or rises by no more than 1 / this from 0, stays out of reach.
_BACK = 1e-100
#: Into how many parts a stretch of factors is cut that may grow.
_CUTS = 16


@lru_cache(maxsize=1024)
def product(factor: Expr, fewest: float, upto: float, factors: Factors) -> tuple[Range, float, dict[Expr, float]]:
    """Returns the range of the products of so many factors, their least size where they are too large for doubles, and such parts of the factors.

    The factor is bounded on stretches of the index, each twice as long as the last. A product of one number of factors, if they are few, is multiplied out.
    """
    if fewest == upto <= _FIRST and not may_overflow(range := _multiplied(factor, int(upto), factors)):
        return range, MOST, {}
    noted = _Noted(factor, factors)
    growth, least, loss, start = 0.0, 1.0, 0.0, 1.0
    vanishes = False  # a factor may have become 0 by rounding
    while start <= upto:
        end = min(2 * start - 1, upto)
        a = noted.between(start, end)
        if math.isnan(a[0]) or may_overflow(a):
            return UNDEFINED, 0.0, noted.large
        if a[0] <= 0 <= a[1] and end <= _FIRST and (zero := noted.first_zero(int(start), int(end))) is not None:
            upto = zero - 1.0  # all products from there on are 0
            least = min(least, 0.0)
            continue
        if largest(a) > 1 and exponential(growth) < math.inf:
            own, large = _growth(factor, start, end, factors)
            growth += own
            noted.add(large)
        if 0 < a[0] < 1:
            loss += (end - start + 1) * math.log(a[0])
        least = min(least, a[0])
        vanishes |= may_vanish(a)
        start *= 2
    if least < 1 and exponential(growth) > 1 / _BACK and (turning := waves.growth(factor, upto, factors)) is not None:
        growth = min(growth, turning)
    most = exponential(growth)
    if most > MOST and vanishes:
        return UNDEFINED, 0.0, noted.large
    return (exponential(loss) if least > 0 else 0.0 if least == 0 else -most, most), MOST, noted.large


def comes_back(factor: Expr, upto: float, factors: Factors) -> bool:
    """Returns whether a product of up to so many factors may be past the doubles, or too small for one, and then be a usual number again."""
    (low, high), _, _ = product(factor, 0.0, upto, factors)
    most, least = max(-low, high), max(low, 0.0)
    return not ((most <= MOST or least >= _BACK) and (most <= 1 / _BACK or least > LEAST))


def _multiplied(factor: Expr, count: int, factors: Factors) -> Range:
    """Returns the range of the product of so many factors, each looked at by itself; `ANY` if a part of them may be too large."""
    products = _products(factor, factors)
    while len(products) <= count and not may_overflow(products[-1]):
        own, large = factors(factor, float(len(products)), float(len(products)))
        total = intervals.multiply(products[-1], own)
        products.append(ANY if large or math.isnan(total[0]) else total)
    return products[min(count, len(products) - 1)]


@lru_cache(maxsize=64)
def _products(_factor: Expr, _factors: Factors) -> list[Range]:
    """Returns the ranges of the products of the first factors that were asked for so far, to be gone on with."""
    return [(1.0, 1.0)]


@lru_cache(maxsize=4096)
def _growth(factor: Expr, start: float, end: float, factors: Factors) -> tuple[float, dict[Expr, float]]:
    """Returns the logarithm of the most that the factors from `start` on come to together, for those above 1. They are bounded on short stretches.

    Also returns which parts of them may be too large for doubles.
    """
    noted = _Noted(factor, factors)
    step = max(1.0, start / _CUTS)
    growth = 0.0
    while start <= end:
        last = min(start + step - 1, end)
        growth += (last - start + 1) * math.log(max(1.0, largest(noted.between(start, last))))
        start = last + 1
    return growth, noted.large


class _Noted:
    """The factors of a product, and which parts of those that were asked for may be too large for doubles."""

    def __init__(self, factor: Expr, factors: Factors) -> None:
        self.factor, self.factors = factor, factors
        self.large: dict[Expr, float] = {}

    def between(self, start: float, end: float) -> Range:
        """Returns the range of the factors of a stretch."""
        range, large = self.factors(self.factor, float(start), float(end))
        self.add(large)
        return range

    def first_zero(self, start: int, end: int) -> int | None:
        """Returns the first index of a stretch at which a factor is 0; None if there is none."""
        return next((k for k in range(start, end + 1) if self.between(k, k) == (0.0, 0.0)), None)

    def add(self, large: Mapping[Expr, float]) -> None:
        """Notes parts that may be too large."""
        for x, least in large.items():
            self.large[x] = min(least, self.large.get(x, MOST))
