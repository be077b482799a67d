"""Tests of pairs of doubles against exact fractions: an operation loses less than 2^-98 of its value."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from lrdsl.expr import Call, Expr, Symbol
from lrdsl.numbers import pairs
from lrdsl.numbers.pairs import Float, Pair

_CLOSE = Fraction(1, 2**98)
_OPERATIONS: dict[str, Callable[..., float]] = {
    "add": lambda *args: sum(args[1:], args[0]),
    "sub": lambda a, b: a - b,
    "mul": lambda *args: math.prod(args[1:], start=args[0]),
    "div": lambda a, b: a / b,
    "sqrt": math.sqrt,
}
_LETTERS = [Symbol(name) for name in ("a_high", "a_low", "b_high", "b_low")]


def drawn(count: int, spread: int) -> list[tuple[float, float]]:
    """Normalized pairs, of either sign; `spread` is the largest power of 2."""
    numbers = random.Random(count)
    highs = [math.ldexp(numbers.uniform(1, 2) * numbers.choice((-1, 1)), numbers.randint(-spread, spread)) for _ in range(count)]
    return [(high, numbers.uniform(-0.5, 0.5) * math.ulp(high)) for high in highs]


def evaluated(e: Expr, values: dict[Expr, float]) -> float:
    match e:
        case Float(value):
            return value
        case Call(op, args):
            return _OPERATIONS[op](*(evaluated(a, values) for a in args))
        case _:
            return values[e]


def of_pair(pair: Pair, values: dict[Expr, float]) -> tuple[float, Fraction]:
    """The double of a pair, and the value of both its parts."""
    high = evaluated(pair.high, values)
    return high, Fraction(high) + (0 if pair.low is None else Fraction(evaluated(pair.low, values)))


@pytest.mark.parametrize("constant", [False, True], ids=["variables", "constants"])
@pytest.mark.parametrize("lows", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize(
    ("operation", "exact"),
    [
        (pairs.sum_of, lambda a, b: a + b),
        (pairs.product_of, lambda a, b: a * b),
        (pairs.quotient_of, lambda a, b: a / b),
    ],
    ids=["sum", "product", "quotient"],
)
def test_operations_on_two(
    operation: Callable[[Pair, Pair], Pair], exact: Callable[[Fraction, Fraction], Fraction], lows: tuple[bool, bool], constant: bool
) -> None:
    for (a, c), (b, d) in zip(drawn(40, 20), drawn(41, 20), strict=False):
        numbers = [a, c, b, d]
        nodes = [Float(number) for number in numbers] if constant else _LETTERS
        values: dict[Expr, float] = {} if constant else dict(zip(_LETTERS, numbers, strict=True))
        result = operation(Pair(nodes[0], nodes[1] if lows[0] else None), Pair(nodes[2], nodes[3] if lows[1] else None))
        one, other = Fraction(a) + Fraction(c) * lows[0], Fraction(b) + Fraction(d) * lows[1]
        high, value = of_pair(result, values)
        size = abs(one) + abs(other) if operation is pairs.sum_of else abs(exact(one, other))
        assert abs(value - exact(one, other)) <= _CLOSE * size, (a, c, b, d)
        assert abs(Fraction(high) - exact(one, other)) <= size / 2**51


@pytest.mark.parametrize("low", [True, False])
def test_a_root(low: bool) -> None:
    for high, rest in drawn(40, 20):
        values: dict[Expr, float] = {_LETTERS[0]: abs(high), _LETTERS[1]: rest}
        _, root = of_pair(pairs.root_of(Pair(_LETTERS[0], _LETTERS[1] if low else None)), values)
        square = Fraction(abs(high)) + Fraction(rest) * low
        assert abs(root**2 - square) <= 2 * _CLOSE * square


def test_a_constant_that_may_be_divided_by() -> None:
    assert pairs.apart_from_zero(Float(3, ("n",))) == Float(3.0, pairs.LOST)
    assert pairs.apart_from_zero(Float(3)) == Float(3.0)
    for e in (Float(0), _LETTERS[0]):
        assert pairs.is_apart_from_zero(pairs.apart_from_zero(e))
        assert not pairs.is_apart_from_zero(e)
    values: dict[Expr, float] = {_LETTERS[0]: 0.0}
    assert evaluated(pairs.apart_from_zero(_LETTERS[0]), values) == 2.0**-1022
    assert of_pair(pairs.root_of(Pair(_LETTERS[0], None)), values) == (0, 0)


def test_what_is_rounded() -> None:
    assert Pair(_LETTERS[0], None).rounded is _LETTERS[0]
    assert evaluated(Pair(Float(1.0), Float(2.0**-53 * 1.5)).rounded, {}) == 1 + 2.0**-52
