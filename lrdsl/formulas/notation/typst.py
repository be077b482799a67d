"""Prints notation as Typst math: `frac(eta_0, 2)(1 + cos(frac(pi (t - 5), 95)))`."""

from __future__ import annotations

from lrdsl.escaping import quoting
from lrdsl.expr.exact import Exact
from lrdsl.formulas.notation import constants, printing, tree
from lrdsl.plan import GREEK


def typst(node: tree.Node) -> str:
    """Returns a formula as Typst math."""
    return _text(printing.bracketed(node, flat=False))


def condition(c: tree.Condition) -> str:
    """Returns a condition as Typst math: `5 <= t < 100`."""
    return printing.condition_text(c, False, _text, (" < ", " <= ", " >= "), "\\, ")  # a plain comma would end the row


def constant(value: Exact) -> str:
    """Returns a number as Typst math."""
    if constants.is_fraction(value):
        return f"frac({_digits(value.numerator)}, {_digits(value.denominator)})"
    parts = constants.scientific(value)
    if parts is None:
        return _digits(value)
    return f"10^({parts[1]})" if parts[0] == 1 else f"{constants.digits(parts[0])} times 10^({parts[1]})"


def _digits(value: Exact) -> str:
    """Returns the digits of a number. Those with a comma stand in quotes, since a comma separates arguments."""
    shown = constants.with_groups(value, ",")
    return f'"{shown}"' if "," in shown else shown


def name(x: tree.Name) -> str:
    """Returns a letter with its subscript."""
    if x.raw:
        return x.letter
    letter = x.letter if x.letter in GREEK else quoting.typst_name(x.letter)
    parts = [part if part in ("min", "max") else quoting.typst_name(part) for part in x.scripts]
    return (f"{letter}_{parts[0]}" if len(parts) == 1 else f"{letter}_({', '.join(parts)})") if x.sub else letter


def _text(node: tree.Node) -> str:
    match node:
        case tree.Number(value):
            return constant(value)
        case tree.Name():
            return name(node)
        case tree.Group(of):
            return f"({_text(of)})"
        case tree.Negative(of):
            return f"-{_text(of)}"
        case tree.Sum(terms):
            return printing.sum_text(terms, _text)
        case tree.Times(factors):
            return _product(factors)
        case tree.Ratio(top, bottom, inline):
            return f"{_text(top)} \\/ {_text(bottom)}" if inline else f"frac({_text(top)}, {_text(bottom)})"
        case tree.Power(base, exponent):
            return f"{_text(base)}^({_text(exponent)})"
        case tree.Root(of):
            return f"sqrt({_text(of)})"
        case tree.Fence(kind, of):
            return f"{kind}({_text(of)})"
        case tree.Modulo(of, by):
            return f"{_text(of)} mod {_text(by)}"
        case tree.BigProduct(index, upto, factor):
            return f"product_({_text(index)} = 1)^({_text(upto)}) {_text(factor)}"
        case tree.Cases(rows):
            return f"cases({', '.join(row(value, c) for value, c in rows)})"
        case tree.Words(parts) | tree.Amount(_, tree.Words(parts)):
            return " ".join(quoting.typst(part) if isinstance(part, str) else _text(part) for part in parts)
        case tree.Apply(function, args, base):
            word = (function if isinstance(function, str) else _text(function)) + ("" if base is None else f"_{_text(base)}")
            return f"{word}({', '.join(_text(a) for a in args)})"
    raise AssertionError(node)


def row(value: tree.Node, c: tree.Condition) -> str:
    """Returns a row of cases."""
    return f'{typst(value)} & "otherwise"' if c.is_otherwise else f'{typst(value)} & "if " {condition(c)}'


def with_group(symbol: tree.Name, group: str | int | tree.Name | None) -> str:
    """Returns the letter of a target with its param group above, in brackets."""
    if group is None:
        return name(symbol)
    return f"{name(symbol)}^(({quoting.typst(group) if isinstance(group, str) else name(group) if isinstance(group, tree.Name) else group}))"


def _product(factors: tuple[tree.Node, ...]) -> str:
    out = _text(factors[0])
    for factor in factors[1:]:
        first = factor.base if isinstance(factor, tree.Power) else factor
        out += (" dot " if isinstance(first, tree.Number) else " ") + _text(factor)
    return out
