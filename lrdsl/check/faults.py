"""Reports a level that may not be finite (`LR144`), with the reason and a repair: a shorter phase, or an operation that is kept from what it cannot take."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import attrs

from lrdsl.check.calls import matching_form
from lrdsl.check.combinators import shrinking
from lrdsl.check.finite import Proof, culprit, proved
from lrdsl.check.scope import Scope
from lrdsl.diagnostics import shown
from lrdsl.expr import BASE, PRODUCTS, ZERO, Expr, call, on_branches
from lrdsl.plan import Plan
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes, parse
from lrdsl.syntax.replanning import mapped
from lrdsl.work import MOST, TooMuchWorkError, allotted

#: What keeps an operation from what it cannot take.
_REPAIRS = {
    "div": "it divides by 0 there: keep the divisor above 0, as in `1/max(1, t - 5)`",
    "log": "it takes the logarithm of a number that is not above 0: write `log(max(1, ...))`",
    "pow": "it raises to a power what may be 0 or below: write `max(1e-9, ...)^p`",
    "sqrt": "it takes the root of a number below 0: write `sqrt(max(0, ...))`",
}


#: The most intervals of a proof that a level with a limit is finite.
_BUDGET = 300


def refuse_infinite(plan: Plan, proof: Proof, scope: Scope) -> None:
    """Reports that a level may not be finite, as its proof found."""
    assert proof.fault is not None
    assert proof.failed is not None
    tick, event = proof.fault
    phase = plan.phases[plan.phase_at(tick) if event is None else -1]
    where = f"tick {tick:g}" if tick < 1e6 else f"tick {tick:.0f}"
    if event is not None:
        sentence = next(watch.monitor.sentence for watch in plan.watches if watch.event is event)
        where = f"the end of the phase that waits for `{sentence}`" if tick == 0 else f"{where} after `{sentence}`"
    node = phase.node.body if isinstance(phase.node, nodes.Limited) else phase.node
    op = culprit(*proof.failed)
    growth = None if op in _REPAIRS else _growth(plan, node)
    help = _REPAIRS.get(op or "") or (_limits(plan, node) if growth is None else growth[1])
    if op == "div" and isinstance(node, nodes.Call) and node.name in ("exp", "warmup"):
        help = "an exponential curve divides by the level that it starts from: give one above 0, as in `from=0.01x`"
    last = math.ceil(tick) - 1 - (phase.start or 0)
    if event is None and last >= 1:
        sooner = f"`{canonical(_shorter(node, math.floor(last)))}`"
        help += f", or end it sooner: {shown(sooner, 200)}"
        if scope.rest is None and phase is plan.phases[-1]:
            help += "; a run that is known to be shorter, as by `set total = ...`, ends it too"
    message = f"the level may not be finite from {where} on" if growth is None else f"{growth[0]}, and it may not be finite from {where} on"
    scope.problems.error("LR144", phase.extent, message, help)


def _growth(plan: Plan, node: nodes.Node) -> tuple[str, str] | None:
    """Returns what is wrong with a factor above 1 in a phase, and a repair: one below 1, or the length in whose place it stands. None if there is none."""
    for part in nodes.walk(node):
        declared = shrinking(part.name) if isinstance(part, nodes.Call) else None
        if not isinstance(part, nodes.Call) or declared is None:
            continue
        name, place = declared
        if part.name in SHAPES and name not in {p.name for p in matching_form(part).parameters}:
            continue
        factor = _written(part, name, place)
        if factor is None or factor.value <= 1:
            continue
        length = _written(part, "n", 0) if part.name == "step" else None
        what = f"a {name} of {canonical(factor)} makes the level grow"
        if length is not None and length.value < 1:
            swapped = _replaced(node, part, _with(part, {id(factor): length, id(length): factor}))
            help = f"to drop every {canonical(factor)} ticks, write {shown(f'`{canonical(swapped)}`', 200)}"
            return f"the two numbers of `{shown(canonical(part))}` look swapped: {what}", help
        return what, f"for a level that falls, give one below 1, as {float(1 / factor.value):.4g}; " + _limits(plan, node)
    return None


def _replaced(node: nodes.Node, old: nodes.Node, new: nodes.Node) -> nodes.Node:
    """Returns a phase with another node in the place of one of its nodes."""
    return mapped(node, lambda part: new if part is old else part)


def _written(call: nodes.Call, name: str, place: int) -> nodes.Number | None:
    """Returns the number that a call has for a parameter, by name or by position; None if it has none."""
    values = [a.value for i, a in enumerate(call.arguments) if a.name == name or (i == place and not a.name)]
    return next((value for value in values if isinstance(value, nodes.Number)), None)


def _with(call: nodes.Call, others: dict[int, nodes.Number]) -> nodes.Call:
    """Returns a call with other numbers in the place of some."""
    return attrs.evolve(call, arguments=tuple(attrs.evolve(a, value=others.get(id(a.value), a.value)) for a in call.arguments))


def _shorter(node: nodes.Node, ticks: int) -> nodes.Node:
    """Returns a phase with a length. A phase that a metric ends gets a longest time."""
    length = nodes.Number(Fraction(ticks), node.extent)
    if not isinstance(node, nodes.Until):
        return nodes.Limited(node, length, node.extent)
    return attrs.evolve(node, conditions=(*(c for c in node.conditions if not isinstance(c, nodes.Lasting)), nodes.Lasting(length, node.extent)))


def _limits(plan: Plan, node: nodes.Node) -> str:
    """Returns the first limit of a phase that keeps it finite, as a repair."""
    for limit, name, ends in _LIMITS:
        if _is_finite(limit, plan):
            limited = nodes.Call(name, tuple(nodes.Argument("", a, node.extent, node.extent) for a in (node, *map(parse, ends))), node.extent, node.extent)
            return f"it grows too far: limit it, as in {shown(f'`{canonical(limited)}`', 200)}"
    if plan.law.holds & PRODUCTS:
        return "a running product in it grows too far: limit the size of its factors, as in `cumprod(max(-1, min(1, ...)))`"
    return "a part of it grows too far: limit that part, as in `min(1e6, exp(t))`"


def _is_finite(limit: Callable[[Expr], Expr], plan: Plan) -> bool:
    """Returns whether a limited level is proved finite, with a part of the work that is left."""
    try:
        with allotted(MOST // 10):
            return proved(on_branches(limit, plan.law), bool(plan.watches), _BUDGET)[1].fault is None
    except TooMuchWorkError:
        return False


#: Limits of a level: as a change of its formula, and as a combinator with its other arguments.
_LIMITS: tuple[tuple[Callable[[Expr], Expr], str, tuple[str, ...]], ...] = (
    (lambda level: call("min", level, BASE), "min", ("1x",)),
    (lambda level: call("max", level, ZERO), "max", ("0",)),
)
