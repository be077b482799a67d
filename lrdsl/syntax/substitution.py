"""Puts trees in the place of names in a tree, and does the arithmetic on numbers that this leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from lrdsl.expr.exact import Exact, quotient
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.printer import decimal_text

#: The most bits of the numbers that arithmetic takes, and the most characters of its result; what is longer stays as it is written.
_MOST_BITS = 400
_MOST_CHARACTERS = 24
_FLAT = (nodes.Number, nodes.Quantity, nodes.Name, nodes.Text, nodes.Indexed)


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """Returns a node with `change` applied to each of its direct subtrees."""
    if isinstance(node, _FLAT):
        return node
    fields = {f.name: getattr(node, f.name) for f in attrs.fields(type(node))}
    new = {name: _changed(value, change) for name, value in fields.items()}
    return attrs.evolve(node, **new) if any(new[name] is not fields[name] for name in fields) else node


def _changed(value: Any, change: Callable[[Node], Node]) -> Any:
    if isinstance(value, tuple):
        parts = tuple(_changed(part, change) for part in value)
        return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    if isinstance(value, nodes.Argument | nodes.Slot):
        return rebuilt(value, change)  # type: ignore[arg-type]
    return change(value) if attrs.has(type(value)) and not isinstance(value, nodes.Selector) else value


def substituted(node: Node, values: Mapping[str, Node]) -> Node:
    """Returns a tree with `values` in the place of names. Arithmetic on numbers is done, and a number of bases is written as `0.1x`.

    >>> from lrdsl.syntax import canonical, parse
    >>> canonical(substituted(parse("warmup(w, from=f * base) then cosine(n - w)"), {"w": parse("5"), "n": parse("100"), "f": parse("0.1")}))
    'warmup(5, from=0.1x) then cosine(95)'
    """
    if isinstance(node, nodes.Name):
        return values.get(node.id, node)
    return folded(flattened(rebuilt(node, lambda part: substituted(part, values))))


def flattened(node: Node) -> Node:
    """Returns a sequence without sequences inside it."""
    if not isinstance(node, nodes.Sequence) or not any(isinstance(item, nodes.Sequence) for item in node.items):
        return node
    return attrs.evolve(node, items=tuple(part for item in node.items for part in (item.items if isinstance(item, nodes.Sequence) else (item,))))


def folded(node: Node) -> Node:
    """Returns arithmetic on numbers as one number, if it is a decimal."""
    match node:
        case nodes.Binary("*", nodes.Number(value), nodes.Name("base"), extent) | nodes.Binary("*", nodes.Name("base"), nodes.Number(value), extent):
            if value == 0:
                return nodes.Number(0, extent)
            return nodes.Quantity(value, "", "x", extent, extent) if value > 0 else node
        case nodes.Binary(op, left, right, extent):
            a, b = number_in(left), number_in(right)
            result = None if a is None or b is None else _result(op, a, b)
            return node if result is None or not _is_short(result) else number_node(result, extent)
        case nodes.Call("min" | "max" as name, arguments, extent) if not any(a.name for a in arguments):
            numbers = [number_in(a.value) for a in arguments]
            operands = [number for number in numbers if number is not None]
            return number_node(min(operands) if name == "min" else max(operands), extent) if operands and len(operands) == len(numbers) else node
        case _:
            return node


def number_in(node: Node) -> Exact | None:
    """Returns the number that a node is, with its sign; None for any other node."""
    if isinstance(node, nodes.Negative) and isinstance(node.operand, nodes.Number):
        return -node.operand.value
    return node.value if isinstance(node, nodes.Number) else None


def number_node(value: Exact, extent: nodes.Extent = (0, 0)) -> Node:
    """Returns the node of a number: a decimal, or the quotient of two whole numbers."""
    if not _is_decimal(value):
        top, bottom = value.as_integer_ratio()
        return nodes.Binary("/", number_node(top, extent), nodes.Number(bottom, extent), extent)
    return nodes.Number(value, extent) if value >= 0 else nodes.Negative(nodes.Number(-value, extent), extent)


def _is_decimal(value: Exact) -> bool:
    bottom = value.as_integer_ratio()[1]
    for prime in (2, 5):
        while bottom % prime == 0:
            bottom //= prime
    return bottom == 1


def _is_short(value: Exact) -> bool:
    """Whether a number is a decimal of at most as many digits as a double needs."""
    return _is_decimal(value) and len(decimal_text(value)) <= _MOST_CHARACTERS


def _result(op: str, a: Exact, b: Exact) -> Exact | None:
    if max(*(part.bit_length() for x in (a, b) for part in x.as_integer_ratio()), 0) > _MOST_BITS:
        return None
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return quotient(a, b) if b else None
        case _:
            return None
