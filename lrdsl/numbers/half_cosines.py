"""Half cosines: where each is computed another way, and blends, two levels that are each times a weight. One sine gives both weights, or one cosine."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from lrdsl.expr import HALF_COSINES, Call, Expr, T, is_time, parts, walk
from lrdsl.expr.exact import Exact, quotient
from lrdsl.numbers.pairs import Float, added, less, times
from lrdsl.plan import Piece

#: A slow half cosine takes so many ticks at least.
_SLOW = 64
_HALF, _WHOLE = Float(0.5), Float(1.0)


def stretches(piece: Piece) -> list[Piece]:
    """A piece, cut where its half cosines are computed another way."""
    if not piece.level.holds & HALF_COSINES:
        return [piece]
    turns = {turn_of(x.args[0]) for x in walk(piece.level) if isinstance(x, Call) and x.op == "hav" and is_time(x.args[0])}
    cuts = sorted(turn for of, turn in turns if of is T and turn > piece.start and (piece.end is None or turn < piece.end))
    return [Piece(start, piece.level, end) for start, end in zip((piece.start, *cuts), (*cuts, piece.end), strict=True)]


@lru_cache(maxsize=256)
def turn_of(x: Expr) -> tuple[Expr, Exact]:
    """The time that a half cosine looks at, and when it has gone a third of its way."""
    scale, of, shift = parts(x)
    return of, turn_in_parts(*in_parts(scale, shift))


def turn_in_parts(a: int, b: int, n: int) -> Exact:
    """The time at which (a * time + b)/n is a third: where it is slow the next whole tick, which is quicker to compare with."""
    top, bottom = n - 3 * b, 3 * a
    return -(-top // bottom) if _SLOW * abs(a) <= n else quotient(top, bottom)


def side_of(turn: Exact, start: Exact, end: Exact | None) -> int:
    """On which side of the turn of a half cosine a stretch of ticks is: -1 before it, 1 after it, 0 on both."""
    return 1 if start >= turn else -1 if end is not None and end <= turn else 0


def in_parts(scale: Exact, shift: Exact) -> tuple[int, int, int]:
    """(a, b, n) where `scale * of + shift` is (a * of + b)/n, in whole numbers."""
    (a, c), (b, d) = scale.as_integer_ratio(), shift.as_integer_ratio()
    n = math.lcm(c, d)
    return a * (n // c), b * (n // d), n


class Blend(NamedTuple):
    """A sum of `first` times the haversine of the share `left`, `second` times that of the share `done`, and the `rest`; left + done = 1, and `done` grows.

    A factor that is 1 is None.
    """

    left: Expr
    first: Expr | None
    done: Expr
    second: Expr | None
    rest: tuple[Expr, ...]


def blend_of(e: Call) -> Blend | None:
    """Returns the blend that a sum is; None if it is none."""
    if not e.holds & HALF_COSINES:
        return None
    weighted = [(term, *split) for term in e.args if (split := _weighted(term)) is not None]
    if len(weighted) != 2:
        return None
    (one, x, a), (two, y, b) = weighted
    (scale, of, shift), (slope, time, start) = parts(x), parts(y)
    if of is not time or scale + slope or shift + start != 1:
        return None
    rest = tuple([term for term in e.args if term is not one and term is not two])
    return Blend(x, a, y, b, rest) if slope > 0 else Blend(y, b, x, a, rest)


def _weighted(term: Expr) -> tuple[Expr, Expr | None] | None:
    """The share of a term that is a haversine, alone or in a product, and the other factor."""
    factors = term.args if isinstance(term, Call) and term.op == "mul" else (term,)
    weights = [f for f in factors if isinstance(f, Call) and f.op == "hav" and is_time(f.args[0])]
    others = tuple([f for f in factors if f is not weights[0]]) if weights else ()
    if len(weights) != 1 or any(f.holds & HALF_COSINES for f in others):
        return None
    return weights[0].args[0], None if not others else others[0] if len(others) == 1 else Call("mul", others)


def sine_weights(sine: Expr) -> tuple[Expr, Expr]:
    """The haversine of an angle whose half has this sine, and what it lacks to 1: exact enough while it is at most a quarter."""
    weight = times(sine, sine)
    return weight, less(_WHOLE, weight)


def cosine_weights(cosine: Expr) -> tuple[Expr, Expr]:
    """The haversine of an angle with this cosine, and what it lacks to 1: exact enough while neither is below a quarter."""
    return times(_HALF, less(_WHOLE, cosine)), times(_HALF, added(_WHOLE, cosine))
