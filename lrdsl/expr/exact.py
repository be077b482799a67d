"""Exact numbers: an int if the number is whole, else a Fraction. Python computes much faster with ints, and mixes both; only division needs a function."""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Integral
from typing import Any, TypeAlias, overload

Exact: TypeAlias = "int | Fraction"
#: What a host gives for a name of a text: a number, or a list of them.
Hosted: TypeAlias = "Exact | tuple[Exact, ...]"

#: Pi to 86 digits.
PI_DIGITS = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803"
#: The longest fraction that `unplain` reads, in characters.
_MOST_PLAIN = 4000


def exact(value: Any) -> Exact:
    """Returns a number exactly; a float is the decimal that it prints as, so 0.1 is 1/10. Raises `TypeError` or `ValueError` for anything but a finite number.

    >>> exact(0.1), exact(3.0)
    (Fraction(1, 10), 3)
    """
    if isinstance(value, Integral):  # includes NumPy's integers, whose arithmetic overflows
        return int(value)
    return reduced(Fraction(repr(float(value)) if isinstance(value, float) else value))


def reduced(value: Exact) -> Exact:
    """Returns the number as an int if it is whole, else as it is."""
    return value.numerator if type(value) is Fraction and value.denominator == 1 else value


def quotient(a: Exact, b: Exact) -> Exact:
    """Returns a / b exactly. For two ints, Python's `/` would give a float.

    >>> quotient(6, 4), quotient(6, 3)
    (Fraction(3, 2), 2)
    """
    if type(a) is type(b) is int:
        return Fraction(a, b) if a % b else a // b
    ratio = a / b
    assert not isinstance(ratio, float)
    return reduced(ratio)


def size(value: Exact) -> Exact:
    """Returns the absolute value. `abs` would do, but mypy does not know its type for an int or a Fraction."""
    return -value if value < 0 else value


def nearest_number(value: Exact) -> int | float:
    """Returns an exact number as an int if it is whole, else as the nearest float."""
    return value.numerator if value.denominator == 1 else float(value)


@overload
def plain(value: Exact) -> int | float | str: ...


@overload
def plain(value: Hosted) -> int | float | str | list[Any]: ...


def plain(value: Hosted) -> int | float | str | list[Any]:
    """Returns an exact number, or a list of them, as JSON data, without loss: an int, a float that reads as the same decimal, or `"numerator/denominator"`.

    >>> plain(Fraction(5, 2)), plain(Fraction(1, 3)), plain((30, 60))
    (2.5, '1/3', [30, 60])
    """
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if value.denominator == 1:
        return value.numerator
    near = float(value)
    return near if Fraction(repr(near)) == value else f"{value.numerator}/{value.denominator}"


def unplain_hosted(data: Any) -> Hosted:
    """Returns the exact number, or the list, from the data of `plain`. Raises `ValueError` for other data.

    >>> unplain_hosted([30, "1/3"])
    (30, Fraction(1, 3))
    """
    return tuple(unplain(item) for item in data) if isinstance(data, list | tuple) else unplain(data)


def unplain(data: Any) -> Exact:
    """Returns the exact number from the data of `plain`. Raises `ValueError` for other data.

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
