"""`Item`: an entry of a text's outline: a target, a name, or a function, with its place."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from lrdsl.editor.calls import signatures_of
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Extent, Node

#: The most characters of a detail.
_WIDTH = 80


@attrs.frozen
class Item:
    """An entry: its name, its kind ("target", "name" or "function"), a line of detail, the extent of the statement, and that of the name in it."""

    name: str
    kind: str
    detail: str
    extent: Extent
    name_extent: Extent


def outline_of(tree: Node | None) -> Iterator[Item]:
    """Yields the entries of a text, in its order. A text of one expression has the target `lr`.

    >>> from lrdsl.syntax import parse
    >>> [(item.name, item.kind, item.detail) for item in outline_of(parse("let w = 5; def f(n, to=0) = linear(n, to=to); lr = f(w)"))]
    [('w', 'name', '5'), ('f', 'function', 'f(n, to=0)'), ('lr', 'target', 'f(w)')]
    """
    for statement in tree.statements if isinstance(tree, nodes.File) else () if tree is None else (tree,):
        match statement:
            case nodes.Binding():
                yield Item(statement.name, "name", _line(statement.value), statement.extent, statement.name_extent)
            case nodes.Function():
                (signature,) = signatures_of(statement.name, {statement.name: statement})
                yield Item(statement.name, "function", signature.label, statement.extent, statement.name_extent)
            case nodes.Target():
                yield Item(canonical(statement.target), "target", _line(statement.body), statement.extent, statement.target.extent)
            case nodes.Setting() | nodes.Use() | nodes.Assertion():
                pass
            case _:
                yield Item("lr", "target", _line(statement), statement.extent, statement.extent)


def _line(node: Node) -> str:
    text = canonical(node)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
