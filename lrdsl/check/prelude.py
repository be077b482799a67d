"""The standard recipes, such as `wsd`: functions in the language itself, in `lrdsl/prelude/*.lrs`. They are loaded when a text first needs one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.names import bind_function
from lrdsl.check.scope import ARITHMETIC, WORDS, FunctionBinding, Scope
from lrdsl.clock import Clock
from lrdsl.diagnostics import Problems
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Node

#: The folder of the recipes.
FOLDER = Path(__file__).parents[1] / "prelude"


@cache
def recipes() -> Mapping[str, FunctionBinding]:
    """Returns every recipe by its name. A recipe may use the earlier recipes of its file."""
    bindings: dict[str, FunctionBinding] = {}
    for path in sorted(FOLDER.glob("*.lrs")):
        text = path.read_text("utf-8")
        tree = parse_tree(text)
        assert isinstance(tree, nodes.File)
        earlier: dict[str, FunctionBinding] = {}
        for statement in tree.statements:
            assert isinstance(statement, nodes.Function)
            binding = bind_function(statement, Scope(Clock(), {}, Problems(text), bound=dict(earlier)))
            earlier[statement.name] = attrs.evolve(binding, by_user=False)
        bindings |= earlier
    return bindings


def recipes_for(tree: Node, names: Iterable[str]) -> Mapping[str, FunctionBinding]:
    """Returns the recipes if a tree uses a name that is neither of the language nor among the `names` of the host; else nothing, without loading them."""
    host = set(names)
    for node in nodes.walk(tree):
        word = node.id if isinstance(node, nodes.Name) else node.name if isinstance(node, nodes.Call) else None
        if word is not None and not (word in SHAPES or word in COMBINATORS or word in ARITHMETIC or word in WORDS or word in host):
            return recipes()
    return {}
