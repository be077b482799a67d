"""A curve is what a part of a schedule means: its natural length, and its level as an expression of `T`, `ENTRY` and `BASE`. Combining phases is combining
curves, by substitution: every combinator of the language is a few lines of algebra here, and no backend needs to know them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise

import attrs

from lrdsl.check.bounds import constant
from lrdsl.clock import MAX_TICKS
from lrdsl.expr import (
    BASE,
    ENTRY,
    ONE,
    ZERO,
    Event,
    Expr,
    Forms,
    Letter,
    Num,
    T,
    add,
    affine,
    branches,
    call,
    changed_after,
    ending,
    floor,
    linear,
    mod,
    mul,
    number,
    on_branches,
    pointwise,
    power,
    select,
    substitute,
    unlettered,
    walk,
    work_of,
)
from lrdsl.expr.exact import Exact, quotient
from lrdsl.phrases import Phrase, following
from lrdsl.work import spend

#: A repeat that has no closed form is written out, up to this many cycles; so are cycles that grow.
MAX_CYCLES = 1000


#: A formula may hold this many pieces and nodes, and nest this deep, so that no text is slow and no pass over it runs out of stack.
MAX_PIECES, MAX_NODES, MAX_HEIGHT = 4000, 60_000, 120


#: No length has a denominator of more bits.
MAX_BITS = 1 << 14


class NoClosedFormError(Exception):
    """A repeat whose cycles cannot be summed up; the message says why."""


class TooLargeError(Exception):
    """A formula past the bounds; the message says of what."""


@attrs.frozen(slots=False, eq=False)
class Curve:
    """`law` gives the level at a time since the curve began, for the level it entered at; it does so for every time from 0, past the natural `length` too. An
    endless curve has length None.

    A curve that ends when the run says so has `pending`, an event and how many ticks after it the curve ends; its `length` is for the event that never comes.
    `phrase` is what it does in words, where it is to be written. `course`, where given, is a simpler law for times before the natural length.
    """

    length: Exact | None
    law: Callable[[Expr, Expr], Expr]
    pending: tuple[Event, Exact] | None = None
    phrase: Phrase | None = None
    course: Callable[[Expr, Expr], Expr] | None = None

    @classmethod
    def of(cls, length: Exact | None, level: Expr, pending: tuple[Event, Exact] | None = None, phrase: Phrase | None = None) -> Curve:
        """The curve whose level is a formula of `T` and `ENTRY`, one within the bounds."""
        return cls(length, _law(level), pending, phrase)

    @cached_property
    def level(self) -> Expr:
        """The level as a formula of `T` and `ENTRY`."""
        return self.law(T, ENTRY)

    @property
    def endless(self) -> bool:
        """Whether nothing can come after it."""
        return self.length is None and self.pending is None

    def at(self, tick: Exact, entry: Expr = ENTRY) -> Expr:
        """The level at a tick."""
        return self.law(number(tick), entry)

    def leveled(self, level: Expr) -> Curve:
        """A curve like it, with another level."""
        return attrs.evolve(self, law=_law(level), course=None)


def _law(level: Expr) -> Callable[[Expr, Expr], Expr]:
    _bounded(level)
    return lambda time, entry: substitute(level, {T: time, ENTRY: entry})


def _bounded(level: Expr) -> Expr:
    """The level, if it is within the bounds."""
    if level.height > MAX_HEIGHT:
        raise TooLargeError(f"its formula is {level.height} operations deep")
    if level.weight > MAX_NODES:
        nodes = sum(1 for _ in walk(level))
        if nodes > MAX_NODES:
            raise TooLargeError(f"its formula has {nodes} operations")
    return level


def then(curves: Sequence[Curve], entry: Expr = ENTRY) -> Curve:
    """One after the other, each entering at the level that the one before reached, the first at `entry`. All but the last must end."""
    start: Exact = 0
    parts: list[tuple[Exact, Expr]] = []
    phrases: list[Phrase | None] = []
    for i, curve in enumerate(curves[:-1]):
        phrases.append(curve.phrase and curve.phrase.where({ENTRY: entry}))
        time = linear(ONE.value, T, -start)
        if curve.pending is not None:
            after = then(curves[i + 1 :])
            rest = _then_later(curve, *curve.pending, after)
            parts.append((start, rest.law(time, entry)))
            phrases.append(after.phrase and attrs.evolve(after.phrase.later, several=False))
            return Curve.of(None if rest.length is None else start + rest.length, select(T, parts), rest.pending, following(phrases))
        length = _finite(curve)
        parts.append((start, (curve.course or curve.law)(time, entry)))
        entry = _bounded(curve.at(length, entry))
        start += length
    last = curves[-1]
    phrases.append(last.phrase and last.phrase.where({ENTRY: entry}))
    parts.append((start, last.law(linear(ONE.value, T, -start), entry)))
    return Curve.of(None if last.length is None else start + last.length, select(T, parts), last.pending, following(phrases))


def entries(curves: Sequence[Curve]) -> tuple[Expr | None, ...]:
    """The level that each of a sequence enters at, in terms of what the first enters at; None behind one whose end only the run knows."""
    found: list[Expr | None] = [ENTRY]
    for curve in curves[:-1]:
        entry = found[-1]
        known = entry is not None and curve.pending is None and curve.length is not None
        found.append(curve.at(curve.length, entry) if known and curve.length is not None and entry is not None else None)
    return tuple(found)


def _then_later(curve: Curve, event: Event, ticks: Exact, rest: Curve) -> Curve:
    """A curve until so many ticks after an event, then the rest."""

    def goes_on(ended: Expr) -> Expr:
        return select(T, [(0, ended), (ticks, rest.law(T - ticks, _bounded(_at(ended, ticks))))])

    level = changed_after(curve.level, event, goes_on)
    length = None if curve.length is None or rest.length is None else curve.length + rest.length
    if rest.pending is not None:
        return Curve.of(length, level, rest.pending)
    return Curve.of(length, level, None if rest.length is None else (event, ticks + rest.length))


def _copies(curve: Curve, count: int) -> None:
    """Refuse to write out so many cycles of a curve."""
    found = count * len(branches(T, curve.level))
    if found > MAX_PIECES:
        raise TooLargeError(f"written out, it has {found} pieces")


def until(curve: Curve, event: Event, most: Exact | None) -> Curve:
    """The curve up to an event, then the level it reached there; `most` is how long it takes if the event never comes."""
    return Curve.of(most, ending(event, curve.level, curve.law(event, ENTRY)), (event, 0))


def restart(curve: Curve) -> Curve:
    """The curve, entered at base."""
    return attrs.evolve(curve, law=lambda time, _entry: curve.law(time, BASE), course=None)


def limit(curve: Curve, length: Exact) -> Curve:
    """The curve up to `length`, then the level it reached there."""
    return Curve.of(length, select(T, [(0, curve.level), (length, curve.at(length))]))


def times(curve: Curve, factor: Curve) -> Curve:
    """Both at once: the second runs from entry level and base 1, as a pure factor."""
    pure = substitute(factor.law(T, ONE), {BASE: ONE})
    return Curve.of(_longest([curve, factor]), pointwise(lambda a, b: b * a, T, curve.level, pure))


def scaled(curve: Curve, factor: Expr) -> Curve:
    """The curve times a constant."""
    return curve.leveled(on_branches(lambda a: mul(factor, a), curve.level))


def shifted(curve: Curve, by: Expr) -> Curve:
    """The curve plus a level."""
    return curve.leveled(on_branches(lambda a: add(a, by), curve.level))


def skip(ticks: Exact, curve: Curve) -> Curve:
    """The curve without its first ticks."""
    length = None if curve.length is None else max(curve.length - ticks, 0)
    later = [(max(start - ticks, 0), substitute(piece, {T: T + ticks})) for start, piece in branches(T, curve.level)]
    return Curve.of(length, select(T, later))


def extreme(op: str, curves: Sequence[Curve]) -> Curve:
    """The pointwise `min` or `max`."""
    return Curve.of(_longest(curves), pointwise(lambda *levels: call(op, *levels), T, *(c.level for c in curves)))


def clip(curve: Curve, low: Expr, high: Expr) -> Curve:
    """The curve, kept between two levels."""
    return curve.leveled(on_branches(lambda level: call("min", call("max", level, low), high), curve.level))


def _longest(curves: Sequence[Curve]) -> Exact | None:
    """The length of the longest; where the run decides about one, nothing is known of that, and only the whole can be ended."""
    lengths = [c.length for c in curves if c.length is not None and c.pending is None]
    return max(lengths) if len(lengths) == len(curves) else None


def every(interval: Exact, curve: Curve) -> Curve:
    """The curve as it was at the last multiple of `interval`: a staircase."""
    held = linear(interval, floor(linear(quotient(1, interval), T, 0)), 0)
    parts = [(interval * -(-start // interval), substitute(piece, {T: held})) for start, piece in branches(T, curve.level)]
    return curve.leveled(select(T, parts))


def stretch(curve: Curve, factor: Exact) -> Curve:
    """The curve, `factor` times as slow."""
    length = None if curve.length is None else curve.length * factor
    return Curve.of(length, curve.law(linear(quotient(1, factor), T, 0), ENTRY))


def bounce(curve: Curve) -> Curve:
    """Forward, then backward, for ever."""
    n = _finite(curve)
    w = mod(T, 2 * n)
    back = linear(-1, w, 2 * n)
    way = [(start, piece) for start, piece in branches(T, curve.level) if start <= n]
    forward = (0, curve.law(w, ENTRY))
    # Backward, each piece holds at its end and not at its start. Where the curve is continuous that is the same, and the way back is pieces again.
    if all(before is after for before, after in ((_at(a, s), _at(b, s)) for (_, a), (s, b) in pairwise(way))):
        ends = [start for start, _ in way[1:]] if way[-1][0] == n else [*(start for start, _ in way[1:]), n]
        backward = [(2 * n - end, substitute(piece, {T: back})) for (_, piece), end in zip(way, ends, strict=False)]
        return Curve.of(None, select(w, [forward, *reversed(backward)]))
    return Curve.of(None, select(w, [forward, (n, curve.law(back, ENTRY))]))


def _at(level: Expr, tick: Exact) -> Expr:
    return substitute(level, {T: number(tick)})


def repeat(curve: Curve, count: int | None) -> Curve:
    """Again and again, each cycle from where the last ended. In closed form where the level at the end of a cycle is affine in the level at its start."""
    m = _finite(curve)
    end = affine(curve.at(m), ENTRY)
    if end is None:
        if count is None or count > MAX_CYCLES:
            raise NoClosedFormError("the level at the end of a cycle is not a multiple of the level at its start plus a constant")
        _copies(curve, count)
        return then([curve] * count)
    return _cycles(curve, m, count, lambda k: _iterated(end[1], end[0], k))


def _iterated(ratio: Expr, shift: Expr, k: Expr) -> Expr:
    """The entry level of cycle k, where each cycle takes v to `ratio * v + shift`."""
    if shift == ZERO:
        return ENTRY * power(ratio, k)
    if ratio == ONE:
        return ENTRY + k * shift
    if ratio == ZERO:
        return select(k, [(0, ENTRY), (1, shift)])
    grown = power(ratio, k)
    plain = (1 - grown) / (1 - ratio)
    if constant(ratio) > 0:
        plain = Forms(call("expm1", k * call("log", ratio)) / (ratio - 1), plain)
    return ENTRY * grown + shift * plain


def _cycles(curve: Curve, m: Exact, count: int | None, entry: Callable[[Expr], Expr]) -> Curve:
    """Cycles of equal length; `entry(k)` is the level that cycle k enters at. After the last, it goes on by its own rule."""
    k, w = floor(linear(quotient(1, m), T, 0)), mod(T, m)
    level = curve.law(w, entry(k))
    if count is None:
        return Curve.of(None, level)
    last = m * (count - 1)
    final = curve.law(T - last, entry(number(count - 1)))
    return Curve.of(m * count, select(T, [(0, level), (last, final)]))


def restarts(curve: Curve, count: int | None, factor: Expr, decay: Expr) -> Curve:
    """Again and again from the same entry level times decay^k, cycle k being factor^k as long."""
    m = _finite(curve)
    if factor == ONE:
        return _cycles(curve, m, count, lambda k: ENTRY * power(decay, k))
    assert isinstance(factor, Num)
    # For ever, the cycles are for numbers alone, which need no letters.
    first, grows = (unlettered(m), unlettered(factor.value)) if count is None else (m, factor.value)
    lengths, end = [first], first
    while end <= MAX_TICKS and (count is None or len(lengths) < count):
        if len(lengths) >= MAX_CYCLES:
            raise NoClosedFormError(f"cycles that grow so slowly are more than {MAX_CYCLES}")
        lengths.append(lengths[-1] * grows)
        end += lengths[-1]
        if end.denominator.bit_length() > MAX_BITS:
            raise TooLargeError(f"after {len(lengths)} cycles, their exact lengths have {round(MAX_BITS * math.log10(2), -3):.0f} digits")
        spend(work_of(end))
    _copies(curve, len(lengths))
    parts: list[tuple[Exact, Expr]] = []
    start: Exact = 0
    for k, length in enumerate(lengths):
        pace = quotient(first, length)
        time = linear(pace, T, -start * pace)
        parts.append((start, curve.law(time, ENTRY * power(decay, number(k)))))
        start += length
    return Curve.of(None if count is None else start, select(T, parts) if count is not None else Forms(select(T, parts), _growing(curve, m, factor, decay)))


def _growing(curve: Curve, m: Exact, factor: Expr, decay: Expr) -> Expr:
    """Cycles that grow for ever, as SGDR's paper writes them: cycle i has the length T_i = m f^i, and has gone on for T_cur = t - m (f^i - 1)/(f - 1)."""
    assert isinstance(factor, Num)
    factor = number(factor.value)  # as the lengths of the cycles have it
    i = Letter("i", "", floor(call("log", 1 + (factor - 1) * linear(quotient(1, m), T, 0)) / call("log", factor)))
    length = Letter("T", "i", m * power(factor, i))
    since = Letter("T", "cur", T - m / (factor - 1) * (power(factor, i) - 1))
    cycle = select(T, [(start, piece) for start, piece in branches(T, curve.level) if start < m])
    return substitute(cycle, {T: m * since / length, ENTRY: ENTRY * power(decay, i)})


def _finite(curve: Curve) -> Exact:
    assert curve.length is not None
    return curve.length
