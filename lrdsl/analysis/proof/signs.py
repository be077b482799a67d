"""Signs of values: by intervals of many digits, which are halved until each part is on one side of 0."""

from __future__ import annotations

from collections.abc import Container
from fractions import Fraction
from typing import Any, TypeAlias

import attrs
from mpmath.ctx_iv import MPIntervalContext
from mpmath.libmp import to_int

from lrdsl.analysis.proof.values import (
    BASE,
    CYCLE,
    PI,
    TICK,
    TURN,
    UNIT,
    E,
    Monomial,
    Terms,
    UnprovableError,
    Value,
    add,
    atom,
    constant,
    rational,
    replaced,
    term,
    times,
)
from lrdsl.analysis.proof.zeros import cleared, is_zero
from lrdsl.work import spend

Range: TypeAlias = Any
iv = MPIntervalContext()
iv.prec = 256  # bits
#: The most parts into which a stretch is cut, to find the sign of one value.
_MOST_PARTS = 400
#: The work for one term of an interval.
_OF_TERM = 10
#: The most terms by which a value is divided, to find its sign.
_MOST_SHARES = 4
#: The largest number whose whole part is looked for.
_MOST_WHOLE = 10**30
_ANYTHING = iv.mpf(["-inf", "inf"])


@attrs.frozen
class Ticks:
    """A range of whole numbers, from `first` to `last`; endless if `last` is None. `cycles` is the last number of a cycle; 0 if there are none."""

    first: int
    last: int | None
    cycles: int | None = 0


class SplitError(Exception):
    """Raised where something changes at the tick `at`. What comes back every `period` ticks says so. `cyclic`: the tick is one within a cycle."""

    def __init__(self, at: int, period: Fraction | None = None, cyclic: bool = False) -> None:
        self.at, self.period, self.cyclic = at, period, cyclic


def sign(value: Value, ticks: Ticks) -> int | None:
    """Returns the sign of a value, for every base above 0; None if it is not known. Raises `SplitError` at the first tick that has another sign."""
    if is_zero(value):
        return 0
    signs = {_of_group(group, ticks) for group in by_base(value)} - {0}
    return signs.pop() if len(signs) == 1 else None if signs else 0


def by_base(value: Value) -> list[Value]:
    """Returns a value as coefficients of different powers of the base."""
    groups: dict[Terms, Value] = {}
    for monomial, coefficient in value.items():
        powers = next((exponent for name, exponent in monomial if name == BASE), frozenset())
        rest = frozenset(part for part in monomial if part[0] != BASE)
        groups.setdefault(powers, {})[rest] = coefficient
    return list(groups.values())


def _of_group(value: Value, ticks: Ticks) -> int | None:
    shares = _shares(value, ticks)
    before: int | None = None
    todo = [(ticks.first, ticks.last)]
    for _ in range(_MOST_PARTS):
        if not todo:
            return before or 0
        first, last = todo.pop()
        part = Ticks(first, last, ticks.cycles)
        here = next((side for share in shares if (side := _side(bounds(share, part))) is not None), None)
        if here is None and first == last:
            here = _exactly(value, first)
            if here is None:
                return None
        if here is None:
            middle = first + (last - first) // 2 if last is not None else max(2 * first, first + 15)
            todo += [(middle + 1, last), (first, middle)]
        elif before and here and here != before:
            raise SplitError(first, cyclic=ticks.cycles != 0)
        else:
            before = before or here
    return None


def _shares(value: Value, ticks: Ticks) -> list[Value]:
    """Returns values with the same sign: the value by the powers above 0 in one of its terms. So 0.9^t - 0.8^t is compared as 1 - (8/9)^t.

    The last ones have no denominators: 1/(t + 1) - 1/(t + 2) is compared as (t + 2) - (t + 1). Roots are squared first, where there are two terms.
    """
    positive = {name for monomial in value for name, _ in monomial if _is_positive(name) or (name[0] in ("t", "sum") and _of_atom(name, ticks) > 0)}
    divisors = dict.fromkeys(frozenset(part for part in monomial if part[0] in positive) for monomial in list(value)[:_MOST_SHARES])
    shares = [times(value, term(Fraction(1), {name: add({}, dict(exponent), -1) for name, exponent in divisor})) for divisor in divisors]
    return [*shares, *_multiplied_out(value, positive)]


def _multiplied_out(value: Value, positive: Container[Any]) -> list[Value]:
    """Returns a value of two terms or more, and its square if it has roots, without denominators, if these are above 0."""
    squared = _squared(value, positive)
    plain = [each for each in (value, squared) if each is not None and len(each) > 1]
    if not all(name in positive for each in plain for monomial in each for name, _ in monomial if name[0] == "sum"):
        return []
    try:
        return [cleared(each) for each in plain]
    except UnprovableError:
        return []


