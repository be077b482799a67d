"""Prints notation as one line of text, as a person would type it: `0.1·η₀/2·(1 + cos(π(t − 3)/20))`."""

from __future__ import annotations

from itertools import pairwise

from lrdsl.escaping.visible import visible
from lrdsl.expr.exact import Exact, size
from lrdsl.formulas.notation import constants, printing, tree
from lrdsl.plan import GREEK

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def text(node: tree.Node) -> str:
    """Returns a formula as text."""
    return _text(printing.bracketed(node, flat=True))


def condition(c: tree.Condition) -> str:
    """Returns a condition as text: `5 ≤ t < 100`."""
    return printing.condition_text(c, True, _text, (" < ", " ≤ ", " ≥ "), ", ")


def rows(pieces: tree.Cases) -> list[tuple[str, str]]:
    """Returns the formula of each piece, and when it holds."""
    return [(text(value), condition(when)) for value, when in pieces.rows]


def constant(value: Exact) -> str:
    """Returns a number as text: a decimal if that is short, else a fraction.

    >>> from fractions import Fraction
    >>> constant(Fraction(1, 10)), constant(Fraction(1, 3)), constant(Fraction(3, 10**5))
    ('0.1', '1/3', '3e−5')
    """
    if constants.is_fraction(value):
        return f"{value.numerator}/{value.denominator}".replace("-", "−")
    parts = constants.scientific(value) if value.denominator != 1 or size(value) >= 10**6 else None
    return (constants.with_groups(value, "," if size(value) >= 10**6 else "") if parts is None else f"{constants.digits(parts[0])}e{parts[1]}").replace(
        "-", "−"
    )


def name(x: tree.Name) -> str:
    """Returns a letter with its subscript."""
    if x.raw:
        return visible(x.letter)
    letter = visible(GREEK.get(x.letter, x.letter))
    return letter if not x.sub else letter + (x.sub.translate(_SUBSCRIPTS) if x.sub.isdigit() else f"_{x.sub}")


def _text(node: tree.Node) -> str:
    match node:
        case tree.Number(value):
            return constant(value)
        case tree.Name():
            return name(node)
        case tree.Group(of):
            return f"({_text(of)})"
        case tree.Negative(of):
            return f"−{_text(of)}"
        case tree.Sum(terms):
            return printing.sum_text(terms, _text, minus=" − ")
        case tree.Times(factors):
            out = _text(factors[0])
            for before, factor in pairwise(factors):
                out += ("" if isinstance(before, tree.Name) and before.letter == "pi" and isinstance(factor, tree.Group) else "·") + _text(factor)
            return out
        case tree.Ratio(top, bottom):
            return f"{_text(top)}/{_text(bottom)}"
        case tree.Power(base, exponent):
            return f"{_text(base)}^{_text(exponent)}"
        case tree.Root(of):
            return f"√({_text(of)})"
        case tree.Fence(kind, of):
            return f"{tree.FENCES[kind][0]}{_text(of)}{tree.FENCES[kind][1]}"
        case tree.Modulo(of, by):
            return f"{_text(of)} mod {_text(by)}"
        case tree.BigProduct(index, upto, factor):
            return f"∏[{_text(index)}=1…{_text(upto)}]{_text(factor)}"
        case tree.Cases(rows):
            last = len(rows) - 1
            return "{" + "; ".join(_text(value) + (" otherwise" if i == last else f" if {condition(c)}") for i, (value, c) in enumerate(rows)) + "}"
        case tree.Words(parts) | tree.Amount(_, tree.Words(parts)):
            return "".join(visible(part) if isinstance(part, str) else _text(part) for part in parts)
        case tree.Apply(function, args, base):
            word = function if isinstance(function, str) else _text(function)
            word += "" if base is None else _text(base).translate(_SUBSCRIPTS) if _text(base).isdigit() else f"_{_text(base)}"
            return f"{word}({', '.join(_text(a) for a in args)})"
    raise AssertionError(node)
