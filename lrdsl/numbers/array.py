"""Levels by the array: computes machine trees with NumPy, a block of ticks at a time, so that the arrays stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdsl.expr import BASE, INDEX, WIDE, Call, Expr, Symbol, T, affine
from lrdsl.numbers.half_cosines import stretches
from lrdsl.numbers.lowering import numeric
from lrdsl.numbers.machine import Accumulated, Choice, factors_in
from lrdsl.numbers.pairs import WIDE_OPERATIONS, Float
from lrdsl.numbers.products import MOST_FACTORS, running_products, within
from lrdsl.numbers.zeros import unsigned
from lrdsl.plan import first_tick, pieces
from lrdsl.work import spend

Array = NDArray[np.float64]
#: The ticks of a block.
_BLOCK = 8000

#: How many numbers in NumPy functions count as one operation, as a power of 2, and how many a call costs beside its own. They are counted under a key.
_BITS, _CALL, _NUMBERS = 11, 64, "numbers"

#: Operations of any number of arguments.
_FOLDED: dict[str, Callable[..., Any]] = {"add": np.add, "mul": np.multiply, "min": np.minimum, "max": np.maximum}


def _after_reductions(level: Any, times: Any, factor: float, least: Any, eps: Any) -> Any:
    """Returns levels after numbers of reductions, as `scalar.after_reductions` does."""
    level = np.asarray(level, dtype=float)
    for k in range(int(np.max(times, initial=0))):
        lower = np.maximum(level * factor, least)
        moves = (level - lower > eps) & (k < times)
        if not np.any(moves):
            break
        level = np.where(moves, lower, level)
    return level


_PLAIN: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "cos": np.cos,
    "div": np.divide,
    "exp": np.exp,
    "expm1": np.expm1,
    "floor": np.floor,
    "floordiv": np.floor_divide,
    "log": np.log,
    "log1p": np.log1p,
    "mod": np.mod,
    "pow": np.power,
    "reduce": _after_reductions,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "sub": np.subtract,
    "wide_error": lambda x: np.where(np.isfinite(x), x, 0.0),
}
#: NumPy's operations give infinity of themselves, with warnings.
_PLAIN |= {wide: _PLAIN[op] for op, wide in WIDE_OPERATIONS.items() if op in _PLAIN}
_FOLDED[WIDE_OPERATIONS["mul"]] = lambda a, b: np.where((a == 0) | (b == 0), 0.0, a * b)  # a factor of 0 is exact


def _quiet(trees: tuple[Expr, ...]) -> AbstractContextManager[Any]:
    """Returns a context without warnings if trees take what is infinite: it is meant then."""
    return np.errstate(all="ignore") if any(tree.holds & WIDE for tree in trees) else nullcontext()


def evaluate(e: Expr, symbols: dict[Symbol, Any], shared: dict[Any, Any]) -> Any:
    """Returns the value of a machine tree; `symbols` are arrays or numbers. `shared` holds values that all blocks share, by tree, and counts numbers."""
    memo: dict[Expr, Any] = {}
    value = _value(e, symbols, shared, memo)
    shared[_NUMBERS] = shared.get(_NUMBERS, 0) + len(memo) * (np.size(value) + _CALL)
    return value


def _value(x: Expr, symbols: dict[Symbol, Any], shared: dict[Any, Any], memo: dict[Expr, Any]) -> Any:
    # These functions are no closures: closures would refer to each other, and keep the arrays alive until the garbage collector runs.
    if isinstance(x, Float):
        return float(x.value)
    if isinstance(x, Symbol):
        return symbols[x]
    value = memo.get(x)
    if value is None:
        value = memo[x] = _operation(x, symbols, shared, memo)
    return value


def _operation(x: Expr, symbols: dict[Symbol, Any], shared: dict[Any, Any], memo: dict[Expr, Any]) -> Any:
    if isinstance(x, Choice):
        return _select(x, _value(x.of, symbols, shared, memo), symbols, shared)
    if isinstance(x, Accumulated):
        upto = np.asarray(_value(x.upto, symbols, shared, memo))
        return _prefix(x, shared, int(upto.max(initial=0)))[upto.astype(np.int64)]
    assert isinstance(x, Call), x
    args = [_value(a, symbols, shared, memo) for a in x.args]
    if x.op in _FOLDED:
        total = args[0]
        for a in args[1:]:
            total = _FOLDED[x.op](total, a)
        return total
    return _PLAIN[x.op](*args)


def _select(e: Choice, of: Any, symbols: dict[Symbol, Any], shared: dict[Any, Any]) -> Any:
    """Computes each branch at the ticks in its range."""
    starts = e.starts[1:]
    if np.ndim(of) == 0:
        return evaluate(e.values[int(np.searchsorted(starts, of, side="right"))], symbols, shared)
    out = np.empty(np.shape(of))
    for i, places in _places(starts, of):
        selected = {s: v[places] if np.ndim(v) else v for s, v in symbols.items()}
        out[places] = evaluate(e.values[i], selected, shared)
    return out


def _places(starts: Sequence[float], of: Array) -> Iterator[tuple[int, Any]]:
    """Yields (range number, places) for each range that holds values of an array: the ranges after the first begin at `starts`.

    The places are a slice if the array rises, as ticks mostly do, else an array of booleans.
    """
    if bool(np.all(of[1:] >= of[:-1])):
        bounds = [0, *np.searchsorted(of, starts, side="left").tolist(), len(of)]
        yield from ((i, slice(bounds[i], bounds[i + 1])) for i in range(len(starts) + 1) if bounds[i] < bounds[i + 1])
    else:
        place = np.searchsorted(starts, of, side="right")
        yield from ((int(i), place == i) for i in np.unique(place))


def factors(high: Expr, low: Expr) -> Callable[[Array], tuple[Any, Any]]:
    """Returns the function that computes the factors of a product for an array of indices, as (high, low)."""

    def of(k: Array) -> tuple[Any, Any]:
        with _quiet((high, low)):
            return evaluate(high, {INDEX: k}, {}), evaluate(low, {INDEX: k}, {})

    return of


def _prefix(e: Accumulated, shared: dict[Any, Any], upto: int) -> Array:
    """Returns all products up to an index, and keeps them for the next block. Their number at least doubles when it grows."""
    product = e.high, e.low  # the key does not depend on the upper index
    products: Array | None = shared.get(product)
    if products is None or len(products) <= upto:
        n = max(upto, min(2 * len(products), MOST_FACTORS) if products is not None else 0)
        products = shared[product] = running_products(factors(*product), n)
    return products


class _Trees:
    """The machine trees of the pieces of a level, made when a tick first falls into a piece: (a, b) for a + b * base, else one tree that holds the base."""

    def __init__(self, level: Expr) -> None:
        self.pieces = [part for piece in pieces(level) for part in stretches(piece)]
        self.starts = [first_tick(piece.start) for piece in self.pieces]
        self._trees: dict[int, tuple[Expr, ...]] = {}

    def of(self, i: int) -> tuple[Expr, ...]:
        """Returns the trees of the i-th piece."""
        trees = self._trees.get(i)
        if trees is None:
            piece = self.pieces[i]
            split = affine(piece.level, BASE)
            trees = self._trees[i] = unsigned(*(numeric(part, piece.start, piece.end) for part in (split or (piece.level,))))
        return trees


_trees_of = lru_cache(maxsize=64)(_Trees)


def levels(level: Expr, ticks: Array, base: float, counts: bool = False) -> Array:
    """Returns the levels at an array of ticks of any order and shape. `counts`: the work counts against the budget of a text, since the text asks for it."""
    trees = _trees_of(level)
    flat = np.ascontiguousarray(ticks, dtype=np.float64).reshape(-1)
    out = np.empty_like(flat)
    shared: dict[Any, Any] = {}
    for begin in range(0, len(flat), _BLOCK):
        block = flat[begin : begin + _BLOCK]
        for i, places in _places(trees.starts[1:], block):
            with _quiet(trees.of(i)):
                out[begin : begin + _BLOCK][places] = _level(trees.of(i), block[places], base, shared)
            if counts:
                spend(shared.pop(_NUMBERS, 0) >> _BITS)
    return out.reshape(np.shape(ticks))


def _level(trees: tuple[Expr, ...], ticks: Array, base: float, shared: dict[Any, Any]) -> Any:
    factors = factors_in(trees)
    if factors is not None:
        within(float(np.max(evaluate(factors, {T: ticks, BASE: base}, shared), initial=0.0)))
    values = [evaluate(tree, {T: ticks, BASE: base}, shared) for tree in trees]
    if len(values) == 1:
        return values[0]
    a, b = values
    if trees[1] == Float(0):
        return a
    return b * base if trees[0] == Float(0) else a + b * base
