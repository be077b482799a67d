"""One formula for a family of groups: `lr["blocks.{k}.*"] = 0.75^(12 - k) * lr` is `eta_t^(k) = 0.75^(12 - k) eta_t`."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from lrdsl.check.legend import split_letter
from lrdsl.clock import MULTIPLES
from lrdsl.expr.exact import quotient
from lrdsl.formulas.notation.printing import slashed
from lrdsl.formulas.notation.tree import Apply, Cases, Name, Negative, Node, Number, Power, Ratio, Root, Sum, mapped, product_of, sum_of
from lrdsl.syntax import canonical, nodes
from lrdsl.targets import Target, quantity_letter

_FUNCTIONS = ("cos", "exp", "log", "max", "min", "sin")


@attrs.frozen
class Relation:
    """The formula of a family: its `value` in the `letter` of the number that a group has, and in the level of another target; and the meanings of letters."""

    letter: Name
    value: Node
    meanings: list[tuple[Name, Node]]
    pattern: str
    level: str


class _OtherError(Exception):
    """Raised for a part that is no arithmetic of the number, of names with numbers, and of another target."""


def relation_of(tree: nodes.Node, target: Target, symbolic: bool) -> Relation | None:
    """Returns the relation of a family to another target of the text; None for another target, or a schedule that is no such product."""
    if not target.letter or not isinstance(tree, nodes.File):
        return None
    body = next((x.body for x in tree.statements if isinstance(x, nodes.Target) and canonical(x.target) == target.written), None)
    if body is None:
        return None
    lets = {x.name: x.value for x in tree.statements if isinstance(x, nodes.Binding)}
    targets = frozenset(canonical(x.target) for x in tree.statements if isinstance(x, nodes.Target))
    reading = _Reading(target.letter, lets, targets, symbolic)
    try:
        value = reading.node(body)
    except _OtherError:
        return None
    if len(reading.levels) != 1:
        return None
    return Relation(Name(target.letter), value, list(reading.meanings.items()), str(target.groups[0]), *reading.levels)


def of_each_piece(relation: Relation, level: Cases) -> Cases:
    """Returns the pieces of a family, from those of the level that it is made of."""
    letter = level_letter(relation.level)
    return Cases(tuple((mapped(relation.value, lambda x, piece=value: piece if x == letter else x), when) for value, when in level.rows))  # type: ignore[misc]


def level_letter(level: str) -> Name:
    """Returns the letter of the level of a target, as eta_t."""
    return Name(quantity_letter(level), "t")


@attrs.define
class _Reading:
    """Reads a body as notation. `levels` has the targets that it names, `meanings` the names of the text that it has."""

    letter: str
    lets: Mapping[str, nodes.Node]
    targets: frozenset[str]
    symbolic: bool
    levels: set[str] = attrs.field(factory=set)
    meanings: dict[Name, Node] = attrs.field(factory=dict)

    def node(self, x: nodes.Node) -> Node:
        match x:
            case nodes.Number(value):
                return Number(value) if value >= 0 else Negative(Number(-value))
            case nodes.Quantity(value, multiple, unit) if not unit:
                return Number(value * MULTIPLES.get(multiple, 1))
            case nodes.Negative(operand):
                return Negative(self.node(operand))
            case nodes.Name(word) if word == self.letter:
                return Name(word)
            case nodes.Name(word) if word in self.lets:
                meaning = self.node(self.lets[word])
                if not self.symbolic:
                    return meaning
                name = Name(*split_letter(word))
                self.meanings[name] = meaning
                return name
            case nodes.Binary(op, left, right):
                return self._binary(op, self.node(left), self.node(right))
            case nodes.Call(word, arguments) if word in (*_FUNCTIONS, "sqrt") and not any(a.name for a in arguments):
                values = tuple(self.node(a.value) for a in arguments)
                return Root(values[0]) if word == "sqrt" else Apply(word, values)
            case nodes.Name(word) if word in self.targets:
                self.levels.add(word)
                return level_letter(word)
        raise _OtherError

    def _binary(self, op: str, left: Node, right: Node) -> Node:
        match op:
            case "+":
                return _with_one_number(sum_of(left, right))
            case "-":
                return _with_one_number(sum_of(left, Negative(right)))
            case "*":
                return product_of([left, right])
            case "/" if isinstance(left, Number) and isinstance(right, Number) and right.value:
                return Number(quotient(left.value, right.value))
            case "/":
                return Ratio(left, right)
        return Power(left, slashed(right, flat=True))


def _with_one_number(total: Node) -> Node:
    """Returns a sum with its numbers added up, where the first one stands: 23 - k for 24 - 1 - k."""
    if not isinstance(total, Sum):
        return total
    numbers = [i for i, x in enumerate(total.terms) if isinstance(x.of if isinstance(x, Negative) else x, Number)]
    if len(numbers) < 2:
        return total
    values = [x.value if isinstance(x, Number) else -x.of.value for x in (total.terms[i] for i in numbers)]  # type: ignore[union-attr]
    together = sum(values[1:], values[0])
    terms = [x for i, x in enumerate(total.terms) if i not in numbers]
    if together:
        terms.insert(numbers[0], Number(together) if together > 0 else Negative(Number(-together)))
    return sum_of(*terms) if terms else Number(0)
