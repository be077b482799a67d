"""Writes constants with letters as notation, in lowest terms: `(T_w + T_s)/T_d`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from lrdsl.expr import Lettered
from lrdsl.expr.exact import Exact, quotient
from lrdsl.formulas.notation.tree import Name, Negative, Node, Number, Power, Ratio, Sum, Times
from lrdsl.work import spend


def constant_of(value: Exact, letters: Mapping[Any, Name], inline: bool = False) -> Node:
    """Returns a constant as notation: a number, or its form in letters."""
    return form_of(value.form, letters, inline) if isinstance(value, Lettered) else Number(value)


def form_of(form: Any, letters: Mapping[Any, Name], inline: bool = False) -> Node:
    """Returns a form as notation. Its letters stand in the order of the legend."""
    top, bottom = fraction_of(form, letters)
    return top if bottom is None else Ratio(top, bottom, inline)


def fraction_of(form: Any, letters: Mapping[Any, Name]) -> tuple[Node, Node | None]:
    """Returns the numerator and the denominator of a form; the denominator is None if it is 1."""
    above, below = _lowest(form)
    top, bottom = (_polynomial(part, letters) for part in (above, below))
    return top, None if bottom == Number(1) else bottom


def linear_of(scale: Exact, shift: Exact, letters: Mapping[Any, Name]) -> tuple[Node, Node, Node | None]:
    """Returns a, b and c, all without fractions, where `scale * x + shift` is `(a x + b)/c`; c is None if it is 1."""
    import sympy

    x = sympy.Symbol("_x")
    forms = [value.form if isinstance(value, Lettered) else value for value in (scale, shift)]
    above, below = _lowest(x * forms[0] + forms[1])
    bottom = _polynomial(below, letters)
    factor, constant = sympy.Poly(above, x).all_coeffs()
    return _polynomial(factor, letters), _polynomial(constant, letters), None if bottom == Number(1) else bottom


@lru_cache(maxsize=4096)
def _lowest(form: Any) -> Any:
    """Returns the numerator and the denominator of a form in lowest terms. Cached, since many pieces of a formula share their forms."""
    import sympy

    terms = _terms(form)
    if terms is not None and all(n > 0 for _, powers in terms for _, n in powers) and all(coefficient.q == 1 for coefficient, _ in terms):
        return form, sympy.Integer(1)
    return sympy.fraction(form if terms is not None and len(terms) == 1 else sympy.cancel(form))


def _terms(form: Any) -> list[tuple[Any, list[tuple[Any, int]]]] | None:
    """Returns the terms of a sum of products of letters: each term's coefficient, and its letters with their whole powers. None if the form is no such sum.

    Nearly all forms are such sums, and SymPy's own polynomials take hundreds of times as long.
    """
    terms = []
    for term in form.args if form.is_Add else (form,):
        powers: list[tuple[Any, int]] = []
        coefficient = None
        for factor in term.args if term.is_Mul else (term,):
            base, exponent = factor.args if factor.is_Pow else (factor, None)
            if factor.is_Rational and coefficient is None:
                coefficient = factor
            elif base.is_Symbol and (exponent is None or exponent.is_Integer):
                powers.append((base, 1 if exponent is None else int(exponent.p)))
            else:
                return None
        terms.append((_one() if coefficient is None else coefficient, powers))
    spend(len(terms) // 4)
    return terms


@cache
def _one() -> Any:
    import sympy

    return sympy.Integer(1)


def _polynomial(form: Any, letters: Mapping[Any, Name]) -> Node:
    """Returns a polynomial of letters as notation. Its terms are in the order of the legend; the negative ones come last."""
    import sympy

    terms = _terms(form)
    order = {symbol.name: i for i, symbol in enumerate(letters)}
    spend(len(order) // 16)
    if terms is None:
        symbols = sorted(form.free_symbols, key=lambda symbol: order[symbol.name])
        terms = [(coefficient, [(s, n) for s, n in zip(symbols, powers, strict=True) if n]) for powers, coefficient in sympy.Poly(form, *symbols).terms()]
    ordered = [(sorted((order[symbol.name], -n, symbol) for symbol, n in powers), coefficient) for coefficient, powers in terms]
    ordered.sort(key=lambda term: [*(place[:2] for place in term[0]), (len(order), 0)])
    nodes = [_term([(letters[symbol], -n) for _, n, symbol in powers], coefficient) for powers, coefficient in ordered]
    nodes.sort(key=lambda node: isinstance(node, Negative))
    return Sum(tuple(nodes)) if len(nodes) > 1 else nodes[0]


def _term(powers: list[tuple[Name, int]], coefficient: Any) -> Node:
    factors: list[Node] = [name if n == 1 else Power(name, Number(n)) for name, n in powers]
    size = abs(coefficient)
    if size != 1 or not factors:
        factors.insert(0, _number(size))
    product = Times(tuple(factors)) if len(factors) > 1 else factors[0]
    return Negative(product) if coefficient < 0 else product


def _number(value: Any) -> Node:
    return Number(quotient(int(value.p), int(value.q)))
