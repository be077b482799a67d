"""Passes over trees: replacing symbols, settling what a stretch of time makes constant, taking a tree apart by a symbol, measuring it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

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
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.expr.functions import call, mod
from lrdsl.expr.lettered import Lettered
from lrdsl.expr.nodes import Forms, Letter, Product, Select
from lrdsl.work import spend


def substitute(e: Expr, names: Mapping[Expr, Expr]) -> Expr:
    """`e` with symbols, or other nodes, replaced, simplified on the way up."""
    changed = 0
    for name, other in names.items():
        if name is not other:
            changed |= name.holds or ~0
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        if not x.holds & changed:
            return x
        if isinstance(x, Leaf):
            return names.get(x, x)
        done = memo.get(x)
        if done is None:
            done = memo[x] = names[x] if x in names else rebuild(x, walk)
        return done

    return walk(e)


def rebuild(e: Expr, walk: Callable[[Expr], Expr]) -> Expr:
    """The same node over children that `walk` may have changed; the node itself where it has changed none."""
    if isinstance(e, Call):
        return _rebuild_call(e, walk)
    if isinstance(e, Linear):
        inner = walk(e.of)
        if inner is e.of:
            return e
        return number(e.scale) * inner + e.shift if not is_time(inner) else linear(e.scale, inner, e.shift)
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
        settled = mentions(e.best, T) and not mentions(best, T)  # what no longer changes with time has one form
        return best if best == paper or settled else Forms(best, paper)
    if isinstance(e, Letter):
        return Letter(e.letter, e.sub, walk(e.of))
    return e


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
    if e.op == "mod" and isinstance(e.args[1], Num):
        return mod(args[0], e.args[1].value)
    return call(e.op, *args)


def product(factor: Expr, upto: Expr) -> Expr:
    """The product of `factor` over `INDEX` = 1 .. `upto`; a power where the factor does not depend on the index."""
    if upto == ZERO:
        return ONE
    return Product(factor, upto) if mentions(factor, INDEX) else power(factor, upto)


def walk(e: Expr) -> Iterator[Expr]:
    """A tree and everything below it, each node once, without recursion."""
    seen: set[Expr] = set()
    todo = [e]
    while todo:
        x = todo.pop()
        if x not in seen:
            seen.add(x)
            yield x
            todo.extend(x.below)
    spend(len(seen) // 4)


def within(e: Expr, low: Exact, high: Exact | None) -> Expr:
    """`e` for low <= T < high: a floor that stays the same there is a number, and a cycle that does not end there is plain time."""

    def walk(x: Expr) -> Expr:
        if not x.holds & STAIRS:
            return x
        done = memo.get(x)
        if done is None:
            done = memo[x] = _settled(rebuild(x, walk), low, high)
        return done

    memo: dict[Expr, Expr] = {}
    return walk(e)


def _settled(e: Expr, low: Exact, high: Exact | None) -> Expr:
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


#: Of the stairs within one cycle, so many are told apart.
_MOST_STAIRS = 1000


def cycles(e: Expr) -> list[tuple[Exact, Exact]]:
    """(length, start of one) of the cycles and stairs in a formula, and of what begins within a cycle: of all that it does again after so many ticks."""
    found: dict[tuple[Exact, Exact], None] = {}
    for x in walk(e):
        found |= dict.fromkeys(_begins(x.of, x.starts[1:]) if isinstance(x, Select) else _begins(x, (0,)))
    return list(found)


def _begins(x: Expr, at: tuple[Exact, ...]) -> list[tuple[Exact, Exact]]:
    """(length, first) of the ticks at which a cycle, or a stair, has gone on for one of some times."""
    if not isinstance(x, Call) or x.op not in ("mod", "floor", "ceil"):
        return []
    scale, of, shift = parts(x.args[0])
    period = x.args[1].value if x.op == "mod" and isinstance(x.args[1], Num) else 1
    if scale == 0:
        return []
    if of is T:
        return [(size(quotient(period, scale)), quotient(start - shift, scale)) for start in at]
    if not (isinstance(of, Call) and of.op == "mod" and isinstance(of.args[1], Num)):
        return []
    ends = sorted((shift, scale * of.args[1].value + shift))  # within each cycle of another
    first, last = ends[0] // period, ends[1] // period
    count = int(min(last - first, _MOST_STAIRS)) + 1
    spend(count * len(at))
    inner = {quotient(k * period + start - shift, scale) for k in range(int(first), int(first) + count) for start in at}
    return _begins(of, tuple(sorted(w for w in inner if 0 <= w < of.args[1].value)))


def forms(e: Expr) -> set[Any]:
    """The forms of the lettered constants in a tree."""
    found: set[Any] = set()
    for x in walk(e):
        found.update(value.form for value in _constants(x) if isinstance(value, Lettered))
    return found


def _constants(x: Expr) -> list[Exact]:
    """The constants in a node; those of an event say when its phase begins, counted from the event before."""
    match x:
        case Num():
            return [x.value]
        case Linear():
            return [x.scale, x.shift]
        case Select():
            return list(x.starts)
        case Event():
            return [x.offset, *(() if x.origin is None else _constants(x.origin))]
    return []


def reformed(e: Expr, change: Callable[[Any], Any]) -> Expr:
    """The tree with the forms of its lettered constants changed; their values stay."""

    def constant(value: Exact) -> Exact:
        return Lettered.of(value, change(value.form)) if isinstance(value, Lettered) else value

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            match x:
                case Num():
                    done = Num(constant(x.value), x.double)
                case Linear():
                    done = linear(constant(x.scale), walk(x.of), constant(x.shift))
                case Select():
                    done = Select(walk(x.of), tuple(constant(at) for at in x.starts), tuple(walk(v) for v in x.values))
                case _:
                    done = rebuild(x, walk)
            memo[x] = done
        return done

    memo: dict[Expr, Expr] = {}
    return walk(e)


def mentions(e: Expr, symbol: Symbol) -> bool:
    """Whether one of the symbols of formulas occurs in a tree."""
    return bool(e.holds & symbol.holds)


def affine(e: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """(a, b) with `e = a + b * symbol` and neither holding the symbol, or None where `e` is not of that form."""
    memo: dict[Expr, tuple[Expr, Expr] | None] = {symbol: (ZERO, ONE)}

    def walk(x: Expr) -> tuple[Expr, Expr] | None:
        if not mentions(x, symbol):
            return x, ZERO
        if x not in memo:
            memo[x] = _taken_apart(x, symbol, walk)
        return memo[x]

    return walk(e)


_Apart: TypeAlias = "Callable[[Expr], tuple[Expr, Expr] | None]"


def _taken_apart(e: Expr, symbol: Symbol, walk: _Apart) -> tuple[Expr, Expr] | None:
    """What `affine` makes of a node that holds the symbol, where `walk` does so with those below it."""
    if isinstance(e, Call):
        return _affine_call(e, symbol, walk)
    if isinstance(e, Forms):
        best, paper = walk(e.best), walk(e.paper)
        if best is None or paper is None:
            return None
        return _forms(best[0], paper[0]), _forms(best[1], paper[1])
    if isinstance(e, Linear):
        inside = walk(e.of)
        return None if inside is None else (number(e.scale) * inside[0] + e.shift, number(e.scale) * inside[1])
    if isinstance(e, Select) and not mentions(e.of, symbol):
        parts = [walk(v) for v in e.values]
        known = [p for p in parts if p is not None]
        if len(known) < len(parts):
            return None
        rising = list(zip(e.starts, known, strict=True))
        return select(e.of, [(s, p[0]) for s, p in rising]), select(e.of, [(s, p[1]) for s, p in rising])
    return None


def _affine_call(e: Call, symbol: Symbol, walk: _Apart) -> tuple[Expr, Expr] | None:
    if e.op == "add":
        a: Expr = ZERO
        b: Expr = ZERO
        for arg in e.args:
            found = walk(arg)
            if found is None:
                return None
            a, b = add(a, found[0]), add(b, found[1])
        return a, b
    holding = [arg for arg in e.args if mentions(arg, symbol)]
    if e.op not in ("mul", "div") or len(holding) > 1 or (e.op == "div" and holding[0] is not e.args[0]):
        return None
    found = walk(holding[0])
    if found is None:
        return None
    if e.op == "div":
        return div(found[0], e.args[1]), div(found[1], e.args[1])
    others = tuple([arg for arg in e.args if arg is not holding[0]])
    rest = others[0] if len(others) == 1 else Call("mul", others)
    return mul(rest, found[0]), mul(rest, found[1])


#: A tree of more nodes than this, counted wherever they occur, may share so many that it is looked at with a memory.
_SHARED = 1000


def is_affine(e: Expr, symbol: Symbol) -> bool:
    """Whether `affine` takes a tree apart, found without doing so where the tree is small."""
    if e is symbol or not mentions(e, symbol):
        return True
    if e.weight > _SHARED:
        return affine(e, symbol) is not None
    holding = [part for part in e.below if mentions(part, symbol)]
    if isinstance(e, Call) and e.op in ("mul", "div"):
        return len(holding) == 1 and (e.op == "mul" or holding[0] is e.args[0]) and is_affine(holding[0], symbol)
    if isinstance(e, Select):
        return not mentions(e.of, symbol) and all(is_affine(part, symbol) for part in holding)
    sums = isinstance(e, Linear | Forms) or (isinstance(e, Call) and e.op == "add")
    return sums and all(is_affine(part, symbol) for part in holding)


def _forms(best: Expr, paper: Expr) -> Expr:
    return best if best == paper else Forms(best, paper)
