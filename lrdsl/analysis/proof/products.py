"""Running products in normal form: telescoping ones are multiplied out."""

from __future__ import annotations

from fractions import Fraction

from lrdsl.analysis.proof import values
from lrdsl.analysis.proof.signs import SplitError, Ticks
from lrdsl.analysis.proof.signs import sign as side_at
from lrdsl.analysis.proof.values import TICK, Sign, UnprovableError, Value, add, atom, constant, factored, is_whole_number, power, replaced, terms, times

#: The index of a product.
_INDEX = ("k",)
#: The most factors by which two products may be apart to cancel.
_MOST_SHIFT = 200


def product(factor: Value, upto: Value, sign: Sign) -> Value:
    """Returns the product of `factor`, a value of the index, over the index 1 .. `upto`."""
    if not is_whole_number(upto):
        raise UnprovableError
    # The index is a tick for the time of factoring: what is known of polynomials in ticks holds for it too.
    try:
        in_ticks = replaced(factor, {_INDEX: atom(TICK)}, _side)
    except UnprovableError:
        return atom(("call", "product", terms(factor), terms(upto)))
    coefficient, common, sums = factored(in_ticks, _side)
    result = power(constant(coefficient), upto, sign)
    for name, exponent in common:
        n = values.rational(dict(exponent))
        if name == TICK and n is not None and n.denominator == 1:
            result = times(result, power(_of(constant(0), upto), constant(n), sign))
        elif name[0] == "sum" and n is not None and n.denominator == 1:
            result = times(result, power(_of_sum(dict(name[1]), upto, sign), constant(n), sign))
        elif (name[0] == "prime" or name == values.E) and (total := _total(dict(exponent), upto)) is not None:
            result = times(result, atom(name, total))
        else:
            return atom(("call", "product", terms(in_ticks), terms(upto)))
    for f, number in sums:
        result = times(result, power(_of_sum(f, upto, sign), constant(number), sign))
    return result


def _total(exponent: Value, upto: Value) -> Value | None:
    """Returns the sum of an exponent, of at most the first degree in the index, over 1 .. `upto`; None for others."""
    slopes = values.linear(exponent)
    if slopes is None or slopes[1]:
        return None
    triangle = times(times(upto, add(upto, constant(1))), constant(slopes[0] / 2))
    return add(triangle, times(upto, constant(slopes[2])))


def _side(value: Value) -> int | None:
    """Returns the sign of a value of the index, from 1 on; None if it is not known, or changes."""
    try:
        return side_at(value, Ticks(1, None))
    except SplitError:
        return None


def _of_sum(f: Value, upto: Value, sign: Sign) -> Value:
    """Returns the product of a polynomial. One of the first degree, slope times (index + shift), is moved to a shift of at least 0 and below 1."""
    slopes = values.linear(f)
    if slopes is None or slopes[1]:
        return atom(("call", "product", terms(f), terms(upto)))
    slope, _, constant_term = slopes
    return times(power(constant(slope), upto, sign), _of(constant(constant_term / slope), upto))


def _of(shift: Value, upto: Value) -> Value:
    """Returns the product of index + shift."""
    c = values.rational(shift) or Fraction(0)
    if c.denominator == 1 and c < 0:
        raise UnprovableError  # one factor is 0
    whole = c.__floor__()
    if not 0 <= whole <= _MOST_SHIFT:
        return atom(("call", "product", terms(add(atom(TICK), constant(c))), terms(upto)))
    rest = c - whole
    result = atom(("call", "product", terms(add(atom(TICK), constant(rest))), terms(upto)))
    for j in range(1, whole + 1):
        result = times(result, add(upto, constant(j + rest)))
        result = times(result, constant(1 / (j + rest)))
    return result
