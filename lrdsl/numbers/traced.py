"""Levels as functions of a tick that array libraries trace, compile and differentiate: JAX, Keras and torch. The code is written from machine trees."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs

from lrdsl.arguments import quoted
from lrdsl.check.finite import fitting
from lrdsl.diagnostics import refuse
from lrdsl.expr import INDEX, T
from lrdsl.numbers.branchless import Machine, RunningFactors, Writer
from lrdsl.numbers.machine import Choice
from lrdsl.numbers.products import STRIDE, Factors, RunningProduct, bits, times
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

    A count that is larger than these integers is the last tick. `library` also has `whole`, which makes an array one of these integers. Raises `ScheduleError`
    for a count that is no number, which a library may read as NaN, or as a number.
    """
    if count is None or isinstance(count, str | bytes | complex) or "complex" in str(getattr(count, "dtype", "")):
        raise refuse("LR152", f"the count is {quoted(count)}, and not a number", "give the step count, as 100")
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

    The products of whole strides are kept in tables. The factors after them are computed at once, and multiplied two by two. Where so many of them may leave
    the floats, the products are scaled in between, and the function counts how often.
    """
    factors = factors_of(running.product.high, running.product.low)
    product = RunningProduct(factors)
    product(running.most)
    scale = _Scale.of(machine)
    first = _most_bits(factors, running.most, machine)
    kept = [scale.table(*product.strides[k]) for k in range(running.most // STRIDE + 1)]
    width = min(STRIDE, 1 << (running.most - 1).bit_length())
    counts = any(power for _, _, power in kept) or first * width > scale.bits
    writer = Writer(machine, INDEX, running.most)
    high, low = writer.write(running.product.high, running.product.low)
    factor = _generated(writer.lines, f"{high}, {low}", _space([], machine, library))
    tables = [library.table(table) for table in _tables(kept, machine)[: 3 if counts else 2]]
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
        power = index * 0.0
        high, low = library.where(inside, high, power + 1.0), library.where(inside, low, power)
        bits = first
        while True:
            high, low, power, bits = scale.small(high, low, power, bits, library)
            if high.shape[-1] == 1:
                break
            half = high.shape[-1] // 2
            high, low = times(high[..., :half], low[..., :half], high[..., half:], low[..., half:], head)
            power = power[..., :half] + power[..., half:] if counts else power[..., :half]
            bits *= 2
        before, error, *scaled = (library.take(table, stride) for table in tables)
        high, low = times(high[..., 0], low[..., 0], before, error, head)
        return scale.whole(high + low, power[..., 0] + scaled[0], library) if counts else high + low

    return multiplied


def _most_bits(factors: Factors, most: int, machine: Machine) -> float:
    """Returns how many bits the sizes of the first factors have at most, above and below 1. A factor of 0 needs none.

    Raises `ScheduleError` for a factor that is too large for the machine: a smaller one may follow, and nothing is known of their product.
    """
    import numpy as np

    assert factors.factors is not None
    sizes = 0.0
    for begin in range(0, most, 16 * STRIDE):
        high, _ = factors.factors(np.arange(begin + 1, min(begin + 16 * STRIDE, most) + 1, dtype=float))
        if np.max(np.abs(high)) > machine.largest:
            raise refuse("LR152", "a factor of the `cumprod` is too large for single precision", "compute the schedule in double precision")
        sizes = max(sizes, bits(np.extract(high, high)))
    return sizes


@attrs.frozen
class _Scale:
    """How products stay within the floats of a machine: a product of two sizes of `bits` bits has an exact error term, larger ones are divided by 2^unit.

    A product with a power p is `(high + low) 2^(p unit)`.
    """

    bits: int
    unit: int
    #: The bits of the largest float.
    most: int

    @classmethod
    def of(cls, machine: Machine) -> _Scale:
        most = math.frexp(machine.largest)[1]
        bits = (most - 2 - 2 * machine.bits) // 2
        return cls(bits, bits * 3 // 2, most)

    def small(self, high: Any, low: Any, power: Any, bits: float, library: Any) -> tuple[Any, Any, Any, float]:
        """Returns products, of sizes of at most so many bits, of which two may be multiplied; and how many bits those have."""
        bits = min(bits, self.most)
        while bits > self.bits:
            size, one = library.abs(high), power * 0.0 + 1.0
            up = library.where(size > 2.0**self.bits, one, power * 0.0) - library.where(size < 2.0**-self.bits, one, power * 0.0)
            by = library.where(up > 0, one * 2.0**-self.unit, library.where(up < 0, one * 2.0**self.unit, one))
            high, low, power = high * by, low * by, power + up
            bits = max(self.bits, bits - self.unit)
        return high, low, power, bits

    def whole(self, total: Any, power: Any, library: Any) -> Any:
        """Returns products as floats: infinite where they are too large for one."""
        one = power * 0.0 + 1.0
        for step in range(-(-3 * self.most // self.unit)):
            by = library.where(power > step, one * 2.0**self.unit, library.where(power < -step, one * 2.0**-self.unit, one))
            total = total * by
        return total

    def table(self, high: float, low: float, power: int) -> tuple[float, float, int]:
        """Returns a running product with a power that counts units."""
        units = round((math.frexp(high)[1] + power) / self.unit)
        return math.ldexp(high, power - units * self.unit), math.ldexp(low, power - units * self.unit), units


def _tables(products: list[tuple[float, float, int]], machine: Machine) -> list[Any]:
    """Returns products as three of NumPy's arrays, of floats of the machine."""
    import numpy as np

    high, low, power = np.array(products, dtype=float).T
    kind = np.float64 if machine.bits == DOUBLE.bits else np.float32
    rounded = high.astype(kind)
    return [rounded, (high - rounded + low).astype(kind), power.astype(kind)]
