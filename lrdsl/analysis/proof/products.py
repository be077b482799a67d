"""Running products in normal form: telescoping ones are multiplied out, and so are powers whose exponents are a telescoping sum."""

from __future__ import annotations

from fractions import Fraction

from lrdsl.analysis.proof import values
from lrdsl.analysis.proof.signs import SplitError, Ticks
from lrdsl.analysis.proof.signs import sign as side_at
from lrdsl.analysis.proof.values import (
    ONE,
    ONE_TICK,
    TICK,
    Monomial,
    Sign,
    UnprovableError,
    Value,
    add,
    atom,
    constant,
    factored,
    is_whole_number,
    power,
    replaced,
    terms,
    times,
)

#: The index of a product.
_INDEX = ("k",)
#: The most factors by which two products may be apart to cancel.
_MOST_SHIFT = 200
#: The most steps by which two terms of a sum may be apart to cancel.
_MOST_STEPS = 12


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
        elif (name[0] == "prime" or name == values.E) and (total := _total(dict(exponent), upto, sign)) is not None:
            result = times(result, atom(name, total))
        else:
            return atom(("call", "product", terms(in_ticks), terms(upto)))
    for f, number in sums:
        result = times(result, power(_of_sum(f, upto, sign), constant(number), sign))
    return result


def _total(exponent: Value, upto: Value, sign: Sign) -> Value | None:
    """Returns the sum of an exponent over the index 1 .. `upto`: of its part of the first degree, and of the rest if that telescopes; None for others."""
    line = {monomial: exponent[monomial] for monomial in (ONE, ONE_TICK) if monomial in exponent}
    slope, _, level = values.linear(line) or (Fraction(0),) * 3
    triangle = times(times(upto, add(upto, constant(1))), constant(slope / 2))
    try:
        rest = _telescoped({monomial: c for monomial, c in exponent.items() if monomial not in line}, upto, sign)
    except UnprovableError:
        return None
    return None if rest is None else add(add(triangle, times(upto, constant(level))), rest)


def _telescoped(exponent: Value, upto: Value, sign: Sign) -> Value | None:
    """Returns the sum, over the index 1 .. `upto`, of terms that cancel those of the next steps; None if some remain.

    A term c f(k) is c (f(k) - f(k + 1)), whose sum is c (f(1) - f(`upto` + 1)), and c f(k + 1), which is added to another term.
    """
    left, total = constant(0), constant(0)
    for monomial, c in exponent.items():
        left = add(left, _in_partial_fractions(monomial), c)
    for monomial in tuple(left):
        if monomial not in left:
            continue
        c, step, passed = left[monomial], {monomial: Fraction(1)}, constant(0)
        for _ in range(_MOST_STEPS):
            ends = (replaced(step, {TICK: constant(1)}, _side), replaced(step, {TICK: add(upto, constant(1))}, sign))
            passed = add(passed, add(*ends, -1))
            step = replaced(step, {TICK: add(atom(TICK), constant(1))}, _side)
            if step.keys() <= left.keys() - {monomial}:
                total = add(total, passed, c)
                left = add(add(left, {monomial: c}, -1), step, c)
                break
    return None if left else total


def _in_partial_fractions(monomial: Monomial) -> Value:
    """Returns 1 over a product of different lines as a sum of fractions with one line each; any other monomial as it is."""
    lines = [(name, values.linear(atom(TICK) if name == TICK else dict(name[1]))) for name, _ in monomial if name == TICK or name[0] == "sum"]
    if len(lines) < len(monomial) or any(dict(exponent) != constant(-1) for _, exponent in monomial):
        return {monomial: Fraction(1)}
    total = constant(0)
    for i, (name, line) in enumerate(lines):
        factor = Fraction(1)
        for _, other in (*lines[:i], *lines[i + 1 :]):
            if line is None or other is None or line[1] or other[1] or not line[0]:
                return {monomial: Fraction(1)}
            factor /= other[2] - other[0] * line[2] / line[0]
        total = add(total, atom(name, constant(-1)), factor)
    return total


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
