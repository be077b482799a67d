"""Passes over trees: visits every node, rebuilds a tree with changed parts, replaces symbols, and simplifies a tree for a range of ticks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lrdsl.expr.arithmetic import (
    INDEX,
    ONE,
    STAIRS,
    ZERO,
    Call,
    Event,
    Expr,
    Leaf,
    Linear,
    Num,
    Symbol,
    T,
    add,
    div,
    is_time,
    linear,
    mul,
    number,
    parts,
    power,
)
from lrdsl.expr.branching import select
from lrdsl.expr.exact import Exact
from lrdsl.expr.functions import call, mod
from lrdsl.expr.lettered import Lettered
from lrdsl.expr.nodes import Forms, Letter, Product, Select, Wide
from lrdsl.work import spend


def substitute(e: Expr, names: Mapping[Expr, Expr]) -> Expr:
    """Returns `e` with symbols, or other nodes, replaced. The nodes above them are simplified."""
    replaced = 0
    for name, other in names.items():
        if name is not other:
            replaced |= name.holds or ~0
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        if not x.holds & replaced:
            return x
        if isinstance(x, Leaf):
            return names.get(x, x)
        result = memo.get(x)
        if result is None:
            result = memo[x] = names[x] if x in names else rebuild(x, walk)
        return result

    return walk(e)


def rebuild(e: Expr, walk: Callable[[Expr], Expr]) -> Expr:
    """Returns a node with `walk` applied to its children, simplified; the node itself if no child changed."""
    if isinstance(e, Call):
        return _rebuild_call(e, walk)
    if isinstance(e, Linear):
        of = walk(e.of)
        if of is e.of:
            return e
        return number(e.scale) * of + e.shift if not is_time(of) else linear(e.scale, of, e.shift)
    if isinstance(e, Select):
        of = walk(e.of)
        if isinstance(of, Num):
            return walk(e.values[max(0, bisect_right(e.starts, of.value) - 1)])
        values = [walk(v) for v in e.values]
        same = of is e.of and all(a is b for a, b in zip(values, e.values, strict=True))
        return e if same else select(of, list(zip(e.starts, values, strict=True)))
    if isinstance(e, Product):
        return product(walk(e.factor), walk(e.upto))
    if isinstance(e, Forms):
        best, paper = walk(e.best), walk(e.paper)
        constant = mentions(e.best, T) and not mentions(best, T)  # a value that no longer depends on time needs one form only
        return best if best == paper or constant else Forms(best, paper)
    if isinstance(e, Letter):
        return Letter(e.letter, e.sub, walk(e.of))
    return Wide(walk(e.of)) if isinstance(e, Wide) else e


def without_letters(e: Expr, gone: Callable[[str], bool] = lambda _: True) -> Expr:
    """Returns an expression with what a `Letter` stands for in its place, for those letters that are `gone`."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        changed = memo.get(x)
        if changed is None:
            changed = memo[x] = walk(x.of) if isinstance(x, Letter) and gone(x.letter) else rebuild(x, walk)
        return changed

    return walk(e)


def _rebuild_call(e: Call, walk: Callable[[Expr], Expr]) -> Expr:
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
    if e.op == "mod" and isinstance(args[1], Num):
        return mod(args[0], args[1].value)
    return call(e.op, *args)


def product(factor: Expr, upto: Expr) -> Expr:
    """Returns the product of `factor` over `INDEX` = 1 .. `upto`; a power if the factor does not depend on the index."""
    if upto == ZERO:
        return ONE
    return Product(factor, upto) if mentions(factor, INDEX) else power(factor, upto)


def walk(e: Expr) -> Iterator[Expr]:
    """Yields a tree and all nodes below it, each node once, without recursion."""
    visited: set[Expr] = set()
    todo = [e]
    while todo:
        x = todo.pop()
        if x not in visited:
            visited.add(x)
            yield x
            todo.extend(x.below)
    spend(len(visited) // 4)


def within(e: Expr, low: Exact, high: Exact | None) -> Expr:
    """Simplifies `e` for low <= T < high: a floor that is constant there becomes a number, and a cycle that does not end there becomes plain time."""

    def walk(x: Expr) -> Expr:
        if not x.holds & STAIRS:
            return x
        result = memo.get(x)
        if result is None:
            result = memo[x] = _simplified(rebuild(x, walk), low, high)
        return result

    memo: dict[Expr, Expr] = {}
    return walk(e)


def _simplified(e: Expr, low: Exact, high: Exact | None) -> Expr:
    """Simplifies one floor or cycle for low <= T < high."""
    if high is None or not isinstance(e, Call) or e.op not in ("floor", "mod"):
        return e
    scale, of, shift = parts(e.args[0])
    if of is not T:
        return e
    period = e.args[1].value if e.op == "mod" and isinstance(e.args[1], Num) else 1
    first, end = scale * low + shift, scale * high + shift
    cycle = first // period
    if not cycle * period <= end <= (cycle + 1) * period:
        return e
    return number(cycle) if e.op == "floor" else linear(scale, T, shift - cycle * period)


def forms(e: Expr) -> set[Any]:
    """Returns the forms of all lettered constants in a tree."""
    return {value.form for x in walk(e) for value in _constants(x) if isinstance(value, Lettered)}


def _constants(x: Expr) -> list[Exact]:
    """Returns the constants of a node. An event has the offset of its phase, its latest tick, and those of the phases before it."""
    match x:
        case Num():
            return [x.value]
        case Linear():
            return [x.scale, x.shift]
        case Select():
            return list(x.starts)
        case Event():
            return [x.offset, *(() if x.most is None else (x.most,)), *(() if x.origin is None else _constants(x.origin))]
    return []


def with_changed_forms(e: Expr, change: Callable[[Any], Any]) -> Expr:
    """Returns a tree with the forms of its lettered constants changed by `change`; their values stay."""

    def constant(value: Exact) -> Exact:
        return Lettered.of(value, change(value.form)) if isinstance(value, Lettered) else value

    def walk(x: Expr) -> Expr:
        result = memo.get(x)
        if result is None:
            match x:
                case Num():
                    result = Num(constant(x.value), x.double)
                case Linear():
                    result = linear(constant(x.scale), walk(x.of), constant(x.shift))
                case Select():
                    result = Select(walk(x.of), tuple(constant(at) for at in x.starts), tuple(walk(v) for v in x.values))
                case _:
                    result = rebuild(x, walk)
            memo[x] = result
        return result

    memo: dict[Expr, Expr] = {}
    return walk(e)


def mentions(e: Expr, symbol: Symbol) -> bool:
    """Whether a symbol occurs in a tree."""
    return bool(e.holds & symbol.holds)
