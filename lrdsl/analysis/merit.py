"""Figures of merit: `analyze` gives the mean, the area, the peak and the final level of a schedule, exact if there is a closed form, else summed by tick."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
import sympy
from sympy.simplify.fu import TR8

from lrdsl import arguments
from lrdsl.arguments import quoted, whole_number
from lrdsl.clock import MissingFactError, total_of
from lrdsl.diagnostics import refuse
from lrdsl.expr import BASE, INDEX, PI, Expr, T, decimal, number, substitute
from lrdsl.expr.exact import exact
from lrdsl.formulas.symbolic import rational, translate
from lrdsl.plan import MOST_TICKS, Piece, Plan, pieces
from lrdsl.schedule import Schedule
from lrdsl.work import TooMuchWorkError, bounded, counted

_TICK = sympy.Symbol("t", integer=True, nonnegative=True)
#: A closed form is tried for formulas of at most so many pieces.
_MOST_PIECES = 60
_DIGITS = 40
#: The longest closed form that is printed, in characters; and none has numbers of seven digits.
_LONGEST = 60
#: A closed form is given up after so much work.
_MOST_WORK = 50_000
_SYMBOLS: dict[Expr, Any] = {PI: sympy.pi, INDEX: sympy.Symbol("k")}


@attrs.frozen
class Measured:
    """A number, and its closed form `exactly`, a SymPy expression. Without a closed form, `exactly` is None, and `how` tells how the number was computed."""

    value: float
    exactly: sympy.Expr | None
    how: str = "summed over every tick"

    def __str__(self) -> str:
        value = f"{self.value:.6g}"
        if self.exactly is None:
            return f"{value} ({self.how})"
        short = str(self.exactly)
        if sympy.Rational(value) == self.exactly:
            return value if re.fullmatch(r"-?\d+", short) or "e" in value else f"{value} = {short}"
        return f"{value} (exact)" if len(short) > _LONGEST or re.search(r"\d{7}", short) else f"{value} = {short}"


@attrs.frozen
class Analysis:
    r"""The figures of merit of a run of n `ticks` with the levels :math:`\eta_0, \dots, \eta_{n-1}`.

    `area` is :math:`\sum_t \eta_t`, in level times ticks, and `mean` is :math:`\frac1n \sum_t \eta_t`. `peak` is the largest level, and `peak_at` the first
    tick that has it. `final` is :math:`\eta_{n-1}`. `effective` is the area divided by the peak, in ticks; `effective_epochs` is the same in epochs, None if
    the clock gives no length of an epoch. `below` is the first tick from which on every level is under the `threshold`, None if there is none.
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
    """Analyzes a schedule over its run.

    Parameters: `base`, the base value (default: the one that the text sets, or 1); `ticks`, the length of the run (default: that of the clock or of the
    schedule); `target`, the name of a target (default: `lr`, or the first); `threshold`, a level. Raises `ScheduleError` for a schedule that follows a metric,
    and for an endless schedule in a run of unknown length.

    >>> import lrdsl
    >>> a = lrdsl.analyze(lrdsl.parse("warmup(5) then cosine(95)"), base=0.1)
    >>> str(a.mean), str(a.effective), a.peak_at
    ('0.05 = 1/20', '50', 5)
    """
    if not isinstance(s, Schedule):
        raise refuse("LR152", f"{quoted(s)} is not a Schedule", "give a schedule from `lrdsl.parse`")
    with bounded(s.text):
        return _analyze(s, base, ticks, target, threshold)


def _analyze(s: Schedule, base: float | None, ticks: int | None, target: str | None, threshold: float | None) -> Analysis:
    plan, written = s.plan_of(target), s.readable_plan(target)
    if plan.watches and not s.events:
        message = "the schedule follows a metric, so its levels are not known before the run"
        raise refuse("LR152", message, "suppose that its event comes at some tick: `supposing(17)`", str(s))
    value = s.checked_base(s.program.base or 1 if base is None else base, target)
    exact_base = s.program.base or 1 if base is None else arguments.number("base", base, "give a number", text=str(s))
    n = run_of(s, plan, ticks)
    if threshold is not None:
        threshold = float(arguments.number("threshold", threshold, "give a level", low=-(10**100), high=10**100, text=str(s)))
    levels = s.values(n, value, target)
    law = substitute(written.level, {BASE: decimal(exact_base)})

    def at(tick: int) -> Measured:
        try:
            with counted(_MOST_WORK):
                level = _simple(translate(substitute(law, {T: number(tick)}), _SYMBOLS, False))
        except (ValueError, TooMuchWorkError):  # SymPy cannot tell which of two huge powers is larger
            level = None
        return Measured(float(levels[tick]), level, "in floating point")

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


def longest(schedules: Iterable[Schedule]) -> int | None:
    """Returns the longest run of several schedules of which some may be endless; None if all are."""
    lengths = [t.plan.length for s in schedules for t in s.targets if t.plan.length is not None]
    return math.ceil(max(lengths)) or None if lengths else None


def is_endless(s: Schedule, target: str | None) -> bool:
    """Whether nothing says how long the run of a schedule is."""
    return total_of(s.clock) is None and s.plan_of(target).length is None


def run_of(s: Schedule, plan: Plan, ticks: int | None) -> int:
    """The length of the run: the argument, the clock's total, or the schedule's own length."""
    total = total_of(s.clock)
    help = f"analyze between 1 and {MOST_TICKS} ticks"
    if ticks is not None:
        return whole_number("ticks", ticks, help, low=1, high=MOST_TICKS, text=str(s))
    run = total if total is not None else plan.length
    if run is None:
        raise refuse("LR152", "the schedule is endless, and the length of the run is unknown", "give `ticks=` (`--ticks`), or the total", str(s))
    if not 1 <= run <= MOST_TICKS:
        raise refuse("LR152", f"the run has {float(run):g} ticks", help, str(s))
    return math.ceil(run)


