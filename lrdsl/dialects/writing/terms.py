"""`Term`: a part of a formula as text, and what is known of it."""

from __future__ import annotations

import math

import attrs

from lrdsl.expr import Expr

#: How tightly the parts of a text hold together, loosest first. A remainder stands in brackets wherever it is part of something.
SUM, TURN, PRODUCT, POWER, ATOM = range(5)
#: The range of a whole number.
Range = tuple[float, float]


@attrs.frozen
class Term:
    """A part of a formula as text: how tightly it holds together, whether it is a whole number, and its range then.

    `constant` is the value of a number. `fixed` says that it is the same at every tick: a number, not an array of them.
    """

    text: str
    binding: int = ATOM
    whole: bool = False
    range: Range = (-math.inf, math.inf)
    constant: float | int | None = None
    fixed: bool = False


@attrs.define
class Shared:
    """What the functions of one program share: the helper functions that they call, and their long products, by the factor: a name, and the most factors."""

    helpers: dict[str, None] = attrs.field(factory=dict)
    products: dict[Expr, tuple[str, float]] = attrs.field(factory=dict)
