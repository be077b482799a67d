"""Lettered constants as notation: what arithmetic made of letters, `(T_w + T_s)/T_d`, in lowest terms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lrdsl.backends.notation.tree import Name, Negative, Node, Number, Power, Ratio, Sum, Times
from lrdsl.exact import Exact, quotient
from lrdsl.expr import Lettered


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

    return sympy.fraction(sympy.cancel(form))


def _polynomial(form: Any, letters: Mapping[Any, Name]) -> Node:
    import sympy

    symbols = [s for s in letters if s in form.free_symbols]
    if not symbols:
        return _number(form)
    outer, inner = sympy.factor_terms(form).as_coeff_Mul() if form.is_Add else (sympy.Integer(1), form)
    terms = [_term(powers, outer * coefficient, symbols, letters) for powers, coefficient in sympy.Poly(inner, *symbols).terms()]
    terms.sort(key=lambda term: isinstance(term, Negative))
    return Sum(tuple(terms)) if len(terms) > 1 else terms[0]


def _term(powers: tuple[int, ...], coefficient: Any, symbols: list[Any], letters: Mapping[Any, Name]) -> Node:
    factors: list[Node] = [letters[s] if n == 1 else Power(letters[s], Number(n)) for s, n in zip(symbols, powers, strict=True) if n]
    size = abs(coefficient)
    if size != 1 or not factors:
        factors.insert(0, _number(size))
    found = Times(tuple(factors)) if len(factors) > 1 else factors[0]
    return Negative(found) if coefficient < 0 else found


def _number(value: Any) -> Node:
    return Number(quotient(int(value.p), int(value.q)))
