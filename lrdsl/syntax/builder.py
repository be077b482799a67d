"""Builds the nodes of the tree: one method for each rule of the grammar."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

from lrdsl.clock import MULTIPLES
from lrdsl.expr.exact import Exact, quotient, reduced
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.tokens import Token

#: The nodes that are statements of a file; every other node is an expression.
STATEMENTS = (nodes.Setting, nodes.Binding, nodes.Function, nodes.Use, nodes.Assertion, nodes.Target)


class Builder:
    """Holds one method for each rule of the grammar, with the name of the rule. The parser calls it when the rule is complete.

    The arguments are the parts of the rule: nodes and tokens, signs and keywords included, so that a node can take its extent from them.
    """

    def number(self, token: Token) -> Node:
        return nodes.Number(_value(token), token.extent)

    def quantity(self, number: Token, *words: Token) -> Node:
        extent = (number.extent[0], words[-1].extent[1])
        if len(words) == 2:
            return nodes.Quantity(_value(number), str(words[0]), str(words[1]), extent, words[1].extent)
        multiple = str(words[0]) if words[0] in MULTIPLES else ""
        return nodes.Quantity(_value(number), multiple, "" if multiple else str(words[0]), extent, words[0].extent)

    def name(self, word: Token) -> Node:
        return nodes.Name(str(word), word.extent)

    def named(self, word: Token, _equal: Token, value: Node) -> nodes.Argument:
        return nodes.Argument(str(word), value, (word.extent[0], value.extent[1]), word.extent)

    def positional(self, value: Node) -> nodes.Argument:
        return nodes.Argument("", value, value.extent, value.extent)

    def call(self, word: Token, _open: Token, *parts: Any) -> Node:
        arguments = tuple(part for part in parts if isinstance(part, nodes.Argument))
        return nodes.Call(str(word), arguments, (word.extent[0], parts[-1].extent[1]), word.extent)

    def list(self, opening: Token, *parts: Any) -> Node:
        items = tuple(part for part in parts if not isinstance(part, Token))
        return nodes.List(items, (opening.extent[0], parts[-1].extent[1]))

    def group(self, _open: Token, body: Node, _close: Token) -> Node:
        return body

    def negative(self, minus: Token, operand: Node) -> Node:
        return nodes.Negative(operand, (minus.extent[0], operand.extent[1]))

    def binary(self, left: Node, op: Token, right: Node) -> Node:
        return nodes.Binary(str(op), left, right, (left.extent[0], right.extent[1]))

    def restart(self, word: Token, body: Node) -> Node:
        return nodes.Restart(body, (word.extent[0], body.extent[1]))

    def limited(self, body: Node, _for: Token, length: Node) -> Node:
        return nodes.Limited(body, length, (body.extent[0], length.extent[1]))

    def until(self, body: Node, _until: Token, *parts: Any) -> Node:
        conditions = tuple(part for part in parts if not isinstance(part, Token))
        return nodes.Until(body, conditions, (body.extent[0], conditions[-1].extent[1]))

    def lasting(self, keyword: Token, length: Node) -> Node:
        return nodes.Lasting(length, (keyword.extent[0], length.extent[1]))

    def comparison(self, left: Node, op: Token, right: Node) -> Node:
        return nodes.Comparison(left, str(op), right, (left.extent[0], right.extent[1]))

    def text(self, token: Token) -> Node:
        return nodes.Text(str(token[1:-1]), token.extent)

    def sequence(self, *parts: Any) -> Node:
        items: list[Node] = []
        for part in parts:
            if not isinstance(part, Token):
                items.extend(part.items if isinstance(part, nodes.Sequence) else [part])
        return nodes.Sequence(tuple(items), (parts[0].extent[0], parts[-1].extent[1]))

    def indexed(self, key: Token, *parts: Token) -> Node:
        brackets: list[list[nodes.Selector]] = []
        for token in parts:
            if token.type == "LSQB":
                brackets.append([])
            elif token.type == "STRING":
                brackets[-1].append(nodes.Selector(str(token[1:-1]), token.extent))
            elif token.type == "NUMBER":
                brackets[-1].append(nodes.Selector(_value(token), token.extent))
        quoted = key.type == "STRING"
        word = str(key[1:-1] if quoted else key)
        return nodes.Indexed(word, tuple(map(tuple, brackets)), (key.extent[0], parts[-1].extent[1]), quoted)

    def moment(self, value: Node, _at: Token, tick: Node) -> Node:
        return nodes.Moment(value, tick, (value.extent[0], tick.extent[1]))

    def setting(self, keyword: Token, word: Token, _equal: Token, value: Node) -> Node:
        return nodes.Setting(str(word), value, (keyword.extent[0], value.extent[1]), word.extent)

    def binding(self, keyword: Token, word: Token, _equal: Token, value: Node) -> Node:
        return nodes.Binding(str(word), value, (keyword.extent[0], value.extent[1]), word.extent)

    def parameter(self, word: Token, *parts: Any) -> nodes.Slot:
        default: Node | None = parts[1] if parts else None
        return nodes.Slot(str(word), default, (word.extent[0], word.extent[1] if default is None else default.extent[1]))

    def function(self, keyword: Token, word: Token, *parts: Any) -> Node:
        slots = tuple(part for part in parts if isinstance(part, nodes.Slot))
        return nodes.Function(str(word), slots, parts[-1], (keyword.extent[0], parts[-1].extent[1]), word.extent)

    def use(self, keyword: Token, path: Token) -> Node:
        return nodes.Use(str(path[1:-1]), (keyword.extent[0], path.extent[1]))

    def assertion(self, keyword: Token, left: Node, *parts: Any) -> Node:
        op, right = (str(parts[0]), parts[1]) if parts else ("", left)
        return nodes.Assertion(left, op, right, (keyword.extent[0], right.extent[1]))

    def target(self, left: Node, _equal: Token, body: Node) -> Node:
        return nodes.Target(left, body, (left.extent[0], body.extent[1]))

    def start(self, *statements: Any) -> Node:
        items = tuple(s for s in statements if not isinstance(s, Token))
        if len(items) == 1 and not isinstance(items[0], STATEMENTS):
            return cast(Node, items[0])
        return nodes.File(items, (items[0].extent[0], items[-1].extent[1]))


def _value(token: Token) -> Exact:
    digits = token.replace("_", "")
    whole, _, places = digits.partition(".")
    return quotient(int(whole + places), 10 ** len(places)) if (whole + places).isdecimal() else reduced(Fraction(digits))
