"""Replanning: puts another schedule in the place of the rest of a schedule, from some tick on. Works on trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from lrdsl.expr.exact import exact
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
