"""`Curve`: what a phase means, as a natural length and a formula of `T`, `ENTRY` and `BASE`; and the algebra of phases, by substitution into such formulas.

Each form of the language that combines phases is a function of curves here, or, for cycles, in `cycles`. So no backend needs to know any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, reduce

import attrs

from lrdsl.expr import (
    BASE,
    ENTRY,
    ONE,
    Event,
    Expr,
    T,
    add,
    branches,
    call,
    changed_after,
    ending,
    floor,
    linear,
    mentions,
    mul,
    neg,
    number,
    on_branches,
    pointwise,
    select,
    substitute,
    walk,
)
from lrdsl.expr.exact import Exact, quotient
from lrdsl.phrases import Phrase, in_sequence
from lrdsl.syntax.nodes import Node

#: The most pieces and nodes of a formula, and its greatest depth. So no text is slow, and no pass over a formula runs out of stack.
MAX_PIECES, MAX_NODES, MAX_HEIGHT = 4000, 60_000, 120


class TooLargeError(Exception):
    """Raised for a formula that is too large; the message says by what measure."""


@attrs.frozen(eq=False)
class Part:
    """A part of a curve, for people to read: one phase of a sequence, or one of the curves that a combination is made of.

    `start` is where it begins, from the start of the curve; None if a metric decides. `level` is its own formula of `T` and `ENTRY`; None for a phase of a
    sequence, whose level it is at that time, unless the phase takes no time. `parts` are those of the part itself.
    """

    node: Node
    start: Exact | None
    length: Exact | None
    level: Expr | None
    parts: tuple[Part, ...]

    def where(self, names: Mapping[Expr, Expr]) -> Part:
        """Returns the part with symbols in its levels replaced."""
        level = None if self.level is None else substitute(self.level, names)
        return attrs.evolve(self, level=level, parts=tuple(part.where(names) for part in self.parts))


@attrs.frozen(slots=False, eq=False)
class Curve:
    """The meaning of a phase: its natural `length`, None if it is endless, and its `law`.

    `law` takes a time since the curve began, from 0 on and past the length too, and the entry level; it returns the level. `course` is an optional simpler law
    for times before the length. A curve that a metric ends has `pending`: an event, and how many ticks after it the curve ends. Its `length` is then the length
    without the event; `body` is what the event ends, if the curve is nothing more. `phrase` says in words what the curve does, and `parts` are what it is made
    of; without them if no words are asked for. If the curve is a constant times what a name stands for, `multiple` has the name and the constant.
    """

    length: Exact | None
    law: Callable[[Expr, Expr], Expr]
    pending: tuple[Event, Exact] | None = None
    phrase: Phrase | None = None
    course: Callable[[Expr, Expr], Expr] | None = None
    parts: tuple[Part, ...] = ()
    body: Curve | None = None
    multiple: tuple[str, Expr] | None = None

    @classmethod
    def of(cls, length: Exact | None, level: Expr, pending: tuple[Event, Exact] | None = None, phrase: Phrase | None = None) -> Curve:
        """Returns the curve of a formula of `T` and `ENTRY`. Raises `TooLargeError`."""
        return cls(length, _law(level), pending, phrase)

    @cached_property
    def level(self) -> Expr:
        """The formula of the level, in `T` and `ENTRY`."""
        return self.law(T, ENTRY)

    @property
    def endless(self) -> bool:
        """Whether the curve never ends, so that no phase can follow."""
        return self.length is None and self.pending is None

    def at(self, tick: Exact, entry: Expr = ENTRY) -> Expr:
        """Returns the level at a tick."""
        return self.law(number(tick), entry)

    def with_level(self, level: Expr) -> Curve:
        """Returns this curve with another formula of its level. Raises `TooLargeError`."""
        return attrs.evolve(self, law=_law(level), course=None, body=None, multiple=None)


def _law(level: Expr) -> Callable[[Expr, Expr], Expr]:
    """Returns the law of a formula of `T` and `ENTRY`. Raises `TooLargeError`."""
    _check_size(level)
    return lambda time, entry: substitute(level, {T: time, ENTRY: entry})


def _check_size(level: Expr) -> Expr:
    """Returns the formula. Raises `TooLargeError` for one that is too large."""
    if level.height > MAX_HEIGHT:
        raise TooLargeError(f"its formula is nested {level.height} operations deep")
    if level.weight > MAX_NODES:
        count = sum(1 for _ in walk(level))
        if count > MAX_NODES:
            raise TooLargeError(f"its formula has {count} operations")
    return level


def then(curves: Sequence[Curve], entry: Expr = ENTRY) -> Curve:
    """Returns the curve of `A then B then C`: each enters at the level that the one before reached, the first at `entry`. All but the last must end."""
    start: Exact = 0
    parts: list[tuple[Exact, Expr]] = []
    phrases: list[Phrase | None] = []
    for i, curve in enumerate(curves[:-1]):
        phrases.append(curve.phrase and curve.phrase.where({ENTRY: entry}))
        time = linear(ONE.value, T, -start)
        if curve.pending is not None:
            later = then(curves[i + 1 :])
            joined = _then_after_event(curve, *curve.pending, later)
            parts.append((start, joined.law(time, entry)))
            phrases.append(later.phrase and attrs.evolve(later.phrase.from_reached_level, several=False))
            return Curve.of(None if joined.length is None else start + joined.length, select(T, parts), joined.pending, in_sequence(phrases))
        length = finite_length(curve)
        parts.append((start, (curve.course or curve.law)(time, entry)))
        entry = _check_size(curve.at(length, entry))
        start += length
    last = curves[-1]
    phrases.append(last.phrase and last.phrase.where({ENTRY: entry}))
    parts.append((start, last.law(linear(ONE.value, T, -start), entry)))
    return Curve.of(None if last.length is None else start + last.length, select(T, parts), last.pending, in_sequence(phrases))


def sequence_parts(items: Sequence[Node], curves: Sequence[Curve]) -> tuple[Part, ...]:
    """Returns the phases of a sequence as its parts."""
    parts: list[Part] = []
    start: Exact | None = 0
    for item, curve, entry in zip(items, curves, entries(curves), strict=True):
        length = None if curve.pending is not None else curve.length
        inner = () if entry is None else tuple(part.where({ENTRY: entry}) for part in curve.parts)
        parts.append(Part(item, start, length, curve.at(0, entry) if length == 0 and entry is not None else None, inner))
        start = None if start is None or length is None else start + length
    return tuple(parts)


def entries(curves: Sequence[Curve]) -> tuple[Expr | None, ...]:
    """Returns the entry level of each phase of a sequence, as a formula of the first entry level; None if a metric decides."""
    levels: list[Expr | None] = [ENTRY]
    for curve in curves[:-1]:
        entry, level = levels[-1], None
        if curve.pending is None and curve.length is not None:
            reached = curve.at(curve.length, ENTRY if entry is None else entry)
            level = None if entry is None and mentions(reached, ENTRY) else reached
        levels.append(level)
    return tuple(levels)


def _then_after_event(curve: Curve, event: Event, ticks: Exact, later: Curve) -> Curve:
    """Returns one curve up to this many ticks after an event, and then a later curve."""

    def continued(ended: Expr) -> Expr:
        return select(T, [(0, ended), (ticks, later.law(T - ticks, _check_size(level_at(ended, ticks))))])

    level = changed_after(curve.level, event, continued)
    length = None if curve.length is None or later.length is None else curve.length + later.length
    if later.pending is not None:
        return Curve.of(length, level, later.pending)
    return Curve.of(length, level, None if later.length is None else (event, ticks + later.length))


def until(curve: Curve, event: Event, most: Exact | None) -> Curve:
    """Returns the curve up to an event; then it holds the level reached there. `most` is its length without the event."""
    return Curve(most, _law(ending(event, curve.level, curve.law(event, ENTRY))), (event, 0), body=curve)


def restart(curve: Curve) -> Curve:
    """Returns the curve of `restart A`, which enters at base."""
    parts = tuple(part.where({ENTRY: BASE}) for part in curve.parts)
    return attrs.evolve(curve, law=lambda time, _entry: curve.law(time, BASE), course=None, parts=parts, body=None, multiple=None)


def limit(curve: Curve, length: Exact) -> Curve:
    """Returns the curve of `A for D`: past D it holds the level reached there."""
    return Curve.of(length, select(T, [(0, curve.level), (length, curve.at(length))]))


def times(curve: Curve, factor: Curve) -> Curve:
    """Returns the curve of `A * B`. The factor B runs with the entry level and base 1."""
    return Curve.of(_longest([curve, factor]), pointwise(lambda a, b: b * a, T, curve.level, pure_factor(factor)))


def pure_factor(factor: Curve) -> Expr:
    """Returns the level of a curve that runs as a factor, with the entry level and base 1."""
    return substitute(factor.law(T, ONE), {BASE: ONE})


def scaled(curve: Curve, factor: Expr) -> Curve:
    """Returns the curve times a constant."""
    multiple = curve.multiple and (curve.multiple[0], mul(factor, curve.multiple[1]))
    return attrs.evolve(curve.with_level(on_branches(lambda a: mul(factor, a), curve.level)), multiple=multiple)


def shifted(curve: Curve, by: Expr) -> Curve:
    """Returns the curve plus a level."""
    return curve.with_level(on_branches(lambda a: add(a, by), curve.level))


def level_less(curve: Curve, level: Expr) -> Curve:
    """Returns a level minus the curve."""
    return curve.with_level(on_branches(lambda a: add(level, neg(a)), curve.level))


def skip(ticks: Exact, curve: Curve) -> Curve:
    """Returns the curve without its first ticks."""
    length = None if curve.length is None else max(curve.length - ticks, 0)
    later = [(max(start - ticks, 0), substitute(piece, {T: T + ticks})) for start, piece in branches(T, curve.level)]
    return Curve.of(length, select(T, later))


def extreme(op: str, curves: Sequence[Curve]) -> Curve:
    """Returns the `min` or `max` of curves at every tick."""
    return Curve.of(_longest(curves), pointwise(lambda *levels: call(op, *levels), T, *(c.level for c in curves)))


def total(curves: Sequence[Curve]) -> Curve:
    """Returns the sum of curves at every tick."""
    return Curve.of(_longest(curves), pointwise(lambda first, *others: reduce(add, others, first), T, *(c.level for c in curves)))


def clip(curve: Curve, low: Expr | None, high: Expr | None) -> Curve:
    """Returns the curve, kept between two levels, or on one side of one."""

    def kept(level: Expr) -> Expr:
        above = level if low is None else call("max", level, low)
        return above if high is None else call("min", above, high)

    return curve.with_level(on_branches(kept, curve.level))


def _longest(curves: Sequence[Curve]) -> Exact | None:
    """Returns the length of the longest curve; None if one is endless or a metric ends one."""
    lengths = [c.length for c in curves if c.length is not None and c.pending is None]
    return max(lengths) if len(lengths) == len(curves) else None


def every(interval: Exact, curve: Curve) -> Curve:
    """Returns a staircase: at each tick, the level of the curve at the last multiple of `interval`."""
    sampled = linear(interval, floor(linear(quotient(1, interval), T, 0)), 0)
    parts = [(interval * -(-start // interval), substitute(piece, {T: sampled})) for start, piece in branches(T, curve.level)]
    return curve.with_level(select(T, parts))


def stretch(curve: Curve, factor: Exact) -> Curve:
    """Returns the curve, `factor` times as slow."""
    length = None if curve.length is None else curve.length * factor
    return Curve.of(length, curve.law(linear(quotient(1, factor), T, 0), ENTRY))


def level_at(level: Expr, tick: Exact) -> Expr:
    """Returns the value of a formula of `T` at a tick."""
    return substitute(level, {T: number(tick)})


def finite_length(curve: Curve) -> Exact:
    """Returns the length of a curve that must end."""
    assert curve.length is not None
    return curve.length
