"""Replanning: a text whose rest is another text, from some tick on."""

from __future__ import annotations

import attrs

from lrdsl.exact import exact
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.printer import canonical


def bodies(tree: Node) -> dict[str, Node]:
    """The body of each target that a tree names; none for an expression."""
    return {canonical(s.target): s.body for s in tree.statements if isinstance(s, nodes.Target)} if isinstance(tree, nodes.File) else {}


def continued(tree: Node, tick: int, added: Node) -> Node:
    """`(tree) for tick then (added)`. An expression goes on from every `lr` target, and named targets from those of their names.

    Assertions are left out: they were about the run as it was planned.
    """
    new = bodies(added)
    if not isinstance(tree, nodes.File) and not new:
        return _then(tree, tick, added)
    out: list[Node] = [s for s in added.statements if not isinstance(s, nodes.Target)] if isinstance(added, nodes.File) else []
    for statement in tree.statements if isinstance(tree, nodes.File) else (tree,):
        if isinstance(statement, nodes.Assertion):
            continue
        if isinstance(statement, nodes.Setting | nodes.Binding | nodes.Function | nodes.Use):
            out.append(statement)
            continue
        target = statement if isinstance(statement, nodes.Target) else nodes.Target(nodes.Name("lr", statement.extent), statement, statement.extent)
        name = canonical(target.target)
        rest = new.get(name) if new else added if name.split("[")[0] == "lr" else None
        out.append(target if rest is None else attrs.evolve(target, body=_then(target.body, tick, rest)))
    return nodes.File(tuple(out), tree.extent)


def _then(before: Node, tick: int, after: Node) -> Node:
    """One schedule up to a tick, and then another. What was replanned before stays flat."""
    length = nodes.Number(exact(tick), before.extent)
    rest = after.items if isinstance(after, nodes.Sequence) else (after,)
    return nodes.Sequence((nodes.Limited(before, length, before.extent), *rest), before.extent)
