"""The plan: a checked schedule with every name, kind and unit resolved. It is what every backend reads, and all that it reads."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import attrs

from lrdsl.expr import Expr, Forms, T, branches, rebuild


@attrs.frozen
class Phase:
    """One phase on the time axis: its canonical `text`, where it stands in the source (`extent`), and its ticks.

    `start` and `length` are exact; `length` is None for a phase that goes on for ever. The phase is in force for start <= t < start + length.
    """

    text: str
    extent: tuple[int, int]
    start: Fraction
    length: Fraction | None

    def __str__(self) -> str:
        return self.text


@attrs.frozen
class Piece:
    """A stretch of time with one formula: `level`, in the symbols `T` (ticks since the run began) and `BASE`, from `start` to the next piece."""

    start: Fraction
    level: Expr


@attrs.frozen
class Plan:
    """A schedule as phases for people and pieces for machines. `level` is the whole formula; both views come from it.

    `length` is the natural length of the whole in ticks, None where the last phase is endless.
    """

    phases: tuple[Phase, ...]
    level: Expr
    length: Fraction | None

    def phase_at(self, tick: float) -> int:
        """The index of the phase in force at a tick; of the last one after the end."""
        started = [i for i, phase in enumerate(self.phases) if phase.start <= tick]
        return started[-1] if started else 0


def best(e: Expr) -> Expr:
    """The tree with every value in the form made for numbers."""
    return _form(e, lambda forms: forms.best)


def paper(e: Expr) -> Expr:
    """The tree with every value in the form made for people."""
    return _form(e, lambda forms: forms.paper)


def _form(e: Expr, pick: Callable[[Forms], Expr]) -> Expr:
    memo: dict[Expr, Expr] = {}

    def walk(x: Expr) -> Expr:
        done = memo.get(x)
        if done is None:
            done = memo[x] = walk(pick(x)) if isinstance(x, Forms) else rebuild(x, walk)
        return done

    return walk(e)


def pieces(level: Expr) -> tuple[Piece, ...]:
    """The stretches of a whole formula, in order; the first starts at 0."""
    return tuple(Piece(start, piece) for start, piece in branches(T, level))
