"""Proves by interval arithmetic that every level of a schedule is finite, and checks that a base keeps it so."""

from __future__ import annotations

import math
from typing import Any

import attrs

from lrdsl.arguments import floating, quoted
from lrdsl.check.bounds import HUGE, bounds
from lrdsl.check.intervals import Range
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import refuse
from lrdsl.expr import BASE, ENTRY, Call, Event, Expr, Select, T, after, events_of, is_affine, mentions, unhappened
from lrdsl.plan import first_tick, pieces

#: The bases for which levels are proved finite that are not affine in base.
BASE_RANGE: Range = (1e-30, 1e30)
#: The largest base. With a larger one, a step of a formula could overflow.
MAX_BASE = 1e100
#: The bases for which levels are proved finite that are affine in base; they then are for every base.
UNIT: Range = (0.0, 1.0)
#: The most intervals that a proof may try.
_BUDGET = 4000
#: The narrowest interval that is not split.
_NARROW = 1 / 64


@attrs.define
class Proof:
    """The result of a proof that a formula is finite.

    `fault` is None for a formula that is finite at every tick. Else it is the first tick at which the proof fails, and the event from which that tick counts,
    None for ticks of the run. A finite formula is never below `least`, for any base up to 1.
    """

    fault: tuple[float, Event | None] | None = None
    least: float = math.inf
    _budget: int = _BUDGET

    @classmethod
    def of(cls, law: Expr, waits: bool) -> Proof:
        """Returns the proof of a formula. If it `waits` for events, the formula after each event is proved too."""
        proof = cls()
        for event in (None, *events_of(law)) if waits else (None,):
            proof._budget = _BUDGET
            tick = proof._first_fault(unhappened(law if event is None else after(law, event)) if waits else law)
            if tick is not None:
                proof.fault = tick, event
                break
        return proof

    def _first_fault(self, level: Expr) -> float | None:
        """Returns the first tick at which a formula may not be finite; None if there is none."""
        for piece in pieces(level):
            # A piece does not hold at its end, where the next one begins. Its own formula may be undefined there.
            end = float(MAX_TICKS) if piece.end is None else float(piece.end) * (1 - 1e-9)
            start = float(first_tick(piece.start))
            fault = self._search(piece.level, start, max(end, start), UNIT if is_affine(piece.level, BASE) else BASE_RANGE)
            if fault is not None:
                return fault
        return None

    def _search(self, e: Expr, low: float, high: float, base: Range) -> float | None:
        """Splits an interval of time until each part is proved finite, the earliest first. Returns the first tick that is not; None if there is none."""
        stack = [(low, high)]
        while stack:
            a, b = stack.pop()
            self._budget -= 1
            least = _least(e, a, b, base)
            if least is not None:
                self.least = min(self.least, least)
                continue
            if b - a <= _NARROW or self._budget <= 0:
                return _fault_in(e, a, base)
            # A long interval is cut at twice its start, so that faults near 0 and faults far out are found equally fast. Cuts fall on whole ticks.
            middle = a + (b - a) / 2 if b <= 2 * a + 64 else 2 * a + 32
            middle = float(math.floor(middle)) if a < math.floor(middle) else middle
            stack += [(middle, b), (a, middle)]
        return None


def _fault_in(e: Expr, a: float, base: Range) -> float:
    """Returns the tick to report for a fault in a narrow interval: its first whole tick, if the formula is not finite there; else its start."""
    tick = float(math.ceil(a))
    return tick if _least(e, tick, tick, base) is None else a


def _least(e: Expr, a: float, b: float, base: Range) -> float | None:
    """Returns a lower bound of a formula in an interval of time; None if it may not be finite there."""
    b = math.nextafter(b, a)  # a new cycle may begin where the next interval does
    low, high = bounds(e, {T: (a, b), BASE: base, ENTRY: base})
    return low if low >= -HUGE and high <= HUGE else None


def fits_any_base(level: Expr) -> bool:
    """Returns whether a level that is finite for one base is finite for all: it is affine in base, or made of such levels by `min`, `max` and the like."""
    if isinstance(level, Select) and not mentions(level.of, BASE):
        return all(fits_any_base(value) for value in level.values)
    if isinstance(level, Call) and level.op in ("max", "min", "reduce"):
        return all(fits_any_base(a) for a in level.args)
    return is_affine(level, BASE)


def checked_base(base: Any, any_base: bool, text: str) -> float:
    """Returns a base as a float. Raises `ScheduleError`, which shows `text`, for a base with which the schedule may not be finite.

    `any_base` is the result of `fits_any_base` for the level.
    """
    value = floating(base)
    if value is None or not abs(value) <= MAX_BASE:
        raise refuse("LR152", f"base is {quoted(base)}", f"the base is a finite number, at most {MAX_BASE:g} in size", text)
    if not BASE_RANGE[0] <= value <= BASE_RANGE[1] and not any_base:
        what = f"base is {quoted(base)}, but this schedule divides by the base or compares with it"
        raise refuse("LR152", what, f"give a base from {BASE_RANGE[0]:g} to {BASE_RANGE[1]:g}", text)
    return value + 0.0  # -0.0 is 0.0
