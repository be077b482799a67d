"""Rearranges a formula before it becomes notation: common factors move out of sums, choices between stretches of time move outermost, and cycles join."""

from __future__ import annotations

import math

from lrdsl.expr import (
    ONE,
    PI,
    ZERO,
    Call,
    Expr,
    Linear,
    Num,
    Select,
    T,
    add,
    clipped,
    content,
    decimal,
    div,
    is_lettered,
    linear,
    mul,
    neg,
    number,
    parts,
    pointwise,
    rebuild,
    select,
    substitute,
    walk,
)  # fmt: skip
from lrdsl.expr.exact import Exact, quotient
from lrdsl.formulas.notation.forms import coefficient_of


def split_product(e: Expr) -> tuple[Exact, Exact, list[Expr], list[Expr]]:
    """Splits a product or a quotient into (number above, whole number below, factors above, factors below)."""
    front: Exact = 1
    under: Exact = 1
    letters: Exact = 1
    top: list[Expr] = []
    bottom: list[Expr] = []
    todo = [(e, False)]
    while todo:
        x, below = todo.pop()
        if isinstance(x, Call) and x.op == "hav":
            x = div(add(ONE, neg(Call("cos", (mul(PI, x.args[0]),)))), number(2))
        if isinstance(x, Call) and x.op == "mul":
            todo += [(a, below) for a in reversed(x.args)]
        elif isinstance(x, Call) and x.op == "div":
            todo += [(x.args[1], not below), (x.args[0], below)]
        elif isinstance(x, Num) and is_lettered(x.value):
            letters = quotient(letters, x.value) if below else letters * x.value
        elif isinstance(x, Num) and not below:
            front *= x.value
        elif isinstance(x, Num) and x.value != 0:
            under *= x.value
        else:
            (bottom if below else top).append(x)
    if is_lettered(letters):
        plain, pure = content(letters)
        if coefficient_of(plain)[1] == 1:  # batch/256 stays as it is, whatever stands beside it
            front, letters = front * plain, pure
        top = [number(letters), *top]
    return (front, under, top, bottom) if under > 0 and under.denominator == 1 else (quotient(front, under), 1, top, bottom)


def factor_out(e: Expr) -> Expr:
    """Moves the factors that all terms of a sum share out of the sum, except numbers."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        result = memo.get(x)
        if result is None:
            inner = rebuild(x, walk)
            result = memo[x] = _factor_out(inner) if isinstance(inner, Call) and inner.op == "add" else inner
        return result

    return walk(e)


def _factor_out(e: Call) -> Expr:
    terms = [split_product(term) for term in e.args]
    common = [f for f in dict.fromkeys(terms[0][2]) if not isinstance(f, Linear) and all(f in top for _, _, top, _ in terms)]
    if not common:
        return e
    total: Expr = ZERO
    for front, under, top, bottom in terms:
        others = list(top)
        for f in common:
            others.remove(f)
        term: Expr = decimal(front)
        for f in others:
            term = mul(term, f)
        for f in [*bottom, *([] if under == 1 else [number(under)])]:
            term = div(term, f)
        total = add(total, term)
    for f in common:
        total = mul(f, total)
    return total


#: Choices are not moved outermost if that makes more cases than this.
_MOST_CASES = 40


def join_cycles(law: Expr) -> Expr:
    """Writes the last of several cycles as the ones before it, where it is the same: each is `f(t mod 50)`, not the last one `f(t - 250)`."""
    if not isinstance(law, Select) or law.of is not T:
        return law
    pieces = list(zip(law.starts, law.values, strict=True))
    joined: list[tuple[Exact, Expr]] = []
    i = 0
    while i < len(pieces):
        joined.append(pieces[i])
        i = _end_of_cycles(pieces, i)
    return select(T, joined)


def _end_of_cycles(pieces: list[tuple[Exact, Expr]], i: int) -> int:
    """Returns the index of the first piece after a piece and after a last cycle that is the same as its cycles."""
    value = pieces[i][1]
    starts = [start for start, _ in pieces]
    for time in walk(value) if i + 1 < len(pieces) else ():
        if not isinstance(time, Call) or time.op != "mod" or not isinstance(time.args[1], Num):
            continue
        period, (scale, of, shift) = time.args[1].value, parts(time.args[0])
        last = starts[i + 1]
        cycle = quotient(last + shift, period)
        if of is not T or scale != 1 or cycle.denominator != 1 or last + period not in starts:
            continue
        number_of_cycle = Call("floor", (linear(quotient(1, period), T, quotient(shift, period)),))
        alone = substitute(value, {time: T - last, number_of_cycle: number(cycle.numerator)})
        after = starts.index(last + period)
        if clipped(T, alone, last, last + period) == pieces[i + 1 : after]:
            return after
    return i + 1


def lift_choices(e: Expr) -> Expr:
    """Moves choices between stretches of time outermost: a formula of cases becomes cases of formulas."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        result = memo.get(x)
        if result is None:
            result = memo[x] = _lift_choices(rebuild(x, walk))
        return result

    return walk(e)


def _lift_choices(e: Expr) -> Expr:
    if isinstance(e, Select) and isinstance(e.of, Call) and e.of.op == "floor":  # a choice by the number of the cycle is a choice by time
        scale, of, shift = parts(e.of.args[0])
        if of is T and scale > 0:
            starts = [0, *(math.ceil(at) for at in e.starts[1:])]
            return select(T, [(quotient(at - shift, scale) if i else 0, value) for i, (at, value) in enumerate(zip(starts, e.values, strict=True))])
    choice = next((a for a in e.args if isinstance(a, Select)), None) if isinstance(e, Call) else None
    if not isinstance(e, Call) or choice is None or sum(len(a.starts) for a in e.args if isinstance(a, Select)) > _MOST_CASES:
        return e
    return pointwise(lambda *args: _lift_choices(rebuild(e, dict(zip(e.args, args, strict=True)).__getitem__)), choice.of, *e.args)
