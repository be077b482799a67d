"""Splits a formula of the first degree in a symbol, `a + b * symbol`, into its two parts. Levels are split by `BASE`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from lrdsl.expr.arithmetic import ONE, ZERO, Call, Expr, Linear, Symbol, add, div, mul, number
from lrdsl.expr.branching import select
from lrdsl.expr.nodes import Forms, Select
from lrdsl.expr.rewriting import mentions


def affine(e: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """Returns (a, b) where `e = a + b * symbol` and neither a nor b contains the symbol; None if `e` has no such form."""
    memo: dict[Expr, tuple[Expr, Expr] | None] = {symbol: (ZERO, ONE)}

    def walk(x: Expr) -> tuple[Expr, Expr] | None:
        if not mentions(x, symbol):
            return x, ZERO
        if x not in memo:
            memo[x] = _split(x, symbol, walk)
        return memo[x]

    return walk(e)


#: Splits the nodes below the one at hand, with a memory.
_Split: TypeAlias = "Callable[[Expr], tuple[Expr, Expr] | None]"


def _split(e: Expr, symbol: Symbol, walk: _Split) -> tuple[Expr, Expr] | None:
    """Splits one node that contains the symbol; `walk` splits the nodes below it."""
    if isinstance(e, Call):
        return _split_call(e, symbol, walk)
    if isinstance(e, Forms):
        best, paper = walk(e.best), walk(e.paper)
        if best is None or paper is None:
            return None
        return _forms(best[0], paper[0]), _forms(best[1], paper[1])
    if isinstance(e, Linear):
        parts = walk(e.of)
        return None if parts is None else (number(e.scale) * parts[0] + e.shift, number(e.scale) * parts[1])
    if isinstance(e, Select) and not mentions(e.of, symbol):
        branches = [(start, split) for start, value in zip(e.starts, e.values, strict=True) if (split := walk(value)) is not None]
        if len(branches) < len(e.values):
            return None
        return select(e.of, [(start, split[0]) for start, split in branches]), select(e.of, [(start, split[1]) for start, split in branches])
    return None


def _split_call(e: Call, symbol: Symbol, walk: _Split) -> tuple[Expr, Expr] | None:
    """Splits a sum, a product or a quotient that contains the symbol."""
    if e.op == "add":
        a: Expr = ZERO
        b: Expr = ZERO
        for arg in e.args:
            parts = walk(arg)
            if parts is None:
                return None
            a, b = add(a, parts[0]), add(b, parts[1])
        return a, b
    holders = [arg for arg in e.args if mentions(arg, symbol)]
    if e.op not in ("mul", "div") or len(holders) > 1 or (e.op == "div" and holders[0] is not e.args[0]):
        return None
    parts = walk(holders[0])
    if parts is None:
        return None
    if e.op == "div":
        return div(parts[0], e.args[1]), div(parts[1], e.args[1])
    others = tuple([arg for arg in e.args if arg is not holders[0]])
    factor = others[0] if len(others) == 1 else Call("mul", others)
    a, b = (part if part is ZERO else factor if part is ONE else mul(factor, part) for part in parts)
    return a, b


#: A tree of more nodes than this, counted wherever they occur, may share many of them. Then `affine`, which looks at each node once, is faster.
_SHARED = 1000


def is_affine(e: Expr, symbol: Symbol) -> bool:
    """Whether `affine` can split a tree. A small tree is only looked at, not split."""
    if e is symbol or not mentions(e, symbol):
        return True
    if e.weight > _SHARED:
        return affine(e, symbol) is not None
    holders = [part for part in e.below if mentions(part, symbol)]
    if isinstance(e, Call) and e.op in ("mul", "div"):
        return len(holders) == 1 and (e.op == "mul" or holders[0] is e.args[0]) and is_affine(holders[0], symbol)
    if isinstance(e, Select):
        return not mentions(e.of, symbol) and all(is_affine(part, symbol) for part in holders)
    sums = isinstance(e, Linear | Forms) or (isinstance(e, Call) and e.op == "add")
    return sums and all(is_affine(part, symbol) for part in holders)


def _forms(best: Expr, paper: Expr) -> Expr:
    """Returns a `Forms` node, or the expression itself if both forms are equal."""
    return best if best == paper else Forms(best, paper)
