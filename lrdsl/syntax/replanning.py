"""Replanning: puts another schedule in the place of the rest of a schedule, from some tick on. Works on trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import attrs

from lrdsl.clock import MULTIPLES
from lrdsl.expr.exact import Exact, exact
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.printer import canonical


def bodies(tree: Node) -> dict[str, Node]:
    """Returns the schedule of each target, by the text of the target; empty for a tree that is one expression."""
    return {canonical(s.target): s.body for s in tree.statements if isinstance(s, nodes.Target)} if isinstance(tree, nodes.File) else {}


def continued(tree: Node, tick: int, added: Node) -> Node:
    """Returns the tree of `(tree) for tick then (added)`.

    An expression continues every `lr` target. A file continues the targets of the same names. Assertions are dropped: they were about the earlier plan.
    """
    new = bodies(added)
    if not isinstance(tree, nodes.File) and not new:
        return followed(tree, tick, added)

    def body(name: str, before: Node) -> Node:
        continuation = new.get(name) if new else added if name.split("[")[0] == "lr" else None
        return before if continuation is None else followed(before, tick, continuation)

    defined = [s for s in added.statements if not isinstance(s, nodes.Target)] if isinstance(added, nodes.File) else []
    return _with_bodies(tree, body, defined)


def replaced(tree: Node, new: Mapping[str, Node]) -> Node:
    """Returns the tree with the `new` schedules for the targets of those names, and without assertions."""
    return _with_bodies(tree, lambda name, before: new.get(name, before), []) if isinstance(tree, nodes.File) else new.get("lr", tree)


def _with_bodies(tree: Node, body: Callable[[str, Node], Node], defined: Sequence[Node]) -> Node:
    """Returns a file with the same targets. `body` makes each new schedule from the target's name and its old schedule; `defined` statements come first."""
    kept: list[Node] = list(defined)
    for statement in tree.statements if isinstance(tree, nodes.File) else (tree,):
        if isinstance(statement, nodes.Setting | nodes.Binding | nodes.Function | nodes.Use):
            kept.append(statement)
        elif not isinstance(statement, nodes.Assertion):
            target = statement if isinstance(statement, nodes.Target) else nodes.Target(nodes.Name("lr", statement.extent), statement, statement.extent)
            after = body(canonical(target.target), target.body)
            kept.append(target if after is target.body else attrs.evolve(target, body=after))
    return nodes.File(tuple(kept), tree.extent)


def followed(first: Node, tick: int, second: Node) -> Node:
    """Returns one schedule up to a tick and another after it, as one flat sequence."""
    length = nodes.Number(exact(tick), first.extent)
    phases = second.items if isinstance(second, nodes.Sequence) else (second,)
    return nodes.Sequence((nodes.Limited(first, length, first.extent), *phases), first.extent)


def with_total(tree: Node, before: Exact, now: Exact) -> Node:
    """Returns the tree of the same schedule in a run of another total: its shares, `total` and `rest` stay what they were. Both totals are in ticks.

    A `rest` that was 0 stays 0 only while the run is not longer than it is now.
    """

    def change(node: Node) -> Node:
        if isinstance(node, nodes.Quantity) and node.unit == "%":
            return _ticks(before * node.value * MULTIPLES.get(node.multiple, 1) / Fraction(100), node)
        if isinstance(node, nodes.Name) and node.id == "total":
            return _ticks(before, node)
        if isinstance(node, nodes.Name) and node.id == "rest" and now > before:
            less = nodes.Binary("-", node, _ticks(now - before, node), node.extent)
            arguments = tuple(nodes.Argument("", value, node.extent, node.extent) for value in (less, _ticks(0, node)))
            return nodes.Call("max", arguments, node.extent, node.extent)
        if isinstance(node, nodes.Name) and node.id == "rest" and now < before:
            return nodes.Binary("+", node, _ticks(before - now, node), node.extent)
        if isinstance(node, nodes.Target):  # its key stays as it is
            return attrs.evolve(node, body=mapped(node.body, change))
        return node

    if isinstance(tree, nodes.File):
        tree = attrs.evolve(tree, statements=tuple(s for s in tree.statements if not (isinstance(s, nodes.Setting) and s.name == "total")))
    return mapped(tree, change)


def _ticks(amount: Exact, at: Node) -> Node:
    """Returns a length in ticks. A fraction is a quotient: not every one has a decimal."""
    top, bottom = amount.as_integer_ratio()
    ticks = nodes.Quantity(top, "", "ticks", at.extent, at.extent)
    return ticks if bottom == 1 else nodes.Binary("/", ticks, nodes.Number(bottom, at.extent), at.extent)


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Returns a tree in which `change` has replaced nodes; it looks at what is below the nodes that it leaves alone."""
    changed = change(node)
    return changed if changed is not node else attrs.evolve(node, **_mapped_fields(node, change))


def _mapped_fields(node: Any, change: Callable[[Node], Node]) -> dict[str, Any]:
    values = {field.name: getattr(node, field.name) for field in attrs.fields(type(node))}
    changed = {name: tuple([_mapped_part(x, change) for x in value]) if type(value) is tuple else _mapped_part(value, change) for name, value in values.items()}
    return {name: value for name, value in changed.items() if value is not values[name]}


def _mapped_part(value: Any, change: Callable[[Node], Node]) -> Any:
    return mapped(value, change) if attrs.has(type(value)) else value
