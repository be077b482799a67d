"""Interval arithmetic on doubles: from the ranges of its operands, the range of each operation.

A range that may hold an infinite or undefined value is `ANY`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

#: The least and the greatest value.
Range: TypeAlias = tuple[float, float]
ANY: Range = (-math.inf, math.inf)


def hull(*values: float) -> Range:
    """Returns the smallest range that holds all values; `ANY` if one of them is NaN."""
    return ANY if any(math.isnan(v) for v in values) else (min(values), max(values))


def _times(a: float, b: float) -> float:
    """Returns a product in which 0 times infinity is 0: an end that is infinite is never reached."""
    return 0.0 if a == 0 or b == 0 else a * b


def multiply(a: Range, b: Range) -> Range:
    """Returns the range of a * b."""
    if a[0] >= 0 and b[0] >= 0:
        return _times(a[0], b[0]), _times(a[1], b[1])
    return hull(*(_times(x, y) for x in a for y in b))


def divide(a: Range, b: Range) -> Range:
    """Returns the range of a / b; `ANY` if b may be 0."""
    if b[0] <= 0 <= b[1]:
        return ANY
    return multiply(a, (1 / b[1], 1 / b[0]))


def power_of_numbers(x: float, y: float) -> float:
    """Returns x to the power of y; infinite where that overflows or divides by 0."""
    if x == 0 and y < 0:
        return math.inf
    if math.isinf(y):
        grows = (x > 1) == (y > 0)
        return 1.0 if x == 1 else math.inf if grows else 0.0
    try:
        return float(x**y)
    except OverflowError:
        return math.inf


def power(a: Range, b: Range) -> Range:
    """Returns the range of a to the power of b; `ANY` if a may be negative, except for one whole exponent."""
    if a[0] >= 0:
        return hull(*(power_of_numbers(x, y) for x in a for y in b))
    whole = b[0] == b[1] and b[0].is_integer()
    if not whole:
        return ANY
    n = b[0]
    ends = [power_of_numbers(x, n) if x or n >= 0 else math.inf for x in a]
    if n < 0 and a[0] <= 0 <= a[1]:
        return ANY
    return (0.0, max(ends)) if n % 2 == 0 and a[0] <= 0 <= a[1] else hull(*ends)


def wave(function: Callable[[float], float], peak: float, a: Range) -> Range:
    """Returns the range of the sine or cosine; `peak` is the first place from 0 on where the function is 1."""
    if not (math.isfinite(a[0]) and math.isfinite(a[1])) or a[1] - a[0] >= 2 * math.pi:
        return (-1.0, 1.0)
    low, high = hull(function(a[0]), function(a[1]))
    for extreme, at in ((1.0, peak), (-1.0, peak + math.pi)):
        first = at + 2 * math.pi * math.ceil((a[0] - at) / (2 * math.pi))
        if first <= a[1]:
            low, high = min(low, extreme), max(high, extreme)
    return low, high


def or_infinite(function: Callable[[float], float], x: float) -> float:
    """Returns the value of a rising function; infinite where that overflows."""
    try:
        return function(x)
    except OverflowError:
        return math.inf


def exp(a: Range) -> Range:
    """Returns the range of e to the power of a."""
    return or_infinite(math.exp, a[0]), or_infinite(math.exp, a[1])


def expm1(a: Range) -> Range:
    """Returns the range of e to the power of a, minus 1."""
    return or_infinite(math.expm1, a[0]), or_infinite(math.expm1, a[1])


def rounded(function: Callable[[float], float], a: Range) -> Range:
    """Returns the range of a function that rounds to a whole number, such as `math.floor`."""
    return hull(*(x if math.isinf(x) else float(function(x)) for x in a))


def sqrt(a: Range) -> Range:
    """Returns the range of the square root; `ANY` if a may be negative."""
    return ANY if a[0] < 0 else (math.sqrt(a[0]), math.sqrt(a[1]))


def log(a: Range) -> Range:
    """Returns the range of the logarithm; `ANY` if a may be 0 or negative."""
    return ANY if a[0] <= 0 else (math.log(a[0]), math.log(a[1]))


def absolute(a: Range) -> Range:
    """Returns the range of the absolute value."""
    ends = abs(a[0]), abs(a[1])
    return (0.0 if a[0] <= 0 <= a[1] else min(ends), max(ends))


def haversine(a: Range) -> Range:
    """Returns the range of sin(pi/2 a)^2."""
    if a[0] < 0 or a[1] > 1:
        return (0.0, 1.0)
    return math.sin(math.pi / 2 * a[0]) ** 2, math.sin(math.pi / 2 * a[1]) ** 2


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
