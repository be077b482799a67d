"""From what the parser has recognized to nodes: one builder for each rule of the grammar."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

from lrdsl.clock import MULTIPLES
from lrdsl.expr.exact import Exact, quotient, reduced
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.tokens import Token

STATEMENTS = (nodes.Setting, nodes.Binding, nodes.Function, nodes.Use, nodes.Assertion, nodes.Target)


class Builder:
    """What the parser calls when a rule is complete: the method of its name. The parts are nodes and every token, so each node knows where it stands."""

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

    def call(self, word: Token, _open: Token, *rest: Any) -> Node:
        arguments = tuple(r for r in rest if isinstance(r, nodes.Argument))
        return nodes.Call(str(word), arguments, (word.extent[0], rest[-1].extent[1]), word.extent)

    def list(self, opening: Token, *rest: Any) -> Node:
        items = tuple(r for r in rest if not isinstance(r, Token))
        return nodes.List(items, (opening.extent[0], rest[-1].extent[1]))

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

    def until(self, body: Node, _until: Token, *rest: Any) -> Node:
        conditions = tuple(r for r in rest if not isinstance(r, Token))
        return nodes.Until(body, conditions, (body.extent[0], conditions[-1].extent[1]))

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

    def indexed(self, word: Token, *rest: Token) -> Node:
        keys: list[str | int] = []
        for token in rest:
            if token.type == "STRING":
                keys.append(token[1:-1])
            elif token.type == "NUMBER":
                keys.append(int(_value(token)) if token.isdigit() else str(token))
        return nodes.Indexed(str(word), tuple(keys), (word.extent[0], rest[-1].extent[1]))

    def moment(self, value: Node, _at: Token, tick: Node) -> Node:
        return nodes.Moment(value, tick, (value.extent[0], tick.extent[1]))

    def setting(self, keyword: Token, word: Token, _equal: Token, value: Node) -> Node:
        return nodes.Setting(str(word), value, (keyword.extent[0], value.extent[1]), word.extent)

    def binding(self, keyword: Token, word: Token, _equal: Token, value: Node) -> Node:
        return nodes.Binding(str(word), value, (keyword.extent[0], value.extent[1]), word.extent)

    def parameter(self, word: Token, *rest: Any) -> nodes.Slot:
        default: Node | None = rest[1] if rest else None
        return nodes.Slot(str(word), default, (word.extent[0], word.extent[1] if default is None else default.extent[1]))

    def function(self, keyword: Token, word: Token, *rest: Any) -> Node:
        slots = tuple(r for r in rest if isinstance(r, nodes.Slot))
        return nodes.Function(str(word), slots, rest[-1], (keyword.extent[0], rest[-1].extent[1]), word.extent)

    def use(self, keyword: Token, path: Token) -> Node:
        return nodes.Use(str(path[1:-1]), (keyword.extent[0], path.extent[1]))

    def assertion(self, keyword: Token, left: Node, *rest: Any) -> Node:
        op, right = (str(rest[0]), rest[1]) if rest else ("", left)
        return nodes.Assertion(left, op, right, (keyword.extent[0], right.extent[1]))

    def target(self, left: Node, _equal: Token, body: Node) -> Node:
        return nodes.Target(left, body, (left.extent[0], body.extent[1]))

    def start(self, *statements: Any) -> Node:
        found = tuple(s for s in statements if not isinstance(s, Token))
        if len(found) == 1 and not isinstance(found[0], STATEMENTS):
            return cast(Node, found[0])
        return nodes.File(found, (found[0].extent[0], found[-1].extent[1]))


def _value(token: Token) -> Exact:
    digits = token.replace("_", "")
    whole, _, places = digits.partition(".")
    return quotient(int(whole + places), 10 ** len(places)) if (whole + places).isdecimal() else reduced(Fraction(digits))
