"""The formula of a run in which events have come, as pieces that are made one at a time: a run enters few of them, and no event waits for the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any, overload

import attrs

from lrdsl.check import curves
from lrdsl.check.curves import Curve, level_at
from lrdsl.check.finite import proved, widened
from lrdsl.expr import BASE, ENTRY, EVENTS, STAIRS, ZERO, Event, Expr, T, branches, clipped, linear, realized, select, substitute, within
from lrdsl.expr.exact import Exact
from lrdsl.plan import Piece, Pieces, best, first_tick


@attrs.frozen(eq=False, slots=False)
class Stage:
    """A phase of the run: its first tick, and its formula, as it was read, in the ticks since then and in its entry level. The last one has no `length`."""

    start: Exact
    level: Expr
    length: Exact | None

    @cached_property
    def branches(self) -> list[tuple[Exact, Expr]]:
        """The branches of the formula that the phase comes to, each with its first tick of the phase."""
        return [branch for branch in branches(T, self.level) if self.length is None or branch[0] < self.length]


@attrs.frozen(eq=False, slots=False)
class Stages(Pieces):
    """The pieces of all stages, in order. One that is asked for is put on the time axis of the run, and kept. It is proved finite if not all are `sound`."""

    stages: tuple[Stage, ...]
    sound: bool
    _entries: list[Expr] = attrs.field(factory=lambda: [BASE], init=False)
    _made: dict[int, Piece] = attrs.field(factory=dict, init=False)

    @classmethod
    def of(cls, phases: Sequence[Curve], times: dict[Event, tuple[Exact, ...]], sound: bool) -> Stages:
        """Returns the pieces of a sequence whose events came at these ticks of their phases. What follows an event that has not come is left out.

        `sound` says that they are known to be finite as they are.
        """
        stages: list[Stage] = []
        start: Exact = 0
        for curve in phases:
            level = realized(best(curve.level), times) if curve.level.holds & EVENTS else curve.level
            last = curve is phases[-1] or curve.length is None
            stages.append(Stage(start, level, None if last else curve.length))
            if last or curve.length is None:
                break
            start += curve.length
        return cls(tuple(stages), sound)

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        """The stage of each piece, and the number of its branch, by their indices."""
        return [(i, k) for i, stage in enumerate(self.stages) for k in range(len(stage.branches))]

    def _entry(self, i: int) -> Expr:
        """The entry level of a stage, as a formula of the base."""
        while len(self._entries) <= i:
            before = self.stages[len(self._entries) - 1]
            assert before.length is not None
            self._entries.append(substitute(level_at(before.level, before.length), {ENTRY: self._entries[-1]}))
        return self._entries[i]

    def start(self, place: int) -> Exact:
        """The exact tick at which a piece begins."""
        i, k = self._places[place]
        return self.stages[i].start + self.stages[i].branches[k][0]

    def _piece(self, place: int) -> Piece:
        i, k = self._places[place]
        start, end = self.start(place), self.start(place + 1) if place + 1 < len(self) else None
        stage = self.stages[i]
        level = substitute(best(stage.branches[k][1]), {T: linear(1, T, -stage.start), ENTRY: self._entry(i)})
        level = within(level, start, end) if level.holds & STAIRS else level
        return Piece(start, level if self.sound else _finite(level, start, end), end)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def starts(self) -> Starts:
        """The first tick of each piece."""
        return Starts(self)


@attrs.frozen(eq=False)
class Starts(Sequence[float]):
    """The first ticks of pieces. No piece is made for them."""

    pieces: Stages
    _known: dict[int, float] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self.pieces)

    @overload
    def __getitem__(self, place: int) -> float: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[float]: ...
    def __getitem__(self, place: int | slice) -> float | Sequence[float]:
        if isinstance(place, slice):
            return [self[k] for k in range(len(self))[place]]
        if place not in self._known:  # each target that is a multiple of this one asks for the same places
            self._known[place] = first_tick(self.pieces.start(range(len(self))[place]))
        return self._known[place]


def _finite(level: Expr, start: Exact, end: Exact | None) -> Expr:
    """Returns the formula of a piece, with marks on the parts that may be too large for doubles."""
    alone = select(T, [(0, ZERO), (start, level), *([] if end is None else [(end, ZERO)])])
    finite, proof = proved(alone, False)
    if finite is alone and not proof.large:
        return level
    return select(T, clipped(T, widened(finite, proof.large), start, end))


@attrs.frozen(eq=False)
class Law:
    """The formula of a sequence of phases with the events that it still waits for as unknowns, which few runs ask for. A pickle has the formula."""

    phases: tuple[Curve, ...]

    def __call__(self) -> Expr:
        return best(curves.then(self.phases, BASE).level)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial, (_itself, self())


def _itself(law: Expr) -> Expr:
    return law
