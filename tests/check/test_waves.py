"""Tests of the bound of products of factors that swing, beside those products."""

from __future__ import annotations

import itertools
import math

import pytest

from lrdsl.check import waves
from lrdsl.check.bounds import Box
from lrdsl.check.intervals import Range
from lrdsl.expr import INDEX, PI, Expr, add, call, div, mul, number


def bound(factor: Expr, low: float, high: float) -> tuple[Range, dict[Expr, float]]:
    box = Box({INDEX: (low, high)})
    return box.of(factor), box.large


def wave(level: float, height: float, angle: Expr, function: str = "sin") -> Expr:
    return add(number(level), mul(number(height), call(function, angle)))


def turned(turn: int) -> Expr:
    return div(INDEX, number(turn))


@pytest.mark.parametrize(
    ("factor", "value", "turn"),
    [
        (wave(0.9, 0.5, turned(9)), lambda k: 0.9 + 0.5 * math.sin(k / 9), 18 * math.pi),
        (wave(1.2, 0.5, turned(9), "cos"), lambda k: 1.2 + 0.5 * math.cos(k / 9), 18 * math.pi),
        (wave(0.0, 2.0, turned(1), "cos"), lambda k: 2 * math.cos(k), 2 * math.pi),
        (wave(0.95, 0.4, div(mul(PI, INDEX), number(20))), lambda k: 0.95 + 0.4 * math.sin(k * math.pi / 20), 40.0),
        (add(wave(0.9, 0.3, turned(8)), wave(0.0, 0.2, turned(12))), lambda k: 0.9 + 0.3 * math.sin(k / 8) + 0.2 * math.sin(k / 12), 48 * math.pi),
    ],
)
def test_no_product_is_larger_than_its_bound(factor: Expr, value: object, turn: float) -> None:
    found = waves.period(factor)
    assert found == pytest.approx(turn)
    assert callable(value)
    sums = list(itertools.accumulate(math.log(abs(value(k))) for k in range(1, 5001)))
    for upto in (300, 1000, 5000):
        most = waves.growth(factor, upto, bound)
        assert most is not None
        largest = max(0.0, *sums[:upto])
        assert largest <= most <= 1.3 * largest + 4 * turn + upto / 3, upto


@pytest.mark.parametrize(
    "factor",
    [
        number(2),
        INDEX,
        add(call("sin", INDEX), INDEX),
        call("sin", call("exp", INDEX)),
        add(call("sin", INDEX), call("sin", mul(PI, INDEX))),
        call("floor", call("sin", div(INDEX, number(10**6)))),
    ],
)
def test_what_does_not_go_round_has_no_bound(factor: Expr) -> None:
    assert waves.growth(factor, 10**6, bound) is None
