"""Functions of expressions, worked out where their value is exact."""

from __future__ import annotations

from fractions import Fraction

from lrdsl.expr.arithmetic import ONE, PI, ZERO, Call, Expr, Num, Operand, as_expr, coefficient, is_time, number, parts
from lrdsl.expr.exact import Exact, size


def call(op: str, *args: Operand) -> Expr:
    """A function applied to arguments; what can be computed exactly is.

    >>> call("max", 2, 3) == number(3)
    True
    """
    given = tuple(as_expr(a) for a in args)
    if op == "floor":
        return floor(given[0])
    if op == "reduce" and given[1] == ZERO:
        return given[0]
    if op in ("count", "since") and is_time(given[1]) and parts(given[1])[:2] == (1, given[0]):  # at the event, or some ticks later
        return ONE if op == "count" else number(parts(given[1])[2])
    if op in ("min", "max"):
        if len(set(given)) == 1:
            return given[0]
        if all(isinstance(a, Num) for a in given):
            nums = [a for a in given if isinstance(a, Num)]
            pick = min if op == "min" else max
            return Num(pick(a.value for a in nums), pick(a.double for a in nums))
    elif op in ("cos", "sin") and coefficient(given[0])[1] is PI:
        turns = (coefficient(given[0])[0].value + Fraction(op == "sin", -2)) % 2
        if turns in _COSINES:
            return number(_COSINES[turns])
    elif isinstance(given[0], Num):
        folded = _fold_call(op, given[0])
        if folded is not None:
            return folded
    return Call(op, given)


#: cos(pi x) at the x where it is a whole number.
_COSINES = {0: 1, Fraction(1, 2): 0, 1: -1, Fraction(3, 2): 0}


def _fold_call(op: str, a: Num) -> Num | None:
    if op == "abs":
        return Num(size(a.value), size(a.double))
    if op == "ceil":
        return Num(a.value.__ceil__(), a.double.__ceil__())
    if op == "hav" and a.exact and a.value in (0, 1, Fraction(1, 2)):
        return number(a.value)
    if a == ZERO and op in ("sqrt", "sin", "expm1", "log1p"):
        return ZERO
    if (a == ZERO and op in ("exp", "cos")) or (a == ONE and op == "sqrt"):
        return ONE
    return ZERO if a == ONE and op == "log" else None


def floor(a: Operand) -> Expr:
    """The largest whole number not above a."""
    e = as_expr(a)
    if isinstance(e, Num):
        return Num(e.value.__floor__(), e.double.__floor__())
    return Call("floor", (e,))


def mod(a: Operand, period: Exact) -> Expr:
    """`a - period * floor(a / period)`: the time since the present cycle began."""
    e = as_expr(a)
    if isinstance(e, Num):
        return Num(e.value % period, e.double % period)
    return Call("mod", (e, number(period)))
