"""Notation: a formula as it stands on paper, before it is LaTeX, Typst, MathML, Python or plain text. Each of those is a printer of this tree."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import attrs

from lrdsl.expr.exact import Exact, size
from lrdsl.work import spend


@attrs.frozen
class Number:
    """An exact number; a printer shows it as a decimal, a power of ten or a fraction."""

    value: Exact


@attrs.frozen
class Name:
    """A letter, as `t` or the word for a Greek one, with a subscript; `raw` is written as it is."""

    letter: str
    sub: str = ""
    raw: bool = False


@attrs.frozen
class Negative:
    """Minus something."""

    of: Node


@attrs.frozen
class Sum:
    """Terms one after the other; a `Negative` one is subtracted."""

    terms: tuple[Node, ...]


@attrs.frozen
class Times:
    """Factors side by side."""

    factors: tuple[Node, ...]


@attrs.frozen
class Ratio:
    """A fraction: upright where there is room, with a slash where it is `inline`, in an exponent or a floor."""

    top: Node
    bottom: Node
    inline: bool = False


@attrs.frozen
class Power:
    """A base to an exponent."""

    base: Node
    exponent: Node


@attrs.frozen
class Apply:
    """A function by name: cos, sin, exp, log, min, max, and counts of events; a logarithm may have a base."""

    function: Node | str
    args: tuple[Node, ...]
    base: Node | None = None


@attrs.frozen
class Root:
    """A square root."""

    of: Node


@attrs.frozen
class Fence:
    """Something between a pair of signs: `floor`, `ceil` or `abs`."""

    kind: str
    of: Node


@attrs.frozen
class Modulo:
    """The rest of a division."""

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
    """`low <= of < high`, and what must hold beside it; either bound may be missing. Where both are, it always holds."""

    low: Node | None
    of: Node
    high: Node | None
    also: tuple[Condition, ...] = ()


@attrs.frozen
class Cases:
    """Values, each with the condition that it holds under, in rising order."""

    rows: tuple[tuple[Node, Condition], ...]

    @property
    def always(self) -> Node | None:
        """The one value that holds under no condition, if that is all there is."""
        value, when = self.rows[0]
        return value if len(self.rows) == 1 and when.low is when.high is None else None


@attrs.frozen
class Group:
    """Something in brackets."""

    of: Node


Node: TypeAlias = Number | Name | Negative | Sum | Times | Ratio | Power | Apply | Root | Fence | Modulo | BigProduct | Cases | Group

#: The Greek letters that a `Name` may have.
GREEK = dict(
    zip(
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "pi",
            "rho",
            "sigma",
            "tau",
            "phi",
            "chi",
            "psi",
            "omega",
        ],
        ["α", "β", "γ", "δ", "ε", "ζ", "η", "θ", "κ", "λ", "μ", "ν", "ξ", "π", "ρ", "σ", "τ", "φ", "χ", "ψ", "ω"],
        strict=True,
    )
)
#: The signs around a `Fence`.
FENCES = {"floor": "⌊⌋", "ceil": "⌈⌉", "abs": "||"}

#: How tightly a form binds, loosest first.
SUM, PRODUCT, SIGNED, POWER, ATOM = range(5)


def binding(node: Node, flat: bool) -> int:
    """How tightly a form binds; `flat` where every fraction is written with a slash."""
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


def grouped(node: Node, flat: bool) -> Node:
    """The same with a `Group` wherever brackets are needed."""

    def need(x: Node, least: int) -> Node:
        inner = grouped(x, flat)
        return Group(inner) if binding(x, flat) < least else inner

    spend(4)
    match node:
        case Negative(of):
            return Negative(need(of, SIGNED if isinstance(of, Modulo) else PRODUCT))
        case Sum(terms):
            found = [grouped(x, flat) if isinstance(x, Negative) else need(x, PRODUCT) for x in terms]
            return Sum(tuple(Group(x) if isinstance(x, Modulo) else x for x in found))
        case Times(factors):
            return Times(tuple(need(x, SIGNED if i and isinstance(x, Modulo) else PRODUCT) for i, x in enumerate(factors)))
        case Ratio(top, bottom, inline):
            if flat or inline:
                return Ratio(need(top, SIGNED if isinstance(top, Modulo) else PRODUCT), need(bottom, POWER), inline)
            return Ratio(grouped(top, flat), grouped(bottom, flat))
        case Power(base, exponent):
            return Power(need(base, ATOM), need(exponent, ATOM) if flat else grouped(exponent, flat))
        case Apply(function, args, of_base):
            return Apply(function, tuple(grouped(x, flat) for x in args), of_base)
        case Group(of):
            return Group(grouped(of, flat))
        case Root(of):
            return Root(grouped(of, flat))
        case Fence(kind, of):
            return Fence(kind, grouped(of, flat))
        case Modulo(of, by):
            return Modulo(need(of, SIGNED), need(by, SIGNED))
        case BigProduct(index, upto, factor):
            return BigProduct(index, grouped(upto, flat), need(factor, PRODUCT))
        case Cases(rows):
            return Cases(tuple((grouped(value, flat), condition_of(condition, flat)) for value, condition in rows))
    return node


def stated(c: Condition, flat: bool, write: Callable[[Node], str], signs: tuple[str, str, str], comma: str) -> str:
    """A condition as text: `write` writes its parts, `signs` stand for less, at most and at least, and `comma` parts conditions that hold together."""
    less, most, least = signs

    def one(x: Condition) -> str:
        of = write(x.of)
        if x.low is None:
            return "" if x.high is None else f"{of}{less}{write(x.high)}"
        return f"{of}{least}{write(x.low)}" if x.high is None else f"{write(x.low)}{most}{of}{less}{write(x.high)}"

    whole = condition_of(c, flat)
    return comma.join(one(each) for each in (whole, *whole.also))


def signed(terms: tuple[Node, ...], write: Callable[[Node], str], plus: str = " + ", minus: str = " - ") -> str:
    """The terms of a sum one after the other, what is negative taken away."""
    return write(terms[0]) + "".join(minus + write(x.of) if isinstance(x, Negative) else plus + write(x) for x in terms[1:])


def condition_of(condition: Condition, flat: bool) -> Condition:
    """A condition with its brackets."""
    low, high = (None if x is None else grouped(x, flat) for x in (condition.low, condition.high))
    return Condition(low, grouped(condition.of, flat), high, tuple(condition_of(c, flat) for c in condition.also))


#: Decimals of more digits than this are written as fractions, and fractions of more characters than that as decimals.
DIGITS, LONG = 8, 24


def digits(value: Exact) -> str:
    """A number as a decimal without an exponent: the shortest that reads as its double.

    >>> digits(Fraction(1, 10)), digits(12), digits(Fraction(1, 3))
    ('0.1', '12', '0.3333333333333333')
    """
    if value.denominator == 1:
        return str(value.numerator)
    return f"{Decimal(repr(float(value))):f}"


def is_fraction(value: Exact) -> bool:
    """Whether a number is written as a fraction: its decimal is long, or goes on for ever, and the fraction is not."""
    if value.denominator == 1 or len(str(value)) > LONG:
        return False
    return Fraction(f"{float(value):.{DIGITS}g}") != value


def scientific(value: Exact) -> tuple[Exact, int] | None:
    """(m, e) of a small or round large number that reads best as `m * 10^e`; None for others.

    >>> scientific(Fraction(3, 10**5)), scientific(Fraction(10**6)), scientific(Fraction(1, 10))
    ((Fraction(3, 1), -5), (Fraction(1, 1), 6), None)
    """
    if value == 0 or is_fraction(value):
        return None
    large = size(value)
    small = value.denominator != 1 and large < Fraction(1, 1000)
    round_ = value.denominator == 1 and str(value.numerator).endswith("00000")
    if not (small or round_):
        return None
    exponent = int(f"{float(large):e}".split("e")[1])
    return value / Fraction(10) ** exponent, exponent


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with every part of it changed, from the leaves up."""

    def of(x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple(of(part) for part in x)
        if isinstance(x, Condition):
            low, high = (None if part is None else mapped(part, change) for part in (x.low, x.high))
            return Condition(low, mapped(x.of, change), high, of(x.also))
        return mapped(x, change) if attrs.has(type(x)) else x

    spend(2)
    inner = node if isinstance(node, Number | Name) else type(node)(*(of(getattr(node, f.name)) for f in attrs.fields(type(node))))
    return change(inner)


def names(node: Node) -> set[Name]:
    """The letters in a formula."""
    found: set[Name] = set()

    def look(x: Node) -> Node:
        if isinstance(x, Name):
            found.add(x)
        return x

    mapped(node, look)
    return found


def with_fractions(node: Node) -> Node:
    """The tree with decimals as fractions: 0.1 is 1/10."""

    def change(x: Node) -> Node:
        plain = isinstance(x, Number) and x.value.denominator != 1 and scientific(x.value) is None
        return Ratio(Number(x.value.numerator), Number(x.value.denominator)) if plain and isinstance(x, Number) else x

    return mapped(node, change)
