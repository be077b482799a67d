"""Tree to plans: names, kinds, units, ranges, lengths and finiteness. What comes out can be evaluated at every tick without a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from lrdsl.check import curves
from lrdsl.check.finite import Proof
from lrdsl.check.legend import TOTAL, Legend
from lrdsl.check.notes import Notes
from lrdsl.check.phases import curve_of
from lrdsl.check.prelude import known_to
from lrdsl.check.program import Library, program, total_of
from lrdsl.check.scope import Run, Scope
from lrdsl.check.sequences import curves_of
from lrdsl.clock import MAX_TICKS, Clock
from lrdsl.diagnostics import Problems
from lrdsl.expr import BASE, STAIRS, Expr, T, branches, realized, select, walk, within
from lrdsl.expr.exact import Exact
from lrdsl.plan import History, Phase, Plan, Program, Target, best, paper, pieces
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.work import TooMuchWorkError, limited, too_much

#: The most operations of the formula for one stretch of time: code is made of it when the run comes to it.
MAX_OPERATIONS = 4000
#: The most phases that one schedule may have.
MAX_PHASES = 500


def check(
    tree: Node,
    clock: Clock,
    names: Mapping[str, Exact],
    problems: Problems,
    library: Library | None = None,
    happened: History | None = None,
    written: bool = False,
    symbol: Callable[[str], Any] | None = None,
    notes: Notes | None = None,
) -> Program | None:
    """What a tree means, or None after its problems were reported.

    `library` finds the files that it uses; `happened` is what the run has decided so far. Where a schedule that is known to be sound is to be `written`, its
    formulas have the form that people read, and not the one for numbers; and letters for the parameters of the text, where `symbol` makes a letter of its name.
    `notes` are taken for rules.
    """
    with limited():
        try:
            return _checked(tree, clock, names, problems, library, happened or {}, written, None if symbol is None else Legend(symbol), notes)
        except TooMuchWorkError as error:
            problems.add(too_much(problems.text, error))
            return None


def _checked(
    tree: Node,
    clock: Clock,
    names: Mapping[str, Exact],
    problems: Problems,
    library: Library | None,
    happened: History,
    written: bool,
    legend: Legend | None,
    notes: Notes | None,
) -> Program | None:
    if isinstance(tree, nodes.File):
        return program(tree, clock, names, problems, library, plan_of, happened, written, legend, notes)
    run, bound = Run(happened=happened), known_to(tree, names)
    scope = Scope(clock, names, problems, room=total_of(clock), bound=bound, run=run, written=written, legend=legend, notes=notes)
    plan = plan_of(tree, scope)
    return None if plan is None or problems.found else Program((Target("lr", None, None, plan),), (), clock)


def plan_of(tree: Node, scope: Scope) -> Plan | None:
    """The plan of one expression, in a scope of its own, or None after its problems were reported."""
    problems = scope.problems
    if scope.legend is not None:
        legend = Legend(scope.legend.symbol)  # each plan has its own
        room = None if scope.room is None else legend.number(scope.room, TOTAL, duration=True)
        scope = attrs.evolve(scope, legend=legend, room=room)
    items = tree.items if isinstance(tree, nodes.Sequence) else (tree,)
    if len(items) > MAX_PHASES:
        problems.error("LR005", items[MAX_PHASES].extent, f"{len(items)} phases", f"a schedule has at most {MAX_PHASES}; cycles are written `repeat(...)`")
        return None
    found = curves_of(items, scope, curve_of)
    if found is None:
        return None
    try:
        whole = curves.then(found, BASE)
    except curves.TooLargeError as reason:
        problems.error("LR005", tree.extent, f"the schedule is too large: {reason}", "fewer cycles or phases, or `restart`, keep a formula small")
        return None
    law = (paper if scope.written else best)(whole.level)
    level = _settled(realized(law, scope.run.times) if scope.run.watches else law)
    for piece in pieces(level) if level.weight > MAX_OPERATIONS else ():
        if piece.level.weight > MAX_OPERATIONS and (count := sum(1 for _ in walk(piece.level))) > MAX_OPERATIONS:
            what = f"the schedule is too large: from tick {float(piece.start):g} on, its formula has {count} operations"
            problems.error("LR005", tree.extent, what, "fewer things at once, as in `min`, `*` and `+`, keep a formula small")
            return None
    phases: list[Phase] = []
    ticks: Exact = 0
    known = True
    for item, curve in zip(items, found, strict=True):
        phases.append(Phase(item, ticks if known else None, curve.length))
        known = known and not (curve.length is None and curve.pending is not None)
        ticks = ticks if curve.length is None else ticks + curve.length
    if ticks > MAX_TICKS:
        problems.error("LR131", tree.extent, "the schedule is longer than a run can be", f"all phases together have at most {int(MAX_TICKS):.0e} ticks")
        return None
    plan = Plan(tuple(phases), level, whole.length, law if scope.run.watches else level, tuple(scope.run.watches), phrase=whole.phrase)
    if scope.legend is not None:
        plan = attrs.evolve(plan, legend=scope.legend.letters_of(plan.law))
    # What may happen was looked at before anything had.
    return plan if scope.written or scope.run.happened or _is_finite(plan, scope) else None


def _settled(level: Expr) -> Expr:
    """The formula with what each piece makes constant worked out: in the first three ticks of `step(3)`, nothing has dropped yet."""
    if not level.holds & STAIRS:
        return level
    found = branches(T, level)
    ends = [*(start for start, _ in found[1:]), None]
    return select(T, [(start, within(piece, start, end)) for (start, piece), end in zip(found, ends, strict=True)])


def _is_finite(plan: Plan, scope: Scope) -> bool:
    try:
        proof = Proof.of(plan.law, bool(plan.watches))
    except TooMuchWorkError as error:
        error.at(scope.problems.text, (plan.phases[0].extent[0], plan.phases[-1].extent[1]))
        raise
    if proof.fault is None:
        if scope.notes is not None:
            scope.notes.least[plan.level] = proof.least
        return True
    tick, event = proof.fault
    phase = plan.phases[plan.phase_at(tick) if event is None else -1]
    where = f"tick {tick:g}" if tick < 1e6 else f"tick {tick:.0f}"
    if event is not None:
        sentence = next(watch.monitor.sentence for watch in plan.watches if watch.event is event)
        where = f"the end of the phase that waits for `{sentence}`" if tick == 0 else f"{where} after `{sentence}`"
    help = "end the phase before that tick with `for`, or change the numbers that make it grow or divide by 0"
    scope.problems.error("LR144", phase.extent, f"the level cannot be shown to stay finite from {where} on", help)
    return False
