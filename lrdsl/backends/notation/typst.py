"""Notation as Typst math: `frac(eta_0, 2)(1 + cos(frac(pi (t - 5), 95)))`."""

from __future__ import annotations

from fractions import Fraction

from lrdsl.backends.notation.latex import GREEK
from lrdsl.backends.notation.tree import (
    Apply,
    BigProduct,
    Cases,
    Condition,
    Fence,
    Group,
    Modulo,
    Name,
    Negative,
    Node,
    Number,
    Power,
    Ratio,
    Root,
    Sum,
    Times,
    condition_of,
    digits,
    grouped,
    is_fraction,
    scientific,
)


def typst(node: Node) -> str:
    """A formula as Typst math."""
    return _text(grouped(node, flat=False))


def condition(c: Condition) -> str:
    """When a piece holds: `5 <= t < 100`."""
    c = condition_of(c, flat=False)
    return "\\, ".join(_condition(each) for each in (c, *c.also))  # a plain comma would end the row


def _condition(c: Condition) -> str:
    of = _text(c.of)
    if c.low is None:
        return "" if c.high is None else f"{of} < {_text(c.high)}"
    return f"{of} >= {_text(c.low)}" if c.high is None else f"{_text(c.low)} <= {of} < {_text(c.high)}"


def constant(value: Fraction) -> str:
    """A number: a decimal, a power of ten, or a fraction."""
    if is_fraction(value):
        return f"frac({value.numerator}, {value.denominator})"
    parts = scientific(value)
    if parts is None:
        return digits(value)
    return f"10^({parts[1]})" if parts[0] == 1 else f"{digits(parts[0])} times 10^({parts[1]})"


def name(x: Name) -> str:
    """A letter with its subscript."""
    if x.raw:
        return x.letter
    letter = x.letter if x.letter in GREEK or len(x.letter) == 1 else f'"{x.letter}"'
    sub = x.sub if len(x.sub) == 1 or x.sub.isdigit() else f'"{x.sub}"'
    return f"{letter}_{sub}" if x.sub else letter


def _text(node: Node) -> str:
    match node:
        case Number(value):
            return constant(value)
        case Name():
            return name(node)
        case Group(of):
            return f"({_text(of)})"
        case Negative(of):
            return f"-{_text(of)}"
        case Sum(terms):
            return _text(terms[0]) + "".join(f" - {_text(x.of)}" if isinstance(x, Negative) else f" + {_text(x)}" for x in terms[1:])
        case Times(factors):
            return _product(factors)
        case Ratio(top, bottom, inline):
            return f"{_text(top)} \\/ {_text(bottom)}" if inline else f"frac({_text(top)}, {_text(bottom)})"
        case Power(base, exponent):
            return f"{_text(base)}^({_text(exponent)})"
        case Root(of):
            return f"sqrt({_text(of)})"
        case Fence(kind, of):
            return f"{kind}({_text(of)})"
        case Modulo(of, by):
            return f"{_text(of)} mod {_text(by)}"
        case BigProduct(index, upto, factor):
            return f"product_({_text(index)} = 1)^({_text(upto)}) {_text(factor)}"
        case Cases(rows):
            return f"cases({', '.join(row(value, c) for value, c in rows)})"
        case Apply(function, args, base):
            word = (function if isinstance(function, str) else _text(function)) + ("" if base is None else f"_{_text(base)}")
            return f"{word}({', '.join(_text(a) for a in args)})"
    raise AssertionError(node)


def row(value: Node, c: Condition) -> str:
    """One of several cases."""
    return f'{typst(value)} & "if " {condition(c)}'


def _product(factors: tuple[Node, ...]) -> str:
    out = _text(factors[0])
    for factor in factors[1:]:
        first = factor.base if isinstance(factor, Power) else factor
        out += (" dot " if isinstance(first, Number) else " ") + _text(factor)
    return out