def _squared(value: Value, positive: Container[Any]) -> Value | None:
    """Returns a^2 - b^2 for a - b, where both are above 0 and one has a root; None for others."""
    above, below = ([(m, c) for m, c in value.items() if (c > 0) == is_above] for is_above in (True, False))
    names = [name for monomial in value for name, _ in monomial]
    has_root = any((power := rational(dict(exponent))) is not None and power.denominator == 2 for monomial in value for _, exponent in monomial)
    if len(above) != 1 or len(below) != 1 or not has_root or not all(name in positive for name in names):
        return None
    one, two = dict(above), dict(below)
    return add(times(one, one), times(two, two), -1)


def _is_positive(name: Any) -> bool:
    """Whether an atom is a constant above 0."""
    return name in (E, PI) or name[0] == "prime"


def _exactly(value: Value, tick: int) -> int | None:
    """Returns 0 if a value is exactly 0 at a tick."""
    try:
        there = replaced(value, {TICK: constant(tick), CYCLE: atom(CYCLE)}, lambda v: side_of(v))
        return 0 if is_zero(there) else None
    except UnprovableError:
        return None


def side_of(value: Value) -> int | None:
    """Returns the sign of a constant value."""
    return _side(bounds(value, Ticks(0, None, None)))


def whole_part(value: Value) -> int | None:
    """Returns the largest whole number that is not above a value; None if that is not known, as where it depends on the tick."""
    range = bounds(value, Ticks(0, None, None))
    if not -_MOST_WHOLE < range < _MOST_WHOLE:
        return None
    low, high = (int(to_int(end, "f")) for end in range._mpi_)
    return low if low == high else None


def _side(range: Range) -> int | None:
    return 1 if range > 0 else -1 if range < 0 else None


def bounds(value: Value, ticks: Ticks) -> Range:
    """Returns an interval that holds a value at all these ticks. It must not depend on the base."""
    spend(_OF_TERM * len(value))
    total = iv.mpf(0)
    for monomial, coefficient in value.items():
        total += iv.mpf(coefficient.numerator) / iv.mpf(coefficient.denominator) * _of_monomial(monomial, ticks)
    return _sound(total)


def _of_monomial(monomial: Monomial, ticks: Ticks) -> Range:
    product, angle = iv.mpf(1), None
    logarithms: dict[Monomial, Range] = {}  # of the powers of constants, which are one power: intervals of 0.9^t, as 3^2t 2^-t 5^-t, are unbounded
    for name, exponent in monomial:
        if _is_positive(name):
            for inner, coefficient in exponent:
                share = iv.mpf(coefficient.numerator) / coefficient.denominator * iv.log(iv.e if name == E else _of_atom(name, ticks))
                logarithms[inner] = logarithms.get(inner, iv.mpf(0)) + share
        elif name in (UNIT, TURN):
            turned = bounds(dict(exponent), ticks) * (iv.pi if name == UNIT else 1)
            angle = turned if angle is None else angle + turned
        else:
            product = _sound(product * _power(name, dict(exponent), ticks))
    if logarithms:
        product = _sound(product * iv.exp(_sound(sum((share * _of_monomial(inner, ticks) for inner, share in logarithms.items()), iv.mpf(0)))))
    if angle is None:
        return product
    return product * (iv.cos(angle) if angle.delta < 7 else iv.mpf([-1, 1]))  # the imaginary parts of a real value cancel


def _power(name: Any, exponent: Value, ticks: Ticks) -> Range:
    base = _of_atom(name, ticks)
    n = rational(exponent)
    if n is not None and n.denominator == 1 and (n > 0 or base > 0 or base < 0):
        return base ** int(n)
    if not base > 0:
        if n is not None and n > 0 and base >= 0:
            return iv.mpf([0, iv.exp(iv.log(iv.mpf(base.b)) * iv.mpf(n.numerator) / n.denominator).b]) if base.b > 0 else iv.mpf(0)
        return _ANYTHING
    return iv.exp(bounds(exponent, ticks) * iv.log(base))


def _of_atom(name: Any, ticks: Ticks) -> Range:
    if name == TICK:
        return iv.mpf([ticks.first, "inf" if ticks.last is None else ticks.last])
    if name == CYCLE:
        return iv.mpf([0, "inf" if ticks.cycles is None else ticks.cycles])
    if name == PI:
        return iv.pi
    if name[0] == "prime":
        return iv.mpf(name[1])
    if name[0] == "log":
        inner = _of_atom(name[1], ticks)
        return iv.log(inner) if inner > 0 else _ANYTHING
    if name[0] == "sum":
        return _ANYTHING if _has_base(name[1]) else bounds(dict(name[1]), ticks)
    return _ANYTHING


def _has_base(sum_terms: Terms) -> bool:
    return any(name == BASE or (name[0] == "sum" and _has_base(name[1])) or _has_base(exponent) for monomial, _ in sum_terms for name, exponent in monomial)


def _sound(range: Range) -> Range:
    """Returns an interval; the whole line where infinities have left no number."""
    return range if range.a <= range.b else _ANYTHING


def differs(value: Value) -> bool:
    """Whether a constant value, of the base alone, is surely not 0 for some base."""
    return any(side_of(group) is not None for group in by_base(value))
