"""The nodes of the tree: frozen classes, one for each form of the language.

Every node has an `extent`, the offsets of its first character and of the one after its last. Two nodes are equal when they say the same, wherever they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, TypeAlias

import attrs

from lrdsl.expr.exact import Exact

Extent: TypeAlias = tuple[int, int]


@attrs.frozen
class Number:
    """`0.1`: a number with no unit; `value` is exactly the decimal of the text."""

    value: Exact
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Quantity:
    """`1.5B tokens`: a number, a multiple (`""`, `k`, `M`, `B` or `T`), and a unit as the text spells it (`""` where the text has only a multiple)."""

    value: Exact
    multiple: str
    unit: str
    extent: Extent = attrs.field(eq=False)
    unit_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Name:
    """A bare word: an option, `base`, `rest`, `total`, `t`, a name of the text or of the host, or a shape without arguments."""

    id: str
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Argument:
    """One argument of a call; `name` is empty for an argument by position."""

    name: str
    value: Node
    extent: Extent = attrs.field(eq=False)
    name_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Call:
    """`cosine(20, to=0.1x)`: a shape, a combinator or a function with its arguments."""

    name: str
    arguments: tuple[Argument, ...]
    extent: Extent = attrs.field(eq=False)
    name_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class List:
    """`[30, 60, 80]`: a list of values."""

    items: tuple[Node, ...]
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Negative:
    """`-a`: a value with the other sign."""

    operand: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Binary:
    """`a + b`: arithmetic on two operands. `op` is one of `+ - * / ^`."""

    op: str
    left: Node
    right: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Sequence:
    """`A then B then C`: phases one after the other. Sequences inside sequences are flat, because `then` is associative."""

    items: tuple[Node, ...]
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Restart:
    """`restart A`: a phase that enters at base."""

    body: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Limited:
    """`A for D`: a phase with a length of D."""

    body: Node
    length: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Until:
    """`A until val_loss < 0.3 or 90%`: a phase that ends at the first of its `conditions`.

    A condition is a comparison, a call of `plateau`, a time of the run, or a `Lasting`.
    """

    body: Node
    conditions: tuple[Node, ...]
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Lasting:
    """`for 20ep` after `until`: a condition that holds when the phase has lasted so long."""

    length: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Comparison:
    """`val_loss < 0.3`: a condition on a metric."""

    left: Node
    op: str
    right: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Text:
    """`"val/loss"`: a name in quotes, for names that are not one word."""

    value: str
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Selector:
    """What stands between brackets behind a key: the name of a param group or a pattern of names, an index, or another number, which is a mistake."""

    value: str | Exact
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Indexed:
    """`lr["backbone"]`, `betas[0]`, `lr["a", "b"]`: a key of the param groups, with the `brackets` behind it, which pick an element and groups.

    `quoted` says that the key stands in quotes.
    """

    id: str
    brackets: tuple[tuple[Selector, ...], ...]
    extent: Extent = attrs.field(eq=False)
    quoted: bool = False


@attrs.frozen
class Moment:
    """`lr at 5ep`: the level of a target, or of a phase, at one time."""

    value: Node
    tick: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Setting:
    """`set total = 90ep`: the statement of a fact of the run."""

    name: str
    value: Node
    extent: Extent = attrs.field(eq=False)
    name_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Binding:
    """`let warm = 5ep`: the definition of a name."""

    name: str
    value: Node
    extent: Extent = attrs.field(eq=False)
    name_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Slot:
    """A parameter of a function in the text; `default` is None for a parameter that must be given."""

    name: str
    default: Node | None
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Function:
    """`def wsd(w, s, d, floor=0) = warmup(w) then hold(s) then linear(d, to=floor)`: the definition of a function."""

    name: str
    parameters: tuple[Slot, ...]
    body: Node
    extent: Extent = attrs.field(eq=False)
    name_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Use:
    """`use "common.lrs"`: the definitions of another file."""

    path: str
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Assertion:
    """`assert max(lr) <= 1x`: an assertion. Without a comparison, `op` is empty and `right` is the left side."""

    left: Node
    op: str
    right: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Target:
    """`lr["backbone"] = 0.1 * lr`: a target and its schedule."""

    target: Node
    body: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class File:
    """The statements of a text, in order. A text of one expression has no `File`: its tree is the expression."""

    statements: tuple[Node, ...]
    extent: Extent = attrs.field(eq=False)


Node: TypeAlias = (
    "Number | Quantity | Name | Call | List | Negative | Binary | Sequence | Restart | Limited | Until"
    " | Lasting | Comparison | Text | Indexed | Moment | Setting | Binding | Function | Use | Assertion | Target | File"
)


#: Returns the direct subtrees of a node, for each class of nodes that have any.
_CHILDREN: dict[type[Any], Callable[[Any], tuple[Node, ...]]] = {
    Call: lambda node: tuple([a.value for a in node.arguments]),
    List: attrgetter("items"),
    Sequence: attrgetter("items"),
    Binary: attrgetter("left", "right"),
    Comparison: attrgetter("left", "right"),
    Lasting: lambda node: (node.length,),
    Until: lambda node: (node.body, *node.conditions),
    Limited: attrgetter("body", "length"),
    Negative: lambda node: (node.operand,),
    Restart: lambda node: (node.body,),
    Target: lambda node: (node.body,),
    Setting: lambda node: (node.value,),
    Binding: lambda node: (node.value,),
    Function: lambda node: (*(p.default for p in node.parameters if p.default is not None), node.body),
    Assertion: lambda node: (node.left, node.right) if node.op else (node.left,),
    Moment: attrgetter("value", "tick"),
    File: attrgetter("statements"),
}


def children(node: Node) -> tuple[Node, ...]:
    """Returns the direct subtrees of a node, in the order of the text."""
    subtrees = _CHILDREN.get(type(node))
    return () if subtrees is None else subtrees(node)


def walk(node: Node) -> Iterator[Node]:
    """Yields a node and every node below it, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(children(current))
