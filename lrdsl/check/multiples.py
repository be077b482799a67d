"""The plan of a target that is a constant times another one, after events: made from the plan of the other, since both wait for the same events."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import attrs

from lrdsl.check.bounds import bounds
from lrdsl.check.intervals import largest
from lrdsl.check.stages import Stages
from lrdsl.expr import WIDE, Expr, mul, on_branches
from lrdsl.plan import Phase, Piece, Pieces, Plan

#: The largest constant: times any part of a finite level, all of which are below `intervals.MOST`, it fits into a double, with room for an error term.
_LARGEST = 1e9


@attrs.frozen(eq=False)
class Multiples(Pieces):
    """The pieces of a plan times a constant. One that is asked for is made, and kept."""

    of: Plan
    constant: Expr
    _made: dict[int, Piece] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self.of.starts)

    def _piece(self, place: int) -> Piece:
        piece = self.of.pieces[place]
        return Piece(piece.start, _times(self.constant, piece.level), piece.end)

    @property
    def starts(self) -> Sequence[float]:
        """The first tick of each piece."""
        return self.of.starts


def multiplied(plan: Plan, before: Plan, after: Plan) -> Plan | None:
    """Returns a plan after events, from those of the target that it is a `multiple` of, before and after them.

    Returns None where the text must be read again: where the two wait for different events, or a level may be too large for doubles.
    """
    if plan.multiple is None or plan.watches != before.watches or len(plan.phases) != 1:
        return None
    _, constant = plan.multiple
    if largest(bounds(constant, {})) > _LARGEST:
        return None
    if not (after.pieces.sound if isinstance(after.pieces, Stages) else not after.level.holds & WIDE):
        return None
    phase = plan.phases[0]
    phases, law = (Phase(phase.node, phase.start, after.length),), partial(_times_law, constant, after)
    return Plan(phases, Multiples(after, constant), after.length, law, after.watches, any_base=plan.any_base, multiple=plan.multiple)


def _times(constant: Expr, level: Expr) -> Expr:
    return on_branches(lambda a: mul(constant, a), level)


def _times_law(constant: Expr, plan: Plan) -> Expr:
    return _times(constant, plan.law)
