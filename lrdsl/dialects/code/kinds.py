"""The nodes of a Python file by their kinds. They are found once for all that look for some of them."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TypeVar

_Node = TypeVar("_Node", bound=ast.AST)
#: The fields that hold no node that anybody looks for: words, constants, signs, and whether a name is read or stored.
_NO_NODES = frozenset(("ctx", "op", "ops", "id", "attr", "arg", "kind", "type_comment", "type_ignores", "asname", "module", "level", "conversion", "is_async"))


def nodes_of(tree: ast.AST, kind: type[_Node]) -> list[_Node]:
    """Returns the nodes of a kind, in the order of `ast.walk`.

    >>> [node.id for node in nodes_of(ast.parse("a = b + c"), ast.Name)]
    ['a', 'b', 'c']
    """
    return _by_kind(tree).get(kind, [])  # type: ignore[return-value]


@lru_cache(maxsize=2)
def _by_kind(tree: ast.AST) -> dict[type, list[ast.AST]]:
    """All nodes by their kinds."""
    kinds: dict[type, list[ast.AST]] = {}
    fields: dict[type, tuple[str, ...]] = {}
    waiting = [tree]
    for node in waiting:  # the list grows
        kind = type(node)
        if kind in kinds:
            kinds[kind].append(node)
        else:
            kinds[kind] = [node]
            fields[kind] = () if kind is ast.Constant else tuple(name for name in kind._fields if name not in _NO_NODES)
        for name in fields[kind]:
            value = getattr(node, name, None)
            if type(value) is list:
                waiting += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)
    return kinds
