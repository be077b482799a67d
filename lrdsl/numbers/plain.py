"""What lrdsl asks of NumPy, over lists of numbers, for a Python that has no NumPy. It has those functions, and those uses of them, that lrdsl needs there.

`arrays` picks NumPy or this module; `tests/numbers/test_plain.py` compares the two.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from operator import add, and_, eq, ge, gt, le, lt, mod, mul, ne, or_, sub
from typing import Any

float64 = float


class Array:
    """Numbers, or truths, in a row. Operations with a number are done for each, and those with another array for each pair.

    >>> (Array([1.0, 2.0]) * 2 + Array([0.5, 0.5])).tolist()
    [2.5, 4.5]
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, items: Iterable[Any]) -> None:
        self.items = list(items)

    @property
    def size(self) -> int:
        return len(self.items)

    @property
    def shape(self) -> tuple[int]:
        return (len(self.items),)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __getitem__(self, place: Any) -> Any:
        """Returns the number at a place, or an array: for a slice, for an array of places, or for one of truths."""
        if isinstance(place, slice):
            return Array(self.items[place])
        return Array(self.items[i] for i in _places(place)) if isinstance(place, Array) else self.items[place]

    def __setitem__(self, place: Any, value: Any) -> None:
        places = list(_places(place)) if isinstance(place, Array) else [place]
        for i, item in zip(places, broadcast_to(value, (len(places),)), strict=True):
            self.items[i] = item

    def _with(self, other: Any, operation: Callable[[Any, Any], Any]) -> Array:
        if isinstance(other, Array):
            return Array(map(operation, self.items, other.items))
        return Array(operation(item, other) for item in self.items)

    def __add__(self, other: Any) -> Array:
        return self._with(other, add)

    def __sub__(self, other: Any) -> Array:
        return self._with(other, sub)

    def __mul__(self, other: Any) -> Array:
        return self._with(other, mul)

    def __truediv__(self, other: Any) -> Array:
        return self._with(other, _divided)

    def __mod__(self, other: Any) -> Array:
        return self._with(other, mod)

    def __pow__(self, other: Any) -> Array:
        return self._with(other, _power)

    def __radd__(self, other: Any) -> Array:
        return self._with(other, add)

    def __rmul__(self, other: Any) -> Array:
        return self._with(other, mul)

    def __rsub__(self, other: Any) -> Array:
        return self._with(other, lambda item, whole: whole - item)

    def __rtruediv__(self, other: Any) -> Array:
        return self._with(other, lambda item, whole: _divided(whole, item))

    def __lt__(self, other: Any) -> Array:
        return self._with(other, lt)

    def __le__(self, other: Any) -> Array:
        return self._with(other, le)

    def __gt__(self, other: Any) -> Array:
        return self._with(other, gt)

    def __ge__(self, other: Any) -> Array:
        return self._with(other, ge)

    def __eq__(self, other: object) -> Array:  # type: ignore[override]
        return self._with(other, eq)

    def __ne__(self, other: object) -> Array:  # type: ignore[override]
        return self._with(other, ne)

    def __and__(self, other: Any) -> Array:
        return self._with(other, and_)

    def __or__(self, other: Any) -> Array:
        return self._with(other, or_)

    def __invert__(self) -> Array:
        return Array(not item for item in self.items)

    def tolist(self) -> list[Any]:
        return self.items

    def round(self) -> Array:
        return Array(float(round(item)) for item in self.items)

    def astype(self, kind: Callable[[Any], Any]) -> Array:
        return Array(map(kind, self.items))

    def all(self) -> bool:
        return all(self.items)

    def any(self) -> bool:
        return any(self.items)

    def max(self) -> Any:
        return max(self.items)

    def min(self) -> Any:
        return min(self.items)

    def sum(self) -> Any:
        return math.fsum(self.items)

    def argmax(self) -> int:
        return self.items.index(max(self.items))

    def argmin(self) -> int:
        return self.items.index(min(self.items))


def _places(of: Array) -> Iterable[int]:
    """Returns the places that an array names: its numbers, or where it is true."""
    return [i for i, item in enumerate(of.items) if item] if of.items and isinstance(of.items[0], bool) else of.items


