"""The tree of a text: frozen nodes, each with the two offsets it came from. Where a node came from is not part of what it equals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, TypeAlias

import attrs

from lrdsl.expr.exact import Exact

Extent: TypeAlias = tuple[int, int]


@attrs.frozen
class Number:
    """`0.1`: a number with no unit; `value` is the decimal, exactly."""

    value: Exact
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Quantity:
    """`1.5B tokens`: a number, a multiple (`""`, `k`, `M`, `B`) and a unit as written (`""` where there is only a multiple)."""

    value: Exact
    multiple: str
    unit: str
    extent: Extent = attrs.field(eq=False)
    unit_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Name:
    """A bare word: a choice, `base`, `rest`, `total`, `t`, a name that the host gives, or a shape without its arguments."""

    id: str
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Argument:
    """One argument of a call; `name` is empty where it was given by position."""

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
    """`[30, 60, 80]`."""

    items: tuple[Node, ...]
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Negative:
    """`-a`."""

    operand: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Binary:
    """`a op b` for `+ - * / ^`."""

    op: str
    left: Node
    right: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Sequence:
    """`A then B then C`, flat: `then` is associative."""

    items: tuple[Node, ...]
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Restart:
    """`restart A`."""

    body: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Limited:
    """`A for D`."""

    body: Node
    length: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Until:
    """`A until val_loss < 0.3 or 20ep`: `conditions` are comparisons, `plateau(...)` calls and durations."""

    body: Node
    conditions: tuple[Node, ...]
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Comparison:
    """`val_loss < 0.3`, a condition."""

    left: Node
    op: str
    right: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Text:
    """`"val/loss"`: a name that is no word."""

    value: str
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Indexed:
    """`lr["backbone"]`, `betas[0]`: a name with the group, or the element, that it is about."""

    id: str
    selectors: tuple[str | int, ...]
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Moment:
    """`lr at 5ep`, in an assertion."""

    value: Node
    tick: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Setting:
    """`set total = 90ep`."""

    name: str
    value: Node
    extent: Extent = attrs.field(eq=False)
    name_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Binding:
    """`let warm = 5ep`."""

    name: str
    value: Node
    extent: Extent = attrs.field(eq=False)
    name_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Slot:
    """A parameter of a function, with its default if it has one."""

    name: str
    default: Node | None
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Function:
    """`def wsd(w, s, d, floor=0) = warmup(w) then hold(s) then linear(d, to=floor)`."""

    name: str
    parameters: tuple[Slot, ...]
    body: Node
    extent: Extent = attrs.field(eq=False)
    name_extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Use:
    """`use "common.lrs"`."""

    path: str
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Assertion:
    """`assert max(lr) <= 1x`; without a comparison `op` is empty and `right` is the left side."""

    left: Node
    op: str
    right: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class Target:
    """`lr["backbone"] = 0.1 * lr`."""

    target: Node
    body: Node
    extent: Extent = attrs.field(eq=False)


@attrs.frozen
class File:
    """Statements, in order. A text of one expression alone is that expression."""

    statements: tuple[Node, ...]
    extent: Extent = attrs.field(eq=False)


Node: TypeAlias = (
    "Number | Quantity | Name | Call | List | Negative | Binary | Sequence | Restart | Limited | Until"
    " | Comparison | Text | Indexed | Moment | Setting | Binding | Function | Use | Assertion | Target | File"
)


#: The subtrees of each kind of node that has any.
_BELOW: dict[type[Any], Callable[[Any], tuple[Node, ...]]] = {
    Call: lambda node: tuple([a.value for a in node.arguments]),
    List: attrgetter("items"),
    Sequence: attrgetter("items"),
    Binary: attrgetter("left", "right"),
    Comparison: attrgetter("left", "right"),
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
    """The direct subtrees of a node, in the order of the text."""
    below = _BELOW.get(type(node))
    return () if below is None else below(node)


def walk(node: Node) -> Iterator[Node]:
    """A node and every node below it, without recursion."""
    todo = [node]
    while todo:
        found = todo.pop()
        yield found
        todo.extend(children(found))
