"""Constants in generated code: the number that a constant is there, and the constants of a product as one."""

from __future__ import annotations

from lrdsl.expr import VARYING, WIDE, Call, Expr, LogSize, Num
from lrdsl.expr.exact import Exact

#: Doubles hold every whole number below this one.
WHOLE = 2**53


def double(value: Exact) -> float:
    """Returns the double of a number, an int where it is whole and small."""
    return value.numerator if value.denominator == 1 and -WHOLE < value < WHOLE else float(value)


def constant(e: Expr) -> float | None:
    """Returns the number that a constant is in code; None for an expression that is computed there."""
    if isinstance(e, Num):
        return double(e.double)
    if not isinstance(e, Call | LogSize):
        return None
    from lrdsl.numbers.constants import in_two_doubles  # few texts have constants that are expressions

    doubles = in_two_doubles(e)
    return None if doubles is None else doubles[0]


def gathered(e: Call) -> tuple[Expr, ...]:
    """Returns the arguments of an operation, with the constants of a product as one: the compiler of the code would multiply them."""
    fixed = [a for a in e.args if not a.holds & (VARYING | WIDE)] if e.op == "mul" else []
    if len(fixed) < 2 or constant(product := Call("mul", tuple(fixed))) is None:
        return e.args
    return (product, *(a for a in e.args if a.holds & (VARYING | WIDE)))
