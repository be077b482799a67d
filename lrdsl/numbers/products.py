"""Long products without drift: `cumprod` by the tick. The running product is a double and its error term, so a million factors cost a few ulp at most.

A level with more than `MOST_FACTORS` factors is refused, so that any tick is reached in half a second at the most, and the next one at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lrdsl.diagnostics import refuse
from lrdsl.work import spend

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The most factors that all running products of one level may have together.
MOST_FACTORS = 4_000_000
#: A jump of more ticks than this is taken by the array, and so many ticks lie between two products that are kept.
_STRIDE = 4096
#: So many strides are taken at once: few enough that they stay in the processor's cache.
_STRIDES = 16
_BLOCK = 1 << 16
_SPLITTER = 2.0**27 + 1
#: So many factors are as much work as one node, as a power of 2.
_FACTORS = 7


def _times(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    """(a + b)(c + d) as a normalized pair, for floats and for arrays."""
    p = a * c
    t = _SPLITTER * a
    a1 = t - (t - a)
    t = _SPLITTER * c
    c1 = t - (t - c)
    e = ((a1 * c1 - p) + a1 * (c - c1) + (a - a1) * c1) + (a - a1) * (c - c1) + (a * d + b * c)
    s = p + e
    return s, e - (s - p)


def within(factors: float) -> None:
    """Raise `ScheduleError` for a level whose products have too many factors."""
    if factors > MOST_FACTORS:
        help = "end the `cumprod` before with `for`, or replan from the level that a run has reached"
        raise refuse("LR152", f"the level is a product of {int(factors)} factors, and {MOST_FACTORS} are the most that are multiplied one by one", help)


class Factors:
    """The factors of a product: `one` gives that of an index as (high, low), `many` those of an array of indices. Of their product, all strides are `kept`."""

    def __init__(self, one: Callable[[int], tuple[float, float]], many: Callable[[Any], tuple[Any, Any]]) -> None:
        self.one, self.many = one, many
        self.kept = {0: (1.0, 0.0)}


class RunningProduct:
    """The product of `factor(k)` over k = 1 .. n, at any n: one multiplication where n grows by one, a stride of them after a jump.

    Threads may ask at once: what is remembered is taken and replaced whole, and every stride before one that is kept is kept too.
    """

    def __init__(self, factors: Factors) -> None:
        self.factor, self.factors, self.kept = factors.one, factors.many, factors.kept
        self.last = (0, 1.0, 0.0)

    def __call__(self, n: float) -> float:
        n = int(n)
        last, high, low = self.last
        if n < last or n - last > _STRIDE:
            stride = min(n // _STRIDE, len(self.kept) - 1)
            if n < last or stride * _STRIDE > last:
                last, (high, low) = stride * _STRIDE, self.kept[stride]
        while n - last > 2 * _STRIDE:
            last, high, low = self._leap(last, n)
        for k in range(last + 1, n + 1):
            high, low = _times(high, low, *self.factor(k))
            if k % _STRIDE == 0:
                self.kept.setdefault(k // _STRIDE, (high, low))
        self.last = (n, high, low)
        return high + low

    def _leap(self, last: int, n: int) -> tuple[int, float, float]:
        """Go on to a multiple of the stride, a few strides at a time; gives the index that is reached, and the product there."""
        import numpy as np

        at = last // _STRIDE
        first = at * _STRIDE
        strides = min((n - first) // _STRIDE, _STRIDES)
        spend(strides * _STRIDE >> _FACTORS)
        high, low = self.factors(np.arange(first + 1, first + 1 + strides * _STRIDE, dtype=float))
        high, low = np.broadcast_to(high, strides * _STRIDE), np.broadcast_to(low, strides * _STRIDE)
        h, lo = high.reshape(strides, _STRIDE), low.reshape(strides, _STRIDE)
        width = _STRIDE
        while width > 1:
            width //= 2
            h, lo = _times(h[:, :width], lo[:, :width], h[:, width:], lo[:, width:])
        a, b = self.kept[at]
        for i in range(strides):
            a, b = self.kept.setdefault(at + i + 1, _times(a, b, float(h[i, 0]), float(lo[i, 0])))
        return first + strides * _STRIDE, a, b


def running_products(factors: Callable[[Any], tuple[Any, Any]], n: int) -> NDArray[Any]:
    """The products of the first 0 .. n factors, a block at a time; `factors` gives those of an array of indices as (high, low)."""
    import numpy as np

    spend(n >> _FACTORS)
    out = np.ones(n + 1)
    carried = (1.0, 0.0)
    for begin in range(0, n, _BLOCK):
        indices = np.arange(begin + 1, min(begin + _BLOCK, n) + 1, dtype=float)
        high, low = (np.broadcast_to(part, len(indices)) for part in factors(indices))
        whole, rest = _times(*_prefixes(high, low), *carried)
        out[begin + 1 : begin + 1 + len(indices)] = whole + rest
        carried = float(whole[-1]), float(rest[-1])
    return out


def _prefixes(high: NDArray[Any], low: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The prefix products of a block. Columns of about the square root of its length are multiplied side by side."""
    import numpy as np

    n = len(high)
    width = max(1, int(np.sqrt(n)))
    columns = -(-n // width)
    h, lo = np.ones(columns * width), np.zeros(columns * width)
    h[:n], lo[:n] = high, low
    h, lo = np.ascontiguousarray(h.reshape(columns, width).T), np.ascontiguousarray(lo.reshape(columns, width).T)
    for row in range(1, width):
        h[row], lo[row] = _times(h[row - 1], lo[row - 1], h[row], lo[row])
    before = [(1.0, 0.0)]
    for column in range(columns - 1):
        before.append(_times(*before[-1], float(h[-1, column]), float(lo[-1, column])))
    whole, rest = _times(h, lo, *np.array(before).T)
    return whole.T.reshape(-1)[:n], rest.T.reshape(-1)[:n]
