"""Levels one at a time: turns a plan into Python functions, which are generated from its machine trees and never from a user's text.

Each piece of a plan has one function, made when a tick first falls into the piece. Almost every level has the form `a(t) + b(t) * base`; then `a` and `b` are
computed once for all param groups. The code is compiled with places for its numbers, which are filled in afterwards: a thousand warmups of different lengths
are compiled once.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache, partial
from types import CodeType
from typing import Any, cast

import attrs

from lrdsl.check.finite import fits_any_base
from lrdsl.expr import BASE, INDEX, PRODUCTS, Call, Expr, Product, T, affine, mentions, walk
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
    factor = _generated((high, low), ["def factor(k):"], ["    return {0}, {1}"]).function()
    try:
        from lrdsl.numbers import array
    except ModuleNotFoundError:  # there is no NumPy
        return Factors(factor, None)
    return Factors(factor, array.factors(high, low))


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
    kind = type(x)
    if kind is CodeType:
        return x.replace(co_consts=_filled(x.co_consts, values))
    if kind is tuple:
        return tuple([_filled(part, values) for part in x])
    return values.get(x, x) if kind is str else x


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


def prepare(level: Expr) -> None:
    """Loads the modules that the code of a level may need, and makes the factors of its products, so that no tick of a run has to."""
    from lrdsl.numbers import constants  # noqa: F401

    for product in (x for x in walk(level) if isinstance(x, Product)) if level.holds & PRODUCTS else ():
        factor = numeric(Product(product.factor, INDEX))
        if isinstance(factor, Accumulated):
            factors_of(factor.high, factor.low)


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
            parts = affine(self.piece.level, BASE)
            self._level = self._shared("level", (self.piece.level,) if parts is None else parts, _level)
        return self._level

    def _shared(self, use: Hashable, trees: tuple[Expr, ...], generate: Callable[[tuple[Expr, ...]], Generated]) -> Callable[..., Any]:
        """Returns the function that is generated from the machine trees of trees. Pieces of one shape, as the cycles of restarts that grow, share its code."""
        pattern = Pattern.of(trees, self.piece.start)
        shared = None if pattern is None else pattern.code(use)
        if shared is not None:
            generated, others = shared
            return cast("Generated", generated).function(others)
        generated = generate(self._lowered(trees))
        if pattern is not None:
            pattern.keep(use, generated, generated.origins)
        return generated.function()

    @property
    def tree(self) -> Expr:
        """The machine tree of the level."""
        parts = affine(self.piece.level, BASE)
        return _total(*self._lowered((self.piece.level,) if parts is None else parts))

    @property
    def multiplies(self) -> bool:
        """Whether the level has running products. Those have a limit on the number of factors."""
        return bool(self.piece.level.holds & PRODUCTS)

    def parts(self, tick: float) -> tuple[float, float] | None:
        """Returns (a, b) if the level at a tick is a + b * base, else None."""
        split = self.split()
        if split is None:
            return None
        a, b = _generated(split, ["def parts(t):"], ["    return {0}, {1}"]).function()(tick)
        return float(a), float(b)

    def split(self) -> tuple[Expr, ...] | None:
        """Returns the machine trees (a, b) if the level is a + b * base, else None."""
        parts = affine(self.piece.level, BASE)
        return None if parts is None else self._lowered(parts)

    def _lowered(self, trees: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return unsigned(*(numeric(tree, self.piece.start) for tree in trees))

    def storing(self, key: str, slots: Sequence[tuple[dict[str, Any], float]]) -> Callable[[float], None]:
        """Returns a function of the tick that stores the level under `key` in the group of each slot. A slot is a (group, base)."""
        count = len(slots) if len(slots) <= UNROLLED else 0
        binder = self._binders.get((key, count))
        if binder is None:
            binder = self._binders[key, count] = self._binder(key, count)
        return binder(slots)

    def _binder(self, key: str, count: int) -> Callable[[Any], Callable[[float], None]]:
        """Returns the function that makes the function of `storing` from slots: from `count` slots, without a loop; from any number if `count` is 0."""
        parts = affine(self.piece.level, BASE)
        return partial(_each, self.function, key) if parts is None else self._shared((key, count), parts, partial(_storing, key, count))


def _level(trees: tuple[Expr, ...]) -> Generated:
    """Generates the code of `PieceCode.function` from (a, b), for a level that is a + b * base, or from one tree."""
    return _generated((_total(*trees),), ["def level(t, base):"], ["    return {0}"])


def _storing(key: str, count: int, split: tuple[Expr, ...]) -> Generated:
    """Generates the code of `PieceCode.storing` for a level that is a + b * base."""
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


def _total(a: Expr, b: Expr = ZERO) -> Expr:
    """Returns the machine tree of `a + b * base`."""
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
