"""Lengths and times in tokens or samples, where the batch changes: how many ticks one is depends on the tick from which it counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from lrdsl.check.names import dependencies
from lrdsl.check.scope import NameBinding, Scope
from lrdsl.clock import MULTIPLES, UNITS
from lrdsl.diagnostics import Problems, shown
from lrdsl.expr import Num, unlettered
from lrdsl.expr.exact import Exact, quotient
from lrdsl.kinds import Kind
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

#: An amount of a unit that changes.
Amount: TypeAlias = "tuple[Exact, str]"


def is_placed(node: Node, scope: Scope) -> bool:
    """Returns whether the ticks of a length depend on the place at which it counts."""
    return bool(scope.clock.changing) and dependencies(node, scope).counts_run


def ticks_of(amount: Exact, unit: str, node: Node, scope: Scope) -> Exact | None:
    """Returns the ticks of an amount of a unit at a place; None after it was reported that the place has none. Raises `MissingFactError`."""
    clock, run = scope.clock, scope.run
    if unit not in clock.changing:
        return clock.ticks(amount, unit)
    if run.finish is not None:
        return -clock.ticks(-amount, unit, unlettered(run.finish))
    if run.timeless or run.origin is not None:
        text = shown(canonical(node))
        where = run.timeless or "in a phase that begins when a metric decides"
        what = f"`{text}` is no fixed number of ticks {where}, because the batch changes in the run"
        scope.problems.error("LR123", node.extent, what, "write the length in steps, or as a share of the run: `20%`")
        return None
    return clock.ticks(amount, unit, unlettered(run.first_tick))


def amount_of(node: Node, scope: Scope, evaluate: Callable[[Node, Scope], Any]) -> Amount | None:
    """Returns the amount that a node is in one unit that changes, such as `2 * 1B tokens + 5B tokens`; None for other nodes."""
    match node:
        case nodes.Quantity():
            unit = UNITS.get(node.unit, "")
            return (node.value * MULTIPLES.get(node.multiple, 1), unit) if unit in scope.clock.changing else None
        case nodes.Name() if isinstance(binding := scope.bound.get(node.id), NameBinding) and binding.needs.counts_run:
            inner = scope.enter(binding, node.extent)
            return None if inner is None else amount_of(binding.node, inner, evaluate)
        case nodes.Negative():
            amount = amount_of(node.operand, scope, evaluate)
            return None if amount is None else (-amount[0], amount[1])
        case nodes.Binary():
            left, right = amount_of(node.left, scope, evaluate), amount_of(node.right, scope, evaluate)
            if node.op in "+-":
                if left is None or right is None or left[1] != right[1]:
                    return None
                return left[0] + (right[0] if node.op == "+" else -right[0]), left[1]
            if node.op not in "*/" or (left is None) == (right is None) or (left is None and node.op == "/"):
                return None
            value = evaluate(node.left if left is None else node.right, attrs.evolve(scope, problems=Problems(scope.problems.text)))
            if value is None or value.kind not in (Kind.NUMBER, Kind.RATIO) or not isinstance(value.expr, Num) or value.expr.value == 0:
                return None
            n, unit = left or right or (0, "")
            return (n * value.expr.value, unit) if node.op == "*" else (quotient(n, value.expr.value), unit)
    return None


def share_of(node: nodes.Binary, scope: Scope, evaluate: Callable[[Node, Scope], Any]) -> Exact | None:
    """Returns the quotient of two amounts of one unit that changes; None for other nodes."""
    if node.op != "/":
        return None
    left, right = amount_of(node.left, scope, evaluate), amount_of(node.right, scope, evaluate)
    return None if left is None or right is None or left[1] != right[1] or right[0] == 0 else quotient(left[0], right[0])


def report_mixed(node: nodes.Binary, left: Kind, right: Kind, scope: Scope) -> bool:
    """Reports a length that is computed from tokens or samples and from ticks, in a way that tells no place at which the amount counts. Returns whether it is.

    `1B tokens + 500 steps` tells it: the steps follow the tokens. `total - 1B tokens` does not: it means the last tokens, and not the first of the phase.
    """
    placed = [n for n, kind in ((node.right, right), (node.left, left)) if kind is Kind.DURATION and is_placed(n, scope)]
    if not placed or (node.op in "+-" and placed[0] is not node.right):
        return False
    what = f"`{shown(canonical(node))}` computes with tokens or samples and with ticks, whose relation changes in the run"
    scope.problems.error("LR123", node.extent, what, "write all of it in one unit, or let a phase before it take the `rest`")
    return True
