r"""Prints notation as LaTeX: `\frac{\eta_0}{2}\left(1 + \cos\frac{\pi (t - 5)}{95}\right)`."""

from __future__ import annotations

import re
from itertools import pairwise

from lrdsl.escaping import quoting
from lrdsl.expr.exact import Exact
from lrdsl.formulas.notation import constants, printing, tree
from lrdsl.plan import GREEK

_FENCES = {"floor": (r"\lfloor ", r" \rfloor"), "ceil": (r"\lceil ", r" \rceil"), "abs": (r"\lvert ", r" \rvert")}
#: Between thousands.
_COMMA = "{,}"
#: Comparisons in a remark, which stand in no text.
_SIGNS = {"<": "<", ">": ">", "<=": r"\le", ">=": r"\ge"}
_FUNCTIONS = {"cos", "sin", "exp", "log", "min", "max"}


def latex(node: tree.Node) -> str:
    """Returns a formula as LaTeX."""
    return _text(printing.bracketed(node, flat=False))


def condition(c: tree.Condition) -> str:
    r"""Returns a condition as LaTeX: `5 \le t < 100`."""
    return printing.condition_text(c, False, _text, (" < ", r" \le ", r" \ge "), r",\; ")


def _when(c: tree.Condition) -> str:
    return r"\text{otherwise}" if c.is_otherwise else rf"\text{{if }} {condition(c)}"


def constant(value: Exact) -> str:
    """Returns a number as LaTeX."""
    if value < 0:
        return f"-{constant(-value)}"
    if constants.is_fraction(value):
        return rf"\tfrac{{{constants.with_groups(value.numerator, _COMMA)}}}{{{constants.with_groups(value.denominator, _COMMA)}}}"
    parts = constants.scientific(value)
    if parts is None:
        return constants.with_groups(value, _COMMA)
    return f"10^{{{parts[1]}}}" if parts[0] == 1 else rf"{constants.digits(parts[0])} \times 10^{{{parts[1]}}}"


def name(x: tree.Name) -> str:
    """Returns a letter with its subscript."""
    if x.raw:
        return x.letter
    if x.letter.startswith("⟨"):
        return rf"\langle\text{{{quoting.latex(x.letter[1:-1])}}}\rangle"
    letter = "\\" + x.letter if x.letter in GREEK else quoting.latex_name(x.letter)
    if not x.sub:
        return letter
    sub = ",".join(_script(part) for part in x.scripts)
    return rf"{letter}_{{{sub}}}" if len(sub) > 1 else f"{letter}_{sub}"


def displayed(node: tree.Node) -> tree.Node:
    """Returns a formula with its fractions in full size, for a case. It has no fraction inside another."""
    return tree.mapped(node, lambda x: tree.Ratio(x.top, x.bottom, full=True) if isinstance(x, tree.Ratio) and not x.inline else x)


def words(node: tree.Words | tree.Amount) -> list[tuple[bool, str]]:
    """Returns the parts of a remark: formulas, and plain words, escaped."""
    parts = (node.words if isinstance(node, tree.Amount) else node).parts
    if len(parts) == 3 and parts[1] == " = ":  # an equation
        return [(True, "".join(part if isinstance(part, str) else _text(part) for part in parts))]
    out: list[tuple[bool, str]] = []
    for part in parts:
        pieces = re.split("([<>]=?)", part) if isinstance(part, str) else []
        out += [(True, _text(part))] if not isinstance(part, str) else [(i % 2 == 1, _SIGNS.get(x, quoting.latex(x))) for i, x in enumerate(pieces) if x]
    return out


def _script(part: str) -> str:
    """Returns a part of a subscript."""
    if re.fullmatch("[0-9]+", part):
        return part
    if part in ("min", "max"):
        return rf"\{part}"
    return rf"\mathrm{{{part.replace(' ', chr(92) + ',')}}}" if re.fullmatch("[A-Za-z]+( [A-Za-z]+)+", part) else quoting.latex_name(part)


