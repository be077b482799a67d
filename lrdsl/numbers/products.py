"""Long products without drift, for `cumprod`. A running product is a double and its error term: a million factors cost a few units in the last place at most.

A level with more than `MOST_FACTORS` factors is refused, so that any tick takes half a second at most, and the next one no time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lrdsl.diagnostics import refuse
from lrdsl.work import spend

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The most factors that all running products of one level may have together.
MOST_FACTORS = 4_000_000
#: A jump of more factors than this is computed with arrays. Every product after a multiple of this many factors is kept.
STRIDE = 4096
#: How many strides are multiplied at once: few enough to stay in the processor's cache.
_STRIDES = 16
_BLOCK = 1 << 16
_SPLITTER = 2.0**27 + 1
#: How many factors count as one operation, as a power of 2.
_FACTORS = 7


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


class Factors:
    """The factors of a product. `factor` returns the factor of an index as (high, low), `factors` the factors of an array of indices, if there are arrays.

    `strides` holds the products that are kept: `strides[k]` is the product of the first k strides of factors, as (high, low).
    """

    def __init__(self, factor: Callable[[int], tuple[float, float]], factors: Callable[[Any], tuple[Any, Any]] | None) -> None:
        self.factor, self.factors = factor, factors
        self.strides = {0: (1.0, 0.0)}


class RunningProduct:
    """The product of `factor(k)` over k = 1 .. n, for any n. If n grows by one, it costs one multiplication; after a jump, at most a stride of them.

    Several threads may call it at once: `last` is read and written as a whole, and a product is kept only after all products before it.
    """

    def __init__(self, factors: Factors) -> None:
        self.factor, self.factors, self.strides = factors.factor, factors.factors, factors.strides
        self.last = (0, 1.0, 0.0)

    def __call__(self, n: float) -> float:
        n = int(n)
        last, high, low = self.last
        if n < last or n - last > STRIDE:
            stride = min(n // STRIDE, len(self.strides) - 1)
            if n < last or stride * STRIDE > last:
                last, (high, low) = stride * STRIDE, self.strides[stride]
        while self.factors is not None and n - last > 2 * STRIDE:
            last, high, low = self._leap(last, n)
        for k in range(last + 1, n + 1):
            high, low = times(high, low, *self.factor(k))
            if k % STRIDE == 0:
                self.strides.setdefault(k // STRIDE, (high, low))
        self.last = (n, high, low)
        total = high + low
        return total if total == total else math.inf  # past the doubles, the error term is unknown

    def _leap(self, last: int, n: int) -> tuple[int, float, float]:
        """Multiplies up to a few strides with arrays. Returns the index that it reaches, and the product there as (high, low)."""
        import numpy as np

        at = last // STRIDE
        first = at * STRIDE
        strides = min((n - first) // STRIDE, _STRIDES)
        spend(strides * STRIDE >> _FACTORS)
        assert self.factors is not None
        high, low = self.factors(np.arange(first + 1, first + 1 + strides * STRIDE, dtype=float))
        high, low = np.broadcast_to(high, strides * STRIDE), np.broadcast_to(low, strides * STRIDE)
        high = _up_to_zero(high, self.strides[at][0])
        h, lo = high.reshape(strides, STRIDE), low.reshape(strides, STRIDE)
        width = STRIDE
        with np.errstate(over="ignore", invalid="ignore"):
            while width > 1:
                width //= 2
                h, lo = times(h[:, :width], lo[:, :width], h[:, width:], lo[:, width:])
        a, b = self.strides[at]
        for i in range(strides):
            a, b = self.strides.setdefault(at + i + 1, times(a, b, float(h[i, 0]), float(lo[i, 0])))
        return first + strides * STRIDE, a, b


def running_products(factors: Callable[[Any], tuple[Any, Any]], n: int) -> NDArray[Any]:
    """Returns the products of the first 0, 1, .., n factors. `factors` returns the factors of an array of indices as (high, low)."""
    import numpy as np

    spend(n >> _FACTORS)
    out = np.ones(n + 1)
    carried = (1.0, 0.0)
    for begin in range(0, n, _BLOCK):
        indices = np.arange(begin + 1, min(begin + _BLOCK, n) + 1, dtype=float)
        high, low = (np.broadcast_to(part, len(indices)) for part in factors(indices))
        high = _up_to_zero(high, carried[0])
        with np.errstate(over="ignore", invalid="ignore"):
            product, error = times(*_prefixes(high, low), *carried)
            out[begin + 1 : begin + 1 + len(indices)] = product + error
        carried = float(product[-1]), float(error[-1])
    out[np.isnan(out)] = np.inf  # past the doubles, the error term is unknown
    return out


def _up_to_zero(high: NDArray[Any], before: float) -> NDArray[Any]:
    """Returns factors in which those after a 0 are 1. Their product is 0, but thousands of them alone may be past the doubles."""
    import numpy as np

    zeros = np.flatnonzero(high == 0)
    if before != 0 and not zeros.size:
        return high
    return np.where(np.arange(len(high)) > (zeros[0] if before != 0 else -1), 1.0, high)


def _prefixes(high: NDArray[Any], low: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Returns the products of the first 1, 2, .. factors of a block. The block is cut into columns, which are multiplied side by side."""
    import numpy as np

    n = len(high)
    width = max(1, int(np.sqrt(n)))
    columns = -(-n // width)
    h, lo = np.ones(columns * width), np.zeros(columns * width)
    h[:n], lo[:n] = high, low
    h, lo = np.ascontiguousarray(h.reshape(columns, width).T), np.ascontiguousarray(lo.reshape(columns, width).T)
    for row in range(1, width):
        h[row], lo[row] = times(h[row - 1], lo[row - 1], h[row], lo[row])
    before = [(1.0, 0.0)]
    for column in range(columns - 1):
        before.append(times(*before[-1], float(h[-1, column]), float(lo[-1, column])))
    product, error = times(h, lo, *np.array(before).T)
    return product.T.reshape(-1)[:n], error.T.reshape(-1)[:n]
