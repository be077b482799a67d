"""Checks assertions, such as `assert max(lr) <= 1x`: makes the two measures that are compared. Room `schedule` computes their numbers."""

from __future__ import annotations

from lrdsl.check.names import dependencies, is_phase
from lrdsl.check.phases import curve_of
from lrdsl.check.scope import Scope
from lrdsl.check.values import value_of
from lrdsl.diagnostics import shown
from lrdsl.expr import BASE, Expr, Num, T
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind
from lrdsl.plan import best
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.printer import statement
from lrdsl.targets import Assertion, Measure

#: The functions that measure a level over a whole run, and the properties that a level may have.
MEASURES = ("max", "min", "total")
PREDICATES = ("continuous", "monotone")


def assertion(node: nodes.Assertion, scope: Scope) -> Assertion | None:
    """Returns an assertion with its measures; None after its problems were reported."""
    predicate = isinstance(node.left, nodes.Call) and node.left.name in PREDICATES
    if predicate == bool(node.op):
        text = shown(canonical(node.left))
        what = f"`{text}` is true or false, so it cannot be compared" if predicate else f"`{text}` alone is not an assertion"
        scope.problems.error("LR114", node.extent, what, "write it as in `assert max(lr) <= 1x`, `assert lr at total == 1e-5` or `assert continuous(lr)`")
        return None
    for part in (node.left, node.right):
        if dependencies(part, scope).follows_metric:
            help = "assert it of a target that follows no metric; `clip(A, low, high)` keeps levels in bounds whatever happens"
            scope.problems.error("LR147", part.extent, f"`{shown(canonical(part))}` depends on a metric, so it is not known before the run", help)
            return None
    sound, run = _last_tick(node, scope)
    left = _predicate(node.left, scope) if predicate else _measure(node.left, scope)
    right = left if predicate else _measure(node.right, scope)
    if left is None or right is None or not sound:
        return None
    return Assertion(statement(node), node.extent, left, node.op, right, run)


def _last_tick(node: nodes.Assertion, scope: Scope) -> tuple[bool, Exact | None]:
    """Returns whether no problem was reported, and the last tick that an assertion is about.

    That is the end of the run, else the end of the longest schedule in the assertion; None for an endless schedule in a run of unknown length.
    """
    if scope.rest is not None:
        return True, scope.rest
    curves = [curve_of(n, scope) for n in _targets(node, scope)]
    ends = [curve.length for curve in curves if curve is not None]
    if None not in ends:
        return len(ends) == len(curves), max((end for end in ends if end is not None), default=0)
    if any(isinstance(n, nodes.Call) and n.name == "total" for n in nodes.walk(node)):
        scope.report_missing(scope.clock.missing_total(), node.extent, "the total of an endless schedule")
        return False, None
    return len(ends) == len(curves), None


def _targets(node: Node, scope: Scope) -> list[Node]:
    """Returns the targets and other names of schedules in an assertion."""
    if isinstance(node, nodes.Name | nodes.Indexed | nodes.Text):
        return [node] if is_phase(node, scope) else []
    return [target for child in nodes.children(node) for target in _targets(child, scope)]


def _level(node: Node, scope: Scope) -> Expr | None:
    """Returns the formula of a schedule; None after its problems were reported."""
    curve = curve_of(node, scope)
    return None if curve is None else best(curve.law(T, BASE))


def _predicate(node: Node, scope: Scope) -> Measure | None:
    """Returns the measure of a property, such as `continuous(lr)`; None after a problem was reported."""
    assert isinstance(node, nodes.Call)
    if len(node.arguments) != 1:
        scope.problems.error("LR106", node.extent, f"`{node.name}` takes one schedule", f"write it as in `{node.name}(lr)`")
        return None
    level = _level(node.arguments[0].value, scope)
    return None if level is None else Measure(node.name, level)


def _measure(node: Node, scope: Scope) -> Measure | None:
    """Returns the measure of one side of a comparison; None after a problem was reported."""
    match node:
        case nodes.Call() if node.name in MEASURES and len(node.arguments) == 1:
            level = _level(node.arguments[0].value, scope)
            return None if level is None else Measure(node.name, level)
        case nodes.Moment():
            level, tick = _level(node.value, scope), value_of(node.tick, Kind.DURATION, scope)
            return Measure("at", level, tick.value) if level is not None and isinstance(tick, Num) else None
        case nodes.Binary() if _has_measure(node):
            left, right = _measure(node.left, scope), _measure(node.right, scope)
            return None if left is None or right is None else Measure(node.op, args=(left, right))
        case _ if is_phase(node, scope):
            level = _level(node, scope)
            return None if level is None else Measure("level", level)
    value = value_of(node, Kind.LEVEL, scope)
    return None if value is None else Measure("value", value)


def _has_measure(node: Node) -> bool:
    """Returns whether a measure over the whole run, such as `max(lr)`, is part of a node."""
    if isinstance(node, nodes.Call) and node.name in MEASURES and len(node.arguments) == 1:
        return True
    return isinstance(node, nodes.Binary) and (_has_measure(node.left) or _has_measure(node.right))
