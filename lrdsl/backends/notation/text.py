"""Notation as one line of text, as a person would type it: `0.1·η₀/2·(1 + cos(π(t − 3)/20))`."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

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

GREEK = {"pi": "π", "eta": "η", "tau": "τ", "mu": "μ", "lambda": "λ", "beta": "β", "gamma": "γ", "alpha": "α"}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_FENCES = {"floor": "⌊⌋", "ceil": "⌈⌉", "abs": "||"}


def text(node: Node) -> str:
    """A formula as text."""
    return _text(grouped(node, flat=True))


def condition(c: Condition) -> str:
    """When a piece holds: `5 ≤ t < 100`."""
    c = condition_of(c, flat=True)
    return ", ".join(_condition(each) for each in (c, *c.also))


def _condition(c: Condition) -> str:
    of = _text(c.of)
    if c.low is None:
        return "" if c.high is None else f"{of} < {_text(c.high)}"
    return f"{of} ≥ {_text(c.low)}" if c.high is None else f"{_text(c.low)} ≤ {of} < {_text(c.high)}"


def constant(value: Fraction) -> str:
    """A number, as a decimal where that is short, else as a fraction.

    >>> constant(Fraction(1, 10)), constant(Fraction(1, 3)), constant(Fraction(3, 10**5))
    ('0.1', '1/3', '3e−5')
    """
    if is_fraction(value):
        return f"{value.numerator}/{value.denominator}".replace("-", "−")
    parts = scientific(value) if value.denominator != 1 else None
    return (digits(value) if parts is None else f"{digits(parts[0])}e{parts[1]}").replace("-", "−")


def name(x: Name) -> str:
    """A letter with its subscript."""
    if x.raw:
        return x.letter
    letter = GREEK.get(x.letter, x.letter)
    return letter if not x.sub else letter + (x.sub.translate(_SUBSCRIPTS) if x.sub.isdigit() else f"_{x.sub}")


def _text(node: Node) -> str:
    match node:
        case Number(value):
            return constant(value)
        case Name():
            return name(node)
        case Group(of):
            return f"({_text(of)})"
        case Negative(of):
            return f"−{_text(of)}"
        case Sum(terms):
            return _text(terms[0]) + "".join(f" − {_text(x.of)}" if isinstance(x, Negative) else f" + {_text(x)}" for x in terms[1:])
        case Times(factors):
            out = _text(factors[0])
            for before, factor in pairwise(factors):
                out += ("" if isinstance(before, Name) and before.letter == "pi" and isinstance(factor, Group) else "·") + _text(factor)
            return out
        case Ratio(top, bottom):
            return f"{_text(top)}/{_text(bottom)}"
        case Power(base, exponent):
            return f"{_text(base)}^{_text(exponent)}"
        case Root(of):
            return f"√({_text(of)})"
        case Fence(kind, of):
            return f"{_FENCES[kind][0]}{_text(of)}{_FENCES[kind][1]}"
        case Modulo(of, by):
            return f"{_text(of)} mod {_text(by)}"
        case BigProduct(index, upto, factor):
            return f"∏[{_text(index)}=1…{_text(upto)}]{_text(factor)}"
        case Cases(rows):
            last = len(rows) - 1
            return "{" + "; ".join(_text(value) + (" otherwise" if i == last else f" if {condition(c)}") for i, (value, c) in enumerate(rows)) + "}"
        case Apply(function, args, base):
            word = function if isinstance(function, str) else _text(function)
            word += "" if base is None else _text(base).translate(_SUBSCRIPTS) if _text(base).isdigit() else f"_{_text(base)}"
            return f"{word}({', '.join(_text(a) for a in args)})"
    raise AssertionError(node)
