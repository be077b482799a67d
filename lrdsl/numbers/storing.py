"""Code that stores levels in param groups. Of a level `a + b * base`, `a` and `b` are computed once for all groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from lrdsl.expr import Expr, T, mentions
from lrdsl.numbers.pairs import ONE, ZERO
from lrdsl.numbers.scalar import Generated, PieceCode, generated

#: Up to this many groups, the code has a line for each group instead of a loop.
UNROLLED = 16
#: A group and its base.
Slot: TypeAlias = "tuple[dict[str, Any], float]"
#: A function of the tick.
Store: TypeAlias = "Callable[[float], None]"


def storing(code: PieceCode, key: str, slots: Sequence[Slot]) -> Store:
    """Returns a function of the tick that stores the level of a piece under `key` in the group of each slot."""
    count = len(slots) if len(slots) <= UNROLLED else 0
    binder = code.binders.get((key, count))
    if binder is None:
        binder = code.binders[key, count] = _binder(code, key, count)
    return binder(slots)


def one_by_one(stores: Sequence[Store]) -> Store:
    """Returns a function that stores the levels of several targets. Two are the most common, as the rate and the momentum."""
    if len(stores) == 1:
        return stores[0]
    if len(stores) != 2:
        return partial(_each_of, stores)
    first, second = stores

    def both(tick: float) -> None:
        first(tick)
        second(tick)

    return both


def _each_of(stores: Sequence[Store], tick: float) -> None:
    for store in stores:
        store(tick)


def _binder(code: PieceCode, key: str, count: int) -> Callable[[Sequence[Slot]], Store]:
    """Returns the function that makes the function of `storing` from slots: from `count` slots, without a loop; from any number if `count` is 0."""
    return partial(_each, code.function, key) if code.terms is None else code.shared((key, count), partial(_storing, key, count))


def _storing(key: str, count: int, split: tuple[Expr, ...]) -> Generated:
    """Generates the code of `storing` for a level that is a + b * base."""
    a, b = split
    constant = not any(mentions(part, T) for part in split)
    inline = count == 1 and not constant
    used = ["a = float({0})"] * (a != ZERO or b == ZERO) + ["b = {1}"] * (b not in (ZERO, ONE))
    named = [] if inline else used
    values = [(f"group{i}", f"base{i}" if constant else _sum_text(a, b, f"base{i}", inline)) for i in (range(count) if count else ("",))]
    unpack = [f"({', '.join(f'(group{i}, base{i})' for i in range(count))},) = slots"] if count else []
    loop = [] if count else ["for group, base in slots:"]
    stores = [*loop, *(f"{'' if count else '    '}{group}[{key!r}] = {value}" for group, value in values)]
    if constant:  # the levels are computed once, and take the place of the bases in the slots
        levels = f"slots = [(group, {_sum_text(a, b, 'base', inline)}) for group, base in slots]"
        bound = [*named, levels, *unpack, "def store(t):", *("    " + line for line in stores)]
        return generated(split, ["def bind(slots):"], ["    " + line for line in [*bound, "return store"]])
    head = ["def bind(slots):", *("    " + line for line in unpack), "    def store(t):"]
    return generated(split, head, [*("        " + line for line in [*named, *stores]), "    return store"], " " * 8)


def _sum_text(a: Expr, b: Expr, base: str, inline: bool) -> str:
    """Returns the source of `a + b * base`. `inline`: the trees' values stand in it, else the names `a` and `b`."""
    first, second = ("float({0})", "{1}") if inline else ("a", "b")
    scaled = base if b == ONE else f"{second} * {base}"
    if b == ZERO:
        return first
    return scaled if a == ZERO else f"{first} + {scaled}"


def _each(level: Callable[[float, float], float], key: str, slots: Sequence[Slot]) -> Store:
    """Returns a function of the tick that stores a level which is no `a + b * base`: it is computed for each group."""

    def store(t: float) -> None:
        for group, base in slots:
            group[key] = float(level(t, base))

    return store
