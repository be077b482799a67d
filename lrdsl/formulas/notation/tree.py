"""Notation: the tree of a formula as it stands on paper. Each printer (LaTeX, Typst, MathML, Python, plain text) writes this tree in its language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from lrdsl.expr.exact import Exact
from lrdsl.work import spend


@attrs.frozen
class Number:
    """An exact number; a printer shows it as a decimal, a power of ten or a fraction."""

    value: Exact


@attrs.frozen
class Name:
    """A letter, as `t`, or `eta` for a Greek one, with a subscript. A `raw` letter is written as it is. Commas separate the parts of a subscript."""

    letter: str
    sub: str = ""
    raw: bool = False

    @property
    def scripts(self) -> tuple[str, ...]:
        """The parts of the subscript as they are shown: words that follow each other are one part."""
        parts: list[str] = []
        for part in self.sub.split(",") if self.sub else ():
            if parts and _is_word(part) and _is_word(parts[-1].split(" ")[-1]):
                parts[-1] += f" {part}"
            else:
                parts.append(part)
        return tuple(parts)


def _is_word(part: str) -> bool:
    return len(part) > 1 and not part.isdigit() and part not in ("min", "max")


@attrs.frozen
class Negative:
    """Minus something."""

    of: Node


@attrs.frozen
class Sum:
    """A sum. A `Negative` term is subtracted."""

    terms: tuple[Node, ...]


@attrs.frozen
class Times:
    """A product."""

    factors: tuple[Node, ...]


@attrs.frozen
class Ratio:
    """A fraction. An `inline` one, as in an exponent or a floor, is written with a slash. A `full` one has full size, also inside a case."""

    top: Node
    bottom: Node
    inline: bool = False
    full: bool = False


@attrs.frozen
class Power:
    """A base to an exponent."""

    base: Node
    exponent: Node


@attrs.frozen
class Apply:
    """A function of arguments: cos, sin, exp, log, min, max, or a count of events. A logarithm may have a `base`."""

    function: Node | str
    args: tuple[Node, ...]
    base: Node | None = None


@attrs.frozen
class Root:
    """A square root."""

    of: Node


@attrs.frozen
class Fence:
    """A node between a pair of signs: a `floor`, a `ceil` or an `abs`."""

    kind: str
    of: Node


@attrs.frozen
class Modulo:
    """The remainder of a division."""

    of: Node
    by: Node


@attrs.frozen
class BigProduct:
    """The product of a factor over an index from 1 to a bound."""

    index: Node
    upto: Node
    factor: Node


@attrs.frozen
class Condition:
    """`low <= of < high`, and the conditions `also`. Either bound may be None; with both None, it always holds."""

    low: Node | None
    of: Node
    high: Node | None
    also: tuple[Condition, ...] = ()

    @property
    def is_otherwise(self) -> bool:
        """Whether it always holds, after the conditions before it."""
        return self.low is None and self.high is None and not self.also


@attrs.frozen
class Cases:
    """Values with the conditions under which they hold, in the order of time."""

    rows: tuple[tuple[Node, Condition], ...]

    @property
    def always(self) -> Node | None:
        """The value that always holds, if there is only one."""
        value, when = self.rows[0]
        return value if len(self.rows) == 1 and when.low is when.high is None else None


@attrs.frozen
class Group:
    """A node in brackets."""

    of: Node


@attrs.frozen
class Words:
    """A remark: plain words, and formulas between them."""

    parts: tuple[Node | str, ...]


@attrs.frozen
class Amount:
    """A number that people read in `words`, as `2B tokens ≈ 476.8 steps`. Programs get its value."""

    value: Exact
    words: Words


Node: TypeAlias = Number | Name | Negative | Sum | Times | Ratio | Power | Apply | Root | Fence | Modulo | BigProduct | Cases | Group | Words | Amount

#: The letter pi.
PI = Name("pi")
#: The signs around a `Fence`.
FENCES = {"floor": "⌊⌋", "ceil": "⌈⌉", "abs": "||"}


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Returns a tree with `change` applied to every node, from the leaves up."""

    def field(x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple(field(part) for part in x)
        if isinstance(x, Condition):
            low, high = (None if part is None else mapped(part, change) for part in (x.low, x.high))
            return Condition(low, mapped(x.of, change), high, field(x.also))
        return mapped(x, change) if attrs.has(type(x)) else x

    spend(1)
    inner = node if isinstance(node, Number | Name | Amount) else type(node)(*(field(getattr(node, f.name)) for f in attrs.fields(type(node))))
    return change(inner)


def names(node: Node) -> set[Name]:
    """Returns the letters in a formula."""
    letters: set[Name] = set()

    def collect(x: Node) -> Node:
        if isinstance(x, Name):
            letters.add(x)
        return x

    mapped(node, collect)
    return letters


def leaves(node: Node) -> int:
    """Returns how many letters and numbers a formula has."""
    count = 0

    def change(x: Node) -> Node:
        nonlocal count
        count += isinstance(x, Number | Name)
        return x

    mapped(node, change)
    return count


def terms_of(node: Node) -> tuple[Node, ...]:
    """Returns the terms of a sum, or of a sum with a minus before it. Any other node is one term; 0 has none."""
    if isinstance(node, Negative):
        return tuple(x.of if isinstance(x, Negative) else Negative(x) for x in terms_of(node.of))
    return node.terms if isinstance(node, Sum) else () if node == Number(0) else (node,)


def sum_of(*nodes: Node) -> Node:
    """Returns the sum of nodes as one flat sum."""
    terms = tuple(term for node in nodes for term in terms_of(node))
    return Sum(terms) if len(terms) > 1 else terms[0]


def product_of(factors: list[Node]) -> Node:
    """Returns the product of nodes as one flat product, numbers first and then pi; 1 if there are no factors."""
    flat: list[Node] = []
    for f in factors:
        flat += f.factors if isinstance(f, Times) else [f]
    flat.sort(key=lambda f: 0 if isinstance(f, Number) else 1 if f == PI else 2)
    return Times(tuple(flat)) if len(flat) > 1 else flat[0] if flat else Number(1)
