"""Checks the assertions of a file at every tick of the run, on the levels that a scheduler would store.

If neither the schedule nor the run has a known end, each tick is checked up to a point inside the last phase. After it, interval arithmetic bounds the level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from lrdsl.check.bounds import bounds, constant
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import Problems
from lrdsl.expr import BASE, Call, Expr, Num, T, cycles, mentions, number, parts, substitute, walk
from lrdsl.expr.exact import Exact, quotient, size
from lrdsl.plan import first_tick, pieces
from lrdsl.targets import Assertion, Measure
from lrdsl.work import TooMuchWorkError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The ticks that are computed at once.
_BLOCK = 1 << 19
#: How many ticks of an endless last phase are checked one by one.
_FURTHER = 100_000
#: Two values count as equal if their difference, relative to the larger, is at most this. Assertions are about the schedule and not about rounding.
CLOSE = 1e-12
_COMPARE: dict[str, Callable[[Any, Any, Any], Any]] = {
    "<=": lambda a, b, near: (a <= b) | near,
    ">=": lambda a, b, near: (a >= b) | near,
    "<": lambda a, b, near: (a < b) & ~near,
    ">": lambda a, b, near: (a > b) & ~near,
    "==": lambda _a, _b, near: near,
    "!=": lambda _a, _b, near: ~near,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else math.nan,
    "^": lambda a, b: a**b,
}


#: Whether the assertions of a text are tested when it is parsed.
TESTED: ContextVar[bool] = ContextVar("tested", default=True)


@contextmanager
def untested() -> Iterator[None]:
    """A context in which texts are parsed without a test of their assertions: that of a long run takes a while, and a page draws the text at each key."""
    token = TESTED.set(False)
    try:
        yield
    finally:
        TESTED.reset(token)


def hold(assertions: tuple[Assertion, ...], base: float, problems: Problems) -> None:
    """Reports every assertion that does not hold for a base, with the first tick that breaks it and the values of both sides."""
    for assertion in assertions:
        try:
            fault = _predicate(assertion, base) if not assertion.op else _comparison(assertion, base)
        except TooMuchWorkError as error:
            error.at(problems.text, assertion.extent)
            raise
        if fault is not None:
            help = f"with base {base:g}: change the schedule, or the assertion"
            problems.error("LR145", assertion.extent, f"`{assertion.text}` does not hold: {fault}", help)


def _blocks(run: Exact) -> Iterator[NDArray[np.float64]]:
    """Yields the ticks of a run in blocks; last its end, if that is not a whole tick."""
    from lrdsl.numbers.arrays import np

    last = math.floor(run)
    for start in range(0, last + 1, _BLOCK):
        yield np.arange(start, min(start + _BLOCK, last + 1), dtype=np.float64)
    if last != run:
        yield np.array([float(run)])


def _last(a: Assertion) -> Exact:
    """Returns the last tick that is checked by itself."""
    if a.run is not None:
        return a.run
    return math.floor(max((pieces(m.level)[-1].start for m in _levels_of(a.left, a.right) if m.level is not None), default=0)) + _FURTHER


def _levels_of(*measures: Measure) -> Iterator[Measure]:
    """Yields the measures inside these that depend on the level of a target."""
    for m in measures:
        yield from _levels_of(*m.args)
        if m.level is not None and m.op != "value":
            yield m


def _comparison(a: Assertion, base: float) -> str | None:
    """Says where a comparison fails, or returns None if it holds."""
    from lrdsl.numbers.arrays import np

    run = _last(a)
    left, right = (_values(side, base, run, endless=a.run is None) for side in (a.left, a.right))
    if not callable(left) and not callable(right):
        ticks: Iterator[Any] = iter([np.zeros(1)])
    else:
        ticks = _blocks(run)
    for block in ticks:
        x, y = (np.broadcast_to(side(block) if callable(side) else side, block.shape) for side in (left, right))
        near = np.abs(x - y) <= CLOSE * np.maximum(np.abs(x), np.abs(y))
        holds = _COMPARE[a.op](x, y, near)
        if not holds.all():
            i = int(np.argmin(holds))
            where = f"at tick {block[i]:.10g} " if callable(left) or callable(right) else ""
            return f"{where}the left side is {x[i]:.10g}, the right side {y[i]:.10g}"
    return _tail(a, left, right, base, run) if a.run is None and (callable(left) or callable(right)) else None


def _tail(a: Assertion, left: Any, right: Any, base: float, run: Exact) -> str | None:
    """Says from which tick on a comparison cannot be proved for the rest of an endless phase, or returns None if it holds there."""
    x, y = (m.level if callable(side) and m.level is not None else number(side) for m, side in ((a.left, left), (a.right, right)))
    if _repeats(x) and _repeats(y):
        return None
    for start, end in _spans(run):
        low, high = _bounds(x - y, base, start, end)
        size = CLOSE * max(map(abs, (*_bounds(x, base, start, end), *_bounds(y, base, start, end))))
        proved = {"<=": high <= size, ">=": low >= -size, "<": high < 0, ">": low > 0, "==": -size <= low <= high <= size, "!=": low > size or high < -size}
        if not proved[a.op]:
            return f"from tick {start:.10g} on it cannot be proved: the left side minus the right side is between {low:.6g} and {high:.6g}"
    return None


def _spans(run: Exact) -> Iterator[tuple[float, float]]:
    """Yields spans that cover all ticks after `run`; each is twice as long as the one before."""
    start = float(run)
    while start < MAX_TICKS:
        end = min(2 * start, float(MAX_TICKS))
        yield start, end
        start = end


def _repeats(level: Expr) -> bool:
    """Whether the last phase repeats itself: its level depends only on the tick within cycles, and all cycles together repeat after few whole ticks."""
    tail = pieces(level)[-1].level
    cycles = [x for x in walk(tail) if isinstance(x, Call) and x.op == "mod"]
    periods = [quotient(x.args[1].value, size(parts(x.args[0])[0])) for x in cycles if isinstance(x.args[1], Num)]
    once = substitute(tail, dict.fromkeys(cycles, number(0)))
    whole = math.lcm(*(p.numerator for p in periods)) if all(p.denominator == 1 for p in periods) else _FURTHER
    return not mentions(once, T) and whole < _FURTHER


def _bounds(level: Expr, base: float, start: float, end: float) -> tuple[float, float]:
    return bounds(level, {T: (start, end), BASE: (base, base)})


def _values(m: Measure, base: float, run: Exact, endless: bool = False) -> Any:
    """Returns the values of a measure: a function of an array of ticks if it changes along the run, else a number."""
    from lrdsl.numbers.arrays import np

    if m.op in _ARITHMETIC:
        a, b = (_values(arg, base, run, endless) for arg in m.args)
        return _ARITHMETIC[m.op](a, b)
    assert m.level is not None
    if m.op == "value":
        return constant(substitute(m.level, {BASE: number(base)}))
    series = partial(_levels, m.level, base)
    if m.op == "level":
        return series
    if m.op == "at":
        return float(series(np.array([float(m.tick or 0)]))[0])
    blocks = [series(ticks) for ticks in _blocks(run)]
    if m.op == "total":
        return math.fsum(float(levels.sum()) for levels in blocks)
    extremes = [float(levels.max() if m.op == "max" else levels.min()) for levels in blocks]
    if endless and not _repeats(m.level):
        extremes += [_bounds(m.level, base, start, end)[m.op == "max"] for start, end in _spans(run)]
    return max(extremes) if m.op == "max" else min(extremes)


def _levels(level: Expr, base: float, ticks: NDArray[np.float64]) -> NDArray[np.float64]:
    from lrdsl.numbers import arrays

    return arrays.levels(level, ticks, base, counts=True)


def _predicate(a: Assertion, base: float) -> str | None:
    """Says where `continuous` or `monotone` fails, or returns None if it holds."""
    assert a.left.level is not None
    return _continuous(a.left.level, base, _last(a)) if a.left.op == "continuous" else _monotone(a.left.level, base, _last(a))


def _monotone(level: Expr, base: float, run: Exact) -> str | None:
    """Says at which tick a level first turns, or returns None if it never does."""
    from lrdsl.numbers.arrays import np

    direction, before = 0.0, math.nan
    for block in _blocks(run):
        values = np.concatenate([[before], _levels(level, base, block)]) if not math.isnan(before) else _levels(level, base, block)
        steps = np.diff(values)
        steps[np.abs(steps) <= CLOSE * np.maximum(np.abs(values[1:]), np.abs(values[:-1]))] = 0
        moving = np.flatnonzero(steps)
        if moving.size and not direction:
            direction = float(np.sign(steps[moving[0]]))
        turned = np.flatnonzero(steps * direction < 0)
        if turned.size:
            i = int(turned[0])
            return f"at tick {block[-1] - (len(steps) - 1 - i):.10g} it turns, from {float(values[i])!r} to {float(values[i + 1])!r}"
        before = float(values[-1])
    return None


def _continuous(level: Expr, base: float, run: Exact) -> str | None:
    """Says at which tick the level first jumps, or returns None. At a jump, the step from a moment before does not shrink with the time between the two."""
    from lrdsl.numbers.arrays import np

    edges = {at for p in pieces(level) for at in (p.start, *_inner_edges(p.level, p.start, run if p.end is None else min(p.end, run)))}
    between = np.array(sorted(first_tick(at) for at in edges if at.denominator != 1 and at <= run), dtype=np.float64)
    faults = [_first_jump(level, base, between)]
    for block in _blocks(run):
        faults.append(_first_jump(level, base, block))
        if faults[-1] is not None:
            break
    jumps = [fault for fault in faults if fault is not None]
    if not jumps:
        return None
    at, before, after = min(jumps)
    return f"at tick {at:.10g} it jumps from {before:.6g} to {after:.6g}"


def _first_jump(level: Expr, base: float, ticks: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Returns the first of some ticks at which the level jumps, with the levels before and after it."""
    from lrdsl.numbers.arrays import np

    at = ticks[ticks > 0]
    levels, far, near = (_levels(level, base, np.maximum(at - before, 0)) for before in (0, 1e-3, 1e-5))
    narrow = np.abs(levels - near)
    jumps = np.flatnonzero((narrow > np.abs(levels - far) / 2) & (narrow > 1e-9 * np.maximum(np.abs(levels), np.abs(near))))
    return (float(at[jumps[0]]), float(near[jumps[0]]), float(levels[jumps[0]])) if jumps.size else None


def _inner_edges(level: Expr, start: Exact, end: Exact) -> Iterator[Exact]:
    """Yields the ticks inside a piece at which a cycle or a stair begins, at most three of each kind."""
    for length, origin in cycles(level):
        first = origin + ((start - origin) // length + 1) * length
        yield from (at for at in (first, first + length, first + 2 * length) if start < at < end)
