"""Lettered constants as notation: what arithmetic made of letters, `(T_w + T_s)/T_d`, in lowest terms."""

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
    """A form as notation; letters stand in the order of the legend."""
    top, bottom = fraction_of(form, letters)
    return top if bottom is None else Ratio(top, bottom, inline)


def fraction_of(form: Any, letters: Mapping[Any, Name]) -> tuple[Node, Node | None]:
    """What stands above and below in a form, its number above where that is whole; None where nothing stands below."""
    above, below = _lowest(form)
    top, bottom = (_polynomial(part, letters) for part in (above, below))
    return top, None if bottom == Number(1) else bottom


def linear_of(scale: Exact, shift: Exact, letters: Mapping[Any, Name]) -> tuple[Node, Node, Node | None]:
    """`(a x + b)/c` for `scale * x + shift`, all without fractions: a, b and c, which is None where nothing stands below."""
    import sympy

    x = sympy.Symbol("_x")
    forms = [value.form if isinstance(value, Lettered) else value for value in (scale, shift)]
    above, below = _lowest(x * forms[0] + forms[1])
    bottom = _polynomial(below, letters)
    rising, rest = sympy.Poly(above, x).all_coeffs()
    return _polynomial(rising, letters), _polynomial(rest, letters), None if bottom == Number(1) else bottom


@lru_cache(maxsize=4096)
def _lowest(form: Any) -> Any:
    """What stands above and below in a form, in lowest terms; many pieces of a formula share their forms."""
    import sympy

    terms = _terms(form)
    if terms is not None and all(n > 0 for _, powers in terms for _, n in powers) and all(coefficient.q == 1 for coefficient, _ in terms):
        return form, sympy.Integer(1)
    return sympy.fraction(form if terms is not None and len(terms) == 1 else sympy.cancel(form))


def _terms(form: Any) -> list[tuple[Any, list[tuple[Any, int]]]] | None:
    """A sum of letters to whole powers, term by term: the coefficient, and each letter with its power; None for what is no such sum as it stands.

    Nearly all forms are, and SymPy's own algebra of polynomials takes hundreds of times as long to see it.
    """
    found = []
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
        found.append((_one() if coefficient is None else coefficient, powers))
    spend(len(found) // 4)
    return found


@cache
def _one() -> Any:
    import sympy

    return sympy.Integer(1)


def _polynomial(form: Any, letters: Mapping[Any, Name]) -> Node:
    """A polynomial of letters as notation, in their order, what is subtracted last."""
    import sympy

    terms = _terms(form)
    order = {symbol.name: i for i, symbol in enumerate(letters)}
    spend(len(order) // 16)
    if terms is None:
        symbols = sorted(form.free_symbols, key=lambda symbol: order[symbol.name])
        terms = [(coefficient, [(s, n) for s, n in zip(symbols, powers, strict=True) if n]) for powers, coefficient in sympy.Poly(form, *symbols).terms()]
    placed = [(sorted((order[symbol.name], -n, symbol) for symbol, n in powers), coefficient) for coefficient, powers in terms]
    placed.sort(key=lambda term: [*(place[:2] for place in term[0]), (len(order), 0)])
    found = [_term([(letters[symbol], -n) for _, n, symbol in powers], coefficient) for powers, coefficient in placed]
    found.sort(key=lambda term: isinstance(term, Negative))
    return Sum(tuple(found)) if len(found) > 1 else found[0]


def _term(powers: list[tuple[Name, int]], coefficient: Any) -> Node:
    factors: list[Node] = [name if n == 1 else Power(name, Number(n)) for name, n in powers]
    size = abs(coefficient)
    if size != 1 or not factors:
        factors.insert(0, _number(size))
    found = Times(tuple(factors)) if len(factors) > 1 else factors[0]
    return Negative(found) if coefficient < 0 else found


def _number(value: Any) -> Node:
    return Number(quotient(int(value.p), int(value.q)))
