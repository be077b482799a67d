"""Whether two schedules are the same function: proved, phase by phase, or by their levels at every tick."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import sympy

from lrdsl.arguments import quoted, whole_number
from lrdsl.check.program import total_of
from lrdsl.diagnostics import refuse
from lrdsl.expr import BASE, INDEX, PI, Expr, T
from lrdsl.expr.exact import Exact
from lrdsl.formulas.symbolic import translate
from lrdsl.plan import MOST_TICKS, Plan, horizon, pieces
from lrdsl.schedule import Schedule
from lrdsl.work import TooMuchWorkError, bounded, counted

#: Levels that differ by no more than this share of the largest are equal as far as doubles can tell.
CLOSE = 1e-12
#: No proof is tried for more stretches than this.
_MOST_STRETCHES = 60
#: The work after which SymPy gives a proof up.
_MOST_WORK = 50_000
_SYMBOLS: dict[Expr, Any] = {T: sympy.Symbol("t", nonnegative=True), BASE: sympy.Symbol("b", positive=True), INDEX: sympy.Symbol("k"), PI: sympy.pi}


@attrs.frozen
class Difference:
    """What sets two schedules apart in one target.

    `proved` says that they are one function for every tick and every base above 0. Else, over the first `ticks` ticks: `first` is the first tick at which
    they differ, None if they agree at all of them; `largest` is the largest difference, at the tick `at`.
    """

    target: str
    proved: bool
    ticks: int
    first: int | None
    largest: float
    at: int | None

    @property
    def same(self) -> bool:
        """Whether no difference was found."""
        return self.first is None


def compare(a: Schedule, b: Schedule, base: float = 1.0, ticks: int | None = None) -> list[Difference]:
    """What sets two schedules apart, for each target that either has. `base` is the base value, `ticks` how many are compared one by one.

    Raises `ScheduleError` for schedules that follow a metric, and for those that do not schedule the same targets.

    >>> import lrdsl
    >>> [one] = lrdsl.compare(lrdsl.parse("poly(10)"), lrdsl.parse("linear(10)"))
    >>> one.proved
    True
    >>> [one] = lrdsl.compare(lrdsl.parse("linear(10)"), lrdsl.parse("linear(11)"))
    >>> one.same, one.first, one.at
    (False, 1, 10)
    """
    for s in (a, b):
        if not isinstance(s, Schedule):
            raise refuse("LR152", f"{quoted(s)} is not a Schedule", "give two of what `lrdsl.parse` gives")
        for t in s.targets:
            s.checked_base(base, t.name)
    if ticks is not None:
        help = f"between 1 and {MOST_TICKS} ticks can be compared one by one"
        ticks = whole_number("ticks", ticks, help, low=1, high=MOST_TICKS, text=str(a))
    names = [t.name for t in a.targets]
    if sorted(names) != sorted(t.name for t in b.targets):
        lists = " and ".join(", ".join(f"`{t.name}`" for t in s.targets) for s in (a, b))
        raise refuse("LR153", f"they do not schedule the same: {lists}", "compare schedules of the same targets", str(b))
    with bounded(b.text):
        return [_difference(a, b, name, base, ticks) for name in names]


def _difference(a: Schedule, b: Schedule, name: str, base: float, ticks: int | None) -> Difference:
    plans = [s.plan_of(name) for s in (a, b)]
    for s, plan in zip((a, b), plans, strict=True):
        if plan.watches:
            raise refuse("LR152", "a schedule that follows a metric cannot be compared before its run", "suppose what happens: `supposing(17)`", str(s))
    n = ticks or max(horizon(plan, total_of(s.clock)) for s, plan in zip((a, b), plans, strict=True))
    one, two = (s.values(n, base, name) for s in (a, b))
    apart = np.abs(one - two)
    scale = max(float(np.abs(one).max()), float(np.abs(two).max()))
    different = np.flatnonzero(apart > CLOSE * scale)
    if different.size:
        return Difference(name, False, n, int(different[0]), float(apart.max()), int(apart.argmax()))
    try:
        with counted(_MOST_WORK):
            proved = plans[0].level is plans[1].level or _proved(a.readable_plan(name), b.readable_plan(name))
    except TooMuchWorkError:
        proved = False
    return Difference(name, proved, n, None, 0.0, None)


def _proved(a: Plan, b: Plan) -> bool:
    """Whether SymPy finds nothing left of the difference in any stretch of time in which both have one formula."""
    one, two = pieces(a.law), pieces(b.law)
    starts = sorted({p.start for p in (*one, *two)})
    return len(starts) <= _MOST_STRETCHES and all(_equal(_at(one, start), _at(two, start)) for start in starts)


def _at(found: Any, start: Exact) -> Expr:
    level: Expr = [p.level for p in found if p.start <= start][-1]
    return level


def _equal(a: Expr, b: Expr) -> bool:
    if a is b:
        return True
    try:
        left, right = (translate(e, _SYMBOLS, False) for e in (a, b))
        return bool(left == right or sympy.simplify(left - right) == 0)
    except ValueError:  # SymPy orders what it adds by its text, and Python writes no number of more than 4300 digits
        return False
