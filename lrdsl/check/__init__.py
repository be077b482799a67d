"""`check`: checks the tree of a text and makes the plan of each target. Every level of a checked plan is a finite number, at every tick.

`program` checks the statements of a file, `phases` makes the curve of a phase, `values` the expression of a value; `names` reads names of the text, and `scope`
has the surroundings of a node. `curves` and `cycles` combine curves. `finite` proves that levels are finite.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import attrs

from lrdsl.check import curves, wording
from lrdsl.check.curves import Curve
from lrdsl.check.finite import Proof, fits_any_base, proved, widened
from lrdsl.check.legend import TOTAL, Legend
from lrdsl.check.names import dependencies
from lrdsl.check.notes import Notes, place
from lrdsl.check.phases import curve_of
from lrdsl.check.prelude import recipes_for
from lrdsl.check.program import Library, program_of
from lrdsl.check.scope import Run, Scope
from lrdsl.check.sequences import curves_of
from lrdsl.clock import MAX_TICKS, Clock, total_of
from lrdsl.diagnostics import Problems
from lrdsl.expr import BASE, ENTRY, STAIRS, Expr, T, branches, linear, realized, select, substitute, walk, within
from lrdsl.expr.exact import Exact, Hosted
from lrdsl.plan import History, Phase, Plan, best, paper, pieces
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.targets import Program, Target
from lrdsl.work import TooMuchWorkError, limited, too_much

#: The most operations in the formula of one piece. Its code is compiled in the middle of a run, at the first tick of the piece.
MAX_OPERATIONS = 4000
#: The most phases of one schedule.
MAX_PHASES = 500


def check(
    tree: Node,
    clock: Clock,
    names: Mapping[str, Hosted],
    problems: Problems,
    library: Library | None = None,
    history: History | None = None,
    readable: bool = False,
    symbol: Callable[[str], Any] | None = None,
    notes: Notes | None = None,
    numbers: Mapping[str, tuple[int, ...]] | None = None,
    only: Collection[str] | None = None,
    cut: frozenset[Node] = frozenset(),
    earlier: Notes | None = None,
) -> Program | None:
    """Returns what a tree says; None after its problems were reported.

    `clock` and `names` come from the host. `library` finds the files that the text uses. `history` has the events that have come. With `readable`, formulas
    have the form that people write, and are not proved finite again; `symbol` makes a letter from its name, for symbolic formulas. `notes` is filled for rules.
    `numbers` are those with which targets with `{k}` are read, by target; with `only`, just these targets are read.
    `cut` has the last phases that only the end of the run keeps finite, as the plans for numbers name them. `earlier` has the notes of an earlier check of the
    tree, whose curves are taken where no event changes them.
    """
    with limited():
        try:
            legend = None if symbol is None else Legend(symbol)
            return _checked(tree, clock, names, problems, library, history or {}, readable, legend, notes, numbers or {}, only, cut, earlier)
        except TooMuchWorkError as error:
            problems.add(too_much(problems.text, error))
            return None


def _checked(
    tree: Node,
    clock: Clock,
    names: Mapping[str, Hosted],
    problems: Problems,
    library: Library | None,
    history: History,
    readable: bool,
    legend: Legend | None,
    notes: Notes | None,
    numbers: Mapping[str, tuple[int, ...]],
    only: Collection[str] | None,
    cut: frozenset[Node],
    earlier: Notes | None,
) -> Program | None:
    if isinstance(tree, nodes.File):
        return program_of(tree, clock, names, problems, library, plan_of, history, readable, legend, notes, numbers, only, cut, earlier)
    run, bound = Run(history=history), recipes_for(tree, names)
    surroundings: dict[str, Any] = {"readable": readable, "legend": legend, "notes": notes, "cut": cut, "earlier": earlier}
    scope = Scope(clock, names, problems, rest=total_of(clock), bound=bound, run=run, read=curve_of, **surroundings)
    plan = plan_of(tree, scope)
    return None if plan is None or problems.found else Program((Target("lr", None, (), plan, "lr"),), (), clock)


def plan_of(tree: Node, scope: Scope) -> Plan | None:
    """Returns the plan of one expression; None after its problems were reported."""
    if scope.legend is not None:
        legend = Legend(scope.legend.symbol, scope.legend.quantity)  # each plan has a legend of its own
        rest = None if scope.rest is None else legend.number_with_letter(scope.rest, TOTAL, duration=True)
        scope = attrs.evolve(scope, legend=legend, rest=rest)
    items = tree.items if isinstance(tree, nodes.Sequence) else (tree,)
    if len(items) > MAX_PHASES:
        help = f"it may have at most {MAX_PHASES}; write cycles as `repeat(...)`"
        scope.problems.error("LR005", items[MAX_PHASES].extent, f"the schedule has {len(items)} phases", help)
        return None
    parts = curves_of(items, scope, curve_of, None if scope.earlier is None else scope.earlier.chain_of(items))
    if parts is None:
        return None
    if items[-1] in scope.cut:
        items, parts = _cut(items, parts, scope.rest)
    plan = _planned(tree, items, parts, scope)
    if plan is None or scope.readable or scope.run.history:
        return plan
    finite, proof = _finite(plan, scope)
    if finite is None and scope.rest is not None and not plan.watches:
        items, parts = _cut(items, parts, scope.rest)
        cut = _planned(tree, items, parts, scope)
        finite = cut and _finite(cut, scope)[0]
        finite = finite and attrs.evolve(finite, cut=plan.phases[-1].node)
    if finite is None:
        from lrdsl.check.faults import refuse_infinite  # few texts need it

        refuse_infinite(plan, proof, scope)
    return finite


def _cut(items: tuple[Node, ...], parts: list[Curve], run: Exact | None) -> tuple[tuple[Node, ...], list[Curve]]:
    """Returns a sequence of phases whose last one takes the rest of the run, and then stays at its level; the same one if the rest is not known."""
    last, rest = items[-1], run
    for curve in parts[:-1]:
        rest = None if rest is None or curve.length is None else rest - curve.length
    if rest is None:
        return items, parts
    length = max(rest, 0)
    curve = attrs.evolve(curves.limit(parts[-1], length), phrase=wording.limit(parts[-1].phrase, parts[-1].length, length))
    return (*items[:-1], nodes.Limited(last, nodes.Name("rest", last.extent), last.extent)), [*parts[:-1], curve]


def _planned(tree: Node, items: tuple[Node, ...], parts: list[Curve], scope: Scope) -> Plan | None:
    """Returns the plan of a sequence of phases with these curves; None after its problems were reported."""
    problems = scope.problems
    if scope.run.history and not scope.readable:  # in the middle of a run: the text was read before
        return _continued(items, parts, scope)
    try:
        whole = curves.then(parts, BASE)
    except curves.TooLargeError as reason:
        problems.error("LR005", tree.extent, f"the schedule is too large: {reason}", "use fewer cycles or phases, or `restart`, to keep the formula small")
        return None
    law = (paper if scope.readable else best)(whole.level)
    level = _simplified(realized(law, scope.run.times))
    for piece in pieces(level) if level.weight > MAX_OPERATIONS else ():
        if piece.level.weight > MAX_OPERATIONS and (count := sum(1 for _ in walk(piece.level))) > MAX_OPERATIONS:
            what = f"the schedule is too large: from tick {float(piece.start):g} on, its formula has {count} operations"
            problems.error("LR005", tree.extent, what, "combine fewer phases at once by `min`, `max`, `*` and `+`")
            return None
    if sum(curve.length or 0 for curve in parts) > MAX_TICKS:
        problems.error("LR131", tree.extent, "the schedule is longer than a run can be", f"all phases together have at most {int(MAX_TICKS):.0e} ticks")
        return None
    plan = Plan(_phases(items, parts, scope), level, whole.length, law if scope.run.watches else level, tuple(scope.run.watches), phrase=whole.phrase)
    plan = attrs.evolve(plan, multiple=parts[0].multiple) if len(parts) == 1 else plan
    if scope.legend is not None:
        plan = attrs.evolve(plan, legend=scope.legend.letters_of(plan.law))
    return plan


def _continued(items: tuple[Node, ...], parts: list[Curve], scope: Scope) -> Plan:
    """Returns the plan of a run in which events have come."""
    from lrdsl.check.stages import Law, Stages  # a text that is only checked has no run

    lengths = [curve.length for curve in parts]
    whole = None if None in lengths else sum(length for length in lengths if length is not None)
    sound = scope.earlier is not None and place(items) in scope.earlier.sound
    return Plan(_phases(items, parts, scope), Stages.of(parts, scope.run.times, sound), whole, Law(tuple(parts)), tuple(scope.run.watches))


def _phases(items: tuple[Node, ...], parts: list[Curve], scope: Scope) -> tuple[Phase, ...]:
    """Returns the phases of a sequence on the time axis. Those of a text that people read have parts with levels."""
    phases: list[Phase] = []
    ticks: Exact = 0
    start_known = True
    entries = curves.entries(parts) if scope.readable else (None,) * len(parts)  # only parts that people read have levels
    for item, curve, entry in zip(items, parts, entries, strict=True):
        start = ticks if start_known else None
        at_once = scope.readable and curve.length == 0 and entry is not None
        phases.append(
            Phase(item, start, curve.length, _phases_of(curve.parts, start, entry), _own(curve.at(0, entry), BASE) if at_once and entry is not None else None)
        )
        start_known = start_known and not (curve.length is None and curve.pending is not None)
        ticks = ticks if curve.length is None else ticks + curve.length
    return tuple(phases)


def _phases_of(parts: tuple[curves.Part, ...], start: Exact | None, entry: Expr | None) -> tuple[Phase, ...]:
    """Returns the parts of a phase that begins at a tick, as phases on the time axis. `entry` is its entry level, as a formula of that of the plan."""
    phases = []
    for part in parts if start is not None else ():
        begin = None if part.start is None or start is None else start + part.start
        level = None
        if part.level is not None and entry is not None and start is not None:
            level = _own(substitute(part.level, {T: linear(1, T, -start)}), entry)
        phases.append(Phase(part.node, begin, part.length, _phases_of(part.parts, begin, entry), level))
    return tuple(phases)


def _own(level: Expr, entry: Expr) -> Expr:
    """Returns a level as a formula of the base, from one of an entry level."""
    return substitute(paper(substitute(level, {ENTRY: entry})), {ENTRY: BASE})


def _simplified(level: Expr) -> Expr:
    """Simplifies each piece of a formula by the times at which it holds: in the first three ticks of `step(3)`, the number of drops is 0."""
    if not level.holds & STAIRS:
        return level
    starting = branches(T, level)
    ends = [*(start for start, _ in starting[1:]), None]
    return select(T, [(start, within(piece, start, end)) for (start, piece), end in zip(starting, ends, strict=True)])


def _note_sound(items: tuple[Node, ...], scope: Scope) -> None:
    """Notes that the formula of a sequence is finite as it stands, whatever events come, if no length in it depends on when they do."""
    if scope.notes is not None and scope.notes.text is scope.problems.text:
        needs = [dependencies(item, scope) for item in items]
        if not any(need.uses_rest or need.counts_run for need in needs):
            scope.notes.sound.add(place(items))


def _finite(plan: Plan, scope: Scope) -> tuple[Plan | None, Proof]:
    """Returns a plan that is proved finite, with marks on the parts of its formula that may be too large for doubles; None if the proof fails."""
    try:
        if plan.watches:
            law, proof = proved(plan.law, True)
            level, large = proved(plan.level, False)
            if law is plan.law and not proof.large:
                _note_sound(tuple([phase.node for phase in plan.phases]), scope)
            plan = attrs.evolve(plan, level=widened(level, large.large), any_base=fits_any_base(plan.law) and not proof.large)
        else:
            level, proof = proved(plan.level, False)
            marked = widened(level, proof.large)
            plan = attrs.evolve(plan, level=marked, law=marked)
    except TooMuchWorkError as error:
        error.at(scope.problems.text, (plan.phases[0].extent[0], plan.phases[-1].extent[1]))
        raise
    if scope.notes is not None:
        scope.notes.least[plan.level] = proof.least
    return plan if proof.fault is None else None, proof
