"""Code that pieces share: the cycles of restarts that grow, and a phase that events begin at other ticks and levels, differ in numbers alone.

The lowering marks each number that may differ with its origin: an exact time and the role that the number has in it, or a constant. What else it asks about
them is part of the pattern. Parts of a formula whose numbers enter the code in ways of their own must be the same in all pieces.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any

import attrs

from lrdsl.expr import HALF_COSINES, PRODUCTS, VARYING, WIDE, Call, Expr, Linear, Symbol, T, walk
from lrdsl.expr.exact import Exact
from lrdsl.numbers.half_cosines import blend_of, in_parts, side_of, turn_in_parts
from lrdsl.numbers.literals import constant, gathered
from lrdsl.numbers.lowering import is_large
from lrdsl.numbers.pairs import LOST
from lrdsl.numbers.turns import split_pi
from lrdsl.plan import first_tick

#: The operations whose arguments may have other numbers.
_OPERATIONS = {"add", "div", "hav", "max", "min", "mul"}
#: Constants that the lowering treats in ways of their own.
_SPECIAL = (-1, 0, 1)
#: The code of patterns, with the place, the role and the origin of each number that differs. A thread may lose what another one adds.
_CODE: dict[Any, tuple[Any, list[tuple[str, int, tuple[Any, ...]]]]] = {}
_MOST = 256


class _OtherError(Exception):
    """A formula that shares no code."""


@attrs.frozen
class Pattern:
    """What formulas have in common whose code differs in numbers alone; the exact times and constants of one of them; and those that all of them have.

    `numbers` are those of the origins: (a, b, n) of an exact time (a * t + b)/n, or a constant.
    """

    key: Any
    origins: tuple[Expr, ...]
    numbers: tuple[tuple[int, int, int] | float, ...]
    common: frozenset[Expr]

    @classmethod
    def of(cls, trees: tuple[Expr, ...], start: Exact, end: Exact | None) -> Pattern | None:
        """Returns the pattern of formulas that hold from the tick `start` to `end`; None if they share no code."""
        origins: dict[Expr, tuple[int, int, int] | float] = {}
        nodes: dict[Expr, int] = {}
        common: set[Expr] = set()
        curved = any(tree.holds & HALF_COSINES for tree in trees)

        def key(e: Expr) -> Any:
            if isinstance(e, Symbol):
                return e
            if e in nodes:
                return "again", nodes[e]
            nodes[e] = len(nodes)
            if isinstance(e, Linear) and e.of is T:
                origins[e], time = _time(e, start, end)
                return time if curved else time[:-1]
            value = None if e.holds & VARYING else constant(e)
            if value is not None:
                if value in _SPECIAL:
                    return e
                origins[e] = value
                return "constant", value > 0
            if isinstance(e, Call) and e.op in _OPERATIONS and not e.holds & WIDE:
                is_blend = e.op == "add" and blend_of(e) is not None
                return (e.op, is_blend, *map(key, gathered(e)))
            if e.holds & (HALF_COSINES | PRODUCTS):
                raise _OtherError
            common.update(walk(e))
            return e

        try:
            keys = tuple(map(key, trees))
        except _OtherError:
            return None
        return None if common & origins.keys() else cls(keys, tuple(origins), tuple(origins.values()), frozenset(common))

    def code(self, use: Hashable) -> tuple[Any, dict[str, float]] | None:
        """Returns the code that was kept for a use, and the numbers of this piece in it."""
        kept = _CODE.pop((self.key, use), None)
        if kept is not None:
            _CODE[self.key, use] = kept  # the last one that was used
        return None if kept is None else (kept[0], {place: _in_role(self.numbers[i], *role) for place, i, role in kept[1]})

    def keep(self, use: Hashable, code: Any, origins: Mapping[str, tuple[Any, ...]]) -> None:
        """Keeps code for a use, if every number in it that may differ has an origin, by its place in `origins`."""
        varying = {place: origin for place, origin in origins.items() if origin is LOST or origin[1] not in self.common}
        if any(origin is LOST or origin[1] not in self.origins for origin in varying.values()):
            return
        if len(_CODE) >= _MOST:
            _CODE.pop(next(iter(_CODE)), None)  # the one that was not used for the longest time: what a run needs next stays
        _CODE[self.key, use] = code, [(place, self.origins.index(whence), (role, *rest)) for place, (role, whence, *rest) in varying.items()]


@lru_cache(maxsize=64)
def _time(e: Linear, start: Exact, end: Exact | None) -> tuple[tuple[int, int, int], tuple[Any, ...]]:
    """The numbers of an exact time, and what times have in common whose code differs in these alone: last the side of the turn of a half cosine."""
    a, b, n = in_parts(e.scale, e.shift)
    if is_large(a, b, n):
        raise _OtherError
    slope = a if -1 <= a <= 1 else 2 if a > 0 else -2
    return (a, b, n), ("time", slope, (b > 0) - (b < 0), n == 1, side_of(turn_in_parts(a, b, n), start, end))


def _in_role(numbers: tuple[int, int, int] | float, role: str, parts: int = 1) -> float:
    """The number that has a role in the code of a constant, or of the exact time (a * t + b)/n."""
    if not isinstance(numbers, tuple):
        return numbers
    a, b, n = numbers
    if role == "turn":
        return first_tick(turn_in_parts(a, b, n))
    if role in ("head", "rest"):
        return split_pi(parts * n)[role == "rest"]
    as_float, _, name = role.rpartition(" ")
    number = {"a": a, "b": b, "-b": -b, "n": n}[name]
    return float(number) if as_float else number
