"""Levels one at a time: turns a plan into Python functions, which are generated from its machine trees and never from a user's text.

Each piece of a plan has one function, made when a tick first falls into the piece. Almost every level has the form `a(t) + b(t) * base`; then `a` and `b` are
computed once for all param groups. The code is compiled with places for its numbers, which are filled in afterwards: a thousand warmups of different lengths
are compiled once.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from types import CodeType
from typing import Any, cast

import attrs

from lrdsl.check.finite import fits_any_base
from lrdsl.expr import BASE, PRODUCTS, Call, Expr, T, affine, mentions
from lrdsl.numbers import infinite
from lrdsl.numbers.lowering import numeric, stretches
from lrdsl.numbers.machine import Accumulated, factors_in
from lrdsl.numbers.pairs import ONE, ZERO
from lrdsl.numbers.products import Factors, RunningProduct, within
from lrdsl.numbers.shared import Pattern
from lrdsl.numbers.source import Writer
from lrdsl.numbers.zeros import unsigned
from lrdsl.plan import Piece, Plan, first_tick
from lrdsl.work import spend

#: Up to this many groups, the code that stores levels has a line for each group instead of a loop.
UNROLLED = 16
_FUNCTIONS = {name: getattr(math, name) for name in ("sin", "cos", "exp", "expm1", "log", "log1p", "sqrt", "floor", "ceil")}


def after_reductions(level: float, times: float, factor: float, least: float, eps: float) -> float:
    """Returns a level after `times` reductions by the rule of torch's ReduceLROnPlateau: to `factor` times the level, but not below `least`.

    A reduction by `eps` or less is skipped, and so are all after it.

    >>> after_reductions(1.0, 3, 0.1, 0.05, 1e-8)
    0.05
    """
    for _ in range(int(times)):
        lower = max(level * factor, least)
        if level - lower <= eps:
            break
        level = lower
    return level


_GLOBALS = {"__builtins__": {"abs": abs, "float": float}, "reduce": after_reductions, "within": within, **_FUNCTIONS, **infinite.FUNCTIONS}


@lru_cache(maxsize=128)
def factors_of(high: Expr, low: Expr) -> Factors:
    """Returns the factors of a product. Pieces with the same product share its factors, and the products that are kept with them."""
    from lrdsl.numbers import array

    return Factors(_function((high, low), ["def factor(k):"], ["    return {0}, {1}"]), array.factors(high, low))


@lru_cache(maxsize=128)
def compiled(source: str) -> CodeType:
    return compile(source, "<lrdsl>", "exec")


def defined(code: CodeType, name: str, space: dict[str, Any]) -> Callable[..., Any]:
    """Returns the function of a name that code defines. `space` has the names that the code uses."""
    exec(code, space)
    function: Callable[..., Any] = space[name]
    return function


def _running_product(e: Accumulated) -> RunningProduct:
    return RunningProduct(factors_of(e.high, e.low))


def _filled(x: Any, values: dict[str, Any]) -> Any:
    """Returns code, or a constant of code, with its places replaced by values."""
    if isinstance(x, CodeType):
        return x.replace(co_consts=_filled(x.co_consts, values))
    if isinstance(x, tuple):
        return tuple([_filled(part, values) for part in x])
    return values.get(x, x) if isinstance(x, str) else x


@attrs.frozen
class Generated:
    """Code with places for its numbers: the `values` that fill them, and the `origins` of those that come from exact times. It defines a function, `name`."""

    code: CodeType
    name: str
    values: dict[str, Any]
    origins: dict[str, tuple[Any, ...]]

    def function(self, others: Mapping[str, Any] | None = None) -> Callable[..., Any]:
        """Returns the function, with other values in some of the places."""
        return defined(_filled(self.code, self.values if others is None else {**self.values, **others}), self.name, dict(_GLOBALS))


def _function(trees: tuple[Expr, ...], head: list[str], tail: list[str]) -> Callable[..., Any]:
    """Generates a function: see `_generated`."""
    return _generated(trees, head, tail).function()


def _generated(trees: tuple[Expr, ...], head: list[str], tail: list[str], indent: str = "    ") -> Generated:
    """Generates code: the lines of `head`, then the statements of the trees, then the lines of `tail`, with the values of the trees for `{0}`, `{1}`."""
    factors = factors_in(trees)
    writer = Writer(trees if factors is None else (factors, *trees), _running_product, indent)
    if factors is not None:  # a product that is too long is refused before it is begun, and before any level is stored
        writer.lines.append(f"{indent}within({writer.text(factors)})")
    values = [writer.text(tree) for tree in trees]
    source = "\n".join([*head, *writer.lines, *(line.format(*values) for line in tail)])
    spend(len(source) // 20)
    return Generated(compiled(source), head[0][4 : head[0].index("(")], writer.values, writer.origins)


def load_modules(level: Expr) -> None:
    """Loads the modules that the code of a level may need, so that no tick of a run has to."""
    from lrdsl.numbers import constants  # noqa: F401

    if level.holds & PRODUCTS:
        from lrdsl.numbers import array  # noqa: F401


@attrs.define
class PieceCode:
    """The functions of one piece, generated on first use. The piece holds at the whole ticks `start <= t < end`."""

    piece: Piece
    start: float
    end: float
    _level: Callable[[float, float], float] | None = None
    _binders: dict[tuple[str, int], Callable[[Any], Callable[[float], None]]] = attrs.Factory(dict)

    def level(self, tick: float, base: float) -> float:
        """Returns the level at a tick for a group with this base."""
        return self.function(tick, base) if self._level is None else self._level(tick, base)

    @property
    def function(self) -> Callable[[float, float], float]:
        """The level as a function of the tick and the base."""
        if self._level is None:
            self._level = _function((self.tree,), ["def level(t, base):"], ["    return {0}"])
        return self._level

    @property
    def tree(self) -> Expr:
        """The machine tree of the level."""
        split = self.split()
        return unsigned(numeric(self.piece.level, self.piece.start))[0] if split is None else _sum(split)

    @property
    def multiplies(self) -> bool:
        """Whether the level has running products. Those have a limit on the number of factors."""
        return bool(self.piece.level.holds & PRODUCTS)

    def parts(self, tick: float) -> tuple[float, float] | None:
        """Returns (a, b) if the level at a tick is a + b * base, else None."""
        split = self.split()
        if split is None:
            return None
        a, b = _function(split, ["def parts(t):"], ["    return {0}, {1}"])(tick)
        return float(a), float(b)

    def split(self) -> tuple[Expr, Expr] | None:
        """Returns the machine trees (a, b) if the level is a + b * base, else None."""
        parts = affine(self.piece.level, BASE)
        if parts is None:
            return None
        a, b = unsigned(*(numeric(part, self.piece.start) for part in parts))
        return a, b

    def storing(self, key: str, slots: Sequence[tuple[dict[str, Any], float]]) -> Callable[[float], None]:
        """Returns a function of the tick that stores the level under `key` in the group of each slot. A slot is a (group, base)."""
        count = len(slots) if len(slots) <= UNROLLED else 0
        binder = self._binders.get((key, count))
        if binder is None:
            binder = self._binders[key, count] = self._binder(key, count)
        return binder(slots)

    def _binder(self, key: str, count: int) -> Callable[[Any], Callable[[float], None]]:
        """Returns the function that makes the function of `storing` from slots: from `count` slots, without a loop; from any number if `count` is 0.

        Pieces of one shape, as the cycles of restarts that grow, share its code.
        """
        pattern = Pattern.of(self.piece)
        shared = None if pattern is None else pattern.code((key, count))
        if shared is not None:
            generated, others = shared
            return cast("Generated", generated).function(others)
        split = self.split()
        if split is None:
            return partial(_each, self.level, key)
        generated = self._storing(split, key, count)
        if pattern is not None:
            pattern.keep((key, count), generated, generated.origins)
        return generated.function()

    def _storing(self, split: tuple[Expr, Expr], key: str, count: int) -> Generated:
        """Generates the code of `_binder` for a level that is a + b * base."""
        constant = not any(mentions(part, T) for part in split)
        inline = count == 1 and not constant
        used = ["a = float({0})"] * (split[0] != ZERO or split[1] == ZERO) + ["b = {1}"] * (split[1] not in (ZERO, ONE))
        named = [] if inline else used
        values = [(f"group{i}", f"base{i}" if constant else _sum_text(*split, f"base{i}", inline)) for i in (range(count) if count else ("",))]
        unpack = [f"({', '.join(f'(group{i}, base{i})' for i in range(count))},) = slots"] if count else []
        loop = [] if count else ["for group, base in slots:"]
        stores = [*loop, *(f"{'' if count else '    '}{group}[{key!r}] = {value}" for group, value in values)]
        if constant:  # the levels are computed once, and take the place of the bases in the slots
            levels = f"slots = [(group, {_sum_text(*split, 'base', inline)}) for group, base in slots]"
            bound = [*named, levels, *unpack, "def store(t):", *("    " + line for line in stores)]
            return _generated(split, ["def bind(slots):"], ["    " + line for line in [*bound, "return store"]])
        head = ["def bind(slots):", *("    " + line for line in unpack), "    def store(t):"]
        return _generated(split, head, [*("        " + line for line in [*named, *stores]), "    return store"], " " * 8)


def _sum_text(a: Expr, b: Expr, base: str, inline: bool) -> str:
    """Returns the source of `a + b * base`. `inline`: the trees' values stand in it, else the names `a` and `b`."""
    first, second = ("float({0})", "{1}") if inline else ("a", "b")
    scaled = base if b == ONE else f"{second} * {base}"
    if b == ZERO:
        return first
    return scaled if a == ZERO else f"{first} + {scaled}"


