"""Writes exact times in code: with whole numbers, so that nothing is lost at whole ticks, or as people write them, `(t - 5) / 20`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from lrdsl.dialects.writing.terms import ATOM, POWER, PRODUCT, SUM, TURN, Range, Term
from lrdsl.expr import Call, Expr, Linear, Num, parts
from lrdsl.expr.exact import Exact, quotient, size

if TYPE_CHECKING:
    from lrdsl.dialects.writing.formula import Formula


def whole(f: Formula, e: Expr) -> tuple[Term, int]:
    """Returns an exact time as a whole number of n-ths, and n. It is a float where it is too large for a whole number."""
    if isinstance(e, Linear):
        of, m = whole(f, e.of)
        scale, shift = quotient(e.scale, m), e.shift
        n = math.lcm(scale.denominator, shift.denominator)
        return _first_degree(f, int(scale * n), of, int(shift * n)), n
    if isinstance(e, Call) and e.op == "mod":
        key = f.names.get(e)
        n, period = _cycle(e)
        if key is not None and n == 1:
            return key, 1
        return _remainder(f, e.args[0], n, period), n
    return f.term(e), 1


def _cycle(e: Call) -> tuple[int, int]:
    """Returns (n, period) of a cycle: it has a whole number of n-ths."""
    assert isinstance(e.args[1], Num)
    n = parts_of(e)
    return n, int(e.args[1].value * n)


def _first_degree(f: Formula, a: int, x: Term, b: int) -> Term:
    """Returns `a x + b`."""
    range = _scaled(a, x.range, b)
    whole = x.whole and f.fits(range, _scaled(a, x.range, 0), (b, b))
    text = x if whole or not x.whole else attrs.evolve(x, text=_as_float(f, x))
    front = f.number(abs(a))
    product = text if abs(a) == 1 else Term(f"{front.text} * {f.inside(text, POWER)}", PRODUCT)
    sign, shift = ("+" if b > 0 else "-"), f.number(abs(b)).text
    if a < 0 and b:
        result = f"{f.number(b).text} - {f.inside(product, PRODUCT)}"
    elif a < 0:
        result = f"-{f.inside(product, PRODUCT)}"
    else:
        result = f"{f.inside(product, TURN)} {sign} {shift}" if b else product.text
    binding = product.binding if a > 0 and not b else SUM
    return Term(result, binding, whole, range, fixed=x.fixed)


def _as_float(f: Formula, x: Term) -> str:
    """Returns a whole number as a float, for sizes that whole numbers of the language do not have."""
    return f.words.real.format(x.text) if f.words.real else f"(1.0 * {f.inside(x, POWER)})"


def _remainder(f: Formula, time: Expr, n: int, period: int) -> Term:
    """Returns the whole number of n-ths since a cycle of `period` n-ths began."""
    a, x, b = _in_parts(f, time, n)
    low, high = _scaled(a, x.range, b)
    if low >= 0 and high < period and x.whole:  # it is in its first cycle all the time
        return _first_degree(f, a, x, b)
    around = period // math.gcd(a, period)
    if x.whole and not f.fits(_scaled(a, x.range, b)) and f.fits((0, a * around + abs(b))):  # whole cycles of x are left out first
        x = Term(f"{f.inside(x, POWER)} % {around}", TURN, True, (0, around - 1))
    top = _first_degree(f, a, x, b)
    whole = top.whole and f.fits((period, period))
    return Term(f"{f.inside(top, POWER)} % {f.number(period).text}", TURN, whole, (0, period - 1 if f.words.ticks else period))


def _quotient(f: Formula, time: Expr, op: str) -> Term:
    """Returns the floor or the ceiling of an exact time."""
    _, n = whole(f, time) if not isinstance(time, Linear) else (None, parts_of(time))
    a, x, b = _in_parts(f, time, n)
    if n == 1 and f.words.ticks:
        return _first_degree(f, a, x, b)
    sign = 1 if op == "floor" else -1
    a, b = sign * a, sign * b
    around = n // math.gcd(a, n)
    low, high = (math.floor(v / n) for v in _scaled(a, x.range, b))
    if x.whole and not f.fits(_scaled(a, x.range, b)) and f.fits((0, abs(a) * around + abs(b)), (low, high)):
        cycles = Term(f"({f.inside(x, POWER)} // {around})", ATOM, True, (x.range[0] // around, x.range[1] // around))
        rest = _first_degree(f, a, Term(f"({f.inside(x, POWER)} % {around})", ATOM, True, (0, around - 1)), b)
        front = _first_degree(f, a * around // n, cycles, 0)
        term = Term(f"{front.text} + {f.inside(rest, POWER)} // {n}", SUM, True, (low, high))
    else:
        top = _first_degree(f, a, x, b)
        term = Term(f"{f.inside(top, POWER)} // {f.number(n).text}", TURN, top.whole, (low, high))
    return term if sign > 0 else Term(f"-({term.text})", SUM, term.whole, (-high, -low))


def _in_parts(f: Formula, time: Expr, n: int) -> tuple[int, Term, int]:
    """Returns (a, x, b) where an exact time is `(a x + b)/n`, and x is a whole number."""
    scale, of, shift = parts(time)
    x, m = whole(f, of)
    return int(scale * n / m), x, int(shift * n)


def turn(f: Formula, e: Call) -> Term:
    """Returns the time within a cycle, or a floor or a ceiling of an exact time."""
    if e.op != "mod":
        return _quotient(f, e.args[0], e.op)
    n, period = _cycle(e)
    whole = _remainder(f, e.args[0], n, period)
    return whole if n == 1 else Term(f"{f.real(whole, POWER)} / {f.number(n).text}", PRODUCT)


def linear(f: Formula, e: Linear) -> Term:
    """Returns an exact time as people write it: `(t - 5) / 20`, `(25 - t) / 20`, `3 * k + 1`."""
    if isinstance(e.of, Call) and e.of.op == "mod" and e.of not in f.names and f.uses[e.of] < 2:
        of, m = whole(f, e.of)
    else:
        of, m = f.term(e.of), 1
    scale, shift = quotient(e.scale, m), e.shift
    if scale.denominator == 1 and shift.denominator == 1 and of.whole:
        return _first_degree(f, int(scale), of, int(shift))
    slope, origin = size(scale), quotient(-shift, scale)
    n = math.lcm(scale.denominator, shift.denominator)
    decimal = is_decimal(origin) and (origin.denominator == 1 or of.range[1] < 2**24 or not f.words.single)
    if not decimal and of.whole and f.fits(_scaled(int(scale * n), of.range, int(shift * n))):
        top = _first_degree(f, int(scale * n), of, int(shift * n))
        return Term(f"{f.real(top, PRODUCT)} / {f.number(n).text}", PRODUCT)
    if decimal:
        since = _difference(f, of, origin, scale > 0)
    else:  # the whole part of the origin is taken off first, in whole numbers
        begun = math.floor(origin)
        near = _first_degree(f, 1 if scale > 0 else -1, of, -begun if scale > 0 else begun)
        rest = f.number(float(origin - begun)).text
        since = Term(f"{f.real(near, SUM)} {'-' if scale > 0 else '+'} {rest}", SUM)
    return _times_ratio(f, since, slope)


def _difference(f: Formula, of: Term, origin: Exact, rises: bool) -> Term:
    """Returns the time since an origin, or until it."""
    if origin.denominator == 1:
        return _first_degree(f, 1 if rises else -1, of, int(-origin if rises else origin))
    at = f.number(size(origin)).text
    text = f.real(of, TURN)
    if rises:
        return Term(f"{text} {'-' if origin > 0 else '+'} {at}", SUM)
    return Term(f"{f.number(origin).text} - {f.real(of, PRODUCT)}", SUM)


def _times_ratio(f: Formula, x: Term, ratio: Exact) -> Term:
    """Returns a term times a positive fraction."""
    if ratio == 1:
        return x
    if ratio.numerator == 1 or (ratio.denominator != 1 and is_decimal(quotient(1, ratio)) and not is_decimal(ratio)):
        return Term(f"{f.real(x, PRODUCT)} / {f.number(quotient(1, ratio)).text}", PRODUCT)
    if is_decimal(ratio):
        return Term(f"{f.number(ratio).text} * {f.real(x, POWER)}", PRODUCT)
    return Term(f"{f.number(ratio.numerator).text} * {f.real(x, POWER)} / {f.number(ratio.denominator).text}", PRODUCT)


def is_decimal(value: Exact, most: int = 10**9) -> bool:
    """Returns whether a number has a finite number of decimals, as a fraction whose denominator is below `most`."""
    bottom = value.denominator
    for prime in (2, 5):
        while bottom % prime == 0:
            bottom //= prime
    return bottom == 1 and value.denominator < most


def parts_of(time: Expr) -> int:
    """Returns n, where an exact time is a whole number of n-ths at whole ticks."""
    if isinstance(time, Linear):
        return math.lcm(quotient(time.scale, parts_of(time.of)).denominator, time.shift.denominator)
    if isinstance(time, Call) and time.op == "mod" and isinstance(time.args[1], Num):
        return math.lcm(parts_of(time.args[0]), time.args[1].value.denominator)
    return 1


def _scaled(a: int, range: Range, b: int) -> Range:
    ends = sorted((a * range[0] + b, a * range[1] + b))
    return ends[0], ends[1]
