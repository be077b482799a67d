"""Bounds products of factors that swing, such as `0.9 + 0.5*sin(k/9)`: a factor above 1 alone grows without end, but all factors of one turn together fall."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from lrdsl.check.intervals import Range, largest
from lrdsl.expr import INDEX, PI, VARYING, Call, Expr, Linear, Num, Symbol, affine, mentions
from lrdsl.work import spend

#: The longest turn, in factors, that is looked at, and into how many parts all its steps are cut.
_LONGEST, _PARTS = 1024, 256
#: If these show no fall: how long several turns are together that are looked at, and into how many parts their steps are cut.
_SEVERAL, _MORE = 128, 2048
#: If the factors of a turn grow on average by no more than this, by their bounds, they may fall.
_DOUBT = 0.1
#: A range, and which parts of the formula may be too large for doubles, each with its least size there.
Bounded: TypeAlias = tuple[Range, Mapping[Expr, float]]
#: The range of the factors from one index to another.
Factors: TypeAlias = Callable[[Expr, float, float], Bounded]
#: The logarithm of the smallest double stands for those of 0 and of all that is smaller.
_LEAST = -745.0
#: How far from its end a turn may be off by rounding, in factors.
_SLACK = 1e-6


def growth(factor: Expr, upto: float, factors: Factors) -> float | None:
    """Returns the logarithm of the most that any first factors, up to `upto`, come to together; None for factors that do not go round.

    `factors` has the range of a factor between two indices. A turn of P indices begins at each multiple of P. The indices in it are at f, f + 1, ... for some
    f in [0, 1), so the sum of their logarithms is bounded by that for the worst f. The turns that are not whole, at both ends, are bounded by the factors above
    1.
    """
    turn = period(factor)
    if turn is None or not 2 <= turn <= min(_LONGEST, upto):
        return None
    most = math.inf
    for length, count in ((turn, _PARTS), (turn * max(1, _SEVERAL // turn), _MORE)):
        whole, rising = _turn(factor, length, max(1, min(16, int(count // length))), factors)
        if rising == math.inf:
            return None
        most = min(most, 2 * rising + (upto / length + 1) * max(0.0, whole))
        if not 0 < whole < _DOUBT * length:
            break
    return most


@lru_cache(maxsize=256)
def _turn(factor: Expr, turn: float, parts: int, factors: Factors) -> tuple[float, float]:
    """Returns the logarithm of the most that the factors of one turn come to together, and of those of them above 1; infinity where one may be infinite.

    Each step of the turn is cut into so many parts.
    """
    whole, rising = -math.inf, 0.0
    for part in range(parts):
        total = above = 0.0
        start = part / parts
        while start < turn + _SLACK:
            spend(1)
            own, large = factors(factor, start, start + 1 / parts)
            most = largest(own)
            if large or not most < math.inf:
                return math.inf, math.inf
            logarithm = max(_LEAST, math.log(most)) if most > 0 else _LEAST
            is_last = start > turn - 1 / parts - _SLACK  # it may lie in this turn or in the next
            above += max(0.0, logarithm)
            total += max(0.0, logarithm) if is_last else logarithm
            start += 1
        whole, rising = max(whole, total), max(rising, above)
    return whole, rising


def is_zero(wave: Call, symbol: Symbol, at: float) -> bool:
    """Returns whether a sine or cosine is 0 for a value of a symbol: at a whole or half number of half turns, which are multiples of pi."""
    line = affine(wave.args[0], symbol)
    if line is None or mentions(line[0], symbol):
        return False
    shift, scale = map(multiple, line)
    if shift is None or scale is None or not scale[1] or (shift[0] and not shift[1]):
        return False
    turns = shift[0] + scale[0] * Fraction(at) + (Fraction(1, 2) if wave.op == "cos" else 0)
    return turns.denominator == 1


def period(factor: Expr) -> float | None:
    """Returns the number of indices after which a factor has the same values again; None for one that depends on its index in another way than by waves."""
    frequency = frequency_of(factor)
    if frequency is None:
        return None
    lowest, by_pi = frequency
    turn = float(2 / lowest)
    return turn if by_pi else math.pi * turn


def frequency_of(factor: Expr) -> tuple[Fraction, bool] | None:
    """Returns the frequency of which those of all waves in a factor are multiples, and whether pi multiplies it; None where `period` has none."""
    frequencies: set[tuple[Fraction, bool]] = set()
    if not _waves(factor, frequencies) or len({by_pi for _, by_pi in frequencies}) != 1:
        return None
    lowest = Fraction(0)
    for frequency, _ in frequencies:
        both = lowest.denominator * frequency.denominator
        lowest = Fraction(math.gcd(lowest.numerator * frequency.denominator, frequency.numerator * lowest.denominator), both)
    return lowest, next(iter(frequencies))[1]


def _waves(e: Expr, frequencies: set[tuple[Fraction, bool]]) -> bool:
    """Collects the frequencies of the waves of the index in a formula, each with whether pi multiplies it. Returns whether it depends on it in no other way."""
    if not mentions(e, INDEX):
        return True
    if isinstance(e, Call) and e.op in ("cos", "sin"):
        line = affine(e.args[0], INDEX)
        if line is None or mentions(line[0], INDEX) or line[0].holds & VARYING:
            return False
        frequency = multiple(line[1])
        if frequency is None or not frequency[0]:
            return False
        frequencies.add((abs(frequency[0]), frequency[1]))
        return True
    below = (e.of,) if isinstance(e, Linear) else e.args if isinstance(e, Call) else None
    return below is not None and all(_waves(part, frequencies) for part in below)


def multiple(e: Expr) -> tuple[Fraction, bool] | None:
    """Returns a number, or that by which pi is multiplied, and whether pi is in it; None for other expressions."""
    if isinstance(e, Num):
        return Fraction(e.double), False
    if e is PI:
        return Fraction(1), True
    if not isinstance(e, Call) or e.op not in ("mul", "div") or len(e.args) != 2:
        return None
    a, b = map(multiple, e.args)
    if a is None or b is None or (a[1] and b[1]) or (e.op == "div" and (b[1] or not b[0])):
        return None
    return (a[0] * b[0] if e.op == "mul" else a[0] / b[0]), a[1] or b[1]
