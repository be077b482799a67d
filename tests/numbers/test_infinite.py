"""Operations on doubles that may be infinite: as NumPy does them, where no number has become 0."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lrdsl.numbers.infinite import FUNCTIONS

_SIZES = (0.5, 1.0, 1.5, 2.0, 3.0, 400.0, 401.0, 1e200, math.inf)
_NUMBERS = (*_SIZES, 0.0, *(-x for x in _SIZES))
_OF_ONE: dict[str, Callable[[Any], Any]] = {
    "wide_ceil": np.ceil, "wide_exp": np.exp, "wide_expm1": np.expm1, "wide_floor": np.floor, "wide_log": np.log, "wide_log1p": np.log1p,
}  # fmt: skip
_OF_TWO: dict[str, Callable[[Any, Any], Any]] = {"wide_div": np.divide, "wide_mul": np.multiply, "wide_pow": np.power}


def agree(name: str, found: float, expected: float) -> None:
    assert type(found) is float or name in ("wide_ceil", "wide_floor")
    assert found == pytest.approx(expected, rel=1e-15), name


@pytest.mark.parametrize("name", _OF_ONE)
def test_of_one_number(name: str) -> None:
    with np.errstate(all="ignore"):
        for x in _NUMBERS:
            expected = float(_OF_ONE[name](np.float64(x)))
            if not math.isnan(expected):
                agree(name, FUNCTIONS[name](x), expected)


@pytest.mark.parametrize("name", _OF_TWO)
def test_of_two_numbers(name: str) -> None:
    with np.errstate(all="ignore"):
        for x, y in itertools.product(_NUMBERS, repeat=2):
            expected = float(_OF_TWO[name](np.float64(x), np.float64(y)))
            if not math.isnan(expected) and not (name == "wide_pow" and x == 0 > y):
                agree(name, FUNCTIONS[name](x, y), expected)


def test_what_numpy_has_no_number_for() -> None:
    """A factor of 0 is exact. What a 0 divides, or a negative power of it, is infinite: it was a number too small for a double."""
    assert FUNCTIONS["wide_mul"](math.inf, 0.0, -math.inf) == 0
    assert [FUNCTIONS["wide_div"](x, y) for x in (1.0, -1.0) for y in (0.0, -0.0)] == [math.inf, -math.inf, -math.inf, math.inf]
    assert math.isnan(FUNCTIONS["wide_div"](0.0, 0.0))
    assert FUNCTIONS["wide_pow"](0.0, -1.0) == math.inf
    assert [FUNCTIONS["wide_error"](x) for x in (1.5, math.inf, -math.inf, math.nan)] == [1.5, 0, 0, 0]
