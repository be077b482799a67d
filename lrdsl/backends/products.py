"""Long products without drift: `cumprod` by the tick. The running product is a double and its error term, so a million factors cost a few ulp at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A jump of more ticks than this is taken by the array, and so many ticks lie between two products that are kept.
_STRIDE = 4096
_SPLITTER = 2.0**27 + 1


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


class RunningProduct:
    """The product of `factor(k)` over k = 1 .. n, at any n: one multiplication where n grows by one, a stride of them after a jump.

    `factor` gives the factor of an index as (high, low); `factors` does so for an array of indices.
    """

    def __init__(self, factor: Callable[[int], tuple[float, float]], factors: Callable[[Any], tuple[Any, Any]]) -> None:
        self.factor, self.factors = factor, factors
        self.last = 0
        self.value = (1.0, 0.0)
        self.kept = [(1.0, 0.0)]

    def __call__(self, n: float) -> float:
        n = int(n)
        if n < self.last:
            stride = min(n // _STRIDE, len(self.kept) - 1)
            self.last, self.value = stride * _STRIDE, self.kept[stride]
        while n - self.last > 2 * _STRIDE:
            self._leap(n)
        high, low = self.value
        for k in range(self.last + 1, n + 1):
            high, low = _times(high, low, *self.factor(k))
            if k == len(self.kept) * _STRIDE:
                self.kept.append((high, low))
        self.last, self.value = n, (high, low)
        return high + low

    def _leap(self, n: int) -> None:
        """Go on to a multiple of the stride, at most 256 strides at a time."""
        import numpy as np

        first = self.last - self.last % _STRIDE
        strides = min((n - first) // _STRIDE, 256)
        high, low = self.factors(np.arange(first + 1, first + 1 + strides * _STRIDE, dtype=float))
        high, low = np.broadcast_to(high, strides * _STRIDE), np.broadcast_to(low, strides * _STRIDE)
        h, lo = high.reshape(strides, _STRIDE), low.reshape(strides, _STRIDE)
        width = _STRIDE
        while width > 1:
            width //= 2
            h, lo = _times(h[:, :width], lo[:, :width], h[:, width:], lo[:, width:])
        at = first // _STRIDE
        a, b = self.kept[at]
        for i in range(strides):
            a, b = _times(a, b, float(h[i, 0]), float(lo[i, 0]))
            if at + i + 1 == len(self.kept):
                self.kept.append((a, b))
        self.last, self.value = first + strides * _STRIDE, (a, b)


def running_products(high: NDArray[Any], low: NDArray[Any]) -> NDArray[Any]:
    """All prefix products of an array of factors, empty product first. Rows of about the square root of its length are multiplied side by side."""
    import numpy as np

    n = len(high)
    width = max(1, int(np.sqrt(n)))
    rows = -(-n // width)
    h, lo = np.ones((rows, width)), np.zeros((rows, width))
    h.flat[:n], lo.flat[:n] = high, low
    for column in range(1, width):
        h[:, column], lo[:, column] = _times(h[:, column - 1], lo[:, column - 1], h[:, column], lo[:, column])
    before = [(1.0, 0.0)]
    for row in range(rows - 1):
        before.append(_times(*before[-1], float(h[row, -1]), float(lo[row, -1])))
    a = np.array([b[0] for b in before])[:, None]
    b = np.array([b[1] for b in before])[:, None]
    whole, rest = _times(h, lo, a, b)
    return np.concatenate([[1.0], (whole + rest).reshape(-1)[:n]])
