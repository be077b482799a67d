"""A level of 0 has no sign: it is 0.0 and never -0.0, on every backend."""

from __future__ import annotations

import functools
import itertools
import math
import operator

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
import lrdsl.jax
from lrdsl.expr import BASE, INDEX, PI, Call, T, affine
from lrdsl.numbers import zeros
from lrdsl.numbers.lowering import numeric
from lrdsl.numbers.pairs import Float
from lrdsl.numbers.zeros import unsigned
from lrdsl.plan import pieces
from lrdsl.shapes import SHAPES
from tests.drawing import examples
from tests.properties import texts

#: Each has a level of 0 that is the product of 0 and something negative.
TEXTS = [
    "poly(5, power=2, from=0, to=1x)",
    "cosine(5, power=3, from=0, to=1x)",
    "bounce(-1 * cosine(5))",
    "-1 * bounce(cosine(5))",
    "scale(-sin(t))",
    "-2 * every(3, linear(9))",
    "1x - bounce(warmup(5))",
    "hold(at=0) * exp(0.9) * -1",
    "min(0, -1 * bounce(linear(4)))",
    "sum(-1 * warmup(4), warmup(4))",
    "repeat(scale(floor(-t / 4)) for 4)",
]


def _negative_zeros(levels: list[float]) -> list[int]:
    return [t for t, level in enumerate(levels) if level == 0 and math.copysign(1, level) < 0]


@pytest.mark.parametrize("text", TEXTS)
def test_zero_has_no_sign(text: str) -> None:
    s = lrdsl.parse(text)
    ticks = range(24)
    assert 0 in [s.at(t, 0.3) for t in ticks]
    assert not _negative_zeros([s.at(t, 0.3) for t in ticks])
    assert not _negative_zeros(s.values(24, 0.3).tolist())
    rate = jax.jit(lrdsl.jax.schedule(s, 0.3))
    assert not _negative_zeros([float(rate(t)) for t in ticks])


def test_a_base_of_minus_zero_is_zero() -> None:
    assert not _negative_zeros([lrdsl.parse("hold").at(0, -0.0), *lrdsl.parse("cosine(4)").values(4, -0.0).tolist()])


@examples(200)
@given(texts.schedules(depth=2, longest=60), st.sampled_from(["({})", "-1 * ({})", "1x - ({})", "bounce(-1 * (({}) for 9))"]))
def test_no_drawn_schedule_has_one(schedule: lrdsl.Schedule, around: str) -> None:
    try:
        s = lrdsl.parse(around.format(schedule))
    except lrdsl.ScheduleError:
        return
    assert not _negative_zeros(s.values(80, 0.3).tolist())
    assert not _negative_zeros([s.at(t, 0.3) for t in range(30)])


@pytest.mark.parametrize(
    "name", ["hold", "warmup", "linear", "cosine", "poly", "exp", "one_minus_sqrt", "rsqrt", "inv", "step", "multistep", "onecycle", "cyclic"]
)
def test_a_plain_shape_costs_nothing_more(name: str) -> None:
    """No operation is added to a level that cannot be -0.0."""
    for piece in pieces(lrdsl.parse(SHAPES[name][0].example).plan.level):
        parts = affine(piece.level, BASE)
        assert parts is not None
        trees = tuple(numeric(part, piece.start) for part in parts)
        assert unsigned(*trees) == trees


def _sign(x: float) -> int:
    return (zeros._NEGATIVE if x else zeros._MINUS_ZERO) if math.copysign(1, x) < 0 else zeros._POSITIVE if x else zeros._PLUS_ZERO


def test_the_signs_of_sums_and_products_are_those_of_doubles() -> None:
    numbers = {zeros._NEGATIVE: (-2.0, -1.0), zeros._MINUS_ZERO: (-0.0,), zeros._PLUS_ZERO: (0.0,), zeros._POSITIVE: (1.0, 2.0)}

    for a, b in itertools.product(range(1, 16), repeat=2):
        pairs = [(x, y) for s in numbers if s & a for x in numbers[s] for r in numbers if r & b for y in numbers[r]]
        assert zeros._sum(a, b) == functools.reduce(operator.or_, (_sign(x + y) for x, y in pairs)), (a, b)
        assert zeros._product(a, b) == functools.reduce(operator.or_, (_sign(x * y) for x, y in pairs)), (a, b)
        assert zeros._negated(a) == functools.reduce(operator.or_, (_sign(-x) for s in numbers if s & a for x in numbers[s]))


_UNARY = {
    "floor": math.floor,
    "abs": abs,
    "exp": math.exp,
    "expm1": math.expm1,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "log": math.log,
}
_BINARY = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow, "min": min, "max": max,
    "floordiv": operator.floordiv, "mod": math.fmod,
}  # fmt: skip


def test_the_signs_of_a_tree_hold_that_of_its_value() -> None:
    """For each operation on numbers of each sign; and a tree of doubles has no more signs than that, but for waves and the like."""
    leaves = [Float(x) for x in (-2.5, -1.0, -0.25, -0.0, 0.0, 0.25, 1.0, 2.5)]
    for op, apply in (_UNARY | _BINARY).items():
        for args in itertools.product(leaves, repeat=1 + (op in _BINARY)):
            if op in ("floordiv", "mod") and args[1].value <= 0:  # they divide by the length of a cycle
                continue
            try:
                value = float(apply(*(a.value for a in args)))
            except (ValueError, ArithmeticError, TypeError):
                continue
            signs = zeros._signs(Call(op, args), {})
            assert signs & _sign(value), (op, args)
            if op in ("add", "sub", "mul", "div") and args[0] is not args[-1]:
                assert bin(signs).count("1") == 1 or signs == zeros._NEGATIVE | zeros._PLUS_ZERO | zeros._POSITIVE, (op, args)


def test_the_signs_of_letters() -> None:
    some = zeros._PLUS_ZERO | zeros._POSITIVE
    for letter in (T, INDEX, BASE):
        assert zeros._signs(letter, {}) == some
    less = Call("sub", (T, Float(3)))
    assert zeros._signs(less, {}) & (zeros._NEGATIVE | some) == zeros._NEGATIVE | some
    assert not zeros._signs(less, {}) & zeros._MINUS_ZERO
    assert zeros._signs(Call("mul", (less, less)), {}) == some
    assert zeros._signs(Call("mul", (less, T)), {}) & zeros._MINUS_ZERO
    assert zeros._signs(PI, {}) == zeros._POSITIVE


def test_one_part_of_a_level_gets_the_zero() -> None:
    plus, minus = T, Call("mul", (Float(-1.0), T))
    assert unsigned(plus, minus) == (plus, minus)
    assert unsigned(minus, plus) == (minus, plus)
    assert unsigned(minus, minus) != (minus, minus)
    assert unsigned(minus) == (Call("add", (minus, Float(0))),)
    assert unsigned(Float(0), minus) == (Float(0), Call("add", (minus, Float(0))))
    assert unsigned(Float(0), Float(0)) == (Float(0), Float(0))
