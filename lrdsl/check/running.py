"""The ranges of running products, `cumprod`: of all products of the first factors, up to some number of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from lrdsl.check import crossings, intervals, waves
from lrdsl.check.intervals import ANY, LEAST, MOST, UNDEFINED, Range, exponential, largest, may_overflow, may_vanish
from lrdsl.check.waves import Factors
from lrdsl.expr import Expr, neg

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
    sums = _sums(factor, upto, factors, False)
    if sums.undefined:
        return UNDEFINED, 0.0, sums.large
    growth, least = sums.growth, sums.least
    if least < 1 and exponential(growth) > 1 / _BACK and (turning := waves.growth(factor, sums.upto, factors)) is not None:
        growth = min(growth, turning)
    most = exponential(growth)
    if most > MOST and sums.vanishes and crossings.least(factor, factors) <= LEAST:
        return UNDEFINED, 0.0, sums.large
    return (exponential(sums.loss) if least > 0 else 0.0 if least == 0 else -most, most), MOST, sums.large


@lru_cache(maxsize=1024)
def logarithm(factor: Expr, count: float, factors: Factors) -> tuple[int, Range] | None:
    """Returns the sign of a product of so many factors, and the range of the logarithm of its size; None where a factor may be 0 or change its sign."""
    low, high = _Noted(factor, factors).between(1.0, count) if count >= 1 else (1.0, 1.0)
    if high < 0:
        turned = logarithm(neg(factor), count, factors)
        return None if turned is None else (1 - 2 * (int(count) % 2), turned[1])
    if not low > 0:
        return None
    sums = _sums(factor, count, factors, True)
    if sums.undefined or sums.large or sums.vanishes:
        return None
    turning = waves.growth(factor, count, factors) if sums.least < 1 else None
    return 1, (sums.loss, sums.growth if turning is None else min(sums.growth, turning))


class _Sums(NamedTuple):
    """What the logarithms of the factors above 1 and of those below 1 come to together, and the least factor.

    `vanishes`: a factor may have become 0 by rounding. `undefined`: one may have no value, or be too large. All products of more than `upto` factors are 0.
    """

    growth: float
    loss: float
    least: float
    vanishes: bool
    undefined: bool
    upto: float
    large: dict[Expr, float]


def _sums(factor: Expr, upto: float, factors: Factors, whole: bool) -> _Sums:
    """Returns the sums of the logarithms of factors; unless they are asked for as a `whole`, only until the product is too large."""
    noted = _Noted(factor, factors)
    growth, least, loss, start = 0.0, 1.0, 0.0, 1.0
    vanishes = False
    while start <= upto:
        end = min(2 * start - 1, upto)
        a = noted.between(start, end)
        if math.isnan(a[0]) or may_overflow(a):
            return _Sums(growth, loss, least, vanishes, True, upto, noted.large)
        if a[0] <= 0 <= a[1] and end <= _FIRST and (zero := noted.first_zero(int(start), int(end))) is not None:
            upto = zero - 1.0
            least = min(least, 0.0)
            continue
        if largest(a) > 1 and (whole or exponential(growth) < math.inf):
            own, large = _growth(factor, start, end, factors)
            growth += own
            noted.add(large)
        if 0 < a[0] < 1:
            loss += (end - start + 1) * math.log(a[0])
        least = min(least, a[0])
        vanishes |= may_vanish(a)
        start *= 2
    return _Sums(growth, loss, least, vanishes, False, upto, noted.large)


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
