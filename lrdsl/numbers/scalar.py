"""Levels one at a time: turns a plan into Python functions, which are generated from its machine trees and never from a user's text.

Each piece of a plan has one function, made when a tick first falls into the piece. Almost every level has the form `a(t) + b(t) * base`; then `a` and `b` are
computed once for all param groups. The code is compiled with places for its numbers, which are filled in afterwards: a thousand warmups of different lengths
are compiled once.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property, lru_cache
from types import CodeType, FunctionType
from typing import Any, cast

import attrs

from lrdsl.check.bounds import bounds
from lrdsl.check.finite import fits_any_base
from lrdsl.expr import BASE, INDEX, PRODUCTS, Call, Expr, Product, affine, walk
from lrdsl.numbers import infinite
from lrdsl.numbers.lowering import numeric
from lrdsl.numbers.machine import Accumulated, factors_in
from lrdsl.numbers.pairs import ONE, ZERO
from lrdsl.numbers.products import Factors, RunningProduct, Scaled, within
from lrdsl.numbers.shared import Pattern
from lrdsl.numbers.source import Writer, is_place
from lrdsl.numbers.zeros import unsigned
from lrdsl.plan import Piece, Plan
from lrdsl.work import spend

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
    factor = generated((high, low), ["def factor(k):"], ["    return {0}, {1}"]).function()
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


@attrs.frozen
class Template:
    """Code, or a tuple among its constants, in which numbers have places. `parts` says which of the constants are places, or have places in them."""

    whole: CodeType | tuple[Any, ...]
    parts: tuple[tuple[int, str | Template], ...]

    @classmethod
    def of(cls, whole: CodeType | tuple[Any, ...]) -> Template:
        """Finds the places in code, and in the code of the functions in it."""
        constants = whole.co_consts if isinstance(whole, CodeType) else whole
        inner = [(i, x if isinstance(x, str) else cls.of(x)) for i, x in enumerate(constants) if isinstance(x, CodeType | tuple) or is_place(x)]
        return cls(whole, tuple([(i, part) for i, part in inner if isinstance(part, str) or part.parts]))

    def filled(self, values: Mapping[str, Any]) -> Any:
        """Returns the code with values in its places."""
        whole = self.whole
        constants = list(whole.co_consts if isinstance(whole, CodeType) else whole)
        for i, part in self.parts:
            constants[i] = values[part] if isinstance(part, str) else part.filled(values)
        return whole.replace(co_consts=tuple(constants)) if isinstance(whole, CodeType) else tuple(constants)


@lru_cache(maxsize=128)
def _template(source: str) -> Template:
    """Returns the template of the only function that a source defines."""
    return Template.of(next(x for x in compiled(source).co_consts if isinstance(x, CodeType)))


@attrs.frozen
class Generated:
    """A function with places for its numbers: the `values` that fill them, and the `origins` of those that come from exact times."""

    template: Template
    values: dict[str, Any]
    origins: dict[str, tuple[Any, ...]]

    def function(self, others: Mapping[str, Any] | None = None) -> Callable[..., Any]:
        """Returns the function, with other values in some of the places."""
        return FunctionType(self.template.filled(self.values if others is None else {**self.values, **others}), _GLOBALS)


def generated(trees: tuple[Expr, ...], head: list[str], tail: list[str], indent: str = "    ") -> Generated:
    """Generates code: the lines of `head`, then the statements of the trees, then the lines of `tail`, with the values of the trees for `{0}`, `{1}`."""
    factors = factors_in(trees)
    writer = Writer(trees if factors is None else (factors, *trees), _running_product, indent)
    if factors is not None:  # a product that is too long is refused before it is begun, and before any level is stored
        writer.lines.append(f"{indent}within({writer.text(factors)})")
    values = [writer.text(tree) for tree in trees]
    source = "\n".join([*head, *writer.lines, *(line.format(*values) for line in tail)])
    spend(len(source) // 20)
    return Generated(_template(source), writer.values, writer.origins)


def prepare(level: Expr) -> None:
    """Loads the modules that the code of a level may need, and makes the factors of its products, so that no tick of a run has to."""
    from lrdsl.numbers import constants  # noqa: F401

    for product in (x for x in walk(level) if isinstance(x, Product)) if level.holds & PRODUCTS else ():
        _factors(product)


def _factors(product: Product) -> Factors | None:
    factor = numeric(Product(product.factor, INDEX))
    return factors_of(factor.high, factor.low) if isinstance(factor, Accumulated) else None


def scaled_product(product: Product) -> Scaled:
    """Returns a product of a constant number of factors as (high, low, power). Raises `ScheduleError` for one of too many factors."""
    factors, count = _factors(product), bounds(product.upto, {})[0]
    assert factors is not None
    within(count)
    running = RunningProduct(factors)
    running(count)
    return running.last[1:]


@attrs.define(eq=False)
class PieceCode:
    """The functions of one piece, generated on first use. The piece holds at the whole ticks `start <= t < end`."""

    piece: Piece
    start: float
    end: float
    _level: Callable[[float, float], float] | None = None
    #: What makes the functions that store the level, by the key and the number of groups, see `storing`.
    binders: dict[tuple[str, int], Callable[[Any], Callable[[float], None]]] = attrs.Factory(dict)

    @cached_property
    def terms(self) -> tuple[Expr, Expr] | None:
        """(a, b) if the level is a + b * base, else None."""
        return affine(self.piece.level, BASE)

    def level(self, tick: float, base: float) -> float:
        """Returns the level at a tick for a group with this base."""
        return self.function(tick, base) if self._level is None else self._level(tick, base)

    @property
    def function(self) -> Callable[[float, float], float]:
        """The level as a function of the tick and the base."""
        if self._level is None:
            self._level = self.shared("level", _level)
        return self._level

    def shared(self, use: Hashable, generate: Callable[[tuple[Expr, ...]], Generated]) -> Callable[..., Any]:
        """Returns the function that is generated from the machine trees of the level. Pieces of one shape, as cycles that grow, share its code."""
        trees = self.terms or (self.piece.level,)
        pattern = Pattern.of(trees, self.piece.start, self.piece.end)
        kept = None if pattern is None else pattern.code(use)
        if kept is not None:
            return cast("Generated", kept[0]).function(kept[1])
        code = generate(self._lowered(trees))
        if pattern is not None:
            pattern.keep(use, code, code.origins)
        return code.function()

    @property
    def tree(self) -> Expr:
        """The machine tree of the level."""
        return _total(*self._lowered(self.terms or (self.piece.level,)))

    @property
    def multiplies(self) -> bool:
        """Whether the level has running products. Those have a limit on the number of factors."""
        return bool(self.piece.level.holds & PRODUCTS)

    def parts(self, tick: float) -> tuple[float, float] | None:
        """Returns (a, b) if the level at a tick is a + b * base, else None."""
        split = self.split()
        if split is None:
            return None
        a, b = generated(split, ["def parts(t):"], ["    return {0}, {1}"]).function()(tick)
        return float(a), float(b)

    def split(self) -> tuple[Expr, ...] | None:
        """Returns the machine trees (a, b) if the level is a + b * base, else None."""
        return None if self.terms is None else self._lowered(self.terms)

    def _lowered(self, trees: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return unsigned(*(numeric(tree, self.piece.start, self.piece.end) for tree in trees))


def _level(trees: tuple[Expr, ...]) -> Generated:
    """Generates the code of `PieceCode.function` from (a, b), for a level that is a + b * base, or from one tree."""
    return generated((_total(*trees),), ["def level(t, base):"], ["    return {0}"])


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
    _codes: dict[int, PieceCode] = attrs.Factory(dict)

    @classmethod
    def of(cls, plan: Plan) -> Evaluator:
        """Returns the evaluator of a plan. It generates no code yet."""
        return cls(plan.pieces, plan.starts, fits_any_base(plan.level) if plan.any_base is None else plan.any_base)

    def code_at(self, tick: float) -> PieceCode:
        """Returns the code of the piece that holds at a tick."""
        return self._code(max(0, bisect_right(self.starts, tick) - 1))

    def _code(self, i: int) -> PieceCode:
        code = self._codes.get(i)
        if code is None:
            end = self.starts[i + 1] if i + 1 < len(self.starts) else math.inf
            code = self._codes[i] = PieceCode(self.pieces[i], self.starts[i], end)
        return code

    def codes(self) -> list[PieceCode]:
        """Returns the code of every piece, in order."""
        return [self._code(i) for i in range(len(self.starts))]

    def level(self, tick: float, base: float) -> float:
        """Returns the level at a tick, as a float."""
        return float(self.code_at(tick).level(tick, base))
