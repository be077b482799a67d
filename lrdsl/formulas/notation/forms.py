"""Writes constants with letters as notation, as a reader would: `(T_w + T_s)/T_d`, `(1 + p(r - 1))/r`, `B/256`. Denominators are positive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import attrs

from lrdsl.expr import Lettered
from lrdsl.expr.exact import Exact
from lrdsl.formulas.notation.tree import Name, Negative, Node, Number, Power, Ratio, Sum, leaves, product_of
from lrdsl.work import spend

#: The most digits of a coefficient that is written as a decimal.
_SHORT = 3


@attrs.frozen
class Letters:
    """The letters of constants, in the order of the legend: the letter of each symbol, and the value of each, by the name of the symbol."""

    names: Mapping[Any, Name] = attrs.field(factory=dict)
    values: Mapping[str, Exact] = attrs.field(factory=dict)

    def value(self, form: Any) -> Fraction:
        """Returns the value of a form with the values of its letters."""
        if form.is_Rational:
            return Fraction(int(form.p), int(form.q))
        if form.is_Symbol:
            return Fraction(self.values[form.name])
        if form.is_Pow:
            return self.value(form.base) ** int(form.exp)
        parts = [self.value(part) for part in form.args]
        return sum(parts, Fraction(0)) if form.is_Add else math.prod(parts, start=Fraction(1))

    def place(self, form: Any) -> list[tuple[int, int]]:
        """Returns the places of a form's letters in the legend, each with its power: products in this order stand as the text has them."""
        powers: dict[str, int] = {}
        for factor in form.args if form.is_Mul else (form,):
            base, exponent = factor.args if factor.is_Pow else (factor, 1)
            powers |= {symbol.name: int(exponent) for symbol in base.free_symbols}
        order = {symbol.name: i for i, symbol in enumerate(self.names)}
        spend(len(order) // 16)
        return sorted((order[name], -power) for name, power in powers.items())


def constant_of(value: Exact, letters: Letters, inline: bool = False) -> Node:
    """Returns a constant as notation: a number, or its form in letters."""
    if not isinstance(value, Lettered):
        return Number(value)
    top, bottom = fraction_of(value.form, letters)
    return top if bottom is None else Ratio(top, bottom, inline)


def fraction_of(form: Any, letters: Letters) -> tuple[Node, Node | None]:
    """Returns the numerator and the denominator of a form; the denominator is None if it is 1. Of the form as it is and in lowest terms, the shorter one."""
    forms = [form] if _is_plain(form) else [form, _in_lowest_terms(form)]
    fractions = [_fraction(each, letters) for each in dict.fromkeys(forms)]
    return min(fractions, key=lambda fraction: sum(leaves(part) for part in fraction if part is not None))


def linear_of(scale: Exact, shift: Exact, letters: Letters) -> tuple[Node, Node, Node | None]:
    """Returns a, b and c, all without fractions, where `scale * x + shift` is `(a x + b)/c`, with -a if the scale is below 0; c is None if it is 1."""
    import sympy

    x = sympy.Symbol("_x")
    forms = [value.form if isinstance(value, Lettered) else value for value in (scale, shift)]
    above, below = sympy.fraction(_in_lowest_terms(x * forms[0] + forms[1]))
    if letters.value(below) < 0:
        above, below = sympy.expand(-above), sympy.expand(-below)
    factor, constant = sympy.Poly(above, x).all_coeffs()
    factor = sympy.expand(-factor) if letters.value(factor) < 0 else factor
    bottom = _node(below, letters)
    return _node(factor, letters), _node(constant, letters), None if bottom == Number(1) else bottom


def _is_plain(form: Any) -> bool:
    """Whether a form is a sum of products of letters, each there once, so that it has no shorter form. SymPy's own fractions take much longer."""
    terms = form.args if form.is_Add else (form,)
    spend(len(terms) // 4)
    powers = [power for term in terms for power in _powers(term)]
    return all(base.is_Symbol for base, _ in powers) and (not form.is_Add or all(exponent > 0 for _, exponent in powers))


def _powers(term: Any) -> list[tuple[Any, Any]]:
    """Returns the factors of a product except numbers, each with its power."""
    factors = term.args if term.is_Mul else (term,)
    return [tuple(factor.args) if factor.is_Pow else (factor, 1) for factor in factors if not factor.is_Rational]


@lru_cache(maxsize=4096)
def _in_lowest_terms(form: Any) -> Any:
    """Returns a form as one fraction in lowest terms. Cached, since many pieces of a formula share their forms."""
    import sympy

    return sympy.cancel(form)


def _fraction(form: Any, letters: Letters) -> tuple[Node, Node | None]:
    negative, top, bottom = _product(form, letters)
    above = product_of(top)
    return (Negative(above) if negative else above), product_of(bottom) if bottom else None


def _node(form: Any, letters: Letters) -> Node:
    top, bottom = _fraction(form, letters)
    return top if bottom is None else Ratio(top, bottom)


def _product(form: Any, letters: Letters) -> tuple[bool, list[Node], list[Node]]:
    """Returns whether a form is negative as it is written, and its factors above and below the bar. A sum below the bar has a value above 0."""
    negative = False
    top: list[Node] = []
    bottom: list[Node] = []
    factors = sorted(form.args, key=letters.place) if form.is_Mul else (form,)
    spend(len(factors))
    for factor in factors:
        base, exponent = factor.args if factor.is_Pow else (factor, 1)
        if factor.is_Rational:
            negative ^= factor.p < 0
            above, below = coefficient_of(Fraction(abs(int(factor.p)), int(factor.q)), alone=form is factor)
            top += [] if above == 1 and len(factors) > 1 else [Number(above)]
            bottom += [] if below == 1 else [Number(below)]
            continue
        if base.is_Add and (exponent < 0 or form.is_Mul) and letters.value(base) < 0:
            base, negative = -base, negative ^ (exponent % 2 == 1)
        node = letters.names[base] if base.is_Symbol else _sum(base, letters)
        size = abs(int(exponent))
        (bottom if exponent < 0 else top).append(node if size == 1 else Power(node, Number(size)))
    return negative, top or [Number(1)], bottom


def coefficient_of(value: Exact, alone: bool = False) -> tuple[Exact, Exact]:
    """Returns the numerator and the denominator of a factor before letters. A short decimal stays one, but a plain share is divided by: 0.3 T, 0.1 T, B/256."""
    short = Fraction(f"{float(value):.{_SHORT}g}") == value
    whole = alone or value.denominator == 1 or (short and (abs(value.numerator) != 1 or value.denominator in (10, 100)))
    return (value, 1) if whole else (value.numerator, value.denominator)


def _sum(form: Any, letters: Letters) -> Node:
    """Returns a sum as notation. Its terms are in the order of the legend, the positive ones first. A number comes last, but before products with sums."""
    nested = any(part.is_Add for term in form.args for part in term.args)
    last = len(letters.names)
    ordered = sorted(form.args, key=lambda term: letters.place(term) or [(-1 if nested else last, 0)])
    nodes = [_node(term, letters) for term in ordered]
    nodes.sort(key=lambda node: isinstance(node, Negative) or (isinstance(node, Ratio) and isinstance(node.top, Negative)))
    signed = (Negative(Ratio(node.top.of, node.bottom, node.inline)) if isinstance(node, Ratio) and isinstance(node.top, Negative) else node for node in nodes)
    return Sum(tuple(signed))
