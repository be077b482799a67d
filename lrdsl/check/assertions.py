"""Assertions: from `assert max(lr) <= 1x` to what is measured and compared. The numbers come later, tick by tick."""

from __future__ import annotations

from lrdsl.check.names import is_phase, waits_for
from lrdsl.check.phases import curve_of
from lrdsl.check.scope import Scope
from lrdsl.check.values import value_of
from lrdsl.clock import MissingFactError
from lrdsl.diagnostics import shown
from lrdsl.expr import BASE, Expr, Num, T
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind
from lrdsl.plan import Assertion, Measure, best
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.printer import statement

#: What is measured over a whole run, and what is said of one.
MEASURES = ("max", "min", "total")
PREDICATES = ("continuous", "monotone")


def assertion(node: nodes.Assertion, scope: Scope) -> Assertion | None:
    """What an assertion compares, or None after its problems were reported."""
    predicate = isinstance(node.left, nodes.Call) and node.left.name in PREDICATES
    if predicate == bool(node.op):
        what = f"`{shown(canonical(node.left))}` is true or false, and has no size" if predicate else "an assertion compares, or says something of a target"
        scope.problems.error("LR114", node.extent, what, "as in `assert max(lr) <= 1x`, `assert lr at total == 1e-5`, `assert continuous(lr)`")
        return None
    for part in (node.left, node.right):
        if waits_for(part, scope)[1]:
            help = "assert it of a target that follows time alone; `clip(A, low, high)` keeps levels in bounds whatever happens"
            scope.problems.error("LR147", part.extent, f"what `{shown(canonical(part))}` will be, only the run decides", help)
            return None
    known, run = _run(node, scope)
    left = _predicate(node.left, scope) if predicate else _measure(node.left, scope)
    right = left if predicate else _measure(node.right, scope)
    if left is None or right is None or not known:
        return None
    return Assertion(statement(node), node.extent, left, node.op, right, run)


def _run(node: nodes.Assertion, scope: Scope) -> tuple[bool, Exact | None]:
    """Whether it is known how long an assertion is about, and the last tick: the end of the run, else of the longest schedule; None where one has no end."""
    if scope.room is not None:
        return True, scope.room
    found = [curve_of(n, scope) for n in _targets(node, scope)]
    ends = [curve.length for curve in found if curve is not None]
    if None not in ends:
        return len(ends) == len(found), max((end for end in ends if end is not None), default=0)
    if any(isinstance(n, nodes.Call) and n.name == "total" for n in nodes.walk(node)):
        scope.missing(MissingFactError("total_steps", "total_epochs"), node.extent, "the total of a schedule without an end")
        return False, None
    return len(ends) == len(found), None


def _targets(node: Node, scope: Scope) -> list[Node]:
    if isinstance(node, nodes.Name | nodes.Indexed):
        return [node] if is_phase(node, scope) else []
    return [found for child in nodes.children(node) for found in _targets(child, scope)]


def _level(node: Node, scope: Scope) -> Expr | None:
    curve = curve_of(node, scope)
    return None if curve is None else best(curve.law(T, BASE))


def _predicate(node: Node, scope: Scope) -> Measure | None:
    assert isinstance(node, nodes.Call)
    if len(node.arguments) != 1:
        scope.problems.error("LR106", node.extent, f"`{node.name}` is said of one schedule", f"as in `{node.name}(lr)`")
        return None
    level = _level(node.arguments[0].value, scope)
    return None if level is None else Measure(node.name, level)


def _measure(node: Node, scope: Scope) -> Measure | None:
    match node:
        case nodes.Call() if node.name in MEASURES and len(node.arguments) == 1:
            level = _level(node.arguments[0].value, scope)
            return None if level is None else Measure(node.name, level)
        case nodes.Moment():
            level, tick = _level(node.value, scope), value_of(node.tick, Kind.DURATION, scope)
            return Measure("at", level, tick.value) if level is not None and isinstance(tick, Num) else None
        case nodes.Binary() if _measured(node):
            left, right = _measure(node.left, scope), _measure(node.right, scope)
            return None if left is None or right is None else Measure(node.op, args=(left, right))
        case _ if is_phase(node, scope):
            level = _level(node, scope)
            return None if level is None else Measure("level", level)
    value = value_of(node, Kind.LEVEL, scope)
    return None if value is None else Measure("value", value)


def _measured(node: Node) -> bool:
    """Whether a measure of a whole run is part of a node."""
    if isinstance(node, nodes.Call) and node.name in MEASURES and len(node.arguments) == 1:
        return True
    return isinstance(node, nodes.Binary) and (_measured(node.left) or _measured(node.right))
