"""Constants with a letter: a number that a text calls by a name keeps the name through all arithmetic, for formulas that say `T_w` and not 5."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, TypeGuard

from lrdsl.expr.exact import Exact, quotient, reduced


class Lettered(Fraction):
    """A fraction that knows how it is made of letters: `form` is its value as an expression of them, of whatever library made the letters.

    It counts, compares and hashes as the fraction. Sums, products, quotients and whole powers of it are lettered too, unless the letters cancel, or the value
    is 0: what is not there has no letter.

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
        """A constant with a form; a plain one where no letter is left in it, or nothing of it."""
        if value == 0 or form.is_Rational:
            return unlettered(value)
        found = super().__new__(cls, value.numerator, value.denominator)
        found.form = form
        return found

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

    def __abs__(self) -> Any:
        return -self if self < 0 else self


def _form(value: Any) -> Any:
    return value.form if isinstance(value, Lettered) else value


def unlettered(value: Exact) -> Exact:
    """The same number without its letters."""
    return reduced(Fraction(value.numerator, value.denominator)) if isinstance(value, Lettered) else value


def content(value: Exact) -> tuple[Exact, Exact]:
    """A constant as a plain number times letters, which are above 0."""
    if not isinstance(value, Lettered):
        return value, 1
    number, _ = value.form.as_numer_denom()[0].as_coeff_Mul()
    below, _ = value.form.as_numer_denom()[1].as_coeff_Mul()
    plain = quotient(int(number.p) * int(below.q), int(number.q) * int(below.p))
    rest = value / plain
    return (-plain, -rest) if rest < 0 else (plain, rest)


def is_lettered(value: Exact) -> TypeGuard[Lettered]:
    """Whether a constant is made of letters."""
    return type(value) is Lettered
