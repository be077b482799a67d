"""Every level of a schedule is a finite number, at every tick: proved by interval arithmetic, or refused with the first tick where it is not."""

from __future__ import annotations

import math
from typing import Any

import attrs

from lrdsl.arguments import floating, quoted
from lrdsl.check.bounds import HUGE, Range, bounds
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import refuse
from lrdsl.expr import BASE, ENTRY, Call, Event, Expr, Select, T, after, events_of, is_affine, mentions, unhappened
from lrdsl.plan import first_tick, pieces

#: A base of any size in use. Levels that are not affine in base are proved finite between these.
BASE_RANGE: Range = (1e-30, 1e30)
#: Bases larger than this could leave the range of a double on their way through a schedule.
MAX_BASE = 1e100
#: Levels that are affine in base are finite for every base if they are for these.
UNIT: Range = (0.0, 1.0)
#: How many intervals may be tried before the proof is given up.
_BUDGET = 4000
#: Intervals narrower than this are not split further.
_NARROW = 1 / 64


@attrs.define
class Proof:
    """What is shown of a formula, or is not.

    `fault` is the first tick at which it cannot be shown to be finite, and the event that the tick is counted from, if one is; None where it is finite
    throughout. It is then not below `least`, for any base up to 1 that it may have.
    """

    fault: tuple[float, Event | None] | None = None
    least: float = math.inf
    _budget: int = _BUDGET

    @classmethod
    def of(cls, law: Expr, waits: bool) -> Proof:
        """The proof for a formula. Where it `waits` for events, whatever the run may decide is looked at: what comes after each is a formula of its own."""
        proof = cls()
        for event in (None, *events_of(law)) if waits else (None,):
            proof._budget = _BUDGET
            tick = proof._first(unhappened(law if event is None else after(law, event)) if waits else law)
            if tick is not None:
                proof.fault = tick, event
                break
        return proof

    def _first(self, level: Expr) -> float | None:
        for piece in pieces(level):
            # A piece does not hold at its end, where the next one begins: its own formula may well be undefined there.
            end = float(MAX_TICKS) if piece.end is None else float(piece.end) * (1 - 1e-9)
            start = float(first_tick(piece.start))
            fault = self._search(piece.level, start, max(end, start), UNIT if is_affine(piece.level, BASE) else BASE_RANGE)
            if fault is not None:
                return fault
        return None

    def _search(self, e: Expr, low: float, high: float, base: Range) -> float | None:
        """Halve the time until each part is proved finite, earliest part first."""
        todo = [(low, high)]
        while todo:
            a, b = todo.pop()
            self._budget -= 1
            least = _least(e, a, b, base)
            if least is not None:
                self.least = min(self.least, least)
                continue
            if b - a <= _NARROW or self._budget <= 0:
                return _tick(e, a, base)
            # Halving finds a fault fast near 0 and far out alike when long spans are cut at twice their start; short ones are cut at whole ticks.
            middle = a + (b - a) / 2 if b <= 2 * a + 64 else 2 * a + 32
            middle = float(math.floor(middle)) if a < math.floor(middle) else middle
            todo += [(middle, b), (a, middle)]
        return None


def _tick(e: Expr, a: float, base: Range) -> float:
    """The first whole tick from a narrow interval on, if the fault is there, else where the interval begins."""
    tick = float(math.ceil(a))
    return tick if _least(e, tick, tick, base) is None else a


def _least(e: Expr, a: float, b: float, base: Range) -> float | None:
    """A bound below a formula in an interval of time, or None where it may not be finite there."""
    b = math.nextafter(b, a)  # where the next interval begins a cycle may
    low, high = bounds(e, {T: (a, b), BASE: base, ENTRY: base})
    return low if low >= -HUGE and high <= HUGE else None


def fits_any_base(level: Expr) -> bool:
    """Whether a level is finite for every base if it is for some: built of multiples of base and constants by what cannot leave the finite numbers."""
    if isinstance(level, Select) and not mentions(level.of, BASE):
        return all(fits_any_base(value) for value in level.values)
    if isinstance(level, Call) and level.op in ("max", "min", "reduce"):
        return all(fits_any_base(a) for a in level.args)
    return is_affine(level, BASE)


def checked_base(base: Any, any_base: bool, text: str) -> float:
    """A base value as a float. Raises `ScheduleError`, with the `text` of the schedule, for one that the schedule may not be finite with.

    `any_base` says what `fits_any_base` says of the level.
    """
    value = floating(base)
    if value is None or not abs(value) <= MAX_BASE:
        raise refuse("LR152", f"base is {quoted(base)}", f"the base is a finite number, at most {MAX_BASE:g} in size", text)
    if not BASE_RANGE[0] <= value <= BASE_RANGE[1] and not any_base:
        raise refuse("LR152", f"base is {quoted(base)}, and this schedule divides by it or compares with it", "give a base above 0", text)
    return value
