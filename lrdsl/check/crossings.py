"""How near to 0 a factor that swings comes at whole indices: `2*cos(k/9)` goes through 0 between them, and is never 0, nor too small for a double, at one.

The factor is looked at in one turn, at all times in it. Where it is near 0, whole indices fall only seldom. They are found one by one, by Euclid's algorithm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache

from lrdsl.check.intervals import largest, smallest
from lrdsl.check.waves import Factors, frequency_of
from lrdsl.clock import MAX_TICKS
from lrdsl.expr import Call, Expr, Num
from lrdsl.expr.exact import PI_DIGITS
from lrdsl.work import spend

#: A factor is near 0 where it is below this share of its peak; at a whole index, it may be as near as the second share. Rounding errors are far smaller.
_NEAR, _NEAREST = 1e-10, 1e-13
#: The narrowest part of a turn that is looked at, and the most parts.
_NARROW, _PARTS = 1e-11, 1024
#: The most whole indices that are looked at one by one.
_LOOKS = 256
_PI = Fraction(PI_DIGITS)
#: Turns are counted in so many parts.
_WHOLE = 2**160


@lru_cache(maxsize=256)
def least(factor: Expr, factors: Factors) -> float:
    """Returns a size that a factor has at least, at every whole index from 1 on; 0 where none is known."""
    range_, large = factors(factor, 1.0, float(MAX_TICKS))
    if large:
        return 0.0
    if (size := smallest(range_)) > 0:
        return size
    if not isinstance(factor, Call):
        return 0.0
    if factor.op == "mul":
        size = 1.0
        for part in factor.args:
            size *= least(part, factors)
        return size
    if factor.op == "div":
        below, _ = factors(factor.args[1], 1.0, float(MAX_TICKS))
        return least(factor.args[0], factors) / largest(below)
    if factor.op == "abs":
        return least(factor.args[0], factors)
    if factor.op == "pow" and isinstance(factor.args[1], Num) and 1 <= factor.args[1].double <= 8:
        return float(least(factor.args[0], factors) ** float(factor.args[1].double))
    return _swinging(factor, factors)


def _swinging(factor: Expr, factors: Factors) -> float:
    """Returns what `least` does, for a factor that depends on its index by waves alone."""
    frequency = frequency_of(factor)
    if frequency is None:
        return 0.0
    lowest, by_pi = frequency
    turn = 2 / lowest if by_pi else 2 * _PI / lowest

    def size(at: float, width: float = 0.0) -> float:
        own, large = factors(factor, at, at + width)
        return 0.0 if large else smallest(own)

    range_, _ = factors(factor, 0.0, float(turn))
    near = _NEAR * largest(range_)
    if by_pi:  # there are few places in a turn
        found = min([size(k) for k in range(1, turn.numerator + 1)]) if turn.numerator <= _PARTS else 0.0
        return found if found > near else 0.0
    found = near
    looks = 0
    for low, high in _near_zero(size, float(turn), near):
        for index in hits(turn, low, high, MAX_TICKS):
            looks += 1
            found = min(found, size(float(index % turn)))
            if looks > _LOOKS or found < _NEAREST * largest(range_):
                return 0.0
    return found


def _near_zero(size: Callable[[float, float], float], turn: float, near: float) -> list[tuple[float, float]]:
    """Returns the parts of a turn in which a factor may be nearer to 0: narrow ones, or the whole turn where these are too many."""
    stack, found = [(0.0, turn)], []
    looks = 0
    while stack:
        low, high = stack.pop()
        looks += 1
        if looks > _PARTS:
            return [(0.0, turn)]
        if size(low, high - low) > near:
            continue
        if high - low <= _NARROW * turn:
            found.append((low, high))
            continue
        middle = low + (high - low) / 2
        stack += [(low, middle), (middle, high)]
    return found


def hits(turn: Fraction, low: float, high: float, upto: int) -> Iterator[int]:
    """Yields the indices from 1 to `upto` that lie in one part of a turn, from `low` to `high`.

    >>> list(hits(Fraction(7, 2), 0.4, 0.6, 20))
    [4, 11, 18]
    """
    step = int(_WHOLE / turn)
    first, last = (int(Fraction(end) / turn * _WHOLE) for end in (low, high))
    first, last = max(first - upto, 0), min(last + upto, _WHOLE - 1)  # the step is rounded
    index = 1
    while index <= upto:
        begun = index * step % _WHOLE
        if not first <= begun <= last:
            more = _first_within(step, _WHOLE, (first - begun) % _WHOLE, (last - begun) % _WHOLE)
            if more is None or index + more > upto:
                return
            index += more
        yield index
        index += 1


def _first_within(step: int, whole: int, low: int, high: int) -> int | None:
    """Returns the first k from 0 on with `low <= k * step % whole <= high`; None if there is none. Each call divides, as Euclid's algorithm does."""
    spend(1)
    if low == 0:
        return 0
    step %= whole
    if step == 0:
        return None
    if 2 * step > whole:
        step, low, high = whole - step, whole - high, whole - low
    count = -(-low // step)
    if count * step <= high:
        return count
    turns = _first_within(-whole % step, step, low % step, high % step)
    return None if turns is None else -(-(low + whole * turns) // step)
