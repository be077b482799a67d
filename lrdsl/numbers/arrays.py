"""`np` and `levels` for code that works with NumPy and, as in a browser, without it: `np` is NumPy, or `plain`, and `levels` computes levels either way."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lrdsl.expr import Expr
from lrdsl.numbers import plain
from lrdsl.numbers.scalar import Evaluator
from lrdsl.plan import Plan
from lrdsl.work import spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    try:
        import numpy as np
    except ModuleNotFoundError:
        np = plain

#: How many levels that are computed one by one count as one operation, as a power of 2.
_LEVELS = 6

_evaluator = lru_cache(maxsize=64)(lambda level: Evaluator.of(Plan((), level, None, level)))


def levels(level: Expr, ticks: NDArray[np.float64], base: float, counts: bool = False) -> NDArray[np.float64]:
    """Returns the levels at an array of ticks, of any order. `counts`: the work counts against the budget of a text, since the text asks for it."""
    if np is not plain:
        from lrdsl.numbers import array

        return array.levels(level, ticks, base, counts)
    if counts:
        spend(len(ticks) >> _LEVELS)
    at = _evaluator(level).level
    one_by_one: Any = plain.Array(at(tick, base) for tick in ticks)
    return one_by_one  # type: ignore[no-any-return]


__all__ = ["levels", "np"]
