"""Code that pieces share: the cycles of restarts that grow differ in numbers alone, so the code of one serves them all.

The lowering marks each number that comes from an exact time with its origin: the time, and the role that the number has in it. What else it asks about an exact
time is part of the pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from lrdsl.expr import HALF_COSINES, Call, Expr, Linear, Num, Symbol, T
from lrdsl.numbers.lowering import in_parts, is_large, split_pi, turn_of
from lrdsl.numbers.pairs import LOST
from lrdsl.plan import Piece

#: The operations into which an exact time enters with numbers that have an origin.
_OPERATIONS = {"add", "mul", "hav"}
#: The code of patterns, with the place, the role and the time of each number that differs. A thread may lose what another one adds.
_CODE: dict[Any, tuple[Any, list[tuple[str, int, tuple[Any, ...]]]]] = {}
_MOST = 256


class _OtherError(Exception):
    """A formula has parts whose numbers enter the code in ways of their own."""


@attrs.frozen
class Pattern:
    """What pieces have in common whose code differs in numbers alone, and the exact times of one of them."""

    key: Any
    times: tuple[Linear, ...]

    @classmethod
    def of(cls, piece: Piece) -> Pattern | None:
        """Returns the pattern of a piece; None if it has other formulas."""
        times: dict[Linear, int] = {}
        curved = bool(piece.level.holds & HALF_COSINES)

        def key(e: Expr) -> Any:
            if isinstance(e, Linear) and e.of is T:
                a, b, n = in_parts(e.scale, e.shift)
                if is_large(a, b, n):
                    raise _OtherError
                slope = a if -1 <= a <= 1 else 2 if a > 0 else -2
                return times.setdefault(e, len(times)), slope, (b > 0) - (b < 0), n == 1, curved and piece.start >= turn_of(e)[1]
            if isinstance(e, Num | Symbol):
                return e
            if isinstance(e, Call) and e.op in _OPERATIONS:
                return (e.op, *map(key, e.args))
            raise _OtherError

        try:
            return cls(key(piece.level), tuple(times))
        except _OtherError:
            return None

    def code(self, use: tuple[Any, ...]) -> tuple[Any, dict[str, float]] | None:
        """Returns the code that was kept for a use, and the numbers of this piece in it."""
        kept = _CODE.get((self.key, use))
        return None if kept is None else (kept[0], {place: _number(self.times[i], *role) for place, i, role in kept[1]})

    def keep(self, use: tuple[Any, ...], code: Any, origins: Mapping[str, tuple[Any, ...]]) -> None:
        """Keeps code for a use, if every number in it that comes from an exact time has an origin, by its place in `origins`."""
        if any(origin is LOST or origin[1] not in self.times for origin in origins.values()):
            return
        if len(_CODE) >= _MOST:
            _CODE.clear()
        _CODE[self.key, use] = code, [(place, self.times.index(time), (role, *rest)) for place, (role, time, *rest) in origins.items()]


def _number(time: Linear, role: str, parts: int = 1) -> float:
    """The number that has a role in the code of the exact time (a * t + b) / n."""
    a, b, n = in_parts(time.scale, time.shift)
    if role in ("head", "rest"):
        return split_pi(parts * n)[role == "rest"]
    value = {"a": a, "b": b, "-b": -b, "n": n}[role.removeprefix("float ")]
    return float(value) if role.startswith("float ") else value
