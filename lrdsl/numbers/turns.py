"""Sines and cosines of pi times a time: the whole turns go off the time before it is multiplied, so that the angle is small, and a zero is 0.

The cosine of pi x is the sine of pi (1/2 - |z|), where z is x less whole turns, from -1 to 1. The bracket is exact where x is, and lies between -1/2 and 1/2.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from lrdsl.expr import ONE, PI, ZERO, Call, Expr, add, div, mul, number
from lrdsl.expr.exact import PI_DIGITS
from lrdsl.numbers.pairs import Float, Pair, added, less, operation, product_of, sum_of, times

#: pi, far more exactly than two doubles hold it.
DIGITS = Fraction(PI_DIGITS)
#: Integers up to here are multiplied by a 26-bit head without rounding.
_HEAD_BITS = 26
#: The most parts of a half turn whose number a tick multiplies without rounding.
MOST_PARTS = 2**25

#: A number that makes any other of a usual size larger than 1: limited to 1, the product is the sign.
_STEEP = 2.0**100


def in_two(value: Fraction) -> Pair:
    """Returns a number as the nearest double and the rest of it.

    >>> in_two(DIGITS).low.value
    1.2246467991473532e-16
    """
    return Pair(Float(float(value)), Float(float(value - Fraction(float(value)))))


#: pi as two doubles.
PI_PAIR = in_two(DIGITS)


def half_turns(op: str, angle: Expr) -> Expr | None:
    """Returns the x for which the sine or cosine of an angle is the cosine of pi x; None where the angle is no multiple of pi.

    >>> from lrdsl.expr import T
    >>> half_turns("cos", PI * T / 7) == T / 7, half_turns("cos", T / 7)
    (True, None)
    """
    x = _over_pi(angle, {})
    return x if x is None or op == "cos" else add(x, number(Fraction(-1, 2)))


def _over_pi(e: Expr, memo: dict[Expr, Expr | None]) -> Expr | None:
    """Returns an angle divided by pi; None where pi is no factor of it. A part that stands in many places is looked at once."""
    if e is PI:
        return ONE
    if not isinstance(e, Call):
        return None
    if e not in memo:
        memo[e] = _divided(e, memo)
    return memo[e]


def _divided(e: Call, memo: dict[Expr, Expr | None]) -> Expr | None:
    if e.op == "div":
        top = _over_pi(e.args[0], memo)
        return None if top is None else div(top, e.args[1])
    if e.op == "add":
        total: Expr = ZERO
        for part in e.args:
            term = _over_pi(part, memo)
            if term is None:
                return None
            total = add(total, term)
        return total
    if e.op != "mul":
        return None
    inner = [_over_pi(factor, memo) for factor in e.args]
    place = next((i for i, factor in enumerate(inner) if factor is not None), None)
    if place is None:
        return None
    product: Expr = ONE
    for i, factor in enumerate(e.args):
        product = mul(product, inner[i] or factor if i == place else factor)
    return product


def cosine_of_parts(a: int, b: int, n: int, time: Expr) -> Expr:
    """Returns the cosine of pi (a * time + b)/n, in whole numbers."""
    a, b = a % (2 * n), b % (2 * n)
    turn = Float(2 * n)
    scaled = time if a == 1 else times(Float(a), operation("mod", time, turn))  # whole numbers of 32 bits hold it then
    within = operation("mod", scaled if b == 0 else added(scaled, Float(b)), turn)
    from_middle = less(times(Float(2), operation("abs", less(within, Float(n)))), Float(n))
    head, rest = split_pi(2 * n)
    return _sine(angle(from_middle, Float(head), Float(rest)))


def cosine_of_pair(x: Pair) -> Expr:
    """Returns the cosine of pi times a pair."""
    turns = operation("floor", added(times(Float(0.5), x.high), Float(0.5)))
    within = Pair(less(x.high, times(Float(2), turns)), None)
    minus = None
    if x.low is not None:
        within = sum_of(within, Pair(x.low, None))
        assert within.low is not None
        sign = operation("max", Float(-1), operation("min", Float(1), times(Float(_STEEP), within.high)))
        minus = times(Float(-1), sign, within.low)
    size = operation("abs", within.high)
    return _sine(product_of(sum_of(Pair(Float(0.5), None), Pair(times(Float(-1), size), minus)), PI_PAIR))


def _sine(x: Pair) -> Expr:
    """Returns the sine of a small angle."""
    assert x.low is not None
    return added(operation("sin", x.high), times(x.low, operation("cos", x.high)))


def angle(parts: Expr, head: Expr, rest: Expr) -> Pair:
    """Returns a whole number times the `head` and the `rest` of a constant, as a pair."""
    big, small = times(head, parts), times(rest, parts)
    total = added(big, small)
    return Pair(total, less(small, less(total, big)))


@lru_cache(maxsize=256)
def split_pi(parts: int) -> tuple[float, float]:
    """Returns pi/parts as a double of few bits, and the rest of it."""
    bottom = DIGITS.denominator * parts
    head = _head(DIGITS.numerator / bottom)
    p, q = head.as_integer_ratio()
    return head, (DIGITS.numerator * q - p * bottom) / (bottom * q)


def _head(value: float) -> float:
    """Returns the leading bits of a positive constant, few enough that a whole number of 27 bits times them is exact."""
    mantissa, exponent = math.frexp(value)
    return math.ldexp(math.floor(mantissa * 2**_HEAD_BITS) / 2**_HEAD_BITS, exponent)
