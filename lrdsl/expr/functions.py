"""Applies functions to expressions: `max`, `cos`, `floor`, `mod` and others. A result that is exact becomes a number.

Half a cosine, of constants with letters, stays: a reader would not see where a bare 0.5 comes from.
"""

from __future__ import annotations

from fractions import Fraction

from lrdsl.expr.arithmetic import ONE, PI, ZERO, Call, Expr, Num, Operand, as_expr, coefficient, is_time, number, parts
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.expr.lettered import is_lettered


def call(op: str, *args: Operand) -> Expr:
    """Applies a function to arguments. If the result is exact, it becomes a number.

    >>> call("max", 2, 3) == number(3)
    True
    """
    operands = tuple(as_expr(a) for a in args)
    if op == "floor":
        return floor(operands[0])
    if op == "reduce" and operands[1] == ZERO:
        return operands[0]
    if op in ("count", "since") and is_time(operands[1]) and parts(operands[1])[:2] == (1, operands[0]):  # at the event itself, or a fixed time later
        return ONE if op == "count" else number(parts(operands[1])[2])
    if op in ("min", "max"):
        if len(set(operands)) == 1:
            return operands[0]
        if all(isinstance(a, Num) for a in operands):
            nums = [a for a in operands if isinstance(a, Num)]
            pick = min if op == "min" else max
            return Num(pick(a.value for a in nums), pick(a.double for a in nums))
    elif op in ("cos", "sin") and (angle := _half_turns(operands[0])) is not None:
        turns = (angle + Fraction(op == "sin", -2)) % 2
        if turns in _COSINES and not (_COSINES[turns] == 0 and is_lettered(turns)):
            return number(_COSINES[turns])
    elif isinstance(operands[0], Num):
        folded = _fold_call(op, operands[0])
        if folded is not None:
            return folded
    return Call(op, operands)


def _half_turns(angle: Expr) -> Exact | None:
    """Returns how many times pi a constant angle is, as 1 for 7 pi / 7; None for any other."""
    if isinstance(angle, Call) and angle.op == "div" and isinstance(angle.args[1], Num):
        above = _half_turns(angle.args[0])
        return None if above is None else quotient(above, angle.args[1].value)
    times, of = coefficient(angle)
    return times.value if of is PI else None


#: cos(pi x) for the x at which it is a whole number.
_COSINES = {0: 1, Fraction(1, 2): 0, 1: -1, Fraction(3, 2): 0}


def _fold_call(op: str, a: Num) -> Num | None:
    """Returns the exact value of a function of a constant, or None if it is not exact."""
    if op == "abs":
        return Num(size(a.value), size(a.double))
    if op == "ceil":
        return Num(a.value.__ceil__(), a.double.__ceil__())
    if op == "hav" and a.exact and a.value in ((0, 1) if is_lettered(a.value) else (0, 1, Fraction(1, 2))):
        return number(a.value)
    if a == ZERO and op in ("sqrt", "sin", "expm1", "log1p"):
        return ZERO
    if (a == ZERO and op in ("exp", "cos")) or (a == ONE and op == "sqrt"):
        return ONE
    return ZERO if a == ONE and op == "log" else None


def floor(a: Operand) -> Expr:
    """Returns the largest whole number that is not above `a`."""
    e = as_expr(a)
    if isinstance(e, Num):
        return Num(e.value.__floor__(), e.double.__floor__())
    return Call("floor", (e,))


def mod(a: Operand, period: Exact) -> Expr:
    """Returns `a - period * floor(a / period)`: the time since the current cycle began."""
    e = as_expr(a)
    if isinstance(e, Num):
        return Num(e.value % period, e.double % period)
    return Call("mod", (e, number(period)))
