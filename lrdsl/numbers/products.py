"""Long products without drift, for `cumprod`. A running product is a double and its error term: a million factors cost a few units in the last place at most.

It is kept as `(high + low) 2^power`. So it is infinite, or 0, only while the true product is too large or too small for a double, and comes back from there.

A level with more than `MOST_FACTORS` factors is refused, so that any tick takes half a second at most, and the next one no time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from lrdsl.diagnostics import refuse
from lrdsl.work import spend

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The most factors that all running products of one level may have together.
MOST_FACTORS = 4_000_000
#: A jump of more factors than this is computed with arrays. Every product after a multiple of this many factors is kept.
STRIDE = 4096
#: A jump of this many factors or fewer is computed one by one, since arrays would take longer.
_FEW = 512
#: How many strides are multiplied at once: few enough to stay in the processor's cache.
_STRIDES = 16
_BLOCK = 1 << 16
_SPLITTER = 2.0**27 + 1
#: How many factors count as one operation, as a power of 2.
_FACTORS = 7
#: The most bits of a size, above and below 1, of which two may be multiplied: a product of two has an exact error term.
_BITS = 450
#: The squares of the sizes with so many bits.
_SMALL, _LARGE = 2.0 ** (-2 * _BITS), 2.0 ** (2 * _BITS)
#: A running product: (high, low, power).
Scaled: TypeAlias = tuple[float, float, int]
_ONE: Scaled = (1.0, 0.0, 0)
#: A power of 2 of this size, times a product of so many bits, is past the doubles.
_PAST = 4096


def times(a: Any, b: Any, c: Any, d: Any, head: Callable[[Any], Any] | None = None) -> tuple[Any, Any]:
    """Returns (a + b)(c + d) as a normalized pair of doubles, or of arrays of floats. `head` gives the first half of the bits of a float.

    Products of halves are exact, so that a compiler may add one in the operation that multiplies.
    """
    if head is None:
        t = _SPLITTER * a
        a1 = t - (t - a)
        t = _SPLITTER * c
        c1 = t - (t - c)
    else:
        a1, c1 = head(a), head(c)
    a2, c2 = a - a1, c - c1
    p = a1 * c1
    e = (a1 * c2 + a2 * c1) + (a2 * c2 + (a * d + b * c))
    s = p + e
    return s, e - (s - p)


def within(factors: float) -> None:
    """Raises `ScheduleError` for a level whose products have too many factors."""
    if factors > MOST_FACTORS:
        help = "end the `cumprod` earlier with `for`, or replan from the level that a run has reached"
        raise refuse("LR152", f"the level is a product of {int(factors)} factors, and {MOST_FACTORS} are the most that are multiplied one by one", help)


def next_product(a: float, b: float, power: int, c: float, d: float) -> Scaled:
    """Returns (a + b) 2^power times (c + d)."""
    high, low = times(a, b, c, d)
    if _SMALL < high * high < _LARGE:
        return high, low, power
    return _scaled_product(a, b, power, c, d)


def _scaled_product(a: float, b: float, power: int, c: float, d: float) -> Scaled:
    """Returns what `next_product` does, for any sizes: the powers of 2 of both factors go into the power."""
    (a, e), (c, f) = math.frexp(a), math.frexp(c)
    return *times(a, math.ldexp(b, -e), c, math.ldexp(d, -f)), power + e + f


def whole(high: float, low: float, power: int) -> float:
    """Returns a running product as a double: infinite where it is too large for one."""
    try:
        return math.ldexp(high + low, power)
    except OverflowError:
        return math.copysign(math.inf, high)


class Factors:
    """The factors of a product. `factor` returns the factor of an index as (high, low), `factors` the factors of an array of indices, if there are arrays.

    `strides` holds the products that are kept: `strides[k]` is the product of the first k strides of factors. `latest` is the last product that was asked for,
    with its number of factors: the phase after a product begins with one factor more.
    """

    def __init__(self, factor: Callable[[int], tuple[float, float]], factors: Callable[[Any], tuple[Any, Any]] | None) -> None:
        self.factor, self.factors = factor, factors
        self.strides = {0: _ONE}
        self.latest = (0, *_ONE)


class RunningProduct:
    """The product of `factor(k)` over k = 1 .. n, for any n. If n grows by one, it costs one multiplication; after a jump, at most a stride of them.

    Several threads may call it at once: `last` is read and written as a whole, and a product is kept only after all products before it.
    """

    def __init__(self, factors: Factors) -> None:
        self.source, self.factor, self.factors, self.strides = factors, factors.factor, factors.factors, factors.strides
        self.last = (0, *_ONE)

    def __call__(self, n: float) -> float:
        n = int(n)
        last, high, low, power = self.last
        if not last <= n <= last + 1:
            stride = min(n // STRIDE, len(self.strides) - 1)
            known = (self.last, self.source.latest, (stride * STRIDE, *self.strides[stride]))
            last, high, low, power = max((one for one in known if one[0] <= n), key=itemgetter(0))
        if self.factors is not None and n - last > _FEW:
            while n // STRIDE > last // STRIDE:
                last, (high, low, power) = self._leap(last, n)
            if n - last > _FEW:
                (rest,) = self._products(last, 1, n - last)
                last, (high, low, power) = n, next_product(high, low, power + rest[2], rest[0], rest[1])
        for k in range(last + 1, n + 1):
            c, d = self.factor(k)
            a, b = times(high, low, c, d)
            if _SMALL < a * a < _LARGE:  # as `next_product`, of which the call would cost a step more than the product
                high, low = a, b
            else:
                high, low, power = _scaled_product(high, low, power, c, d)
            if k % STRIDE == 0:
                self.strides.setdefault(k // STRIDE, (high, low, power))
        self.last = self.source.latest = (n, high, low, power)
        return whole(high, low, power) if power else high + low

    def _leap(self, last: int, n: int) -> tuple[int, Scaled]:
        """Multiplies up to a few strides with arrays. Returns the index that it reaches, and the product there."""
        at = last // STRIDE
        first = at * STRIDE
        strides = min((n - first) // STRIDE, _STRIDES)
        total = self.strides[at]
        for i, (high, low, power) in enumerate(self._products(first, strides, STRIDE)):
            a, b, before = total
            total = self.strides.setdefault(at + i + 1, next_product(a, b, before + power, high, low))
        return first + strides * STRIDE, total

    def _products(self, first: int, rows: int, width: int) -> list[Scaled]:
        """Returns the products of so many rows of `width` factors each, after the first ones."""
        import numpy as np

        spend(rows * width >> _FACTORS)
        assert self.factors is not None
        product = _Products.of(self.factors(np.arange(first + 1, first + 1 + rows * width, dtype=float)), (rows, width))
        odd: list[_Products] = []
        while width > 1:
            odd += [product[:, width - 1]] * (width % 2)
            width //= 2
            product = product[:, :width] * product[:, width : 2 * width]
        total = product[:, 0]
        for part in odd:
            total = total * part
        return total.listed()


@attrs.frozen(eq=False)
class _Products:
    """An array of products, as arrays `high`, `low` and `power`; the power is None where it is 0 for all. A size has at most `bits` bits, above or below 1."""

    high: NDArray[Any]
    low: NDArray[Any]
    power: NDArray[Any] | None
    bits: float

    @classmethod
    def of(cls, factors: tuple[Any, Any], shape: tuple[int, ...]) -> _Products:
        """Returns factors, given as (high, low), as products in an array of a shape."""
        import numpy as np

        high, low = (np.broadcast_to(part, math.prod(shape)).reshape(shape) for part in factors)
        return cls(high, low, None, bits(high))

    def __getitem__(self, places: Any) -> _Products:
        return _Products(self.high[places], self.low[places], None if self.power is None else self.power[places], self.bits)

    def __mul__(self, other: _Products) -> _Products:
        a, b = self.small(), other.small()
        power = None if a.power is b.power is None else a.powers() + b.powers()
        return _Products(*times(a.high, a.low, b.high, b.low), power, a.bits + b.bits)

    def small(self) -> _Products:
        """Returns the same products with sizes of few bits, so that two of them may be multiplied."""
        if self.bits <= _BITS:
            return self
        import numpy as np

        high, power = np.frexp(self.high)
        low, power = np.ldexp(self.low, -power), power.astype(np.int64)
        return _Products(high, low, power if self.power is None else self.power + power, 1.0)

    def powers(self) -> NDArray[Any]:
        """Returns the power of each product."""
        import numpy as np

        return np.zeros(self.high.shape, np.int64) if self.power is None else self.power

    def listed(self) -> list[Scaled]:
        """Returns the products of a row."""
        return list(zip(self.high.tolist(), self.low.tolist(), self.powers().tolist(), strict=True))

    def whole(self) -> NDArray[Any]:
        """Returns the products as doubles."""
        import numpy as np

        total: NDArray[Any] = self.high + self.low
        if self.power is not None:
            with np.errstate(over="ignore", under="ignore"):
                total = np.ldexp(total, np.clip(self.power, -_PAST, _PAST))
        return total


def bits(sizes: NDArray[Any]) -> float:
    """Returns how many bits the sizes of an array have at most, above and below 1; infinity where one is 0."""
    import numpy as np

    sizes = np.abs(sizes)
    least, most = float(sizes.min(initial=1.0)), float(sizes.max(initial=1.0))
    return max(math.log2(most), -math.log2(least)) if least else math.inf


def running_products(factors: Callable[[Any], tuple[Any, Any]], n: int) -> NDArray[Any]:
    """Returns the products of the first 0, 1, .., n factors. `factors` returns the factors of an array of indices as (high, low)."""
    import numpy as np

    spend(n >> _FACTORS)
    out = np.ones(n + 1)
    carried = _ONE
    for begin in range(0, n, _BLOCK):
        indices = np.arange(begin + 1, min(begin + _BLOCK, n) + 1, dtype=float)
        products = _prefixes(factors(indices), len(indices), carried)
        out[begin + 1 : begin + 1 + len(indices)] = products.whole()
        (carried,) = products[-1:].listed()
    return out


def _prefixes(factors: tuple[Any, Any], n: int, carried: Scaled) -> _Products:
    """Returns the products of the first 1, 2, .. factors of a block, times one. The block is cut into columns, which are multiplied side by side."""
    import numpy as np

    width = max(1, int(np.sqrt(n)))
    columns = -(-n // width)
    h, lo = np.ones(columns * width), np.zeros(columns * width)
    h[:n], lo[:n] = factors
    h, lo = np.ascontiguousarray(h.reshape(columns, width).T), np.ascontiguousarray(lo.reshape(columns, width).T)
    block = _Products(h, lo, None, bits(h)).small()
    rows = [block[0]]
    for row in range(1, width):
        rows.append(rows[-1] * block[row])
    before = [carried]
    for high, low, power in rows[-1].listed()[:-1]:
        a, b, own = before[-1]
        before.append(next_product(a, b, own + power, high, low))
    highs, lows, powers = (np.array(part) for part in zip(*before, strict=True))
    products = _stacked(rows) * _Products(highs, lows, powers if powers.any() else None, bits(highs))
    h, lo, power = (part.T.reshape(-1)[:n] for part in (products.high, products.low, products.powers()))
    return _Products(h, lo, None if products.power is None else power, products.bits)


def _stacked(rows: list[_Products]) -> _Products:
    """Returns rows of products as one array."""
    import numpy as np

    power = None if all(row.power is None for row in rows) else np.array([row.powers() for row in rows])
    return _Products(np.array([row.high for row in rows]), np.array([row.low for row in rows]), power, max(row.bits for row in rows))
