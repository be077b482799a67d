"""Tests of what is folded: a constant is two numbers, the one that its text reads as and that of its doubles; and stairs are constant between their steps."""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from lrdsl import parse
from lrdsl.expr import PI, Call, Num, T, add, call, div, mod, mul, number, power, substitute, within
from lrdsl.expr.exact import unplain
from lrdsl.expr.periods import cycles

#: Decimals that are no doubles, and some that are.
_CONSTANTS = [Num(Fraction(text), Fraction(float(text))) for text in ("0.1", "-0.3", "2.7", "-1.1", "0.5", "3", "-2", "1")]


def _power(n: int) -> Callable[[Any, Any], Any]:
    return lambda a, _b: Fraction(a) ** n


@pytest.mark.parametrize(
    ("fold", "exactly"),
    [
        (add, operator.add),
        (mul, operator.mul),
        (div, lambda a, b: Fraction(a) / b),
        (lambda a, b: call("min", a, b), min),
        (lambda a, b: call("max", a, b), max),
        (lambda a, _b: call("abs", a), lambda a, _b: abs(a)),
        (lambda a, _b: call("floor", a), lambda a, _b: math.floor(a)),
        (lambda a, _b: call("ceil", a), lambda a, _b: math.ceil(a)),
        (lambda a, _b: mod(a, Fraction(3, 4)), lambda a, _b: a % Fraction(3, 4)),
        *((lambda a, _b, n=n: power(a, number(n)), _power(n)) for n in (-3, -1, 0, 1, 2, 5)),
    ],
)
def test_both_numbers_of_a_constant_are_folded(fold: Callable[..., Any], exactly: Callable[..., Any]) -> None:
    for a, b in itertools.product(_CONSTANTS, repeat=2):
        folded = fold(a, b)
        assert isinstance(folded, Num)
        assert (folded.value, folded.double) == (exactly(a.value, b.value), exactly(a.double, b.double)), (a, b)


@pytest.mark.parametrize("data", [True, None, [], {}, math.nan, math.inf, "1", "1/0", "a/2", "2/b", "--1/2", "1/-2", "1/2/3", "1" * 4000 + "/3"])
def test_what_is_no_plain_number(data: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(str(data)[:50])):
        unplain(data)


@pytest.mark.parametrize(
    ("scale", "shift"), [(1, 0), (Fraction(1, 3), 0), (Fraction(1, 3), Fraction(1, 2)), (Fraction(2, 7), -5), (-1, 2), (Fraction(-1, 3), 4)]
)
@pytest.mark.parametrize("stairs", [lambda e: call("floor", e), lambda e: mod(e, 2)], ids=["floor", "mod"])
def test_stairs_within_a_stretch_of_time(scale: Any, shift: Any, stairs: Callable[..., Any]) -> None:
    """They are simplified where no step lies inside; and either way they have the values that they had."""
    for low, high in itertools.combinations(range(9), 2):
        e = stairs(add(mul(number(scale), T), number(shift)))
        simple = within(e, low, high)
        times = [low + (high - low) * Fraction(i, 24) for i in range(24)]
        steps = {math.floor((scale * t + shift) / (2 if isinstance(e, Call) and e.op == "mod" else 1)) for t in times}
        assert (not isinstance(simple, Call)) == (len(steps) == 1 and (scale > 0 or simple is not e)), (low, high)
        assert [_at(simple, t) for t in times] == [_at(e, t) for t in times]
    assert within(e, 0, None) is e


def _at(e: Any, tick: Fraction) -> Any:
    return substitute(e, {T: number(tick)}).value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("restarts(linear(5))", [(5, 0)]),
        ("restarts(hold(2) then linear(3))", [(5, 0), (5, 2)]),
        ("hold(4) then restarts(hold(2) then linear(3))", [(5, 4), (5, 6)]),
        ("step(3)", [(3, 0)]),
        ("every(4, exp(0.9))", [(4, 0)]),
        ("restarts(restarts(linear(2), times=3) then linear(4))", [(10, 0), (10, 2), (10, 4), (10, 6), (10, 8)]),
        ("restarts(step(3) for 7)", [(7, 0), (7, 3), (7, 6)]),
        ("exp(0.9)", []),
    ],
)
def test_where_cycles_and_stairs_begin(text: str, found: list[tuple[int, int]]) -> None:
    assert sorted({(length, start % length if text[0] != "h" else start) for length, start in cycles(parse(text).plan.level)}) == found


@pytest.mark.parametrize("halves", range(-5, 9))
def test_waves_at_quarters_of_their_period_are_whole_numbers(halves: int) -> None:
    turn = mul(number(Fraction(halves, 2)), PI)
    assert call("cos", turn) == number((1, 0, -1, 0)[halves % 4])
    assert call("sin", turn) == number((0, 1, 0, -1)[halves % 4])
    assert isinstance(call("cos", mul(number(Fraction(halves, 2) + Fraction(1, 3)), PI)), Call)


def test_a_floor_becomes_a_number_just_where_it_has_one_value() -> None:
    """Up to the end of the stretch, which is not in it; forward and backward."""
    for scale, shift, low, length in itertools.product(
        map(Fraction, ("1/5", "-1/5", "2/3", "-2/3", "1", "-1")), map(Fraction, ("0", "1/2", "2")), range(4), range(1, 7)
    ):
        first, end = scale * low + shift, scale * (low + length) + shift
        values = {math.floor(first), math.ceil(end) - 1 if scale > 0 else math.floor(end)}
        simple = within(call("floor", T * scale + shift), low, low + length)
        assert (simple == number(values.pop())) == (not values), (scale, shift, low, length)


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
def test_operators_take_numbers_on_either_side(op: Callable[[Any, Any], Any]) -> None:
    for other, at in itertools.product((2, Fraction(1, 2)), (1, 3)):
        if not (op is operator.pow and other != 2):  # a root is no number
            assert substitute(op(T, other), {T: number(at)}) == number(op(Fraction(at), other)), (at, other)
        assert substitute(op(other, T), {T: number(at)}) == number(op(Fraction(other), at)), (other, at)


def test_times_are_added_to_one() -> None:
    """Sums and differences of times with exact scales are one time, or a number where nothing of it is left."""
    assert T + T == 2 * T
    assert (T + 1) / 3 + T / 7 == (10 * T + 7) / 21
    assert number(1) == T + (1 - T)
    assert mod(T, 3) + mod(T, 3) == 2 * mod(T, 3)
    assert mod(T, 3) + T != 2 * T
