"""`Summary`: what the level of a plan does in a run, for one base: at both ends of each piece of its formula and between them."""

from __future__ import annotations

import math
from functools import cached_property, lru_cache

import attrs

from lrdsl.expr import Expr, T, mentions
from lrdsl.expr.exact import Exact, quotient
from lrdsl.plan import Piece, pieces
from lrdsl.rules.rule import level_at

#: The number of ticks that are looked at in each piece, and how many pieces are, the first and the last of a formula: so the work has a bound.
_LOOKS, _FIRST, _LAST = 16, 48, 16
#: How far the last piece is looked at, in ticks, if neither it nor the run has an end.
_FAR = 100
#: Two levels are the same if they differ by no more than this share.
_CLOSE = 1e-9


@attrs.frozen(slots=False)
class Stretch:
    """A piece of a formula within the run: its `levels` at its first tick, its last, and some between, in order. `end` is None where nothing ends it."""

    piece: Piece
    end: Exact | None
    levels: tuple[tuple[Exact, float], ...]

    @property
    def constant(self) -> bool:
        """Whether the level is the same at all of these ticks."""
        numbers = [level for _, level in self.levels]
        return max(numbers) - min(numbers) <= _CLOSE * max(map(abs, numbers))


@attrs.frozen(slots=False)
class Summary:
    """The stretches of a run, in order. One without a tick, or whose level is no number, is left out."""

    stretches: tuple[Stretch, ...]

    @cached_property
    def levels(self) -> tuple[tuple[Exact, float], ...]:
        """The levels of all stretches, by tick."""
        return tuple(pair for stretch in self.stretches for pair in stretch.levels)

    @cached_property
    def settled(self) -> Exact | None:
        """The first tick of the constant level that the run ends with; None if the level changes to the end."""
        start, last = None, None
        for stretch in reversed(self.stretches):
            level = stretch.levels[0][1]
            if not stretch.constant or (last is not None and not math.isclose(level, last, rel_tol=_CLOSE)):
                break
            start, last = stretch.levels[0][0], level
        return start


@lru_cache(maxsize=128)
def summary(level: Expr, base: float, end: Exact | None) -> Summary:
    """Returns the summary of a plan's formula for a base, up to but not including the tick `end`; None for a run without an end.

    A piece without the time in it is constant, and looked at at its ends alone.

    >>> import lrdsl
    >>> plan = lrdsl.parse("warmup(5) then cosine(10, to=0.1x)").plan
    >>> [(stretch.levels[0], stretch.levels[-1], stretch.constant) for stretch in summary(plan.level, 1.0, 30).stretches][::2]
    [((0, 0.0), (4, 0.8), False), ((15, 0.1), (29, 0.1), True)]
    """
    parts = pieces(level)
    kept = parts if len(parts) <= _FIRST + _LAST else (*parts[:_FIRST], *parts[-_LAST:])
    stretches = []
    for piece in kept:
        stop = piece.end if end is None or (piece.end is not None and piece.end <= end) else end
        ticks = _ticks(piece.start, piece.start + _FAR if stop is None else stop, _LOOKS if mentions(piece.level, T) else 1)
        levels = [(tick, number) for tick in ticks if not math.isnan(number := level_at(piece.level, tick, base))]
        if levels:
            stretches.append(Stretch(piece, stop, tuple(levels)))
    return Summary(tuple(stretches))


def _ticks(start: Exact, end: Exact, looks: int) -> list[int]:
    """Whole ticks from `start` up to but not including `end`: the first, the last, and some between."""
    first, last = math.ceil(start), math.ceil(end) - 1
    between = (math.ceil(start + quotient((end - start) * k, looks)) for k in range(looks))
    return sorted({tick for tick in (first, *between, last) if first <= tick <= last})
