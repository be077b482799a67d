"""Passes over trees: replacing symbols, settling what a stretch of time makes constant, taking a tree apart by a symbol, measuring it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from lrdsl.expr.arithmetic import (
    INDEX,
    ONE,
    ZERO,
    Call,
    Expr,
    Forms,
    Linear,
    Num,
    Product,
    Select,
    Symbol,
    T,
    add,
    call,
    div,
    is_time,
    linear,
    mod,
    mul,
    number,
    parts,
    power,
)
from lrdsl.expr.branching import select


def substitute(e: Expr, names: Mapping[Expr, Expr]) -> Expr:
    """`e` with symbols, or other nodes, replaced, simplified on the way up."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        if isinstance(x, Num | Symbol):
            return names.get(x, x)
        done = memo.get(x)
        if done is None:
            done = memo[x] = names[x] if x in names else rebuild(x, walk)
        return done

    return walk(e)


def rebuild(e: Expr, walk: Callable[[Expr], Expr]) -> Expr:
    """The same node over children that `walk` may have changed; the node itself where it has changed none."""
    if isinstance(e, Linear):
        inner = walk(e.of)
        if inner is e.of:
            return e
        return number(e.scale) * inner + e.shift if not is_time(inner) else linear(e.scale, inner, e.shift)
    if isinstance(e, Select):
        of, values = walk(e.of), [walk(v) for v in e.values]
        same = of is e.of and all(a is b for a, b in zip(values, e.values, strict=True))
        return e if same else select(of, list(zip(e.starts, values, strict=True)))
    if isinstance(e, Product):
        return product(walk(e.factor), walk(e.upto))
    if isinstance(e, Forms):
        best, paper = walk(e.best), walk(e.paper)
        return best if best == paper else Forms(best, paper)
    if not isinstance(e, Call):
        return e
    args = [walk(a) for a in e.args]
    if all(a is b for a, b in zip(args, e.args, strict=True)):
        return e
    if e.op in ("add", "mul"):
        total, join = args[0], add if e.op == "add" else mul
        for a in args[1:]:
            total = join(total, a)
        return total
    if e.op == "div":
        return div(*args)
    if e.op == "pow":
        return power(*args)
    if e.op == "mod" and isinstance(e.args[1], Num):
        return mod(args[0], e.args[1].value)
    return call(e.op, *args)


def product(factor: Expr, upto: Expr) -> Expr:
    """The product of `factor` over `INDEX` = 1 .. `upto`; a power where the factor does not depend on the index."""
    if upto == ZERO:
        return ONE
    return Product(factor, upto) if mentions(factor, INDEX) else power(factor, upto)


def children(e: Expr) -> tuple[Expr, ...]:
    """The direct subtrees of a node."""
    if isinstance(e, Call):
        return e.args
    if isinstance(e, Linear):
        return (e.of,)
    if isinstance(e, Select):
        return (e.of, *e.values)
    if isinstance(e, Product):
        return (e.factor, e.upto)
    return (e.best, e.paper) if isinstance(e, Forms) else ()


def walk(e: Expr) -> Iterator[Expr]:
    """A tree and everything below it, each node once, without recursion."""
    seen: set[Expr] = set()
    todo = [e]
    while todo:
        x = todo.pop()
        if x not in seen:
            seen.add(x)
            yield x
            todo.extend(children(x))


def extent(e: Expr) -> tuple[int, int]:
    """How many different nodes a tree holds, and how many lie on its longest way down; found without recursion."""
    heights: dict[Expr, int] = {}
    todo = [e]
    while todo:
        x = todo[-1]
        waiting = [c for c in children(x) if c not in heights]
        if waiting:
            todo.extend(waiting)
        else:
            heights[todo.pop()] = 1 + max((heights[c] for c in children(x)), default=0)
    return len(heights), heights[e]


def within(e: Expr, low: Fraction, high: Fraction | None) -> Expr:
    """`e` for low <= T < high: a floor that stays the same there is a number, and a cycle that does not end there is plain time."""

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            done = memo[x] = _settled(rebuild(x, walk), low, high)
        return done

    memo: dict[Expr, Expr] = {}
    return walk(e)


def _settled(e: Expr, low: Fraction, high: Fraction | None) -> Expr:
    if high is None or not isinstance(e, Call) or e.op not in ("floor", "mod"):
        return e
    scale, of, shift = parts(e.args[0])
    if of is not T:
        return e
    period = e.args[1].value if e.op == "mod" and isinstance(e.args[1], Num) else Fraction(1)
    first, end = scale * low + shift, scale * high + shift
    cycle = first // period
    if not cycle * period <= end <= (cycle + 1) * period:
        return e
    return number(cycle) if e.op == "floor" else linear(scale, T, shift - cycle * period)


def mentions(e: Expr, symbol: Symbol) -> bool:
    """Whether a symbol occurs in a tree."""
    return any(x is symbol for x in walk(e))


def affine(e: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """(a, b) with `e = a + b * symbol` and neither holding the symbol, or None where `e` is not of that form."""
    if not mentions(e, symbol):
        return e, ZERO
    if e == symbol:
        return ZERO, ONE
    if isinstance(e, Forms):
        best, paper = affine(e.best, symbol), affine(e.paper, symbol)
        if best is None or paper is None:
            return None
        return _forms(best[0], paper[0]), _forms(best[1], paper[1])
    if isinstance(e, Linear):
        inside = affine(e.of, symbol)
        return None if inside is None else (number(e.scale) * inside[0] + e.shift, number(e.scale) * inside[1])
    if isinstance(e, Select) and not mentions(e.of, symbol):
        parts = [affine(v, symbol) for v in e.values]
        known = [p for p in parts if p is not None]
        if len(known) < len(parts):
            return None
        rising = list(zip(e.starts, known, strict=True))
        return select(e.of, [(s, p[0]) for s, p in rising]), select(e.of, [(s, p[1]) for s, p in rising])
    if not isinstance(e, Call) or e.op not in ("add", "mul", "div"):
        return None
    if e.op == "div" and mentions(e.args[1], symbol):
        return None
    found = [affine(a, symbol) for a in (e.args[:1] if e.op == "div" else e.args)]
    split = [p for p in found if p is not None]
    if len(split) < len(found):
        return None
    if e.op == "div":
        return div(split[0][0], e.args[1]), div(split[0][1], e.args[1])
    a, b = split[0]
    for c, d in split[1:]:
        if e.op == "add":
            a, b = add(a, c), add(b, d)
        elif b != ZERO and d != ZERO:
            return None
        else:
            a, b = mul(a, c), add(mul(b, c), mul(a, d))
    return a, b


def _forms(best: Expr, paper: Expr) -> Expr:
    return best if best == paper else Forms(best, paper)
