"""Decides how an exact number is written: as a decimal, with a power of ten, or as a fraction."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from lrdsl.expr.exact import Exact, size
from lrdsl.formulas.notation.tree import Node, Number, Ratio, mapped

#: A number is written as a fraction if its decimal has more than `DIGITS` digits and the fraction at most `LONG` characters.
DIGITS, LONG = 8, 24


def digits(value: Exact) -> str:
    """Returns a number as a decimal without an exponent: the shortest one that reads as its double.

    >>> digits(Fraction(1, 10)), digits(12), digits(Fraction(1, 3))
    ('0.1', '12', '0.3333333333333333')
    """
    if value.denominator == 1:
        return str(value.numerator)
    return f"{Decimal(repr(float(value))):f}"


def with_groups(value: Exact, comma: str) -> str:
    """Returns the digits of a number, with a `comma` between thousands from five digits on.

    >>> with_groups(10_000, "{,}"), with_groups(2000, "{,}"), with_groups(Fraction(1, 10), "{,}")
    ('10{,}000', '2000', '0.1')
    """
    long = value.denominator == 1 and size(value) >= 10**4
    return f"{int(value):,}".replace(",", comma) if long else digits(value)


def is_fraction(value: Exact) -> bool:
    """Whether a number is written as a fraction: its decimal is long or does not end, and the fraction is short."""
    if value.denominator == 1 or len(str(value)) > LONG:
        return False
    return Fraction(f"{float(value):.{DIGITS}g}") != value


def scientific(value: Exact) -> tuple[Exact, int] | None:
    """Returns (m, e) if a number reads best as `m * 10^e`: a small one, or a large round one. Returns None for others.

    >>> scientific(Fraction(3, 10**5)), scientific(Fraction(10**6)), scientific(Fraction(1, 10))
    ((Fraction(3, 1), -5), (Fraction(1, 1), 6), None)
    """
    if value == 0 or is_fraction(value):
        return None
    large = size(value)
    small = value.denominator != 1 and large < Fraction(1, 1000)
    round_ = value.denominator == 1 and large >= 10**6 and str(value.numerator).endswith("00000")
    if not (small or round_):
        return None
    exponent = int(f"{float(large):e}".split("e")[1])
    return value / Fraction(10) ** exponent, exponent


def with_fractions(node: Node) -> Node:
    """Returns notation with its decimals as fractions: 0.1 becomes 1/10."""

    def change(x: Node) -> Node:
        plain = isinstance(x, Number) and x.value.denominator != 1 and scientific(x.value) is None
        return Ratio(Number(x.value.numerator), Number(x.value.denominator)) if plain and isinstance(x, Number) else x

    return mapped(node, change)
