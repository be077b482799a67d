"""Proves by interval arithmetic that every level of a schedule is finite, and checks that a base keeps it so."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import attrs

from lrdsl.arguments import floating, quoted
from lrdsl.check.bounds import HUGE, Box
from lrdsl.check.exponentials import tamed
from lrdsl.check.intervals import Range, may_overflow
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import refuse
from lrdsl.expr import (
    BASE,
    ENTRY,
    INDEX,
    PRODUCTS,
    STAIRS,
    WIDE,
    Call,
    Event,
    Expr,
    Num,
    Product,
    Select,
    T,
    Wide,
    after,
    events_of,
    is_affine,
    mentions,
    rebuild,
    select,
    unhappened,
    walk,
)
from lrdsl.plan import first_tick, pieces
from lrdsl.work import spend

#: The bases for which levels are proved finite that are not affine in base.
BASE_RANGE: Range = (1e-30, 1e30)
#: The largest base. With a larger one, a step of a formula could overflow.
MAX_BASE = 1e100
#: The bases for which levels are proved finite that are affine in base; they then are for every base.
UNIT: Range = (0.0, 1.0)
#: The most intervals that a proof may try.
_BUDGET = 4000
#: The most intervals of a proof of a formula that is rewritten.
_TRIAL_BUDGET = 1000
#: The most intervals that may split one turn of a cycle.
_TURN_BUDGET = 300
#: The narrowest interval that is not split.
_NARROW = 1 / 64


@attrs.define
class Proof:
    """The result of a proof that a formula is finite.

    `fault` is None for a formula that is finite at every tick. Else it is the first tick at which the proof fails, and the event from which that tick counts,
    None for ticks of the run; `failed` then is the formula that holds there, that tick, and the range of the base. A finite formula is never below `least`, for
    any base up to 1, and `large` has those parts of it that may be too large for doubles.
    """

    fault: tuple[float, Event | None] | None = None
    least: float = math.inf
    large: set[Expr] = attrs.Factory(set)
    failed: tuple[Expr, float, Range] | None = None
    _budget: int = _BUDGET
    _largest: float = math.inf

    @classmethod
    def of(cls, law: Expr, waits: bool, budget: int = _BUDGET, largest: float = math.inf) -> Proof:
        """Returns the proof of a formula, with a budget of intervals. If the formula `waits` for events, that after each event is proved too.

        `largest` is the largest number of a machine that has smaller ones than doubles: parts that may be larger are large too.
        """
        proof = cls(largest=largest)
        for event in (None, *events_of(law)) if waits else (None,):
            proof._budget = budget
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
            base = UNIT if is_affine(piece.level, BASE) else BASE_RANGE
            fault = self._search(piece.level, start, max(end, start), base)
            if fault is not None:
                self.failed = piece.level, fault, base
                return fault
        return None

    def _search(self, e: Expr, low: float, high: float, base: Range) -> float | None:
        """Splits an interval of time until each part is proved finite, the earliest first. Returns the first tick that is not; None if there is none."""
        turns = (
            sorted({x for x in walk(e) if isinstance(x, Call) and x.op in ("floor", "mod") and not mentions(x, INDEX)}, key=lambda x: x.height)
            if e.holds & STAIRS
            else []
        )
        stack = [(low, high)]
        while stack:
            a, b = stack.pop()
            time = (a, math.nextafter(b, a))  # a new cycle may begin where the next interval does
            ranges: dict[Expr, Range] = {T: time, BASE: base, ENTRY: base}
            if self._holds(e, ranges) or (turns and self._holds_in_turns(e, ranges, turns)):
                continue
            if b - a <= _NARROW or self._budget <= 0:
                return self._tick(e, a, base)
            # A long interval is cut at twice its start, so that faults near 0 and faults far out are found equally fast. Cuts fall on whole ticks.
            middle = a + (b - a) / 2 if b <= 2 * a + 64 else 2 * a + 32
            middle = float(math.floor(middle)) if a < math.floor(middle) else middle
            stack += [(middle, b), (a, middle)]
        return None

    def _holds(self, e: Expr, ranges: dict[Expr, Range]) -> bool:
        """Returns whether a formula is finite while its parts lie in these ranges."""
        self._budget -= 1
        box = Box(ranges)
        low, high = box.of(e)
        spend(len(box.memo))
        most = HUGE * max(1.0, ranges[BASE][1])  # as that of a multiple of the largest base
        if not (low >= -most and high <= most):
            return False
        self.least = min(self.least, low)
        self.large |= box.large.keys()
        if self._largest < math.inf:
            self.large |= {x for x, (low, high) in box.memo.items() if isinstance(x, Call | Product) and max(-low, high) > self._largest}
        return True

    def _holds_in_turns(self, e: Expr, ranges: dict[Expr, Range], turns: list[Call]) -> bool:
        """Returns whether a formula is finite at every time within the cycles that turn round in a stretch of time, and before and after each stair."""
        budget = min(self._budget, _TURN_BUDGET)
        stack: list[dict[Expr, Range]] = [{}]
        while stack:
            parts = stack.pop()
            if parts and self._holds(e, ranges | parts):
                continue
            box = Box(ranges | parts)
            widest: Call | None = None
            share = 0.0
            for turn in turns:
                low, high = box.of(turn)
                if turn.op == "floor":
                    if high - low == 1:
                        widest, share = turn, math.inf
                    continue
                period = turn.args[1].value if isinstance(turn.args[1], Num) else 1
                round = low == 0 and high >= float(period) * (1 - 1e-8)
                if (round or turn in parts) and high - low > max(_NARROW, share * float(period)):
                    widest, share = turn, (high - low) / float(period)
            budget -= 1
            if widest is None or budget <= 0:
                return False
            low, high = box.of(widest)
            if widest.op == "floor":
                stack += [{**parts, widest: (high, high)}, {**parts, widest: (low, low)}]
                continue
            middle = low + (high - low) / 2
            middle = float(math.floor(middle)) if low < math.floor(middle) else middle
            stack += [{**parts, widest: (middle, high)}, {**parts, widest: (low, middle)}]
        return True

    def _tick(self, e: Expr, a: float, base: Range) -> float:
        """Returns the tick to report for a fault in a narrow interval: its first whole tick, if the formula is not finite there; else its start."""
        tick = float(math.ceil(a))
        return a if self._holds(e, {T: (tick, tick), BASE: base, ENTRY: base}) else tick


def proved(level: Expr, waits: bool, budget: int = _BUDGET) -> tuple[Expr, Proof]:
    """Returns a formula with the proof that it is finite. Where that fails, the formula is rewritten with fewer exponentials: throughout, or from the fault on.

    If it fails still, the formula and its first proof are returned. A finite formula is rewritten too if that leaves no part that is too large for a double.
    """
    first = Proof.of(level, waits, budget)
    trial = min(budget, _TRIAL_BUDGET)
    if first.large and (other := tamed(level, MAX_TICKS)) is not level and (small := Proof.of(other, waits, trial)).fault is None and not small.large:
        return other, small
    if first.fault is None:
        return level, first
    for logarithms in (False, True) if level.holds & PRODUCTS else (False,):
        if (found := _rewritten(level, first, waits, trial, logarithms)) is not None:
            return found
    return level, first


def _rewritten(level: Expr, proof: Proof, waits: bool, budget: int, logarithms: bool) -> tuple[Expr, Proof] | None:
    """Returns a formula of which a proof fails, rewritten, with the proof that it is finite; None if there is none. `logarithms` is that of `tamed`."""
    current, start = level, -1
    while proof.fault is not None:
        tick = MAX_TICKS if waits else max(0, math.ceil(proof.fault[0]) - 1)
        if tick <= start:
            return None
        for other in dict.fromkeys((tamed(level, tick + 1, True, logarithms), tamed(level, tick + 1, False, logarithms))):
            if other is not level and (whole := Proof.of(other, waits, budget)).fault is None:
                return other, whole
        if other is level or logarithms:  # logarithms do not depend on where the formula fails
            return None
        current, start = select(T, [(0, current), (tick, other)]), tick
        proof = whole if waits else Proof.of(current, waits, budget)
    return current, proof


def culprit(level: Expr, tick: float, base: Range) -> str | None:
    """Returns the operation that has no value at a tick, or just after it, of finite numbers; None if numbers are too large instead."""
    box = Box({T: (tick, tick + _NARROW), BASE: base, ENTRY: base})
    if not math.isnan(box.of(level)[0]):
        return None
    wrong = {x for x in walk(level) if math.isnan(box.memo.get(x, (0.0, 0.0))[0])}
    first = next((x for x in wrong if not any(part in wrong for part in x.below)), None)
    if not isinstance(first, Call) or any(may_overflow(box.of(a)) for a in first.args):
        return None
    return {"log1p": "log"}.get(first.op, first.op)


def fitting(level: Expr, largest: float) -> Expr:
    """Returns a finite formula with marks on the parts that may be too large for a machine whose largest number this is."""
    return widened(level, Proof.of(level, False, largest=largest).large)


def widened(level: Expr, large: set[Expr]) -> Expr:
    """Returns a formula with marks on the parts that may be too large for doubles."""
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            done = rebuild(x, walk)
            done = memo[x] = Wide(done) if x in large and not isinstance(x, Wide) else done
        return done

    return walk(level) if large else level


@lru_cache(maxsize=1024)
def fits_any_base(level: Expr) -> bool:
    """Returns whether a level that is finite for one base is finite for all: it is affine in base, or made of such levels by `min`, `max` and the like."""
    if level.holds & WIDE:
        return False
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
