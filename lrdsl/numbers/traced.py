"""Levels as functions of a tick that array libraries trace, compile and differentiate: JAX, Keras and torch. The code is written from machine trees."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs

from lrdsl.check.finite import fitting
from lrdsl.expr import INDEX, T
from lrdsl.numbers.branchless import Machine, RunningFactors, Writer
from lrdsl.numbers.machine import Choice
from lrdsl.numbers.products import STRIDE, RunningProduct, times
from lrdsl.numbers.scalar import Evaluator, compiled, defined, factors_of
from lrdsl.plan import Plan

#: Numbers of double precision.
DOUBLE = Machine(53, 2.0**-1022, 1.7976931348623157e308)
#: Numbers of single precision; ticks that are 32-bit integers stay exact, ticks that are floats need not.
SINGLE = Machine(24, 2.0**-126, 3.4028234663852886e38, 2**31 - 1)
SINGLE_TICKS = attrs.evolve(SINGLE, whole=None)
#: The functions that the code calls.
_FUNCTIONS = ("abs", "ceil", "cos", "exp", "expm1", "floor", "held", "log", "log1p", "maximum", "minimum", "real", "sin", "sqrt", "where", "zeros_like")


def function(plan: Plan, base: float, machine: Machine, library: Any) -> Callable[[Any], Any]:
    """Returns the level as a function of an array of ticks. The levels are floats. A tick below 0, or one that is NaN, is tick 0.

    The ticks are whole numbers or floats, as the machine has them. `library` has the functions of arrays that the code calls, by their names in NumPy, and:
    `real`, which makes an array one of floats of the machine; `held`, which takes the slope from an array; `arange(n, like)`, the floats 0 .. n - 1 on the
    device of another array; `table`, which takes a NumPy array, and `take(table, at)`, which returns its numbers at places, which are floats.
    """
    formula = plan.level if machine is DOUBLE else fitting(plan.level, machine.largest)
    codes = Evaluator.of(attrs.evolve(plan, level=formula)).codes()
    tree = Choice(T, tuple([code.start for code in codes]), tuple([code.tree for code in codes]))
    writer = Writer(machine, T, machine.last)
    (level,) = writer.write(tree if len(codes) > 1 else codes[0].tree, base=base)
    head = ["t = where(t >= 0, t, zeros_like(t))", f"t = minimum(t, zeros_like(t) + {machine.last if machine.whole else float(machine.last)})"]
    return _generated([*head, *writer.lines], f"{level} + zero", _space(writer.products, machine, library))


def ticks(count: Any, wide: bool, library: Any) -> tuple[Machine, Any]:
    """Returns the machine for a count, and the count as its ticks: as doubles if the library is `wide`, else as 32-bit integers, or as floats if it has floats.

    A count that is larger than these integers is the last tick. `library` also has `whole`, which makes an array one of these integers.
    """
    if wide:
        return DOUBLE, library.real(count)
    import numpy as np

    count = count if hasattr(count, "dtype") else np.asarray(count)
    kind = str(count.dtype)
    if "int" not in kind and "bool" not in kind:
        return SINGLE_TICKS, library.real(count)
    if any(large in kind for large in ("uint32", "int64")):
        select = np.where if isinstance(count, np.ndarray | np.generic) else library.where
        count = select(count > SINGLE.last, count * 0 + SINGLE.last, count)
    return SINGLE, library.whole(count)


def _generated(lines: list[str], result: str, space: dict[str, Any]) -> Callable[[Any], Any]:
    """Returns the function of `t` that runs the lines and returns the result."""
    return defined(compiled("\n    ".join(["def level(t):", *lines, f"return {result}"])), "level", space)


def _space(products: list[RunningFactors], machine: Machine, library: Any) -> dict[str, Any]:
    """Returns the names that the code may use."""
    functions = {name: getattr(library, name) for name in _FUNCTIONS}
    running = {product.name: _running(product, attrs.evolve(machine, whole=None), library) for product in products}
    return {**functions, **running}


def _running(running: RunningFactors, machine: Machine, library: Any) -> Callable[[Any], Any]:
    """Returns a running product as a function of an array of numbers of factors.

    The products of whole strides are kept in tables. The factors after them are computed at once, and multiplied two by two.
    """
    product = RunningProduct(factors_of(running.product.high, running.product.low))
    product(running.most)
    kept = [product.strides[k] for k in range(running.most // STRIDE + 1)]
    width = min(STRIDE, 1 << (running.most - 1).bit_length())
    writer = Writer(machine, INDEX, running.most)
    high, low = writer.write(running.product.high, running.product.low)
    factor = _generated(writer.lines, f"{high}, {low}", _space([], machine, library))
    tables = [library.table(table) for table in _tables(kept, machine)]
    splitter = 2.0 ** ((machine.bits + 1) // 2) + 1

    def head(x: Any) -> Any:
        scaled = library.maximum(x * splitter, library.zeros_like(x) - machine.largest)
        return scaled - (scaled - x)

    def multiplied(count: Any) -> Any:
        count = library.held(count)  # a product is constant from one tick to the next
        stride = library.floor(count / STRIDE)
        index = (stride * STRIDE)[..., None] + (library.arange(width, count) + 1.0)
        inside = index <= count[..., None]
        high, low = factor(library.maximum(library.minimum(index, count[..., None]), library.zeros_like(index) + 1.0))
        zero = index * 0.0
        high, low = library.where(inside, high, zero + 1.0), library.where(inside, low, zero)
        sizes = library.abs(high)  # of a factor of 0, the product is 0, however large the others are
        high = library.where(sizes == 0, zero + 1.0, high)
        while high.shape[-1] > 1:
            half = high.shape[-1] // 2
            sizes = library.minimum(sizes[..., :half], sizes[..., half:])
            high, low = times(high[..., :half], low[..., :half], high[..., half:], low[..., half:], head)
        before, error = (library.take(table, stride) for table in tables)
        high, low = times(high[..., 0], low[..., 0], before, error, head)
        total, zero = high + low, count * 0.0
        total = library.where(total == total, total, zero + math.inf)  # past the floats, the error term is unknown
        return library.where(library.minimum(sizes[..., 0], library.abs(before)) == 0, zero, total)

    return multiplied


def _tables(pairs: list[tuple[float, float]], machine: Machine) -> tuple[Any, Any]:
    """Returns pairs as two of NumPy's arrays, of floats of the machine."""
    import numpy as np

    high, low = np.array(pairs).T
    kind = np.float64 if machine.bits == DOUBLE.bits else np.float32
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = high.astype(kind)
        return rounded, (high - rounded + low).astype(kind)
