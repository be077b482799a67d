"""Before a formula is written: factors that all terms share stand before a sum, and choices of a stretch of time stand outermost."""

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
    content,
    decimal,
    div,
    is_lettered,
    mul,
    neg,
    number,
    parts,
    pointwise,
    rebuild,
    select,
)  # fmt: skip
from lrdsl.expr.exact import Exact, quotient


def taken_apart(e: Expr) -> tuple[Exact, Exact, list[Expr], list[Expr]]:
    """(number above, whole number below, factors above, factors below) of a product or quotient."""
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
            plain, rest = content(x.value)
            front, letters = (quotient(front, plain), quotient(letters, rest)) if below else (front * plain, letters * rest)
        elif isinstance(x, Num) and not below:
            front *= x.value
        elif isinstance(x, Num) and x.value != 0:
            under *= x.value
        else:
            (bottom if below else top).append(x)
    if is_lettered(letters):
        plain, letters = content(letters)
        front, top = front * plain, [number(letters), *top]
    return (front, under, top, bottom) if under > 0 and under.denominator == 1 else (quotient(front, under), 1, top, bottom)


def factored(e: Expr) -> Expr:
    """The same, with the factors that all terms of a sum have before the sum, numbers aside."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            inner = rebuild(x, walk)
            done = memo[x] = _factored(inner) if isinstance(inner, Call) and inner.op == "add" else inner
        return done

    return walk(e)


def _factored(e: Call) -> Expr:
    apart = [taken_apart(term) for term in e.args]
    common = [f for f in dict.fromkeys(apart[0][2]) if not isinstance(f, Linear) and all(f in top for _, _, top, _ in apart)]
    if not common:
        return e
    total: Expr = ZERO
    for front, under, top, bottom in apart:
        kept = list(top)
        for f in common:
            kept.remove(f)
        term: Expr = decimal(front)
        for f in kept:
            term = mul(term, f)
        for f in [*bottom, *([] if under == 1 else [number(under)])]:
            term = div(term, f)
        total = add(total, term)
    for f in common:
        total = mul(f, total)
    return total


#: A formula is not lifted into more cases than this.
_MOST_CASES = 40


def lifted(e: Expr) -> Expr:
    """The same, with what depends on a stretch of time chosen first: cases of formulas, and not a formula of cases."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            done = memo[x] = _lifted(rebuild(x, walk))
        return done

    return walk(e)


def _lifted(e: Expr) -> Expr:
    if isinstance(e, Select) and isinstance(e.of, Call) and e.of.op == "floor":  # the k-th cycle is a stretch of time
        scale, of, shift = parts(e.of.args[0])
        if of is T and scale > 0:
            starts = [0, *(math.ceil(at) for at in e.starts[1:])]
            return select(T, [(quotient(at - shift, scale) if i else 0, value) for i, (at, value) in enumerate(zip(starts, e.values, strict=True))])
    chosen = next((a for a in e.args if isinstance(a, Select)), None) if isinstance(e, Call) else None
    if not isinstance(e, Call) or chosen is None or sum(len(a.starts) for a in e.args if isinstance(a, Select)) > _MOST_CASES:
        return e
    return pointwise(lambda *args: _lifted(rebuild(e, dict(zip(e.args, args, strict=True)).__getitem__)), chosen.of, *e.args)
