"""Shared by the printers of notation: puts brackets where they are needed, and writes sums with their signs, and conditions."""

from __future__ import annotations

from collections.abc import Callable

from lrdsl.formulas.notation.constants import is_fraction, scientific
from lrdsl.formulas.notation.tree import (
    Apply,
    BigProduct,
    Cases,
    Condition,
    Fence,
    Group,
    Modulo,
    Negative,
    Node,
    Number,
    Power,
    Ratio,
    Root,
    Sum,
    Times,
    Words,
    mapped,
)
from lrdsl.work import spend

#: How tightly the parts of a node hold together, loosest first.
SUM, PRODUCT, SIGNED, POWER, ATOM = range(5)


def binding(node: Node, flat: bool) -> int:
    """Returns how tightly the parts of a node hold together. `flat`: every fraction is written with a slash."""
    match node:
        case Sum() | Negative():
            return SUM
        case Number(value) if value < 0:
            return SUM
        case Number(value) if flat and is_fraction(value):
            return PRODUCT
        case Number(value) if is_fraction(value):
            return SIGNED
        case Number(value) if (parts := scientific(value)) is not None:
            return SIGNED if parts[0] == 1 else PRODUCT
        case Ratio():
            return PRODUCT if flat or node.inline else SIGNED
        case Times() | Modulo() | BigProduct():
            return PRODUCT
        case Power():
            return POWER
    return ATOM


def bracketed(node: Node, flat: bool) -> Node:
    """Returns notation with a `Group` wherever brackets are needed. `flat`: every fraction is written with a slash."""

    def need(x: Node, least: int) -> Node:
        inner = bracketed(x, flat)
        return Group(inner) if binding(x, flat) < least else inner

    spend(2)
    match node:
        case Negative(of):
            return Negative(need(of, SIGNED if isinstance(of, Modulo) else PRODUCT))
        case Sum(terms):
            inner = [bracketed(x, flat) if isinstance(x, Negative) else need(x, PRODUCT) for x in terms]
            return Sum(tuple(Group(x) if isinstance(x, Modulo) else x for x in inner))
        case Times(factors):
            return Times(tuple(need(x, SIGNED if i and isinstance(x, Modulo) else PRODUCT) for i, x in enumerate(factors)))
        case Ratio(top, bottom, inline, full):
            if flat or inline:
                return Ratio(need(top, SIGNED if isinstance(top, Modulo) else PRODUCT), need(bottom, POWER), inline)
            return Ratio(bracketed(top, flat), bracketed(bottom, flat), full=full)
        case Power(base, exponent):
            return Power(need(base, ATOM), need(exponent, ATOM) if flat else bracketed(exponent, flat))
        case Apply(function, args, of_base):
            return Apply(function, tuple(bracketed(x, flat) for x in args), of_base)
        case Group(of):
            return Group(bracketed(of, flat))
        case Root(of):
            return Root(bracketed(of, flat))
        case Fence(kind, of):
            return Fence(kind, bracketed(of, flat))
        case Modulo(of, by):
            return Modulo(need(of, SIGNED), need(by, SIGNED))
        case BigProduct(index, upto, factor):
            return BigProduct(index, bracketed(upto, flat), need(factor, PRODUCT))
        case Words(parts):
            return Words(tuple(part if isinstance(part, str) else bracketed(part, flat) for part in parts))
        case Cases(rows):
            return Cases(tuple((bracketed(value, flat), bracketed_condition(condition, flat)) for value, condition in rows))
    return node


def slashed(node: Node, flat: bool = False) -> Node:
    """Returns notation with a slash for each fraction inside another; `flat`: for every fraction."""

    def change(x: Node) -> Node:
        return Ratio(slashed(x.top, True), slashed(x.bottom, True), flat) if isinstance(x, Ratio) and not x.inline and not flat else x

    def inline(x: Node) -> Node:
        if isinstance(x, Number) and is_fraction(x.value):
            return Ratio(Number(x.value.numerator), Number(x.value.denominator), True)
        if isinstance(x, Times):  # (a/2)(1 + b), since a/2(1 + b) reads as another
            return Times(tuple(Group(factor) if isinstance(factor, Ratio) and factor is not x.factors[-1] else factor for factor in x.factors))
        return Ratio(x.top, x.bottom, True) if isinstance(x, Ratio) else x

    return mapped(node, inline if flat else change)


def condition_text(c: Condition, flat: bool, write: Callable[[Node], str], signs: tuple[str, str, str], comma: str) -> str:
    """Writes a condition. `write` writes its parts, `signs` are those for <, <= and >=, and `comma` separates conditions that must all hold."""
    less, most, least = signs

    def single(x: Condition) -> str:
        of = write(x.of)
        if x.low is None:
            return "" if x.high is None else f"{of}{less}{write(x.high)}"
        return f"{of}{least}{write(x.low)}" if x.high is None else f"{write(x.low)}{most}{of}{less}{write(x.high)}"

    whole = bracketed_condition(c, flat)
    return comma.join(single(part) for part in (whole, *whole.also))


def sum_text(terms: tuple[Node, ...], write: Callable[[Node], str], plus: str = " + ", minus: str = " - ") -> str:
    """Writes the terms of a sum, with `minus` before the negative ones."""
    return write(terms[0]) + "".join(minus + write(x.of) if isinstance(x, Negative) else plus + write(x) for x in terms[1:])


def bracketed_condition(condition: Condition, flat: bool) -> Condition:
    """Returns a condition with a `Group` wherever brackets are needed."""
    low, high = (None if x is None else bracketed(x, flat) for x in (condition.low, condition.high))
    return Condition(low, bracketed(condition.of, flat), high, tuple(bracketed_condition(c, flat) for c in condition.also))
