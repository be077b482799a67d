"""Curves of cycles: `repeat`, `restarts` and `bounce`. Each is in closed form where there is one, so that a cycle far out costs no more than the first."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import attrs

from lrdsl.check.bounds import constant
from lrdsl.check.curves import MAX_PIECES, Curve, TooLargeError, finite_length, level_at, then
from lrdsl.clock import MAX_TICKS
from lrdsl.expr import (
    ENTRY,
    ONE,
    ZERO,
    Expr,
    Forms,
    Letter,
    Num,
    T,
    affine,
    branches,
    call,
    floor,
    linear,
    mod,
    mul,
    number,
    power,
    select,
    substitute,
    unlettered,
    work_of,
)
from lrdsl.expr.exact import Exact, quotient
from lrdsl.work import spend

#: The most cycles that get a formula each, where they have no closed form or grow.
MAX_CYCLES = 1000
#: The most bits in the denominator of a length.
MAX_BITS = 1 << 14


class NoClosedFormError(Exception):
    """Raised for cycles that have no closed form; the message says why."""


def repeat(curve: Curve, count: int | None) -> Curve:
    """Returns the curve of cycles, each from the level at which the last one ended.

    There is a closed form if the level at the end of a cycle is affine in the level at its start. Raises `NoClosedFormError` if there is none and the count is
    too large, or endless.
    """
    m = finite_length(curve)
    end = affine(curve.at(m), ENTRY)
    if end is None:
        if count is None or count > MAX_CYCLES:
            raise NoClosedFormError("the level at the end of a cycle is not a multiple of the level at its start plus a constant")
        _check_copies(curve, count)
        return then([curve] * count)
    return _cycles(m, count, lambda time, k: curve.law(time, _iterated(end[1], end[0], k)))


def _iterated(ratio: Expr, shift: Expr, k: Expr) -> Expr:
    """Returns the entry level of cycle k, if each cycle takes the level v to `ratio * v + shift`."""
    if shift == ZERO:
        return ENTRY * power(ratio, k)
    if ratio == ONE:
        return ENTRY + k * shift
    if ratio == ZERO:
        return select(k, [(0, ENTRY), (1, shift)])
    growth = power(ratio, k)
    series = (1 - growth) / (1 - ratio)
    if constant(ratio) > 0:
        series = Forms(call("expm1", k * call("log", ratio)) / (ratio - 1), series)
    return ENTRY * growth + shift * series


def _cycles(m: Exact, count: int | None, law: Callable[[Expr, Expr], Expr]) -> Curve:
    """Returns the curve of `count` cycles of the length m. `law(time, k)` is the level of cycle k at a time since it began. The last cycle goes on by it."""
    level = law(mod(T, m), floor(linear(quotient(1, m), T, 0)))
    if count is None:
        return Curve.of(None, level)
    last = m * (count - 1)
    return Curve.of(m * count, select(T, [(0, level), (last, law(T - last, number(count - 1)))]))


@attrs.frozen
class Growth:
    """How cycles change: each is `factor` times as long as the one before but for its first `fixed` ticks, and enters at `decay` times the level.

    `cut` says whether lengths are whole ticks: "no", "each" for the whole part of each exact length, "chain" for that of `factor` times the length before. If
    `floor` is "decays", a whole cycle is `decay` times the one before, with all levels in it.
    """

    factor: Expr
    decay: Expr
    fixed: Exact = 0
    cut: str = "no"
    floor: str = "fixed"

    def after(self, length: Exact, exact: Exact) -> tuple[Exact, Exact]:
        """Returns the length of the next cycle, and what it would be if no length were cut."""
        assert isinstance(self.factor, Num)
        exact = self.fixed + (exact - self.fixed) * self.factor.value
        if self.cut == "chain":
            return self.fixed + math.floor((length - self.fixed) * self.factor.value), exact
        return (math.floor(exact) if self.cut == "each" else exact), exact

    def level(self, law: Callable[[Expr, Expr], Expr], time: Expr, k: Expr) -> Expr:
        """Returns the level of cycle k at a time since it began, by the law of the first one."""
        weight = power(self.decay, k)
        return mul(weight, law(time, ENTRY)) if self.floor == "decays" else law(time, ENTRY * weight)


def restarts(curve: Curve, count: int | None, growth: Growth) -> Curve:
    """Returns the curve of cycles that all enter at the same level, but for what their `growth` changes."""
    first, factor = finite_length(curve), growth.factor
    if factor == ONE:
        return _cycles(first, count, lambda time, k: growth.level(curve.law, time, k))
    assert isinstance(factor, Num)
    # Endless cycles have this form for numbers alone, which need no letters; people read the form of `_growing`.
    fixed, grows = growth.fixed, factor.value
    if count is None:
        first, fixed, grows = unlettered(first), unlettered(fixed), unlettered(grows)
    growth = attrs.evolve(growth, factor=Num(grows, grows), fixed=fixed)
    lengths, end, exact = [first], first, first
    while end <= MAX_TICKS and (count is None or len(lengths) < count):
        if len(lengths) >= MAX_CYCLES:
            raise NoClosedFormError(f"they grow so slowly that a run has more than {MAX_CYCLES}")
        length, exact = growth.after(lengths[-1], exact)
        if length <= fixed:
            raise NoClosedFormError("a cycle has no time left")
        lengths.append(length)
        end += lengths[-1]
        if end.denominator.bit_length() > MAX_BITS:
            raise TooLargeError(f"after {len(lengths)} cycles, their exact lengths have {round(MAX_BITS * math.log10(2), -3):.0f} digits")
        spend(work_of(end))
    _check_copies(curve, len(lengths))
    parts: list[tuple[Exact, Expr]] = []
    start: Exact = 0
    within = curve.course or curve.law  # which is enough before the end of a cycle
    for k, length in enumerate(lengths):
        pace = quotient(first - fixed, length - fixed)
        time = linear(pace, T, fixed - (start + fixed) * pace)
        if fixed:
            parts.append((start, growth.level(within, linear(1, T, -start), number(k))))
        parts.append((start + fixed, growth.level(within if k + 1 < len(lengths) else curve.law, time, number(k))))
        start += length
    level = select(T, parts)
    return Curve.of(None if count is None else start, level)


def written_restarts(curve: Curve, count: int | None, growth: Growth) -> Curve:
    """Returns the curve of `restarts` for people: endless cycles that grow have the form of papers too, in one formula."""
    cycles = restarts(curve, count, growth)
    if count is not None or growth.factor == ONE or growth.fixed or growth.cut != "no" or growth.floor != "fixed":
        return cycles
    return Curve.of(None, Forms(cycles.level, _growing(curve, finite_length(curve), growth.factor, growth.decay)))


def _growing(curve: Curve, m: Exact, factor: Expr, decay: Expr) -> Expr:
    """Returns the formula of endless growing cycles as the paper of SGDR writes it.

    Cycle i has the length T_i = m f^i, and has run for T_cur = t - m (f^i - 1)/(f - 1) ticks.
    """
    assert isinstance(factor, Num)
    factor = number(factor.value)  # the exact factor, as in the lengths of the cycles
    i = Letter("i", "", floor(call("log", 1 + (factor - 1) * linear(quotient(1, m), T, 0)) / call("log", factor)))
    length = Letter("T", "i", m * power(factor, i))
    since = Letter("T", "cur", T - m / (factor - 1) * (power(factor, i) - 1))
    cycle = select(T, [(start, piece) for start, piece in branches(T, curve.level) if start < m])
    return substitute(cycle, {T: m * since / length, ENTRY: ENTRY * power(decay, i)})


def bounce(curve: Curve) -> Curve:
    """Returns the curve that runs A forward, then backward, for ever."""
    n = finite_length(curve)
    w = mod(T, 2 * n)
    back = linear(-1, w, 2 * n)
    pieces = [(start, piece) for start, piece in branches(T, curve.level) if start <= n]
    forward = (0, curve.law(w, ENTRY))
    # Backward, a piece would hold at its end, not at its start. If the curve is continuous, both give the same level, so the way back can be pieces too.
    if all(before is after for before, after in ((level_at(a, s), level_at(b, s)) for (_, a), (s, b) in pairwise(pieces))):
        ends = [start for start, _ in pieces[1:]] if pieces[-1][0] == n else [*(start for start, _ in pieces[1:]), n]
        backward = [(2 * n - end, substitute(piece, {T: back})) for (_, piece), end in zip(pieces, ends, strict=False)]
        return Curve.of(None, select(w, [forward, *reversed(backward)]))
    return Curve.of(None, select(w, [forward, (n, curve.law(back, ENTRY))]))


def _check_copies(curve: Curve, count: int) -> None:
    """Raises `TooLargeError` if so many copies of a curve have too many pieces."""
    pieces = count * len(branches(T, curve.level))
    if pieces > MAX_PIECES:
        raise TooLargeError(f"its cycles have {pieces} pieces together")
