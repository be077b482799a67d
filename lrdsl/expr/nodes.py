"""Nodes that no arithmetic folds: a choice by time, a long product, two forms of one value, and a letter for a value."""

from __future__ import annotations

from operator import attrgetter

import attrs

from lrdsl.expr.arithmetic import FORMS, PRODUCTS, Expr
from lrdsl.expr.exact import Exact


@attrs.frozen(eq=False)
class Select(Expr):
    """One of `values` by where `of` lies: `values[i]` for `starts[i] <= of < starts[i + 1]`; the first start counts as minus infinity."""

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
class Forms(Expr):
    """One value written two ways: `best` for numbers, free of cancellation, and `paper` for people. They are equal; a test proves it."""

    best: Expr
    paper: Expr

    below = property(attrgetter("best", "paper"))
    mark = FORMS


@attrs.frozen(eq=False)
class Letter(Expr):
    """A letter that a written formula has for an expression, as `T_i` for the length of a cycle; the formula says beside it what the letter stands for."""

    letter: str
    sub: str
    of: Expr

    below = property(lambda self: (self.of,))