def _each(level: Callable[[float, float], float], key: str, slots: Sequence[tuple[dict[str, Any], float]]) -> Callable[[float], None]:
    """Returns a function of the tick that stores a level which is no `a + b * base`: it is computed for each group."""

    def store(t: float) -> None:
        for group, base in slots:
            group[key] = float(level(t, base))

    return store


def _sum(split: tuple[Expr, Expr]) -> Expr:
    """Returns the machine tree of `a + b * base`."""
    a, b = split
    if b == ZERO:
        return a
    scaled = BASE if b == ONE else Call("mul", (b, BASE))
    return scaled if a == ZERO else Call("add", (a, scaled))


@attrs.define
class Evaluator:
    """Computes the levels of a plan at single ticks. `fits_any_base` says that they are finite for every base, 0 and negative ones too.

    >>> import lrdsl
    >>> Evaluator.of(lrdsl.parse("step(3, 0.1)").plan).level(3, 1.0)
    0.1
    """

    pieces: Sequence[Piece]
    starts: Sequence[float]
    fits_any_base: bool
    _codes: dict[int, tuple[PieceCode, ...]] = attrs.Factory(dict)

    @classmethod
    def of(cls, plan: Plan) -> Evaluator:
        """Returns the evaluator of a plan. It generates no code yet."""
        return cls(plan.pieces, plan.starts, fits_any_base(plan.level) if plan.any_base is None else plan.any_base)

    def code_at(self, tick: float) -> PieceCode:
        """Returns the code of the piece that holds at a tick."""
        i = max(0, bisect_right(self.starts, tick) - 1)
        codes = self._codes.get(i)
        if codes is None:
            parts = stretches(self.pieces[i])
            starts = [first_tick(p.start) for p in parts]
            ends = [*starts[1:], self.starts[i + 1] if i + 1 < len(self.starts) else math.inf]
            codes = self._codes[i] = tuple(PieceCode(p, s, e) for p, s, e in zip(parts, starts, ends, strict=True))
        for code in codes:  # a loop, since there is hardly ever more than one, and a rate that is a tensor asks at every step
            if tick < code.end:
                return code
        return codes[-1]

    def codes(self) -> list[PieceCode]:
        """Returns the code of every piece, in order."""
        self.code_at(0)
        return [code for i, start in enumerate(self.starts) if self.code_at(start) for code in self._codes[i]]

    def level(self, tick: float, base: float) -> float:
        """Returns the level at a tick, as a float."""
        return float(self.code_at(tick).level(tick, base))
