"""Operations on doubles as processors do them: what is too large for a double is infinite, where Python has an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def exp(x: float) -> float:
    """e^x."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def expm1(x: float) -> float:
    """e^x - 1."""
    try:
        return math.expm1(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """The natural logarithm, minus infinity at 0."""
    return math.log(x) if x else -math.inf


def log1p(x: float) -> float:
    """The natural logarithm of 1 + x, minus infinity at -1."""
    return math.log1p(x) if x != -1 else -math.inf


def product(*factors: float) -> float:
    """A product, of doubles: whole numbers would grow without end. A factor of 0 is exact, and makes it 0."""
    return 0.0 if 0 in factors else math.prod(factors, start=1.0)


def quotient(a: float, b: float) -> float:
    """a / b. Where b has become 0, it was a number too small for a double."""
    if b:
        return a / b
    return math.copysign(math.inf, a) * math.copysign(1, b) if a else math.nan


def power(a: float, b: float) -> float:
    """a ^ b. Where a has become 0, it was a number too small for a double."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 else math.inf
    except ValueError:
        return math.inf


def floor(x: float) -> float:
    """The largest whole number that is not above x."""
    return math.floor(x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    """The smallest whole number that is not below x."""
    return math.ceil(x) if math.isfinite(x) else x


def error(x: float) -> float:
    """An error term, 0 where it is unknown since what it belongs to is infinite."""
    return x if math.isfinite(x) else 0.0


#: The operations by the names that machine trees give them.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "wide_ceil": ceil,
    "wide_div": quotient,
    "wide_error": error,
    "wide_exp": exp,
    "wide_expm1": expm1,
    "wide_floor": floor,
    "wide_log": log,
    "wide_log1p": log1p,
    "wide_mul": product,
    "wide_pow": power,
}
