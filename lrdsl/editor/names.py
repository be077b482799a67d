"""`Symbol`: a name that a text defines, with its definitions and its uses. `symbol_at` finds the one at a place; `check_name` says why it cannot be renamed."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import is_recipe
from lrdsl.check.scope import ARITHMETIC, WORDS
from lrdsl.diagnostics import shown
from lrdsl.editor.calls import NO_DEFINITIONS, Definitions
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Extent, Node
from lrdsl.syntax.tokens import KEYWORDS
from lrdsl.targets.patterns import braces_of


class RenameError(Exception):
    """A name cannot be changed. The message says why."""


@attrs.frozen
class Symbol:
    """A name of the text: its word, where it is defined, and where it is used. One that comes from another file has no definition here.

    `what` is "name", "function", "parameter", "target", or "number" for one that a pattern catches. `scope` is the part of the text in which it has its
    meaning.
    """

    word: str
    what: str
    scope: nodes.File | nodes.Function | nodes.Target
    definitions: tuple[Extent, ...]
    uses: tuple[Extent, ...]

    @property
    def is_global(self) -> bool:
        """Whether it has its meaning in the whole text."""
        return isinstance(self.scope, nodes.File)

    @property
    def extents(self) -> list[Extent]:
        """All places of the name, in the order of the text."""
        return sorted({*self.definitions, *self.uses})

    def at(self, offset: int) -> Extent | None:
        """The place of the name that an offset touches."""
        return next((extent for extent in self.extents if extent[0] <= offset <= extent[1]), None)


def symbol_at(tree: Node | None, offset: int, used: Definitions = NO_DEFINITIONS) -> Symbol | None:
    """The name at an offset; None for other words, and for a text without statements. `used` are the definitions of other files."""
    return next((symbol for symbol in (*symbols(tree, used), *_targets(tree)) if symbol.at(offset) is not None), None)


def symbols(tree: Node | None, used: Definitions = NO_DEFINITIONS) -> Iterator[Symbol]:
    """Yields the names that a text defines, and those that it uses from other files.

    Parameters of functions and numbers of patterns come first, then the names of the whole text, which they may hide.
    """
    if not isinstance(tree, nodes.File):
        return
    inner: set[Extent] = set()
    calls: dict[str, list[nodes.Call]] = {}
    for node in nodes.walk(tree):
        if isinstance(node, nodes.Call):
            calls.setdefault(node.name, []).append(node)
    for statement in tree.statements:
        own = list(_parameters(statement, calls.get(statement.name, [])) if isinstance(statement, nodes.Function) else _caught(statement))
        inner.update(extent for symbol in own for extent in symbol.uses)
        yield from own
    uses = list(_uses(tree))
    defined = [s for s in tree.statements if isinstance(s, nodes.Binding | nodes.Function)]
    for name, node in {**used, **{s.name: s for s in defined}}.items():
        places = tuple(extent for word, extent in uses if word == name and extent not in inner)
        what = "name" if isinstance(node, nodes.Binding) else "function"
        yield Symbol(name, what, tree, tuple(s.name_extent for s in defined if s.name == name), places)


def _targets(tree: Node | None) -> Iterator[Symbol]:
    """Yields the targets of a text, with the places where other statements speak of them."""
    if not isinstance(tree, nodes.File):
        return
    hidden = {extent for symbol in symbols(tree) for extent in symbol.extents}
    speaking = [(canonical(node), node.extent) for node in nodes.walk(tree) if isinstance(node, nodes.Name | nodes.Text | nodes.Indexed)]
    for statement in tree.statements:
        if isinstance(statement, nodes.Target):
            word = canonical(statement.target)
            uses = tuple(extent for text, extent in speaking if text == word and extent not in hidden)
            yield Symbol(word, "target", tree, (statement.target.extent,), uses)


def _parameters(function: nodes.Function, calls: list[nodes.Call]) -> Iterator[Symbol]:
    """Yields the parameters of a function. A default may use those before it; its calls may name them."""
    for i, slot in enumerate(function.parameters):
        within = [function.body, *(later.default for later in function.parameters[i + 1 :] if later.default is not None)]
        uses = [extent for part in within for word, extent in _uses(part) if word == slot.name]
        uses += [a.name_extent for call in calls for a in call.arguments if a.name == slot.name]
        yield Symbol(slot.name, "parameter", function, ((slot.extent[0], slot.extent[0] + len(slot.name)),), tuple(uses))


def _caught(statement: Node) -> Iterator[Symbol]:
    """Yields the numbers that the patterns of a target catch in the names of groups."""
    if not isinstance(statement, nodes.Target) or not isinstance(statement.target, nodes.Indexed):
        return
    places: dict[str, list[Extent]] = {}
    for selector in (selector for bracket in statement.target.brackets for selector in bracket if isinstance(selector.value, str)):
        for braces in braces_of(str(selector.value)):
            start = selector.extent[0] + 1
            places.setdefault(braces.word, []).append((start + braces.start + 1, start + braces.end - 1))
    for word, extents in places.items():
        yield Symbol(word, "number", statement, tuple(extents), tuple(extent for name, extent in _uses(statement.body) if name == word))


def caught(tree: Node | None, offset: int) -> list[str]:
    """The names of the numbers that the target around a place catches in the names of groups."""
    return [symbol.word for symbol in symbols(tree) if symbol.what == "number" and symbol.scope.extent[0] <= offset <= symbol.scope.extent[1]]


def _uses(tree: Node) -> Iterator[tuple[str, Extent]]:
    """Yields the words that a part of a text uses, each with its place: names, calls and keys."""
    for node in nodes.walk(tree):
        if isinstance(node, nodes.Call):
            yield node.name, node.name_extent
        elif isinstance(node, nodes.Name | nodes.Indexed):
            yield node.id, (node.extent[0], node.extent[0] + len(node.id))
        elif isinstance(node, nodes.Target):
            yield from _uses(node.target)


def check_name(tree: Node | None, symbol: Symbol, word: str, host: Collection[str], used: Definitions = NO_DEFINITIONS) -> None:
    """Raises `RenameError` if a name cannot get a new word without meaning something else.

    `host` are the names to which the program gives values, and `used` the definitions of other files.
    """
    if not word.isidentifier():
        raise RenameError(f"`{shown(word)}` is not a name: a name has letters, digits and `_`, and does not begin with a digit")
    if word in KEYWORDS or word in WORDS:
        raise RenameError(f"`{word}` is a word of the language")
    if word in SHAPES or word in COMBINATORS or word in ARITHMETIC or is_recipe(word):
        raise RenameError(f"`{word}` is a shape or a function of the language")
    if word in host or (symbol.what == "name" and symbol.word in host):
        raise RenameError(f"the program gives a value to `{shown(word if word in host else symbol.word)}`")
    start, end = symbol.scope.extent
    for other in symbols(tree, used):
        if other.word == word and other != symbol and (other.is_global or start <= other.scope.extent[0] < end):
            raise RenameError(f"`{shown(word)}` is in use: it is the name of another {other.what}")
    if any(name == word for name, _ in _uses(symbol.scope)):
        raise RenameError(f"`{shown(word)}` is in use here")
