"""Gives letters to long levels at which phases begin, as papers do: eta_1 is the level that a cosine has where it is cut."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.formulas.notation.composing import TIME
from lrdsl.formulas.notation.tree import Apply, Cases, Name, Negative, Node, Ratio, Root, Sum, Times, leaves, mapped, names

#: A level with more letters and numbers than this gets a letter.
_MOST_LEAVES = 6


def with_named_entries(pieces: Cases, meanings: list[tuple[Name, Node]], quantity: str) -> tuple[Cases, list[tuple[Name, Node]]]:
    """Returns a formula with letters for long levels that a piece begins at, and the meanings with theirs. `quantity` is the letter of a level."""
    taken = names(pieces) | {letter for letter, _ in meanings}
    letters: dict[Node, Name] = {}
    number = 0
    for level in dict.fromkeys(level for value, _ in pieces.rows if TIME in names(value) for level in _entries(value)):
        number += 1
        while Name(quantity, str(number)) in taken:
            number += 1
        letters[level] = Name(quantity, str(number))
    if not letters:
        return pieces, meanings
    named = mapped(pieces, lambda node: letters.get(node, node))
    assert isinstance(named, Cases)
    return named, [*meanings, *((letter, level) for level, letter in letters.items())]


def _entries(node: Node) -> Iterator[Node]:
    """Yields the long factors and terms of a value that stay as they are over time: sums of levels with a function in them."""
    if TIME not in names(node):
        if isinstance(node, Sum) and leaves(node) > _MOST_LEAVES and _has_function(node):
            yield node
    elif isinstance(node, Times | Sum):
        for part in node.factors if isinstance(node, Times) else node.terms:
            yield from _entries(part)
    elif isinstance(node, Ratio):
        yield from _entries(node.top)
    elif isinstance(node, Negative):
        yield from _entries(node.of)


def _has_function(node: Node) -> bool:
    """Whether a node has a function or a root in it."""
    found = False

    def look(x: Node) -> Node:
        nonlocal found
        found = found or isinstance(x, Apply | Root)
        return x

    mapped(node, look)
    return found