def _quotient(a: Measured, b: Measured) -> Measured:
    if b.value == 0:
        return Measured(0.0, sympy.Integer(0))
    exactly = None if a.exactly is None or b.exactly is None else _simple(a.exactly / b.exactly)
    if exactly is None or exactly.has(sympy.UnevaluatedExpr):
        return Measured(a.value / b.value, exactly)
    return Measured(float(exactly.evalf(_DIGITS)), exactly)


def _simple(e: Any) -> Any:
    """An expression without `t`, simplified; None if SymPy cannot work with it, since it has a running product or compares huge powers."""
    if e.has(sympy.UnevaluatedExpr, sympy.Product):
        return None if e.has(sympy.Max, sympy.Min, sympy.Product) else e
    return e if e.is_Rational else _simplified(e)


def _simplified(e: Any) -> Any:
    """The expression as SymPy simplifies it, with symbols in place of its sines and cosines: `cos(64 pi/331)` alone would take SymPy a minute.

    Sines and cosines of rational multiples of pi are reduced to angles of at most pi/4 first, so that equal ones look the same.
    """
    reduced = e.replace(lambda x: isinstance(x, sympy.sin | sympy.cos) and (x.args[0] / sympy.pi).is_Rational, _with_small_angle)
    waves = {wave: sympy.Dummy(real=True) for wave in reduced.atoms(sympy.sin, sympy.cos)}
    return sympy.simplify(reduced.xreplace(waves)).xreplace({symbol: wave for wave, symbol in waves.items()})


def _with_small_angle(wave: Any) -> Any:
    """A sine or cosine as one of an angle of at most pi/4. SymPy has reduced the angle to at most pi/2 already."""
    angle = wave.args[0]
    if 4 * angle / sympy.pi <= 1:
        return wave
    return (sympy.cos if isinstance(wave, sympy.sin) else sympy.sin)(sympy.pi / 2 - angle)


def _below(levels: Any, threshold: float, exactly: Any) -> int | None:
    """The first tick from which on all levels are under a threshold. `exactly` gives the exact level at a tick, for levels too close to the threshold."""
    close = np.abs(levels - threshold) <= 1e-12 * max(abs(threshold), float(np.abs(levels).max()))
    under = levels < threshold
    for tick in np.flatnonzero(close)[:100]:
        level = exactly(int(tick))
        if level is not None and not level.has(sympy.UnevaluatedExpr):
            difference = (level - rational(exact(threshold))).evalf(_DIGITS)
            under[tick] = bool(difference < -(sympy.Float(10) ** (8 - _DIGITS)))
    over = np.flatnonzero(~under)
    first = int(over[-1]) + 1 if over.size else 0
    return first if first < len(levels) else None


def _sum(law: Expr, n: int) -> Any:
    """The closed form of the sum of a formula over the ticks 0 .. n - 1; None if none was found."""
    try:
        with counted(_MOST_WORK):
            return _sum_of_pieces(pieces(law), n)
    except TooMuchWorkError:
        return None


def _sum_of_pieces(law_pieces: tuple[Piece, ...], n: int) -> Any:
    if len(law_pieces) > _MOST_PIECES:
        return None
    total: Any = sympy.Integer(0)
    for piece in law_pieces:
        first, last = math.ceil(piece.start), n if piece.end is None else min(math.ceil(piece.end), n)
        if first >= last:
            continue
        level = translate(piece.level, _SYMBOLS | {T: _TICK}, False)
        if level.has(sympy.floor, sympy.ceiling, sympy.Mod, sympy.Max, sympy.Min, sympy.Piecewise, sympy.Abs, sympy.Product, sympy.log, sympy.UnevaluatedExpr):
            return None
        for term in sympy.Add.make_args(sympy.expand(TR8(sympy.expand(level)))):  # TR8 writes products of cosines as sums
            part = _sum_of_term(term, first, last)
            if part is None:
                return None
            total += part
    return _simplified(total)


def _sum_of_term(term: Any, first: int, last: int) -> Any:
    """The sum of one term over the ticks first .. last - 1: a polynomial, a polynomial times a geometric sequence, or a cosine; None for any other term."""
    if not term.has(_TICK):
        return term * (last - first)
    factor, moving = term.as_independent(_TICK, as_Add=False)
    if isinstance(moving, sympy.cos | sympy.sin):
        slope, shift = moving.args[0].coeff(_TICK, 1), moving.args[0].subs(_TICK, 0)
        if sympy.expand(moving.args[0] - slope * _TICK - shift) != 0:
            return None
        if sympy.sin(slope / 2) == 0:
            return factor * (last - first) * moving.subs(_TICK, 0)
        # Lagrange: cos(w t + p) = (sin(w (t + 1/2) + p) - sin(w (t - 1/2) + p)) / (2 sin(w/2)). In the sum over t only the two ends remain.
        ends = [slope * (tick - sympy.Rational(1, 2)) + shift for tick in (first, last)]
        rise = sympy.sin(ends[1]) - sympy.sin(ends[0]) if isinstance(moving, sympy.cos) else sympy.cos(ends[0]) - sympy.cos(ends[1])
        return factor * rise / (2 * sympy.sin(slope / 2))
    if moving.is_polynomial(_TICK) or all(f.is_polynomial(_TICK) or (f.is_Pow and not f.base.has(_TICK)) for f in sympy.Mul.make_args(moving)):
        total = sympy.summation(moving, (_TICK, first, last - 1))
        return None if total.has(sympy.Sum, sympy.Piecewise) else factor * total
    return None
