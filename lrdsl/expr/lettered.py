"""Constants with letters: a number that a text gives a name keeps the name through all arithmetic, so that formulas show `T_w` and not 5."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, TypeGuard

from lrdsl.expr.exact import Exact, quotient, reduced


class Lettered(Fraction):
    """A fraction with its value as an expression of letters, `form`, in the library that made the letters (SymPy).

    It compares and hashes as the fraction. Sums, products, quotients and whole powers of it have forms too, unless the letters cancel or the value is 0.

    >>> import sympy
    >>> warm = Lettered.of(5, sympy.Symbol("w"))
    >>> total = warm + 95
    >>> total == 100, total.form, (total - warm) / 5
    (True, w + 95, Fraction(19, 1))
    """

    __slots__ = ("form",)
    form: Any

    @classmethod
    def of(cls, value: Exact, form: Any) -> Exact:
        """Returns a constant with a form; a plain constant if the form has no letters or the value is 0."""
        if value == 0 or form.is_Rational:
            return unlettered(value)
        constant = super().__new__(cls, value.numerator, value.denominator)
        constant.form = form
        return constant

    def __add__(self, other: Any) -> Any:
        return self.of(super().__add__(other), self.form + _form(other)) if isinstance(other, int | Fraction) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self.of(super().__sub__(other), self.form - _form(other)) if isinstance(other, int | Fraction) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        return self.of(super().__mul__(other), self.form * _form(other)) if isinstance(other, int | Fraction) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self.of(super().__truediv__(other), self.form / _form(other)) if isinstance(other, int | Fraction) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return self.of(super().__rtruediv__(other), _form(other) / self.form) if isinstance(other, int | Fraction) else NotImplemented

    def __pow__(self, other: Any) -> Any:
        return self.of(super().__pow__(other), self.form**other) if isinstance(other, int) else Fraction(self) ** other

    def __mod__(self, other: Any) -> Any:
        return self - other * math.floor(self / other)

    def __rmod__(self, other: Any) -> Any:
        return other - self * math.floor(other / self)

    def __neg__(self) -> Any:
        return self.of(super().__neg__(), -self.form)


def _form(value: Any) -> Any:
    return value.form if isinstance(value, Lettered) else value


def unlettered(value: Exact) -> Exact:
    """Returns a number without its letters."""
    return reduced(Fraction(value.numerator, value.denominator)) if isinstance(value, Lettered) else value


def content(value: Exact) -> tuple[Exact, Exact]:
    """Splits a constant into a plain number and a constant of letters; their product is the constant. The second is above 0, or a difference as in the text."""
    if not isinstance(value, Lettered):
        return value, 1
    if is_difference(value):
        return 1, value
    upper, _ = value.form.as_numer_denom()[0].as_coeff_Mul()
    lower, _ = value.form.as_numer_denom()[1].as_coeff_Mul()
    plain = quotient(int(upper.p) * int(lower.q), int(upper.q) * int(lower.p))
    letters = value / plain
    return (-plain, -letters) if letters < 0 else (plain, letters)


def is_difference(value: Exact) -> bool:
    """Whether a constant is a sum of letters with terms that are added and terms that are subtracted."""
    return isinstance(value, Lettered) and bool(value.form.is_Add) and len({bool(term.could_extract_minus_sign()) for term in value.form.args}) == 2


def is_lettered(value: Exact) -> TypeGuard[Lettered]:
    """Whether a constant has letters."""
    return type(value) is Lettered