def _divided(a: float, b: float) -> float:
    return a / b if b else math.nan if not a or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def _power(a: float, b: float) -> float:
    try:
        value = a**b
    except ZeroDivisionError:
        return math.inf
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    return math.nan if isinstance(value, complex) else value


def _each(x: Any, function: Callable[[Any], Any]) -> Any:
    return Array(map(function, x)) if isinstance(x, Array) else function(x)


def array(items: Iterable[Any], dtype: Any = None) -> Array:
    return Array(items) if dtype is None else Array(map(dtype, items))


def arange(start: int, stop: int | None = None, dtype: Any = int) -> Array:
    return Array(map(dtype, range(start) if stop is None else range(start, stop)))


def zeros(count: int, dtype: Any = float) -> Array:
    return Array([dtype(0)] * count)


def ones(count: int, dtype: Any = float) -> Array:
    return Array([dtype(1)] * count)


def linspace(start: float, stop: float, count: int) -> Array:
    step = (stop - start) / (count - 1)
    return Array([*(start + i * step for i in range(count - 1)), stop])


def geomspace(start: float, stop: float, count: int) -> Array:
    ratio = (stop / start) ** (1 / (count - 1))
    return Array([*(start * ratio**i for i in range(count - 1)), stop])


def broadcast_to(x: Any, shape: tuple[int]) -> Array:
    return x if isinstance(x, Array) else Array([x] * shape[0])


def abs(x: Any) -> Any:
    return _each(x, math.fabs)


def log(x: Any) -> Any:
    return _each(x, lambda item: math.log(item) if item > 0 else -math.inf if item == 0 else math.nan)


def sign(x: Any) -> Any:
    return _each(x, lambda item: (item > 0) - (item < 0))


def maximum(a: Array, b: Any) -> Array:
    return a._with(b, max)


def where(truths: Array, a: Any, b: Any) -> Array:
    left, right = (broadcast_to(one, truths.shape) for one in (a, b))
    return Array(x if true else y for true, x, y in zip(truths, left, right, strict=True))


def argmin(x: Array) -> int:
    return x.argmin()


def flatnonzero(x: Array) -> Array:
    return Array(i for i, item in enumerate(x) if item)


def diff(x: Array) -> Array:
    return Array(after - before for before, after in pairwise(x))


def concatenate(parts: Sequence[Iterable[Any]]) -> Array:
    return Array(item for part in parts for item in part)


def insert(x: Array, places: Array, values: Any) -> Array:
    """Returns an array with values before some places of it."""
    items, out, done = x.items, [], 0
    for place, value in zip(places, broadcast_to(values, places.shape), strict=True):
        out += items[done:place]
        out.append(value)
        done = place
    return Array(out + items[done:])


def searchsorted(x: Any, values: Any, side: str = "left") -> Any:
    find = bisect_left if side == "left" else bisect_right
    items = list(x)
    return _each(values, lambda value: find(items, value))


def interp(x: Array, places: Array, values: Array) -> Array:
    xs: list[float] = list(places)
    ys: list[float] = list(values)

    def at(value: float) -> float:
        i = bisect_right(xs, value)
        if i in (0, len(xs)):
            return ys[i and -1]
        return ys[i - 1] + (ys[i] - ys[i - 1]) * (value - xs[i - 1]) / (xs[i] - xs[i - 1])

    return Array([at(value) for value in x])


def quantile(x: Array, share: float) -> float:
    items: list[float] = sorted(x)
    i, part = divmod(share * (len(items) - 1), 1)
    low, high = items[int(i)], items[min(int(i) + 1, len(items) - 1)]
    total: float = low + (high - low) * part
    return total


def array_split(x: Array, count: int) -> list[Array]:
    each, more = divmod(len(x), count)
    ends = [i * each + min(i, more) for i in range(count + 1)]
    return [x[start:end] for start, end in pairwise(ends)]


def split(x: Array, places: Array) -> list[Array]:
    ends = [0, *places, len(x)]
    return [x[start:end] for start, end in pairwise(ends)]


def unique(x: Array) -> Array:
    return Array(sorted(set(x)))


def errstate(**_: str) -> AbstractContextManager[None]:
    """Does nothing: these functions give no warnings."""
    return nullcontext()
