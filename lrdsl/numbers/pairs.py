"""Machine numbers, and pairs of them: a value as a double and its small error, which operations carry along.

The pairs are double-double arithmetic: T. J. Dekker, "A floating-point technique for extending the available precision", 1971.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from lrdsl.expr import Call, Expr

_SPLITTER = 2.0**27 + 1
#: The origin of a number that comes from an exact time in a way of its own.
LOST = ("lost",)


@attrs.frozen(eq=False)
class Float(Expr):
    """A machine number; whole ones are ints, so that time stays exact.

    `origin` says how it comes from an exact time, if it does: a role and the time, see `lowering.value_of`.
    """

    value: float | int
    origin: tuple[Any, ...] | None = None

    @staticmethod
    def key(value: float, origin: tuple[Any, ...] | None = None) -> tuple[Any, ...]:
        """What tells a machine number from other nodes."""
        return Float, value, type(value), origin


ZERO = Float(0)
ONE = Float(1)
#: The smallest normal number.
LEAST = Float(2.0**-1022)


@attrs.frozen
class Pair:
    """A value as an unevaluated sum of a double and its small error term; None where there is no error to speak of."""

    high: Expr
    low: Expr | None

    @property
    def rounded(self) -> Expr:
        """The double that is nearest to the value."""
        return self.high if self.low is None else added(self.high, self.low)


def operation(op: str, *args: Expr) -> Expr:
    """An operation on machine numbers."""
    return Call(op, args)


def added(*args: Expr) -> Expr:
    """A sum, added up from the left."""
    return Call("add", args)


def less(a: Expr, b: Expr) -> Expr:
    """A difference."""
    return Call("sub", (a, b))


def times(*args: Expr) -> Expr:
    """A product, multiplied from the left."""
    return Call("mul", args)


def over(a: Expr, b: Expr) -> Expr:
    """A quotient."""
    return Call("div", (a, b))


def sum_of(a: Pair, b: Pair) -> Pair:
    """The sum of two pairs."""
    total = added(a.high, b.high)
    part = less(total, a.high)
    return Pair(total, _plus(added(less(a.high, less(total, part)), less(b.high, part)), a.low, b.low))


def product_of(a: Pair, b: Pair, multiply: Callable[[Expr, Expr], Expr] = times) -> Pair:
    """The product of two pairs."""
    p = multiply(a.high, b.high)
    cross = [times(x, y) for x, y in ((a.high, b.low), (b.high, a.low)) if y is not None]
    return Pair(p, _plus(_product_error(a.high, b.high, p), *cross))


def quotient_of(a: Pair, b: Pair, divide: Callable[[Expr, Expr], Expr] = over) -> Pair:
    """The quotient of two pairs."""
    r = divide(a.high, b.high)
    p = times(r, b.high)
    rest = less(less(a.high, p), _product_error(r, b.high, p))
    if a.low is not None:
        rest = added(rest, a.low)
    if b.low is not None:
        rest = less(rest, times(r, b.low))
    return Pair(r, divide(rest, b.high))


def root_of(a: Pair) -> Pair:
    """The square root of a pair."""
    r = operation("sqrt", a.high)
    p = times(r, r)
    rest = less(less(a.high, p), _product_error(r, r, p))
    rest = rest if a.low is None else added(rest, a.low)
    return Pair(r, over(rest, apart_from_zero(times(Float(2), r))))


def apart_from_zero(e: Expr) -> Expr:
    """`e`, kept from 0 by the smallest normal number, which changes no other value: an error term divided by it is 0 where the value is exact."""
    return Float(float(e.value), e.origin and LOST) if isinstance(e, Float) and e.value else added(e, LEAST)


def is_apart_from_zero(e: Expr) -> bool:
    """Returns whether a number is kept from 0."""
    return isinstance(e, Call) and e.op == "add" and e.args[-1] is LEAST


#: Operations that may overflow -> those that give infinity then, as the doubles of a processor do, where Python has an error.
WIDE_OPERATIONS = {op: f"wide_{op}" for op in ("ceil", "div", "exp", "expm1", "floor", "log", "log1p", "mul", "pow")}


def wide(op: str, *args: Expr) -> Expr:
    """An operation on machine numbers that may be infinite, or that may become so."""
    return Call(WIDE_OPERATIONS.get(op, op), args)


def known_error(e: Expr) -> Expr:
    """An error term, or 0 where what it belongs to is infinite."""
    return Call("wide_error", (e,))


def _plus(first: Expr, *others: Expr | None) -> Expr:
    rest = [o for o in others if o is not None]
    return added(first, *rest) if rest else first


def _halves(a: Expr) -> tuple[Expr, Expr]:
    if isinstance(a, Float):
        t = _SPLITTER * a.value
        high = t - (t - a.value)
        return Float(high, a.origin and LOST), Float(a.value - high, a.origin and LOST)
    t_ = times(Float(_SPLITTER), a)
    high_ = less(t_, less(t_, a))
    return high_, less(a, high_)


def _product_error(a: Expr, b: Expr, p: Expr) -> Expr:
    """a*b - p exactly, where p is the rounded product."""
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    first = less(times(a1, b1), p)
    return added(first, times(a1, b2), times(a2, b1), times(a2, b2))
