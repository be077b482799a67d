"""Tests of the ranges of operations in code without branches, and of how it writes sums."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import pytest

from lrdsl.expr import T
from lrdsl.numbers import branchless, traced
from lrdsl.numbers.branchless import Writer
from lrdsl.numbers.pairs import Float, added, less

_ENDS = (-7, -2.5, -1, 0, 1, 2.5, 3, 9)
_RANGES = [(a, b) for a, b in itertools.product(_ENDS, repeat=2) if a <= b]


@pytest.mark.parametrize(
    ("op", "apply"),
    [
        ("add", operator.add),
        ("sub", operator.sub),
        ("mul", operator.mul),
        ("min", min),
        ("max", max),
        ("floordiv", operator.floordiv),
        ("div", operator.truediv),
        ("floor", lambda a, _b: math.floor(a)),
        ("ceil", lambda a, _b: math.ceil(a)),
        ("abs", lambda a, _b: abs(a)),
    ],
)
def test_a_range_is_that_of_its_values(op: str, apply: Callable[[Any, Any], Any]) -> None:
    for a, b in itertools.product(_RANGES, repeat=2):
        if op in ("floordiv", "div") and not b[0] == b[1] > 0:
            assert branchless._range(op, [a, b]) == branchless.ANY
            continue
        values = [apply(x, y) for x in (*a, *[0] * (a[0] <= 0 <= a[1])) for y in b]
        assert branchless._range(op, [a, b]) == (min(values), max(values)), (a, b)


def test_the_range_of_a_remainder() -> None:
    assert branchless._range("mod", [(0, 2), (3, 3)]) == (0, 2)
    assert branchless._range("mod", [(0, 3), (3, 3)]) == branchless._range("mod", [(-1, 2), (3, 3)]) == (0, 3)
    assert branchless._range("mod", [(0, 3), (2, 3)]) == branchless._range("mod", [(0, 3), (-3, -3)]) == branchless.ANY
    assert branchless._range("sin", [(0, 3)]) == branchless.ANY


def test_a_compiler_cannot_add_two_constants_up() -> None:
    """The second constant that is added to a float is an array."""
    half, third = Float(0.5), Float(0.25)
    writer = Writer(traced.DOUBLE)
    writer.write(less(added(T, half), third))
    assert writer.lines[-2:] == ["x1 = t + (0.5)", "x2 = x1 - (zero + (0.25))"]