def _text(node: tree.Node) -> str:
    match node:
        case tree.Number(value):
            return constant(value)
        case tree.Name():
            return name(node)
        case tree.Group(of):
            return rf"\left({_text(of)}\right)" if _tall(of) else f"({_text(of)})"
        case tree.Negative(of):
            return f"-{_text(of)}"
        case tree.Sum(terms):
            return printing.sum_text(terms, _text)
        case tree.Times(factors):
            return _product(factors)
        case tree.Ratio(top, bottom, inline, full):
            if inline:
                return f"{_text(top)}/{_text(bottom)}"
            small = isinstance(top, tree.Number) and isinstance(bottom, tree.Number) and top.value.denominator == 1 and top.value < 100
            return rf"\{'t' if small else 'd' if full else ''}frac{{{_text(top)}}}{{{_text(bottom)}}}"
        case tree.Power(base, exponent):
            return f"{_text(base)}^{{{_text(exponent)}}}"
        case tree.Root(of):
            return rf"\sqrt{{{_text(of)}}}"
        case tree.Fence(kind, of):
            left, right = _FENCES[kind]
            return f"{left}{_text(of)}{right}"
        case tree.Modulo(of, by):
            return rf"{_text(of)} \bmod {_text(by)}"
        case tree.BigProduct(index, upto, factor):
            return rf"\prod_{{{_text(index)}=1}}^{{{_text(upto)}}} {_text(factor)}"
        case tree.Cases(rows):
            inner = r" \\ ".join(rf"{_text(value)} & {_when(c)}" for value, c in rows)
            return rf"\begin{{cases}} {inner} \end{{cases}}"
        case tree.Words() | tree.Amount():
            return "".join(part if is_formula else rf"\text{{{part}}}" for is_formula, part in words(node))
        case tree.Apply(function, args, base):
            return _applied(function, args, base)
    raise AssertionError(node)


def _applied(function: tree.Node | str, args: tuple[tree.Node, ...], base: tree.Node | None) -> str:
    word = _text(function) if not isinstance(function, str) else f"\\{function}" if function in _FUNCTIONS else rf"\operatorname{{{function}}}"
    word += "" if base is None else f"_{{{_text(base)}}}"
    if len(args) == 1 and function in ("cos", "sin", "log") and isinstance(args[0], tree.Ratio) and not args[0].inline:
        return word + _text(args[0])
    inner = ", ".join(_text(a) for a in args)
    return rf"{word}\left({inner}\right)" if any(_tall(a) for a in args) else f"{word}({inner})"


def _product(factors: tuple[tree.Node, ...]) -> str:
    out = _text(factors[0])
    for before, factor in pairwise(factors):
        out += _between(before, factor) + _text(factor)
    return out


def _between(before: tree.Node, factor: tree.Node) -> str:
    """Returns the sign between two factors: nothing, a thin space, or a dot before a number."""
    first = factor.base if isinstance(factor, tree.Power) else factor.top if isinstance(factor, tree.Ratio) and factor.inline else factor
    if isinstance(first, tree.Number):
        return r" \cdot "
    if isinstance(first, tree.Group) and not isinstance(before, tree.Apply):
        return ""
    if _is_word(before) and _is_word(first):  # cut · ratio, not cut ratio, which reads as one word
        return r" \cdot "
    return " " if isinstance(before, tree.Name) and before.letter == "pi" else r"\,"


def _is_word(node: tree.Node) -> bool:
    """Whether a factor is a word."""
    return isinstance(node, tree.Name) and not node.raw and len(node.letter) > 1 and node.letter not in GREEK


def _tall(node: tree.Node) -> bool:
    """Whether a node is taller than a line."""
    match node:
        case tree.Ratio(top, bottom, inline):
            return not inline or _tall(top) or _tall(bottom)
        case tree.Number(value):
            return constants.is_fraction(value)
        case tree.Cases() | tree.BigProduct() | tree.Root():
            return True
        case tree.Sum(terms):
            return any(_tall(x) for x in terms)
        case tree.Times(factors):
            return any(_tall(x) for x in factors)
        case tree.Negative(of) | tree.Group(of) | tree.Fence(_, of):
            return _tall(of)
        case tree.Power(base, _):
            return _tall(base)
        case tree.Modulo(of, by):
            return _tall(of) or _tall(by)
        case tree.Apply(_, args):
            return any(_tall(x) for x in args)
    return False
