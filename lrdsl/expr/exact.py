"""Exact numbers: ints, with which Python computes many times faster, and fractions. The two add, compare and hash as one; only their quotient is made here."""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Integral
from typing import Any, TypeAlias

Exact: TypeAlias = "int | Fraction"

#: Fractions as plain data are no longer than this.
_MOST_PLAIN = 4000


def exact(value: Any) -> Exact:
    """A host's number as the one that it prints as: 0.1 is 1/10. Raises `TypeError` and `ValueError` for what is no number, or none that is finite.

    >>> exact(0.1), exact(3.0)
    (Fraction(1, 10), 3)
    """
    if isinstance(value, Integral):  # one of NumPy's too, which would overflow
        return int(value)
    return reduced(Fraction(repr(float(value)) if isinstance(value, float) else value))


def reduced(value: Exact) -> Exact:
    """The same number, an int if it is whole."""
    return value.numerator if type(value) is Fraction and value.denominator == 1 else value


def quotient(a: Exact, b: Exact) -> Exact:
    """a / b, which of two ints would be a float.

    >>> quotient(6, 4), quotient(6, 3)
    (Fraction(3, 2), 2)
    """
    if type(a) is type(b) is int:
        return Fraction(a, b) if a % b else a // b
    found = a / b
    assert not isinstance(found, float)
    return reduced(found)


def size(value: Exact) -> Exact:
    """The absolute value, as an exact number: of `abs` of one that may be either, mypy knows nothing."""
    return -value if value < 0 else value


def plain(value: Exact) -> int | float | str:
    """An exact number as JSON data, without loss: an int, a float that reads back as the same decimal, or `"numerator/denominator"`.

    >>> plain(Fraction(5, 2)), plain(Fraction(1, 3))
    (2.5, '1/3')
    """
    if value.denominator == 1:
        return value.numerator
    near = float(value)
    return near if Fraction(repr(near)) == value else f"{value.numerator}/{value.denominator}"


def unplain(data: Any) -> Exact:
    """The exact number that `plain` gave. Raises `ValueError` for anything else.

    >>> unplain(2.5), unplain("1/3"), unplain(7)
    (Fraction(5, 2), Fraction(1, 3), 7)
    """
    if isinstance(data, str):
        top, _, bottom = data.partition("/")
        if len(data) > _MOST_PLAIN or not bottom.isdecimal() or not top.removeprefix("-").isdecimal() or not int(bottom):
            raise ValueError(data)
        return quotient(int(top), int(bottom))
    if type(data) is int or (type(data) is float and math.isfinite(data)):
        return exact(data)
    raise ValueError(data)
