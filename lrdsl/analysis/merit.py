"""What a paper quotes of a schedule: its mean, the area under it, its peak, where it ends. Exact where there is a closed form, else summed tick by tick."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
import sympy
from sympy.simplify.fu import TR8

from lrdsl import arguments
from lrdsl.arguments import quoted, whole_number
from lrdsl.check.program import total_of
from lrdsl.clock import MissingFactError
from lrdsl.diagnostics import refuse
from lrdsl.expr import BASE, INDEX, PI, Expr, T, decimal, number, substitute
from lrdsl.expr.exact import exact
from lrdsl.formulas.symbolic import rational, translate
from lrdsl.plan import MOST_TICKS, Piece, Plan, pieces
from lrdsl.schedule import Schedule
from lrdsl.work import TooMuchWorkError, bounded, counted

_TICK = sympy.Symbol("t", integer=True, nonnegative=True)
#: No closed form is looked for in formulas of more pieces than this.
_MOST_PIECES = 60
_DIGITS = 40
#: The work after which SymPy gives a closed form up.
_MOST_WORK = 50_000
_SYMBOLS: dict[Expr, Any] = {PI: sympy.pi, INDEX: sympy.Symbol("k")}


@attrs.frozen
class Measured:
    """A number, and what it is `exactly`, as a SymPy expression; None where no closed form was found, and then `how` says where the number is from."""

    value: float
    exactly: sympy.Expr | None
    how: str = "summed over every tick"

    def __str__(self) -> str:
        if self.exactly is None:
            return f"{self.value:.10g} ({self.how})"
        short = str(self.exactly)
        return f"{self.value:.10g}" if short == f"{self.value:.10g}" else f"{self.value:.10g} = {short}" if len(short) <= 60 else f"{self.value:.10g} (exact)"


@attrs.frozen
class Analysis:
    r"""Of the levels :math:`\eta_0, \dots, \eta_{n-1}` of a run of n `ticks`:

    the `area` :math:`\sum_t \eta_t`, in level times ticks; the `mean` :math:`\frac1n \sum_t \eta_t`; the `peak` and the first tick `peak_at` it; the `final`
    level :math:`\eta_{n-1}`; the `effective` ticks, for which the peak would have the same area, and `effective_epochs`, where an epoch has a length; and
    `below`, the first tick from which on every level is under the `threshold`, None if there is none.
    """

    ticks: int
    base: float
    mean: Measured
    area: Measured
    peak: Measured
    peak_at: int
    final: Measured
    effective: Measured
    effective_epochs: Measured | None
    threshold: float | None
    below: int | None


def analyze(s: Schedule, base: float | None = None, ticks: int | None = None, target: str | None = None, threshold: float | None = None) -> Analysis:
    """The analysis of a schedule over its run.

    Parameters: `base`, the base value (the one that the text sets, or 1); `ticks`, how many the run has (what the clock or the schedule says); `target`, the
    name of a target; `threshold`, a level. Raises `ScheduleError` for a schedule without an end in a run of unknown length.

    >>> import lrdsl
    >>> a = lrdsl.analyze(lrdsl.parse("warmup(5) then cosine(95)"), base=0.1)
    >>> str(a.mean), str(a.effective), a.peak_at
    ('0.05 = 1/20', '50', 5)
    """
    if not isinstance(s, Schedule):
        raise refuse("LR152", f"{quoted(s)} is not a Schedule", "give what `lrdsl.parse` gives")
    with bounded(s.text):
        return _analyzed(s, base, ticks, target, threshold)


def _analyzed(s: Schedule, base: float | None, ticks: int | None, target: str | None, threshold: float | None) -> Analysis:
    plan, written = s.plan_of(target), s.readable_plan(target)
    if plan.watches:
        raise refuse("LR152", "the schedule follows a metric: nobody knows its levels before the run", "suppose what happens: `supposing(17)`", str(s))
    value = s.checked_base(s.program.base or 1 if base is None else base, target)
    given = s.program.base or 1 if base is None else arguments.number("base", base, "give a number", text=str(s))
    n = _ticks(s, plan, ticks)
    if threshold is not None:
        threshold = float(arguments.number("threshold", threshold, "give a level", low=-(10**100), high=10**100, text=str(s)))
    levels = s.values(n, value, target)
    law = substitute(written.law, {BASE: decimal(given)})

    def at(tick: int) -> Measured:
        try:
            with counted(_MOST_WORK):
                there = _settled(translate(substitute(law, {T: number(tick)}), _SYMBOLS, False))
        except (ValueError, TooMuchWorkError):  # SymPy cannot say which of two huge powers is larger
            there = None
        return Measured(float(levels[tick]), there, "in floating point")

    total = _sum(law, n)
    area = Measured(math.fsum(levels) if total is None else float(total.evalf(_DIGITS)), total)
    peak_at = int(levels.argmax())
    peak = at(peak_at)
    effective = _quotient(area, peak)
    try:
        per_epoch = s.clock.ticks(1, "epoch")
    except MissingFactError:
        per_epoch = None
    return Analysis(
        n,
        value,
        _quotient(area, Measured(n, sympy.Integer(n))),
        area,
        peak,
        peak_at,
        at(n - 1),
        effective,
        None if per_epoch is None else _quotient(effective, Measured(float(per_epoch), sympy.Rational(per_epoch.numerator, per_epoch.denominator))),
        threshold,
        None if threshold is None else _below(levels, threshold, lambda tick: at(tick).exactly),
    )


def _ticks(s: Schedule, plan: Plan, ticks: int | None) -> int:
    total = total_of(s.clock)
    help = f"between 1 and {MOST_TICKS} ticks can be looked at one by one"
    if ticks is not None:
        return whole_number("ticks", ticks, help, low=1, high=MOST_TICKS, text=str(s))
    run = total if total is not None else plan.length
    if run is None:
        raise refuse("LR152", "the schedule goes on for ever, and nobody has said how long the run is", "give `ticks=` (`--ticks`), or the total", str(s))
    if not 1 <= run <= MOST_TICKS:
        raise refuse("LR152", f"a run of {float(run):g} ticks", help, str(s))
    return math.ceil(run)


def _quotient(a: Measured, b: Measured) -> Measured:
    if b.value == 0:
        return Measured(0.0, sympy.Integer(0))
    exactly = None if a.exactly is None or b.exactly is None else _settled(a.exactly / b.exactly)
    if exactly is None or exactly.has(sympy.UnevaluatedExpr):
        return Measured(a.value / b.value, exactly)
    return Measured(float(exactly.evalf(_DIGITS)), exactly)


def _settled(e: Any) -> Any:
    """An expression without `t` as short as is quickly found; None for one that SymPy cannot work with: a running product, or a choice between huge powers."""
    if e.has(sympy.UnevaluatedExpr, sympy.Product):
        return None if e.has(sympy.Max, sympy.Min, sympy.Product) else e
    return e if e.is_Rational else _simplified(e)


def _simplified(e: Any) -> Any:
    """The expression as SymPy simplifies it, its sines and cosines left whole: of `cos(64 pi/331)` it would make powers, for a minute.

    Those of fractions of a turn are turned to an eighth of one, where equal ones look the same.
    """
    turned = e.replace(lambda x: isinstance(x, sympy.sin | sympy.cos) and (x.args[0] / sympy.pi).is_Rational, _turned)
    waves = {wave: sympy.Dummy(real=True) for wave in turned.atoms(sympy.sin, sympy.cos)}
    return sympy.simplify(turned.xreplace(waves)).xreplace({symbol: wave for wave, symbol in waves.items()})


def _turned(wave: Any) -> Any:
    """The same as a sine or cosine of at most pi/4; SymPy itself turns every angle to at most pi/2."""
    angle = wave.args[0]
    if 4 * angle / sympy.pi <= 1:
        return wave
    return (sympy.cos if isinstance(wave, sympy.sin) else sympy.sin)(sympy.pi / 2 - angle)


def _below(levels: Any, threshold: float, exactly: Any) -> int | None:
    """The first tick from which on all levels are under a threshold; a level that is as good as at it is looked at exactly."""
    near = np.abs(levels - threshold) <= 1e-12 * max(abs(threshold), float(np.abs(levels).max()))
    under = levels < threshold
    for tick in np.flatnonzero(near)[:100]:
        level = exactly(int(tick))
        if level is not None and not level.has(sympy.UnevaluatedExpr):
            difference = (level - rational(exact(threshold))).evalf(_DIGITS)
            under[tick] = bool(difference < -(sympy.Float(10) ** (8 - _DIGITS)))
    over = np.flatnonzero(~under)
    first = int(over[-1]) + 1 if over.size else 0
    return first if first < len(levels) else None


def _sum(law: Expr, n: int) -> Any:
    """The sum of a formula over the ticks 0 .. n - 1; None where it has no closed form that is known here."""
    try:
        with counted(_MOST_WORK):
            return _closed(pieces(law), n)
    except TooMuchWorkError:
        return None


def _closed(found: tuple[Piece, ...], n: int) -> Any:
    if len(found) > _MOST_PIECES:
        return None
    total: Any = sympy.Integer(0)
    for piece in found:
        first, last = math.ceil(piece.start), n if piece.end is None else min(math.ceil(piece.end), n)
        if first >= last:
            continue
        level = translate(piece.level, _SYMBOLS | {T: _TICK}, False)
        if level.has(sympy.floor, sympy.ceiling, sympy.Mod, sympy.Max, sympy.Min, sympy.Piecewise, sympy.Abs, sympy.Product, sympy.log, sympy.UnevaluatedExpr):
            return None
        for term in sympy.Add.make_args(sympy.expand(TR8(sympy.expand(level)))):  # products of cosines are sums of cosines
            part = _summed(term, first, last)
            if part is None:
                return None
            total += part
    return _simplified(total)


def _summed(term: Any, first: int, last: int) -> Any:
    """The sum of one term over first .. last - 1: a polynomial, a polynomial times a geometric sequence, or a cosine."""
    if not term.has(_TICK):
        return term * (last - first)
    factor, moving = term.as_independent(_TICK, as_Add=False)
    if isinstance(moving, sympy.cos | sympy.sin):
        slope, shift = moving.args[0].coeff(_TICK, 1), moving.args[0].subs(_TICK, 0)
        if sympy.expand(moving.args[0] - slope * _TICK - shift) != 0:
            return None
        if sympy.sin(slope / 2) == 0:
            return factor * (last - first) * moving.subs(_TICK, 0)
        # Lagrange: cos(w t + p) is what sin(w (t + 1/2) + p) is above sin(w (t - 1/2) + p), over 2 sin(w/2): of a sum over t, the ends are left.
        ends = [slope * (tick - sympy.Rational(1, 2)) + shift for tick in (first, last)]
        rise = sympy.sin(ends[1]) - sympy.sin(ends[0]) if isinstance(moving, sympy.cos) else sympy.cos(ends[0]) - sympy.cos(ends[1])
        return factor * rise / (2 * sympy.sin(slope / 2))
    if moving.is_polynomial(_TICK) or all(f.is_polynomial(_TICK) or (f.is_Pow and not f.base.has(_TICK)) for f in sympy.Mul.make_args(moving)):
        found = sympy.summation(moving, (_TICK, first, last - 1))
        return None if found.has(sympy.Sum, sympy.Piecewise) else factor * found
    return None
