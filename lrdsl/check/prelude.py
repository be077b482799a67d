"""The standard recipes: functions written in the language itself, in `lrdsl/prelude/*.lrs`, read when a text first uses a name that it does not define."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.names import defined
from lrdsl.check.scope import ARITHMETIC, WORDS, Defined, Scope
from lrdsl.clock import Clock
from lrdsl.diagnostics import Problems
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Node

FOLDER = Path(__file__).parents[1] / "prelude"


@cache
def recipes() -> Mapping[str, Defined]:
    """Every recipe by name. A recipe may use those of its file that come before it."""
    found: dict[str, Defined] = {}
    for path in sorted(FOLDER.glob("*.lrs")):
        text = path.read_text("utf-8")
        tree = parse_tree(text)
        assert isinstance(tree, nodes.File)
        before: dict[str, Defined] = {}
        for statement in tree.statements:
            assert isinstance(statement, nodes.Function)
            found_here = defined(statement, Scope(Clock(), {}, Problems(text), bound=dict(before)))
            before[statement.name] = attrs.evolve(found_here, own=False)
        found |= before
    return found


def known_to(tree: Node, names: Iterable[str]) -> Mapping[str, Defined]:
    """The recipes, where a tree uses a name that is not the language's nor the host's; nothing where it does not, so that they need not be read."""
    own = set(names)
    for node in nodes.walk(tree):
        word = node.id if isinstance(node, nodes.Name) else node.name if isinstance(node, nodes.Call) else None
        if word is not None and not (word in SHAPES or word in COMBINATORS or word in ARITHMETIC or word in WORDS or word in own):
            return recipes()
    return {}
