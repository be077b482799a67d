"""Times in whole numbers: the time within a cycle of 21/10 ticks as `(10 t mod 21)/10`, which loses nothing at whole ticks, as 2.1 would."""

from __future__ import annotations

import math

from lrdsl.expr.arithmetic import Call, Expr, Linear, Num, linear, number, parts
from lrdsl.expr.exact import Exact, quotient
from lrdsl.expr.lettered import is_lettered
from lrdsl.expr.nodes import Select
from lrdsl.expr.rewriting import rebuild


def in_whole_numbers(e: Expr) -> Expr:
    """Returns the formula with the times within its cycles, and the bounds of branches within a cycle, as whole numbers of parts of a tick."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            done = memo[x] = change(x)
        return done

    def change(x: Expr) -> Expr:
        match x:
            case Linear():
                return linear(x.scale, walk(x.of), x.shift)
            case Call("mod", (time, Num(period))):
                return _cycle(walk(time), period)
            case Call("floor" | "ceil", (Linear() as time,)):
                return _stairs(x.op, *parts(walk(time)))
            case Select():
                scale, of, shift = parts(walk(x.of))
                if is_lettered(scale) or is_lettered(shift) or any(is_lettered(start) for start in x.starts):
                    return rebuild(x, walk)
                n = math.lcm(scale.denominator, shift.denominator)
                return Select(linear(n * scale, of, n * shift), tuple(n * start for start in x.starts), tuple(walk(value) for value in x.values))
        return rebuild(x, walk)

    return walk(e)


def _stairs(op: str, scale: Exact, of: Expr, shift: Exact) -> Expr:
    if is_lettered(scale) or is_lettered(shift):
        return Call(op, (linear(scale, of, shift),))
    n = math.lcm(scale.denominator, shift.denominator)
    whole = linear(n * scale, of, n * shift)
    return Call(op, (whole if n == 1 else Call("div", (whole, number(n))),))


def _cycle(time: Expr, period: Exact) -> Expr:
    scale, of, shift = parts(time)
    if any(is_lettered(x) for x in (scale, shift, period)):
        return Call("mod", (time, number(period)))
    n = math.lcm(scale.denominator, shift.denominator, period.denominator)
    return linear(quotient(1, n), Call("mod", (linear(n * scale, of, n * shift), number(n * period))), 0)
