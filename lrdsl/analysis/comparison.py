"""Comparison: `compare` tells where the levels of two schedules differ, and proves with SymPy that two schedules are the same function."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import sympy

from lrdsl.arguments import quoted, whole_number
from lrdsl.clock import total_of
from lrdsl.diagnostics import refuse
from lrdsl.expr import BASE, INDEX, PI, Expr, T
from lrdsl.expr.exact import Exact
from lrdsl.formulas.symbolic import translate
from lrdsl.plan import MOST_TICKS, Piece, Plan, horizon, pieces
from lrdsl.schedule import Schedule
from lrdsl.work import TooMuchWorkError, bounded, counted

#: Two levels count as equal if they differ by at most this share of the largest level: doubles cannot tell them apart.
CLOSE = 1e-12
#: A proof is tried for at most so many stretches of time.
_MOST_STRETCHES = 60
#: A proof is given up after so much work.
_MOST_WORK = 50_000
_SYMBOLS: dict[Expr, Any] = {T: sympy.Symbol("t", nonnegative=True), BASE: sympy.Symbol("b", positive=True), INDEX: sympy.Symbol("k"), PI: sympy.pi}


@attrs.frozen
class Difference:
    """The difference of two schedules in one target.

    `proved` says that they are the same function, for every tick and every base above 0. The other fields are about the first `ticks` ticks: `first` is the
    first tick at which the levels differ, None if there is none; `largest` is the largest difference, and `at` is its tick.
    """

    target: str
    proved: bool
    ticks: int
    first: int | None
    largest: float
    at: int | None

    @property
    def same(self) -> bool:
        """Whether the levels agree at all of these ticks."""
        return self.first is None


def compare(a: Schedule, b: Schedule, base: float = 1.0, ticks: int | None = None) -> list[Difference]:
    """Compares two schedules, and returns one `Difference` per target.

    Parameters: `base`, the base value; `ticks`, how many ticks to compare one by one (the longer run of the two). Raises `ScheduleError` if a schedule follows
    a metric, or if the two have different targets.

    >>> import lrdsl
    >>> [difference] = lrdsl.compare(lrdsl.parse("poly(10)"), lrdsl.parse("linear(10)"))
    >>> difference.proved
    True
    >>> [difference] = lrdsl.compare(lrdsl.parse("linear(10)"), lrdsl.parse("linear(11)"))
    >>> difference.same, difference.first, difference.at
    (False, 1, 10)
    """
    for s in (a, b):
        if not isinstance(s, Schedule):
            raise refuse("LR152", f"{quoted(s)} is not a Schedule", "give two schedules from `lrdsl.parse`")
        for t in s.targets:
            s.checked_base(base, t.name)
    if ticks is not None:
        ticks = whole_number("ticks", ticks, f"compare between 1 and {MOST_TICKS} ticks", low=1, high=MOST_TICKS, text=str(a))
    names = [t.name for t in a.targets]
    if sorted(names) != sorted(t.name for t in b.targets):
        lists = " and ".join(", ".join(f"`{t.name}`" for t in s.targets) for s in (a, b))
        raise refuse("LR153", f"the schedules have different targets: {lists}", "compare schedules with the same targets", str(b))
    with bounded(b.text):
        return [_difference(a, b, name, base, ticks) for name in names]


def _difference(a: Schedule, b: Schedule, name: str, base: float, ticks: int | None) -> Difference:
    plans = [s.plan_of(name) for s in (a, b)]
    for s, plan in zip((a, b), plans, strict=True):
        if plan.watches:
            message = "a schedule that follows a metric cannot be compared before its run"
            raise refuse("LR152", message, "suppose that its event comes at some tick: `supposing(17)`", str(s))
    n = ticks or max(horizon(plan, total_of(s.clock)) for s, plan in zip((a, b), plans, strict=True))
    left, right = (s.values(n, base, name) for s in (a, b))
    distances = np.abs(left - right)
    scale = max(float(np.abs(left).max()), float(np.abs(right).max()))
    different = np.flatnonzero(distances > CLOSE * scale)
    if different.size:
        return Difference(name, False, n, int(different[0]), float(distances.max()), int(distances.argmax()))
    try:
        with counted(_MOST_WORK):
            proved = plans[0].level is plans[1].level or _proved(a.readable_plan(name), b.readable_plan(name))
    except TooMuchWorkError:
        proved = False
    return Difference(name, proved, n, None, 0.0, None)


def _proved(a: Plan, b: Plan) -> bool:
    """Whether SymPy proves that the formulas are equal in every stretch of time in which neither changes."""
    left, right = pieces(a.law), pieces(b.law)
    starts = sorted({piece.start for piece in (*left, *right)})
    return len(starts) <= _MOST_STRETCHES and all(_equal(_formula_at(left, start), _formula_at(right, start)) for start in starts)


def _formula_at(plan_pieces: tuple[Piece, ...], tick: Exact) -> Expr:
    return [piece.level for piece in plan_pieces if piece.start <= tick][-1]


def _equal(a: Expr, b: Expr) -> bool:
    """Whether SymPy simplifies the difference of two formulas to 0."""
    if a is b:
        return True
    try:
        left, right = (translate(e, _SYMBOLS, False) for e in (a, b))
        return bool(left == right or sympy.simplify(left - right) == 0)
    except ValueError:  # SymPy sorts terms by their text, and Python refuses to write a number of more than 4300 digits
        return False
