"""Nodes of machine trees that are not operations: running products, and choices among machine numbers."""

from __future__ import annotations

from typing import Any

import attrs

from lrdsl.expr import PRODUCTS, Call, Expr, walk
from lrdsl.numbers.pairs import ZERO, added


@attrs.frozen(eq=False)
class Accumulated(Expr):
    """The product over INDEX = 1 .. upto of a factor given as a sum of two doubles, `high + low`."""

    high: Expr
    low: Expr
    upto: Expr

    mark = PRODUCTS

    @property
    def below(self) -> tuple[Expr, ...]:
        """What is computed before: the factors are, by a function of their own."""
        return (self.upto,)


@attrs.frozen(eq=False)
class Choice(Expr):
    """A choice among `values`, as in `Select`, whose `starts` are machine numbers. `origin` is that of the second start, as in `Float`."""

    of: Expr
    starts: tuple[float, ...]
    values: tuple[Expr, ...]
    origin: tuple[Any, ...] | None = None

    below = property(lambda self: (self.of, *self.values))


def factors_in(trees: tuple[Expr, ...]) -> Expr | None:
    """Returns how many factors all running products of machine trees have together; None where there are none."""
    if not any(tree.holds & PRODUCTS for tree in trees):
        return None
    counts = [x.upto for x in dict.fromkeys(x for tree in trees for x in walk(tree)) if isinstance(x, Accumulated)]
    if len(counts) < 2:
        return counts[0] if counts else None
    return added(*(Call("max", (count, ZERO)) for count in counts))
