"""Tests of constants that are expressions, against mpmath."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest

from lrdsl.expr import PI, Call, T, call, number
from lrdsl.numbers.constants import in_two_doubles

_HALF, _SMALL, _FAR = number(0.5), number(1e-9), number(123456.789)


@pytest.mark.parametrize("x", [_HALF, _SMALL, _FAR], ids=["half", "small", "far"])
@pytest.mark.parametrize("op", ["cos", "sin", "log", "log1p", "sqrt", "expm1", "exp", "hav"])
def test_functions_to_two_doubles(op: str, x: Any) -> None:
    with mpmath.workdps(60):
        value = mpmath.mpf(x.double.numerator) / x.double.denominator
        wanted = mpmath.sin(mpmath.pi * value / 2) ** 2 if op == "hav" else getattr(mpmath, op)(value)
        doubles = in_two_doubles(call(op, x))
        if doubles is None:
            assert wanted > 1e250
        else:
            assert abs(mpmath.mpf(doubles[0]) + mpmath.mpf(doubles[1]) - wanted) <= abs(wanted) * mpmath.mpf(2) ** -103


def test_what_is_no_double_is_left_alone() -> None:
    assert in_two_doubles(Call("exp", (Call("exp", (number(99),)),))) is None
    assert in_two_doubles(Call("log", (number(0),))) is None
    assert in_two_doubles(Call("cos", (number(10**20),))) is None
    assert in_two_doubles(Call("exp", (T,))) is None
    assert in_two_doubles(Call("sin", (PI,))) is not None


def test_zero_and_the_ends_of_the_doubles() -> None:
    assert in_two_doubles(Call("log", (number(1),))) == (0.0, 0.0)
    for power, kept in ((249, True), (251, False)):
        for sign in (1, -1):
            assert (in_two_doubles(Call("mul", (number(10.0 ** (sign * power)), number(1)))) is not None) == kept
