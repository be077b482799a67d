"""Writes lengths of time for people: in the units of the text, as `1000B tokens`, and in ticks with as many digits as a reader uses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import attrs

from lrdsl.clock import MULTIPLES, UNITS, Clock, MissingFactError
from lrdsl.expr.exact import Exact, quotient, reduced, size
from lrdsl.syntax import canonical
from lrdsl.syntax.nodes import Node, Quantity, walk

#: The most digits of an approximation.
_MOST_DIGITS = 4
#: The most digits of a large whole number before its zeros.
_MOST_WHOLE_DIGITS = 6
#: The numbers of a fraction that people read as it is are below this one.
_SIMPLE = 100
#: How far an approximation may be from a time, as a share of it.
_PART = Fraction(1, 4000)
#: The units whose lengths are seldom whole ticks.
_FINE = ("token", "sample")


@attrs.frozen
class Lengths:
    """The lengths that a text counts in tokens or samples, by their ticks, as the text has them; and how many ticks one of these units has."""

    written: Mapping[Exact, str] = attrs.field(factory=dict)
    per: Mapping[str, Exact] = attrs.field(factory=dict)

    @classmethod
    def of(cls, tree: Node, clock: Clock) -> Lengths:
        """Returns the lengths of a text. Where the batch changes, an amount has no fixed length, and is left out.

        >>> import lrdsl
        >>> s = lrdsl.parse("warmup(2B tokens) then hold", tokens_per_step=4_000_000)
        >>> Lengths.of(s.tree, s.clock).words(500)
        '2B tokens'
        """
        written: dict[Exact, str] = {}
        per: dict[str, Exact] = {}
        for node in walk(tree):
            unit = UNITS.get(node.unit, "") if isinstance(node, Quantity) else ""
            if isinstance(node, Quantity) and unit in _FINE and unit not in clock.changing:
                try:
                    per[unit] = clock.ticks(1, unit)
                except MissingFactError:  # a definition that is not used
                    continue
                written.setdefault(clock.ticks(node.value * MULTIPLES.get(node.multiple, 1), unit), canonical(node))
        return cls(written, per)

    @property
    def are_whole(self) -> bool:
        """Whether all of them are numbers of ticks that people read."""
        return all(map(is_short, self.written))

    def words(self, ticks: Exact) -> str | None:
        """Returns a length as the text has it, or in the same units where that is a short number; else None."""
        words = self.written.get(ticks)
        for unit, per in self.per.items() if words is None and not is_short(ticks) else ():
            amount = quotient(ticks, per)
            multiple = _multiple_of(amount)
            number = quotient(amount, MULTIPLES.get(multiple, 1))
            if is_short(number):
                return f"{grouped(number)}{multiple} {unit}s"
        return words


def nearly(value: Exact) -> str:
    """Returns a time with so many digits that the same ticks come before it, and four of them are right.

    >>> nearly(Fraction(1953125, 4096)), nearly(Fraction(401, 100)), nearly(Fraction(31, 15))
    ('476.8', '4.01', '2.067')
    """
    if value.denominator == 1:
        return grouped(value)
    for digits in range(1, 15):
        number = Fraction(f"{float(value):.{digits}f}")
        if math.ceil(number) == math.ceil(value) and abs(number - value) <= value * _PART:
            break
    return f"{float(number):{',' if number >= 10**4 else ''}.{digits}f}"


def approximate(value: Exact) -> str:
    """Returns a number with at most four digits, and its thousands grouped. It is exact if `is_short` says so.

    >>> approximate(Fraction(1953125, 4096)), approximate(Fraction(244140625, 1024)), approximate(1_238_419)
    ('476.8', '238,400', '1,238,419')
    """
    return grouped(value if is_short(value) else shortened(value))


def shortened(value: Exact) -> Exact:
    """Returns the nearest number with four digits."""
    return reduced(Fraction(f"{float(value):.{_MOST_DIGITS}g}"))


def with_multiple(value: Exact) -> str:
    """Returns a large number with at most four digits, and the multiple that a text would have.

    >>> with_multiple(1_258_291_200), with_multiple(2_000_000_000), with_multiple(500)
    ('1.258B', '2B', '500')
    """
    multiple = _multiple_of(value)
    return f"{float(value) / MULTIPLES.get(multiple, 1):.{_MOST_DIGITS}g}{multiple}"


def _multiple_of(value: Exact) -> str:
    """Returns the greatest multiple that a number has at least once; "" if it has none."""
    return next((name for name, factor in reversed(MULTIPLES.items()) if size(value) >= factor), "")


def counted(amount: Exact, units: str) -> str:
    """Returns an amount of a unit, which is given in the plural.

    >>> counted(1, "steps"), counted(10_000, "steps")
    ('1 step', '10,000 steps')
    """
    return f"{grouped(amount)} {units.removesuffix('s') if amount == 1 else units}"


def is_short(value: Exact) -> bool:
    """Whether a number is whole with at most nine digits, or with at most six before its zeros, or has at most four digits."""
    whole = value.denominator == 1 and (size(value) < 10**9 or Fraction(f"{float(value):.{_MOST_WHOLE_DIGITS}g}") == value)
    return whole or Fraction(f"{float(value):.{_MOST_DIGITS}g}") == value


def is_simple(value: Exact) -> bool:
    """Whether a number is a fraction that people read as it is, as 31/15."""
    return value.numerator < _SIMPLE and value.denominator < _SIMPLE


def grouped(value: Exact) -> str:
    """Returns a number with its thousands grouped from five digits on.

    >>> grouped(10_000), grouped(2000), grouped(Fraction(5, 2))
    ('10,000', '2000', '2.5')
    """
    if value.denominator != 1:
        return f"{float(value):.15g}"
    return f"{int(value):,}" if size(value) >= 10**4 else str(int(value))
