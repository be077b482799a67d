"""Nodes that arithmetic does not simplify: a choice by time, a long product and its logarithm, two forms of a value, a letter for one, and a mark on one."""

from __future__ import annotations

from operator import attrgetter

import attrs

from lrdsl.expr.arithmetic import FORMS, PRODUCTS, WIDE, Expr, Leaf
from lrdsl.expr.exact import Exact


@attrs.frozen(eq=False)
class Select(Expr):
    """A choice among `values`: `values[i]` if `starts[i] <= of < starts[i + 1]`. The first start counts as minus infinity."""

    of: Expr
    starts: tuple[Exact, ...]
    values: tuple[Expr, ...]

    below = property(lambda self: (self.of, *self.values))


@attrs.frozen(eq=False)
class Product(Expr):
    """The product of `factor` over `INDEX` = 1 .. `upto`, a whole number; 1 when `upto` is 0."""

    factor: Expr
    upto: Expr

    below = property(attrgetter("factor", "upto"))
    mark = PRODUCTS


@attrs.frozen(eq=False)
class LogSize(Leaf):
    """The logarithm of the size of a product of a constant number of factors. It is a constant, which doubles hold where they do not hold the product."""

    product: Product


@attrs.frozen(eq=False)
class Forms(Expr):
    """Two equal forms of one value: `best`, for numbers, without cancellation; `paper`, for people. A test proves that they are equal."""

    best: Expr
    paper: Expr

    below = property(attrgetter("best", "paper"))
    mark = FORMS


@attrs.frozen(eq=False)
class Letter(Expr):
    """A letter for an expression in written formulas, as `T_i` for the length of a cycle. The formula explains the letter beside it."""

    letter: str
    sub: str
    of: Expr

    below = property(lambda self: (self.of,))


@attrs.frozen(eq=False)
class Wide(Expr):
    """An expression that may be too large for a double. What is made of it is finite again, and is computed from infinity there."""

    of: Expr

    below = property(lambda self: (self.of,))
    mark = WIDE
