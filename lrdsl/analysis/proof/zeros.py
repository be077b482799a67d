"""Decides whether a value is 0 at every tick."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from lrdsl.analysis.proof.values import ONE, UNIT, Monomial, UnprovableError, Value, terms, without
from lrdsl.work import spend

#: The largest order of a root of unity that is reduced.
_MOST_ORDER = 4000


def is_zero(value: Value) -> bool:
    """Whether a value is 0 at every tick, as far as its normal form tells."""
    rows: dict[Monomial, dict[Fraction, Fraction]] = {}
    for monomial, coefficient in cleared(value).items():
        exponents = {name: dict(exponent) for name, exponent in monomial}
        turn = exponents.get(UNIT, {}).pop(ONE, Fraction(0))
        rest = frozenset((name, terms(exponent)) for name, exponent in exponents.items() if exponent)
        rows.setdefault(rest, {})[turn] = coefficient
    return all(_vanishes(row) for row in rows.values())


def cleared(value: Value) -> Value:
    """Returns a value without sums in denominators, and with whole powers of sums multiplied out: what is 0 stays 0."""
    for _ in range(40):
        names = {name for monomial in value for name, exponent in monomial if name[0] == "sum" and dict(exponent).get(ONE, Fraction(0)).__floor__()}
        if not names:
            return value
        name = max(names, key=lambda name: len(repr(name)))
        value = without(value, name)
    raise UnprovableError


def _vanishes(row: dict[Fraction, Fraction]) -> bool:
    """Whether a sum of powers of exp(i pi) is 0."""
    if len(row) < 3:
        return not row
    from sympy import QQ, Poly, cyclotomic_poly, symbols

    n = lcm(*(turn.denominator for turn in row))
    if n > _MOST_ORDER:
        return False
    spend(n)
    x = symbols("x")
    total = Poly({(int(turn * n),): QQ(c.numerator, c.denominator) for turn, c in row.items()}, x, domain=QQ)
    return bool(total.rem(Poly(cyclotomic_poly(2 * n, x), x, domain=QQ)).is_zero)
