"""Derivatives of formulas by time.

Interval arithmetic bounds a formula loosely if a variable stands in it twice, as in `t*b^t/(1 - b^t)`. Over a short stretch of time, the level at one tick and
the range of the slope bound it more closely.
"""

from __future__ import annotations

from functools import lru_cache

from lrdsl.expr import ONE, ZERO, Call, Expr, Linear, Num, Symbol, T, add, call, div, mentions, mul, neg, number, power


@lru_cache(maxsize=256)
def slope(e: Expr) -> Expr | None:
    """The derivative of a formula by time; None where it has none everywhere, or is not looked for."""
    if e is T:
        return ONE
    if isinstance(e, Num | Symbol) or not mentions(e, T):
        return ZERO
    if isinstance(e, Linear):
        inner = slope(e.of)
        return None if inner is None else mul(number(e.scale), inner)
    if not isinstance(e, Call):
        return None
    slopes = [slope(a) for a in e.args]
    parts = [s for s in slopes if s is not None]
    return _of_call(e, parts) if len(parts) == len(slopes) else None


def _of_call(e: Call, slopes: list[Expr]) -> Expr | None:
    a = e.args[0]
    match e.op:
        case "add":
            total: Expr = ZERO
            for s in slopes:
                total = add(total, s)
            return total
        case "mul":
            total = ZERO
            for i, s in enumerate(slopes):
                for other in (*e.args[:i], *e.args[i + 1 :]):
                    s = mul(s, other)
                total = add(total, s)
            return total
        case "div":
            b = e.args[1]
            return add(div(slopes[0], b), neg(div(mul(a, slopes[1]), power(b, number(2)))))
        case "pow" if slopes[1] is ZERO:
            return mul(mul(e.args[1], power(a, add(e.args[1], number(-1)))), slopes[0])
        case "pow" if slopes[0] is ZERO:
            return mul(mul(e, call("log", a)), slopes[1])
        case "exp":
            return mul(e, slopes[0])
        case "log":
            return div(slopes[0], a)
        case "sqrt":
            return div(slopes[0], mul(number(2), e))
    return None
