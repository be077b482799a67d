"""`batches_of`: reads the schedule of a batch, `set batch_size = hold(10k steps, at=1024) then hold(at=2048)`, which stays the same between jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from lrdsl.batches import Batches
from lrdsl.check.names import dependencies
from lrdsl.check.phases import curve_of
from lrdsl.check.scope import Scope
from lrdsl.clock import MAX_TICKS, UNITS, Clock, total_of
from lrdsl.diagnostics import Problems, shown
from lrdsl.expr import BASE, STAIRS, Expr, Num, branches, cycles, mentions, within
from lrdsl.expr.arithmetic import T
from lrdsl.expr.exact import Exact
from lrdsl.plan import Plan, pieces
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

#: The most times that a batch changes in a run.
MAX_CHANGES = 1000
#: Makes the plan of an expression.
Planner = Callable[[Node, Scope], "Plan | None"]


def batches_of(node: nodes.Setting, fact: str, scope: Scope, plan_of: Planner) -> Batches | Exact | None:
    """Returns what the schedule of a `set` statement says of a fact; a number if it never changes. Returns None after problems were reported."""
    value, problems = node.value, scope.problems
    if dependencies(value, scope).follows_metric:
        what = f"`{node.name}` depends on a metric, so the ticks of the run are not known before it"
        problems.error("LR147", value.extent, what, "give it phases with lengths: `hold(10k steps, at=1024) then hold(at=2048)`")
        return None
    unit = "sample" if fact == "batch_size" else "token"
    recursive = any(isinstance(x, nodes.Quantity) and UNITS.get(x.unit) == unit for x in nodes.walk(value))
    supposed = _counted_by_itself(value, fact, scope) if recursive else MAX_TICKS
    batches = _read(value, node.name, _with_clock(scope, fact, supposed, problems), plan_of)
    if batches is not None and recursive and batches != supposed:
        what = f"the lengths in `{shown(canonical(value), 60)}` depend on batches that come later"
        problems.error("LR125", value.extent, what, f"give each phase a length in steps or {unit}s, and none of them `rest`")
        return None
    return batches


def _counted_by_itself(node: Node, fact: str, scope: Scope) -> Batches | Exact:
    """Returns the batches of a schedule whose lengths are in its own tokens or samples, as far as it is sound.

    How far a phase reaches follows from the batches up to there. So each phase is read again, each time with what the time before has shown of it, until that
    does not change: each time, one more of its jumps at least is in its place.
    """
    batches: Batches | Exact = MAX_TICKS  # until the first amount is known: with this, no length is too long
    begun: list[tuple[Exact, Exact]] = []
    start: Exact = 0
    entry: Expr = BASE
    items = node.items if isinstance(node, nodes.Sequence) else (node,)
    for item in items:
        curve, before = None, None
        while batches != before and len(begun) <= MAX_CHANGES:
            before, inner = batches, _with_clock(scope, fact, batches, Problems(scope.problems.text))
            rest = None if inner.rest is None else inner.rest - start
            curve = curve_of(item, attrs.evolve(inner, rest=rest, run=inner.run.advanced(start)))
            stairs = [] if curve is None else _stairs(curve.law(T, entry), None if item is items[-1] else curve.length)
            batches = _batches([*begun, *((start + time, amount) for time, amount in stairs)]) if stairs or begun else batches
        if curve is None or curve.length is None:
            break
        begun += [(start + time, amount) for time, amount in _stairs(curve.law(T, entry), curve.length)]
        start, entry = start + curve.length, curve.at(curve.length, entry)
    return batches


def _stairs(level: Expr, length: Exact | None) -> list[tuple[Exact, Exact]]:
    """Returns each time before the length at which a formula may jump, and the level from there on, as far as that is a sound amount."""
    stairs: list[tuple[Exact, Exact]] = []
    for time, part in _levels(level):
        if not isinstance(part, Num) or not 0 < part.value <= MAX_TICKS or (length is not None and time >= length) or len(stairs) > MAX_CHANGES:
            break
        stairs.append((time, part.value))
    return stairs


def _batches(stairs: list[tuple[Exact, Exact]]) -> Batches | Exact:
    """Returns the batches of stairs; a number if there is one amount."""
    batches = Batches.of(stairs)
    return batches if batches.constant is None else batches.constant


def _with_clock(scope: Scope, fact: str, batches: Batches | Exact, problems: Problems) -> Scope:
    """Returns the scope of the schedule of a batch, in which a tick is a step, with what is known of it so far."""
    facts: dict[str, Any] = {fact: batches}
    clock: Clock = attrs.evolve(scope.clock, tick="step", ticks_per_step=None, **facts)
    return attrs.evolve(scope, clock=clock, rest=total_of(clock), problems=problems, notes=None, legend=None, readable=False)


def _read(node: Node, name: str, scope: Scope, plan_of: Planner) -> Batches | Exact | None:
    """Returns the batches that a schedule means with the clock of a scope; None after problems were reported."""
    plan = plan_of(node, scope)
    if plan is None:
        return None
    stairs: list[tuple[Exact, Exact]] = []
    for start, level in _levels(plan.level):
        phase = next((p for p in reversed(plan.phases) if p.start is not None and p.start <= start), plan.phases[0])
        text = shown(canonical(phase.node), 60)
        if mentions(level, BASE):
            what = f"`{name}` is `{text}`, which goes by a base, and a batch has none"
            scope.problems.error("LR125", phase.extent, what, "begin with a number: `hold(10k steps, at=1024)`")
        elif mentions(level, T):
            help = "let it stay between jumps: `hold(10k steps, at=1024) then hold(at=2048)`, or `every(1k steps, A)` for stairs along A"
            scope.problems.error("LR125", phase.extent, f"`{name}` changes at every step of `{text}`", help)
        elif not isinstance(level, Num):
            scope.problems.error("LR125", phase.extent, f"`{name}` has no exact value in `{text}`", "give it as a number without roots: `hold(at=1024)`")
        elif not 0 < level.value <= MAX_TICKS:
            what = f"`{name}` is {float(level.value):g} in `{text}`, out of range"
            scope.problems.error("LR131", phase.extent, what, f"give it a number above 0 and at most {int(MAX_TICKS):.0e}")
        elif len(stairs) >= MAX_CHANGES:
            what = f"`{name}` changes more than {MAX_CHANGES} times"
            scope.problems.error("LR125", phase.extent, what, "let it change less often, or end it by `for` before that")
        else:
            stairs.append((start, level.value))
            continue
        return None
    return _batches(stairs)


def _levels(level: Expr) -> Iterator[tuple[Exact, Expr]]:
    """Yields each time at which a formula may jump, and the level from there on."""
    for piece in pieces(level):
        start: Exact | None = piece.start
        periods = cycles(piece.level) if piece.level.holds & STAIRS else []
        while start is not None:
            ends = [begin + (max((start - begin) // length, -1) + 1) * length for length, begin in periods]
            end = min([*ends, *([] if piece.end is None else [piece.end])], default=None)
            inside = branches(T, within(piece.level, start, end))
            yield start, [part for begin, part in inside if begin <= start][-1]
            start = None if end == piece.end else end
