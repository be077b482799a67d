"""Interval arithmetic on doubles: from the ranges of its operands, the range of each operation.

An infinite end of a range means that the number there may be too large for a double. `UNDEFINED` means that there may be no number at all. A number that a
double cannot tell from 0 is not 0 here: `exp(-t)` is above 0, so that a text may divide by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

#: The least and the greatest value.
Range: TypeAlias = tuple[float, float]
ANY: Range = (-math.inf, math.inf)
#: The range of what may have no value.
UNDEFINED: Range = (math.nan, math.nan)
#: Greater sizes may overflow: the product of two doubles has no error term there.
MOST = 1e290
#: Smaller sizes may have become 0.
LEAST = 1e-300
#: The smallest double stands for all numbers between 0 and itself.
_ABOVE_ZERO = 5e-324


def hull(*values: float) -> Range:
    """Returns the smallest range that holds all values; `UNDEFINED` if one of them is NaN."""
    return UNDEFINED if any(math.isnan(v) for v in values) else (min(values), max(values))


def may_overflow(a: Range) -> bool:
    """Returns whether a number of a range may be too large for a double."""
    return not -MOST <= a[0] <= a[1] <= MOST


def may_vanish(a: Range) -> bool:
    """Returns whether a double of a range may be 0."""
    return a[0] <= LEAST and a[1] >= -LEAST


def smallest(a: Range) -> float:
    """Returns the least size of a number in a range."""
    return 0.0 if a[0] <= 0 <= a[1] else min(abs(a[0]), abs(a[1]))


def largest(a: Range) -> float:
    """Returns the greatest size of a number in a range."""
    return max(abs(a[0]), abs(a[1]))


def _times(a: float, b: float) -> float:
    if a == 0 or b == 0:
        return 0.0
    product = a * b
    return product or math.copysign(_ABOVE_ZERO, a) * math.copysign(1, b)


def multiply(a: Range, b: Range) -> Range:
    """Returns the range of a * b."""
    if a[0] >= 0 and b[0] >= 0:
        low = _times(a[0], b[0])
        return low, low if a[0] == a[1] and b[0] == b[1] else _times(a[1], b[1])
    return hull(*(_times(x, y) for x in a for y in b))


def divide(a: Range, b: Range) -> Range:
    """Returns the range of a / b; `UNDEFINED` if b may be 0."""
    if b[0] <= 0 <= b[1]:
        return UNDEFINED
    return multiply(a, (1 / b[1] or math.copysign(_ABOVE_ZERO, b[1]), 1 / b[0] or math.copysign(_ABOVE_ZERO, b[0])))


def power_of_numbers(x: float, y: float) -> float:
    """Returns x to the power of y; infinite where that overflows, NaN where it divides by 0."""
    if x == 0 and y < 0:
        return math.nan
    if math.isinf(x) or math.isinf(y):
        if x == 1 or y == 0:
            return 1.0
        return math.inf if (x > 1) == (y > 0) else _ABOVE_ZERO
    try:
        power = float(x**y)
    except OverflowError:
        return math.inf
    return power or (_ABOVE_ZERO if x > 0 else 0.0)


def power(a: Range, b: Range, whole: bool = False) -> Range:
    """Returns the range of a to the power of b; `UNDEFINED` if a may be negative, except for exponents that are `whole` numbers."""
    if a[0] >= 0:
        return hull(*(power_of_numbers(x, y) for x in a for y in b))
    if b[0] != b[1] or not b[0].is_integer():
        if not whole or b[0] < 0:
            return UNDEFINED
        most = max(power_of_numbers(largest(a), y) for y in b)
        return -most, most
    n = b[0]
    if n < 0 and a[0] <= 0 <= a[1]:
        return UNDEFINED
    ends = [_signed_power(x, n) for x in a]
    return (0.0, max(ends)) if n % 2 == 0 and a[0] <= 0 <= a[1] else hull(*ends)


def _signed_power(x: float, n: float) -> float:
    size = power_of_numbers(abs(x), n)
    return -size if x < 0 and n % 2 else size


def wave(function: Callable[[float], float], peak: float, a: Range) -> Range:
    """Returns the range of the sine or cosine; `peak` is the first place from 0 on where the function is 1."""
    if a[1] - a[0] >= 2 * math.pi:
        return (-1.0, 1.0)
    low, high = hull(function(a[0]), function(a[1]))
    for extreme, at in ((1.0, peak), (-1.0, peak + math.pi)):
        first = at + 2 * math.pi * math.ceil((a[0] - at) / (2 * math.pi))
        if first <= a[1]:
            low, high = min(low, extreme), max(high, extreme)
    return low, high


def exponential(x: float) -> float:
    """Returns e to the power of x; infinite where that overflows."""
    try:
        return math.exp(x) or _ABOVE_ZERO
    except OverflowError:
        return math.inf


def exp(a: Range) -> Range:
    """Returns the range of e to the power of a."""
    return exponential(a[0]), exponential(a[1])


def expm1(a: Range) -> Range:
    """Returns the range of e to the power of a, minus 1."""
    low, high = (math.expm1(x) if x < 700 else exponential(x) for x in a)
    return low, high


def rounded(function: Callable[[float], float], a: Range) -> Range:
    """Returns the range of a function that rounds to a whole number, such as `math.floor`."""
    low, high = (x if math.isinf(x) else float(function(x)) for x in a)
    return low, high


def sqrt(a: Range) -> Range:
    """Returns the range of the square root; `UNDEFINED` if a may be negative."""
    return UNDEFINED if a[0] < 0 else (math.sqrt(a[0]), math.sqrt(a[1]))


def log(a: Range) -> Range:
    """Returns the range of the logarithm: minus infinity at 0; `UNDEFINED` if a may be negative, or too small for a double."""
    if a[0] < 0 or 0 < a[0] <= LEAST:
        return UNDEFINED
    return math.log(a[0]) if a[0] else -math.inf, math.log(a[1]) if a[1] else -math.inf


def absolute(a: Range) -> Range:
    """Returns the range of the absolute value."""
    return smallest(a), largest(a)


def haversine(a: Range) -> Range:
    """Returns the range of sin(pi/2 a)^2."""
    if a[0] < 0 or a[1] > 1:
        return (0.0, 1.0)
    low = math.sin(math.pi / 2 * a[0]) ** 2
    return low, low if a[0] == a[1] else math.sin(math.pi / 2 * a[1]) ** 2


def modulo(a: Range, b: Range) -> Range:
    """Returns the range of a modulo a constant b, which it never reaches."""
    if a[0] // b[0] == a[1] // b[0]:
        return a[0] % b[0], a[1] % b[0]
    return 0.0, before(b[0])


def before(end: float) -> float:
    """Returns the last number to look at before an end, where another formula begins: the one before may be undefined there."""
    return end - 1e-9 * abs(end)


def reduced(v: Range, factor: Range, least: Range, eps: Range) -> Range:
    """Returns the range of a level v after any number of reductions. Each multiplies by the factor, stops at `least`, and lowers the level by eps or more."""
    low = min(v[0], 0.0)
    if v[0] > 0:
        last = eps[0] * factor[0] / (1 - factor[1])
        low = min(v[0], max(last, least[0], 0.0))
    return low, v[1]


def quotient(numerator: int, denominator: int) -> float:
    """Returns the double that is nearest to a quotient of whole numbers; infinite where that overflows. The denominator is above 0."""
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf
