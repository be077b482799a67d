"""Replanning: a text whose rest is another text, from some tick on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from lrdsl.expr.exact import exact
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
        return followed(tree, tick, added)

    def body(name: str, before: Node) -> Node:
        rest = new.get(name) if new else added if name.split("[")[0] == "lr" else None
        return before if rest is None else followed(before, tick, rest)

    defined = [s for s in added.statements if not isinstance(s, nodes.Target)] if isinstance(added, nodes.File) else []
    return _with_bodies(tree, body, defined)


def replaced(tree: Node, new: Mapping[str, Node]) -> Node:
    """The tree with other bodies for the targets of some names, and without what it asserts."""
    return _with_bodies(tree, lambda name, before: new.get(name, before), []) if isinstance(tree, nodes.File) else new.get("lr", tree)


def _with_bodies(tree: Node, body: Callable[[str, Node], Node], defined: Sequence[Node]) -> Node:
    """A file of the same targets, each with the body that is made of its name and the one it had, after definitions that it did not have."""
    out: list[Node] = list(defined)
    for statement in tree.statements if isinstance(tree, nodes.File) else (tree,):
        if isinstance(statement, nodes.Setting | nodes.Binding | nodes.Function | nodes.Use):
            out.append(statement)
        elif not isinstance(statement, nodes.Assertion):
            target = statement if isinstance(statement, nodes.Target) else nodes.Target(nodes.Name("lr", statement.extent), statement, statement.extent)
            after = body(canonical(target.target), target.body)
            out.append(target if after is target.body else attrs.evolve(target, body=after))
    return nodes.File(tuple(out), tree.extent)


def followed(before: Node, tick: int, after: Node) -> Node:
    """One schedule up to a tick, and then another. What was replanned before stays flat."""
    length = nodes.Number(exact(tick), before.extent)
    rest = after.items if isinstance(after, nodes.Sequence) else (after,)
    return nodes.Sequence((nodes.Limited(before, length, before.extent), *rest), before.extent)
