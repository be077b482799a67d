"""`Value`: a number that depends on the tick, as a sum of products of powers with exact coefficients. Equal formulas mostly have equal values.

A value is a dictionary from monomials to fractions. A monomial is a set of (atom, exponent), and an exponent is a value again, as a set of its terms. Atoms
are tuples: `("t",)` and `("q",)`, the ticks within a cycle and the number of the cycle; `("b",)`, the base, above 0; `("pi",)`; `("e",)`; `("unit",)`,
exp(i pi); `("turn",)`, exp(i); `("prime", p)`; `("log", atom)`; `("sum", terms)`, a sum that cannot be multiplied out under its exponent; and
`("call", ...)`, a function of which nothing more is known.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from lrdsl.work import spend

Atom: TypeAlias = "tuple[Any, ...]"
Terms: TypeAlias = "frozenset[tuple[Monomial, Fraction]]"
Monomial: TypeAlias = "frozenset[tuple[Atom, Terms]]"
Value: TypeAlias = "dict[Monomial, Fraction]"
#: Returns the sign of a value, the same at all ticks at hand; None if it is not known.
Sign: TypeAlias = "Callable[[Value], int | None]"

ONE: Monomial = frozenset()
TICK, CYCLE, BASE, PI, E, UNIT, TURN = ("t",), ("q",), ("b",), ("pi",), ("e",), ("unit",), ("turn",)
#: Stands for 0 in its logarithm.
NOTHING = ("nothing",)
_FIRST: Terms = frozenset({(ONE, Fraction(1))})
#: The longest sums that are multiplied out, and the largest constants that are computed, in bits.
_MOST_TERMS, _MOST_BITS = 400, 20_000
#: The least exponent of 0.
_LEAST = Fraction(1, 1000)


class UnprovableError(Exception):
    """Raised where a value has no normal form."""


def constant(number: Any) -> Value:
    """Returns the value of an exact number."""
    return {ONE: Fraction(number)} if number else {}


def atom(name: Atom, exponent: Value | None = None) -> Value:
    """Returns an atom, or a power of one."""
    return term(Fraction(1), {name: {ONE: Fraction(1)} if exponent is None else exponent})


def terms(value: Value) -> Terms:
    """Returns a value as a set, to be part of an atom or an exponent."""
    return frozenset(value.items())


def rational(value: Value) -> Fraction | None:
    """Returns a value as a number; None if it is none."""
    return Fraction(0) if not value else value[ONE] if len(value) == 1 and ONE in value else None


def add(a: Value, b: Value, factor: Fraction | int = 1) -> Value:
    """Returns a + factor * b."""
    total = dict(a)
    for monomial, coefficient in b.items():
        both = total.get(monomial, 0) + factor * coefficient
        if both:
            total[monomial] = both
        else:
            total.pop(monomial, None)
    return total


def times(a: Value, b: Value) -> Value:
    """Returns a * b."""
    spend(1 + len(a) * len(b) // 8)
    if len(a) * len(b) > _MOST_TERMS**2:
        raise UnprovableError
    total: Value = {}
    for left, x in a.items():
        for right, y in b.items():
            total = add(total, _joined(left, right, x * y))
    return total


def _joined(a: Monomial, b: Monomial, coefficient: Fraction) -> Value:
    if not a or not b:
        return {a or b: coefficient}
    exponents = {name: dict(exponent) for name, exponent in a}
    for name, exponent in b:
        exponents[name] = add(exponents[name], dict(exponent)) if name in exponents else dict(exponent)
    return term(coefficient, exponents)


def term(coefficient: Fraction, exponents: dict[Atom, Value]) -> Value:
    """Returns a product of powers. Whole powers of primes go into the coefficient; exp(i pi) has the period 2 in all that is whole."""
    powers = []
    for name, exponent in exponents.items():
        if name == UNIT:
            sign, exponent = _unit(exponent)
            coefficient *= sign
        elif name[0] == "prime" and (whole := exponent.get(ONE, Fraction(0)).__floor__()) and abs(whole) * name[1].bit_length() <= _MOST_BITS:
            coefficient *= Fraction(name[1]) ** whole
            exponent = add(exponent, {ONE: Fraction(-whole)})
        if exponent:
            powers.append((name, terms(exponent)))
    return {frozenset(powers): coefficient} if coefficient else {}


def _unit(exponent: Value) -> tuple[int, Value]:
    """Returns the sign, and the rest of the exponent, of a power of exp(i pi)."""
    sign, rest = 1, {}
    for monomial, coefficient in exponent.items():
        left = coefficient % 2 if is_whole(monomial) else coefficient
        if monomial == ONE and left >= 1:
            sign, left = -1, left - 1
        if left:
            rest[monomial] = left
    return sign, rest


def is_whole(monomial: Monomial) -> bool:
    """Whether a monomial is a whole number at each tick."""
    return all(name in (TICK, CYCLE) and (n := rational(dict(exponent))) is not None and n.denominator == 1 and n > 0 for name, exponent in monomial)


def is_whole_number(value: Value) -> bool:
    """Whether a value is a whole number at each tick, which its coefficients show."""
    return all(c.denominator == 1 and is_whole(m) for m, c in value.items())


def linear(value: Value) -> tuple[Fraction, Fraction, Fraction] | None:
    """Returns the slopes in ticks and in cycles, and the constant, of a value of the first degree; None for others."""
    slopes = {ONE_TICK: Fraction(0), ONE_CYCLE: Fraction(0), ONE: Fraction(0)}
    for monomial, coefficient in value.items():
        if monomial not in slopes:
            return None
        slopes[monomial] = coefficient
    return slopes[ONE_TICK], slopes[ONE_CYCLE], slopes[ONE]


ONE_TICK: Monomial = frozenset({(TICK, _FIRST)})
ONE_CYCLE: Monomial = frozenset({(CYCLE, _FIRST)})


def power(a: Value, exponent: Value, sign: Sign) -> Value:
    """Returns a to the power of a value."""
    n = rational(exponent)
    if n is not None and n.denominator == 1 and n >= 0 and _is_short(a, n.numerator):
        return _whole_power(a, n.numerator)
    whole = is_whole_number(exponent)
    if not a:
        if sign(add(exponent, constant(_LEAST), -1)) == 1:  # 0 to the power 0 is 1
            return {}
        raise UnprovableError
    coefficient, common, sums = factored(a, sign)
    result = _power_of_number(coefficient, exponent, whole)
    powers: dict[Atom, Value] = {}
    for name, inner in common:
        if not whole and (name in (UNIT, TURN) or name[0] in ("call", "log") or (name[0] == "sum" and sign(dict(name[1])) != 1)):
            return atom(("sum", terms(a)), exponent)
        powers[name] = times(dict(inner), exponent)
    if not whole and (coefficient < 0 or any(sign(f) != 1 for f, _ in sums)):
        return atom(("sum", terms(a)), exponent)
    result = times(result, term(Fraction(1), powers))
    for f, count in sums:
        result = times(result, atom(("sum", terms(f)), times(constant(count), exponent)))
    return result


def _is_short(a: Value, n: int) -> bool:
    """Whether a whole power is short enough to be multiplied out."""
    if len(a) > 1:
        return bool(len(a) ** min(n, 9) <= _MOST_TERMS)
    return all(n * max(c.numerator.bit_length(), c.denominator.bit_length()) <= _MOST_BITS for c in a.values())


def _whole_power(a: Value, n: int) -> Value:
    if len(a) == 1 and n > 1:
        ((monomial, coefficient),) = a.items()
        return term(coefficient**n, {name: times(dict(exponent), constant(n)) for name, exponent in monomial})
    result = constant(1)
    for _ in range(n):
        result = times(result, a)
    return result


def _power_of_number(number: Fraction, exponent: Value, whole: bool) -> Value:
    """Returns a power of a number, as powers of primes."""
    result = constant(1)
    if number < 0:
        if not whole:
            return result  # the caller takes the sum as it is
        result = atom(UNIT, exponent)
    for n, direction in ((abs(number.numerator), 1), (number.denominator, -1)):
        for prime, count in _primes(n):
            result = times(result, atom(("prime", prime), times(constant(direction * count), exponent)))
    return result


@lru_cache(maxsize=1024)
def _primes(n: int) -> tuple[tuple[int, int], ...]:
    """Returns the prime factors of a number, and what remains of it after the small ones."""
    from sympy import factorint

    return tuple(factorint(n, limit=1 << 15, use_rho=False, use_pm1=False, use_ecm=False).items()) if n > 1 else ()


def factored(a: Value, sign: Sign) -> tuple[Fraction, Monomial, list[tuple[Value, int]]]:
    """Returns a number, a monomial and sums whose product a value is. A sum that is negative at all ticks changes its sign."""
    if len(a) == 1:
        ((monomial, coefficient),) = a.items()
        return coefficient, monomial, []
    a, below = _over_common_denominator(a)
    if not a:
        raise UnprovableError
    rows = {m: frozenset(part for part in m if part[0] not in (TICK, CYCLE)) for m in a}
    common = frozenset.intersection(*rows.values())
    rest = {m - common: c for m, c in a.items()}
    coefficient, sums = Fraction(1), [(rest, 1)]
    if all(row == common for row in rows.values()) and all(is_whole(m) for m in rest):
        coefficient, sums = _factors(terms(rest))
    kept: list[tuple[Value, int]] = []
    for f, count in sums:
        if len(f) == 1:
            ((monomial, number),) = f.items()
            coefficient *= number**count
            common = next(iter(_joined(common, next(iter(_whole_power({monomial: Fraction(1)}, count))), Fraction(1))))
            continue
        content = _content(f)
        f = {m: c / content for m, c in f.items()}
        coefficient *= content**count
        if sign(f) == -1:
            coefficient *= (-1) ** count
            f = {m: -c for m, c in f.items()}
        kept.append((f, count))
    ((common, number),) = _joined(common, below, Fraction(1)).items()
    return coefficient * number, common, kept


def _over_common_denominator(a: Value) -> tuple[Value, Monomial]:
    """Returns a sum without denominators, and the monomial by which it is to be multiplied."""
    below: dict[Atom, Value] = {}
    for name in sorted({name for m in a for name, _ in m if name == TICK or name[0] == "sum"}, key=repr):
        whole = {m: next((dict(e).get(ONE, Fraction(0)).__floor__() for part, e in m if part == name), 0) for m in a}
        least = min(whole.values())
        if least < 0:
            below[name] = constant(least)
            a = times(a, atom(TICK, constant(-least))) if name == TICK else without(a, name)
    return a, next(iter(term(Fraction(1), below)))


def _content(f: Value) -> Fraction:
    """Returns the positive number that makes the coefficients of a sum whole and without a common factor."""
    from math import gcd, lcm

    return Fraction(gcd(*(c.numerator for c in f.values())), lcm(*(c.denominator for c in f.values())))


@lru_cache(maxsize=1024)
def _factors(polynomial: Terms) -> tuple[Fraction, list[tuple[Value, int]]]:
    """Returns the irreducible factors of a polynomial in ticks and cycles, with how often each occurs, and a number."""
    from sympy import QQ, Poly, symbols

    t, q = symbols("t q")
    degrees = {m: (_degree(m, TICK), _degree(m, CYCLE)) for m, _ in polynomial}
    if max(sum(pair) for pair in degrees.values()) < 2:
        return Fraction(1), [(dict(polynomial), 1)]
    spend(500)
    number, parts = Poly({degrees[m]: QQ(c.numerator, c.denominator) for m, c in polynomial}, t, q, domain=QQ).factor_list()
    sums = [(_polynomial(part), int(count)) for part, count in parts]
    return Fraction(int(number.p), int(number.q)), sums


def _polynomial(part: Any) -> Value:
    value: Value = {}
    for (i, j), c in part.terms():
        value |= term(Fraction(int(c.p), int(c.q)), {TICK: constant(int(i)), CYCLE: constant(int(j))})
    return value


def _degree(monomial: Monomial, name: Atom) -> int:
    return sum(int(rational(dict(exponent)) or 0) for part, exponent in monomial if part == name)


def log(a: Value, sign: Sign) -> Value:
    """Returns the natural logarithm of a value above 0; that of 0 is an atom, for `exp` to make a 0 of it."""
    if not a:
        return atom(("log", NOTHING))
    coefficient, common, sums = factored(a, sign)
    if coefficient < 0 or any(name in (UNIT, TURN) or name[0] in ("call", "log") for name, _ in common) or any(sign(f) != 1 for f, _ in sums):
        return atom(("call", "log", terms(a)))
    total: Value = {}
    for n, direction in ((coefficient.numerator, 1), (coefficient.denominator, -1)):
        for prime, count in _primes(n):
            total = add(total, atom(("log", ("prime", prime))), direction * count)
    for name, exponent in common:
        total = add(total, dict(exponent) if name == E else times(dict(exponent), atom(("log", name))))
    for f, count in sums:
        total = add(total, atom(("log", ("sum", terms(f)))), count)
    return total


def exp(a: Value) -> Value:
    """Returns e to the power of a value. What has a logarithm in it is a power of something else."""
    result, rest = constant(1), {}
    for monomial, coefficient in a.items():
        logarithms = [part for part in monomial if part[0][0] == "log" and part[1] == _FIRST]
        if len(logarithms) == 1:
            of, exponent = logarithms[0][0][1], {monomial - {logarithms[0]}: coefficient}
            if of == NOTHING and (rational(exponent) or 0) <= 0:
                raise UnprovableError
            result = {} if of == NOTHING else times(result, atom(of, exponent))
        else:
            rest[monomial] = coefficient
    return times(result, atom(E, rest)) if rest else result


def wave(angle: Value, half_turn: bool = False) -> tuple[Value, Value]:
    """Returns exp(i x) and exp(-i x) for an angle x, or for pi x."""
    halves: Value = {}
    rest: Value = {}
    for monomial, coefficient in angle.items():
        if half_turn:
            halves[monomial] = coefficient
        elif (PI, _FIRST) in monomial:
            halves[monomial - {(PI, _FIRST)}] = coefficient
        else:
            rest[monomial] = coefficient
    forward, backward = (term(Fraction(1), {UNIT: add({}, halves, way), TURN: add({}, rest, way)}) for way in (1, -1))
    return forward, backward


def replaced(value: Value, parts: dict[Atom, Value], sign: Sign) -> Value:
    """Returns a value with atoms replaced by values."""
    total: Value = {}
    for monomial, coefficient in value.items():
        product = constant(coefficient)
        for name, exponent in monomial:
            product = times(product, power(_replaced_atom(name, parts, sign), replaced(dict(exponent), parts, sign), sign))
        total = add(total, product)
    return total


def _replaced_atom(name: Atom, parts: dict[Atom, Value], sign: Sign) -> Value:
    if name in parts:
        return parts[name]
    if name[0] == "sum":
        return replaced(dict(name[1]), parts, sign)
    if name[0] == "log":
        return log(_replaced_atom(name[1], parts, sign), sign)
    if name[0] == "call":
        raise UnprovableError
    return atom(name)


def without(value: Value, name: Atom) -> Value:
    """Returns a value times a power of a sum that stands in it, so that the sum is multiplied out and in no denominator."""
    whole = {m: next((dict(e).get(ONE, Fraction(0)).__floor__() for part, e in m if part == name), 0) for m in value}
    least = min(whole.values())
    expanded = dict(name[1])
    if (max(whole.values()) - least) * len(expanded) > _MOST_TERMS:
        raise UnprovableError
    total: Value = {}
    for monomial, coefficient in value.items():
        exponents = {part: dict(exponent) for part, exponent in monomial}
        if name in exponents:
            exponents[name] = add(exponents[name], constant(-whole[monomial]))
        total = add(total, times(term(coefficient, exponents), _whole_power(expanded, whole[monomial] - least)))
    return total
